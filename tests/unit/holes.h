/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of recordings of which the oldest becomes a hole in the file. */
#ifndef SAKER_TEST_HOLES_H
#define SAKER_TEST_HOLES_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "capture/base/output.h"

/* Where files can have no holes (dir NULL: in /tmp) there is nothing to test: says so, as prove
 * reads it. */
static inline bool skip_without_holes(const char *dir)
{
	char path[256];
	bool has;
	int fd;

	dir = dir ? dir : "/tmp";
	snprintf(path, sizeof(path), "%s/saker-holes-XXXXXX", dir);
	fd = mkstemp(path);
	has = fd >= 0 && output_has_holes(fd);
	if (fd >= 0) {
		close(fd);
		unlink(path);
	}
	if (!has)
		printf("1..0 # SKIP files can have no holes in %s\n", dir);
	return !has;
}

#endif
