/* SPDX-License-Identifier: Apache-2.0 */
/* Reading for the list of events.  Events can only be read forward from a key frame.  What stands
 * before a place is found in two passes over the part before it: one that notes the numbers of the
 * last events in focus, one that makes rows of them. */
#include <stdlib.h>
#include <string.h>

#include "analyze/browse/model/events_parts.h"

/* ---- the run of known rows ---- */

void events_clear(struct events *e)
{
	for (size_t i = 0; i < e->n; i++)
		free(e->v[i]);
	e->n = 0;
	e->lo = e->hi = 0;
	e->begin = e->end = false;
}

static void append(struct events *e, struct cached *c)
{
	browse_lock(e->b);
	e->v = mem_grow(e->v, &e->cap, e->n + 1, sizeof(*e->v));
	e->v[e->n++] = c;
	e->hi = c->row.num;
	browse_unlock(e->b);
}

static void prepend(struct events *e, struct cached **v, size_t n, uint64_t lo)
{
	browse_lock(e->b);
	e->v = mem_grow(e->v, &e->cap, e->n + n, sizeof(*e->v));
	if (e->n)
		memmove(e->v + n, e->v, e->n * sizeof(*e->v));
	if (n)
		memcpy(e->v, v, n * sizeof(*v));
	e->n += n;
	e->lo = lo;
	e->begin |= lo <= 1;
	browse_unlock(e->b);
}

/* end: there was no more, for this seeker. */
static void told(struct events *e, const struct seeker *s, uint64_t hi, bool end)
{
	browse_lock(e->b);
	if (hi > e->hi)
		e->hi = hi;
	e->end |= end;
	if (end) {
		e->size = s->source->info.size;
		e->last = hi > s->most ? hi : s->most;
	}
	browse_unlock(e->b);
}

/* ---- forward ---- */

/* Of the recording, at whose end the seeker is: the last events may have been passed over. */
static uint64_t last_num(const struct events *e, const struct seeker *s)
{
	const struct blocks *x = &e->b->blocks;

	return x->n && x->v[x->n - 1].end > s->num ? x->v[x->n - 1].end - 1 : s->num;
}

/* need more rows behind hi, from wherever the seeker stands, and some in advance unless they are
 * far apart. */
static void read_on(struct events *e, struct seeker *s, unsigned need)
{
	uint64_t looked = 0;
	unsigned n = 0;
	bool over = false;
	int rc = 0;

	while ((n < need || (n < need + ROWS_AHEAD && looked < AHEAD_EVENTS))
	       && !job_over(&e->job)) {
		rc = seek_next(s, e->hi + 1);
		over = rc != 0 || range_is_over(e->focus.to, &s->ev);
		if (over)
			break;
		e->lost += events_loss(s);
		if (events_fits(e, e->filter, s)) {
			struct cached *c = events_row(e, s);

			c->row.lost_before = e->lost;
			e->lost = 0;
			append(e, c);
			n++;
		}
		if (++looked % LOOK_EVERY == 0)
			told(e, s, s->num, false);
	}
	if (s->sieve.ended) {		/* there may be more behind the part */
		told(e, s, s->sieve.ended - 1, false);
		s->owner = 0;
		return;
	}
	told(e, s, rc == 1 ? last_num(e, s) : s->num, over);
}

/* Can the seeker read on from where it stands? */
static bool is_near(const struct events *e, const struct seeker *s)
{
	return s->owner == e->job.id && s->num <= e->hi
		&& browse_part(e->b, s->num + 1, 0) == browse_part(e->b, e->hi + 1, 0);
}

static bool needs_bulk(const struct events *e)
{
	return e->plan.bulk || (e->filter && cond_needs_bulk(e->filter));
}

/* To the event behind hi, of blocks before it only for the state. */
static int go_forward(struct events *e, struct seeker *s)
{
	const unsigned part = browse_part(e->b, e->hi + 1, 0);
	struct sieve v = e->sieve;

	e->lost = 0;
	if (!sieve_works(&v))
		return seek_part(s, part, e->job.id, &e->types,
				 needs_bulk(e) ? e->hi + 1 : UINT64_MAX);
	v.from_num = e->hi + 1;
	return seek_sifted(s, part, e->job.id, &e->types, needs_bulk(e), &v);
}

static void extend_forward(struct events *e, struct seeker *s, unsigned need)
{
	const uint64_t next = sieve_skip(&e->sieve, e->hi + 1);

	if (next == UINT64_MAX) {
		told(e, s, last_num(e, s), true);
		return;
	}
	told(e, s, next - 1, false);
	if (is_near(e, s)) {
		s->sieve.from_num = next;
	} else if (go_forward(e, s) < 0) {
		told(e, s, e->hi, true);
		return;
	}
	read_on(e, s, need);
}

/* ---- backward ---- */

/* Numbers of the last events in focus: the newest replaces the oldest. */
struct ring {
	uint64_t *v;
	unsigned cap;
	uint64_t n;
};

