/* SPDX-License-Identifier: Apache-2.0 */
/* Compiles the whole set as it stands after a file: a later file may complete or change
 * what an earlier one said, but each must compile together with those before it. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "capture/base/near.h"
#include "capture/base/strict.h"
#include "rules/lang/events.h"
#include "rules/set/items.h"

enum {
	TYPES_MAX = 50,		/* Falco warns above 100 event codes, about two a type */
	ERRORS_MAX = 1000,	/* then nobody reads on */
};

struct build {
	struct ruleset *rs;
	struct reader *r;		/* of the file that was just read */
	struct reader at;		/* of the item at hand, maybe of another file */
	struct lang l;
	bool ok;
};

static struct macro *find_macro(const char *name, void *arg)
{
	struct ruleset *rs = arg;
	const uint32_t i = intern_find(&rs->macro_names, name, strlen(name));

	return i == INTERN_NONE ? NULL : &rs->macros[i]->macro;
}

/* The way to an item, for messages. */
static void go_to(struct build *b, const char *kind, const char *name, const struct place *at)
{
	b->at = (struct reader){ .rs = b->rs, .file = at->file };
	reader_enter(&b->at, "rules content", "", NULL);
	reader_enter(&b->at, kind, name, at->node);
}

/* Undefined macros have names alike, perhaps. */
static const char *macro_near(const struct build *b, const struct lang_error *e)
{
	const char *p = e->text->p + e->off, *end = e->text->p + e->text->len, *word = p;
	struct near near;

	while (word < end && (isalnum((unsigned char)*word) || *word == '_'))
		word++;
	near_init(&near, p, (size_t)(word - p));
	for (size_t i = 0; i < b->rs->n_macros; i++)
		if (strlen(b->rs->macros[i]->name) != near.len ||
		    memcmp(b->rs->macros[i]->name, p, near.len) != 0)
			near_try(&near, b->rs->macros[i]->name);
	if (!near.name)
		return e->message;
	return arena_printf(&b->rs->code_arena, "%s Did you mean %s?", e->message, near.name);
}

static void say_error(struct build *b, const char *step, const struct yaml *node)
{
	const struct lang *l = &b->l;
	const struct lang_error first = { .next = l->more, .code = l->code, .text = l->text,
					  .off = l->off, .message = l->message };
	const unsigned depth = b->at.n;

	b->ok = false;
	for (const struct lang_error *e = &first; e; e = e->next) {
		if (e->code == LANG_BROKEN)
			continue;
		b->at.n = depth;
		if (e->code != LANG_MACRO)
			reader_enter(&b->at, step, "", node);
		reader_enter(&b->at, "condition expression", "", node);
		reader_say_lang(&b->at, e->code == LANG_MACRO ? LOAD_ERR_VALIDATE :
				LOAD_ERR_COMPILE_CONDITION, e->text, e->off,
				e->code == LANG_MACRO ? macro_near(b, e) : e->message);
	}
}

static void lang_start(struct build *b)
{
	lang_init(&b->l, &b->rs->code_arena);
	b->l.strict = b->rs->options.strict;
	b->l.regexes = &b->rs->engine.regexes;
}

/* ---- macros ---- */

static void parse_macro(struct build *b, struct macro_def *m)
{
	m->macro = (struct macro){ .name = m->name, .order = m->seen_from, .first = m->index };
	m->macro.state = m->cond.n ? MACRO_NEW : MACRO_BROKEN;
	if (!m->cond.n)
		return;
	lists_put_in(b->rs, &m->cond, &m->text);
	lang_start(b);
	m->macro.ast = ast_parse(&b->l, &m->text.text);
	if (m->macro.ast)
		return;
	m->macro.state = MACRO_BROKEN;
	go_to(b, "macro", m->name, &m->at);
	say_error(b, "macro condition", m->cond.spans[0].from.node);
}

/* Macros that nobody uses are expanded as well, but their fields are not looked at. */
static void expand_macro(struct build *b, struct macro_def *m)
{
	bool used = m->macro.used;

	if (m->macro.state == MACRO_BROKEN || m->macro.state == MACRO_DONE)
		return;
	lang_start(b);
	b->l.collect = true;
	if (macro_expand(&b->l, &m->macro, find_macro, b->rs)) {
		m->macro.used = used;
		return;
	}
	go_to(b, "macro", m->name, &m->at);
	say_error(b, "macro condition", m->cond.spans[0].from.node);
}

/* ---- warnings of rules ---- */

struct looked {
	bool dir, latency, na;
	const struct macro **seen;
	size_t n, cap;
	const struct ast *ast;
	struct build *b;
};

static bool starts(const struct operand *o, const char *prefix)
{
	const size_t n = strlen(prefix);

	return o->kind == OPERAND_FIELD && o->len >= n && memcmp(o->p, prefix, n) == 0;
}

