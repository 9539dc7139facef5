/* SPDX-License-Identifier: Apache-2.0 */
/* A slice as a recording that holds nothing else: its dictionary has only the events and
 * parameters that there are, and the same slice gives the same bytes. */
#ifndef SAKER_TEST_LEAN_H
#define SAKER_TEST_LEAN_H

#include "analyze/test/slice.h"

/* Writes to fd, which stays the caller's; *bytes is the length.  Negative: failure. */
int lean_write(const struct slice *s, int fd, const struct source_info *info, const char *note,
	       uint64_t *bytes);

#endif
