/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a mutant matters on an event is told from the tree as it is: a part that is another
 * truth value then turns the condition if it decides (coverage.c), and else nothing.  Only where
 * a mutant changes a tree in several places the whole tree is asked. */
#include <stdlib.h>

#include "analyze/test/mutant.h"
#include "rules/lang/events.h"

/* An edit at one place of one tree.  A node that stands in several trees, or several times in
 * one, has a touch for each. */
struct touch {
	uint32_t mutant, edit, at;	/* at: in this tree */
	uint32_t part;			/* that is otherwise: the kid that is dropped, or at */
	bool alone;			/* the mutant's only one in this tree */
};

struct touches {
	struct touch *v;
	size_t n, cap;
};

struct foresight {
	struct mutants *m;
	const struct cover_plan *plan;
	const struct cover_log *log;
	struct touches *trees;
	struct cover_view view;
	uint32_t situation, *cost;
};

/* Edits by node. */
struct edit_at {
	const struct node *node;
	uint32_t mutant, edit;
};

static int order_edits(const void *a, const void *b)
{
	const struct edit_at *x = a, *y = b;

	if (x->node != y->node)
		return x->node < y->node ? -1 : 1;
	return (x->mutant > y->mutant) - (x->mutant < y->mutant);
}

static struct edit_at *edits_by_node(const struct mutants *m, const struct cover_plan *p,
				     size_t *n)
{
	struct edit_at *v = NULL;
	size_t cap = 0;

	*n = 0;
	for (uint32_t i = 0; i < m->n; i++)
		for (uint32_t e = 0; e < m->v[i].n_edits; e++) {
			const struct mutant_edit *d = &m->v[i].edits[e];

			v = mem_grow(v, &cap, *n + 1, sizeof(*v));
			v[(*n)++] = (struct edit_at){ p->trees[d->tree].x.v[d->at].node, i, e };
		}
	if (*n)
		qsort(v, *n, sizeof(*v), order_edits);
	return v;
}

static size_t first_of(const struct edit_at *v, size_t n, const struct node *node)
{
	size_t low = 0;

	while (low < n) {
		const size_t mid = (low + n) / 2;

		if (v[mid].node < node)
			low = mid + 1;
		else
			n = mid;
	}
	return low;
}

