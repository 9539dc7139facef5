/* SPDX-License-Identifier: Apache-2.0 */
/* What is to be asked of the events of a type: what any rule for the type has, but for what the
 * type alone tells. */
#include <stdlib.h>
#include <string.h>

#include "analyze/test/situation.h"
#include "rules/lang/pathset.h"

struct trees {
	struct cover_tree *v;
	size_t n, cap;
};

static void add_tree(struct trees *to, const struct cover_tree *t)
{
	to->v = mem_grow(to->v, &to->cap, to->n + 1, sizeof(*to->v));
	to->v[to->n++] = *t;
}

static void add_rule(struct trees *to, const struct ruleset *rs, const struct rule *r)
{
	struct cover_tree t = { .rule = r, .events = r->events };

	if (!ruleset_is_on(rs, r) || !ruleset_explain(rs, r, &t.x))
		return;
	add_tree(to, &t);
	for (uint32_t i = 0; ruleset_explain_step(rs, r, i, &t.x, &t.step, &t.events); i++)
		add_tree(to, &t);
}

struct cover_tree *cover_trees_new(const struct ruleset *rs, size_t *n)
{
	struct trees t = { .v = xcalloc(1, sizeof(*t.v)), .cap = 1 };

	for (size_t i = 0; i < ruleset_count(rs); i++)
		add_rule(&t, rs, ruleset_rule(rs, i));
	*n = t.n;
	return t.v;
}

void cover_trees_free(struct cover_tree *t, size_t n)
{
	for (size_t i = 0; i < n; i++)
		explain_release(&t[i].x);
	free(t);
}

/* pmatch is compiled for all items together: apart they are sets of one path. */
static const struct constant *paths_apart(struct cover_plan *p, const struct operand *list)
{
	struct constant *c = arena_zalloc(&p->arena, (list->n_kids + 1) * sizeof(*c));

	for (uint32_t i = 0; i < list->n_kids; i++) {
		const struct constant one = { .p = list->kids[i]->p, .len = list->kids[i]->len };

		c[i].paths = pathset_new(&p->arena, &one, 1);
	}
	return c;
}

static void add_list(struct cover_plan *p, uint32_t id, const struct node *n)
{
	const struct pred *d = &p->e->preds[id];
	struct cover_list l = { .pred = id, .c = d->c, .n = d->n,
		.always = d->mod == MOD_ALLOF || d->mod == MOD_ONEOF };

	if (p->list_of[id] || d->right != NO_SLOT || !n->right ||
	    n->right->kind != OPERAND_LIST)
		return;
	if (d->test == TEST_PMATCH) {
		l.c = paths_apart(p, n->right);
		l.n = n->right->n_kids;
	}
	p->lists = mem_grow(p->lists, &p->lists_cap, p->n_lists + 1, sizeof(*p->lists));
	p->lists[p->n_lists++] = l;
	p->list_of[id] = (uint32_t)p->n_lists;
}

/* The predicates below a node of the graph; seen: by node. */
static void part_preds(const struct dag *d, uint32_t node, bool *seen, bool *out)
{
	const struct dag_node *n = &d->nodes[node];

	if (seen[node] || n->kind == DAG_CONST)
		return;
	seen[node] = true;
	if (n->kind == DAG_PRED) {
		out[n->kids[0]] = true;
		return;
	}
	for (uint32_t i = 0; i < n->n; i++)
		part_preds(d, n->kids[i], seen, out);
}

/* The predicates of a tree, each once. */
struct tree_preds {
	uint32_t *v;
	size_t n, cap;
};

static void find_preds(struct cover_plan *p, const struct cover_tree *t, bool *in,
		       struct tree_preds *out)
{
	bool *seen = NULL;

	for (size_t i = 0; i < t->x.n; i++) {
		const struct explain_node *n = &t->x.v[i];

		if (n->kind == EXPLAIN_CHECK) {
			in[n->pred] = true;
			add_list(p, n->pred, n->node);
		} else if (n->kind == EXPLAIN_PART) {
			if (!seen)
				seen = xcalloc(p->e->dag.n, sizeof(*seen));
			part_preds(&p->e->dag, n->part, seen, in);
		}
	}
	free(seen);
	for (uint32_t i = 0; i < p->n_preds; i++)
		if (in[i]) {
			out->v = mem_grow(out->v, &out->cap, out->n + 1, sizeof(*out->v));
			out->v[out->n++] = i;
			in[i] = false;
		}
}

