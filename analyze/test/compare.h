/* SPDX-License-Identifier: Apache-2.0 */
/* Two versions of a rule set over the same recordings: which alerts were gained, lost or
 * changed.  Both look at each event of one reading, over one state.
 *
 *   compare_new(&options)
 *   compare_add(c, path)		any number: recordings
 *   sandbox_enter()			all that is needed is open
 *   compare_run(c)
 *   compare_text, compare_json, compare_markdown (compare_print.h)
 *
 * What is found is the same for any number of threads. */
#ifndef SAKER_TEST_COMPARE_H
#define SAKER_TEST_COMPARE_H

#include "analyze/alert/detect.h"

enum compare_kind {
	COMPARE_GAINED, COMPARE_LOST,
	COMPARE_CHANGED,		/* same event, same rule, another alert */
	COMPARE_MOVED,			/* same event, now of another rule */
	COMPARE_KINDS
};

extern const char *const compare_kind_name[COMPARE_KINDS];

/* In what a rule, or an alert of it, is another one. */
enum compare_what {
	COMPARE_NAME = 1 << 0,
	COMPARE_CONDITION = 1 << 1,
	COMPARE_PRIORITY = 1 << 2,
	COMPARE_OUTPUT = 1 << 3,
	COMPARE_TAGS = 1 << 4,
	COMPARE_ENABLED = 1 << 5,
	COMPARE_WHATS = 6
};

extern const char *const compare_what_name[COMPARE_WHATS];

struct compare_options {
	const struct ruleset *old, *now;
	const char *old_name, *now_name;	/* for people: "HEAD~1", "rules/shell.yaml" */
	unsigned jobs;
	bool all_rules;			/* each rule that matches alerts, not only the first */
	size_t examples;		/* that are kept of a rule and a kind */
};

/* A rule of either version, or of both. */
struct compare_rule {
	const struct rule *old, *now;	/* NULL: not there */
	unsigned what;			/* enum compare_what: its definition */
	bool late;			/* correlates: its alerts come when time has passed */
	uint64_t before, after;		/* alerts */
	uint64_t n[COMPARE_KINDS];	/* MOVED: away */
	uint64_t here;			/* moved here from others */
};

/* An example. */
struct compare_diff {
	enum compare_kind kind;
	unsigned what;			/* of CHANGED */
	uint32_t rule, other;		/* index of compare_rules; other: where it moved */
	uint32_t file;			/* index of recordings */
	uint64_t num, ts;
	const char *old, *now;		/* the alert's line of text; NULL: there is none */
};

struct compare_file {
	const char *path;
	uint64_t n_events, n_lost;
	struct source_damage damage;
};

struct compare;

/* NULL with a message: an output does not compile. */
struct compare *compare_new(const struct compare_options *o);
void compare_free(struct compare *c);

/* Opens a recording.  Negative with a message. */
int compare_add(struct compare *c, const char *path);
/* Another source of events, which is closed when it has been read. */
void compare_add_source(struct compare *c, const char *name, struct source *s);
/* Reads all.  Negative: the recording that the message names could not be read. */
int compare_run(struct compare *c);

const struct compare_options *compare_options(const struct compare *c);
/* Those of now in order of definition, then those that are there no more. */
const struct compare_rule *compare_rules(const struct compare *c, size_t *n);
const struct compare_file *compare_files(const struct compare *c, size_t *n);
/* Examples by rule, kind, recording and event. */
const struct compare_diff *compare_diffs(const struct compare *c, size_t *n);

/* Sums over all rules. */
struct compare_sum {
	uint64_t n_events, n_lost, before, after, n[COMPARE_KINDS];
	size_t added, removed, renamed, edited;
};
struct compare_sum compare_sum(const struct compare *c);
/* Alerts differ, or a rule came, went or changed its name. */
bool compare_differs(const struct compare *c);

static inline const struct rule *compare_rule_any(const struct compare_rule *r)
{
	return r->now ? r->now : r->old;
}

static inline bool compare_renamed(const struct compare_rule *r)
{
	return r->what & COMPARE_NAME;
}

#endif
