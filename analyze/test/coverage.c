/* SPDX-License-Identifier: Apache-2.0 */
/* Each situation goes through each tree once: upwards what holds and what it costs to turn it
 * (rules/lang/explain.h), downwards how far each part is from deciding: all that stands beside
 * it in an "and" would have to hold, in an "or" to fail. */
#include "analyze/test/coverage.h"

#include <stdlib.h>
#include <string.h>

#include "analyze/test/cover_print.h"
#include "rules/lang/ast.h"
#include "rules/lang/macro.h"

enum { TEXT_MAX = 160 };

const char *const cover_kind_name[COVER__N] = {
	[COVER_PREDICATE] = "predicates", [COVER_ITEM] = "list items", [COVER_MACRO] = "macros",
	[COVER_EXCEPTION] = "exceptions", [COVER_RULE] = "rules",
};

struct coverage *coverage_new(void)
{
	return xcalloc(1, sizeof(struct coverage));
}

void coverage_free(struct coverage *c)
{
	if (!c)
		return;
	free(c->rules);
	free(c->sites);
	arena_release(&c->arena);
	free(c);
}

/* ---- the tree of a rule ---- */

static struct cover_place place_of(struct coverage *c, const struct lang_place *p)
{
	return (struct cover_place){ .file = arena_str(&c->arena, p->file), .line = p->line,
				     .column = p->column };
}

static struct cover_place place_at(struct coverage *c, const struct lang_text *t, size_t off)
{
	struct lang_place p;

	lang_locate(t, off, &p);
	return place_of(c, &p);
}

static void no_hits(struct cover_hits *h)
{
	*h = (struct cover_hits){ .near = { .cost = UINT32_MAX, .test = UINT32_MAX } };
}

static const char *operand_text(struct coverage *c, const struct operand *o)
{
	struct buf b = {0};
	const char *text;

	operand_print(&b, o);
	text = arena_strn(&c->arena, b.p, b.len);
	buf_release(&b);
	return text;
}

static void add_items(struct coverage *c, struct cover_part *out, const struct explain_node *n)
{
	const struct operand *list = n->node->right;

	out->items = arena_zalloc(&c->arena, (list->n_kids + 1) * sizeof(*out->items));
	out->n_items = list->n_kids;
	for (uint32_t i = 0; i < list->n_kids; i++) {
		struct cover_part_item *item = &out->items[i];
		struct ruleset_item from;

		ruleset_item_at(n->ast->text, list->kids[i]->off, &from);
		item->text = operand_text(c, list->kids[i]);
		item->list = from.list ? arena_str(&c->arena, from.list) : NULL;
		item->place = place_of(c, &from.place);
		no_hits(&item->hits);
	}
}

static const char *check_text(struct coverage *c, const struct explain_node *n)
{
	struct buf b = {0};
	const char *text;

	explain_check_text(n, TEXT_MAX, &b);
	text = arena_strn(&c->arena, b.p, b.len);
	buf_release(&b);
	return text;
}

static void mark_repeats(const struct explain *x, struct cover_rule *r)
{
	struct arena a = {0};
	struct intern seen;
	bool is_new;

	intern_init(&seen, &a);
	for (size_t i = 0; i < x->n; i++) {
		intern_add(&seen, &x->v[i].node, sizeof(x->v[i].node), &is_new);
		r->v[i].repeat = !is_new;
	}
	intern_release(&seen);
	arena_release(&a);
}

/* Whether what stands below cannot be otherwise. */
static void fix_parents(struct cover_rule *r)
{
	for (size_t i = r->n; i-- > 0;) {
		struct cover_part *p = &r->v[i];
		bool all = i + 1 < p->end;

		if (p->kind == EXPLAIN_CHECK || p->kind == EXPLAIN_PART)
			continue;
		for (uint32_t k = (uint32_t)i + 1; k < p->end; k = r->v[k].end)
			all &= r->v[k].fixed;
		p->fixed = all;
	}
}

