/* SPDX-License-Identifier: Apache-2.0 */
/* saker test --against: the rules held against an earlier version of themselves. */
#ifndef SAKER_ANALYZE_COMPARE_H
#define SAKER_ANALYZE_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyze/forms.h"

struct compare_args {
	const char *against;		/* a file, a folder, REV:PATH or REV */
	const char *const *rules;	/* none: those that the test files among paths name */
	size_t n_rules;
	char **paths;			/* recordings and folders; none: the current folder */
	int n_paths;
	struct forms *forms;
	uint64_t jobs, examples;
	bool all_rules, exit_zero;
};

/* Names of its forms, for forms_check. */
extern const char *const compare_forms[];

/* Returns the exit status; what is wrong is printed. */
int test_against(const struct compare_args *a);

#endif
