/* SPDX-License-Identifier: Apache-2.0 */
/* Which types of events reach which parts of a condition.
 *
 * From the leaves up: the types on which a part can hold and can fail at all (an and holds where
 * all its parts can; evt.type and fields that events do not have decide at the leaves).  Then
 * from the root down: a part of an and matters only where the parts beside it can hold.  A macro
 * collects what reaches it in all the rules that use it. */
#include <stdlib.h>
#include <string.h>

#include "rules/set/lint_parts.h"

enum { WORDS = sizeof(((struct event_set *)0)->bits) / 8, LEAVES_MAX = 1 << 16 };

enum { TREE_NEW, TREE_OPEN, TREE_DONE };

bool types_empty(const struct event_set *s)
{
	for (unsigned i = 0; i < EV__N; i++)
		if (event_set_has(s, i))
			return false;
	return true;
}

void types_and(struct event_set *s, const struct event_set *o)
{
	for (unsigned i = 0; i < WORDS; i++)
		s->bits[i] &= o->bits[i];
}

/* ---- fields ---- */

static bool has_param(unsigned type, const struct field_ref *r)
{
	const struct event_desc *d = &catalog[type];

	if (type == EV_UNKNOWN || type == EV_GENERIC)
		return true;
	if (r->key && *r->key)
		return event_param_index(d, r->key, strlen(r->key)) >= 0;
	return r->index == INT64_MIN || r->index < d->n_params;
}

void types_of_field(const struct field_ref *r, struct event_set *out)
{
	const char *name = r->desc->name;
	const bool param = strcmp(name, "evt.arg") == 0 || strcmp(name, "evt.rawarg") == 0;

	*out = r->desc->only;
	if (types_empty(out))
		event_set_fill(out);
	for (unsigned i = 0; param && i < EV__N; i++)
		if (!has_param(i, r))
			out->bits[i / 64] &= ~(UINT64_C(1) << i % 64);
}

/* ---- predicates ---- */

/* A generic event has the name of a call without rows of its own, so one with rows is told
 * from it. */
static bool names_catalogued(const struct pred *p)
{
	for (uint32_t i = 0; i < p->n; i++)
		if (catalog_find(p->c[i].p, p->c[i].len) == EV_UNKNOWN)
			return false;
	return p->n > 0 && (p->test == TEST_EQ || p->test == TEST_NE);
}

static void without_generic(const struct pred *p, struct types *s)
{
	struct event_set *never = p->test == TEST_EQ ? &s->yes : &s->no;

	if (!names_catalogued(p))
		return;
	never->bits[EV_GENERIC / 64] &= ~(UINT64_C(1) << EV_GENERIC % 64);
	never->bits[EV_UNKNOWN / 64] &= ~(UINT64_C(1) << EV_UNKNOWN % 64);
}

static bool is_hook(const struct pred *p)
{
	return p->n == 0 && p->right == NO_SLOT && p->test != TEST_EXISTS;
}

static const struct types *types_of_pred(struct linter *t, uint32_t id)
{
	const struct pred *p = &t->e->preds[id];
	const struct extract *x = t->e->slots[p->slot].x;
	struct types *s = &t->preds[id];

	if (t->preds_known[id])
		return s;
	t->preds_known[id] = true;
	memset(s, 0, sizeof(*s));
	for (unsigned i = 0; i < EV__N; i++) {
		/* a list without items is a place to put some: nothing is known */
		const int known = is_hook(p) ? -1 : engine_pred_known(t->e, p, i);

		if (known != 0)
			event_set_add(&s->yes, i);
		if (known != 1)
			event_set_add(&s->no, i);
	}
	if (x->from == FROM_FIELD) {
		struct event_set has;

		types_of_field(&x->ref, &has);
		types_and(&s->yes, &has);
		for (unsigned i = 0; i < EV__N; i++)
			if (!event_set_has(&has, i))
				event_set_add(&s->no, i);
		if (strcmp(x->ref.desc->name, "evt.type") == 0)
			without_generic(p, s);
	}
	return s;
}

/* ---- upwards ---- */

static void swap(struct types *t)
{
	const struct event_set s = t->yes;

	t->yes = t->no;
	t->no = s;
}

static void chain_types(struct tree *x, struct leaf *f, bool and)
{
	bool first = true;

	for (struct leaf *k = f + 1; k < x->v + f->end; k = x->v + k->end) {
		if (first) {
			f->types = k->types;
		} else if (and) {
			types_and(&f->types.yes, &k->types.yes);
			event_set_union(&f->types.no, &k->types.no);
		} else {
			event_set_union(&f->types.yes, &k->types.yes);
			types_and(&f->types.no, &k->types.no);
		}
		first = false;
	}
}

