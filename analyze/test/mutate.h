/* SPDX-License-Identifier: Apache-2.0 */
/* Mutation tests of rules: each mutant is compiled, and the tests in which it makes a rule say
 * something else are run with it until one notices.
 *
 *   a suite that was run under the observer of a wide cover_run
 *   r = mutate_run(&cover_run, &options);
 *   mutate_text(r, &out);
 *   mutate_report_free(r); */
#ifndef SAKER_TEST_MUTATE_H
#define SAKER_TEST_MUTATE_H

#include "analyze/test/cover_run.h"
#include "analyze/test/mutant.h"

struct mutate_options {
	unsigned jobs;
	uint64_t max;			/* so many of them, spread evenly; 0: all */
};

enum mutate_fate {
	MUTATE_UNTRIED,			/* not among those that were chosen */
	MUTATE_NOTICED,
	MUTATE_SURVIVED,
	MUTATE_REFUSED,			/* it cannot be compiled: nobody would load it */
};

struct mutate_one {
	const struct mutant *mutant;
	uint32_t set;			/* of the suite */
	enum mutate_fate fate;
	uint32_t test;			/* that noticed, or came nearest; UINT32_MAX: none */
	uint32_t n_run;			/* tests that were run with it */
};

struct mutate_report {
	const struct test_suite *suite;
	struct mutants *sets;		/* by set of the suite */
	struct mutate_one *v;		/* by place; what several sets have is one */
	size_t n, cap;
	uint64_t n_all, n_noticed, n_survived, n_refused;
};

struct mutate_report *mutate_run(const struct cover_run *c, const struct mutate_options *o);
void mutate_report_free(struct mutate_report *r);

/* Noticed of those that noticed or survived, in percent; 100 if there are none. */
double mutate_score(const struct mutate_report *r);

void mutate_text(const struct mutate_report *r, struct buf *out);
void mutate_json(const struct mutate_report *r, struct buf *out);

#endif
