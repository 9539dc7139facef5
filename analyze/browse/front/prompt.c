/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/browse/front/prompt.h"

#include <curses.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/browse/front/term.h"
#include "capture/base/mem.h"
#include "capture/base/quote.h"

/* ---- the line ------------------------------------------------------------------- */

void prompt_begin(struct prompt *p, const char *text, struct history *history,
		  prompt_complete *complete, void *arg)
{
	prompt_release(p);
	p->history = history;
	p->complete = complete;
	p->arg = arg;
	p->at = history ? history->n : 0;
	prompt_set(p, text);
}

void prompt_release(struct prompt *p)
{
	buf_release(&p->text);
	free(p->own);
	choices_release(&p->choices);
	*p = (struct prompt){ .choice = SIZE_MAX };
}

const char *prompt_text(struct prompt *p)
{
	return buf_text(&p->text);
}

void prompt_set(struct prompt *p, const char *text)
{
	buf_reset(&p->text);
	buf_str(&p->text, text);
	p->caret = p->text.len;
}

static size_t before(const struct prompt *p, size_t at)
{
	while (at > 0 && (p->text.p[--at] & 0xc0) == 0x80)
		;
	return at;
}

static size_t after(const struct prompt *p, size_t at)
{
	const size_t n = utf8_sequence(p->text.p + at, p->text.len - at);

	return at < p->text.len ? at + (n ? n : 1) : at;
}

static void cut(struct prompt *p, size_t from, size_t to)
{
	if (from >= to)
		return;
	memmove(p->text.p + from, p->text.p + to, p->text.len - to);
	p->text.len -= to - from;
	p->caret = from;
}

static void insert(struct prompt *p, const char *s, size_t n)
{
	if (p->text.len + n > PROMPT_TEXT_MAX)
		return;
	buf_room(&p->text, n);
	memmove(p->text.p + p->caret + n, p->text.p + p->caret, p->text.len - p->caret);
	memcpy(p->text.p + p->caret, s, n);
	p->text.len += n;
	p->caret += n;
}

static void insert_character(struct prompt *p, uint32_t c)
{
	char bytes[4];

	insert(p, bytes, utf8_encode(c, bytes));
}

static size_t word_before(const struct prompt *p)
{
	size_t at = p->caret;

	while (at > 0 && p->text.p[at - 1] == ' ')
		at--;
	while (at > 0 && p->text.p[at - 1] != ' ')
		at--;
	return at;
}

static void recall(struct prompt *p, int step)
{
	struct history *h = p->history;

	if (!h || (step < 0 ? p->at == 0 : p->at >= h->n))
		return;
	if (p->at == h->n) {
		free(p->own);
		p->own = xstrdup(prompt_text(p));
	}
	p->at = step < 0 ? p->at - 1 : p->at + 1;
	prompt_set(p, p->at == h->n ? p->own : h->v[p->at]);
}

/* ---- completion ----------------------------------------------------------------- */

static size_t common_length(const struct choices *c)
{
	size_t n = strlen(c->v[0]);

	for (size_t i = 1; i < c->n; i++)
		for (size_t k = 0; k < n; k++)
			if (c->v[i][k] != c->v[0][k])
				n = k;
	return n;
}

static void put_choice(struct prompt *p, const char *text, size_t n)
{
	cut(p, p->choices.from, p->caret);
	insert(p, text, n);
}

static void forget_choices(struct prompt *p)
{
	choices_release(&p->choices);
	p->choice = SIZE_MAX;
}

