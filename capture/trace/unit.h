/* SPDX-License-Identifier: Apache-2.0 */
/* The contents of one block, opened for reading: frames are inflated and columns
 * decoded when the first row that needs them is asked for. */
#ifndef SAKER_TRACE_UNIT_H
#define SAKER_TRACE_UNIT_H

#include "capture/trace/block.h"
#include "capture/trace/column.h"
#include "capture/trace/dict.h"

struct unit_frame {
	const uint8_t *stored, *data;	/* data: NULL until inflated */
	uint32_t stored_len, len;
};

struct unit_column {
	uint32_t frame, off, len;
};

/* How the values of a parameter that varies from row to row are found. */
enum vary_kind { VARY_U8, VARY_U32, VARY_U64, VARY_PICK8, VARY_PICK, VARY_BYTES };

struct vary {
	uint8_t kind;		/* enum vary_kind */
	uint8_t param;
	uint64_t base;
	union {
		const uint8_t *u8;
		const uint32_t *u32;	/* numbers; VARY_BYTES: where each row starts */
		const uint64_t *u64;
	};
	union {
		const struct value *values;	/* to pick from */
		const uint8_t *bytes;
	};
	const struct ints *pick;
};

struct vary_state {
	uint8_t param;
	const uint8_t *states;
};

struct unit_type {
	const struct dict_event *event;
	uint32_t n_rows, row;		/* row: the next one */
	uint32_t n_columns, first;	/* in unit.columns */
	bool loaded;
	/* A row is the values that all rows share, then those that vary. */
	struct value *common;
	struct vary *vary;
	struct vary_state *states;	/* of parameters that some rows lack */
	unsigned n_vary, n_states;
	struct value *ahead;		/* the rows begun to made, width values each */
	uint32_t begun, made, width;
	struct ints nr, latency;
};

struct unit_thread {
	uint32_t tid, pid;
};

struct unit {
	struct arena mem;
	const struct dict *dict;
	uint32_t n_rows, row;		/* row: the next one */
	uint32_t n_frames, n_types, n_columns;
	struct unit_frame *frames;
	struct unit_type *types;
	struct unit_column *columns;
	const uint8_t *type_of;		/* of each row; NULL: all are of type 0 */
	uint32_t head_len[6];		/* ts, cpu, thread, tids, pids, pos */
	uint32_t n_threads;
	bool heads, bulk;
	bool timed;			/* the last frame has latencies */
	struct unit_column *latencies;	/* of each type; NULL until looked for */
	const uint64_t *ts;
	struct ints cpu, pos;
	const uint16_t *cpus;
	const uint32_t *thread_of;
	const struct unit_thread *threads;
	const uint8_t *contents;	/* of a block without rows */
	size_t contents_len;
	void *zstd;
};

/* Opens the rows of b.  payload must live as long as they are read. */
int unit_open(struct unit *u, const struct block *b, const uint8_t *payload,
	      const struct dict *dict, bool bulk);
/* Opens a block that has contents instead of rows. */
int unit_open_contents(struct unit *u, const struct block *b, const uint8_t *payload);
/* Inflates, decodes and checks everything, wanted or not. */
int unit_check(struct unit *u);

/* The next row as an event (num is left to the caller); there must be one.  The values
 * point into u. */
int unit_event(struct unit *u, struct event *ev);

static inline unsigned unit_type_of(const struct unit *u, uint32_t row)
{
	return u->type_of ? u->type_of[row] : 0;
}

/* The row of the EVENTS block that the next row stands before (LOSS, NOTE, ALERT). */
int unit_pos(struct unit *u, uint64_t *pos);

void unit_reset(struct unit *u);
void unit_release(struct unit *u);

#endif
