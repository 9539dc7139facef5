/* SPDX-License-Identifier: Apache-2.0 */
/* A query: a view over what is in focus, filled while one looks at it.
 *
 *   q = query_open(b, view, &focus);	starts a scan, or finds the result of an earlier one
 *   query_rows(q, first, n, &rows);	the rows in sight, as far as they are known
 *   query_close(q);			cancels; what was complete is kept for a while
 */
#ifndef SAKER_BROWSE_QUERY_H
#define SAKER_BROWSE_QUERY_H

#include "analyze/browse/model/model.h"
#include "analyze/browse/model/spectrum.h"

struct query;

/* NULL: err_text (a filter is wrong).  All kinds but VIEW_EVENTS. */
struct query *query_open(struct browse *b, const struct view *v, const struct focus *f);
void query_close(struct query *q);
/* This is what the user looks at: it is read before all others. */
void query_front(struct query *q);
const struct view *query_view(const struct query *q);

struct query_status {
	uint64_t generation;	/* changes whenever rows or their order do */
	unsigned permille;
	bool complete;
	bool live;		/* or all but what has just come */
	uint64_t done_ts;	/* rows tell of all events before it */
	size_t n_rows;		/* that fit the search */
	uint64_t n_events;	/* in focus, and of the view */
	uint64_t n_evicted;	/* rows thrown away because there were too many */
	uint64_t evicted_events;	/* which they counted */
	const char *failed;	/* why it ended early; NULL: it did not */
};
void query_status(struct query *q, struct query_status *out);

/* Order of rows; takes effect soon (generation).  Of a tree: order of siblings. */
void query_sort(struct query *q, unsigned column, bool ascending);
/* Only rows with a text that has this one, in any case; "" or NULL: all. */
void query_search(struct query *q, const char *text);
/* Trees: only processes alive at ts, 0: all. */
void query_at(struct query *q, uint64_t ts);
/* Trees: hides or shows what is below a row. */
void query_fold(struct query *q, uint64_t row, bool folded);

/* The value of a column.  Number or text as the unit says: UNIT_TEXT has text. */
struct datum {
	bool known;		/* false: no event of the row has it */
	bool more;		/* a count that ended at DISTINCT_MAX */
	uint64_t u;		/* UNIT_NUMBER, UNIT_ID: as i64 if is_signed */
	bool is_signed;
	const char *text;
	uint32_t len;
};

struct query_row {
	uint64_t id;		/* the same in all snapshots of the query */
	struct datum *cells;	/* one for each column of the view */
	/* of trees and processes */
	uint16_t depth;
	uint32_t lines;		/* bit 0: its parent has siblings below it, bit 1: the next, ... */
	bool has_children, folded, last_child;
	bool beside;		/* an ancestor, here for what is below it */
	uint64_t start_ts, end_ts;	/* 0: before, after the recording */
	int exit_status;	/* as wait(2) gives it; -1 where not known */
	uint32_t n_alerts;	/* of its process */
	uint8_t worst;		/* enum priority of the worst alert; PRIORITY__N: none */
};

/* Rows in sight; memory of it is kept from call to call. */
struct query_rows {
	size_t first, n, n_all;
	uint64_t generation;
	struct query_row *v;
	struct arena arena;
};

/* The n rows from the first-th; fewer at the end. */
void query_rows(struct query *q, size_t first, size_t n, struct query_rows *out);
void query_rows_release(struct query_rows *r);
/* Where a row stands now; SIZE_MAX: nowhere. */
size_t query_find(struct query *q, uint64_t id);
/* Of a view of alerts: where the row of the first alert on an event stands; SIZE_MAX: nowhere. */
size_t query_find_alert(struct query *q, uint64_t num);
/* Where the first row stands that is no ancestor beside; 0 if there is none. */
size_t query_first(struct query *q);

/* Of a view of kind VIEW_SPECTRUM all cells, if there is news since out was filled. */
void query_spectrum(struct query *q, struct spectrum *out);

/* The condition that an event of the view has a value in the bins from first to before end. */
const char *spectrum_condition(const struct view *v, unsigned first, unsigned end, struct arena *a);

/* Text of a value as people read it (4.2K, 14:03:07.1, 3 min), quoted for a terminal.  utc_offset:
 * seconds east; exact: all digits, for export. */
void datum_text(struct buf *out, const struct datum *c, enum unit unit, int64_t utc_offset,
	       bool exact);

/* ---- where one can go from a row ---- */

enum { LINKS_MAX = 12 };

struct link {
	const char *title;	/* "who else touched this file" */
	const char *view;	/* id of the view it leads to */
	const char *filter;	/* to add to the focus; "": none */
	bool alone;		/* instead of the focus's filters, not with them */
	uint64_t num;		/* the event to go to; 0: none */
};

/* The first is what Enter does.  Texts live in a.  How many. */
unsigned query_links(struct query *q, uint64_t row, struct link out[LINKS_MAX],
		     struct arena *a);

/* ---- values seen in the recording, for completion ---- */

/* Up to max values of a field (proc.name, fd.name, ...) that begin with text, out of what has
 * been read by now. */
size_t browse_values(struct browse *b, const char *field, const char *text, const char **out,
		     size_t max, struct arena *a);

#endif
