/* SPDX-License-Identifier: Apache-2.0 */
/* Where one can go from a row of a query. */
#include <string.h>

#include "analyze/browse/model/links.h"
#include "analyze/browse/model/query_parts.h"

/* Of rows whose process is an ancestor only the first pass knows. */
static const struct row *row_of(struct query *q, uint64_t id)
{
	const struct table *all = scan_processes(q->b->base);
	const struct row *r = table_find(q->table, id);

	return r || q->view->kind != VIEW_TREE || !all ? r : table_find(all, id);
}

/* A copy that is safe without the lock. */
static struct row *copy_row(struct query *q, uint64_t id, struct arena *a)
{
	const size_t cells = q->view->n_columns * sizeof(struct cell);
	const struct row *r;
	struct row *c = NULL;

	browse_lock(q->b);
	r = row_of(q, id);
	if (r) {
		c = arena_alloc(a, sizeof(*c) + cells);
		memcpy(c, r, sizeof(*c) + cells);
		c->key = (const uint8_t *)arena_strn(a, r->key, r->key_len);
		if (r->process) {
			c->process = arena_alloc(a, sizeof(*c->process));
			*c->process = *r->process;
		}
		for (unsigned i = 0; i < q->view->n_columns; i++)
			if (c->cells[i].room)
				c->cells[i].text = arena_strn(a, c->cells[i].text,
							      c->cells[i].len);
	}
	browse_unlock(q->b);
	return c;
}

static unsigned cell_links(struct query *q, uint64_t row, struct link out[LINKS_MAX],
			   struct arena *a)
{
	struct slices s = scan_slices(q->scan);
	const struct row *r;
	struct spectrum_key k;

	browse_lock(q->b);
	r = table_find(q->table, row);
	if (r)
		memcpy(&k, r->key, sizeof(k));
	s.width = q->table->width;
	browse_unlock(q->b);
	return r ? links_of_cell(q->view, &k, &s, out, a) : 0;
}

unsigned query_links(struct query *q, uint64_t row, struct link out[LINKS_MAX],
		     struct arena *a)
{
	const struct row *r;
	unsigned at, n;
	bool inside;

	if (q->view->kind == VIEW_SPECTRUM)
		return cell_links(q, row, out, a);
	r = copy_row(q, row, a);
	if (!r)
		return 0;
	scan_has(q->scan, q->view, &at);
	n = links_of_row(q->b, &q->scan->plan.views[at], r, out, a);
	browse_lock(q->b);
	inside = table_find(q->table, row) != NULL;
	browse_unlock(q->b);
	for (unsigned i = 0; i < n && !inside; i++)	/* the focus has nothing of it */
		out[i].alone = true;
	return n;
}
