/* SPDX-License-Identifier: Apache-2.0 */
/* What takes most conditions of an event type out at once; see keys.c. */
#ifndef SAKER_LANG_KEYS_H
#define SAKER_LANG_KEYS_H

#include "rules/lang/engine.h"

/* What chooses them wants to know of a node: its test, CODE_NONE if it has none, and how
 * likely it holds. */
typedef uint32_t key_test(uint32_t node, float *chance, void *arg);

/* Chooses keys for all types.  Entries still hold nodes of the graph; the tables of texts are
 * there. */
void keys_make(struct engine *e, key_test *test, void *arg);
void keys_release(struct keys *k);

#endif
