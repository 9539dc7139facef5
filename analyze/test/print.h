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

typedef void test_printer(const struct test_print *p, struct buf *out);

test_printer test_print_people, test_print_tap, test_print_junit, test_print_sarif,
	test_print_json, test_print_github;

/* By the name of the form ("tap"); NULL: there is none. */
test_printer *test_printer_named(const char *name);

/* "12 tests: 11 passed, 1 failed", without a line end. */
void test_print_summary(const struct test_suite *s, struct buf *out);

/* Of a test that was skipped or that is known to fail, why; else "". */
const char *test_print_reason(const struct test_case *c, const struct test_result *r);

/* What stands between tags or quotes in XML, of any bytes. */
void test_print_xml(struct buf *out, const char *text);
/* "key":"value" */
void test_print_member(struct buf *out, const char *key, const char *value);
/* A path as a URI; relative ones stay so. */
void test_print_uri(struct buf *out, const char *path);

#endif
