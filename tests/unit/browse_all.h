/* SPDX-License-Identifier: Apache-2.0 */
/* All that the browser's model tells of a recording: each view with its rows, where they lead,
 * lists of events, details, streams, a terminal.  For recordings that mean harm: whatever they
 * say, this ends, what it says fits its bounds, and conditions that it makes of it compile. */
#ifndef SAKER_TEST_BROWSE_ALL_H
#define SAKER_TEST_BROWSE_ALL_H

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/browse/front/cell.h"
#include "analyze/browse/front/vt.h"
#include "analyze/browse/model/detail.h"
#include "analyze/browse/model/events.h"
#include "analyze/browse/model/stream.h"
#include "analyze/browse/model/timeline.h"
#include "capture/base/err.h"
#include "capture/base/progress.h"

enum { ALL_ROWS = 300, ALL_LINKS = 3, ALL_CHUNKS = 4096, ALL_WIDTH = 40 };

struct all {
	struct browse *b;
	const struct views *views;
	uint32_t which;		/* of views, as bits by their place modulo 32 */
	bool print;		/* tell what takes how long */
	struct buf text;	/* what was said: the same for any number of readers */
	struct buf cell;
	uint64_t n_rows, n_details, n_chunks;
};

static inline void all_wrong(const struct all *a, const char *what, const char *text)
{
	fprintf(stderr, "browse: %s: %s\n", what, text);
	abort();
}

static inline void all_wait(struct all *a)
{
	struct pollfd p = { .fd = browse_fd(a->b), .events = POLLIN };

	poll(&p, 1, 20);
	browse_changed(a->b);
}

/* A text of the recording: as it is, and as it would stand on a screen. */
static inline void all_put(struct all *a, const void *p, size_t len)
{
	buf_put(&a->text, p, len);
	buf_byte(&a->text, '\n');
	for (int utf8 = 0; utf8 < 2; utf8++) {
		buf_reset(&a->cell);
		if (cell_text(&a->cell, p, len, ALL_WIDTH, utf8) > ALL_WIDTH
		    || cell_text_end(&a->cell, p, len, ALL_WIDTH, utf8) > ALL_WIDTH)
			all_wrong(a, "too wide", "a cell");
		for (size_t i = 0; i < a->cell.len; i++)
			if (a->cell.p[i] < 0x20 || a->cell.p[i] == 0x7f)
				all_wrong(a, "not quoted", "a cell");
	}
}

static inline void all_datum(struct all *a, const struct datum *d, enum unit unit)
{
	const size_t from = a->text.len;

	datum_text(&a->text, d, unit, 3600, false);
	datum_text(&a->text, d, unit, 0, true);
	for (size_t i = from; i < a->text.len; i++)
		if (a->text.p[i] < 0x20 || a->text.p[i] == 0x7f)
			all_wrong(a, "not quoted", "a value");
	buf_byte(&a->text, '\t');
	if (d->text)
		all_put(a, d->text, d->len);
}

/* ---- rows ---- */

static inline bool all_complete(struct all *a, struct query *q, struct query_status *st)
{
	for (query_status(q, st); !st->complete && !st->failed; query_status(q, st))
		all_wait(a);
	return !st->failed;
}

static inline void all_rows_of(struct all *a, struct query *q, size_t first,
			       struct query_rows *rows)
{
	const struct view *v = query_view(q);

	query_rows(q, first, ALL_ROWS, rows);
	for (size_t i = 0; i < rows->n; i++) {
		const struct query_row *r = &rows->v[i];

		buf_printf(&a->text, "%u %u %u %d ", r->depth, r->n_alerts, r->worst,
			   r->exit_status);
		for (unsigned c = 0; c < v->n_columns; c++)
			all_datum(a, &r->cells[c], v->columns[c].unit);
		buf_byte(&a->text, '\n');
		if (query_find(q, r->id) >= rows->n_all)
			all_wrong(a, "a row is nowhere", v->id);
	}
	a->n_rows += rows->n;
}

