/* SPDX-License-Identifier: Apache-2.0 */
/* What keys do wherever one is; what a body does itself it is asked first. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/browse/complete.h"
#include "analyze/browse/ui.h"
#include "capture/base/err.h"
#include "capture/base/timearg.h"

enum { VALUES_MAX = 100 };

/* ---- links ---------------------------------------------------------------------- */

/* Where each key leads: by a word of the link's title. */
static const struct {
	enum action action;
	const char *word, *none;
} ways[] = {
	{ ACT_EVENTS, "events", "there are no events behind this" },
	{ ACT_TREE, "tree", "this is of no process" },
	{ ACT_TOUCHED, "touched", "this is of no file" },
	{ ACT_PEER, "other end", "this is of no connection" },
	{ ACT_CONTAINER, "container", "this is of no container" },
};

static unsigned links(struct ui *u, struct link out[LINKS_MAX])
{
	struct frame *f = ui_top(u);

	return f->body->links ? f->body->links(u, f, out, &u->arena) : 0;
}

static bool follow(struct ui *u, enum action a)
{
	struct link v[LINKS_MAX];
	const unsigned n = links(u, v);

	for (unsigned k = 0; k < sizeof(ways) / sizeof(ways[0]); k++) {
		if (ways[k].action != a)
			continue;
		for (unsigned i = 0; i < n; i++)
			if (text_has(v[i].title, strlen(v[i].title), ways[k].word))
				return ui_follow_link(u, &v[i]);
		if (a == ACT_EVENTS)
			return ui_show(u, "events", &ui_top(u)->crumbs);
		ui_say(u, "%s", ways[k].none);
		return true;
	}
	return false;
}

/* The list that the event stands in, without filters. */
static void around(struct ui *u)
{
	const struct crumbs all = { .to = UINT64_MAX };

	ui_show(u, "events", &all);
}

static void links_menu(struct ui *u)
{
	struct link v[LINKS_MAX];
	const unsigned n = links(u, v);

	if (n == 0) {
		ui_say(u, "nothing leads on from here");
		return;
	}
	menu_begin(&u->menu, MENU_LINKS, "From here");
	for (unsigned i = 0; i < n; i++)
		menu_add(&u->menu, v[i].title, v[i].filter, (long)i);
	u->mode = MODE_MENU;
}

/* ---- views ---------------------------------------------------------------------- */

static void views_menu(struct ui *u)
{
	const struct views *vs = browse_views(u->b);

	menu_begin(&u->menu, MENU_VIEWS, "Views");
	u->menu.keys = "type to find, Enter opens";
	menu_add(&u->menu, "Overview", "the recording at a glance", -1);
	for (size_t i = 0; i < vs->n; i++)
		menu_add(&u->menu, vs->v[i]->title, vs->v[i]->help, (long)i);
	for (size_t i = 0; i < vs->n; i++)
		if (vs->v[i] == ui_top(u)->view)
			u->menu.row = i + 1;
	u->mode = MODE_MENU;
}

/* Another view in the place of this one, in the same focus. */
static bool replace_view(struct ui *u, const char *id)
{
	struct crumbs c;
	bool ok;

	crumbs_copy(&c, &ui_top(u)->crumbs);
	ok = ui_show(u, id, &c);
	crumbs_release(&c);
	return ok;
}

static bool step_view(struct ui *u, int direction)
{
	const struct views *vs = browse_views(u->b);
	const struct frame *f = ui_top(u);
	size_t at = direction > 0 ? vs->n - 1 : 0;

	for (size_t i = 0; f->view && i < vs->n; i++)
		if (vs->v[i] == f->view)
			at = i;
	at = (at + vs->n + (size_t)direction) % vs->n;
	return replace_view(u, vs->v[at]->id);
}

/* ---- filters -------------------------------------------------------------------- */

static void crumbs_menu(struct ui *u)
{
	const struct crumbs *c = &ui_top(u)->crumbs;

	if (c->n == 0) {
		ui_say(u, "no filter is stacked; f stacks one");
		return;
	}
	menu_begin(&u->menu, MENU_CRUMBS, "Remove which filter?");
	for (unsigned i = 0; i < c->n; i++)
		menu_add(&u->menu, c->v[i], NULL, (long)i);
	u->mode = MODE_MENU;
}

