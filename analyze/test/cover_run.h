/* SPDX-License-Identifier: Apache-2.0 */
/* Coverage of a suite's run: an observer of its cases.
 *
 *   cover_run_init(&r, &suite, false);		after test_suite_load
 *   suite.observer = &r.observer;
 *   test_suite_run(&suite, jobs);
 *   coverage = cover_run_coverage(&r);		any time before the release
 *   cover_run_release(&r); */
#ifndef SAKER_TEST_COVER_RUN_H
#define SAKER_TEST_COVER_RUN_H

#include "analyze/test/coverage.h"
#include "analyze/test/suite.h"

struct cover_run {
	const struct test_suite *suite;
	struct test_observer observer;
	struct cover_plan **plans;	/* by set of the suite */
	struct cover_log **logs;	/* of all cases that have ended */
	const char **names;		/* of cases */
	struct arena arena;
	struct intern index;		/* of cases by address */
};

/* wide: see cover_plan_new. */
void cover_run_init(struct cover_run *r, const struct test_suite *s, bool wide);
void cover_run_release(struct cover_run *r);

struct coverage *cover_run_coverage(const struct cover_run *r);

#endif
