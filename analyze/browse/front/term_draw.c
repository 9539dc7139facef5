/* SPDX-License-Identifier: Apache-2.0 */
/* Text on the screen, each in its role. */
#include <curses.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "analyze/browse/front/cell.h"
#include "analyze/browse/front/term_parts.h"

void term_erase(void)
{
	erase();
}

void term_refresh(void)
{
	refresh();
}

void term_redraw(void)
{
	clearok(curscr, true);
}

static int room(int row, int column, int width)
{
	if (row < 0 || row >= LINES || column < 0 || column >= COLS)
		return 0;
	return width < 0 || width > COLS - column ? COLS - column : width;
}

int term_quoted(int row, int column, int width, enum term_role role, const void *p,
		size_t len, bool pad)
{
	int used;

	width = room(row, column, width);
	if (width == 0)
		return 0;
	buf_reset(&term.text);
	used = (int)cell_text(&term.text, p, len, (size_t)width, term.utf8);
	for (int i = used; pad && i < width; i++)
		buf_byte(&term.text, ' ');
	attrset(term.attributes[role]);
	mvaddnstr(row, column, (const char *)term.text.p, (int)term.text.len);
	attrset(A_NORMAL);
	return used;
}

void term_put(int row, int column, int width, enum term_role role, const char *text)
{
	term_quoted(row, column, width, role, text, strlen(text), false);
}

void term_fill(int row, int column, int width, enum term_role role)
{
	term_quoted(row, column, width, role, "", 0, true);
}

void term_text(struct buf *out)
{
	wchar_t line[1024];
	char c[MB_LEN_MAX];

	for (int row = 0; row < LINES; row++) {
		size_t end = out->len;

		line[0] = 0;
		mvwinnwstr(curscr, row, 0, line, sizeof(line) / sizeof(line[0]) - 1);
		for (const wchar_t *w = line; *w; w++) {
			const int n = wctomb(c, *w);

			buf_put(out, c, n > 0 ? (size_t)n : 0);
			end = *w == L' ' ? end : out->len;
		}
		out->len = end;
		buf_byte(out, '\n');
	}
}

void term_cursor(int row, int column, bool visible)
{
	curs_set(visible);
	if (room(row, column, 1))
		move(row, column);
}

void term_mark(int row, int column, int width, enum term_role role)
{
	width = room(row, column, width);
	if (width > 0)
		mvchgat(row, column, width, term.attributes[role] & ~A_COLOR,
			(short)PAIR_NUMBER(term.attributes[role]), NULL);
}
