/* SPDX-License-Identifier: Apache-2.0 */
/* The descriptors of a thread in a .scap section. */
#include "capture/trace/scap.h"

#include <string.h>
#include <sys/socket.h>

#include "capture/base/err.h"
#include "capture/base/fdkind.h"
#include "capture/base/ppm.h"

#define F(name) (&ev->v[P(SNAP_FD, name)])

/* By Falco's number of the type.  addr: bytes of an inet address, 0: has a name. */
static const struct fd_type {
	uint8_t kind, addr, role;
} fd_types[] = {
	{ FD_UNKNOWN, 0, 0 }, { FD_FILE, 0, 0 }, { FD_DIRECTORY, 0, 0 },
	{ FD_IPV4, 4, ROLE_NONE }, { FD_IPV6, 16, ROLE_NONE },
	{ FD_IPV4, 4, ROLE_LISTEN }, { FD_IPV6, 16, ROLE_LISTEN },
	{ FD_PIPE, 0, 0 }, { FD_UNIX, 0, 0 }, { FD_EVENT, 0, 0 },
	{ FD_UNSUPPORTED, 0, 0 }, { FD_SIGNAL, 0, 0 }, { FD_EPOLL, 0, 0 },
	{ FD_INOTIFY, 0, 0 }, { FD_TIMER, 0, 0 }, { FD_NETLINK, 0, 0 },
	{ FD_FILE, 0, 0 }, { FD_BPF, 0, 0 }, { FD_USERFAULT, 0, 0 },
	{ FD_IOURING, 0, 0 }, { FD_MEMFD, 0, 0 }, { FD_PIDFD, 0, 0 },
};

enum { FDT_UNIX = 8, FDT_FILE_V2 = 16, FDT__N = sizeof(fd_types) / sizeof(fd_types[0]) };

static void l4proto(struct cursor *c, struct event *ev)
{
	static const uint8_t protos[] = {
		L4_NONE, L4_NONE, L4_TCP, L4_UDP, L4_ICMP, L4_RAW
	};
	const uint8_t proto = cursor_u8(c);

	value_number(F(proto), proto < sizeof(protos) ? protos[proto] : L4_NONE);
}

/* A listening socket is the destination of a tuple without source. */
static void fd_inet(struct scap *s, struct cursor *c, const struct fd_type *t,
		    struct event *ev)
{
	const size_t n = t->addr;
	uint8_t *out = arena_zalloc(&s->scratch, 1 + 2 * (n + 2));
	const bool listens = t->role == ROLE_LISTEN;
	const uint8_t *src = listens ? NULL : cursor_bytes(c, n);
	const uint8_t *dst = cursor_bytes(c, n);
	const uint8_t *sport = listens ? NULL : cursor_bytes(c, 2);
	const uint8_t *dport = cursor_bytes(c, 2);

	l4proto(c, ev);
	if (c->bad)
		return;
	out[0] = n == 4 ? AF_INET : AF_INET6;
	if (!listens) {
		memcpy(out + 1, src, n);
		memcpy(out + 1 + n, sport, 2);
	}
	memcpy(out + 1 + n + 2, dst, n);
	memcpy(out + 1 + n + 2 + n, dport, 2);
	value_bytes(F(tuple), out, 1 + 2 * (n + 2));
	value_number(F(role), t->role);
}

static void fd_unix(struct scap *s, struct cursor *c, struct event *ev)
{
	const uint8_t *ends = cursor_bytes(c, 16);
	struct value path = {0};
	uint8_t *out;

	scap_str16(c, &path);
	if (c->bad)
		return;
	out = arena_alloc(&s->scratch, 17 + (size_t)path.len);
	out[0] = AF_UNIX;
	memcpy(out + 1, ends, 16);
	memcpy(out + 17, path.p, path.len);
	value_bytes(F(tuple), out, 17 + (size_t)path.len);
	value_number(F(role), ROLE_NONE);
}

static void fd_named(struct cursor *c, unsigned type, bool lengths, struct event *ev)
{
	if (type == FDT_FILE_V2)
		value_number(F(flags), flags_from_ppm(FT_file_flags, cursor_u32(c)));
	scap_str16(c, F(name));
	if (type == FDT_FILE_V2 && lengths && cursor_left(c) >= 4)
		value_number(F(dev), cursor_u32(c));
}

int scap_fd_next(struct scap *s, struct event *ev)
{
	struct scap_meta *m = &s->meta;
	const bool lengths = m->version >= 2;
	struct cursor e, *c = &m->c;
	unsigned type;

	event_init(ev, EV_SNAP_FD);
	if (lengths) {
		if (!scap_entry_open(&m->c, true, &e))
			return -ERR_FORMAT;
		c = &e;
	}
	ev->tid = (uint32_t)m->tid;
	value_number(F(pid), m->tid);
	value_number(F(fd), cursor_u64(c));
	value_number(F(ino), cursor_u64(c));
	type = cursor_u8(c);
	value_number(F(kind), type < FDT__N ? fd_types[type].kind : FD_UNSUPPORTED);
	if (type >= FDT__N && !lengths)
		return -ERR_FORMAT;
	if (type == FDT_UNIX)
		fd_unix(s, c, ev);
	else if (type < FDT__N && fd_types[type].addr)
		fd_inet(s, c, &fd_types[type], ev);
	else if (type && type < FDT__N)
		fd_named(c, type, lengths, ev);
	return c->bad ? -ERR_FORMAT : 0;
}
