/* SPDX-License-Identifier: Apache-2.0 */
/* What the files say, item by item and in their order: definitions that replace others, lists,
 * tags, names. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "rules/set/lint_parts.h"

struct defined {
	struct place at;		/* the newest full definition */
	const struct yaml *value;	/* its items or condition */
	const char *name;
};

/* By kind and name, or by kind and name without case and blanks. */
struct names {
	struct intern table;
	struct defined *v;
	size_t cap;
};

struct items {
	struct linter *t;
	struct arena a;
	struct names exact, loose, values;
};

static struct defined *entry(struct items *x, struct names *n, const char *kind, const char *name,
			     bool loose, bool *is_new)
{
	struct buf key = {0};
	uint32_t i;

	buf_str(&key, kind);
	buf_byte(&key, 0);
	for (; *name; name++)
		if (!loose)
			buf_byte(&key, (uint8_t)*name);
		else if (!isspace((unsigned char)*name))
			buf_byte(&key, (uint8_t)tolower((unsigned char)*name));
	i = intern_add(&n->table, key.p, key.len, is_new);
	buf_release(&key);
	n->v = mem_grow(n->v, &n->cap, i + 1, sizeof(*n->v));
	if (*is_new)
		n->v[i] = (struct defined){0};
	return &n->v[i];
}

static const char *text_of(const struct yaml *item, const char *key)
{
	const struct yaml *v = yaml_get(item, key);

	return v && v->kind == YAML_SCALAR ? v->p : NULL;
}

/* ---- equal values ---- */

/* Texts that differ only in blanks. */
static bool same_text(const char *a, const char *b)
{
	for (;;) {
		const bool blank = isspace((unsigned char)*a) || isspace((unsigned char)*b);

		while (isspace((unsigned char)*a))
			a++;
		while (isspace((unsigned char)*b))
			b++;
		if (!*a || !*b)
			return *a == *b;
		if (blank && a[-1] != b[-1] && !isspace((unsigned char)a[-1]) !=
		    !isspace((unsigned char)b[-1]))
			return false;
		if (*a++ != *b++)
			return false;
	}
}

static bool same_value(const struct yaml *a, const struct yaml *b)
{
	if (!a || !b || a->kind != b->kind)
		return false;
	if (a->kind == YAML_SCALAR)
		return same_text(a->p, b->p);
	if (a->kind != YAML_SEQUENCE || a->n != b->n)
		return false;
	for (uint32_t i = 0; i < a->n; i++)
		if (a->kids[i]->kind != YAML_SCALAR || b->kids[i]->kind != YAML_SCALAR ||
		    strcmp(a->kids[i]->p, b->kids[i]->p) != 0)
			return false;
	return true;
}

/* ---- names ---- */

static const char *place_text(struct items *x, const struct place *at, const struct place *from)
{
	if (strcmp(at->file->name, from->file->name) == 0)
		return arena_printf(&x->a, "line %u", at->node->line + 1);
	return arena_printf(&x->a, "%s:%u", at->file->name, at->node->line + 1);
}

static void similar_name(struct items *x, const char *kind, const char *name, struct place at)
{
	bool is_new;
	struct defined *d = entry(x, &x->loose, kind, name, true, &is_new);

	if (is_new) {
		d->at = at;
		d->name = name;
	} else if (strcmp(d->name, name) != 0) {
		lint_say(x->t, LINT_SIMILAR_NAME, at, "the name differs from '%.120s' (%s) only by "
			 "case or blanks", d->name, place_text(x, &d->at, &at));
	}
}

static bool overrides(const struct yaml *item)
{
	const struct yaml *o = yaml_get(item, "override"), *a = yaml_get(item, "append");
	bool append = false;

	return (o && o->kind == YAML_MAPPING && o->n) ||
	       (a && scalar_bool(a, &append) && append);
}

