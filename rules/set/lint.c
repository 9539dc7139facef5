/* SPDX-License-Identifier: Apache-2.0 */
/* Findings: collecting, placing and ordering them, and what is looked at. */
#include "rules/set/lint.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/set/lint_parts.h"

enum {
	FINDINGS_MAX = 5000,
	BYTES_MAX = 1 << 30,	/* read to find lines: places cost a walk through the file */
};

const char *const lint_severity_name[3] = { "error", "warning", "note" };

static const struct lint_code codes[LINT__N] = {
#define LINT(id, number_, name_, severity_, on_, text_, help_)			\
	[LINT_##id] = { .number = number_, .name = name_, .severity = LINT_##severity_,	\
			.on = on_, .text = text_, .help = help_ },
#include "rules/set/lint.def"
#undef LINT
};

struct lint_code lint_code(unsigned code)
{
	const struct load_code_desc *d;

	if (code < LINT__N)
		return codes[code];
	d = &load_codes[code - LINT__N];
	return (struct lint_code){
		.number = "", .name = d->name, .on = true, .text = d->text, .help = "",
		.severity = d->severity == SEVERITY_ERROR ? LINT_ERROR : LINT_WARNING,
	};
}

void lint_init(struct lint *l)
{
	*l = (struct lint){0};
	for (unsigned i = 0; i < LINT__N; i++)
		l->off[i] = !codes[i].on;
}

void lint_release(struct lint *l)
{
	free(l->v);
	arena_release(&l->arena);
	*l = (struct lint){0};
}

bool lint_select(struct lint *l, const char *name, bool on)
{
	const bool all = strcmp(name, "all") == 0;
	bool found = all;

	for (unsigned i = 0; i < LINT__ALL; i++) {
		const struct lint_code c = lint_code(i);

		if (all || strcasecmp(name, c.name) == 0 ||
		    (*c.number && strcasecmp(name, c.number) == 0)) {
			l->off[i] = !on;
			found = true;
		}
	}
	return found;
}

/* ---- findings ---- */

void lint_item(struct linter *t, const char *kind, const char *name)
{
	t->kind = kind;
	t->name = name;
}

static bool wanted(struct linter *t, enum lint_id id)
{
	t->said = !t->out->off[id] && t->out->n < FINDINGS_MAX && t->bytes < BYTES_MAX;
	return t->said;
}

static const char *snippet(struct linter *t, const struct lang_place *where)
{
	struct buf b = {0};
	const char *s;

	lang_snippet(&b, where);
	s = arena_strn(&t->out->arena, b.p, b.len);
	buf_release(&b);
	return s;
}

static void add(struct linter *t, enum lint_id id, const struct lang_place *where,
		const char *fmt, va_list ap)
{
	struct lint *l = t->out;
	char text[768];

	vsnprintf(text, sizeof(text), fmt, ap);
	l->v = mem_grow(l->v, &l->cap, l->n + 1, sizeof(*l->v));
	l->v[l->n++] = (struct finding){
		.code = id, .file = arena_str(&l->arena, where->file),
		.item = t->kind ? arena_printf(&l->arena, "%s '%s'", t->kind, t->name) : "",
		.text = arena_str(&l->arena, text), .help = codes[id].help,
		.snippet = where->line ? snippet(t, where) : "", .line = where->line,
		.column = where->column,
	};
}

static void place_of(struct linter *t, const struct place *at, struct lang_place *out)
{
	const char *p = at->file->text, *end = p + at->file->len, *stop;
	const uint32_t line = at->node ? at->node->line : 0;

	for (uint32_t i = 0; i < line && p < end; i++) {
		stop = memchr(p, '\n', (size_t)(end - p));
		p = stop ? stop + 1 : end;
	}
	stop = memchr(p, '\n', (size_t)(end - p));
	t->bytes += (uint64_t)(p - at->file->text);
	*out = (struct lang_place){
		.file = at->file->name, .line = line + 1, .text = p,
		.column = at->node ? at->node->column + 1 : 1,
		.len = (size_t)((stop ? stop : end) - p),
	};
}

