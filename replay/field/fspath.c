/* SPDX-License-Identifier: Apache-2.0 */
/* fs.path.*, evt.abspath and evt.path: the files that an event is about, by name. */
#include <fcntl.h>

#include "replay/field/getters.h"

/* How Falco makes a relative path absolute: every event has its own way. */
enum base {
	BY_CWD,
	BY_DIRFD,	/* the directory that the descriptor was opened as, else <UNKNOWN> */
	BY_FD_NAME,	/* the name of what was opened, <UNKNOWN> if it was not */
	AS_FD,		/* the path is the name of the descriptor */
	BY_NOTHING,	/* always <UNKNOWN>, as the link may stand anywhere */
};

struct path_row {
	uint8_t param, dirfd, base;
};

/* Paths of an event; param 0 (the result): none. */
static const struct {
	struct path_row name, source, target;
} rows[EV__N] = {
	[EV_MKDIR] = { .name = { P(MKDIR, path) } },
	[EV_MKDIRAT] = { .name = { P(MKDIRAT, path), P(MKDIRAT, dirfd), BY_DIRFD } },
	[EV_RMDIR] = { .name = { P(RMDIR, path) } },
	[EV_UNLINK] = { .name = { P(UNLINK, path) } },
	[EV_UNLINKAT] = { .name = { P(UNLINKAT, name), P(UNLINKAT, dirfd), BY_DIRFD } },
	[EV_OPEN] = { .name = { P(OPEN, name) } },
	[EV_OPENAT] = { .name = { P(OPENAT, name), P(OPENAT, dirfd), BY_FD_NAME } },
	[EV_OPENAT2] = { .name = { P(OPENAT2, name), P(OPENAT2, dirfd), BY_FD_NAME } },
	[EV_UMOUNT] = { .name = { P(UMOUNT, name) } },
	[EV_UMOUNT2] = { .name = { P(UMOUNT2, name) } },
	[EV_TRUNCATE] = { .name = { P(TRUNCATE, path) } },
	[EV_TRUNCATE64] = { .name = { P(TRUNCATE64, path) } },
	[EV_FTRUNCATE] = { .name = { P(FTRUNCATE, fd), 0, AS_FD } },
	[EV_FTRUNCATE64] = { .name = { P(FTRUNCATE64, fd), 0, AS_FD } },
	[EV_CHMOD] = { .name = { P(CHMOD, filename) } },
	[EV_FCHMODAT] = { .name = { P(FCHMODAT, filename), P(FCHMODAT, dirfd), BY_DIRFD } },
	[EV_FCHMOD] = { .name = { P(FCHMOD, fd), 0, AS_FD } },
	[EV_FCHOWN] = { .name = { P(FCHOWN, fd), 0, AS_FD } },
	[EV_CHOWN] = { .name = { P(CHOWN, path) } },
	[EV_LCHOWN] = { .name = { P(LCHOWN, path) } },
	[EV_FCHOWNAT] = { .name = { P(FCHOWNAT, pathname), P(FCHOWNAT, dirfd), BY_DIRFD } },
	[EV_QUOTACTL] = { .name = { P(QUOTACTL, special) } },
	[EV_RENAME] = { .source = { P(RENAME, oldpath) }, .target = { P(RENAME, newpath) } },
	[EV_RENAMEAT] = { .source = { P(RENAMEAT, oldpath) }, .target = { P(RENAMEAT, newpath) } },
	[EV_RENAMEAT2] = {
		.source = { P(RENAMEAT2, oldpath), P(RENAMEAT2, olddirfd), BY_DIRFD },
		.target = { P(RENAMEAT2, newpath), P(RENAMEAT2, newdirfd), BY_DIRFD },
	},
	[EV_LINK] = { .source = { P(LINK, newpath) }, .target = { P(LINK, oldpath) } },
	[EV_LINKAT] = { .source = { P(LINKAT, newpath) }, .target = { P(LINKAT, oldpath) } },
	[EV_SYMLINK] = { .source = { P(SYMLINK, linkpath) }, .target = { P(SYMLINK, target) } },
	[EV_SYMLINKAT] = {
		.source = { P(SYMLINKAT, linkpath), P(SYMLINKAT, linkdirfd), BY_DIRFD },
		.target = { P(SYMLINKAT, target), 0, BY_NOTHING },
	},
	[EV_MOUNT] = { .source = { P(MOUNT, dev) }, .target = { P(MOUNT, dir) } },
};

static const struct text unknown = { "<UNKNOWN>", 9 };

