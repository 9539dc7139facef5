/* SPDX-License-Identifier: Apache-2.0 */
/* Reading files below a directory that stands for /: the machine's, a container's, a
 * test's.  What lies there may be made to harm: links stay inside, and nothing but
 * regular files is ever opened, so that a FIFO or a device does nothing. */
#ifndef SAKER_LIVE_ROOTFILE_H
#define SAKER_LIVE_ROOTFILE_H

#include <stdint.h>
#include <sys/stat.h>

#include "capture/base/buf.h"

/* A descriptor (O_PATH) of what path is there, or -1. */
int rootfile_find(int root, const char *path);

/* The whole file into b, which is emptied first, with a NUL behind it.  Negative if there is no
 * such file, it is longer than limit or not regular. */
int rootfile_read(int root, const char *path, size_t limit, struct buf *b);

/* A number that changes when the file does; 0: there is none. */
uint64_t rootfile_stamp(int root, const char *path);

/* Calls visit with the names in a directory until it gives non-zero; that is returned. */
int rootfile_list(int root, const char *path, int (*visit)(const char *name, void *arg),
		  void *arg);

#endif
