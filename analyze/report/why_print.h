/* SPDX-License-Identifier: Apache-2.0 */
/* Explanations of saker why, for people and as JSON.  All that comes from a recording or a
 * rule file is quoted. */
#ifndef SAKER_REPORT_WHY_PRINT_H
#define SAKER_REPORT_WHY_PRINT_H

#include "rules/lang/explain.h"

struct why_print {
	const struct explain *x;
	struct matcher *m;	/* has begun the event */
	bool full;		/* also what did not decide */
	struct buf *out;
};

/* The tree, a part a line: whether it holds, and for checks the values that they saw.  What
 * decided is opened, the rest is a line each unless full. */
void why_text(const struct why_print *w);

/* The tree as one nested object. */
void why_json(const struct why_print *w);

/* The checks that explain_blame named, in one line: "not proc.name in (cat, less)". */
void why_blamed(const struct explain *x, struct buf *out);

#endif
