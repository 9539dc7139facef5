/* SPDX-License-Identifier: Apache-2.0 */
/* What is around a body: title, filters, time strip above; status, prompt or message below. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analyze/browse/front/cell.h"
#include "analyze/browse/front/ui.h"
#include "capture/base/timearg.h"

enum { NARROW = 60 };	/* columns; then filters need the line for themselves */

int screen_body_height(void)
{
	const int n = term_rows() - SCREEN_ABOVE - SCREEN_BELOW;

	return n > 0 ? n : 0;
}

size_t ui_time_text(const struct ui *u, char *out, size_t size, uint64_t ts)
{
	char text[TIME_TEXT_MAX];

	time_of_day(text, ts, ui_offset(u));
	return (size_t)snprintf(out, size, "%.12s", text);	/* milliseconds */
}

enum term_role severity_role(unsigned priority)
{
	return priority <= PRIORITY_ERROR ? ROLE_HIGH
		: priority <= PRIORITY_NOTICE ? ROLE_MIDDLE : ROLE_LOW;
}

/* ---- above ---------------------------------------------------------------------- */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void title(struct ui *u)
{
	struct frame *f = ui_top(u);
	const char *name = f->body->title ? f->body->title(f) : f->view ? f->view->title : "";
	const char *zone = u->local ? "local time" : "UTC";
	const int columns = term_columns();
	char text[600];
	int at, room;

	term_fill(0, 0, columns, ROLE_TITLE);
	snprintf(text, sizeof(text), " saker  %s ", base_name(u->options->path));
	term_put(0, 0, columns, ROLE_TITLE, text);
	snprintf(text, sizeof(text), "%s%s ", live_text(u), zone);
	room = columns - (int)strlen(text);
	if (room > 0)
		term_put(0, room, -1, ROLE_CRUMB, text);
	at = columns / 2 - (int)cell_width(name, strlen(name), 200, term_utf8()) / 2;
	if (at < 24)
		at = 24;
	if (at < room - 2)
		term_put(0, at, room - at - 1, ROLE_TITLE, name);
}

static int crumb(int column, int room, const char *text, enum term_role role)
{
	if (room <= 0)
		return 0;
	return term_quoted(1, column, room, role, text, strlen(text), false);
}

/* The range, or what the strip shows, at the right end of the line; its columns. */
static int times(struct ui *u, const struct crumbs *c)
{
	const bool range = crumbs_range(c);
	const uint64_t from = range ? c->from > u->first ? c->from : u->first : u->strip_from;
	const uint64_t to = range ? c->to < u->last ? c->to : u->last : u->strip_to - 1;
	char text[64], a[20], b[20];
	int n;

	ui_time_text(u, a, sizeof(a), from);
	ui_time_text(u, b, sizeof(b), to);
	if (term_columns() < NARROW) {
		if (!range)
			return 0;
		a[8] = b[8] = 0;	/* seconds */
	}
	n = snprintf(text, sizeof(text), "%s%s - %s", range ? "only " : "", a, b);
	if (n > term_columns() - 4)
		return 0;
	term_put(1, term_columns() - n - 1, n, range ? ROLE_RANGE : ROLE_CRUMB, text);
	return n;
}

/* The last filters matter most: if there is no room, the first ones are left out. */
static void crumbs(struct ui *u)
{
	const struct crumbs *c = &ui_top(u)->crumbs;
	const char *const sep = term_utf8() ? " › " : " > ";
	const int columns = term_columns();
	int at = 1, room = columns - 3, need = 0;
	unsigned first = c->n;

	term_fill(1, 0, columns, ROLE_CRUMB);
	room -= times(u, c);
	while (first > 0) {
		need += (int)cell_width(c->v[first - 1], strlen(c->v[first - 1]), 1000,
					term_utf8()) + 3;
		if (need > room - 6 && first < c->n)
			break;
		first--;
	}
	at += crumb(at, room, first > 0 ? "..." : "all", ROLE_CRUMB);
	for (unsigned i = first; i < c->n; i++) {
		at += crumb(at, room + 1 - at, sep, ROLE_CRUMB);
		at += crumb(at, room + 1 - at, c->v[i], ROLE_TITLE);
	}
}

/* ---- below ---------------------------------------------------------------------- */

