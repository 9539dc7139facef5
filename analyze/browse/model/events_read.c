/* SPDX-License-Identifier: Apache-2.0 */
/* Reading for the list of events: the place that is asked for, and what is behind it. */
#include "analyze/browse/model/events_parts.h"

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
			events_append(e, c);
			n++;
		}
		if (++looked % LOOK_EVERY == 0)
			events_told(e, s, s->num, false);
	}
	if (s->sieve.ended) {		/* there may be more behind the part */
		events_told(e, s, s->sieve.ended - 1, false);
		s->owner = 0;
		return;
	}
	events_told(e, s, rc == 1 ? last_num(e, s) : s->num, over);
}

/* Can the seeker read on from where it stands? */
static bool is_near(const struct events *e, const struct seeker *s)
{
	return s->owner == e->job.id && s->num <= e->hi && s->num + 1 >= kept_num(e->b)
		&& browse_part(e->b, s->num + 1, 0) == browse_part(e->b, e->hi + 1, 0);
}

/* To the event behind hi, of blocks before it only for the state. */
static int go_forward(struct events *e, struct seeker *s)
{
	const unsigned part = browse_part(e->b, e->hi + 1, 0);
	struct sieve v = e->sieve;

	e->lost = 0;
	if (!sieve_works(&v))
		return seek_part(s, part, e->job.id, &e->types,
				 events_needs_bulk(e) ? e->hi + 1 : UINT64_MAX);
	v.from_num = e->hi + 1;
	return seek_sifted(s, part, e->job.id, &e->types, events_needs_bulk(e), &v);
}

static void extend_forward(struct events *e, struct seeker *s, unsigned need)
{
	const uint64_t next = sieve_skip(&e->sieve, e->hi + 1);

	if (next == UINT64_MAX) {
		events_told(e, s, last_num(e, s), true);
		return;
	}
	events_told(e, s, next - 1, false);
	if (is_near(e, s)) {
		s->sieve.from_num = next;
	} else if (go_forward(e, s) < 0) {
		events_told(e, s, e->hi, true);
		return;
	}
	read_on(e, s, need);
}

/* ---- a place ---- */

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
		return events_reach(e, p->num);
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

/* Is the end known, and far before all that is? */
static bool is_beyond(const struct events *e, const struct seeker *s)
{
	return has_ended(e, s) && e->n == 0 && e->last < e->lo - 1;
}

/* ---- around it ---- */

/* Rows from num on, told as soon as they are there. */
static void read_behind(struct events *e, struct seeker *s, uint64_t num, unsigned after)
{
	for (;;) {
		const size_t behind = e->n - events_at(e, num);

		if (job_over(&e->job) || behind > after || has_ended(e, s))
			break;
		extend_forward(e, s, after + 1 - (unsigned)behind);
		browse_tell(e->b);
	}
}

/* The same before it; the last event stands for what is behind it. */
static void read_before(struct events *e, struct seeker *s, uint64_t num, unsigned wanted)
{
	for (;;) {
		const size_t at = events_at(e, num), before = at - (at == e->n && at > 0);
		const uint64_t lo = e->lo;

		if (job_over(&e->job) || before >= wanted || e->begin || lo <= kept_num(e->b))
			break;
		events_read_back(e, s, wanted - (unsigned)before + ROWS_AHEAD);
		if (e->lo == lo && !job_over(&e->job))
			events_prepend(e, NULL, 0, 0);		/* it cannot be read */
		browse_tell(e->b);
	}
}

/* Known rows begin anew so far before num that those wanted before it are among them, if they are
 * in the same part. */
static void begin_at(struct events *e, struct seeker *s, uint64_t num, unsigned before)
{
	events_begin(e, events_before(e, s, num, before + ROWS_AHEAD));
}

/* First what is at the place and behind it. */
static void read_around(struct events *e, struct seeker *s, uint64_t num, const struct wish *w)
{
	if (!e->lo || num < e->lo || (num > e->hi + 1 && !has_ended(e, s)))
		begin_at(e, s, num, w->before);
	read_behind(e, s, num, w->after);
	if (is_beyond(e, s) && !job_over(&e->job)) {
		begin_at(e, s, e->last + 1, w->before);
		read_behind(e, s, e->last + 1, w->after);
	}
	read_before(e, s, num, w->before);
	events_trim(e, num);
}

void events_run(struct job *j, struct seeker *s)
{
	struct events *const e = (struct events *)j;
	struct wish w;
	uint64_t num;

	browse_lock(e->b);
	w = e->wish;
	e->answered = false;
	if (e->hi && e->hi + 1 < kept_num(e->b))	/* what follows was given up */
		events_clear(e);
	e->begin |= e->lo && e->lo <= kept_num(e->b);
	browse_unlock(e->b);
	num = is_end(e, &w.place) ? number_of_end(e, s, w.before)
		: number_of_place(e, s, &w.place);
	if (!num)
		return;
	read_around(e, s, num, &w);
	browse_lock(e->b);
	e->answered = !job_over(j);
	e->answered_size = s->source->info.size;
	browse_unlock(e->b);
}
