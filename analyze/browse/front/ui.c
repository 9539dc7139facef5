/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/browse/front/ui.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyze/browse/front/ui_parts.h"
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
		browse_changed(u->b);
		ui_mark_step(u);
		return;
	case TERM_RESIZED:
		return;
	case TERM_QUIT:
	case TERM_GONE:
		u->quit = true;
		return;
	default:
		arena_reset(&u->arena);
		ui_key(u, key);
	}
}

/* What goes on between keys; how long to wait for one, at most wait (-1: for ever). */
static int step(struct ui *u, int wait)
{
	if (u->export && (export_step(u) || !u->export))
		wait = 0;
	if (wait < 0 && replay_plays(ui_top(u)))
		wait = DRAW_EVERY_MS;
	return live_wait(u, wait);
}

static uint64_t now_ms(void)
{
	return monotonic_ns() / 1000000;
}

static void loop(struct ui *u)
{
	uint64_t drawn = 0;		/* when; 0: it is due */
	bool was_ready = true;		/* then */

	while (!u->quit) {
		const uint64_t next = drawn + (was_ready ? DRAW_EVERY_MS : DRAW_SOON_MS);
		const uint64_t now = now_ms();
		int wait = next > now ? (int)(next - now) : 0;
		int key;

		live_step(u);
		if (wait == 0) {
			was_ready = ui_ready(u);
			wait = draw(u) ? DRAW_SOON_MS : -1;
			drawn = now_ms();
		}
		if (ui_take_ahead(u)) {
			drawn = 0;
			continue;
		}
		key = term_key(browse_fd(u->b), step(u, wait));
		handle(u, key);
		if (key != TERM_NOTHING)
			drawn = 0;
	}
}

/* ---- begin and end -------------------------------------------------------------- */

static int leave(struct ui *u)
{
	int rc = 0;

	if (!u->options->no_notes && u->n_frames > 0) {
		place_save(u);
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
	place_begin(&u);
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
