/* SPDX-License-Identifier: Apache-2.0 */
/* The check pass: fields exist, operators fit their types, constants are read; each
 * check becomes a predicate and the tree a node of the graph. */
#include "rules/lang/check.h"

#include <stdlib.h>
#include <string.h>

#include "capture/base/strict.h"
#include "rules/lang/macro.h"
#include "rules/lang/pathset.h"
#include "rules/lang/ranges.h"
#include "rules/lang/regex.h"

#define FAIL(code, ...) lang_fail(at->l, code, at->text, at->off, __VA_ARGS__)

static enum test test_of(enum op op)
{
	static const uint8_t tests[OP__N] = {
		[OP_EXISTS] = TEST_EXISTS, [OP_LE] = TEST_LE, [OP_LT] = TEST_LT, [OP_GE] = TEST_GE,
		[OP_GT] = TEST_GT, [OP_EQ] = TEST_EQ, [OP_EQ1] = TEST_EQ, [OP_NE] = TEST_NE,
		[OP_GLOB] = TEST_GLOB, [OP_IGLOB] = TEST_IGLOB, [OP_CONTAINS] = TEST_CONTAINS,
		[OP_ICONTAINS] = TEST_ICONTAINS, [OP_BCONTAINS] = TEST_CONTAINS,
		[OP_STARTSWITH] = TEST_PREFIX, [OP_BSTARTSWITH] = TEST_PREFIX,
		[OP_ENDSWITH] = TEST_SUFFIX, [OP_REGEX] = TEST_REGEX,
		[OP_INTERSECTS] = TEST_EQ, [OP_IN] = TEST_EQ, [OP_PMATCH] = TEST_PMATCH,
	};

	return (enum test)tests[op];
}

static bool check_op(const struct at *at, const struct slot *s, const struct node *n)
{
	const struct op_desc *op = &ops[n->op];

	if (s->x->list && n->op != OP_IN && n->op != OP_INTERSECTS && n->op != OP_EXISTS)
		return FAIL(LANG_TYPE, "filter error: '%s' operator not supported list filters",
			    op->text);
	if (!(op->types & type_class_of(s->type)))
		return FAIL(LANG_TYPE, "filter error: '%s' operator not supported for type '%s'",
			    op->text, type_name(s->x));
	return true;
}

static uint16_t pred_cost(const struct pred *p)
{
	switch ((enum test)p->test) {
	case TEST_EXISTS: case TEST_EQ: case TEST_NE: case TEST_LT: case TEST_LE: case TEST_GT:
	case TEST_GE: case TEST_PREFIX: case TEST_SUFFIX:
		return 4;
	case TEST_CONTAINS:
		return 30;
	case TEST_ICONTAINS: case TEST_PMATCH:
		return 60;
	case TEST_GLOB: case TEST_IGLOB:
		return 80;
	case TEST_REGEX:
		return 300;
	}
	return 0;
}

static void warn_field(const struct at *at, const struct slot *s)
{
	const char *name = s->x->from == FROM_FIELD ? s->x->ref.desc->name : "";

	if (strcmp(name, "evt.dir") == 0)
		lang_warn(at->l, WARN_DEPRECATED, at->text, at->off, "%s", lang_dir_notice);
	else if (strict_falco && strncmp(name, "evt.latency", 11) == 0)
		lang_warn(at->l, WARN_DEPRECATED, at->text, at->off, "%s", lang_latency_notice);
}

/* What Falco's own comparison code makes of lists: on fields that are compared with both
 * ends or with all ancestors it looks at the first element only, or at none. */
static void as_falco(const struct slot *s, const struct node *n, struct pred *p)
{
	const char *name = s->x->from == FROM_FIELD ? s->x->ref.desc->name : "";
	const bool in = n->op == OP_IN || n->op == OP_INTERSECTS;

	if (in && (strcmp(name, "fd.ip") == 0 ||
		   (strcmp(name, "proc.apid") == 0 && s->shape == SHAPE_ANY) ||
		   (s->type == FIELD_DYN && p->n && p->c[0].number)))
		p->never = true;
	if (strcmp(name, "fd.net") == 0 && n->op == OP_INTERSECTS)
		p->never = true;
	if (s->shape == SHAPE_ENDS && (n->mod || strcmp(name, "fd.net") == 0) && p->n > 1) {
		p->n = 1;
		p->mod = MOD_NONE;
	}
	if (s->shape == SHAPE_ONE && s->type == FIELD_NET && n->mod == MOD_ANYOF &&
	    p->test == TEST_EQ)
		p->never = true;
	if (s->shape == SHAPE_ONE && s->type == FIELD_NET && n->mod == MOD_ALLOF &&
	    p->test == TEST_NE)
		p->test = TEST_EXISTS;
}

enum { RANGES_LEAST = 6 };		/* constants */

/* Does it ask for one of the constants, or for none? */
static bool as_set(const struct pred *p)
{
	return p->test == TEST_EQ ? p->all || p->mod == MOD_NONE || p->mod == MOD_ANYOF :
	       p->test == TEST_NE && p->mod == MOD_ALLOF &&
	       (p->shape == SHAPE_ONE || p->shape == SHAPE_ENDS);
}

