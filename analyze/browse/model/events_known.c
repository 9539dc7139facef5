/* SPDX-License-Identifier: Apache-2.0 */
/* The run of rows that a list of events knows. */
#include <stdlib.h>
#include <string.h>

#include "analyze/browse/model/events_parts.h"

size_t events_at(const struct events *e, uint64_t num)
{
	size_t lo = 0, hi = e->n;

	while (lo < hi) {
		const size_t mid = lo + (hi - lo) / 2;

		if (e->v[mid]->row.num < num)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

void events_clear(struct events *e)
{
	for (size_t i = 0; i < e->n; i++)
		free(e->v[i]);
	e->n = 0;
	e->lo = e->hi = 0;
	e->begin = e->end = false;
}

void events_begin(struct events *e, uint64_t num)
{
	browse_lock(e->b);
	events_clear(e);
	e->lo = num;
	e->hi = num - 1;
	e->begin = num <= kept_num(e->b);
	browse_unlock(e->b);
}

void events_append(struct events *e, struct cached *c)
{
	browse_lock(e->b);
	e->v = mem_grow(e->v, &e->cap, e->n + 1, sizeof(*e->v));
	e->v[e->n++] = c;
	e->hi = c->row.num;
	browse_unlock(e->b);
}

void events_prepend(struct events *e, struct cached **v, size_t n, uint64_t lo)
{
	browse_lock(e->b);
	e->v = mem_grow(e->v, &e->cap, e->n + n, sizeof(*e->v));
	if (e->n)
		memmove(e->v + n, e->v, e->n * sizeof(*e->v));
	if (n)
		memcpy(e->v, v, n * sizeof(*v));
	e->n += n;
	e->lo = lo;
	e->begin |= lo <= kept_num(e->b);
	browse_unlock(e->b);
}

void events_told(struct events *e, const struct seeker *s, uint64_t hi, bool end)
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

void events_trim(struct events *e, uint64_t num)
{
	size_t at, drop;

	browse_lock(e->b);
	at = events_at(e, num);
	drop = at > ROWS_KEPT ? at - ROWS_KEPT / 2 : 0;
	for (size_t i = 0; i < drop; i++)
		free(e->v[i]);
	if (drop) {
		e->n -= drop;
		memmove(e->v, e->v + drop, e->n * sizeof(*e->v));
		e->lo = e->v[0]->row.num;
		e->begin = false;
	}
	at = events_at(e, num);
	drop = e->n - at > ROWS_KEPT ? e->n - at - ROWS_KEPT / 2 : 0;
	for (size_t i = 0; i < drop; i++)
		free(e->v[--e->n]);
	if (drop) {
		e->hi = e->v[e->n - 1]->row.num;
		e->end = false;
	}
	browse_unlock(e->b);
}
