/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of one field beside each other in a chain: those that exclude each other, always hold
 * together, or add nothing.  A chain is looked at as a whole, with the macros in it opened; what
 * a macro says within itself is told in the macro. */
#include <stdlib.h>
#include <string.h>

#include "rules/set/lint_parts.h"

enum { MEMBERS_MAX = 400, STEPS_MAX_CHAIN = 4000, PAIRS_MAX = 20000 };

struct member {
	struct lit lit;
	struct leaf *leaf;		/* of the chain's own text: the check, or the macro */
	const struct node *check;
	bool direct;			/* it is written here, in no macro */
};

struct chain {
	struct linter *t;
	struct tree *x;
	bool and;
	struct member v[MEMBERS_MAX];
	unsigned n, steps, pairs;
};

/* The kind of chain that a node is below so many negations: 1 and, 0 or. */
static bool is_chain(const struct node *n, bool not, bool and)
{
	return (n->kind == NODE_AND && and != not) || (n->kind == NODE_OR && and == not);
}

static void gather(struct chain *c, const struct node *n, bool not, struct leaf *via);

static void gather_check(struct chain *c, const struct node *n, bool not, struct leaf *via)
{
	const uint32_t pred = engine_pred(c->t->e, n);

	if (pred == INTERN_NONE || c->n == MEMBERS_MAX)
		return;
	c->v[c->n++] = (struct member){
		.lit = { .pred = pred, .not = not }, .leaf = via, .check = n,
		.direct = via->node->kind == NODE_CHECK,
	};
}

static void gather(struct chain *c, const struct node *n, bool not, struct leaf *via)
{
	if (++c->steps > STEPS_MAX_CHAIN)
		return;
	if (n->kind == NODE_CHECK)
		gather_check(c, n, not, via);
	else if (n->kind == NODE_NOT)
		gather(c, n->kids[0], !not, via);
	else if (n->kind == NODE_MACRO && n->macro && n->macro->ast)
		gather(c, n->macro->ast->root, not, via);
	else if (is_chain(n, not, c->and))
		for (uint32_t i = 0; i < n->n_kids; i++)
			gather(c, n->kids[i], not, via);
}

/* Of the chain's own text, where places are. */
static void gather_own(struct chain *c, struct leaf *f, bool not)
{
	const struct tree *x = c->x;

	if (f - x->v >= x->exceptions)
		return;
	switch (f->node->kind) {
	case NODE_CHECK:
	case NODE_MACRO:
		gather(c, f->node, not, f);
		break;
	case NODE_NOT:
		gather_own(c, f + 1, !not);
		break;
	case NODE_AND:
	case NODE_OR:
		if (!is_chain(f->node, not, c->and))
			break;
		for (struct leaf *k = f + 1; k < x->v + f->end; k = c->x->v + k->end)
			gather_own(c, k, not);
		break;
	}
}

static const char *check_text(struct chain *c, const struct member *m)
{
	const char *text = c->t->e->preds[m->lit.pred].text;
	const size_t n = strlen(text);
	const char *not = m->lit.not ? "not " : "";

	return arena_printf(&c->t->out->arena, n > 60 ? "%s%.60s..." : "%s%s", not, text);
}

static const char *other_place(struct chain *c, const struct member *m)
{
	const char *where = lint_where(c->t, c->x->ast->text, m->leaf->node->off, NULL);

	if (m->direct)
		return where;
	return arena_printf(&c->t->out->arena, "macro %s, %s", m->leaf->node->name, where);
}

static void tell(struct chain *c, enum lint_id id, struct member *at, const struct member *other,
		 const char *what)
{
	const bool own = at->direct || !other->direct;
	struct member *here = own ? at : (struct member *)other;
	const struct member *there = own ? other : at;

	if (here->leaf->told)
		return;
	if (lint_say_off(c->t, id, c->x->ast->text, here->leaf->node->off, "'%s' %s '%s' (%s)",
			 check_text(c, here), what, check_text(c, there),
			 other_place(c, there)))
		here->leaf->told = true;
}

/* A cheap check that spares the engine a regular expression. */
static bool is_shortcut(const struct chain *c, const struct member *m, const struct member *other)
{
	const struct pred *preds = c->t->e->preds;

	return preds[other->lit.pred].test == TEST_REGEX && preds[m->lit.pred].test != TEST_REGEX;
}

