/* SPDX-License-Identifier: Apache-2.0 */
/* Items of a file: lists, macros, rules, requirements. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "rules/set/items.h"

/* ---- lists ---- */

static struct list_def *list_of(struct ruleset *rs, const char *name, bool *is_new)
{
	const uint32_t i = intern_add(&rs->list_names, name, strlen(name), is_new);
	struct list_def *l;

	if (!*is_new)
		return rs->lists[i];
	rs->lists = mem_grow(rs->lists, &rs->lists_cap, i + 1, sizeof(*rs->lists));
	l = rs->lists[i] = arena_zalloc(&rs->arena, sizeof(*l));
	rs->n_lists = i + 1;
	l->name = name;
	l->index = rs->n_items;
	return l;
}

static void add_items(struct reader *r, struct list_def *l, const struct yaml *v,
		      const char **items, uint32_t n)
{
	l->items = mem_grow(l->items, &l->cap, l->n + n, sizeof(*l->items));
	l->items_at = mem_grow(l->items_at, &l->at_cap, l->n + n, sizeof(*l->items_at));
	if (n)
		memcpy(l->items + l->n, items, n * sizeof(*items));
	for (uint32_t i = 0; i < n; i++)
		l->items_at[l->n + i] = (struct place){ .file = r->file, .node = v->kids[i] };
	l->n += n;
}

static void check_list_name(struct reader *r, const char *name)
{
	for (const char *p = name; *p; p++)
		if (isspace((unsigned char)*p) || strchr("()\"'=,", *p)) {
			reader_say(r, LOAD_INVALID_LIST_NAME,
				   "List has an invalid name. List names should match a regular "
				   "expression: ([^()\"'[:space:]=,]+)");
			return;
		}
}

static bool list_body(struct reader *r, const struct yaml *item, const char *name)
{
	static const char *const known[] = { "list", "items", "append", "override", NULL };
	static const char *const keys[] = { "items", NULL };
	struct ruleset *rs = r->rs;
	struct override o;
	const char **items = NULL;
	struct list_def *l;
	bool append, is_new;
	uint32_t n;

	check_list_name(r, name);
	unknown_keys(r, item, known);
	if (!read_override(r, item, keys, keys, &o, &append) ||
	    !decode_texts(r, item, "items", false, "list item", &items, &n))
		return false;
	append |= override_of(&o, "items") == OVERRIDE_APPEND;
	if (append && intern_find(&rs->list_names, name, strlen(name)) == INTERN_NONE)
		return reader_say(r, LOAD_ERR_VALIDATE, "List uses 'append' or 'override.items: "
				  "append' but no list by that name already exists");
	l = list_of(rs, name, &is_new);
	if (!append)
		l->n = 0;
	add_items(r, l, yaml_get(item, "items"), items, n);
	l->at = (struct place){ .file = r->file, .node = item };
	l->seen_from = rs->n_items;
	return true;
}

/* ---- macros ---- */

static struct macro_def *macro_of(struct ruleset *rs, const char *name)
{
	bool is_new;
	const uint32_t i = intern_add(&rs->macro_names, name, strlen(name), &is_new);
	struct macro_def *m;

	if (!is_new)
		return rs->macros[i];
	rs->macros = mem_grow(rs->macros, &rs->macros_cap, i + 1, sizeof(*rs->macros));
	m = rs->macros[i] = arena_zalloc(&rs->arena, sizeof(*m));
	rs->n_macros = i + 1;
	m->name = name;
	m->index = rs->n_items;
	return m;
}

static void check_macro_name(struct reader *r, const char *name)
{
	const char *p = name;

	while (isalpha((unsigned char)*name) && (isalnum((unsigned char)*p) || *p == '_'))
		p++;
	if (!*name || *p)
		reader_say(r, LOAD_INVALID_MACRO_NAME, "Macro has an invalid name. Macro names "
			   "should match a regular expression: ([a-zA-Z]+[a-zA-Z0-9_]*)");
}

