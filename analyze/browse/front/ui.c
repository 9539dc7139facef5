/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/browse/front/ui.h"

#include <curses.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/base/err.h"
#include "capture/base/progress.h"
#include "capture/base/timearg.h"

/* Who waits for the first rows, or for those of another time, sees them when they come. */
enum { DRAW_EVERY_MS = 60, DRAW_SOON_MS = 5 };

void ui_say(struct ui *u, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(u->message, sizeof(u->message), fmt, ap);
	va_end(ap);
	u->message_is_error = false;
}

void ui_error(struct ui *u, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(u->message, sizeof(u->message), fmt, ap);
	va_end(ap);
	u->message[strcspn(u->message, "\n")] = 0;
	u->message_is_error = true;
}

int64_t ui_offset(const struct ui *u)
{
	return u->local ? u->utc_offset : 0;
}

/* ---- keys by mode --------------------------------------------------------------- */

static void prompt_mode(struct ui *u, int key)
{
	const size_t len = u->prompt.text.len;

	if (key == ('L' & 0x1f)) {
		term_redraw();
		return;
	}
	switch (prompt_key(&u->prompt, key)) {
	case PROMPT_GOES_ON:
		if (u->ask == ASK_SEARCH && (len != u->prompt.text.len || key >= 0x20))
			ui_prompt_changed(u);
		return;
	case PROMPT_DONE:
		ui_prompt_done(u);
		return;
	case PROMPT_LEFT:
		u->mode = u->under;
		ui_prompt_left(u);
	}
}

static void menu_mode(struct ui *u, int key)
{
	struct term_mouse m;
	enum menu_result r;

	if (key == KEY_MOUSE) {
		m = term_mouse();
		if (!m.press)
			return;
		r = menu_click(&u->menu, m.row);
	} else if (key == ('L' & 0x1f)) {
		term_redraw();
		return;
	} else {
		r = menu_key(&u->menu, key);
	}
	if (r == MENU_GOES_ON)
		return;
	if (r == MENU_LEFT) {
		u->mode = MODE_BODY;
		menu_release(&u->menu);
		return;
	}
	if (r == MENU_CHOSEN)
		u->mode = MODE_BODY;
	ui_menu_done(u, menu_value(&u->menu));
	if (u->mode != MODE_MENU)
		menu_release(&u->menu);
}

static void mouse(struct ui *u)
{
	struct frame *f = ui_top(u);
	const int height = screen_body_height();
	const struct term_mouse m = term_mouse();

	if (m.up || m.down)
		for (int i = 0; i < 3; i++)
			ui_act(u, m.up ? ACT_UP : ACT_DOWN);
	else if (m.press && (m.row == 2 || m.row == 3))
		strip_mouse(u, m.column);
	else if (m.press && m.row >= SCREEN_ABOVE && m.row < SCREEN_ABOVE + height &&
		 f->body->mouse)
		f->body->mouse(u, f, m.row - SCREEN_ABOVE, m.column, height);
}

static void body_mode(struct ui *u, int key)
{
	const enum action a = keys_find(ui_top(u)->body->where, key);

	if (a != ACT_REDRAW)
		u->message[0] = 0;
	if (key == KEY_MOUSE)
		mouse(u);
	else if (!ui_act(u, a) && key > ' ' && key < 0x7f)
		ui_say(u, "%c does nothing here; ? shows the keys", key);
}

static void act_key(struct ui *u, int key)
{
	switch (u->mode) {
	case MODE_BODY:
		body_mode(u, key);
		return;
	case MODE_PROMPT:
		prompt_mode(u, key);
		return;
	case MODE_MENU:
		menu_mode(u, key);
		return;
	case MODE_HELP:
		help_key(u, key);
	}
}

static bool ready(const struct ui *u)
{
	struct frame *f = ui_top(u);

	return u->mode != MODE_BODY || !f->body->ready || f->body->ready(f);
}

