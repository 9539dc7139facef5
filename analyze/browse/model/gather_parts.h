/* SPDX-License-Identifier: Apache-2.0 */
/* What gathering (gather.c) needs of keys (gather_key.c). */
#ifndef SAKER_BROWSE_GATHER_PARTS_H
#define SAKER_BROWSE_GATHER_PARTS_H

#include "analyze/browse/model/gather.h"

/* The value of a field for an event, or of the rule for an alert. */
enum field_found gather_get(const struct gather_event *e, const struct gather_field *f,
			    struct fval *v);
/* Is it p and len, not a number? */
bool gather_has_bytes(const struct fval *v);
/* Into g->key.  False: the event has no such key. */
bool gather_make_key(struct gather *g, const struct gather_event *e);

#endif