/* A member that adds nothing beside the other one. */
static void tell_needless(struct chain *c, struct member *m, const struct member *other,
			  bool same)
{
	if (!m->direct || (c->and && is_shortcut(c, m, other)))
		return;
	if (same)
		tell(c, LINT_DOUBLED_CHECK, m, other, "is also");
	else if (c->and)
		tell(c, LINT_IMPLIED_CHECK, m, other, "holds wherever the check beside it does:");
	else
		tell(c, LINT_IMPLIED_CHECK, m, other, "is covered by the alternative");
}

static bool same(const struct member *a, const struct member *b)
{
	return a->lit.pred == b->lit.pred && a->lit.not == b->lit.not;
}

static void compare(struct chain *c, struct member *a, struct member *b)
{
	struct logic *g = &c->t->logic;
	struct member *direct = b->direct ? b : a, *other = b->direct ? a : b;

	if (same(a, b))
		tell_needless(c, direct, other, true);
	else if (c->and && logic_excludes(g, a->lit, b->lit))
		tell(c, LINT_CONTRADICTION, b, a, "can never hold together with");
	else if (!c->and && logic_covers(g, a->lit, b->lit))
		tell(c, LINT_TAUTOLOGY, b, a, "always holds if not");
	else if (logic_implies(g, a->lit, b->lit))
		tell_needless(c, c->and ? b : a, c->and ? a : b, false);
	else if (logic_implies(g, b->lit, a->lit))
		tell_needless(c, c->and ? a : b, c->and ? b : a, false);
}

static void compare_all(struct chain *c)
{
	const struct engine *e = c->t->e;

	for (unsigned i = 0; i < c->n; i++)
		for (unsigned k = i + 1; k < c->n && c->pairs < PAIRS_MAX; k++) {
			struct member *a = &c->v[i], *b = &c->v[k];

			c->pairs++;
			if (a->leaf != b->leaf &&
			    logic_same_value(e, e->preds[a->lit.pred].slot,
					     e->preds[b->lit.pred].slot))
				compare(c, a, b);
		}
}

static void look(struct chain *c, struct leaf *f, bool and)
{
	c->and = and;
	c->n = c->steps = c->pairs = 0;
	gather_own(c, f, false);
	compare_all(c);
}

/* Above f stands a chain of the same kind, so that f was looked at with it. */
static bool is_inner(const struct tree *x, const struct leaf *f, const uint32_t *parents)
{
	uint32_t at = (uint32_t)(f - x->v);
	bool not = false;

	while (at && x->v[parents[at]].node->kind == NODE_NOT) {
		not = !not;
		at = parents[at];
	}
	if (!at)
		return false;
	return x->v[parents[at]].node->kind == (not == (f->node->kind == NODE_AND) ? NODE_OR :
						NODE_AND);
}

static uint32_t *find_parents(const struct tree *x)
{
	uint32_t *parents = xcalloc(x->n + 1, sizeof(*parents));

	for (uint32_t i = 0; i < x->n; i++)
		for (uint32_t k = i + 1; k < x->v[i].end; k = x->v[k].end)
			parents[k] = i;
	return parents;
}

/* "not not x" in one text; a macro may well begin with not. */
static void double_negations(struct linter *t, struct tree *x)
{
	for (uint32_t i = 0; i + 1 < x->n; i++)
		if (x->v[i].node->kind == NODE_NOT && x->v[i + 1].node->kind == NODE_NOT &&
		    i < x->exceptions)
			lint_say_off(t, LINT_DOUBLE_NEGATION, x->ast->text, x->v[i].node->off,
				     "two negations in a row are none");
}

void lint_chains(struct linter *t, struct tree *x)
{
	struct chain *c = xmalloc(sizeof(*c));
	uint32_t *parents = find_parents(x);

	*c = (struct chain){ .t = t, .x = x };
	for (uint32_t i = 0; i < x->n; i++) {
		struct leaf *f = &x->v[i];

		if (f->node->kind != NODE_AND && f->node->kind != NODE_OR)
			continue;
		if (i < x->exceptions && !is_inner(x, f, parents))
			look(c, f, f->node->kind == NODE_AND);
	}
	double_negations(t, x);
	free(parents);
	free(c);
}
