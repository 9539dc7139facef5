/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/browse/model/followed.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analyze/browse/model/kept.h"

bool followed_is_net(const struct followed *f)
{
	return f->fd_kind == FD_IPV4 || f->fd_kind == FD_IPV6;
}

static bool name_is(const struct followed *f, struct text name)
{
	return name.len == f->len && memcmp(name.p, f->name, name.len) == 0;
}

static bool same_process(const struct followed *f, const struct thread *t)
{
	return t && t->proc->pid == f->pid && t->proc->start_ts == f->start_ts;
}

bool followed_by_owner(const struct followed *f, const struct seeker *k)
{
	return same_process(f, k->ctx.cur->thread);
}

bool followed_is(const struct followed *f, const struct seeker *k)
{
	const struct thread *t = k->ctx.cur->thread;
	const struct fdinfo *fd = k->ctx.cur->fd;

	if (!fd || !t)
		return false;
	if (f->kind == STREAM_TTY)
		return name_is(f, fd->name) || (t->proc->tty == f->tty && fd->name.len == 8
						&& memcmp(fd->name.p, "/dev/tty", 8) == 0);
	if (!name_is(f, fd->name) || fd->kind != f->fd_kind)
		return false;
	return followed_is_net(f) ? fd->role == f->role
		: same_process(f, t) && k->ctx.cur->fd_num == f->fd;
}

static void set_name(struct followed *f, struct text name)
{
	f->len = name.len < sizeof(f->name) ? name.len : sizeof(f->name) - 1;
	memcpy(f->name, name.p, f->len);
	f->name[f->len] = '\0';
}

enum { MAJOR_TTY = 4, MAJOR_PTS = 136, MAJOR_PTS_LAST = 143 };

static bool name_terminal(struct followed *f, const struct fdinfo *fd)
{
	const uint32_t major = f->tty >> 8 & 0xfff;
	const uint32_t minor = (f->tty & 0xff) | (f->tty >> 12 & 0xfff00);
	int n = 0;

	if (fd && fd->name.len > 9 && memcmp(fd->name.p, "/dev/pts/", 9) == 0) {
		set_name(f, fd->name);
		return true;
	}
	if (major >= MAJOR_PTS && major <= MAJOR_PTS_LAST)
		n = snprintf(f->name, sizeof(f->name), "/dev/pts/%" PRIu32,
			     (major - MAJOR_PTS) * 256 + minor);
	else if (major == MAJOR_TTY)
		n = snprintf(f->name, sizeof(f->name), "/dev/tty%" PRIu32, minor);
	f->len = (size_t)n;
	return n > 0;
}

bool followed_init(struct followed *f, enum stream_kind kind, const struct seeker *k)
{
	const struct thread *t = k->ctx.cur->thread;
	const struct fdinfo *fd = k->ctx.cur->fd;

	*f = (struct followed){ .kind = kind };
	if (!t)
		return false;
	f->pid = t->proc->pid;
	f->start_ts = t->proc->start_ts;
	f->tty = t->proc->tty;
	if (kind == STREAM_TTY)
		return name_terminal(f, fd);
	if (!fd || !fd->name.len)
		return false;
	f->fd = k->ctx.cur->fd_num;
	f->fd_kind = fd->kind;
	f->role = fd->role;
	set_name(f, fd->name);
	return true;
}

bool followed_before(const struct followed *f, struct seeker *k, unsigned part)
{
	const struct event_set none = {0};
	const struct thread *t;
	const struct fdinfo *fd;

	if (part <= kept_part(k->b) || seek_part(k, part, 0, &none, UINT64_MAX) < 0)
		return false;
	while (seek_next(k, 0) == 0 && k->ev.num == 0 && k->ev.type != EV_SNAP_END)
		;
	t = state_thread(k->st, f->pid);
	fd = same_process(f, t) ? thread_fd(t, f->fd) : NULL;
	return fd && name_is(f, fd->name);
}