static uint64_t ring_first(const struct ring *r)
{
	return r->n > r->cap ? r->v[r->n % r->cap] : r->v[0];
}

static unsigned ring_n(const struct ring *r)
{
	return r->n < r->cap ? (unsigned)r->n : r->cap;
}

/* The oldest comes first. */
static void ring_order(struct ring *r)
{
	uint64_t *v = xcalloc(r->cap, sizeof(*v));
	const unsigned n = ring_n(r);

	for (unsigned i = 0; i < n; i++)
		v[i] = r->v[(r->n - n + i) % r->cap];
	free(r->v);
	r->v = v;
	r->n = n;
}

/* Notes the events in focus of a part that stand before num. */
static bool note_part(struct events *e, struct seeker *s, unsigned part, uint64_t num,
		      struct ring *r)
{
	const uint64_t first = e->b->parts[part].first_num;
	struct sieve v = e->sieve;

	r->n = 0;
	v.to_num = num;
	v.on = false;
	if (sieve_skip(&v, first) >= num)
		return true;
	if (seek_sifted(s, part, 0, &e->types, e->filter && cond_needs_bulk(e->filter), &v) < 0)
		return false;
	while (!job_over(&e->job) && seek_next(s, 0) == 0 && (!s->ev.num || s->ev.num < num))
		if (events_fits(e, e->filter, s))
			r->v[r->n++ % r->cap] = s->ev.num;
	return !job_over(&e->job);
}

static int go_back(struct events *e, struct seeker *s, uint64_t from, const struct ring *r)
{
	const unsigned part = browse_part(e->b, from, 0);
	struct sieve v = e->sieve;

	/* From the event before it on, or it is not known what was lost between them. */
	if (v.on || !sieve_works(&v))
		return seek_part(s, part, 0, NULL,
				 from > e->b->parts[part].first_num ? from - 1 : from);
	v.from_num = from;
	v.on = true;
	v.nums = r ? r->v : NULL;
	v.n_nums = r ? ring_n(r) : 0;
	return seek_sifted(s, part, 0, &e->types, needs_bulk(e), &v);
}

/* Makes rows of the events in focus from number from on and before num; r: these are all of
 * them, in order; or NULL. */
static bool rows_between(struct events *e, struct seeker *s, uint64_t from, uint64_t num,
			 const struct ring *r)
{
	struct cached **v = NULL;
	size_t n = 0, cap = 0;
	uint64_t lost = 0;
	bool ok;

	if (go_back(e, s, from, r) < 0)
		return false;
	while (!job_over(&e->job) && seek_next(s, from) == 0 && (!s->ev.num || s->ev.num < num)) {
		lost += s->num + 1 >= from ? events_loss(s) : 0;
		if (!events_fits(e, e->filter, s))
			continue;
		v = mem_grow(v, &cap, n + 1, sizeof(*v));
		v[n] = events_row(e, s);
		v[n++]->row.lost_before = lost;
		lost = 0;
	}
	ok = !job_over(&e->job);
	if (ok)
		prepend(e, v, n, from);
	for (size_t i = 0; !ok && i < n; i++)
		free(v[i]);
	free(v);
	return ok;
}

/* Rows of the events that were noted before lo; first: of the part. */
static void back_to(struct events *e, struct seeker *s, struct ring *r, uint64_t first)
{
	const uint64_t from = r->n < r->cap ? first : ring_first(r);

	ring_order(r);
	rows_between(e, s, from, e->lo, r);
}

/* The last n before lo of those in focus, wherever they are in the part. */
static void extend_noted(struct events *e, struct seeker *s, unsigned n)
{
	const unsigned part = browse_part(e->b, e->lo - 1, 0);
	const uint64_t first = part ? e->b->parts[part].first_num : 1;
	struct ring r = { .cap = n, .v = xcalloc(n, sizeof(*r.v)) };

	if (note_part(e, s, part, e->lo, &r)) {
		if (r.n == 0)
			prepend(e, NULL, 0, first);
		else
			back_to(e, s, &r, first);
	}
	free(r.v);
}

/* About n more rows before lo. */
static void extend_backward(struct events *e, struct seeker *s, unsigned n)
{
	const size_t known = e->n;

	/* Where numbers are missing they may be more than one could count down. */
	if (!events_is_plain(e) || (rows_between(e, s, e->lo > n ? e->lo - n : 1, e->lo, NULL)
			     && e->n == known && !e->begin))
		extend_noted(e, s, n);
}

/* ---- a place ---- */

/* Known rows begin anew so far before num that those wanted before it are among them, if they are
 * in the same part. */