/* The first Tab adds what is certain and shows the choices; each further one takes the next. */
static void complete(struct prompt *p, int step)
{
	struct choices *c = &p->choices;
	size_t n;

	if (c->n > 0) {
		p->choice = p->choice == SIZE_MAX ? (step > 0 ? 0 : c->n - 1)
			: (p->choice + c->n + (size_t)step) % c->n;
		put_choice(p, c->v[p->choice], strlen(c->v[p->choice]));
		return;
	}
	if (!p->complete)
		return;
	p->complete(p->arg, prompt_text(p), p->caret, c);
	if (c->n == 0 || c->from > p->caret)
		return;
	n = c->more ? 0 : common_length(c);
	if (n >= p->caret - c->from)
		put_choice(p, c->v[0], n);
	if (c->n == 1)
		forget_choices(p);
}

/* ---- keys ----------------------------------------------------------------------- */

static bool movement(struct prompt *p, int key)
{
	switch (key) {
	case KEY_LEFT: case 'B' & 0x1f:
		p->caret = before(p, p->caret);
		return true;
	case KEY_RIGHT: case 'F' & 0x1f:
		p->caret = after(p, p->caret);
		return true;
	case KEY_HOME: case 'A' & 0x1f:
		p->caret = 0;
		return true;
	case KEY_END: case 'E' & 0x1f:
		p->caret = p->text.len;
		return true;
	case KEY_UP: case 'P' & 0x1f:
		recall(p, -1);
		return true;
	case KEY_DOWN: case 'N' & 0x1f:
		recall(p, 1);
		return true;
	}
	return false;
}

static void edit(struct prompt *p, int key)
{
	switch (key) {
	case KEY_BACKSPACE: case 0x7f: case 'H' & 0x1f:
		cut(p, before(p, p->caret), p->caret);
		break;
	case KEY_DC: case 'D' & 0x1f:
		cut(p, p->caret, after(p, p->caret));
		break;
	case 'U' & 0x1f:
		cut(p, 0, p->caret);
		break;
	case 'K' & 0x1f:
		p->text.len = p->caret;
		break;
	case 'W' & 0x1f:
		cut(p, word_before(p), p->caret);
		break;
	default:
		if (key & TERM_UNICODE)
			insert_character(p, (uint32_t)(key & ~TERM_UNICODE));
		else if (key >= 0x20 && key < 0x7f)
			insert_character(p, (uint32_t)key);
	}
}

enum prompt_result prompt_key(struct prompt *p, int key)
{
	const bool empty = p->text.len == 0;

	if (key < 0)
		return PROMPT_GOES_ON;
	if (key == '\t' || key == KEY_BTAB) {
		complete(p, key == '\t' ? 1 : -1);
		return PROMPT_GOES_ON;
	}
	if (p->choices.n > 0 && key == TERM_ESC) {
		forget_choices(p);
		return PROMPT_GOES_ON;
	}
	forget_choices(p);
	p->wrong = false;
	if (key == TERM_ESC || key == ('C' & 0x1f) || key == ('G' & 0x1f) ||
	    (empty && (key == KEY_BACKSPACE || key == 0x7f)))
		return PROMPT_LEFT;
	if (key == '\r' || key == '\n' || key == KEY_ENTER) {
		if (p->history) {	/* the line may stay, if it is wrong */
			history_add(p->history, prompt_text(p));
			p->at = p->history->n;
		}
		return PROMPT_DONE;
	}
	if (!movement(p, key))
		edit(p, key);
	return PROMPT_GOES_ON;
}

/* "name:line:column: message\n the line\n ^" of lang_err: the line is on the screen already. */
void prompt_wrong(struct prompt *p, const char *message)
{
	unsigned line, column;
	int n = 0;
	size_t len;

	p->wrong = true;
	p->wrong_at = p->text.len;
	if (sscanf(message, "%*[a-z]:%u:%u: %n", &line, &column, &n) == 2 && n > 0) {
		p->wrong_at = column > 0 ? column - 1 : 0;
		message += n;
	}
	len = strcspn(message, "\n");
	if (len >= sizeof(p->message))
		len = sizeof(p->message) - 1;
	memcpy(p->message, message, len);
	p->message[len] = 0;
	if (p->wrong_at > p->text.len)
		p->wrong_at = p->text.len;
}
