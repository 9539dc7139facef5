/* SPDX-License-Identifier: Apache-2.0 */
/* The compiler and the loader for test scripts.  Reads requests from standard input and
 * answers each: a request is "VERB LENGTH\n" and that many bytes, an answer
 * "LENGTH\n" and bytes.
 *
 *   parse COND      ok | fail MESSAGE
 *   canonical COND  the canonical text
 *   compile COND    ok | fail CODE MESSAGE, then a line per warning
 *   bare COND       the same without the fields of containers
 *   events COND     names of event types, one a line; "(all)"
 *   eval COND       true | false on a rename of hello 'quoted' to hello "quoted", without state
 *   load YAML       {"result": messages, "compiled": {rule: {...}}} without the container
 *                   fields that outputs end with otherwise.  Lines "#plugin NAME VERSION",
 *                   "#extra RULE|TAGS|FORMAT" and "#enable|disable name|tag WHAT"
 *                   before the text are options
 *   count FILE\nCOND\nCOND...  for each how many events it holds on,
 *                   as --strict-falco
 *   matches P\nN    true | false: the pattern P fits the name N
 *   details COND    lines "field NAME", "operator OP", "transformer NAME", "name NAME" (macros,
 *                   and words where lists stand)
 *   transform NAME LIST\nV...  the values that a transformer gives; LIST: 1 for a list
 *   takes NAME LIST TYPE  true | false: the transformer takes a "text", "bytes" or "number" */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/base/err.h"
#include "capture/base/quote.h"
#include "capture/base/strict.h"
#include "capture/trace/source.h"
#include "rules/lang/check.h"
#include "rules/lang/cond.h"
#include "rules/lang/engine.h"
#include "rules/lang/events.h"
#include "rules/lang/macro.h"
#include "rules/set/ruleset.h"

struct request {
	char *text;
	size_t len;
	struct arena arena;
	struct lang l;
	struct lang_text t;
	struct ast *ast;
	struct engine e;
	uint32_t root;
	bool strict;
};

static struct ast *parsed(struct request *r, struct buf *out)
{
	lang_init(&r->l, &r->arena);
	lang_text_init(&r->t, "filter", r->text, r->len);
	r->l.regexes = &r->e.regexes;
	r->ast = ast_parse(&r->l, &r->t);
	if (!r->ast)
		buf_printf(out, "fail %s", r->l.message);
	return r->ast;
}

static void do_parse(struct request *r, struct buf *out)
{
	if (parsed(r, out))
		buf_str(out, "ok");
}

static void do_canonical(struct request *r, struct buf *out)
{
	if (parsed(r, out))
		ast_print(out, r->ast, 1 << 20);
}

static bool checked(struct request *r, struct buf *out)
{
	engine_init(&r->e, &r->arena, r->strict);
	if (!parsed(r, out))
		return false;
	if (macros_expand(&r->l, r->ast, UINT32_MAX, NULL, NULL)) {
		r->root = engine_check(&r->e, &r->l, r->ast);
		if (r->root != INTERN_NONE)
			return true;
	}
	buf_printf(out, "fail %s", r->l.message);
	return false;
}

static void do_compile(struct request *r, struct buf *out)
{
	if (!checked(r, out))
		return;
	buf_str(out, "ok");
	for (const struct lang_warning *w = r->l.warnings; w; w = w->next)
		buf_printf(out, "\n%s", w->message);
}

/* As where the container plugin is not loaded. */
static void do_bare(struct request *r, struct buf *out)
{
	fields_hide_plugin(true);
	do_compile(r, out);
	fields_hide_plugin(false);
}

static void do_events(struct request *r, struct buf *out)
{
	struct event_set s;

	if (!parsed(r, out))
		return;
	events_of(r->ast, &s);
	events_dump(out, &s);
}

static void do_eval(struct request *r, struct buf *out)
{
	static const char single[] = "hello 'quoted'", twice[] = "hello \"quoted\"";
	struct cond *c = cond_compile(r->text, r->len, "filter");
	struct event ev = {0};
	const struct field_ctx ctx = { .ev = &ev, .scratch = &r->arena };

	if (!c) {
		buf_printf(out, "fail %s", err_text());
		return;
	}
	event_init(&ev, EV_RENAME);
	value_bytes(&ev.v[P(RENAME, oldpath)], single, sizeof(single) - 1);
	value_bytes(&ev.v[P(RENAME, newpath)], twice, sizeof(twice) - 1);
	buf_str(out, cond_eval(c, &ctx) ? "true" : "false");
	cond_free(c);
}

