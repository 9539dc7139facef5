/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/browse/model/query.h"

#include <stdlib.h>
#include <string.h>

#include "analyze/browse/model/arrange.h"
#include "analyze/browse/model/inside.h"
#include "analyze/browse/model/links.h"
#include "capture/base/err.h"

struct query {
	struct query *next;
	struct browse *b;
	struct scan *scan;
	const struct view *view;
	struct table *table;		/* of scan */
	/* asked for; under the lock */
	unsigned column;
	bool ascending, dirty, closed;
	char *search;
	uint64_t at_ts;
	uint64_t *folded;		/* sorted */
	size_t n_folded, folded_cap;
	/* shown; under the lock */
	struct shown *rows;
	size_t n_rows;
	uint64_t generation;
	uint64_t arranged;		/* generation of the scan that rows tell of */
};

/* ---- opening ---- */

static void put_name(struct buf *out, const struct view *v, const struct focus *f)
{
	buf_printf(out, "%p %p %s", (const void *)v->columns, (const void *)v->keys[0], v->filter);
	for (unsigned i = 0; i < f->n; i++) {
		buf_byte(out, '\n');
		buf_str(out, f->filters[i]);
	}
	buf_printf(out, "\n%llu %llu %d", (unsigned long long)f->from, (unsigned long long)f->to,
		   v->kind == VIEW_ALERTS);
}

static bool is_all(const struct browse *b, const struct focus *f)
{
	return f->n == 0 && f->from <= b->info.first_ts
		&& f->to >= (b->grows ? UINT64_MAX : b->info.last_ts);
}

/* With the lock. */
static struct scan *find_scan(struct browse *b, const struct view *v, const char *name)
{
	unsigned at;

	for (struct scan *s = b->scans; s; s = s->next)
		if (!s->base && !s->cancelled && s->name && strcmp(s->name, name) == 0
		    && scan_has(s, v, &at))
			return s;
	return NULL;
}

static struct scan *make_scan(struct browse *b, const struct view *v, const struct focus *f,
			      const char *name)
{
	struct scan_plan plan = { .n_views = 1, .from = f->from, .to = f->to,
		.rules = v->kind == VIEW_ALERTS, .plain = is_all(b, f) };
	struct scan *s;

	if (focus_compile(b, f, NULL, &plan.filter) < 0)
		return NULL;
	if (gather_plan_init(&plan.views[0], v) < 0) {
		gather_plan_release(&plan.views[0]);
		cond_free(plan.filter);
		return NULL;
	}
	s = scan_new(b, &plan);
	s->name = xstrdup(name);
	return s;
}

static struct scan *scan_for(struct browse *b, const struct view *v, const struct focus *f)
{
	struct buf name = {0};
	struct scan *s = NULL;
	unsigned at;

	if (is_all(b, f) && scan_has(b->base, v, &at)) {
		s = b->base;
		browse_lock(b);
		s->n_refs++;
		browse_unlock(b);
		return s;
	}
	put_name(&name, v, f);
	browse_lock(b);
	s = find_scan(b, v, buf_text(&name));
	if (s)
		s->n_refs++;
	browse_unlock(b);
	if (!s) {
		s = make_scan(b, v, f, buf_text(&name));
		if (s) {
			s->n_refs = 1;
			browse_begin(b, s);
		}
	}
	buf_release(&name);
	return s;
}

struct query *query_open(struct browse *b, const struct view *v, const struct focus *f)
{
	struct scan *s = NULL;
	struct query *q;
	unsigned at;

	if (v->kind == VIEW_EVENTS || (v->kind == VIEW_ALERTS && !b->rules)) {
		err(ERR_RULE, v->kind == VIEW_EVENTS ? "%s is a list of events" :
		    "%s needs rules", v->id);
		return NULL;
	}
	s = scan_for(b, v, f);
	if (!s || !scan_has(s, v, &at))
		return NULL;
	q = xcalloc(1, sizeof(*q));
	q->b = b;
	q->scan = s;
	q->view = v;
	q->table = &s->tables[at];
	q->column = browse_sort(b, v);
	q->ascending = v->ascending;
	q->search = xstrdup("");
	q->dirty = true;
	browse_lock(b);
	q->next = b->queries;
	b->queries = q;
	s->last_used = ++b->clock;
	b->arrange = true;
	pthread_cond_signal(&b->parcels);
	browse_unlock(b);
	query_front(q);
	return q;
}

