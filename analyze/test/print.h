/* SPDX-License-Identifier: Apache-2.0 */
/* What came out of a suite, in the forms of --format.  Paths and names are quoted; the same
 * bytes on each run. */
#ifndef SAKER_TEST_PRINT_H
#define SAKER_TEST_PRINT_H

#include "analyze/test/suite.h"

struct test_print {
	const struct test_suite *suite;
	bool color;			/* for people */
	bool all;			/* cases that passed, too */
};

void test_print_people(const struct test_print *p, struct buf *out);

#endif
