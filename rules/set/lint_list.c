/* SPDX-License-Identifier: Apache-2.0 */
/* Checks that compare with several values: where these come from, and those that add nothing
 * to the others. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/set/lint_parts.h"

enum { COVER_MAX = 512, WORD_MAX_BYTES = 64, LISTS_LOOKED_AT = 2000, NAMES_MAX = 16,
       VALUE_SHOWN = 48 };

/* ---- places ---- */

/* Items may have quotes of the condition around their text. */
static bool is_text_of(const struct yaml *v, const char *p, size_t len)
{
	const size_t quote = v->len == len + 2 && (v->p[0] == '"' || v->p[0] == '\'') &&
			     v->p[len + 1] == v->p[0];

	return v->len == len + 2 * quote && memcmp(v->p + quote, p, len) == 0;
}

/* The item of a list whose text is a value, looked for in lists within lists. */
static bool item_place(struct linter *t, const struct list_def *l, const char *p, size_t len,
		       unsigned depth, struct place *out)
{
	const struct yaml *items = l->at.node ? yaml_get(l->at.node, "items") : NULL;

	for (uint32_t i = 0; items && i < items->n; i++) {
		const struct yaml *v = items->kids[i];
		uint32_t in;

		if (v->kind != YAML_SCALAR)
			continue;
		if (is_text_of(v, p, len)) {
			*out = (struct place){ l->at.file, v };
			return true;
		}
		in = depth ? intern_find(&t->rs->list_names, v->p, v->len) : INTERN_NONE;
		if (in != INTERN_NONE &&
		    item_place(t, t->rs->lists[in], p, len, depth - 1, out))
			return true;
	}
	return false;
}

static const struct piece *piece_at(const struct tree *x, size_t off)
{
	size_t i = x->text ? x->text->n : 0;

	while (i > 0 && x->text->pieces[i - 1].out > off)
		i--;
	return i ? &x->text->pieces[i - 1] : NULL;
}

/* The list that put the operand into the condition; NULL: it is written there. */
static const struct list_def *list_of(struct linter *t, const struct tree *x,
				      const struct operand *o)
{
	const struct piece *p = piece_at(x, o->off);
	const struct joined *from = x->text ? x->text->from : NULL;
	uint32_t i, end;

	if (!p || p->copied)
		return NULL;
	for (end = p->in; end < from->len && !strchr(" \t\n\r(),=", from->p[end]);)
		end++;
	i = intern_find(&t->rs->list_names, from->p + p->in, end - p->in);
	return i == INTERN_NONE ? NULL : t->rs->lists[i];
}

bool lint_say_value(struct linter *t, enum lint_id id, struct tree *x, const struct operand *o,
		    const char *fmt, ...)
{
	const struct list_def *l = list_of(t, x, o);
	const char *kind = t->kind, *name = t->name, *cut = o->len > VALUE_SHOWN ? "..." : "";
	char what[256];
	struct place at;
	va_list ap;
	bool r;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (!l || !item_place(t, l, o->p, o->len, 4, &at))
		return lint_say_off(t, id, x->ast->text, o->off, "%s: '%.*s%s'", what,
				    VALUE_SHOWN, o->p, cut);
	lint_item(t, "list", l->name);
	r = lint_say(t, id, at, "%s: '%.*s%s'", what, VALUE_SHOWN, o->p, cut);
	lint_item(t, kind, name);
	return r;
}

/* ---- several values ---- */

static void tell_double(struct linter *t, struct tree *x, const struct operand *first,
			const struct operand *again)
{
	const struct list_def *a = list_of(t, x, first), *b = list_of(t, x, again);

	if (a && b)
		return;		/* lists that overlap are each good for themselves */
	if (a)
		lint_say_off(t, LINT_DUPLICATE_VALUE, x->ast->text, again->off,
			     "'%.60s' is also in the list %s", again->p, a->name);
	else if (b)
		lint_say_off(t, LINT_DUPLICATE_VALUE, x->ast->text, first->off,
			     "'%.60s' is also in the list %s", first->p, b->name);
	else
		lint_say_off(t, LINT_DUPLICATE_VALUE, x->ast->text, again->off,
			     "'%.60s' stands here twice", again->p);
}

static void find_doubles(struct linter *t, struct tree *x, const struct operand *list)
{
	struct arena a = {0};
	struct intern seen;
	uint32_t *first = xmalloc((list->n_kids + 1) * sizeof(*first));
	bool is_new;

	intern_init(&seen, &a);
	for (uint32_t i = 0; i < list->n_kids; i++) {
		const struct operand *o = list->kids[i];
		const uint32_t k = intern_add(&seen, o->p, o->len, &is_new);

		if (is_new)
			first[k] = i;
		else
			tell_double(t, x, list->kids[first[k]], o);
	}
	intern_release(&seen);
	arena_release(&a);
	free(first);
}

static bool path_within(const struct operand *a, const struct operand *b)
{
	size_t n = b->len;

	while (n && b->p[n - 1] == '/')
		n--;
	return a->len > n && memcmp(a->p, b->p, n) == 0 && a->p[n] == '/' &&
	       !memchr(b->p, '*', b->len) && !memchr(b->p, '?', b->len) &&
	       !memchr(b->p, '[', b->len);
}

/* A net of a list that another of its nets contains: lists of nets have no other use. */
static bool tell_net(struct linter *t, const struct list_def *l, const struct operand *a,
		     const struct operand *b)
{
	const char *kind = t->kind, *name = t->name;
	struct place at;

	if (!item_place(t, l, a->p, a->len, 0, &at))
		return false;
	lint_item(t, "list", l->name);
	lint_say(t, LINT_COVERED_VALUE, at, "'%.60s' is within '%.60s'", a->p, b->p);
	lint_item(t, kind, name);
	return true;
}

