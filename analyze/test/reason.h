/* SPDX-License-Identifier: Apache-2.0 */
/* Why a rule fired at an event of a case, or why it did not anywhere: what saker why says. */
#ifndef SAKER_TEST_REASON_H
#define SAKER_TEST_REASON_H

#include "analyze/test/run.h"

/* Appends lines, indented.  event 0: the event that came nearest; more: of those on which the
 * rule does not hold.  The author of an expectation (NULL: none) had an event in mind: one whose
 * fields are as described comes before all others. */
void test_reason(const struct test_case *c, const struct test_set *set, const struct rule *rule,
		 const struct test_expect *e, uint64_t event, bool more, struct buf *out);

#endif
