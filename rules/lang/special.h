/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions made smaller for one type of events: evt.type is known, and fields that such
 * events never have make their checks false. */
#ifndef SAKER_LANG_SPECIAL_H
#define SAKER_LANG_SPECIAL_H

#include "rules/lang/engine.h"

struct special {
	struct engine *e;
	uint32_t *memo;			/* by node: result + 1 */
	size_t n_memo;
	unsigned type;
};

void special_init(struct special *s, struct engine *e);
void special_type(struct special *s, unsigned type);
/* The node that is left of a node; it may be new. */
uint32_t special_node(struct special *s, uint32_t node);
void special_release(struct special *s);

#endif
