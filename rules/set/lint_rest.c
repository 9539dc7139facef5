/* SPDX-License-Identifier: Apache-2.0 */
/* Files with errors: what is left without the items that are wrong, and what of it can be looked
 * at.  An item that was not read may have changed others of its name, and may use any: where
 * that is possible nothing is said. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "rules/set/lint_parts.h"

struct rest {
	struct linter *t;
	struct arena a;
	struct intern files;		/* with errors */
	struct intern words;		/* of their texts, and how often */
	uint32_t *counts;
	size_t cap;
	bool rules;			/* what is left of them is as it is meant */
};

/* ---- words ---- */

static bool is_word(int c)
{
	return isalnum(c) || c == '_';
}

static void count_words(struct rest *x, const char *p, size_t len)
{
	for (size_t i = 0, from; i < len;) {
		bool is_new;
		uint32_t k;

		for (from = i; i < len && is_word((unsigned char)p[i]);)
			i++;
		if (i == from) {
			i++;
			continue;
		}
		k = intern_add(&x->words, p + from, i - from, &is_new);
		x->counts = mem_grow(x->counts, &x->cap, k + 1, sizeof(*x->counts));
		x->counts[k] = is_new ? 1 : x->counts[k] + 1;
	}
}

static bool has_errors(const struct rest *x, const struct yaml_file *f)
{
	return f && intern_find(&x->files, f->name, strlen(f->name)) != INTERN_NONE;
}

/* A text that was not understood has the name, beside where it is defined. */
static bool is_named(const struct rest *x, const char *name, const struct place *at)
{
	const size_t len = strlen(name);
	uint32_t k;

	for (size_t i = 0; i < len; i++)
		if (!is_word((unsigned char)name[i]))
			return true;
	k = intern_find(&x->words, name, len);
	return k != INTERN_NONE && x->counts[k] > (has_errors(x, at->file) ? 1u : 0u);
}

static void mark_used(struct rest *x)
{
	struct ruleset *rs = x->t->rs;

	for (size_t i = 0; i < rs->n_lists; i++)
		rs->lists[i]->used |= is_named(x, rs->lists[i]->name, &rs->lists[i]->at);
	for (size_t i = 0; i < rs->n_macros; i++)
		rs->macros[i]->macro.used |= is_named(x, rs->macros[i]->name,
						      &rs->macros[i]->at);
}

/* ---- what may be other than it is meant ---- */

static void doubt_rule(struct rest *x, const char *name, size_t len)
{
	const uint32_t i = intern_find(&x->t->rs->rule_names, name, len);

	if (i != INTERN_NONE)
		x->t->rs->rules[i]->ast = NULL;
}

/* A macro that is broken breaks the rules that use it; one that is not has an older text. */
static void doubt_macro(struct rest *x, const char *name, size_t len)
{
	const struct ruleset *rs = x->t->rs;
	const uint32_t i = intern_find(&rs->macro_names, name, len);

	if (i != INTERN_NONE && rs->macros[i]->macro.state != MACRO_BROKEN)
		x->rules = false;
}

static bool doubt_named(struct rest *x, const char *type, const char *name, size_t len)
{
	if (strcmp(type, "rule") == 0)
		doubt_rule(x, name, len);
	else if (strcmp(type, "macro") == 0)
		doubt_macro(x, name, len);
	else if (strcmp(type, "list") == 0)
		x->rules = false;
	else
		return false;
	return len > 0;
}

/* Behind "macro:": its name, without quotes. */
static void doubt_key(struct rest *x, const char *type, const char *p, const char *end)
{
	const char *stop;

	while (p < end && strchr(" \t\"'", *p))
		p++;
	for (stop = p; stop < end && !strchr("\n\r\"'#,}", *stop);)
		stop++;
	while (stop > p && isspace((unsigned char)stop[-1]))
		stop--;
	if (stop > p)
		doubt_named(x, type, p, (size_t)(stop - p));
}

/* A text of which nothing is known may define anything that it has the name of. */
static void doubt_text(struct rest *x, const char *p, size_t len)
{
	static const char *const keys[] = { "rule", "macro", "list" };
	const char *const end = p + len;

	for (unsigned k = 0; k < 3; k++) {
		const size_t n = strlen(keys[k]);

		for (const char *at = p; (at = memmem(at, (size_t)(end - at), keys[k], n));) {
			for (at += n; at < end && strchr(" \t\"'", *at);)
				at++;
			if (at < end && *at == ':')
				doubt_key(x, keys[k], at + 1, end);
		}
	}
}

static void doubt_file(struct rest *x, const char *name)
{
	const struct ruleset *rs = x->t->rs;

	for (size_t i = 0; i < rs->n_yamls; i++)
		if (strcmp(rs->yamls[i]->name, name) == 0)
			doubt_text(x, rs->yamls[i]->text, rs->yamls[i]->len);
}

static void doubt(struct rest *x, const struct message *m)
{
	for (uint32_t i = 0; i < m->n_steps; i++)
		if (doubt_named(x, m->steps[i].type, m->steps[i].name,
				strlen(m->steps[i].name)))
			return;
	doubt_file(x, m->file);
}

/* ---- files ---- */

/* The texts of all files with errors; false: one could not be read. */
static bool read_files(struct rest *x)
{
	const struct ruleset *rs = x->t->rs;
	size_t n = 0, errors = 0;

	for (size_t i = 0; i < rs->messages.n; i++) {
		const struct message *m = &rs->messages.v[i];
		bool is_new = false;

		if (load_codes[m->code].severity != SEVERITY_ERROR)
			continue;
		errors++;
		intern_add(&x->files, m->file, strlen(m->file), &is_new);
		n += is_new;
	}
	for (size_t i = 0; i < rs->n_yamls; i++)
		if (rs->yamls[i]->len > YAML_BYTES_MAX)
			return false;
	for (size_t i = 0; i < rs->n_yamls; i++)
		if (has_errors(x, rs->yamls[i])) {
			count_words(x, rs->yamls[i]->text, rs->yamls[i]->len);
			n -= n > 0;
		}
	return n == 0 && errors == rs->messages.n_errors;
}

void lint_rest(struct linter *t)
{
	struct rest x = { .t = t, .rules = true };
	const struct messages *all = &t->rs->messages;

	intern_init(&x.files, &x.a);
	intern_init(&x.words, &x.a);
	if (read_files(&x)) {
		ruleset_build_rest(t->rs);
		mark_used(&x);
		t->lists_known = true;
		for (size_t i = 0; i < all->n; i++)
			if (load_codes[all->v[i].code].severity == SEVERITY_ERROR)
				doubt(&x, &all->v[i]);
		t->rules_known = x.rules;
	}
	intern_release(&x.files);
	intern_release(&x.words);
	arena_release(&x.a);
	free(x.counts);
}
