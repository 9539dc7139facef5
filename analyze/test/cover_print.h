/* SPDX-License-Identifier: Apache-2.0 */
/* What the outputs of coverage share. */
#ifndef SAKER_TEST_COVER_PRINT_H
#define SAKER_TEST_COVER_PRINT_H

#include "analyze/test/coverage.h"

/* What no test has shown of a part: "never true"; "" if nothing is missing. */
const char *cover_gap(const struct cover_hits *h);

/* What a part counts as (enum cover_kind); -1: nothing. */
static inline int cover_part_kind(const struct cover_part *p)
{
	if (p->fixed)
		return -1;
	if (p->kind == EXPLAIN_CHECK)
		return COVER_PREDICATE;
	if (p->kind == EXPLAIN_MACRO || p->kind == EXPLAIN_PART)
		return COVER_MACRO;
	return p->exception ? COVER_EXCEPTION : -1;
}

#endif
