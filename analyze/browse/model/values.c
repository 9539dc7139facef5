/* SPDX-License-Identifier: Apache-2.0 */
/* Values that have been seen, for completion: what the columns of all views that were gathered so
 * far have of a field. */
#include <stdlib.h>
#include <string.h>

#include "analyze/browse/model/inside.h"

enum { ROWS_LOOKED_AT = 20000 };

struct found {
	const char **v;
	size_t n, max;
	const char *begin;
	size_t begin_len;
	struct arena *a;
};

static void add(struct found *f, const char *p, size_t len)
{
	if (f->n == f->max || len < f->begin_len || memcmp(p, f->begin, f->begin_len) != 0)
		return;
	for (size_t i = 0; i < f->n; i++)
		if (strlen(f->v[i]) == len && memcmp(f->v[i], p, len) == 0)
			return;
	f->v[f->n++] = arena_strn(f->a, p, len);
}

static void add_types(struct found *f)
{
	for (unsigned t = 1; t < EV__N; t++)
		if (!(catalog[t].flags & EF_PSEUDO))
			add(f, catalog[t].name, strlen(catalog[t].name));
}

static void add_cell(struct found *f, const struct view_column *col, const struct cell *c)
{
	char text[24];

	if (!c->has)
		return;
	if (col->unit == UNIT_TEXT)
		add(f, c->text, c->len);
	else
		add(f, text, (size_t)snprintf(text, sizeof(text), "%lld", (long long)c->u));
}

static void add_table(struct found *f, const char *field, const struct table *t)
{
	for (unsigned i = 0; i < t->view->n_columns; i++) {
		const struct view_column *col = &t->view->columns[i];

		if (!col->field || strcmp(col->field, field) != 0
		    || (col->gather != GATHER_FIRST && col->gather != GATHER_LAST))
			continue;
		for (size_t r = 0; r < t->n && r < ROWS_LOOKED_AT && f->n < f->max; r++)
			add_cell(f, col, &t->rows[r]->cells[i]);
	}
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

size_t browse_values(struct browse *b, const char *field, const char *text, const char **out,
		     size_t max, struct arena *a)
{
	struct found f = { .v = out, .max = max, .begin = text, .begin_len = strlen(text), .a = a };

	if (strcmp(field, "evt.type") == 0 || strcmp(field, "syscall.type") == 0)
		add_types(&f);
	browse_lock(b);
	for (const struct scan *s = b->scans; s; s = s->next)
		for (unsigned i = 0; i < s->plan.n_views; i++)
			add_table(&f, field, &s->tables[i]);
	browse_unlock(b);
	if (f.n)
		qsort(out, f.n, sizeof(*out), by_text);
	return f.n;
}