/* Only the clerk frees queries: it may be at work on one. */
static void query_free(struct query *q)
{
	free(q->rows);
	free(q->search);
	free(q->folded);
	free(q);
}

void query_close(struct query *q)
{
	struct browse *const b = q->b;

	browse_lock(b);
	q->closed = true;
	if (--q->scan->n_refs == 0 && !q->scan->base && !q->scan->complete)
		__atomic_store_n(&q->scan->cancelled, true, __ATOMIC_RELAXED);
	b->arrange = true;
	pthread_cond_signal(&b->parcels);
	browse_unlock(b);
}

void queries_free(struct browse *b)
{
	while (b->queries) {
		struct query *const q = b->queries;

		b->queries = q->next;
		query_free(q);
	}
}

void query_front(struct query *q)
{
	struct browse *const b = q->b;

	browse_lock(b);
	for (struct scan **at = &b->scans; *at; at = &(*at)->next)
		if (*at == q->scan) {
			*at = q->scan->next;
			q->scan->next = b->scans;
			b->scans = q->scan;
			break;
		}
	q->scan->last_used = ++b->clock;
	browse_unlock(b);
}

const struct view *query_view(const struct query *q)
{
	return q->view;
}

/* ---- what is asked for ---- */

/* With the lock, which it gives back. */
static void ask(struct query *q)
{
	q->dirty = true;
	q->b->arrange = true;
	pthread_cond_signal(&q->b->parcels);
	browse_unlock(q->b);
}

void query_sort(struct query *q, unsigned column, bool ascending)
{
	browse_lock(q->b);
	if (column < q->view->n_columns) {
		q->column = column;
		q->ascending = ascending;
	}
	ask(q);
}

void query_search(struct query *q, const char *text)
{
	browse_lock(q->b);
	free(q->search);
	q->search = xstrdup(text ? text : "");
	ask(q);
}

void query_at(struct query *q, uint64_t ts)
{
	browse_lock(q->b);
	q->at_ts = ts;
	ask(q);
}

void query_fold(struct query *q, uint64_t row, bool folded)
{
	size_t at = 0;
	bool is;

	browse_lock(q->b);
	while (at < q->n_folded && q->folded[at] < row)
		at++;
	is = at < q->n_folded && q->folded[at] == row;
	if (is && !folded) {
		memmove(q->folded + at, q->folded + at + 1,
			(--q->n_folded - at) * sizeof(*q->folded));
	} else if (!is && folded) {
		q->folded = mem_grow(q->folded, &q->folded_cap, q->n_folded + 1,
				     sizeof(*q->folded));
		memmove(q->folded + at + 1, q->folded + at,
			(q->n_folded++ - at) * sizeof(*q->folded));
		q->folded[at] = row;
	}
	ask(q);
}

/* ---- the clerk's part ---- */

static void arrange(struct query *q)
{
	struct browse *const b = q->b;
	struct arrange a = { .rows = q->table, .view = q->view,
			     .processes = scan_processes(b->base) };
	struct shown *rows, *old;
	uint64_t *folded;
	char *search;
	uint64_t told;
	size_t n;

	browse_lock(b);
	a.column = q->column;
	a.ascending = q->ascending;
	a.at_ts = q->at_ts;
	a.search = search = xstrdup(q->search);
	a.n_folded = q->n_folded;
	a.folded = folded = xmalloc(mem_mul(a.n_folded + 1, sizeof(*folded)));
	if (a.n_folded)
		memcpy(folded, q->folded, a.n_folded * sizeof(*folded));
	told = q->scan->generation + b->base->generation;
	q->dirty = false;
	browse_unlock(b);
	rows = arrange_rows(&a, &n);
	browse_lock(b);
	old = q->rows;
	q->rows = rows;
	q->n_rows = n;
	q->arranged = told;
	q->generation++;
	browse_unlock(b);
	free(old);
	free(search);
	free(folded);
}

