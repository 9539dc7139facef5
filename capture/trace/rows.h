/* SPDX-License-Identifier: Apache-2.0 */
/* Events on their way into a block: gathered by type and parameter as they come,
 * encoded when the block is full. */
#ifndef SAKER_TRACE_ROWS_H
#define SAKER_TRACE_ROWS_H

#include "capture/trace/block.h"
#include "capture/trace/column.h"

struct row_column {
	uint64_t *v;		/* numbers; lengths of bytes */
	uint8_t *states;
	uint32_t n_set;
	bool is_bytes, bulk;
	struct buf bytes;
};

struct row_type {
	uint16_t id;		/* in the dictionary */
	uint16_t local;		/* in this block */
	uint32_t n, cap;
	uint16_t n_cols;	/* parameters, and the system call's number */
	size_t bytes;
	struct row_column *cols;
	uint64_t *latency;	/* event.latency */
	uint32_t n_timed;	/* rows where it is known */
};

struct rows {
	uint8_t kind, flags;	/* of the block that they become */
	uint32_t n, n_events, n_timed, cap;
	uint64_t first_num, first_ts, last_ts;
	size_t bytes;		/* upper bound of what they encode to */
	uint64_t set[SET_WORDS];
	uint64_t *ts, *pos;	/* pos: row of the next EVENTS block it stands before */
	uint32_t *tid, *pid;
	uint16_t *cpu;
	uint8_t *type;
	struct row_type *by_id[64 * SET_WORDS];
	struct row_type *types[BLOCK_TYPES_MAX];
	unsigned n_types;
	size_t held;		/* memory of the columns */
	struct buf contents;	/* of a block that has no rows: dictionary, index */
	struct rows *next;	/* in a queue */
};

void rows_release(struct rows *r);
void rows_reset(struct rows *r);

/* Adds ev, whose type has number id in the dictionary; pos: row of the EVENTS block that
 * it stands before (LOSS, NOTE, ALERT). */
void rows_add(struct rows *r, const struct event *ev, unsigned id, uint64_t pos);

/* No more rows fit: the block must be written first. */
bool rows_full(const struct rows *r, size_t block_size);

/* Compresses rows and other contents into payloads. */
struct encoder;
struct encoder *encoder_new(int level);
void encoder_free(struct encoder *e);
/* Appends the payload to out and tells its raw length; negative: it does not fit. */
int encode_rows(struct encoder *e, const struct rows *r, struct buf *out, uint32_t *raw);
/* The threads of the rows encoded last. */
uint32_t encoder_threads(const struct encoder *e, const uint64_t **tid, const uint64_t **pid);

#endif
