/* SPDX-License-Identifier: Apache-2.0 */
/* Where events come from.  A .skr or .scap recording, the running kernel and an
 * array in a test are the same thing behind this interface.
 *
 * Pseudo events (EF_PSEUDO) come in the same stream: first the snapshot (snap_*),
 * ended by snap_end; later loss, note, container and so on where they happened.
 * They have num 0; real events are numbered from 1 as recorded, so numbers
 * do not depend on seeking or on what is wanted. */
#ifndef SAKER_TRACE_SOURCE_H
#define SAKER_TRACE_SOURCE_H

#include <stdio.h>

#include "capture/base/event.h"

/* What is known of the machine and the recording before its first event; texts
 * live as long as the source.  Zero or "" where unknown. */
struct source_info {
	const char *path, *format;	/* "skr", "scap", "live", "memory" */
	const char *hostname, *kernel, *arch_name, *writer;
	enum arch arch;
	uint32_t n_cpus;
	uint64_t memory, boot_ts;	/* bytes; ns since the epoch */
	uint64_t first_ts, last_ts;	/* 0 while unknown (streams) */
	uint64_t n_events;		/* 0 while unknown */
	uint64_t size;			/* bytes of the file */
	uint8_t digest[32];		/* chain digest over all blocks; zero: none */
};

/* What was wrong with the input so far. */
struct source_damage {
	uint64_t n_places;		/* separate damaged places */
	uint64_t lost_bytes;		/* skipped bytes */
	uint64_t lost_blocks;		/* blocks known to be missing */
	bool cut;			/* it ends in the middle */
	char first[256];		/* message about the first one */
};

struct source;

/* What is wanted of a block of events, by the number of its first event: all as source_want says;
 * only the types of pick.lean without payloads; or nothing any more: events end before it. */
enum pick { PICK_ALL, PICK_LEAN, PICK_END };

/* Asked at each block of events where ask is set.  Sources without blocks do not ask: whoever sets
 * it must live with more than was picked. */
struct source_pick {
	enum pick (*ask)(void *arg, uint64_t first_num);
	void *arg;
	struct event_set lean;
};

struct source_ops {
	int (*next)(struct source *s, struct event *ev);
	int (*seek_ts)(struct source *s, uint64_t ts);
	unsigned (*n_keys)(struct source *s);
	int (*seek_key)(struct source *s, unsigned key);
	int (*find_end)(struct source *s);	/* may be NULL */
	void (*wanted)(struct source *s);	/* want has changed; may be NULL */
	int (*grow)(struct source *s, bool over);	/* may be NULL */
	int (*grow_as)(struct source *s, const struct source *of, uint64_t limit, bool over);
	struct source *(*again)(struct source *s);	/* may be NULL */
	void (*close)(struct source *s);
};

struct source {
	const struct source_ops *ops;
	struct source_info info;
	struct source_damage damage;
	struct event_set want;		/* see source_want */
	bool want_bulk;
	uint64_t n_skipped;		/* events passed over because nobody wanted them */
	uint64_t bytes_done;		/* of info.size, for progress */
	unsigned stop_key;		/* events end where this key frame stands; 0: never */
	struct source_pick pick;
};

/* Opens a recording of any known format; "-" is standard input.  NULL on error. */
struct source *source_open(const char *path);
/* The file that fd is open on, from its first byte; fd stays the caller's.  name is for
 * messages. */
struct source *source_open_fd(int fd, const char *name);
/* As source_open, of the first size bytes at most: for several who must see the same of a file
 * that is still written to.  0: of those that are there now. */
struct source *source_open_begin(const char *path, uint64_t size);
/* A .skr that is still written to.  It ends, for now, behind the last block that is whole; blocks
 * of losses and notes come with the events that they belong to.  NULL: also where there is no
 * event yet. */
struct source *source_open_growing(const char *path);
/* Takes up what was appended since: reading that was at the end goes on there.  Up to info.size it
 * has grown then.  1: there is more; 0: there is not. */
int source_grow(struct source *s);
/* Nobody writes it any more: it grows for the last time, to all that there is. */
int source_grow_last(struct source *s);
/* Takes s to where `of` is, another source of the same growing recording, or to a byte (limit) that
 * `of` had grown to before.  over: that is the last time.  Parts have the same numbers then, also
 * where some were given up since s grew last (writer_options.keep).  Returns as source_grow. */
int source_grow_as(struct source *s, const struct source *of, uint64_t limit, bool over);
/* Another source of the same growing recording, as far as this one sees it, at its start. */
struct source *source_again(struct source *s);
void source_close(struct source *s);

/* Only of live sources (capture/live): nothing has happened for a while; do what has to
 * be done now and then, and ask again. */
enum { LIVE_IDLE = 2 };

/* 0: *ev is the next event; 1: end; negative: failure (damage is not failure: it is
 * counted in s->damage and reading goes on behind it). */
static inline int source_next(struct source *s, struct event *ev)
{
	return s->ops->next(s, ev);
}

/* Promises that only events of these types (pseudo events always come) will be looked
 * at, and payload columns (EVENT parameters of type BYTEBUF, env) only if bulk.  A source may
 * then pass over the rest without decoding; numbers stay right. */
void source_want(struct source *s, const struct event_set *types, bool bulk);

/* Goes to the last key frame at or before ts (the start if there is none): what follows
 * is its snapshot, then events, of which the first may be earlier than ts. */
int source_seek_ts(struct source *s, uint64_t ts);

/* Sets info.last_ts if it is not known yet, reading all there is if need be; the source is at its
 * start then.  Negative: a stream, or one without events. */
int source_find_end(struct source *s);

/* --from and --to (time_range) of this recording, whose end is looked for if they need
 * it. */
int source_range(struct source *s, const char *from_text, const char *to_text,
		 int64_t utc_offset, uint64_t *from, uint64_t *to);

/* Key frames cut a recording into n parts 0..n-1 that can be read independently: go to
 * part k (its snapshot comes first, then its events), and with s->stop_key = k + 1 end before
 * the next.  1 part where the format has no key frames. */
unsigned source_n_keys(struct source *s);
int source_seek_key(struct source *s, unsigned key);

#endif
