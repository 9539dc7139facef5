/* SPDX-License-Identifier: Apache-2.0 */
/* The part of ECMA-48 and xterm that shells and editors use to place text.  Colours, titles,
 * modes and answers are read over: this is for reading what somebody saw and typed. */
#include "analyze/browse/front/vt.h"

#include <string.h>
#include <wchar.h>

#include "capture/base/quote.h"

void vt_reset(struct vt *v)
{
	memset(v, 0, sizeof(*v));
	v->bottom = VT_ROWS - 1;
}

/* The second half of a character that is two columns wide. */
#define HALF UINT32_MAX

static int clamp(int x, int most)
{
	return x < 0 ? 0 : x > most ? most : x;
}

static void clear(struct vt *v, int row, int from, int to)
{
	for (int i = from; i < to; i++)
		v->cell[row][i] = 0;
}

/* Of a wide character there are both halves, or neither. */
static void mend(uint32_t *row)
{
	for (int i = 0; i < VT_COLUMNS; i++) {
		const bool wide = row[i] >= 0x80 && row[i] != HALF && wcwidth((wchar_t)row[i]) == 2;

		if (row[i] == HALF)
			row[i] = 0;
		else if (wide && i + 1 < VT_COLUMNS && row[i + 1] == HALF)
			i++;
		else if (wide)
			row[i] = 0;
	}
}

static void scroll(struct vt *v, int from, int to, int by)
{
	const size_t row = sizeof(v->cell[0]);

	for (; by > 0; by--) {
		memmove(v->cell[from], v->cell[from + 1], (size_t)(to - from) * row);
		clear(v, to, 0, VT_COLUMNS);
	}
	for (; by < 0; by++) {
		memmove(v->cell[from + 1], v->cell[from], (size_t)(to - from) * row);
		clear(v, from, 0, VT_COLUMNS);
	}
}

static void line_feed(struct vt *v)
{
	if (v->row == v->bottom)
		scroll(v, v->top, v->bottom, 1);
	else if (v->row < VT_ROWS - 1)
		v->row++;
}

/* w columns wide; a character of which it covers a half goes. */
static void put_cells(uint32_t *row, int at, uint32_t c, int w)
{
	if (row[at] == HALF && at > 0)
		row[at - 1] = 0;
	if (at + w < VT_COLUMNS && row[at + w] == HALF)
		row[at + w] = 0;
	row[at] = c;
	if (w == 2)
		row[at + 1] = HALF;
}

static void put_character(struct vt *v, uint32_t c)
{
	const int w = wcwidth((wchar_t)c);

	if (w <= 0 || utf8_deceives(c))
		return;
	if (v->column + w > VT_COLUMNS) {
		v->column = 0;
		line_feed(v);
	}
	v->last = c;
	put_cells(v->cell[v->row], v->column, c, w);
	v->column += w;
}

/* ---- control sequences ---------------------------------------------------------- */

static int arg(const struct vt *v, unsigned i, int otherwise)
{
	const unsigned x = i < v->n_args && i < VT_ARGS ? v->arg[i] : 0;

	return x ? (int)(x < 10000 ? x : 10000) : otherwise;
}

static void erase_display(struct vt *v, int how)
{
	for (int r = 0; r < VT_ROWS; r++)
		if (how >= 2 || (how == 0 ? r > v->row : r < v->row))
			clear(v, r, 0, VT_COLUMNS);
	if (how < 2)
		clear(v, v->row, how == 0 ? clamp(v->column, VT_COLUMNS - 1) : 0,
		      how == 0 ? VT_COLUMNS : clamp(v->column, VT_COLUMNS - 1) + 1);
	mend(v->cell[v->row]);
}

static void erase_line(struct vt *v, int how)
{
	const int at = clamp(v->column, VT_COLUMNS - 1);

	clear(v, v->row, how ? 0 : at, how == 1 ? at + 1 : VT_COLUMNS);
	mend(v->cell[v->row]);
}

