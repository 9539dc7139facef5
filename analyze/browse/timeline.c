/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/browse/timeline.h"

#include <string.h>

#include "analyze/browse/inside.h"
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

/* What a scan has counted, up to known. */
static void put_counts(const struct strip *s, const struct scan *scan, uint64_t known)
{
	const uint64_t span = scan->hi - scan->lo + 1;

	for (unsigned i = 0; i < HISTOGRAM; i++) {
		const uint64_t a = scan->lo + (uint64_t)((unsigned __int128)span * i / HISTOGRAM);
		const uint64_t b = scan->lo + (uint64_t)((unsigned __int128)span * (i + 1)
							 / HISTOGRAM);
		const bool fine = (s->to - s->from) / s->n >= (b - a) || scan->events->n[i] == 0;

		if (b <= s->from || a >= s->to || a > known)
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
	for (unsigned i = 0; i < s->n && !scan->complete; i++)
		if (begin_of(s, i + 1) > scan->done_ts)
			s->v[i].exact = false;
}

void timeline_get(struct browse *b, struct query *q, uint64_t from, uint64_t to,
		  struct bucket *out, unsigned n)
{
	const struct strip s = { from, to > from ? to : from + 1, out, n };
	struct scan *const scan = q ? query_scan(q) : b->base;
	uint64_t known;

	for (unsigned i = 0; i < n; i++)
		out[i] = (struct bucket){ .worst = PRIORITY__N, .exact = true };
	if (n == 0)
		return;
	browse_lock(b);
	known = scan->complete ? UINT64_MAX : scan->done_ts;
	put_counts(&s, scan, known);
	if (!q && !scan->complete)
		put_index(&s, skr_index(b->first), known);
	put_alerts(&s, &b->marks[MARK_ALERT]);
	mark_unknown(&s, scan);
	browse_unlock(b);
}
