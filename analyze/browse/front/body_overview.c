/* SPDX-License-Identifier: Apache-2.0 */
/* The first screen: what recording this is, and the head of the views that answer "what happened".
 * Titles lead to the views, rows to what is behind them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/browse/front/cell.h"
#include "analyze/browse/front/table_cells.h"
#include "capture/base/err.h"
#include "capture/base/timearg.h"

enum { PANEL_COLUMNS = 4, FACTS = 2, NUMBER_WIDTH = 9, ROOMY = 24 };

static const struct panel {
	const char *view, *title, *columns[PANEL_COLUMNS];
	const char *sort;	/* column, the largest first; NULL: as the view */
} panels[] = {
	{ "alerts", "Rules that fired", { "SEVERITY", "ALERTS", "RULE" }, NULL },
	{ "processes", "Processes", { "CPU", "EVENTS", "PID", "COMMAND" }, NULL },
	{ "executables", "Programs, the newest first", { "FIRST", "RUNS", "PROGRAM" }, "FIRST" },
	{ "users", "Users", { "EVENTS", "PROCS", "USER" }, NULL },
	{ "peers", "Peers", { "OUT", "IN", "ADDRESS", "NAME" }, NULL },
};

enum { N_PANELS = sizeof(panels) / sizeof(panels[0]), ROWS_MAX = N_PANELS * 64 };

struct overview {
	const struct browse *b;
	unsigned sort[N_PANELS];	/* of those that are sorted as the view is */
	struct query *q[N_PANELS];
	struct query_rows rows;
	struct orow {
		unsigned panel;
		size_t row;		/* of the query; SIZE_MAX: the title */
	} v[ROWS_MAX];
	size_t n;
};

static int column_named(const struct view *v, const char *name)
{
	for (unsigned i = 0; name && i < v->n_columns; i++)
		if (strcmp(v->columns[i].name, name) == 0)
			return (int)i;
	return -1;
}

/* A column that the recording tells something of; -1: none. */
static int column_told(const struct overview *o, const struct view *v, const char *name)
{
	const int c = column_named(v, name);

	return c >= 0 && browse_tells(o->b, v, (unsigned)c) ? c : -1;
}

static int open_overview(struct ui *u, struct frame *f)
{
	struct overview *o = xcalloc(1, sizeof(*o));
	struct focus focus;

	crumbs_focus(&f->crumbs, &focus);
	f->overview = o;
	o->b = u->b;
	for (unsigned i = 0; i < N_PANELS; i++) {
		const struct view *v = views_find(browse_views(u->b), panels[i].view);
		int sort;

		if (!v || (v->kind == VIEW_ALERTS && !browse_rules(u->b)))
			continue;
		o->q[i] = query_open(u->b, v, &focus);
		if (!o->q[i])
			return f->body->close(f), -1;
		o->sort[i] = browse_sort(u->b, v);
		sort = column_named(v, panels[i].sort);
		if (sort >= 0)
			query_sort(o->q[i], (unsigned)sort, false);
	}
	return 0;
}

static void close_overview(struct frame *f)
{
	struct overview *o = f->overview;

	for (unsigned i = 0; i < N_PANELS; i++)
		if (o->q[i])
			query_close(o->q[i]);
	query_rows_release(&o->rows);
	free(o);
	f->overview = NULL;
}

/* ---- facts ---------------------------------------------------------------------- */

void overview_facts(struct ui *u, struct overview_facts *out)
{
	const struct source_info *i = u->info;
	struct browse_progress p;
	char from[TIME_TEXT_MAX], span[TIME_TEXT_MAX];

	*out = (struct overview_facts){0};
	browse_progress(u->b, &p);
	p.complete |= p.live;
	time_date(from, u->first, ui_offset(u), ' ');
	time_span(span, u->last - u->first);
	snprintf(out->events, sizeof(out->events), "%.19s, %s  %s%" PRIu64 " events%s", from, span,
		 p.complete ? "" : ">= ", p.n_events,
		 p.n_lost || !p.complete ? "" : ", none lost");
	if (p.n_lost)
		snprintf(out->lost, sizeof(out->lost), "%" PRIu64 " lost at %" PRIu64 " places",
			 p.n_lost, p.n_losses);
	snprintf(out->machine, sizeof(out->machine), "host %s  %s %s  %u processors  %s",
		 *i->hostname ? i->hostname : "?", *i->kernel ? i->kernel : "kernel ?",
		 i->arch_name ? i->arch_name : "", i->n_cpus, i->format);
	if (p.damage.n_places || p.damage.cut)
		snprintf(out->damage, sizeof(out->damage), "%.190s", p.damage.first[0] ?
			 p.damage.first : "the recording is cut off");
}

