/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a mutant matters on an event is told from the tree as it is: a part that is another
 * truth value then turns the condition if it decides (coverage.c), and else nothing.  Only where
 * a mutant changes a tree in several places the whole tree is asked. */
#include "analyze/test/mutant.h"

#include <stdlib.h>
#include <string.h>

#include "analyze/test/cover_print.h"
#include "rules/lang/ast.h"
#include "rules/lang/events.h"
#include "rules/lang/macro.h"

enum { TEXT_MAX = 100 };

const char *const mutant_kind_name[MUTANT__N] = {
	[MUTANT_DROP_PREDICATE] = "dropped predicate", [MUTANT_DROP_MACRO] = "dropped macro",
	[MUTANT_DROP_EXCEPTION] = "dropped exception", [MUTANT_DROP_GROUP] = "dropped group",
	[MUTANT_INVERT] = "inverted predicate", [MUTANT_DROP_NOT] = "dropped not",
	[MUTANT_DROP_ITEM] = "dropped item",
};

/* ---- all of them ---- */

struct list_use {
	struct cover_place place;
	const char *list, *text;
	struct mutant_edit edit;
};

struct maker {
	struct mutants *out;
	const struct cover_plan *plan;
	struct intern seen;		/* nodes that have their mutants */
	const char **owners;		/* by part of the tree at hand: the macro that it is in */
	struct list_use *uses;
	size_t n_uses, uses_cap;
};

/* Whether the node cannot be otherwise. */
static bool is_fixed(const struct cover_plan *p, const struct explain *x, uint32_t at)
{
	const struct explain_node *n = &x->v[at];
	uint32_t k = at + 1;

	if (n->kind == EXPLAIN_CHECK)
		return p->kinds[n->pred] == COVER_FIXED;
	if (n->kind == EXPLAIN_PART)
		return false;
	while (k < n->end && is_fixed(p, x, k))
		k = x->v[k].end;
	return k == n->end;
}

static struct cover_place place_of(struct maker *k, const struct lang_place *p)
{
	return (struct cover_place){ arena_str(&k->out->arena, p->file), p->line, p->column };
}

static const char *text_of(struct maker *k, const struct explain *x, uint32_t at)
{
	const struct explain_node *n = &x->v[at];
	struct buf b = {0};
	const char *text;

	for (; n->kind == EXPLAIN_NOT && !n->name; n++)
		buf_str(&b, "not ");
	if (n->name)
		buf_str(&b, n->name);
	else if (n->kind == EXPLAIN_CHECK)
		explain_check_text(n, TEXT_MAX, &b);
	else
		buf_str(&b, "( ... )");
	text = arena_strn(&k->out->arena, b.p, b.len);
	buf_release(&b);
	return text;
}

/* The innermost macro comes last. */
static const char **find_owners(struct maker *k, const struct explain *x)
{
	const char **owners = xcalloc(x->n + 1, sizeof(*owners));

	for (uint32_t i = 0; i < x->n; i++) {
		const char *name;

		if (x->v[i].kind != EXPLAIN_MACRO)
			continue;
		name = arena_str(&k->out->arena, x->v[i].name);
		for (uint32_t p = i + 1; p < x->v[i].end; p++)
			owners[p] = name;
	}
	return owners;
}

static void add(struct maker *k, enum mutant_kind kind, uint32_t about,
		const struct mutant_edit *edit)
{
	const struct cover_tree *t = &k->plan->trees[edit->tree];
	const struct explain_node *n = &t->x.v[about];
	struct mutants *out = k->out;
	struct lang_place place;
	struct mutant *m;

	lang_locate(n->ast->text, n->node->off, &place);
	out->v = mem_grow(out->v, &out->cap, out->n + 1, sizeof(*out->v));
	m = &out->v[out->n++];
	*m = (struct mutant){ .kind = kind, .text = text_of(k, &t->x, about), .n_edits = 1,
		.rule = arena_str(&out->arena, t->rule->name), .place = place_of(k, &place),
		.owner = k->owners[about],
		.edits = arena_alloc(&out->arena, sizeof(*edit)) };
	m->edits[0] = *edit;
}

static enum mutant_kind drop_kind(const struct explain *x, uint32_t at)
{
	const struct explain_node *n = &x->v[at];

	if (n->kind == EXPLAIN_NOT && n->name)
		return MUTANT_DROP_EXCEPTION;
	if (n->kind == EXPLAIN_NOT)
		n++;
	if (n->kind == EXPLAIN_CHECK)
		return MUTANT_DROP_PREDICATE;
	return n->kind == EXPLAIN_MACRO || n->kind == EXPLAIN_PART ? MUTANT_DROP_MACRO :
		MUTANT_DROP_GROUP;
}

/* Of a chain: each kid that is a check, a macro or a "not" may go. */
static void add_drops(struct maker *k, uint32_t tree, uint32_t at)
{
	const struct explain *x = &k->plan->trees[tree].x;
	struct mutant_edit edit = { .kind = EDIT_DROP, .tree = tree, .at = at };

	for (uint32_t i = at + 1; i < x->v[at].end; i = x->v[i].end, edit.which++) {
		const enum explain_kind kind = x->v[i].kind;

		if (kind != EXPLAIN_AND && kind != EXPLAIN_OR && !is_fixed(k->plan, x, i))
			add(k, drop_kind(x, i), i, &edit);
	}
}

