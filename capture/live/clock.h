/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks in ns.  That of the kernel's records is CLOCK_BOOTTIME. */
#ifndef SAKER_LIVE_CLOCK_H
#define SAKER_LIVE_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

#endif
