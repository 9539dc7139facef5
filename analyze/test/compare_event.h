/* SPDX-License-Identifier: Apache-2.0 */
/* The alerts of two rule sets over one stream of events, held against each other event by
 * event, so that memory is that of the differences. */
#ifndef SAKER_TEST_COMPARE_EVENT_H
#define SAKER_TEST_COMPARE_EVENT_H

#include "analyze/test/compare_parts.h"

struct compare_rec {
	uint32_t rule;			/* index in the pairs */
	const struct rule *r;
	uint64_t num, ts;
	const char *line;
	bool met;
};

/* Alerts of one version that wait for those of the other. */
struct compare_list {
	struct compare_rec *v;
	size_t n, cap;
};

struct compare_side {
	struct compare_lane *lane;
	const uint32_t *of;		/* by rule->id */
	struct detect detect;
	struct compare_list at;		/* of this event */
	struct compare_list late;	/* of rules that correlate, of this recording */
	bool is_old;
};

/* What one thread works with. */
struct compare_lane {
	const struct compare_pairs *pairs;
	size_t examples;
	struct compare_side old, now;
	struct arena lines, late_lines;
	struct compare_rule *sums;	/* numbers by index in pairs */
	uint32_t *seen;			/* examples of this part: by rule and kind */
	uint32_t file;
	struct compare_diff *diffs;	/* of this part; lines are in kept */
	size_t n_diffs, diffs_cap;
	struct arena kept;
};

void compare_lane_init(struct compare_lane *l, const struct compare_pairs *pairs,
		       size_t examples, const struct detect_plan *old,
		       const struct detect_plan *now);
void compare_lane_release(struct compare_lane *l);

/* A recording, or a part of it: diffs begin anew; what they were is the caller's. */
void compare_lane_begin(struct compare_lane *l, uint32_t file);
void compare_lane_want(const struct compare_lane *l, struct source *s);
int compare_lane_event(struct compare_lane *l, const struct event *ev);
int compare_lane_end(struct compare_lane *l, uint64_t ts);

#endif
