/* SPDX-License-Identifier: Apache-2.0 */
/* What sequences do to the cells of the screen. */
#include <string.h>
#include <wchar.h>

#include "analyze/browse/front/vt_parts.h"
#include "capture/base/quote.h"

/* The second half of a character that is two columns wide. */
#define HALF UINT32_MAX

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

void vt_line_feed(struct vt *v)
{
	if (v->row == v->bottom)
		scroll(v, v->top, v->bottom, 1);
	else if (v->row < VT_ROWS - 1)
		v->row++;
}

void vt_line_back(struct vt *v)
{
	if (v->row == v->top)
		scroll(v, v->top, v->bottom, -1);
	else if (v->row > 0)
		v->row--;
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

void vt_put_character(struct vt *v, uint32_t c)
{
	const int w = wcwidth((wchar_t)c);

	if (w <= 0 || utf8_deceives(c))
		return;
	if (v->column + w > VT_COLUMNS) {
		v->column = 0;
		vt_line_feed(v);
	}
	v->last = c;
	put_cells(v->cell[v->row], v->column, c, w);
	v->column += w;
}

/* ---- erasing and moving --------------------------------------------------------- */

void vt_erase_display(struct vt *v, int how)
{
	for (int r = 0; r < VT_ROWS; r++)
		if (how >= 2 || (how == 0 ? r > v->row : r < v->row))
			clear(v, r, 0, VT_COLUMNS);
	if (how < 2)
		clear(v, v->row, how == 0 ? vt_clamp(v->column, VT_COLUMNS - 1) : 0,
		      how == 0 ? VT_COLUMNS : vt_clamp(v->column, VT_COLUMNS - 1) + 1);
	mend(v->cell[v->row]);
}

void vt_erase_line(struct vt *v, int how)
{
	const int at = vt_clamp(v->column, VT_COLUMNS - 1);

	clear(v, v->row, how ? 0 : at, how == 1 ? at + 1 : VT_COLUMNS);
	mend(v->cell[v->row]);
}

void vt_shift_cells(struct vt *v, int by)
{
	const int at = vt_clamp(v->column, VT_COLUMNS - 1), room = VT_COLUMNS - at;
	uint32_t *row = v->cell[v->row] + at;
	const int n = vt_clamp(by < 0 ? -by : by, room);

	if (by > 0) {
		memmove(row + n, row, (size_t)(room - n) * sizeof(*row));
		clear(v, v->row, at, at + n);
	} else {
		memmove(row, row + n, (size_t)(room - n) * sizeof(*row));
		clear(v, v->row, VT_COLUMNS - n, VT_COLUMNS);
	}
	mend(v->cell[v->row]);
}

void vt_shift_lines(struct vt *v, int by)
{
	const int most = v->bottom - v->row + 1;

	if (v->row >= v->top && v->row <= v->bottom)
		scroll(v, v->row, v->bottom, by > most ? most : by < -most ? -most : by);
}

void vt_erase_cells(struct vt *v, int n)
{
	const int at = vt_clamp(v->column, VT_COLUMNS - 1);

	clear(v, v->row, at, at + vt_clamp(n, VT_COLUMNS - at));
	mend(v->cell[v->row]);
}

void vt_repeat(struct vt *v, int n)
{
	for (n = vt_clamp(n, VT_ROWS * VT_COLUMNS); n > 0 && v->last; n--)
		vt_put_character(v, v->last);
}

void vt_shift_all(struct vt *v, int by)
{
	const int most = v->bottom - v->top + 1;

	scroll(v, v->top, v->bottom, by > most ? most : by < -most ? -most : by);
}

void vt_alternate(struct vt *v, bool begins)
{
	if (begins == v->alternate)
		return;
	v->alternate = begins;
	if (begins) {
		memcpy(v->behind, v->cell, sizeof(v->behind));
		v->behind_row = v->row;
		v->behind_column = v->column;
		vt_erase_display(v, 2);
		v->row = v->column = 0;
	} else {
		memcpy(v->cell, v->behind, sizeof(v->cell));
		v->row = v->behind_row;
		v->column = v->behind_column;
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
