/* SPDX-License-Identifier: Apache-2.0 */
/* "and" is intersection, "or" is union, "not" is pushed down to the leaves.  Each node
 * gives two sets, for itself and for its negation, so macros are walked once. */
#include "rules/lang/events.h"

#include <stdlib.h>
#include <string.h>

#include "rules/lang/macro.h"

enum { WORDS = sizeof(((struct event_set *)0)->bits) / 8 };

struct both {
	struct event_set yes, no;
};

struct seen {
	const struct macro *macro;
	struct both sets;
};

struct memo {
	struct seen *v;
	size_t n, cap;
};

static void intersect(struct event_set *s, const struct event_set *o)
{
	for (unsigned i = 0; i < WORDS; i++)
		s->bits[i] &= o->bits[i];
}

static void complement(struct event_set *s)
{
	for (unsigned i = 0; i < WORDS; i++)
		s->bits[i] = ~s->bits[i];
}

bool event_set_equal(const struct event_set *a, const struct event_set *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

bool event_set_full(const struct event_set *s)
{
	for (unsigned i = 0; i < EV__N; i++)
		if (!event_set_has(s, i))
			return false;
	return true;
}

unsigned event_set_count(const struct event_set *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < EV__N; i++)
		n += event_set_has(s, i);
	return n;
}

/* A name that only old captures have stands for an event of unknown type. */
static void add_name(struct event_set *s, const struct operand *o)
{
	const enum event_id id = catalog_find(o->p, o->len);
	const struct syscall_desc *call = syscall_by_name(o->p, o->len);

	if (id != EV_UNKNOWN) {
		event_set_add(s, id);
		if (catalog[id].flags & EF_OWN)
			event_set_add(s, EV_GENERIC);
	} else if (call) {
		event_set_add(s, call->event);
	} else if (o->len) {
		event_set_add(s, EV_UNKNOWN);
	}
}

static bool named(const struct operand *o, const char *name)
{
	return o->kind == OPERAND_FIELD && o->len == strlen(name) &&
	       memcmp(o->p, name, o->len) == 0;
}

static void type_leaf(const struct node *n, struct both *out)
{
	const struct operand *r = n->right;

	memset(&out->yes, 0, sizeof(out->yes));
	for (uint32_t i = 0; r->kind == OPERAND_LIST && i < r->n_kids; i++)
		add_name(&out->yes, r->kids[i]);
	if (r->kind == OPERAND_TEXT)
		add_name(&out->yes, r);
	out->no = out->yes;
	complement(&out->no);
	/* A generic event may be any of many calls: that it is not one of them leaves
	 * the others.  Likewise an event that the catalogue does not know. */
	event_set_add(&out->no, EV_GENERIC);
	event_set_add(&out->no, EV_UNKNOWN);
	if (n->op == OP_NE) {
		const struct event_set t = out->yes;

		out->yes = out->no;
		out->no = t;
	}
}

static bool is_digit_text(const struct operand *o, char digit)
{
	return o->len == 1 && *o->p == digit;
}

/* All elements are 0, also when there are none. */
static bool all_zero(const struct operand *o)
{
	for (uint32_t i = 0; o->kind == OPERAND_LIST && i < o->n_kids; i++)
		if (!is_digit_text(o->kids[i], '0'))
			return false;
	return o->kind == OPERAND_LIST || is_digit_text(o, '0');
}

/* evt.num starts at 1: some comparisons with 0 or 1 are always or never true. */
static void num_leaf(const struct node *n, struct both *out)
{
	const bool zero = all_zero(n->right), one = is_digit_text(n->right, '1');
	bool never = false, always = false;

	switch (n->op) {
	case OP_EQ: case OP_EQ1: case OP_IN: case OP_LE:
		never = zero;
		break;
	case OP_LT:
		never = zero || one;
		break;
	case OP_NE: case OP_GT:
		always = zero;
		break;
	case OP_GE:
		always = zero || one;
		break;
	default:
		break;
	}
	if (never)
		memset(&out->yes, 0, sizeof(out->yes));
	if (always)
		memset(&out->no, 0, sizeof(out->no));
}

static void leaf(const struct node *n, struct both *out)
{
	const bool type = named(n->left, "evt.type") || named(n->left, "syscall.type");

	event_set_fill(&out->yes);
	event_set_fill(&out->no);
	if (n->mod)
		return;
	if (n->op == OP_EXISTS) {
		if (type)
			memset(&out->no, 0, sizeof(out->no));
		return;
	}
	if (n->right->kind == OPERAND_FIELD || n->right->kind == OPERAND_CALL)
		return;
	if (type && (n->op == OP_EQ || n->op == OP_EQ1 || n->op == OP_NE || n->op == OP_IN))
		type_leaf(n, out);
	else if (named(n->left, "evt.num"))
		num_leaf(n, out);
}

static void walk(struct memo *memo, const struct node *n, struct both *out);

static void walk_macro(struct memo *memo, const struct macro *m, struct both *out)
{
	for (size_t i = memo->n; i-- > 0;)
		if (memo->v[i].macro == m) {
			*out = memo->v[i].sets;
			return;
		}
	walk(memo, m->ast->root, out);
	memo->v = mem_grow(memo->v, &memo->cap, memo->n + 1, sizeof(*memo->v));
	memo->v[memo->n++] = (struct seen){ .macro = m, .sets = *out };
}

static void walk_chain(struct memo *memo, const struct node *n, struct both *out)
{
	struct both kid;

	walk(memo, n->kids[0], out);
	for (uint32_t i = 1; i < n->n_kids; i++) {
		walk(memo, n->kids[i], &kid);
		if (n->kind == NODE_AND) {
			intersect(&out->yes, &kid.yes);
			event_set_union(&out->no, &kid.no);
		} else {
			event_set_union(&out->yes, &kid.yes);
			intersect(&out->no, &kid.no);
		}
	}
}

static void walk(struct memo *memo, const struct node *n, struct both *out)
{
	struct event_set t;

	switch (n->kind) {
	case NODE_AND:
	case NODE_OR:
		walk_chain(memo, n, out);
		break;
	case NODE_NOT:
		walk(memo, n->kids[0], out);
		t = out->yes;
		out->yes = out->no;
		out->no = t;
		break;
	case NODE_CHECK:
		leaf(n, out);
		break;
	case NODE_MACRO:
		walk_macro(memo, n->macro, out);
		break;
	}
}

void events_of(const struct ast *a, struct event_set *out)
{
	struct memo memo = {0};
	struct both sets;

	walk(&memo, a->root, &sets);
	*out = sets.yes;
	free(memo.v);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void events_dump(struct buf *out, const struct event_set *s)
{
	const char *names[EV__N];
	size_t n = 0;

	if (event_set_full(s)) {
		buf_str(out, "(all)\n");
		return;
	}
	for (unsigned i = 0; i < EV__N; i++)
		if (event_set_has(s, i))
			names[n++] = catalog[i].name;
	qsort(names, n, sizeof(*names), by_name);
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "%s\n", names[i]);
}
