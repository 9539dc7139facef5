/* SPDX-License-Identifier: Apache-2.0 */
/* What a test that fails would have to expect: the smallest changes of its text. */
#ifndef SAKER_TEST_UPDATE_H
#define SAKER_TEST_UPDATE_H

#include "analyze/test/author.h"

enum update_how {
	UPDATE_PLACES,		/* counts, values, single expectations */
	UPDATE_WHOLE,		/* all that the case expects is written anew */
};

/* Adds the edits that make c expect what the rules say now.  1: it cannot be done in this text
 * (err_text tells why); negative: the recording cannot be read. */
int update_case(struct author_edits *edits, struct test_runner *r, const struct test_case *c,
		const struct test_set *set, enum update_how how);

#endif
