/* SPDX-License-Identifier: Apache-2.0 */
/* A recording of which only the newest is kept: parts at its beginning are given up, and their
 * bytes with them.  A read lock (fcntl(2)) tells whoever writes it what is still needed. */
#ifndef SAKER_BROWSE_KEPT_H
#define SAKER_BROWSE_KEPT_H

#include "analyze/browse/model/inside.h"

/* When the recording is open: all of it is needed. */
int kept_begin(struct browse *b);
/* The recording has grown; of the user's thread, with the lock. */
void kept_move_on(struct browse *b);

/* The first part that is not given up; with or without the lock. */
static inline unsigned kept_part(const struct browse *b)
{
	return __atomic_load_n(&b->kept.part, __ATOMIC_ACQUIRE);
}
/* The number of its first event; 1 where nothing was given up. */
uint64_t kept_num(const struct browse *b);

#endif
