/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the comparison share. */
#ifndef SAKER_TEST_COMPARE_PARTS_H
#define SAKER_TEST_COMPARE_PARTS_H

#include "analyze/test/compare.h"

enum { COMPARE_NONE = UINT32_MAX };

/* The rules of both versions, each paired with itself in the other. */
struct compare_pairs {
	struct compare_rule *v;
	size_t n;
	uint32_t *of_old, *of_now;	/* by rule->id: index in v */
};

void compare_pair_rules(struct compare_pairs *p, const struct ruleset *old,
			const struct ruleset *now);
void compare_pairs_release(struct compare_pairs *p);

#endif
