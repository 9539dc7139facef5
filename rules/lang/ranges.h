/* SPDX-License-Identifier: Apache-2.0 */
/* Many networks, addresses or numbers as one set of ranges. */
#ifndef SAKER_LANG_RANGES_H
#define SAKER_LANG_RANGES_H

#include "rules/lang/engine.h"

struct ranges;

/* True for types of which there are sets. */
bool ranges_take(enum field_type type);
struct ranges *ranges_new(struct arena *a, enum field_type type, const struct constant *c,
			  uint32_t n);
/* Is the value equal to one of the constants, or in one of them? */
bool ranges_have(const struct ranges *r, const struct fval *v);

#endif
