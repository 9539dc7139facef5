/* SPDX-License-Identifier: Apache-2.0 */
/* fd.*: the descriptor of the event, as a file. */
#include <fcntl.h>

#include "replay/field/getters.h"

static const struct {
	const char *name;
	char letter[2];
} kinds[FD__N] = {
	[FD_UNKNOWN] = { "<NA>", "o" },
	[FD_FILE] = { "file", "f" },
	[FD_DIRECTORY] = { "directory", "d" },
	[FD_IPV4] = { "ipv4", "4" },
	[FD_IPV6] = { "ipv6", "6" },
	[FD_UNIX] = { "unix", "u" },
	[FD_PIPE] = { "pipe", "p" },
	[FD_EVENT] = { "event", "e" },
	[FD_SIGNAL] = { "signalfd", "s" },
	[FD_EPOLL] = { "eventpoll", "l" },
	[FD_INOTIFY] = { "inotify", "i" },
	[FD_TIMER] = { "timerfd", "t" },
	[FD_NETLINK] = { "netlink", "n" },
	[FD_BPF] = { "bpf", "b" },
	[FD_USERFAULT] = { "userfaultfd", "u" },
	[FD_IOURING] = { "io_uring", "r" },
	[FD_MEMFD] = { "memfd", "m" },
	[FD_PIDFD] = { "pidfd", "P" },
	[FD_UNSUPPORTED] = { "<NA>", "X" },
	[FD_PACKET] = { "packet", "?" },
};

const char *fd_type_name(const struct fdinfo *f)
{
	return kinds[f->kind < FD__N ? f->kind : FD_UNKNOWN].name;
}

char fd_type_letter(enum fd_kind k)
{
	return kinds[k < FD__N ? k : FD_UNKNOWN].letter[0];
}

const char *fd_type_letters(const struct fdinfo *f, char out[3])
{
	static const char l4[] = {
		[L4_TCP] = 't', [L4_UDP] = 'u', [L4_ICMP] = 'i', [L4_RAW] = 'r',
	};
	const bool inet = f->kind == FD_IPV4 || f->kind == FD_IPV6;

	out[0] = fd_type_letter(f->kind);
	out[1] = inet && (f->role != ROLE_NONE || f->proto == L4_RAW) && f->proto <= L4_RAW
		? l4[f->proto] : 0;
	out[2] = 0;
	return out;
}

/* Events without a descriptor have no fd fields. */
static bool has_fd(const struct field_ctx *c)
{
	return c->cur->thread
		&& c->ev->desc->flags & (EF_CREATES_FD | EF_USES_FD | EF_DESTROYS_FD);
}

#define FD_OR_ABSENT()								\
	const struct fdinfo *f = has_fd(c) ? c->cur->fd : NULL;			\
	if (!f)									\
		return has_fd(c) && c->cur->fd_num >= 0 ? missing(c) : FIELD_ABSENT

GET(get_fd_num)
{
	if (!has_fd(c) || c->cur->fd_num == INT64_MIN)
		return FIELD_ABSENT;
	if (c->cur->fd_num < 0 && c->cur->fd_num != AT_FDCWD)
		return put_i(r, out, -1);
	return put_i(r, out, c->cur->fd_num);
}

GET(get_fd_type)
{
	FD_OR_ABSENT();
	return put_str(r, out, fd_type_name(f));
}

/* What a call would have made, had it succeeded. */
static const char *letter_of_event(const struct event *ev)
{
	switch (ev->type) {
	case EV_OPENAT:
	case EV_OPENAT2:
	case EV_CREAT:
		return "f";
	case EV_SOCKET:
	case EV_ACCEPT:
	case EV_ACCEPT4:
		return "4";
	case EV_PIPE:
	case EV_PIPE2:
		return "p";
	case EV_EVENTFD:
	case EV_EVENTFD2:
		return "e";
	case EV_SIGNALFD:
	case EV_SIGNALFD4:
		return "s";
	case EV_TIMERFD_CREATE:
		return "t";
	case EV_INOTIFY_INIT:
	case EV_INOTIFY_INIT1:
		return "i";
	}
	return "o";
}

GET(get_fd_typechar)
{
	const struct fdinfo *f = c->cur->fd;

	if (!has_fd(c))
		return FIELD_ABSENT;
	return put_bytes(r, out, f ? kinds[f->kind < FD__N ? f->kind : FD_UNKNOWN].letter
				   : letter_of_event(c->ev), 1);
}

/* ---- names ---- */

void join_path(const struct field_ctx *c, struct text dir, const void *name, size_t len,
	       struct fval *out)
{
	char *p = arena_alloc(c->scratch, STATE_PATH_ROOM);

	out->len = (uint32_t)state_join_path(p, dir, name, len);
	out->p = p;
}

