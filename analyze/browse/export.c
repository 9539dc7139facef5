/* SPDX-License-Identifier: Apache-2.0 */
/* What is shown, as a file: rows of tables and lists as CSV, JSON (an object a line) or text, pages
 * as text.  Done in steps between keys: a list of events may be long.
 *
 * In CSV and text, bytes that a terminal or a spreadsheet would take for more than text are
 * quoted; JSON has them as JSON can. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/browse/files.h"
#include "analyze/browse/ui.h"
#include "capture/base/err.h"
#include "capture/base/quote.h"

enum { ROWS_A_STEP = 500, EVENTS_MAX = 1000000 };

enum form { FORM_CSV, FORM_JSON, FORM_TEXT, FORM_NONE };

struct export {
	char *name;
	enum form form;
	struct frame *f;
	struct buf out;
	size_t n;		/* rows that are written */
	struct query_rows rows;
	struct events *e;
	struct place at;
	struct event_window window;
};

static enum form form_of(const char *name)
{
	const char *dot = strrchr(name, '.');

	return !dot ? FORM_NONE : strcmp(dot, ".csv") == 0 ? FORM_CSV :
		strcmp(dot, ".json") == 0 ? FORM_JSON : strcmp(dot, ".txt") == 0 ? FORM_TEXT :
		FORM_NONE;
}

/* ---- rows ----------------------------------------------------------------------- */

/* A spreadsheet takes =, +, - and @ in front of a text for a formula. */
static void put_csv(struct buf *out, const struct buf *text, bool is_text)
{
	const char first = text->len ? (char)text->p[0] : 0;
	struct buf q = {0};

	quote_terminal_buf(&q, text->p, text->len);
	buf_byte(out, '"');
	if (is_text && first && strchr("=+-@", first))
		buf_byte(out, '\'');
	for (size_t i = 0; i < q.len; i++) {
		if (q.p[i] == '"')
			buf_byte(out, '"');
		buf_byte(out, q.p[i]);
	}
	buf_byte(out, '"');
	buf_release(&q);
}

static void put_json(struct buf *out, const struct datum *d, const struct buf *text,
		     enum unit unit)
{
	const bool number = unit == UNIT_NUMBER || unit == UNIT_ID || unit == UNIT_BYTES ||
		unit == UNIT_SPAN;

	if (!d->known) {
		buf_str(out, "null");
	} else if (number && !d->text) {
		if (d->is_signed)
			buf_i64_dec(out, (int64_t)d->u);
		else
			buf_u64_dec(out, d->u);
	} else {
		buf_byte(out, '"');
		quote_json(out, text->p, text->len);
		buf_byte(out, '"');
	}
}

static void put_cell(struct ui *u, struct export *x, unsigned i, const struct datum *d,
		     bool first)
{
	const struct view_column *c = &x->f->view->columns[i];
	struct buf text = {0};

	ui_datum(u, &text, d, c->unit, true);
	switch (x->form) {
	case FORM_CSV:
		buf_str(&x->out, first ? "" : ",");
		put_csv(&x->out, &text, c->unit == UNIT_TEXT);
		break;
	case FORM_JSON:
		buf_printf(&x->out, "%s\"", first ? "{" : ",");
		quote_json(&x->out, c->name, strlen(c->name));
		buf_str(&x->out, "\":");
		put_json(&x->out, d, &text, c->unit);
		break;
	case FORM_TEXT: case FORM_NONE:
		if (!first)
			buf_str(&x->out, "  ");
		quote_terminal_buf(&x->out, text.p, text.len);
		for (size_t k = text.len; k < c->width; k++)
			buf_byte(&x->out, ' ');
	}
	buf_release(&text);
}

static void put_row(struct ui *u, struct export *x, const struct datum *cells)
{
	bool first = true;

	for (unsigned i = 0; i < x->f->view->n_columns; i++)
		if (!(x->f->hidden >> i & 1)) {
			put_cell(u, x, i, &cells[i], first);
			first = false;
		}
	buf_str(&x->out, x->form == FORM_JSON ? "}\n" : "\n");
	x->n++;
}

