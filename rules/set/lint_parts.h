/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of lint. */
#ifndef SAKER_SET_LINT_PARTS_H
#define SAKER_SET_LINT_PARTS_H

#include "rules/set/items.h"
#include "rules/set/lint.h"

/* A predicate, or its negation. */
struct lit {
	uint32_t pred;
	bool not;
};

/* What the predicates of an engine say of each other.  Every answer is certain when it is
 * true; false may mean that it was too dear to find out. */
struct logic {
	const struct engine *e;
	struct matcher m;
	struct field_ctx ctx;
	struct arena scratch;
	uint64_t budget;		/* comparisons left */
};

void logic_init(struct logic *g, const struct engine *e);
void logic_release(struct logic *g);
/* a holds only where b does. */
bool logic_implies(struct logic *g, struct lit a, struct lit b);
/* They never hold together. */
bool logic_excludes(struct logic *g, struct lit a, struct lit b);
/* One of them holds wherever the field has a value. */
bool logic_covers(struct logic *g, struct lit a, struct lit b);
/* The same of nodes of the graph. */
bool logic_node_implies(struct logic *g, uint32_t x, uint32_t y);
/* Whether constant i of a predicate satisfies the literal over the same field: 1, 0, or -1
 * if that is not known. */
int logic_constant_in(struct logic *g, const struct pred *p, uint32_t i, struct lit l);
/* Whether what satisfies its constant i satisfies its constant k. */
bool logic_constant_within(struct logic *g, const struct pred *p, uint32_t i, uint32_t k);

/* Slots whose values are the same wherever they have one: fd.sip and fd.snet. */
bool logic_same_value(const struct engine *e, uint32_t slot, uint32_t other);

/* lint_text.c: texts that pass a test with a constant; all answers as above. */
bool text_within(enum test ta, const struct constant *a, enum test tb, const struct constant *b);
bool text_apart(enum test ta, const struct constant *a, enum test tb, const struct constant *b);
/* What it costs to look at constant i. */
uint64_t text_cost(const struct pred *p, uint32_t i);

/* Nets, and addresses as nets of one. */
bool net_within(const struct constant *a, const struct constant *b);
bool net_apart(const struct constant *a, const struct constant *b);

/* Types of events on which something can hold, and on which it can fail. */
struct types {
	struct event_set yes, no;
};

bool types_empty(const struct event_set *s);
void types_and(struct event_set *s, const struct event_set *o);
/* Those on which the field can have a value. */
void types_of_field(const struct field_ref *r, struct event_set *out);

/* A node of a condition as it was written; macros are left closed. */
struct leaf {
	const struct node *node;
	uint32_t end;			/* behind its last descendant */
	uint32_t pred;			/* of a check */
	struct types types;
	struct event_set reach;		/* types of events whose result depends on it */
	bool told;			/* something was said of it */
};

struct tree {
	const struct ast *ast;
	const struct expanded *text;
	struct leaf *v;
	size_t n, cap;
	uint8_t state;			/* of the tree of a macro */
	uint32_t exceptions;		/* first leaf that is one; n: none */
};

struct linter {
	struct lint *out;
	struct ruleset *rs;
	struct engine *e;
	struct logic logic;
	struct types *preds;		/* by predicate */
	bool *preds_known;
	struct tree *macros;		/* by number of the macro */
	bool *live;			/* by id in the engine: there is code for it */
	const char *kind, *name;	/* of the item at hand */
	uint64_t bytes;			/* read to find places */
	bool said;			/* the last lint_say became a finding */
	const struct place *here;	/* of an exception: where all is said */
	bool lists_known, rules_known;	/* what uses them; that they are as they are meant */
};

/* A finding at a node of a file, or at a place of a condition; true: it was wanted.
 * Then lint_help may follow. */
bool lint_say(struct linter *t, enum lint_id id, struct place at, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
bool lint_say_off(struct linter *t, enum lint_id id, const struct lang_text *text, size_t off,
		  const char *fmt, ...) __attribute__((format(printf, 5, 6)));
void lint_help(struct linter *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void lint_item(struct linter *t, const char *kind, const char *name);
/* Line and column of a place of a condition, in words ("line 12"); lives as long as the
 * findings. */
const char *lint_where(struct linter *t, const struct lang_text *text, size_t off,
		       const char *file);

/* lint_tree.c */
void tree_build(struct linter *t, struct tree *x, const struct ast *a,
		const struct expanded *text);
void tree_release(struct tree *x);
struct tree *tree_of_macro(struct linter *t, const struct macro *m);
/* Lets the types reach the root, and below it what each part leaves to the others. */
void tree_reach(struct linter *t, struct tree *x, const struct event_set *types);

/* lint_chain.c: checks beside each other */
void lint_chains(struct linter *t, struct tree *x);
/* lint_check.c: checks and the events that reach them */
void lint_checks(struct linter *t, struct tree *x, bool never);
/* lint_value.c: what is compared with */
void lint_values(struct linter *t, struct tree *x, const struct leaf *f);
/* lint_list.c */
void lint_several(struct linter *t, struct tree *x, const struct leaf *f, const struct pred *p);
/* "text: 'value'" where the value stands: in a list, if one put it into the condition. */
bool lint_say_value(struct linter *t, enum lint_id id, struct tree *x, const struct operand *o,
		    const char *fmt, ...) __attribute__((format(printf, 5, 6)));
static inline bool lint_is_whole(enum test t)
{
	return t == TEST_EQ || t == TEST_NE;
}
/* lint_few.c */
void lint_few(struct linter *t, struct tree *x, const struct pred *p, const struct operand *o,
	      const char *field);
void lint_flags(struct linter *t, struct tree *x, const struct leaf *f, const struct pred *p,
		const struct operand *o);
/* lint_pattern.c: regex and glob that something simpler does */
void lint_pattern(struct linter *t, struct tree *x, const struct leaf *f);
/* lint_except.c */
void lint_exceptions(struct linter *t, const struct rule_def *d, struct tree *x);
/* lint_output.c */
void lint_output(struct linter *t, const struct rule_def *d);
/* lint_rule.c */
void lint_rule(struct linter *t, struct rule_def *d);
void lint_shadows(struct linter *t);
/* lint_items.c: what the files say, item by item */
void lint_items(struct linter *t);
/* lint_rest.c: what is left of files with errors */
void lint_rest(struct linter *t);
/* lint_ignore.c */
void lint_ignores(struct linter *t);

/* A simpler form of a pattern: the operator and its text ("startswith /etc/"). */
bool pattern_simpler(enum op op, const char *p, size_t len, struct buf *out);

#endif
