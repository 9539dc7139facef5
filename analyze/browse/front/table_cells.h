/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of a frame on the screen, be it a table, a tree or a list of events: where its columns
 * stand, their names, a value in its place. */
#ifndef SAKER_BROWSE_TABLE_CELLS_H
#define SAKER_BROWSE_TABLE_CELLS_H

#include "analyze/browse/front/table_columns.h"
#include "analyze/browse/front/ui.h"

/* For the screen as it is.  Columns that have scrolled too far come back. */
void table_place(const struct ui *u, struct frame *f, struct columns *out);
/* Their names; the one that rows are sorted by has a mark. */
void table_head(const struct frame *f, const struct columns *c, int row);
/* A text, on the side where its unit belongs, with what is searched for marked; flags:
 * FOUND_FOLLOW or 0. */
void table_cell(const struct frame *f, const struct column_place *p, int row, enum term_role role,
		const struct buf *text, unsigned flags);

/* Adds a value as a cell shows it. */
void ui_datum(const struct ui *u, struct buf *out, const struct datum *c, enum unit unit,
	      bool exact);
bool unit_is_right(enum unit unit);	/* aligned to the right */

#endif