static int order_touches(const void *a, const void *b)
{
	const struct touch *x = a, *y = b;

	if (x->mutant != y->mutant)
		return x->mutant < y->mutant ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

/* The kid of a chain. */
static uint32_t kid_of(const struct explain *x, uint32_t at, uint32_t which)
{
	uint32_t k = at + 1;

	while (which--)
		k = x->v[k].end;
	return k;
}

static void add_touch(struct touches *out, const struct mutants *m, const struct explain *x,
		      const struct edit_at *e, uint32_t at)
{
	const struct mutant_edit *edit = &m->v[e->mutant].edits[e->edit];

	out->v = mem_grow(out->v, &out->cap, out->n + 1, sizeof(*out->v));
	out->v[out->n++] = (struct touch){ .mutant = e->mutant, .edit = e->edit, .at = at,
		.part = edit->kind == EDIT_DROP ? kid_of(x, at, edit->which) : at,
		.alone = true };
}

static void find_touches(struct touches *out, const struct mutants *m, const struct explain *x,
			 const struct edit_at *v, size_t n)
{
	for (uint32_t i = 0; i < x->n; i++)
		for (size_t k = first_of(v, n, x->v[i].node);
		     k < n && v[k].node == x->v[i].node; k++)
			add_touch(out, m, x, &v[k], i);
	if (out->n)
		qsort(out->v, out->n, sizeof(*out->v), order_touches);
	for (size_t i = 1; i < out->n; i++)
		if (out->v[i].mutant == out->v[i - 1].mutant)
			out->v[i].alone = out->v[i - 1].alone = false;
}

/* Whether the part is otherwise on this event. */
static bool changes(const struct foresight *f, const struct explain *x, const struct touch *t)
{
	const struct mutant_edit *e = &f->m->v[t->mutant].edits[t->edit];
	const struct explain_node *n = &x->v[t->at];

	switch (e->kind) {
	case EDIT_DROP:
		return x->v[t->part].is == (n->kind == EXPLAIN_OR);
	case EDIT_ITEM:
		return cover_without(f->plan, &f->view, n->pred, e->which) != n->is;
	case EDIT_TURN:
		break;
	}
	return true;
}

/* The truth of a tree with several changes. */
struct turned {
	const struct foresight *f;
	const struct explain *x;
	const struct touch *from, *to;
};

static const struct touch *touch_at(const struct turned *a, uint32_t at)
{
	for (const struct touch *t = a->from; t < a->to; t++)
		if (t->at == at)
			return t;
	return NULL;
}

static bool holds(const struct turned *a, uint32_t at)
{
	const struct explain_node *n = &a->x->v[at];
	const struct touch *t = touch_at(a, at);
	const struct mutant_edit *e = t ? &a->f->m->v[t->mutant].edits[t->edit] : NULL;
	uint32_t i = 0;

	switch (n->kind) {
	case EXPLAIN_CHECK:
		if (e && e->kind == EDIT_ITEM)
			return cover_without(a->f->plan, &a->f->view, n->pred, e->which);
		return n->is != (e != NULL);
	case EXPLAIN_PART:
		return n->is;
	case EXPLAIN_MACRO:
		return holds(a, at + 1);
	case EXPLAIN_NOT:
		return holds(a, at + 1) == (e != NULL);
	case EXPLAIN_AND:
	case EXPLAIN_OR:
		for (uint32_t k = at + 1; k < n->end; k = a->x->v[k].end, i++)
			if (!(e && e->which == i) && holds(a, k) != (n->kind == EXPLAIN_AND))
				return n->kind == EXPLAIN_OR;
		return n->kind == EXPLAIN_AND;
	}
	return false;
}

static void note_change(struct foresight *f, struct mutant *m, bool before)
{
	const struct cover_log *l = f->log;

	*(before ? &m->lost : &m->gained) += f->view.n;
	for (uint32_t s = l->first[f->situation]; s; s = l->seen[s - 1].next)
		m->tests[l->seen[s - 1].test / 8] |= (uint8_t)(1 << l->seen[s - 1].test % 8);
}

static void note_near(struct foresight *f, struct mutant *m, uint32_t cost)
{
	const struct cover_near near = { cost, f->view.test, f->view.num };

	cover_nearer(&m->near, &near);
}

/* The touches of one mutant in a tree. */
static void ask_mutant(struct foresight *f, const struct explain *x, const struct touch *from,
		       const struct touch *to)
{
	struct mutant *m = &f->m->v[from->mutant];
	const struct turned a = { f, x, from, to };

	if (!from->alone && holds(&a, 0) != x->v[0].is) {
		note_change(f, m, x->v[0].is);
		note_near(f, m, 0);
		return;
	}
	for (const struct touch *t = from; t < to; t++) {
		const bool other = changes(f, x, t);
		const uint32_t cost = f->cost[t->part];

		if (t->alone && other && cost == 0)
			note_change(f, m, x->v[0].is);
		note_near(f, m, other || cost > UINT32_MAX - COST_TRUE ? cost : cost + COST_TRUE);
	}
}

static void ask_tree(struct foresight *f, size_t tree)
{
	struct explain *x = &f->plan->trees[tree].x;
	const struct touches *t = &f->trees[tree];

	explain_answers(x, f->view.is);
	cover_reach(x, f->cost);
	for (size_t i = 0, end; i < t->n; i = end) {
		for (end = i + 1; end < t->n && t->v[end].mutant == t->v[i].mutant; end++)
			;
		ask_mutant(f, x, &t->v[i], &t->v[end]);
	}
}

static bool is_within(const struct event_set *a, const struct event_set *b)
{
	for (unsigned t = 0; t < EV__N; t++)
		if (event_set_has(a, t) && !event_set_has(b, t) &&
		    !(catalog[t].flags & EF_PSEUDO))
			return false;
	return true;
}

/* Types of events that nobody has looked at were not noted. */
static void find_wider(struct mutants *m, const struct cover_plan *p, const struct touches *trees)
{
	const struct event_set *all = ruleset_events(p->rs);
	struct event_set events;

	for (size_t t = 0; t < p->n_trees; t++)
		for (size_t i = 0; i < trees[t].n; i++) {
			struct mutant *one = &m->v[trees[t].v[i].mutant];
			struct edit *edits = xcalloc(one->n_edits, sizeof(*edits));

			mutant_make(one, p->trees, edits);
			events_of(p->trees[t].x.v[0].ast, &events);
			one->widens |= !is_within(&events, all);
			for (uint32_t e = one->n_edits; e-- > 0;)
				edit_undo(&edits[e]);
			free(edits);
		}
}

void mutants_foresee(struct mutants *m, const struct cover_plan *p, const struct cover_log *l)
{
	struct foresight f = { .m = m, .plan = p, .log = l };
	size_t n, most = 0;
	struct edit_at *by_node = edits_by_node(m, p, &n);

	f.trees = xcalloc(p->n_trees + 1, sizeof(*f.trees));
	for (size_t t = 0; t < p->n_trees; t++) {
		find_touches(&f.trees[t], m, &p->trees[t].x, by_node, n);
		most = p->trees[t].x.n > most ? p->trees[t].x.n : most;
	}
	find_wider(m, p, f.trees);
	f.cost = xcalloc(most + 1, sizeof(*f.cost));
	cover_view_init(&f.view, p);
	for (f.situation = 0; f.situation < l->keys.n; f.situation++) {
		cover_view_open(&f.view, l, f.situation);
		for (size_t t = 0; t < p->n_trees; t++)
			ask_tree(&f, t);
	}
	cover_view_release(&f.view);
	for (size_t t = 0; t < p->n_trees; t++)
		free(f.trees[t].v);
	free(f.trees);
	free(f.cost);
	free(by_node);
}
