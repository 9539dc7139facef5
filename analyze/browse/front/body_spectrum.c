/* SPDX-License-Identifier: Apache-2.0 */
/* Spectrograms: a row for each slice of time, a column for each bin of values, and in each cell how
 * many events there were.  The chosen slice is the one that the cursor is in. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/browse/front/cell.h"
#include "analyze/browse/front/export_parts.h"
#include "capture/base/timearg.h"

enum {
	WINDOW_DECADES = 8,	/* that are always shown, from 100 ns to 10 s for instance */
	MORE_DECADES = 2,	/* where there is room */
	COUNT_WIDTH = 5,
	LABEL_WIDTH = 6,	/* |100us */
};

static struct spectrum *cells_of(const struct frame *f)
{
	return f->spectrum;
}

static enum unit unit_of(const struct frame *f)
{
	return f->view->columns[0].unit;
}

static int open_spectrum(struct ui *u, struct frame *f)
{
	struct focus focus;

	crumbs_focus(&f->crumbs, &focus);
	f->q = query_open(u->b, f->view, &focus);
	if (f->q && !f->spectrum)
		f->spectrum = xcalloc(1, sizeof(*f->spectrum));
	return f->q ? 0 : -1;
}

static void close_spectrum(struct frame *f)
{
	query_close(f->q);
	f->q = NULL;
	spectrum_release(f->spectrum);
}

void spectrum_free(struct frame *f)
{
	free(f->spectrum);
}

/* ---- where things are ----------------------------------------------------------- */

/* The first column of cells has all that is smaller than its decades, the last what is larger. */
struct plot {
	int time_width, at;		/* at: of the first cell */
	unsigned per;			/* columns of a decade */
	unsigned first, end;		/* decades */
	unsigned n;			/* columns */
};

static int digits_of_time(uint64_t width)
{
	return width % NS_PER_S == 0 ? 8 : width % 1000000 == 0 ? 12 : width % 1000 == 0 ? 15 : 18;
}

static struct plot plot_of(const struct frame *f)
{
	const int columns = term_columns(), time = digits_of_time(cells_of(f)->slices.width);
	struct plot p = { .time_width = time, .at = time + 1 + COUNT_WIDTH + 1,
			  .per = DECADE_BINS, .first = unit_of(f) == UNIT_SPAN ? 2 : 0 };
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

/* The first bin of a column; of the one behind the last: BINS. */
static unsigned bin_at(const struct plot *p, unsigned column)
{
	if (column == 0 || column >= p->n)
		return column ? BINS : 0;
	return 1 + p->first * DECADE_BINS + (column - 1) * (DECADE_BINS / p->per);
}

static unsigned column_at(const struct plot *p, unsigned bin)
{
	unsigned column = 0;

	while (column + 1 < p->n && bin_at(p, column + 1) <= bin)
		column++;
	return column;
}

static uint64_t count_at(const struct frame *f, const struct plot *p, size_t slice, unsigned column)
{
	return spectrum_count(cells_of(f), slice, bin_at(p, column), bin_at(p, column + 1));
}

static uint64_t count_slice(const struct frame *f, size_t slice)
{
	return spectrum_count(cells_of(f), slice, 0, BINS);
}

static size_t chosen_slice(const struct ui *u, const struct frame *f)
{
	return spectrum_at(cells_of(f), u->cursor);
}

/* Until the user has chosen one: where most events are. */
static unsigned chosen_column(const struct frame *f, const struct plot *p)
{
	uint64_t most = 0;
	unsigned best = 1;

	if (f->chosen)
		return column_at(p, f->bin);
	for (unsigned c = 0; c < p->n; c++) {
		uint64_t n = 0;

		for (size_t i = 0; i < cells_of(f)->n; i++)
			n += count_at(f, p, i, c);
		if (n > most) {
			most = n;
			best = c;
		}
	}
	return best;
}

static uint64_t most_of(const struct frame *f, const struct plot *p)
{
	uint64_t most = 0;

	for (size_t i = 0; i < cells_of(f)->n; i++)
		for (unsigned c = 0; c < p->n; c++) {
			const uint64_t n = count_at(f, p, i, c);

			most = n > most ? n : most;
		}
	return most;
}

/* ---- texts ---------------------------------------------------------------------- */

static void put_value(struct buf *out, const struct frame *f, uint64_t v)
{
	const struct datum d = { .known = true, .u = v };

	datum_text(out, &d, unit_of(f) == UNIT_SPAN ? UNIT_SPAN : UNIT_NUMBER, 0, false);
}

static void put_count(struct buf *out, uint64_t n)
{
	const struct datum d = { .known = true, .u = n };

	datum_text(out, &d, UNIT_RATE, 0, false);
}

static void put_decade(struct buf *out, const struct frame *f, unsigned decade)
{
	struct datum d = { .known = true, .u = decade };

	if (unit_of(f) != UNIT_SPAN)
		d.u = bin_edge(1 + decade * DECADE_BINS);
	datum_text(out, &d, unit_of(f) == UNIT_SPAN ? UNIT_DECADE : UNIT_RATE, 0, false);
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
static void put_range(struct buf *out, const struct frame *f, const struct plot *p, unsigned column)
{
	if (column == 0)
		buf_str(out, "below ");
	else if (column + 1 == p->n)
		buf_str(out, "from ");
	else
		put_value(out, f, bin_edge(bin_at(p, column)));
	if (column > 0 && column + 1 < p->n)
		buf_str(out, " - ");
	put_value(out, f, bin_edge(bin_at(p, column + 1 < p->n ? column + 1 : column)));
}

/* ---- drawing -------------------------------------------------------------------- */

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

static void draw_scale(const struct frame *f, const struct plot *p, int row)
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
		put_decade(&b, f, d);
		if (at + (int)b.len <= term_columns())
			term_put(row, at, -1, ROLE_HEAD, buf_text(&b));
	}
	buf_release(&b);
}

