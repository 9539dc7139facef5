/* SPDX-License-Identifier: Apache-2.0 */
/* A name server and its client, for each way of getting an answer one name: "server ADDRESS" until
 * its end, "client ADDRESS".  The address of a name stands behind 80 bytes. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PAD = 150 };

static struct sockaddr_in server = { .sin_family = AF_INET };

static void check(int ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(1);
}

static size_t put(unsigned char *p, const void *bytes, size_t len)
{
	memcpy(p, bytes, len);
	return len;
}

/* wN.answers.test */
static size_t question(unsigned char *p, unsigned way)
{
	size_t n = put(p, "\0\x01\x01\0\0\x01\0\0\0\0\0\0\x02w", 14);

	p[n++] = (unsigned char)('a' + way);
	return n + put(p + n, "\x07" "answers\x04test\0\0\x01\0\x01", 18);
}

static size_t answer(unsigned char *p, const unsigned char *asked, size_t len)
{
	size_t n = put(p, asked, len);

	put(p + 2, "\x81\x80\0\x01\0\x02", 6);
	n += put(p + n, "\xc0\x0c\0\x10\0\x01\0\0\0\x3c\0", 11);
	p[n++] = PAD + 1;
	p[n++] = PAD;
	memset(p + n, '.', PAD);
	n += PAD;
	n += put(p + n, "\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02", 15);
	p[n++] = asked[14];
	return n;
}

/* ---- the server ---- */

static void serve_stream(int s)
{
	const int c = accept(s, NULL, NULL);
	unsigned char in[512], out[514];
	const ssize_t n = c < 0 ? -1 : read(c, in, sizeof(in));
	size_t len;

	if (n > 2) {
		len = answer(out + 2, in + 2, (size_t)n - 2);
		out[0] = (unsigned char)(len >> 8);
		out[1] = (unsigned char)len;
		check(write(c, out, len + 2) == (ssize_t)len + 2, "write");
	}
	close(c);
}

static void serve_datagram(int s)
{
	struct sockaddr_in from;
	socklen_t from_len = sizeof(from);
	unsigned char in[512], out[512];
	const ssize_t n = recvfrom(s, in, sizeof(in), 0, (struct sockaddr *)&from, &from_len);

	if (n > 0)
		sendto(s, out, answer(out, in, (size_t)n), 0, (struct sockaddr *)&from, from_len);
}

static int bound(int type)
{
	const int s = socket(AF_INET, type, 0), on = 1;

	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	check(bind(s, (struct sockaddr *)&server, sizeof(server)) == 0, "bind");
	return s;
}

static void __attribute__((noreturn)) serve(void)
{
	struct pollfd p[2] = {
		{ .fd = bound(SOCK_DGRAM), .events = POLLIN },
		{ .fd = bound(SOCK_STREAM), .events = POLLIN },
	};

	check(listen(p[1].fd, 4) == 0, "listen");
	printf("ready\n");
	fflush(stdout);
	for (;;) {
		check(poll(p, 2, -1) > 0, "poll");
		if (p[0].revents)
			serve_datagram(p[0].fd);
		if (p[1].revents)
			serve_stream(p[1].fd);
	}
}

/* ---- the client ---- */

enum way {
	READ, READV, RECV, RECVFROM, RECVMSG, RECVMMSG, APART_RECVFROM, APART_RECVMSG, STREAM, WAYS
};

static void get(int s, enum way way)
{
	static unsigned char in[1024];
	static struct sockaddr_in from;
	struct iovec v[2] = { { in, 20 }, { in + 20, sizeof(in) - 20 } };
	struct mmsghdr m = { .msg_hdr = { .msg_iov = v, .msg_iovlen = 2, .msg_name = &from,
					  .msg_namelen = sizeof(from) } };
	socklen_t from_len = sizeof(from);

	switch (way) {
	case READ:
	case STREAM:
		check(read(s, in, sizeof(in)) > 0, "read");
		break;
	case READV:
		check(readv(s, v, 2) > 0, "readv");
		break;
	case RECV:
		check(recv(s, in, sizeof(in), 0) > 0, "recv");
		break;
	case RECVFROM:
	case APART_RECVFROM:
		check(recvfrom(s, in, sizeof(in), 0, (struct sockaddr *)&from, &from_len) > 0,
		      "recvfrom");
		break;
	case RECVMSG:
	case APART_RECVMSG:
		check(recvmsg(s, &m.msg_hdr, 0) > 0, "recvmsg");
		break;
	case RECVMMSG:
		check(recvmmsg(s, &m, 1, 0, NULL) > 0, "recvmmsg");
		break;
	case WAYS:
		break;
	}
}

static void ask(enum way way)
{
	const int apart = way == APART_RECVFROM || way == APART_RECVMSG;
	const int s = socket(AF_INET, way == STREAM ? SOCK_STREAM : SOCK_DGRAM, 0);
	unsigned char out[64] = {0};
	const size_t n = question(out + 2, way);
	const struct sockaddr *const to = (const struct sockaddr *)&server;

	out[1] = (unsigned char)n;
	if (!apart)
		check(connect(s, to, sizeof(server)) == 0, "connect");
	if (way == STREAM)
		check(write(s, out, n + 2) > 0, "write");
	else
		check(sendto(s, out + 2, n, 0, apart ? to : NULL, apart ? sizeof(server) : 0) > 0,
		      "sendto");
	get(s, way);
	close(s);
}

int main(int argc, char **argv)
{
	if (argc != 3 || inet_pton(AF_INET, argv[2], &server.sin_addr) != 1)
		return 2;
	server.sin_port = htons(53);
	signal(SIGPIPE, SIG_IGN);
	alarm(60);
	if (strcmp(argv[1], "server") == 0)
		serve();
	for (unsigned way = 0; way < WAYS; way++)
		ask((enum way)way);
	return 0;
}
