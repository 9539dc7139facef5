/* SPDX-License-Identifier: Apache-2.0 */
/* What the events of tests are to the predicates of a rule set: which hold, and which items of
 * lists are met.  Events that are the same in that are one situation, so what is asked
 * afterwards (coverage, what a changed rule would have done) is asked once for all of them.
 *
 *   plan = cover_plan_new(rs, false);		one for a rule set, shared by threads
 *   log = cover_log_new(plan);			one per thread
 *   cover_log_event(log, m, ev, test);		for each event of each test
 *   cover_log_add(all, log);			when the threads are done */
#ifndef SAKER_TEST_SITUATION_H
#define SAKER_TEST_SITUATION_H

#include "rules/lang/explain.h"
#include "rules/lang/intern.h"
#include "rules/set/ruleset.h"

enum { COVER_BYTES_MAX = 512 << 20 };	/* of situations of one log */

/* A condition of the set: of a rule, or of a step of its correlate block. */
struct cover_tree {
	const struct rule *rule;
	const char *step;		/* NULL: the rule's own */
	struct explain x;
	struct event_set events;
};

/* The trees of the rules that are on, in order of definition. */
struct cover_tree *cover_trees_new(const struct ruleset *rs, size_t *n);
void cover_trees_free(struct cover_tree *t, size_t n);

/* A predicate over a list. */
struct cover_list {
	uint32_t pred, n;
	const struct constant *c;	/* one for each item */
	bool always;			/* the items matter also where it does not hold */
};

/* What decides a predicate. */
enum cover_by { COVER_BY_VALUE, COVER_BY_TYPE, COVER_FIXED };

struct cover_plan {
	const struct ruleset *rs;
	const struct engine *e;
	struct arena arena;
	struct cover_tree *trees;
	size_t n_trees, n_preds;
	int8_t *known;			/* by type and predicate: 0, 1, or -1 */
	uint8_t *kinds;			/* enum cover_by, by predicate */
	uint32_t **ask;			/* by type: predicates that are to be asked */
	uint32_t *n_ask;
	struct cover_list *lists;
	uint32_t *list_of;		/* by predicate: place in lists + 1 */
	size_t n_lists, lists_cap;
};

/* wide: what rules would say of events of types that they do not look at is noted too. */
struct cover_plan *cover_plan_new(const struct ruleset *rs, bool wide);
void cover_plan_free(struct cover_plan *p);

static inline int cover_known(const struct cover_plan *p, unsigned type, uint32_t pred)
{
	return p->known[type * p->n_preds + pred];
}

/* In which test it was met: first as the event num, n times. */
struct cover_seen {
	uint32_t test, next;		/* next: place + 1 */
	uint64_t num, n;
};

struct cover_log {
	const struct cover_plan *plan;
	struct arena arena;
	struct intern keys;		/* a situation each */
	uint32_t *first, *last;		/* by situation: places in seen, + 1 */
	size_t first_cap, last_cap;
	struct cover_seen *seen;
	size_t n_seen, seen_cap;
	size_t bytes_max;		/* then situations that are new are only counted */
	uint64_t types[EV__N];		/* events by type */
	uint64_t n_dropped;		/* for which there was no room */
	struct buf key;
};

struct cover_log *cover_log_new(const struct cover_plan *p);
void cover_log_free(struct cover_log *l);

/* The event that the matcher has begun; an event that no rule looks at is counted by
 * cover_log_type instead. */
void cover_log_event(struct cover_log *l, struct matcher *m, const struct event *ev,
		     uint32_t test);
static inline void cover_log_type(struct cover_log *l, unsigned type)
{
	l->types[type < EV__N ? type : EV_UNKNOWN]++;
}

void cover_log_add(struct cover_log *all, const struct cover_log *l);

/* A situation, opened. */
struct cover_item {
	uint32_t pred, item;
};

struct cover_view {
	unsigned type;
	uint64_t n;			/* events */
	uint32_t test;			/* the first that met it ... */
	uint64_t num;			/* ... as this event */
	bool *is;			/* by predicate */
	const struct cover_item *items;	/* that were met, by predicate */
	uint32_t n_items;
};

void cover_view_init(struct cover_view *v, const struct cover_plan *p);
void cover_view_release(struct cover_view *v);
void cover_view_open(struct cover_view *v, const struct cover_log *l, uint32_t situation);
/* Whether the item was met; how many of its list were. */
bool cover_view_item(const struct cover_view *v, uint32_t pred, uint32_t item, uint32_t *n);

/* What the predicate would be without the item of its list. */
bool cover_without(const struct cover_plan *p, const struct cover_view *v, uint32_t pred,
		   uint32_t item);

#endif
