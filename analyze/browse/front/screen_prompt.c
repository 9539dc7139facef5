/* SPDX-License-Identifier: Apache-2.0 */
/* The line that is typed, with what is said of it above. */
#include <string.h>

#include "analyze/browse/front/cell.h"
#include "analyze/browse/front/ui.h"

static void prompt_choices(struct ui *u, int row)
{
	const struct choices *c = &u->prompt.choices;
	const int columns = term_columns();
	size_t first = 0;
	int at = 1;

	if (u->prompt.choice != SIZE_MAX && u->prompt.choice > 3)
		first = u->prompt.choice - 3;
	term_fill(row, 0, columns, ROLE_MENU);
	for (size_t i = first; i < c->n && at < columns - 1; i++) {
		at += term_quoted(row, at, columns - 1 - at,
				  i == u->prompt.choice ? ROLE_SELECTED : ROLE_MENU, c->v[i],
				  strlen(c->v[i]), false);
		at += 2;
	}
}

static const char *const ask_label[] = {
	[ASK_FILTER] = "filter: ", [ASK_SEARCH] = "/", [ASK_TIME] = ":",
	[ASK_EXPORT] = "write to: ", [ASK_NOTE] = "note: ", [ASK_RULE] = "write to: ",
	[ASK_VALUE] = "value: ",
};

static void above(int row, const char *message)
{
	term_fill(row, 0, term_columns(), ROLE_ERROR);
	term_put(row, 0, -1, ROLE_ERROR, message);
}

/* What is wrong, where it is: beside its place if there is room, or above it. */
static void wrong(const struct prompt *p, int row, int at)
{
	const int len = (int)strlen(p->message);

	term_fill(row, 0, term_columns(), ROLE_ERROR);
	term_put(row, at, 1, ROLE_ERROR, "v");
	if (at + 2 + len < term_columns() || at < 3)
		term_put(row, at + 2, -1, ROLE_ERROR, p->message);
	else if (len < at)
		term_put(row, at - 1 - len, -1, ROLE_ERROR, p->message);
	else
		above(row - 1, p->message);
}

static int width_of(const char *text, size_t len)
{
	return (int)cell_width(text, len, 10000, term_utf8());
}

/* A line longer than the screen is shown around its caret. */
void screen_prompt(struct ui *u, int row)
{
	struct prompt *p = &u->prompt;
	const char *label = ask_label[u->ask], *text = prompt_text(p);
	const int start = (int)strlen(label), space = term_columns() - start - 1;
	const int room = space > 0 ? space : 0;
	size_t from = 0;

	while (from < p->caret && width_of(text + from, p->caret - from) > room)
		from += cell_fit(text + from, 1, 1, term_utf8());
	term_put(row, 0, -1, ROLE_KEY, label);
	term_quoted(row, start, space, ROLE_PROMPT, text + from, p->text.len - from, false);
	if (p->wrong)
		wrong(p, row - 1, start + (p->wrong_at > from ?
		      width_of(text + from, p->wrong_at - from) : 0));
	else if (p->choices.n > 0)
		prompt_choices(u, row - 1);
	else if (u->message[0])		/* what a search says while it is typed */
		above(row - 1, u->message);
	term_cursor(row, start + width_of(text + from, p->caret - from), true);
}
