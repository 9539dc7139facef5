/* SPDX-License-Identifier: Apache-2.0 */
/* Time, always on screen: how much happened when, coloured by the worst alert there; below it
 * alerts, losses, the range and the cursor. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analyze/browse/front/ui.h"
#include "capture/base/timearg.h"

enum { LEVELS = 8 };

static const char *bar(unsigned level)
{
	static const char *const utf8[] = {
		" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█",
	};
	static const char *const ascii[] = { " ", ".", ":", "-", "=", "+", "*", "%", "#" };

	return term_utf8() ? utf8[level] : ascii[level];
}

/* Bursts are thousands of times denser than the rest: the square root shows both. */
static unsigned level_of(uint64_t n, uint64_t most)
{
	const double share = most ? sqrt((double)n) / sqrt((double)most) : 0;
	const unsigned level = (unsigned)ceil(share * LEVELS);

	return level > LEVELS ? LEVELS : level;
}

static int column_of(const struct ui *u, uint64_t ts, int columns)
{
	const uint64_t span = u->strip_to - u->strip_from;

	if (ts < u->strip_from || ts >= u->strip_to || span == 0)
		return -1;
	return (int)((__uint128_t)(ts - u->strip_from) * (unsigned)columns / span);
}

static uint64_t time_of(const struct ui *u, int column, int columns)
{
	const uint64_t span = u->strip_to - u->strip_from;

	/* rounded up, so that the column of this time is the column */
	return u->strip_from + (uint64_t)(((__uint128_t)span * (unsigned)column +
					   (unsigned)columns - 1) / (unsigned)columns);
}

static void draw_bucket(const struct bucket *b, uint64_t most, int row, int column)
{
	const enum term_role role = b->n_alerts ? severity_role(b->worst) : ROLE_DENSITY;

	term_put(row, column, 1, role, bar(level_of(b->n_events, most)));
	if (b->n_alerts)
		term_put(row + 1, column, 1, severity_role(b->worst),
			 b->n_alerts > 9 ? "#" : (char[]){ (char)('0' + b->n_alerts), 0 });
	else if (b->n_lost)
		term_put(row + 1, column, 1, ROLE_LOSS, "x");
}

static void mark_range(const struct ui *u, int row, int columns, uint64_t from, uint64_t to)
{
	int a, b;

	if (from == 0 && to == UINT64_MAX)
		return;
	a = from <= u->strip_from ? 0 : column_of(u, from, columns);
	b = to >= u->strip_to ? columns - 1 : column_of(u, to, columns);
	if (a >= 0 && b >= a)
		term_mark(row, a, b - a + 1, ROLE_RANGE);
}

void strip_draw(struct ui *u, int row)
{
	struct frame *f = ui_top(u);
	int columns = term_columns() < BUCKETS_MAX ? term_columns() : BUCKETS_MAX, at;
	struct bucket *v = arena_alloc(&u->arena, (size_t)columns * sizeof(*v));
	uint64_t most = 0;

	timeline_get(u->b, f->q, u->strip_from, u->strip_to, v, (unsigned)columns);
	u->strip_exact = true;
	for (int i = 0; i < columns; i++) {
		most = v[i].n_events > most ? v[i].n_events : most;
		u->strip_exact &= v[i].exact;
	}
	for (int i = 0; i < columns; i++)
		draw_bucket(&v[i], most, row, i);
	if (u->range_begun)
		mark_range(u, row, columns, u->range_at < u->cursor ? u->range_at : u->cursor,
			   u->range_at < u->cursor ? u->cursor : u->range_at);
	else
		mark_range(u, row, columns, f->crumbs.from, f->crumbs.to);
	at = column_of(u, u->cursor, columns);
	if (at >= 0)
		term_put(row + 1, at, 1, ROLE_CURSOR, term_utf8() ? "▲" : "^");
}

void strip_mouse(struct ui *u, int column)
{
	ui_cursor(u, time_of(u, column, term_columns()), 0);
}

/* ---- moving in it --------------------------------------------------------------- */

void ui_step_cursor(struct ui *u, int direction)
{
	const int columns = term_columns() < BUCKETS_MAX ? term_columns() : BUCKETS_MAX;
	const uint64_t span = u->strip_to - u->strip_from;
	int at = column_of(u, u->cursor, columns);

	if (at < 0)
		at = u->cursor < u->strip_from ? 0 : columns - 1;
	else
		at += direction;
	if ((at < 0 && u->strip_from > u->first) || (at >= columns && u->strip_to <= u->last)) {
		uint64_t by = span / 2;		/* the strip moves on by half */

		if (at < 0) {
			by = by > u->strip_from - u->first ? u->strip_from - u->first : by;
			u->strip_from -= by;
			u->strip_to -= by;
		} else {
			by = by > u->last + 1 - u->strip_to ? u->last + 1 - u->strip_to : by;
			u->strip_from += by;
			u->strip_to += by;
		}
		ui_step_cursor(u, direction);
		return;
	}
	at = at < 0 ? 0 : at >= columns ? columns - 1 : at;
	ui_cursor(u, time_of(u, at, columns), 0);
}

void ui_zoom(struct ui *u, bool in)
{
	const uint64_t whole = u->last + 1 - u->first, span = u->strip_to - u->strip_from;
	uint64_t want = in ? span / 4 : span > whole / 4 ? whole : span * 4, from;

	if (want < 1000)
		want = span < 1000 ? span : 1000;
	if (u->cursor < u->strip_from || u->cursor >= u->strip_to)
		from = u->cursor > want / 2 ? u->cursor - want / 2 : 0;
	else	/* the cursor stays where it is on the screen */
		from = u->cursor - (uint64_t)((__uint128_t)(u->cursor - u->strip_from) * want /
					      (span ? span : 1));
	if (from < u->first)
		from = u->first;
	if (from + want > u->last + 1)
		from = u->last + 1 - want;
	u->strip_from = from;
	u->strip_to = from + want;
}
