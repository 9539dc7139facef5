/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets of all kinds, both ends on this machine. */
#include "tests/live/live.h"

#include "capture/base/catalog_types.h"

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <sys/un.h>

/* Addresses and tuples as recorded: capture/base/event.h. */
struct bytes {
	unsigned char p[150];
	size_t len;
};

static void put(struct bytes *b, const void *p, size_t len)
{
	memcpy(b->p + b->len, p, len);
	b->len += len;
}

static void put_end(struct bytes *b, const struct sockaddr_storage *s)
{
	const struct sockaddr_in *const in = (const void *)s;
	const struct sockaddr_in6 *const in6 = (const void *)s;
	uint16_t port;

	if (s->ss_family == AF_INET)
		put(b, &in->sin_addr, 4);
	else
		put(b, &in6->sin6_addr, 16);
	port = ntohs(s->ss_family == AF_INET ? in->sin_port : in6->sin6_port);
	put(b, (unsigned char[]){ (unsigned char)port, (unsigned char)(port >> 8) }, 2);
}

static struct bytes address(const struct sockaddr_storage *s)
{
	struct bytes b = { { (unsigned char)s->ss_family }, 1 };

	put_end(&b, s);
	return b;
}

static struct bytes tuple(const struct sockaddr_storage *from,
		const struct sockaddr_storage *to)
{
	struct bytes b = address(from);

	put_end(&b, to);
	return b;
}

static struct sockaddr_storage name_of(long fd)
{
	struct sockaddr_storage s = {0};
	socklen_t len = sizeof(s);

	must(getsockname((int)fd, (void *)&s, &len), "getsockname");
	return s;
}

static struct sockaddr_storage loopback(int family)
{
	struct sockaddr_storage s = { .ss_family = (sa_family_t)family };

	if (family == AF_INET)
		((struct sockaddr_in *)&s)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		((struct sockaddr_in6 *)&s)->sin6_addr = in6addr_loopback;
	return s;
}

