/* SPDX-License-Identifier: Apache-2.0 */
/* A condition as a tree whose parts know whether they hold on the event at hand, and how
 * near each is to the opposite: what saker why shows.
 *
 *   explain_init(&x, &engine, ast);
 *   matcher_begin(&matcher, ctx);
 *   explain_event(&x, &matcher);		any number of events
 *   explain_release(&x);
 */
#ifndef SAKER_LANG_EXPLAIN_H
#define SAKER_LANG_EXPLAIN_H

#include "rules/lang/engine.h"

enum explain_kind {
	EXPLAIN_AND, EXPLAIN_OR, EXPLAIN_NOT, EXPLAIN_CHECK,
	EXPLAIN_MACRO,		/* its one kid is what stands for it */
	EXPLAIN_PART,		/* a macro that is not opened: the tree would be too large */
};

struct explain_node {
	enum explain_kind kind;
	bool is;			/* it holds on the event */
	bool blamed;			/* explain_blame named it */
	uint32_t end;			/* the node behind its last descendant */
	uint32_t pred, part;		/* of a check; node of the graph, of a part */
	uint32_t cost[2];		/* of turning checks until it is false, true */
	const char *name;		/* of a macro, or of an exception; NULL: none */
	const struct ast *ast;		/* whose text has it */
	const struct node *node;
};

struct explain {
	const struct engine *e;
	struct explain_node *v;		/* parents first */
	size_t n, cap;
	uint32_t *known, stamp;		/* of parts, by node of the graph: stamp | result */
	const bool *answers;		/* instead of a matcher's, by predicate */
};

enum {
	EXPLAIN_MAX = 1 << 16,		/* nodes; macros beyond are not opened */
	/* What is asked for weighs more than what is excluded: an event that one exception
	 * silences is nearer to an alert than one of another file. */
	COST_FALSE = 1,			/* a check that holds would have to fail */
	COST_TRUE = 3,			/* a check that fails would have to hold */
};

/* The tree of a condition that the engine has checked. */
void explain_init(struct explain *x, const struct engine *e, const struct ast *a);
void explain_release(struct explain *x);

/* Looks at every part, on the event that the matcher has begun. */
void explain_event(struct explain *x, struct matcher *m);

/* The same with the answers of predicates from elsewhere. */
void explain_answers(struct explain *x, const bool *is);

static inline bool explain_holds(const struct explain *x)
{
	return x->v[0].is;
}

/* The least cost of turning checks until the whole is otherwise. */
static inline uint32_t explain_distance(const struct explain *x)
{
	return x->v[0].cost[!x->v[0].is];
}

/* Marks the checks of that cost, and all that stands above them.  The first alternative
 * is taken where several are equally near.  How many checks. */
unsigned explain_blame(struct explain *x);

/* True if any check looks at payloads or environments. */
bool explain_needs_bulk(const struct explain *x);

/* The check in short ("fd.name in (/etc/shadow, ... 5 more)"), at most about max bytes. */
void explain_check_text(const struct explain_node *n, size_t max, struct buf *out);

/* Calls each with the text of a side of a check ("proc.name") and its value on the event
 * as text; absent values are <NA>, lost ones <LOST>. */
typedef void explain_value(void *arg, const char *field, const char *value, size_t len);
void explain_values(const struct explain *x, const struct explain_node *n, struct matcher *m,
		    explain_value *each, void *arg);

#endif
