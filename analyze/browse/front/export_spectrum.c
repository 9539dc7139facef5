/* SPDX-License-Identifier: Apache-2.0 */
/* A spectrogram as rows: one for each cell that has anything. */
#include "analyze/browse/front/export_parts.h"
#include "analyze/browse/front/spectrum_parts.h"

#define COLUMNS_OF(values) { \
	{ .name = "TIME", .unit = UNIT_TIME, .width = 29 }, \
	{ .name = "FROM", .unit = values, .width = 14 }, \
	{ .name = "BELOW", .unit = values, .width = 14 }, \
	{ .name = "COUNT", .unit = UNIT_NUMBER, .width = 10 }, \
}

static const struct view_column of_numbers[] = COLUMNS_OF(UNIT_NUMBER),
				of_spans[] = COLUMNS_OF(UNIT_SPAN);

void export_spectrum(const struct ui *u, struct export *x)
{
	const struct plot p = plot_of(x->f);
	const struct view as = { .kind = VIEW_TABLE, .n_columns = 4,
				 .columns = p.spans ? of_spans : of_numbers };

	x->view = &as;
	x->hidden = 0;
	export_head(x);
	for (size_t i = 0; i < p.s->n; i++)
		for (unsigned c = 0; c < p.n; c++) {
			const struct datum cells[] = {
				{ .known = true, .u = spectrum_time(p.s, i) },
				{ .known = true, .u = bin_edge(plot_bin(&p, c)) },
				{ .known = c + 1 < p.n, .u = bin_edge(plot_bin(&p, c + 1)) },
				{ .known = true, .u = plot_count(&p, (struct plot_cell){ i, c }) },
			};

			if (cells[3].u)
				export_row(u, x, cells);
		}
	x->view = x->f->view;
}
