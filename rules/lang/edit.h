/* SPDX-License-Identifier: Apache-2.0 */
/* Small changes of a tree that can be taken back: what mutation tests of rules try. */
#ifndef SAKER_LANG_EDIT_H
#define SAKER_LANG_EDIT_H

#include "rules/lang/ast.h"

enum edit_kind {
	EDIT_DROP,	/* a chain loses the kid */
	EDIT_TURN,	/* a check becomes its opposite; of "not" what is below it stays */
	EDIT_ITEM,	/* the list of a check loses the item */
};

struct edit {
	struct node *node;		/* NULL: nothing is changed */
	struct node before;
	struct node copy, *kid;		/* of a check that is turned */
	struct node **kids;		/* without the one that was dropped */
	struct operand list, *list_at;
	struct operand **items;
};

/* Which: the kid or the item.  The node belongs to a tree that nobody else reads meanwhile; e
 * stays where it is until edit_undo. */
void edit_do(struct edit *e, enum edit_kind kind, const struct node *n, uint32_t which);
void edit_undo(struct edit *e);

#endif
