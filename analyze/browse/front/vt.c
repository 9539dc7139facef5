/* SPDX-License-Identifier: Apache-2.0 */
/* The part of ECMA-48 and xterm that shells and editors use to place text.  Colours, titles,
 * modes and answers are read over: this is for reading what somebody saw and typed. */
#include <string.h>

#include "analyze/browse/front/vt_parts.h"
#include "capture/base/quote.h"

/* As it was switched on, in the size that it has. */
static void vt_clear(struct vt *v)
{
	const int rows = v->rows, columns = v->columns;

	memset(v, 0, sizeof(*v));
	for (unsigned i = 0; i < VT_ROWS_MAX; i++)
		v->line[i] = (uint16_t)i;
	v->rows = rows;
	v->columns = columns;
	v->bottom = rows - 1;
}

void vt_reset(struct vt *v)
{
	v->rows = VT_ROWS;
	v->columns = VT_COLUMNS;
	vt_clear(v);
}

/* ---- control sequences ---------------------------------------------------------- */

static int arg(const struct vt *v, unsigned i, int otherwise)
{
	const unsigned x = i < v->n_args && i < VT_ARGS ? v->arg[i] : 0;

	return x ? (int)(x < 10000 ? x : 10000) : otherwise;
}

static void margins(struct vt *v, int top, int bottom)
{
	v->top = vt_clamp(top - 1, v->rows - 2);
	v->bottom = vt_clamp(bottom - 1, v->rows - 1);
	if (v->bottom <= v->top) {
		v->top = 0;
		v->bottom = v->rows - 1;
	}
	v->row = v->column = 0;
}

static bool is_alternate(int mode)
{
	return mode == 1049 || mode == 1047 || mode == 47;
}

static void mode(struct vt *v, bool on)
{
	for (unsigned i = 0; i < v->n_args; i++)
		if (is_alternate(arg(v, i, 0)))
			vt_alternate(v, on);
}

/* The same letters mean something else then: mc begins with ?1001r, which sets no margins. */
static void private_csi(struct vt *v, uint8_t c)
{
	if (v->mark != '?')
		return;
	switch (c) {
	case 'J': vt_erase_display(v, arg(v, 0, 0)); break;
	case 'K': vt_erase_line(v, arg(v, 0, 0)); break;
	case 'h': case 'l': mode(v, c == 'h'); break;
	}
}

static void csi(struct vt *v, uint8_t c)
{
	const int last = v->columns - 1;

	switch (c) {
	case 'A': v->row = vt_clamp(v->row - arg(v, 0, 1), v->rows - 1); break;
	case 'B': case 'e': v->row = vt_clamp(v->row + arg(v, 0, 1), v->rows - 1); break;
	case 'C': case 'a': v->column = vt_clamp(v->column + arg(v, 0, 1), last); break;
	case 'D': v->column = vt_clamp(v->column - arg(v, 0, 1), last); break;
	case 'G': case '`': v->column = vt_clamp(arg(v, 0, 1) - 1, last); break;
	case 'd': v->row = vt_clamp(arg(v, 0, 1) - 1, v->rows - 1); break;
	case 'H': case 'f':
		v->row = vt_clamp(arg(v, 0, 1) - 1, v->rows - 1);
		v->column = vt_clamp(arg(v, 1, 1) - 1, last);
		break;
	case 'J': vt_erase_display(v, arg(v, 0, 0)); break;
	case 'K': vt_erase_line(v, arg(v, 0, 0)); break;
	case 'X': vt_erase_cells(v, arg(v, 0, 1)); break;
	case 'b': vt_repeat(v, arg(v, 0, 1)); break;
	case 'S': vt_shift_all(v, arg(v, 0, 1)); break;
	case 'T': vt_shift_all(v, -arg(v, 0, 1)); break;
	case 'P': vt_shift_cells(v, -arg(v, 0, 1)); break;
	case '@': vt_shift_cells(v, arg(v, 0, 1)); break;
	case 'L': vt_shift_lines(v, -arg(v, 0, 1)); break;
	case 'M': vt_shift_lines(v, arg(v, 0, 1)); break;
	case 'r': margins(v, arg(v, 0, 1), arg(v, 1, v->rows)); break;
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
	} else if (c >= '<' && c <= '?') {
		v->mark = c;
	} else if (c == 0x1b) {		/* it was cut off: another one begins */
		v->state = VT_ESC;
	} else if (c >= 0x40) {
		v->state = VT_TEXT;
		if (v->mark)
			private_csi(v, c);
		else
			csi(v, c);
	}
}

static void escape(struct vt *v, uint8_t c)
{
	v->state = VT_TEXT;
	switch (c) {
	case '[':
		v->state = VT_CSI;
		v->n_args = 0;
		v->mark = 0;
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
		vt_line_feed(v);
		break;
	case 'M':
		vt_line_back(v);
		break;
	case 'c':
		vt_clear(v);
	}
}

/* ---- text ----------------------------------------------------------------------- */

static void control(struct vt *v, uint8_t c)
{
	switch (c) {
	case '\r': v->column = 0; break;
	case '\n': v->column = 0; vt_line_feed(v); break;
	case 0x0b: case 0x0c: vt_line_feed(v); break;
	case '\b': v->column -= v->column > 0; break;
	case '\t': v->column = vt_clamp((v->column | 7) + 1, v->columns - 1); break;
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
			vt_put_character(v, utf8_decode(v->utf8, v->n_utf8));
		else if (v->n_utf8 < 4)
			return;
		v->n_utf8 = 0;
	} else if (c < 0x20 || c == 0x7f) {
		control(v, c);
	} else if (c < 0x80) {
		vt_put_character(v, c);
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
