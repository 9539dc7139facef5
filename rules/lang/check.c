/* SPDX-License-Identifier: Apache-2.0 */
/* The check pass: fields exist, operators fit their types, constants are read; each
 * check becomes a predicate and the tree a node of the graph. */
#include "rules/lang/check.h"

#include <stdlib.h>
#include <string.h>

#include "rules/lang/macro.h"
#include "rules/lang/pathset.h"
#include "rules/lang/ranges.h"
#include "rules/lang/regex.h"

#define FAIL(code, ...) lang_fail(at->l, code, at->text, at->off, __VA_ARGS__)

static uint8_t type_class(enum field_type t)
{
	switch (t) {
	case FIELD_INT: case FIELD_UINT: case FIELD_DOUBLE: case FIELD_PORT:
		return T_N;
	case FIELD_BOOL:
		return T_B;
	case FIELD_STRING:
		return T_S;
	case FIELD_BYTES:
		return T_Y;
	case FIELD_IP: case FIELD_NET:
		return T_A;
	case FIELD_DYN:
		return T_N | T_S | T_Y;
	}
	return 0;
}

/* Ancestor fields ask all ancestors unless they name one. */
static enum shape field_shape(const struct field_ref *r)
{
	const struct field_desc *d = r->desc;

	if (!d->get_all)
		return SHAPE_ONE;
	if (d->flags & FIELD_BOTH_ENDS)
		return SHAPE_ENDS;
	if (d->flags & FIELD_ANCESTORS) {
		if (!d->get || !r->arg || r->index < 0)
			return r->arg && r->index == INT64_MIN && d->get ? SHAPE_ONE : SHAPE_ANY;
		return d->arg == ARG_KEY_OPT ? SHAPE_ANY : SHAPE_ONE;
	}
	return d->flags & FIELD_LIST ? SHAPE_LIST : SHAPE_ONE;
}

static bool varies(const struct extract *x)
{
	if (x->from == FROM_FIELD)
		return x->ref.desc->flags & FIELD_TIME_VARIES;
	for (uint32_t i = 0; i < x->n_kids; i++)
		if (varies(x->kids[i]))
			return true;
	return false;
}

/* A guess in ns, only good for putting tests in order. */
static uint16_t extract_cost(const struct extract *x)
{
	unsigned cost = 20;

	if (x->from == FROM_FIELD) {
		const char *name = x->ref.desc->name;

		if (strncmp(name, "evt.", 4) == 0)
			return strncmp(name, "evt.arg", 7) == 0 ? 40 : 5;
		if (x->ref.desc->get_all)
			return 80;
		return strstr(name, "cmdline") || strstr(name, "args") ? 60 : 12;
	}
	for (uint32_t i = 0; i < x->n_kids; i++)
		cost += extract_cost(x->kids[i]);
	return (uint16_t)(cost < 1000 ? cost : 1000);
}

/* Canonical text does not tell "proc.name" from proc.name: keys also hold the kinds. */
static void kinds(struct buf *key, const struct operand *o)
{
	buf_byte(key, (uint8_t)(o->is_val ? 'v' : 'a' + o->kind));
	for (uint32_t i = 0; o->kind == OPERAND_CALL && i < o->n_kids; i++)
		kinds(key, o->kids[i]);
}

static void slot_key(struct buf *key, const struct operand *o)
{
	operand_print(key, o);
	buf_byte(key, 0);
	kinds(key, o);
}

static void pred_key(struct buf *key, const struct node *n)
{
	check_print(key, n);
	buf_byte(key, 0);
	kinds(key, n->left);
	if (n->right)
		kinds(key, n->right);
}

