/* SPDX-License-Identifier: Apache-2.0 */
/* The override key: which keys of an item add to or replace what is there. */
#include <string.h>

#include "rules/set/items.h"

static bool in_list(const char *const *list, const char *key)
{
	for (; *list; list++)
		if (strcmp(*list, key) == 0)
			return true;
	return false;
}

static enum override_op op_of(const struct yaml *v)
{
	if (v->kind != YAML_SCALAR)
		return OVERRIDE_NONE;
	return strcmp(v->p, "append") == 0 ? OVERRIDE_APPEND :
	       strcmp(v->p, "replace") == 0 ? OVERRIDE_REPLACE : OVERRIDE_NONE;
}

static bool check_key(struct reader *r, const struct yaml *key, const struct yaml *value,
		      const char *const *append_keys, const char *const *replace_keys)
{
	const enum override_op op = op_of(value);

	if (op == OVERRIDE_NONE) {
		reader_enter(r, "value for", key->p, value);
		return reader_say(r, LOAD_ERR_YAML_VALIDATE, "Invalid override operation for key "
				  "'%s': '%s'. Allowed values are: append replace ", key->p,
				  value->kind == YAML_SCALAR ? value->p : "");
	}
	if (op == OVERRIDE_APPEND ? in_list(append_keys, key->p) : in_list(replace_keys, key->p))
		return true;
	reader_enter(r, "overrides", key->p, value);
	if (op == OVERRIDE_APPEND)
		return reader_say(r, LOAD_ERR_YAML_VALIDATE,
				  "Key '%s' cannot be appended to, use 'replace' instead", key->p);
	return reader_say(r, LOAD_ERR_YAML_VALIDATE, "Key '%s' cannot be replaced", key->p);
}

static bool check_map(struct reader *r, const struct yaml *map, const char *const *append_keys,
		      const char *const *replace_keys)
{
	const unsigned depth = r->n;
	bool ok = true;

	for (uint32_t i = 0; ok && i + 1 < map->n; i += 2) {
		reader_enter(r, "overrides", "", map);
		if (map->kids[i]->kind != YAML_SCALAR)
			ok = reader_say(r, LOAD_ERR_YAML_VALIDATE,
					"Keys of 'override' must be texts");
		else
			ok = check_key(r, map->kids[i], map->kids[i + 1], append_keys,
				       replace_keys);
		r->n = depth;
	}
	return ok;
}

/* What override names must be there, and what is there must be named. */
static bool check_item(struct reader *r, const struct yaml *item, const struct override *o)
{
	static const char *const free_keys[] = {
		"list", "macro", "rule", "override", "append", "source", NULL,
	};
	const unsigned depth = r->n;
	bool ok;

	for (uint32_t i = 0; i + 1 < o->map->n; i += 2) {
		const char *key = o->map->kids[i]->p;

		if (!yaml_get(item, key))
			return reader_say(r, LOAD_ERR_YAML_VALIDATE,
					  "An %s override for '%s' was specified but '%s' is not "
					  "defined", o->map->kids[i + 1]->p, key, key);
	}
	for (uint32_t i = 0; i + 1 < item->n; i += 2) {
		const char *key = item->kids[i]->kind == YAML_SCALAR ? item->kids[i]->p : "";

		if (in_list(free_keys, key) || yaml_get(o->map, key))
			continue;
		reader_enter(r, "overrides", key, item->kids[i]);
		ok = reader_say(r, LOAD_ERR_YAML_VALIDATE, "Unexpected key '%s': no corresponding "
				"entry under 'override' is defined.", key);
		r->n = depth;
		return ok;
	}
	return true;
}

bool read_override(struct reader *r, const struct yaml *item, const char *const *append_keys,
		   const char *const *replace_keys, struct override *o, bool *append)
{
	const struct yaml *map = yaml_get(item, "override");

	*append = false;
	*o = (struct override){0};
	if (!decode_bool(r, item, "append", append))
		return false;
	if (*append)
		reader_say(r, LOAD_DEPRECATED_ITEM, "'append' key is deprecated. Add an 'append' "
			   "entry (e.g. 'condition: append') under 'override' instead.");
	if (!map || map->kind != YAML_MAPPING || map->n == 0)
		return true;
	if (!check_map(r, map, append_keys, replace_keys))
		return false;
	if (*append)
		return reader_say(r, LOAD_ERR_YAML_VALIDATE, "Keys 'override' and 'append: true' "
				  "cannot be used together. Add an 'append' entry (e.g. "
				  "'condition: append') under 'override' instead.");
	*o = (struct override){ .present = true, .map = map };
	return check_item(r, item, o);
}

enum override_op override_of(const struct override *o, const char *key)
{
	const struct yaml *v = o->present ? yaml_get(o->map, key) : NULL;

	return v ? op_of(v) : OVERRIDE_NONE;
}
