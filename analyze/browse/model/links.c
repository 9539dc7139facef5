/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/browse/model/links_parts.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

unsigned link_put(struct link *out, unsigned n, const char *title, const char *view,
		  const char *filter, bool alone)
{
	if (n == LINKS_MAX)
		return n;
	out[n] = (struct link){ .title = title, .view = view, .filter = filter, .alone = alone };
	return n + 1;
}

/* ---- processes ---- */

static unsigned process_links(struct browse *b, const struct subject *s, struct link *out,
			      unsigned n, struct arena *a)
{
	struct buf t = {0};
	const char *me, *below;

	link_process(b, &t, s);
	me = link_take(&t, a);
	buf_printf(&t, "proc.pid = %" PRId64 " or proc.apid = %" PRId64, s->pid, s->pid);
	below = link_take(&t, a);
	buf_release(&t);
	n = link_put(out, n, "its events", "events", me, true);
	n = link_put(out, n, "its tree: it and all below it", "tree", below, true);
	n = link_put(out, n, "its files", "files", me, true);
	n = link_put(out, n, "its connections", "connections", me, true);
	return n;
}

/* ---- descriptors ---- */

static bool is_net(const struct subject *s)
{
	return s->fd_kind == FD_IPV4 || s->fd_kind == FD_IPV6;
}

/* Both ends of a connection have one name; those of unix sockets have the two addresses the
 * other way round. */
static bool put_other_end(struct buf *t, const struct subject *s)
{
	const char *arrow = memmem(s->fd_name.p, s->fd_name.len, "->", 2);
	const char *end = s->fd_name.p + s->fd_name.len, *stop;
	struct buf name = {0};

	if (is_net(s)) {
		link_equals(t, "fd.name", s->fd_name);
		if (s->pid)
			buf_printf(t, " and proc.pid != %" PRId64, s->pid);
		return true;
	}
	if (s->fd_kind != FD_UNIX || !arrow)
		return false;
	stop = memchr(arrow, ' ', (size_t)(end - arrow));
	stop = stop ? stop : end;
	if (memchr(s->fd_name.p, 0, s->fd_name.len))
		return false;
	buf_put(&name, arrow + 2, (size_t)(stop - arrow - 2));
	buf_str(&name, "->");
	buf_put(&name, s->fd_name.p, (size_t)(arrow - s->fd_name.p));
	buf_str(t, "fd.name startswith ");
	link_constant(t, name.p, name.len);
	buf_release(&name);
	return true;
}

static unsigned fd_links(const struct subject *s, struct link *out, unsigned n, struct arena *a)
{
	struct buf t = {0};

	if (put_other_end(&t, s))
		n = link_put(out, n, "the other end of this connection", "processes",
			     link_take(&t, a), true);
	link_equals(&t, "fd.name", s->fd_name);
	n = link_put(out, n, is_net(s) ? "all of this connection" : "who else touched this file",
		     is_net(s) ? "events" : "processes", link_take(&t, a), true);
	buf_release(&t);
	return n;
}

static unsigned text_link(struct link *out, unsigned n, const char *title, const char *view,
			  const char *field, struct text value, struct arena *a)
{
	struct buf t = {0};

	if (!value.len)
		return n;
	link_equals(&t, field, value);
	n = link_put(out, n, title, view, link_take(&t, a), true);
	buf_release(&t);
	return n;
}

unsigned links_add(struct browse *b, const struct subject *s, struct link *out, unsigned n,
		   struct arena *a)
{
	if (s->pid > 0)
		n = process_links(b, s, out, n, a);
	if (s->fd_name.len)
		n = fd_links(s, out, n, a);
	n = text_link(out, n, "all of this peer", "connections", "fd.rip", s->peer, a);
	n = text_link(out, n, "all of this program", "processes", "proc.exepath", s->program, a);
	if (s->container.len != 4 || memcmp(s->container.p, "host", 4) != 0)
		n = text_link(out, n, "all of this container", "processes", "container.id",
			      s->container, a);
	return n;
}

/* ---- events ---- */

static struct text peer_of(const struct fdinfo *f, char ip[INET6_ADDRSTRLEN])
{
	const bool six = f->kind == FD_IPV6;
	const struct ip_end *far = f->role == ROLE_SERVER ? &f->src : &f->dst;

	if ((f->kind != FD_IPV4 && !six) || far->port == 0
	    || !inet_ntop(six ? AF_INET6 : AF_INET, far->addr, ip, INET6_ADDRSTRLEN))
		return (struct text){ .p = "" };
	return (struct text){ ip, (uint32_t)strlen(ip) };
}

struct subject subject_of(const struct field_ctx *c)
{
	struct subject s = { .fd_name.p = "", .container.p = "", .peer.p = "", .program.p = "",
			     .num = c->ev->num };
	const struct thread *t = c->cur->thread;
	char *ip = arena_alloc(c->scratch, INET6_ADDRSTRLEN);

	if (t) {
		s.pid = t->proc->pid;
		s.start_ts = t->proc->start_ts;
		s.program = t->proc->exepath;
		if (t->proc->container)
			s.container = t->proc->container->id;
	}
	if (c->cur->fd) {
		s.fd_name = c->cur->fd->name;
		s.fd_kind = c->cur->fd->kind;
		s.peer = peer_of(c->cur->fd, ip);
	}
	return s;
}
