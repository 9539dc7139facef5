/* SPDX-License-Identifier: Apache-2.0 */
/* -o KEY=VALUE: settings with the names of Falco's configuration.
 *
 *   json_output=true
 *   static_fields.site=berlin
 *   rules[].disable.tag=network
 *   append_output[]={match: {rule: x}, extra_output: "cpu=%evt.cpu", extra_fields: [proc.pid]} */
#include "analyze/options.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/base/err.h"
#include "rules/set/yaml.h"

static const struct setting {
	const char *key;
	size_t at;
} settings[] = {
	{ "json_output", offsetof(struct run_options, style.json) },
	{ "json_include_message_property", offsetof(struct run_options, style.with_message) },
	{ "json_include_output_fields_property", offsetof(struct run_options, style.with_fields) },
	{ "json_include_output_property", offsetof(struct run_options, style.with_output) },
	{ "json_include_tags_property", offsetof(struct run_options, style.with_tags) },
	{ "suggested_output", offsetof(struct run_options, suggested) },
	{ "time_format_iso_8601", offsetof(struct run_options, style.iso) },
};

/* ---- append_output ---- */

static struct output_extra *new_extra(struct run_options *o)
{
	o->extras = mem_grow(o->extras, &o->extras_cap, o->n_extras + 1, sizeof(*o->extras));
	o->extras[o->n_extras] = (struct output_extra){0};
	return &o->extras[o->n_extras++];
}

static const char *text_of(const struct yaml *map, const char *key)
{
	const struct yaml *v = map ? yaml_get(map, key) : NULL;

	return v && v->kind == YAML_SCALAR ? v->p : NULL;
}

static void read_match(struct run_options *o, const struct yaml *match, struct output_extra *x)
{
	const struct yaml *tags = match ? yaml_get(match, "tags") : NULL;
	const char **v;

	x->source = text_of(match, "source");
	x->rule = text_of(match, "rule");
	if (!tags || tags->kind != YAML_SEQUENCE)
		return;
	x->tags = v = arena_alloc(&o->arena, (tags->n + 1) * sizeof(*v));
	for (uint32_t i = 0; i < tags->n; i++)
		if (tags->kids[i]->kind == YAML_SCALAR)
			v[x->n_tags++] = tags->kids[i]->p;
}

/* A field, or one or more of NAME: FORMAT. */
static int read_field(struct run_options *o, const struct yaml *v, struct output_field *out,
		      uint32_t *n)
{
	if (v->kind == YAML_SCALAR) {
		out[(*n)++] = (struct output_field){
			.key = v->p, .format = arena_printf(&o->arena, "%%%s", v->p),
		};
		return 0;
	}
	if (v->kind != YAML_MAPPING || v->n != 2 || v->kids[0]->kind != YAML_SCALAR ||
	    v->kids[1]->kind != YAML_SCALAR)
		return err(ERR_USAGE, "-o append_output: extra_fields has names of fields, "
			   "and NAME: FORMAT");
	out[(*n)++] = (struct output_field){ .key = v->kids[0]->p, .format = v->kids[1]->p };
	return 0;
}

static int read_extra(struct run_options *o, const struct yaml *map)
{
	static const char *const known[] = {
		"match", "extra_output", "extra_fields", "suggested_output",
	};
	const struct yaml *more = yaml_get(map, "extra_fields");
	struct output_extra *x = new_extra(o);
	struct output_field *v;
	const char *suggested;
	unsigned k;

	for (uint32_t i = 0; i + 1 < map->n; i += 2) {
		const char *key = map->kids[i]->kind == YAML_SCALAR ? map->kids[i]->p : "";

		for (k = 0; k < 4 && strcmp(known[k], key) != 0;)
			k++;
		if (k == 4)
			return err(ERR_USAGE, "-o append_output: there is no key '%s'", key);
	}
	read_match(o, yaml_get(map, "match"), x);
	x->format = text_of(map, "extra_output");
	suggested = text_of(map, "suggested_output");
	if (suggested && strcmp(suggested, "true") == 0)
		o->suggested = true;
	if (!more || more->kind != YAML_SEQUENCE)
		return 0;
	x->fields = v = arena_alloc(&o->arena, (more->n + 1) * sizeof(*v));
	for (uint32_t i = 0; i < more->n; i++)
		if (read_field(o, more->kids[i], v, &x->n_fields) < 0)
			return -ERR_USAGE;
	return 0;
}

