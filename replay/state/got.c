/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors that come from another process.  Calls tell their numbers alone; what
 * stands behind them the recorder has written down for a few of them (bpf/events.def, recvmsg). */
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "capture/base/cursor.h"
#include "replay/state/internal.h"

enum { GOT_BYTES = 32 };

struct got {
	uint64_t ino;
	uint32_t fd, dev, mode, flags, len;
	uint8_t cloexec, family, type, proto;
	const uint8_t *name;
};

/* How the kernel calls what is in no directory. */
static const struct {
	const char *prefix;
	enum fd_kind kind;
} by_name[] = {
	{ "[eventfd",	  FD_EVENT },
	{ "[signalfd",	  FD_SIGNAL },
	{ "[eventpoll",	  FD_EPOLL },
	{ "inotify",	  FD_INOTIFY },
	{ "[timerfd",	  FD_TIMER },
	{ "bpf",	  FD_BPF },
	{ "[bpf",	  FD_BPF },
	{ "[userfaultfd", FD_USERFAULT },
	{ "[io_uring",	  FD_IOURING },
	{ "[pidfd",	  FD_PIDFD },
	{ "memfd:",	  FD_MEMFD },
};

static enum fd_kind kind_of(const struct got *g)
{
	if (g->len && g->name[0] == '/')
		return S_ISDIR(g->mode) ? FD_DIRECTORY : FD_FILE;
	if (S_ISFIFO(g->mode))
		return FD_PIPE;
	for (unsigned i = 0; i < sizeof(by_name) / sizeof(by_name[0]); i++) {
		const size_t n = strlen(by_name[i].prefix);

		if (g->len >= n && memcmp(g->name, by_name[i].prefix, n) == 0)
			return by_name[i].kind;
	}
	return FD_UNSUPPORTED;
}

static void put_one(struct state *st, struct tnode *t, const struct got *g)
{
	const enum fd_kind kind = kind_of(g);
	struct fdinfo *f;

	if (g->family)
		f = sock_open(st, t, g->fd, g->family, g->type, g->proto);
	else
		f = fd_open(st, t, g->fd, kind, g->flags);
	if (!f)
		return;
	f->open_flags = g->flags;
	f->bits = (uint16_t)(g->cloexec ? f->bits | FDB_CLOEXEC : f->bits & ~FDB_CLOEXEC);
	f->dev = g->dev;
	f->ino = g->ino;
	if (!g->family && (g->name[0] == '/' || kind == FD_MEMFD)) {
		/* as memfd_create is told it: without what the kernel puts before */
		const size_t skip = kind == FD_MEMFD ? strlen("memfd:") : 0;

		text_set(st, &f->name, g->name + skip, g->len - skip);
		text_copy(st, &f->nameraw, f->name);
	}
	st->cur.name_changed = true;
}

void fds_got(struct state *st, struct tnode *t, const struct value *got)
{
	struct cursor c = cursor_of(got->p, got->state == VALUE_SET ? got->len : 0);

	while (cursor_left(&c) >= GOT_BYTES) {
		struct got g = { .ino = cursor_u64(&c) };

		g.fd = cursor_u32(&c);
		g.dev = cursor_u32(&c);
		g.mode = cursor_u32(&c);
		g.flags = cursor_u32(&c);
		g.len = cursor_u32(&c);
		g.cloexec = cursor_u8(&c);
		g.family = cursor_u8(&c);
		g.type = cursor_u8(&c);
		g.proto = cursor_u8(&c);
		if (g.len > cursor_left(&c))
			return;
		g.name = g.len ? c.p : (const uint8_t *)text_empty;
		put_one(st, t, &g);
		cursor_bytes(&c, ((size_t)g.len + 7) & ~(size_t)7);
	}
}

/* Of those beyond the first few nothing is told, but what we knew by their numbers is
 * no more. */
static void forget(struct state *st, struct tnode *t, const struct value *control)
{
	struct cursor c = cursor_of(control->p, control->state == VALUE_SET ? control->len : 0);

	while (cursor_left(&c) >= 16) {
		const uint64_t len = cursor_u64(&c);
		const uint32_t level = cursor_u32(&c), type = cursor_u32(&c);
		const size_t data = len >= 16 ? (size_t)(len - 16) : 0;
		const bool fds = level == SOL_SOCKET && type == SCM_RIGHTS;

		if (len < 16 || data > cursor_left(&c))
			return;
		for (size_t i = 0; fds && i + 4 <= data; i += 4) {
			struct cursor d = cursor_of(c.p + i, 4);

			fdtable_take(st, fds_of(&t->t), (int32_t)cursor_u32(&d));
		}
		cursor_bytes(&c, (data + 7) & ~(size_t)7);
	}
}

/* The event's descriptor stays the socket that they came by. */
HANDLER(on_recvmsg)
{
	const bool one = ev->type == EV_RECVMSG;
	struct fdinfo *socket;
	int64_t number;
	bool changed;

	on_recv(st, ev, t);
	if (!t || value_i64(event_value(ev, 0), -1) < 0)
		return;
	forget(st, t, one ? EV(ev, RECVMSG, msgcontrol) : EV(ev, RECVMMSG, msgcontrol));
	socket = st->cur.fd;
	number = st->cur.fd_num;
	changed = st->cur.name_changed;
	fds_got(st, t, one ? EV(ev, RECVMSG, got) : EV(ev, RECVMMSG, got));
	cur_fd(st, number, socket);
	st->cur.name_changed = changed;
}