static uint32_t slot_add(struct engine *e, const struct operand *o, struct extract *x)
{
	struct buf text = {0};
	bool is_new;
	uint32_t id;

	slot_key(&text, o);
	id = intern_add(&e->slot_names, text.p, text.len, &is_new);
	buf_release(&text);
	if (!is_new)
		return id;
	e->slots = mem_grow(e->slots, &e->slots_cap, id + 1, sizeof(*e->slots));
	e->slots[id] = (struct slot){
		.text = e->slot_names.keys[id].p, .x = x, .type = x->type,
		.shape = (uint8_t)(x->from == FROM_FIELD ? field_shape(&x->ref) :
				   x->list ? SHAPE_LIST : SHAPE_ONE),
		.varies = varies(x), .cost = extract_cost(x),
	};
	if (x->from == FROM_FIELD && e->slots[id].shape == SHAPE_ONE) {
		e->slots[id].get = x->ref.desc->get;
		e->slots[id].ref = &x->ref;
	}
	return id;
}

/* The slot of a side that may have been met before: then it is known to be right. */
static uint32_t slot_of(struct engine *e, const struct at *at, const struct operand *o)
{
	struct buf text = {0};
	struct extract *x;
	uint32_t id;

	slot_key(&text, o);
	id = intern_find(&e->slot_names, text.p, text.len);
	buf_release(&text);
	if (id != INTERN_NONE)
		return id;
	x = extract_check(at, o);
	return x ? slot_add(e, o, x) : NO_SLOT;
}

uint32_t engine_slot(struct engine *e, struct lang *l, const struct ast *a,
		     const struct operand *o)
{
	const struct at at = { .l = l, .text = a->text, .off = o->off };

	return slot_of(e, &at, o);
}

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
	if (!(op->types & type_class(s->type)))
		return FAIL(LANG_TYPE, "filter error: '%s' operator not supported for type '%s'",
			    op->text, type_name(s->x));
	return true;
}

/* evt.type is compared with names that exist, whatever the operator. */
static bool check_event_name(const struct at *at, const struct slot *s, const struct operand *o)
{
	if (s->x->from != FROM_FIELD || strcmp(s->x->ref.desc->name, "evt.type") != 0 ||
	    o->len == 0 || event_name_known(o->p, o->len))
		return true;
	return FAIL(LANG_UNKNOWN, "unknown event type %.*s%s", (int)o->len, o->p,
		    event_name_near(o->p, o->len));
}

static bool looks_like_call(const char *p, size_t len)
{
	for (unsigned i = 0; i < TR__N; i++)
		if (len > transforms[i].len && p[transforms[i].len] == '(' && p[len - 1] == ')' &&
		    memcmp(p, transforms[i].name, transforms[i].len) == 0)
			return true;
	return len > 4 && memcmp(p, "val(", 4) == 0 && p[len - 1] == ')';
}

/* A name that begins like those of fields: proc., fd.  The parse of a field that is
 * none looks for similar names, which is too dear to ask for each constant. */
static bool looks_like_field(const char *p, size_t len)
{
	const char *dot = memchr(p, '.', len);

	for (unsigned i = 0; dot && i < n_fields; i++)
		if (strncmp(fields[i].name, p, (size_t)(dot - p) + 1) == 0)
			return true;
	return false;
}

static void warn_constant(const struct at *at, const struct slot *s, const struct node *n,
			  const struct operand *o)
{
	struct field_ref r;
	size_t len = o->len;

	if (n->op == OP_REGEX && regex_is_simple(o->p, o->len))
		lang_warn(at->l, WARN_REGEX_SIMPLER, at->text, o->off,
			  "'%s' could be written with =, startswith, endswith or contains", o->p);
	if (s->type != FIELD_STRING)
		return;
	while (len && o->p[len - 1] == ' ')
		len--;
	if (looks_like_field(o->p, len) && field_parse(&r, o->p, len, at->l->arena) == len)
		lang_warn(at->l, WARN_CONST_LIKE_FIELD, at->text, o->off, "'%s' may be a valid "
			  "field misused as a const string value", o->p);
	else if (looks_like_call(o->p, o->len))
		lang_warn(at->l, WARN_CONST_LIKE_FIELD, at->text, o->off, "'%s' may be a valid "
			  "field transformer misused as a const string value", o->p);
}

