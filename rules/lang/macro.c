/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/lang/macro.h"

struct walk {
	struct lang *l;
	macro_find *find;
	void *arg;
	unsigned depth;		/* macros under way: bounds the stack */
};

static unsigned expand(struct walk *w, const struct ast *a, struct node *n, uint32_t order);

static unsigned too_deep(struct walk *w, const struct ast *a, const struct node *n)
{
	return lang_fail(w->l, LANG_LIMIT, a->text, n->off,
			 "more than %d levels with all macros put in", LANG_EXPAND_MAX);
}

static bool define(struct walk *w, struct macro *m)
{
	m->state = MACRO_OPEN;
	m->height = expand(w, m->ast, m->ast->root, m->order);
	m->state = m->height ? MACRO_DONE : MACRO_BROKEN;
	return m->height;
}

/* The height of the macro, 0 on error. */
static unsigned enter(struct walk *w, const struct ast *a, struct node *n, uint32_t order)
{
	struct macro *m = w->find ? w->find(n->name, w->arg) : NULL;

	if (m && m->state == MACRO_OPEN && m->first < order)
		return lang_fail(w->l, LANG_MACRO, a->text, n->off,
				 "reference loop in macro '%s'", n->name);
	if (!m || m->first >= order)
		return lang_fail(w->l, LANG_MACRO, a->text, n->off,
				 "Undefined macro '%s' used in filter.", n->name);
	m->used = true;
	if (m->state == MACRO_BROKEN)
		return lang_fail(w->l, LANG_BROKEN, a->text, n->off, "macro '%s'", n->name);
	if (m->state == MACRO_NEW) {
		if (++w->depth > LANG_EXPAND_MAX)
			return too_deep(w, a, n);
		if (!define(w, m))
			return 0;
		w->depth--;
	}
	n->macro = m;
	return m->height;
}

static unsigned expand(struct walk *w, const struct ast *a, struct node *n, uint32_t order)
{
	unsigned height = 0, h;
	bool failed = false;

	if (n->kind == NODE_MACRO)
		height = enter(w, a, n, order);
	if (n->kind == NODE_MACRO && !height)
		return 0;
	for (uint32_t i = 0; i < n->n_kids; i++) {
		h = expand(w, a, n->kids[i], order);
		failed |= !h;
		if (failed && !w->l->collect)
			return 0;
		height = h > height ? h : height;
	}
	if (failed)
		return 0;
	if (height >= LANG_EXPAND_MAX)
		return too_deep(w, a, n);
	return height + 1;
}

bool macros_expand(struct lang *l, struct ast *a, uint32_t order, macro_find *find, void *arg)
{
	struct walk w = { .l = l, .find = find, .arg = arg };

	return expand(&w, a, a->root, order) > 0;
}

bool macro_expand(struct lang *l, struct macro *m, macro_find *find, void *arg)
{
	struct walk w = { .l = l, .find = find, .arg = arg };

	return m->state == MACRO_DONE || define(&w, m);
}
