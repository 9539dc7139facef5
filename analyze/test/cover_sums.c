/* SPDX-License-Identifier: Apache-2.0 */
/* Rules in order, and the places that they share. */
#include <stdlib.h>
#include <string.h>

#include "analyze/test/cover_print.h"

void cover_add_hits(struct cover_hits *a, const struct cover_hits *b)
{
	a->is[0] += b->is[0];
	a->is[1] += b->is[1];
	a->decided += b->decided;
	cover_nearer(&a->near, &b->near);
}

static int order_places(const struct cover_place *a, const struct cover_place *b)
{
	const int r = strcmp(a->file, b->file);

	if (r)
		return r;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return (a->column > b->column) - (a->column < b->column);
}

static int order_rules(const void *a, const void *b)
{
	const struct cover_rule *x = a, *y = b;
	int r = order_places(&x->place, &y->place);

	r = r ? r : strcmp(x->name, y->name);
	return r ? r : strcmp(x->step ? x->step : "", y->step ? y->step : "");
}

static int order_sites(const void *a, const void *b)
{
	const struct cover_site *x = a, *y = b;
	const int r = order_places(&x->place, &y->place);

	if (r || x->kind != y->kind)
		return r ? r : x->kind < y->kind ? -1 : 1;
	return strcmp(x->text, y->text);
}

static void add_site(struct coverage *c, const struct cover_site *s, bool repeat)
{
	struct cover_site *new;

	c->sites = mem_grow(c->sites, &c->sites_cap, c->n_sites + 1, sizeof(*c->sites));
	new = &c->sites[c->n_sites++];
	*new = *s;
	new->n_rules = !repeat;
	if (repeat)	/* the same events once more */
		new->hits.is[0] = new->hits.is[1] = 0;
}

static void add_part(struct coverage *c, const struct cover_part *p, const char *macro)
{
	const int kind = cover_part_kind(p);

	if (kind < 0)
		return;
	add_site(c, &(struct cover_site){ p->place, p->text, macro, p->hits, (uint8_t)kind },
		 p->repeat);
	for (uint32_t i = 0; i < p->n_items; i++) {
		const struct cover_part_item *item = &p->items[i];

		add_site(c, &(struct cover_site){ item->place, item->text, item->list, item->hits,
						  COVER_ITEM }, p->repeat);
	}
}

/* Sites of the parts from..end, which stand in the macro, or in the rule itself. */
static void add_parts(struct coverage *c, const struct cover_rule *r, uint32_t from,
		      uint32_t end, const char *macro)
{
	for (uint32_t i = from; i < end; i++) {
		const struct cover_part *p = &r->v[i];

		add_part(c, p, macro);
		if (p->kind != EXPLAIN_MACRO)
			continue;
		add_parts(c, r, i + 1, p->end, p->text);
		i = p->end - 1;
	}
}

static void add_sites(struct coverage *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_rules; i++) {
		const struct cover_rule *r = &c->rules[i];

		if (!r->step)
			add_site(c, &(struct cover_site){ r->place, r->name, NULL, r->v[0].hits,
							  COVER_RULE }, false);
		add_parts(c, r, 0, (uint32_t)r->n, NULL);
	}
	qsort(c->sites, c->n_sites, sizeof(*c->sites), order_sites);
	for (size_t i = 0; i < c->n_sites; i++) {
		if (n && order_sites(&c->sites[n - 1], &c->sites[i]) == 0) {
			cover_add_hits(&c->sites[n - 1].hits, &c->sites[i].hits);
			c->sites[n - 1].n_rules += c->sites[i].n_rules;
		} else {
			c->sites[n++] = c->sites[i];
		}
	}
	c->n_sites = n;
}

static void sum_up(struct cover_sum *s, const struct cover_hits *h)
{
	s->n++;
	s->is_true += h->is[1] > 0;
	s->is_false += h->is[0] > 0;
	s->both += h->is[0] > 0 && h->is[1] > 0;
	s->decided += h->decided > 0;
}

void coverage_finish(struct coverage *c, const char *const *tests, uint32_t n_tests)
{
	c->tests = tests;
	c->n_tests = n_tests;
	qsort(c->rules, c->n_rules, sizeof(*c->rules), order_rules);
	add_sites(c);
	for (size_t i = 0; i < c->n_sites; i++)
		sum_up(&c->sums[c->sites[i].kind], &c->sites[i].hits);
}

void coverage_rule_sums(const struct cover_rule *r, struct cover_sum sums[COVER__N])
{
	memset(sums, 0, COVER__N * sizeof(*sums));
	sum_up(&sums[COVER_RULE], &r->v[0].hits);
	for (size_t i = 0; i < r->n; i++) {
		const struct cover_part *p = &r->v[i];

		const int kind = cover_part_kind(p);

		if (kind < 0 || p->repeat)
			continue;
		sum_up(&sums[kind], &p->hits);
		for (uint32_t k = 0; k < p->n_items; k++)
			sum_up(&sums[COVER_ITEM], &p->items[k].hits);
	}
}

double coverage_percent(const struct coverage *c)
{
	return cover_share(c->sums[COVER_PREDICATE].both, c->sums[COVER_PREDICATE].n);
}