static void draw_facts(struct ui *u, int row)
{
	struct overview_facts f;

	overview_facts(u, &f);
	term_put(row, 1, -1, ROLE_TEXT, f.events);
	term_put(row, 1 + (int)strlen(f.events) + 2, -1, ROLE_LOSS, f.lost);
	if (!*f.damage) {
		term_put(row + 1, 1, -1, ROLE_DIM, f.machine);
		return;
	}
	term_fill(row + 1, 1, (int)strlen(f.damage) + 1, ROLE_ERROR);
	term_put(row + 1, 2, -1, ROLE_ERROR, f.damage);
}

/* ---- panels --------------------------------------------------------------------- */

static void list_rows(struct overview *o, int height)
{
	int spare = height - FACTS - (height > ROOMY ? 2 * N_PANELS - 1 : N_PANELS);

	o->n = 0;
	for (unsigned i = 0; i < N_PANELS; i++) {
		struct query_status s;
		size_t n;

		if (!o->q[i])
			continue;
		query_status(o->q[i], &s);
		/* alerts take what the others leave */
		n = (size_t)(spare / (int)(N_PANELS - i) > 1 ? spare / (int)(N_PANELS - i) : 1);
		if (i == 0)
			n++;
		n = s.n_rows < n ? s.n_rows : n;
		n = n < 60 ? n : 60;
		spare -= (int)n;
		o->v[o->n++] = (struct orow){ i, SIZE_MAX };
		for (size_t k = 0; k < n; k++)
			o->v[o->n++] = (struct orow){ i, k };
	}
}

/* "Critical 2, Error 1", or the names of the columns. */
static void title_tail(struct ui *u, const struct overview *o, unsigned panel, struct buf *out)
{
	const struct view *const v = query_view(o->q[panel]);
	const char *sep = "";
	struct browse_progress p;

	if (strcmp(panels[panel].view, "alerts") != 0 || ui_top(u)->crumbs.n ||
	    ui_top(u)->crumbs.from) {
		for (unsigned i = 0; i < PANEL_COLUMNS; i++) {
			if (column_told(o, v, panels[panel].columns[i]) < 0)
				continue;
			buf_printf(out, "%s%s", sep, panels[panel].columns[i]);
			sep = ", ";
		}
		return;
	}
	browse_progress(u->b, &p);
	for (unsigned i = 0; i < PRIORITY__N; i++)
		if (p.n_alerts[i]) {
			buf_printf(out, "%s%s %" PRIu64, sep, priority_name[i], p.n_alerts[i]);
			sep = ", ";
		}
}

static void draw_title(struct ui *u, const struct overview *o, unsigned panel, int row,
		       bool chosen)
{
	struct query_status s;
	struct buf tail = {0};
	char text[120];
	int n;

	query_status(o->q[panel], &s);
	n = snprintf(text, sizeof(text), "%s  %zu%s", panels[panel].title, s.n_rows,
		     s.complete || s.live ? "" : " ...");
	title_tail(u, o, panel, &tail);
	if (chosen)
		term_fill(row, 0, term_columns(), ROLE_SELECTED);
	term_put(row, 1, -1, chosen ? ROLE_SELECTED : ROLE_KEY, text);
	term_quoted(row, n + 4, -1, chosen ? ROLE_SELECTED : ROLE_DIM, tail.p, tail.len, false);
	buf_release(&tail);
}