static void shift_cells(struct vt *v, int by)
{
	const int at = clamp(v->column, VT_COLUMNS - 1), room = VT_COLUMNS - at;
	uint32_t *row = v->cell[v->row] + at;
	const int n = clamp(by < 0 ? -by : by, room);

	if (by > 0) {
		memmove(row + n, row, (size_t)(room - n) * sizeof(*row));
		clear(v, v->row, at, at + n);
	} else {
		memmove(row, row + n, (size_t)(room - n) * sizeof(*row));
		clear(v, v->row, VT_COLUMNS - n, VT_COLUMNS);
	}
	mend(v->cell[v->row]);
}

static void shift_lines(struct vt *v, int by)
{
	const int most = v->bottom - v->row + 1;

	if (v->row >= v->top && v->row <= v->bottom)
		scroll(v, v->row, v->bottom, by > most ? most : by < -most ? -most : by);
}

static void erase_cells(struct vt *v, int n)
{
	const int at = clamp(v->column, VT_COLUMNS - 1);

	clear(v, v->row, at, at + clamp(n, VT_COLUMNS - at));
	mend(v->cell[v->row]);
}

static void repeat(struct vt *v, int n)
{
	for (n = clamp(n, VT_ROWS * VT_COLUMNS); n > 0 && v->last; n--)
		put_character(v, v->last);
}

/* Up if by > 0. */
static void shift_all(struct vt *v, int by)
{
	const int most = v->bottom - v->top + 1;

	scroll(v, v->top, v->bottom, by > most ? most : by < -most ? -most : by);
}

static bool is_alternate(int mode)
{
	return mode == 1049 || mode == 1047 || mode == 47;
}

/* It begins empty; what was there before comes back. */
static void alternate_screen(struct vt *v, bool begins)
{
	if (begins == v->alternate)
		return;
	v->alternate = begins;
	if (begins) {
		memcpy(v->behind, v->cell, sizeof(v->behind));
		v->behind_row = v->row;
		v->behind_column = v->column;
		erase_display(v, 2);
		v->row = v->column = 0;
	} else {
		memcpy(v->cell, v->behind, sizeof(v->cell));
		v->row = v->behind_row;
		v->column = v->behind_column;
	}
}

static void csi(struct vt *v, uint8_t c)
{
	const int last = VT_COLUMNS - 1;

	switch (c) {
	case 'A': v->row = clamp(v->row - arg(v, 0, 1), VT_ROWS - 1); break;
	case 'B': case 'e': v->row = clamp(v->row + arg(v, 0, 1), VT_ROWS - 1); break;
	case 'C': case 'a': v->column = clamp(v->column + arg(v, 0, 1), last); break;
	case 'D': v->column = clamp(v->column - arg(v, 0, 1), last); break;
	case 'G': case '`': v->column = clamp(arg(v, 0, 1) - 1, last); break;
	case 'd': v->row = clamp(arg(v, 0, 1) - 1, VT_ROWS - 1); break;
	case 'H': case 'f':
		v->row = clamp(arg(v, 0, 1) - 1, VT_ROWS - 1);
		v->column = clamp(arg(v, 1, 1) - 1, last);
		break;
	case 'J': erase_display(v, arg(v, 0, 0)); break;
	case 'K': erase_line(v, arg(v, 0, 0)); break;
	case 'X': erase_cells(v, arg(v, 0, 1)); break;
	case 'b': repeat(v, arg(v, 0, 1)); break;
	case 'S': shift_all(v, arg(v, 0, 1)); break;
	case 'T': shift_all(v, -arg(v, 0, 1)); break;
	case 'P': shift_cells(v, -arg(v, 0, 1)); break;
	case '@': shift_cells(v, arg(v, 0, 1)); break;
	case 'L': shift_lines(v, -arg(v, 0, 1)); break;
	case 'M': shift_lines(v, arg(v, 0, 1)); break;
	case 'r':
		v->top = clamp(arg(v, 0, 1) - 1, VT_ROWS - 2);
		v->bottom = clamp(arg(v, 1, VT_ROWS) - 1, VT_ROWS - 1);
		if (v->bottom <= v->top) {
			v->top = 0;
			v->bottom = VT_ROWS - 1;
		}
		v->row = v->column = 0;
		break;
	case 'h': case 'l':
		for (unsigned i = 0; v->private_mode && i < v->n_args; i++)
			if (is_alternate(arg(v, i, 0)))
				alternate_screen(v, c == 'h');
		break;
	}
}

