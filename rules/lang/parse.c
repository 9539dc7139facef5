/* SPDX-License-Identifier: Apache-2.0 */
/* From text to tree by recursive descent; the grammar is in saker-rules(5).
 * Alternatives are tried in the order of the tables, as Falco's parser does: what a
 * file means must not depend on who reads it. */
#include <string.h>

#include "capture/base/near.h"
#include "rules/lang/parse.h"

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

void *parse_fail(struct lex *x, size_t off, const char *message)
{
	lang_fail(x->l, LANG_SYNTAX, x->t, off, "%s", message);
	return NULL;
}

bool parse_deeper(struct lex *x)
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

/* Pointers that grow; in the arena, so what is left behind costs a little. */
void **parse_push(struct lex *x, void *list, uint32_t *n, void *item)
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
		return parse_fail(x, start, "expected a number value or " WANT_TRANSFORMERS);
	n->right = parse_word(x, OPERAND_TEXT, start, len);
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
	return n->right || parse_fail(x, x->pos, "expected a string value or " WANT_TRANSFORMERS);
}

static bool right_list(struct lex *x, struct node *n)
{
	bool is = false;

	n->right = parse_right_call(x, &is);
	if (is || x->l->code)
		return n->right;
	n->right = parse_list(x);
	return n->right || parse_fail(x, x->pos, "expected a list or " WANT_TRANSFORMERS);
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

	if (!parse_deeper(x))
		return NULL;
	n = parse_or(x);
	if (!n)
		return NULL;
	lex_blank(x);
	if (!lex_mark(x, ")", 1))
		return parse_fail(x, x->pos, "expected a ')' token");
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
		return parse_fail(x, start, "expected a '(' token, a field check, or an "
				  "identifier");
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
	n->kids = (struct node **)parse_push(x, NULL, &n->n_kids, kid);
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
			n->kids = (struct node **)parse_push(x, NULL, &n->n_kids, first);
		}
		kid = next(x);
		if (!kid)
			return NULL;
		n->kids = (struct node **)parse_push(x, n->kids, &n->n_kids, kid);
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
