/* SPDX-License-Identifier: Apache-2.0 */
/* One Sigma rule: read, made, written. */
#ifndef SAKER_SET_SIGMA_RULE_H
#define SAKER_SET_SIGMA_RULE_H

#include "rules/set/ruleset.h"
#include "rules/set/sigma.h"
#include "rules/set/sigma_check.h"

struct sigma_rule {
	const char *file, *name;	/* name: its title, in one line */
	const struct yaml *doc;
	enum sigma_source_id source;
	enum priority priority;
	struct buf condition;
	const char *const *left_out;	/* what it does not say */
	size_t n_left_out;
	unsigned variants;		/* that are part of it */
};

/* A document: written to s->out, or something is said of it.  scratch is the caller's. */
void sigma_convert(struct sigma *s, const char *file, const struct yaml *doc,
		   struct arena *scratch);

void sigma_say(struct sigma *s, enum sigma_kind kind, const struct sigma_rule *r,
	       const struct yaml *at, const char *fmt, ...)
	__attribute__((format(printf, 5, 6), cold));

/* The rule as YAML under the name. */
void sigma_put_rule(struct buf *out, const struct sigma_rule *r, const char *name);
/* Printable characters in one line, single blanks between words. */
void sigma_put_line(struct buf *out, const char *p, size_t len);

#endif