/* The call worked; of opens Falco only looks whether the result is -1. */
static bool succeeded(const struct event *ev)
{
	const struct value *v = event_value(ev, 0);
	const bool opens = ev->type == EV_OPEN || ev->type == EV_OPENAT || ev->type == EV_OPENAT2;

	return v->state == VALUE_SET && (opens ? v->i != -1 : v->i == 0);
}

static enum field_found raw_path(const struct field_ctx *c, const struct field_ref *r,
				 struct fval *out, const struct path_row *row)
{
	const struct value *v = event_value(c->ev, row->param);

	if (!row->param || !succeeded(c->ev) || !c->cur->thread)
		return FIELD_ABSENT;
	if (row->base == AS_FD)
		return c->cur->fd ? put_text(r, out, c->cur->fd->nameraw.len ? c->cur->fd->nameraw
							   : c->cur->fd->name) : missing(c);
	if (v->state != VALUE_SET)
		return v->state == VALUE_LOST ? FIELD_LOST : FIELD_ABSENT;
	return put_bytes(r, out, v->p, v->len);
}

/* Falco wants the descriptor to be known as a directory (O_DIRECTORY). */
static struct text dirfd_directory(const struct field_ctx *c, int64_t dirfd)
{
	const struct fdinfo *f = dirfd >= 0 ? thread_fd(c->cur->thread, dirfd) : NULL;

	if (dirfd == AT_FDCWD)
		return thread_cwd(c->cur->thread);
	return f && f->kind == FD_DIRECTORY ? f->name : unknown;
}

static enum field_found prefixed(const struct field_ctx *c, const struct field_ref *r,
				 struct fval *out)
{
	struct buf b = {0};

	buf_put(&b, unknown.p, unknown.len);
	buf_put(&b, out->p, out->len);
	return put_buf(c, r, out, &b);
}

static enum field_found full_path(const struct field_ctx *c, const struct field_ref *r,
				  struct fval *out, const struct path_row *row)
{
	const enum field_found found = raw_path(c, r, out, row);
	struct text dir = { "", 0 };

	if (found != FIELD_FOUND)
		return found;
	if (row->base == AS_FD)
		return put_text(r, out, c->cur->fd->name);
	if (out->len == 0)
		return FIELD_FOUND;
	if (out->p[0] != '/') {
		switch ((enum base)row->base) {
		case BY_CWD:
			dir = thread_cwd(c->cur->thread);
			break;
		case BY_DIRFD:
			dir = dirfd_directory(c, value_i64(event_value(c->ev, row->dirfd),
							   AT_FDCWD));
			break;
		case BY_FD_NAME:
			return c->cur->fd ? put_text(r, out, c->cur->fd->name)
					  : put_text(r, out, unknown);
		case BY_NOTHING:
			return prefixed(c, r, out);
		case AS_FD:
			break;
		}
	}
	join_path(c, dir, out->p, out->len, out);
	return FIELD_FOUND;
}

