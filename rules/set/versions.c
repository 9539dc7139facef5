/* SPDX-License-Identifier: Apache-2.0 */
/* What a file asks of the engine and of plugins.  Saker understands what Falco's
 * engine ENGINE_VERSION understands, and does itself what the container plugin does. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "rules/set/items.h"

struct version {
	unsigned long v[3];
};

static const struct version engine = { { 0, 63, 0 } };

static const struct plugin container = { "container", "0.99.0" };

/* x.y.z with an optional -suffix or +suffix. */
static bool version_parse(struct version *out, const char *p)
{
	char *end;

	for (unsigned i = 0; i < 3; i++) {
		if (!isdigit((unsigned char)*p) || (*p == '0' && isdigit((unsigned char)p[1])))
			return false;
		out->v[i] = strtoul(p, &end, 10);
		p = end;
		if (i < 2 && *p++ != '.')
			return false;
	}
	return !*p || ((*p == '-' || *p == '+') && p[1]);
}

/* Same major and not older. */
static bool enough(const struct version *have, const struct version *want)
{
	if (have->v[0] != want->v[0])
		return false;
	if (have->v[1] != want->v[1])
		return have->v[1] > want->v[1];
	return have->v[2] >= want->v[2];
}

static bool is_number(const char *p)
{
	const size_t n = strspn(p, "0123456789");

	return n && n < 9 && !p[n];
}

bool read_engine_version(struct reader *r, const struct yaml *item)
{
	const unsigned depth = r->n;
	struct version want = {{0}};
	const char *text = NULL;
	bool ok;

	reader_enter(r, "required_engine_version", "", item);
	ok = decode_text(r, item, "required_engine_version", false, &text, NULL);
	if (ok && is_number(text))
		want.v[1] = strtoul(text, NULL, 10);
	else if (ok && !version_parse(&want, text))
		ok = reader_say(r, LOAD_ERR_YAML_VALIDATE, "Unable to parse engine version '%s' as "
				"a semver string. Expected \"x.y.z\" semver format.", text);
	if (ok && !enough(&engine, &want))
		ok = reader_say(r, LOAD_ERR_VALIDATE, "Rules require engine version %lu.%lu.%lu, "
				"but engine version is %lu.%lu.%lu", want.v[0], want.v[1],
				want.v[2],
				engine.v[0], engine.v[1], engine.v[2]);
	r->n = depth;
	return ok;
}

static bool satisfies(const struct plugin *p, const char *name, const struct version *want)
{
	struct version have;

	return strcmp(p->name, name) == 0 && version_parse(&have, p->version) &&
	       enough(&have, want);
}

static bool have_plugin(const struct ruleset_options *o, const char *name,
			const struct version *want)
{
	for (uint32_t i = 0; i < o->n_plugins; i++)
		if (satisfies(&o->plugins[i], name, want))
			return true;
	return field_find("container.id", 12) && satisfies(&container, name, want);
}

/* One {name, version}; *met: we have it. */
static bool read_need(struct reader *r, const struct yaml *n, bool *met, const char **name,
		      struct buf *all)
{
	struct version want;
	const char *version = NULL;

	if (n->kind != YAML_MAPPING)
		return reader_say(r, LOAD_ERR_YAML_VALIDATE, "Plugin version must be a mapping");
	if (!decode_text(r, n, "name", false, name, NULL) ||
	    !decode_text(r, n, "version", false, &version, NULL))
		return false;
	if (!version_parse(&want, version))
		return reader_say(r, LOAD_ERR_VALIDATE, "Unable to parse version '%s' of plugin "
				  "'%s' as x.y.z", version, *name);
	buf_printf(all, "%s%s (>= %s)", all->len ? ", " : "", *name, version);
	*met |= have_plugin(&r->rs->options, *name, &want);
	return true;
}

static bool read_alternatives(struct reader *r, const struct yaml *alts, bool *met,
			      const char *first, struct buf *all)
{
	const unsigned depth = r->n;
	const char **names;

	if (!alts)
		return true;
	if (alts->kind != YAML_SEQUENCE)
		return reader_say(r, LOAD_ERR_YAML_VALIDATE,
				  "Value of plugin version alternatives must be a sequence");
	names = arena_alloc(&r->rs->arena, (alts->n + 1) * sizeof(*names));
	names[0] = first;
	for (uint32_t i = 0; i < alts->n; i++) {
		reader_enter(r, "plugin version alternative", "", alts->kids[i]);
		if (!read_need(r, alts->kids[i], met, &names[i + 1], all))
			return false;
		for (uint32_t k = 0; k <= i; k++)
			if (strcmp(names[k], names[i + 1]) == 0)
				return reader_say(r, LOAD_ERR_VALIDATE,
						  "Plugin '%s' is named twice in one requirement",
						  names[k]);
		r->n = depth;
	}
	return true;
}

static bool read_entry(struct reader *r, const struct yaml *n)
{
	struct buf all = {0};
	const char *name = NULL;
	bool met = false, ok;

	reader_enter(r, "required plugin versions entry", "", n);
	ok = read_need(r, n, &met, &name, &all) &&
	     read_alternatives(r, yaml_get(n, "alternatives"), &met, name, &all);
	if (ok && !met)
		ok = reader_say(r, LOAD_ERR_VALIDATE, "Plugin requirement not satisfied, must "
				"load one of: %s", buf_text(&all));
	buf_release(&all);
	return ok;
}

bool read_plugin_versions(struct reader *r, const struct yaml *item)
{
	const struct yaml *list = yaml_get(item, "required_plugin_versions");
	const unsigned depth = r->n;
	bool ok = true;

	reader_enter(r, "required plugin versions", "", item);
	if (list->kind != YAML_SEQUENCE)
		ok = reader_say(r, LOAD_ERR_YAML_VALIDATE,
				"Value of required_plugin_versions must be a sequence");
	for (uint32_t i = 0; ok && i < list->n; i++) {
		ok = read_entry(r, list->kids[i]);
		r->n = depth + 1;
	}
	r->n = depth;
	return ok;
}
