/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/browse/front/table_cells.h"

#include <stdio.h>
#include <string.h>

#include "analyze/browse/front/cell.h"
#include "analyze/browse/front/found.h"

bool unit_is_right(enum unit unit)
{
	return unit != UNIT_TEXT && unit != UNIT_TIME && unit != UNIT_SEVERITY &&
		unit != UNIT_BAR;
}

void ui_datum(const struct ui *u, struct buf *out, const struct datum *c, enum unit unit,
	      bool exact)
{
	if (!c->known)
		return;
	if (unit == UNIT_TEXT && c->text)
		buf_put(out, c->text, c->len);
	else
		datum_text(out, c, unit, ui_offset(u), exact);
}

void table_place(const struct ui *u, struct frame *f, struct columns *out)
{
	columns_place(f->view, frame_hidden(u, f), &f->first_column, term_columns(), out);
}

/* Columns in front of the text in its place. */
static int indent(enum unit unit, int width, const void *p, size_t len)
{
	const int w = unit_is_right(unit) ?
		(int)cell_width(p, len, (size_t)width + 1, term_utf8()) : width;

	return w < width ? width - w : 0;
}

static const char *sort_mark(const struct frame *f, unsigned column)
{
	if (!f->q || column != f->sort)
		return "";
	return term_utf8() ? (f->ascending ? "▴" : "▾") : f->ascending ? "^" : "v";
}

void table_head(const struct frame *f, const struct columns *c, int row)
{
	term_fill(row, 0, term_columns(), ROLE_HEAD);
	for (unsigned i = 0; i < c->n; i++) {
		const struct column_place *p = &c->v[i];
		const struct view_column *col = &f->view->columns[p->column];
		char text[64];
		int at;

		snprintf(text, sizeof(text), "%s%s", col->name, sort_mark(f, p->column));
		at = indent(col->unit, p->width, text, strlen(text));
		term_put(row, p->at + at, p->width - at, ROLE_HEAD, text);
	}
}

void table_cell(const struct frame *f, const struct column_place *p, int row, enum term_role role,
		const struct buf *text, unsigned flags)
{
	const struct view_column *col = &f->view->columns[p->column];
	const int at = indent(col->unit, p->width, text->p, text->len);

	if (view_is_path(col, text->p, text->len))
		flags |= FOUND_PATH;
	found_put(row, p->at + at, p->width - at, role, text->p, text->len,
		  col->unit == UNIT_TEXT ? f->search : NULL, flags);
}
