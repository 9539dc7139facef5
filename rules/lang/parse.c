/* SPDX-License-Identifier: Apache-2.0 */
/* From text to tree by recursive descent; the grammar is in saker-rules(5).
 * Alternatives are tried in the order of the tables, as Falco's parser does: what a
 * file means must not depend on who reads it. */
#include <string.h>

#include "capture/base/near.h"
#include "rules/lang/ast.h"
#include "rules/lang/lex.h"

const struct op_desc ops[OP__N] = {
#define OP(id, text, class, types) [OP_##id] = { text, sizeof(text) - 1, CLASS_##class, types },
#include "rules/lang/ops.def"
#undef OP
};

const char *const modifier_text[MOD__N] = { "", "oneof", "anyof", "allof" };

const struct transform_desc transforms[TR__N] = {
#define TRANSFORM(id, name, least, most) [TR_##id] = { name, sizeof(name) - 1, least, most },
#include "rules/lang/transforms.def"
#undef TRANSFORM
};

#define WANT_TRANSFORMERS \
	"a field with a valid transformer: 'val', 'tolower', 'toupper', 'b64', " \
	"'basename', 'len', 'join', 'concat', 'getopt'"

static struct node *parse_or(struct lex *x);
static struct operand *parse_call(struct lex *x, bool *is);

static void *fail(struct lex *x, size_t off, const char *message)
{
	lang_fail(x->l, LANG_SYNTAX, x->t, off, "%s", message);
	return NULL;
}

static bool deeper(struct lex *x)
{
	if (++x->l->depth <= LANG_NEST_MAX)
		return true;
	return lang_fail(x->l, LANG_LIMIT, x->t, x->pos,
			 "exceeded max depth limit of %d", LANG_NEST_MAX);
}

static struct node *node_new(struct lex *x, enum node_kind kind, size_t off)
{
	struct node *n = arena_zalloc(x->l->arena, sizeof(*n));

	n->kind = kind;
	n->off = (uint32_t)off;
	return n;
}

static struct operand *operand_new(struct lex *x, enum operand_kind kind, size_t off)
{
	struct operand *o = arena_zalloc(x->l->arena, sizeof(*o));

	o->kind = (uint8_t)kind;
	o->off = (uint32_t)off;
	return o;
}

static struct operand *word(struct lex *x, enum operand_kind kind, size_t off, size_t len)
{
	struct operand *o = operand_new(x, kind, off);

	o->p = arena_strn(x->l->arena, x->t->p + off, len);
	o->len = (uint32_t)len;
	return o;
}

/* Pointers that grow; in the arena, so what is left behind costs a little. */
static void **push(struct lex *x, void *list, uint32_t *n, void *item)
{
	void **p = list;

	if ((*n & (*n - 1)) == 0) {
		void **more = arena_alloc(x->l->arena, (*n ? *n * 2 : 1) * sizeof(*p));

		if (*n)
			memcpy(more, p, *n * sizeof(*p));
		p = more;
	}
	p[(*n)++] = item;
	return p;
}

/* "and", "or", "not": a word only if a blank or a parenthesis follows. */
static bool keyword(struct lex *x, const char *text, size_t len)
{
	const size_t start = x->pos;

	if (!lex_mark(x, text, len))
		return false;
	if (lex_blank(x) || lex_peek(x) == '(')
		return true;
	x->pos = start;
	return false;
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
			return fail(x, start, "expected a valid field argument: "
				    "a quoted string or a bare string");
		o->arg = arena_strn(x->l->arena, x->t->p + at, n);
		o->arg_len = (uint32_t)n;
	}
	if (!lex_mark(x, "]", 1))
		return fail(x, x->pos, "expected a ']' token");
	return true;
}

static struct operand *parse_field(struct lex *x)
{
	const size_t start = x->pos, n = lex_field(x);
	struct operand *o;

	if (!n)
		return NULL;
	o = word(x, OPERAND_FIELD, start, n);
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
static struct operand *parse_string(struct lex *x)
{
	const size_t start = x->pos;
	struct operand *o = parse_quoted(x);
	size_t n;

