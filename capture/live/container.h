/* SPDX-License-Identifier: Apache-2.0 */
/* Where containers are on the machine that records. */
#ifndef SAKER_LIVE_CONTAINER_H
#define SAKER_LIVE_CONTAINER_H

#include <stdint.h>

struct container_place {
	char cgroup[4096];	/* below the cgroup2 mount; "": there is none for it */
	uint32_t pid;		/* then its first process */
};

/* Finds the container that runs now by its name, by its id or a part of that.  Negative if there is
 * none, or several. */
int container_find(const char *text, struct container_place *out);

#endif
