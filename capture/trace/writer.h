/* SPDX-License-Identifier: Apache-2.0 */
/* Writing a .skr recording: events in, blocks out.  Layout in saker-trace(5). */
#ifndef SAKER_TRACE_WRITER_H
#define SAKER_TRACE_WRITER_H

#include "capture/base/event.h"
#include "capture/trace/source.h"

struct writer;

enum { WRITER_PLAIN = -1 };

struct writer_options {
	int level;		/* of zstd; 0: the default; WRITER_PLAIN: no compression */
	uint32_t block_size;	/* raw bytes of a block; 0: the default */
	bool background;	/* compress and write in a second thread */
	bool lean;		/* the dictionary holds only the events that there are */
	/* Bytes of which no less is kept: what stands before the newest key frame that leaves so
	 * much becomes a hole in the file, but not what somebody has a read lock on (fcntl(2)).
	 * 0: all is kept. */
	uint64_t keep;
	const struct writer_stamp *stamp;	/* NULL: a random number, now */
};

/* What tells a recording from others with the same events. */
struct writer_stamp {
	uint8_t id[16];
	uint64_t created;	/* ns since the epoch */
};

struct writer_stats {
	uint64_t n_events, n_blocks, raw_bytes, stored_bytes, n_keys;
	uint64_t given_up;	/* of the stored bytes */
	uint64_t events_since_key, raw_since_key;
};

/* Creates path (output_create) or writes to stdout for "-".
 * Host, kernel and so on are taken from info.  NULL on error. */
struct writer *writer_open(const char *path, bool force, const struct source_info *info,
			   const struct writer_options *opt);

/* The same on an open file, which it takes; path is for messages. */
struct writer *writer_open_fd(int fd, const char *path, const struct source_info *info,
			      const struct writer_options *opt);

/* Adds one event; pseudo events go to the block of their kind (snap_* to STATE, loss to
 * LOSS, note to NOTE, alert to ALERT).  ev is not kept.  Negative: the disk is full or
 * similar; everything before is safe after writer_close. */
int writer_add(struct writer *w, const struct event *ev);

/* Events of this description will be added: they enter the dictionary now, so that there is one
 * for all.  Negative: too many. */
int writer_learn(struct writer *w, enum event_id type, const struct event_desc *desc);

/* The snap_* events between form one key frame.  What was added before is flushed. */
int writer_key_begin(struct writer *w);
int writer_key_end(struct writer *w);
/* The open key frame does not follow from the events before it (another recording was
 * joined here, or something is missing): every reader must take it. */
void writer_key_fresh(struct writer *w);

/* Ends the open block now, so that a reader (or a crash) sees all so far. */
int writer_flush(struct writer *w);

const struct writer_stats *writer_stats(const struct writer *w);

/* Writes index and footer, syncs, frees.  Negative if anything was not written. */
int writer_close(struct writer *w);

#endif
