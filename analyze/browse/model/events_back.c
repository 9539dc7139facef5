/* SPDX-License-Identifier: Apache-2.0 */
/* The list of events before a place.  Events can only be read forward from a key frame: what stands
 * before is found in two passes over the part, one that notes the numbers of the last events in
 * focus, and one that makes rows of them. */
#include <stdlib.h>

#include "analyze/browse/model/events_parts.h"

/* ---- numbers ---- */

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

uint64_t events_before(struct events *e, struct seeker *s, uint64_t num, unsigned n)
{
	const uint64_t first = kept_num(e->b);
	struct ring r = { .cap = n };

	if (events_is_plain(e))
		return num > first + n ? num - n : first;
	r.v = xcalloc(n, sizeof(*r.v));
	if (note_part(e, s, browse_part(e->b, num, 0), num, &r) && r.n > 0)
		num = ring_first(&r);
	free(r.v);
	return num;
}

/* ---- rows ---- */

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
	return seek_sifted(s, part, 0, &e->types, events_needs_bulk(e), &v);
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
		events_prepend(e, v, n, from);
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
			events_prepend(e, NULL, 0, first);
		else
			back_to(e, s, &r, first);
	}
	free(r.v);
}

void events_read_back(struct events *e, struct seeker *s, unsigned n)
{
	const uint64_t first = kept_num(e->b);
	const size_t known = e->n;

	/* Where numbers are missing they may be more than one could count down. */
	if (!events_is_plain(e) || (rows_between(e, s, e->lo > first + n ? e->lo - n : first,
						e->lo, NULL)
			     && e->n == known && !e->begin))
		extend_noted(e, s, n);
}
