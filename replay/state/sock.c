/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets: who is connected to whom, and which end is the client.
 *
 * A tuple is kept client first as soon as the role is known: connect makes this end the
 * client, accept the server.  A datagram socket that just sends or receives is judged by
 * its first traffic: a port that this process has bound makes it the server. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

#include "capture/base/cursor.h"
#include "capture/base/strict.h"
#include "replay/state/internal.h"

static const uint8_t mapped_prefix[12] = { [10] = 0xff, [11] = 0xff };

static bool is_mapped(const uint8_t *addr)
{
	return memcmp(addr, mapped_prefix, 12) == 0;
}

static bool is_zero(const uint8_t *addr, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (addr[i])
			return false;
	return true;
}

/* ---- names ---- */

static size_t end_text(char *out, const struct fdinfo *f, const struct ip_end *e)
{
	const int family = f->kind == FD_IPV6 ? AF_INET6 : AF_INET;
	size_t n;

	inet_ntop(family, e->addr, out, INET6_ADDRSTRLEN);
	n = strlen(out);
	if (f->proto != L4_ICMP && f->proto != L4_RAW)
		n += (size_t)snprintf(out + n, 8, ":%u", e->port);
	return n;
}

void sock_name(struct state *st, struct fdinfo *f)
{
	char *out = st->path[0];
	size_t n = 0;

	if (f->role != ROLE_LISTEN) {
		n = end_text(out, f, &f->src);
		memcpy(out + n, "->", 2);
		n += 2;
	}
	n += end_text(out + n, f, &f->dst);
	text_set(st, &f->name, out, n);
	st->cur.name_changed = true;
}

static void unix_name(struct state *st, struct fdinfo *f, const uint8_t *path, size_t len)
{
	char *out = st->path[0];
	const int n = snprintf(out, PATH_BYTES, "%llx->%llx ", (unsigned long long)f->unix_src,
			       (unsigned long long)f->unix_dst);

	if (len > FALCO_PATH_BYTES)
		len = FALCO_PATH_BYTES;
	memcpy(out + n, path, len);
	text_set(st, &f->name, out, (size_t)n + len);
	st->cur.name_changed = true;
}

/* ---- tuples ---- */

static void read_end(struct cursor *c, struct ip_end *e, size_t n)
{
	const uint8_t *p = cursor_bytes(c, n);

	memset(e, 0, sizeof(*e));
	if (p)
		memcpy(e->addr, p, n);
	e->port = cursor_u16(c);
}

static void unmap(struct ip_end *e)
{
	memmove(e->addr, e->addr + 12, 4);
	memset(e->addr + 4, 0, 12);
}

static bool same_end(const struct ip_end *a, const struct ip_end *b)
{
	return a->port == b->port && memcmp(a->addr, b->addr, sizeof(a->addr)) == 0;
}

/* An end without an address is the machine's own on the way to the other. */
static void complete_source(const struct state *st, uint8_t family, struct ip_end *src,
			    const struct ip_end *dst)
{
	const struct iface *first = NULL;

	if (!is_zero(src->addr, 16) || is_zero(dst->addr, 16))
		return;
	if (state_is_local(st, family, dst->addr)) {
		memcpy(src->addr, dst->addr, 16);
		return;
	}
	for (size_t i = 0; i < st->n_ifaces && family == AF_INET; i++) {
		const struct iface *f = &st->ifaces[i];
		uint8_t differs = 0;

		if (f->family != AF_INET)
			continue;
		if (!first && f->addr[0] != 127)
			first = f;
		for (unsigned k = 0; k < 4; k++)
			differs |= (f->addr[k] ^ dst->addr[k]) & f->mask[k];
		if (!differs && !is_zero(f->mask, 4)) {
			first = f;
			break;
		}
	}
	if (first)
		memcpy(src->addr, first->addr, 4);
}