	if (o || x->l->code)
		return o;
	n = lex_bare(x);
	return n ? word(x, OPERAND_TEXT, start, n) : NULL;
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
		return fail(x, x->pos, "expected a ')' token");
	for (;;) {
		list->kids = (struct operand **)push(x, list->kids, &list->n_kids, o);
		if (list->n_kids > LANG_LIST_MAX)
			return fail_limit(x, start);
		lex_blank(x);
		if (lex_mark(x, ")", 1))
			return list;
		if (!lex_mark(x, ",", 1))
			return fail(x, x->pos, "expected a ')' token");
		lex_blank(x);
		o = one(x);
		if (!o)
			return fail(x, x->pos, want);
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
	return n ? word(x, OPERAND_NUMBER, start, n) : NULL;
}

static struct operand *parse_arg(struct lex *x)
{
	const size_t start = x->pos;
	struct operand *o;

	lex_blank(x);
	if (lex_mark(x, "(", 1))
		return list_rest(x, parse_simple_arg, start, WANT_ARGUMENT);
	o = parse_simple_arg(x);
	return o || x->l->code ? o : fail(x, x->pos, WANT_ARGUMENT);
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
		o->kids = (struct operand **)push(x, o->kids, &o->n_kids, arg);
		lex_blank(x);
		if (d->most == 1)
			break;
	} while (lex_mark(x, ",", 1));
	if (!lex_mark(x, ")", 1))
		return fail(x, x->pos, "expected a ')' token closing the transformer");
	if (d->most == 1 && arg->kind != OPERAND_FIELD && arg->kind != OPERAND_CALL)
		return fail(x, arg->off, "expected a field or a transformer as the argument");
	if (o->fn == TR_GETOPT && !field_arg(x, o))
		return NULL;
	return o;
}

/* name(arguments); *is tells whether one stands here at all. */
static struct operand *parse_call(struct lex *x, bool *is)
{
	const size_t start = x->pos;
	const int fn = transform_at(x);
	struct operand *o;

	*is = fn >= 0;
	if (fn < 0)
		return NULL;
	if (!deeper(x))
		return NULL;
	o = operand_new(x, OPERAND_CALL, start);
	o->fn = (uint8_t)fn;
	o = call_rest(x, o);
	x->l->depth--;
	return o;
}

/* val(field) or a transformer, on the right. */
static struct operand *parse_right_call(struct lex *x, bool *is)
{
	struct operand *o;

	if (!lex_mark(x, "val(", 4))
		return parse_call(x, is);
	*is = true;
	lex_blank(x);
	if (transform_at(x) >= 0)
		return fail(x, x->pos, "expected a field within 'val' transformer");
	o = parse_field(x);
	if (!o)
		return fail(x, x->pos, "expected a field within 'val' transformer");
	lex_blank(x);
	if (!lex_mark(x, ")", 1))
		return fail(x, x->pos, "expected a ')' token closing the transformer");
	o->is_val = true;
	return o;
}

static bool is_keyword(const struct lex *x, size_t off, size_t n)
{
	const char *p = x->t->p + off;

	return (n == 3 && (memcmp(p, "and", 3) == 0 || memcmp(p, "not", 3) == 0)) ||
	       (n == 2 && memcmp(p, "or", 2) == 0);
}

/* A modifier is one only before a list or a word: "= oneof" alone compares. */
static enum modifier parse_modifier(struct lex *x)
{
	const size_t start = x->pos;
	size_t at, n;

	for (int i = MOD_ONEOF; i < MOD__N; i++) {
		if (!lex_mark(x, modifier_text[i], 5))
			continue;
		if (lex_blank(x)) {
			if (lex_peek(x) == '(')
				return (enum modifier)i;
			at = x->pos;
			n = lex_identifier(x);
			x->pos = at;
			if (n && !is_keyword(x, at, n))
				return (enum modifier)i;
		}
		x->pos = start;
	}
	return MOD_NONE;
}

static struct operand *parse_list(struct lex *x)
{
	const size_t start = x->pos;
	size_t n;

