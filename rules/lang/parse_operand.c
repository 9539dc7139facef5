/* SPDX-License-Identifier: Apache-2.0 */
/* The sides of checks: fields, transformers, constants, lists. */
#include <string.h>

#include "rules/lang/parse.h"

static struct operand *operand_new(struct lex *x, enum operand_kind kind, size_t off)
{
	struct operand *o = arena_zalloc(x->l->arena, sizeof(*o));

	o->kind = (uint8_t)kind;
	o->off = (uint32_t)off;
	return o;
}

struct operand *parse_word(struct lex *x, enum operand_kind kind, size_t off, size_t len)
{
	struct operand *o = operand_new(x, kind, off);

	o->p = arena_strn(x->l->arena, x->t->p + off, len);
	o->len = (uint32_t)len;
	return o;
}

/* An optional [argument]. */
static bool field_arg(struct lex *x, struct operand *o)
{
	const size_t start = x->pos;
	size_t n;

	if (!lex_mark(x, "[", 1))
		return true;
	o->has_arg = true;
	o->arg = lex_quoted(x, &o->arg_len);
	if (!o->arg) {
		const size_t at = x->pos;

		n = lex_bare_arg(x);
		if (!n)
			return parse_fail(x, start, "expected a valid field argument: "
					  "a quoted string or a bare string");
		o->arg = arena_strn(x->l->arena, x->t->p + at, n);
		o->arg_len = (uint32_t)n;
	}
	if (!lex_mark(x, "]", 1))
		return parse_fail(x, x->pos, "expected a ']' token");
	return true;
}

struct operand *parse_field(struct lex *x)
{
	const size_t start = x->pos, n = lex_field(x);
	struct operand *o;

	if (!n)
		return NULL;
	o = parse_word(x, OPERAND_FIELD, start, n);
	return field_arg(x, o) ? o : NULL;
}

static struct operand *parse_quoted(struct lex *x)
{
	const size_t start = x->pos;
	uint32_t len = 0;
	const char *p = lex_quoted(x, &len);
	struct operand *o;

	if (!p)
		return NULL;
	o = operand_new(x, OPERAND_TEXT, start);
	o->p = p;
	o->len = len;
	return o;
}

/* A constant: quoted or bare. */
struct operand *parse_string(struct lex *x)
{
	const size_t start = x->pos;
	struct operand *o = parse_quoted(x);
	size_t n;

	if (o || x->l->code)
		return o;
	n = lex_bare(x);
	return n ? parse_word(x, OPERAND_TEXT, start, n) : NULL;
}

typedef struct operand *parse_one(struct lex *x);

static void *fail_limit(struct lex *x, size_t off)
{
	lang_fail(x->l, LANG_LIMIT, x->t, off, "a list of more than %d elements", LANG_LIST_MAX);
	return NULL;
}

/* ( one , one ... ) with the opening parenthesis already taken. */
static struct operand *list_rest(struct lex *x, parse_one *one, size_t start, const char *want)
{
	struct operand *list = operand_new(x, OPERAND_LIST, start), *o;

	lex_blank(x);
	if (lex_mark(x, ")", 1))
		return list;
	o = one(x);
	if (!o)
		return parse_fail(x, x->pos, "expected a ')' token");
	for (;;) {
		list->kids = (struct operand **)parse_push(x, list->kids, &list->n_kids, o);
		if (list->n_kids > LANG_LIST_MAX)
			return fail_limit(x, start);
		lex_blank(x);
		if (lex_mark(x, ")", 1))
			return list;
		if (!lex_mark(x, ",", 1))
			return parse_fail(x, x->pos, "expected a ')' token");
		lex_blank(x);
		o = one(x);
		if (!o)
			return parse_fail(x, x->pos, want);
	}
}

#define WANT_ARGUMENT "expected field transformer argument: field, transformer, " \
	"quoted string, number, or transformer list"

static struct operand *parse_simple_arg(struct lex *x)
{
	const size_t start = x->pos;
	bool is = false;
	struct operand *o = parse_call(x, &is);
	size_t n;

	if (is || x->l->code)
		return o;
	o = parse_field(x);
	if (!o && !x->l->code)
		o = parse_quoted(x);
	if (o || x->l->code)
		return o;
	n = lex_number(x);
	return n ? parse_word(x, OPERAND_NUMBER, start, n) : NULL;
}

static struct operand *parse_arg(struct lex *x)
{
	const size_t start = x->pos;
	struct operand *o;

	lex_blank(x);
	if (lex_mark(x, "(", 1))
		return list_rest(x, parse_simple_arg, start, WANT_ARGUMENT);
	o = parse_simple_arg(x);
	return o || x->l->code ? o : parse_fail(x, x->pos, WANT_ARGUMENT);
}

static int transform_at(struct lex *x)
{
	const size_t start = x->pos, n = lex_identifier(x);

	for (int i = 0; n && lex_peek(x) == '(' && i < TR__N; i++)
		if (n == transforms[i].len && memcmp(x->t->p + start, transforms[i].name, n) == 0) {
			x->pos++;
			return i;
		}
	x->pos = start;
	return -1;
}

static struct operand *call_rest(struct lex *x, struct operand *o)
{
	const struct transform_desc *d = &transforms[o->fn];
	struct operand *arg;

	do {
		arg = parse_arg(x);
		if (!arg)
			return NULL;
		o->kids = (struct operand **)parse_push(x, o->kids, &o->n_kids, arg);
		lex_blank(x);
		if (d->most == 1)
			break;
	} while (lex_mark(x, ",", 1));
	if (!lex_mark(x, ")", 1))
		return parse_fail(x, x->pos, "expected a ')' token closing the transformer");
	if (d->most == 1 && arg->kind != OPERAND_FIELD && arg->kind != OPERAND_CALL)
		return parse_fail(x, arg->off, "expected a field or a transformer as the argument");
	if (o->fn == TR_GETOPT && !field_arg(x, o))
		return NULL;
	return o;
}

/* name(arguments); *is tells whether one stands here at all. */
struct operand *parse_call(struct lex *x, bool *is)
{
	const size_t start = x->pos;
	const int fn = transform_at(x);
	struct operand *o;

	*is = fn >= 0;
	if (fn < 0)
		return NULL;
	if (!parse_deeper(x))
		return NULL;
	o = operand_new(x, OPERAND_CALL, start);
	o->fn = (uint8_t)fn;
	o = call_rest(x, o);
	x->l->depth--;
	return o;
}

/* val(field) or a transformer, on the right. */
struct operand *parse_right_call(struct lex *x, bool *is)
{
	struct operand *o;

	if (!lex_mark(x, "val(", 4))
		return parse_call(x, is);
	*is = true;
	lex_blank(x);
	if (transform_at(x) >= 0)
		return parse_fail(x, x->pos, "expected a field within 'val' transformer");
	o = parse_field(x);
	if (!o)
		return parse_fail(x, x->pos, "expected a field within 'val' transformer");
	lex_blank(x);
	if (!lex_mark(x, ")", 1))
		return parse_fail(x, x->pos, "expected a ')' token closing the transformer");
	o->is_val = true;
	return o;
}

struct operand *parse_list(struct lex *x)
{
	const size_t start = x->pos;
	size_t n;

	if (lex_mark(x, "(", 1))
		return list_rest(x, parse_string, start, "expected a string value");
	n = lex_identifier(x);
	return n ? parse_word(x, OPERAND_NAME, start, n) : NULL;
}
