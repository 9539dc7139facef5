/* SPDX-License-Identifier: Apache-2.0 */
/* The stack of frames.  Those far below the top are closed and opened again when one comes back to
 * them: a long walk must not hold a query for each step. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/browse/front/ui.h"
#include "capture/base/err.h"

/* Of a list of events, above the cursor's. */
enum { LINES_BEFORE = 5 };

/* ---- crumbs --------------------------------------------------------------------- */

void crumbs_copy(struct crumbs *to, const struct crumbs *from)
{
	*to = (struct crumbs){ .n = from->n, .from = from->from, .to = from->to };
	for (unsigned i = 0; i < from->n; i++)
		to->v[i] = xstrdup(from->v[i]);
}

void crumbs_release(struct crumbs *c)
{
	for (unsigned i = 0; i < c->n; i++)
		free(c->v[i]);
	*c = (struct crumbs){ .to = UINT64_MAX };
}

bool crumbs_add(struct crumbs *c, const char *filter)
{
	if (!*filter)
		return true;
	for (unsigned i = 0; i < c->n; i++)
		if (strcmp(c->v[i], filter) == 0)
			return true;
	if (c->n == FOCUS_MAX)
		return false;
	c->v[c->n++] = xstrdup(filter);
	return true;
}

void crumbs_remove(struct crumbs *c, unsigned i)
{
	free(c->v[i]);
	memmove(c->v + i, c->v + i + 1, (c->n - i - 1) * sizeof(*c->v));
	c->n--;
}

void crumbs_focus(const struct crumbs *c, struct focus *out)
{
	*out = (struct focus){ .n = c->n, .from = c->from, .to = c->to };
	for (unsigned i = 0; i < c->n; i++)
		out->filters[i] = c->v[i];
}

/* ---- frames --------------------------------------------------------------------- */

struct frame *frame_new(const struct body *body, const struct view *v, const struct crumbs *c)
{
	struct frame *f = xcalloc(1, sizeof(*f));

	f->body = body;
	f->view = v;
	if (c)
		crumbs_copy(&f->crumbs, c);
	else
		f->crumbs.to = UINT64_MAX;
	if (v) {
		f->sort = v->sort;
		f->ascending = v->ascending;
		for (unsigned i = 0; i < v->n_columns; i++)
			if (v->columns[i].hidden)
				f->hidden |= 1u << i;
	}
	doc_init(&f->doc);
	return f;
}

/* Where nothing tells how long calls took, or what was used, such columns would be empty. */
uint32_t frame_hidden(const struct ui *u, const struct frame *f)
{
	const struct view *v = f->view;
	uint32_t hidden = f->hidden;

	if (!browse_is_timed(u->b) && !view_needs_latencies(v))
		hidden |= view_latencies(v);
	for (unsigned i = 0; i < v->n_columns; i++)
		if (!browse_tells(u->b, v, i))
			hidden |= 1u << i;
	return hidden;
}

const char *frame_untimed(const struct ui *u, const struct frame *f)
{
	if (browse_is_timed(u->b) || !view_needs_latencies(f->view))
		return NULL;
	return "not told how long calls took: record with --latency";
}

const char *frame_nothing(const struct ui *u, const struct frame *f, const struct query_status *s)
{
	return s->failed ? s->failed : !s->complete && !s->live ? "reading ..." :
		frame_untimed(u, f) ? frame_untimed(u, f) :
		f->search && *f->search ? "no row has this text" :
		f->crumbs.n || f->crumbs.from ? "nothing in this focus; d removes the last filter"
		: "nothing of this kind happened";
}

void frame_close(struct frame *f)
{
	if (f->is_open && f->body->close)
		f->body->close(f);
	f->is_open = false;
}

void frame_free(struct frame *f)
{
	frame_close(f);
	crumbs_release(&f->crumbs);
	doc_release(&f->doc);
	free(f->search);
	spectrum_free(f);
	free(f);
}

int frame_open(struct ui *u, struct frame *f)
{
	int rc;

	if (f->is_open)
		return 0;
	if (f->view && !f->own_sort)
		f->sort = browse_sort(u->b, f->view);
	rc = f->body->open ? f->body->open(u, f) : 0;
	f->is_open = rc == 0;
	return rc;
}

struct frame *ui_top(const struct ui *u)
{
	return u->frames[u->n_frames - 1];
}

static void make_room(struct ui *u)
{
	if (u->n_frames == FRAMES_MAX) {
		frame_free(u->frames[1]);
		memmove(u->frames + 1, u->frames + 2,
			(FRAMES_MAX - 2) * sizeof(u->frames[0]));
		u->n_frames--;
	}
	if (u->n_frames >= FRAMES_OPEN)
		frame_close(u->frames[u->n_frames - FRAMES_OPEN]);
}

static void to_front(struct ui *u)
{
	struct frame *f = ui_top(u);

	if (frame_open(u, f) < 0)
		ui_error(u, "%s", err_text());
	if (f->q)
		query_front(f->q);
}

bool ui_push(struct ui *u, struct frame *f)
{
	if (frame_open(u, f) < 0) {
		ui_error(u, "%s", err_text());
		frame_free(f);
		return false;
	}
	make_room(u);
	u->frames[u->n_frames++] = f;
	to_front(u);
	return true;
}