	if (lex_mark(x, "(", 1))
		return list_rest(x, parse_string, start, "expected a string value");
	n = lex_identifier(x);
	return n ? word(x, OPERAND_NAME, start, n) : NULL;
}

static bool right_num(struct lex *x, struct node *n)
{
	const size_t start = x->pos;
	bool is = false;
	size_t len;

	n->right = parse_right_call(x, &is);
	if (is || x->l->code)
		return n->right;
	len = lex_number(x);
	if (!len)
		return fail(x, start, "expected a number value or " WANT_TRANSFORMERS);
	n->right = word(x, OPERAND_TEXT, start, len);
	return true;
}

static bool right_string(struct lex *x, struct node *n, bool blank)
{
	bool is = false;

	n->mod = blank ? parse_modifier(x) : MOD_NONE;
	if (n->mod) {
		n->right = parse_list(x);
		return n->right;
	}
	n->right = parse_right_call(x, &is);
	if (is || x->l->code)
		return n->right;
	n->right = parse_string(x);
	return n->right || fail(x, x->pos, "expected a string value or " WANT_TRANSFORMERS);
}

static bool right_list(struct lex *x, struct node *n)
{
	bool is = false;

	n->right = parse_right_call(x, &is);
	if (is || x->l->code)
		return n->right;
	n->right = parse_list(x);
	return n->right || fail(x, x->pos, "expected a list or " WANT_TRANSFORMERS);
}

/* The operator; a word among the string operators needs a blank behind it. */
static int parse_op(struct lex *x, bool *blank)
{
	for (int i = 0; i < OP__N; i++) {
		const size_t start = x->pos;

		if (!lex_mark(x, ops[i].text, ops[i].len))
			continue;
		*blank = ops[i].class != CLASS_UNARY && lex_blank(x);
		if (ops[i].class != CLASS_WORD || *blank)
			return i;
		x->pos = start;
	}
	return -1;
}

#define WANT_OP "expected a valid check operator: one of 'exists', '<=', '<', '>=', '>', " \
	"'==', '=', '!=', 'glob', 'iglob', 'contains', 'icontains', 'bcontains', 'startswith', " \
	"'bstartswith', 'endswith', 'regex', 'intersects', 'in', 'pmatch'"

static void *fail_op(struct lex *x)
{
	const char *p = x->t->p + x->pos;
	size_t n = 0;
	struct near near;

	while (n < x->t->len - x->pos && !strchr(" \t\b\r\n()=,\"'", p[n]))
		n++;
	near_init(&near, p, n);
	for (int i = 0; i < OP__N; i++)
		near_try(&near, ops[i].text);
	lang_fail(x->l, LANG_SYNTAX, x->t, x->pos, WANT_OP "%s", near_text(&near));
	return NULL;
}

static struct node *check_tail(struct lex *x, struct operand *left)
{
	struct node *n = node_new(x, NODE_CHECK, left->off);
	bool blank = false, ok = true;
	int op;

	n->left = left;
	lex_blank(x);
	n->op_off = (uint32_t)x->pos;
	op = parse_op(x, &blank);
	if (op < 0)
		return fail_op(x);
	n->op = (enum op)op;
	switch ((enum op_class)ops[op].class) {
	case CLASS_UNARY:
		break;
	case CLASS_NUM:
		ok = right_num(x, n);
		break;
	case CLASS_SIGN:
	case CLASS_WORD:
		ok = right_string(x, n, blank);
		break;
	case CLASS_LIST:
		ok = right_list(x, n);
		break;
	}
	return ok ? n : NULL;
}

static struct node *parse_group(struct lex *x)
{
	struct node *n;

	if (!deeper(x))
		return NULL;
	n = parse_or(x);
	if (!n)
		return NULL;
	lex_blank(x);
	if (!lex_mark(x, ")", 1))
		return fail(x, x->pos, "expected a ')' token");
	x->l->depth--;
	return n;
}

static struct node *parse_check(struct lex *x)
{
	const size_t start = x->pos;
	struct operand *left;
	struct node *n;
	bool is = false;
	size_t len;

