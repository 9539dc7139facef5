/* SPDX-License-Identifier: Apache-2.0 */
/* Density of events, alerts and losses over time.  At once from the index of the recording, where
 * events are taken as even within a block; exact where the first pass has been; and counted
 * anew where one zooms in further than it counted. */
#ifndef SAKER_BROWSE_TIMELINE_H
#define SAKER_BROWSE_TIMELINE_H

#include "analyze/browse/model/query.h"

struct bucket {
	uint64_t n_events, n_lost;
	uint32_t n_alerts;
	uint8_t worst;		/* enum priority of the worst alert; PRIORITY__N: none */
	bool exact;		/* counted, not estimated */
};

enum { BUCKETS_MAX = 1024 };

/* n buckets of equal length from from up to to (exclusive).  q: only events that it counts;
 * NULL: all.  Asks for more exact ones where these are not. */
void timeline_get(struct browse *b, struct query *q, uint64_t from, uint64_t to,
		  struct bucket *out, unsigned n);

#endif
