/* SPDX-License-Identifier: Apache-2.0 */
/* Right sides of checks: constants, which are read here, and fields. */
#include <string.h>

#include "rules/lang/check.h"
#include "rules/lang/pathset.h"
#include "rules/lang/regex.h"

#define FAIL(code, ...) lang_fail(at->l, code, at->text, at->off, __VA_ARGS__)

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

bool right_constants(const struct at *at, struct pred *p, const struct slot *s,
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

bool right_type_field(const struct at *at, const struct extract *left, bool right)
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

bool right_field(struct engine *e, const struct at *at, struct pred *p, const struct node *n)
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
	if (!right_type_field(at, left, true))
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