static void draw_row(struct ui *u, struct overview *o, const struct orow *r, int row, bool chosen)
{
	const struct view *v = query_view(o->q[r->panel]);
	const enum term_role role = chosen ? ROLE_SELECTED : ROLE_TEXT;
	int at = 3;

	query_rows(o->q[r->panel], r->row, 1, &o->rows);
	if (chosen)
		term_fill(row, 0, term_columns(), role);
	for (unsigned i = 0; o->rows.n == 1 && i < PANEL_COLUMNS; i++) {
		const int c = column_told(o, v, panels[r->panel].columns[i]);
		enum term_role own = role;
		struct buf b = {0};
		int w, width;

		if (c < 0)
			continue;
		width = v->columns[c].width ? v->columns[c].width : term_columns() - at;
		ui_datum(u, &b, &o->rows.v[0].cells[c], v->columns[c].unit, false);
		w = (int)cell_width(b.p, b.len, (size_t)width, term_utf8());
		if (!chosen && v->columns[c].unit == UNIT_SEVERITY)
			own = severity_role((unsigned)o->rows.v[0].cells[c].u);
		if (unit_is_right(v->columns[c].unit)) {
			width = NUMBER_WIDTH;
			term_quoted(row, at + (w < width ? width - w : 0), width, own, b.p, b.len,
				    false);
		} else {
			term_quoted(row, at, width, own, b.p, b.len, false);
		}
		at += width + 2;
		buf_release(&b);
	}
}

/* A recording that grows may tell by now what a view is sorted by. */
static void sort_as_told(struct overview *o)
{
	for (unsigned i = 0; i < N_PANELS; i++) {
		const struct view *const v = o->q[i] ? query_view(o->q[i]) : NULL;

		if (!v || panels[i].sort || o->sort[i] == browse_sort(o->b, v))
			continue;
		o->sort[i] = browse_sort(o->b, v);
		query_sort(o->q[i], o->sort[i], v->ascending);
	}
}

static void draw_overview(struct ui *u, struct frame *f, int row, int height)
{
	struct overview *o = f->overview;
	const size_t room = height > FACTS ? (size_t)(height - FACTS) : 0;
	unsigned panel = UINT32_MAX;
	size_t line = 0;

	sort_as_told(o);
	draw_facts(u, row);
	list_rows(o, height);
	if (f->row >= o->n)
		f->row = o->n ? o->n - 1 : 0;
	if (f->row < f->top)
		f->top = f->row;
	if (f->row >= f->top + room - room / 4)
		f->top = f->row - (room - room / 4) + 1;
	if (o->n + N_PANELS <= room)
		f->top = 0;
	for (size_t i = f->top; i < o->n && line < room; i++, line++) {
		/* a line apart where there is room for it */
		if (o->v[i].row == SIZE_MAX && panel != UINT32_MAX && height > ROOMY &&
		    ++line >= room)
			break;
		panel = o->v[i].panel;
		if (o->v[i].row == SIZE_MAX)
			draw_title(u, o, panel, row + FACTS + (int)line, i == f->row);
		else
			draw_row(u, o, &o->v[i], row + FACTS + (int)line, i == f->row);
	}
}

static void status_overview(struct ui *u, struct frame *f, struct buf *out)
{
	struct browse_progress p;
	uint64_t n = 0;

	browse_progress(u->b, &p);
	for (unsigned i = 0; i < PRIORITY__N; i++)
		n += p.n_alerts[i];
	buf_printf(out, "%" PRIu64 " alert%s", n, n == 1 ? "" : "s");
}

/* ---- keys ----------------------------------------------------------------------- */

static uint64_t row_id(struct overview *o, const struct orow *r, bool *ok)
{
	query_rows(o->q[r->panel], r->row, 1, &o->rows);
	*ok = o->rows.n == 1;
	return *ok ? o->rows.v[0].id : 0;
}

static unsigned links_overview(struct ui *u, struct frame *f, struct link *out, struct arena *a)
{
	struct overview *o = f->overview;
	bool ok;
	uint64_t id;

	if (f->row >= o->n || o->v[f->row].row == SIZE_MAX)
		return 0;
	id = row_id(o, &o->v[f->row], &ok);
	return ok ? query_links(o->q[o->v[f->row].panel], id, out, a) : 0;
}

