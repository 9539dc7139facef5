/* SPDX-License-Identifier: Apache-2.0 */
/* The options of saker test that look at the rules: coverage, techniques,
 * mutation. */
#ifndef SAKER_ANALYZE_COVER_H
#define SAKER_ANALYZE_COVER_H

#include <stdio.h>

#include "analyze/test/mutate.h"
#include "capture/base/opt.h"

enum cover_format { COVER_NONE, COVER_TEXT, COVER_FULL, COVER_JSON, COVER_LCOV, COVER_HTML };

struct cover_options {
	enum cover_format coverage;
	const char *output;		/* NULL: stdout */
	FILE *file;			/* cover_open */
	double fail_under;		/* percent; negative: not asked for */
	bool attack, attack_navigator, mutate, mutate_json;
	uint64_t mutate_max;
};

/* Values of options; negative with a message. */
int cover_option_format(struct cover_options *o, const char *value);
int cover_option_percent(struct cover_options *o, const char *value);
int cover_option_attack(struct cover_options *o, const char *value);
int cover_option_mutate(struct cover_options *o, const char *value);

/* What is wrong with all of them together. */
int cover_check(struct cover_options *o);

/* Opens the output, before the sandbox closes.  Negative with a message. */
int cover_open(struct cover_options *o);

/* True if what is printed for programs needs stdout for itself. */
bool cover_takes_stdout(const struct cover_options *o);

static inline bool cover_asked(const struct cover_options *o)
{
	return o->coverage != COVER_NONE || o->attack || o->mutate;
}

/* Prints what was asked for: an exit status. */
int cover_report(const struct cover_options *o, const struct cover_run *r, unsigned jobs);

#endif
