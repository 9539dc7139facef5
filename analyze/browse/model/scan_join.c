/* SPDX-License-Identifier: Apache-2.0 */
/* The clerk's half of a scan: parcels become results. */
#include <stdlib.h>
#include <string.h>

#include "analyze/browse/model/inside.h"
#include "capture/base/err.h"

enum {
	JOIN_AT_ONCE = 128,	/* rows, with the lock held */
	MARKS_MAX = 1 << 18, LINES_MAX = 1 << 15, LINES_BYTES_MAX = 24 << 20,
};

struct parcel *scan_take(struct scan *s)
{
	for (struct parcel **at = &s->waiting; *at; at = &(*at)->next)
		if ((*at)->part == s->joining) {
			struct parcel *const p = *at;

			*at = p->next;
			s->waiting_bytes -= p->bytes;
			return p;
		}
	return NULL;
}

/* The old rows stay until nobody shows them. */
static void replace(struct scan *s, unsigned at, const struct table *by)
{
	browse_lock(s->b);
	s->doomed = s->tables[at];
	s->tables[at] = *by;
	s->generation++;
	browse_unlock(s->b);
	queries_arrange(s->b);
	browse_lock(s->b);
	table_release(&s->doomed);
	browse_unlock(s->b);
}

static void coarsen(struct scan *s, unsigned at, uint64_t width)
{
	struct table wider;

	table_coarsen(&s->tables[at], width, &wider);
	replace(s, at, &wider);
}

/* What grew too large loses its smaller half, a spectrum its finer slices. */
static void keep_small(struct scan *s, unsigned at)
{
	struct table *const t = &s->tables[at];
	struct table half;

	if (t->n <= TABLE_ROWS_MAX && table_bytes(t) <= TABLE_BYTES_MAX)
		return;
	if (t->width) {
		coarsen(s, at, t->width * 10);
		return;
	}
	table_halve(t, &half);
	replace(s, at, &half);
}

static void join_table(struct scan *s, unsigned at, struct table *from)
{
	struct table *const to = &s->tables[at];
	struct table wider;

	if (to->width < from->width)
		coarsen(s, at, from->width);
	if (from->width < to->width) {
		table_coarsen(from, to->width, &wider);
		table_release(from);
		*from = wider;
	}
	browse_lock(s->b);
	for (size_t i = 0; i < from->n; i++) {
		table_join(&s->tables[at], from->rows[i]);
		if (i % JOIN_AT_ONCE == JOIN_AT_ONCE - 1)
			browse_pause(s->b);
	}
	browse_unlock(s->b);
	keep_small(s, at);
}

static void join_histogram(struct histogram *to, const struct histogram *from)
{
	for (unsigned i = 0; i < HISTOGRAM; i++)
		to->n[i] += from->n[i];
}

bool histogram_widen(uint64_t lo, uint64_t *hi)
{
	const uint64_t span = *hi - lo;

	if (span > (UINT64_MAX - lo) / 2 - 1)
		return false;
	*hi = lo + 2 * span + 1;
	return true;
}

void histogram_halve(struct histogram *h)
{
	for (unsigned i = 0; i < HISTOGRAM / 2; i++)
		h->n[i] = h->n[2 * i] + h->n[2 * i + 1];
	memset(h->n + HISTOGRAM / 2, 0, sizeof(h->n) / 2);
}

/* Both have the range that the wider one has. */
static void join_ranges(struct scan *s, struct parcel *p)
{
	while (s->hi < p->hi && histogram_widen(s->lo, &s->hi)) {
		histogram_halve(s->events);
		histogram_halve(s->alerts);
		histogram_halve(s->lost);
	}
	while (p->hi < s->hi && histogram_widen(s->lo, &p->hi)) {
		histogram_halve(&p->events);
		histogram_halve(&p->alerts);
		histogram_halve(&p->lost);
	}
}

/* ---- marks ---- */

