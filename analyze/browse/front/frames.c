/* SPDX-License-Identifier: Apache-2.0 */
/* The stack of frames.  Those far below the top are closed and opened again when one comes back to
 * them: a long walk must not hold a query for each step. */
#include <stdlib.h>
#include <string.h>

#include "analyze/browse/front/ui.h"
#include "capture/base/err.h"

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

/* ---- the stack ------------------------------------------------------------------ */

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
