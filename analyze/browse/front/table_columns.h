/* SPDX-License-Identifier: Apache-2.0 */
/* Where the columns of a view stand on the screen. */
#ifndef SAKER_BROWSE_TABLE_COLUMNS_H
#define SAKER_BROWSE_TABLE_COLUMNS_H

#include <stdint.h>

#include "analyze/browse/model/view.h"

struct columns {
	unsigned n;
	struct column_place {
		unsigned column;
		int at, width;
	} v[VIEW_COLUMNS_MAX];
};

/* hidden: columns as bits.  first: how many of those that scroll are out of sight at the
 * left; corrected where it is too large. */
void columns_place(const struct view *v, uint32_t hidden, unsigned *first, int width,
		   struct columns *out);

#endif
