/* SPDX-License-Identifier: Apache-2.0 */
/* Exceptions: rows that exclude nothing, everything, or what another row excludes as well.
 * The condition was put together as "(condition) and not (row or row)". */
#include <stdlib.h>
#include <string.h>

#include "rules/set/lint_parts.h"

enum { LITS_MAX = 256, ROWS_MAX = 256, STEPS = 4000 };

struct lits {
	struct lit v[LITS_MAX];
	unsigned n, steps;
};

struct except {
	struct linter *t;
	struct tree *x;
	const struct rule_def *d;
	const struct exception *e;
	struct lits *cond;
};

static void gather(struct linter *t, const struct node *n, bool not, struct lits *out)
{
	uint32_t pred;

	if (++out->steps > STEPS || out->n == LITS_MAX)
		return;
	if (n->kind == NODE_CHECK) {
		pred = engine_pred(t->e, n);
		if (pred != INTERN_NONE)
			out->v[out->n++] = (struct lit){ .pred = pred, .not = not };
	} else if (n->kind == NODE_NOT) {
		gather(t, n->kids[0], !not, out);
	} else if (n->kind == NODE_MACRO && n->macro && n->macro->ast) {
		gather(t, n->macro->ast->root, not, out);
	} else if (n->kind == (not ? NODE_OR : NODE_AND)) {
		for (uint32_t i = 0; i < n->n_kids; i++)
			gather(t, n->kids[i], not, out);
	}
}

/* ---- rows ---- */

static bool implied(struct except *c, struct lit l)
{
	for (unsigned i = 0; i < c->cond->n; i++)
		if (logic_implies(&c->t->logic, c->cond->v[i], l))
			return true;
	return false;
}

static const struct pred *excluded_by(struct except *c, struct lit l)
{
	for (unsigned i = 0; i < c->cond->n; i++)
		if (logic_excludes(&c->t->logic, c->cond->v[i], l))
			return &c->t->e->preds[c->cond->v[i].pred];
	return NULL;
}

static bool is_absent(struct except *c, const struct pred *p)
{
	const struct extract *s = c->t->e->slots[p->slot].x;
	struct event_set has;

	if (s->from != FROM_FIELD)
		return false;
	types_of_field(&s->ref, &has);
	types_and(&has, &c->d->rule.events);
	return types_empty(&has);
}

static void look_at_row(struct except *c, const struct lits *row)
{
	bool all = row->n > 0;

	for (unsigned i = 0; i < row->n; i++) {
		const struct pred *p = &c->t->e->preds[row->v[i].pred], *by;

		if (is_absent(c, p)) {
			lint_say_off(c->t, LINT_IDLE_EXCEPTION, NULL, 0, "exception '%s': %s is "
				     "absent on all events of the rule", c->e->name,
				     c->t->e->slots[p->slot].text);
			return;
		}
		by = excluded_by(c, row->v[i]);
		if (by) {
			lint_say_off(c->t, LINT_IDLE_EXCEPTION, NULL, 0, "exception '%s': '%.80s' "
				     "never holds where '%.80s' decides", c->e->name, p->text,
				     by->text);
			return;
		}
		all = all && implied(c, row->v[i]);
	}
	if (all)
		lint_say_off(c->t, LINT_TOTAL_EXCEPTION, NULL, 0, "exception '%s' excludes all "
			     "that the condition matches", c->e->name);
}

/* Whatever the row a excludes, b does. */
static bool row_within(struct except *c, const struct lits *a, const struct lits *b)
{
	for (unsigned k = 0; k < b->n; k++) {
		unsigned i = 0;

		while (i < a->n && !logic_implies(&c->t->logic, a->v[i], b->v[k]))
			i++;
		if (i == a->n)
			return false;
	}
	return b->n > 0;
}

static void compare_rows(struct except *c, const struct lits *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < n; k++) {
			if (i == k || !row_within(c, &rows[i], &rows[k]) ||
			    (i < k && row_within(c, &rows[k], &rows[i])))
				continue;	/* of equal rows the later one is told */
			c->t->here = &c->e->rows[i].at;
			lint_say_off(c->t, LINT_COVERED_EXCEPTION, NULL, 0,
				     "exception '%s': value %zu is covered by value %zu",
				     c->e->name, i + 1, k + 1);
			break;
		}
	}
}

