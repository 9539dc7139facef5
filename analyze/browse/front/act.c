/* SPDX-License-Identifier: Apache-2.0 */
/* What keys do wherever one is; what a body does itself it is asked first. */
#include <stdio.h>
#include <string.h>

#include "analyze/browse/front/act_parts.h"

/* ---- links ---------------------------------------------------------------------- */

/* Where each key leads: by a word of the link's title.  What is said where there is no such link;
 * NULL: then it leads to all in this focus. */
static const struct {
	enum action action;
	const char *word, *none;
} ways[] = {
	{ ACT_EVENTS, "events", NULL },
	{ ACT_TREE, "tree", "this is of no process" },
	{ ACT_TOUCHED, "touched", "this is of no file" },
	{ ACT_PEER, "other end", "this is of no connection" },
	{ ACT_CONTAINER, "container", "this is of no container" },
};

unsigned act_links(struct ui *u, struct link out[LINKS_MAX])
{
	struct frame *f = ui_top(u);

	return f->body->links ? f->body->links(u, f, out, &u->arena) : 0;
}

static bool follow(struct ui *u, enum action a)
{
	struct link v[LINKS_MAX];
	const unsigned n = act_links(u, v);

	for (unsigned k = 0; k < sizeof(ways) / sizeof(ways[0]); k++) {
		if (ways[k].action != a)
			continue;
		for (unsigned i = 0; i < n; i++)
			if (text_has(v[i].title, strlen(v[i].title), ways[k].word))
				return ui_follow_link(u, &v[i]);
		if (!ways[k].none)
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

/* ---- views ---------------------------------------------------------------------- */

/* Another view in the place of this one, in the same focus. */
bool act_replace_view(struct ui *u, const char *id)
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
	return act_replace_view(u, vs->v[at]->id);
}

/* ---- filters -------------------------------------------------------------------- */

void act_unfilter(struct ui *u, unsigned i)
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

static void unrange(struct ui *u)
{
	struct crumbs c;

	if (u->range_begun) {
		u->range_begun = false;
		return;
	}
	if (!crumbs_range(&ui_top(u)->crumbs)) {
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
	case ACT_UNFILTER: act_unfilter(u, ui_top(u)->crumbs.n - 1); return true;
	case ACT_CRUMBS: act_crumbs_menu(u); return true;
	case ACT_RULE: write_menu(u); return true;
	case ACT_SEARCH: ask_search(u); return true;
	case ACT_NEXT: search_again(u, 1); return true;
	case ACT_PREV: search_again(u, -1); return true;
	case ACT_VIEWS: act_views_menu(u); return true;
	case ACT_NEXT_VIEW: return step_view(u, 1);
	case ACT_PREV_VIEW: return step_view(u, -1);
	case ACT_AROUND: around(u); return true;
	case ACT_LINKS: act_links_menu(u); return true;
	case ACT_COLUMNS: act_columns_menu(u); return true;
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
	case ACT_BOOKMARK: act_bookmark(u); return true;
	case ACT_NOTE: act_ask_note(u); return true;
	case ACT_BOOKMARKS: act_bookmarks(u); return true;
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
