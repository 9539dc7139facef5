/* SPDX-License-Identifier: Apache-2.0 */
/* Macros: conditions with a name.  Putting them in links trees, it never copies them,
 * so macros that double at each step cost nothing. */
#ifndef SAKER_LANG_MACRO_H
#define SAKER_LANG_MACRO_H

#include "rules/lang/ast.h"

enum macro_state { MACRO_NEW, MACRO_OPEN, MACRO_DONE, MACRO_BROKEN };

struct macro {
	const char *name;
	struct ast *ast;
	uint32_t first, order;	/* positions of its first and last definition */
	bool used;
	uint8_t state;		/* enum macro_state */
	unsigned height;	/* levels below it with everything put in */
	const void *engine;	/* whose node is known: */
	uint32_t node;
	const struct lang_error *error;	/* of its check, if there is no node */
};

typedef struct macro *macro_find(const char *name, void *arg);

/* Links the macros of a tree and of the macros that it needs.  A macro sees only
 * those first defined before its own last definition, a rule (order UINT32_MAX) all.
 * false: l has the error. */
bool macros_expand(struct lang *l, struct ast *a, uint32_t order, macro_find *find, void *arg);
/* The same for a macro itself. */
bool macro_expand(struct lang *l, struct macro *m, macro_find *find, void *arg);

#endif
