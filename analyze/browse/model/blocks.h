/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of the blocks of a recording.  Headers tell the types of events in a block; the
 * first pass notes (watcher.h) for the filter of each view in which blocks it ever holds.  A block
 * in which nothing can hold need not be read (sieve.h).
 *
 * Nothing is known of recordings that have no index, or whose blocks do not follow each other as
 * it says. */
#ifndef SAKER_BROWSE_BLOCKS_H
#define SAKER_BROWSE_BLOCKS_H

#include "analyze/browse/model/view.h"
#include "capture/trace/source.h"
#include "rules/lang/cond.h"

struct part;

enum { WATCHES_MAX = 64 };

/* Tests whose answer is the same for all events that have one thing in common: their type, the
 * kind of their descriptor, that they are outside of containers, that their latency is not
 * known. */
enum gate { GATE_TYPE, GATE_FD, GATE_HOST, GATE_UNTIMED, GATES };

struct block_watch {
	struct cond *cond;
	struct cond *test[GATES];	/* without which it cannot hold; or NULL */
};

/* Processes with events, by hashes of their numbers and names: one that is not among them has
 * none. */
enum { WHO_BITS = 512 };

struct who {
	uint64_t pids[WHO_BITS / 64], names[WHO_BITS / 64];
};
unsigned who_pid(uint64_t pid);
unsigned who_name(const char *name, size_t len);

struct block_facts {
	uint64_t first_num, end;	/* end: number behind its last event */
	uint64_t first_ts, last_ts;
	uint32_t part;
	struct event_set types;
	uint64_t seen;			/* watches that hold on an event in it, as bits */
	struct who who;
};

struct blocks {
	struct block_facts *v;		/* of events, in order */
	size_t n;			/* 0: nothing is known */
	bool has_losses;
	struct event_set types;		/* of all blocks */
	bool damaged;			/* nothing is left out any more; without the lock */
	bool *read;			/* by part: seen is all there is; without the lock */
	unsigned n_watches;
	struct block_watch watch[WATCHES_MAX];
	const char *filter[WATCHES_MAX];	/* of views */
};

/* The types of events on which c can hold: those of cond_events without those that its tests of
 * what a type is (evt.is_io_write) tell. */
struct event_set types_of_cond(const struct cond *c);

/* Before s is read. */
void blocks_init(struct blocks *x, struct source *s, const struct part *parts,
		 unsigned n_parts);
/* The filters of views become watches, but for those that need payloads. */
void blocks_watch(struct blocks *x, const struct views *vs);
void blocks_release(struct blocks *x);
/* The watch of a filter, as a bit; 0: it has none. */
uint64_t blocks_watch_of(const struct blocks *x, const char *filter);
void block_watch_release(struct block_watch *w);
/* The block of event num, or the first behind it. */
size_t blocks_at(const struct blocks *x, uint64_t num);

#endif