static void unfilter(struct ui *u, unsigned i)
{
	struct crumbs c;

	if (i >= ui_top(u)->crumbs.n) {
		ui_say(u, "no filter is stacked; f stacks one");
		return;
	}
	crumbs_copy(&c, &ui_top(u)->crumbs);
	crumbs_remove(&c, i);
	ui_refocus(u, &c);
	crumbs_release(&c);
}

static void add_filter(struct ui *u, const char *text)
{
	struct crumbs c;

	if (!*text) {
		u->mode = MODE_BODY;
		return;
	}
	if (focus_check(u->b, text) < 0) {
		prompt_wrong(&u->prompt, err_text());
		return;
	}
	crumbs_copy(&c, &ui_top(u)->crumbs);
	u->mode = MODE_BODY;
	if (crumbs_add(&c, text))
		ui_refocus(u, &c);
	else
		ui_error(u, "%d filters are stacked: remove one first (D)", FOCUS_MAX);
	crumbs_release(&c);
	u->notes.changed = true;
}

static void unrange(struct ui *u)
{
	struct crumbs c;

	if (u->range_begun) {
		u->range_begun = false;
		return;
	}
	if (!ui_top(u)->crumbs.from && ui_top(u)->crumbs.to == UINT64_MAX) {
		u->strip_from = u->first;
		u->strip_to = u->last + 1;
		return;
	}
	crumbs_copy(&c, &ui_top(u)->crumbs);
	c.from = 0;
	c.to = UINT64_MAX;
	ui_refocus(u, &c);
	crumbs_release(&c);
}

/* ---- prompts -------------------------------------------------------------------- */

static void seen_values(void *arg, const char *field, const char *prefix, size_t len,
			struct choices *out)
{
	struct ui *u = arg;
	const char *v[VALUES_MAX];
	struct arena a = {0};
	char *text;
	size_t n;

	if (*prefix == '"') {
		prefix++;
		len--;
	}
	text = arena_strn(&a, prefix, len);
	n = browse_values(u->b, field, text, v, VALUES_MAX, &a);
	for (size_t i = 0; i < n; i++)
		complete_add_value(out, prefix, len, v[i], strlen(v[i]));
	arena_release(&a);
}

void ui_ask(struct ui *u, enum ask ask, const char *text)
{
	static struct complete complete;
	static const int histories[] = {
		[ASK_FILTER] = HISTORY_FILTER, [ASK_SEARCH] = HISTORY_SEARCH,
		[ASK_TIME] = HISTORY_TIME, [ASK_EXPORT] = -1, [ASK_NOTE] = -1, [ASK_RULE] = -1,
	};
	struct history *h = histories[ask] < 0 ? NULL : &u->notes.history[histories[ask]];

	complete = (struct complete){ seen_values, u };
	u->ask = ask;
	u->under = u->mode == MODE_HELP ? MODE_HELP : MODE_BODY;
	u->mode = MODE_PROMPT;
	u->message[0] = 0;
	prompt_begin(&u->prompt, text, h, ask == ASK_FILTER ? complete_filter : NULL, &complete);
}

static void set_note(struct ui *u, const char *text)
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

static void bookmark(struct ui *u)
{
	struct note *n = note_here(u);

	if (n && *n->text)
		ui_say(u, "here is a note: m changes it, an empty one is removed");
	else
		set_note(u, n ? NULL : "");
}

static void ask_note(struct ui *u)
{
	const struct note *n = note_here(u);

	ui_ask(u, ASK_NOTE, n ? n->text : "");
}

static void bookmarks_menu(struct ui *u)
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

static void go_bookmark(struct ui *u, size_t i)
{
	const struct note n = u->notes.v[i];
	const struct crumbs all = { .to = UINT64_MAX };

	if (ui_top(u)->body != &body_events && n.num)
		ui_show(u, "events", &all);
	ui_cursor(u, n.ts, n.num);
	if (*n.text)
		ui_say(u, "%s", n.text);
}

static void search(struct ui *u, const char *text)
{
	struct frame *f = ui_top(u);

	if (u->under == MODE_HELP)
		help_search(u, text, 0);
	else if (f->body->search)
		f->body->search(u, f, text, 0);
}

