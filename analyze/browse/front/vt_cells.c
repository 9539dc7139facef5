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
	uint32_t *const cells = vt_cells(v, row);

	for (int i = from; i < to; i++)
		cells[i] = 0;
}

/* Of a wide character there are both halves, or neither. */
static void mend(struct vt *v, uint32_t *row)
{
	for (int i = 0; i < v->columns; i++) {
		const bool wide = row[i] >= 0x80 && row[i] != HALF && wcwidth((wchar_t)row[i]) == 2;

		if (row[i] == HALF)
			row[i] = 0;
		else if (wide && i + 1 < v->columns && row[i + 1] == HALF)
			i++;
		else if (wide)
			row[i] = 0;
	}
}

static void swap(uint16_t *a, uint16_t *b)
{
	const uint16_t was = *a;

	*a = *b;
	*b = was;
}

/* The rows between two, which they include, n up or (n < 0) down. */
static void scroll(struct vt *v, int from, int to, int n)
{
	const int height = to - from + 1;
	uint16_t *const line = v->line;

	n = n > height ? height : n < -height ? -height : n;
	for (int r = from; r + n <= to && n > 0; r++)
		swap(&line[r], &line[r + n]);
	for (int r = to; r + n >= from && n < 0; r--)
		swap(&line[r], &line[r + n]);
	for (int r = n > 0 ? to - n + 1 : from; r <= (n > 0 ? to : from - n - 1); r++)
		clear(v, r, 0, v->columns);
}

void vt_line_feed(struct vt *v)
{
	if (v->row == v->bottom)
		scroll(v, v->top, v->bottom, 1);
	else if (v->row < v->rows - 1)
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
static void put_cells(struct vt *v, int at, uint32_t c, int w)
{
	uint32_t *const row = vt_cells(v, v->row);

	if (row[at] == HALF && at > 0)
		row[at - 1] = 0;
	if (at + w < v->columns && row[at + w] == HALF)
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
	if (v->column + w > v->columns) {
		v->column = 0;
		vt_line_feed(v);
	}
	v->last = c;
	put_cells(v, v->column, c, w);
	v->column += w;
}

/* ---- erasing and moving --------------------------------------------------------- */

void vt_erase_display(struct vt *v, int how)
{
	for (int r = 0; r < v->rows; r++)
		if (how >= 2 || (how == 0 ? r > v->row : r < v->row))
			clear(v, r, 0, v->columns);
	if (how < 2)
		clear(v, v->row, how == 0 ? vt_clamp(v->column, v->columns - 1) : 0,
		      how == 0 ? v->columns : vt_clamp(v->column, v->columns - 1) + 1);
	mend(v, vt_cells(v, v->row));
}

void vt_erase_line(struct vt *v, int how)
{
	const int at = vt_clamp(v->column, v->columns - 1);

	clear(v, v->row, how ? 0 : at, how == 1 ? at + 1 : v->columns);
	mend(v, vt_cells(v, v->row));
}

void vt_shift_cells(struct vt *v, int by)
{
	const int at = vt_clamp(v->column, v->columns - 1), room = v->columns - at;
	uint32_t *row = vt_cells(v, v->row) + at;
	const int n = vt_clamp(by < 0 ? -by : by, room);

	if (by > 0) {
		memmove(row + n, row, (size_t)(room - n) * sizeof(*row));
		clear(v, v->row, at, at + n);
	} else {
		memmove(row, row + n, (size_t)(room - n) * sizeof(*row));
		clear(v, v->row, v->columns - n, v->columns);
	}
	mend(v, vt_cells(v, v->row));
}

void vt_shift_lines(struct vt *v, int by)
{
	const int most = v->bottom - v->row + 1;

	if (v->row >= v->top && v->row <= v->bottom)
		scroll(v, v->row, v->bottom, by > most ? most : by < -most ? -most : by);
}

void vt_erase_cells(struct vt *v, int n)
{
	const int at = vt_clamp(v->column, v->columns - 1);

	clear(v, v->row, at, at + vt_clamp(n, v->columns - at));
	mend(v, vt_cells(v, v->row));
}

void vt_repeat(struct vt *v, int n)
{
	for (n = vt_clamp(n, v->rows * v->columns); n > 0 && v->last; n--)
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
		for (int r = 0; r < v->rows; r++)
			memcpy(v->behind[r], vt_cells(v, r), sizeof(v->behind[r]));
		v->behind_row = v->row;
		v->behind_column = v->column;
		vt_erase_display(v, 2);
		v->row = v->column = 0;
	} else {
		for (int r = 0; r < v->rows; r++)
			memcpy(vt_cells(v, r), v->behind[r], sizeof(v->behind[r]));
		v->row = v->behind_row;
		v->column = v->behind_column;
	}
}

/* What is not on it any more is nowhere. */
static void cut(struct vt *v, uint32_t *cells, int row)
{
	const int from = row < v->rows ? v->columns : 0;

	memset(cells + from, 0, (size_t)(VT_COLUMNS_MAX - from) * sizeof(*cells));
	if (from)
		mend(v, cells);
}

void vt_resize(struct vt *v, int rows, int columns)
{
	const int was = v->rows;

	if (rows == v->rows && columns == v->columns)
		return;
	v->rows = vt_clamp(rows, VT_ROWS_MAX);
	v->columns = vt_clamp(columns, VT_COLUMNS_MAX);
	if (v->rows < 2)
		v->rows = 2;
	if (v->columns < 2)
		v->columns = 2;
	if (v->row >= v->rows) {
		scroll(v, 0, was - 1, v->row - v->rows + 1);
		v->row = v->rows - 1;
	}
	for (int r = 0; r < VT_ROWS_MAX; r++) {
		cut(v, vt_cells(v, r), r);
		cut(v, v->behind[r], r);
	}
	v->top = 0;
	v->bottom = v->rows - 1;
	v->column = vt_clamp(v->column, v->columns);
	v->saved_row = vt_clamp(v->saved_row, v->rows - 1);
	v->saved_column = vt_clamp(v->saved_column, v->columns);
	v->behind_row = vt_clamp(v->behind_row, v->rows - 1);
	v->behind_column = vt_clamp(v->behind_column, v->columns);
}

size_t vt_row(const struct vt *v, int row, char *out)
{
	size_t n = 0, end = 0;

	for (int i = 0; i < v->columns; i++) {
		const uint32_t c = vt_cells(v, row)[i];

		if (c == HALF)
			continue;
		n += utf8_encode(c ? c : ' ', out + n);
		if (c)
			end = n;
	}
	return end;
}
