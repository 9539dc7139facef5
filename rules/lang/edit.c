/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/lang/edit.h"

#include <stdlib.h>
#include <string.h>

/* The pointers but one. */
static void *without(void *const *v, uint32_t n, uint32_t which)
{
	void **out = xcalloc(n + 1, sizeof(void *));
	uint32_t k = 0;

	for (uint32_t i = 0; i < n; i++)
		if (i != which)
			out[k++] = v[i];
	return out;
}

static void drop(struct edit *e, uint32_t which)
{
	e->kids = without((void *const *)e->node->kids, e->node->n_kids, which);
	e->node->kids = e->kids;
	e->node->n_kids--;
}

/* "not x" becomes a chain of x alone, x becomes "not x". */
static void turn(struct edit *e)
{
	if (e->node->kind == NODE_NOT) {
		e->node->kind = NODE_AND;
		return;
	}
	e->copy = e->before;
	e->kid = &e->copy;
	*e->node = (struct node){ .kind = NODE_NOT, .off = e->before.off, .kids = &e->kid,
				  .n_kids = 1 };
}

static void drop_item(struct edit *e, uint32_t which)
{
	struct operand *list = e->node->right;

	e->list = *list;
	e->list_at = list;
	e->items = without((void *const *)list->kids, list->n_kids, which);
	list->kids = e->items;
	list->n_kids--;
}

void edit_do(struct edit *e, enum edit_kind kind, const struct node *n, uint32_t which)
{
	*e = (struct edit){ .node = (struct node *)(uintptr_t)n, .before = *n };
	switch (kind) {
	case EDIT_DROP:
		drop(e, which);
		break;
	case EDIT_TURN:
		turn(e);
		break;
	case EDIT_ITEM:
		drop_item(e, which);
		break;
	}
}

void edit_undo(struct edit *e)
{
	if (!e->node)
		return;
	*e->node = e->before;
	if (e->list_at)
		*e->list_at = e->list;
	free(e->kids);
	free(e->items);
	*e = (struct edit){0};
}
