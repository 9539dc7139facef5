/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/test/mutant.h"

#include <stdlib.h>
#include <string.h>

#include "rules/lang/ast.h"

enum { TEXT_MAX = 100 };

const char *const mutant_kind_name[MUTANT__N] = {
	[MUTANT_DROP_PREDICATE] = "dropped predicate", [MUTANT_DROP_MACRO] = "dropped macro",
	[MUTANT_DROP_EXCEPTION] = "dropped exception", [MUTANT_DROP_GROUP] = "dropped group",
	[MUTANT_INVERT] = "inverted predicate", [MUTANT_DROP_NOT] = "dropped not",
	[MUTANT_DROP_ITEM] = "dropped item",
};

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
