/* SPDX-License-Identifier: Apache-2.0 */
/* What the replayed terminal's sequences (vt.c) call of its cells (vt_cells.c). */
#ifndef SAKER_BROWSE_VT_PARTS_H
#define SAKER_BROWSE_VT_PARTS_H

#include "analyze/browse/front/vt.h"

static inline int vt_clamp(int x, int most)
{
	return x < 0 ? 0 : x > most ? most : x;
}

void vt_put_character(struct vt *v, uint32_t c);
void vt_repeat(struct vt *v, int n);		/* the last one */
/* Down or up a row; at the margin the rows between both scroll. */
void vt_line_feed(struct vt *v);
void vt_line_back(struct vt *v);

/* how: 0 from the cursor on, 1 up to it, 2 all. */
void vt_erase_display(struct vt *v, int how);
void vt_erase_line(struct vt *v, int how);
void vt_erase_cells(struct vt *v, int n);
/* What is at the cursor and behind it, to the right or down; back if by < 0. */
void vt_shift_cells(struct vt *v, int by);
void vt_shift_lines(struct vt *v, int by);
/* All between the margins, up; down if by < 0. */
void vt_shift_all(struct vt *v, int by);
/* It begins empty; what was there before comes back. */
void vt_alternate(struct vt *v, bool begins);

#endif
