/* SPDX-License-Identifier: Apache-2.0 */
/* The events that came nearest to matching a rule, in groups that failed at the same checks.
 * A bounded number of groups is kept while a recording is read, the nearest ones. */
#ifndef SAKER_REPORT_NEAREST_H
#define SAKER_REPORT_NEAREST_H

#include "rules/lang/explain.h"

enum { NEAREST_MAX = 256 };

struct nearest_group {
	uint32_t cost;			/* explain_distance; 0: they match */
	uint32_t n_checks, *checks;	/* that failed, by place in the tree */
	uint64_t first, count;		/* number of the event that is shown, how many there are */
	uint64_t away;			/* ns from the time asked for, of the one shown */
	struct buf text;		/* of the one shown, by the caller */
};

struct nearest {
	struct nearest_group v[NEAREST_MAX];
	unsigned n;
};

void nearest_release(struct nearest *n);

/* Counts the event num with the tree after explain_blame.  The group that now shows it, for the
 * caller to fill its (empty) text; NULL: another event stands for the group, or all groups are
 * nearer. */
struct nearest_group *nearest_note(struct nearest *n, const struct explain *x, uint64_t num,
				   uint64_t away);

/* The nearest group first. */
void nearest_sort(struct nearest *n);

#endif