	if (lex_mark(x, "(", 1))
		return parse_group(x);
	left = parse_call(x, &is);
	if (!is && !x->l->code)
		left = parse_field(x);
	if (x->l->code)
		return NULL;
	if (left)
		return check_tail(x, left);
	len = lex_identifier(x);
	if (!len)
		return fail(x, start, "expected a '(' token, a field check, or an identifier");
	n = node_new(x, NODE_MACRO, start);
	n->name = arena_strn(x->l->arena, x->t->p + start, len);
	return n;
}

static struct node *parse_not(struct lex *x)
{
	const size_t start = x->pos;
	struct node *n, *kid;
	bool odd = false;

	while (lex_blank(x), keyword(x, "not", 3))
		odd = !odd;
	kid = parse_check(x);
	if (!kid || !odd)
		return kid;
	n = node_new(x, NODE_NOT, start);
	n->kids = (struct node **)push(x, NULL, &n->n_kids, kid);
	return n;
}

static struct node *parse_chain(struct lex *x, enum node_kind kind, const char *text,
				size_t len, struct node *(*next)(struct lex *))
{
	struct node *first, *n = NULL, *kid;

	lex_blank(x);
	first = next(x);
	while (first && (lex_blank(x), keyword(x, text, len))) {
		if (!n) {
			n = node_new(x, kind, first->off);
			n->kids = (struct node **)push(x, NULL, &n->n_kids, first);
		}
		kid = next(x);
		if (!kid)
			return NULL;
		n->kids = (struct node **)push(x, n->kids, &n->n_kids, kid);
	}
	return n ? n : first;
}

static struct node *parse_and(struct lex *x)
{
	return parse_chain(x, NODE_AND, "and", 3, parse_not);
}

static struct node *parse_or(struct lex *x)
{
	return parse_chain(x, NODE_OR, "or", 2, parse_and);
}

/* What may have been meant by the words around the place: a transformer, or a word of
 * the language in capitals. */
static const char *meant(const struct lex *x, size_t start, size_t end)
{
	static const char *const words[] = { "and", "or", "not" };
	const char *p = x->t->p;
	struct near near;

	near_init(&near, p + start, end - start);
	for (int i = 0; lex_peek(x) == '(' && i < TR__N; i++)
		near_try(&near, transforms[i].name);
	for (int i = 0; i < 3; i++) {
		const size_t n = strlen(words[i]);

		if (x->t->len - x->pos > n && strncasecmp(p + x->pos, words[i], n) == 0 &&
		    strchr(" \t\r\n(", p[x->pos + n]))
			near.name = words[i];
	}
	return near_text(&near);
}

/* The word before the place where the text goes on unexpectedly. */
static void *fail_rest(struct lex *x)
{
	size_t end = x->pos, start;

	while (end > 0 && strchr(" \t\b\r\n", x->t->p[end - 1]))
		end--;
	for (start = end; start > 0 && !strchr(" \t\b\r\n()=,", x->t->p[start - 1]);)
		start--;
	lang_fail(x->l, LANG_SYNTAX, x->t, x->pos,
		  "unexpected token after '%.*s', expecting 'or', 'and'%s",
		  (int)(end - start > 200 ? 200 : end - start), x->t->p + start,
		  meant(x, start, end));
	return NULL;
}

struct ast *ast_parse(struct lang *l, const struct lang_text *t)
{
	struct lex x = { .l = l, .t = t };
	struct ast *a = arena_zalloc(l->arena, sizeof(*a));

	if (t->len > LANG_TEXT_MAX) {
		lang_fail(l, LANG_LIMIT, t, 0, "a condition of %zu bytes is too long", t->len);
		return NULL;
	}
	l->depth = 0;
	a->text = t;
	a->root = parse_or(&x);
	lex_blank(&x);
	if (a->root && x.pos != t->len)
		return fail_rest(&x);
	return a->root ? a : NULL;
}

struct operand *ast_parse_call(struct lang *l, const struct lang_text *t, size_t *used)
{
	struct lex x = { .l = l, .t = t };
	struct operand *o;
	bool is;

	l->depth = 0;
	o = parse_call(&x, &is);
	*used = x.pos;
	return o;
}
