/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/browse/front/menu.h"

#include <curses.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "analyze/browse/front/cell.h"
#include "analyze/browse/front/doc.h"
#include "analyze/browse/front/term.h"

void menu_begin(struct menu *m, enum menu_kind kind, const char *title)
{
	menu_release(m);
	m->kind = kind;
	m->title = title;
}

void menu_add(struct menu *m, const char *text, const char *hint, long value)
{
	m->v = mem_grow(m->v, &m->cap, m->n + 1, sizeof(*m->v));
	m->v[m->n++] = (struct menu_item){
		.text = arena_str(&m->arena, text), .value = value,
		.hint = arena_str(&m->arena, hint ? hint : ""),
	};
}

void menu_release(struct menu *m)
{
	free(m->v);
	arena_release(&m->arena);
	*m = (struct menu){0};
}

static bool fits(const struct menu *m, size_t i)
{
	return text_has(m->v[i].text, strlen(m->v[i].text), m->typed) ||
		text_has(m->v[i].hint, strlen(m->v[i].hint), m->typed);
}

static size_t count(const struct menu *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++)
		n += fits(m, i);
	return n;
}

/* The k-th of those that fit. */
static const struct menu_item *item(const struct menu *m, size_t k)
{
	for (size_t i = 0; i < m->n; i++)
		if (fits(m, i) && k-- == 0)
			return &m->v[i];
	return NULL;
}

void menu_select(struct menu *m, long value)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->v[i].value == value)
			m->row = i;
}

void menu_check(struct menu *m, long value, bool checked)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->v[i].value == value)
			m->v[i].check = checked ? 'x' : ' ';
}

long menu_value(const struct menu *m)
{
	const struct menu_item *i = item(m, m->row);

	return i ? i->value : -1;
}

/* ---- drawing -------------------------------------------------------------------- */

enum { CHECK_WIDTH = 4 };

struct box {
	int row, column, height, width;	/* with its frame */
	int hint;			/* where hints begin, from column; 0: there are none */
};

static struct box box_of(const struct menu *m)
{
	size_t text = strlen(m->title) + 2, hint = 0;
	struct box b;

	for (size_t i = 0; i < m->n; i++) {
		const size_t t = cell_width(m->v[i].text, strlen(m->v[i].text), 200,
					    term_utf8()) + (m->v[i].check ? CHECK_WIDTH : 0);
		const size_t h = cell_width(m->v[i].hint, strlen(m->v[i].hint), 200,
					    term_utf8());

		text = t > text ? t : text;
		hint = h > hint ? h : hint;
	}
	b.width = (int)(text + (hint ? hint + 2 : 0)) + 4;
	if (b.width < 40)
		b.width = 40;
	if (b.width > term_columns() - 4)	/* no stripe of what is below at its sides */
		b.width = term_columns();
	b.hint = hint ? (int)text + 4 : 0;
	if (b.hint > b.width * 2 / 3)
		b.hint = b.width * 2 / 3;
	b.height = (int)m->n + 2;
	if (b.height > term_rows() - 4)
		b.height = term_rows() - 4;
	if (b.height < 3)
		b.height = 3;
	b.row = (term_rows() - b.height) / 2;
	b.column = (term_columns() - b.width) / 2;
	return b;
}

/* At the right of the lower line: which of how many there is room for. */
static void draw_count(const struct menu *m, const struct box *b, size_t n)
{
	const size_t height = (size_t)(b->height - 2);
	char text[64];
	int len;

	if (n <= height)
		return;
	len = snprintf(text, sizeof(text), " %zu-%zu of %zu ", m->top + 1,
		       m->top + height < n ? m->top + height : n, n);
	if (len < b->width / 2)
		term_put(b->row + b->height - 1, b->column + b->width - 2 - len, len, ROLE_DIM,
			 text);
}

static void draw_frame(const struct menu *m, const struct box *b)
{
	const bool utf8 = term_utf8();
	const char *const line = utf8 ? "─" : "-";
	char title[160];

	for (int i = 0; i < b->height; i++)
		term_fill(b->row + i, b->column, b->width, ROLE_MENU);
	for (int i = 0; i < b->width; i++) {
		term_put(b->row, b->column + i, 1, ROLE_MENU, line);
		term_put(b->row + b->height - 1, b->column + i, 1, ROLE_MENU, line);
	}
	snprintf(title, sizeof(title), " %s%s%s ", m->title, *m->typed ? ": " : "", m->typed);
	term_put(b->row, b->column + 2, b->width - 4, ROLE_KEY, title);
	if (m->keys)
		term_put(b->row + b->height - 1, b->column + 2, b->width - 4, ROLE_DIM, m->keys);
}