static void tell_covered(struct linter *t, struct tree *x, const struct node *n,
			 const struct pred *p, const struct operand *a, const struct operand *b)
{
	const struct list_def *l = list_of(t, x, a), *m = list_of(t, x, b);
	const bool exact = n->mod == MOD_ONEOF;

	if (!exact && l && l == m && p->type == FIELD_NET && tell_net(t, l, a, b))
		return;
	if (!exact && (l || m))
		return;		/* another check may need the item */
	if (!lint_say_off(t, LINT_COVERED_VALUE, x->ast->text, a->off, exact ?
			  "'%.60s' is within '%.60s', and oneof holds for exactly one" :
			  "'%.60s' is within '%.60s'", a->p, b->p))
		return;
	if (exact)
		lint_help(t, "Use anyof, or remove it.");
}

/* Of two that are the same in other words, only the later one is. */
static bool is_covered(struct linter *t, const struct pred *p, uint32_t i, uint32_t k)
{
	return logic_constant_within(&t->logic, p, i, k) &&
	       !(i < k && logic_constant_within(&t->logic, p, k, i));
}

static void find_covered(struct linter *t, struct tree *x, const struct node *n,
			 const struct pred *p)
{
	const struct operand *r = n->right;

	if (r->n_kids > COVER_MAX || n->mod == MOD_ALLOF)
		return;
	for (uint32_t i = 0; i < r->n_kids; i++)
		for (uint32_t k = 0; k < r->n_kids; k++) {
			const struct operand *a = r->kids[i], *b = r->kids[k];
			const bool same = a->len == b->len && memcmp(a->p, b->p, a->len) == 0;

			if (i == k || same)
				continue;
			if (n->op == OP_PMATCH ? !path_within(a, b) : !is_covered(t, p, i, k))
				continue;
			tell_covered(t, x, n, p, a, b);
			break;
		}
}

/* ---- misspelled lists ---- */

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* How many bytes to change until one text is the other. */
static unsigned distance(const char *a, size_t n, const char *b, size_t m)
{
	unsigned row[WORD_MAX_BYTES + 1];

	for (size_t k = 0; k <= m; k++)
		row[k] = (unsigned)k;
	for (size_t i = 0; i < n; i++) {
		unsigned corner = row[0];

		row[0] = (unsigned)i + 1;
		for (size_t k = 0; k < m; k++) {
			const unsigned above = row[k + 1];

			row[k + 1] = least(corner + (a[i] != b[k]), least(above, row[k]) + 1);
			corner = above;
		}
	}
	return row[m];
}

/* A word like the names of lists have, beside a name that differs in a letter or two. */
static void check_list_name(struct linter *t, struct tree *x, const struct operand *o)
{
	const struct ruleset *rs = t->rs;

	if (o->len < 6 || o->len > WORD_MAX_BYTES || !memchr(o->p, '_', o->len) ||
	    rs->n_lists > LISTS_LOOKED_AT || list_of(t, x, o))
		return;
	for (size_t i = 0; i < rs->n_lists; i++) {
		const char *name = rs->lists[i]->name;
		const size_t n = strlen(name);

		if (n > WORD_MAX_BYTES || n + 2 < o->len || o->len + 2 < n ||
		    distance(o->p, o->len, name, n) > 2)
			continue;
		if (lint_say_off(t, LINT_UNKNOWN_LIST, x->ast->text, o->off,
				 "there is no list '%s', so this is a text", o->p))
			lint_help(t, "did you mean %s?", name);
		return;
	}
}

/* "()" as it is written; lists without items are places to put some. */
static bool is_written_empty(const struct tree *x, const struct operand *r)
{
	const struct piece *p = piece_at(x, r->off);
	const struct joined *from = x->text ? x->text->from : NULL;
	size_t i;

	if (!p || !p->copied)
		return !p;
	i = p->in + (r->off - p->out);
	if (i < from->len && from->p[i] == '(')
		for (i++; i < from->len && isspace((unsigned char)from->p[i]);)
			i++;
	return i < from->len && from->p[i] == ')';
}

void lint_several(struct linter *t, struct tree *x, const struct leaf *f, const struct pred *p)
{
	const struct node *n = f->node;
	const struct operand *r = n->right;

	if (r->n_kids == 0 && is_written_empty(x, r))
		lint_say_off(t, LINT_EMPTY_LIST, x->ast->text, n->off,
			     "the list is empty, so the check never holds");
	else if (r->n_kids == 1 && (n->mod || n->op == OP_IN) && !list_of(t, x, r->kids[0]))
		lint_say_off(t, LINT_SINGLE_ITEM, x->ast->text, n->off,
			     "'%s' is for several values", n->mod ? modifier_text[n->mod] : "in");
	else if (p->test == TEST_EQ && n->mod == MOD_ALLOF && p->shape == SHAPE_ONE &&
		 r->n_kids > 1)
		lint_say_off(t, LINT_NEVER_HOLDS, x->ast->text, n->off,
			     "no value equals several others");
	else if (p->test == TEST_NE && n->mod == MOD_ANYOF && p->shape == SHAPE_ONE &&
		 r->n_kids > 1 && lint_say_off(t, LINT_ALWAYS_HOLDS, x->ast->text, n->off,
					       "every value differs from one of several"))
		lint_help(t, "none of them is written != allof, or not ... in");
	for (uint32_t i = 0; i < r->n_kids && r->n_kids <= NAMES_MAX; i++)
		check_list_name(t, x, r->kids[i]);
	find_doubles(t, x, r);
	find_covered(t, x, n, p);
}
