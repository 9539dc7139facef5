/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the reader of test files share. */
#ifndef SAKER_TEST_READER_H
#define SAKER_TEST_READER_H

#include "analyze/test/case.h"

/* All tell what is wrong, once, and then return false. */

/* The node is a map, and has no keys but those of known, which ends with NULL, each once. */
bool read_map(struct test_file *f, const struct yaml *node, const char *what,
	      const char *const *known);
bool read_is(const struct yaml *node, const char *text);
/* A text that is not empty. */
bool read_text(struct test_file *f, const struct yaml *node, const char *what,
	       const char **out);
bool read_number(struct test_file *f, const struct yaml *node, const char *what, uint64_t *out);
bool read_bool(struct test_file *f, const struct yaml *node, const char *what, bool *out);
/* A text, or a list of texts. */
bool read_texts(struct test_file *f, const struct yaml *node, const char *what,
		const char ***out, uint32_t *n);
/* The same, of paths, which are relative to the file. */
bool read_paths(struct test_file *f, const struct yaml *node, const char *what,
		const char ***out, uint32_t *n);
bool read_priority(struct test_file *f, const struct yaml *node, int *out);
/* Counts what is read, for the bound. */
bool read_count(struct test_file *f, const struct yaml *node);

/* synth.c */
bool read_events(struct test_file *f, struct test_case *c, const struct yaml *node);
void test_events_free(struct test_events *t);

/* expect.c */
bool read_expect(struct test_file *f, struct test_case *c, const struct yaml *node);
bool read_rest(struct test_file *f, const struct yaml *node, struct test_rest *out);

#endif