static void begin_at(struct events *e, struct seeker *s, uint64_t num, unsigned before)
{
	const unsigned part = browse_part(e->b, num, 0);
	struct ring r = { .cap = before + ROWS_AHEAD };

	if (events_is_plain(e)) {
		num = num > r.cap ? num - r.cap : 1;
	} else {
		r.v = xcalloc(r.cap, sizeof(*r.v));
		if (note_part(e, s, part, num, &r) && r.n > 0)
			num = ring_first(&r);
		free(r.v);
	}
	browse_lock(e->b);
	events_clear(e);
	e->lo = num;
	e->hi = num - 1;
	e->begin = num <= 1;
	browse_unlock(e->b);
}

/* How many rows are known before and behind num. */
static void count_around(const struct events *e, uint64_t num, size_t *before, size_t *behind)
{
	size_t lo = 0, hi = e->n;

	while (lo < hi) {
		const size_t mid = lo + (hi - lo) / 2;

		if (e->v[mid]->row.num < num)
			lo = mid + 1;
		else
			hi = mid;
	}
	*before = lo;
	*behind = e->n - lo;
}

static void trim(struct events *e, uint64_t num)
{
	size_t before, behind, drop;

	browse_lock(e->b);
	count_around(e, num, &before, &behind);
	drop = before > ROWS_KEPT ? before - ROWS_KEPT / 2 : 0;
	for (size_t i = 0; i < drop; i++)
		free(e->v[i]);
	if (drop) {
		e->n -= drop;
		memmove(e->v, e->v + drop, e->n * sizeof(*e->v));
		e->lo = e->v[0]->row.num;
		e->begin = false;
	}
	drop = behind > ROWS_KEPT ? behind - ROWS_KEPT / 2 : 0;
	for (size_t i = 0; i < drop; i++)
		free(e->v[--e->n]);
	if (drop) {
		e->hi = e->v[e->n - 1]->row.num;
		e->end = false;
	}
	browse_unlock(e->b);
}

/* Has this seeker nothing behind the rows that are known? */
static bool has_ended(const struct events *e, const struct seeker *s)
{
	return e->end && (!e->b->grows || e->size == s->source->info.size);
}

static uint64_t number_of_end(struct events *e, struct seeker *s, unsigned before)
{
	if (e->end && !has_ended(e, s))
		events_read_tail(e, s, before);
	return e->end ? e->hi + 1 : seek_last(s) + 1;
}

static uint64_t number_of_place(struct events *e, struct seeker *s, const struct place *p)
{
	uint64_t num;

	if (p->num)
		return p->num;
	if (e->ts_known && e->ts_asked == p->ts && (!e->b->grows || e->ts_num <= e->hi))
		return e->ts_num;
	num = seek_time(s, browse_part(e->b, 0, p->ts), p->ts, &e->job);
	if (job_over(&e->job))
		return 0;
	browse_lock(e->b);
	e->ts_known = true;
	e->ts_asked = p->ts;
	e->ts_num = num;
	browse_unlock(e->b);
	return num;
}

/* Rows from num on, told as soon as they are there. */
static void read_behind(struct events *e, struct seeker *s, uint64_t num, const struct wish *w)
{
	size_t before, behind;

	for (;;) {
		count_around(e, num, &before, &behind);
		if (job_over(&e->job) || behind > w->after || has_ended(e, s))
			break;
		extend_forward(e, s, w->after + 1 - (unsigned)behind);
		browse_tell(e->b);
	}
}

/* Is the end known, and far before all that is? */
static bool is_beyond(const struct events *e, const struct seeker *s)
{
	return has_ended(e, s) && e->n == 0 && e->last < e->lo - 1;
}

void events_run(struct job *j, struct seeker *s)
{
	struct events *const e = (struct events *)j;
	size_t before, behind;
	struct wish w;
	uint64_t num, lo;

	browse_lock(e->b);
	w = e->wish;
	e->answered = false;
	browse_unlock(e->b);
	num = is_end(e, &w.place) ? number_of_end(e, s, w.before)
		: number_of_place(e, s, &w.place);
	if (!num)
		return;
	if (!e->lo || num < e->lo || (num > e->hi + 1 && !has_ended(e, s)))
		begin_at(e, s, num, w.before);
	/* First what is at the place and behind it. */
	read_behind(e, s, num, &w);
	if (is_beyond(e, s) && !job_over(j)) {
		begin_at(e, s, e->last + 1, w.before);
		read_behind(e, s, e->last + 1, &w);
	}
	for (;;) {
		count_around(e, num, &before, &behind);
		/* The last event stands for what is behind it. */
		before -= behind == 0 && before > 0;
		if (job_over(j) || before >= w.before || e->begin)
			break;
		lo = e->lo;
		extend_backward(e, s, w.before - (unsigned)before + ROWS_AHEAD);
		if (e->lo == lo && !job_over(j))
			prepend(e, NULL, 0, 0);		/* it cannot be read */
		browse_tell(e->b);
	}
	trim(e, num);
	browse_lock(e->b);
	e->answered = !job_over(j);
	e->answered_size = s->source->info.size;
	browse_unlock(e->b);
}