struct text dirfd_path(const struct field_ctx *c, int64_t dirfd)
{
	return state_dirfd(c->cur->thread, dirfd);
}

struct called {
	const struct value *name;
	int64_t dirfd;
};

/* The path that an event of the open family asked for. */
static struct called called_name(const struct event *ev)
{
	switch (ev->type) {
	case EV_OPEN:
		return (struct called){ EV(ev, OPEN, name), AT_FDCWD };
	case EV_CREAT:
		return (struct called){ EV(ev, CREAT, name), AT_FDCWD };
	case EV_OPENAT:
		return (struct called){ EV(ev, OPENAT, name),
					value_i64(EV(ev, OPENAT, dirfd), AT_FDCWD) };
	case EV_OPENAT2:
		return (struct called){ EV(ev, OPENAT2, name),
					value_i64(EV(ev, OPENAT2, dirfd), AT_FDCWD) };
	case EV_OPEN_BY_HANDLE_AT:
		return (struct called){ EV(ev, OPEN_BY_HANDLE_AT, path), AT_FDCWD };
	}
	return (struct called){0};
}

/* The addresses of a connection that did not come about. */
static bool addresses_of_event(const struct field_ctx *c, struct fval *out)
{
	const struct event *ev = c->ev;
	struct buf b = {0};

	switch (ev->type) {
	case EV_ACCEPT:
		param_raw(c, P(ACCEPT, tuple), &b);
		break;
	case EV_ACCEPT4:
		param_raw(c, P(ACCEPT4, tuple), &b);
		break;
	case EV_CONNECT:
		param_raw(c, P(CONNECT, tuple), &b);
		break;
	default:
		return false;
	}
	out->p = arena_strn(c->scratch, b.p, b.len);
	out->len = (uint32_t)b.len;
	buf_release(&b);
	return true;
}

/* A descriptor that is not known, because the call failed or because it was opened
 * before the recording: what the event says. */
static __attribute__((noinline)) enum field_found name_of_event(const struct field_ctx *c,
								struct fval *out)
{
	const struct called n = called_name(c->ev);
	struct text dir = { "", 0 };

	out->p = "";
	out->len = 0;
	if (addresses_of_event(c, out))
		return FIELD_FOUND;
	if (!n.name || n.name->state != VALUE_SET)
		return c->cur->fd_num >= 0 && c->cur->after_loss ? FIELD_LOST : FIELD_FOUND;
	if (n.name->len && n.name->p[0] != '/')
		dir = dirfd_path(c, n.dirfd);
	join_path(c, dir, n.name->p, n.name->len, out);
	return FIELD_FOUND;
}

static bool named_like_file(const struct fdinfo *f)
{
	return !f || f->kind == FD_FILE || f->kind == FD_DIRECTORY;
}

enum field_found fd_name_text(const struct field_ctx *c, struct fval *out)
{
	if (!has_fd(c))
		return FIELD_ABSENT;
	if (!c->cur->fd)
		return name_of_event(c, out);
	out->p = c->cur->fd->name.p;
	out->len = c->cur->fd->name.len;
	if (!out->len && c->cur->after_loss && named_like_file(c->cur->fd))
		return FIELD_LOST;
	return FIELD_FOUND;
}

GET(get_fd_name)
{
	fval_as(out, r);
	return fd_name_text(c, out);
}

/* Of a descriptor that is not known. */
static __attribute__((noinline)) enum field_found nameraw_of_event(const struct field_ctx *c,
								   const struct field_ref *r,
								   struct fval *out)
{
	const struct called n = called_name(c->ev);
	struct buf b = {0};

	fval_as(out, r);
	if (addresses_of_event(c, out))
		return FIELD_FOUND;
	if (!n.name || n.name->state != VALUE_SET)
		return put_str(r, out, "");
	for (uint32_t i = 0; i < n.name->len; i++)
		if (n.name->p[i] != '/' || !b.len || b.p[b.len - 1] != '/')
			buf_byte(&b, n.name->p[i]);
	return put_buf(c, r, out, &b);
}

GET(get_fd_nameraw)
{
	if (!has_fd(c))
		return FIELD_ABSENT;
	if (c->cur->fd)
		return put_text(r, out, c->cur->fd->nameraw);
	return nameraw_of_event(c, r, out);
}

static enum field_found directory(const struct field_ctx *c, struct fval *out)
{
	const char *slash;

	if (!has_fd(c) || !named_like_file(c->cur->fd))
		return FIELD_ABSENT;
	if (fd_name_text(c, out) == FIELD_LOST)
		return FIELD_LOST;
	if (c->cur->fd && c->cur->fd->kind == FD_DIRECTORY)
		return FIELD_FOUND;
	slash = memrchr(out->p, '/', out->len);
	if (!slash || slash == out->p) {
		out->p = "/";
		out->len = 1;
	} else {
		out->len = (uint32_t)(slash - out->p);
	}
	return FIELD_FOUND;
}

