/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a gzip file, all its members, inflated where they are asked for or by a
 * thread that works some way ahead.  Only capture/trace/input.c needs this. */
#ifndef SAKER_TRACE_INFLATE_H
#define SAKER_TRACE_INFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct inflate;

/* Bytes that were inflated and are still wanted: pos to len of the cap bytes at p, which
 * are the caller's (malloc). */
struct inflate_window {
	uint8_t *p;
	size_t pos, len, cap;
};

/* Over what fd delivers behind the n bytes at p, which were read from it.  path is for
 * messages.  wake_fd: an eventfd of the caller if reading may block, else -1.  NULL with a
 * message. */
struct inflate *inflate_new(int fd, const char *path, const void *p, size_t n, int wake_fd);

/* Ends the thread, also if it waits for input.  NULL is fine. */
void inflate_free(struct inflate *g);

/* Starts the thread; without one (the system has no more) all goes on as before. */
void inflate_ahead(struct inflate *g);

/* Moves what is wanted to the front of more, which w is then.  Returns how many bytes
 * came; 0 at the end; negative with a message: read error or damaged data, after all that
 * was good.  *raw_off is how far the file has been read for that. */
ssize_t inflate_next(struct inflate *g, struct inflate_window *w, uint64_t *raw_off);

/* At the end: does the last member lack its end? */
bool inflate_cut(const struct inflate *g);

#endif