/* What a link leads to: its condition must hold water. */
static inline void all_follow(struct all *a, const struct link *l, bool all_the_way)
{
	const struct focus f = { .filters = { l->filter }, .n = *l->filter ? 1 : 0,
				 .to = UINT64_MAX };
	const struct view *v = views_find(a->views, l->view);
	struct query_rows rows = {0};
	struct query_status st;
	struct query *q;

	buf_printf(&a->text, "%s|%s|%s\n", l->title, l->view, l->filter);
	if (*l->filter && focus_check(a->b, l->filter) < 0)
		all_wrong(a, l->filter, err_text());
	if (!all_the_way || !v || v->kind == VIEW_EVENTS)
		return;
	q = query_open(a->b, v, &f);
	if (!q)
		all_wrong(a, l->view, err_text());
	if (all_complete(a, q, &st))
		all_rows_of(a, q, 0, &rows);
	query_rows_release(&rows);
	query_close(q);
}

static inline void all_links_of(struct all *a, struct query *q, const struct query_rows *rows)
{
	struct link links[LINKS_MAX];
	struct arena arena = {0};

	for (unsigned k = 0; k < ALL_LINKS && k < rows->n; k++) {
		const size_t at = k == 0 ? 0 : k == 1 ? rows->n - 1 : rows->n / 2;
		const unsigned n = query_links(q, rows->v[at].id, links, &arena);

		for (unsigned i = 0; i < n; i++)
			all_follow(a, &links[i], k == 0 && i < 2);
	}
	arena_release(&arena);
}

static inline void all_arranged(struct all *a, struct query *q)
{
	const struct view *v = query_view(q);
	struct query_rows rows = {0};

	query_rows(q, 0, 1, &rows);
	if (v->kind == VIEW_TREE && rows.n)
		query_fold(q, rows.v[0].id, true);
	if (v->kind == VIEW_TREE)
		query_at(q, browse_info(a->b)->first_ts);
	query_sort(q, v->n_columns - 1, true);
	query_search(q, "e");
	all_wait(a);
	query_rows(q, 0, ALL_ROWS, &rows);
	query_rows_release(&rows);
}

static inline void all_rows(struct all *a, const struct view *v)
{
	const struct focus f = { .to = UINT64_MAX };
	struct query *q = query_open(a->b, v, &f);
	struct query_rows rows = {0};
	struct query_status st;

	if (!q)
		all_wrong(a, v->id, err_text());
	if (all_complete(a, q, &st)) {
		buf_printf(&a->text, "%s %zu rows\n", v->id, st.n_rows);
		all_rows_of(a, q, 0, &rows);
		all_links_of(a, q, &rows);
		if (rows.n_all > ALL_ROWS)
			all_rows_of(a, q, rows.n_all - ALL_ROWS, &rows);
		all_arranged(a, q);
	}
	query_rows_release(&rows);
	query_close(q);
}

/* ---- events ---- */

static inline void all_window(struct all *a, struct events *e, struct place p,
			      struct event_window *w)
{
	const struct view *v = events_view(e);

	for (events_window(e, &p, 20, 30, w); !w->complete; events_window(e, &p, 20, 30, w))
		all_wait(a);
	if (w->at > w->n || w->n > 51)
		all_wrong(a, "a window is too large", v->id);
	for (size_t i = 0; i < w->n; i++) {
		buf_printf(&a->text, "%llu %llu ", (unsigned long long)w->v[i].num,
			   (unsigned long long)w->v[i].lost_before);
		for (unsigned c = 0; c < v->n_columns; c++)
			all_datum(a, &w->v[i].cells[c], v->columns[c].unit);
	}
	a->n_rows += w->n;
}

static inline void all_found(struct all *a, struct events *e)
{
	struct place p = {0};

	while (events_found(e, &p) < 0)
		all_wait(a);
	buf_printf(&a->text, "found %llu\n", (unsigned long long)p.num);
}

