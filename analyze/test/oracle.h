/* SPDX-License-Identifier: Apache-2.0 */
/* Does a part of a recording give the same alerts?  First the recording tells which there are;
 * then any number of parts is asked.  An alert is the same if rule, event, time and all
 * output fields are, but for those that tell only of the place among other events. */
#ifndef SAKER_TEST_ORACLE_H
#define SAKER_TEST_ORACLE_H

#include "analyze/alert/detect.h"
#include "analyze/test/slice.h"

enum { ORACLE_KEPT_MAX = 20000, ORACLE_HITS_MAX = 4 << 20 };

/* Which alerts are to stay. */
struct oracle_keep {
	const char *const *rules;	/* names with * wildcards; none: all rules */
	size_t n_rules;
	uint64_t first;			/* of each rule only so many; 0: all */
	uint64_t event;			/* only those of the event with this number; 0: any */
};

struct oracle_alert {
	const struct rule *rule;
	uint64_t key;			/* hash of all that has to be the same */
	uint64_t num, ts;		/* of the event shown */
	uint64_t carrier;		/* number of the event at which it came */
	uint64_t seen;			/* the last question in which it came */
};

struct oracle_hit {
	uint64_t num, ts, key;		/* key: under which it counts */
	uint32_t correlation;
	bool of_rule;			/* the rule's own condition */
	bool needed, surely;		/* for a kept alert; which cannot do without it */
};

struct oracle {
	const struct oracle_keep *keep;
	const struct correlation *correlations;
	size_t n_correlations;
	struct detect detect;
	bool asking;
	struct oracle_alert *kept;	/* by number of their events */
	uint64_t *others;		/* keys of alerts that need not stay but may, ascending */
	struct oracle_hit *hits;	/* what events were to correlations */
	size_t n_kept, cap_kept, n_others, cap_others, n_hits, cap_hits;
	uint64_t *first_of;		/* by rule->id: alerts so far */
	uint64_t at, last_num;		/* the event at hand, the last one */
	uint64_t question, n_seen;
	size_t due;			/* in kept: the next that must have come */
	bool failed;
	uint64_t work;			/* items that questions went through */
};

/* The plan's printer must be of this style. */
extern const struct alert_style oracle_style;
void oracle_init(struct oracle *o, const struct detect_plan *plan,
		 const struct oracle_keep *keep);
void oracle_release(struct oracle *o);

/* Reads all of a recording.  Negative: it cannot be read, or too many alerts are to stay. */
int oracle_learn(struct oracle *o, struct source *in);

/* The events that the kept alerts come from, ascending; the caller frees them.  every_hit: also
 * what else correlations saw.  *first_ts: no event among them is earlier. */
uint64_t *oracle_events(struct oracle *o, bool every_hit, size_t *n, uint64_t *first_ts);
/* Is it an event that a kept alert shows and comes at, or that a plain count counted?  After
 * oracle_events. */
bool oracle_needs(const struct oracle *o, uint64_t num);

/* True if the items that are in give all kept alerts and no alert that there was not. */
bool oracle_same(struct oracle *o, const struct slice *s);
/* The same of a recording that holds these items. */
bool oracle_same_file(struct oracle *o, const struct slice *s, struct source *in);

#endif
