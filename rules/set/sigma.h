/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of the Sigma project made into rules of ours.
 *
 *   struct sigma s = { .approximate = ... };
 *   sigma_load(&s, path);	any number
 *   sigma_finish(&s);
 *   s.out is a rule file; sigma_report_* tell what could not be said
 *   sigma_release(&s); */
#ifndef SAKER_SET_SIGMA_H
#define SAKER_SET_SIGMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/base/buf.h"
#include "capture/base/mem.h"
#include "rules/lang/intern.h"

enum sigma_kind {
	SIGMA_REFUSED,		/* not written */
	SIGMA_APPROXIMATE,	/* written, but means something else to this extent */
	SIGMA_SKIPPED,		/* by its status */
	SIGMA__N
};

/* What is said of a rule. */
struct sigma_said {
	enum sigma_kind kind;
	const char *file, *rule, *text;
	uint32_t line, column;	/* from 1 */
};

/* A rule that was written, for correlations to name. */
struct sigma_known {
	const char *id, *name;		/* of Sigma; "" */
	const char *rule, *condition;
	unsigned source, variants;
	bool silent;			/* it was turned off */
};

struct sigma {
	bool approximate;	/* write rules that cannot be said in full */
	bool all;		/* those deprecated or unsupported too */
	struct buf out;
	struct sigma_said *said;
	size_t n_said, said_cap;
	size_t n_files, n_written, n_refused, n_skipped;
	struct sigma_known *known;
	size_t n_known, known_cap;
	struct intern names;	/* of rules written, folded */
	bool has_names;
	struct arena arena;
};

/* A file, "-", or a directory: its *.yml and *.yaml and those of the directories in it, sorted.
 * Negative with a message if it cannot be read. */
int sigma_load(struct sigma *s, const char *path);
/* Loads what was written; negative with a message if that fails. */
int sigma_finish(struct sigma *s);
void sigma_report_text(const struct sigma *s, struct buf *out);
void sigma_report_json(const struct sigma *s, struct buf *out);
void sigma_release(struct sigma *s);

#endif
