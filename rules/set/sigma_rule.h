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
	struct buf correlate;		/* lines behind the others */
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

/* Notes a rule that was written under the name. */
void sigma_remember(struct sigma *s, const struct sigma_rule *r, const char *name);
/* Makes the rules of a correlation; write takes each when it is made.  False: it cannot be
 * said, and why was. */
typedef bool sigma_write(struct sigma *s, const struct sigma_rule *r, struct arena *a);
bool sigma_correlate(struct sigma *s, struct sigma_rule *r, sigma_write *write,
		     struct arena *a);

/* A name as a scalar. */
void sigma_put_quoted(struct buf *out, const char *p);
/* The rule as YAML under the name. */
void sigma_put_rule(struct buf *out, const struct sigma_rule *r, const char *name);
/* Printable characters in one line, single blanks between words. */
void sigma_put_line(struct buf *out, const char *p, size_t len);

#endif
