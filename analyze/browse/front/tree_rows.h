/* SPDX-License-Identifier: Apache-2.0 */
/* How rows of a process tree look in their column. */
#ifndef SAKER_BROWSE_TREE_ROWS_H
#define SAKER_BROWSE_TREE_ROWS_H

#include "analyze/browse/front/table_cells.h"

/* Where all rows in sight are so deep that their names would have no room, the tree moves to the
 * left: f->skip, for a column of this width. */
void tree_shift(struct frame *f, int width);
/* Adds the text of a row, as wide as the column at most, quoted. */
void tree_text(const struct ui *u, const struct frame *f, const struct query_row *r,
	       const struct column_place *p, struct buf *out);

#endif