GET(get_fd_directory)
{
	fval_as(out, r);
	return directory(c, out);
}

GET(get_fd_filename)
{
	const char *slash;

	FD_OR_ABSENT();
	if (f->kind != FD_FILE)
		return FIELD_ABSENT;
	slash = memrchr(f->name.p, '/', f->name.len);
	if (!slash || f->name.len == 1)
		return put_str(r, out, "/");
	slash++;
	return put_bytes(r, out, slash, f->name.len - (size_t)(slash - f->name.p));
}

/* In Falco the container's id has moved to a plugin and is empty here. */
static enum field_found in_container(const struct field_ctx *c, const struct field_ref *r,
				     struct fval *out, const struct fval *text)
{
	const struct container *in = c->cur->thread->proc->container;
	struct buf b = {0};

	if (in)
		buf_put(&b, in->id.p, in->id.len);
	buf_byte(&b, ':');
	buf_put(&b, text->p, text->len);
	return put_buf(c, r, out, &b);
}

GET(get_fd_containername)
{
	struct fval text;
	const enum field_found found = fd_name_text(c, &text);

	return found == FIELD_FOUND ? in_container(c, r, out, &text) : found;
}

GET(get_fd_containerdirectory)
{
	struct fval text;
	const enum field_found found = directory(c, &text);

	return found == FIELD_FOUND ? in_container(c, r, out, &text) : found;
}

GET(get_fd_uid)
{
	struct buf b = {0};

	if (!has_fd(c) || c->cur->fd_num == INT64_MIN)
		return FIELD_ABSENT;
	buf_i64_dec(&b, event_tid(c->ev));
	buf_i64_dec(&b, c->cur->fd_num);
	return put_buf(c, r, out, &b);
}

/* ---- the file ---- */

GET(get_fd_dev)
{
	FD_OR_ABSENT();
	return put_i(r, out, f->dev);
}

GET(get_fd_dev_major)
{
	FD_OR_ABSENT();
	return put_i(r, out, (f->dev & 0xfff00) >> 8);
}

GET(get_fd_dev_minor)
{
	FD_OR_ABSENT();
	return put_i(r, out, (f->dev & 0xff) | (f->dev >> 12 & 0xfff00));
}

GET(get_fd_ino)
{
	FD_OR_ABSENT();
	return put_i(r, out, (int64_t)f->ino);
}

GET(get_fd_is_upper_layer)
{
	FD_OR_ABSENT();
	return put_bool(r, out, f->bits & FDB_UPPER);
}

GET(get_fd_is_lower_layer)
{
	FD_OR_ABSENT();
	return put_bool(r, out, f->bits & FDB_LOWER);
}

GET(get_fd_name_changed)
{
	FD_OR_ABSENT();
	(void)f;
	return put_bool(r, out, c->cur->name_changed);
}

/* ---- all descriptors of the process ---- */

struct types {
	uint32_t seen;
	struct fval_list *out;
	const struct field_ref *r;
};

static int add_type(const struct fdinfo *f, void *arg)
{
	struct types *t = arg;
	struct fval v;

	if (t->seen >> f->kind & 1)
		return 0;
	t->seen |= 1u << f->kind;
	put_str(t->r, &v, fd_type_name(f));
	fval_list_add(t->out, &v);
	return 0;
}

GET_ALL(all_fd_types)
{
	struct types t = { .out = out, .r = r };
	const struct fdinfo *f;
	struct fval v;

	if (!has_fd(c))
		return FIELD_ABSENT;
	if (r->index == INT64_MIN) {
		thread_each_fd(c->cur->thread, add_type, &t);
		if (c->cur->fd)		/* that this event closes */
			add_type(c->cur->fd, &t);
		return out->n ? FIELD_FOUND : missing(c);
	}
	f = thread_fd(c->cur->thread, r->index);
	if (!f)
		return missing(c);
	put_str(r, &v, fd_type_name(f));
	fval_list_add(out, &v);
	return FIELD_FOUND;
}

GET(get_fd_types)
{
	struct fval_list l = { .arena = c->scratch };
	const enum field_found found = all_fd_types(c, r, &l);
	struct buf b = {0};

	if (found != FIELD_FOUND)
		return found;
	for (unsigned i = 0; i < l.n; i++) {
		buf_byte(&b, i ? ',' : '(');
		buf_put(&b, l.v[i].p, l.v[i].len);
	}
	buf_byte(&b, ')');
	return put_buf(c, r, out, &b);
}