static bool add_constant(const struct at *at, struct pred *p, const struct slot *s,
			 const struct node *n, const struct operand *o)
{
	const struct at here = { .l = at->l, .text = at->text, .off = o->off };
	const char *falco = s->x->from == FROM_FIELD ? s->x->ref.desc->falco_type : NULL;

	if (!check_event_name(&here, s, o) ||
	    !constant_parse(&here, &p->c[p->n], (enum field_type)s->type, falco, n->op, o->p,
			    o->len))
		return false;
	warn_constant(&here, s, n, o);
	p->n++;
	return true;
}

static bool add_constants(const struct at *at, struct pred *p, const struct slot *s,
			  const struct node *n)
{
	const struct operand *r = n->right;
	const struct pathset *set;

	p->c = arena_zalloc(at->l->arena, (r->n_kids + 1) * sizeof(*p->c));
	if (r->kind != OPERAND_LIST) {
		if (!add_constant(at, p, s, n, r))
			return false;
	}
	for (uint32_t i = 0; r->kind == OPERAND_LIST && i < r->n_kids; i++)
		if (!add_constant(at, p, s, n, r->kids[i]))
			return false;
	if (p->test == TEST_PMATCH) {
		set = pathset_new(at->l->arena, p->c, p->n);
		p->c[0] = (struct constant){ .paths = set };
		p->n = 1;
	}
	return true;
}

/* Falco refuses in rules what its library, and so sysdig, takes in filters: it tells the types
 * of events of a rule from its text, where evt.type stands alone. */
static bool is_type_field(const struct extract *x)
{
	const char *name = x->from == FROM_FIELD ? x->ref.desc->name : "";

	return strcmp(name, "evt.type") == 0 || strcmp(name, "syscall.type") == 0;
}

static bool check_type_field(const struct at *at, const struct extract *left, bool right)
{
	const struct extract *x = left;

	if (at->l->alone)
		return true;
	while (x->from == FROM_CALL && x->n_kids)
		x = x->kids[0];
	if (!is_type_field(x) || (x == left && !right))
		return true;
	return FAIL(LANG_TYPE, "right-hand field comparisons and transformers are not "
		    "supported on evt.type/syscall.type");
}

static bool check_right(struct engine *e, const struct at *at, struct pred *p,
			const struct node *n)
{
	const struct operand *r = n->right;
	const struct extract *left, *right;
	const struct slot *s;

	p->right = slot_of(e, at, r);
	if (p->right == NO_SLOT)
		return false;
	s = &e->slots[p->slot];
	left = s->x;
	right = e->slots[p->right].x;
	if (!check_type_field(at, left, true))
		return false;
	if (n->op == OP_PMATCH || n->op == OP_REGEX)
		return FAIL(LANG_TYPE, "operator '%s' doesn't support right-hand side fields",
			    n->op == OP_PMATCH ? "PMATCH" : "REGEX");
	if (left->from == FROM_FIELD && (left->ref.desc->flags & FIELD_NO_RHS ||
					 left->type == FIELD_NET))
		return FAIL(LANG_TYPE, "field '%s' doesn't support right-hand side fields",
			    left->ref.desc->name);
	if (right->from == FROM_FIELD && (right->ref.desc->flags & FIELD_NO_RHS ||
					  right->type == FIELD_NET))
		return FAIL(LANG_TYPE, "field '%s' can't be used as a right-hand side field",
			    right->ref.desc->name);
	if (left->type != right->type || left->list != right->list ||
	    (left->from == FROM_FIELD && right->from == FROM_FIELD &&
	     strcmp(type_name(left), type_name(right)) != 0))
		return FAIL(LANG_TYPE, "field '%s' has type '%s' while the right-hand side field "
			    "'%s' has incompatible type '%s'", s->text, type_name(left),
			    e->slots[p->right].text, type_name(right));
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
	else if (strncmp(name, "evt.latency", 11) == 0)
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
		ok = check_right(e, at, p, n);
	else
		ok = add_constants(at, p, s, n);
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
	    !check_type_field(&at, e->slots[p.slot].x, false))
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
