/* SPDX-License-Identifier: Apache-2.0 */
/* What the list of events (events.c), its reading (events_read.c) and searching in it (search.c)
 * share; events_back.c reads what is before a place, events_tail.c goes on where a recording grows,
 * events_row.c makes rows.
 *
 * Known rows (events_known.c) are one run: all events in focus whose numbers are from lo up to hi.
 * It grows at both ends and begins anew when a place far from it is asked for. */
#ifndef SAKER_BROWSE_EVENTS_PARTS_H
#define SAKER_BROWSE_EVENTS_PARTS_H

#include "analyze/browse/model/events.h"
#include "analyze/browse/model/kept.h"
#include "analyze/browse/model/links.h"
#include "analyze/browse/model/seek.h"

enum {
	ROWS_AHEAD = 200,	/* fetched beyond what is asked for */
	AHEAD_EVENTS = 20000,	/* read for them at most */
	ROWS_KEPT = 4000,
	CELL_TEXT_MAX = 2048,
	LOOK_EVERY = 4096,
};

/* A row with its cells and texts in one piece of memory. */
struct cached {
	struct event_row row;
	struct subject subject;		/* its texts are in here as well */
	struct datum cells[];
};

struct wish {
	struct place place;
	unsigned before, after;
};

struct search {
	struct job job;
	struct events *e;
	uint64_t num;			/* asked for */
	int direction;
	struct cond *filter;		/* focus and condition */
	struct sieve sieve;
	char *text;			/* NULL: a condition */
	struct place at;		/* found, or how far it is */
	int state;			/* as events_found */
};

struct events {
	struct job job;
	struct browse *b;
	const struct view *view;
	struct gather_plan plan;
	struct cond *filter;		/* of focus and view; NULL: all */
	struct focus focus;		/* texts in arena */
	struct arena arena;
	struct event_set types;		/* that can be in the list */
	struct sieve sieve;
	uint64_t lost;			/* behind the last row, as far as the seeker has read */
	/* under the lock */
	struct wish wish;
	bool answered;			/* no more can be found for it ... */
	uint64_t answered_size;		/* ... in a recording of that size */
	struct cached **v;
	size_t n, cap;
	uint64_t lo, hi;		/* 0: nothing is known */
	bool begin, end;
	uint64_t size;			/* of the recording when that was its end */
	uint64_t last;			/* the last event that was read there */
	uint64_t ts_asked, ts_num;	/* event at or after a time; num 0: there is none */
	bool ts_known;
	struct search *search;
	unsigned n_refs;		/* of list and search */
};

/* True if the event is in the list. */
bool events_fits(const struct events *e, struct cond *filter, const struct seeker *s);
struct cached *events_row(const struct events *e, const struct seeker *s);
/* How many events were lost, if the seeker is at a loss. */
static inline uint64_t events_loss(const struct seeker *s)
{
	return s->ev.num == 0 && s->ev.type == EV_LOSS ? value_u64(EV(&s->ev, LOSS, count), 0) : 0;
}
/* Does the list have all events from its first on? */
static inline bool events_is_plain(const struct events *e)
{
	return !e->filter && e->focus.from == 0;
}
static inline bool events_needs_bulk(const struct events *e)
{
	return e->plan.bulk || (e->filter && cond_needs_bulk(e->filter));
}
/* About n more rows before lo. */
void events_read_back(struct events *e, struct seeker *s, unsigned n);
/* The number of the n-th event in focus before num; of the first where the part has fewer, num
 * where it has none. */
uint64_t events_before(struct events *e, struct seeker *s, uint64_t num, unsigned n);
/* The event, or the first that can still be read if that is behind it. */
uint64_t events_reach(const struct events *e, uint64_t num);
/* What came behind hi, of which the last rows are kept and at least before of them. */
void events_read_tail(struct events *e, struct seeker *s, unsigned before);
void events_run(struct job *j, struct seeker *s);
/* The place behind all events, of a recording that grows. */
static inline bool is_end(const struct events *e, const struct place *p)
{
	return !p->num && p->ts == UINT64_MAX && e->b->grows;
}

/* ---- the run of known rows ---- */

/* Where the first row from event num on stands. */
size_t events_at(const struct events *e, uint64_t num);
/* No rows, and nothing is known; with the lock. */
void events_clear(struct events *e);
/* No rows, and those to come begin at num. */
void events_begin(struct events *e, uint64_t num);
void events_append(struct events *e, struct cached *c);
/* n rows, before which all is known from number lo on. */
void events_prepend(struct events *e, struct cached **v, size_t n, uint64_t lo);
/* All is known up to number hi.  end: there was no more, for this seeker. */
void events_told(struct events *e, const struct seeker *s, uint64_t hi, bool end);
/* Drops rows that are far from event num. */
void events_trim(struct events *e, uint64_t num);

#endif
