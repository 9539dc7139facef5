/* SPDX-License-Identifier: Apache-2.0 */
/* The clerk's part of queries: it puts their rows in order, and it alone frees them, as it may be
 * at work on one that is closed. */
#include <stdlib.h>
#include <string.h>

#include "analyze/browse/model/query_parts.h"

static void query_free(struct query *q)
{
	free(q->rows);
	free(q->search);
	free(q->folded);
	free(q);
}

void queries_free(struct browse *b)
{
	while (b->queries) {
		struct query *const q = b->queries;

		b->queries = q->next;
		query_free(q);
	}
}

static void arrange(struct query *q)
{
	struct browse *const b = q->b;
	struct arrange a = { .rows = q->table, .view = q->view,
			     .processes = scan_processes(b->base) };
	struct shown *rows, *old;
	uint64_t *folded;
	char *search;
	uint64_t told;
	size_t n;

	browse_lock(b);
	a.column = q->column;
	a.ascending = q->ascending;
	a.at_ts = q->at_ts;
	a.search = search = xstrdup(q->search);
	a.n_folded = q->n_folded;
	a.folded = folded = xmalloc(mem_mul(a.n_folded + 1, sizeof(*folded)));
	if (a.n_folded)
		memcpy(folded, q->folded, a.n_folded * sizeof(*folded));
	told = q->scan->generation + b->base->generation;
	q->dirty = false;
	browse_unlock(b);
	rows = arrange_rows(&a, &n);
	browse_lock(b);
	old = q->rows;
	q->rows = rows;
	q->n_rows = n;
	q->arranged = told;
	q->generation++;
	browse_unlock(b);
	free(old);
	free(search);
	free(folded);
}

static struct query *find_due(struct browse *b)
{
	struct query **at = &b->queries;

	while (*at) {
		struct query *const q = *at;

		if (q->closed) {
			*at = q->next;
			query_free(q);
			continue;
		}
		if (q->dirty || q->arranged != q->scan->generation + b->base->generation)
			return q;
		at = &q->next;
	}
	return NULL;
}

bool queries_arrange(struct browse *b)
{
	struct query *q;
	bool any = false;

	do {
		browse_lock(b);
		q = find_due(b);
		browse_unlock(b);
		if (q)
			arrange(q);
		any |= q != NULL;
	} while (q);
	return any;
}