/* All conditions of a count request in one engine, as the rules of a set are. */
struct counted {
	struct arena arena;
	struct engine e;
	uint32_t *id;			/* by condition; INTERN_NONE: refused */
	char (*message)[256];
	unsigned *n;			/* events by id */
	size_t n_conds;
};

static void count_compile(struct counted *c, char *text)
{
	struct lang_text *t = arena_zalloc(&c->arena, sizeof(*t));
	struct event_set events;
	struct lang l;
	struct ast *a;
	uint32_t root;

	lang_init(&l, &c->arena);
	l.regexes = &c->e.regexes;
	lang_text_init(t, "filter", text, strlen(text));
	c->id[c->n_conds] = INTERN_NONE;
	a = ast_parse(&l, t);
	if (a && macros_expand(&l, a, UINT32_MAX, NULL, NULL) &&
	    (root = engine_check(&c->e, &l, a)) != INTERN_NONE) {
		events_of(a, &events);
		c->id[c->n_conds] = engine_add(&c->e, root, &events);
	}
	snprintf(c->message[c->n_conds++], 256, "%.250s", l.message);
}

static void count_matches(struct counted *c, struct source *s)
{
	struct state *st = state_new(NULL);
	struct field_env env = { .hostname = "host", .source = "syscall" };
	static struct event ev;
	struct arena scratch = {0};
	struct field_ctx ctx = { .ev = &ev, .st = st, .cur = state_current(st),
				 .scratch = &scratch, .env = &env };
	uint32_t *ids = xcalloc(c->n_conds + 1, sizeof(*ids));
	struct matcher m;

	matcher_init(&m, &c->e);
	while (source_next(s, &ev) == 0) {
		unsigned n;

		state_update(st, &ev);
		if (ev.type < EV__N && catalog[ev.type].flags & EF_PSEUDO
		    && (ev.type != EV_PROCINFO || event_is_pseudo(&ev)))
			continue;	/* rules never see them */
		arena_reset(&scratch);
		matcher_begin(&m, &ctx);
		n = matcher_match(&m, ev.type < EV__N ? ev.type : EV_UNKNOWN, ids,
				  (unsigned)c->n_conds);
		while (n-- > 0)
			c->n[ids[n]]++;
	}
	matcher_release(&m);
	state_free(st);
	arena_release(&scratch);
	free(ids);
}

static void count_print(const struct counted *c, struct buf *out)
{
	for (size_t i = 0; i < c->n_conds; i++) {
		if (c->id[i] == INTERN_NONE)
			buf_printf(out, "fail %s\n", c->message[i]);
		else
			buf_printf(out, "%u\n", c->n[c->id[i]]);
	}
}

static void count_all(struct request *r, struct buf *out)
{
	char *text = r->text, *path = strsep(&text, "\n"), *cond;
	struct source *s = source_open(path);
	struct counted c = {0};
	struct event_set all;

	if (!s) {
		buf_printf(out, "fail %s", err_text());
		return;
	}
	engine_init(&c.e, &c.arena, true);
	c.id = xcalloc(r->len + 1, sizeof(*c.id));
	c.message = xcalloc(r->len / 8 + 2, sizeof(*c.message));
	while ((cond = strsep(&text, "\n")))
		if (strlen(cond) >= 8)
			count_compile(&c, cond);
	c.n = xcalloc(c.n_conds + 1, sizeof(unsigned));
	engine_finish(&c.e, NULL);
	event_set_fill(&all);
	source_want(s, &all, true);
	count_matches(&c, s);
	count_print(&c, out);
	source_close(s);
	engine_release(&c.e);
	arena_release(&c.arena);
	free(c.id);
	free(c.message);
	free(c.n);
}

static void do_count(struct request *r, struct buf *out)
{
	strict_falco = true;
	count_all(r, out);
	strict_falco = false;
}

static void json_pair(struct buf *out, const char *key, const char *p, size_t len)
{
	buf_printf(out, "\"%s\":\"", key);
	quote_json(out, p, len);
	buf_byte(out, '"');
}

