/* SPDX-License-Identifier: Apache-2.0 */
/* Tests that saker test writes: of a recording, of a command, and anew what they expect. */
#ifndef SAKER_ANALYZE_MAKE_H
#define SAKER_ANALYZE_MAKE_H

#include "analyze/test/suite.h"

struct make_args {
	const char *init, *record;	/* the recording; the name of the test to record */
	bool update, yes;		/* --update, without asking */
	const char *output;		/* the test file; NULL: beside the recording */
	const char *const *rules;
	size_t n_rules;
	char **operands;		/* --record: the command */
	int n_operands;
};

static inline bool make_asked(const struct make_args *a)
{
	return a->init || a->record;
}

/* What is wrong with the options; others: those of something else are there.  Negative with a
 * message. */
int make_check(const struct make_args *a, bool operands, bool others);

/* --init and --record.  Return the exit status; what is wrong is printed. */
int make_test(const struct make_args *a);

/* --update: a child runs the suite (run: an exit status if that failed, else EXIT_DONE; within
 * the sandbox) and finds out what would have to change; the parent asks and writes.  Returns the
 * exit status. */
int make_update(struct test_suite *s, bool yes, int (*run)(void *arg), void *arg);

#endif
