/* SPDX-License-Identifier: Apache-2.0 */
/* A terminal that is only looked at: what was written to one, as it looked.  Bytes that a
 * recording has go in, cells come out; nothing of it reaches the real terminal but the
 * characters. */
#ifndef SAKER_BROWSE_VT_H
#define SAKER_BROWSE_VT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	VT_ROWS = 24, VT_COLUMNS = 80,		/* where nothing else is known */
	VT_ROWS_MAX = 256, VT_COLUMNS_MAX = 512,
	VT_ARGS = 8,
};

struct vt {
	int rows, columns;			/* at least 2 */
	uint32_t cell[VT_ROWS_MAX][VT_COLUMNS_MAX];	/* characters; 0: blank */
	uint16_t line[VT_ROWS_MAX];		/* which of cell a row is: they are not moved */
	int row, column, saved_row, saved_column;
	int top, bottom;			/* rows that scroll */
	enum { VT_TEXT, VT_ESC, VT_CSI, VT_STRING, VT_STRING_ESC, VT_CHARSET } state;
	unsigned arg[VT_ARGS], n_args;
	uint8_t mark;				/* of a private sequence: ? > = <; or 0 */
	uint8_t utf8[4];
	unsigned n_utf8;
	uint32_t last;				/* character, which may be repeated */
	bool alternate;				/* a program has the screen for itself ... */
	uint32_t behind[VT_ROWS_MAX][VT_COLUMNS_MAX];	/* ... and this, by rows, comes back */
	int behind_row, behind_column;
};

void vt_reset(struct vt *v);
/* The characters of a row. */
static inline uint32_t *vt_cells(const struct vt *v, int row)
{
	return (uint32_t *)v->cell[v->line[row]];
}
/* It has another size now, within the bounds; what has no room any more is gone. */
void vt_resize(struct vt *v, int rows, int columns);
/* As programs write it: a line ends in \n alone, which the kernel makes \r\n of. */
void vt_put(struct vt *v, const uint8_t *p, size_t len);
/* A row as UTF-8 without blanks at its end; out has 4 * VT_COLUMNS_MAX bytes. */
size_t vt_row(const struct vt *v, int row, char *out);

#endif
