/* SPDX-License-Identifier: Apache-2.0 */
/* Creating the files that programs write: recordings are evidence, so they are readable by
 * their owner only, and an earlier one is never lost by accident. */
#ifndef SAKER_BASE_OUTPUT_H
#define SAKER_BASE_OUTPUT_H

#include <stdbool.h>

/* Opens path for writing, mode 0600; "-" is standard output, if that is no terminal.  A file
 * that stands there and is not empty is renamed to path.old, with force overwritten.
 * Returns the descriptor, negative with a message. */
int output_create(const char *path, bool force);

#endif
