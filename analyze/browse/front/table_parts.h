/* SPDX-License-Identifier: Apache-2.0 */
/* What the keys of tables and trees (body_table.c) and their looks (table_draw.c) share. */
#ifndef SAKER_BROWSE_TABLE_PARTS_H
#define SAKER_BROWSE_TABLE_PARTS_H

#include "analyze/browse/front/table_cells.h"

static inline bool table_is_tree(const struct frame *f)
{
	return f->view->kind == VIEW_TREE;
}

void table_draw(struct ui *u, struct frame *f, int row, int height);
void table_status(struct ui *u, struct frame *f, struct buf *out);

#endif
