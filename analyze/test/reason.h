/* SPDX-License-Identifier: Apache-2.0 */
/* Why a rule fired at an event of a case, or why it did not anywhere: what saker why says. */
#ifndef SAKER_TEST_REASON_H
#define SAKER_TEST_REASON_H

#include "analyze/test/run.h"

/* Appends lines, indented.  event 0: the event that came nearest; more: of those on which the
 * rule does not hold. */
void test_reason(const struct test_case *c, const struct test_set *set, const struct rule *rule,
		 uint64_t event, bool more, struct buf *out);

#endif