void ui_prompt_done(struct ui *u)
{
	const char *text = prompt_text(&u->prompt);
	struct frame *f = ui_top(u);

	if (u->ask == ASK_FILTER) {
		add_filter(u, text);
		return;
	}
	if (u->ask == ASK_TIME && *text && ui_jump(u, text) < 0) {
		prompt_wrong(&u->prompt, err_text());
		return;
	}
	if (u->ask == ASK_EXPORT && *text && export_begin(u, text) < 0) {
		prompt_wrong(&u->prompt, err_text());
		return;
	}
	u->mode = u->under;
	switch (u->ask) {
	case ASK_SEARCH:
		f->searched_from = (struct place){0};
		if (!*text)
			search(u, NULL);
		break;
	case ASK_NOTE:
		set_note(u, *text ? text : NULL);
		break;
	case ASK_RULE:
		if (*text)
			write_named(u, text);
		break;
	case ASK_FILTER: case ASK_TIME: case ASK_EXPORT:
		break;
	}
}

void ui_prompt_changed(struct ui *u)
{
	u->message[0] = 0;
	search(u, prompt_text(&u->prompt));
}

void ui_prompt_left(struct ui *u)
{
	if (u->ask == ASK_SEARCH)
		search(u, NULL);
}

/* ---- columns -------------------------------------------------------------------- */

static void columns_menu(struct ui *u, size_t row)
{
	const struct frame *f = ui_top(u);
	const uint32_t hidden = frame_hidden(u, f);

	menu_begin(&u->menu, MENU_COLUMNS, "Columns");
	u->menu.keys = f->q ? "Space shows or hides, Enter sorts" : "Space shows or hides";
	for (unsigned i = 0; i < f->view->n_columns; i++) {
		char text[80];

		snprintf(text, sizeof(text), "[%c] %s", hidden >> i & 1 ? ' ' : 'x',
			 f->view->columns[i].name);
		menu_add(&u->menu, text, f->view->columns[i].help, (long)i);
	}
	u->menu.row = row;
	u->mode = MODE_MENU;
}

static void column_chosen(struct ui *u, long chosen)
{
	struct frame *f = ui_top(u);

	if (u->mode == MODE_MENU) {	/* the menu stays: a column was toggled */
		const uint32_t hidden = f->hidden ^ 1u << chosen;

		if (hidden != (1u << f->view->n_columns) - 1)
			f->hidden = hidden;
		frame_keep_columns(u, f);
		columns_menu(u, u->menu.row);
	} else if (f->q) {
		f->hidden &= ~(1u << chosen);
		table_sort(f, (unsigned)chosen);
		frame_keep_columns(u, f);
	}
}

void ui_menu_done(struct ui *u, long chosen)
{
	struct link v[LINKS_MAX];

	if (chosen < 0 && u->menu.kind != MENU_VIEWS)
		return;
	switch (u->menu.kind) {
	case MENU_VIEWS:
		replace_view(u, chosen < 0 ? "overview" : browse_views(u->b)->v[chosen]->id);
		break;
	case MENU_CRUMBS:
		unfilter(u, (unsigned)chosen);
		break;
	case MENU_COLUMNS:
		column_chosen(u, chosen);
		break;
	case MENU_BOOKMARKS:
		go_bookmark(u, (size_t)chosen);
		break;
	case MENU_LINKS:
		if ((unsigned)chosen < links(u, v))
			ui_follow_link(u, &v[chosen]);
		break;
	case MENU_WRITE: case MENU_RULES:
		write_chosen(u, chosen);
		break;
	case MENU_NONE:
		break;
	}
}

/* ---- all keys ------------------------------------------------------------------- */

static void search_again(struct ui *u, int direction)
{
	struct frame *f = ui_top(u);

	if (f->body->search)
		f->body->search(u, f, NULL, direction);
}

static void ask_search(struct ui *u)
{
	if (!ui_top(u)->body->search) {
		ui_say(u, "there is nothing to search here");
		return;
	}
	ui_ask(u, ASK_SEARCH, "");
}

