/* SPDX-License-Identifier: Apache-2.0 */
/* How the first screen looks: of each panel a title and as many rows as there is room for. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analyze/browse/front/cell.h"
#include "analyze/browse/front/overview_parts.h"
#include "analyze/browse/front/table_cells.h"

enum { NUMBER_WIDTH = 9, ROOMY = 24 };

static void list_rows(struct overview *o, int height)
{
	int spare = height - FACTS - (height > ROOMY ? 2 * PANELS - 1 : PANELS);

	o->n = 0;
	for (unsigned i = 0; i < PANELS; i++) {
		struct query_status s;
		size_t n;

		if (!o->q[i])
			continue;
		query_status(o->q[i], &s);
		/* alerts take what the others leave */
		n = (size_t)(spare / (int)(PANELS - i) > 1 ? spare / (int)(PANELS - i) : 1);
		if (i == 0)
			n++;
		n = s.n_rows < n ? s.n_rows : n;
		n = n < PANEL_ROWS_MAX ? n : PANEL_ROWS_MAX;
		spare -= (int)n;
		o->v[o->n++] = (struct overview_row){ i, SIZE_MAX };
		for (size_t k = 0; k < n; k++)
			o->v[o->n++] = (struct overview_row){ i, k };
	}
}

static void put_columns(const struct overview *o, unsigned panel, struct buf *out)
{
	const char *sep = "";

	for (unsigned i = 0; i < PANEL_COLUMNS; i++) {
		if (overview_column(o, panel, i) < 0)
			continue;
		buf_printf(out, "%s%s", sep, panels[panel].columns[i]);
		sep = ", ";
	}
}

/* "Critical 2, Error 1" */
static void put_severities(struct ui *u, struct buf *out)
{
	struct browse_progress p;
	const char *sep = "";

	browse_progress(u->b, &p);
	for (unsigned i = 0; i < PRIORITY__N; i++)
		if (p.n_alerts[i]) {
			buf_printf(out, "%s%s %" PRIu64, sep, priority_name[i], p.n_alerts[i]);
			sep = ", ";
		}
}

/* How many alerts there are is known of the whole recording only. */
static bool has_severities(const struct ui *u, unsigned panel)
{
	const struct crumbs *c = &ui_top(u)->crumbs;

	return strcmp(panels[panel].view, "alerts") == 0 && c->n == 0 &&
		!crumbs_range(c);
}

static void draw_title(struct ui *u, const struct overview *o, unsigned panel, int row,
		       bool chosen)
{
	struct query_status s;
	struct buf tail = {0};
	char text[120];
	int n;

	query_status(o->q[panel], &s);
	n = snprintf(text, sizeof(text), "%s  %zu%s", panels[panel].title, s.n_rows,
		     s.complete || s.live ? "" : " ...");
	if (has_severities(u, panel))
		put_severities(u, &tail);
	else
		put_columns(o, panel, &tail);
	if (chosen)
		term_fill(row, 0, term_columns(), ROLE_SELECTED);
	term_put(row, 1, -1, chosen ? ROLE_SELECTED : ROLE_KEY, text);
	term_quoted(row, n + 4, -1, chosen ? ROLE_SELECTED : ROLE_DIM, tail.p, tail.len, false);
	buf_release(&tail);
}

/* Numbers stand at the right; the columns that it took. */
static int draw_cell(const struct ui *u, const struct datum *c, const struct view_column *col,
		     int row, int at, enum term_role role)
{
	const int width = unit_is_right(col->unit) ? NUMBER_WIDTH :
		col->width ? col->width : term_columns() - at;
	struct buf b = {0};
	int indent = 0;

	ui_datum(u, &b, c, col->unit, false);
	if (unit_is_right(col->unit))
		indent = width - (int)cell_width(b.p, b.len, (size_t)width, term_utf8());
	term_quoted(row, at + indent, width - indent, role, b.p, b.len, false);
	buf_release(&b);
	return width;
}

static void draw_row(struct ui *u, struct overview *o, const struct overview_row *r, int row,
		     bool chosen)
{
	const struct query_row *const cells = overview_query_row(o, r);
	const struct view *const v = query_view(o->q[r->panel]);
	const enum term_role role = chosen ? ROLE_SELECTED : ROLE_TEXT;
	int at = 3;

	if (chosen)
		term_fill(row, 0, term_columns(), role);
	for (unsigned i = 0; cells && i < PANEL_COLUMNS; i++) {
		const int c = overview_column(o, r->panel, i);
		const bool severity = c >= 0 && v->columns[c].unit == UNIT_SEVERITY;

		if (c >= 0)
			at += 2 + draw_cell(u, &cells->cells[c], &v->columns[c], row, at,
					    severity && !chosen ?
					    severity_role((unsigned)cells->cells[c].u) : role);
	}
}

/* A recording that grows may tell by now what a view is sorted by. */
static void sort_as_told(struct overview *o)
{
	for (unsigned i = 0; i < PANELS; i++) {
		const struct view *const v = o->q[i] ? query_view(o->q[i]) : NULL;

		if (!v || panels[i].sort || o->sort[i] == browse_sort(o->b, v))
			continue;
		o->sort[i] = browse_sort(o->b, v);
		query_sort(o->q[i], o->sort[i], v->ascending);
	}
}

/* Some rows below the chosen one stay in sight, unless all are. */
static void settle(struct frame *f, size_t room)
{
	const size_t n = f->overview->n;

	if (f->row >= n)
		f->row = n ? n - 1 : 0;
	if (f->row < f->top)
		f->top = f->row;
	if (f->row >= f->top + room - room / 4)
		f->top = f->row - (room - room / 4) + 1;
	if (n + PANELS <= room)
		f->top = 0;
}

void overview_draw(struct ui *u, struct frame *f, int row, int height)
{
	struct overview *o = f->overview;
	const size_t room = height > FACTS ? (size_t)(height - FACTS) : 0;

	sort_as_told(o);
	overview_draw_facts(u, row);
	list_rows(o, height);
	settle(f, room);
	for (size_t i = f->top, line = 0; i < o->n && line < room; i++, line++) {
		const struct overview_row *r = &o->v[i];
		const bool is_title = r->row == SIZE_MAX;

		/* a line apart where there is room for it */
		if (is_title && i > f->top && height > ROOMY && ++line >= room)
			break;
		if (is_title)
			draw_title(u, o, r->panel, row + FACTS + (int)line, i == f->row);
		else
			draw_row(u, o, r, row + FACTS + (int)line, i == f->row);
	}
}