static bool inet_tuple(const struct state *st, struct fdinfo *f, struct cursor *c,
		       uint8_t family, bool outgoing)
{
	struct ip_end src, dst;
	uint8_t kind = family == AF_INET ? FD_IPV4 : FD_IPV6;

	read_end(c, &src, family == AF_INET ? 4 : 16);
	read_end(c, &dst, family == AF_INET ? 4 : 16);
	if (c->bad)
		return false;
	if (kind == FD_IPV6 && is_mapped(src.addr) && is_mapped(dst.addr)) {
		unmap(&src);
		unmap(&dst);
		kind = FD_IPV4;
	}
	if (outgoing)
		complete_source(st, kind == FD_IPV4 ? AF_INET : AF_INET6, &src, &dst);
	if (f->kind == kind && f->role != ROLE_LISTEN && same_end(&src, &f->src)
	    && same_end(&dst, &f->dst))
		return false;
	f->kind = kind;
	f->src = src;
	f->dst = dst;
	return true;
}

bool sock_tuple(struct state *st, struct fdinfo *f, const struct value *v, bool outgoing)
{
	struct cursor c = cursor_of(v->p, v->state == VALUE_SET ? v->len : 0);
	const uint8_t family = cursor_u8(&c);

	if (c.bad)
		return false;
	switch (family) {
	case AF_INET:
	case AF_INET6:
		return inet_tuple(st, f, &c, family, outgoing);
	case AF_UNIX:
		f->unix_src = cursor_u64(&c);
		f->unix_dst = cursor_u64(&c);
		if (c.bad)
			return false;
		f->kind = FD_UNIX;
		unix_name(st, f, c.p, cursor_left(&c));
		return true;
	}
	return false;
}

static void swap_ends(struct fdinfo *f)
{
	const struct ip_end e = f->src;

	f->src = f->dst;
	f->dst = e;
}

static bool is_inet(const struct fdinfo *f)
{
	return f->kind == FD_IPV4 || f->kind == FD_IPV6;
}

/* The descriptor of the event, if it can be a socket: one of another kind means that
 * we missed its end (the number is in use anew). */
static struct fdinfo *event_socket(struct state *st, struct tnode *t, const struct value *tuple)
{
	struct fdinfo *f = st->cur.fd;
	const int64_t fd = st->cur.fd_num;

	if (!t || fd < 0 || fd > INT32_MAX)
		return NULL;
	if (f && f->refs > 1)	/* another process's table has it as well */
		f = st->cur.fd = fdtable_own(st, fds_of(&t->t), fd);
	if (f && (is_inet(f) || f->kind == FD_UNIX || f->kind == FD_NETLINK || f->kind == FD_PACKET
		  || f->kind == FD_UNKNOWN || f->kind == FD_UNSUPPORTED))
		return f;
	if (tuple->state != VALUE_SET || tuple->len == 0)
		return f;
	return fd_open(st, t, fd, FD_UNKNOWN, 0);
}

/* ---- socket, bind, connect, accept ---- */

static uint8_t l4_of(uint64_t type, uint64_t proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return (type & 0xf) == SOCK_RAW ? L4_RAW : L4_TCP;
	case IPPROTO_UDP:
		return (type & 0xf) == SOCK_RAW ? L4_RAW : L4_UDP;
	case IPPROTO_ICMP:
		return (type & 0xf) == SOCK_RAW ? L4_RAW : L4_ICMP;
	case IPPROTO_RAW:
		return L4_RAW;
	case 0:
		return (type & 0xf) == SOCK_STREAM ? L4_TCP : (type & 0xf) == SOCK_DGRAM ? L4_UDP
			: L4_NONE;
	}
	return L4_NONE;
}

static enum fd_kind kind_of(uint64_t domain)
{
	switch (domain) {
	case AF_UNIX:
		return FD_UNIX;
	case AF_INET:
		return FD_IPV4;
	case AF_INET6:
		return FD_IPV6;
	case AF_NETLINK:
		return FD_NETLINK;
	case AF_PACKET:
		return FD_PACKET;
	}
	return FD_UNKNOWN;
}