bool lint_say(struct linter *t, enum lint_id id, struct place at, const char *fmt, ...)
{
	struct lang_place where;
	va_list ap;

	if (!wanted(t, id) || !at.file)
		return t->said = false;
	place_of(t, &at, &where);
	va_start(ap, fmt);
	add(t, id, &where, fmt, ap);
	va_end(ap);
	return true;
}

bool lint_say_off(struct linter *t, enum lint_id id, const struct lang_text *text, size_t off,
		  const char *fmt, ...)
{
	struct lang_place where = {0};
	va_list ap;

	if (!wanted(t, id))
		return false;
	if (t->here) {
		place_of(t, t->here, &where);
	} else {
		lang_locate(text, off, &where);
		t->bytes += (uint64_t)where.line * 40;
	}
	va_start(ap, fmt);
	add(t, id, &where, fmt, ap);
	va_end(ap);
	return true;
}

void lint_help(struct linter *t, const char *fmt, ...)
{
	char text[768];
	va_list ap;

	if (!t->said)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	t->out->v[t->out->n - 1].help = arena_str(&t->out->arena, text);
}

const char *lint_where(struct linter *t, const struct lang_text *text, size_t off,
		       const char *file)
{
	struct lang_place at = {0};

	lang_locate(text, off, &at);
	if (file && at.file && strcmp(file, at.file) != 0)
		return arena_printf(&t->out->arena, "%s:%u", at.file, at.line);
	return arena_printf(&t->out->arena, "line %u", at.line);
}

/* ---- what the loader said ---- */

/* Said better here, with a place of its own, of lists and macros that nothing uses. */
static bool is_unused(const struct message *m)
{
	return m->code == LOAD_UNUSED_LIST || m->code == LOAD_UNUSED_MACRO;
}

/* And of rules. */
static bool is_ours(const struct message *m)
{
	return m->code == LOAD_NO_EVTTYPE ||
	       (m->code == LOAD_DEPRECATED_ITEM &&
		(strcmp(m->text, lang_dir_notice) == 0 ||
		 strcmp(m->text, lang_latency_notice) == 0 ||
		 strstr(m->text, "usage of deprecated field"))) ||
	       (m->code == LOAD_COMPILE_CONDITION &&
		strstr(m->text, "could be written with =, startswith"));
}

/* Whether the rule that it is about is looked at. */
static bool is_looked_at(const struct linter *t, const struct message *m)
{
	const struct ruleset *rs = t->rs;

	for (uint32_t i = 0; i < m->n_steps && rs->messages.n_errors; i++) {
		const char *name = m->steps[i].name;
		const uint32_t k = strcmp(m->steps[i].type, "rule") == 0 ?
				   intern_find(&rs->rule_names, name, strlen(name)) : INTERN_NONE;

		if (k != INTERN_NONE && !rs->rules[k]->ast)
			return false;
	}
	return t->rules_known;
}

static bool is_said_here(const struct linter *t, const struct message *m)
{
	return (is_unused(m) && t->lists_known) || (is_ours(m) && is_looked_at(t, m));
}

static const char *item_of(struct linter *t, const struct message *m)
{
	for (uint32_t i = m->n_steps; i-- > 0;)
		if (strcmp(m->steps[i].type, "rule") == 0 ||
		    strcmp(m->steps[i].type, "macro") == 0 ||
		    strcmp(m->steps[i].type, "list") == 0)
			return arena_printf(&t->out->arena, "%s '%s'", m->steps[i].type,
					    m->steps[i].name);
	return "";
}

static void take_messages(struct linter *t)
{
	const struct messages *all = &t->rs->messages;
	struct lint *l = t->out;

	for (size_t i = 0; i < all->n; i++) {
		const struct message *m = &all->v[i];

		if (l->off[LINT__N + m->code] || is_said_here(t, m))
			continue;
		l->v = mem_grow(l->v, &l->cap, l->n + 1, sizeof(*l->v));
		l->v[l->n++] = (struct finding){
			.code = LINT__N + m->code, .file = arena_str(&l->arena, m->file),
			.item = item_of(t, m), .text = arena_str(&l->arena, m->text),
			.help = "", .snippet = arena_str(&l->arena, m->snippet),
			.line = m->line, .column = m->column,
		};
	}
}

