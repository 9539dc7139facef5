/* SPDX-License-Identifier: Apache-2.0 */
/* Where a list of events stands: a window around a place.  The model fetches rows; moves that run
 * ahead of it wait (f->pending) and are done when the rows are there. */
#include <stdlib.h>

#include "analyze/browse/front/events_parts.h"

static void take_place(struct ui *u, struct frame *f, const struct event_row *r)
{
	f->place = (struct place){ r->num, r->ts };
	u->cursor = r->ts;
	u->cursor_num = r->num;
}

size_t list_chosen(const struct frame *f)
{
	const struct event_window *w = &f->window;

	if (w->n == 0)
		return SIZE_MAX;
	if (w->at < w->n)
		return w->at;
	return w->complete ? w->n - 1 : SIZE_MAX;
}

/* Does what can be done of a move; what cannot yet stays. */
static void step(struct ui *u, struct frame *f, int height)
{
	struct event_window *w = &f->window;
	const int direction = f->pending < 0 ? -1 : 1;
	const long far = labs(f->pending), ahead = far < 4 * height ? far : 4 * height;
	size_t at;
	long to;

	events_window(f->e, &f->place, direction < 0 ? (unsigned)ahead : 0,
		      direction > 0 ? (unsigned)ahead : 0, w);
	at = list_chosen(f);
	if (at == SIZE_MAX) {
		if (w->complete)
			f->pending = 0;
		return;
	}
	to = (long)at + direction * ahead;
	if ((to < 0 || to >= (long)w->n) && !w->complete)
		return;
	to = to < 0 ? 0 : to >= (long)w->n ? (long)w->n - 1 : to;
	f->line += (int)(to - (long)at);
	f->pending -= direction * ahead;
	if ((to == 0 && w->begin) || (to == (long)w->n - 1 && w->end))
		f->pending = 0;
	f->tail = false;
	take_place(u, f, &w->v[to]);
}

static void move(struct ui *u, struct frame *f, int height)
{
	while (f->pending) {
		const long before = f->pending;

		step(u, f, height);
		if (f->pending == before)
			return;
	}
}

/* Who stands on the last row goes with it while the recording grows. */
static const struct place *wanted_place(const struct frame *f)
{
	static const struct place end = { .ts = UINT64_MAX };

	return f->tail && !f->pending ? &end : &f->place;
}

/* No blank rows where there are events to fill them. */
static void fill(struct frame *f, size_t at, int height)
{
	const int below = (int)(f->window.n - at);

	if (height - f->line > below)
		f->line = height - below;
	if ((size_t)f->line > at)
		f->line = (int)at;
}

void list_look(struct ui *u, struct frame *f, int height)
{
	const unsigned around = (unsigned)(height - 1);
	const struct event_window *w = &f->window;
	size_t at;

	move(u, f, height);
	if (f->line >= height)
		f->line = height - 1;
	if (f->line < 0)
		f->line = 0;
	events_window(f->e, wanted_place(f), around, around, &f->window);
	at = list_chosen(f);
	f->stale = at == SIZE_MAX && !w->complete;
	if (at == SIZE_MAX)
		return;
	if (f->place.num == 0 || w->v[at].num != f->place.num)
		take_place(u, f, &w->v[at]);
	if (!w->complete)
		return;
	f->tail = u->options->live && f->crumbs.to == UINT64_MAX && at + 1 == w->n && w->end;
	fill(f, at, height);
}

void list_go(struct frame *f, uint64_t num, uint64_t ts)
{
	f->place = (struct place){ num, ts };
	f->pending = 0;
	f->stale = true;
	f->tail = false;
}
