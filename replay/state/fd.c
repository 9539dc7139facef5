/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors that are made without a name, copied and closed. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "replay/state/internal.h"

struct fdinfo *fd_open(struct state *st, struct tnode *t, int64_t fd, enum fd_kind kind,
		       uint64_t flags)
{
	struct fdinfo *f;

	if (fd < 0 || fd > INT32_MAX)
		return NULL;
	f = fdinfo_new(st, kind, fd);
	f->open_flags = (uint32_t)flags;
	if (flags & O_CLOEXEC)
		f->bits |= FDB_CLOEXEC;
	fdtable_put(st, fds_of(&t->t), fd, f);
	cur_fd(st, fd, f);
	return f;
}

/* ---- closing ---- */

/* However close ends, the descriptor is gone; EBADF says that it was not open and
 * what we knew of it is stale. */
HANDLER(on_close)
{
	const int64_t fd = value_i64(EV(ev, CLOSE, fd), -1);
	const int64_t res = value_i64(EV(ev, CLOSE, res), 0);

	if (!t)
		return;
	fdtable_take(st, fds_of(&t->t), fd);
	if (res == -EBADF)
		st->cur.fd = NULL;
}

struct range {
	struct state *st;
	struct fd_table *t;
	int64_t first, last;
	bool cloexec;
};

static int close_one(struct fdinfo *f, void *arg)
{
	struct range *r = arg;
	const int64_t fd = f->fd;

	if (fd < r->first || fd > r->last)
		return 0;
	if (r->cloexec)
		fdtable_own(r->st, r->t, fd)->bits |= FDB_CLOEXEC;
	else
		fdtable_take(r->st, r->t, fd);
	return 0;
}

enum { KERNEL_CLOSE_RANGE_UNSHARE = 2, KERNEL_CLOSE_RANGE_CLOEXEC = 4 };

HANDLER(on_close_range)
{
	const uint64_t flags = value_u64(EV(ev, CLOSE_RANGE, flags), 0);
	struct range r = { st, NULL, value_i64(EV(ev, CLOSE_RANGE, first), 0),
			   value_i64(EV(ev, CLOSE_RANGE, last), 0),
			   flags & KERNEL_CLOSE_RANGE_CLOEXEC };

	if (!t || value_i64(EV(ev, CLOSE_RANGE, res), -1) != 0)
		return;
	if (flags & KERNEL_CLOSE_RANGE_UNSHARE)
		fds_unshare(st, t);
	r.t = fds_of(&t->t);
	fdtable_each(r.t, close_one, &r);
}

/* ---- copying ---- */

static void copy_fd(struct state *st, struct tnode *t, const struct fdinfo *from, int64_t to,
		    bool cloexec)
{
	struct fdinfo *f;

	if (to < 0 || to > INT32_MAX)
		return;
	if (!from) {	/* what was there is gone all the same */
		fdtable_take(st, fds_of(&t->t), to);
		cur_fd(st, to, NULL);
		return;
	}
	f = fdinfo_copy(st, from, to);
	f->bits = (uint16_t)(cloexec ? f->bits | FDB_CLOEXEC : f->bits & ~FDB_CLOEXEC);
	fdtable_put(st, fds_of(&t->t), to, f);
	cur_fd(st, to, f);
}

_Static_assert(P(DUP, oldfd) == P(DUP2, oldfd) && P(DUP, oldfd) == P(DUP3, oldfd), "dup");

HANDLER(on_dup)
{
	const int64_t to = value_i64(EV(ev, DUP, res), -1);
	const int64_t from = value_i64(EV(ev, DUP, oldfd), -1);
	const bool cloexec = ev->type == EV_DUP3
		&& value_u64(EV(ev, DUP3, flags), 0) & O_CLOEXEC;

	if (!t || to < 0)
		return;
	if (to != from)
		copy_fd(st, t, fdtable_get(fds_of(&t->t), from), to, cloexec);
}

/* Values of the kernel's asm-generic/fcntl.h. */
enum { KERNEL_F_DUPFD = 0, KERNEL_F_SETFD = 2, KERNEL_F_DUPFD_CLOEXEC = 1030 };

HANDLER(on_fcntl)
{
	const int64_t res = value_i64(EV(ev, FCNTL, res), -1);
	const int64_t fd = value_i64(EV(ev, FCNTL, fd), -1);
	const uint64_t cmd = value_u64(EV(ev, FCNTL, cmd), UINT64_MAX);
	struct fdinfo *f;

	if (!t || res < 0)
		return;
	switch (cmd) {
	case KERNEL_F_DUPFD:
	case KERNEL_F_DUPFD_CLOEXEC:
		copy_fd(st, t, fdtable_get(fds_of(&t->t), fd), res, cmd == KERNEL_F_DUPFD_CLOEXEC);
		break;
	case KERNEL_F_SETFD:
		f = fdtable_own(st, fds_of(&t->t), fd);
		if (!f)
			break;
		f->bits = (uint16_t)(value_u64(EV(ev, FCNTL, arg), 0) & FD_CLOEXEC
				     ? f->bits | FDB_CLOEXEC : f->bits & ~FDB_CLOEXEC);
		st->cur.fd = f;
		break;
	}
}

/* ---- descriptors without a name ---- */

