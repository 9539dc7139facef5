/* SPDX-License-Identifier: Apache-2.0 */
/* The model of saker browse: a recording that is looked at, without a terminal.
 *
 * Threads.  One thread, that of the user interface, calls what is declared in model.h,
 * query.h, timeline.h, events.h, detail.h and stream.h.  None of these calls waits: each looks at
 * what is known by now, under a lock held for microseconds, or leaves a request behind.  The
 * work is done by threads that nobody sees: readers that take parts of the recording (scan.h),
 * a clerk that joins their results in order of time and sorts, and a seeker that fetches events.
 * Whenever there is more to show, browse_fd becomes readable.
 *
 * Results are the same for any number of threads: a recording is always cut into the same parts.
 *
 * Texts that come out are bytes of the recording: quote them before they reach a terminal. */
#ifndef SAKER_BROWSE_MODEL_H
#define SAKER_BROWSE_MODEL_H

#include "analyze/browse/model/view.h"
#include "capture/trace/source.h"
#include "rules/set/ruleset.h"

struct browse;

struct browse_options {
	const char *path;
	struct ruleset *rules;	/* finished; NULL: no alerts.  Outlives the browser */
	const struct views *views;	/* outlives the browser */
	const struct field_env *env;
	/* Called when all files are open, before the first thread: the place for a sandbox.
	 * NULL: nothing to do; negative: err_text. */
	int (*opened)(void *arg);
	void *arg;
	unsigned threads;		/* readers; 0: as many as processors, at most 8 */
	bool grows;			/* a .skr that is still written to: see browse_grow */
	uint64_t keep;			/* of one that grows, so many bytes are kept; 0: all */
};

/* Opens the recording and starts to read it.  NULL: err_text. */
struct browse *browse_open(const struct browse_options *o);
/* Ends all threads; queries and event lists must have been closed. */
void browse_close(struct browse *b);

/* Takes up what was appended to a recording that grows; every view goes on to it by itself, and
 * nothing that was read is read again.  Between two calls everything stands still.  over: nobody
 * writes it any more.  1: there is more; 0: there is not; negative: err_text. */
int browse_grow(struct browse *b, bool over);

/* Readable when something has changed since the last browse_changed. */
int browse_fd(const struct browse *b);
/* Empties browse_fd; a number that grows with each change. */
uint64_t browse_changed(struct browse *b);

/* A place in the recording. */
struct place {
	uint64_t num;		/* of an event; 0: by time */
	uint64_t ts;		/* the first event at or after it */
};

/* The first event that can be looked at: what was before it was counted, and given up. */
struct place browse_kept(const struct browse *b);

/* What was said of the machine; first_ts and last_ts are known. */
const struct source_info *browse_info(const struct browse *b);
struct ruleset *browse_rules(const struct browse *b);
const struct views *browse_views(const struct browse *b);

/* Has an event been seen that tells how long its call took? */
bool browse_is_timed(const struct browse *b);
/* Columns of samples are for recordings that have samples, those of containers for recordings
 * that have containers: has one been seen, or is a column for all recordings? */
bool browse_tells(const struct browse *b, const struct view *v, unsigned column);
/* The column that a view is sorted by at the beginning. */
unsigned browse_sort(const struct browse *b, const struct view *v);

/* The first pass over all of it: alerts, marks, base views. */
struct browse_progress {
	unsigned permille;		/* 1000 stays, also where the recording grows */
	bool complete;			/* all that there is by now */
	bool live;			/* or all but what has just come */
	uint64_t done_ts;		/* all before it is known */
	uint64_t n_events, n_lost, n_losses, n_alerts[PRIORITY__N];
	uint64_t n_new_programs;	/* first runs of a program file */
	struct source_damage damage;
};
void browse_progress(struct browse *b, struct browse_progress *out);

/* The file is no longer what was opened: a sentence about that, which stays.  NULL: it is. */
const char *browse_file_change(struct browse *b);

/* ---- what is looked at: stacked conditions and a range of time ---- */

enum { FOCUS_MAX = 16 };

struct focus {
	const char *filters[FOCUS_MAX];		/* joined with and */
	unsigned n;
	uint64_t from, to;			/* 0, UINT64_MAX: all */
};

/* 0, or negative: err_text has the message with its caret (filter:1:COLUMN: ...).  "rule:NAME"
 * stands for the condition of a rule. */
int focus_check(struct browse *b, const char *filter);

/* ---- marks: places worth going to ---- */

enum mark_kind { MARK_ALERT, MARK_LOSS, MARK_PROGRAM, MARK__N };

struct mark {
	uint64_t num, ts;	/* num 0: a loss before the first event */
	uint8_t kind;		/* enum mark_kind */
	uint8_t priority;	/* of an alert */
	uint32_t rule;		/* of an alert: its place in the rule set */
	uint64_t count;		/* events lost */
	uint64_t process;	/* of an alert: row of its process, as query_row.id has it */
};

/* The next mark of a kind behind (direction 1) or before (-1) event num.  1: *out; 0: there is
 * none; -1: not known yet, ask again when something has changed. */
int browse_next_mark(struct browse *b, enum mark_kind kind, uint64_t num, int direction,
		     struct mark *out);

/* Alerts in order, from the k-th; how many were copied.  Each line is as saker analyze prints it,
 * in out memory of a. */
struct alert_row {
	struct mark mark;
	uint32_t pid;
	const char *line;	/* NULL: too many, only counted */
	size_t len;
};
size_t browse_alerts(struct browse *b, size_t k, struct alert_row *out, size_t max,
		     struct arena *a);
size_t browse_n_alerts(struct browse *b);

#endif
