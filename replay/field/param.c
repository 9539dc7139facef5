/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters as text, the way Falco prints them: the number or text as given, and in
 * parentheses what it means (a descriptor's name, the names of flags, of an error ...).
 * Numbers of flags are Falco's own, converted by the tables of bpf/flags.def. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "capture/base/cursor.h"
#include "capture/base/ppm.h"
#include "capture/base/quote.h"
#include "capture/base/timearg.h"
#include "replay/field/internal.h"

/* ---- names of numbers ---- */

const char *errno_name(int64_t e)
{
	static const char *const internal[] = {	/* the kernel's own, from 512 */
		"ERESTARTSYS", "ERESTARTNOINTR", "ERESTARTNOHAND", "ENOIOCTLCMD",
		"ERESTART_RESTARTBLOCK", NULL, NULL, NULL, NULL, "EBADHANDLE", "ENOTSYNC",
		"EBADCOOKIE", "ENOTSUPP", "ETOOSMALL", "ESERVERFAULT", "EBADTYPE", "EJUKEBOX",
		"EIOCBQUEUED", "EIOCBRETRY",
	};

	if (e >= 512 && e < 512 + (int64_t)(sizeof(internal) / sizeof(internal[0])))
		return internal[e - 512];
	return e > 0 && e < 512 ? strerrorname_np((int)e) : NULL;
}

static void signal_name(struct buf *out, uint64_t sig)
{
	const char *name = sig == SIGIO ? "IO" : sig < 32 ? sigabbrev_np((int)sig) : NULL;

	if (sig && name) {
		buf_str(out, "SIG");
		buf_str(out, name);
	}
}

static void flags_names(struct buf *out, enum flags_table_id id, uint64_t value)
{
	const struct flags_table *t = &flags_tables[id];
	const size_t before = out->len;
	uint64_t left = value;

	for (unsigned i = 0; i < t->n; i++) {
		const uint64_t f = t->flags[i].ppm;
		const bool whole = f == value;

		if (!whole && (f == 0 || left == 0 || (left & f) != f))
			continue;
		if (out->len > before)
			buf_byte(out, '|');
		buf_str(out, t->flags[i].name);
		left &= ~f;
		if (whole)
			return;
	}
}

static void number_names(struct buf *out, enum flags_table_id id, uint64_t value)
{
	const struct flags_table *t = &flags_tables[id];
	const size_t before = out->len;

	for (unsigned i = 0; i < t->n; i++) {
		if (t->flags[i].ppm != value)
			continue;
		if (out->len > before)
			buf_byte(out, '|');
		buf_str(out, t->flags[i].name);
	}
}

static void user_name(const struct field_ctx *c, struct buf *out, uint32_t id, bool group)
{
	const struct container *in = c->cur->thread ? c->cur->thread->proc->container : NULL;
	const struct user *u;

	if (id == UINT32_MAX) {
		buf_str(out, "<NONE>");
		return;
	}
	u = group ? state_group(c->st, in, id) : state_user(c->st, in, id);
	if (u)
		buf_put(out, u->name.p, u->name.len);
	else
		buf_str(out, "<NA>");
}

/* ---- addresses ---- */

static void address(struct buf *out, struct cursor *c, bool v6)
{
	const uint8_t *p = cursor_bytes(c, v6 ? 16 : 4);
	const uint16_t port = cursor_u16(c);
	char text[INET6_ADDRSTRLEN];

	if (c->bad)
		return;
	inet_ntop(v6 ? AF_INET6 : AF_INET, p, text, sizeof(text));
	buf_printf(out, "%s:%u", text, port);
}

static void sockaddr_text(struct buf *out, const struct value *v)
{
	struct cursor c = cursor_of(v->p, v->len);
	const uint8_t family = cursor_u8(&c);

	switch (family) {
	case AF_INET:
	case AF_INET6:
		address(out, &c, family == AF_INET6);
		break;
	case AF_UNIX:
		buf_put(out, c.p, cursor_left(&c));
		break;
	default:
		buf_printf(out, "family %u", family);
	}
}

static bool is_mapped(const uint8_t *p)
{
	static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };

	return memcmp(p, prefix, sizeof(prefix)) == 0;
}

static void tuple6_text(struct buf *out, struct cursor *c)
{
	const bool v4 = cursor_left(c) >= 36 && is_mapped(c->p) && is_mapped(c->p + 18);

	for (unsigned i = 0; i < 2; i++) {
		if (v4)
			cursor_bytes(c, 12);
		if (i)
			buf_str(out, "->");
		address(out, c, !v4);
	}
}

