/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors of files: the open family. */
#include <fcntl.h>

#include "replay/state/internal.h"

/* What the event says of an opened file. */
struct opened {
	int64_t fd;
	const struct value *name;
	uint64_t flags;
	const struct value *dev, *ino, *facts;
};

/* Bits of the table file_facts in bpf/flags.def. */
enum { FACT_CREATED = 1, FACT_UPPER = 2, FACT_LOWER = 4 };

static uint16_t fact_bits(uint64_t facts)
{
	return (uint16_t)((facts & FACT_CREATED ? FDB_CREATED : 0)
			| (facts & FACT_UPPER ? FDB_UPPER : 0)
			| (facts & FACT_LOWER ? FDB_LOWER : 0));
}

static void opened(struct state *st, struct tnode *t, const struct opened *o, struct text dir)
{
	struct fdinfo *f;

	if (o->fd < 0) {
		cur_fd(st, -1, NULL);
		return;
	}
	f = fd_open(st, t, o->fd, o->flags & O_DIRECTORY ? FD_DIRECTORY : FD_FILE, o->flags);
	if (!f)
		return;
	f->dev = (uint32_t)value_u64(o->dev, 0);
	f->ino = value_u64(o->ino, 0);
	f->bits |= fact_bits(value_u64(o->facts, 0));
	/* a relative name that lacks its directory due to a loss is no name */
	if (o->name->state == VALUE_SET
	    && (dir.len || !st->cur.after_loss || (o->name->len && o->name->p[0] == '/')))
		name_opened(st, f, dir, o->name);
	st->cur.name_changed = true;
}

HANDLER(on_open)
{
	const struct opened o = {
		value_i64(EV(ev, OPEN, fd), -1), EV(ev, OPEN, name),
		value_u64(EV(ev, OPEN, flags), 0),
		EV(ev, OPEN, dev), EV(ev, OPEN, ino), EV(ev, OPEN, facts),
	};

	if (t)
		opened(st, t, &o, thread_cwd(&t->t));
}

static void open_at(struct state *st, struct tnode *t, const struct opened *o, int64_t dirfd)
{
	const struct value *name = o->name;
	struct text dir = thread_cwd(&t->t);

	if (name->state == VALUE_SET && name->len && name->p[0] != '/')
		dir = state_dirfd(&t->t, dirfd);
	opened(st, t, o, dir);
}

HANDLER(on_openat)
{
	const struct opened o = {
		value_i64(EV(ev, OPENAT, fd), -1), EV(ev, OPENAT, name),
		value_u64(EV(ev, OPENAT, flags), 0),
		EV(ev, OPENAT, dev), EV(ev, OPENAT, ino), EV(ev, OPENAT, facts),
	};

	if (t)
		open_at(st, t, &o, value_i64(EV(ev, OPENAT, dirfd), AT_FDCWD));
}

enum { KERNEL_RESOLVE_IN_ROOT = 0x10 };

/* The directory is the root of the name: no .. leads out of it. */
static void open_below(struct state *st, struct tnode *t, const struct opened *o, int64_t dirfd)
{
	const struct value *name = o->name;
	char path[STATE_PATH_ROOM];
	struct value below = *name;
	struct opened in = *o;
	size_t skip = 0;

	while (skip < name->len && name->p[skip] == '/')
		skip++;
	below.p = (const uint8_t *)path + 1;
	below.len = (uint32_t)path_join(path, "/", 1, (const char *)name->p + skip,
					name->len - skip) - 1;
	in.name = &below;
	opened(st, t, &in, state_dirfd(&t->t, dirfd));
}

HANDLER(on_openat2)
{
	const struct opened o = {
		value_i64(EV(ev, OPENAT2, fd), -1), EV(ev, OPENAT2, name),
		value_u64(EV(ev, OPENAT2, flags), 0),
		EV(ev, OPENAT2, dev), EV(ev, OPENAT2, ino), EV(ev, OPENAT2, facts),
	};

	if (!t)
		return;
	if (value_u64(EV(ev, OPENAT2, resolve), 0) & KERNEL_RESOLVE_IN_ROOT
	    && o.name->state == VALUE_SET)
		open_below(st, t, &o, value_i64(EV(ev, OPENAT2, dirfd), AT_FDCWD));
	else
		open_at(st, t, &o, value_i64(EV(ev, OPENAT2, dirfd), AT_FDCWD));
}

HANDLER(on_creat)
{
	const struct opened o = {
		value_i64(EV(ev, CREAT, fd), -1), EV(ev, CREAT, name),
		O_CREAT | O_WRONLY | O_TRUNC,
		EV(ev, CREAT, dev), EV(ev, CREAT, ino), EV(ev, CREAT, facts),
	};

	if (t)
		opened(st, t, &o, thread_cwd(&t->t));
}

/* The path is the kernel's, already absolute. */
HANDLER(on_open_by_handle)
{
	const struct opened o = {
		value_i64(EV(ev, OPEN_BY_HANDLE_AT, fd), -1), EV(ev, OPEN_BY_HANDLE_AT, path),
		value_u64(EV(ev, OPEN_BY_HANDLE_AT, flags), 0), EV(ev, OPEN_BY_HANDLE_AT, dev),
		EV(ev, OPEN_BY_HANDLE_AT, ino), EV(ev, OPEN_BY_HANDLE_AT, facts),
	};

	if (t)
		opened(st, t, &o, thread_cwd(&t->t));
}
