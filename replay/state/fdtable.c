/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptor tables: an array for the numbers that nearly all descriptors have, a hash
 * for high ones, so that a hostile dup2(0, 1000000) costs a slot and not a megabyte. */
#include <stdlib.h>

#include "replay/state/internal.h"

enum { DENSE_FIRST = 32, DENSE_MAX = 65536 };

static void text_init(struct fdinfo *f)
{
	f->name = text_none();
	f->nameraw = text_none();
}

struct fdinfo *fdinfo_new(struct state *st, enum fd_kind kind, int64_t fd)
{
	struct fdinfo *f = slab_take(&st->fdinfos);

	f->kind = (uint8_t)kind;
	f->fd = (int32_t)fd;
	f->refs = 1;
	text_init(f);
	return f;
}

struct fdinfo *fdinfo_copy(struct state *st, const struct fdinfo *from, int64_t fd)
{
	struct fdinfo *f = slab_take(&st->fdinfos);

	*f = *from;
	f->fd = (int32_t)fd;
	f->refs = 1;
	text_ref(f->name);
	text_ref(f->nameraw);
	return f;
}

void fdinfo_drop(struct state *st, struct fdinfo *f)
{
	if (--f->refs)
		return;
	text_drop(st, &f->name);
	text_drop(st, &f->nameraw);
	slab_give(&st->fdinfos, f);
}

struct fd_table *fdtable_new(struct state *st)
{
	struct fd_table *t = slab_take(&st->tables);

	t->refs = 1;
	return t;
}

/* High numbers that were in the hash before the array reached them. */
static void take_in(struct fd_table *t)
{
	for (uint32_t fd = 0; t->sparse.n && fd < t->cap; fd++) {
		struct fdinfo *f = map_get(&t->sparse, fd);

		if (!f)
			continue;
		t->dense[fd] = f;
		map_del(&t->sparse, fd);
	}
}

/* The array grows as long as a fair share of it is in use. */
static bool reach(struct fd_table *t, int64_t fd)
{
	uint32_t cap = t->cap ? t->cap : DENSE_FIRST;

	if (fd < t->cap)
		return true;
	if (fd >= DENSE_MAX || fd > DENSE_FDS + (int64_t)t->n * 4)
		return false;
	while (cap <= fd)
		cap *= 2;
	t->dense = xrealloc(t->dense, mem_mul(cap, sizeof(*t->dense)));
	memset(t->dense + t->cap, 0, (cap - t->cap) * sizeof(*t->dense));
	t->cap = cap;
	take_in(t);
	return true;
}

static void bury(struct state *st, struct fdinfo *f)
{
	st->dead_fds = mem_grow(st->dead_fds, &st->dead_fds_cap, st->n_dead_fds + 1,
				sizeof(*st->dead_fds));
	st->dead_fds[st->n_dead_fds++] = f;
}

struct fdinfo *fdtable_take(struct state *st, struct fd_table *t, int64_t fd)
{
	struct fdinfo *f = fdtable_get(t, fd);

	if (!f)
		return NULL;
	if (fd < t->cap)
		t->dense[fd] = NULL;
	else
		map_del(&t->sparse, (uint32_t)fd);
	t->n--;
	st->stats.n_fds--;
	bury(st, f);
	return f;
}

void fdtable_put(struct state *st, struct fd_table *t, int64_t fd, struct fdinfo *f)
{
	fdtable_take(st, t, fd);
	if (fd < 0 || fd > INT32_MAX || t->n >= FDS_PER_TABLE
	    || st->stats.n_fds >= st->max.fds) {
		st->stats.evicted_fds++;
		bury(st, f);
		return;
	}
	if (reach(t, fd))
		t->dense[fd] = f;
	else
		map_put(&t->sparse, (uint32_t)fd, f);
	t->n++;
	st->stats.n_fds++;
}

struct fdinfo *fdtable_own(struct state *st, struct fd_table *t, int64_t fd)
{
	struct fdinfo *f = fdtable_get(t, fd);

	if (!f || f->refs == 1)
		return f;
	f = fdinfo_copy(st, f, fd);
	fdtable_put(st, t, fd, f);
	return f;
}

static int compare_fd(const void *a, const void *b)
{
	const struct fdinfo *x = *(struct fdinfo *const *)a, *y = *(struct fdinfo *const *)b;

	return x->fd < y->fd ? -1 : x->fd > y->fd;
}

static int each_sparse(const struct fd_table *t, int (*visit)(struct fdinfo *, void *), void *arg)
{
	const uint32_t n = t->sparse.n;
	struct fdinfo **v = xmalloc(mem_mul(n, sizeof(*v)));
	uint32_t k = 0;
	int r = 0;

	for (uint32_t i = 0; i <= t->sparse.mask; i++)
		if (t->sparse.v[i].p)
			v[k++] = t->sparse.v[i].p;
	qsort(v, k, sizeof(*v), compare_fd);
	for (uint32_t i = 0; i < k && !r; i++)
		r = visit(v[i], arg);
	free(v);
	return r;
}

int fdtable_each(const struct fd_table *t, int (*visit)(struct fdinfo *, void *), void *arg)
{
	for (uint32_t i = 0; t && i < t->cap; i++) {
		const int r = t->dense[i] ? visit(t->dense[i], arg) : 0;

		if (r)
			return r;
	}
	return t && t->sparse.n ? each_sparse(t, visit, arg) : 0;
}

struct copying {
	struct state *st;
	struct fd_table *to;
};

static int copy_one(struct fdinfo *f, void *arg)
{
	struct copying *c = arg;

	if (c->st->stats.n_fds >= c->st->max.fds) {
		c->st->stats.evicted_fds++;
		return 1;
	}
	f->refs++;
	fdtable_put(c->st, c->to, f->fd, f);
	return 0;
}

struct fd_table *fdtable_clone(struct state *st, const struct fd_table *from)
{
	struct copying c = { st, fdtable_new(st) };

	if (!from || from->n == 0)
		return c.to;
	fdtable_each(from, copy_one, &c);
	return c.to;
}

static int drop_one(struct fdinfo *f, void *arg)
{
	struct state *st = arg;

	st->stats.n_fds--;
	fdinfo_drop(st, f);
	return 0;
}

void fdtable_drop(struct state *st, struct fd_table *t)
{
	if (!t || --t->refs)
		return;
	fdtable_each(t, drop_one, st);
	free(t->dense);
	map_release(&t->sparse);
	slab_give(&st->tables, t);
}