static void keep_line(struct browse *b, const uint8_t **at)
{
	uint32_t head[2];
	struct alert_line *l;

	memcpy(head, *at, sizeof(head));
	*at += sizeof(head);
	b->lines = mem_grow(b->lines, &b->lines_cap, b->n_lines + 1, sizeof(*b->lines));
	l = &b->lines[b->n_lines++];
	*l = (struct alert_line){ .pid = head[0] };
	if (b->n_lines < LINES_MAX && b->lines_bytes + head[1] < LINES_BYTES_MAX) {
		l->line = xmemdup0(*at, head[1]);
		l->len = head[1];
		b->lines_bytes += head[1];
	}
	*at += head[1];
}

/* Alerts of correlations come after later ones. */
static void sort_in(struct browse *b, struct marks *all, bool lines)
{
	for (size_t i = all->n - 1; i > 0 && all->v[i - 1].num > all->v[i].num; i--) {
		const struct mark m = all->v[i];

		all->v[i] = all->v[i - 1];
		all->v[i - 1] = m;
		if (lines) {
			const struct alert_line l = b->lines[i];

			b->lines[i] = b->lines[i - 1];
			b->lines[i - 1] = l;
		}
	}
}

static void count_alert(struct scan *s, const struct mark *m)
{
	for (unsigned i = 0; i < s->plan.n_views; i++) {
		struct row *r = s->plan.views[i].processes ?
				table_find(&s->tables[i], m->process) : NULL;

		if (!r)
			continue;
		r->process->n_alerts++;
		if (m->priority < r->process->worst)
			r->process->worst = m->priority;
	}
}

static bool is_new(struct browse *b, const struct mark *m)
{
	bool fresh;

	if (m->kind != MARK_PROGRAM)
		return true;
	if (b->programs.n >= TABLE_ROWS_MAX)
		return false;
	table_get(&b->programs, m->process, "", 0, &fresh);
	return fresh;
}

static void join_marks(struct scan *s, const struct parcel *p)
{
	struct browse *const b = s->b;
	const uint8_t *line = p->lines.p;

	browse_lock(b);
	for (size_t i = 0; i < p->n_marks; i++) {
		const struct mark *m = &p->marks[i];
		struct marks *all = &b->marks[m->kind];

		if (m->kind == MARK_ALERT)
			count_alert(s, m);
		if (is_new(b, m) && all->n < MARKS_MAX) {
			all->v = mem_grow(all->v, &all->cap, all->n + 1, sizeof(*all->v));
			all->v[all->n++] = *m;
			if (m->kind == MARK_ALERT)
				keep_line(b, &line);
			sort_in(b, all, m->kind == MARK_ALERT);
		}
		if (i % JOIN_AT_ONCE == JOIN_AT_ONCE - 1)
			browse_pause(b);
	}
	browse_unlock(b);
}

void scan_join(struct scan *s, struct parcel *p)
{
	for (unsigned i = 0; i < s->plan.n_views; i++)
		join_table(s, i, &p->tables[i]);
	if (s->plan.marks)
		join_marks(s, p);
	browse_lock(s->b);
	join_ranges(s, p);
	join_histogram(s->events, &p->events);
	join_histogram(s->alerts, &p->alerts);
	join_histogram(s->lost, &p->lost);
	s->n_events += p->n_events;
	s->n_counted += p->n_counted;
	s->n_lost += p->n_lost;
	s->n_losses += p->n_losses;
	for (unsigned i = 0; i < PRIORITY__N; i++)
		s->n_alerts[i] += p->n_alerts[i];
	if (p->done_ts > s->done_ts)
		s->done_ts = p->done_ts;
	s->bytes_done = p->bytes_done;
	s->last_num = p->last_num ? p->last_num : s->last_num;
	s->generation++;
	if (p->limit) {
		s->joined = p->limit;
		s->caught_up = true;
	}
	if (p->last && ++s->joining == s->n_parts)
		s->complete = true;
	browse_unlock(s->b);
	parcel_free(p);
}