static bool enter(struct ui *u, struct frame *f)
{
	struct overview *o = f->overview;
	struct link links[LINKS_MAX];

	if (f->row >= o->n)
		return true;
	if (o->v[f->row].row == SIZE_MAX)
		return ui_show(u, panels[o->v[f->row].panel].view, &f->crumbs);
	return links_overview(u, f, links, &u->arena) > 0 && ui_follow_link(u, &links[0]);
}

static bool act_overview(struct ui *u, struct frame *f, enum action a)
{
	const size_t n = f->overview->n, last = n ? n - 1 : 0, page = 8;

	switch (a) {
	case ACT_DOWN: f->row = f->row < last ? f->row + 1 : last; return true;
	case ACT_UP: f->row -= f->row > 0; return true;
	case ACT_PAGE_DOWN: case ACT_HALF_DOWN:
		f->row = f->row + page < last ? f->row + page : last;
		return true;
	case ACT_PAGE_UP: case ACT_HALF_UP: f->row = f->row > page ? f->row - page : 0; return true;
	case ACT_TOP: f->row = 0; return true;
	case ACT_BOTTOM: f->row = last; return true;
	case ACT_ENTER: return enter(u, f);
	default: return false;
	}
}

static bool row_has(struct overview *o, const struct orow *r, const char *text)
{
	const struct panel *p = &panels[r->panel];

	if (r->row == SIZE_MAX)
		return text_has(p->title, strlen(p->title), text);
	query_rows(o->q[r->panel], r->row, 1, &o->rows);
	for (unsigned i = 0; o->rows.n == 1 && i < PANEL_COLUMNS; i++) {
		const int c = column_named(query_view(o->q[r->panel]), p->columns[i]);
		const struct datum *d = c < 0 ? NULL : &o->rows.v[0].cells[c];

		if (d && d->text && text_has(d->text, d->len, text))
			return true;
	}
	return false;
}

/* From the row that is chosen on, and around. */
static void search_overview(struct ui *u, struct frame *f, const char *text, int dir)
{
	struct overview *o = f->overview;
	size_t at = f->row;

	if (!dir) {
		free(f->search);
		f->search = text && *text ? xstrdup(text) : NULL;
	}
	if (!f->search) {
		if (dir)
			ui_say(u, "nothing is searched for: /");
		return;
	}
	for (size_t i = 0; i < o->n; i++) {
		if (i > 0 || dir)
			at = (at + o->n + (size_t)(dir < 0 ? -1 : 1)) % o->n;
		if (row_has(o, &o->v[at], f->search)) {
			f->row = at;
			return;
		}
	}
	ui_say(u, "\"%s\" is in no row that is shown here", f->search);
}

static bool busy_overview(struct ui *u, struct frame *f)
{
	for (unsigned i = 0; i < N_PANELS; i++) {
		struct query_status s;

		if (!f->overview->q[i])
			continue;
		query_status(f->overview->q[i], &s);
		if (!s.complete && !s.failed)
			return true;
	}
	return false;
}

bool overview_part(const struct frame *f, unsigned i, struct query **q, const char **title,
		   uint32_t *hidden)
{
	if (i >= N_PANELS)
		return false;
	*q = f->overview->q[i];
	*title = panels[i].title;
	*hidden = UINT32_MAX;
	for (unsigned k = 0; *q && k < PANEL_COLUMNS; k++) {
		const int c = column_told(f->overview, query_view(*q), panels[i].columns[k]);

		if (c >= 0)
			*hidden &= ~(1u << c);
	}
	return true;
}

static const char *title_overview(struct frame *f)
{
	return "Overview";
}

const struct body body_overview = {
	.where = WHERE_OVERVIEW, .open = open_overview, .close = close_overview,
	.draw = draw_overview, .act = act_overview, .busy = busy_overview,
	.status = status_overview, .links = links_overview,
	.search = search_overview, .title = title_overview,
};
