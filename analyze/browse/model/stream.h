/* SPDX-License-Identifier: Apache-2.0 */
/* What went through a descriptor in both directions, or over a terminal, in order. */
#ifndef SAKER_BROWSE_STREAM_H
#define SAKER_BROWSE_STREAM_H

#include "analyze/browse/model/model.h"

enum stream_kind {
	STREAM_FD,	/* the descriptor of an event, from its opening to its closing */
	STREAM_TTY,	/* the terminal of the event's process: what anybody wrote to it and read */
};

struct stream_chunk {
	uint64_t num, ts;
	uint32_t pid;
	bool out;		/* written by the recorded side (of a terminal: shown) */
	uint64_t size;		/* bytes that went; more than len where the payload was cut */
	const uint8_t *p;
	uint32_t len;
};

/* The size of a terminal, as a program asked for or set it before chunk `at`. */
struct stream_size {
	size_t at;
	uint16_t rows, columns;
};

struct stream_status {
	bool complete;		/* all that is recorded is here */
	bool live;		/* more may come: the recording grows, the descriptor is open */
	unsigned permille;
	size_t n_chunks;
	uint64_t in, out;	/* bytes that went */
	uint64_t cut;		/* bytes that were not recorded, or are beyond the limit */
	struct {
		const char *p;	/* name of the descriptor or terminal */
		size_t len;
	} name;
	const char *failed;	/* NULL: nothing */
};

enum { STREAM_BYTES_MAX = 16 << 20 };

struct stream;

/* Starts to gather.  num: an event that has the descriptor.  Where it may turn out that what is
 * gathered went through an earlier one, there are no chunks until that event has been reached. */
struct stream *stream_open(struct browse *b, enum stream_kind kind, uint64_t num);
void stream_close(struct stream *s);
/* Where the recording has grown, it asks for what is new. */
void stream_status(struct stream *s, struct stream_status *out);
/* The n chunks from the first-th; how many.  Bytes live until stream_close. */
size_t stream_chunks(struct stream *s, size_t first, struct stream_chunk *out, size_t n);
/* The same of sizes. */
size_t stream_sizes(struct stream *s, size_t first, struct stream_size *out, size_t n);

#endif