#define PATHS(name)								\
	GET(get_fs_path_##name)							\
	{									\
		return full_path(c, r, out, &rows[c->ev->type].name);		\
	}									\
	GET(get_fs_path_##name##raw)						\
	{									\
		return raw_path(c, r, out, &rows[c->ev->type].name);		\
	}
PATHS(name)
PATHS(source)
PATHS(target)

unsigned field_path_param(unsigned type, const char *what)
{
	const struct { const char *name; struct path_row row; } paths[] = {
		{ "name", rows[type].name }, { "source", rows[type].source },
		{ "target", rows[type].target },
	};

	for (unsigned i = 0; i < 3; i++) {
		const size_t n = strlen(paths[i].name);

		if (strncmp(what, paths[i].name, n) == 0 &&
		    (!what[n] || strcmp(what + n, "raw") == 0))
			return paths[i].row.base == AS_FD ? 0 : paths[i].row.param;
	}
	return 0;
}

/* ---- evt.abspath ---- */

static const struct abs_row {
	uint8_t path, dirfd, src, src_dirfd, dst, dst_dirfd;
} abs_rows[EV__N] = {
	[EV_OPENAT] = { P(OPENAT, name), P(OPENAT, dirfd) },
	[EV_OPENAT2] = { P(OPENAT2, name), P(OPENAT2, dirfd) },
	[EV_MKDIRAT] = { P(MKDIRAT, path), P(MKDIRAT, dirfd) },
	[EV_UNLINKAT] = { P(UNLINKAT, name), P(UNLINKAT, dirfd) },
	[EV_FCHMODAT] = { P(FCHMODAT, filename), P(FCHMODAT, dirfd) },
	[EV_FCHOWNAT] = { P(FCHOWNAT, pathname), P(FCHOWNAT, dirfd) },
	[EV_NEWFSTATAT] = { P(NEWFSTATAT, path), P(NEWFSTATAT, dirfd) },
	[EV_MKNODAT] = { P(MKNODAT, path), P(MKNODAT, dirfd) },
	[EV_SYMLINKAT] = { P(SYMLINKAT, linkpath), P(SYMLINKAT, linkdirfd) },
	[EV_RENAMEAT] = { .src = P(RENAMEAT, oldpath), .src_dirfd = P(RENAMEAT, olddirfd),
			  .dst = P(RENAMEAT, newpath), .dst_dirfd = P(RENAMEAT, newdirfd) },
	[EV_RENAMEAT2] = { .src = P(RENAMEAT2, oldpath), .src_dirfd = P(RENAMEAT2, olddirfd),
			   .dst = P(RENAMEAT2, newpath), .dst_dirfd = P(RENAMEAT2, newdirfd) },
	[EV_LINKAT] = { .src = P(LINKAT, oldpath), .src_dirfd = P(LINKAT, olddir),
			.dst = P(LINKAT, newpath), .dst_dirfd = P(LINKAT, newdir) },
};

GET(get_evt_abspath)
{
	const struct abs_row *a = &abs_rows[c->ev->type];
	const bool src = r->key && strcmp(r->key, "src") == 0;
	const bool dst = r->key && strcmp(r->key, "dst") == 0;
	const unsigned path = src ? a->src : dst ? a->dst : a->path;
	const unsigned dirfd = src ? a->src_dirfd : dst ? a->dst_dirfd : a->dirfd;
	const struct value *v = event_value(c->ev, path);
	struct text dir = { "", 0 };

	if (!path || v->state != VALUE_SET || !c->cur->thread)
		return FIELD_ABSENT;
	if (v->len == 0 || v->p[0] != '/')
		dir = dirfd_path(c, value_i64(event_value(c->ev, dirfd), AT_FDCWD));
	fval_as(out, r);
	join_path(c, dir, v->p, v->len, out);
	return FIELD_FOUND;
}

/* ---- evt.path ---- */

/* The n-th parameter that is a path; -1: there are not so many. */
static int path_param(const struct event_desc *d, unsigned n)
{
	for (unsigned i = 0; i < d->n_params; i++)
		if ((d->params[i].type == PT_PATH || d->params[i].type == PT_RELPATH) && n-- == 0)
			return (int)i;
	return -1;
}

static enum field_found absolute(const struct field_ctx *c, const struct field_ref *r,
				 struct fval *out, int param)
{
	const struct value *v = &c->ev->v[param];
	const struct param_desc *d = &c->ev->desc->params[param];
	const struct value *dirfd = NULL;
	struct text dir = { "", 0 };

	if (v->state != VALUE_SET)
		return v->state == VALUE_LOST ? FIELD_LOST : FIELD_ABSENT;
	if (!c->cur->thread || (v->len > 0 && v->p[0] == '/'))
		return put_bytes(r, out, v->p, v->len);
	if (d->type == PT_RELPATH && d->dir)
		dirfd = event_param(c->ev, d->dir);
	dir = dirfd ? dirfd_path(c, value_i64(dirfd, AT_FDCWD)) : thread_cwd(c->cur->thread);
	fval_as(out, r);
	join_path(c, dir, v->p, v->len, out);
	return FIELD_FOUND;
}

GET(get_evt_path)
{
	const int param = path_param(c->ev->desc, 0);

	if (param >= 0)
		return absolute(c, r, out, param);
	switch (c->ev->type) {
	case EV_FCHMOD: case EV_FCHOWN: case EV_FTRUNCATE: case EV_FTRUNCATE64:
		return c->cur->fd ? put_text(r, out, c->cur->fd->name) : missing(c);
	default:
		return FIELD_ABSENT;
	}
}

GET(get_evt_path_to)
{
	const int param = path_param(c->ev->desc, 1);
	const struct value *v = NULL;

	if (param >= 0)
		return absolute(c, r, out, param);
	if (c->ev->type == EV_SYMLINK)
		v = EV(c->ev, SYMLINK, target);
	else if (c->ev->type == EV_SYMLINKAT)
		v = EV(c->ev, SYMLINKAT, target);
	return v && v->state == VALUE_SET ? put_bytes(r, out, v->p, v->len) : FIELD_ABSENT;
}
