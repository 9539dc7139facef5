/* SPDX-License-Identifier: Apache-2.0 */
/* What the mappings of user's views are made of: texts, words, fields, each with its place. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "analyze/browse/model/gather.h"
#include "analyze/browse/model/view_load_parts.h"
#include "capture/base/err.h"

void load_wrong(struct load *l, const struct yaml *at, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_printf(&l->messages, "%s%s:%u:%u: %s", l->n_wrong ? "\n" : "", l->name, at->line + 1,
		   at->column + 1, text);
	l->n_wrong++;
}

const char *load_keep(struct load *l, const struct yaml *v)
{
	return arena_strn(&l->views->arena, v->p, v->len);
}

const struct yaml *load_scalar(struct load *l, const struct yaml *map, const char *key)
{
	const struct yaml *v = yaml_get(map, key);

	if (!v || v->kind == YAML_NULL)
		return NULL;
	if (v->kind == YAML_SCALAR)
		return v;
	load_wrong(l, v, "%s must be a text", key);
	return NULL;
}

const char *load_text(struct load *l, const struct yaml *map, const char *key,
		      const char *otherwise)
{
	const struct yaml *v = load_scalar(l, map, key);

	return v ? load_keep(l, v) : otherwise;
}

static void put_words(struct buf *out, const char *const *words)
{
	for (unsigned i = 0; words[i]; i++)
		buf_printf(out, "%s%s", i ? ", " : "", words[i]);
}

uint8_t load_word(struct load *l, const struct yaml *map, const char *key,
		  const char *const *words, uint8_t otherwise)
{
	const struct yaml *v = load_scalar(l, map, key);
	struct buf known = {0};

	if (!v)
		return otherwise;
	for (uint8_t i = 0; words[i]; i++)
		if (strlen(words[i]) == v->len && memcmp(words[i], v->p, v->len) == 0)
			return i;
	put_words(&known, words);
	load_wrong(l, v, "%s: '%s' is none of %s", key, v->p, buf_text(&known));
	buf_release(&known);
	return otherwise;
}

void load_known(struct load *l, const struct yaml *map, const char *const *known)
{
	for (uint32_t i = 0; i + 1 < map->n; i += 2) {
		const struct yaml *k = map->kids[i];
		unsigned w = 0;

		while (known[w] && (k->kind != YAML_SCALAR || strcmp(known[w], k->p) != 0))
			w++;
		if (!known[w])
			load_wrong(l, k, "unknown key '%s'", k->kind == YAML_SCALAR ? k->p : "?");
	}
}

bool load_bool(struct load *l, const struct yaml *map, const char *key)
{
	static const char *const words[] = { "false", "true", NULL };

	return load_word(l, map, key, words, 0);
}

/* ---- fields ---- */

void load_field(struct load *l, const struct yaml *v, const struct view *view)
{
	struct field_ref r;
	struct arena a = {0};
	size_t n;

	if (view->kind == VIEW_ALERTS && gather_rule_field(v->p))
		return;
	n = field_parse(&r, v->p, v->len, &a);
	if (!n)
		load_wrong(l, v, "%s", err_text());
	else if (n != v->len)
		load_wrong(l, v, "'%s' is no field", v->p);
	else if (r.desc->flags & (FIELD_FILTER_ONLY | FIELD_LIST))
		load_wrong(l, v, "%s can only be used in conditions", v->p);
	arena_release(&a);
}
