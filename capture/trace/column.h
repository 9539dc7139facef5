/* SPDX-License-Identifier: Apache-2.0 */
/* Columns: the values of one parameter over the rows of a block, as numbers or as
 * bytes.  Encoded so that a compressor finds the order in them, decoded so that row k
 * can be had without touching the others.  Layout in saker-trace(5). */
#ifndef SAKER_TRACE_COLUMN_H
#define SAKER_TRACE_COLUMN_H

#include "capture/base/buf.h"
#include "capture/base/cursor.h"
#include "capture/base/event.h"
#include "capture/base/mem.h"

enum ints_mode { INTS_PLAIN, INTS_DELTA, INTS_TABLE, INTS_MODES };

enum column_form {		/* first byte of a column */
	COLUMN_NUMBERS, COLUMN_BYTES, COLUMN_TEXTS, COLUMN_FORMS,
	COLUMN_HAS_STATES = 0x80,
};

/* ---- writing ---- */

/* Bytes of a frame before compression, and where their nature changes: the
 * compressor starts new statistics at each cut. */
struct frame {
	struct buf raw;
	uint32_t *cut;
	size_t n_cuts, cap_cuts;
	struct column_scratch *scratch;	/* may be shared by frames of one thread */
};

struct column_scratch *column_scratch_new(void);
void column_scratch_free(struct column_scratch *s);
void frame_reset(struct frame *f);
void frame_release(struct frame *f);

/* states: NULL where every row has its value. */
void ints_encode(struct frame *f, const uint64_t *v, size_t n);
void column_encode_numbers(struct frame *f, const uint64_t *v, const uint8_t *states, size_t n);
void column_encode_bytes(struct frame *f, const uint64_t *lens, const struct buf *bytes,
			 const uint8_t *states, size_t n);

/* ---- reading ---- */

enum ints_kind { IK_CONST, IK_U8, IK_U32, IK_U64, IK_TABLE8 };

struct ints {
	uint8_t kind;		/* enum ints_kind */
	uint64_t base;
	union {
		const uint8_t *u8;
		const uint32_t *u32;
		const uint64_t *u64;
	};
	const uint64_t *table;
	uint32_t n_table;
};

struct column {
	uint8_t form;		/* enum column_form without flags */
	bool absent;		/* no row has a value */
	const uint8_t *states;	/* NULL: all are set */
	struct ints v;		/* the numbers; of COLUMN_TEXTS: which text */
	uint32_t n_texts;
	const uint32_t *off;	/* of bytes: row or text i is at p + off[i] .. off[i + 1] */
	const uint8_t *p;
};

/* Decode n numbers / a column of n rows; what the results point to is in the encoded
 * bytes or in a. */
int ints_decode(struct ints *x, struct cursor *c, size_t n, struct arena *a);
int column_decode(struct column *col, struct cursor c, size_t n, struct arena *a);

static inline uint64_t ints_at(const struct ints *x, uint32_t k)
{
	switch ((enum ints_kind)x->kind) {
	case IK_CONST:
		break;
	case IK_U8:
		return x->base + x->u8[k];
	case IK_U32:
		return x->base + x->u32[k];
	case IK_U64:
		return x->u64[k];
	case IK_TABLE8:
		return x->table[x->u8[k]];
	}
	return x->base;
}

#endif
