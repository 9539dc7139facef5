/* SPDX-License-Identifier: Apache-2.0 */
/* saker test --against: the rules held against an earlier version of themselves. */
#ifndef SAKER_ANALYZE_COMPARE_H
#define SAKER_ANALYZE_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct compare_args {
	const char *against;		/* a file, a folder, REV:PATH or REV */
	const char *const *rules;
	size_t n_rules;
	char **paths;			/* recordings and folders; none: the current folder */
	int n_paths;
	const char *format;		/* NULL: text */
	uint64_t jobs, examples;
	bool all_rules, exit_zero;
};

/* Returns the exit status; what is wrong is printed. */
int test_against(const struct compare_args *a);

#endif
