/* SPDX-License-Identifier: Apache-2.0 */
/* How tables and trees look.  While a query fills, rows move: the chosen one is kept by its id, and
 * the first row stays chosen until the user moves. */
#include <inttypes.h>

#include "analyze/browse/front/table_parts.h"
#include "analyze/browse/front/tree_rows.h"

/* ---- which rows ----------------------------------------------------------------- */

static void settle(struct frame *f, int height)
{
	struct query_status s;

	query_status(f->q, &s);
	if (s.generation != f->seen && f->chosen) {
		const size_t at = query_find(f->q, f->id);

		if (at != SIZE_MAX) {
			const size_t line = f->row - f->top;

			f->row = at;
			f->top = at > line ? at - line : 0;
		}
	} else if (s.generation != f->seen && table_is_tree(f)) {
		f->row = query_first(f->q);
	}
	f->seen = s.generation;
	if (f->row >= s.n_rows)
		f->row = s.n_rows ? s.n_rows - 1 : 0;
	if (f->row < f->top)
		f->top = f->row;
	if (height > 0 && f->row >= f->top + (size_t)height)
		f->top = f->row - (size_t)height + 1;
	if (f->top > 0 && f->top + (size_t)height > s.n_rows)
		f->top = s.n_rows > (size_t)height ? s.n_rows - (size_t)height : 0;
}

/* ---- their looks ---------------------------------------------------------------- */

/* The column that the lines of a tree stand in. */
static unsigned lead_column(const struct frame *f)
{
	for (unsigned i = 0; table_is_tree(f) && i < f->view->n_columns; i++)
		if (f->view->columns[i].width == 0)
			return i;
	return VIEW_COLUMNS_MAX;
}

static enum term_role role_of(const struct view_column *col, const struct datum *c)
{
	if (col->unit == UNIT_SEVERITY && c->known)
		return severity_role((unsigned)c->u);
	return col->gather == GATHER_ALERTS && c->known && c->u > 0 ? ROLE_BADGE : ROLE_TEXT;
}

static void draw_cell(struct ui *u, const struct frame *f, const struct query_row *r,
		      const struct column_place *p, int row, enum term_role role)
{
	const struct view_column *col = &f->view->columns[p->column];
	const struct datum *c = &r->cells[p->column];
	struct buf b = {0};

	if (p->column == lead_column(f))
		tree_text(u, f, r, p, &b);
	else
		ui_datum(u, &b, c, col->unit, false);
	table_cell(f, p, row, role == ROLE_TEXT ? role_of(col, c) : role, &b, 0);
	buf_release(&b);
}

static void draw_row(struct ui *u, const struct frame *f, const struct query_row *r,
		     const struct columns *c, int row, bool chosen)
{
	const enum term_role role = chosen ? ROLE_SELECTED : r->beside ? ROLE_DIM : ROLE_TEXT;

	if (chosen)
		term_fill(row, 0, term_columns(), role);
	for (unsigned i = 0; i < c->n; i++)
		draw_cell(u, f, r, &c->v[i], row, role);
	if (r->n_alerts && table_is_tree(f))
		term_mark(row, 0, 1, severity_role(r->worst));
}

void table_draw(struct ui *u, struct frame *f, int row, int height)
{
	struct query_status s;
	struct columns c;

	if (!f->own_sort && f->sort != browse_sort(u->b, f->view)) {	/* live: it is told now */
		f->sort = browse_sort(u->b, f->view);
		query_sort(f->q, f->sort, f->ascending);
	}
	settle(f, height - 1);
	query_status(f->q, &s);
	query_rows(f->q, f->top, height > 1 ? (size_t)height - 1 : 0, &f->rows);
	table_place(u, f, &c);
	for (unsigned i = 0; table_is_tree(f) && i < c.n; i++)
		if (c.v[i].column == lead_column(f))
			tree_shift(f, c.v[i].width);
	table_head(f, &c, row);
	if (f->rows.n == 0)
		frame_draw_nothing(u, f, &s, row + 1);
	for (size_t i = 0; i < f->rows.n && (int)i < height - 1; i++)
		draw_row(u, f, &f->rows.v[i], &c, row + 1 + (int)i,
			 f->rows.first + i == f->row);
}

void table_status(struct ui *u, struct frame *f, struct buf *out)
{
	struct query_status s;

	query_status(f->q, &s);
	if (s.n_rows)
		buf_printf(out, "%zu of %zu", f->row + 1, s.n_rows);
	else
		buf_str(out, "no rows");
	buf_printf(out, "  %" PRIu64 " events", s.n_events);
	if (!s.complete && !s.live)
		buf_printf(out, "  %u%%", s.permille / 10);
	if (s.n_evicted)
		buf_printf(out, "  %" PRIu64 " small rows left out", s.n_evicted);
	if (f->search && *f->search)
		buf_printf(out, "  with \"%s\"", f->search);
	if (f->skip)
		buf_printf(out, "  %u levels out of sight", f->skip);
	if (f->at_cursor)
		buf_str(out, "  alive at the cursor");
	if (s.failed)
		buf_printf(out, "  %s", s.failed);
}
