/* SPDX-License-Identifier: Apache-2.0 */
/* Views: what saker browse can show, as data.  A row of views.def or of a user's YAML file
 * says by which fields events are grouped, what each column gathers over a group, which events
 * count at all, and where Enter leads.  No view has code of its own. */
#ifndef SAKER_BROWSE_VIEW_H
#define SAKER_BROWSE_VIEW_H

#include "capture/base/mem.h"
#include "replay/field/field.h"

enum view_kind {
	VIEW_TABLE,	/* a row for each value of the key */
	VIEW_TREE,	/* a table of processes, children below their parents */
	VIEW_EVENTS,	/* a row for each event: the columns are fields of it (events.h) */
	VIEW_ALERTS,	/* a table over alerts instead of events: rule.* fields may be columns */
	VIEW_SPECTRUM,	/* when how many events had which value of the key (spectrum.h) */
};

/* What a column gathers over the events of a row. */
enum gather_kind {
	GATHER_COUNT,		/* how many have the field (any event where there is none) */
	GATHER_SUM, GATHER_MIN, GATHER_MAX, GATHER_MEAN,
	GATHER_RATE,		/* sum for each second of the time that is looked at */
	GATHER_FIRST, GATHER_LAST,	/* value on the first or last event that has it */
	GATHER_DISTINCT,	/* how many different values, exact up to DISTINCT_MAX */
	GATHER_ALERTS,		/* alerts of the row's process: a badge, no field */
	GATHER__N
};

extern const char *const gather_name[];		/* "count" ...; NULL at the end */

enum { DISTINCT_MAX = 4096 };	/* beyond it is told as "4096+" */

/* How a value is printed and aligned. */
enum unit {
	UNIT_TEXT, UNIT_NUMBER,
	UNIT_ID,	/* a number that names something */
	UNIT_PORT,	/* one that belongs to an address, and stays where others do not fit */
	UNIT_BYTES, UNIT_BYTES_RATE, UNIT_RATE, UNIT_PERCENT,
	UNIT_TIME,	/* ns since the epoch */
	UNIT_SPAN,	/* ns */
	UNIT_DECADE,	/* a power of ten, of ns: evt.latency.quantized */
	UNIT_BAR,	/* a bar that is one longer when there are twice as many */
	UNIT_CPU,	/* ns each second, shown in percent of a processor */
	UNIT_SEVERITY,	/* enum priority */
	UNIT__N
};

enum { VIEW_KEYS_MAX = 4, VIEW_COLUMNS_MAX = 28, VIEWS_MAX = 128 };

static inline bool unit_is_id(unsigned unit)
{
	return unit == UNIT_ID || unit == UNIT_PORT;
}

/* Columns that only samples of the recorder fill, and those that say the same of everything
 * where there are no containers. */
enum sampled { SAMPLED_NOT, SAMPLED_THREADS, SAMPLED_PROCESSORS, SAMPLED_CONTAINERS };

struct view_column {
	const char *name, *help;	/* "BYTES IN"; one sentence */
	const char *field;		/* text of the field; NULL: none */
	uint8_t gather, unit;		/* enum gather_kind, enum unit */
	uint8_t width;			/* wanted; 0: what is left */
	bool hidden;			/* shown only when the user chooses it */
	uint8_t sampled;		/* enum sampled */
};

struct view {
	const char *id, *title, *help;
	uint8_t kind;			/* enum view_kind */
	bool base;			/* gathered when the recording is opened */
	const char *filter;		/* condition; "": all events */
	const char *keys[VIEW_KEYS_MAX];	/* fields that a row stands for */
	unsigned n_keys;
	const struct view_column *columns;
	unsigned n_columns;
	unsigned sort;			/* column at the beginning */
	unsigned sort_else;		/* where the recording tells nothing of that one */
	bool ascending;
	const char *next;		/* id of the view that Enter leads to */
	const char *file;		/* of a user's view; NULL: views.def */
	uint32_t line;
};

/* The views of views.def and, after views_load, the user's behind them. */
struct views {
	const struct view **v;
	size_t n, cap;
	struct arena arena;
};

void views_init(struct views *vs);
void views_release(struct views *vs);
/* Adds the views of a YAML file, or of a directory of *.yaml; one with the id of another takes its
 * place.  Negative: err_text has all messages, a line each, as FILE:LINE:COLUMN: text. */
int views_load(struct views *vs, const char *path);
int views_load_text(struct views *vs, const char *name, const char *text, size_t len);
/* Columns of how long calls took, as bits; and does it show nothing without that? */
uint32_t view_latencies(const struct view *v);
bool view_needs_latencies(const struct view *v);
/* Of a column with that field, which may be NULL. */
enum sampled view_sampled(const char *field);
/* The end of such a text tells more than its beginning. */
bool view_is_path(const struct view_column *c, const void *text, size_t len);
const struct view *views_find(const struct views *vs, const char *id);

#endif