static bool macro_body(struct reader *r, const struct yaml *item, const char *name)
{
	static const char *const known[] = { "macro", "condition", "append", "override", NULL };
	static const char *const keys[] = { "condition", NULL };
	struct ruleset *rs = r->rs;
	const struct yaml *node = NULL;
	const char *cond = NULL;
	struct macro_def *m;
	struct override o;
	bool append;

	check_macro_name(r, name);
	unknown_keys(r, item, known);
	if (!read_override(r, item, keys, keys, &o, &append) ||
	    !decode_text(r, item, "condition", false, &cond, &node))
		return false;
	append |= override_of(&o, "condition") == OVERRIDE_APPEND;
	if (append && intern_find(&rs->macro_names, name, strlen(name)) == INTERN_NONE)
		return reader_say(r, LOAD_ERR_VALIDATE,
				  "Macro uses 'append' or 'override.condition: append' but no "
				  "macro by that name already exists");
	m = macro_of(rs, name);
	m->at = (struct place){ .file = r->file, .node = item };
	m->seen_from = rs->n_items;
	if (append) {
		joined_add(&m->cond, " ", 1, (struct place){ r->file, node });
		joined_add(&m->cond, cond, node->len, (struct place){ r->file, node });
	} else {
		joined_set(&m->cond, cond, node->len, (struct place){ r->file, node });
	}
	return true;
}

/* ---- items ---- */

/* A name that was meant to be there is not missed where it is used. */
static void remember_refused(struct ruleset *rs, const char *key, const char *name)
{
	bool is_new;

	if (strcmp(key, "list") == 0)
		list_of(rs, name, &is_new);
	else
		macro_of(rs, name);
}

static bool read_named(struct reader *r, const struct yaml *item, const char *key,
		       bool (*body)(struct reader *, const struct yaml *, const char *))
{
	const unsigned depth = r->n;
	const char *name = NULL;
	bool ok;

	reader_enter(r, key, "", item);
	ok = decode_text(r, item, key, false, &name, NULL);
	if (ok) {
		r->steps[depth].name = name;
		ok = body(r, item, name);
		if (!ok)
			remember_refused(r->rs, key, name);
	}
	r->n = depth;
	return ok;
}

static bool read_item(struct reader *r, const struct yaml *item)
{
	const unsigned depth = r->n;
	bool ok = true;

	r->rs->n_items++;
	if (item->kind != YAML_MAPPING) {
		reader_enter(r, "rules content item", "", item);
		ok = reader_say(r, LOAD_ERR_YAML_VALIDATE, "Unexpected element type. Each element "
				"should be a yaml associative array.");
	} else if (yaml_get(item, "required_engine_version")) {
		ok = read_engine_version(r, item);
	} else if (yaml_get(item, "required_plugin_versions")) {
		ok = read_plugin_versions(r, item);
	} else if (yaml_get(item, "list")) {
		ok = read_named(r, item, "list", list_body);
	} else if (yaml_get(item, "macro")) {
		ok = read_named(r, item, "macro", macro_body);
	} else if (yaml_get(item, "rule")) {
		ok = read_rule(r, item);
	} else {
		reader_enter(r, "rules content item", "", item);
		reader_say(r, LOAD_UNKNOWN_ITEM, "Unknown top level item");
	}
	r->n = depth;
	return ok;
}

static bool read_doc(struct reader *r, const struct yaml *doc)
{
	bool ok = true;

	if (doc->kind == YAML_NULL)
		return true;
	if (doc->kind == YAML_SCALAR)
		return reader_say_at(r, LOAD_ERR_YAML_VALIDATE, doc, "Rules content is not yaml");
	if (doc->kind != YAML_SEQUENCE)
		return reader_say_at(r, LOAD_ERR_YAML_VALIDATE, doc,
				     "Rules content is not yaml array of objects");
	for (uint32_t i = 0; i < doc->n; i++)
		ok &= read_item(r, doc->kids[i]);
	return ok;
}

bool read_file(struct reader *r)
{
	const struct yaml_file *f = r->file;
	bool ok = true;

	for (size_t i = 0; i < f->n_docs; i++) {
		reader_enter(r, "rules content", "", NULL);
		ok &= read_doc(r, f->docs[i]);
		r->n--;
	}
	return ok;
}
