/* SPDX-License-Identifier: Apache-2.0 */
/* How a spectrogram looks: a scale of values above, shaded cells, what the shades stand for below,
 * and the chosen cell in numbers in the status line. */
#include <inttypes.h>

#include "analyze/browse/front/spectrum_parts.h"
#include "capture/base/timearg.h"

/* ---- texts ---------------------------------------------------------------------- */

static void put_number(struct buf *out, uint64_t v, enum unit unit)
{
	const struct datum d = { .known = true, .u = v };

	datum_text(out, &d, unit, 0, false);
}

static void put_value(struct buf *out, const struct plot *p, uint64_t v)
{
	put_number(out, v, p->spans ? UNIT_SPAN : UNIT_NUMBER);
}

static void put_count(struct buf *out, uint64_t n)
{
	put_number(out, n, UNIT_RATE);
}

static void put_decade(struct buf *out, const struct plot *p, unsigned decade)
{
	if (p->spans)
		put_number(out, decade, UNIT_DECADE);
	else
		put_number(out, bin_edge(1 + decade * DECADE_BINS), UNIT_RATE);
}

/* 20ms, 500s: widths are round. */
static void put_width(struct buf *out, uint64_t ns)
{
	static const struct {
		uint64_t ns;
		const char *name;
	} units[] = { { NS_PER_S, "s" }, { 1000000, "ms" }, { 1000, "us" }, { 1, "ns" } };
	unsigned i = 0;

	while (ns % units[i].ns)
		i++;
	buf_printf(out, "%" PRIu64 "%s", ns / units[i].ns, units[i].name);
}

/* "1.00us - 1.47us", "below 100ns", "from 10.00s" */
static void put_range(struct buf *out, const struct plot *p, unsigned column)
{
	if (column == 0)
		buf_str(out, "below ");
	else if (column + 1 == p->n)
		buf_str(out, "from ");
	else
		put_value(out, p, bin_edge(plot_bin(p, column)));
	if (column > 0 && column + 1 < p->n)
		buf_str(out, " - ");
	put_value(out, p, bin_edge(plot_bin(p, column + 1 < p->n ? column + 1 : column)));
}

/* ---- shades --------------------------------------------------------------------- */

/* Where a shade stands among nine; 0: none. */
static unsigned of_nine(unsigned shade)
{
	return shade ? 1 + (shade - 1) * (SHADES_MAX - 1) / (term_shades() - 1) : 0;
}

static const char *mark_of(unsigned shade)
{
	static const char *const utf8[] = {
		" ", "░", "░", "▒", "▒", "▒", "▓", "▓", "▓", "█"
	};
	static const char *const ascii[] = {
		" ", ".", ":", "-", "=", "+", "*", "#", "%", "@"
	};

	return (term_utf8() ? utf8 : ascii)[of_nine(shade)];
}

static enum term_role role_of(unsigned shade)
{
	return shade ? ROLE_HEAT1 + of_nine(shade) - 1 : ROLE_TEXT;
}

/* ---- rows ----------------------------------------------------------------------- */

static void draw_scale(const struct plot *p, int row)
{
	const unsigned every = (LABEL_WIDTH + p->per - 1) / p->per;
	struct buf b = {0};

	term_fill(row, 0, term_columns(), ROLE_HEAD);
	if (p->at > 0) {
		term_put(row, 0, -1, ROLE_HEAD, "TIME");
		term_put(row, p->at - 1 - COUNT_WIDTH, -1, ROLE_HEAD, "COUNT");
	}
	for (unsigned d = p->first; d <= p->end; d += every) {
		const int at = p->at + 1 + (int)((d - p->first) * p->per);

		buf_reset(&b);
		buf_byte(&b, '|');
		put_decade(&b, p, d);
		if (at + (int)b.len <= term_columns())
			term_put(row, at, -1, ROLE_HEAD, buf_text(&b));
	}
	buf_release(&b);
}

static void draw_time(const struct ui *u, const struct plot *p, size_t slice, int row,
		      enum term_role role)
{
	const uint64_t n = plot_count_row(p, slice);
	char time[TIME_TEXT_MAX];
	struct buf b = {0};