static void describe(struct fdinfo *f, uint64_t domain, uint64_t type, uint64_t proto)
{
	f->domain = (uint8_t)domain;
	f->sock_type = (uint16_t)(type & 0xf);
	if (is_inet(f))
		f->proto = l4_of(type, proto);
}

struct fdinfo *sock_open(struct state *st, struct tnode *t, int64_t fd, uint64_t domain,
			 uint64_t type, uint64_t proto)
{
	struct fdinfo *f = fd_open(st, t, fd, kind_of(domain), type & ~UINT64_C(0xf));

	if (f)
		describe(f, domain, type, proto);
	return f;
}

HANDLER(on_socket)
{
	const uint64_t domain = value_u64(EV(ev, SOCKET, domain), 0);
	const uint64_t type = value_u64(EV(ev, SOCKET, type), 0);

	if (!t || value_i64(EV(ev, SOCKET, fd), -1) < 0) {
		cur_fd(st, -1, NULL);
		return;
	}
	/* SOCK_CLOEXEC and SOCK_NONBLOCK are O_CLOEXEC and O_NONBLOCK */
	sock_open(st, t, EV(ev, SOCKET, fd)->i, domain, type, value_u64(EV(ev, SOCKET, proto), 0));
}

HANDLER(on_socketpair)
{
	const struct value *fds[2] = { EV(ev, SOCKETPAIR, fd1), EV(ev, SOCKETPAIR, fd2) };
	const uint64_t domain = value_u64(EV(ev, SOCKETPAIR, domain), AF_UNIX);
	const uint64_t type = value_u64(EV(ev, SOCKETPAIR, type), 0);
	const uint64_t ends[2] = { value_u64(EV(ev, SOCKETPAIR, source), 0),
				   value_u64(EV(ev, SOCKETPAIR, peer), 0) };

	if (!t || value_i64(EV(ev, SOCKETPAIR, res), -1) < 0) {
		cur_fd(st, -1, NULL);
		return;
	}
	for (unsigned i = 0; i < 2; i++) {
		struct fdinfo *f = fd_open(st, t, value_i64(fds[i], -1), kind_of(domain),
					   type & ~UINT64_C(0xf));

		if (!f)
			continue;
		describe(f, domain, type, 0);
		f->unix_src = ends[i];
		f->unix_dst = ends[1 - i];
		f->bits |= FDB_CONNECTED;
	}
}

static void bind_inet(struct state *st, struct fdinfo *f, struct cursor *c, uint8_t family)
{
	struct ip_end e;
	char text[INET6_ADDRSTRLEN];
	int n;

	read_end(c, &e, family == AF_INET ? 4 : 16);
	if (c->bad)
		return;
	inet_ntop(family, e.addr, text, sizeof(text));
	n = snprintf(st->path[0], PATH_BYTES, "%s:%u", text, e.port);
	text_set(st, &f->name, st->path[0], (size_t)n);
	st->cur.name_changed = true;
	if (!e.port)
		return;
	f->kind = family == AF_INET ? FD_IPV4 : FD_IPV6;
	/* [::] takes IPv4 as well, and Falco shows it so */
	if (family == AF_INET6 && (is_mapped(e.addr) || is_zero(e.addr, 16))) {
		unmap(&e);
		f->kind = FD_IPV4;
	}
	memset(&f->src, 0, sizeof(f->src));
	f->dst = e;
	f->role = ROLE_LISTEN;
}

HANDLER(on_bind)
{
	const struct value *addr = EV(ev, BIND, addr);
	struct cursor c = cursor_of(addr->p, addr->state == VALUE_SET ? addr->len : 0);
	struct fdinfo *f = event_socket(st, t, addr);
	const uint8_t family = cursor_u8(&c);

	if (!f || c.bad || value_i64(EV(ev, BIND, res), -1) < 0)
		return;
	if (family == AF_INET || family == AF_INET6) {
		bind_inet(st, f, &c, family);
	} else if (family == AF_UNIX) {
		f->kind = FD_UNIX;
		text_set(st, &f->name, c.p, cursor_left(&c));
		st->cur.name_changed = true;
	}
}

