/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks of a .skr: the unit of compression and of damage.  Here are their headers,
 * checksums and chain; what is inside is the business of unit, dict and index.
 * Layout in saker-trace(5). */
#ifndef SAKER_TRACE_BLOCK_H
#define SAKER_TRACE_BLOCK_H

#include "capture/base/buf.h"
#include "capture/trace/input.h"
#include "capture/trace/source.h"

enum {
	SKR_VERSION = 1,
	SET_WORDS = 8,			/* 512 types of events in a dictionary */
	FILE_HEADER_LEN = 64,
	BLOCK_HEADER_LEN = 104 + 8 * SET_WORDS,
	FOOTER_LEN = 32,
	DIGEST_LEN = 32,
	BLOCK_RAW_MAX = 16 << 20,
	BLOCK_STORED_MAX = BLOCK_RAW_MAX + (64 << 10),
	BLOCK_ROWS_MAX = 65536,
	BLOCK_TYPES_MAX = 256,		/* in one block: one byte each row */
	BLOCK_FRAMES_MAX = 600,
};

#define SKR_MAGIC "\x89SKR\r\n\x1a\n"
#define BLOCK_MAGIC "\xf5SkrBlk\n"
#define FOOTER_MAGIC "\xf5SkrEnd\n"

enum block_kind {
	BLOCK_DICT = 1, BLOCK_STATE, BLOCK_EVENTS, BLOCK_LOSS, BLOCK_NOTE, BLOCK_ALERT,
	BLOCK_SEAL, BLOCK_INDEX, BLOCK_KINDS
};

extern const char *const block_kind_name[BLOCK_KINDS];

enum block_flag {
	BLOCK_FIRST = 1 << 0, BLOCK_LAST = 1 << 1,	/* of a key frame */
	BLOCK_FRESH = 1 << 2,	/* a key frame that does not follow from what is before */
	BLOCK_TIMED = 1 << 3,	/* the last frame tells how long calls took */
};

struct block {
	uint8_t kind, flags;
	uint32_t seq, stored, raw;	/* bytes of the payload as stored; inflated */
	uint32_t n_rows, n_events;	/* n_events: rows that are numbered */
	uint64_t first_num;		/* of the first event here, or of the next one */
	uint64_t first_ts, last_ts;
	uint8_t prev[DIGEST_LEN];
	uint64_t payload_sum;
	uint64_t set[SET_WORDS];	/* types of its rows, by number in the dictionary */
	uint64_t off;			/* where it stands (reader) */
};

struct file_header {
	uint8_t version, refuse, ignore;
	uint8_t id[16];
	uint64_t created;
};

void file_header_put(struct buf *out, const struct file_header *h);
/* 0, or negative: foreign, newer, or damaged (ERR_FORMAT: reading may still work). */
int file_header_get(struct file_header *h, const uint8_t *p, size_t n);

/* The header for this payload: payload_sum, stored and prev must be set. */
void block_put(struct buf *out, const struct block *b);
bool block_get(struct block *b, const uint8_t *p, size_t n);
uint64_t block_sum(const void *payload, size_t n);
void block_digest(uint8_t digest[DIGEST_LEN], const void *header, size_t header_len,
		  const void *payload, size_t n);

void footer_put(struct buf *out, uint64_t index_off, uint64_t size);
bool footer_get(uint64_t *index_off, uint64_t *size, const uint8_t *p, size_t n);

/* Reads block after block.  Damaged ones are passed over and told in damage. */
struct block_reader {
	struct input *in;
	struct source_damage *damage;
	uint64_t take;		/* bytes of the block delivered last */
	uint64_t wasted;	/* bytes that were checked in vain: bounds the search */
	uint64_t places;	/* of damage, at the block delivered last */
	uint32_t seq;		/* expected next */
	bool any_seq;		/* after a seek: take what comes */
	bool footer;		/* the end was seen */
	bool chain;		/* check prev (verify); digest is kept then */
	bool grows;		/* what is not whole yet will be: it is the end for now */
	uint8_t digest[DIGEST_LEN];
};

/* 0: *b and its payload, valid until the next call; 1: the end; negative: cannot
 * read.  wanted (may be NULL) looks at the header: false passes over the payload
 * unread (*payload is NULL then). */
int block_next(struct block_reader *r, struct block *b, const uint8_t **payload,
	       bool (*wanted)(const struct block *, void *), void *arg);
int block_seek(struct block_reader *r, uint64_t off);

/* Counts a damaged place; the first one's message is kept. */
void damage_add(struct source_damage *d, uint64_t bytes, const char *fmt, ...)
	__attribute__((format(printf, 3, 4), cold));

#endif
