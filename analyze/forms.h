/* SPDX-License-Identifier: Apache-2.0 */
/* --format and --output of saker test: any number of forms, each to a file or one to standard
 * output. */
#ifndef SAKER_ANALYZE_FORMS_H
#define SAKER_ANALYZE_FORMS_H

#include <stdio.h>

#include "analyze/test/print.h"

enum { FORMS_MAX = 8 };

struct form {
	const char *name, *path;	/* path NULL: stdout */
	FILE *out;
};

struct forms {
	struct form v[FORMS_MAX];
	unsigned n;
};

/* Values of the options; negative with a message. */
int forms_add(struct forms *f, const char *name);
int forms_output(struct forms *f, const char *path);

/* What is wrong with all of them together; without any, people are shown. */
int forms_check(struct forms *f);
/* Opens the files, before the sandbox closes.  Negative with a message. */
int forms_open(struct forms *f, FILE *standard);

/* Negative: not all could be written. */
int forms_print(struct forms *f, const struct test_suite *s, bool all);

#endif
