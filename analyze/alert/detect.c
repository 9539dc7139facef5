/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/alert/detect.h"

#include "capture/base/err.h"

enum { RULES_PER_EVENT = 256 };

static void event_set_meet(struct event_set *s, const struct event_set *o)
{
	for (unsigned i = 0; i < sizeof(s->bits) / sizeof(s->bits[0]); i++)
		s->bits[i] &= o->bits[i];
}

static void use_plan(struct detect *d, const struct detect_plan *plan)
{
	d->plan = plan;
	d->wanted = *ruleset_events(plan->rules);
	d->matcher = ruleset_matcher_new(plan->rules);
	d->filter = plan->filter ? cond_clone(plan->filter) : NULL;
	if (d->filter)
		event_set_meet(&d->wanted, cond_events(d->filter));
}

void detect_init(struct detect *d, const struct detect_plan *plan, detect_alert *alert, void *arg)
{
	*d = (struct detect){ .alert = alert, .arg = arg, .env = plan->env };
	d->state = state_new(NULL);
	d->ctx = (struct field_ctx){ .st = d->state, .cur = state_current(d->state),
		.scratch = &d->scratch, .env = &d->env };
	use_plan(d, plan);
}

void detect_new_rules(struct detect *d, const struct detect_plan *plan)
{
	ruleset_matcher_free(d->matcher);
	cond_free(d->filter);
	use_plan(d, plan);
}

void detect_release(struct detect *d)
{
	state_free(d->state);
	ruleset_matcher_free(d->matcher);
	cond_free(d->filter);
	arena_release(&d->scratch);
	buf_release(&d->text);
	buf_release(&d->line);
}

void detect_reset(struct detect *d)
{
	state_clear(d->state);
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

static int alert(struct detect *d, const struct rule *r)
{
	d->stats.n_alerts[r->priority % DETECT_PRIORITIES]++;
	buf_reset(&d->line);
	alert_print(d->plan->printer, r, &d->ctx, &d->text, &d->line);
	return d->alert(d->arg, r, d->ctx.ev->ts, d->ctx.ev->num, (const char *)d->line.p,
			d->line.len);
}

static int match(struct detect *d)
{
	const struct rule *rules[RULES_PER_EVENT];
	unsigned n;

	if (d->filter && !cond_eval(d->filter, &d->ctx))
		return 0;
	n = ruleset_match(d->matcher, &d->ctx, rules,
			  d->plan->all_rules ? RULES_PER_EVENT : 1);
	for (unsigned i = 0; i < n; i++)
		if (alert(d, rules[i]) < 0)
			return -ERR_SYSTEM;
	return 0;
}

int detect_event(struct detect *d, const struct event *ev)
{
	state_update(d->state, ev);
	if (__builtin_expect(ev->num == 0, 0)) {
		note_pseudo(d, ev);
		return 0;
	}
	if (!event_set_has(&d->wanted, ev->type) || ev->ts < d->plan->from || ev->ts > d->plan->to)
		return 0;
	arena_reset(&d->scratch);
	d->ctx.ev = ev;
	return match(d);
}

void detect_stats_add(struct detect_stats *sum, const struct detect_stats *part)
{
	sum->n_events += part->n_events;
	sum->n_lost += part->n_lost;
	sum->n_losses += part->n_losses;
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