static void draw_slice(struct ui *u, const struct frame *f, const struct plot *p,
		       const struct shades *shades, size_t slice, int row, unsigned chosen)
{
	const enum term_role role = chosen < p->n ? ROLE_SELECTED : ROLE_TEXT;
	char time[TIME_TEXT_MAX];
	struct buf b = {0};
	uint64_t n;

	if (p->at > 0) {
		term_fill(row, 0, p->at - 1, role);
		time_of_day(time, spectrum_time(cells_of(f), slice), ui_offset(u));
		time[p->time_width] = 0;
		term_put(row, 0, -1, role, time);
		n = count_slice(f, slice);
		if (n)
			put_count(&b, n);
		term_put(row, p->at - 1 - (int)b.len, -1, role, buf_text(&b));
	}
	for (unsigned c = 0; c < p->n; c++) {
		const unsigned shade = shade_of(shades, count_at(f, p, slice, c));

		if (shade || c == chosen)
			term_put(row, p->at + (int)c, 1, c == chosen ? ROLE_SELECTED :
				 role_of(shade), mark_of(shade));
	}
	buf_release(&b);
}

/* The fewest that each shade stands for. */
static void draw_legend(const struct frame *f, const struct shades *shades, int row)
{
	struct buf b = {0};
	int at = 0;

	buf_str(&b, "each row ");
	put_width(&b, cells_of(f)->slices.width);
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

/* Rows that are left beside scale and legend. */
static size_t rows_in(int height)
{
	return height > 3 ? (size_t)height - 2 : height > 1 ? (size_t)height - 1 : 1;
}

static void settle(struct frame *f, size_t row, size_t rows)
{
	const size_t n = cells_of(f)->n;

	if (row < f->top)
		f->top = row;
	if (row >= f->top + rows)
		f->top = row - rows + 1;
	if (f->top + rows > n)
		f->top = n > rows ? n - rows : 0;
}

static void draw_spectrum(struct ui *u, struct frame *f, int row, int height)
{
	const size_t rows = rows_in(height);
	const struct spectrum *s = cells_of(f);
	struct query_status status;
	struct shades shades;
	unsigned column;
	struct plot p;

	query_status(f->q, &status);
	query_spectrum(f->q, f->spectrum);
	p = plot_of(f);
	column = chosen_column(f, &p);
	f->row = chosen_slice(u, f);
	settle(f, f->row, rows);
	draw_scale(f, &p, row);
	if (s->n_events == 0) {
		term_put(row + 1, 2, -1, status.failed ? ROLE_ERROR : ROLE_DIM,
			 frame_nothing(u, f, &status));
		return;
	}
	shades_init(&shades, term_shades(), most_of(f, &p));
	for (size_t i = 0; i < rows && f->top + i < s->n; i++)
		draw_slice(u, f, &p, &shades, f->top + i, row + 1 + (int)i,
			   f->top + i == f->row ? column : p.n);
	if (height > 3)
		draw_legend(f, &shades, row + height - 1);
}

static void status_spectrum(struct ui *u, struct frame *f, struct buf *out)
{
	const struct plot p = plot_of(f);
	const unsigned column = chosen_column(f, &p);
	const size_t slice = chosen_slice(u, f);
	const uint64_t n = count_at(f, &p, slice, column), all = count_slice(f, slice);
	struct query_status s;

	query_status(f->q, &s);
	buf_printf(out, "%zu of %zu  ", slice + 1, cells_of(f)->n);
	put_range(out, f, &p, column);
	buf_printf(out, ": %" PRIu64 " of %" PRIu64, n, all);
	if (n)
		buf_printf(out, ", %.*f%%", n * 10 < all ? 1 : 0,
			   (double)n * 100 / (double)all);
	if (!s.complete && !s.live)
		buf_printf(out, "  %u%%", s.permille / 10);
	if (s.failed)
		buf_printf(out, "  %s", s.failed);
}

/* ---- keys ----------------------------------------------------------------------- */

static void go_slice(struct ui *u, struct frame *f, long to)
{
	const struct spectrum *s = cells_of(f);
	const long last = (long)s->n - 1;
	const size_t slice = to < 0 || last < 0 ? 0 : to > last ? (size_t)last : (size_t)to;

	if (s->n && slice != chosen_slice(u, f))
		ui_cursor(u, spectrum_time(s, slice), 0);
}

static void go_column(struct frame *f, int by)
{
	const struct plot p = plot_of(f);
	const unsigned column = chosen_column(f, &p);

	if ((by < 0 && column > 0) || (by > 0 && column + 1 < p.n))
		f->bin = bin_at(&p, column + (unsigned)by);
	else
		f->bin = bin_at(&p, column);
	f->chosen = true;
}

/* Not to where the last slice begins: who is at the end of a recording that grows stays there. */
static void go_end(struct ui *u, const struct frame *f)
{
	ui_cursor(u, f->crumbs.to < u->last ? f->crumbs.to : u->last, 0);
}

/* The next slice that has something in this column. */
static void go_filled(struct ui *u, struct frame *f, int direction)
{
	const struct plot p = plot_of(f);
	const unsigned column = chosen_column(f, &p);
	size_t at = chosen_slice(u, f);

	do
		at += (size_t)direction;
	while (at < cells_of(f)->n && count_at(f, &p, at, column) == 0);
	if (at < cells_of(f)->n)
		go_slice(u, f, (long)at);
	else
		ui_say(u, "no row %s has one in this column", direction > 0 ? "below" : "above");
}

/* ---- its events ----------------------------------------------------------------- */

/* The first and the last slice have all that is before and behind them. */
static void narrow(const struct frame *f, size_t slice, struct crumbs *c)
{
	const struct spectrum *s = cells_of(f);

	if (slice > 0)
		c->from = spectrum_time(s, slice);
	if (slice + 1 < s->n)
		c->to = spectrum_time(s, slice + 1) - 1;
}

static bool show_events(struct ui *u, struct frame *f, unsigned first, unsigned end)
{
	const size_t slice = chosen_slice(u, f);
	struct crumbs c;

	if (spectrum_count(cells_of(f), slice, first, end) == 0) {
		ui_say(u, "there is nothing in this %s", end - first < BINS ? "cell" : "row");
		return true;
	}
	crumbs_copy(&c, &f->crumbs);
	narrow(f, slice, &c);
	if (crumbs_add(&c, spectrum_condition(f->view, first, end, &u->arena)))
		ui_show(u, "events", &c);
	else
		ui_error(u, "%d filters are stacked: remove one first (D)", FOCUS_MAX);
	crumbs_release(&c);
	return true;
}

static bool show_cell(struct ui *u, struct frame *f)
{
	const struct plot p = plot_of(f);
	const unsigned column = chosen_column(f, &p);

	return show_events(u, f, bin_at(&p, column), bin_at(&p, column + 1));
}

static bool act_spectrum(struct ui *u, struct frame *f, enum action a)
{
	const long at = (long)chosen_slice(u, f), page = (long)rows_in(f->height);

	switch (a) {
	case ACT_DOWN: go_slice(u, f, at + 1); return true;
	case ACT_UP: go_slice(u, f, at - 1); return true;
	case ACT_PAGE_DOWN: go_slice(u, f, at + page); return true;
	case ACT_PAGE_UP: go_slice(u, f, at - page); return true;
	case ACT_HALF_DOWN: go_slice(u, f, at + page / 2); return true;
	case ACT_HALF_UP: go_slice(u, f, at - page / 2); return true;
	case ACT_TOP: go_slice(u, f, 0); return true;
	case ACT_BOTTOM: go_end(u, f); return true;
	case ACT_LEFT: go_column(f, -1); return true;
	case ACT_RIGHT: go_column(f, 1); return true;
	case ACT_NEXT_FILLED: go_filled(u, f, 1); return true;
	case ACT_PREV_FILLED: go_filled(u, f, -1); return true;
	case ACT_ENTER: return show_cell(u, f);
	case ACT_EVENTS: return show_events(u, f, 0, BINS);
	default: return false;
	}
}

static bool busy_spectrum(struct ui *u, struct frame *f)
{
	struct query_status s;

	query_status(f->q, &s);
	return !s.complete && !s.failed;
}

/* Which slices there are is known before the first event; what is in a cell is not, nor is it
 * while the first results are on their way into the table. */
static bool ready_spectrum(struct frame *f)
{
	struct query_status s;

	query_status(f->q, &s);
	query_spectrum(f->q, f->spectrum);
	return (cells_of(f)->n_events > 0 && s.permille > 0) || s.complete || s.live || s.failed;
}

static void mouse_spectrum(struct ui *u, struct frame *f, int row, int column, int height)
{
	const struct plot p = plot_of(f);
	const size_t slice = f->top + (size_t)row - 1;
	const int cell = column - p.at;
	const bool in_cells = cell >= 0 && cell < (int)p.n;

	if (row < 1 || (size_t)row > rows_in(height) || slice >= cells_of(f)->n)
		return;
	if (in_cells && slice == chosen_slice(u, f)
	    && (unsigned)cell == chosen_column(f, &p)) {
		ui_act(u, ACT_ENTER);
		return;
	}
	go_slice(u, f, (long)slice);
	if (in_cells) {
		f->bin = bin_at(&p, (unsigned)cell);
		f->chosen = true;
	}
}

/* ---- as a file ------------------------------------------------------------------ */

/* A row for each cell that has anything. */
static const struct view_column export_columns[][4] = {
	{ { .name = "TIME", .unit = UNIT_TIME, .width = 29 },
	  { .name = "FROM", .unit = UNIT_SPAN, .width = 14 },
	  { .name = "BELOW", .unit = UNIT_SPAN, .width = 14 },
	  { .name = "COUNT", .unit = UNIT_NUMBER, .width = 10 } },
	{ { .name = "TIME", .unit = UNIT_TIME, .width = 29 },
	  { .name = "FROM", .unit = UNIT_NUMBER, .width = 14 },
	  { .name = "BELOW", .unit = UNIT_NUMBER, .width = 14 },
	  { .name = "COUNT", .unit = UNIT_NUMBER, .width = 10 } },
};

void spectrum_export(const struct ui *u, struct export *x)
{
	const struct frame *f = x->f;
	const struct plot p = plot_of(f);
	const struct view as = { .kind = VIEW_TABLE, .n_columns = 4,
				 .columns = export_columns[unit_of(f) != UNIT_SPAN] };

	x->view = &as;
	x->hidden = 0;
	export_head(x);
	for (size_t i = 0; i < cells_of(f)->n; i++)
		for (unsigned c = 0; c < p.n; c++) {
			const struct datum cells[4] = {
				{ .known = true, .u = spectrum_time(cells_of(f), i) },
				{ .known = true, .u = bin_edge(bin_at(&p, c)) },
				{ .known = c + 1 < p.n, .u = bin_edge(bin_at(&p, c + 1)) },
				{ .known = true, .u = count_at(f, &p, i, c) },
			};

			if (cells[3].u)
				export_row(u, x, cells);
		}
	x->view = f->view;
}

const struct body body_spectrum = {
	.where = WHERE_SPECTRUM, .open = open_spectrum, .close = close_spectrum,
	.draw = draw_spectrum, .act = act_spectrum, .busy = busy_spectrum,
	.ready = ready_spectrum, .status = status_spectrum, .mouse = mouse_spectrum,
};
