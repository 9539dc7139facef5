/* SPDX-License-Identifier: Apache-2.0 */
/* Bookmarks and notes at the place where one is. */
#include <inttypes.h>
#include <stdio.h>

#include "analyze/browse/front/act_parts.h"
#include "capture/base/err.h"

void act_set_note(struct ui *u, const char *text)
{
	struct frame *f = ui_top(u);
	uint64_t num = 0, ts = u->cursor;

	if (f->body->at)
		f->body->at(u, f, &num, &ts);
	if (!notes_set(&u->notes, num, ts, text))
		ui_error(u, "there are %d notes; that is the limit", NOTES_MAX);
	else if (!u->options->no_notes && notes_save(&u->notes) < 0)
		ui_error(u, "%s", err_text());
	else
		ui_say(u, !text ? "the bookmark is gone" : *text ? "the note is kept in %s" :
		       "a bookmark is set; B lists them", u->notes.path);
	detail_changed(u, f);
}

static struct note *note_here(struct ui *u)
{
	struct frame *f = ui_top(u);
	uint64_t num = 0, ts = u->cursor;

	if (f->body->at)
		f->body->at(u, f, &num, &ts);
	return notes_find(&u->notes, num, ts);
}

void act_bookmark(struct ui *u)
{
	struct note *n = note_here(u);

	if (n && *n->text)
		ui_say(u, "here is a note: m changes it, an empty one is removed");
	else
		act_set_note(u, n ? NULL : "");
}

void act_ask_note(struct ui *u)
{
	const struct note *n = note_here(u);

	ui_ask(u, ASK_NOTE, n ? n->text : "");
}

void act_bookmarks(struct ui *u)
{
	if (u->notes.n == 0) {
		ui_say(u, "no bookmarks: b sets one, m writes a note");
		return;
	}
	menu_begin(&u->menu, MENU_BOOKMARKS, "Bookmarks and notes");
	for (size_t i = 0; i < u->notes.n; i++) {
		const struct note *n = &u->notes.v[i];
		char when[20], text[80];

		ui_time_text(u, when, sizeof(when), n->ts);
		snprintf(text, sizeof(text), n->num ? "%s  event %" PRIu64 : "%s", when, n->num);
		menu_add(&u->menu, text, n->text, (long)i);
	}
	u->mode = MODE_MENU;
}

void act_go_bookmark(struct ui *u, size_t i)
{
	const struct note n = u->notes.v[i];
	const struct crumbs all = { .to = UINT64_MAX };

	if (ui_top(u)->body != &body_events && n.num)
		ui_show(u, "events", &all);
	ui_cursor(u, n.ts, n.num);
	if (*n.text)
		ui_say(u, "%s", n.text);
}
