/* SPDX-License-Identifier: Apache-2.0 */
/* What correlations remember: for each value of the key a window of event time, and what was
 * seen in it.  Bounded: windows that time has passed go, and the ones untouched for longest go
 * (counted) where there are too many. */
#ifndef SAKER_ALERT_WINDOWS_H
#define SAKER_ALERT_WINDOWS_H

#include "rules/set/correlate.h"

enum {
	WINDOWS_MAX = 1 << 16,		/* keys of one correlation */
	WINDOWS_BYTES = 64 << 20,	/* of all */
};

struct windows;

struct windows *windows_new(const struct ruleset *rules);
void windows_free(struct windows *w);
/* Another recording. */
void windows_reset(struct windows *w);

/* What there is to say of an alert over several events. */
struct windows_alert {
	const struct correlation *c;
	uint32_t count;			/* matches, or distinct values */
	uint64_t first_ts, last_ts;	/* of what it is about */
	uint64_t num;			/* of the event that is shown */
	const char *line;		/* what was kept of an event in the past (absence), or NULL:
					 * the event at hand */
	size_t len;
};

/* The event at hand completes an alert.  Returns what is to be kept of it for an alert that
 * depends on what does not happen (absence): the line, in out.  Negative ends the run. */
typedef int windows_fire(void *arg, const struct windows_alert *a, struct buf *keep);

/* Before the events at ts: alerts for what has not happened in its time.  Negative as fire. */
int windows_pass(struct windows *w, uint64_t ts, windows_fire *fire, void *arg);
/* One part of one correlation has been met by the event of ctx. */
int windows_hit(struct windows *w, const struct correlate_hit *hit, const struct field_ctx *ctx,
		windows_fire *fire, void *arg);

/* A hash of the key under which the event of ctx counts.  False: it lacks a field of it. */
bool windows_key(struct windows *w, const struct correlate_hit *hit, const struct field_ctx *ctx,
		 uint64_t *key);

uint64_t windows_evicted(const struct windows *w);

#endif
