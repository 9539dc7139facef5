/* SPDX-License-Identifier: Apache-2.0 */
/* The index: where the blocks of a recording stand and what is in them, in sum.  A
 * convenience: it can be had from the headers of the blocks as well, but for the sums. */
#ifndef SAKER_TRACE_INDEX_H
#define SAKER_TRACE_INDEX_H

#include "capture/base/mem.h"
#include "capture/trace/block.h"

struct index_entry {
	uint64_t off, first_num, first_ts, last_ts;
	uint32_t n_events, raw, stored, seq;
	uint8_t kind, flags;
};

enum { LOSS_CLASSES = 16 };

struct index {
	struct index_entry *entry;
	size_t n, cap;
	uint64_t count[64 * SET_WORDS];		/* events by number in the dictionary */
	uint64_t lost[LOSS_CLASSES];		/* sums of LOSS rows by class */
	uint64_t n_processes, n_threads;	/* that were seen; 0: not known */
	uint8_t digest[DIGEST_LEN];	/* of the last block before the index */
	bool has_sums;
};

void index_add(struct index *x, const struct block *b, uint64_t off);
void index_copy(struct index *to, const struct index *from);
/* Appends what from has more, of blocks that end at or before byte end. */
void index_append(struct index *to, const struct index *from, uint64_t end);
/* Bytes of the INDEX block; false: too many for a block. */
bool index_encode(const struct index *x, struct buf *out);
/* before: how many bytes of the file stand before the index: it cannot tell of more blocks. */
int index_decode(struct index *x, const uint8_t *p, size_t n, uint64_t before);
bool index_equal(const struct index *a, const struct index *b);
void index_release(struct index *x);

/* Reads the index of a seekable recording by its footer, or else makes it from the
 * headers of all blocks.  Damage found on the way is not counted here. */
int index_load(struct index *x, struct input *in);

#endif
