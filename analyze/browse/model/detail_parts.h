/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SAKER_BROWSE_DETAIL_PARTS_H
#define SAKER_BROWSE_DETAIL_PARTS_H

#include "analyze/browse/model/detail.h"
#include "analyze/browse/model/seek.h"

/* The two requests for details of an event; the browser has one of each. */
struct details {
	struct job job, why_job;
	/* under the lock */
	uint64_t num, why_num;		/* asked for */
	const struct rule *why_rule;
	struct detail *done;
	char *why;
	char failed[256];
	/* of the seeker alone */
	struct ruleset_matcher *matcher, *order;
	struct buf text, line;
};

struct details *details_new(struct browse *b);
void details_free(struct details *d);

/* Makes the detail of the event at hand. */
struct detail *detail_make(struct details *d, const struct seeker *s);

#endif