static bool fill(struct engine *e, const struct at *at, struct pred *p, const struct node *n)
{
	const struct slot *s = &e->slots[p->slot];
	bool ok = true;

	warn_field(at, s);
	if (n->op == OP_EXISTS)
		return true;
	if (n->right->kind == OPERAND_FIELD || n->right->kind == OPERAND_CALL)
		ok = right_field(e, at, p, n);
	else
		ok = right_constants(at, p, s, n);
	s = &e->slots[p->slot];
	p->all = s->x->list && n->op == OP_IN;
	if (strncmp(s->text, "evt.around[", 11) == 0 && p->test == TEST_EQ)
		p->test = TEST_LE;	/* the value is the distance */
	if (e->strict)
		as_falco(s, n, p);
	if (p->right == NO_SLOT && p->n >= RANGES_LEAST && ranges_take((enum field_type)p->type) &&
	    as_set(p))
		p->ranges = ranges_new(at->l->arena, (enum field_type)p->type, p->c, p->n);
	p->simple = p->shape == SHAPE_ONE && p->right == NO_SLOT && p->n == 1 && !p->all;
	return ok;
}

/* The number of the predicate; INTERN_NONE: error. */
static uint32_t check_pred(struct engine *e, struct lang *l, const struct ast *a,
			   const struct node *n)
{
	const struct at at = { .l = l, .text = a->text, .off = n->off };
	struct pred p = { .right = NO_SLOT, .index = NO_INDEX, .at = a->text, .off = n->off };
	struct buf text = {0};
	bool is_new;
	uint32_t id;

	pred_key(&text, n);
	id = intern_find(&e->pred_names, text.p, text.len);
	if (id != INTERN_NONE) {
		warn_field(&at, &e->slots[e->preds[id].slot]);
		goto out;
	}
	p.slot = slot_of(e, &at, n->left);
	if (p.slot == NO_SLOT || !check_op(&at, &e->slots[p.slot], n) ||
	    !right_type_field(&at, e->slots[p.slot].x, false))
		goto out;
	p.test = (uint8_t)test_of(n->op);
	p.mod = (uint8_t)n->mod;
	p.type = e->slots[p.slot].type;
	p.shape = e->slots[p.slot].shape;
	p.varies = e->slots[p.slot].varies;
	p.cost = pred_cost(&p);
	if (!fill(e, &at, &p, n))
		goto out;
	id = intern_add(&e->pred_names, text.p, text.len, &is_new);
	p.text = e->pred_names.keys[id].p;
	e->preds = mem_grow(e->preds, &e->preds_cap, id + 1, sizeof(*e->preds));
	e->preds[id] = p;
out:
	buf_release(&text);
	return id;
}

uint32_t engine_pred(const struct engine *e, const struct node *n)
{
	struct buf text = {0};
	uint32_t id;

	pred_key(&text, n);
	id = intern_find(&e->pred_names, text.p, text.len);
	buf_release(&text);
	return id;
}

static uint32_t check_node(struct engine *e, struct lang *l, const struct ast *a,
			   const struct node *n);

static uint32_t check_chain(struct engine *e, struct lang *l, const struct ast *a,
			    const struct node *n)
{
	uint32_t *kids = xmalloc(n->n_kids * sizeof(*kids)), r = INTERN_NONE;
	bool failed = false;

	for (uint32_t i = 0; i < n->n_kids; i++) {
		kids[i] = check_node(e, l, a, n->kids[i]);
		failed |= kids[i] == INTERN_NONE;
		if (failed && !l->collect)
			break;
	}
	if (failed)
		goto out;
	r = dag_chain(&e->dag, n->kind == NODE_AND ? DAG_AND : DAG_OR, kids, n->n_kids);
out:
	free(kids);
	return r;
}

/* The error that a macro has had is that of each rule that uses it. */
static uint32_t check_macro(struct engine *e, struct lang *l, struct macro *m)
{
	const struct lang_error *error;
	struct lang_error *const *tail = l->more_end;
	const bool first = !l->code;

	if (m->state == MACRO_DONE && m->engine == e) {
		error = m->error;
		if (error)
			lang_fail(l, error->code, error->text, error->off, "%s", error->message);
		return m->node;
	}
	m->node = check_node(e, l, m->ast, m->ast->root);
	m->engine = e;
	m->error = NULL;
	if (m->node == INTERN_NONE)
		m->error = first ? lang_error(l) : *tail ? *tail : lang_error(l);
	return m->node;
}

static uint32_t check_node(struct engine *e, struct lang *l, const struct ast *a,
			   const struct node *n)
{
	uint32_t x = INTERN_NONE;

	switch (n->kind) {
	case NODE_AND:
	case NODE_OR:
		return check_chain(e, l, a, n);
	case NODE_NOT:
		x = check_node(e, l, a, n->kids[0]);
		return x == INTERN_NONE ? x : dag_not(&e->dag, x);
	case NODE_CHECK:
		x = check_pred(e, l, a, n);
		return x == INTERN_NONE ? x : dag_pred(&e->dag, x);
	case NODE_MACRO:
		return n->macro ? check_macro(e, l, n->macro) : INTERN_NONE;
	}
	return x;
}

uint32_t engine_check(struct engine *e, struct lang *l, const struct ast *a)
{
	return check_node(e, l, a, a->root);
}
