/* SPDX-License-Identifier: Apache-2.0 */
/* Connections: who is client and who is server, in the bytes of events. */
#include <string.h>
#include <sys/socket.h>

#include "analyze/test/synth.h"
#include "capture/base/buf.h"

/* What an end is where it is not said: addresses of documentation. */
static const struct synth_end client_else = { true, true, AF_INET, { 192, 0, 2, 10 }, 40000 };
static const struct synth_end server_else = { true, true, AF_INET, { 192, 0, 2, 20 }, 443 };
static const struct synth_end client_else6 = {
	true, true, AF_INET6, { 0x20, 0x01, 0x0d, 0xb8, [15] = 0x10 }, 40000,
};
static const struct synth_end server_else6 = {
	true, true, AF_INET6, { 0x20, 0x01, 0x0d, 0xb8, [15] = 0x20 }, 443,
};

static bool said(const struct synth_end *e)
{
	return e->has_ip || e->has_port;
}

static bool has_ends(const struct synth_fd *fd)
{
	return said(&fd->client) || said(&fd->server_end) || said(&fd->local) ||
	       said(&fd->remote);
}

bool synth_fd_is_socket(const struct synth_fd *fd)
{
	return fd->kind == FD_IPV4 || fd->kind == FD_IPV6 || fd->kind == FD_UNIX ||
	       fd->proto || has_ends(fd);
}

static void merge(struct synth_end *to, const struct synth_end *from)
{
	if (!to->has_ip && from->has_ip) {
		to->has_ip = true;
		to->family = from->family;
		memcpy(to->addr, from->addr, sizeof(to->addr));
	}
	if (!to->has_port && from->has_port) {
		to->has_port = true;
		to->port = from->port;
	}
}

uint8_t synth_fd_family(const struct synth_fd *fd)
{
	const struct synth_end *ends[] = { &fd->client, &fd->server_end, &fd->local, &fd->remote };

	for (unsigned i = 0; i < 4; i++)
		if (ends[i]->has_ip)
			return ends[i]->family;
	return fd->kind == FD_IPV6 ? AF_INET6 : AF_INET;
}

static void both_ends(const struct synth_fd *fd, bool server, struct synth_end *c,
		      struct synth_end *d)
{
	const bool six = synth_fd_family(fd) == AF_INET6;

	*c = fd->client;
	*d = fd->server_end;
	merge(c, server ? &fd->remote : &fd->local);
	merge(d, server ? &fd->local : &fd->remote);
	merge(c, six ? &client_else6 : &client_else);
	merge(d, six ? &server_else6 : &server_else);
}

static void put_end(struct buf *b, const struct synth_end *e, uint8_t family)
{
	buf_put(b, e->addr, family == AF_INET ? 4 : 16);
	buf_le16(b, e->port);
}

static void put_path(struct buf *b, const char *path)
{
	if (path && *path == '@') {
		buf_byte(b, 0);
		path++;
	}
	buf_str(b, path ? path : "");
}

static void keep(struct synth *s, struct buf *b, struct value *out)
{
	value_bytes(out, arena_strn(&s->f->arena, b->p, b->len), b->len);
	buf_release(b);
}

void synth_fd_tuple(struct synth *s, const struct synth_fd *fd, bool server, bool reply,
		    struct value *out)
{
	const uint8_t family = fd->kind == FD_UNIX ? AF_UNIX : synth_fd_family(fd);
	struct synth_end c, d;
	struct buf b = {0};

	buf_byte(&b, family);
	if (family == AF_UNIX) {
		buf_le64(&b, UINT64_C(0xffff888000001000));
		buf_le64(&b, UINT64_C(0xffff888000002000));
		put_path(&b, fd->name);
	} else {
		both_ends(fd, server, &c, &d);
		if (fd->listens)
			c = (struct synth_end){0};
		put_end(&b, reply ? &d : &c, family);
		put_end(&b, reply ? &c : &d, family);
	}
	keep(s, &b, out);
}

void synth_fd_addr(struct synth *s, const struct synth_fd *fd, bool own, struct value *out)
{
	const uint8_t family = fd->kind == FD_UNIX ? AF_UNIX : synth_fd_family(fd);
	struct synth_end c, d;
	struct buf b = {0};

	buf_byte(&b, family);
	if (family == AF_UNIX) {
		put_path(&b, fd->name);
	} else {
		both_ends(fd, own, &c, &d);
		put_end(&b, &d, family);
	}
	keep(s, &b, out);
}

void synth_fd_local(struct synth *s, const struct synth_fd *fd, bool server)
{
	struct event *ev;
	struct synth_end c, d;
	struct buf b = {0};

	if (fd->kind == FD_UNIX)
		return;
	both_ends(fd, server, &c, &d);
	ev = synth_add(s, EV_SNAP_IFACE);
	buf_byte(&b, synth_fd_family(fd));
	put_end(&b, server ? &d : &c, synth_fd_family(fd));
	synth_text(s, &ev->v[P(SNAP_IFACE, name)], "eth0");
	keep(s, &b, &ev->v[P(SNAP_IFACE, addr)]);
}
