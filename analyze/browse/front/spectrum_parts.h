/* SPDX-License-Identifier: Apache-2.0 */
/* A spectrogram on the screen: where its cells are (spectrum_plot.c), how they look
 * (spectrum_draw.c), what keys do there (body_spectrum.c). */
#ifndef SAKER_BROWSE_SPECTRUM_PARTS_H
#define SAKER_BROWSE_SPECTRUM_PARTS_H

#include "analyze/browse/front/ui.h"
#include "analyze/browse/model/spectrum.h"

enum {
	COUNT_WIDTH = 5,
	LABEL_WIDTH = 6,	/* |100us */
};

/* Each row is a slice, each column some bins: the first has all that is smaller than its decades,
 * the last what is larger. */
struct plot {
	const struct spectrum *s;
	bool spans;			/* values are times, rather than numbers */
	int time_width, at;		/* at: of the first cell; 0: no times, no counts */
	unsigned per;			/* columns of a decade */
	unsigned first, end;		/* decades */
	unsigned n;			/* columns */
};

/* A cell, or with column plot.n none in that row. */
struct plot_cell {
	size_t slice;
	unsigned column;
};

/* For the screen as it is. */
struct plot plot_of(const struct frame *f);
/* The first bin of a column; of the one behind the last: BINS. */
unsigned plot_bin(const struct plot *p, unsigned column);
/* Events in a cell; in its row; in the cell that has most. */
uint64_t plot_count(const struct plot *p, struct plot_cell at);
uint64_t plot_count_row(const struct plot *p, size_t slice);
uint64_t plot_most(const struct plot *p);
/* The slice that the cursor is in; the column where most events are, until the user has chosen. */
struct plot_cell plot_chosen(const struct ui *u, const struct frame *f, const struct plot *p);

/* Rows of cells in a body of this height, beside scale and legend. */
size_t spectrum_rows(int height);
void spectrum_draw(struct ui *u, struct frame *f, int row, int height);
void spectrum_status(struct ui *u, struct frame *f, struct buf *out);

#endif
