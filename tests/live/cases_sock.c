/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets: who is connected to whom, and who called. */
#include "tests/live/case.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/un.h>

struct end {
	int family;
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} a;
	socklen_t len;
};

static struct end loopback(int family)
{
	struct end e = { .family = family };

	if (family == AF_INET) {
		e.a.v4 = (struct sockaddr_in){ .sin_family = AF_INET,
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
		e.len = sizeof(e.a.v4);
	} else {
		e.a.v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6,
						.sin6_addr = IN6ADDR_LOOPBACK_INIT };
		e.len = sizeof(e.a.v6);
	}
	return e;
}

static void ip_text(const struct end *e, char *ip, char *port)
{
	if (e->a.any.sa_family == AF_INET) {
		inet_ntop(AF_INET, &e->a.v4.sin_addr, ip, 64);
		sprintf(port, "%d", ntohs(e->a.v4.sin_port));
	} else {
		const uint8_t *const b = e->a.v6.sin6_addr.s6_addr;

		if (IN6_IS_ADDR_V4MAPPED(&e->a.v6.sin6_addr))
			inet_ntop(AF_INET, b + 12, ip, 64);
		else
			inet_ntop(AF_INET6, b, ip, 64);
		sprintf(port, "%d", ntohs(e->a.v6.sin6_port));
	}
}

static struct end own_end(int fd)
{
	struct end e = { .len = sizeof(e.a) };

	must(getsockname(fd, &e.a.any, &e.len), "getsockname");
	return e;
}

static struct end peer_end(int fd)
{
	struct end e = { .len = sizeof(e.a) };

	must(getpeername(fd, &e.a.any, &e.len), "getpeername");
	return e;
}

/* A connection from its client's end to its server's. */
static void mark_connection(int fd, const struct end *client, const struct end *server,
			    const char *proto)
{
	char cip[64], cport[8], sip[64], sport[8], name[200];

	ip_text(client, cip, cport);
	ip_text(server, sip, sport);
	snprintf(name, sizeof(name), "%s:%s->%s:%s", cip, cport, sip, sport);
	mark(fd, FIELDS(F("fd.name", name), F("fd.type", strchr(sip, ':') ? "ipv6" : "ipv4"),
			F("fd.l4proto", proto), F("fd.cip", cip), F("fd.cport", cport),
			F("fd.sip", sip), F("fd.sport", sport)));
}

static void mark_client(int fd, const char *proto)
{
	const struct end own = own_end(fd), peer = peer_end(fd);

	mark_connection(fd, &own, &peer, proto);
}

static void mark_server(int fd, const char *proto)
{
	const struct end own = own_end(fd), peer = peer_end(fd);

	mark_connection(fd, &peer, &own, proto);
}

static int listening(struct end *e)
{
	const int fd = (int)must(socket(e->a.any.sa_family, SOCK_STREAM, 0), "socket");

	must(bind(fd, &e->a.any, e->len), "bind");
	must(listen(fd, 5), "listen");
	*e = own_end(fd);
	return fd;
}

/* ---- streams ---- */

static int both[2];

static void mark_both(void)
{
	mark_client(both[0], "tcp");
	mark_server(both[1], "tcp");
}

static void connection(int family, int flags)
{
	struct end e = loopback(family);
	const int l = listening(&e);
	const int c = (int)must(socket(family, SOCK_STREAM | flags, 0), "socket");
	struct pollfd p = { .fd = c, .events = POLLOUT };
	int error = 0;
	socklen_t len = sizeof(error);

	connect(c, &e.a.any, e.len);
	if (flags & SOCK_NONBLOCK) {
		poll(&p, 1, 1000);
		getsockopt(c, SOL_SOCKET, SO_ERROR, &error, &len);
	}
	both[0] = c;
	both[1] = (int)must(accept4(l, NULL, NULL, SOCK_CLOEXEC), "accept4");
	mark_both();
}

