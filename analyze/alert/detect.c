/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/alert/detect.h"

#include "capture/base/err.h"

enum { RULES_PER_EVENT = 256 };

static void use_plan(struct detect *d, const struct detect_plan *plan)
{
	size_t n;

	d->plan = plan;
	d->wanted = *ruleset_events(plan->rules);
	d->matcher = ruleset_matcher_new(plan->rules);
	d->filter = plan->filter ? cond_clone(plan->filter) : NULL;
	ruleset_correlations(plan->rules, &n);
	d->windows = n > 0 ? windows_new(plan->rules) : NULL;
	if (d->filter)
		event_set_meet(&d->wanted, cond_events(d->filter));
}

static void init(struct detect *d, struct state *st, const struct detect_plan *plan,
		 detect_alert *alert, void *arg)
{
	*d = (struct detect){ .alert = alert, .arg = arg, .env = plan->env, .state = st };
	d->ctx = (struct field_ctx){ .st = st, .cur = state_current(st),
		.scratch = &d->scratch, .env = &d->env };
	use_plan(d, plan);
}

void detect_init(struct detect *d, const struct detect_plan *plan, detect_alert *alert, void *arg)
{
	init(d, state_new(NULL), plan, alert, arg);
}

void detect_init_beside(struct detect *d, const struct detect *first,
			const struct detect_plan *plan, detect_alert *alert, void *arg)
{
	init(d, first->state, plan, alert, arg);
	d->beside = true;
}

void detect_new_rules(struct detect *d, const struct detect_plan *plan)
{
	ruleset_matcher_free(d->matcher);
	cond_free(d->filter);
	windows_free(d->windows);
	use_plan(d, plan);
}

void detect_release(struct detect *d)
{
	if (!d->beside)
		state_free(d->state);
	ruleset_matcher_free(d->matcher);
	cond_free(d->filter);
	windows_free(d->windows);
	arena_release(&d->scratch);
	buf_release(&d->text);
	buf_release(&d->line);
}

void detect_reset(struct detect *d)
{
	if (!d->beside)
		state_clear(d->state);
	if (d->windows)
		windows_reset(d->windows);
	d->last_ts = 0;
	d->ctx.cur = state_current(d->state);
}

void detect_want(const struct detect *d, struct source *s)
{
	struct event_set want = *state_events();

	event_set_union(&want, &d->wanted);
	source_want(s, &want, ruleset_needs_bulk(d->plan->rules)
		    || alert_printer_needs_bulk(d->plan->printer)
		    || (d->filter && cond_needs_bulk(d->filter)));
}

static void note_pseudo(struct detect *d, const struct event *ev)
{
	if (ev->type != EV_LOSS)
		return;
	d->stats.n_losses++;
	d->stats.n_lost += value_u64(EV(ev, LOSS, count), 0);
}

static void print(struct detect *d, const struct rule *r, const struct alert_several *s,
		  struct buf *out)
{
	if (d->print)
		d->print(d->arg, r, &d->ctx, s, &d->text, out);
	else
		alert_print(d->plan->printer, r, &d->ctx, s, &d->text, out);
}

static int alert(struct detect *d, const struct rule *r)
{
	d->stats.n_alerts[r->priority % DETECT_PRIORITIES]++;
	buf_reset(&d->line);
	print(d, r, NULL, &d->line);
	return d->alert(d->arg, r, d->ctx.ev->ts, d->ctx.ev->num, (const char *)d->line.p,
			d->line.len);
}

static void several_of(const struct detect *d, const struct windows_alert *a,
		       struct alert_several *s)
{
	*s = (struct alert_several){ .count = a->count, .absent = a->c->has_absence,
		.distinct = a->c->has_distinct ? a->c->distinct.text : NULL,
		.within = a->c->within, .first_ts = a->first_ts, .last_ts = a->last_ts };
}

