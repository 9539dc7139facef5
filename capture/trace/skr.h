/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of a .skr beyond its events: for saker info and saker verify. */
#ifndef SAKER_TRACE_SKR_H
#define SAKER_TRACE_SKR_H

#include "capture/trace/dict.h"
#include "capture/trace/index.h"
#include "capture/trace/input.h"
#include "capture/trace/source.h"

/* Of a source that is a .skr; NULL for others.  index: NULL for streams. */
const struct index *skr_index(const struct source *s);
const struct dict *skr_dict(const struct source *s);
const uint8_t *skr_id(const struct source *s);		/* 16 bytes */
/* The types of events in each block of the index, as the headers tell; out has room for all its
 * entries.  The place of reading is lost.  False: not a recording whose blocks follow each other
 * as the index says, all of them whole by their headers. */
bool skr_types(struct source *s, struct event_set *out);

struct verify_report {
	struct source_damage damage;
	uint64_t n_blocks, n_events, n_rows, n_keys, bytes, lost_events;
	uint64_t kinds[BLOCK_KINDS];
	uint8_t digest[DIGEST_LEN];	/* of the chain's last block before the index */
};

/* Reads and checks all of a .skr from its start: checksums, chain, every frame, column
 * and event.  0: *out says what was found; negative: it cannot be read at all.  progress
 * (may be NULL) is called with bytes done and to do. */
int skr_verify(struct input *in, struct verify_report *out,
	       void (*progress)(void *arg, uint64_t done, uint64_t size), void *arg);

#endif