static void add_uses(struct maker *k, uint32_t tree, uint32_t at)
{
	const struct explain_node *n = &k->plan->trees[tree].x.v[at];
	const struct operand *list = n->node->right;

	if (!k->plan->list_of[n->pred] || k->plan->kinds[n->pred] == COVER_FIXED)
		return;
	for (uint32_t i = 0; i < list->n_kids; i++) {
		struct ruleset_item from;
		struct buf text = {0};

		ruleset_item_at(n->ast->text, list->kids[i]->off, &from);
		operand_print(&text, list->kids[i]);
		k->uses = mem_grow(k->uses, &k->uses_cap, k->n_uses + 1, sizeof(*k->uses));
		k->uses[k->n_uses++] = (struct list_use){
			.place = place_of(k, &from.place),
			.text = arena_strn(&k->out->arena, text.p, text.len),
			.list = from.list ? arena_str(&k->out->arena, from.list) : NULL,
			.edit = { EDIT_ITEM, tree, at, i },
		};
		buf_release(&text);
	}
}

static void add_node(struct maker *k, uint32_t tree, uint32_t at, bool below_not)
{
	const struct explain *x = &k->plan->trees[tree].x;
	const struct explain_node *n = &x->v[at];
	const struct mutant_edit turn = { .kind = EDIT_TURN, .tree = tree, .at = at };
	bool is_new;

	intern_add(&k->seen, &n->node, sizeof(n->node), &is_new);
	if (!is_new)
		return;
	if (n->kind == EXPLAIN_AND || n->kind == EXPLAIN_OR)
		add_drops(k, tree, at);
	if (n->kind == EXPLAIN_CHECK)
		add_uses(k, tree, at);
	if (is_fixed(k->plan, x, at))
		return;
	if (n->kind == EXPLAIN_CHECK && !below_not)
		add(k, MUTANT_INVERT, at, &turn);
	if (n->kind == EXPLAIN_NOT)
		add(k, MUTANT_DROP_NOT, at, &turn);
}

static int order_uses(const void *a, const void *b)
{
	const struct list_use *x = a, *y = b;
	int r = strcmp(x->place.file, y->place.file);

	if (r)
		return r;
	if (x->place.line != y->place.line)
		return x->place.line < y->place.line ? -1 : 1;
	if (x->place.column != y->place.column)
		return x->place.column < y->place.column ? -1 : 1;
	r = strcmp(x->text, y->text);
	if (r)
		return r;
	if (x->edit.tree != y->edit.tree)
		return x->edit.tree < y->edit.tree ? -1 : 1;
	if (x->edit.at != y->edit.at)
		return x->edit.at < y->edit.at ? -1 : 1;
	/* the last first: the places of the others stay */
	return (x->edit.which < y->edit.which) - (x->edit.which > y->edit.which);
}

static bool same_item(const struct list_use *a, const struct list_use *b)
{
	return a->place.line == b->place.line && a->place.column == b->place.column &&
	       strcmp(a->place.file, b->place.file) == 0 && strcmp(a->text, b->text) == 0;
}

/* An item of a list goes from all checks that have the list. */
static void add_items(struct maker *k)
{
	struct mutants *out = k->out;

	if (k->n_uses)
		qsort(k->uses, k->n_uses, sizeof(*k->uses), order_uses);
	for (size_t i = 0, end; i < k->n_uses; i = end) {
		const struct list_use *u = &k->uses[i];
		struct mutant m = { .kind = MUTANT_DROP_ITEM, .text = u->text, .place = u->place,
			.owner = u->list,
			.rule = arena_str(&out->arena, k->plan->trees[u->edit.tree].rule->name) };

		for (end = i; end < k->n_uses && same_item(u, &k->uses[end]); end++)
			;
		m.n_edits = (uint32_t)(end - i);
		m.edits = arena_alloc(&out->arena, m.n_edits * sizeof(*m.edits));
		for (uint32_t e = 0; e < m.n_edits; e++)
			m.edits[e] = k->uses[i + e].edit;
		out->v = mem_grow(out->v, &out->cap, out->n + 1, sizeof(*out->v));
		out->v[out->n++] = m;
	}
}

void mutants_init(struct mutants *m, const struct cover_plan *p, uint32_t n_tests)
{
	struct maker k = { .out = m, .plan = p };
	struct arena a = {0};

	*m = (struct mutants){ .n_tests = n_tests };
	intern_init(&k.seen, &a);
	for (uint32_t t = 0; t < p->n_trees; t++) {
		const struct explain *x = &p->trees[t].x;

		k.owners = find_owners(&k, x);
		for (uint32_t i = 0; i < x->n; i++)
			add_node(&k, t, i, i > 0 && x->v[i - 1].kind == EXPLAIN_NOT);
		free(k.owners);
	}
	add_items(&k);
	intern_release(&k.seen);
	arena_release(&a);
	free(k.uses);
	for (size_t i = 0; i < m->n; i++) {
		m->v[i].tests = arena_zalloc(&m->arena, n_tests / 8 + 1);
		m->v[i].near = (struct cover_near){ UINT32_MAX, UINT32_MAX, 0 };
	}
}

void mutants_release(struct mutants *m)
{
	free(m->v);
	arena_release(&m->arena);
	*m = (struct mutants){0};
}

void mutant_make(const struct mutant *m, const struct cover_tree *trees, struct edit *edits)
{
	for (uint32_t i = 0; i < m->n_edits; i++) {
		const struct mutant_edit *e = &m->edits[i];

		edit_do(&edits[i], e->kind, trees[e->tree].x.v[e->at].node, e->which);
	}
}

/* ---- what they would do ---- */

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