/* An alert over several events; keep: it may yet be prevented. */
static int fire(void *arg, const struct windows_alert *a, struct buf *keep)
{
	struct detect *d = arg;
	const struct rule *r = a->c->rule;
	struct alert_several s;

	if (a->line) {
		d->stats.n_alerts[r->priority % DETECT_PRIORITIES]++;
		return d->alert(d->arg, r, a->last_ts, a->num, a->line, a->len);
	}
	several_of(d, a, &s);
	if (keep) {
		print(d, r, &s, keep);
		return 0;
	}
	d->stats.n_alerts[r->priority % DETECT_PRIORITIES]++;
	buf_reset(&d->line);
	print(d, r, &s, &d->line);
	return d->alert(d->arg, r, a->last_ts, a->num, (const char *)d->line.p, d->line.len);
}

static int correlate(struct detect *d)
{
	struct correlate_hit hits[CORRELATE_HITS_MAX];
	const unsigned n = ruleset_match_parts(d->matcher, &d->ctx, hits);
	int rc = 0;

	if (d->hits && n > 0)
		d->hits(d->arg, &d->ctx, hits, n);
	for (unsigned i = 0; rc >= 0 && i < n; i++)
		rc = windows_hit(d->windows, &hits[i], &d->ctx, fire, d);
	d->stats.n_evicted = windows_evicted(d->windows);
	return rc;
}

int detect_end(struct detect *d, uint64_t ts)
{
	if (!d->windows)
		return 0;
	ts = ts > d->last_ts ? ts : d->last_ts;
	return windows_pass(d->windows, ts < d->plan->to ? ts : d->plan->to, fire, d);
}

static int match(struct detect *d)
{
	const struct rule *rules[RULES_PER_EVENT];
	const unsigned max = d->plan->all_rules ? RULES_PER_EVENT : 1;
	unsigned n;

	if (d->filter && !cond_eval(d->filter, &d->ctx))
		return 0;
	if (d->each)
		d->each(d->arg, ruleset_matcher_begin(d->matcher, &d->ctx), &d->ctx);
	n = d->plan->profile ?
	    ruleset_match_profiled(d->matcher, d->plan->profile, &d->ctx, rules, max) :
	    ruleset_match(d->matcher, &d->ctx, rules, max);
	for (unsigned i = 0; i < n; i++)
		if (alert(d, rules[i]) < 0)
			return -ERR_SYSTEM;
	return d->windows ? correlate(d) : 0;
}

int detect_look(struct detect *d, const struct event *ev)
{
	if (__builtin_expect(ev->num == 0, 0)) {
		note_pseudo(d, ev);
		return 0;
	}
	if (d->windows) {
		d->last_ts = ev->ts > d->last_ts ? ev->ts : d->last_ts;
		if (windows_pass(d->windows, ev->ts, fire, d) < 0)
			return -ERR_SYSTEM;
	}
	if (!event_set_has(&d->wanted, ev->type) || ev->ts < d->plan->from || ev->ts > d->plan->to)
		return 0;
	arena_reset(&d->scratch);
	d->ctx.ev = ev;
	return match(d);
}

int detect_event(struct detect *d, const struct event *ev)
{
	state_update(d->state, ev);
	return detect_look(d, ev);
}

void detect_stats_add(struct detect_stats *sum, const struct detect_stats *part)
{
	sum->n_events += part->n_events;
	sum->n_lost += part->n_lost;
	sum->n_losses += part->n_losses;
	sum->n_evicted += part->n_evicted;
	for (unsigned i = 0; i < DETECT_PRIORITIES; i++)
		sum->n_alerts[i] += part->n_alerts[i];
	if (part->first_ts && (!sum->first_ts || part->first_ts < sum->first_ts))
		sum->first_ts = part->first_ts;
	if (part->last_ts > sum->last_ts)
		sum->last_ts = part->last_ts;
}

uint64_t detect_alerts(const struct detect_stats *s)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < DETECT_PRIORITIES; i++)
		n += s->n_alerts[i];
	return n;
}