static void finish_tuple(struct state *st, struct fdinfo *f, uint8_t assumed)
{
	if (!is_inet(f))
		return;
	if (f->proto == L4_NONE)
		f->proto = assumed;
	sock_name(st, f);
}

HANDLER(on_connect)
{
	const int64_t res = value_i64(EV(ev, CONNECT, res), -1);
	const struct value *tuple = EV(ev, CONNECT, tuple);
	struct fdinfo *f;

	if (res < 0 && res != -EINPROGRESS)
		return;
	f = event_socket(st, t, tuple);
	if (!f)
		return;
	f->bits |= FDB_CONNECTED | (res < 0 ? FDB_PENDING : 0);
	if (tuple->state != VALUE_SET || tuple->len == 0)
		return;
	sock_tuple(st, f, tuple, false);
	f->role = ROLE_CLIENT;
	finish_tuple(st, f, L4_TCP);
}

_Static_assert(P(ACCEPT, queuemax) == P(ACCEPT4, queuemax), "accept4");

HANDLER(on_accept)
{
	const int64_t fd = value_i64(EV(ev, ACCEPT, fd), -1);
	const struct value *listen_fd = event_named(ev, "listen_fd");
	const struct value *tuple = EV(ev, ACCEPT, tuple);
	const struct fdinfo *l;
	struct fdinfo *f;

	if (!t || fd < 0) {
		cur_fd(st, -1, NULL);
		return;
	}
	l = fdtable_get(fds_of(&t->t), value_i64(listen_fd, -1));
	f = fd_open(st, t, fd, l ? l->kind : FD_UNKNOWN,
		    ev->type == EV_ACCEPT4 ? value_u64(EV(ev, ACCEPT4, flags), 0) : 0);
	if (!f)
		return;
	if (l) {
		f->domain = l->domain;
		f->sock_type = l->sock_type;
	}
	f->bits |= FDB_CONNECTED;
	sock_tuple(st, f, tuple, false);
	if (is_inet(f) && tuple->state == VALUE_SET && tuple->len) {
		f->role = ROLE_SERVER;
		f->proto = L4_TCP;
		sock_name(st, f);
	}
}

/* ---- traffic ---- */

struct port_search {
	uint16_t port;
	const struct fdinfo *self;
};

static int is_bound(struct fdinfo *f, void *arg)
{
	const struct port_search *s = arg;

	return f != s->self && is_inet(f) && f->dst.port == s->port
		&& (f->role == ROLE_LISTEN || f->role == ROLE_SERVER);
}

/* local: the port of this end.  was_bound: the socket itself had it bound. */
static uint8_t guess_role(const struct tnode *t, const struct fdinfo *f, uint16_t local,
			  bool was_bound, bool incoming)
{
	struct port_search s = { local, f };

	if (was_bound)
		return incoming ? ROLE_SERVER : ROLE_CLIENT;
	return fdtable_each(fds_of(&t->t), is_bound, &s) ? ROLE_SERVER : ROLE_CLIENT;
}

/* Addresses of datagrams; a TCP socket knows its own since connect or accept. */
static void traffic(struct state *st, struct tnode *t, const struct value *tuple, bool incoming)
{
	struct fdinfo *f;
	uint16_t bound = 0;
	bool is_new;

	if (tuple->state != VALUE_SET || tuple->len == 0)
		return;
	f = st->cur.fd;
	if (f && f->name.len && f->proto == L4_TCP && is_inet(f) && f->role != ROLE_LISTEN)
		return;
	f = event_socket(st, t, tuple);
	if (!f)
		return;
	if (f->kind == FD_UNIX && f->name.len)
		return;
	if (f->role == ROLE_LISTEN) {
		if (f->proto == L4_TCP)
			return;
		bound = f->dst.port;
	}
	/* compare in the order in which the event has them */
	if (is_inet(f) && f->role == (incoming ? ROLE_CLIENT : ROLE_SERVER))
		swap_ends(f);
	is_new = sock_tuple(st, f, tuple, !incoming);
	if (strict_falco && is_inet(f))
		f->bits |= FDB_CONNECTED;
	if (!is_new) {
		if (is_inet(f) && f->role == (incoming ? ROLE_CLIENT : ROLE_SERVER))
			swap_ends(f);
		return;
	}
	if (!is_inet(f))
		return;
	if (f->role == ROLE_NONE || f->role == ROLE_LISTEN)
		f->role = guess_role(t, f, incoming ? f->dst.port : f->src.port, bound != 0,
				     incoming);
	if (f->role == (incoming ? ROLE_CLIENT : ROLE_SERVER))
		swap_ends(f);
	finish_tuple(st, f, L4_UDP);
}

