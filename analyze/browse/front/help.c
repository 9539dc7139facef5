/* SPDX-License-Identifier: Apache-2.0 */
/* ? : what this view is, its columns, and the keys that work here; all from tables. */
#include <curses.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/browse/front/ui.h"

enum { KEYS_WIDTH = 18, COLUMN_WIDTH = 18 };

static void view_help(struct ui *u, const struct view *v)
{
	doc_section(&u->help, v->title);
	if (v->help)
		doc_printf(&u->help, ROLE_TEXT, "%s", v->help);
	if (v->filter && *v->filter)
		doc_pair(&u->help, "counts", COLUMN_WIDTH, ROLE_TEXT, v->filter,
			 strlen(v->filter));
	for (unsigned i = 0; i < v->n_columns; i++) {
		const struct view_column *c = &v->columns[i];

		doc_pair(&u->help, c->name, COLUMN_WIDTH, ROLE_TEXT, c->help ? c->help : "",
			 c->help ? strlen(c->help) : 0);
	}
}

void help_open(struct ui *u)
{
	const struct frame *f = ui_top(u);
	const char *group = "";

	doc_clear(&u->help);
	u->help.top = 0;
	for (enum action a = 1; a < ACT__N; a++) {
		const struct key_desc k = key_row(a);

		if (!(k.where & f->body->where) || (a == ACT_LIVE && !u->options->live))
			continue;
		if (strcmp(group, k.group) != 0)
			doc_section(&u->help, group = k.group);
		doc_pair(&u->help, k.keys, KEYS_WIDTH, ROLE_TEXT, k.help, strlen(k.help));
	}
	if (f->view)
		view_help(u, f->view);
	u->mode = MODE_HELP;
	ui_say(u, "what works here; arrows and Tab move, / searches, Esc closes");
}

void help_search(struct ui *u, const char *text, int dir)
{
	if (!dir) {
		free(u->help_search);
		u->help_search = text && *text ? xstrdup(text) : NULL;
	}
	if (!u->help_search)
		u->help.found = SIZE_MAX;
	else if (!doc_search(&u->help, u->help_search, dir, screen_body_height()))
		ui_say(u, "\"%s\" is not found", u->help_search);
}

void help_key(struct ui *u, int key)
{
	const enum action a = keys_find(WHERE_DETAIL, key);

	if (doc_act(&u->help, a, screen_body_height()))
		return;
	switch (a) {
	case ACT_SEARCH: ui_ask(u, ASK_SEARCH, ""); return;
	case ACT_NEXT: help_search(u, NULL, 1); return;
	case ACT_PREV: help_search(u, NULL, -1); return;
	case ACT_SUSPEND: term_suspend(); return;
	case ACT_REDRAW: term_redraw(); return;
	default:
		u->mode = MODE_BODY;
		u->message[0] = 0;
	}
}