static void put_rule(const struct ruleset *rs, const struct rule *rule, struct buf *out)
{
	struct buf cond = {0};

	buf_byte(out, '"');
	quote_json(out, rule->name, strlen(rule->name));
	buf_str(out, "\":{");
	ruleset_print_condition(rs, rule, &cond);
	json_pair(out, "condition", (const char *)cond.p, cond.len);
	buf_byte(out, ',');
	json_pair(out, "output", rule->output ? rule->output : "",
		  rule->output ? strlen(rule->output) : 0);
	buf_byte(out, ',');
	json_pair(out, "priority", priority_name[rule->priority],
		  strlen(priority_name[rule->priority]));
	buf_printf(out, ",\"enabled\":%s,\"tags\":[", rule->enabled ? "true" : "false");
	for (uint32_t i = 0; i < rule->n_tags; i++) {
		buf_str(out, i ? ",\"" : "\"");
		quote_json(out, rule->tags[i], strlen(rule->tags[i]));
		buf_byte(out, '"');
	}
	buf_str(out, "],");
	cond.len = 0;
	events_dump(&cond, &rule->events);
	json_pair(out, "events", (const char *)cond.p, cond.len);
	buf_byte(out, '}');
	buf_release(&cond);
}

enum { OPTIONS_MAX = 16 };

/* Options of a load request. */
struct load_options {
	struct ruleset_options o;
	struct plugin plugins[OPTIONS_MAX];
	struct output_extra extra[OPTIONS_MAX];
	const char *tags[OPTIONS_MAX][OPTIONS_MAX];
	struct { bool on; enum select_by by; const char *what; } select[OPTIONS_MAX];
	unsigned n_select;
};

static void read_extra(struct load_options *l, char *line)
{
	struct output_extra *x = &l->extra[l->o.n_extra];
	const char **tags = l->tags[l->o.n_extra];
	char *list, *tag;

	x->rule = strsep(&line, "|");
	list = strsep(&line, "|");
	x->format = line;
	x->tags = tags;
	while ((tag = strsep(&list, ",")))
		if (*tag && x->n_tags < OPTIONS_MAX)
			tags[x->n_tags++] = tag;
	l->o.n_extra++;
}

static void read_select(struct load_options *l, bool on, char *line)
{
	const char *by = strsep(&line, " ");

	l->select[l->n_select].on = on;
	l->select[l->n_select].by = strcmp(by, "tag") == 0 ? SELECT_TAG : SELECT_NAME;
	l->select[l->n_select++].what = line;
}

/* Takes the option lines off the text. */
static char *read_options(struct load_options *l, char *text)
{
	l->o = (struct ruleset_options){ .no_suggested_output = true, .least = PRIORITY_DEBUG,
					 .plugins = l->plugins, .extra = l->extra };
	while (*text == '#' && strchr(text, '\n')) {
		char *line = strsep(&text, "\n"), *word = strsep(&line, " ");

		if (strcmp(word, "#plugin") == 0 && l->o.n_plugins < OPTIONS_MAX) {
			l->plugins[l->o.n_plugins].name = strsep(&line, " ");
			l->plugins[l->o.n_plugins++].version = line;
		} else if (strcmp(word, "#extra") == 0 && l->o.n_extra < OPTIONS_MAX) {
			read_extra(l, line);
		} else if (strcmp(word, "#enable") == 0 && l->n_select < OPTIONS_MAX) {
			read_select(l, true, line);
		} else if (strcmp(word, "#disable") == 0 && l->n_select < OPTIONS_MAX) {
			read_select(l, false, line);
		}
	}
	return text;
}

static void do_load(struct request *r, struct buf *out)
{
	struct load_options l = {0};
	const char *text = read_options(&l, r->text);
	struct ruleset *rs = ruleset_new(&l.o);
	bool first = true;

	if (ruleset_load_text(rs, "rules.yaml", text, r->len - (size_t)(text - r->text)) == 0) {
		for (unsigned i = 0; i < l.n_select; i++)
			ruleset_select(rs, l.select[i].on, l.select[i].by, l.select[i].what);
		ruleset_finish(rs);
	}
	buf_str(out, "{\"result\":");
	messages_json(out, ruleset_messages(rs), "rules.yaml");
	buf_str(out, ",\"compiled\":{");
	for (size_t i = 0; i < ruleset_count(rs); i++) {
		if (!ruleset_rule(rs, i)->output)
			continue;
		if (!first)
			buf_byte(out, ',');
		first = false;
		put_rule(rs, ruleset_rule(rs, i), out);
	}
	buf_str(out, "}}");
	ruleset_free(rs);
}

static void do_matches(struct request *r, struct buf *out)
{
	char *name = r->text, *pattern = strsep(&name, "\n");

	buf_str(out, name && name_matches(pattern, name) ? "true" : "false");
}

static void put_operand(struct buf *out, const struct operand *o)
{
	if (!o)
		return;
	if (o->kind == OPERAND_FIELD)
		buf_printf(out, "field %.*s\n", (int)o->len, o->p);
	if (o->kind == OPERAND_CALL)
		buf_printf(out, "transformer %s\n", transforms[o->fn].name);
	if (o->kind == OPERAND_NAME || o->kind == OPERAND_TEXT)
		buf_printf(out, "name %.*s\n", (int)o->len, o->p);
	for (uint32_t i = 0; i < o->n_kids; i++)
		put_operand(out, o->kids[i]);
}