static struct query *find_due(struct browse *b)
{
	struct query **at = &b->queries;

	while (*at) {
		struct query *const q = *at;

		if (q->closed) {
			*at = q->next;
			query_free(q);
			continue;
		}
		if (q->dirty || q->arranged != q->scan->generation + b->base->generation)
			return q;
		at = &q->next;
	}
	return NULL;
}

bool queries_arrange(struct browse *b)
{
	struct query *q;
	bool any = false;

	do {
		browse_lock(b);
		q = find_due(b);
		browse_unlock(b);
		if (q)
			arrange(q);
		any |= q != NULL;
	} while (q);
	return any;
}

/* ---- what is shown ---- */

void query_status(struct query *q, struct query_status *out)
{
	const struct scan *s = q->scan;

	browse_lock(q->b);
	*out = (struct query_status){ .generation = q->generation, .permille = scan_permille(s),
		.complete = scan_complete(s) && !q->dirty
			&& q->arranged == s->generation + q->b->base->generation,
		.live = s->caught_up && q->generation > 0,
		.done_ts = s->done_ts, .n_rows = q->n_rows, .n_events = q->table->n_events,
		.n_evicted = q->table->n_evicted, .evicted_events = q->table->evicted_events,
		.failed = s->failed[0] ? s->failed : NULL };
	browse_unlock(q->b);
}

static void keep_text(struct datum *d, struct arena *a)
{
	if (d->text)
		d->text = arena_strn(a, d->text, d->len);
}

static void fill(const struct query *q, const struct shown *s, struct query_row *r,
		 struct arena *a)
{
	const struct process_facts *f = s->process ? s->process->process : s->row->process;

	*r = (struct query_row){ .id = s->row->hash, .depth = s->depth, .lines = s->lines,
		.exit_status = -1, .has_children = s->has_children, .folded = s->folded,
		.last_child = s->last_child, .beside = s->beside, .worst = PRIORITY__N };
	r->cells = arena_alloc(a, q->view->n_columns * sizeof(*r->cells));
	for (unsigned i = 0; i < q->view->n_columns; i++) {
		r->cells[i] = datum_of(q->view, s, i, scan_span(q->scan));
		keep_text(&r->cells[i], a);
	}
	if (!f)
		return;
	r->start_ts = f->start_ts;
	r->end_ts = f->end_ts;
	r->exit_status = f->exit_status;
	r->n_alerts = f->n_alerts;
	r->worst = f->worst < PRIORITY__N ? f->worst : PRIORITY__N;
}

void query_rows(struct query *q, size_t first, size_t n, struct query_rows *out)
{
	arena_reset(&out->arena);
	browse_lock(q->b);
	out->generation = q->generation;
	out->n_all = q->n_rows;
	out->first = first < q->n_rows ? first : q->n_rows;
	out->n = q->n_rows - out->first < n ? q->n_rows - out->first : n;
	out->v = arena_alloc(&out->arena, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++)
		fill(q, &q->rows[out->first + i], &out->v[i], &out->arena);
	browse_unlock(q->b);
}

void query_rows_release(struct query_rows *r)
{
	arena_release(&r->arena);
	*r = (struct query_rows){0};
}

size_t query_find(struct query *q, uint64_t id)
{
	size_t at = SIZE_MAX;

	browse_lock(q->b);
	for (size_t i = 0; i < q->n_rows; i++)
		if (q->rows[i].row->hash == id) {
			at = i;
			break;
		}
	browse_unlock(q->b);
	return at;
}

size_t query_find_alert(struct query *q, uint64_t num)
{
	struct mark m;

	if (q->view->kind != VIEW_ALERTS || num == 0
	    || browse_next_mark(q->b, MARK_ALERT, num - 1, 1, &m) != 1 || m.num != num)
		return SIZE_MAX;
	return query_find(q, gather_alert_row(q->view, num,
					      ruleset_rule(q->b->rules, m.rule)->name));
}

