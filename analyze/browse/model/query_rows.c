/* SPDX-License-Identifier: Apache-2.0 */
/* What queries have found: copies of it, taken under the lock. */
#include <string.h>

#include "analyze/browse/model/query_parts.h"

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
