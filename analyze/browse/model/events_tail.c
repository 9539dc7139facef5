/* SPDX-License-Identifier: Apache-2.0 */
/* The list at the end of a recording that grows. */
#include <stdlib.h>
#include <string.h>

#include "analyze/browse/model/events_parts.h"

struct tail {
	struct cached **v;
	size_t n, cap;
	uint64_t from;		/* rows before it are not wanted */
};

/* Of what came at once only the last rows can be seen. */
static void tail_add(struct tail *t, struct cached *c)
{
	t->v = mem_grow(t->v, &t->cap, t->n + 1, sizeof(*t->v));
	t->v[t->n++] = c;
	if (t->n < ROWS_KEPT)
		return;
	t->from = t->v[t->n / 2]->row.num;
	for (size_t i = 0; i < t->n / 2; i++)
		free(t->v[i]);
	memmove(t->v, t->v + t->n / 2, (t->n - t->n / 2) * sizeof(*t->v));
	t->n -= t->n / 2;
}

/* Where not all from hi on was kept, what was known goes. */
static void tail_join(struct events *e, const struct seeker *s, struct tail *t, bool over)
{
	browse_lock(e->b);
	if (t->from > e->hi + 1) {
		events_clear(e);
		e->lo = t->from;
		e->begin = t->from <= kept_num(e->b);
	}
	e->v = mem_grow(e->v, &e->cap, e->n + t->n, sizeof(*e->v));
	if (t->n)
		memcpy(e->v + e->n, t->v, t->n * sizeof(*t->v));
	e->n += t->n;
	e->hi = s->num;
	e->end = over;
	e->size = s->source->info.size;
	browse_unlock(e->b);
	t->n = 0;
}

void events_read_tail(struct events *e, struct seeker *s, unsigned before)
{
	const uint64_t last = seek_last(s), keep = before + ROWS_AHEAD;
	struct tail t = { .from = e->hi + 1 };
	uint64_t lost = 0;
	int rc = 0;

	if (events_is_plain(e) && last > keep && last - keep > e->hi)
		t.from = last - keep + 1;
	if ((s->owner != e->job.id || s->num != e->hi)
	    && seek_part(s, browse_part(e->b, e->hi + 1, 0), e->job.id, NULL, e->hi + 1) < 0)
		return;
	while (!job_over(&e->job) && (rc = seek_next(s, t.from)) == 0) {
		lost += s->num + 1 >= t.from ? events_loss(s) : 0;
		if (!events_fits(e, e->filter, s))
			continue;
		tail_add(&t, events_row(e, s));
		t.v[t.n - 1]->row.lost_before = lost;
		lost = 0;
	}
	if (s->num + 1 >= t.from)
		tail_join(e, s, &t, rc != 0);
	else
		s->owner = 0;
	for (size_t i = 0; i < t.n; i++)
		free(t.v[i]);
	free(t.v);
}
