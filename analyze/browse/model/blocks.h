/* SPDX-License-Identifier: Apache-2.0 */
/* Which blocks of the recording need not be read.  Headers tell the types of events in a block;
 * the first pass notes for the filter of each view in which blocks it ever holds.  A block in
 * which nothing can hold is read for the state alone, and not at all where no block behind it in
 * its part matters.
 *
 * Nothing is left out of recordings that have no index, or whose blocks do not follow each other
 * as it says, or in which something was found damaged. */
#ifndef SAKER_BROWSE_BLOCKS_H
#define SAKER_BROWSE_BLOCKS_H

#include "analyze/browse/model/view.h"
#include "capture/base/fdkind.h"
#include "capture/trace/source.h"
#include "rules/lang/cond.h"

struct part;

enum { WATCHES_MAX = 64 };

/* Tests whose answer is the same for all events that have one thing in common: their type, the
 * kind of their descriptor, that they are outside of containers, that their latency is not
 * known. */
enum gate { GATE_TYPE, GATE_FD, GATE_HOST, GATE_UNTIMED, GATES };
enum { WATCH_NO_FD = FD__N, WATCH_LOST, WATCH_FDS };

/* Processes with events, by hashes of their numbers and names: one that is not among them has
 * none. */
enum { WHO_BITS = 512 };

struct who {
	uint64_t pids[WHO_BITS / 64], names[WHO_BITS / 64];
};

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
	struct cond *watch[WATCHES_MAX];
	const char *filter[WATCHES_MAX];
	struct cond *test[WATCHES_MAX][GATES];	/* without which it cannot hold; or NULL */
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

/* ---- noting, for a reader of all events ---- */

struct watcher {
	struct blocks *x;
	struct cond *watch[WATCHES_MAX], *test[WATCHES_MAX][GATES];
	uint64_t seen, end;	/* of the block at hand */
	struct who who;
	size_t at;
	const struct thread *thread;	/* of the event before */
	/* Watches that can hold, as bits: on a type, on a kind of descriptor, outside of
	 * containers, without latency. */
	uint64_t of_type[EV__N], of_fd[WATCH_FDS], on_host, untimed;
};

void watcher_init(struct watcher *w, struct blocks *x);
void watcher_release(struct watcher *w);
/* At a place behind the last event or before it. */
void watcher_begin(struct watcher *w);
/* The parts from part on, up to but not to_part, have been read. */
void watcher_end(struct watcher *w, unsigned part, unsigned to_part);
void watcher_next(struct watcher *w, uint64_t num);
void watcher_look(struct watcher *w, uint64_t due, const struct field_ctx *c);
void watcher_who(struct watcher *w, const struct thread *t);

/* What fields of descriptors see: one of a kind, none, or after a loss perhaps one. */
static inline unsigned watcher_fd(const struct field_ctx *c)
{
	const bool has = c->cur->thread
		&& c->ev->desc->flags & (EF_CREATES_FD | EF_USES_FD | EF_DESTROYS_FD);
	const struct fdinfo *f = has ? c->cur->fd : NULL;

	if (f)
		return f->kind < FD__N ? f->kind : FD_UNKNOWN;
	return c->cur->after_loss ? WATCH_LOST : WATCH_NO_FD;
}

static inline bool watcher_on_host(const struct field_ctx *c)
{
	return !c->cur->container && c->cur->thread && !c->cur->thread->proc->container;
}

static inline void watcher_add(struct watcher *w, const struct field_ctx *c)
{
	uint64_t due;

	if (c->ev->num >= w->end)
		watcher_next(w, c->ev->num);
	if (c->cur->thread
	    && (c->cur->thread != w->thread || c->ev->desc->flags & EF_MODIFIES_STATE))
		watcher_who(w, c->cur->thread);
	due = w->of_type[c->ev->type] & w->of_fd[watcher_fd(c)] & ~w->seen;
	if (!c->ev->latency)
		due &= w->untimed;
	if (due && watcher_on_host(c))
		due &= w->on_host;
	if (due)
		watcher_look(w, due, c);
}

/* ---- leaving out ---- */

/* What is looked for. */
struct sieve {
	const struct blocks *x;
	struct event_set types;
	struct event_set always;	/* no watch looks at these: samples */
	uint64_t watches;		/* all of which must hold, as bits */
	uint64_t from, to;		/* of time */
	uint64_t from_num, to_num;	/* events from the first and before the second */
	bool of_pid, of_name;		/* only events of processes with one of these hashes */
	unsigned pid, name;
	const uint64_t *nums;		/* only these, in order; NULL: any */
	size_t n_nums;
	bool on;			/* a source never ends within the recording */
	uint64_t ended;			/* the block where a source ended for now; 0: none */
};

/* For all events of these types on which the filter of a view holds. */
void sieve_init(struct sieve *v, const struct blocks *x, const struct event_set *types,
		const char *filter);
/* And on which c holds as well. */
void sieve_cond(struct sieve *v, const struct cond *c);
/* Is there anything to be left out? */
bool sieve_works(const struct sieve *v);
/* The first block from the i-th on that must be read; x->n: there is none.  Of a sieve that
 * works. */
size_t sieve_next(const struct sieve *v, size_t i);
/* The first number from num on that can be looked for; UINT64_MAX: there is none. */
uint64_t sieve_skip(const struct sieve *v, uint64_t num);
/* Does a part have to be read at all? */
bool sieve_part(const struct sieve *v, unsigned part);
/* The block of event num, or the first behind it. */
size_t blocks_at(const struct blocks *x, uint64_t num);
/* For a source that reads a part: its events end behind the last block there that matters. */
enum pick sieve_ask(void *sieve, uint64_t first_num);

#endif
