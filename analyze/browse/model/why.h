/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SAKER_BROWSE_WHY_H
#define SAKER_BROWSE_WHY_H

#include "analyze/browse/model/detail_parts.h"

/* Why a rule holds, or does not, on the event of c: lines, quoted. */
void why_tree(struct details *d, const struct rule *r, const struct field_ctx *c,
	      struct buf *out);

#endif
