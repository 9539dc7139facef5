/* SPDX-License-Identifier: Apache-2.0 */
/* All of one event on a page. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/browse/front/ui.h"

static int open_detail(struct ui *u, struct frame *f)
{
	detail_ask(u->b, f->num);
	return 0;
}

static void close_detail(struct frame *f)
{
	if (f->detail)
		detail_free(f->detail);
	f->detail = NULL;
}

static void fetch(struct ui *u, struct frame *f)
{
	const char *failed = NULL;

	if (f->detail)
		return;
	f->detail = detail_take(u->b, &failed);
	if (f->detail && f->detail->num != f->num) {	/* of one asked for before */
		detail_free(f->detail);
		f->detail = NULL;
		detail_ask(u->b, f->num);
	}
	if (f->detail) {
		u->cursor = f->detail->ts;
		u->cursor_num = f->detail->num;
		detail_page(u, f);
	} else if (failed) {
		doc_clear(&f->doc);
		doc_add(&f->doc, ROLE_ERROR, failed, strlen(failed));
		f->hex = false;
	}
}

static void draw_detail(struct ui *u, struct frame *f, int row, int height)
{
	fetch(u, f);
	if (!f->detail && f->doc.n == 0)
		term_put(row, 2, -1, ROLE_DIM, "reading ...");
	doc_draw(&f->doc, row, 1, height, term_columns() - 2);
}

static void status_detail(struct ui *u, struct frame *f, struct buf *out)
{
	buf_printf(out, "event %" PRIu64, f->num);
	if (f->doc.n_rows)
		buf_printf(out, "  line %zu of %zu", f->doc.top + 1, f->doc.n_rows);
	if (f->detail && f->detail->has_stream)
		buf_str(out, "  F follows the descriptor");
	if (f->detail && f->detail->has_tty)
		buf_str(out, "  T replays the terminal");
	if (doc_is_cut(&f->doc))
		buf_str(out, "  z: all");
}

/* ---- keys ----------------------------------------------------------------------- */

static void show(struct ui *u, struct frame *f, uint64_t num)
{
	close_detail(f);
	f->num = num;
	doc_clear(&f->doc);
	detail_ask(u->b, num);
}

/* The event before or behind, in the list that one came from. */
static void neighbour(struct ui *u, struct frame *f, int direction)
{
	struct frame *list = u->n_frames > 1 ? u->frames[u->n_frames - 2] : NULL;
	struct event_window *w;

	if (!list || list->body != &body_events || !list->is_open) {
		if (direction > 0 || f->num > 1)
			show(u, f, f->num + (uint64_t)direction);
		return;
	}
	w = &list->window;
	events_window(list->e, &list->place, direction < 0, direction > 0, w);
	if (w->at < w->n && (direction > 0 ? w->at + 1 < w->n : w->at > 0)) {
		const struct event_row *r = &w->v[direction > 0 ? w->at + 1 : w->at - 1];

		list->place = (struct place){ r->num, r->ts };
		list->line += direction;
		show(u, f, r->num);
	} else if (w->complete) {
		ui_say(u, "this is the %s one of the list", direction > 0 ? "last" : "first");
	}
}

static bool act_detail(struct ui *u, struct frame *f, enum action a)
{
	if (doc_act(&f->doc, a, f->height))
		return true;
	switch (a) {
	case ACT_NEXT_EVENT: neighbour(u, f, 1); return true;
	case ACT_PREV_EVENT: neighbour(u, f, -1); return true;
	case ACT_WHOLE: doc_whole(&f->doc, !f->doc.whole); return true;
	case ACT_HEX:
		f->hex = !f->hex;
		if (f->detail)
			detail_page(u, f);
		return true;
	case ACT_FOLLOW:
		if (f->detail && !f->detail->has_stream)
			ui_say(u, "this event has no descriptor to follow");
		else
			ui_show_stream(u, STREAM_FD, f->num);
		return true;
	case ACT_TTY:
		if (f->detail && !f->detail->has_tty)
			ui_say(u, "the process has no terminal");
		else
			ui_show_stream(u, STREAM_TTY, f->num);
		return true;
	default: return false;
	}
}

static bool busy_detail(struct ui *u, struct frame *f)
{
	return !f->detail && f->doc.n == 0;
}

static bool ready_detail(struct frame *f)
{
	return f->detail || f->doc.n > 0;
}

static unsigned links_detail(struct ui *u, struct frame *f, struct link *out, struct arena *a)
{
	const unsigned n = f->detail ? f->detail->n_links : 0;

	if (n)
		memcpy(out, f->detail->links, n * sizeof(*out));
	return n;
}

static void time_detail(struct ui *u, struct frame *f, uint64_t ts, uint64_t num)
{
	if (num && num != f->num)
		show(u, f, num);
}

static bool at_detail(struct ui *u, struct frame *f, uint64_t *num, uint64_t *ts)
{
	if (!f->detail)
		return false;
	*num = f->detail->num;
	*ts = f->detail->ts;
	return true;
}

void detail_changed(struct ui *u, struct frame *f)
{
	if (f->detail)
		detail_page(u, f);
}

static const char *title_detail(struct frame *f)
{
	return "Event";
}

const struct body body_detail = {
	.where = WHERE_DETAIL, .open = open_detail, .close = close_detail,
	.draw = draw_detail, .act = act_detail, .busy = busy_detail,
	.ready = ready_detail, .status = status_detail, .links = links_detail,
	.search = doc_search_body, .time = time_detail, .at = at_detail,
	.title = title_detail,
};