/* A text that is added to all outputs, or a mapping as in Falco's configuration. */
static int append_output(struct run_options *o, const char *value)
{
	struct yaml_file f = { .name = "append_output", .text = value, .len = strlen(value) };

	if (*value != '{') {
		new_extra(o)->format = value;
		return 0;
	}
	if (!yaml_load(&f, &o->arena) || f.n_docs != 1 || f.docs[0]->kind != YAML_MAPPING)
		return err(ERR_USAGE, "-o append_output: %s", f.error[0] ? f.error :
			   "a mapping or a text is wanted");
	return read_extra(o, f.docs[0]);
}

/* ---- the others ---- */

/* Their values are texts, in which % is no field. */
static int static_field(struct run_options *o, const char *key, size_t len, const char *value)
{
	struct buf text = {0};

	if (len == 0)
		return err(ERR_USAGE, "-o: static_fields.NAME=VALUE");
	for (; *value; value++) {
		if (*value == '%')
			buf_byte(&text, '%');
		buf_byte(&text, (uint8_t)*value);
	}
	o->fields = mem_grow(o->fields, &o->fields_cap, o->n_fields + 1, sizeof(*o->fields));
	o->fields[o->n_fields++] = (struct output_field){
		.key = arena_strn(&o->arena, key, len),
		.format = arena_strn(&o->arena, text.p, text.len),
	};
	o->style.fields = o->fields;
	o->style.n_fields = (uint32_t)o->n_fields;
	buf_release(&text);
	return 0;
}

static int select_rules(struct run_options *o, const char *key, size_t len, const char *value)
{
	static const struct {
		const char *key;
		bool enable, by_tag;
	} kinds[] = {
		{ "enable.rule", true, false }, { "enable.tag", true, true },
		{ "disable.rule", false, false }, { "disable.tag", false, true },
	};

	for (unsigned i = 0; i < 4; i++)
		if (strlen(kinds[i].key) == len && memcmp(kinds[i].key, key, len) == 0) {
			run_select(o, kinds[i].enable, kinds[i].by_tag, value);
			o->selections[o->n_selections - 1].may_miss = true;
			return 0;
		}
	return err(ERR_USAGE, "-o: 'rules[].%.*s' is none of rules[].enable.rule, "
		   "rules[].enable.tag, rules[].disable.rule, rules[].disable.tag", (int)len, key);
}

static bool begins(const char *text, size_t len, const char *prefix, size_t *n)
{
	*n = strlen(prefix);
	return len >= *n && memcmp(text, prefix, *n) == 0;
}

static bool is(const char *text, size_t len, const char *word)
{
	return strlen(word) == len && memcmp(text, word, len) == 0;
}

static int set_bool(struct run_options *o, const char *key, size_t len, const char *value)
{
	const struct setting *s = settings, *end = s + sizeof(settings) / sizeof(settings[0]);

	while (s < end && !is(key, len, s->key))
		s++;
	if (s == end)
		return err(ERR_USAGE, "-o: there is no setting '%.*s'", (int)len, key);
	if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
		return err(ERR_USAGE, "-o: %s is true or false", s->key);
	*(bool *)((char *)o + s->at) = *value == 't';
	return 0;
}

int run_set(struct run_options *o, const char *text)
{
	const char *equals = strchr(text, '=');
	const size_t len = equals ? (size_t)(equals - text) : 0;
	size_t n;

	if (!equals)
		return err(ERR_USAGE, "-o: '%s' is not KEY=VALUE", text);
	if (is(text, len, "append_output") || is(text, len, "append_output[]"))
		return append_output(o, equals + 1);
	if (begins(text, len, "static_fields.", &n))
		return static_field(o, text + n, len - n, equals + 1);
	if (begins(text, len, "rules[].", &n))
		return select_rules(o, text + n, len - n, equals + 1);
	if (is(text, len, "priority"))
		return run_priority(o, equals + 1);
	if (is(text, len, "rule_matching"))
		return run_matching(o, equals + 1);
	return set_bool(o, text, len, equals + 1);
}
