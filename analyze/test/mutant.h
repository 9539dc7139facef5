/* SPDX-License-Identifier: Apache-2.0 */
/* Mutants: rule sets that differ in one thing from what was written, and in which tests a rule
 * says something else because of it.
 *
 * A mutant is told by places in the trees of a plan, so it can be made again in another copy of
 * the rule set. */
#ifndef SAKER_TEST_MUTANT_H
#define SAKER_TEST_MUTANT_H

#include "analyze/test/coverage.h"
#include "rules/lang/edit.h"

enum mutant_kind {
	MUTANT_DROP_PREDICATE, MUTANT_DROP_MACRO, MUTANT_DROP_EXCEPTION, MUTANT_DROP_GROUP,
	MUTANT_INVERT, MUTANT_DROP_NOT, MUTANT_DROP_ITEM, MUTANT__N
};
/* "%s dropped" and the like, by kind; the argument is the text. */
extern const char *const mutant_kind_name[MUTANT__N];

/* A change of one tree: of the node, or of its kid or item. */
struct mutant_edit {
	enum edit_kind kind;
	uint32_t tree, at, which;	/* at: of the explanation's nodes */
};

struct mutant {
	enum mutant_kind kind;
	const char *text;		/* what was dropped or turned */
	const char *rule, *owner;	/* the first rule that has it; the macro or list, or NULL */
	struct cover_place place;
	struct mutant_edit *edits;	/* several of an item that several checks have */
	uint32_t n_edits;
	/* What the rules say otherwise with it: */
	uint8_t *tests;			/* a bit for each test */
	uint64_t gained, lost;		/* events on which a rule holds, or no longer holds */
	bool widens;			/* to types of events that no rule looks at */
	struct cover_near near;		/* how near the nearest event came */
};

struct mutants {
	struct arena arena;
	struct mutant *v;
	size_t n, cap;
	uint32_t n_tests;
};

/* All mutants of the trees, in the order of rules and their parts, then items in the order of
 * their places.  What cannot be otherwise is left as it is. */
void mutants_init(struct mutants *m, const struct cover_plan *p, uint32_t n_tests);
void mutants_release(struct mutants *m);

/* What events of the log, which must be of a wide plan, make of them. */
void mutants_foresee(struct mutants *m, const struct cover_plan *p, const struct cover_log *l);

static inline bool mutant_touches(const struct mutant *m, uint32_t test)
{
	return m->tests[test / 8] >> test % 8 & 1;
}

/* Makes it in the trees of a plan, which may be that of a copy of the rule set; edits has room
 * for n_edits.  Take them back in the reverse order. */
void mutant_make(const struct mutant *m, const struct cover_tree *trees, struct edit *edits);

#endif