/* The definition before, if this one replaces it without a word. */
static void define(struct items *x, const char *kind, const char *name, const char *key,
		   const struct yaml *item, struct place at)
{
	const struct yaml *value = yaml_get(item, key);
	bool is_new;
	struct defined *d;

	if (overrides(item) || !value)
		return;
	similar_name(x, kind, name, at);
	d = entry(x, &x->exact, kind, name, false, &is_new);
	if (!is_new && strcmp(kind, "rule") == 0)
		lint_say(x->t, LINT_REDEFINED_RULE, at, "the rule replaces the one at %s",
			 place_text(x, &d->at, &at));
	else if (!is_new && same_value(value, d->value))
		lint_say(x->t, LINT_SAME_AGAIN, at, "the %s is the same at %s", kind,
			 place_text(x, &d->at, &at));
	*d = (struct defined){ .at = at, .value = value, .name = name };
}

/* ---- overrides ---- */

static void keep_value(struct items *x, const char *kind, const char *name, const char *key,
		       const struct yaml *v, struct place at, bool replaces)
{
	bool is_new;
	struct defined *d = entry(x, &x->values, arena_printf(&x->a, "%s.%s", kind, key), name,
				  false, &is_new);

	if (!is_new && replaces && same_value(d->value, v)) {
		at.node = v;
		lint_say(x->t, LINT_SAME_OVERRIDE, at, "%s is replaced by the same value", key);
	}
	d->value = v;
}

static void follow_values(struct items *x, const char *kind, const char *name,
			  const struct yaml *item, struct place at)
{
	const struct yaml *o = yaml_get(item, "override");

	if (!o && overrides(item))
		return;
	for (uint32_t i = 0; i + 1 < item->n; i += 2) {
		const char *key = item->kids[i]->kind == YAML_SCALAR ? item->kids[i]->p : "";
		const struct yaml *how = o ? yaml_get(o, key) : NULL;
		const bool replaces = how && how->kind == YAML_SCALAR &&
				      strcmp(how->p, "replace") == 0;

		if (strcmp(key, "override") == 0 || strcmp(key, kind) == 0)
			continue;
		/* what is appended makes another value: an alias of nothing before */
		keep_value(x, kind, name, key, how && !replaces ? how : item->kids[i + 1], at,
			   replaces);
	}
}

/* ---- lists ---- */

static const struct list_def *list_named(struct items *x, const char *name)
{
	const uint32_t i = intern_find(&x->t->rs->list_names, name, strlen(name));

	return i == INTERN_NONE ? NULL : x->t->rs->lists[i];
}

static void look_at_item(struct items *x, const struct list_def *self, const struct yaml *v,
			 struct place at)
{
	const struct list_def *in = list_named(x, v->p);

	at.node = v;
	if (!self || !in)
		return;
	if (in == self) {
		lint_say(x->t, LINT_LIST_IN_ITSELF, at,
			 "the list has its own name among its items");
		return;
	}
	/* Lists within are opened one level; what is in these only if it is defined later. */
	for (size_t i = 0; in->index < self->seen_from && i < in->n; i++) {
		const struct list_def *deep = list_named(x, in->items[i]);

		if (deep && deep != in && deep->index < self->index) {
			lint_say(x->t, LINT_CLOSED_LIST, at, "'%s' has the list '%s' among its "
				 "items, which is not opened here", in->name, deep->name);
			lint_help(x->t, "Add %s to the items.", deep->name);
		}
	}
}

static void look_at_list(struct items *x, const char *name, const struct yaml *item,
			 struct place at)
{
	const struct yaml *items = yaml_get(item, "items");
	struct intern seen;
	struct arena a = {0};
	uint32_t *first;
	bool is_new;

	if (!items || items->kind != YAML_SEQUENCE)
		return;
	intern_init(&seen, &a);
	first = xmalloc((items->n + 1) * sizeof(*first));
	for (uint32_t i = 0; i < items->n; i++) {
		const struct yaml *v = items->kids[i];
		uint32_t k;

		if (v->kind != YAML_SCALAR)
			continue;
		k = intern_add(&seen, v->p, v->len, &is_new);
		if (is_new)
			first[k] = v->line;
		else
			lint_say(x->t, LINT_DUPLICATE_ITEM, (struct place){ at.file, v },
				 "'%.80s' is in the list already (line %u)", v->p, first[k] + 1);
		look_at_item(x, list_named(x, name), v, at);
	}
	free(first);
	intern_release(&seen);
	arena_release(&a);
}

