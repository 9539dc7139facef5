/* SPDX-License-Identifier: Apache-2.0 */
/* The cursor in time: jumps, marks, ranges. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/browse/front/ui.h"
#include "capture/base/err.h"
#include "capture/base/timearg.h"

static void show_cursor(struct ui *u)
{
	const uint64_t span = u->strip_to - u->strip_from;
	uint64_t from = u->cursor > span / 2 ? u->cursor - span / 2 : 0;

	if (u->cursor >= u->strip_from && u->cursor < u->strip_to)
		return;
	if (from < u->first)
		from = u->first;
	if (from + span > u->last + 1)
		from = u->last + 1 - span;
	u->strip_from = from;
	u->strip_to = from + span;
}

void ui_cursor(struct ui *u, uint64_t ts, uint64_t num)
{
	struct frame *f = ui_top(u);

	live_gone(u, ts);
	if (ts < u->first)
		ts = u->first;
	if (ts > u->last)
		ts = u->last;
	u->cursor = ts;
	u->cursor_num = num;
	show_cursor(u);
	if (f->body->time)
		f->body->time(u, f, ts, num);
}

/* As --from takes it, and more: #42 an event, ++5s and --5s from the cursor. */
int ui_jump(struct ui *u, const char *text)
{
	uint64_t ts, by;
	char *end;

	while (*text == ' ')
		text++;
	if (*text == '#') {
		const uint64_t num = strtoull(text + 1, &end, 10);

		if (num == 0 || *end)
			return err(ERR_USAGE, "'%s' is no number of an event", text);
		live_gone(u, num < browse_kept(u->b).num ? 0 : u->first);
		if (ui_top(u)->body == &body_events) {
			body_events.time(u, ui_top(u), 0, num);
			return 0;
		}
		return ui_show_event(u, num) ? 0 : -ERR_USAGE;
	}
	if (strncmp(text, "++", 2) == 0 || strncmp(text, "--", 2) == 0) {
		if (time_duration(text + 2, &by) < 0)
			return err(ERR_USAGE, "'%s' is no duration (5s, 200ms, 2m)", text + 2);
		ts = *text == '+' ? u->cursor + by : u->cursor > by ? u->cursor - by : 0;
	} else if (time_point(text, u->first, u->last, ui_offset(u), &ts) < 0) {
		return -ERR_USAGE;
	}
	ui_cursor(u, ts, 0);
	return 0;
}

/* ---- marks ---------------------------------------------------------------------- */

static const char *const mark_title[MARK__N] = {
	[MARK_ALERT] = "alert", [MARK_LOSS] = "loss", [MARK_PROGRAM] = "new program",
};

/* The mark behind or before the cursor; as browse_next_mark.  Marks know numbers of events:
 * where the cursor has only a time, those in between are passed. */
static int find_mark(struct ui *u, struct mark *m)
{
	const int dir = u->mark.direction;
	uint64_t num = u->cursor_num;
	int rc;

	if (num)
		return browse_next_mark(u->b, u->mark.kind, num, dir, m);
	num = dir > 0 ? 0 : UINT64_MAX;
	while ((rc = browse_next_mark(u->b, u->mark.kind, num, dir, m)) == 1) {
		if (dir > 0 ? m->ts > u->cursor : m->ts < u->cursor)
			return 1;
		if (m->num == num || (m->num == 0 && dir < 0))
			return 0;
		num = m->num;
	}
	return rc;
}

static void tell_alert(struct ui *u, const struct mark *m)
{
	const struct rule *r = ruleset_rule(browse_rules(u->b), m->rule);

	ui_say(u, "%s: %s", priority_name[r->priority], r->name);
}

void ui_mark_step(struct ui *u)
{
	struct mark m;
	int rc;

	if (!u->mark.on)
		return;
	rc = find_mark(u, &m);
	if (rc < 0) {
		ui_say(u, "looking for the %s %s ...", u->mark.direction > 0 ? "next" : "last",
		       mark_title[u->mark.kind]);
		return;
	}
	u->mark.on = false;
	if (rc == 0) {
		ui_say(u, "no %s %s", mark_title[u->mark.kind],
		       u->mark.direction > 0 ? "after this" : "before this");
		return;
	}
	ui_cursor(u, m.ts, m.num);
	if (live_gone(u, m.ts))
		return;
	if (m.kind == MARK_ALERT)
		tell_alert(u, &m);
	else if (m.kind == MARK_LOSS)
		ui_say(u, "%" PRIu64 " events were lost", m.count);
	else
		ui_say(u, "first run of a program");
}

void ui_next_mark(struct ui *u, enum mark_kind kind, int direction)
{
	u->mark = (struct mark_search){ true, kind, direction };
	ui_mark_step(u);
}

/* ---- ranges --------------------------------------------------------------------- */

void ui_range(struct ui *u)
{
	struct crumbs c;

	if (!u->range_begun) {
		u->range_begun = true;
		u->range_at = u->cursor;
		ui_say(u, "move the cursor to the other end, then r again; R takes it back");
		return;
	}
	u->range_begun = false;
	crumbs_copy(&c, &ui_top(u)->crumbs);
	c.from = u->range_at < u->cursor ? u->range_at : u->cursor;
	c.to = u->range_at < u->cursor ? u->cursor : u->range_at;
	if (c.from == c.to)
		ui_say(u, "the range is empty: move the cursor with . and , first");
	else
		ui_refocus(u, &c);
	crumbs_release(&c);
}