static void tuple_text(struct buf *out, const struct value *v)
{
	struct cursor c = cursor_of(v->p, v->len);
	uint64_t ends[2];

	switch (cursor_u8(&c)) {
	case AF_INET:
		address(out, &c, false);
		buf_str(out, "->");
		address(out, &c, false);
		break;
	case AF_INET6:
		tuple6_text(out, &c);
		break;
	case AF_UNIX:
		ends[0] = cursor_u64(&c);
		ends[1] = cursor_u64(&c);
		if (c.bad)
			return;
		buf_printf(out, "%llx->%llx ", (unsigned long long)ends[0],
			   (unsigned long long)ends[1]);
		buf_put(out, c.p, cursor_left(&c));
		break;
	default:
		buf_str(out, "NULL");
	}
}

static void fdlist_text(const struct field_ctx *c, struct buf *out, const struct value *v)
{
	struct cursor cur = cursor_of(v->p, v->len);
	const unsigned n = cursor_u16(&cur);

	for (unsigned i = 0; i < n; i++) {
		const int64_t fd = (int64_t)cursor_u64(&cur);
		const uint16_t events = cursor_u16(&cur);
		const struct fdinfo *f;

		if (cur.bad)
			return;
		f = c->cur->thread ? thread_fd(c->cur->thread, fd) : NULL;
		if (i)
			buf_byte(out, ' ');
		buf_printf(out, "%lld:%c%x", (long long)fd, f ? fd_type_letter(f->kind) : 'o',
			   flags_to_ppm(FT_poll_flags, events));
	}
}

/* ---- what a parameter is ---- */

/* The first of Saker's own parameters, which come last. */
static const uint8_t own_from[EV__N] = {
	[EV_GENERIC] = P(GENERIC, res),
	[EV_OPEN] = P(OPEN, facts),
	[EV_OPENAT] = P(OPENAT, facts),
	[EV_OPENAT2] = P(OPENAT2, facts),
	[EV_CREAT] = P(CREAT, facts),
	[EV_OPEN_BY_HANDLE_AT] = P(OPEN_BY_HANDLE_AT, facts),
	[EV_MEMFD_CREATE] = P(MEMFD_CREATE, ino),
	[EV_MOUNT] = P(MOUNT, data),
	[EV_EPOLL_WAIT] = P(EPOLL_WAIT, epfd),
	[EV_ACCEPT] = P(ACCEPT, listen_fd),
	[EV_ACCEPT4] = P(ACCEPT4, listen_fd),
	[EV_EXECVE] = P(EXECVE, sid),
	[EV_EXECVEAT] = P(EXECVEAT, filename),
	[EV_CLONE] = P(CLONE, sid),
	[EV_FORK] = P(FORK, sid),
	[EV_VFORK] = P(VFORK, sid),
	[EV_CLONE3] = P(CLONE3, sid),
	[EV_RECVMSG] = P(RECVMSG, got),
	[EV_RECVMMSG] = P(RECVMMSG, got),
	[EV_PIDFD_GETFD] = P(PIDFD_GETFD, got),
	[EV_IOCTL] = P(IOCTL, got),
	[EV_CONTAINER] = P(CONTAINER, id),
	[EV_PROCEXIT] = P(PROCEXIT, pid),
	[EV_KEYCTL] = P(KEYCTL, arg2_str),
	[EV_CHDIR] = P(CHDIR, cwd),
	[EV_FCHDIR] = P(FCHDIR, cwd),
	[EV_CHROOT] = P(CHROOT, cwd),
	[EV_SETNS] = P(SETNS, cwd),
	[EV_UNSHARE] = P(UNSHARE, cap_permitted),
	[EV_SETUID] = P(SETUID, now_real),
	[EV_SETGID] = P(SETGID, now_real),
	[EV_SETREUID] = P(SETREUID, now_real),
	[EV_SETREGID] = P(SETREGID, now_real),
	[EV_SETRESUID] = P(SETRESUID, now_real),
	[EV_SETRESGID] = P(SETRESGID, now_real),
	[EV_LLSEEK] = P(LLSEEK, offset_high),
};

bool param_is_own(const struct event *ev, unsigned i)
{
	if (ev->type == EV_GETSOCKNAME || ev->type == EV_GETPEERNAME)
		return true;	/* all of them */
	return ev->type < EV__N && own_from[ev->type] && i >= own_from[ev->type];
}

const struct value *event_param(const struct event *ev, const char *name)
{
	const int i = event_param_index(ev->desc, name, strlen(name));

	return i >= 0 && (unsigned)i < ev->n_params ? &ev->v[i] : NULL;
}

enum { FACT_CREATED = 1, FACT_UPPER = 2, FACT_LOWER = 4 };

/* The recorder's findings about an opened file are bits of Falco's flags. */
static uint64_t facts_of(const struct event *ev)
{
	const struct value *facts = event_param(ev, "facts");

	return facts ? value_u64(facts, 0) : 0;
}

/* Other calls take flags of this table without an access mode, which is a number of
 * Falco's even for O_RDONLY. */
