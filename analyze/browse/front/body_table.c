/* SPDX-License-Identifier: Apache-2.0 */
/* Tables and trees: rows of a query. */
#include <stdlib.h>
#include <string.h>

#include "analyze/browse/front/table_parts.h"

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

/* ---- the chosen row ------------------------------------------------------------- */

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
	f->chosen = r && (f->row > 0 || table_is_tree(f));
}

/* ---- sorting -------------------------------------------------------------------- */

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

/* ---- moving --------------------------------------------------------------------- */

static void move_by(struct frame *f, long by)
{
	choose(f, by < 0 && (size_t)-by > f->row ? 0 : f->row + (size_t)by);
}

/* In a tree, left and right close and open what is below. */
static void sideways(struct frame *f, int direction)
{
	const struct query_row *r = chosen_row(f);

	if (!table_is_tree(f)) {
		if (direction > 0)
			f->first_column++;
		else if (f->first_column > 0)
			f->first_column--;
		return;
	}
	if (r && r->has_children && r->folded == (direction > 0))
		query_fold(f->q, r->id, direction < 0);
	else if (r)
		move_by(f, direction);
}

/* ---- searching ------------------------------------------------------------------ */

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

static void search_table(struct ui *u, struct frame *f, const char *text, int dir)
{
	if (!dir)
		find(f, text);
}

/* ---- keys ----------------------------------------------------------------------- */

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
	case ACT_BOTTOM: choose(f, SIZE_MAX); return true;
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
		if (!table_is_tree(f))
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

#define BODY_OF(place) { \
	.where = place, .open = open_table, .close = close_table, \
	.draw = table_draw, .act = act_table, .busy = frame_busy, .ready = ready_table, \
	.status = table_status, .links = links_table, .search = search_table, \
	.mouse = mouse_table, .time = time_table, \
}

const struct body body_table = BODY_OF(WHERE_TABLE), body_tree = BODY_OF(WHERE_TREE);
