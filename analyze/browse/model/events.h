/* SPDX-License-Identifier: Apache-2.0 */
/* The list of events in focus, of which a window around a place is known.  Rows are fetched by
 * seeking the key frame before the place and reading on from there; those near what was shown
 * last are kept. */
#ifndef SAKER_BROWSE_EVENTS_H
#define SAKER_BROWSE_EVENTS_H

#include "analyze/browse/model/query.h"

struct events;

/* v: a view of kind VIEW_EVENTS, whose columns are shown.  NULL: err_text. */
struct events *events_open(struct browse *b, const struct view *v, const struct focus *f);
void events_close(struct events *e);
const struct view *events_view(const struct events *e);

struct event_row {
	uint64_t num, ts;
	uint32_t tid, pid;
	uint16_t type;		/* enum event_id */
	bool failed;		/* the system call failed */
	uint32_t n_alerts;
	uint8_t worst;		/* PRIORITY__N: no alert */
	uint64_t lost_before;	/* events lost since the row before */
	struct datum *cells;	/* one for each column of the view */
};

struct event_window {
	size_t n, at;		/* rows; which of them is the place (n: none yet) */
	bool complete;		/* all that was asked for, or there is no more */
	bool begin, end;	/* the first row is the first of the list, the last the last */
	struct event_row *v;
	struct arena arena;
};

/* Up to before rows before a place, the place, and up to after rows behind it.  What is not
 * there yet is asked for.  place->num of an event that is not in focus: the next one that is. */
void events_window(struct events *e, const struct place *p, unsigned before, unsigned after,
		   struct event_window *out);
void event_window_release(struct event_window *w);

/* Looks for the next event (direction 1) or the one before (-1) num on which a condition holds,
 * within the focus.  Negative: err_text (the condition is wrong).  A new search ends the old. */
int events_search(struct events *e, uint64_t num, int direction, const char *condition);
/* The same for a text in any column. */
int events_search_text(struct events *e, uint64_t num, int direction, const char *text);
/* 1: found, *out; 0: there is none; -1: still looking (*out: how far). */
int events_found(struct events *e, struct place *out);
void events_search_stop(struct events *e);

/* Where one can go from an event: its process, its descriptor, its container. */
unsigned events_links(struct events *e, uint64_t num, struct link out[LINKS_MAX],
		      struct arena *a);

#endif