static void set_depths(struct cover_rule *r)
{
	for (uint32_t i = 0; i < r->n; i++)
		for (uint32_t k = i + 1; k < r->v[i].end; k = r->v[k].end)
			r->v[k].depth = r->v[i].depth + 1;
}

static void make_rule(struct coverage *c, const struct cover_plan *p, const struct cover_tree *t,
		      struct cover_rule *r)
{
	const char **tags = arena_alloc(&c->arena, (t->rule->n_tags + 1) * sizeof(*tags));

	*r = (struct cover_rule){
		.name = arena_str(&c->arena, t->rule->name), .n = t->x.n, .tags = tags,
		.step = t->step ? arena_str(&c->arena, t->step) : NULL,
		.n_tags = t->rule->n_tags,
		.place = { arena_str(&c->arena, t->rule->file), t->rule->line, 1 },
		.v = arena_zalloc(&c->arena, t->x.n * sizeof(*r->v)),
	};
	for (uint32_t i = 0; i < r->n_tags; i++)
		tags[i] = arena_str(&c->arena, t->rule->tags[i]);
	for (size_t i = 0; i < t->x.n; i++) {
		const struct explain_node *n = &t->x.v[i];
		struct cover_part *out = &r->v[i];

		out->kind = n->kind;
		out->end = n->end;
		out->place = place_at(c, n->ast->text, n->node->off);
		no_hits(&out->hits);
		out->exception = n->name && n->kind == EXPLAIN_NOT;
		out->text = n->name ? arena_str(&c->arena, n->name) : NULL;
		if (n->kind != EXPLAIN_CHECK)
			continue;
		out->text = check_text(c, n);
		out->fixed = p->kinds[n->pred] == COVER_FIXED;
		if (p->list_of[n->pred])
			add_items(c, out, n);
	}
	mark_repeats(&t->x, r);
	fix_parents(r);
	set_depths(r);
}

/* ---- counting ---- */

