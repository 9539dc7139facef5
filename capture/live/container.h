/* SPDX-License-Identifier: Apache-2.0 */
/* Where containers are on the machine that records. */
#ifndef SAKER_LIVE_CONTAINER_H
#define SAKER_LIVE_CONTAINER_H

#include <stddef.h>

/* Path of the control group (below the cgroup2 mount) whose name has id in it.  Negative if
 * there is none, or several. */
int container_cgroup(const char *id, char *path, size_t size);

#endif