/* ---- order ---- */

static size_t file_rank(const struct ruleset *rs, const char *name)
{
	for (size_t i = 0; i < rs->n_yamls; i++)
		if (strcmp(rs->yamls[i]->name, name) == 0)
			return i;
	return rs->n_yamls;
}

static int order(const void *a, const void *b, void *rs)
{
	const struct finding *x = a, *y = b;
	const size_t fx = file_rank(rs, x->file), fy = file_rank(rs, y->file);

	if (fx != fy)
		return fx < fy ? -1 : 1;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	if (x->column != y->column)
		return x->column < y->column ? -1 : 1;
	if (x->code != y->code)
		return x->code < y->code ? -1 : 1;
	return strcmp(x->text, y->text);
}

static void sort(struct linter *t)
{
	struct lint *l = t->out;
	size_t n = 0;

	if (l->n)
		qsort_r(l->v, l->n, sizeof(*l->v), order, t->rs);
	for (size_t i = 0; i < l->n; i++)
		if (n == 0 || order(&l->v[n - 1], &l->v[i], t->rs) != 0)
			l->v[n++] = l->v[i];
	l->n = n;
}

/* ---- all of it ---- */

static void look_at_macros(struct linter *t)
{
	for (size_t i = 0; i < t->rs->n_macros; i++) {
		struct macro_def *m = t->rs->macros[i];
		struct tree *x = &t->macros[i];

		if (!x->n)
			continue;
		lint_item(t, "macro", m->name);
		lint_chains(t, x);
		lint_checks(t, x, false);
	}
}

static void find_live(struct linter *t)
{
	const struct engine *e = t->e;

	t->live = xcalloc(e->n_roots + 1, sizeof(*t->live));
	for (size_t i = 0; i < e->n_entries; i++)
		t->live[e->entries[i].id] = true;
	for (size_t i = 0; i < e->n_same; i++)
		t->live[e->same[i].id] = true;
}

static void look_at_rules(struct linter *t)
{
	struct ruleset *rs = t->rs;

	t->e = &rs->engine;
	logic_init(&t->logic, t->e);
	find_live(t);
	t->preds = xcalloc(t->e->pred_names.n + 1, sizeof(*t->preds));
	t->preds_known = xcalloc(t->e->pred_names.n + 1, sizeof(*t->preds_known));
	t->macros = xcalloc(rs->n_macros + 1, sizeof(*t->macros));
	for (size_t i = 0; i < rs->n_rules; i++)
		lint_rule(t, rs->rules[i]);
	look_at_macros(t);
	lint_shadows(t);
	for (size_t i = 0; i < rs->n_macros; i++)
		tree_release(&t->macros[i]);
	free(t->macros);
	free(t->live);
	free(t->preds);
	free(t->preds_known);
	logic_release(&t->logic);
}

void lint_rules(struct lint *l, struct ruleset *rs)
{
	struct linter t = { .out = l, .rs = rs };

	if (rs->messages.n_errors)
		lint_rest(&t);
	else
		t.rules_known = t.lists_known = true;
	take_messages(&t);
	lint_items(&t);
	if (rs->has_engine && t.rules_known) {
		ruleset_finish(rs);
		look_at_rules(&t);
	}
	if (l->n >= FINDINGS_MAX || t.bytes >= BYTES_MAX) {
		const struct place at = { .file = rs->n_yamls ? rs->yamls[0] : NULL };

		l->n = l->n < FINDINGS_MAX ? l->n : FINDINGS_MAX - 1;
		t.bytes = 0;
		lint_item(&t, NULL, NULL);
		lint_say(&t, LINT_TOO_LARGE, at, "there is more than can be shown");
	}
	lint_ignores(&t);
	sort(&t);
}