static void draw_item(const struct menu_item *i, int row, const struct box *b, bool selected)
{
	const enum term_role role = selected ? ROLE_SELECTED : ROLE_MENU;
	const char box[] = { '[', i->check, ']', 0 };
	const int at = i->check ? CHECK_WIDTH : 0;

	term_fill(row, b->column + 1, b->width - 2, role);
	if (i->check)
		term_put(row, b->column + 2, -1, role, box);
	term_put(row, b->column + 2 + at, (b->hint ? b->hint - 1 : b->width - 1) - 3 - at, role,
		 i->text);
	if (b->hint)
		term_put(row, b->column + b->hint, b->width - b->hint - 2, role, i->hint);
}

void menu_draw(struct menu *m)
{
	const struct box b = box_of(m);
	const size_t n = count(m), height = (size_t)(b.height - 2);

	if (b.width < 8 || b.height < 3)
		return;
	if (m->row >= n)
		m->row = n ? n - 1 : 0;
	if (m->row < m->top)
		m->top = m->row;
	if (m->row >= m->top + height)
		m->top = m->row - height + 1;
	draw_frame(m, &b);
	draw_count(m, &b, n);
	for (size_t i = 0; i < height && m->top + i < n; i++)
		draw_item(item(m, m->top + i), b.row + 1 + (int)i, &b, m->top + i == m->row);
}

/* ---- keys ----------------------------------------------------------------------- */

/* Who types the beginning of a title means it, whatever else has the text. */
static void select_best(struct menu *m)
{
	const size_t n = strlen(m->typed);
	size_t row = 0;
	bool begins = false;

	m->row = m->top = 0;
	for (size_t i = 0; n > 0 && i < m->n; i++) {
		if (strncasecmp(m->v[i].text, m->typed, n) == 0 &&
		    (!begins || strlen(m->v[i].text) == n)) {
			m->row = row;
			begins = true;
		}
		row += fits(m, i);
	}
}

static void type(struct menu *m, int key)
{
	const size_t n = strlen(m->typed);

	if (n + 1 < sizeof(m->typed)) {
		m->typed[n] = (char)key;
		m->typed[n + 1] = 0;
	}
	select_best(m);
}

static void move_by(struct menu *m, long by)
{
	const long n = (long)count(m), row = (long)m->row + by;

	m->row = n == 0 || row < 0 ? 0 : (size_t)(row >= n ? n - 1 : row);
}

enum menu_result menu_key(struct menu *m, int key)
{
	const size_t n = strlen(m->typed);
	const long page = term_rows() > 8 ? term_rows() - 8 : 1;

	switch (key) {
	case KEY_UP: case 'P' & 0x1f:
		move_by(m, -1);
		return MENU_GOES_ON;
	case KEY_DOWN: case 'N' & 0x1f:
		move_by(m, 1);
		return MENU_GOES_ON;
	case KEY_PPAGE: case KEY_HOME:
		move_by(m, key == KEY_HOME ? -(long)m->n : -page);
		return MENU_GOES_ON;
	case KEY_NPAGE: case KEY_END:
		move_by(m, key == KEY_END ? (long)m->n : page);
		return MENU_GOES_ON;
	case KEY_BACKSPACE: case 0x7f: case 'H' & 0x1f:
		if (n == 0)
			return MENU_LEFT;
		m->typed[n - 1] = 0;
		select_best(m);
		return MENU_GOES_ON;
	case TERM_ESC: case 'C' & 0x1f: case 'G' & 0x1f:
		return MENU_LEFT;
	case '\r': case '\n': case KEY_ENTER:
		return count(m) ? MENU_CHOSEN : MENU_GOES_ON;
	case ' ':
		if (m->kind == MENU_COLUMNS)
			return MENU_TOGGLED;
	}
	if (key >= ' ' && key < 0x7f)
		type(m, key);
	return MENU_GOES_ON;
}

enum menu_result menu_click(struct menu *m, int row)
{
	const struct box b = box_of(m);
	const size_t at = m->top + (size_t)(row - b.row - 1);

	if (row <= b.row || row >= b.row + b.height - 1)
		return MENU_LEFT;
	if (at >= count(m))
		return MENU_GOES_ON;
	if (at == m->row)
		return MENU_CHOSEN;
	m->row = at;
	return MENU_GOES_ON;
}
