/* SPDX-License-Identifier: Apache-2.0 */
/* From events to rows: a view made ready, and one reader's table of it. */
#ifndef SAKER_BROWSE_GATHER_H
#define SAKER_BROWSE_GATHER_H

#include "analyze/browse/model/spectrum.h"
#include "analyze/browse/model/table.h"
#include "rules/lang/cond.h"
#include "rules/set/ruleset.h"

/* Values of alerts that are no fields of events. */
enum rule_field { RULE_NONE, RULE_NAME, RULE_PRIORITY, RULE_TAGS, RULE_LINE, RULE_FIELDS };

enum rule_field gather_rule_field(const char *text);

struct gather_field {
	struct field_ref ref;
	uint8_t rule;		/* enum rule_field; then ref is not set */
	bool none;		/* the column has no field */
	bool settled;		/* changes only with events that change the process */
};

/* A view whose fields are looked up.  Shared by threads. */
struct gather_plan {
	const struct view *view;
	struct cond *filter;	/* NULL: all events */
	struct gather_field keys[VIEW_KEYS_MAX], columns[VIEW_COLUMNS_MAX];
	struct event_set types;	/* that can count */
	uint32_t due[EV__N];	/* columns that an event of the type can add to, as bits */
	uint32_t sampled[2];	/* the same of samples: of a thread, of a processor */
	bool bulk;		/* wants payloads */
	bool processes;		/* the rows are processes */
	bool by_process;	/* the first key is proc.pid */
	struct arena arena;
};

/* Negative: err_text (of a user's view: FILE:LINE: text). */
int gather_plan_init(struct gather_plan *p, const struct view *v);
void gather_plan_release(struct gather_plan *p);

/* A value that a row stands for. */
struct gather_key {
	const struct gather_field *field;
	bool known, bytes;
	uint64_t u;
	struct text text;	/* of bytes: not a text if the field is an address */
};
unsigned gather_keys(const struct gather_plan *p, const struct row *r,
		     struct gather_key out[VIEW_KEYS_MAX]);

struct gather {
	const struct gather_plan *plan;
	struct cond *filter;
	struct table table;
	struct row *last;	/* of the event before */
	bool selects;		/* there are events that it is not told of */
	struct slices slices;	/* of a spectrum */
	struct buf key, last_key, text;
};

/* An event, or an alert on it. */
struct gather_event {
	const struct field_ctx *c;
	const struct rule *rule;	/* NULL: no alert */
	const char *line;
	size_t line_len;
};

void gather_init(struct gather *g, const struct gather_plan *p);
void gather_release(struct gather *g);
/* Empties the table; of a spectrum slices must have been set before. */
void gather_reset(struct gather *g);
void gather_add(struct gather *g, const struct gather_event *e);
/* What the recorder told of a thread or a processor by itself: no event, and not counted. */
void gather_sample(struct gather *g, const struct gather_event *e);
/* Does the view show anything of samples? */
bool gather_samples(const struct gather_plan *p);
/* Processes that the snapshot tells of, before they do anything. */
void gather_snapshot(struct gather *g, const struct field_ctx *c);
/* A text that says that nothing is known: some fields have it as their value. */
bool gather_is_unknown(const struct fval *v);
/* The row of an alert in a view of alerts; 0 where its keys are others than event and rule. */
uint64_t gather_alert_row(const struct view *v, uint64_t num, const char *rule);
/* The row of the process of t in any table of processes. */
uint64_t gather_process_id(const struct thread *t);

#endif