static void stream_v4(void)
{
	connection(AF_INET, 0);
	in_child(mark_both);
	must(write(both[0], "x", 1), "write");
	dup2(both[0], 50);
	mark_client(50, "tcp");
}

static void stream_v6(void)
{
	connection(AF_INET6, 0);
	in_child(mark_both);
}

static void in_progress(void)
{
	connection(AF_INET, SOCK_NONBLOCK);
}

static void refused(void)
{
	struct end e = loopback(AF_INET);
	const int l = listening(&e), c = socket(AF_INET, SOCK_STREAM, 0);

	close(l);
	must(connect(c, &e.a.any, e.len) < 0 ? 0 : -1, "refused");
	mark(c, FIELDS(F("fd.type", "ipv4"), F("fd.connected", "false")));
}

static void mapped(void)
{
	struct end e = loopback(AF_INET6), four;
	int l, zero = 0, c = socket(AF_INET, SOCK_STREAM, 0), s;

	e.a.v6.sin6_addr = in6addr_any;
	l = socket(AF_INET6, SOCK_STREAM, 0);
	setsockopt(l, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
	must(bind(l, &e.a.any, e.len), "bind");
	must(listen(l, 1), "listen");
	e = own_end(l);
	four = loopback(AF_INET);
	four.a.v4.sin_port = e.a.v6.sin6_port;
	must(connect(c, &four.a.any, four.len), "connect");
	s = (int)must(accept(l, NULL, NULL), "accept");
	mark_client(c, "tcp");
	mark_server(s, "tcp");
}

static void accepts(void)
{
	both[1] = (int)must(accept(both[1], NULL, NULL), "accept");
	mark_server(both[1], "tcp");
}

static void inherited_listener(void)
{
	struct end e = loopback(AF_INET);

	both[1] = listening(&e);
	both[0] = socket(AF_INET, SOCK_STREAM, 0);
	must(connect(both[0], &e.a.any, e.len), "connect");
	in_child(accepts);
	mark_client(both[0], "tcp");
}

static void over_exec_again(int argc, char **argv)
{
	(void)argc, (void)argv;
	mark_client(80, "tcp");
	mark_server(81, "tcp");
}

static void over_exec(void)
{
	connection(AF_INET, 0);
	dup2(both[0], 80);
	dup2(both[1], 81);
	become(self, "x");
}

/* ---- datagrams ---- */

/* To a port that was asked for: who just takes one may be a client as well. */
static int bound(int family, struct end *e)
{
	const int fd = (int)must(socket(family, SOCK_DGRAM, 0), "socket");
	const int other = (int)must(socket(family, SOCK_DGRAM, 0), "socket");

	*e = loopback(family);
	must(bind(other, &e->a.any, e->len), "bind");
	*e = own_end(other);
	close(other);
	must(bind(fd, &e->a.any, e->len), "bind");
	return fd;
}

static void datagrams(int family)
{
	struct end s, c;
	const int server = bound(family, &s);
	const int client = (int)must(socket(family, SOCK_DGRAM, 0), "socket");
	char b[10];

	must(connect(client, &s.a.any, s.len), "connect");
	mark_client(client, "udp");
	must(send(client, "x", 1, 0), "send");
	c = own_end(client);
	must(recvfrom(server, b, sizeof(b), 0, &c.a.any, &c.len), "recvfrom");
	mark_connection(server, &c, &s, "udp");
}

static void connected_v4(void)
{
	datagrams(AF_INET);
}

static void connected_v6(void)
{
	datagrams(AF_INET6);
}

static void unconnected(void)
{
	struct end s, from = { .len = sizeof(from.a) };
	const int server = bound(AF_INET, &s), client = socket(AF_INET, SOCK_DGRAM, 0);
	char b[10];

	must(sendto(client, "x", 1, 0, &s.a.any, s.len), "sendto");
	must(recvfrom(server, b, sizeof(b), 0, &from.a.any, &from.len), "recvfrom");
	mark_connection(server, &from, &s, "udp");
	must(sendto(server, "y", 1, 0, &from.a.any, from.len), "sendto");
	mark_connection(server, &from, &s, "udp");
}

static void by_message(void)
{
	struct end s;
	const int server = bound(AF_INET, &s), client = socket(AF_INET, SOCK_DGRAM, 0);
	char b[10];
	struct iovec v = { b, 1 };
	struct end from = { .len = sizeof(from.a) };
	struct msghdr m = { .msg_name = &s.a, .msg_namelen = s.len, .msg_iov = &v,
			    .msg_iovlen = 1 };
	struct mmsghdr mm = { .msg_hdr = { .msg_name = &from.a, .msg_namelen = sizeof(from.a),
					   .msg_iov = &v, .msg_iovlen = 1 } };

	must(sendmsg(client, &m, 0), "sendmsg");
	must(recvmmsg(server, &mm, 1, 0, NULL), "recvmmsg");
	mark_connection(server, &from, &s, "udp");
}

static void changes_peer(void)
{
	struct end s, t;
	const int client = socket(AF_INET, SOCK_DGRAM, 0);

	bound(AF_INET, &s);
	bound(AF_INET, &t);
	must(connect(client, &s.a.any, s.len), "connect");
	mark_client(client, "udp");
	must(connect(client, &t.a.any, t.len), "connect");
	mark_client(client, "udp");
}

/* ---- unix, and others ---- */

static struct sockaddr_un un(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	strcpy(a.sun_path, path);
	return a;
}

static void unix_path(void)
{
	const struct sockaddr_un a = un("socket");
	const int l = socket(AF_UNIX, SOCK_STREAM, 0), c = socket(AF_UNIX, SOCK_STREAM, 0);
	int s;

	must(bind(l, (const void *)&a, sizeof(a)), "bind");
	must(listen(l, 1), "listen");
	must(connect(c, (const void *)&a, sizeof(a)), "connect");
	s = (int)must(accept(l, NULL, NULL), "accept");
	mark(l, FIELDS(F("fd.type", "unix"), F("fd.name", "socket")));
	mark(c, FIELDS(F("fd.type", "unix")));
	mark(s, FIELDS(F("fd.type", "unix")));
}

static void unix_datagrams(void)
{
	const struct sockaddr_un a = un("datagrams");
	const int l = socket(AF_UNIX, SOCK_DGRAM, 0), c = socket(AF_UNIX, SOCK_DGRAM, 0);
	char b[4];

	must(bind(l, (const void *)&a, sizeof(a)), "bind");
	must(sendto(c, "x", 1, 0, (const void *)&a, sizeof(a)), "sendto");
	must(recv(l, b, 4, 0), "recv");
	mark(l, FIELDS(F("fd.type", "unix")));
	mark(c, FIELDS(F("fd.type", "unix")));
}

static void unix_pairs(void)
{
	int p[2];

	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, p), "socketpair");
	mark(p[0], FIELDS(F("fd.type", "unix")));
	mark(p[1], FIELDS(F("fd.type", "unix")));
	close(p[0]);
	mark_closed(p[0]);
}

static void netlink(void)
{
	const int fd = socket(AF_NETLINK, SOCK_RAW, 0);

	if (fd < 0)
		skip("netlink");
	mark(fd, FIELDS(F("fd.type", "netlink")));
}

static const struct one_case cases[] = {
	CASE(stream_v4), CASE(stream_v6), CASE(in_progress), CASE(refused), CASE(mapped),
	CASE(inherited_listener), CASE2(over_exec), CASE(connected_v4), CASE(connected_v6),
	CASE(unconnected), CASE(by_message), CASE(changes_peer), CASE(unix_path),
	CASE(unix_datagrams), CASE(unix_pairs), CASE(netlink),
	{ NULL, NULL, NULL },
};

int main(int argc, char **argv)
{
	return run_cases(argc, argv, cases);
}
