/* SPDX-License-Identifier: Apache-2.0 */
/* Events in, alerts out: state, fields, rules and printing behind one call.  Files,
 * parts of files and the running kernel all go through it, so all give the same alerts. */
#ifndef SAKER_ALERT_DETECT_H
#define SAKER_ALERT_DETECT_H

#include "analyze/alert/alert.h"
#include "analyze/alert/windows.h"
#include "capture/trace/source.h"
#include "rules/lang/cond.h"

/* What is the same for all threads of a run. */
struct detect_plan {
	struct ruleset *rules;
	const struct alert_printer *printer;
	const struct cond *filter;	/* only events that match it reach rules; NULL: all */
	struct ruleset_profile *profile;	/* notes where time goes; one thread; NULL: off */
	bool all_rules;			/* each rule that matches alerts, not only the first */
	uint64_t from, to;		/* ns since the epoch, both inclusive */
	struct field_env env;
};

enum { DETECT_PRIORITIES = PRIORITY__N };

struct detect_stats {
	uint64_t n_events, n_alerts[DETECT_PRIORITIES];
	uint64_t n_lost, n_losses;	/* events that are missing, at how many places */
	uint64_t n_evicted;		/* windows of correlations that there was no room for */
	uint64_t first_ts, last_ts;
};

/* Gets each alert as a line without its end.  Negative ends the run. */
typedef int detect_alert(void *arg, const struct rule *r, uint64_t ts, uint64_t num,
			 const char *line, size_t len);

/* Instead of an alert's line: what is handed to the callback of a match on the event of c, now or,
 * for what waits for something not to happen, later. */
typedef void detect_print(void *arg, const struct rule *r, const struct field_ctx *c,
			  const struct alert_several *s, struct buf *text, struct buf *out);
/* Each event that rules look at, before they do; m has begun it. */
typedef void detect_each(void *arg, struct matcher *m, const struct field_ctx *c);
/* What an event is to correlations, told before it may complete an alert. */
typedef void detect_hits(void *arg, const struct field_ctx *c, const struct correlate_hit *hits,
			 unsigned n);

struct detect {
	const struct detect_plan *plan;
	struct detect_stats stats;
	struct state *state;
	bool beside;			/* the state is another's */
	struct ruleset_matcher *matcher;
	struct windows *windows;	/* of correlations; NULL: there are none */
	uint64_t last_ts;		/* of the events so far */
	struct cond *filter;
	struct arena scratch;
	struct field_ctx ctx;
	struct field_env env;
	struct event_set wanted;	/* types that rules look at */
	uint64_t n_seen;
	struct buf text, line;
	detect_alert *alert;
	detect_print *print;		/* NULL: alert_print; set it after detect_init */
	detect_each *each;		/* NULL: nobody asks */
	detect_hits *hits;		/* NULL: nobody asks */
	void *arg;			/* of all four */
};

void detect_init(struct detect *d, const struct detect_plan *plan, detect_alert *alert, void *arg);
/* Other rules over the state that first keeps: each event goes to detect_event of first, then to
 * detect_look of d; so with detect_reset.  It is released before first. */
void detect_init_beside(struct detect *d, const struct detect *first,
			const struct detect_plan *plan, detect_alert *alert, void *arg);
void detect_release(struct detect *d);

/* Another recording, or another part of it. */
void detect_reset(struct detect *d);

/* The rules were loaded again: what is remembered of the machine stays. */
void detect_new_rules(struct detect *d, const struct detect_plan *plan);

/* Tells the source which events matter. */
void detect_want(const struct detect *d, struct source *s);

/* One event, pseudo events too, in order.  Negative: the alert could not be handed on. */
int detect_event(struct detect *d, const struct event *ev);
/* The same of an event that the state has been told of. */
int detect_look(struct detect *d, const struct event *ev);

/* After the last event, at ts: correlations that waited for something that did not happen.
 * Negative as detect_event. */
int detect_end(struct detect *d, uint64_t ts);

/* True if no later event of a source in order of time can matter. */
static inline bool detect_past(const struct detect *d, const struct event *ev)
{
	/* Events of several CPUs are ordered to within a second. */
	return d->plan->to != UINT64_MAX && ev->ts > d->plan->to + UINT64_C(1000000000);
}

void detect_stats_add(struct detect_stats *sum, const struct detect_stats *part);
uint64_t detect_alerts(const struct detect_stats *s);

#endif