static void plan_type(struct cover_plan *p, unsigned type, const struct tree_preds *preds,
		      bool *want, bool wide)
{
	int8_t *known = p->known + type * p->n_preds;
	uint32_t n = 0;

	memset(want, 0, p->n_preds * sizeof(*want));
	for (size_t t = 0; t < p->n_trees; t++)
		for (size_t i = 0; i < preds[t].n; i++)
			want[preds[t].v[i]] |= wide || event_set_has(&p->trees[t].events, type);
	for (size_t i = 0; i < p->n_preds; i++) {
		known[i] = (int8_t)engine_pred_known(p->e, &p->e->preds[i], type);
		/* of a list it is also to be known which item was met */
		want[i] = want[i] && (known[i] < 0 || (known[i] == 1 && p->list_of[i]));
		n += want[i];
	}
	p->ask[type] = arena_alloc(&p->arena, (n + 1) * sizeof(uint32_t));
	for (uint32_t i = 0; i < p->n_preds; i++)
		if (want[i])
			p->ask[type][p->n_ask[type]++] = i;
}

/* What is to be asked of events of each type. */
static void plan_types(struct cover_plan *p, bool wide)
{
	struct tree_preds *preds = xcalloc(p->n_trees + 1, sizeof(*preds));
	bool *mark = xcalloc(p->n_preds + 1, sizeof(*mark));

	for (size_t t = 0; t < p->n_trees; t++)
		find_preds(p, &p->trees[t], mark, &preds[t]);
	for (unsigned type = 0; type < EV__N; type++)
		plan_type(p, type, preds, mark, wide);
	for (size_t t = 0; t < p->n_trees; t++)
		free(preds[t].v);
	free(preds);
	free(mark);
}

/* Decided by the type of the event alone, or the same for all types. */
static enum cover_by kind_of(const struct cover_plan *p, uint32_t pred)
{
	unsigned seen = 0;
	bool some = false;

	for (unsigned t = 0; t < EV__N; t++) {
		const int known = cover_known(p, t, pred);
		/* these may be any of many calls */
		const bool open = t == EV_GENERIC || t == EV_UNKNOWN;

		if (catalog[t].flags & EF_PSEUDO)
			continue;	/* rules never see it */
		if (known < 0 && !open)
			return COVER_BY_VALUE;
		some |= known < 0;
		seen |= known < 0 ? 0 : 1U << known;
	}
	return some || seen == 3 ? COVER_BY_TYPE : COVER_FIXED;
}

struct cover_plan *cover_plan_new(const struct ruleset *rs, bool wide)
{
	struct cover_plan *p = xcalloc(1, sizeof(*p));

	p->rs = rs;
	p->e = ruleset_engine(rs);
	p->n_preds = p->e->pred_names.n;
	p->known = xcalloc(EV__N * (p->n_preds + 1), 1);
	p->ask = arena_zalloc(&p->arena, EV__N * sizeof(*p->ask));
	p->n_ask = arena_zalloc(&p->arena, EV__N * sizeof(*p->n_ask));
	p->list_of = arena_zalloc(&p->arena, (p->n_preds + 1) * sizeof(*p->list_of));
	p->trees = cover_trees_new(rs, &p->n_trees);
	plan_types(p, wide);
	p->kinds = arena_alloc(&p->arena, p->n_preds + 1);
	for (uint32_t i = 0; i < p->n_preds; i++)
		p->kinds[i] = (uint8_t)kind_of(p, i);
	return p;
}

void cover_plan_free(struct cover_plan *p)
{
	if (!p)
		return;
	cover_trees_free(p->trees, p->n_trees);
	free(p->lists);
	free(p->known);
	arena_release(&p->arena);
	free(p);
}