/* A field of other sources, perhaps inside a transformer. */
static bool is_foreign(const struct operand *o)
{
	for (uint32_t i = 0; i < o->n_kids; i++)
		if (is_foreign(o->kids[i]))
			return true;
	return starts(o, "ka.") || starts(o, "jevt.");
}

static bool is_na(const struct operand *o)
{
	for (uint32_t i = 0; o && i < o->n_kids; i++)
		if (is_na(o->kids[i]))
			return true;
	return o && o->kind == OPERAND_TEXT && o->len == 4 && memcmp(o->p, "<NA>", 4) == 0;
}

static void warn_at(struct looked *k, const struct node *n, enum load_code code, const char *text)
{
	struct reader at = k->b->at;

	reader_enter(&at, "rule condition", "", at.steps[at.n - 1].node);
	reader_enter(&at, "condition expression", "", at.steps[at.n - 1].node);
	reader_say_lang(&at, code, k->ast->text, n->off, text);
}

static void look(struct looked *k, const struct ast *a, const struct node *n);

static void look_macro(struct looked *k, const struct macro *m)
{
	for (size_t i = 0; i < k->n; i++)
		if (k->seen[i] == m)
			return;
	k->seen = mem_grow(k->seen, &k->cap, k->n + 1, sizeof(*k->seen));
	k->seen[k->n++] = m;
	look(k, m->ast, m->ast->root);
}

static void look_check(struct looked *k, const struct node *n)
{
	if (starts(n->left, "evt.dir") && n->left->len == 7 && !k->dir) {
		k->dir = true;
		warn_at(k, n, LOAD_DEPRECATED_ITEM, lang_dir_notice);
	}
	if (strict_falco && starts(n->left, "evt.latency") && !k->latency) {
		k->latency = true;
		warn_at(k, n, LOAD_DEPRECATED_ITEM, lang_latency_notice);
	}
	if (is_foreign(n->left) && is_na(n->right) && !k->na) {
		k->na = true;
		warn_at(k, n, LOAD_UNSAFE_NA_CHECK, "comparing a field with <NA> is unsafe");
	}
}

static void look(struct looked *k, const struct ast *a, const struct node *n)
{
	k->ast = a;
	if (n->kind == NODE_CHECK)
		look_check(k, n);
	else if (n->kind == NODE_MACRO && n->macro)
		look_macro(k, n->macro);
	for (uint32_t i = 0; i < n->n_kids; i++) {
		look(k, a, n->kids[i]);
		k->ast = a;
	}
}

static void lang_warnings(struct build *b)
{
	for (const struct lang_warning *w = b->l.warnings; w; w = w->next) {
		struct reader at = b->at;

		if (w->code == WARN_DEPRECATED)
			continue;
		reader_enter(&at, "rule condition", "", at.steps[at.n - 1].node);
		reader_enter(&at, "condition expression", "", at.steps[at.n - 1].node);
		reader_say_lang(&at, LOAD_COMPILE_CONDITION, w->text, w->off, w->message);
	}
}

static void rule_warnings(struct build *b, const struct rule_def *d)
{
	struct looked k = { .b = b };

	if (d->at.file != b->r->file)
		return;
	look(&k, d->ast, d->ast->root);
	free(k.seen);
	lang_warnings(b);
	if (d->warn_types && !d->dropped && b->ok &&
	    event_set_count(&d->rule.events) > TYPES_MAX)
		reader_say(&b->at, LOAD_NO_EVTTYPE, "Rule matches too many evt.type values. This "
			   "has a significant performance penalty.");
}

/* ---- rules ---- */

static void drop(struct build *b, struct rule_def *d, const char *message)
{
	d->dropped = true;
	if (d->at.file == b->r->file)
		reader_say(&b->at, LOAD_UNKNOWN_FILTER, "%s", message);
}

static bool compile_condition(struct build *b, struct rule_def *d)
{
	exceptions_text(d, &d->whole);
	lists_put_in(b->rs, &d->whole, &d->text);
	lang_start(b);
	d->ast = ast_parse(&b->l, &d->text.text);
	b->l.collect = true;
	if (!d->ast)
		return false;
	macros_expand(&b->l, d->ast, UINT32_MAX, find_macro, b->rs);
	d->root = engine_check(&b->rs->engine, &b->l, d->ast);
	if (b->l.code || d->root == INTERN_NONE)
		return false;
	events_of(d->ast, &d->rule.events);
	return true;
}

static bool compile_step(struct build *b, struct correlate_step *s)
{
	lists_put_in(b->rs, &s->cond, &s->text);
	lang_start(b);
	s->ast = ast_parse(&b->l, &s->text.text);
	if (s->ast && macros_expand(&b->l, s->ast, UINT32_MAX, find_macro, b->rs) &&
	    engine_check(&b->rs->engine, &b->l, s->ast) != INTERN_NONE)
		return true;
	say_error(b, "correlate condition", s->cond.spans[0].from.node);
	return false;
}

