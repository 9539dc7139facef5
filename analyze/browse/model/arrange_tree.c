/* SPDX-License-Identifier: Apache-2.0 */
/* Processes below their parents.  Those that fit bring their ancestors with them, so that each
 * stands where it belongs; what says to be its own ancestor (a recording may say anything) is put
 * at the top. */
#include <stdlib.h>
#include <string.h>

#include "analyze/browse/model/arrange.h"

enum { DEPTH_MAX = 1000 };

struct node {
	struct shown shown;
	uint64_t parent;		/* hash of its row; 0: top */
	size_t first, n_kids;		/* in the array that is sorted by parent */
	bool placed;
};

struct tree {
	const struct arrange *a;
	struct node *v;
	size_t n, cap;
	struct table known;		/* hashes of v */
	struct shown *out;
	size_t n_out;
};

static const struct process_facts *facts_of(const struct shown *s)
{
	return s->process && s->process->process ? s->process->process : s->row->process;
}

static void add(struct tree *t, const struct shown *s)
{
	bool fresh;

	table_get(&t->known, s->row->hash, "", 0, &fresh);
	if (!fresh)
		return;
	t->v = mem_grow(t->v, &t->cap, t->n + 1, sizeof(*t->v));
	t->v[t->n++] = (struct node){ .shown = *s, .parent = facts_of(s)->parent };
}

/* Ancestors stand behind in the array, so they bring theirs. */
static void add_parents(struct tree *t)
{
	if (!t->a->processes)
		return;
	for (size_t i = 0; i < t->n; i++) {
		const struct row *up = t->v[i].parent ? table_find(t->a->processes,
								   t->v[i].parent) : NULL;
		const struct row *own = up ? table_find(t->a->rows, up->hash) : NULL;
		const struct shown s = { .row = own ? own : up, .process = up,
					 .beside = true };

		if (up && up->process)
			add(t, &s);
	}
}

static bool alive(const struct shown *s, uint64_t ts)
{
	const struct process_facts *f = facts_of(s);

	return !ts || (f->start_ts <= ts && (!f->end_ts || f->end_ts >= ts));
}

static int by_parent(const void *a, const void *b, void *arg)
{
	const struct node *x = a, *y = b;
	struct tree *t = arg;

	if (x->parent != y->parent)
		return x->parent < y->parent ? -1 : 1;
	return arrange_compare(&x->shown, &y->shown, (void *)(uintptr_t)t->a);
}

static struct node *first_child(struct tree *t, uint64_t parent)
{
	size_t lo = 0, hi = t->n;

	while (lo < hi) {
		const size_t mid = lo + (hi - lo) / 2;

		if (t->v[mid].parent < parent)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < t->n && t->v[lo].parent == parent ? &t->v[lo] : NULL;
}

static int by_id(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static bool is_folded(const struct tree *t, uint64_t id)
{
	return t->a->n_folded && bsearch(&id, t->a->folded, t->a->n_folded, sizeof(id), by_id);
}

static struct node *next_sibling(const struct tree *t, const struct node *k)
{
	struct node *const next = (struct node *)(uintptr_t)(k + 1);

	return next < t->v + t->n && next->parent == k->parent ? next : NULL;
}

static struct shown *put(struct tree *t, struct node *k, unsigned depth, uint32_t lines)
{
	struct shown *const s = &t->out[t->n_out++];

	*s = k->shown;
	k->placed = true;
	s->depth = (uint16_t)depth;
	s->lines = lines;
	s->last_child = !next_sibling(t, k);
	s->has_children = first_child(t, s->row->hash) != NULL;
	s->folded = s->has_children && is_folded(t, s->row->hash);
	return s;
}

static void place_hidden(struct tree *t, uint64_t parent);

/* The node and all below it, without recursion: the depth is an attacker's. */
static void place(struct tree *t, struct node *top)
{
	struct node *stack[DEPTH_MAX];
	uint32_t lines[DEPTH_MAX] = {0};
	unsigned depth = 0;

	stack[0] = top;
	for (;;) {
		struct node *k = stack[depth];
		struct node *down = NULL;

		if (!k->placed) {
			const struct shown *s = put(t, k, depth, lines[depth]);

			if (s->folded)
				place_hidden(t, s->row->hash);
			else if (depth + 1 < DEPTH_MAX)
				down = first_child(t, s->row->hash);
		}
		while (down && down->placed)
			down = next_sibling(t, down);
		if (down) {
			lines[depth + 1] = lines[depth] << 1 | (next_sibling(t, k) != NULL);
			stack[++depth] = down;
			continue;
		}
		while (!(k = depth ? next_sibling(t, stack[depth]) : NULL) && depth > 0)
			depth--;
		if (!k)
			return;
		stack[depth] = k;
	}
}

/* What is below a folded row is not shown, and not put at the top either. */
static void place_hidden(struct tree *t, uint64_t parent)
{
	const size_t n = t->n_out;

	for (struct node *k = first_child(t, parent); k; k = next_sibling(t, k))
		if (!k->placed)
			place(t, k);
	t->n_out = n;
}

static void place_all(struct tree *t)
{
	for (size_t i = 0; i < t->n && t->v[i].parent == 0; i++)
		place(t, &t->v[i]);
	for (size_t i = 0; i < t->n; i++)
		if (!t->v[i].placed)
			place(t, &t->v[i]);
}

struct shown *arrange_tree(const struct arrange *a, struct shown *v, size_t *n)
{
	struct tree t = { .a = a };

	table_init(&t.known, NULL, false);
	for (size_t i = 0; i < *n; i++)
		if (alive(&v[i], a->at_ts))
			add(&t, &v[i]);
	add_parents(&t);
	/* Who has no parent here is at the top. */
	for (size_t i = 0; i < t.n; i++)
		if (t.v[i].parent && !table_find(&t.known, t.v[i].parent))
			t.v[i].parent = 0;
	if (t.n)
		qsort_r(t.v, t.n, sizeof(*t.v), by_parent, &t);
	free(v);
	t.out = xmalloc(mem_mul(t.n + 1, sizeof(*t.out)));
	place_all(&t);
	*n = t.n_out;
	table_release(&t.known);
	free(t.v);
	return t.out;
}
