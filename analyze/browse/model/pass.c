/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/browse/model/pass_parts.h"

#include <stdio.h>

#include "analyze/browse/model/kept.h"
#include "capture/base/err.h"

static void want(const struct pass *p)
{
	struct event_set all = *state_events(), views = {0};
	bool bulk = p->filter && cond_needs_bulk(p->filter);

	for (unsigned i = 0; i < p->plan->n_views; i++) {
		event_set_union(&views, &p->plan->views[i].types);
		bulk |= p->plan->views[i].bulk;
	}
	if (p->plan->n_views == 0 || p->plan->marks)
		event_set_fill(&views);
	if (p->filter)
		event_set_meet(&views, cond_events(p->filter));
	event_set_union(&all, &views);
	if (p->plan->rules) {
		event_set_union(&all, &p->detect.wanted);
		bulk |= ruleset_needs_bulk(p->detect.plan->rules)
			|| alert_printer_needs_bulk(p->detect.plan->printer);
	}
	source_want(p->r->source, &all, bulk);
}

void pass_init(struct pass *p, struct reader *r, struct scan *s)
{
	struct browse *const b = r->b;

	*p = (struct pass){ .r = r, .scan = s, .plan = &s->plan, .lo = s->lo, .self = p->self,
			    .env = b->env };
	browse_lock(b);
	p->hi = s->hi;
	browse_unlock(b);
	if (p->plan->filter)
		p->filter = cond_clone(p->plan->filter);
	if (p->plan->rules) {
		p->plan_detect = b->detect;
		p->plan_detect.filter = p->plan->filter;
		p->plan_detect.from = p->plan->from;
		p->plan_detect.to = p->plan->to;
		detect_init(&p->detect, &p->plan_detect, pass_alert, p);
		p->st = p->detect.state;
	} else {
		p->st = p->own = state_new(NULL);
	}
	p->ctx = (struct field_ctx){ .st = p->st, .cur = state_current(p->st),
				     .scratch = &p->scratch, .env = &p->env };
	for (unsigned i = 0; i < p->plan->n_views; i++) {
		gather_init(&p->gathers[i], &p->plan->views[i]);
		p->gathers[i].selects |= p->filter != NULL;
		p->gathers[i].slices = scan_slices(s);
	}
	if (s->base)
		watcher_init(&p->watcher, &b->blocks);
	want(p);
}

void pass_release(struct pass *p)
{
	for (unsigned i = 0; i < p->plan->n_views; i++)
		gather_release(&p->gathers[i]);
	if (p->plan->rules)
		detect_release(&p->detect);
	if (p->own)
		state_free(p->own);
	if (p->scan->base)
		watcher_release(&p->watcher);
	cond_free(p->filter);
	arena_release(&p->scratch);
}

/* ---- a part ---- */

static int go_to_part(struct pass *p)
{
	const unsigned part = p->scan->alone ? kept_part(p->r->b) : p->part;
	const struct part *at = &p->r->b->parts[part];
	struct source *const s = p->r->source;
	unsigned to_key;

	browse_lock(p->r->b);
	to_key = at->to_key;
	browse_unlock(p->r->b);
	p->num = 0;
	if (p->plan->rules)
		detect_reset(&p->detect);
	else
		state_clear(p->own);
	p->ctx.cur = state_current(p->st);
	state_begin(p->st, p->r->b->info.first_ts);
	/* Behind the part that was the last when the scan began there may be more by now. */
	s->stop_key = p->scan->alone || (p->scan->follows && p->part + 1 == p->scan->n_parts) ? 0 :
		to_key;
	s->pick = (struct source_pick){0};
	p->sieve = p->scan->sieve;
	if (p->scan->sieved)
		s->pick = (struct source_pick){ sieve_ask, &p->sieve, *state_events() };
	return source_seek_key(s, at->from_key);
}

static void fail(struct pass *p)
{
	browse_lock(p->r->b);
	if (!p->scan->failed[0])
		snprintf(p->scan->failed, sizeof(p->scan->failed), "%s", err_text());
	browse_unlock(p->r->b);
}

/* Processes that the snapshot of the first part tells of are rows whatever happens then. */
static bool has_rows(const struct pass *p)
{
	if (!p->scan->alone && p->part < kept_part(p->r->b))
		return false;
	return !p->scan->sieved || (p->part == p->scan->first_part && p->plan->plain
				    && p->plan->views[0].processes)
		|| sieve_part(&p->scan->sieve, p->part);
}

/* What the first pass has seen of blocks is all there is in them. */
static void end_watch(struct pass *p)
{
	if (p->scan->base && !scan_is_cancelled(p->scan))
		watcher_end(&p->watcher, p->part,
			    p->scan->alone ? browse_n_parts(p->r->b) : p->part + 1);
}

void pass_begin(struct pass *p, unsigned part)
{
	p->part = part;
	p->parcel = pass_parcel(p);
	p->n_seen = 0;
	p->enough = part == p->scan->first_part ? FIRST_EVENTS : PARCEL_EVENTS;
	if (p->scan->base)
		watcher_begin(&p->watcher);
}

void pass_end(struct pass *p, int rc)
{
	struct browse *const b = p->r->b;
	uint64_t last;

	if (rc < 0)
		fail(p);
	else
		end_watch(p);
	browse_lock(b);
	last = b->info.last_ts;
	browse_unlock(b);
	if (p->plan->rules)
		detect_end(&p->detect, last);
	pass_hand_over(p, true, 0);
}

int pass_read(struct pass *p)
{
	int rc;

	if (!has_rows(p))
		return 1;
	rc = go_to_part(p);
	return rc < 0 ? rc : pass_read_on(p);
}
