/* SPDX-License-Identifier: Apache-2.0 */
/* The tree of a condition as it was written. */
#ifndef SAKER_LANG_AST_H
#define SAKER_LANG_AST_H

#include "rules/lang/lang.h"

enum op {
#define OP(id, text, class, types) OP_##id,
#include "rules/lang/ops.def"
#undef OP
	OP__N
};

enum op_class { CLASS_UNARY, CLASS_NUM, CLASS_SIGN, CLASS_WORD, CLASS_LIST };

enum { T_N = 1, T_B = 2, T_S = 4, T_Y = 8, T_A = 16 };

struct op_desc {
	const char *text;
	uint8_t len, class;	/* enum op_class */
	uint8_t types;		/* T_* */
};

extern const struct op_desc ops[OP__N];

enum modifier { MOD_NONE, MOD_ONEOF, MOD_ANYOF, MOD_ALLOF, MOD__N };
extern const char *const modifier_text[MOD__N];

enum transform {
#define TRANSFORM(id, name, least, most) TR_##id,
#include "rules/lang/transforms.def"
#undef TRANSFORM
	TR__N
};

struct transform_desc {
	const char *name;
	uint8_t len, least, most;
};

extern const struct transform_desc transforms[TR__N];

/* What stands on either side of an operator. */
enum operand_kind {
	OPERAND_NONE,
	OPERAND_FIELD,		/* proc.name, proc.aname[2] */
	OPERAND_CALL,		/* tolower(proc.name) */
	OPERAND_TEXT,		/* a constant */
	OPERAND_NUMBER,		/* as an argument of a transformer */
	OPERAND_LIST,
	OPERAND_NAME,		/* a bare word where a list is wanted */
};

struct operand {
	uint8_t kind;			/* enum operand_kind */
	uint8_t fn;			/* enum transform, of a call */
	bool has_arg, is_val;		/* val(field) on the right */
	uint32_t off;
	uint32_t len, arg_len;
	const char *p;			/* name of the field, or the constant */
	const char *arg;		/* in square brackets */
	struct operand **kids;		/* arguments of a call, elements of a list */
	uint32_t n_kids;
};

enum node_kind { NODE_AND, NODE_OR, NODE_NOT, NODE_CHECK, NODE_MACRO };

struct node {
	enum node_kind kind;
	enum op op;			/* of a check, from here on */
	enum modifier mod;
	uint32_t off, op_off;
	struct operand *left, *right;
	const char *name;		/* of a macro */
	struct macro *macro;		/* once it is expanded */
	struct node **kids;
	uint32_t n_kids;
};

/* A tree with its text. */
struct ast {
	const struct lang_text *text;
	struct node *root;
};

/* NULL: l has the error.  Takes what it keeps from l->arena. */
struct ast *ast_parse(struct lang *l, const struct lang_text *t);

/* A transformer alone, at the start of the text; used: how many bytes it takes. */
struct operand *ast_parse_call(struct lang *l, const struct lang_text *t, size_t *used);

/* Canonical text: what Falco prints for a compiled condition.  Macros that were
 * expanded are printed as their condition.  Ends after max bytes. */
void ast_print(struct buf *out, const struct ast *a, size_t max);
void operand_print(struct buf *out, const struct operand *o);
void value_print(struct buf *out, const char *p, size_t len);
void check_print(struct buf *out, const struct node *n);

/* --dump=tokens and --dump=ast. */
void ast_dump_tokens(struct buf *out, const struct lang_text *t);
void ast_dump(struct buf *out, const struct ast *a);

/* Calls visit for each node, parents first; not into macros. */
void ast_walk(const struct node *n, void (*visit)(const struct node *, void *), void *arg);

#endif
