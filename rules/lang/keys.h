/* SPDX-License-Identifier: Apache-2.0 */
/* What takes most conditions of an event type out at once; see keys.c. */
#ifndef SAKER_LANG_KEYS_H
#define SAKER_LANG_KEYS_H

#include "rules/lang/engine.h"

/* What chooses them wants to know of a node: its test, CODE_NONE if it has none, and how
 * likely it holds. */
typedef uint32_t key_test(uint32_t node, float *chance, void *arg);

enum { KEYS_MAX = 8, KEYS_WORDS = (1 << KEYS_MAX) / 64 };

/* One way in which the keys of a type are answered. */
struct leaf;
/* What it says of a node: 0, 1, or -1 if it depends on more. */
int leaf_known(const struct leaf *l, uint32_t node);
/* Makes code for what is left of a condition: its place.  CODE_NONE: there is enough code. */
typedef uint32_t leaf_code(uint32_t node, const struct leaf *l, void *arg);

/* Chooses keys for all types.  Entries still hold nodes of the graph; the tables of texts are
 * there. */
void keys_make(struct engine *e, key_test *test, leaf_code *code, void *arg);
void keys_release(struct keys *k);

#endif