static const struct value *tuple_of(const struct event *ev)
{
	switch (ev->type) {
	case EV_SENDTO:
		return EV(ev, SENDTO, tuple);
	case EV_SENDMSG:
		return EV(ev, SENDMSG, tuple);
	case EV_SENDMMSG:
		return EV(ev, SENDMMSG, tuple);
	case EV_SEND:
		return EV(ev, SEND, tuple);
	case EV_RECVFROM:
		return EV(ev, RECVFROM, tuple);
	case EV_RECVMSG:
		return EV(ev, RECVMSG, tuple);
	case EV_RECVMMSG:
		return EV(ev, RECVMMSG, tuple);
	case EV_RECV:
		return EV(ev, RECV, tuple);
	}
	return event_value(ev, EVENT_PARAMS_MAX);
}

HANDLER(on_send)
{
	if (value_i64(event_value(ev, 0), -1) >= 0)
		traffic(st, t, tuple_of(ev), false);
}

HANDLER(on_recv)
{
	if (value_i64(event_value(ev, 0), -1) >= 0)
		traffic(st, t, tuple_of(ev), true);
}

/* SO_ERROR ends a connect in progress, one way or the other. */
HANDLER(on_getsockopt)
{
	const struct value *val = EV(ev, GETSOCKOPT, val);
	struct fdinfo *f = st->cur.fd;

	if (!f || !(f->bits & FDB_PENDING) || value_i64(EV(ev, GETSOCKOPT, res), -1) != 0
	    || value_u64(EV(ev, GETSOCKOPT, level), 0) != SOL_SOCKET
	    || value_u64(EV(ev, GETSOCKOPT, optname), 0) != SO_ERROR || val->state != VALUE_SET
	    || val->len < 5)
		return;
	f->bits &= (uint16_t)~FDB_PENDING;
	if (!is_zero(val->p + 1, val->len < 9 ? 4 : 8))
		f->bits &= (uint16_t)~FDB_CONNECTED;
}

void snap_socket(struct state *st, struct fdinfo *f, const struct value *tuple)
{
	const uint8_t role = f->role, kind = f->kind;

	if (tuple->state != VALUE_SET || tuple->len == 0)
		return;
	f->role = ROLE_NONE;
	sock_tuple(st, f, tuple, false);
	if (f->kind == FD_UNIX)	/* there only the path is its name */
		text_set(st, &f->name, tuple->p + 17, tuple->len - 17);
	f->role = role;
	f->kind = kind == FD_UNKNOWN ? f->kind : kind;
	if (is_inet(f))
		sock_name(st, f);
}

/* ---- whose addresses ---- */

bool state_is_local(const struct state *st, uint8_t family, const uint8_t *addr)
{
	bool any = false;

	if (family == AF_INET && addr[0] == 127 && addr[1] == 0 && addr[2] == 0 && addr[3] == 1)
		return true;
	for (size_t i = 0; i < st->n_ifaces; i++) {
		const struct iface *f = &st->ifaces[i];

		if (f->family != family)
			continue;
		any = true;
		if (memcmp(f->addr, addr, family == AF_INET ? 4 : 16) == 0)
			return true;
	}
	return family == AF_INET6 && any && is_zero(addr, 16);
}
