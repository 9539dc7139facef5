/* SPDX-License-Identifier: Apache-2.0 */
/* A pass over a recording.  It is cut into parts, always the same ones; readers take them by
 * turns, and cut what they gather into parcels after so many events.  The clerk joins parcels in
 * order of parts, so what comes out depends neither on the number of threads nor on who was
 * faster.
 *
 * All that several threads look at stands under the one mutex of the browser; results are
 * written by the clerk alone, in short steps. */
#ifndef SAKER_BROWSE_SCAN_H
#define SAKER_BROWSE_SCAN_H

#include <pthread.h>

#include "analyze/alert/detect.h"
#include "analyze/browse/model/gather.h"
#include "analyze/browse/model/model.h"
#include "analyze/browse/model/sieve.h"

enum {
	SCAN_VIEWS_MAX = 12,
	HISTOGRAM = 4096,	/* buckets over the range of a scan */
	FIRST_EVENTS = 1 << 15,	/* of the first parcel: there is soon something to show */
	PARCEL_EVENTS = 1 << 18,
	PARCEL_BYTES = 24 << 20,
	TABLE_ROWS_MAX = 200000,	/* more are thrown away by halves */
	TABLE_BYTES_MAX = 48 << 20,
	DISORDER_NS = 1000000000,	/* events of several processors are in order to within it */
};

/* What is looked for. */
struct scan_plan {
	struct gather_plan views[SCAN_VIEWS_MAX];
	unsigned n_views;
	struct cond *filter;	/* of the focus; NULL: all */
	uint64_t from, to;
	bool rules;		/* run them: alerts */
	bool marks;		/* note alerts, losses and new programs */
	bool plain;		/* no focus: processes of the snapshot belong to it */
};

struct histogram {
	uint32_t n[HISTOGRAM];
};

/* One reader's results over a run of events. */
struct parcel {
	struct parcel *next;
	unsigned part;
	bool last;		/* of its part */
	uint64_t limit;		/* the recording was read to there, for now; 0: not so far */
	uint64_t hi;		/* range of the histograms */
	size_t bytes;		/* of memory, about */
	struct table tables[SCAN_VIEWS_MAX];
	struct histogram events, alerts, lost;
	struct mark *marks;
	size_t n_marks, marks_cap;
	struct buf lines;		/* of alerts: pid, length, bytes */
	uint64_t n_events, n_counted;	/* read; in focus */
	uint64_t n_lost, n_losses, n_alerts[PRIORITY__N];
	uint64_t done_ts, bytes_done, last_num;
	struct table programs;		/* run in it, by path */
};

/* What a scan has found so far. */
struct scan {
	struct scan *next;
	struct browse *b;
	struct scan_plan plan;
	unsigned n_refs;
	bool cancelled;			/* read without the lock: scan_cancel */
	bool complete;			/* there is nothing more to come */
	bool follows;			/* its last part ends where the recording does */
	bool caught_up;			/* it has been at the end */
	bool widens;			/* the histograms' range does as well */
	bool base;
	bool alone;			/* one part: correlations remember from part to part */
	bool sieved;			/* blocks without rows are left out */
	struct sieve sieve;
	struct scan *parent;		/* whose condition is this one's; it has a reference */
	char *name;			/* view and focus, to find it again */
	/* parts */
	unsigned n_parts, first_part;	/* n_parts: behind the last */
	unsigned next_part;		/* nobody has begun it */
	unsigned joining;		/* whose parcels are joined now */
	unsigned n_working;		/* readers on it */
	struct pass *tail;		/* waits for more at the end; nobody works on it */
	uint64_t tail_size;		/* how far it has read */
	uint64_t joined;		/* results tell of all before this byte */
	struct parcel *waiting;		/* in any order of parts; of one part in order */
	size_t waiting_bytes;
	/* results */
	struct table tables[SCAN_VIEWS_MAX], doomed;	/* doomed: may yet be shown */
	struct histogram *events, *alerts, *lost;
	uint8_t *worst;			/* by bucket */
	uint64_t lo, hi;		/* the range that the histograms are of */
	uint64_t generation;
	uint64_t n_events, n_counted, n_all;	/* n_all: to be read, estimated */
	uint64_t n_lost, n_losses, n_alerts[PRIORITY__N];
	uint64_t done_ts, bytes_done, last_num;
	char failed[256];
	uint64_t last_used;		/* for throwing away results that nobody has open */
};

/* A part: a run of key frames, and what the index says of it. */
struct part {
	unsigned from_key, to_key;	/* to_key 0: to the end */
	uint64_t off;			/* of its key frame; 0: it begins with the recording */
	uint64_t first_num, n_events, first_ts, last_ts;
};

/* Behind this event there are none up to the time to. */
static inline bool range_is_over(uint64_t to, const struct event *ev)
{
	return to != UINT64_MAX && ev->num && ev->ts > to && ev->ts - to > DISORDER_NS;
}

/* Cuts the recording; out has room for PARTS_MAX.  One that grows gets another part with each key
 * frame, PARTS_GROWN_MAX in all: there is one every 30 s, or more often where much happens. */
enum { PARTS_MAX = 1024, PARTS_GROWN_MAX = 1 << 18 };
unsigned parts_of(struct source *s, struct part *out);
/* Where the recording has grown: what the index says of that. */
void parts_grow(struct browse *b);

/* One reader: takes parts of scans until it is told to stop. */
struct reader {
	struct browse *b;
	struct source *source;
	uint64_t damage_told;
	struct reader *aside;	/* has a source for what the first pass gives way to; or NULL */
	bool runs;
	pthread_t thread;
};
void *reader_run(void *reader);
/* Amid a part of the first pass: reads all parts of more urgent scans that nobody has begun, and
 * waits while a list of events is read. */
void reader_give_way(struct reader *r);

/* A scan for a plan, which it takes over; not yet known to anybody. */
struct scan *scan_new(struct browse *b, const struct scan_plan *plan);
void scan_free(struct scan *s);
/* Nobody wants more of it; with the lock. */
static inline void scan_cancel(struct scan *s)
{
	__atomic_store_n(&s->cancelled, true, __ATOMIC_RELAXED);
}
static inline bool scan_is_cancelled(const struct scan *s)
{
	return __atomic_load_n(&s->cancelled, __ATOMIC_RELAXED);
}
/* Joins a parcel and frees it; the clerk, without the lock. */
void scan_join(struct scan *s, struct parcel *p);
void parcel_free(struct parcel *p);
/* The parcel whose turn it is, taken off the list; with the lock. */
struct parcel *scan_take(struct scan *s);
/* All that there is by now; with the lock. */
bool scan_complete(const struct scan *s);
/* The time that its results are of, for rates; with the lock. */
uint64_t scan_span(const struct scan *s);
/* The slices of its spectra, before any event. */
struct slices scan_slices(const struct scan *s);
/* Buckets become twice as wide.  False: they cannot. */
bool histogram_widen(uint64_t lo, uint64_t *hi);
void histogram_halve(struct histogram *h);
void tail_free(struct pass *p);
/* Whether a scan has gathered this view's rows; its place in tables. */
bool scan_has(const struct scan *s, const struct view *v, unsigned *at);
/* Its table of processes, if it gathers one; or NULL. */
const struct table *scan_processes(const struct scan *s);
unsigned scan_permille(const struct scan *s);

#endif
