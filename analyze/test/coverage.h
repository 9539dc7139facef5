/* SPDX-License-Identifier: Apache-2.0 */
/* Coverage of rules by tests: of each part of a condition, was it true, was it false, and did
 * it decide: would turning it alone have turned the condition on that event?
 *
 * A part is met on the events that the rule looks at.  What is known from the type of an event
 * alone (evt.type = open) is also false on those of other types.  What cannot be otherwise
 * (evt.num >= 0, which stands for "always") is told apart and counted in no figure.
 *
 *   c = coverage_new();
 *   coverage_add(c, plan, log);		for each rule set
 *   coverage_finish(c, names of tests);
 *   coverage_text(c, ...), coverage_json ...	cover_*.c */
#ifndef SAKER_TEST_COVERAGE_H
#define SAKER_TEST_COVERAGE_H

#include "analyze/test/situation.h"

struct cover_place {
	const char *file;
	unsigned line, column;
};

/* How near tests came: 0: it decided.  In the units of rules/lang/explain.h. */
struct cover_near {
	uint32_t cost, test;
	uint64_t num;			/* of the event */
};

struct cover_hits {
	uint64_t is[2];			/* events on which it was false, true */
	uint64_t decided;		/* of those */
	struct cover_near near;
};

/* An item of a list: is[1] is on how many events it was met. */
struct cover_part_item {
	const char *text;
	const char *list;		/* its name; NULL: written in the condition */
	struct cover_place place;
	struct cover_hits hits;
};

struct cover_part {
	enum explain_kind kind;
	unsigned depth;
	uint32_t end;			/* the part behind its last descendant */
	bool fixed;			/* it cannot be otherwise */
	bool exception;			/* text is its name */
	bool repeat;			/* the rule has it before: a macro used twice */
	const char *text;		/* of a check, name of a macro; NULL */
	struct cover_place place;
	struct cover_hits hits;
	struct cover_part_item *items;	/* of a check over a list */
	uint32_t n_items;
};

struct cover_rule {
	const char *name, *step;	/* step of its correlate block, or NULL */
	const char *const *tags;
	uint32_t n_tags;
	struct cover_place place;
	struct cover_part *v;		/* parents first; v[0] is the condition */
	size_t n;
};

/* A part that several rules may share: a predicate, macro or item where it stands in its
 * file, over all rules. */
struct cover_site {
	struct cover_place place;
	const char *text;
	const char *owner;		/* the macro that it stands in, or the list; or NULL */
	struct cover_hits hits;
	uint8_t kind;			/* enum cover_kind */
	uint32_t n_rules;		/* that have it */
};

enum cover_kind {
	COVER_PREDICATE, COVER_ITEM, COVER_MACRO, COVER_EXCEPTION, COVER_RULE, COVER__N
};
extern const char *const cover_kind_name[COVER__N];	/* "predicates" ... */

/* What was seen of how many; percentages are of n. */
struct cover_sum {
	uint64_t n, is_true, is_false, both, decided;
};

struct coverage {
	struct arena arena;
	struct cover_rule *rules;	/* by file, line and name */
	size_t n_rules, rules_cap;
	struct cover_site *sites;	/* by file, line, column */
	size_t n_sites, sites_cap;
	struct cover_sum sums[COVER__N];
	const char *const *tests;	/* names, by number */
	uint32_t n_tests;
	uint64_t n_events, n_situations, n_dropped;
};

struct coverage *coverage_new(void);
void coverage_free(struct coverage *c);

/* What a rule set met.  Rules that several sets have, word for word, become one.  Nothing of
 * plan and log is kept. */
void coverage_add(struct coverage *c, const struct cover_plan *p, const struct cover_log *l);

/* Puts all in order and makes the sums.  tests must live as long. */
void coverage_finish(struct coverage *c, const char *const *tests, uint32_t n_tests);

/* The sums of one rule. */
void coverage_rule_sums(const struct cover_rule *r, struct cover_sum sums[COVER__N]);

/* What --fail-under is held against: of the predicates, each where it stands and over all rules
 * together, how many were both true and false, in percent.  100 if there are none. */
double coverage_percent(const struct coverage *c);
static inline double cover_share(uint64_t part, uint64_t n)
{
	return n ? 100.0 * (double)part / (double)n : 100.0;
}

/* How much has to turn before each part of a tree decides, on the event that was answered for. */
void cover_reach(const struct explain *x, uint32_t *out);
/* Makes a the nearer of both; of equal ones the first test, and its first event. */
void cover_nearer(struct cover_near *a, const struct cover_near *b);
void cover_add_hits(struct cover_hits *a, const struct cover_hits *b);

/* ---- output ---- */

void coverage_text(const struct coverage *c, bool full, struct buf *out);
void coverage_json(const struct coverage *c, struct buf *out);
void coverage_lcov(const struct coverage *c, struct buf *out);
void coverage_html(const struct coverage *c, struct buf *out);

#endif
