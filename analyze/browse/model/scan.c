/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/browse/model/scan.h"

#include <stdlib.h>
#include <string.h>

#include "analyze/browse/model/inside.h"
#include "analyze/browse/model/kept.h"
#include "rules/set/correlate.h"

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

static bool has_correlations(const struct scan_plan *plan, const struct browse *b)
{
	size_t n = 0;

	if (plan->rules)
		ruleset_correlations(b->rules, &n);
	return n > 0;
}

/* The parts that can have events of the range: a run of them. */
static void choose_parts(struct scan *s)
{
	const struct browse *b = s->b;
	const uint64_t last = b->info.last_ts;

	s->follows = b->grows && !b->over
		&& (s->plan.to >= last || last - s->plan.to < DISORDER_NS);
	s->n_parts = s->alone ? 1 : b->n_parts;
	if (s->alone)
		return;
	s->first_part = kept_part(b);
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
	const uint64_t first = browse_kept(b).ts;
	struct scan *s = xcalloc(1, sizeof(*s));

	s->b = b;
	s->plan = *plan;
	s->alone = has_correlations(plan, b);
	s->lo = plan->from > first ? plan->from : first;
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

void browse_begin(struct browse *b, struct scan *s)
{
	browse_lock(b);
	s->next = b->scans;
	b->scans = s;
	pthread_cond_broadcast(&b->work);
	browse_unlock(b);
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

const struct table *scan_processes(const struct scan *s)
{
	for (unsigned i = 0; i < s->plan.n_views; i++)
		if (s->plan.views[i].processes)
			return &s->tables[i];
	return NULL;
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
