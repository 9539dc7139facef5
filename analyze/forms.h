/* SPDX-License-Identifier: Apache-2.0 */
/* --format and --output of saker test and of its --against: any number of forms, each to a file
 * or one to standard output. */
#ifndef SAKER_ANALYZE_FORMS_H
#define SAKER_ANALYZE_FORMS_H

#include <stdbool.h>
#include <stdio.h>

#include "capture/base/buf.h"

enum { FORMS_MAX = 8 };

struct form {
	const char *name, *path;	/* name NULL: the default; path NULL: stdout */
	FILE *out;
};

struct forms {
	struct form v[FORMS_MAX];
	unsigned n;
};

/* Values of the options; negative with a message. */
int forms_add(struct forms *f, const char *name);
int forms_output(struct forms *f, const char *path);

/* What is wrong with all of them together.  names: of the forms that there are, the default first
 * and NULL last. */
int forms_check(struct forms *f, const char *const *names);
/* Opens the files, before the sandbox closes.  Negative with a message. */
int forms_open(struct forms *f, FILE *standard);

/* The text of a form; color: for a terminal. */
typedef void forms_put(const void *arg, const char *form, bool color, struct buf *out);
/* Negative: not all could be written. */
int forms_print(struct forms *f, forms_put *put, const void *arg);

#endif