static void put_head(struct export *x)
{
	bool first = true;

	for (unsigned i = 0; i < x->f->view->n_columns && x->form != FORM_JSON; i++) {
		const struct view_column *c = &x->f->view->columns[i];

		if (x->f->hidden >> i & 1)
			continue;
		if (x->form == FORM_CSV)
			buf_printf(&x->out, "%s\"%s\"", first ? "" : ",", c->name);
		else
			buf_printf(&x->out, "%s%-*s", first ? "" : "  ", c->width, c->name);
		first = false;
	}
	if (x->form != FORM_JSON)
		buf_byte(&x->out, '\n');
}

/* ---- steps ---------------------------------------------------------------------- */

static void release(struct ui *u)
{
	struct export *x = u->export;

	u->export = NULL;
	if (x->e)
		events_close(x->e);
	query_rows_release(&x->rows);
	event_window_release(&x->window);
	buf_release(&x->out);
	free(x->name);
	free(x);
}

static void finish(struct ui *u, const char *left_out)
{
	struct export *x = u->export;

	if (files_new(x->name, x->out.p, x->out.len) < 0)
		ui_error(u, "%s", err_text());
	else if (x->n)
		ui_say(u, "%zu row%s written to %s%s", x->n, x->n == 1 ? "" : "s", x->name,
		       left_out);
	else
		ui_say(u, "written to %s", x->name);
	release(u);
}

static void step_table(struct ui *u, struct export *x)
{
	struct query_status s;

	query_rows(x->f->q, x->n, ROWS_A_STEP, &x->rows);
	for (size_t i = 0; i < x->rows.n; i++)
		put_row(u, x, x->rows.v[i].cells);
	if (x->rows.n == ROWS_A_STEP && x->out.len < FILES_BYTES_MAX)
		return;
	query_status(x->f->q, &s);
	finish(u, s.complete ? "" : "; reading is not complete yet");
}

/* Rows behind the last one written. */
static bool step_events(struct ui *u, struct export *x)
{
	struct event_window *w = &x->window;

	events_window(x->e, &x->at, 0, ROWS_A_STEP, w);
	if (!w->complete)
		return false;
	for (size_t i = w->at; i < w->n; i++)
		if (w->v[i].num != x->at.num)
			put_row(u, x, w->v[i].cells);
	if (w->n)
		x->at = (struct place){ w->v[w->n - 1].num, w->v[w->n - 1].ts };
	if (w->end || w->n == 0 || w->at >= w->n)
		finish(u, "");
	else if (x->n >= EVENTS_MAX || x->out.len >= FILES_BYTES_MAX)
		finish(u, "; the rest is left out: filter more");
	else
		ui_say(u, "writing: %zu rows, C-c stops", x->n);
	return true;
}

bool export_step(struct ui *u)
{
	struct export *x = u->export;

	if (ui_top(u) != x->f) {
		export_cancel(u);
		return false;
	}
	if (x->e)
		return step_events(u, x) && u->export;
	step_table(u, x);
	return u->export;
}

void export_cancel(struct ui *u)
{
	if (!u->export)
		return;
	release(u);
	ui_say(u, "nothing was written");
}

/* ---- the beginning -------------------------------------------------------------- */

static void write_page(struct ui *u, struct export *x)
{
	const struct doc *d = &x->f->doc;

	for (size_t i = 0; i < d->n; i++) {
		quote_terminal_buf(&x->out, d->v[i].p, d->v[i].len);
		buf_byte(&x->out, '\n');
	}
	finish(u, "");
}

static bool open_list(struct ui *u, struct export *x)
{
	struct focus focus;

	crumbs_focus(&x->f->crumbs, &focus);
	x->e = events_open(u->b, x->f->view, &focus);
	x->at = (struct place){ .ts = x->f->crumbs.from };
	return x->e;
}

void export_begin(struct ui *u, const char *name)
{
	struct frame *f = ui_top(u);
	struct export *x;

	if (u->export)
		export_cancel(u);
	if (form_of(name) == FORM_NONE) {
		ui_error(u, "%s: the name ends in .csv, .json or .txt", name);
		return;
	}
	if (!f->q && !f->e && f->doc.n == 0) {
		ui_error(u, "open a view first (v): this page is several");
		return;
	}
	x = u->export = xcalloc(1, sizeof(*x));
	x->name = xstrdup(name);
	x->form = form_of(name);
	x->f = f;
	if (!f->q && !f->e) {
		write_page(u, x);
		return;
	}
	put_head(x);
	if (f->e && !open_list(u, x)) {
		ui_error(u, "%s", err_text());
		release(u);
	}
}
