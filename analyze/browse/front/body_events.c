/* SPDX-License-Identifier: Apache-2.0 */
/* The list of events. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/browse/front/events_parts.h"
#include "analyze/browse/front/found.h"
#include "analyze/browse/front/table_cells.h"
#include "capture/base/err.h"

enum { FAR = 1 << 20 };

static int open_events(struct ui *u, struct frame *f)
{
	struct focus focus;

	crumbs_focus(&f->crumbs, &focus);
	f->e = events_open(u->b, f->view, &focus);
	f->stale = true;
	return f->e ? 0 : -1;
}

static void close_events(struct frame *f)
{
	events_close(f->e);
	event_window_release(&f->window);
	f->e = NULL;
	f->searching = false;
}

/* ---- searching ------------------------------------------------------------------ */

static void go_found(struct ui *u, struct frame *f, const struct place *p)
{
	list_go(f, p->num, p->ts);
	u->cursor = p->ts;
	u->cursor_num = p->num;
}

static void begin_search(struct ui *u, struct frame *f, uint64_t num, int dir)
{
	if (events_search_text(f->e, num, dir, f->search) < 0)
		ui_error(u, "%s", err_text());
	else
		f->searching = true;
}

static void search_events(struct ui *u, struct frame *f, const char *text, int dir)
{
	if (dir) {
		if (f->search)
			begin_search(u, f, f->place.num, dir);
		else
			ui_say(u, "nothing is searched for: /");
		return;
	}
	if (!f->searching && !f->searched_from.ts)
		f->searched_from = f->place;
	events_search_stop(f->e);
	f->searching = false;
	if (!text || !*text) {
		if (f->searched_from.ts)
			go_found(u, f, &f->searched_from);
		f->searched_from = (struct place){0};
		free(f->search);
		f->search = NULL;
		return;
	}
	free(f->search);
	f->search = xstrdup(text);
	/* the row itself may have it */
	begin_search(u, f, f->searched_from.num ? f->searched_from.num - 1 : 0, 1);
}

static void look_for(struct ui *u, struct frame *f)
{
	struct place found;
	int rc;

	if (!f->searching)
		return;
	rc = events_found(f->e, &found);
	if (rc < 0)
		return;
	f->searching = false;
	if (rc == 1) {
		go_found(u, f, &found);
		f->line = f->height / 3;
	} else {
		ui_say(u, "\"%s\" is not found", f->search);
	}
}

/* ---- drawing -------------------------------------------------------------------- */

static void draw_row(struct ui *u, struct frame *f, const struct event_row *r,
		     const struct columns *c, int row, bool is_chosen)
{
	const enum term_role role = is_chosen ? ROLE_SELECTED : r->n_alerts ?
		severity_role(r->worst) : r->failed ? ROLE_DIM : ROLE_TEXT;
	struct buf b = {0};

	if (is_chosen)
		term_fill(row, 0, term_columns(), role);
	for (unsigned i = 0; i < c->n; i++) {
		const unsigned column = c->v[i].column;

		buf_reset(&b);
		ui_datum(u, &b, &r->cells[column], f->view->columns[column].unit, false);
		table_cell(f, &c->v[i], row, role, &b, is_chosen ? FOUND_FOLLOW : 0);
	}
	if (r->lost_before) {
		char text[64];
		const int n = snprintf(text, sizeof(text), " %" PRIu64 " lost before ",
				       r->lost_before);

		term_put(row, term_columns() - n, n, ROLE_LOSS, text);
	}
	if (notes_find(&u->notes, r->num, r->ts))
		term_put(row, term_columns() - 1, 1, ROLE_KEY, "*");
	buf_release(&b);
}

static void draw_events(struct ui *u, struct frame *f, int row, int height)
{
	struct columns c;
	size_t at, first;

	look_for(u, f);
	list_look(u, f, height > 1 ? height - 1 : 1);
	at = list_chosen(f);
	table_place(u, f, &c);
	table_head(f, &c, row);
	if (at == SIZE_MAX) {
		term_put(row + 1, 2, -1, ROLE_DIM, !f->window.complete ? "reading ..." :
			 frame_untimed(u, f) ? frame_untimed(u, f) :
			 f->crumbs.n || crumbs_range(&f->crumbs) ?
			 "nothing in this focus; d removes the last filter" : "no events");
		return;
	}
	first = at > (size_t)f->line ? at - (size_t)f->line : 0;
	for (size_t i = first; i < f->window.n && (int)(i - first) < height - 1; i++)
		draw_row(u, f, &f->window.v[i], &c, row + 1 + (int)(i - first), i == at);
}