static socklen_t size_of(int family)
{
	return family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

#define BYTES(name, b) B(name, (b).p, (b).len)

static void talk(long c, long s, struct bytes out, struct bytes in)
{
	char room[100];
	struct iovec v[2] = { { "one", 3 }, { "two", 3 } }, w = { room, sizeof(room) };
	struct msghdr m = { .msg_iov = v, .msg_iovlen = 2 },
			n = { .msg_iov = &w, .msg_iovlen = 1 };
	long r;

	r = CALL(__NR_sendto, c, "hello there", 11, MSG_NOSIGNAL, NULL, 0);
	SAID("sendto", N("res", r), S("data", "hello there"), N("fd", c), N("size", 11),
	     BYTES("tuple", out));
	r = CALL(__NR_recvfrom, s, room, sizeof(room), 0, NULL, NULL);
	SAID("recvfrom", N("res", 11), S("data", "hello there"), BYTES("tuple", in), N("fd", s),
	     N("size", 100));
	r = CALL(__NR_sendmsg, c, &m, 0);
	SAID("sendmsg", N("res", 6), S("data", "onetwo"), N("fd", c), N("size", 6),
	     BYTES("tuple", out));
	r = CALL(__NR_recvmsg, s, &n, 0);
	SAID("recvmsg", N("res", r), N("size", 100), S("data", "onetwo"), BYTES("tuple", in),
	     N("fd", s));
	r = CALL(__NR_recvfrom, s, room, sizeof(room), MSG_DONTWAIT, NULL, NULL);
	SAID("recvfrom", N("res", -EAGAIN), N("fd", s), N("size", 100));
	r = CALL(__NR_write, c, "written", 7);
	SAID("write", N("res", 7), S("data", "written"), N("fd", c));
	r = CALL(__NR_read, s, room, sizeof(room));
	SAID("read", N("res", 7), S("data", "written"), N("fd", s), N("size", 100));
}

static void tcp(int family)
{
	const socklen_t len = size_of(family);
	struct sockaddr_storage at = loopback(family), mine, got;
	struct bytes out, in, addr;
	socklen_t n = sizeof(got);
	int one = 1, err = 77;
	socklen_t olen = sizeof(err);
	unsigned char val[5] = { PT_BYTEBUF, 1 };
	long l, c, s, r;

	l = CALL(__NR_socket, family, SOCK_STREAM, 0);
	if (l == -EAFNOSUPPORT)
		return;
	SAID("socket", N("fd", l), N("domain", family), N("type", SOCK_STREAM), N("proto", 0),
	     N("flags", 0));
	r = CALL(__NR_setsockopt, l, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	SAID("setsockopt", N("res", r), N("fd", l), N("level", SOL_SOCKET),
	     N("optname", SO_REUSEADDR),
	     B("val", val, 5), N("optlen", 4));
	addr = address(&at);
	SAID("bind", N("res", CALL(__NR_bind, l, &at, len)), BYTES("addr", addr), N("fd", l));
	SAID("listen", N("res", CALL(__NR_listen, l, 5)), N("fd", l), N("backlog", 5));
	at = name_of(l);
	SAID("getsockname", N("res", CALL(__NR_getsockname, l, &got, &n)), N("fd", l));

	c = CALL(__NR_socket, family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
	SAID("socket", N("fd", c), N("domain", family), N("type", SOCK_STREAM | SOCK_CLOEXEC),
	     N("proto", IPPROTO_TCP), N("flags", SOCK_CLOEXEC));
	r = CALL(__NR_connect, c, &at, len);
	mine = name_of(c);
	out = tuple(&mine, &at);
	in = out;
	addr = address(&at);
	SAID("connect", N("res", 0), BYTES("tuple", out), N("fd", c), BYTES("addr", addr));
	s = CALL(__NR_accept4, l, NULL, NULL, SOCK_NONBLOCK);
	SAID("accept4", N("fd", s), BYTES("tuple", in), N("queuepct", 0), N("queuelen", 0),
	     N("queuemax", 5),
	     N("flags", SOCK_NONBLOCK), N("listen_fd", l));
	talk(c, s, out, in);
	in = out = tuple(&at, &mine);
	talk(s, c, out, in);
	SAID("getpeername", N("res", CALL(__NR_getpeername, c, &got, &n)), N("fd", c));
	val[1] = 0;
	r = CALL(__NR_getsockopt, c, SOL_SOCKET, SO_ERROR, &err, &olen);
	SAID("getsockopt", N("res", r), N("fd", c), N("level", SOL_SOCKET),
	     N("optname", SO_ERROR),
	     B("val", val, 5), N("optlen", 4));
	r = CALL(__NR_getsockopt, c, 12345, 6, &err, &olen);
	SAID("getsockopt", N("res", r), N("fd", c), N("level", 12345), N("optname", 6));
	SAID("shutdown", N("res", CALL(__NR_shutdown, c, SHUT_WR)), N("fd", c),
	     N("how", SHUT_WR));
	CALL(__NR_close, c);
	CALL(__NR_close, s);

	c = CALL(__NR_socket, family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	SAID("socket", N("fd", c), N("type", SOCK_STREAM | SOCK_NONBLOCK),
	     N("flags", SOCK_NONBLOCK));
	r = CALL(__NR_connect, c, &at, len);
	mine = name_of(c);
	out = tuple(&mine, &at);
	SAID("connect", N("res", r), BYTES("tuple", out), N("fd", c));
	s = CALL(__NR_accept4, l, &got, &n, 0);
	in = out;
	SAID("accept4", N("fd", s), BYTES("tuple", in), N("flags", 0));
	CALL(__NR_close, s);
	CALL(__NR_close, c);
#ifdef __NR_accept
	c = CALL(__NR_socket, family, SOCK_STREAM, 0);
	CALL(__NR_connect, c, &at, len);
	mine = name_of(c);
	in = tuple(&mine, &at);
	s = CALL(__NR_accept, l, NULL, NULL);
	SAID("accept", N("fd", s), BYTES("tuple", in), N("queuelen", 0), N("queuemax", 5),
	     N("listen_fd", l));
	CALL(__NR_close, s);
	CALL(__NR_close, c);
#endif
	CALL(__NR_close, l);
	c = CALL(__NR_socket, family, SOCK_STREAM, 0);
	r = CALL(__NR_connect, c, &at, len);
	SAID("connect", N("res", -ECONNREFUSED), NO("tuple"), N("fd", c), BYTES("addr", addr));
	SAID("accept4", N("fd", CALL(__NR_accept4, c, NULL, NULL, 0)), NO("tuple"),
	     N("listen_fd", c));
	CALL(__NR_close, c);
}

static void udp(int family)
{
	const socklen_t len = size_of(family);
	struct sockaddr_storage at = loopback(family), a, b, from;
	struct bytes out;
	socklen_t n = sizeof(from);
	char room[100];
	const long c = CALL(__NR_socket, family, SOCK_DGRAM, 0);
	const long s = CALL(__NR_socket, family, SOCK_DGRAM, IPPROTO_UDP);
	struct iovec v = { "datagram", 8 }, w = { room, sizeof(room) };
	struct msghdr m = { .msg_name = &b, .msg_namelen = len, .msg_iov = &v,
			.msg_iovlen = 1 };
	struct msghdr g = { .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &w,
			.msg_iovlen = 1 };
	struct mmsghdr mm[2] = { { .msg_hdr = m }, { .msg_hdr = m } };
	struct mmsghdr gg[2];
	long r;

	if (c < 0)
		return;
	bind((int)c, (void *)&at, len);
	bind((int)s, (void *)&at, len);
	a = name_of(c);
	b = name_of(s);
	out = tuple(&a, &b);
	r = CALL(__NR_sendto, c, "to you", 6, 0, &b, len);
	SAID("sendto", N("res", r), S("data", "to you"), N("fd", c), N("size", 6),
	     BYTES("tuple", out));
	r = CALL(__NR_recvfrom, s, room, sizeof(room), 0, &from, &n);
	SAID("recvfrom", N("res", 6), S("data", "to you"), BYTES("tuple", out), N("fd", s),
	     N("size", 100));
	m.msg_name = &b;
	r = CALL(__NR_sendmsg, c, &m, 0);
	SAID("sendmsg", N("res", 8), S("data", "datagram"), N("fd", c), N("size", 8),
	     BYTES("tuple", out));
	r = CALL(__NR_recvmsg, s, &g, 0);
	SAID("recvmsg", N("res", r), N("size", 100), S("data", "datagram"), BYTES("tuple", out),
	     N("fd", s));
	mm[0].msg_hdr = mm[1].msg_hdr = m;
	r = CALL(__NR_sendmmsg, c, mm, 2, 0);
	SAID("sendmmsg", N("res", 2), N("fd", c), N("size", 8), S("data", "datagram"),
	     BYTES("tuple", out));
	g.msg_namelen = sizeof(from);
	gg[0].msg_hdr = gg[1].msg_hdr = g;
	r = CALL(__NR_recvmmsg, s, gg, 2, 0, NULL);
	SAID("recvmmsg", N("res", r), N("fd", s), N("size", 100), S("data", "datagram"),
	     BYTES("tuple", out));
	r = CALL(__NR_connect, c, &b, len);
	SAID("connect", N("res", 0), BYTES("tuple", out), N("fd", c));
	r = CALL(__NR_sendto, c, "again", 5, 0, NULL, 0);
	SAID("sendto", N("res", 5), S("data", "again"), N("fd", c), BYTES("tuple", out));
	r = CALL(__NR_recvfrom, s, room, 2, MSG_TRUNC, NULL, NULL);
	SAID("recvfrom", N("res", 5), N("fd", s), N("size", 2));
	CALL(__NR_close, c);
	CALL(__NR_close, s);
}

static struct bytes unix_address(const struct sockaddr_un *u, size_t path)
{
	struct bytes b = { { AF_UNIX }, 1 };

	put(&b, u->sun_path, path);
	return b;
}

static void unix_stream(const struct sockaddr_un *u, size_t path, socklen_t len)
{
	const struct bytes addr = unix_address(u, path);
	long l, c, s, r;

	l = CALL(__NR_socket, AF_UNIX, SOCK_STREAM, 0);
	SAID("bind", N("res", CALL(__NR_bind, l, u, len)), BYTES("addr", addr), N("fd", l));
	SAID("listen", N("res", CALL(__NR_listen, l, 1)), N("fd", l), N("backlog", 1));
	c = CALL(__NR_socket, AF_UNIX, SOCK_STREAM, 0);
	r = CALL(__NR_connect, c, u, len);
	/* Two kernel addresses, then the path. */
	SAID("connect", N("res", r), { "tuple", ARG_TAIL, 0, 0, u->sun_path, path }, N("fd", c),
	     BYTES("addr", addr));
	s = CALL(__NR_accept4, l, NULL, NULL, 0);
	SAID("accept4", N("fd", s), { "tuple", ARG_TAIL, 0, 0, u->sun_path, path },
	     N("listen_fd", l));
	r = CALL(__NR_sendto, c, "local", 5, 0, NULL, 0);
	SAID("sendto", N("res", 5), S("data", "local"),
	     { "tuple", ARG_TAIL, 0, 0, u->sun_path, path });
	CALL(__NR_close, c);
	CALL(__NR_close, s);
	CALL(__NR_close, l);
}

static void unix_sockets(void)
{
	struct sockaddr_un u = { .sun_family = AF_UNIX, .sun_path = "./a socket" };
	const size_t len = strlen(u.sun_path);
	char name[32];
	long c;

	unix_stream(&u, len, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + 1));
	c = CALL(__NR_socket, AF_UNIX, SOCK_DGRAM, 0);
	SAID("socket", N("fd", c), N("domain", AF_UNIX), N("type", SOCK_DGRAM));
	SAID("connect", N("res", CALL(__NR_connect, c, &u, sizeof(u))), NO("tuple"),
	     N("fd", c));
	snprintf(name, sizeof(name), "saker-live-%d", (int)getpid());
	memset(u.sun_path, 0, sizeof(u.sun_path));
	memcpy(u.sun_path + 1, name, strlen(name));
	unix_stream(&u, strlen(name) + 1,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name) + 1));
}

static void pairs(void)
{
	union {
		struct cmsghdr h;
		char room[CMSG_SPACE(sizeof(int))];
	} ctl = {0}, in;
	char room[10];
	struct iovec v = { "f", 1 }, w = { room, sizeof(room) };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = &ctl,
			.msg_controllen = sizeof(ctl) };
	struct msghdr n = { .msg_iov = &w, .msg_iovlen = 1, .msg_control = &in,
			.msg_controllen = sizeof(in) };
	int fds[2], passed;
	long r;

	r = CALL(__NR_socketpair, AF_UNIX, SOCK_STREAM, 0, fds);
	SAID("socketpair", N("res", r), N("fd1", fds[0]), N("fd2", fds[1]), IS_SET("source"),
	     IS_SET("peer"),
	     N("domain", AF_UNIX), N("type", SOCK_STREAM), N("proto", 0));
	ctl.h = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET,
	.cmsg_type = SCM_RIGHTS };
	passed = fds[1];
	memcpy(CMSG_DATA(&ctl.h), &passed, sizeof(int));
	r = CALL(__NR_sendmsg, fds[0], &m, 0);
	SAID("sendmsg", N("res", r), S("data", "f"), N("fd", fds[0]), N("size", 1));
	r = CALL(__NR_recvmsg, fds[1], &n, MSG_CMSG_CLOEXEC);
	SAID("recvmsg", N("res", r), N("size", 10), S("data", "f"),
	     B("msgcontrol", in.room, n.msg_controllen),
	     N("fd", fds[1]));
	passed = fds[0];
	r = CALL(__NR_socketpair, AF_INET, SOCK_STREAM, 0, fds);
	SAID("socketpair", N("res", r), NO("fd1"), NO("source"), N("domain", AF_INET));
	r = CALL(__NR_sendmsg, passed, 0x10000, 0);
	SAID("sendmsg", N("res", -EFAULT), NO("data"), N("fd", passed), NO("size"));
}

