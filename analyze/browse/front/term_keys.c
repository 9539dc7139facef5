/* SPDX-License-Identifier: Apache-2.0 */
/* What the terminal sends, as keys; and the wait for it, which signals end too. */
#include <curses.h>
#include <poll.h>
#include <unistd.h>

#include "analyze/browse/front/escape.h"
#include "analyze/browse/front/term_parts.h"

enum { IGNORED = -9 };

static struct term_mouse event;		/* the last one */

/* Releases and movements are nothing to act on. */
static int decode_mouse(void)
{
	MEVENT e;

	if (getmouse(&e) != OK)
		return IGNORED;
	event = (struct term_mouse){
		.row = e.y, .column = e.x,
		.press = e.bstate & (BUTTON1_PRESSED | BUTTON1_CLICKED),
		.up = e.bstate & BUTTON4_PRESSED,
		.down = e.bstate & BUTTON5_PRESSED,
	};
	return event.press || event.up || event.down ? KEY_MOUSE : IGNORED;
}

struct term_mouse term_mouse(void)
{
	return event;
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
static int decode(void)
{
	int key;

	while ((key = decode_one()) == IGNORED)
		;
	return key;
}

/* ---- waiting -------------------------------------------------------------------- */

static int key_of(short revents)
{
	char none;
	int key;

	if (!(revents & POLLIN))
		return revents & (POLLHUP | POLLERR | POLLNVAL) ? TERM_GONE : TERM_NOTHING;
	key = decode();
	/* Readable, but there is nothing: the other side is closed. */
	if (key == TERM_NOTHING && revents & POLLHUP && read(STDIN_FILENO, &none, 0) < 0)
		return TERM_GONE;
	return key;
}

int term_key(int fd, int ms)
{
	struct pollfd p[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = term_pipe(), .events = POLLIN },
		{ .fd = fd, .events = POLLIN },
	};
	int key = term_do_asked();

	if (key < 0)
		return key;
	key = decode();		/* ncurses may have read ahead */
	if (key != TERM_NOTHING)
		return key;
	if (poll(p, 3, ms) < 0)	/* a signal */
		p[0].revents = p[1].revents = 0;
	if (p[1].revents)
		term_drain();
	key = term_do_asked();
	return key < 0 ? key : key_of(p[0].revents);
}
