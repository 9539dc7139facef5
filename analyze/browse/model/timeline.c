/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/browse/model/timeline.h"

#include <string.h>

#include "analyze/browse/model/inside.h"
#include "capture/trace/format.h"
#include "capture/trace/skr.h"

struct strip {
	uint64_t from, to;
	struct bucket *v;
	unsigned n;
};

/* Where bucket i begins. */
static uint64_t begin_of(const struct strip *s, unsigned i)
{
	return s->from + (uint64_t)((unsigned __int128)(s->to - s->from) * i / s->n);
}

static unsigned bucket_at(const struct strip *s, uint64_t ts)
{
	const uint64_t span = s->to - s->from;

	return (unsigned)((unsigned __int128)(ts - s->from) * s->n / (span ? span : 1));
}

/* n things that happened evenly between from and to, at least one ns apart. */
static void spread(const struct strip *s, uint64_t from, uint64_t to, uint64_t n,
		   bool exact, size_t member)
{
	const uint64_t span = to > from ? to - from : 1;
	const uint64_t lo = from > s->from ? from : s->from;
	const uint64_t hi = from + span < s->to ? from + span : s->to;

	if (lo >= hi)
		return;
	for (unsigned i = bucket_at(s, lo); i < s->n && begin_of(s, i) < hi; i++) {
		const uint64_t a = begin_of(s, i) > lo ? begin_of(s, i) : lo;
		const uint64_t b = begin_of(s, i + 1) < hi ? begin_of(s, i + 1) : hi;
		/* Differences of running sums, so that all add up to n. */
		const uint64_t share = (uint64_t)((unsigned __int128)n * (b - from) / span)
			- (uint64_t)((unsigned __int128)n * (a - from) / span);

		*(uint64_t *)(void *)((char *)&s->v[i] + member) += share;
		s->v[i].exact &= exact;
	}
}

#define SPREAD(s, from, to, n, exact, what) \
	spread(s, from, to, n, exact, offsetof(struct bucket, what))

/* The first time that belongs to bucket i of a scan. */
static uint64_t time_of(const struct scan *s, unsigned i)
{
	const unsigned __int128 at = (unsigned __int128)(s->hi - s->lo + 1) * i;

	return s->lo + (uint64_t)((at + HISTOGRAM - 1) / HISTOGRAM);
}

/* What a scan has counted, up to known, of the range that is in focus. */
static void put_counts(const struct strip *s, const struct scan *scan, uint64_t known,
		       const struct scan_plan *focus)
{
	const uint64_t end = scan->b->grows ? scan->b->info.last_ts + 1 : UINT64_MAX;

	for (unsigned i = 0; i < HISTOGRAM; i++) {
		const uint64_t a = time_of(scan, i), next = time_of(scan, i + 1);
		const uint64_t b = next < end ? next : end;	/* nothing has happened behind it */
		const bool fine = (s->to - s->from) / s->n >= (b - a) || scan->events->n[i] == 0;

		if (b <= s->from || a >= s->to || a > known || a >= b || b <= focus->from
		    || a > focus->to)
			continue;
		SPREAD(s, a, b, scan->events->n[i], fine, n_events);
		if (scan->lost->n[i])
			SPREAD(s, a, b, scan->lost->n[i], fine, n_lost);
	}
}

/* What the index says of blocks behind known. */
static void put_index(const struct strip *s, const struct index *x, uint64_t known)
{
	for (size_t i = 0; x && i < x->n; i++) {
		const struct index_entry *e = &x->entry[i];

		if (e->kind == BLOCK_EVENTS && e->n_events && e->last_ts > known)
			SPREAD(s, e->first_ts, e->last_ts, e->n_events, false, n_events);
		if (e->kind == BLOCK_LOSS && e->last_ts > known)
			SPREAD(s, e->first_ts, e->last_ts, 1, false, n_lost);
	}
}

static void put_alerts(const struct strip *s, const struct marks *m)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct mark *a = &m->v[i];
		struct bucket *b;

		if (a->ts < s->from || a->ts >= s->to)
			continue;
		b = &s->v[bucket_at(s, a->ts)];
		b->n_alerts++;
		if (a->priority < b->worst)
			b->worst = a->priority;
	}
}

/* Behind what is known nothing is exact. */
static void mark_unknown(const struct strip *s, const struct scan *scan)
{
	for (unsigned i = 0; i < s->n && !scan_complete(scan); i++)
		if (begin_of(s, i + 1) > scan->done_ts)
			s->v[i].exact = false;
}

/* ---- nearer than a scan has counted ---- */

static uint64_t width_of(const struct scan *s)
{
	return (s->hi - s->lo) / HISTOGRAM + 1;
}

/* Does the scan that counts what was zoomed in on last do for this strip? */
static bool zoom_fits(const struct scan *z, const struct strip *s, const struct scan *of)
{
	return z && z->parent == of && z->lo <= s->from && z->hi >= s->to - 1
		&& width_of(z) <= (s->to - s->from) / s->n + 1;
}

static struct scan *zoom_new(struct browse *b, const struct strip *s, struct scan *of)
{
	const uint64_t more = (s->to - s->from) / 2;	/* so that one may move a little */
	struct scan_plan plan = { .from = s->from > more ? s->from - more : 0,
				  .to = s->to + more > s->to ? s->to + more : UINT64_MAX };
	struct scan *z;

	if (of->plan.filter)
		plan.filter = cond_clone(of->plan.filter);
	z = scan_new(b, &plan);
	z->parent = of;
	z->n_refs = 1;
	return z;
}

/* The scan to draw the strip from; begins one if there is none that is near enough.  NULL: what
 * of has counted must do for now. */
static struct scan *zoom(struct browse *b, const struct strip *s, struct scan *of)
{
	struct scan *z;

	browse_lock(b);
	z = b->zoom;
	if (!scan_complete(of) || (s->to - s->from) / s->n >= width_of(of) || zoom_fits(z, s, of)) {
		browse_unlock(b);
		return zoom_fits(z, s, of) && (s->to - s->from) / s->n < width_of(of) ? z : NULL;
	}
	if (z) {
		z->n_refs = 0;
		scan_cancel(z);
	}
	of->n_refs++;
	browse_unlock(b);
	z = zoom_new(b, s, of);
	browse_begin(b, z);
	b->zoom = z;		/* only this thread looks at it */
	return z;
}

void timeline_get(struct browse *b, struct query *q, uint64_t from, uint64_t to,
		  struct bucket *out, unsigned n)
{
	const struct strip s = { from, to > from ? to : from + 1, out, n };
	struct scan *const shown = q ? query_scan(q) : b->base;
	/* What gathers rows of a view does not count the other events. */
	struct scan *const of = shown->sieved ? b->base : shown;
	const struct scan *near, *scan = of;
	uint64_t known;

	for (unsigned i = 0; i < n; i++)
		out[i] = (struct bucket){ .worst = PRIORITY__N, .exact = true };
	if (n == 0)
		return;
	near = zoom(b, &s, of);
	browse_lock(b);
	if (near && near->n_events > 0)
		scan = near;
	known = scan_complete(scan) ? UINT64_MAX : scan->done_ts;
	put_counts(&s, scan, known, &shown->plan);
	if (of == b->base && !scan_complete(scan))
		put_index(&s, skr_index(b->first), known);
	put_alerts(&s, &b->marks[MARK_ALERT]);
	mark_unknown(&s, scan);
	browse_unlock(b);
}