/* Keys that do not wait for what is on the screen. */
static bool is_at_once(const struct ui *u, int key)
{
	switch (keys_find(ui_top(u)->body->where, key)) {
	case ACT_QUIT: case ACT_CANCEL: case ACT_SUSPEND: case ACT_REDRAW:
		return u->mode == MODE_BODY;
	default:
		return false;
	}
}

/* Who types ahead of a scan means what will be there. */
static void on_key(struct ui *u, int key)
{
	u->n_keys += key != KEY_MOUSE;	/* ncurses may join what a mouse tells */
	u->n_clicks += key == KEY_MOUSE;
	if (is_at_once(u, key)) {
		u->n_ahead = 0;
		act_key(u, key);
	} else if (u->n_ahead > 0 || !ready(u)) {
		if (u->n_ahead < KEYS_AHEAD)
			u->ahead[u->n_ahead++] = key;
	} else {
		act_key(u, key);
	}
}

/* True if a key that had waited was acted on. */
static bool take_ahead(struct ui *u)
{
	const int key = u->ahead[0];

	if (u->n_ahead == 0 || !ready(u))
		return false;
	memmove(u->ahead, u->ahead + 1, --u->n_ahead * sizeof(u->ahead[0]));
	arena_reset(&u->arena);
	act_key(u, key);
	return true;
}

/* ---- the loop ------------------------------------------------------------------- */

static bool busy(struct ui *u)
{
	struct frame *f = ui_top(u);
	struct browse_progress p;

	if (screen_too_small())
		return false;
	browse_progress(u->b, &p);
	return !p.complete || u->n_ahead || u->export || u->mark.on || !u->strip_exact ||
		(f->body->busy && f->body->busy(u, f));
}

/* Tests wait for this instead of for a time: how many keys were acted on, whether the screen is
 * what it will be, clicks, and the screen, which the terminal may not show yet. */
static void tell_tests(struct ui *u, bool complete)
{
	struct buf text = {0};

	if (u->sync < 0)
		return;
	buf_printf(&text, "%020" PRIu64 " %d %04dx%04d %06" PRIu64 "\n", u->n_keys, complete,
		   term_columns(), term_rows(), u->n_clicks);
	term_text(&text);
	if (pwrite(u->sync, text.p, text.len, 0) == (ssize_t)text.len &&
	    ftruncate(u->sync, (off_t)text.len) < 0)
		u->sync = -1;
	buf_release(&text);
}

/* True: for tests it is to be drawn again, because what was missing came meanwhile. */
static bool draw(struct ui *u)
{
	const bool before = u->sync >= 0 && busy(u);
	bool after;

	arena_reset(&u->arena);
	screen_draw(u);
	term_refresh();
	after = u->sync >= 0 && busy(u);
	tell_tests(u, !before && !after);
	return before && !after;
}

static void handle(struct ui *u, int key)
{
	switch (key) {
	case TERM_NOTHING:
	case TERM_RESIZED:
		return;
	case TERM_QUIT:
	case TERM_GONE:
		u->quit = true;
		return;
	default:
		arena_reset(&u->arena);
		on_key(u, key);
	}
}

static void loop(struct ui *u)
{
	uint64_t drawn = 0;
	bool due = true, was_ready = true;	/* when it was drawn */

	while (!u->quit) {
		const uint64_t now = monotonic_ns() / 1000000;
		const uint64_t next = drawn + (was_ready ? DRAW_EVERY_MS : DRAW_SOON_MS);
		int wait = due ? (next > now ? (int)(next - now) : 0) : -1;
		int key;

		live_step(u);
		if (due && wait == 0) {
			was_ready = ready(u);
			due = draw(u);
			drawn = monotonic_ns() / 1000000;
			wait = due ? DRAW_SOON_MS : -1;
		}
		if (take_ahead(u)) {
			due = true;
			drawn = 0;
			continue;
		}
		if (u->export) {
			due = true;
			if (export_step(u) || !u->export)
				wait = 0;
		}
		if (stream_plays(ui_top(u)) && wait < 0)
			wait = DRAW_EVERY_MS, due = true;
		key = term_key(browse_fd(u->b), live_wait(u, wait));
		handle(u, key);
		if (key != TERM_NOTHING) {
			drawn = 0;
			due = true;
		} else {
			browse_changed(u->b);
			ui_mark_step(u);
			due = true;
		}
	}
}

