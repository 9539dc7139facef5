/* SPDX-License-Identifier: Apache-2.0 */
/* A recording that grows.  Now and then the file is opened anew and read in the background; when
 * that is done, the frames move over to it, each at its place.  So what is shown is
 * always a recording that stands still, and the past is all there. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "analyze/browse/ui.h"
#include "capture/base/err.h"
#include "capture/base/progress.h"

enum {
	LOOK_MS = 100,
	EVERY_MS = 1000,
	SHARE = 6,		/* reading takes a sixth of the time at most */
	HOLD_MS = 400,		/* the old screen stays until there are rows, but not longer */
};

static uint64_t now_ms(void)
{
	return monotonic_ns() / 1000000;
}

/* Pages are read, not watched; and what the user is about to say is of what is shown. */
static bool stands_still(const struct ui *u)
{
	const unsigned where = ui_top(u)->body->where;

	return !u->live.follows || u->mode != MODE_BODY || u->n_ahead || u->export ||
		u->mark.on || u->range_begun || where & WHERE_PAGES;
}

static bool recorder_ended(const struct ui *u)
{
	char text[256];
	ssize_t n;

	do
		n = read(u->options->recorder, text, sizeof(text));
	while (n > 0);
	return n == 0;
}

/* The cursor was at the end: it stays there. */
static void move_over(struct ui *u, uint64_t last)
{
	const bool at_end = u->cursor >= last, whole = u->strip_to > last;
	struct frame *f = ui_top(u);

	u->last = u->info->last_ts;
	if (whole)
		u->strip_to = u->last + 1;
	if (at_end) {
		u->cursor = u->last;
		u->cursor_num = 0;
	}
	if (frame_open(u, f) < 0)
		ui_error(u, "%s", err_text());
	else if (f->body == &body_events)
		f->body->act(u, f, ACT_BOTTOM);
}

static void swap(struct ui *u)
{
	struct browse *old = u->b;
	const uint64_t last = u->last;

	for (unsigned i = 0; i < u->n_frames; i++)
		frame_close(u->frames[i]);
	u->b = u->live.next;
	u->live.next = NULL;
	u->info = browse_info(u->b);
	move_over(u, last);
	browse_close(old);
	u->live.hold_until = now_ms() + HOLD_MS;
}

static bool read_anew(struct ui *u)
{
	struct browse_progress p;

	browse_progress(u->live.next, &p);
	if (!p.complete)
		return false;
	u->live.next_at = now_ms() + SHARE * (now_ms() - u->live.begun);
	if (u->live.next_at < now_ms() + EVERY_MS)
		u->live.next_at = now_ms() + EVERY_MS;
	if (stands_still(u)) {
		browse_close(u->live.next);
		u->live.next = NULL;
		return false;
	}
	swap(u);
	return true;
}

bool live_step(struct ui *u)
{
	if (!u->options->renew)
		return false;
	if (u->live.next)
		return read_anew(u);
	if (stands_still(u) || now_ms() < u->live.next_at || u->live.ended)
		return false;
	u->live.ended = recorder_ended(u);
	if (u->live.ended)
		ui_error(u, "the recorder has ended");
	u->live.begun = now_ms();
	u->live.next = u->options->renew(u->options->renew_arg);
	if (!u->live.next) {
		ui_error(u, "%s", u->live.ended ? "the recorder has ended" : err_text());
		u->live.follows = false;
	}
	return false;
}

int live_wait(const struct ui *u, int ms)
{
	return u->options->renew && (ms < 0 || ms > LOOK_MS) ? LOOK_MS : ms;
}

bool live_holds(struct ui *u)
{
	const struct frame *f = ui_top(u);

	return u->live.hold_until && f->body->ready && !f->body->ready(ui_top(u)) &&
		now_ms() < u->live.hold_until;
}

bool live_toggle(struct ui *u)
{
	if (!u->options->renew) {
		ui_say(u, "this is a recording; --live looks at the running kernel");
		return true;
	}
	u->live.follows = !u->live.follows;
	u->live.next_at = 0;
	ui_say(u, u->live.follows ? "it goes on" : "paused; it is recorded all the same; "
	       "L goes on");
	return true;
}

/* Who goes into the past stays there. */
void live_past(struct ui *u, enum action a)
{
	static const enum action moves[] = {
		ACT_UP, ACT_PAGE_UP, ACT_HALF_UP, ACT_TOP, ACT_SEARCH, ACT_JUMP, ACT_NEXT_ALERT,
		ACT_PREV_ALERT, ACT_NEXT_LOSS, ACT_PREV_LOSS, ACT_NEXT_EXEC, ACT_PREV_EXEC,
		ACT_EARLIER, ACT_ZOOM_IN, ACT_RANGE,
	};
	const bool events = ui_top(u)->body == &body_events;

	if (!u->options->renew || !u->live.follows)
		return;
	for (unsigned i = 0; i < sizeof(moves) / sizeof(moves[0]); i++)
		if (moves[i] == a && (events || a >= ACT_JUMP)) {
			u->live.follows = false;
			ui_say(u, "paused; it is recorded all the same; L goes on");
		}
}

void live_release(struct ui *u)
{
	browse_close(u->live.next);
	u->live.next = NULL;
}

const char *live_text(const struct ui *u)
{
	return !u->options->renew ? "" : u->live.ended ? "ended  " : u->live.follows ? "live  "
		: "paused  ";
}
