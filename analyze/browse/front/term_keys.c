/* SPDX-License-Identifier: Apache-2.0 */
/* What the terminal sends, as keys. */
#include <curses.h>

#include "analyze/browse/front/escape.h"
#include "analyze/browse/front/term_parts.h"

enum { IGNORED = -9 };

/* Releases and movements are nothing to act on. */
static int decode_mouse(void)
{
	MEVENT e;

	if (getmouse(&e) != OK)
		return IGNORED;
	term.event = (struct term_mouse){
		.row = e.y, .column = e.x,
		.press = e.bstate & (BUTTON1_PRESSED | BUTTON1_CLICKED),
		.up = e.bstate & BUTTON4_PRESSED,
		.down = e.bstate & BUTTON5_PRESSED,
	};
	return term.event.press || term.event.up || term.event.down ? KEY_MOUSE : IGNORED;
}

struct term_mouse term_mouse(void)
{
	return term.event;
}

/* Esc has come: alone, with a key (which is Alt and that key), or as a sequence. */
static int decode_escape(void)
{
	char p[ESCAPE_MAX];
	size_t len = 0;
	wint_t c = 0;
	int kind, key;

	do {
		kind = get_wch(&c);
		if (kind == KEY_CODE_YES)
			ungetch((int)c);
		else if (kind == OK && c == TERM_ESC) {
			unget_wch((wchar_t)c);	/* the next one begins */
			break;
		} else if (kind == OK)
			p[len++] = c < 0x80 ? (char)c : 0x7f;
	} while (kind == OK && escape_goes_on(p, len));
	if (len == 0)
		return TERM_ESC;
	if (len == 1)
		return (kind == OK && c != TERM_ESC ? (int)c : p[0]) | TERM_ALT;
	key = escape_key(p, len);
	return key < 0 ? TERM_ALT : key;
}

/* A code of ncurses, a character, or a character with the bit of Alt. */
static int decode_one(void)
{
	wint_t c;
	const int kind = get_wch(&c);

	if (kind == ERR)
		return TERM_NOTHING;
	if (kind == KEY_CODE_YES)
		return c == KEY_RESIZE ? IGNORED : c == KEY_MOUSE ? decode_mouse() : (int)c;
	if (c == TERM_ESC)
		return decode_escape();
	return c < 0x80 ? (int)c : (int)c | TERM_UNICODE;
}

/* ncurses reads ahead: behind what is ignored there may be keys that poll knows nothing of. */
int term_decode(void)
{
	int key;

	while ((key = decode_one()) == IGNORED)
		;
	return key;
}
