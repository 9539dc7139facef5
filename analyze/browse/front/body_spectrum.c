/* SPDX-License-Identifier: Apache-2.0 */
/* Spectrograms: a row for each slice of time, a column for each bin of values, and in each cell how
 * many events there were.  The chosen slice is the one that the cursor is in. */
#include <stdlib.h>
#include <string.h>

#include "analyze/browse/front/spectrum_parts.h"
#include "capture/base/err.h"
#include "capture/base/timearg.h"

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

/* ---- going to a cell ------------------------------------------------------------ */

static size_t chosen_slice(const struct ui *u, const struct frame *f)
{
	return spectrum_at(f->spectrum, u->cursor);
}

static void go_slice(struct ui *u, const struct frame *f, long to)
{
	const struct spectrum *s = f->spectrum;
	const long last = (long)s->n - 1;
	const size_t slice = to < 0 || last < 0 ? 0 : to > last ? (size_t)last : (size_t)to;

	if (s->n && slice != chosen_slice(u, f))
		ui_cursor(u, spectrum_time(s, slice), 0);
}

static void choose_column(struct frame *f, const struct plot *p, unsigned column)
{
	f->bin = plot_bin(p, column);
	f->chosen = true;
}

static void go_column(const struct ui *u, struct frame *f, int by)
{
	const struct plot p = plot_of(f);
	const unsigned column = plot_chosen(u, f, &p).column;
	const bool goes = by < 0 ? column > 0 : column + 1 < p.n;

	choose_column(f, &p, goes ? column + (unsigned)by : column);
}

/* As the scale has them: 1.0k. */
static int number_of(const char *text, uint64_t *v)
{
	static const char scales[] = "kMGTPE";
	const char *unit = text + strspn(text, "0123456789.");
	const char *scale = *unit ? strchr(scales, *unit) : NULL;
	double d = strtod(text, NULL);

	if (*text < '0' || *text > '9' || (*unit && (!scale || unit[1])))
		return -1;
	for (const char *s = scales; scale && s <= scale; s++)
		d *= 1000;
	*v = d < (double)UINT64_MAX ? (uint64_t)d : UINT64_MAX;
	return 0;
}

int spectrum_choose_value(struct frame *f, const char *text)
{
	const bool spans = plot_of(f).spans;
	uint64_t v;

	if ((spans ? time_duration(text, &v) : number_of(text, &v)) < 0)
		return err(ERR_USAGE, spans ? "a time, as 20us or 1.5ms" :
			   "a number, as 4096 or 1.5k");
	f->bin = bin_of(v);
	f->chosen = true;
	return 0;
}

/* Not to where the last slice begins: who is at the end of a recording that grows stays there. */
static void go_end(struct ui *u, const struct frame *f)
{
	ui_cursor(u, f->crumbs.to < u->last ? f->crumbs.to : u->last, 0);
}

/* The next slice that has something in this column. */
static void go_filled(struct ui *u, const struct frame *f, int direction)
{
	const struct plot p = plot_of(f);
	struct plot_cell at = plot_chosen(u, f, &p);

	do
		at.slice += (size_t)direction;
	while (at.slice < p.s->n && plot_count(&p, at) == 0);
	if (at.slice < p.s->n)
		go_slice(u, f, (long)at.slice);
	else
		ui_say(u, "no row %s has one in this column", direction > 0 ? "below" : "above");
}

/* ---- its events ----------------------------------------------------------------- */

/* The first and the last slice have all that is before and behind them. */
static void narrow(const struct spectrum *s, size_t slice, struct crumbs *c)
{
	if (slice > 0)
		c->from = spectrum_time(s, slice);
	if (slice + 1 < s->n)
		c->to = spectrum_time(s, slice + 1) - 1;
}

static bool show_events(struct ui *u, const struct frame *f, unsigned first, unsigned end)
{
	const size_t slice = chosen_slice(u, f);
	struct crumbs c;

	if (spectrum_count(f->spectrum, slice, first, end) == 0) {
		ui_say(u, "there is nothing in this %s", end - first < BINS ? "cell" : "row");
		return true;
	}
	crumbs_copy(&c, &f->crumbs);
	narrow(f->spectrum, slice, &c);
	if (ui_stack_filter(u, &c, spectrum_condition(f->view, first, end, &u->arena)))
		ui_show(u, "events", &c);
	crumbs_release(&c);
	return true;
}

static bool show_cell(struct ui *u, const struct frame *f)
{
	const struct plot p = plot_of(f);
	const unsigned column = plot_chosen(u, f, &p).column;

	return show_events(u, f, plot_bin(&p, column), plot_bin(&p, column + 1));
}

/* ---- keys ----------------------------------------------------------------------- */

static bool act_spectrum(struct ui *u, struct frame *f, enum action a)
{
	const long at = (long)chosen_slice(u, f), page = (long)spectrum_rows(f->height);

	switch (a) {
	case ACT_DOWN: go_slice(u, f, at + 1); return true;
	case ACT_UP: go_slice(u, f, at - 1); return true;
	case ACT_PAGE_DOWN: go_slice(u, f, at + page); return true;
	case ACT_PAGE_UP: go_slice(u, f, at - page); return true;
	case ACT_HALF_DOWN: go_slice(u, f, at + page / 2); return true;
	case ACT_HALF_UP: go_slice(u, f, at - page / 2); return true;
	case ACT_TOP: go_slice(u, f, 0); return true;
	case ACT_BOTTOM: go_end(u, f); return true;
	case ACT_LEFT: go_column(u, f, -1); return true;
	case ACT_RIGHT: go_column(u, f, 1); return true;
	case ACT_NEXT_FILLED: go_filled(u, f, 1); return true;
	case ACT_PREV_FILLED: go_filled(u, f, -1); return true;
	case ACT_VALUE: ui_ask(u, ASK_VALUE, ""); return true;
	case ACT_ENTER: return show_cell(u, f);
	case ACT_EVENTS: return show_events(u, f, 0, BINS);
	default: return false;
	}
}

static void mouse_spectrum(struct ui *u, struct frame *f, int row, int column, int height)
{
	const struct plot p = plot_of(f);
	const struct plot_cell chosen = plot_chosen(u, f, &p);
	const size_t slice = f->top + (size_t)row - 1;
	const int cell = column - p.at;
	const bool in_cells = cell >= 0 && cell < (int)p.n;

	if (row < 1 || (size_t)row > spectrum_rows(height) || slice >= p.s->n)
		return;
	if (in_cells && slice == chosen.slice && (unsigned)cell == chosen.column) {
		ui_act(u, ACT_ENTER);
		return;
	}
	go_slice(u, f, (long)slice);
	if (in_cells)
		choose_column(f, &p, (unsigned)cell);
}

/* Which slices there are is known before the first event; what is in a cell is not, nor is it
 * while the first results are on their way into the table. */
static bool ready_spectrum(struct frame *f)
{
	struct query_status s;

	query_status(f->q, &s);
	query_spectrum(f->q, f->spectrum);
	return (f->spectrum->n_events > 0 && s.permille > 0) || s.complete || s.live || s.failed;
}

const struct body body_spectrum = {
	.where = WHERE_SPECTRUM, .open = open_spectrum, .close = close_spectrum,
	.draw = spectrum_draw, .act = act_spectrum, .busy = frame_busy,
	.ready = ready_spectrum, .status = spectrum_status, .mouse = mouse_spectrum,
};
