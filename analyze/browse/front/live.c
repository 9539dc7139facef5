/* SPDX-License-Identifier: Apache-2.0 */
/* A recording that grows.  Now and then the model takes up what was appended, and all that is shown
 * goes on; to pause is not to ask for more. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "analyze/browse/front/ui.h"
#include "capture/base/err.h"
#include "capture/base/progress.h"
#include "capture/base/timearg.h"

enum { EVERY_MS = 200 };	/* there is more less often, as the recorder writes */

static uint64_t now_ms(void)
{
	return monotonic_ns() / 1000000;
}

/* What is written out should be of one moment. */
static bool stands_still(const struct ui *u)
{
	return !u->live.follows || u->export;
}

/* Why it ended is what the recorder said last. */
static bool recorder_ended(struct ui *u)
{
	char text[256];
	ssize_t n;

	while ((n = read(u->options->recorder, text, sizeof(text) - 1)) > 0) {
		const char *from = text;

		text[n] = 0;
		if (strncmp(text, "saker: ", 7) == 0)
			from += 7;
		snprintf(u->live.said, sizeof(u->live.said), "%.*s",
			 (int)strcspn(from, "\n"), from);
	}
	return n == 0;
}

/* Who is at the end stays there. */
static void move_on(struct ui *u)
{
	const struct frame *f = ui_top(u);
	const uint64_t last = u->last;

	u->last = u->info->last_ts;
	if (u->strip_to > last) {
		if (u->strip_from > u->first)
			u->strip_from += u->last + 1 - u->strip_to;
		u->strip_to = u->last + 1;
	}
	if (u->cursor >= last && f->body != &body_events) {
		u->cursor = u->last;
		u->cursor_num = 0;
	}
}

bool live_gone(struct ui *u, uint64_t ts)
{
	char from[TIME_TEXT_MAX];

	if (ts >= u->first || u->first == u->info->first_ts)
		return false;
	time_date(from, u->first, ui_offset(u), ' ');
	ui_say(u, "what was before %.19s is counted, but not kept (--size)", from);
	return true;
}

/* Who looks at what is given up looks at the oldest that is kept then. */
static void forget(struct ui *u)
{
	const struct place kept = browse_kept(u->b);

	if (kept.ts <= u->first)
		return;
	if (u->first == u->info->first_ts)
		ui_say(u, "from now on the oldest is given up: --size is what is kept");
	if (u->strip_from < kept.ts)
		u->strip_from = kept.ts;
	u->first = kept.ts;
	if (u->cursor < u->first) {
		u->cursor = u->first;
		u->cursor_num = 0;
	}
}

static void tell_end(struct ui *u)
{
	ui_error(u, "%s", *u->live.said ? u->live.said : "the recorder has ended");
}

void live_step(struct ui *u)
{
	struct live *const l = &u->live;
	int rc;

	if (!u->options->live || l->ended || now_ms() < l->next_at)
		return;
	l->next_at = now_ms() + EVERY_MS;
	if (!l->over && recorder_ended(u)) {
		l->over = true;
		if (!l->follows)
			tell_end(u);
	}
	if (stands_still(u))
		return;
	rc = browse_grow(u->b, l->over);
	if (rc < 0) {
		ui_error(u, "%s", err_text());
		l->follows = false;
	} else if (rc > 0) {
		move_on(u);
		forget(u);
	}
	l->ended = l->over && rc >= 0;
	if (l->ended)
		tell_end(u);
}

int live_wait(const struct ui *u, int ms)
{
	const uint64_t now = now_ms(), at = u->live.next_at;
	const int most = at > now ? (int)(at - now) : 0;

	if (!u->options->live || u->live.ended)
		return ms;
	return ms < 0 || ms > most ? most : ms;
}

bool live_toggle(struct ui *u)
{
	if (!u->options->live) {
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

	if (!u->options->live || !u->live.follows)
		return;
	for (unsigned i = 0; i < sizeof(moves) / sizeof(moves[0]); i++)
		if (moves[i] == a && (events || a >= ACT_JUMP)) {
			u->live.follows = false;
			ui_say(u, "paused; it is recorded all the same; L goes on");
		}
}

const char *live_text(const struct ui *u)
{
	return !u->options->live ? "" : u->live.ended ? "ended  " : u->live.follows ? "live  "
		: u->live.over ? "paused, ended  " : "paused  ";
}
