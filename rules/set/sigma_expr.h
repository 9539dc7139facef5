/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions under construction.  Nodes are never changed, so selections that are named
 * several times are there once. */
#ifndef SAKER_SET_SIGMA_EXPR_H
#define SAKER_SET_SIGMA_EXPR_H

#include "capture/base/buf.h"
#include "capture/base/mem.h"
#include "rules/set/yaml.h"

enum expr_kind { EXPR_TRUE, EXPR_FALSE, EXPR_NONE, EXPR_CHECK, EXPR_NOT, EXPR_AND,
  EXPR_OR };

struct expr {
	uint8_t kind;			/* enum expr_kind; NONE: cannot be said */
	bool told;			/* expr_problems was here */
	uint32_t n;
	const char *text;		/* of a check */
	const char *reason;		/* what is wrong with NONE or CHECK; NULL: nothing */
	const struct yaml *at;		/* of the reason */
	struct expr **kids;
	struct expr *pruned;		/* expr_prune was here */
};

enum {
	SIGMA_NODES_MAX = 1 << 16,	/* of one rule */
	SIGMA_TEXT_MAX = 1 << 18,	/* bytes of one condition */
};

/* Where nodes come from, and how many there may be. */
struct expr_pool {
	struct arena *arena;
	unsigned n;
};

struct expr *expr_new(struct expr_pool *p, enum expr_kind kind);
struct expr *expr_check(struct expr_pool *p, const char *text);
struct expr *expr_none(struct expr_pool *p, const struct yaml *at, const char *reason);
struct expr *expr_not(struct expr_pool *p, struct expr *e);
/* AND or OR of n nodes with constants folded; kids are copied. */
struct expr *expr_join(struct expr_pool *p, enum expr_kind kind, struct expr **kids,
		       size_t n);
bool expr_too_many(const struct expr_pool *p);

/* Calls tell for each node with a reason, once. */
void expr_problems(struct expr *e, void (*tell)(void *data, const struct expr *e),
		   void *data);
/* The same without what cannot be said; NONE if nothing is left. */
struct expr *expr_prune(struct expr_pool *p, struct expr *e);
/* False: longer than SIGMA_TEXT_MAX.  inside: in parentheses if it needs them within "and". */
bool expr_print(const struct expr *e, bool inside, struct buf *out);

#endif
