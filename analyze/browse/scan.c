/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/browse/scan.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "analyze/browse/inside.h"
#include "capture/base/err.h"
#include "capture/trace/format.h"
#include "capture/trace/skr.h"

enum {
	DISORDER_NS = 1000000000,
	JOIN_AT_ONCE = 128,	/* rows, with the lock held */
	MARKS_MAX = 1 << 18, LINES_MAX = 1 << 15, LINES_BYTES_MAX = 24 << 20,
};

/* ---- parts ---- */

static void add_entry(struct part *p, const struct index_entry *e)
{
	if (e->kind != BLOCK_EVENTS || !e->n_events)
		return;
	if (!p->n_events) {
		p->first_num = e->first_num;
		p->first_ts = e->first_ts;
		p->last_ts = e->last_ts;
	}
	p->n_events += e->n_events;
	if (e->first_ts < p->first_ts)
		p->first_ts = e->first_ts;
	if (e->last_ts > p->last_ts)
		p->last_ts = e->last_ts;
}

static bool is_key(const struct index_entry *e)
{
	return e->kind == BLOCK_STATE && e->flags & BLOCK_FIRST && e->first_num > 1;
}

/* Parts without events stand where the one before ends. */
static void number_empty(struct part *v, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (v[i].n_events)
			continue;
		v[i].first_num = i ? v[i - 1].first_num + v[i - 1].n_events : 1;
		v[i].first_ts = v[i].last_ts = i ? v[i - 1].last_ts : 0;
	}
}

unsigned parts_of(struct source *s, struct part *out)
{
	const struct index *x = skr_index(s);
	const unsigned n_keys = source_n_keys(s);
	const unsigned n = n_keys < PARTS_MAX ? n_keys : PARTS_MAX;
	unsigned key = 0, at = 0;

	for (unsigned i = 0; i < n; i++) {
		out[i] = (struct part){0};
		out[i].from_key = (unsigned)((uint64_t)n_keys * i / n);
		out[i].to_key = i + 1 < n ? (unsigned)((uint64_t)n_keys * (i + 1) / n) : 0;
	}
	if (!x) {
		out[0].first_num = 1;
		out[0].n_events = s->info.n_events;
		out[0].last_ts = UINT64_MAX;
		return n;
	}
	for (size_t i = 0; i < x->n; i++) {
		key += is_key(&x->entry[i]);
		while (at + 1 < n && key >= out[at + 1].from_key)
			at++;
		add_entry(&out[at], &x->entry[i]);
	}
	number_empty(out, n);
	return n;
}

/* A part begins with the first events behind a key frame: then it never changes where. */
static void grow_by(struct browse *b, const struct index_entry *e)
{
	struct part *last = &b->parts[b->n_parts - 1];

	b->n_keys += is_key(e);
	if (e->kind != BLOCK_EVENTS || !e->n_events)
		return;
	if (b->n_keys > last->from_key && b->n_parts < PARTS_MAX) {
		last->to_key = b->n_keys;
		*++last = (struct part){ .from_key = b->n_keys, .first_num = e->first_num };
		__atomic_store_n(&b->n_parts, b->n_parts + 1, __ATOMIC_RELEASE);
	}
	add_entry(last, e);
}

void parts_grow(struct browse *b)
{
	const struct index *x = skr_index(b->first);

	while (x && b->n_indexed < x->n)
		grow_by(b, &x->entry[b->n_indexed++]);
}

/* ---- scans ---- */

static bool part_meets(const struct scan *s, const struct part *p)
{
	const uint64_t from = s->plan.from > DISORDER_NS ? s->plan.from - DISORDER_NS : 0;
	const uint64_t to = s->plan.to;

	if (!p->n_events)
		return true;
	return p->last_ts >= from && (p->first_ts <= to || p->first_ts - to <= DISORDER_NS);
}

/* Can the part have events of the range, now or later? */
static bool part_needed(const struct scan *s, unsigned i)
{
	return part_meets(s, &s->b->parts[i]) || (s->follows && i + 1 == s->b->n_parts);
}

