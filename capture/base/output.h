/* SPDX-License-Identifier: Apache-2.0 */
/* Creating the files that programs write: recordings are evidence, so they are readable by
 * their owner only, and an earlier one is never lost by accident. */
#ifndef SAKER_BASE_OUTPUT_H
#define SAKER_BASE_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

/* Opens path for writing, mode 0600; "-" is standard output, if that is no terminal.  A file
 * that stands there and is not empty is renamed to path.old, with force overwritten.
 * Returns the descriptor, negative with a message. */
int output_create(const char *path, bool force);

/* Can a file there, which is open for writing, get holes where something stood?  errno if not. */
bool output_has_holes(int fd);

enum output_old {
	OUTPUT_KEEP,		/* what stands there is renamed to path.old */
	OUTPUT_DROP,
	OUTPUT_REPLACE,		/* the same file with other contents: its mode stays */
};

/* A whole file of n bytes in the place of path, which at any time has the old one or the new one
 * (for OUTPUT_KEEP the old one under its other name).  mode: of a new file.  Negative with a
 * message: all is as it was. */
int output_put(const char *path, enum output_old old, unsigned mode, const void *p, size_t n);

#endif
