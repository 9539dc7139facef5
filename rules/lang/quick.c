/* SPDX-License-Identifier: Apache-2.0 */
/* The inner loop's form of predicates: most are a number in a range, a short text,
 * a bit of a table's row, or a text to look for.  All others go the general way. */
#include <stdlib.h>

#include "rules/lang/engine.h"
#include "rules/lang/search.h"

/* The numbers that hold, from low to low + span; false: there is no such range. */
static bool range_of(const struct pred *p, uint64_t least, uint64_t c, struct quick *q)
{
	const uint64_t above = c - least;	/* how many are smaller than c */

	*q = (struct quick){ .way = WAY_RANGE, .slot = p->slot, .low = least };
	switch ((enum test)p->test) {
	case TEST_NE:
		q->negate = true;
		/* fallthrough */
	case TEST_EQ:
		q->low = c;
		return true;
	case TEST_GE:
		q->negate = true;
		/* fallthrough */
	case TEST_LT:
		q->span = above - 1;
		return above > 0;
	case TEST_GT:
		q->negate = true;
		/* fallthrough */
	case TEST_LE:
		q->span = above;
		return true;
	default:
		return false;
	}
}

static bool as_range(const struct pred *p, struct quick *q)
{
	switch ((enum field_type)p->type) {
	case FIELD_INT:
		return range_of(p, (uint64_t)INT64_MIN, (uint64_t)p->c->i, q);
	case FIELD_UINT:
	case FIELD_BOOL:
	case FIELD_PORT:
		return range_of(p, 0, p->c->u, q);
	default:
		return false;
	}
}

static bool as_search(const struct pred *p, struct quick *q)
{
	if (p->test != TEST_CONTAINS || (p->type != FIELD_STRING && p->type != FIELD_BYTES))
		return false;
	*q = (struct quick){ .way = WAY_SEARCH, .slot = p->slot,
			     .needle = needle_of(p->c->p, p->c->len) };
	return true;
}

/* A short text needs no table. */
static bool as_same(const struct pred *p, struct quick *q)
{
	if (p->index != INDEX_EQUAL || p->n != 1 || p->c->len > sizeof(q->head))
		return false;
	*q = (struct quick){ .way = WAY_SAME, .slot = p->slot, .negate = p->negate,
			     .head = text_head(p->c->p, p->c->len), .size = p->c->len };
	return true;
}

static void quick_of(const struct engine *e, uint32_t i, struct quick *q)
{
	const struct pred *p = &e->preds[i];

	if (!p->never && p->shape == SHAPE_ONE && !p->all && as_same(p, q))
		return;
	if (p->among && e->slots[p->slot].among[p->test == TEST_ICONTAINS]) {
		*q = (struct quick){ .way = WAY_AMONG, .slot = p->slot };
		return;
	}
	if (!p->never && p->index != NO_INDEX && p->shape == SHAPE_ONE && !p->all)
		*q = (struct quick){ .way = WAY_TABLE, .slot = p->slot, .index = p->index,
			.negate = p->negate, .bit = p->bit,
			.table = e->slots[p->slot].index[p->index] };
	else if (p->never || p->varies || !p->simple || !(as_range(p, q) || as_search(p, q)))
		*q = (struct quick){ .way = WAY_GENERAL };
}

void engine_make_quick(struct engine *e)
{
	const uint32_t n = (uint32_t)e->pred_names.n;

	free(e->quick);
	e->quick = xcalloc(n + e->n_parts + 1, sizeof(*e->quick));
	for (uint32_t i = 0; i < n; i++)
		quick_of(e, i, &e->quick[i]);
	for (uint32_t i = 0; i < e->n_parts; i++)
		e->quick[n + i] = (struct quick){ .way = WAY_PART, .pc = e->part_pc[i] };
}
