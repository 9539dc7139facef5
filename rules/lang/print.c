/* SPDX-License-Identifier: Apache-2.0 */
/* Trees back to text: the canonical form, and the dumps of the passes. */
#include <string.h>

#include "rules/lang/ast.h"
#include "rules/lang/lex.h"
#include "rules/lang/macro.h"

static const char specials[] = "\b\f\n\r\t\\\"", letters[] = "bfnrt\\\"";

static bool needs_quotes(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!p[i] || strchr(" ='", p[i]) || strchr(specials, p[i]))
			return true;
	return false;
}

void value_print(struct buf *out, const char *p, size_t len)
{
	const char *s;

	if (!needs_quotes(p, len)) {
		buf_put(out, p, len);
		return;
	}
	buf_byte(out, '"');
	for (size_t i = 0; i < len; i++) {
		s = p[i] ? strchr(specials, p[i]) : NULL;
		if (s)
			buf_byte(out, '\\');
		buf_byte(out, (uint8_t)(s ? letters[s - specials] : p[i]));
	}
	buf_byte(out, '"');
}

static void list_print(struct buf *out, const struct operand *o, const char *sep)
{
	buf_byte(out, '(');
	for (uint32_t i = 0; i < o->n_kids; i++) {
		if (i)
			buf_str(out, sep);
		operand_print(out, o->kids[i]);
	}
	buf_byte(out, ')');
}

static void call_print(struct buf *out, const struct operand *o)
{
	buf_str(out, transforms[o->fn].name);
	buf_byte(out, '(');
	for (uint32_t i = 0; i < o->n_kids; i++) {
		if (i)
			buf_byte(out, ',');
		if (o->kids[i]->kind == OPERAND_LIST)
			list_print(out, o->kids[i], ",");
		else
			operand_print(out, o->kids[i]);
	}
	buf_byte(out, ')');
}

void operand_print(struct buf *out, const struct operand *o)
{
	if (o->is_val)
		buf_str(out, "val(");
	switch ((enum operand_kind)o->kind) {
	case OPERAND_NONE:
		break;
	case OPERAND_FIELD:
		buf_put(out, o->p, o->len);
		break;
	case OPERAND_CALL:
		call_print(out, o);
		break;
	case OPERAND_TEXT:
	case OPERAND_NUMBER:
	case OPERAND_NAME:
		value_print(out, o->p, o->len);
		break;
	case OPERAND_LIST:
		list_print(out, o, ", ");
		break;
	}
	if (o->has_arg) {
		buf_byte(out, '[');
		if (o->arg_len)
			value_print(out, o->arg, o->arg_len);
		else
			buf_str(out, "\"\"");
		buf_byte(out, ']');
	}
	if (o->is_val)
		buf_byte(out, ')');
}

void check_print(struct buf *out, const struct node *n)
{
	operand_print(out, n->left);
	buf_byte(out, ' ');
	buf_str(out, ops[n->op].text);
	if (n->mod) {
		buf_byte(out, ' ');
		buf_str(out, modifier_text[n->mod]);
	}
	if (n->right) {
		buf_byte(out, ' ');
		operand_print(out, n->right);
	}
}

static void node_print(struct buf *out, const struct node *n, size_t max)
{
	if (out->len > max)
		return;
	switch (n->kind) {
	case NODE_AND:
	case NODE_OR:
		buf_byte(out, '(');
		for (uint32_t i = 0; i < n->n_kids; i++) {
			if (i)
				buf_str(out, n->kind == NODE_AND ? " and " : " or ");
			node_print(out, n->kids[i], max);
		}
		buf_byte(out, ')');
		break;
	case NODE_NOT:
		buf_str(out, "not ");
		node_print(out, n->kids[0], max);
		break;
	case NODE_CHECK:
		check_print(out, n);
		break;
	case NODE_MACRO:
		if (n->macro)
			node_print(out, n->macro->ast->root, max);
		else
			buf_str(out, n->name);
		break;
	}
}

void ast_print(struct buf *out, const struct ast *a, size_t max)
{
	node_print(out, a->root, max);
	if (out->len > max) {
		out->len = max;
		buf_str(out, "...");
	}
}

void ast_walk(const struct node *n, void (*visit)(const struct node *, void *), void *arg)
{
	visit(n, arg);
	for (uint32_t i = 0; i < n->n_kids; i++)
		ast_walk(n->kids[i], visit, arg);
}

static void dump_node(struct buf *out, const struct node *n, const struct ast *a, unsigned depth)
{
	static const char *const kind[] = { "and", "or", "not", "check", "macro" };
	struct lang_place where;

	lang_locate(a->text, n->off, &where);
	buf_printf(out, "%5u:%-4u %*s%s", where.line, where.column, (int)depth * 2, "",
		   kind[n->kind]);
	if (n->kind == NODE_CHECK) {
		buf_byte(out, ' ');
		check_print(out, n);
	} else if (n->kind == NODE_MACRO) {
		buf_printf(out, " %s", n->name);
	}
	buf_byte(out, '\n');
	if (n->kind == NODE_MACRO && n->macro && depth < 64)
		dump_node(out, n->macro->ast->root, n->macro->ast, depth + 1);
	for (uint32_t i = 0; i < n->n_kids; i++)
		dump_node(out, n->kids[i], a, depth + 1);
}

void ast_dump(struct buf *out, const struct ast *a)
{
	dump_node(out, a->root, a, 0);
}

/* The words as they stand alone: what they are to the parser depends on the place, so
 * this is the coarse view. */
void ast_dump_tokens(struct buf *out, const struct lang_text *t)
{
	struct arena arena = {0};
	struct lang l;
	struct lex x = { .l = &l, .t = t };
	struct lang_place where;
	const char *kind;
	uint32_t n;

	lang_init(&l, &arena);
	for (lex_blank(&x); x.pos < t->len; lex_blank(&x)) {
		const size_t start = x.pos;

		if (lex_quoted(&x, &n))
			kind = "quoted";
		else if (lex_field(&x))
			kind = "field";
		else if (lex_bare(&x))
			kind = "word";
		else
			kind = (x.pos++, "mark");
		lang_locate(t, start, &where);
		buf_printf(out, "%5u:%-4u %-7s %.*s\n", where.line, where.column, kind,
			   (int)(x.pos - start > 4096 ? 4096 : x.pos - start), t->p + start);
	}
	arena_release(&arena);
}
