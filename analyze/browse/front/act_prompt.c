/* SPDX-License-Identifier: Apache-2.0 */
/* What is typed: filters, searches, times, names. */
#include <string.h>

#include "analyze/browse/front/act_parts.h"
#include "analyze/browse/front/complete.h"
#include "capture/base/err.h"

enum { VALUES_MAX = 100 };

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
		[ASK_VALUE] = -1,
	};
	struct history *h = histories[ask] < 0 ? NULL : &u->notes.history[histories[ask]];

	complete = (struct complete){ seen_values, u };
	u->ask = ask;
	u->under = u->mode == MODE_HELP ? MODE_HELP : MODE_BODY;
	u->mode = MODE_PROMPT;
	u->message[0] = 0;
	prompt_begin(&u->prompt, text, h, ask == ASK_FILTER ? complete_filter : NULL, &complete);
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
	if (ui_stack_filter(u, &c, text))
		ui_refocus(u, &c);
	crumbs_release(&c);
	u->notes.changed = true;
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
	if (u->ask == ASK_VALUE && *text && spectrum_choose_value(f, text) < 0) {
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
		act_set_note(u, *text ? text : NULL);
		break;
	case ASK_RULE:
		if (*text)
			write_named(u, text);
		break;
	case ASK_FILTER: case ASK_TIME: case ASK_EXPORT: case ASK_VALUE:
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