_Static_assert(P(PIPE, ino) == P(PIPE2, ino), "pipe2");

HANDLER(on_pipe)
{
	const uint64_t flags = ev->type == EV_PIPE2 ? value_u64(EV(ev, PIPE2, flags), 0) : 0;
	const struct value *fds[2] = { EV(ev, PIPE, fd1), EV(ev, PIPE, fd2) };

	if (!t || value_i64(EV(ev, PIPE, res), -1) < 0) {
		cur_fd(st, -1, NULL);
		return;
	}
	for (unsigned i = 0; i < 2; i++) {
		struct fdinfo *f = fd_open(st, t, value_i64(fds[i], -1), FD_PIPE, flags);

		if (f)
			f->ino = value_u64(EV(ev, PIPE, ino), 0);
	}
	st->cur.name_changed = false;
}

enum { BY_FLAGS, ALWAYS, IF_BIT_0 };	/* when a new descriptor is closed by exec */

static const struct new_fd {
	uint8_t kind, cloexec;
} new_fds[EV__N] = {
	[EV_EVENTFD] = { FD_EVENT },
	[EV_EVENTFD2] = { FD_EVENT },
	[EV_SIGNALFD] = { FD_SIGNAL },
	[EV_SIGNALFD4] = { FD_SIGNAL },
	[EV_TIMERFD_CREATE] = { FD_TIMER },
	[EV_INOTIFY_INIT] = { FD_INOTIFY },
	[EV_INOTIFY_INIT1] = { FD_INOTIFY },
	[EV_EPOLL_CREATE] = { FD_EPOLL },
	[EV_EPOLL_CREATE1] = { FD_EPOLL },
	[EV_USERFAULTFD] = { FD_USERFAULT },
	[EV_IO_URING_SETUP] = { FD_IOURING, ALWAYS },
	[EV_PIDFD_OPEN] = { FD_PIDFD, ALWAYS },
	[EV_MEMFD_CREATE] = { FD_MEMFD, IF_BIT_0 },
	[EV_BPF] = { FD_BPF, ALWAYS },
};

/* Commands of bpf(2) that return a descriptor. */
static bool bpf_makes_fd(uint64_t cmd)
{
	static const uint64_t makes = 1 << 0 | 1 << 5 | 1 << 7 | 1 << 13 | 1 << 14 | 1 << 17
		| 1 << 18 | 1 << 19 | 1 << 28 | UINT64_C(1) << 30 | UINT64_C(1) << 32
		| UINT64_C(1) << 33 | UINT64_C(1) << 36;

	return cmd < 64 && makes >> cmd & 1;
}

HANDLER(on_new_fd)
{
	const struct new_fd *d = &new_fds[ev->type];
	const int64_t fd = value_i64(event_value(ev, 0), -1);
	uint64_t flags = value_u64(event_named(ev, "flags"), 0);

	if (!t || fd < 0) {
		cur_fd(st, -1, NULL);
		return;
	}
	if (ev->type == EV_BPF && !bpf_makes_fd(value_u64(EV(ev, BPF, cmd), 0))) {
		cur_fd(st, -1, NULL);
		return;
	}
	if (d->cloexec == ALWAYS || (d->cloexec == IF_BIT_0 && flags & 1))
		flags |= O_CLOEXEC;
	fd_open(st, t, fd, d->kind, flags);
}

HANDLER(on_memfd)
{
	const struct value *name = EV(ev, MEMFD_CREATE, name);
	struct fdinfo *f;

	on_new_fd(st, ev, t);
	f = st->cur.fd;
	if (!f || name->state != VALUE_SET)
		return;
	f->ino = value_u64(EV(ev, MEMFD_CREATE, ino), 0);
	text_set(st, &f->name, name->p, name->len);
	st->cur.name_changed = true;
}

/* ino keeps whom it is of, for pidfd_getfd. */
HANDLER(on_pidfd_open)
{
	const uint64_t pid = value_u64(EV(ev, PIDFD_OPEN, pid), 0);
	struct fdinfo *f;
	int n;

	on_new_fd(st, ev, t);
	f = st->cur.fd;
	if (!f)
		return;
	f->ino = pid;
	n = snprintf(st->path[0], PATH_BYTES, "/proc/%llu", (unsigned long long)pid);
	text_set(st, &f->name, st->path[0], (size_t)n);
	st->cur.name_changed = true;
}

HANDLER(on_pidfd_getfd)
{
	const int64_t fd = value_i64(EV(ev, PIDFD_GETFD, fd), -1);
	const struct fdinfo *pidfd, *from = NULL;
	const struct pnode *p;

	if (!t || fd < 0) {
		cur_fd(st, -1, NULL);
		return;
	}
	pidfd = fdtable_get(fds_of(&t->t), value_i64(EV(ev, PIDFD_GETFD, pid_fd), -1));
	p = pidfd && pidfd->kind == FD_PIDFD ? pnode_find(st, (uint32_t)pidfd->ino) : NULL;
	if (p)
		from = fdtable_get(p->p.fds, value_i64(EV(ev, PIDFD_GETFD, target_fd), -1));
	copy_fd(st, t, from, fd, true);
	if (!from)
		fds_got(st, t, EV(ev, PIDFD_GETFD, got));
}
