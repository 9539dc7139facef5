/* SPDX-License-Identifier: Apache-2.0 */
/* Tables and trees: rows of a query.  While it fills, rows move: the chosen one is kept by its id,
 * and the first row stays chosen until the user moves. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/browse/front/tree_rows.h"

static bool is_tree(const struct frame *f)
{
	return f->view->kind == VIEW_TREE;
}

static int open_table(struct ui *u, struct frame *f)
{
	struct focus focus;

	crumbs_focus(&f->crumbs, &focus);
	f->q = query_open(u->b, f->view, &focus);
	if (!f->q)
		return -1;
	if (f->sort != browse_sort(u->b, f->view) || f->ascending != f->view->ascending)
		query_sort(f->q, f->sort, f->ascending);
	if (f->search)
		query_search(f->q, f->search);
	if (f->at_cursor)
		query_at(f->q, u->cursor);
	f->seen = 0;
	return 0;
}

static void close_table(struct frame *f)
{
	query_close(f->q);
	query_rows_release(&f->rows);
	f->q = NULL;
}

/* ---- where the chosen row is ---------------------------------------------------- */

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
	} else if (s.generation != f->seen && is_tree(f)) {
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

static const struct query_row *chosen_row(struct frame *f)
{
	if (f->row < f->rows.first || f->row >= f->rows.first + f->rows.n)
		query_rows(f->q, f->row, 1, &f->rows);
	if (f->row < f->rows.first || f->row >= f->rows.first + f->rows.n)
		return NULL;
	return &f->rows.v[f->row - f->rows.first];
}

static void choose(struct frame *f, size_t row)
{
	struct query_status s;
	const struct query_row *r;

	query_status(f->q, &s);
	if (s.n_rows == 0)
		return;
	f->row = row < s.n_rows ? row : s.n_rows - 1;
	r = chosen_row(f);
	if (r)
		f->id = r->id;
	f->chosen = r && (f->row > 0 || is_tree(f));
}

/* ---- drawing -------------------------------------------------------------------- */

/* The column that the lines of a tree stand in. */
static unsigned lead_column(const struct frame *f)
{
	for (unsigned i = 0; is_tree(f) && i < f->view->n_columns; i++)
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
	if (r->n_alerts && is_tree(f))
		term_mark(row, 0, 1, severity_role(r->worst));
}

static void draw_empty(const struct ui *u, const struct frame *f, const struct query_status *s,
		       int row)
{
	term_put(row, 2, -1, s->failed ? ROLE_ERROR : ROLE_DIM, frame_nothing(u, f, s));
}

static void draw_table(struct ui *u, struct frame *f, int row, int height)
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
	for (unsigned i = 0; is_tree(f) && i < c.n; i++)
		if (c.v[i].column == lead_column(f))
			tree_shift(f, c.v[i].width);
	table_head(f, &c, row);
	if (f->rows.n == 0)
		draw_empty(u, f, &s, row + 1);
	for (size_t i = 0; i < f->rows.n && (int)i < height - 1; i++)
		draw_row(u, f, &f->rows.v[i], &c, row + 1 + (int)i,
			 f->rows.first + i == f->row);
}

static void status_table(struct ui *u, struct frame *f, struct buf *out)
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

/* ---- keys ----------------------------------------------------------------------- */

static void sort_by(struct frame *f, unsigned column, bool ascending)
{
	f->sort = column;
	f->ascending = ascending;
	f->own_sort = true;
	query_sort(f->q, column, ascending);
}

/* Texts from A, numbers from the largest. */
void table_sort(struct frame *f, unsigned column)
{
	const struct view_column *c = &f->view->columns[column];

	if (column == f->sort)
		sort_by(f, column, !f->ascending);
	else
		sort_by(f, column, c->unit == UNIT_TEXT || c->unit == UNIT_TIME ||
			c->unit == UNIT_SEVERITY || unit_is_id(c->unit));
}

static void next_sort(const struct ui *u, struct frame *f)
{
	const uint32_t hidden = frame_hidden(u, f);

	for (unsigned i = 1; i <= f->view->n_columns; i++) {
		const unsigned k = (f->sort + i) % f->view->n_columns;

		if (!(hidden >> k & 1)) {
			table_sort(f, k);
			return;
		}
	}
}

/* In a tree, left and right close and open what is below. */
static void sideways(struct frame *f, int direction)
{
	const struct query_row *r = chosen_row(f);

	if (!is_tree(f)) {
		if (direction > 0)
			f->first_column++;
		else if (f->first_column > 0)
			f->first_column--;
		return;
	}
	if (r && r->has_children && r->folded == (direction > 0))
		query_fold(f->q, r->id, direction < 0);
	else if (r)
		choose(f, direction > 0 ? f->row + 1 : f->row > 0 ? f->row - 1 : 0);
}

static void move_by(struct frame *f, long by)
{
	choose(f, by < 0 && (size_t)-by > f->row ? 0 : f->row + (size_t)by);
}

/* Rows that are here for what is below them were not searched for. */
static void next_found(struct ui *u, struct frame *f, int direction)
{
	const struct query_row *r;
	size_t at = f->row;

	if (!f->search) {
		ui_say(u, "nothing is searched for: /");
		return;
	}
	do {
		f->row += (size_t)direction;
		r = f->row == SIZE_MAX ? NULL : chosen_row(f);
	} while (r && r->beside);
	if (r)
		at = f->row;
	else
		ui_say(u, "this is the %s row with \"%s\"", direction > 0 ? "last" : "first",
		       f->search);
	choose(f, at);
}

