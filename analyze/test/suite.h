/* SPDX-License-Identifier: Apache-2.0 */
/* All test files below some paths, their rule sets, and running what was chosen of them.
 *
 *   test_suite_find(&s, path);		any number
 *   test_suite_load(&s);		files and rule sets; then the sandbox may close
 *   test_suite_run(&s, jobs);
 *   s.results[i] is that of s.cases[i]
 *   test_suite_release(&s); */
#ifndef SAKER_TEST_SUITE_H
#define SAKER_TEST_SUITE_H

#include "analyze/test/run.h"

struct test_suite {
	/* Set these before loading. */
	const char *const *rules;	/* instead of those that the files name */
	size_t n_rules;
	const char *const *more_rules;	/* behind those */
	size_t n_more_rules;
	const char *const *names, *const *tags;	/* only cases that fit one of each */
	size_t n_names, n_tags;
	const struct test_observer *observer;	/* NULL: none */
	bool fail_fast;			/* stop at the first failure, in order of cases */

	const char **paths;		/* of test files, in order */
	size_t n_paths, paths_cap;
	struct test_file **files;	/* by path */
	const struct test_case **cases;	/* that were chosen, in order */
	const struct test_set **of_case;	/* by case */
	struct test_set **sets;
	size_t n_cases, n_sets, cases_cap, sets_cap;
	struct test_result *results;	/* by case */
	size_t n_run;			/* how many cases have a result: all, but for fail_fast */
	struct buf errors;		/* why files or rules cannot be used; quoted */
	size_t n_errors;
	struct arena arena;
};

/* A file, or all *.test.yaml and *.test.yml in and below a folder, but not below hidden ones or
 * behind links.  Negative: nothing can be read there. */
int test_suite_find(struct test_suite *s, const char *path);

/* Reads files, chooses cases, loads their rule sets.  Files with errors have no cases.  Negative:
 * there is none to run (err_text), or all is wrong. */
int test_suite_load(struct test_suite *s);

/* Leaves out cases for which keep says false; rules are those that the case is run with. */
typedef bool test_suite_keeps(void *arg, const struct test_case *c, const struct test_rules *rules);
void test_suite_keep(struct test_suite *s, test_suite_keeps *keep, void *arg);

/* The recordings of the cases, each once, in *n: to be freed; the texts are the cases'. */
const char **test_suite_recordings(const struct test_suite *s, size_t *n);

/* Runs the cases.  The same results for any number of threads. */
void test_suite_run(struct test_suite *s, unsigned jobs);

void test_suite_release(struct test_suite *s);

struct test_counts {
	size_t n[TEST__N];
};
struct test_counts test_suite_counts(const struct test_suite *s);

#endif
