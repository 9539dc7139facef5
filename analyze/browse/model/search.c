/* SPDX-License-Identifier: Apache-2.0 */
/* Looking for an event in the list, forward or backward, while the user may go on. */
#include <stdlib.h>
#include <string.h>

#include "analyze/browse/model/events_parts.h"
#include "capture/base/err.h"

static void release(struct job *j)
{
	struct search *const s = (struct search *)j;

	s->e->job.release(&s->e->job);
	cond_free(s->filter);
	free(s->text);
	free(s);
}

/* ---- what is looked for ---- */

static bool cell_has(const struct datum *d, const char *text, size_t len)
{
	for (uint32_t at = 0; d->text && at + len <= d->len; at++)
		if (strncasecmp(d->text + at, text, len) == 0)
			return true;
	return false;
}

static bool row_has(const struct search *s, const struct seeker *k)
{
	struct cached *c = events_row(s->e, k);
	const size_t len = strlen(s->text);
	bool has = false;

	for (unsigned i = 0; !has && i < s->e->view->n_columns; i++)
		has = cell_has(&c->cells[i], s->text, len);
	free(c);
	return has;
}

static bool is_it(const struct search *s, const struct seeker *k)
{
	return events_fits(s->e, s->filter, k) && (!s->text || row_has(s, k));
}

/* ---- looking ---- */

static void tell(struct search *s, const struct seeker *k, int state, const struct place *p)
{
	browse_lock(s->e->b);
	if (!job_over(&s->job)) {
		s->at = p ? *p : (struct place){ .num = k->num, .ts = k->ev.ts };
		s->state = state;
	}
	browse_unlock(s->e->b);
	if (state < 0)
		browse_tell(s->e->b);
}

static int begin(struct search *s, struct seeker *k, unsigned part)
{
	const bool bulk = (s->filter && cond_needs_bulk(s->filter)) || s->text;

	return seek_sifted(k, part, 0, &s->sieve.types, bulk, &s->sieve);
}

/* As far as the seeker goes. */
static bool look_on(struct search *s, struct seeker *k)
{
	uint64_t looked = 0;

	while (!job_over(&s->job) && seek_next(k, s->num + 1) == 0) {
		if (is_it(s, k))
			return true;
		if (++looked % (LOOK_EVERY * 16) == 0)
			tell(s, k, -1, NULL);
	}
	return false;
}

static void look_forward(struct search *s, struct seeker *k)
{
	uint64_t num = sieve_skip(&s->sieve, s->num + 1);
	bool found = false;

	while (num && num != UINT64_MAX && !found && !job_over(&s->job)
	       && begin(s, k, browse_part(s->e->b, num, 0)) == 0) {
		found = look_on(s, k);
		num = k->sieve.ended ? sieve_skip(&s->sieve, k->sieve.ended) : 0;
	}
	tell(s, k, found, NULL);
}

/* The last one in a part before num. */
static bool last_in(struct search *s, struct seeker *k, unsigned part, struct place *found)
{
	found->num = 0;
	if (!sieve_part(&s->sieve, part) || begin(s, k, part) < 0)
		return false;
	while (!job_over(&s->job) && seek_next(k, 0) == 0 && (!k->ev.num || k->ev.num < s->num)) {
		if (part + 1 < browse_n_parts(s->e->b)
		    && k->ev.num >= s->e->b->parts[part + 1].first_num)
			break;
		if (is_it(s, k))
			*found = (struct place){ k->ev.num, k->ev.ts };
	}
	return found->num != 0;
}

static void look_backward(struct search *s, struct seeker *k)
{
	struct place found = {0};

	for (unsigned part = browse_part(s->e->b, s->num ? s->num - 1 : 0, 0) + 1;
	     part-- > kept_part(s->e->b);) {
		if (job_over(&s->job))
			return;
		if (last_in(s, k, part, &found)) {
			tell(s, k, 1, &found);
			return;
		}
		tell(s, k, -1, NULL);
	}
	tell(s, k, 0, NULL);
}

static void run(struct job *j, struct seeker *k)
{
	struct search *const s = (struct search *)j;

	if (s->direction < 0)
		look_backward(s, k);
	else
		look_forward(s, k);
}

/* ---- asking ---- */

void events_search_stop(struct events *e)
{
	browse_lock(e->b);
	if (e->search)
		job_close(&e->search->job);
	e->search = NULL;
	browse_unlock(e->b);
}

static void start(struct events *e, uint64_t num, int direction, struct cond *filter,
		  const char *text)
{
	struct search *s = xcalloc(1, sizeof(*s));

	events_search_stop(e);
	job_init(&s->job, e->b, SEEK_LONG, run, release);
	s->e = e;
	s->num = num;
	s->direction = direction;
	s->filter = filter;
	s->sieve = e->sieve;
	s->sieve.on = false;
	if (filter) {
		const struct event_set types = types_of_cond(filter);

		event_set_meet(&s->sieve.types, &types);
		sieve_cond(&s->sieve, filter);
	}
	s->text = text ? xstrdup(text) : NULL;
	s->at.num = num;
	s->state = -1;
	browse_lock(e->b);
	e->n_refs++;
	e->search = s;
	job_ask(&s->job);
	browse_unlock(e->b);
}

int events_search(struct events *e, uint64_t num, int direction, const char *condition)
{
	struct focus f = e->focus;
	struct cond *c;

	if (f.n == FOCUS_MAX)
		return err(ERR_LIMIT, "too many filters");
	if (condition)
		f.filters[f.n++] = condition;
	if (focus_compile(e->b, &f, e->view->filter, &c) < 0)
		return -ERR_RULE;
	start(e, num, direction, c, NULL);
	return 0;
}

int events_search_text(struct events *e, uint64_t num, int direction, const char *text)
{
	struct cond *c;

	if (focus_compile(e->b, &e->focus, e->view->filter, &c) < 0)
		return -ERR_RULE;
	start(e, num, direction, c, text);
	return 0;
}

int events_found(struct events *e, struct place *out)
{
	int state = 0;

	browse_lock(e->b);
	if (e->search) {
		*out = e->search->at;
		state = e->search->state;
	}
	browse_unlock(e->b);
	return state;
}