static void csi_byte(struct vt *v, uint8_t c)
{
	if (c >= '0' && c <= '9') {
		unsigned *a = &v->arg[v->n_args ? (v->n_args - 1) % VT_ARGS : 0];

		if (!v->n_args)
			v->n_args = 1;
		*a = *a < 100000 ? *a * 10 + (c - '0') : *a;
	} else if (c == ';') {
		v->n_args = v->n_args ? v->n_args : 1;
		if (v->n_args < VT_ARGS)
			v->arg[v->n_args++] = 0;
	} else if (c == '?') {
		v->private_mode = true;
	} else if (c >= 0x40) {
		csi(v, c);
		v->state = VT_TEXT;
	}
}

static void escape(struct vt *v, uint8_t c)
{
	v->state = VT_TEXT;
	switch (c) {
	case '[':
		v->state = VT_CSI;
		v->n_args = 0;
		v->private_mode = false;
		memset(v->arg, 0, sizeof(v->arg));
		break;
	case ']': case 'P': case '_': case '^': case 'X':
		v->state = VT_STRING;
		break;
	case '(': case ')': case '#': case '%':
		v->state = VT_CHARSET;
		break;
	case '7':
		v->saved_row = v->row;
		v->saved_column = v->column;
		break;
	case '8':
		v->row = v->saved_row;
		v->column = v->saved_column;
		break;
	case 'D':
		line_feed(v);
		break;
	case 'M':
		if (v->row == v->top)
			scroll(v, v->top, v->bottom, -1);
		else if (v->row > 0)
			v->row--;
		break;
	case 'c':
		vt_reset(v);
	}
}

/* ---- text ----------------------------------------------------------------------- */

static void control(struct vt *v, uint8_t c)
{
	switch (c) {
	case '\r': v->column = 0; break;
	case '\n': v->column = 0; line_feed(v); break;
	case 0x0b: case 0x0c: line_feed(v); break;
	case '\b': v->column -= v->column > 0; break;
	case '\t': v->column = clamp((v->column | 7) + 1, VT_COLUMNS - 1); break;
	case 0x1b: v->state = VT_ESC; break;
	}
}

static void text(struct vt *v, uint8_t c)
{
	if (v->n_utf8 > 0 && (c & 0xc0) != 0x80)
		v->n_utf8 = 0;		/* what was begun goes no further */
	if (v->n_utf8 > 0 || c >= 0xc2) {
		v->utf8[v->n_utf8++] = c;
		if (utf8_sequence(v->utf8, v->n_utf8) == v->n_utf8)
			put_character(v, utf8_decode(v->utf8, v->n_utf8));
		else if (v->n_utf8 < 4)
			return;
		v->n_utf8 = 0;
	} else if (c < 0x20 || c == 0x7f) {
		control(v, c);
	} else if (c < 0x80) {
		put_character(v, c);
	}
}

void vt_put(struct vt *v, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		switch (v->state) {
		case VT_TEXT:
			text(v, p[i]);
			break;
		case VT_ESC:
			escape(v, p[i]);
			break;
		case VT_CSI:
			csi_byte(v, p[i]);
			break;
		case VT_STRING:		/* until BEL or ESC \ */
			v->state = p[i] == 7 ? VT_TEXT : p[i] == 0x1b ? VT_STRING_ESC : VT_STRING;
			break;
		case VT_STRING_ESC:
			v->state = p[i] == '\\' ? VT_TEXT : VT_STRING;
			break;
		case VT_CHARSET:
			v->state = VT_TEXT;
		}
}

size_t vt_row(const struct vt *v, int row, char *out)
{
	size_t n = 0, end = 0;

	for (int i = 0; i < VT_COLUMNS; i++) {
		const uint32_t c = v->cell[row][i];

		if (c == HALF)
			continue;
		n += utf8_encode(c ? c : ' ', out + n);
		if (c)
			end = n;
	}
	return end;
}
