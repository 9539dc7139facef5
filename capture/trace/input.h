/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of a recording, from a file, a pipe or a gzip stream: a window that can
 * be looked at before it is taken.  What was not taken can be looked at again, so a
 * reader may check a block whole and still search it for the next one. */
#ifndef SAKER_TRACE_INPUT_H
#define SAKER_TRACE_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { INPUT_CHUNK = 256 * 1024 };

struct input {
	int fd;
	int wake_fd;		/* an eventfd where reading can block; else -1 */
	bool seekable, eof;
	bool again;		/* a file from its start: input_rewind works */
	bool shared;		/* the descriptor's place is not ours alone */
	uint64_t off;		/* of the next byte that is taken, after inflating */
	uint64_t size;		/* of the file; 0 where unknown */
	uint64_t end;		/* nothing behind it is read; 0: no such place */
	uint64_t raw_off;	/* bytes read from the file so far, for progress */
	uint8_t *p;
	size_t pos, len, cap;
	size_t chunk;		/* read at once; less where headers are looked at only */
	struct inflate *gzip;
	char path[256];
};

/* Opens path ("-": standard input) for reading.  Directories, terminals and other things
 * that cannot be a recording are refused. */
int input_open(struct input *in, const char *path);
/* The same of the file that fd is open on, which it does not take. */
int input_open_fd(struct input *in, int fd, const char *name);
void input_close(struct input *in);
/* A file that may still be written to: what stands behind its first size bytes is left out. */
void input_limit(struct input *in, uint64_t size);
/* For several inputs of one file: out reads the file of in, which must be seekable, from its
 * first byte, and from now on neither moves the place of the other. */
int input_again(struct input *out, struct input *in);
/* How large the file is now, whatever the limit; 0: unknown. */
uint64_t input_size_now(const struct input *in);
/* The limit moves: at the end there may be more. */
void input_more(struct input *in, uint64_t size);

/* From here on the bytes are those of the gzip stream (all its members).  Seeking is
 * over then. */
int input_gunzip(struct input *in);

/* Inflates in a thread of its own from now on, some way ahead; does nothing to plain
 * input.  The bytes are the same. */
void input_ahead(struct input *in);

/* The next bytes: at least n of them unless the input ends before.  *avail says how
 * many there are at *p; they live until the next call.  Negative: read error or
 * damaged gzip data (what was good before is delivered first). */
int input_peek(struct input *in, size_t n, const uint8_t **p, size_t *avail);

/* The next n bytes if they are here already, as mostly they are; else NULL. */
static inline const uint8_t *input_here(const struct input *in, size_t n)
{
	return in->len - in->pos >= n ? in->p + in->pos : NULL;
}

/* Passes over n bytes that were peeked. */
static inline void input_take(struct input *in, size_t n)
{
	in->pos += n;
	in->off += n;
}

/* Passes over n bytes.  0, or 1 where the input ends before (then it is at its end). */
int input_skip(struct input *in, uint64_t n);

/* At the end of the input: does a gzip stream lack its end? */
bool input_cut(const struct input *in);

/* Back to the first byte of the file, as if just opened, also from within gzip data. */
int input_rewind(struct input *in);

/* How many bytes from here to the end of the hole in the file (lseek(2)) that this place is in;
 * 0: it is in none. */
uint64_t input_hole(const struct input *in);

/* Goes to off of a seekable input. */
int input_seek(struct input *in, uint64_t off);

#endif