static void look_at_rows(struct except *c, const struct node *n)
{
	const bool several = c->e->n_rows > 1;
	const size_t most = c->e->n_rows < ROWS_MAX ? c->e->n_rows : ROWS_MAX;
	struct lits *rows;

	if (several && (n->kind != NODE_OR || n->n_kids != c->e->n_rows))
		return;
	rows = xcalloc(most + 1, sizeof(*rows));
	for (size_t i = 0; i < most; i++) {
		gather(c->t, several ? n->kids[i] : n, false, &rows[i]);
		c->t->here = &c->e->rows[i].at;
		look_at_row(c, &rows[i]);
	}
	compare_rows(c, rows, most);
	free(rows);
}

/* ---- values of one field ---- */

static void look_at_value(struct except *c, const struct pred *p, uint32_t i)
{
	for (unsigned k = 0; k < c->cond->n; k++)
		if (logic_constant_in(&c->t->logic, p, i, c->cond->v[k]) == 0) {
			lint_say_off(c->t, LINT_IDLE_EXCEPTION, NULL, 0, "exception '%s': '%.60s' "
				     "never occurs where '%s%.80s' decides", c->e->name,
				     c->e->rows[i].v[0].v[0], c->cond->v[k].not ? "not " : "",
				     c->t->e->preds[c->cond->v[k].pred].text);
			return;
		}
}

static void look_at_values(struct except *c, const struct node *n)
{
	const uint32_t id = n->kind == NODE_CHECK ? engine_pred(c->t->e, n) : INTERN_NONE;
	const struct pred *p;
	struct lits one = { .n = 1 };

	if (id == INTERN_NONE)
		return;
	p = &c->t->e->preds[id];
	one.v[0] = (struct lit){ .pred = id };
	c->t->here = &c->e->at;
	if (p->n == c->e->n_rows && !is_absent(c, p) && !excluded_by(c, one.v[0]) &&
	    !implied(c, one.v[0])) {
		for (uint32_t i = 0; i < p->n && i < ROWS_MAX; i++) {
			c->t->here = &c->e->rows[i].at;
			look_at_value(c, p, i);
		}
	} else {
		look_at_row(c, &one);
	}
}

static void double_values(struct except *c)
{
	struct arena a = {0};
	struct intern seen;
	bool is_new;

	intern_init(&seen, &a);
	for (size_t i = 0; i < c->e->n_rows; i++) {
		const char *v = c->e->rows[i].v[0].v[0];

		intern_add(&seen, v, strlen(v), &is_new);
		c->t->here = &c->e->rows[i].at;
		if (!is_new)
			lint_say_off(c->t, LINT_COVERED_EXCEPTION, NULL, 0,
				     "exception '%s': '%.60s' stands there twice", c->e->name, v);
	}
	intern_release(&seen);
	arena_release(&a);
}

/* ---- all of them ---- */

static void look(struct except *c, struct leaf *f)
{
	struct leaf *in = f + 1;

	if (f->node->kind != NODE_NOT)
		return;
	if (c->e->fields.list) {
		look_at_rows(c, in->node);
	} else {
		double_values(c);
		look_at_values(c, in->node);
	}
	for (struct leaf *k = in; k < c->x->v + f->end; k++) {
		c->t->here = &c->e->at;
		if (k->node->kind == NODE_CHECK && k->pred != INTERN_NONE && c->e->fields.list)
			lint_values(c->t, c->x, k);
	}
}

static void empty_ones(struct linter *t, const struct rule_def *d)
{
	for (size_t i = 0; i < d->n_exceptions; i++)
		if (!d->exceptions[i].n_rows)
			lint_say(t, LINT_EMPTY_EXCEPTION, d->exceptions[i].at,
				 "exception '%s' has no values", d->exceptions[i].name);
}

void lint_exceptions(struct linter *t, const struct rule_def *d, struct tree *x)
{
	struct except c = { .t = t, .x = x, .d = d };
	uint32_t k;

	empty_ones(t, d);
	if (x->exceptions >= x->n)
		return;
	c.cond = xcalloc(1, sizeof(*c.cond));
	gather(t, x->v[1].node, false, c.cond);
	k = x->exceptions;
	for (size_t i = 0; i < d->n_exceptions && k < x->n; i++) {
		if (!d->exceptions[i].n_rows)
			continue;
		c.e = &d->exceptions[i];
		look(&c, &x->v[k]);
		k = x->v[k].end;
	}
	t->here = NULL;
	free(c.cond);
}
