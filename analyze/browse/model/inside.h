/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the model share: the browser behind model.h, as open.c makes it. */
#ifndef SAKER_BROWSE_INSIDE_H
#define SAKER_BROWSE_INSIDE_H

#include <pthread.h>

#include "analyze/browse/model/blocks.h"
#include "analyze/browse/model/original.h"
#include "analyze/browse/model/query.h"
#include "analyze/browse/model/scan.h"

enum { READERS_MAX = 8, SEEKERS = 3, KEPT_SCANS = 6 };

struct alert_line {
	char *line;		/* NULL: there are too many */
	uint32_t len, pid;
};

struct marks {
	struct mark *v;		/* in order of num */
	size_t n, cap;
};

struct details;
struct query;
struct seeker;

struct browse {
	struct ruleset *rules;
	const struct views *views;
	struct field_env env;
	struct source_info info;
	struct original original;	/* of the user's thread */
	/* Of reader 0, or of nobody where the recording grows: info has its texts. */
	struct source *first;
	/* What grows is written by the user's thread alone, with the lock; of parts the first
	 * number and key stay what they are. */
	bool grows, over;		/* over: it has done so */
	struct part parts[PARTS_GROWN_MAX];
	unsigned n_parts;
	struct blocks blocks;		/* of one that does not grow */
	size_t n_indexed;		/* entries of the index that parts tell of */
	unsigned n_keys;		/* among them */
	uint64_t key_off;		/* of the last of them */
	struct {
		uint64_t bytes;		/* 0: all is kept */
		unsigned part;		/* the first one */
	} kept;
	struct alert_printer *printer;
	struct detect_plan detect;

	pthread_mutex_t lock;
	pthread_cond_t work, parcels;
	unsigned n_waiting;		/* for the lock */
	bool timed;			/* latencies have been seen; atomic */
	bool sampled[2];		/* samples of threads, of processors; atomic */
	bool contains;			/* something in a container has been seen; atomic */
	bool stop, arrange, parcel_came;	/* arrange: a query wants other rows */
	int event_fd;
	uint64_t n_changes;
	struct reader readers[READERS_MAX];
	struct reader asides[READERS_MAX];	/* of a recording that does not grow */
	unsigned n_readers;
	pthread_t clerk;
	bool clerk_runs;
	struct seeker *seekers[SEEKERS];
	bool rows_wanted;		/* of a list of events: the first pass begins no part */
	struct details *details;

	struct scan *scans;		/* all, the most urgent first */
	struct scan *base;
	struct scan *zoom;		/* of the timeline; of the user's thread */
	struct query *queries;
	uint64_t clock;			/* of last_used */
	uint64_t n_jobs;
	struct marks marks[MARK__N];
	struct alert_line *lines;	/* by place in marks[MARK_ALERT] */
	size_t n_lines, lines_cap;
	size_t lines_bytes;
	struct table programs;		/* that have been run, by path; of the clerk alone */
	struct source_damage damage;
};

static inline void browse_lock(struct browse *b)
{
	__atomic_add_fetch(&b->n_waiting, 1, __ATOMIC_RELAXED);
	pthread_mutex_lock(&b->lock);
	__atomic_sub_fetch(&b->n_waiting, 1, __ATOMIC_RELAXED);
}

static inline void browse_unlock(struct browse *b)
{
	pthread_mutex_unlock(&b->lock);
}

/* Lets others have the lock for a moment: the mutex alone is not fair. */
void browse_pause(struct browse *b);
/* Something can be drawn anew; with or without the lock. */
void browse_tell(struct browse *b);
/* Behind a parcel or a request: queries put their rows in order; true: some did.  The clerk,
 * without the lock. */
bool queries_arrange(struct browse *b);
void *clerk_run(void *browse);
void queries_free(struct browse *b);
struct scan *query_scan(struct query *q);
/* Compiles the conditions of a focus and one more (or NULL) into one.  0 with *out NULL: there are
 * none. */
int focus_compile(const struct browse *b, const struct focus *f, const char *more,
		  struct cond **out);
/* Begins a scan; takes the lock. */
void browse_begin(struct browse *b, struct scan *s);
/* Takes the source to where all read now: with the lock limit_of, without it limit_take. */
struct limit {
	uint64_t size;
	bool over;
};
static inline struct limit limit_of(const struct browse *b)
{
	return (struct limit){ b->grows ? b->info.size : 0, b->over };
}
void limit_take(struct browse *b, const struct limit *l, struct source *s);
static inline unsigned browse_n_parts(const struct browse *b)
{
	return __atomic_load_n(&b->n_parts, __ATOMIC_ACQUIRE);
}
/* Index of the part that event num, or time ts where num is 0, is in.  Takes the lock. */
unsigned browse_part(struct browse *b, uint64_t num, uint64_t ts);
/* Alerts of an event: how many, *worst.  With the lock held. */
uint32_t marks_alerts(const struct browse *b, uint64_t num, uint8_t *worst);

#endif
