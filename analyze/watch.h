/* SPDX-License-Identifier: Apache-2.0 */
/* saker test --watch: what a changed file touches is run again. */
#ifndef SAKER_ANALYZE_WATCH_H
#define SAKER_ANALYZE_WATCH_H

#include "analyze/test/suite.h"

struct watch_args {
	struct test_suite *suite;	/* as it is before test_suite_find: its settings */
	char **paths;			/* of test files and folders; none: the current folder */
	int n_paths;
	/* Finds and loads the suite; what is wrong is printed.  Negative: nothing can be run. */
	int (*load)(void *arg);
	/* Runs what is loaded and prints it, in a process of its own. */
	void (*run)(void *arg);
	void *arg;
};

/* Until Ctrl-C; the exit status is that of all tests as they were then. */
int test_watch(const struct watch_args *a);

#endif