enum { PPM_ACCMODE = 3, PPM_TMPFILE = 0x2000 };

static bool opens(const struct event *ev)
{
	return ev->type == EV_OPEN || ev->type == EV_OPENAT || ev->type == EV_OPENAT2
		|| ev->type == EV_OPEN_BY_HANDLE_AT;
}

uint64_t param_ppm(const struct field_ctx *c, unsigned i)
{
	const struct param_desc *d = &c->ev->desc->params[i];
	const struct value *v = &c->ev->v[i];
	uint64_t n = v->state == VALUE_SET ? flags_to_ppm(d->flags, v->u) : 0;

	if (d->flags == FT_file_flags)
		n = opens(c->ev) ? n | flags_to_ppm(FT_file_facts, facts_of(c->ev))
				 : v->u & O_ACCMODE ? n : n & ~(uint64_t)PPM_ACCMODE;
	else if (d->flags == FT_creat_flags)
		n |= facts_of(c->ev) >> 1 & 3;
	return n;
}

static bool is_flags(uint8_t type)
{
	return type >= PT_FLAGS8 && type <= PT_ENUMFLAGS32;
}

/* The mode of open counts only if the call may create the file. */
static bool mode_counts(const struct event *ev)
{
	const struct value *flags = event_param(ev, "flags");
	const bool opens = ev->type == EV_OPEN || ev->type == EV_OPENAT || ev->type == EV_OPENAT2;
	const uint64_t v = flags ? value_u64(flags, 0) : 0;

	return !opens || v & O_CREAT || flags_to_ppm(FT_file_flags, v) & PPM_TMPFILE;
}

bool dyn_value(const struct value *v, uint8_t *type, struct value *inner)
{
	struct cursor c = cursor_of(v->p, v->len);

	*type = cursor_u8(&c);
	if (c.bad || *type == PT_NONE || *type >= PT__N || *type == PT_DYN)
		return false;
	if (type_is_number(*type))
		value_number(inner, cursor_u64(&c));
	else
		value_bytes(inner, c.p, cursor_left(&c));
	return !c.bad;
}

/* ---- raw text ---- */

static void number_raw(struct buf *out, uint8_t type, uint8_t fmt, uint64_t u)
{
	switch (fmt) {
	case PF_HEX:
		buf_u64_hex(out, type == PT_INT32 ? (uint32_t)u : u, true);
		return;
	case PF_OCT:
		buf_printf(out, "%#llo", (unsigned long long)u);
		return;
	}
	if (type == PT_UINT32 || type == PT_UID || type == PT_GID)
		buf_i64_dec(out, (int32_t)u);
	else
		buf_i64_dec(out, (int64_t)u);
}

static void empty_text(struct buf *out, uint8_t type)
{
	switch (type) {
	case PT_BYTEBUF:
	case PT_SOCKTUPLE:
	case PT_FDLIST:
	case PT_DYN:
	case PT_CHARBUFARRAY:
	case PT_CHARBUF_PAIR_ARRAY:
		buf_str(out, "NULL");
		break;
	default:
		buf_str(out, "<NA>");
	}
}

static void abstime_text(const struct field_ctx *c, struct buf *out, uint64_t ts)
{
	char text[TIME_TEXT_MAX];

	buf_put(out, text, time_date(text, ts, c->env ? c->env->utc_offset : 0, ' '));
}

static void value_raw(const struct field_ctx *c, struct buf *out, uint8_t type, uint8_t fmt,
		      const struct value *v)
{
	struct value inner;
	uint8_t inner_type;

	switch (type) {
	case PT_CHARBUF:
	case PT_PATH:
	case PT_RELPATH:
		buf_put(out, v->p, v->len);
		break;
	case PT_BYTEBUF:
	case PT_CHARBUFARRAY:
	case PT_CHARBUF_PAIR_ARRAY:
		quote_dots(out, v->p, v->len);
		break;
	case PT_SOCKADDR:
		sockaddr_text(out, v);
		break;
	case PT_SOCKTUPLE:
		tuple_text(out, v);
		break;
	case PT_FDLIST:
		fdlist_text(c, out, v);
		break;
	case PT_DYN:
		if (dyn_value(v, &inner_type, &inner))
			value_raw(c, out, inner_type, fmt, &inner);
		else
			buf_str(out, "NULL");
		break;
	case PT_BOOL:
		buf_str(out, v->u ? "true" : "false");
		break;
	case PT_ABSTIME:
		abstime_text(c, out, v->u);
		break;
	case PT_FD:
	case PT_PID:
	case PT_ERRNO:
	case PT_SIGTYPE:
	case PT_RELTIME:
	case PT_SYSCALLID:
		buf_i64_dec(out, v->i);
		break;
	default:
		number_raw(out, type, fmt, v->u);
	}
}