static void others(void)
{
	struct sockaddr_nl nl = { .nl_family = AF_NETLINK };
	long fd;

	fd = CALL(__NR_socket, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	SAID("socket", N("fd", fd), N("domain", AF_NETLINK), N("type", SOCK_RAW),
	     N("proto", NETLINK_ROUTE));
	SAID("bind", N("res", CALL(__NR_bind, fd, &nl, sizeof(nl))), IS_SET("addr"),
	     N("fd", fd));
	fd = CALL(__NR_socket, AF_INET, SOCK_RAW, IPPROTO_ICMP);
	SAID("socket", N("fd", fd), N("domain", AF_INET), N("type", SOCK_RAW),
	     N("proto", IPPROTO_ICMP));
	fd = CALL(__NR_socket, AF_PACKET, SOCK_DGRAM, htons(0x0800));
	SAID("socket", N("fd", fd), N("domain", AF_PACKET), N("type", SOCK_DGRAM),
	     N("proto", htons(0x0800)));
	SAID("socket", N("fd", CALL(__NR_socket, 999, 1, 2)), N("domain", 999), N("type", 1),
	     N("proto", 2));
	SAID("bind", N("res", CALL(__NR_bind, 94, 0x10000, 16)), NO("addr"), N("fd", 94));
	SAID("listen", N("res", CALL(__NR_listen, 0, -1)), N("fd", 0), N("backlog", -1));
	SAID("shutdown", N("res", CALL(__NR_shutdown, 93, 9)), N("fd", 93), N("how", 9));
	SAID("getpeername", N("res", CALL(__NR_getpeername, 1, NULL, NULL)), N("fd", 1));
	SAID("sendto", N("res", CALL(__NR_sendto, 1, "x", 1, 0, NULL, 0)), S("data", "x"),
	     N("fd", 1),
	     NO("tuple"));
}

int main(void)
{
	tcp(AF_INET);
	tcp(AF_INET6);
	udp(AF_INET);
	udp(AF_INET6);
	unix_sockets();
	pairs();
	others();
	say_now();
	return 0;
}
