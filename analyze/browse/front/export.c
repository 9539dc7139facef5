/* SPDX-License-Identifier: Apache-2.0 */
/* What is shown, as a file: rows of tables and lists as CSV, JSON (an object a line) or text, pages
 * as text.  Done in steps between keys: a list of events may be long.  Each step is in the
 * file before the next one is made, so that no more than that is in memory, and what is there when
 * the disk is full or the user stops it stays. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/browse/front/export_parts.h"
#include "analyze/browse/front/files.h"
#include "capture/base/err.h"
#include "capture/base/quote.h"

enum { ROWS_A_STEP = 500 };

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

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

/* Takes what files_add or files_end said. */
static void fail(struct ui *u)
{
	const struct export *x = u->export;

	if (x->n_written)
		ui_error(u, "%s; the %zu row%s before are in it", err_text(), x->n_written,
			 plural(x->n_written));
	else
		ui_error(u, "%s; nothing was written", err_text());
	release(u);
}

static bool write_out(struct ui *u)
{
	struct export *x = u->export;

	if (files_add(x->out.p, x->out.len) < 0) {
		fail(u);
		files_end();
		return false;
	}
	buf_reset(&x->out);
	x->n_written = x->n;
	return true;
}

static void finish(struct ui *u, const char *but)
{
	struct export *x = u->export;

	if (!write_out(u))
		return;
	if (files_end() < 0) {
		fail(u);
		return;
	}
	if (x->n)
		ui_say(u, "%zu row%s written to %s%s", x->n, plural(x->n), x->name, but);
	else
		ui_say(u, "written to %s", x->name);
	release(u);
}

/* ---- steps ---------------------------------------------------------------------- */

static const char *incomplete(const struct export *x)
{
	struct query_status s;

	query_status(x->f->q, &s);
	return s.complete ? "" : "; reading is not complete yet";
}

static void step_table(struct ui *u, struct export *x)
{
	query_rows(x->f->q, x->n, ROWS_A_STEP, &x->rows);
	for (size_t i = 0; i < x->rows.n; i++)
		export_row(u, x, x->rows.v[i].cells);
	if (x->rows.n == ROWS_A_STEP) {
		write_out(u);
		return;
	}
	finish(u, incomplete(x));
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
			export_row(u, x, w->v[i].cells);
	if (w->n)
		x->at = (struct place){ w->v[w->n - 1].num, w->v[w->n - 1].ts };
	if (w->end || w->n == 0 || w->at >= w->n)
		finish(u, "");
	else
		write_out(u);
	return true;
}

bool export_step(struct ui *u)
{
	struct export *x = u->export;

	if (x->e)
		return step_events(u, x) && u->export;
	if (ui_top(u) != x->f) {
		export_cancel(u);
		return false;
	}
	step_table(u, x);
	return u->export;
}

bool export_cancel(struct ui *u)
{
	struct export *x = u->export;

	if (!x)
		return false;
	files_end();
	if (x->n_written)
		ui_say(u, "stopped; %s has the first %zu row%s", x->name, x->n_written,
		       plural(x->n_written));
	else
		ui_say(u, "nothing was written");
	release(u);
	return true;
}

/* How far it is: by numbers of events, or in a range by time. */
static unsigned permille(const struct ui *u, const struct export *x)
{
	struct browse_progress p;
	double done, all;

	browse_progress(u->b, &p);
	done = x->range ? x->at.ts > x->from ? (double)(x->at.ts - x->from) : 0 : (double)x->at.num;
	all = x->range ? (double)(x->to - x->from) : (double)p.n_events;
	return done >= all ? 1000 : (unsigned)(done * 1000 / all);
}

void export_status(const struct ui *u, struct buf *out)
{
	const struct export *x = u->export;

	if (!x || !x->e)
		return;
	buf_printf(out, "  writing %s: %zu rows", x->name, x->n_written);
	buf_printf(out, ", %u%%; C-c stops", permille(u, x) / 10);
}

/* ---- the beginning -------------------------------------------------------------- */

static void put_page(struct export *x)
{
	const struct doc *d = &x->f->doc;

	for (size_t i = 0; i < d->n; i++) {
		quote_terminal_buf(&x->out, d->v[i].p, d->v[i].len);
		buf_byte(&x->out, '\n');
	}
}

/* The user may go elsewhere meanwhile: it has a list of its own. */
static int open_list(struct ui *u, struct export *x)
{
	struct focus focus;

	crumbs_focus(&x->f->crumbs, &focus);
	x->e = events_open(u->b, x->view, &focus);
	x->at = (struct place){ .ts = focus.from };
	x->range = focus.from || focus.to != UINT64_MAX;
	x->from = focus.from > u->first ? focus.from : u->first;
	x->to = focus.to < u->last ? focus.to : u->last;
	return x->e ? 0 : -1;
}

static int begin(struct ui *u, struct export *x)
{
	if (x->f->e && open_list(u, x) < 0)
		return -1;
	if (files_begin(x->name) < 0)
		return -1;
	if (x->f->body == &body_spectrum) {
		export_spectrum(u, x);
		finish(u, incomplete(x));
		return 0;
	}
	if (x->f->q || x->f->e) {
		export_head(x);
		return 0;
	}
	if (x->f->overview)
		export_overview(u, x);
	else
		put_page(x);
	finish(u, "");
	return 0;
}

static int refused(const struct ui *u, const struct frame *f, const char *name)
{
	const enum form form = export_form(name);

	if (u->export)
		return err(ERR_USAGE, "%s is not complete yet; C-c stops it", u->export->name);
	if (form == FORM_NONE)
		return err(ERR_USAGE, "the name ends in .csv, .json or .txt");
	if (form == FORM_CSV && f->overview)
		return err(ERR_USAGE, "these are several tables: .txt or .json");
	if (form != FORM_TEXT && !f->q && !f->e && !f->overview)
		return err(ERR_USAGE, "a page is text: its name ends in .txt");
	return 0;
}

int export_begin(struct ui *u, const char *name)
{
	const struct frame *f = ui_top(u);
	struct export *x;
	int rc;

	if (refused(u, f, name) < 0)
		return -1;
	x = u->export = xcalloc(1, sizeof(*x));
	x->name = xstrdup(name);
	x->form = export_form(name);
	x->f = f;
	x->view = f->view;
	x->hidden = f->view ? frame_hidden(u, f) : f->hidden;
	rc = begin(u, x);
	if (rc < 0)
		release(u);
	return rc;
}
