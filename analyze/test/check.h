/* SPDX-License-Identifier: Apache-2.0 */
/* What the running of a case notes, for what tells the differences. */
#ifndef SAKER_TEST_CHECK_H
#define SAKER_TEST_CHECK_H

#include "analyze/test/run.h"

enum { CHECK_OTHERS = 16 };		/* rules that fired although nothing was said of them */

/* What became of an expectation. */
struct met {
	struct cond **fields;
	uint64_t n, n_other_event, n_other_fields;
	uint64_t noted;			/* how many have told their fields */
	uint64_t first;			/* event of the first that is meant, */
	const struct rule *hit;		/* and its rule */
	struct buf lines;		/* of some alerts, quoted */
};

/* A rule that fired beside what was expected. */
struct other {
	const struct rule *rule;
	uint64_t n, first;
	struct buf lines;
};

struct check {
	const struct test_case *c;
	struct met *met;
	struct other others[CHECK_OTHERS];
	unsigned n_others;
	uint64_t n_alerts;
	bool reasons;
	unsigned n_reasons;		/* that were given */
	const struct test_set *set;
	const struct test_observer *observer;
	void *observed;
};

/* Whether an expectation speaks of the rule. */
static inline bool is_meant(const struct test_expect *e, const struct rule *r)
{
	return e->no ? name_matches(e->rule, r->name) : strcmp(e->rule, r->name) == 0;
}

/* Compares, and adds to *r what differs. */
void check_compare(struct check *k, struct test_result *r);
/* The case's status, after what differs is known. */
void check_settle(const struct test_case *c, struct test_result *r);
/* It cannot be run: err_text says why. */
void check_break_off(struct test_result *r, const struct yaml *node);

#endif