/* ---- begin and end -------------------------------------------------------------- */

static void begin_place(struct ui *u)
{
	const struct notes_place *p = &u->notes.place;
	struct crumbs c = { .to = UINT64_MAX };
	const char *view = u->options->view;
	bool resumed = false;

	if (!view && !u->options->filter && p->known) {
		u->cursor = p->cursor;
		u->cursor_num = p->num;
		c.from = p->from;
		c.to = p->to;
		for (size_t i = 0; i < p->n_filters; i++)
			if (focus_check(u->b, p->filters[i]) == 0)
				crumbs_add(&c, p->filters[i]);
		view = p->view;
		resumed = view && (strcmp(view, "overview") != 0 || c.n > 0 ||
				   u->cursor != u->first);
	}
	if (u->options->filter)
		crumbs_add(&c, u->options->filter);
	ui_show(u, "overview", NULL);
	if ((view && strcmp(view, "overview") != 0) || c.n > 0 || crumbs_range(&c))
		ui_show(u, view && strcmp(view, "overview") != 0 ? view : c.n > 0 &&
			u->options->filter ? "events" : "overview", &c);
	if (resumed && p->row && ui_top(u)->q) {
		ui_top(u)->id = p->row;
		ui_top(u)->chosen = true;
	}
	if (resumed && !u->message_is_error)
		ui_say(u, "where you left; Backspace goes to the overview");
	crumbs_release(&c);
}

static void save_place(struct ui *u)
{
	struct notes_place *p = &u->notes.place;
	unsigned at = u->n_frames - 1;
	const struct frame *f;

	while (u->frames[at]->body == &body_detail || u->frames[at]->body == &body_stream)
		at--;
	f = u->frames[at];
	notes_place_clear(p);
	p->known = true;
	p->view = xstrdup(f->view ? f->view->id : "overview");
	p->cursor = u->cursor;
	p->num = u->cursor_num;
	p->row = f->q && f->chosen ? f->id : 0;
	p->from = f->crumbs.from;
	p->to = f->crumbs.to;
	for (unsigned i = 0; i < f->crumbs.n; i++)
		notes_place_filter(p, f->crumbs.v[i]);
	u->notes.changed = true;
}

static int leave(struct ui *u)
{
	int rc = 0;

	if (!u->options->no_notes && u->n_frames > 0) {
		save_place(u);
		rc = notes_save(&u->notes);
	}
	export_cancel(u);
	ui_pop_all(u);
	prompt_release(&u->prompt);
	menu_release(&u->menu);
	doc_release(&u->help);
	free(u->help_search);
	arena_release(&u->arena);
	return rc;
}

int ui_run(struct browse *b, struct notes *notes, const struct ui_options *o)
{
	struct ui u = { .b = b, .info = browse_info(b), .options = o, .notes = *notes,
			.sync = o->sync };
	int rc;

	u.first = u.strip_from = u.cursor = u.info->first_ts;
	u.last = u.info->last_ts;
	u.strip_to = u.last + 1;
	u.local = o->local;
	u.utc_offset = time_utc_offset();
	doc_init(&u.help);
	u.live.follows = true;
	if (o->live)
		u.cursor = u.last;
	begin_place(&u);
	if (u.n_frames == 0) {
		rc = err(ERR_UNSUPPORTED, "%s", u.message);
	} else {
		if (u.notes.elsewhere && !u.message[0])
			ui_say(&u, "the recording's folder cannot be written to: notes go to %s",
			       u.notes.path);
		loop(&u);
		rc = 0;
	}
	if (leave(&u) < 0 && rc == 0)
		rc = -ERR_SYSTEM;
	*notes = u.notes;
	return rc;
}
