/* SPDX-License-Identifier: Apache-2.0 */
/* Where the time of rules goes: counts of what is asked and what holds, and times.
 *
 * Rules are timed as they run, so the first one that asks a predicate pays for it and the
 * others have it for nothing.  Predicates are timed apart, now and then, with all that they
 * need; such a time is what it costs to be the first to ask. */
#ifndef SAKER_LANG_PROFILE_H
#define SAKER_LANG_PROFILE_H

#include "rules/lang/engine.h"

struct profile_rule {
	uint64_t offered;		/* events of its types */
	uint64_t run;			/* of those, left by the keys: the condition was run */
	uint64_t held, ns;
};

struct profile_pred {
	uint64_t asked, held;
	uint64_t timed, ns;		/* how often it was timed, and what that took */
};

struct profile {
	const struct engine *e;
	struct profile_rule *rules;	/* by id of the condition */
	struct profile_pred *preds;
	uint64_t events, keys_ns, overhead;	/* overhead: of reading the clock, ns */
};

void profile_init(struct profile *p, const struct engine *e);
void profile_release(struct profile *p);

/* As matcher_match, after matcher_begin. */
unsigned profile_match(struct profile *p, struct matcher *m, unsigned type, uint32_t *ids,
		       unsigned max);

/* Estimated ns of a predicate, 0 if it was never timed. */
static inline double profile_pred_ns(const struct profile_pred *p)
{
	return p->timed ? (double)p->ns / (double)p->timed : 0;
}

#endif