void ui_pop(struct ui *u)
{
	if (u->n_frames <= 1)
		return;
	frame_free(u->frames[--u->n_frames]);
	to_front(u);
}

void ui_pop_all(struct ui *u)
{
	while (u->n_frames > 0)
		frame_free(u->frames[--u->n_frames]);
}

/* ---- columns -------------------------------------------------------------------- */

void frame_take_columns(const struct ui *u, struct frame *f)
{
	const struct view *v = f->view;

	for (size_t i = 0; i < u->notes.n_columns; i++) {
		const struct notes_column *c = &u->notes.columns[i];
		unsigned k = 0;

		while (k < v->n_columns && strcmp(v->columns[k].name, c->column) != 0)
			k++;
		if (k == v->n_columns || strcmp(c->view, v->id) != 0)
			continue;
		if (c->choice == COLUMN_SHOWN)
			f->hidden &= ~(1u << k);
		else if (c->choice == COLUMN_HIDDEN)
			f->hidden |= 1u << k;
		else
			f->sort = k, f->ascending = c->choice == COLUMN_SORTS, f->own_sort = true;
	}
	if (f->hidden == (1u << v->n_columns) - 1)	/* another version's columns */
		f->hidden = 0;
}

void frame_keep_columns(struct ui *u, const struct frame *f)
{
	const struct view *v = f->view;

	notes_columns_clear(&u->notes, v->id);
	for (unsigned k = 0; k < v->n_columns; k++)
		if ((f->hidden >> k & 1) != v->columns[k].hidden)
			notes_column_add(&u->notes, v->id, f->hidden >> k & 1 ? COLUMN_HIDDEN :
					 COLUMN_SHOWN, v->columns[k].name);
	if (f->sort != browse_sort(u->b, v) || f->ascending != v->ascending)
		notes_column_add(&u->notes, v->id, f->ascending ? COLUMN_SORTS :
				 COLUMN_SORTS_DOWN, v->columns[f->sort].name);
}

/* ---- going somewhere ------------------------------------------------------------ */

static const struct body *body_of(const struct view *v)
{
	return v->kind == VIEW_EVENTS ? &body_events : v->kind == VIEW_TREE ? &body_tree
		: v->kind == VIEW_SPECTRUM ? &body_spectrum : &body_table;
}

bool ui_show(struct ui *u, const char *view_id, const struct crumbs *c)
{
	const struct view *v;
	struct frame *f;

	if (strcmp(view_id, "overview") == 0) {
		f = frame_new(&body_overview, NULL, c);
	} else {
		v = views_find(browse_views(u->b), view_id);
		if (!v) {
			ui_error(u, "there is no view '%s'", view_id);
			return false;
		}
		f = frame_new(body_of(v), v, c);
		frame_take_columns(u, f);
		f->place = (struct place){ u->cursor_num, u->cursor };
		f->line = u->cursor > u->first ? LINES_BEFORE : 0;
	}
	return ui_push(u, f);
}

bool ui_show_event(struct ui *u, uint64_t num)
{
	struct frame *f = frame_new(&body_detail, NULL, &ui_top(u)->crumbs);

	f->num = num;
	return ui_push(u, f);
}

bool ui_show_stream(struct ui *u, enum stream_kind kind, uint64_t num)
{
	struct frame *f = frame_new(&body_stream, NULL, &ui_top(u)->crumbs);

	f->num = num;
	f->stream_kind = kind;
	return ui_push(u, f);
}

/* What one had chosen to see of a view stays as it was. */
static struct frame *same_view(const struct frame *f, const struct crumbs *c)
{
	struct frame *other = frame_new(f->body, f->view, c);

	other->sort = f->sort;
	other->ascending = f->ascending;
	other->hidden = f->hidden;
	other->own_sort = f->own_sort;
	other->at_cursor = f->at_cursor;
	other->place = f->place;
	other->line = f->line;
	other->num = f->num;
	other->bin = f->bin;
	other->chosen = f->chosen && f->body == &body_spectrum;
	return other;
}

bool ui_refocus(struct ui *u, const struct crumbs *c)
{
	struct frame *f = ui_top(u);
	const struct view *events = views_find(browse_views(u->b), "events");

	if (f->body == &body_detail || f->body == &body_stream) {
		if (!events)
			return false;
		f = frame_new(&body_events, events, c);
		frame_take_columns(u, f);
		f->place = (struct place){ u->cursor_num, u->cursor };
		f->line = LINES_BEFORE;
		return ui_push(u, f);
	}
	return ui_push(u, same_view(f, c));
}

bool ui_follow_link(struct ui *u, const struct link *l)
{
	struct crumbs c = { .from = ui_top(u)->crumbs.from, .to = ui_top(u)->crumbs.to };
	bool ok;

	if (!l->alone) {
		crumbs_copy(&c, &ui_top(u)->crumbs);
	}
	if (!crumbs_add(&c, l->filter)) {
		ui_error(u, "%d filters are stacked: remove one first (D)", FOCUS_MAX);
		crumbs_release(&c);
		return false;
	}
	ok = ui_show(u, l->view, &c);
	crumbs_release(&c);
	return ok;
}