/* The parts that can have events of the range: a run of them. */
static void choose_parts(struct scan *s)
{
	const struct browse *b = s->b;
	const uint64_t last = b->info.last_ts;

	s->follows = b->grows && !b->over
		&& (s->plan.to >= last || last - s->plan.to < DISORDER_NS);
	s->n_parts = s->plan.alone ? 1 : b->n_parts;
	if (s->plan.alone)
		return;
	while (s->first_part < s->n_parts && !part_needed(s, s->first_part))
		s->first_part++;
	while (s->n_parts > s->first_part && !part_needed(s, s->n_parts - 1))
		s->n_parts--;
	for (unsigned i = s->first_part; i < s->n_parts; i++)
		s->n_all += b->parts[i].n_events;
	s->next_part = s->joining = s->first_part;
}

/* What counts events in focus reads all of them, what gathers rows of one view only those. */
static void choose_blocks(struct scan *s)
{
	const struct scan_plan *plan = &s->plan;

	s->sieved = plan->n_views == 1 && !plan->filter && !plan->rules && !plan->marks;
	if (!s->sieved)
		return;
	sieve_init(&s->sieve, &s->b->blocks, &plan->views[0].types, plan->views[0].view->filter);
	if (plan->views[0].sampled[0])
		event_set_add(&s->sieve.always, EV_PROCINFO);
	if (plan->views[0].sampled[1])
		event_set_add(&s->sieve.always, EV_CPUINFO);
	s->sieve.from = plan->from;
	s->sieve.to = plan->to;
}

struct scan *scan_new(struct browse *b, const struct scan_plan *plan)
{
	struct scan *s = xcalloc(1, sizeof(*s));

	s->b = b;
	s->plan = *plan;
	s->lo = plan->from > b->info.first_ts ? plan->from : b->info.first_ts;
	s->hi = plan->to < b->info.last_ts || (b->grows && plan->to != UINT64_MAX) ? plan->to :
		b->info.last_ts;
	s->widens = b->grows && plan->to == UINT64_MAX;
	if (s->hi < s->lo)
		s->hi = s->lo;
	s->events = xcalloc(1, sizeof(*s->events));
	s->alerts = xcalloc(1, sizeof(*s->alerts));
	s->lost = xcalloc(1, sizeof(*s->lost));
	for (unsigned i = 0; i < plan->n_views; i++)
		table_init(&s->tables[i], plan->views[i].view, plan->views[i].processes);
	table_init(&s->doomed, NULL, false);
	choose_parts(s);
	choose_blocks(s);
	s->complete = s->joining >= s->n_parts;
	return s;
}

void scan_free(struct scan *s)
{
	if (s->tail)
		tail_free(s->tail);
	while (s->waiting) {
		struct parcel *const p = s->waiting;

		s->waiting = p->next;
		parcel_free(p);
	}
	for (unsigned i = 0; i < s->plan.n_views; i++) {
		table_release(&s->tables[i]);
		gather_plan_release(&s->plan.views[i]);
	}
	table_release(&s->doomed);
	cond_free(s->plan.filter);
	free(s->events);
	free(s->alerts);
	free(s->lost);
	free(s->name);
	free(s);
}

bool scan_has(const struct scan *s, const struct view *v, unsigned *at)
{
	for (unsigned i = 0; i < s->plan.n_views; i++) {
		const struct view *of = s->plan.views[i].view;

		*at = i;
		if (of == v || (of->columns == v->columns && strcmp(of->filter, v->filter) == 0))
			return true;
	}
	return false;
}

bool scan_complete(const struct scan *s)
{
	return s->complete || (s->caught_up && s->joined == s->b->info.size && !s->b->over);
}

uint64_t scan_span(const struct scan *s)
{
	const uint64_t last = s->b->info.last_ts;
	const uint64_t hi = s->b->grows && last < s->hi ? last : s->hi;

	return hi > s->lo ? hi - s->lo : 0;
}

struct slices scan_slices(const struct scan *s)
{
	struct slices out;

	if (s->widens)
		slices_init_growing(&out, s->lo);
	else
		slices_init(&out, s->lo, s->hi);
	return out;
}

unsigned scan_permille(const struct scan *s)
{
	const uint64_t size = s->b->info.size;
	uint64_t n = 0;

	if (s->complete || s->caught_up)
		return 1000;
	if (s->n_all > 0)
		n = (unsigned __int128)s->n_events * 1000 / s->n_all;
	else if (size > 0)
		n = (unsigned __int128)s->bytes_done * 1000 / size;
	return n < 999 ? (unsigned)n : 999;
}

/* ---- joining ---- */

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
