/* SPDX-License-Identifier: Apache-2.0 */
/* What saker why says of one event: the event, the verdict, the tree. */
#ifndef SAKER_REPORT_WHY_EVENT_H
#define SAKER_REPORT_WHY_EVENT_H

#include "rules/lang/explain.h"
#include "rules/set/ruleset.h"

struct why_event {
	const struct rule *rule;
	const struct explain *x;	/* after explain_blame */
	unsigned n_checks;		/* which it named */
	struct matcher *m;		/* has begun the event */
	struct ruleset_matcher *order;	/* of all enabled rules */
	const struct format *line;	/* why_line */
	bool json, full;
};

/* The format of an event's line, or of its object. */
struct format *why_line(bool json, struct arena *a);

void why_event_put(const struct why_event *w, const struct field_ctx *c, struct buf *out);

#endif
