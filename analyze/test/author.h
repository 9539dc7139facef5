/* SPDX-License-Identifier: Apache-2.0 */
/* Test files written by a program as a person would: new tests, and changes of a few places that
 * leave all else of a file, comments and layout, as it is. */
#ifndef SAKER_TEST_AUTHOR_H
#define SAKER_TEST_AUTHOR_H

#include "analyze/test/found.h"

/* The text as a value in YAML, in quotes where it needs them. */
void author_value(struct buf *out, const char *text);

/* Expectations, as items of a list whose dashes stand in this column. */
void author_expectations(struct buf *out, unsigned column, const struct found *f);
void author_expectation(struct buf *out, unsigned column, const struct found_group *g);

/* A new test. */
struct author_test {
	const char *name, *recording;	/* recording: path from where the program stands */
	const char *const *rules;	/* paths too */
	size_t n_rules;
	const char *expect;		/* author_expectations in column 0; "": nothing may fire */
};

/* The text of the file at path with the test in it: text (NULL: there is no file yet) and one test
 * more.  Negative with a message: the file is wrong, or not one that can be added to. */
/* Nothing here decodes a recording. */
int author_add(const struct author_test *t, const char *path, const char *text, size_t len,
	       struct buf *out);

/* ---- changes ---- */

/* Bytes off to end of a text become others. */
struct author_edit {
	size_t off, end;
	const char *text;
};

struct author_edits {
	struct author_edit *v;
	size_t n, cap;
	struct arena arena;
};

void author_edit(struct author_edits *e, size_t off, size_t end, const struct buf *text);
void author_edits_release(struct author_edits *e);

/* The text with all edits, which do not overlap. */
void author_apply(struct author_edits *e, const char *text, size_t len, struct buf *out);
/* The same as a unified diff with three lines around. */
void author_diff(struct author_edits *e, const char *path, const char *text, size_t len,
		 struct buf *out);

/* Where lines begin and end, and where the last scalar of a node does. */
size_t author_line(const char *text, size_t off);
size_t author_line_end(const char *text, size_t len, size_t off);
size_t author_end(const struct yaml *node);

#endif
