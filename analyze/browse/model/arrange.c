/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/browse/model/arrange.h"

#include <stdlib.h>
#include <string.h>

#include "rules/set/ruleset.h"

static bool is_text(const struct view_column *c)
{
	return c->unit == UNIT_TEXT && (c->gather == GATHER_FIRST || c->gather == GATHER_LAST);
}

struct datum datum_of(const struct view *v, const struct shown *s, unsigned column,
		      uint64_t range)
{
	const struct view_column *col = &v->columns[column];
	const struct cell *c = &s->row->cells[column];
	struct datum d = { .known = c->has, .u = c->u };

	if (col->gather == GATHER_ALERTS) {
		const struct row *p = s->process ? s->process : s->row;

		d.u = p->process ? p->process->n_alerts : 0;
		d.known = d.u > 0;
		return d;
	}
	if (!c->has)
		return d;
	if (is_text(col)) {
		d.text = c->text;
		d.len = c->len;
		d.u = 0;
	} else if (col->gather == GATHER_MEAN) {
		d.u = c->n ? c->u / c->n : 0;
	} else if (col->gather == GATHER_RATE) {
		d.u = (uint64_t)((double)c->u * 1e9 / (double)(range ? range : 1));
	} else if (col->gather == GATHER_DISTINCT) {
		d.more = c->u > DISTINCT_MAX;
		d.u = d.more ? DISTINCT_MAX : c->u;
	}
	d.is_signed = unit_is_id(col->unit);
	return d;
}

/* ---- order ---- */

static int compare_numbers(uint64_t x, uint64_t y)
{
	return x < y ? -1 : x > y;
}

static int compare_texts(const struct datum *x, const struct datum *y)
{
	const uint32_t n = x->len < y->len ? x->len : y->len;
	const int c = n ? memcmp(x->text, y->text, n) : 0;

	return c ? c : compare_numbers(x->len, y->len);
}

/* What is not known stands last in any order. */
int arrange_compare(const void *a, const void *b, void *arg)
{
	const struct arrange *o = arg;
	const struct shown *x = a, *y = b;
	const struct view_column *col = &o->view->columns[o->column];
	const struct datum dx = datum_of(o->view, x, o->column, 1);
	const struct datum dy = datum_of(o->view, y, o->column, 1);
	int c = 0;

	if (dx.known != dy.known)
		return dx.known ? -1 : 1;
	if (dx.known && is_text(col))
		c = compare_texts(&dx, &dy);
	else if (dx.known && unit_is_id(col->unit))
		c = (int64_t)dx.u < (int64_t)dy.u ? -1 : dx.u != dy.u;
	else if (dx.known)
		c = compare_numbers(dx.u, dy.u);
	if (c)
		return o->ascending ? c : -c;
	c = compare_numbers(y->row->n_events, x->row->n_events);
	return c ? c : compare_numbers(x->row->hash, y->row->hash);
}

/* ---- what is searched for ---- */

static bool has_text(const struct arrange *a, const struct row *r)
{
	const size_t len = strlen(a->search);

	for (unsigned i = 0; i < a->view->n_columns; i++) {
		const struct cell *c = &r->cells[i];

		if (!c->has || !is_text(&a->view->columns[i]))
			continue;
		for (uint32_t at = 0; at + len <= c->len; at++)
			if (strncasecmp(c->text + at, a->search, len) == 0)
				return true;
	}
	return false;
}

static bool has_number(const struct arrange *a, const struct row *r)
{
	char *end;
	const uint64_t n = strtoull(a->search, &end, 10);

	if (end == a->search || *end)
		return false;
	for (unsigned i = 0; i < a->view->n_columns; i++)
		if (unit_is_id(a->view->columns[i].unit) && r->cells[i].has && r->cells[i].u == n)
			return true;
	return false;
}

static bool fits(const struct arrange *a, const struct row *r)
{
	return !*a->search || has_text(a, r) || has_number(a, r);
}

struct shown *arrange_rows(const struct arrange *a, size_t *n)
{
	const struct table *t = a->rows;
	struct shown *v = xmalloc(mem_mul(t->n + 1, sizeof(*v)));

	*n = 0;
	for (size_t i = 0; i < t->n; i++) {
		const struct row *r = t->rows[i];

		if (!fits(a, r))
			continue;
		v[*n] = (struct shown){ .row = r };
		if (r->process)
			v[*n].process = a->processes ? table_find(a->processes, r->hash) : r;
		++*n;
	}
	if (a->view->kind == VIEW_TREE)
		return arrange_tree(a, v, n);
	qsort_r(v, *n, sizeof(*v), arrange_compare, (void *)(uintptr_t)a);
	return v;
}
