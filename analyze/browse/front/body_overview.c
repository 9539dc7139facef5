/* SPDX-License-Identifier: Apache-2.0 */
/* The first screen: what recording this is, and the head of the views that answer "what happened".
 * Titles lead to the views, rows to what is behind them. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/browse/front/overview_parts.h"

const struct panel panels[PANELS] = {
	{ "alerts", "Rules that fired", { "SEVERITY", "ALERTS", "RULE" }, NULL },
	{ "processes", "Processes", { "CPU", "EVENTS", "PID", "COMMAND" }, NULL },
	{ "executables", "Programs, the newest first", { "FIRST", "RUNS", "PROGRAM" }, "FIRST" },
	{ "users", "Users", { "EVENTS", "PROCS", "USER" }, NULL },
	{ "peers", "Peers", { "OUT", "IN", "ADDRESS", "NAME" }, NULL },
};

static int column_named(const struct view *v, const char *name)
{
	for (unsigned i = 0; name && i < v->n_columns; i++)
		if (strcmp(v->columns[i].name, name) == 0)
			return (int)i;
	return -1;
}

int overview_column(const struct overview *o, unsigned panel, unsigned i)
{
	const struct view *v = query_view(o->q[panel]);
	const int c = column_named(v, panels[panel].columns[i]);

	return c >= 0 && browse_tells(o->b, v, (unsigned)c) ? c : -1;
}

const struct query_row *overview_query_row(struct overview *o, const struct overview_row *r)
{
	if (r->row == SIZE_MAX)
		return NULL;
	query_rows(o->q[r->panel], r->row, 1, &o->rows);
	return o->rows.n == 1 ? &o->rows.v[0] : NULL;
}

static int open_overview(struct ui *u, struct frame *f)
{
	struct overview *o = xcalloc(1, sizeof(*o));
	struct focus focus;

	crumbs_focus(&f->crumbs, &focus);
	f->overview = o;
	o->b = u->b;
	for (unsigned i = 0; i < PANELS; i++) {
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

	for (unsigned i = 0; i < PANELS; i++)
		if (o->q[i])
			query_close(o->q[i]);
	query_rows_release(&o->rows);
	free(o);
	f->overview = NULL;
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

static unsigned links_overview(struct ui *u, struct frame *f, struct link *out, struct arena *a)
{
	struct overview *o = f->overview;
	const struct query_row *r = f->row < o->n ? overview_query_row(o, &o->v[f->row]) : NULL;

	return r ? query_links(o->q[o->v[f->row].panel], r->id, out, a) : 0;
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

static bool row_has(struct overview *o, const struct overview_row *r, const char *text)
{
	const struct query_row *const cells = overview_query_row(o, r);

	if (r->row == SIZE_MAX)
		return text_has(panels[r->panel].title, strlen(panels[r->panel].title), text);
	for (unsigned i = 0; cells && i < PANEL_COLUMNS; i++) {
		const int c = overview_column(o, r->panel, i);
		const struct datum *d = c < 0 ? NULL : &cells->cells[c];

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
	for (unsigned i = 0; i < PANELS; i++) {
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
	if (i >= PANELS)
		return false;
	*q = f->overview->q[i];
	*title = panels[i].title;
	*hidden = UINT32_MAX;
	for (unsigned k = 0; *q && k < PANEL_COLUMNS; k++) {
		const int c = overview_column(f->overview, i, k);

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
	.draw = overview_draw, .act = act_overview, .busy = busy_overview,
	.status = status_overview, .links = links_overview,
	.search = search_overview, .title = title_overview,
};
