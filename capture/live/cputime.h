/* SPDX-License-Identifier: Apache-2.0 */
/* How long a thread ran the kernel knows to the nanosecond, where only by ticks: the shares of
 * the ticks are those of the time, as getrusage(2) has it. */
#ifndef SAKER_LIVE_CPUTIME_H
#define SAKER_LIVE_CPUTIME_H

#include <stdint.h>

static inline void cputime_share(uint64_t utime, uint64_t stime, uint64_t runtime,
				 uint64_t *user, uint64_t *system)
{
	const unsigned __int128 all = (unsigned __int128)utime + stime;

	*system = stime ? (uint64_t)((unsigned __int128)runtime * stime / all) : 0;
	*user = runtime - *system;
}

#endif
