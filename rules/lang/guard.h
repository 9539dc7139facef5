/* SPDX-License-Identifier: Apache-2.0 */
/* Parts that several conditions of an event type need; see guard.c. */
#ifndef SAKER_LANG_GUARD_H
#define SAKER_LANG_GUARD_H

#include "rules/lang/engine.h"

/* What it is worth to ask for a node early; its test, CODE_NONE if it has none. */
typedef float guard_gain(uint32_t node, void *arg);
typedef uint32_t guard_test(uint32_t node, void *arg);

/* The guards of a type, whose conditions are nodes; types are made in rising order.
 * count: zeros, one for each node of the graph; left so. */
void guards_make(struct guards *g, unsigned type, const struct dag *d, const uint32_t *nodes,
		 uint32_t n_nodes, uint32_t *count, guard_gain *gain, guard_test *test, void *arg);
void guards_release(struct guards *g);

#endif