static uint32_t sum(uint32_t a, uint32_t b)
{
	return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

void cover_reach(const struct explain *x, uint32_t *out)
{
	out[0] = 0;
	for (uint32_t i = 0; i < x->n; i++) {
		const struct explain_node *n = &x->v[i];
		const bool and = n->kind == EXPLAIN_AND, chain = and || n->kind == EXPLAIN_OR;

		for (uint32_t k = i + 1; k < n->end; k = x->v[k].end)
			out[k] = chain ? sum(out[i], n->cost[and] - x->v[k].cost[and]) : out[i];
	}
}

void cover_nearer(struct cover_near *a, const struct cover_near *b)
{
	if (a->cost < b->cost || (a->cost == b->cost && a->test < b->test) ||
	    (a->cost == b->cost && a->test == b->test && a->num <= b->num))
		return;
	*a = *b;
}

static void count(struct cover_hits *h, const struct cover_view *v, bool is, uint32_t cost)
{
	const struct cover_near near = { .cost = cost, .test = v->test, .num = v->num };

	h->is[is] += v->n;
	h->decided += cost == 0 ? v->n : 0;
	cover_nearer(&h->near, &near);
}

static void count_items(const struct cover_plan *p, struct cover_part *part, uint32_t pred,
			const struct cover_view *v, uint32_t cost)
{
	uint32_t n;

	for (uint32_t i = 0; i < part->n_items; i++) {
		const bool met = cover_view_item(v, pred, i, &n);
		const bool turns = met && cover_without(p, v, pred, i) != v->is[pred];

		if (n == 0)
			break;
		if (met)
			count(&part->items[i].hits, v, true,
			      turns ? cost : sum(cost, COST_TRUE));
	}
}

static void count_view(const struct cover_plan *p, struct explain *x, struct cover_rule *r,
		       const struct cover_view *v, uint32_t *cost)
{
	explain_answers(x, v->is);
	cover_reach(x, cost);
	for (size_t i = 0; i < x->n; i++) {
		count(&r->v[i].hits, v, x->v[i].is, cost[i]);
		if (r->v[i].n_items)
			count_items(p, &r->v[i], x->v[i].pred, v, cost[i]);
	}
}

/* What the type of an event decides is false for the types that the rule leaves out. */
static void count_types(const struct cover_plan *p, const struct cover_tree *t,
			struct cover_rule *r, const struct cover_log *l)
{
	for (unsigned type = 0; type < EV__N; type++) {
		if (!l->types[type] || event_set_has(&t->events, type))
			continue;
		for (size_t i = 0; i < r->n; i++) {
			const struct explain_node *n = &t->x.v[i];

			const int known = n->kind != EXPLAIN_CHECK ||
				p->kinds[n->pred] != COVER_BY_TYPE ? -1 :
				cover_known(p, type, n->pred);

			if (known >= 0)
				r->v[i].hits.is[known] += l->types[type];
		}
	}
}

static bool same_rule(const struct cover_rule *a, const struct cover_rule *b)
{
	if (a->n != b->n || strcmp(a->name, b->name) != 0 || !a->step != !b->step ||
	    (a->step && strcmp(a->step, b->step) != 0))
		return false;
	for (size_t i = 0; i < a->n; i++) {
		const struct cover_part *x = &a->v[i], *y = &b->v[i];

		if (x->kind != y->kind || x->end != y->end || x->n_items != y->n_items ||
		    x->place.line != y->place.line || x->place.column != y->place.column ||
		    strcmp(x->place.file, y->place.file) != 0 || !x->text != !y->text ||
		    (x->text && strcmp(x->text, y->text) != 0))
			return false;
		for (uint32_t k = 0; k < x->n_items; k++)
			if (strcmp(x->items[k].text, y->items[k].text) != 0)
				return false;
	}
	return true;
}

static void add_rule(struct coverage *c, const struct cover_rule *r)
{
	for (size_t i = 0; i < c->n_rules; i++) {
		struct cover_rule *old = &c->rules[i];

		if (!same_rule(old, r))
			continue;
		for (size_t k = 0; k < r->n; k++) {
			cover_add_hits(&old->v[k].hits, &r->v[k].hits);
			for (uint32_t j = 0; j < r->v[k].n_items; j++)
				cover_add_hits(&old->v[k].items[j].hits, &r->v[k].items[j].hits);
		}
		return;
	}
	c->rules = mem_grow(c->rules, &c->rules_cap, c->n_rules + 1, sizeof(*c->rules));
	c->rules[c->n_rules++] = *r;
}

void coverage_add(struct coverage *c, const struct cover_plan *p, const struct cover_log *l)
{
	struct cover_rule *rules = xcalloc(p->n_trees + 1, sizeof(*rules));
	size_t most = 0;
	struct cover_view v;
	uint32_t *cost;

	for (size_t t = 0; t < p->n_trees; t++) {
		make_rule(c, p, &p->trees[t], &rules[t]);
		most = p->trees[t].x.n > most ? p->trees[t].x.n : most;
	}
	cost = xcalloc(most + 1, sizeof(*cost));
	cover_view_init(&v, p);
	for (uint32_t s = 0; s < l->keys.n; s++) {
		cover_view_open(&v, l, s);
		for (size_t t = 0; t < p->n_trees; t++)
			if (event_set_has(&p->trees[t].events, v.type))
				count_view(p, &p->trees[t].x, &rules[t], &v, cost);
	}
	for (size_t t = 0; t < p->n_trees; t++) {
		count_types(p, &p->trees[t], &rules[t], l);
		add_rule(c, &rules[t]);
	}
	for (unsigned t = 0; t < EV__N; t++)
		c->n_events += l->types[t];
	c->n_situations += l->keys.n;
	c->n_dropped += l->n_dropped;
	cover_view_release(&v);
	free(cost);
	free(rules);
}