void param_raw(const struct field_ctx *c, unsigned i, struct buf *out)
{
	const struct param_desc *d = &c->ev->desc->params[i];
	const struct value *v = &c->ev->v[i];

	if (v->state == VALUE_LOST)
		buf_str(out, "<LOST>");
	else if (v->state == VALUE_ABSENT && !(d->flags == FT_creat_flags && facts_of(c->ev)))
		empty_text(out, d->type);
	else if (is_flags(d->type))
		buf_u64_dec(out, param_ppm(c, i));
	else if (d->fmt == PF_OCT && !mode_counts(c->ev))
		buf_byte(out, '0');
	else
		value_raw(c, out, d->type, d->fmt, v);
}

/* ---- resolved text ---- */

static void fd_resolved(const struct field_ctx *c, struct buf *out, int64_t fd)
{
	const struct fdinfo *f = NULL;
	char letters[3];

	if (fd < 0) {
		const char *name = fd == AT_FDCWD ? "AT_FDCWD" : errno_name(-fd);

		if (name)
			buf_str(out, name);
		return;
	}
	if (fd == c->cur->fd_num)
		f = c->cur->fd;
	if (!f && c->cur->thread)
		f = thread_fd(c->cur->thread, fd);
	if (f) {
		buf_byte(out, '<');
		buf_str(out, fd_type_letters(f, letters));
		buf_byte(out, '>');
		buf_put(out, f->name.p, f->name.len);
	}
}

static void path_resolved(const struct field_ctx *c, unsigned i, struct buf *out)
{
	const struct param_desc *d = &c->ev->desc->params[i];
	const struct value *v = &c->ev->v[i], *dirfd;
	struct text dir;
	struct fval full;

	if (!c->cur->thread || v->len == 0 || v->p[0] == '/')
		return;
	dirfd = d->type == PT_RELPATH && d->dir ? event_param(c->ev, d->dir) : NULL;
	dir = dirfd ? dirfd_path(c, value_i64(dirfd, AT_FDCWD)) : thread_cwd(c->cur->thread);
	join_path(c, dir, v->p, v->len, &full);
	buf_put(out, full.p, full.len);
}

static void value_resolved(const struct field_ctx *c, struct buf *out, uint8_t type,
			   const struct value *v)
{
	const struct thread *t;
	const char *name;

	switch (type) {
	case PT_FD:
		fd_resolved(c, out, v->i);
		break;
	case PT_ERRNO:
		name = v->i < 0 ? errno_name(-v->i) : NULL;
		if (name)
			buf_str(out, name);
		break;
	case PT_PID:
		t = v->i > 0 && v->i <= INT32_MAX ? state_thread(c->st, (uint32_t)v->i) : NULL;
		if (t && is_placeholder(t))
			buf_str(out, "<NA>");
		else if (t)
			buf_put(out, t->comm.p, t->comm.len);
		break;
	case PT_UID:
	case PT_GID:
		user_name(c, out, (uint32_t)v->u, type == PT_GID);
		break;
	case PT_SIGTYPE:
		signal_name(out, v->u);
		break;
	case PT_SIGSET:
		for (unsigned s = 1, n = 0; s < 32; s++) {
			if (!(v->u >> (s - 1) & 1))
				continue;
			if (n++)
				buf_byte(out, ' ');
			signal_name(out, s);
		}
		break;
	case PT_RELTIME:
		if (v->u == UINT64_MAX)
			buf_str(out, "none");
		else
			buf_printf(out, "%gs", (double)v->u / 1e9);
		break;
	}
}

void param_resolved(const struct field_ctx *c, unsigned i, struct buf *out)
{
	const struct param_desc *d = &c->ev->desc->params[i];
	const struct value *v = &c->ev->v[i];
	const struct syscall_desc *call;
	struct value inner;
	uint8_t inner_type;

	if (v->state != VALUE_SET && !(d->flags == FT_creat_flags && facts_of(c->ev)))
		return;
	switch (d->type) {
	case PT_FLAGS8:
	case PT_FLAGS16:
	case PT_FLAGS32:
	case PT_MODE:
		if (d->flags)
			flags_names(out, d->flags, param_ppm(c, i));
		break;
	case PT_ENUMFLAGS8:
	case PT_ENUMFLAGS16:
	case PT_ENUMFLAGS32:
		number_names(out, d->flags, param_ppm(c, i));
		break;
	case PT_PATH:
	case PT_RELPATH:
		path_resolved(c, i, out);
		break;
	case PT_SYSCALLID:
		call = syscall_by_nr(c->cur->arch, (unsigned)v->u);
		if (call)
			buf_str(out, call->name);
		break;
	case PT_DYN:
		if (dyn_value(v, &inner_type, &inner))
			value_resolved(c, out, inner_type, &inner);
		break;
	default:
		value_resolved(c, out, d->type, v);
	}
}