/* ---- rules ---- */

static bool is_blank(const char *p)
{
	while (isspace((unsigned char)*p))
		p++;
	return !*p;
}

static void look_at_tags(struct items *x, const struct yaml *tags, struct place at)
{
	for (uint32_t i = 0; tags && tags->kind == YAML_SEQUENCE && i < tags->n && i < 256; i++) {
		const struct yaml *v = tags->kids[i];

		at.node = v;
		if (v->kind != YAML_SCALAR || strpbrk(v->p, " \t\r\n") || !*v->p)
			lint_say(x->t, LINT_TAG_FORM, at, "the tag '%.60s' is no single word",
				 v->kind == YAML_SCALAR ? v->p : "");
		for (uint32_t k = 0; v->kind == YAML_SCALAR && k < i; k++) {
			const struct yaml *o = tags->kids[k];

			if (o->kind != YAML_SCALAR || strcasecmp(o->p, v->p) != 0)
				continue;
			lint_say(x->t, LINT_DUPLICATE_TAG, at, strcmp(o->p, v->p) == 0 ?
				 "the tag '%.60s' stands twice" :
				 "the tag '%.60s' is there in another case: '%.60s'", v->p, o->p);
			break;
		}
	}
}

static void look_at_rule(struct items *x, const struct yaml *item, struct place at)
{
	const struct yaml *desc = yaml_get(item, "desc");

	look_at_tags(x, yaml_get(item, "tags"), at);
	if (desc && desc->kind == YAML_SCALAR && is_blank(desc->p)) {
		at.node = desc;
		lint_say(x->t, LINT_EMPTY_DESC, at, "the description is empty");
	}
}

/* ---- all items ---- */

static void look_at(struct items *x, const struct yaml_file *f, const struct yaml *item)
{
	static const struct {
		const char *kind, *key;
	} kinds[] = { { "list", "items" }, { "macro", "condition" }, { "rule", "condition" } };
	const struct place at = { f, item };

	for (unsigned i = 0; i < 3; i++) {
		const char *name = text_of(item, kinds[i].kind);

		if (!name)
			continue;
		lint_item(x->t, kinds[i].kind, name);
		define(x, kinds[i].kind, name, kinds[i].key, item, at);
		follow_values(x, kinds[i].kind, name, item, at);
		if (i == 0)
			look_at_list(x, name, item, at);
		if (i == 2)
			look_at_rule(x, item, at);
		break;
	}
}

static void unused(struct linter *t)
{
	const struct ruleset *rs = t->rs;

	if (!t->lists_known)
		return;
	for (size_t i = 0; i < rs->n_lists; i++) {
		lint_item(t, "list", rs->lists[i]->name);
		if (!rs->lists[i]->used)
			lint_say(t, LINT_UNUSED_LIST, rs->lists[i]->at, "nothing uses the list");
	}
	for (size_t i = 0; i < rs->n_macros; i++) {
		lint_item(t, "macro", rs->macros[i]->name);
		if (!rs->macros[i]->macro.used)
			lint_say(t, LINT_UNUSED_MACRO, rs->macros[i]->at,
				 "nothing uses the macro");
	}
}

static void names_release(struct names *n)
{
	intern_release(&n->table);
	free(n->v);
}

void lint_items(struct linter *t)
{
	struct items x = { .t = t };

	intern_init(&x.exact.table, &x.a);
	intern_init(&x.loose.table, &x.a);
	intern_init(&x.values.table, &x.a);
	for (size_t i = 0; i < t->rs->n_yamls; i++) {
		const struct yaml_file *f = t->rs->yamls[i];

		for (size_t k = 0; k < f->n_docs; k++)
			for (uint32_t j = 0; f->docs[k]->kind == YAML_SEQUENCE &&
			     j < f->docs[k]->n; j++)
				if (f->docs[k]->kids[j]->kind == YAML_MAPPING)
					look_at(&x, f, f->docs[k]->kids[j]);
	}
	unused(t);
	lint_item(t, NULL, NULL);
	names_release(&x.exact);
	names_release(&x.loose);
	names_release(&x.values);
	arena_release(&x.a);
}
