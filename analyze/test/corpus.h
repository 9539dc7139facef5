/* SPDX-License-Identifier: Apache-2.0 */
/* The recordings that are meant by files and folders, and the tests with events written by
 * hand. */
#ifndef SAKER_TEST_CORPUS_H
#define SAKER_TEST_CORPUS_H

#include <stddef.h>

#include "analyze/test/case.h"

struct corpus_id {
	uint64_t dev, ino;
};

struct corpus {
	const char **paths;
	struct corpus_id *ids;		/* each file once, whatever it is called */
	size_t n, cap;
	struct test_file **tests;
	size_t n_tests, tests_cap;
	struct arena arena;
};

/* A recording; a test file (*.test.yaml, *.test.yml), with the recordings that its tests name; or a
 * folder: all of these (*.skr, *.scap, *.scap.gz) below it, by name, without what is hidden.
 * Negative: there is no such file, or it cannot be read.  Mistakes of test files are in
 * tests[i]->errors. */
int corpus_add(struct corpus *c, const char *path);
void corpus_release(struct corpus *c);

#endif