static void status_events(struct ui *u, struct frame *f, struct buf *out)
{
	struct browse_progress p;
	struct note *n;

	browse_progress(u->b, &p);
	if (list_chosen(f) != SIZE_MAX)
		buf_printf(out, "event %" PRIu64, f->place.num);
	else
		buf_str(out, "events");
	if (p.complete || p.live)
		buf_printf(out, " of %" PRIu64, p.n_events);
	if (f->pending || (list_chosen(f) == SIZE_MAX && !f->window.complete))
		buf_str(out, "  reading");
	if (f->searching)
		buf_printf(out, "  looking for \"%s\"", f->search);
	n = notes_find(&u->notes, f->place.num, f->place.ts);
	if (n)
		buf_printf(out, "  * %s", *n->text ? n->text : "bookmark");
}

/* ---- keys ----------------------------------------------------------------------- */

static bool act_events(struct ui *u, struct frame *f, enum action a)
{
	const int page = f->height > 2 ? f->height - 2 : 1;

	switch (a) {
	case ACT_DOWN: f->pending++; return true;
	case ACT_UP: f->pending--; return true;
	case ACT_PAGE_DOWN: f->pending += page; return true;
	case ACT_PAGE_UP: f->pending -= page; return true;
	case ACT_HALF_DOWN: f->pending += page / 2; return true;
	case ACT_HALF_UP: f->pending -= page / 2; return true;
	case ACT_TOP: list_go(f, 0, f->crumbs.from); f->line = 0; return true;
	case ACT_BOTTOM:
		list_go(f, 0, f->crumbs.to);
		f->line = FAR;
		return true;
	case ACT_LEFT:
		if (f->first_column > 0)
			f->first_column--;
		return true;
	case ACT_RIGHT: f->first_column++; return true;
	case ACT_ENTER: case ACT_FOLLOW: case ACT_TTY:
		if (list_chosen(f) == SIZE_MAX)
			return true;
		return a == ACT_ENTER ? ui_show_event(u, f->place.num)
			: ui_show_stream(u, a == ACT_TTY ? STREAM_TTY : STREAM_FD, f->place.num);
	default: return false;
	}
}

static bool busy_events(struct ui *u, struct frame *f)
{
	return f->pending || f->stale || f->searching || !f->window.complete;
}

/* Moves add up while they wait; what acts on the place waits for it. */
static bool ready_events(struct frame *f)
{
	return !f->pending && (list_chosen(f) != SIZE_MAX || f->window.complete) && !f->stale;
}

static unsigned links_events(struct ui *u, struct frame *f, struct link *out, struct arena *a)
{
	return list_chosen(f) == SIZE_MAX ? 0 : events_links(f->e, f->place.num, out, a);
}

static void mouse_events(struct ui *u, struct frame *f, int row, int column, int height)
{
	if (row == 0)
		return;
	if (row - 1 == f->line)
		ui_act(u, ACT_ENTER);
	else
		f->pending += row - 1 - f->line;
}

static void time_events(struct ui *u, struct frame *f, uint64_t ts, uint64_t num)
{
	list_go(f, num, ts);
	f->line = f->height / 3;
}

static bool at_events(struct ui *u, struct frame *f, uint64_t *num, uint64_t *ts)
{
	if (list_chosen(f) == SIZE_MAX)
		return false;
	*num = f->place.num;
	*ts = f->place.ts;
	return true;
}

const struct body body_events = {
	.where = WHERE_EVENTS, .open = open_events, .close = close_events,
	.draw = draw_events, .act = act_events, .busy = busy_events,
	.ready = ready_events, .status = status_events, .links = links_events,
	.search = search_events, .mouse = mouse_events, .time = time_events,
	.at = at_events,
};
