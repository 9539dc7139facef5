/* SPDX-License-Identifier: Apache-2.0 */
/* Is the file that is looked at still what it was when it was opened?  Whoever cuts it or
 * writes another one over it takes away what is not read yet, and what was read is no longer what
 * is there.  One that only grows is the same. */
#ifndef SAKER_BROWSE_ORIGINAL_H
#define SAKER_BROWSE_ORIGINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

enum { ORIGINAL_HEAD = 64 };	/* of a .skr: its header, with its id */

struct original {
	int fd;			/* -1: it is no file */
	struct stat st;
	uint8_t head[ORIGINAL_HEAD];
	size_t n_head;
	const char *change;	/* what was seen; it stays */
};

/* Before the file is opened for reading.  Negative: err_text. */
int original_open(struct original *o, const char *path);
/* When it has been opened, several times perhaps: is path still that file?  Negative: err_text. */
int original_check(const struct original *o, const char *path);
/* What has happened to it; NULL: nothing.  size: what is read of it, 0: all. */
const char *original_change(struct original *o, uint64_t size);
void original_close(struct original *o);

#endif