static bool compile_steps(struct build *b, struct correlate_def *c)
{
	for (uint32_t i = 0; c && i < c->n_steps; i++)
		if (!compile_step(b, &c->steps[i]))
			return false;
	return !c || !c->has_absence || compile_step(b, &c->absence);
}

static void build_rule(struct build *b, struct rule_def *d)
{
	const size_t before = b->rs->messages.n_errors;

	d->dropped = d->unknown_source;
	d->engine_id = UINT32_MAX;
	if (d->dropped)
		return;
	go_to(b, "rule", d->rule.name, &d->at);
	if (!compile_condition(b, d)) {
		if (d->skip_unknown && b->l.code == LANG_UNKNOWN) {
			drop(b, d, b->l.message);
			return;
		}
		if (d->ast)
			rule_warnings(b, d);
		say_error(b, "rule condition", d->cond.spans[0].from.node);
		return;
	}
	rule_warnings(b, d);
	go_to(b, "rule", d->rule.name, &d->at);
	if (!compile_steps(b, d->correlate))
		return;
	if (!output_check(&b->at, d, &b->rs->code_arena)) {
		b->ok = b->ok && b->rs->messages.n_errors == before;
		return;
	}
	d->engine_id = engine_add(&b->rs->engine, d->root, &d->rule.events);
}

/* The rest of a rule whose item is wrong: only for what there is to tell. */
static void look_at_refused(struct build *b, struct rule_def *d)
{
	if (d->at.file != b->r->file || d->unknown_source)
		return;
	d->n_exceptions = 0;
	go_to(b, "rule", d->rule.name, &d->at);
	if (d->cond.n && !compile_condition(b, d))
		say_error(b, "rule condition", d->cond.spans[0].from.node);
	go_to(b, "rule", d->rule.name, &d->at);
	if (d->output.n)
		output_check(&b->at, d, &b->rs->code_arena);
}

static void unused(struct build *b)
{
	for (size_t i = 0; i < b->rs->n_macros; i++) {
		struct macro_def *m = b->rs->macros[i];

		if (m->macro.used || m->at.file != b->r->file)
			continue;
		go_to(b, "macro", m->name, &m->at);
		reader_say(&b->at, LOAD_UNUSED_MACRO,
			   "Macro not referred to by any other rule/macro");
	}
	for (size_t i = 0; i < b->rs->n_lists; i++) {
		struct list_def *l = b->rs->lists[i];

		if (l->used || l->at.file != b->r->file)
			continue;
		go_to(b, "list", l->name, &l->at);
		reader_say(&b->at, LOAD_UNUSED_LIST,
			   "List not referred to by any other rule/macro");
	}
}

/* What the last compilation made is gone with its arena. */
void ruleset_forget(struct ruleset *rs)
{
	if (rs->has_engine)
		engine_release(&rs->engine);
	rs->has_engine = false;
	arena_release(&rs->code_arena);
	for (size_t i = 0; i < rs->n_rules; i++) {
		struct rule_def *d = rs->rules[i];

		d->ast = NULL;
		d->rule.output = NULL;
		d->rule.format = NULL;
		d->engine_id = UINT32_MAX;
	}
	for (size_t i = 0; i < rs->n_macros; i++)
		rs->macros[i]->macro = (struct macro){0};
}

bool ruleset_build(struct reader *r)
{
	struct ruleset *rs = r->rs;
	struct build b = { .rs = rs, .r = r, .ok = true };

	ruleset_forget(rs);
	engine_init(&rs->engine, &rs->code_arena, rs->options.strict);
	rs->has_engine = true;
	lists_resolve(rs);
	for (size_t i = 0; i < rs->n_macros; i++)
		parse_macro(&b, rs->macros[i]);
	for (size_t i = 0; i < rs->n_macros; i++)
		expand_macro(&b, rs->macros[i]);
	for (size_t i = 0; i < rs->n_rules && rs->messages.n_errors < ERRORS_MAX; i++)
		build_rule(&b, rs->rules[i]);
	for (size_t i = 0; i < rs->n_refused && rs->messages.n_errors < ERRORS_MAX; i++)
		look_at_refused(&b, rs->refused[i]);
	if (b.ok)
		unused(&b);
	return b.ok;
}

void ruleset_build_rest(struct ruleset *rs)
{
	const struct yaml_file none = { .name = "", .text = "" };
	struct reader r = { .rs = rs, .file = &none };
	const struct messages said = rs->messages;

	rs->messages.n_errors = 0;
	ruleset_build(&r);
	rs->messages.n = said.n;
	rs->messages.n_errors = said.n_errors;
	for (size_t i = 0; i < rs->n_rules; i++)
		if (rs->rules[i]->engine_id == UINT32_MAX)
			rs->rules[i]->ast = NULL;
}
