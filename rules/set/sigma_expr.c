/* SPDX-License-Identifier: Apache-2.0 */
/* What cannot be said stays in the tree until constants are folded: it does not matter where
 * the log source decides otherwise.  Then it is left out on both sides: what was and-ed with it
 * gets wider, what was or-ed with it narrower. */
#include "rules/set/sigma_expr.h"

#include <string.h>

struct expr *expr_new(struct expr_pool *p, enum expr_kind kind)
{
	struct expr *e = arena_zalloc(p->arena, sizeof(*e));

	e->kind = (uint8_t)kind;
	p->n++;
	return e;
}

struct expr *expr_check(struct expr_pool *p, const char *text)
{
	struct expr *e = expr_new(p, EXPR_CHECK);

	e->text = arena_str(p->arena, text);
	return e;
}

struct expr *expr_none(struct expr_pool *p, const struct yaml *at, const char *reason)
{
	struct expr *e = expr_new(p, EXPR_NONE);

	e->at = at;
	e->reason = reason;
	return e;
}

struct expr *expr_not(struct expr_pool *p, struct expr *e)
{
	struct expr *n;

	switch ((enum expr_kind)e->kind) {
	case EXPR_TRUE:
		return expr_new(p, EXPR_FALSE);
	case EXPR_FALSE:
		return expr_new(p, EXPR_TRUE);
	case EXPR_NOT:
		return e->kids[0];
	case EXPR_NONE:
		return e;
	case EXPR_CHECK: case EXPR_AND: case EXPR_OR:
		break;
	}
	n = expr_new(p, EXPR_NOT);
	n->kids = arena_alloc(p->arena, sizeof(*n->kids));
	n->kids[0] = e;
	n->n = 1;
	return n;
}

/* Kids of the same kind become ours. */
static size_t flat(enum expr_kind kind, struct expr **kids, size_t n, struct expr **out)
{
	const enum expr_kind neutral = kind == EXPR_AND ? EXPR_TRUE : EXPR_FALSE;
	size_t m = 0;

	for (size_t i = 0; i < n; i++) {
		const struct expr *k = kids[i];

		if (k->kind == neutral)
			continue;
		for (uint32_t j = 0; k->kind == kind && j < k->n; j++) {
			if (out)
				out[m] = k->kids[j];
			m++;
		}
		if (k->kind == kind)
			continue;
		if (out)
			out[m] = kids[i];
		m++;
	}
	return m;
}

struct expr *expr_join(struct expr_pool *p, enum expr_kind kind, struct expr **kids,
		       size_t n)
{
	const enum expr_kind neutral = kind == EXPR_AND ? EXPR_TRUE : EXPR_FALSE;
	const enum expr_kind zero = kind == EXPR_AND ? EXPR_FALSE : EXPR_TRUE;
	struct expr *e;
	size_t m;

	for (size_t i = 0; i < n; i++)
		if (kids[i]->kind == zero)
			return kids[i];
	m = flat(kind, kids, n, NULL);
	p->n += (unsigned)(m < SIGMA_NODES_MAX ? m : SIGMA_NODES_MAX);
	if (m == 0 || expr_too_many(p))
		return expr_new(p, neutral);
	e = expr_new(p, kind);
	e->n = (uint32_t)m;
	e->kids = arena_alloc(p->arena, m * sizeof(*e->kids));
	flat(kind, kids, n, e->kids);
	return m == 1 ? e->kids[0] : e;
}

bool expr_too_many(const struct expr_pool *p)
{
	return p->n > SIGMA_NODES_MAX;
}

void expr_problems(struct expr *e, void (*tell)(void *data, const struct expr *e),
		   void *data)
{
	if (e->told)
		return;
	e->told = true;
	if (e->reason)
		tell(data, e);
	for (uint32_t i = 0; i < e->n; i++)
		expr_problems(e->kids[i], tell, data);
}

static struct expr *prune(struct expr_pool *p, struct expr *e)
{
	struct expr **kids, *none = NULL;
	size_t n = 0;

	if (e->n == 0)
		return e;
	kids = arena_alloc(p->arena, e->n * sizeof(*kids));
	for (uint32_t i = 0; i < e->n; i++) {
		struct expr *k = expr_prune(p, e->kids[i]);

		if (k->kind == EXPR_NONE)
			none = k;
		else
			kids[n++] = k;
	}
	if (n == 0 && none)
		return none;
	return e->kind == EXPR_NOT ? expr_not(p, kids[0]) : expr_join(p, e->kind, kids, n);
}

struct expr *expr_prune(struct expr_pool *p, struct expr *e)
{
	if (!e->pruned)
		e->pruned = prune(p, e);
	return e->pruned;
}

bool expr_print(const struct expr *e, bool inside, struct buf *out)
{
	const char *glue = e->kind == EXPR_AND ? " and " : " or ";
	bool ok = out->len <= SIGMA_TEXT_MAX;

	switch ((enum expr_kind)e->kind) {
	case EXPR_TRUE: case EXPR_FALSE: case EXPR_NONE:
		break;
	case EXPR_CHECK:
		buf_str(out, e->text);
		break;
	case EXPR_NOT:
		buf_str(out, "not ");
		return expr_print(e->kids[0], true, out);
	case EXPR_AND: case EXPR_OR:
		buf_str(out, inside ? "(" : "");
		for (uint32_t i = 0; ok && i < e->n; i++) {
			buf_str(out, i ? glue : "");
			ok = expr_print(e->kids[i], true, out);
		}
		buf_str(out, inside ? ")" : "");
	}
	return ok && out->len <= SIGMA_TEXT_MAX;
}