static void put_node(const struct node *n, void *arg)
{
	if (n->kind == NODE_MACRO)
		buf_printf(arg, "name %s\n", n->name);
	if (n->kind != NODE_CHECK)
		return;
	buf_printf(arg, "operator %s\n", ops[n->op].text);
	put_operand(arg, n->left);
	put_operand(arg, n->right);
}

static void do_details(struct request *r, struct buf *out)
{
	if (parsed(r, out))
		ast_walk(r->ast->root, put_node, out);
}

static enum transform transform_named(const char *name)
{
	for (int i = 0; i < TR__N; i++)
		if (strcmp(transforms[i].name, name) == 0)
			return (enum transform)i;
	return TR__N;
}

/* One value, or all as a list. */
static void transform_one(struct request *r, enum transform fn, bool list,
			  struct extract **kids, uint32_t n, struct buf *out)
{
	const struct field_ctx ctx = { .scratch = &r->arena };
	struct extract all = { .from = FROM_LIST, .list = true, .kids = kids, .n_kids = n };
	struct extract *kid = list ? &all : kids[0];
	struct extract x = { .from = FROM_CALL, .fn = (uint8_t)fn, .n_kids = 1, .kids = &kid,
			     .list = list && fn != TR_LEN };
	struct matcher m = { .ctx = &ctx };
	struct fval_list l = { .arena = &r->arena };
	struct fval v;

	if (!transform_get(&m, &x, &v, &l)) {
		buf_str(out, "(absent)\n");
		return;
	}
	if (!x.list)
		fval_list_add(&l, &v);
	for (unsigned i = 0; i < l.n; i++) {
		fval_text(out, &l.v[i]);
		buf_byte(out, '\n');
	}
}

static void do_transform(struct request *r, struct buf *out)
{
	char *text = r->text, *line = strsep(&text, "\n");
	const enum transform fn = transform_named(strsep(&line, " "));
	const bool list = line && *line == '1';
	struct extract *kids[64];
	uint32_t n = 0;

	while (text && n < 64) {
		struct extract *k = arena_zalloc(&r->arena, sizeof(*k));

		k->p = strsep(&text, "\n");
		k->from = FROM_CONST;
		k->type = FIELD_STRING;
		k->len = (uint32_t)strlen(k->p);
		kids[n++] = k;
	}
	if (list)
		transform_one(r, fn, true, kids, n, out);
	for (uint32_t i = 0; !list && i < n; i++)
		transform_one(r, fn, false, kids + i, 1, out);
}

static void do_takes(struct request *r, struct buf *out)
{
	char *text = r->text;
	const enum transform fn = transform_named(strsep(&text, " "));
	const bool list = text && *text == '1';
	const char *type = text ? text + 2 : "";

	buf_str(out, transform_takes(fn, strcmp(type, "text") == 0 ? FIELD_STRING :
				     strcmp(type, "bytes") == 0 ? FIELD_BYTES : FIELD_UINT,
				     list) ? "true" : "false");
}

static const struct {
	const char *name;
	void (*run)(struct request *r, struct buf *out);
} verbs[] = {
	{ "parse", do_parse }, { "canonical", do_canonical }, { "compile", do_compile },
	{ "bare", do_bare }, { "events", do_events }, { "eval", do_eval }, { "load", do_load },
	{ "count", do_count }, { "matches", do_matches }, { "details", do_details },
	{ "transform", do_transform }, { "takes", do_takes },
};

static int answer(const char *verb, char *text, size_t len)
{
	struct request r = { .text = text, .len = len };
	struct buf out = {0};
	int known = 0;

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(verbs[i].name, verb) == 0) {
			verbs[i].run(&r, &out);
			known = 1;
		}
	printf("%zu\n", out.len);
	if (out.len)
		fwrite(out.p, 1, out.len, stdout);
	fflush(stdout);
	buf_release(&out);
	engine_release(&r.e);
	arena_release(&r.arena);
	return known ? 0 : -1;
}

int main(void)
{
	char verb[32];
	size_t len;

	while (scanf("%31s %zu", verb, &len) == 2 && len < 256 << 20 && getchar() == '\n') {
		char *text = malloc(len + 1);

		if (!text || fread(text, 1, len, stdin) != len)
			return 2;
		text[len] = 0;
		if (answer(verb, text, len) < 0)
			return 2;
		free(text);
	}
	return 0;
}