	term_fill(row, 0, p->at - 1, role);
	time_of_day(time, spectrum_time(p->s, slice), ui_offset(u));
	time[p->time_width] = 0;
	term_put(row, 0, -1, role, time);
	if (n)
		put_count(&b, n);
	term_put(row, p->at - 1 - (int)b.len, -1, role, buf_text(&b));
	buf_release(&b);
}

static void draw_slice(const struct ui *u, const struct plot *p, const struct shades *shades,
		       size_t slice, int row, const struct plot_cell *chosen)
{
	const bool here = slice == chosen->slice;

	if (p->at > 0)
		draw_time(u, p, slice, row, here ? ROLE_SELECTED : ROLE_TEXT);
	for (unsigned c = 0; c < p->n; c++) {
		const uint64_t n = plot_count(p, (struct plot_cell){ slice, c });
		const unsigned shade = shade_of(shades, n);
		const bool it_is = here && c == chosen->column;

		if (shade || it_is)
			term_put(row, p->at + (int)c, 1, it_is ? ROLE_SELECTED : role_of(shade),
				 mark_of(shade));
	}
}

/* The fewest that each shade stands for. */
static void draw_legend(const struct plot *p, const struct shades *shades, int row)
{
	struct buf b = {0};
	int at = 0;

	buf_str(&b, "each row ");
	put_width(&b, p->s->slices.width);
	buf_str(&b, ", in a cell at least:");
	term_put(row, at, -1, ROLE_DIM, buf_text(&b));
	at += (int)b.len + 2;
	for (unsigned i = 0; i < shades->n; i++) {
		const unsigned shade = shade_used(shades, i);

		buf_reset(&b);
		put_count(&b, shades->from[i]);
		if (at + 2 + (int)b.len > term_columns())
			break;
		term_put(row, at, 1, role_of(shade), mark_of(shade));
		term_put(row, at + 2, -1, ROLE_DIM, buf_text(&b));
		at += 2 + (int)b.len + 2;
	}
	buf_release(&b);
}

/* ---- all ------------------------------------------------------------------------ */

size_t spectrum_rows(int height)
{
	return height > 3 ? (size_t)height - 2 : height > 1 ? (size_t)height - 1 : 1;
}

static void settle(struct frame *f, size_t row, size_t rows)
{
	const size_t n = f->spectrum->n;

	if (row < f->top)
		f->top = row;
	if (row >= f->top + rows)
		f->top = row - rows + 1;
	if (f->top + rows > n)
		f->top = n > rows ? n - rows : 0;
}

void spectrum_draw(struct ui *u, struct frame *f, int row, int height)
{
	const size_t rows = spectrum_rows(height);
	const struct spectrum *s = f->spectrum;
	struct query_status status;
	struct plot_cell chosen;
	struct shades shades;
	struct plot p;

	query_status(f->q, &status);
	query_spectrum(f->q, f->spectrum);
	p = plot_of(f);
	chosen = plot_chosen(u, f, &p);
	settle(f, chosen.slice, rows);
	draw_scale(&p, row);
	if (s->n_events == 0) {
		frame_draw_nothing(u, f, &status, row + 1);
		return;
	}
	shades_init(&shades, term_shades(), plot_most(&p));
	for (size_t i = 0; i < rows && f->top + i < s->n; i++)
		draw_slice(u, &p, &shades, f->top + i, row + 1 + (int)i, &chosen);
	if (height > 3)
		draw_legend(&p, &shades, row + height - 1);
}

void spectrum_status(struct ui *u, struct frame *f, struct buf *out)
{
	const struct plot p = plot_of(f);
	const struct plot_cell chosen = plot_chosen(u, f, &p);
	const uint64_t n = plot_count(&p, chosen), all = plot_count_row(&p, chosen.slice);
	struct query_status s;

	query_status(f->q, &s);
	buf_printf(out, "%zu of %zu  ", chosen.slice + 1, p.s->n);
	put_range(out, &p, chosen.column);
	buf_printf(out, ": %" PRIu64 " of %" PRIu64, n, all);
	if (n)
		buf_printf(out, ", %.*f%%", n * 10 < all ? 1 : 0,
			   (double)n * 100 / (double)all);
	if (!s.complete && !s.live)
		buf_printf(out, "  %u%%", s.permille / 10);
	if (s.failed)
		buf_printf(out, "  %s", s.failed);
}