static void ask_export(struct ui *u)
{
	const struct frame *f = ui_top(u);
	char name[80];

	snprintf(name, sizeof(name), "%s.%s", f->view ? f->view->id :
		 f->body == &body_detail ? "event" : f->body == &body_stream ? "stream" :
		 "overview",
		 f->view ? "csv" : "txt");
	ui_ask(u, ASK_EXPORT, name);
}

static void cancel(struct ui *u)
{
	const bool stopped = export_cancel(u);

	if (ui_top(u)->e)
		events_search_stop(ui_top(u)->e);
	u->mark.on = false;
	u->range_begun = false;
	if (!stopped)
		ui_say(u, "q leaves the browser");
}

static bool act_time(struct ui *u, enum action a)
{
	switch (a) {
	case ACT_JUMP: ui_ask(u, ASK_TIME, ""); return true;
	case ACT_NEXT_ALERT: ui_next_mark(u, MARK_ALERT, 1); return true;
	case ACT_PREV_ALERT: ui_next_mark(u, MARK_ALERT, -1); return true;
	case ACT_NEXT_LOSS: ui_next_mark(u, MARK_LOSS, 1); return true;
	case ACT_PREV_LOSS: ui_next_mark(u, MARK_LOSS, -1); return true;
	case ACT_NEXT_EXEC: ui_next_mark(u, MARK_PROGRAM, 1); return true;
	case ACT_PREV_EXEC: ui_next_mark(u, MARK_PROGRAM, -1); return true;
	case ACT_LATER: ui_step_cursor(u, 1); return true;
	case ACT_EARLIER: ui_step_cursor(u, -1); return true;
	case ACT_ZOOM_IN: ui_zoom(u, true); return true;
	case ACT_ZOOM_OUT: ui_zoom(u, false); return true;
	case ACT_RANGE: ui_range(u); return true;
	case ACT_UNRANGE: unrange(u); return true;
	case ACT_UTC:
		u->local = !u->local;
		detail_changed(u, ui_top(u));
		return true;
	default: return false;
	}
}

static bool act_focus(struct ui *u, enum action a)
{
	switch (a) {
	case ACT_FILTER: ui_ask(u, ASK_FILTER, ""); return true;
	case ACT_UNFILTER: unfilter(u, ui_top(u)->crumbs.n - 1); return true;
	case ACT_CRUMBS: crumbs_menu(u); return true;
	case ACT_RULE: write_menu(u); return true;
	case ACT_SEARCH: ask_search(u); return true;
	case ACT_NEXT: search_again(u, 1); return true;
	case ACT_PREV: search_again(u, -1); return true;
	case ACT_VIEWS: views_menu(u); return true;
	case ACT_NEXT_VIEW: return step_view(u, 1);
	case ACT_PREV_VIEW: return step_view(u, -1);
	case ACT_AROUND: around(u); return true;
	case ACT_LINKS: links_menu(u); return true;
	case ACT_COLUMNS: columns_menu(u, 0); return true;
	default: return follow(u, a);
	}
}

static void back(struct ui *u)
{
	if (u->n_frames > 1)
		ui_pop(u);
	else
		ui_say(u, "this is where you began; q leaves the browser");
}

static void quit(struct ui *u)
{
	if (u->export)
		ui_error(u, "a file is being written; C-c stops that, q leaves then");
	else
		u->quit = true;
}

static bool act_program(struct ui *u, enum action a)
{
	switch (a) {
	case ACT_BACK: back(u); return true;
	case ACT_EXPORT: ask_export(u); return true;
	case ACT_BOOKMARK: bookmark(u); return true;
	case ACT_NOTE: ask_note(u); return true;
	case ACT_BOOKMARKS: bookmarks_menu(u); return true;
	case ACT_HELP: help_open(u); return true;
	case ACT_CANCEL: cancel(u); return true;
	case ACT_REDRAW: term_redraw(); return true;
	case ACT_SUSPEND: term_suspend(); return true;
	case ACT_QUIT: quit(u); return true;
	default: return false;
	}
}

bool ui_act(struct ui *u, enum action a)
{
	struct frame *f = ui_top(u);

	if (a == ACT_NONE)
		return false;
	if (a == ACT_LIVE)
		return live_toggle(u);
	live_past(u, a);
	return (f->body->act && f->body->act(u, f, a)) || act_time(u, a) || act_program(u, a) ||
		act_focus(u, a);
}