static void leaf_types(struct linter *t, struct tree *x, struct leaf *f)
{
	struct tree *m;

	switch (f->node->kind) {
	case NODE_AND:
	case NODE_OR:
		chain_types(x, f, f->node->kind == NODE_AND);
		break;
	case NODE_NOT:
		f->types = f[1].types;
		swap(&f->types);
		break;
	case NODE_CHECK:
		f->pred = engine_pred(t->e, f->node);
		if (f->pred != INTERN_NONE) {
			f->types = *types_of_pred(t, f->pred);
			break;
		}
		/* fall through */
	case NODE_MACRO:
		m = f->node->kind == NODE_MACRO ? tree_of_macro(t, f->node->macro) : NULL;
		if (m && m->n) {
			f->types = m->v[0].types;
		} else {
			event_set_fill(&f->types.yes);
			event_set_fill(&f->types.no);
		}
		break;
	}
}

static bool lay_out(struct tree *x, const struct node *n)
{
	const size_t at = x->n;

	if (x->n >= LEAVES_MAX)
		return false;
	x->v = mem_grow(x->v, &x->cap, x->n + 1, sizeof(*x->v));
	x->v[x->n++] = (struct leaf){ .node = n, .pred = INTERN_NONE };
	for (uint32_t i = 0; i < n->n_kids; i++)
		if (!lay_out(x, n->kids[i]))
			return false;
	x->v[at].end = (uint32_t)x->n;
	return true;
}

void tree_build(struct linter *t, struct tree *x, const struct ast *a, const struct expanded *text)
{
	*x = (struct tree){ .ast = a, .text = text, .state = TREE_OPEN };
	if (!lay_out(x, a->root)) {
		lint_say_off(t, LINT_TOO_LARGE, a->text, 0,
			     "the condition has more than %d parts: it was not looked at",
			     LEAVES_MAX);
		free(x->v);
		x->v = NULL;
		x->n = x->cap = 0;
	}
	for (size_t i = x->n; i-- > 0;)
		leaf_types(t, x, &x->v[i]);
	x->exceptions = (uint32_t)x->n;
	x->state = TREE_DONE;
}

void tree_release(struct tree *x)
{
	free(x->v);
	*x = (struct tree){0};
}

struct tree *tree_of_macro(struct linter *t, const struct macro *m)
{
	const uint32_t i = intern_find(&t->rs->macro_names, m->name, strlen(m->name));
	const char *kind = t->kind, *name = t->name;
	struct tree *x;

	if (i == INTERN_NONE || !m->ast || m->state != MACRO_DONE)
		return NULL;
	x = &t->macros[i];
	if (x->state == TREE_NEW) {
		lint_item(t, "macro", m->name);
		tree_build(t, x, m->ast, &t->rs->macros[i]->text);
		lint_item(t, kind, name);
	}
	return x->state == TREE_DONE ? x : NULL;
}

/* ---- downwards ---- */

/* What is left for kid of a chain: types on which no part beside it decides. */
static void reach_kid(const struct tree *x, const struct leaf *f, const struct leaf *kid,
		      struct event_set *out)
{
	const bool and = f->node->kind == NODE_AND;

	*out = f->reach;
	for (const struct leaf *k = f + 1; k < x->v + f->end; k = x->v + k->end)
		if (k != kid)
			types_and(out, and ? &k->types.yes : &k->types.no);
}

enum { MANY_KIDS = 256 };

static void reach_chain(struct tree *x, struct leaf *f)
{
	unsigned n = 0;

	for (struct leaf *k = f + 1; k < x->v + f->end; k = x->v + k->end)
		n++;
	for (struct leaf *k = f + 1; k < x->v + f->end; k = x->v + k->end)
		if (n > MANY_KIDS)
			k->reach = f->reach;
		else
			reach_kid(x, f, k, &k->reach);
}

static bool has_new(const struct event_set *s, const struct event_set *old)
{
	for (unsigned i = 0; i < WORDS; i++)
		if (s->bits[i] & ~old->bits[i])
			return true;
	return false;
}

void tree_reach(struct linter *t, struct tree *x, const struct event_set *types)
{
	struct tree *m;

	if (!x->n || !has_new(types, &x->v[0].reach))
		return;
	event_set_union(&x->v[0].reach, types);
	for (struct leaf *f = x->v; f < x->v + x->n; f++) {
		switch (f->node->kind) {
		case NODE_AND:
		case NODE_OR:
			reach_chain(x, f);
			break;
		case NODE_NOT:
			f[1].reach = f->reach;
			break;
		case NODE_MACRO:
			m = tree_of_macro(t, f->node->macro);
			if (m)
				tree_reach(t, m, &f->reach);
			break;
		case NODE_CHECK:
			break;
		}
	}
}