static void find(struct frame *f, const char *text)
{
	free(f->search);
	f->search = text && *text ? xstrdup(text) : NULL;
	query_search(f->q, f->search);
	f->row = f->top = 0;
	f->chosen = false;
}

/* The focus is one file or connection: what leads to files would lead back to it. */
static bool is_of_one_fd(const struct crumbs *c)
{
	for (unsigned i = 0; i < c->n; i++)
		if (strncmp(c->v[i], "fd.name = ", 10) == 0)
			return true;
	return false;
}

static bool enter(struct ui *u, struct frame *f)
{
	struct link links[LINKS_MAX];
	const struct query_row *r = chosen_row(f);
	const unsigned n = r ? query_links(f->q, r->id, links, &u->arena) : 0;

	if (n == 0)
		return false;
	if (n > 1 && strcmp(links[0].view, "files") == 0 && is_of_one_fd(&f->crumbs))
		return ui_follow_link(u, &links[1]);	/* its events */
	if (links[0].num && strcmp(links[0].view, "events") == 0)	/* it is one event */
		return ui_show_event(u, links[0].num);
	return ui_follow_link(u, &links[0]);
}

static bool act_table(struct ui *u, struct frame *f, enum action a)
{
	const int page = f->height > 2 ? f->height - 2 : 1;
	struct query_status s;

	switch (a) {
	case ACT_DOWN: move_by(f, 1); return true;
	case ACT_UP: move_by(f, -1); return true;
	case ACT_NEXT: next_found(u, f, 1); return true;
	case ACT_PREV: next_found(u, f, -1); return true;
	case ACT_BACK:
		if (!f->search)
			return false;
		find(f, NULL);
		return true;
	case ACT_PAGE_DOWN: move_by(f, page); return true;
	case ACT_PAGE_UP: move_by(f, -page); return true;
	case ACT_HALF_DOWN: move_by(f, page / 2); return true;
	case ACT_HALF_UP: move_by(f, -page / 2); return true;
	case ACT_TOP: choose(f, 0); return true;
	case ACT_BOTTOM:
		query_status(f->q, &s);
		choose(f, s.n_rows ? s.n_rows - 1 : 0);
		return true;
	case ACT_LEFT: sideways(f, -1); return true;
	case ACT_RIGHT: sideways(f, 1); return true;
	case ACT_ENTER: return enter(u, f);
	case ACT_SORT:
		next_sort(u, f);
		frame_keep_columns(u, f);
		return true;
	case ACT_REVERSE:
		sort_by(f, f->sort, !f->ascending);
		frame_keep_columns(u, f);
		return true;
	case ACT_AT_CURSOR:
		if (!is_tree(f))
			return false;
		f->at_cursor = !f->at_cursor;
		query_at(f->q, f->at_cursor ? u->cursor : 0);
		return true;
	default: return false;
	}
}

static void time_table(struct ui *u, struct frame *f, uint64_t ts, uint64_t num)
{
	const size_t alert = query_find_alert(f->q, num);

	if (f->at_cursor)
		query_at(f->q, ts);
	if (alert != SIZE_MAX)
		choose(f, alert);
}

static bool busy_table(struct ui *u, struct frame *f)
{
	struct query_status s;

	query_status(f->q, &s);
	return !s.complete && !s.failed;
}

static bool ready_table(struct frame *f)
{
	struct query_status s;

	query_status(f->q, &s);
	return s.n_rows > 0 || s.complete || s.live || s.failed;
}

static unsigned links_table(struct ui *u, struct frame *f, struct link *out, struct arena *a)
{
	const struct query_row *r = chosen_row(f);

	return r ? query_links(f->q, r->id, out, a) : 0;
}

static void search_table(struct ui *u, struct frame *f, const char *text, int dir)
{
	if (!dir)
		find(f, text);
}

static void mouse_table(struct ui *u, struct frame *f, int row, int column, int height)
{
	struct columns c;
	const size_t at = f->top + (size_t)row - 1;

	if (row == 0) {
		table_place(u, f, &c);
		for (unsigned i = 0; i < c.n; i++)
			if (column >= c.v[i].at && column < c.v[i].at + c.v[i].width)
				table_sort(f, c.v[i].column);
		frame_keep_columns(u, f);
	} else if (at == f->row) {
		ui_act(u, ACT_ENTER);
	} else {
		choose(f, at);
	}
}

const struct body body_table = {
	.where = WHERE_TABLE, .open = open_table, .close = close_table,
	.draw = draw_table, .act = act_table, .busy = busy_table, .ready = ready_table,
	.status = status_table, .links = links_table, .search = search_table,
	.mouse = mouse_table, .time = time_table,
};

const struct body body_tree = {
	.where = WHERE_TREE, .open = open_table, .close = close_table,
	.draw = draw_table, .act = act_table, .busy = busy_table, .ready = ready_table,
	.status = status_table, .links = links_table, .search = search_table,
	.mouse = mouse_table, .time = time_table,
};
