/* SPDX-License-Identifier: Apache-2.0 */
/* Seekers: threads that fetch events from anywhere in the recording for one client at a time.
 *
 * A client is a struct job within a list of events, a detail or a stream.  It notes under the lock
 * what it wants and calls job_ask; its run is called without the lock.  When it is asked
 * again while it runs, job_over tells it to come back and be run anew. */
#ifndef SAKER_BROWSE_SEEK_H
#define SAKER_BROWSE_SEEK_H

#include "analyze/browse/model/inside.h"

enum seeker_kind { SEEK_ROWS, SEEK_DETAIL, SEEK_LONG };

struct seeker;

struct job {
	struct job *next;
	struct browse *b;
	struct seeker *seeker;
	uint64_t id;			/* of all jobs that ever were */
	bool pending, running, closed;
	bool again;			/* asked while running; read without the lock */
	void (*run)(struct job *j, struct seeker *s);
	void (*release)(struct job *j);	/* frees what it is part of */
};

struct seeker {
	struct browse *b;
	struct source *source;
	struct state *st;
	struct arena scratch;
	struct field_env env;
	struct field_ctx ctx;
	struct event ev;
	struct job *jobs;		/* pending */
	uint64_t owner;			/* job that the place below belongs to; 0: nobody's */
	uint64_t num;			/* of the last event read */
	uint64_t most;			/* the largest since the part began: they may go back */
	uint64_t bulk_from;		/* payloads are wanted from this event on */
	bool bulk;
	struct sieve sieve;		/* of the part that is read */
	pthread_cond_t wake;
	pthread_t thread;
	bool runs;
};

struct seeker *seeker_new(struct browse *b, struct source *s);
int seeker_start(struct seeker *s);
void seeker_free(struct seeker *s);

void job_init(struct job *j, struct browse *b, enum seeker_kind kind,
	      void (*run)(struct job *, struct seeker *), void (*release)(struct job *));
/* With the lock. */
void job_ask(struct job *j);
/* Releases it now or when its run is over; with the lock. */
void job_close(struct job *j);
static inline bool job_over(const struct job *j)
{
	return __atomic_load_n(&j->again, __ATOMIC_RELAXED)
		|| __atomic_load_n(&j->b->stop, __ATOMIC_RELAXED);
}

/* Goes to the begin of a part.  types: that will be looked at; NULL: all.  Payloads come from
 * event bulk_from on, as far as blocks allow. */
int seek_part(struct seeker *s, unsigned part, uint64_t owner, const struct event_set *types,
	      uint64_t bulk_from);
/* The same, and only what a sieve lets through is looked at (sieve.ended: it is at an end for now,
 * there may be more in other parts). */
int seek_sifted(struct seeker *s, unsigned part, uint64_t owner, const struct event_set *types,
		bool bulk, const struct sieve *v);
/* The number of the last event that the seeker can read. */
uint64_t seek_last(const struct seeker *s);
/* The first event of a part or behind it that is not before ts: its number, or the one behind the
 * last.  Leaves the place and the state alone to whoever seeks next.  stop: job_over ends it. */
uint64_t seek_time(struct seeker *s, unsigned part, uint64_t ts, const struct job *stop);
/* The next event in s->ev, with s->ctx and the state after it; pseudo events too.  Events before
 * skip_to only reach the state.  0, 1 at the end, negative: failure. */
int seek_next(struct seeker *s, uint64_t skip_to);

#endif
