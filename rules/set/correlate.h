/* SPDX-License-Identifier: Apache-2.0 */
/* Rules over several events: the correlate block of a rule, saker-rules(5).  What stands here is
 * what to watch for; analyze/alert/windows.h remembers what was seen. */
#ifndef SAKER_SET_CORRELATE_H
#define SAKER_SET_CORRELATE_H

#include "rules/set/ruleset.h"

enum {
	CORRELATE_STEPS_MAX = 16,
	CORRELATE_BY_MAX = 8,
	CORRELATE_COUNT_MAX = 10000,
	CORRELATE_DISTINCT_MAX = 1000,
};

/* What an event can be to a correlation. */
enum correlate_part {
	CORRELATE_RULE = CORRELATE_STEPS_MAX,	/* the rule's own condition; steps are 0, 1 ... */
	CORRELATE_ABSENCE,
	CORRELATE_PARTS,
};

struct correlation {
	const struct rule *rule;
	uint64_t within;		/* ns of event time */
	uint32_t count;			/* matches, or distinct values, that it takes */
	uint32_t n_by, n_steps;
	bool has_distinct, has_absence;
	struct field_ref distinct;
	const struct field_ref *by[CORRELATE_PARTS];	/* the n_by fields of each part's key */
	const char *step_names[CORRELATE_STEPS_MAX];
};

/* Of the enabled rules, in order of definition. */
const struct correlation *ruleset_correlations(const struct ruleset *rs, size_t *n);

struct correlate_hit {
	uint32_t correlation;		/* by place in ruleset_correlations */
	uint32_t part;			/* enum correlate_part, or a step */
};

enum { CORRELATE_HITS_MAX = 1024 };	/* of one event; conditions in all are no more */

/* What the event is, for all correlations, in their order.  Within one what comes later in it
 * comes first (absence, the rule, the last step ...), so that one event is not two steps. */
unsigned ruleset_match_parts(struct ruleset_matcher *m, const struct field_ctx *ctx,
			     struct correlate_hit out[CORRELATE_HITS_MAX]);

#endif
