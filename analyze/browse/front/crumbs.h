/* SPDX-License-Identifier: Apache-2.0 */
/* What a frame shows part of: the filters that the user has stacked, and a range of time. */
#ifndef SAKER_BROWSE_CRUMBS_H
#define SAKER_BROWSE_CRUMBS_H

#include <stdbool.h>
#include <stdint.h>

#include "analyze/browse/model/model.h"

struct crumbs {
	char *v[FOCUS_MAX];
	unsigned n;
	uint64_t from, to;
};

/* The copy is released by itself. */
void crumbs_copy(struct crumbs *to, const struct crumbs *from);
void crumbs_release(struct crumbs *c);
/* One that is there is not added again.  False: there are FOCUS_MAX. */
bool crumbs_add(struct crumbs *c, const char *filter);
void crumbs_remove(struct crumbs *c, unsigned i);
/* There is a range. */
bool crumbs_range(const struct crumbs *c);
/* For the model; points into c. */
void crumbs_focus(const struct crumbs *c, struct focus *out);

#endif