size_t query_first(struct query *q)
{
	size_t at = 0;

	browse_lock(q->b);
	while (at < q->n_rows && q->rows[at].beside)
		at++;
	if (at == q->n_rows)
		at = 0;
	browse_unlock(q->b);
	return at;
}

/* To where slices go.  Time goes on without events, too. */
static uint64_t last_time(const struct query *q)
{
	const struct table *t = q->table;
	uint64_t hi = q->b->info.last_ts;

	if (!q->scan->widens)
		return q->scan->hi;
	for (size_t i = 0; i < t->n; i++) {
		struct spectrum_key k;

		memcpy(&k, t->rows[i]->key, sizeof(k));
		if (k.slice > hi / t->width)
			hi = k.slice * t->width;
	}
	return hi;
}

static void fill_spectrum(const struct query *q, struct spectrum *out, uint64_t hi)
{
	const struct table *t = q->table;

	spectrum_begin(out, q->scan->lo, hi, t->width);
	for (size_t i = 0; i < t->n; i++) {
		struct spectrum_key k;

		memcpy(&k, t->rows[i]->key, sizeof(k));
		spectrum_add(out, &k, t->width, t->rows[i]->n_events);
	}
	out->generation = q->generation;
}

void query_spectrum(struct query *q, struct spectrum *out)
{
	uint64_t hi;

	browse_lock(q->b);
	hi = last_time(q);
	if (out->n == 0 || out->generation != q->generation || out->slices.hi != hi)
		fill_spectrum(q, out, hi);
	browse_unlock(q->b);
}

/* Of rows whose process is an ancestor only the first pass knows. */
static const struct row *row_of(struct query *q, uint64_t id)
{
	const struct table *all = scan_processes(q->b->base);
	const struct row *r = table_find(q->table, id);

	return r || q->view->kind != VIEW_TREE || !all ? r : table_find(all, id);
}

/* A copy that is safe without the lock. */
static struct row *copy_row(struct query *q, uint64_t id, struct arena *a)
{
	const size_t cells = q->view->n_columns * sizeof(struct cell);
	const struct row *r;
	struct row *c = NULL;

	browse_lock(q->b);
	r = row_of(q, id);
	if (r) {
		c = arena_alloc(a, sizeof(*c) + cells);
		memcpy(c, r, sizeof(*c) + cells);
		c->key = (const uint8_t *)arena_strn(a, r->key, r->key_len);
		if (r->process) {
			c->process = arena_alloc(a, sizeof(*c->process));
			*c->process = *r->process;
		}
		for (unsigned i = 0; i < q->view->n_columns; i++)
			if (c->cells[i].room)
				c->cells[i].text = arena_strn(a, c->cells[i].text,
							      c->cells[i].len);
	}
	browse_unlock(q->b);
	return c;
}

static unsigned cell_links(struct query *q, uint64_t row, struct link out[LINKS_MAX],
			   struct arena *a)
{
	struct slices s = scan_slices(q->scan);
	const struct row *r;
	struct spectrum_key k;

	browse_lock(q->b);
	r = table_find(q->table, row);
	if (r)
		memcpy(&k, r->key, sizeof(k));
	s.width = q->table->width;
	browse_unlock(q->b);
	return r ? links_of_cell(q->view, &k, &s, out, a) : 0;
}

unsigned query_links(struct query *q, uint64_t row, struct link out[LINKS_MAX],
		     struct arena *a)
{
	const struct row *r;
	unsigned at, n;
	bool inside;

	if (q->view->kind == VIEW_SPECTRUM)
		return cell_links(q, row, out, a);
	r = copy_row(q, row, a);
	if (!r)
		return 0;
	scan_has(q->scan, q->view, &at);
	n = links_of_row(q->b, &q->scan->plan.views[at], r, out, a);
	browse_lock(q->b);
	inside = table_find(q->table, row) != NULL;
	browse_unlock(q->b);
	for (unsigned i = 0; i < n && !inside; i++)	/* the focus has nothing of it */
		out[i].alone = true;
	return n;
}

struct scan *query_scan(struct query *q)
{
	return q->scan;
}
