/* SPDX-License-Identifier: Apache-2.0 */
/* fd.*: the descriptor of the event, as a socket; and fdlist.*, the sets of poll. */
#include <sys/socket.h>

#include "capture/base/cursor.h"
#include "capture/base/strict.h"
#include "replay/field/getters.h"

static const struct fdinfo *socket_of(const struct field_ctx *c)
{
	const struct fdinfo *f = c->cur->thread ? c->cur->fd : NULL;

	return f && (f->kind == FD_IPV4 || f->kind == FD_IPV6) ? f : NULL;
}

static bool has_ends(const struct fdinfo *f)
{
	return f && (f->role == ROLE_CLIENT || f->role == ROLE_SERVER);
}

static enum field_found put_ip(const struct field_ref *r, struct fval *out,
			       const struct fdinfo *f, const struct ip_end *e)
{
	return put_bytes(r, out, e->addr, f->kind == FD_IPV4 ? 4 : 16);
}

/* The addresses that a recording lists are the host's.  A process in a container of which
 * only the number is known is taken to have none of them, as Falco has it, and in any
 * container only IPv4 counts. */
static bool is_own(const struct field_ctx *c, const struct fdinfo *f, const struct ip_end *e)
{
	const struct container *in = c->cur->thread->proc->container;
	static const uint8_t none[4];

	if (in && (!in->json.len || f->kind != FD_IPV4))
		return false;
	if (in && memcmp(in->ip, e->addr, 4) == 0 && memcmp(in->ip, none, 4) != 0)
		return true;
	return state_is_local(c->st, f->kind == FD_IPV4 ? AF_INET : AF_INET6, e->addr);
}

/* Local is the client's end if that address is the machine's own, so between two local
 * ends too. */
static bool client_is_local(const struct field_ctx *c, const struct fdinfo *f)
{
	return is_own(c, f, &f->src);
}

enum end { CLIENT, SERVER, LOCAL, REMOTE };

static const struct ip_end *end_of(const struct field_ctx *c, enum end which)
{
	const struct fdinfo *f = socket_of(c);

	if (f && f->role == ROLE_LISTEN && which == SERVER)
		return &f->dst;
	if (!has_ends(f))
		return NULL;
	if (which == LOCAL || which == REMOTE)
		which = client_is_local(c, f) == (which == LOCAL) ? CLIENT : SERVER;
	return which == CLIENT ? &f->src : &f->dst;
}

