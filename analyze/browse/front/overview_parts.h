/* SPDX-License-Identifier: Apache-2.0 */
/* The first screen: facts (overview_facts.c) and panels, each the head of a view, with their rows
 * below each other; what keys do there (body_overview.c), how it looks (overview_draw.c). */
#ifndef SAKER_BROWSE_OVERVIEW_PARTS_H
#define SAKER_BROWSE_OVERVIEW_PARTS_H

#include "analyze/browse/front/ui.h"

enum { PANELS = 5, PANEL_COLUMNS = 4, PANEL_ROWS_MAX = 60, FACTS = 2 };

struct panel {
	const char *view, *title, *columns[PANEL_COLUMNS];
	const char *sort;	/* column, the largest first; NULL: as the view */
};

extern const struct panel panels[PANELS];

struct overview {
	const struct browse *b;
	unsigned sort[PANELS];		/* of those that are sorted as the view is */
	struct query *q[PANELS];	/* NULL: that view says nothing of this recording */
	struct query_rows rows;
	struct overview_row {
		unsigned panel;
		size_t row;		/* of the query; SIZE_MAX: the title */
	} v[PANELS * (1 + PANEL_ROWS_MAX)];
	size_t n;
};

/* The column of the view that is the i-th of a panel; -1: none, or the recording tells nothing
 * of it. */
int overview_column(const struct overview *o, unsigned panel, unsigned i);
/* A row of a panel, until the next one is asked for; NULL: a title, or it is gone. */
const struct query_row *overview_query_row(struct overview *o, const struct overview_row *r);

void overview_draw_facts(struct ui *u, int row);	/* FACTS rows */
void overview_draw(struct ui *u, struct frame *f, int row, int height);

#endif