static inline void all_events(struct all *a, const struct view *v, const char *filter)
{
	const struct focus f = { .filters = { filter }, .n = filter ? 1 : 0, .to = UINT64_MAX };
	const struct source_info *info = browse_info(a->b);
	struct events *e = events_open(a->b, v, &f);
	const uint64_t middle = info->first_ts / 2 + info->last_ts / 2;
	const struct place places[] = {
		{ .num = 1 }, { .ts = middle }, { .ts = info->last_ts }, { .num = UINT64_MAX },
		{ .ts = 1 }, { .num = 25 }, { .ts = UINT64_MAX }, { .num = UINT64_MAX / 2 },
	};
	struct event_window w = {0};
	struct link links[LINKS_MAX];
	struct arena arena = {0};

	if (!e)
		all_wrong(a, v->id, err_text());
	for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		all_window(a, e, places[i], &w);
		for (size_t k = 0; k < w.n; k += 17) {
			const unsigned n = events_links(e, w.v[k].num, links, &arena);

			for (unsigned l = 0; l < n; l++)
				all_follow(a, &links[l], false);
			arena_reset(&arena);
		}
	}
	if (events_search(e, 1, 1, "evt.failed = true or proc.name startswith a") < 0)
		all_wrong(a, "search", err_text());
	all_found(a, e);
	events_search_text(e, w.n ? w.v[w.n - 1].num : 100, -1, "e");
	all_found(a, e);
	for (unsigned i = 0; i < 4; i++) {
		events_search_text(e, i % 2 ? UINT64_MAX : 0, i / 2 ? 1 : -1, "sh");
		all_found(a, e);
	}
	arena_release(&arena);
	event_window_release(&w);
	events_close(e);
}

/* ---- one event ---- */

static inline void all_values(struct all *a, const struct detail_value *v, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		buf_printf(&a->text, "%s %s %d ", v[i].name, v[i].type, v[i].lost);
		all_put(a, v[i].text.p, v[i].text.len);
	}
}

static inline void all_lines(struct all *a, const struct detail *d)
{
	all_put(a, d->type.p, d->type.len);
	all_values(a, d->params, d->n_params);
	all_values(a, d->fields, d->n_fields);
	for (unsigned i = 0; i < d->n_process; i++) {
		const struct detail_process *p = &d->process[i];

		all_put(a, p->name.p, p->name.len);
		all_put(a, p->exe.p, p->exe.len);
		all_put(a, p->cmdline.p, p->cmdline.len);
		all_put(a, p->cwd.p, p->cwd.len);
		all_put(a, p->user.p, p->user.len);
		all_put(a, p->container.p, p->container.len);
	}
	for (unsigned i = 0; i < d->n_fds; i++)
		all_put(a, d->fds[i].name.p, d->fds[i].name.len);
	for (unsigned i = 0; i < d->n_rules; i++) {
		all_put(a, d->rules[i].line.p, d->rules[i].line.len);
		buf_put(&a->text, d->rules[i].why.p, d->rules[i].why.len);
	}
	all_put(a, d->payload.p, d->payload.len);
	for (unsigned i = 0; i < d->n_links; i++)
		all_follow(a, &d->links[i], false);
}

static inline void all_stream(struct all *a, enum stream_kind kind, uint64_t num)
{
	struct stream *s = stream_open(a->b, kind, num);
	struct stream_chunk c;
	struct stream_status st;
	char row[4 * VT_COLUMNS];
	static struct vt vt;

	vt_reset(&vt);
	for (stream_status(s, &st); !st.complete; stream_status(s, &st))
		all_wait(a);
	for (size_t i = 0; i < ALL_CHUNKS && stream_chunks(s, i, &c, 1) == 1; i++) {
		vt_put(&vt, c.p, c.len);
		all_put(a, c.p, c.len);
		a->n_chunks++;
	}
	for (int i = 0; i < VT_ROWS; i++)
		all_put(a, row, vt_row(&vt, i, row));
	all_put(a, st.name.p, st.name.len);
	stream_close(s);
}