#define END(name, which)							\
	GET(get_fd_##name##ip)							\
	{									\
		const struct ip_end *e = end_of(c, which);			\
										\
		return e ? put_ip(r, out, c->cur->fd, e) : FIELD_ABSENT;	\
	}									\
	GET(get_fd_##name##port)						\
	{									\
		const struct ip_end *e = end_of(c, which);			\
										\
		return e ? put_u(r, out, e->port) : FIELD_ABSENT;		\
	}									\
	GET(get_fd_##name##proto)						\
	{									\
		const struct fdinfo *f = socket_of(c);				\
		const struct ip_end *e = end_of(c, which);			\
		struct buf b = {0};						\
										\
		if (!f || f->role == ROLE_NONE || (!e && f->role != ROLE_LISTEN))	\
			return FIELD_ABSENT;					\
		if (f->role == ROLE_LISTEN && (which == LOCAL || which == REMOTE))	\
			return FIELD_ABSENT;					\
		if (f->role != ROLE_LISTEN)					\
			buf_u64_dec(&b, e->port);				\
		return put_buf(c, r, out, &b);					\
	}
END(c, CLIENT)
END(s, SERVER)
END(l, LOCAL)
END(r, REMOTE)

/* Both ends, for fd.ip and its kin.  They exist for every descriptor, as in Falco: a
 * socket that is not connected has two zero ends, what is no socket has none. */
static enum field_found both(const struct field_ctx *c, const struct field_ref *r,
			     struct fval_list *out, bool ports)
{
	static const struct ip_end zero;
	const struct fdinfo *f = c->cur->thread ? c->cur->fd : NULL;
	const struct ip_end *ends[2] = { end_of(c, CLIENT), end_of(c, SERVER) };
	struct fval v;

	if (!f)
		return FIELD_ABSENT;
	if (socket_of(c) && !ends[0] && !ends[1])
		ends[0] = ends[1] = &zero;
	for (unsigned i = 0; i < 2; i++) {
		if (!ends[i])
			continue;
		if (ports)
			put_u(r, &v, ends[i]->port);
		else
			put_ip(r, &v, f, ends[i]);
		fval_list_add(out, &v);
	}
	return FIELD_FOUND;
}

GET_ALL(all_fd_ip)
{
	return both(c, r, out, false);
}

GET_ALL(all_fd_port)
{
	return both(c, r, out, true);
}

/* Names that answers gave to the end's address.  A name service is not asked.  In Falco, which has
 * none to ask when it reads a capture, each descriptor has names, and for a socket they are other
 * than any that is asked for. */
static size_t host_names(const struct field_ctx *c, enum end which, struct text out[STATE_NAMES])
{
	const struct ip_end *e = strict_falco ? NULL : end_of(c, which);

	return e ? state_names(c->st, c->cur->fd->kind == FD_IPV4 ? AF_INET : AF_INET6, e->addr,
			       out) : 0;
}

static enum field_found host_name(const struct field_ctx *c, const struct field_ref *r,
				  struct fval *out, enum end which)
{
	struct text names[STATE_NAMES];

	return host_names(c, which, names) ? put_text(r, out, names[0]) : FIELD_ABSENT;
}

static enum field_found all_host_names(const struct field_ctx *c, const struct field_ref *r,
				       struct fval_list *out, enum end which)
{
	struct text names[STATE_NAMES];
	const size_t n = host_names(c, which, names);
	struct fval v;

	for (size_t i = 0; i < n; i++) {
		put_text(r, &v, names[i]);
		fval_list_add(out, &v);
	}
	if (!strict_falco || !c->cur->thread || !c->cur->fd)
		return n ? FIELD_FOUND : FIELD_ABSENT;
	if (has_ends(socket_of(c)) && end_of(c, which)) {
		put_str(r, &v, "");
		fval_list_add(out, &v);
	}
	return FIELD_FOUND;
}

#define HOST_NAME(letter, which)						\
	GET(get_fd_##letter##ip_name)						\
	{									\
		return host_name(c, r, out, which);				\
	}									\
	GET_ALL(all_fd_##letter##ip_name)					\
	{									\
		return all_host_names(c, r, out, which);			\
	}
HOST_NAME(c, CLIENT)
HOST_NAME(s, SERVER)
HOST_NAME(l, LOCAL)
HOST_NAME(r, REMOTE)

static enum field_found first_of(const struct field_ctx *c, const struct field_ref *r,
				 struct fval *out, bool ports)
{
	struct fval_list l = { .arena = c->scratch };

	if (both(c, r, &l, ports) != FIELD_FOUND || !l.n)
		return FIELD_ABSENT;
	*out = l.v[0];
	return FIELD_FOUND;
}

GET(get_fd_ip)
{
	return first_of(c, r, out, false);
}

GET(get_fd_port)
{
	return first_of(c, r, out, true);
}

GET(get_fd_l4proto)
{
	static const char *const names[] = { "<NA>", "tcp", "udp", "icmp", "raw" };
	const struct fdinfo *f = c->cur->thread ? c->cur->fd : NULL;
	uint8_t proto;

	if (!f)
		return FIELD_ABSENT;
	proto = socket_of(c) && f->proto <= L4_RAW ? f->proto : L4_NONE;
	if (f->role == ROLE_NONE && proto != L4_RAW)
		proto = L4_NONE;
	return put_str(r, out, names[proto]);
}

GET(get_fd_sockfamily)
{
	if (socket_of(c))
		return put_str(r, out, "ip");
	if (c->cur->fd && c->cur->fd->kind == FD_UNIX)
		return put_str(r, out, "unix");
	return FIELD_ABSENT;
}

/* As Falco: who owns the server's address; an unconnected socket is judged by its empty
 * one. */
GET(get_fd_is_server)
{
	const struct fdinfo *f = c->cur->thread ? c->cur->fd : NULL;

	if (!f)
		return FIELD_ABSENT;
	if (!socket_of(c))
		return put_bool(r, out, false);
	if (f->role == ROLE_LISTEN)
		return put_bool(r, out, true);
	return put_bool(r, out, is_own(c, f, &f->dst));
}

GET(get_fd_connected)
{
	const struct fdinfo *f = c->cur->thread ? c->cur->fd : NULL;

	return f ? put_bool(r, out, socket_of(c) && f->bits & FDB_CONNECTED) : FIELD_ABSENT;
}

/* ---- fdlist.* ---- */

enum list_what { LIST_NUMS, LIST_NAMES, LIST_CIPS, LIST_SIPS, LIST_CPORTS, LIST_SPORTS };

static const struct value *poll_set(const struct event *ev)
{
	if (ev->type == EV_POLL)
		return EV(ev, POLL, fds);
	return ev->type == EV_PPOLL ? EV(ev, PPOLL, fds) : NULL;
}

/* Appends what is asked of one descriptor; false if there is nothing to say. */
static bool list_one(const struct fdinfo *f, int64_t fd, enum list_what what, struct buf *out)
{
	const bool inet = f && (f->kind == FD_IPV4 || f->kind == FD_IPV6) && has_ends(f);
	const struct ip_end *e;
	struct fval v;

	switch (what) {
	case LIST_NUMS:
		buf_i64_dec(out, fd);
		return true;
	case LIST_NAMES:
		if (f && f->name.len)
			buf_put(out, f->name.p, f->name.len);
		else
			buf_str(out, "<NA>");
		return true;
	default:
		break;
	}
	if (!inet)
		return false;
	e = what == LIST_CIPS || what == LIST_CPORTS ? &f->src : &f->dst;
	if (what == LIST_CPORTS || what == LIST_SPORTS) {
		buf_u64_dec(out, e->port);
		return true;
	}
	v = (struct fval){ .p = (const char *)e->addr, .len = f->kind == FD_IPV4 ? 4 : 16,
			   .type = FIELD_IP };
	fval_text(out, &v);
	return true;
}

static enum field_found list(const struct field_ctx *c, const struct field_ref *r,
			     struct fval *out, enum list_what what)
{
	const struct value *v = poll_set(c->ev);
	const bool has = v && v->state == VALUE_SET;
	struct cursor cur = cursor_of(has ? v->p : NULL, has ? v->len : 0);
	const unsigned n = has ? cursor_u16(&cur) : 0;
	struct buf b = {0};

	if (!c->cur->thread)
		return FIELD_ABSENT;
	for (unsigned i = 0; i < n; i++) {
		const int64_t fd = (int64_t)cursor_u64(&cur);
		const size_t before = b.len;

		cursor_u16(&cur);
		if (cur.bad)
			break;
		if (before)
			buf_byte(&b, ',');
		if (!list_one(thread_fd(c->cur->thread, fd), fd, what, &b))
			b.len = before;
	}
	return b.len ? put_buf(c, r, out, &b) : (buf_release(&b), FIELD_ABSENT);
}

#define FDLIST(name, what)							\
	GET(get_fdlist_##name)							\
	{									\
		return list(c, r, out, what);					\
	}
FDLIST(nums, LIST_NUMS)
FDLIST(names, LIST_NAMES)
FDLIST(cips, LIST_CIPS)
FDLIST(sips, LIST_SIPS)
FDLIST(cports, LIST_CPORTS)
FDLIST(sports, LIST_SPORTS)
