/* SPDX-License-Identifier: Apache-2.0 */
/* The passes in a row: parse, expand, check (which folds), event types, code. */
#include "rules/lang/cond.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <string.h>

#include "capture/base/strict.h"
#include "rules/lang/engine.h"
#include "rules/lang/events.h"
#include "rules/lang/macro.h"

enum { PRINT_MAX = 1 << 20 };

struct cond {
	struct arena arena;
	struct lang_text text;
	struct ast *ast;
	struct engine engine;		/* of a clone: unused */
	const struct cond *of;		/* whose engine it is */
	uint32_t root;
	struct event_set events;	/* as its tests of evt.type say */
	struct event_set types;		/* for which there is code: fewer */
	struct matcher matcher;
};

static bool compile(struct cond *c, struct lang *l)
{
	c->ast = ast_parse(l, &c->text);
	if (!c->ast || !macros_expand(l, c->ast, UINT32_MAX, NULL, NULL))
		return false;
	c->root = engine_check(&c->engine, l, c->ast);
	if (c->root == INTERN_NONE)
		return false;
	events_of(c->ast, &c->events);
	engine_add(&c->engine, c->root, &c->events);
	engine_finish(&c->engine, NULL);
	engine_types(&c->engine, &c->types);
	return true;
}

struct cond *cond_compile(const char *text, size_t len, const char *name)
{
	struct cond *c = xcalloc(1, sizeof(*c));
	struct lang l;

	lang_init(&l, &c->arena);
	l.strict = strict_falco;
	l.alone = true;
	lang_text_init(&c->text, arena_str(&c->arena, name), arena_strn(&c->arena, text, len), len);
	engine_init(&c->engine, &c->arena, strict_falco);
	l.regexes = &c->engine.regexes;
	c->of = c;
	if (!compile(c, &l)) {
		lang_err(&l);
		cond_free(c);
		return NULL;
	}
	matcher_init(&c->matcher, &c->engine);
	return c;
}

struct cond *cond_clone(const struct cond *c)
{
	struct cond *n = xcalloc(1, sizeof(*n));

	n->of = c->of;
	matcher_init(&n->matcher, &c->of->engine);
	return n;
}

void cond_free(struct cond *c)
{
	if (!c)
		return;
	matcher_release(&c->matcher);
	if (c->of == c)
		engine_release(&c->engine);
	arena_release(&c->arena);
	free(c);
}

bool cond_eval(struct cond *c, const struct field_ctx *ctx)
{
	const struct engine *e = c->matcher.e;
	const unsigned type = ctx->ev->type < EV__N ? ctx->ev->type : EV_UNKNOWN;
	const uint32_t at = e->first[type];

	if (at == e->first[type + 1])
		return false;
	matcher_begin(&c->matcher, ctx);
	return matcher_run(&c->matcher, e->entries[at].pc);
}

const struct event_set *cond_events(const struct cond *c)
{
	return &c->of->types;
}

/* A constant that is printed as it is read: words, and what is in names and paths. */
static bool is_word(const struct operand *o)
{
	bool plain = o->kind == OPERAND_TEXT && o->len > 0;

	for (uint32_t i = 0; plain && i < o->len; i++)
		plain = isalnum((unsigned char)o->p[i]) || strchr("_./:-", o->p[i]);
	return plain;
}

static bool is_plain(const struct operand *o)
{
	bool all = o->kind == OPERAND_LIST && o->n_kids > 0;

	for (uint32_t i = 0; all && i < o->n_kids; i++)
		all = is_word(o->kids[i]);
	return all || is_word(o) || (o->kind == OPERAND_TEXT && !o->len);
}

static const struct node *find_required(const struct node *n,
					bool (*fits)(const char *field, size_t len))
{
	const struct node *found = NULL;

	if (n->kind == NODE_CHECK && !n->mod && n->left->kind == OPERAND_FIELD
	    && !n->left->has_arg
	    && (n->op == OP_EXISTS || (n->right && is_plain(n->right)))
	    && fits(n->left->p, n->left->len))
		return n;
	for (uint32_t i = 0; !found && n->kind == NODE_AND && i < n->n_kids; i++)
		found = find_required(n->kids[i], fits);
	return found;
}

struct cond *cond_required(const struct cond *c, bool (*fits)(const char *field, size_t len))
{
	const struct node *n = find_required(c->of->ast->root, fits);
	struct cond *test = NULL;
	struct buf text = {0};

	if (n) {
		check_print(&text, n);
		if (n->op != OP_EXISTS && n->right->kind == OPERAND_TEXT && !n->right->len)
			buf_str(&text, "''");
		test = cond_compile(buf_text(&text), text.len, "test");
	}
	buf_release(&text);
	return test;
}

static const struct operand *find_equal(const struct node *n, const char *field, size_t len)
{
	const struct operand *found = NULL;

	if (n->kind == NODE_CHECK && !n->mod && (n->op == OP_EQ || n->op == OP_EQ1)
	    && n->left->kind == OPERAND_FIELD && !n->left->has_arg && n->left->len == len
	    && memcmp(n->left->p, field, len) == 0 && is_word(n->right))
		return n->right;
	for (uint32_t i = 0; !found && n->kind == NODE_AND && i < n->n_kids; i++)
		found = find_equal(n->kids[i], field, len);
	return found;
}

bool cond_equals(const struct cond *c, const char *field, const char **text, size_t *len)
{
	const struct operand *o = find_equal(c->of->ast->root, field, strlen(field));

	if (o) {
		*text = o->p;
		*len = o->len;
	}
	return o != NULL;
}

bool cond_needs_bulk(const struct cond *c)
{
	return engine_needs_bulk(&c->of->engine);
}

int dump_stage(const char *name)
{
	static const char *const names[] = {
		"tokens", "ast", "expanded", "folded", "events", "code",
	};

	for (int i = 0; i < 6; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

void cond_dump(const struct cond *c, enum dump_stage stage, struct buf *out)
{
	c = c->of;
	switch (stage) {
	case DUMP_TOKENS:
		ast_dump_tokens(out, &c->text);
		break;
	case DUMP_AST:
		ast_dump(out, c->ast);
		break;
	case DUMP_EXPANDED:
		ast_print(out, c->ast, PRINT_MAX);
		buf_byte(out, '\n');
		break;
	case DUMP_FOLDED:
		engine_dump_node(&c->engine, c->root, out);
		break;
	case DUMP_EVENTS:
		events_dump(out, &c->events);
		break;
	case DUMP_CODE:
		engine_dump_preds(&c->engine, out);
		engine_dump_code(&c->engine, out);
		break;
	}
}
