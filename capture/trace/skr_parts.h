/* SPDX-License-Identifier: Apache-2.0 */
/* What the two halves of the .skr source share: skr.c opens and seeks, skr_read.c
 * delivers. */
#ifndef SAKER_TRACE_SKR_PARTS_H
#define SAKER_TRACE_SKR_PARTS_H

#include "capture/trace/skr.h"
#include "capture/trace/unit.h"

enum { SIDES = 3, DICTS_MAX = 64 };

struct side {
	struct unit unit;
	struct buf payload;
	uint64_t pos;		/* of its next row */
	bool active;
};

struct skr {
	struct source s;
	struct input in;
	struct block_reader blocks;
	struct file_header header;
	struct index index;
	bool has_index, grows;
	struct input ahead;	/* of one that grows: looks for headers behind the end */
	struct dict *dicts[DICTS_MAX];	/* descriptors live as long as the source */
	uint64_t dict_sums[DICTS_MAX];	/* of their blocks */
	unsigned n_dicts;
	const struct dict *dict;
	uint64_t dict_sum;
	struct unit unit;
	struct side side[SIDES];
	struct block b;
	bool active;		/* unit has rows to come */
	bool rows_numbered;	/* they are events, not a key frame */
	bool drain;		/* deliver all waiting side rows now */
	uint64_t side_pos;	/* the row that waiting side rows stand before; UINT64_MAX: none */
	bool need_state;	/* deliver the next key frame */
	bool in_state;		/* within a key frame that is delivered */
	bool ended;		/* there are no more blocks for this reader */
	bool held;		/* b was read but not looked at */
	const uint8_t *held_payload;
	uint8_t row_flags[BLOCK_TYPES_MAX];
	uint64_t want[SET_WORDS];	/* by number in the dictionary */
	bool want_stale;
	enum pick pick;		/* of the block of events at hand */
	uint64_t num;		/* of the last event passed */
	uint64_t last_ts, places;	/* places: of damage, so far told */
	uint64_t loss_count, loss_from, loss_to;
	bool loss_due;
	unsigned stop_key;	/* that stop_off belongs to */
	uint64_t stop_off;	/* where s.stop_key stands */
	char *path;
};

int skr_next(struct source *s, struct event *ev);
/* Adds blocks of the index from the n-th on to what is known of the recording. */
void skr_sum(struct skr *k, size_t n);
int skr_grow(struct source *s, bool over);
int skr_grow_as(struct source *s, const struct source *of, uint64_t limit, bool over);
struct source *skr_again(struct source *s);
/* Takes the dictionary of a DICT block, if it is another one than before. */
int skr_take_dict(struct skr *k, const struct block *b, const uint8_t *payload);
/* The i-th that was found is used, if there is one. */
void skr_use_dict(struct skr *k, unsigned i);
/* The key frames that cut the recording into parts: those behind events. */
bool skr_is_key(const struct index_entry *e);
/* Position in the index of key frame n, counted from 1; SIZE_MAX: there is none. */
size_t skr_find_key(const struct skr *k, unsigned key);

#endif