static void status(struct ui *u, int row)
{
	struct frame *f = ui_top(u);
	struct browse_progress p;
	struct buf left = {0};
	char right[120], cursor[20];
	const int columns = term_columns();
	int n, at;

	browse_progress(u->b, &p);
	term_fill(row, 0, columns, ROLE_STATUS);
	buf_byte(&left, ' ');
	if (f->body->status)
		f->body->status(u, f, &left);
	if (!p.complete && !p.live)
		buf_printf(&left, "  reading %u%%", p.permille / 10);
	if (p.n_lost)
		buf_printf(&left, "  %" PRIu64 " events lost", p.n_lost);
	export_status(u, &left);
	if (p.damage.n_places || p.damage.cut)
		buf_str(&left, p.damage.cut ? "  cut off" : "  damaged");
	ui_time_text(u, cursor, sizeof(cursor), u->cursor);
	n = snprintf(right, sizeof(right), "%s%s %s ", u->range_begun ? "range from here; " : "",
		     term_utf8() ? "▲" : "^", cursor);
	at = columns - (int)cell_width(right, (size_t)n, 200, term_utf8());
	term_quoted(row, 0, at > 0 ? at - 1 : columns, ROLE_STATUS, left.p, left.len, false);
	if (at > 0)
		term_put(row, at, -1, ROLE_STATUS, right);
	buf_release(&left);
}

static void hints(struct ui *u, int row)
{
	struct frame *f = ui_top(u);
	static const enum action shown[] = {
		ACT_HELP, ACT_ENTER, ACT_BACK, ACT_VIEWS, ACT_FILTER, ACT_SEARCH, ACT_VALUE,
		ACT_JUMP, ACT_EVENTS, ACT_NEXT_ALERT, ACT_SORT, ACT_QUIT,
	};
	static const char *const words[] = {
		"help", "deeper", "back", "views", "filter", "search", "value", "time", "events",
		"alert", "sort", "quit",
	};
	int at = 0;

	for (unsigned i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		const struct key_desc k = key_row(shown[i]);
		char key[24];

		if (!(k.where & f->body->where))
			continue;
		snprintf(key, sizeof(key), "%.*s", (int)strcspn(k.keys, " "), k.keys);
		if (strcmp(key, "Backspace") == 0)
			snprintf(key, sizeof(key), "BS");
		if (at + (int)strlen(key) + (int)strlen(words[i]) + 2 > term_columns())
			return;
		term_put(row, at, -1, ROLE_KEY, key);
		at += (int)strlen(key) + 1;
		term_put(row, at, -1, ROLE_DIM, words[i]);
		at += (int)strlen(words[i]) + 2;
	}
}

/* ---- all ------------------------------------------------------------------------ */

static void bottom(struct ui *u, int row)
{
	const char *const change = browse_file_change(u->b);

	term_cursor(row, 0, false);
	if (u->mode == MODE_PROMPT)
		screen_prompt(u, row);
	else if (u->message[0])
		term_put(row, 0, -1, u->message_is_error ? ROLE_ERROR : ROLE_PROMPT, u->message);
	else if (change)
		term_put(row, 0, -1, ROLE_ERROR, change);
	else
		hints(u, row);
}

bool screen_too_small(void)
{
	return term_rows() < SCREEN_ROWS_LEAST || term_columns() < SCREEN_COLUMNS_LEAST;
}

void screen_draw(struct ui *u)
{
	struct frame *f = ui_top(u);
	const int rows = term_rows();

	term_erase();
	if (screen_too_small()) {
		char text[40];

		snprintf(text, sizeof(text), "%dx%d is needed", SCREEN_COLUMNS_LEAST,
			 SCREEN_ROWS_LEAST);
		term_put(0, 0, -1, ROLE_TEXT, "too small");
		term_put(1, 0, -1, ROLE_TEXT, text);
		term_put(2, 0, -1, ROLE_TEXT, "q leaves");
		return;
	}
	f->height = screen_body_height();
	title(u);
	crumbs(u);
	if (u->mode == MODE_HELP || (u->mode == MODE_PROMPT && u->under == MODE_HELP))
		doc_draw(&u->help, SCREEN_ABOVE, 1, f->height, term_columns() - 2);
	else
		f->body->draw(u, f, SCREEN_ABOVE, f->height);
	strip_draw(u, 2);	/* what the body took in may have moved the cursor */
	status(u, rows - 2);
	bottom(u, rows - 1);
	if (u->mode == MODE_MENU)
		menu_draw(&u->menu);
}