static inline void all_detail(struct all *a, uint64_t num, bool with_streams)
{
	const char *failed = NULL;
	struct ruleset *rs = browse_rules(a->b);
	struct detail *d;
	char *why;

	detail_ask(a->b, num);
	while (!(d = detail_take(a->b, &failed)) && !failed)
		all_wait(a);
	buf_printf(&a->text, "detail %llu %s\n", (unsigned long long)num, d ? "" : failed);
	if (!d)
		return;
	all_lines(a, d);
	if (rs && ruleset_count(rs)) {
		detail_ask_why(a->b, num, ruleset_rule(rs, num % ruleset_count(rs)));
		while (!(why = detail_take_why(a->b)))
			all_wait(a);
		buf_str(&a->text, why);
		free(why);
	}
	if (with_streams) {
		all_stream(a, STREAM_FD, num);
		all_stream(a, STREAM_TTY, num);
	}
	detail_free(d);
	a->n_details++;
}

/* ---- time ---- */

static inline void all_timeline(struct all *a, uint64_t from, uint64_t to)
{
	struct bucket *v = malloc(200 * sizeof(*v));

	timeline_get(a->b, NULL, from, to, v, 200);
	for (unsigned i = 0; i < 200; i++)
		if (v[i].worst > PRIORITY__N)
			all_wrong(a, "timeline", "no such priority");
	free(v);
}

static inline void all_marks(struct all *a)
{
	struct alert_row rows[16];
	struct arena arena = {0};
	struct mark m = {0};

	for (int kind = 0; kind < MARK__N; kind++) {
		uint64_t at = 0;
		unsigned n = 0;

		while (n++ < 1000 && browse_next_mark(a->b, kind, at, 1, &m) == 1 && m.num > at) {
			at = m.num;
			buf_printf(&a->text, "mark %d %llu\n", kind, (unsigned long long)at);
		}
		browse_next_mark(a->b, kind, at, -1, &m);
	}
	for (size_t n = browse_alerts(a->b, 0, rows, 16, &arena); n-- > 0;)
		if (rows[n].line)
			all_put(a, rows[n].line, rows[n].len);
	arena_release(&arena);
}

static inline void all_completion(struct all *a)
{
	static const char *const fields_[] = { "proc.name", "fd.name", "evt.type", "user.name" };
	const size_t before = a->text.len;
	const char *v[50];
	struct arena arena = {0};

	for (unsigned i = 0; i < 4; i++)
		for (size_t n = browse_values(a->b, fields_[i], "", v, 50, &arena); n-- > 0;)
			all_put(a, v[n], strlen(v[n]));
	a->text.len = before;	/* out of what happens to be known */
	arena_release(&arena);
}

/* ---- all ---- */

static inline void all_views(struct all *a)
{
	for (size_t i = 0; i < a->views->n; i++) {
		const struct view *v = a->views->v[i];
		const uint64_t began = monotonic_ns();

		if (!(a->which & UINT32_C(1) << i % 32))
			continue;
		if (v->kind == VIEW_EVENTS)
			all_events(a, v, i % 2 ? NULL : "proc.pid exists");
		else
			all_rows(a, v);
		if (a->print)
			fprintf(stderr, "%s: %.1f ms\n", v->id,
				(double)(monotonic_ns() - began) / 1e6);
	}
}

/* Looks at everything; what is in a->text then is the same for any number of readers. */
static inline void all_look(struct all *a)
{
	const struct source_info *info = browse_info(a->b);
	const uint64_t span = info->last_ts - info->first_ts;
	struct browse_progress p;

	all_timeline(a, info->first_ts, info->last_ts);
	for (browse_progress(a->b, &p); !p.complete; browse_progress(a->b, &p))
		all_wait(a);
	all_views(a);
	all_events(a, views_find(a->views, "events"), NULL);
	all_events(a, views_find(a->views, "events"), "evt.is_io = true and fd.num > 2");
	all_detail(a, 1, true);
	all_detail(a, p.n_events / 2, true);
	all_detail(a, p.n_events, true);
	all_detail(a, UINT64_MAX, false);
	all_timeline(a, info->first_ts + span / 3, info->first_ts + span / 2);
	all_timeline(a, 0, UINT64_MAX);
	all_timeline(a, 5, 5);
	all_marks(a);
	all_completion(a);
}

static inline void all_release(struct all *a)
{
	buf_release(&a->text);
	buf_release(&a->cell);
}

#endif
