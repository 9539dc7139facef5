/* SPDX-License-Identifier: Apache-2.0 */
/* Which bins a column stands for.  On screens that are too narrow for all bins of a decade a column
 * joins as many as divide it: all are equally wide, and decades begin with one. */
#include "analyze/browse/front/spectrum_parts.h"
#include "capture/base/timearg.h"

enum {
	WINDOW_DECADES = 8,	/* that are always shown, from 100 ns to 10 s for instance */
	MORE_DECADES = 2,	/* where there is room */
};

static int digits_of_time(uint64_t width)
{
	return width % NS_PER_S == 0 ? 8 : width % 1000000 == 0 ? 12 : width % 1000 == 0 ? 15 : 18;
}

struct plot plot_of(const struct frame *f)
{
	const int columns = term_columns(), time = digits_of_time(f->spectrum->slices.width);
	const bool spans = f->view->columns[0].unit == UNIT_SPAN;
	struct plot p = { .s = f->spectrum, .spans = spans, .time_width = time,
			  .at = time + 1 + COUNT_WIDTH + 1, .per = DECADE_BINS,
			  .first = spans ? 2 : 0 };
	unsigned room;

	p.end = p.first + WINDOW_DECADES;
	if (columns - p.at < WINDOW_DECADES * 2 + 2)	/* rather cells than numbers */
		p.at = 0;
	room = (unsigned)(columns - p.at - 2);
	while (p.per > 1 && (DECADE_BINS % p.per || p.per * WINDOW_DECADES > room))
		p.per--;
	while (p.end < p.first + WINDOW_DECADES + MORE_DECADES
	       && p.per * (p.end + 1 - p.first) + LABEL_WIDTH <= room)
		p.end++;
	p.n = p.per * (p.end - p.first) + 2;
	return p;
}

unsigned plot_bin(const struct plot *p, unsigned column)
{
	if (column == 0 || column >= p->n)
		return column ? BINS : 0;
	return 1 + p->first * DECADE_BINS + (column - 1) * (DECADE_BINS / p->per);
}

static unsigned column_of(const struct plot *p, unsigned bin)
{
	unsigned column = 0;

	while (column + 1 < p->n && plot_bin(p, column + 1) <= bin)
		column++;
	return column;
}

uint64_t plot_count(const struct plot *p, struct plot_cell at)
{
	return spectrum_count(p->s, at.slice, plot_bin(p, at.column), plot_bin(p, at.column + 1));
}

uint64_t plot_count_row(const struct plot *p, size_t slice)
{
	return spectrum_count(p->s, slice, 0, BINS);
}

uint64_t plot_most(const struct plot *p)
{
	uint64_t most = 0;

	for (size_t i = 0; i < p->s->n; i++)
		for (unsigned c = 0; c < p->n; c++) {
			const uint64_t n = plot_count(p, (struct plot_cell){ i, c });

			most = n > most ? n : most;
		}
	return most;
}

static unsigned fullest_column(const struct plot *p)
{
	uint64_t most = 0;
	unsigned best = 1;

	for (unsigned c = 0; c < p->n; c++) {
		uint64_t n = 0;

		for (size_t i = 0; i < p->s->n; i++)
			n += plot_count(p, (struct plot_cell){ i, c });
		if (n > most) {
			most = n;
			best = c;
		}
	}
	return best;
}

struct plot_cell plot_chosen(const struct ui *u, const struct frame *f, const struct plot *p)
{
	return (struct plot_cell){
		.slice = spectrum_at(p->s, u->cursor),
		.column = f->chosen ? column_of(p, f->bin) : fullest_column(p),
	};
}
