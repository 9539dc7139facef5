/* SPDX-License-Identifier: Apache-2.0 */
/* All constants that one text field is compared with, in one table: a look-up finds the
 * row of the value, and a bit of the row is the answer of one predicate. */
#ifndef SAKER_LANG_STRINDEX_H
#define SAKER_LANG_STRINDEX_H

#include <stdbool.h>

#include "rules/lang/intern.h"

struct strindex;

enum strindex_kind { STRINDEX_EQUAL, STRINDEX_PREFIX, STRINDEX_SUFFIX };

struct strindex *strindex_new(struct arena *a, enum strindex_kind kind);
/* Whether a predicate with n constants more keeps the table within its memory; those that do
 * not are compared one by one. */
bool strindex_fits(const struct strindex *x, uint32_t n);
/* The next predicate: its bit. */
uint32_t strindex_pred(struct strindex *x);
/* A constant of the newest predicate. */
void strindex_add(struct strindex *x, const char *p, uint32_t len);
/* After the last one. */
void strindex_finish(struct strindex *x);
void strindex_release(struct strindex *x);	/* what is not in the arena */

uint32_t strindex_look(const struct strindex *x, const char *p, uint32_t len);
bool strindex_bit(const struct strindex *x, uint32_t row, uint32_t bit);

/* Plain rows are those of most values: nothing fits, or only such prefixes as many paths
 * have ("/usr").  Predicates that have one of these among their constants are weak; all
 * others have the same answer for all plain rows. */
bool strindex_plain(const struct strindex *x, uint32_t row);
bool strindex_weak(const struct strindex *x, uint32_t bit);
bool strindex_plain_bit(const struct strindex *x, uint32_t bit);

#endif
