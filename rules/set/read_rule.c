/* SPDX-License-Identifier: Apache-2.0 */
/* Rule items: definitions, redefinitions, append, override, and the old short form that
 * only turns a rule on or off. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "capture/base/near.h"
#include "rules/set/items.h"

const char *const priority_name[PRIORITY__N] = {
	"Emergency", "Alert", "Critical", "Error", "Warning", "Notice", "Informational", "Debug",
};

int priority_parse(const char *name)
{
	if (strcasecmp(name, "info") == 0)
		return PRIORITY_INFORMATIONAL;
	for (int i = 0; i < PRIORITY__N; i++)
		if (strcasecmp(name, priority_name[i]) == 0)
			return i;
	return -1;
}

static const char *const known[] = {
	"rule", "condition", "output", "desc", "priority", "source", "enabled", "tags",
	"exceptions", "warn_evttypes", "skip-if-unknown-filter", "capture", "capture_duration",
	"append", "override", "correlate", NULL,
};
static const char *const append_keys[] = {
	"condition", "output", "desc", "tags", "exceptions", NULL,
};
static const char *const replace_keys[] = {
	"condition", "output", "desc", "tags", "exceptions", "priority", "capture",
	"capture_duration", "enabled", "warn_evttypes", "skip-if-unknown-filter", NULL,
};

static struct rule_def *find_rule(struct ruleset *rs, const char *name)
{
	const uint32_t i = intern_find(&rs->rule_names, name, strlen(name));

	return i == INTERN_NONE ? NULL : rs->rules[i];
}

static struct rule_def *rule_of(struct ruleset *rs, const char *name)
{
	bool is_new;
	const uint32_t i = intern_add(&rs->rule_names, name, strlen(name), &is_new);
	struct rule_def *d;

	if (!is_new)
		return rs->rules[i];
	rs->rules = mem_grow(rs->rules, &rs->rules_cap, i + 1, sizeof(*rs->rules));
	d = rs->rules[i] = arena_zalloc(&rs->arena, sizeof(*d));
	rs->n_rules = i + 1;
	d->rule.name = name;
	d->rule.id = d->index = i;
	return d;
}

/* ---- single keys ---- */

static bool read_priority(struct reader *r, const struct yaml *item, struct rule_def *d)
{
	const unsigned depth = r->n;
	const struct yaml *node = NULL;
	const char *text = NULL;
	struct near near;
	int p;

	if (!decode_text(r, item, "priority", false, &text, &node))
		return false;
	p = priority_parse(text);
	if (p < 0) {
		near_init(&near, text, strlen(text));
		for (int i = 0; i < PRIORITY__N; i++)
			near_try(&near, priority_name[i]);
		reader_enter(r, "rule priority", "", node);
		reader_say(r, LOAD_ERR_YAML_VALIDATE, "Invalid priority%s", near_text(&near));
		r->n = depth;
		return false;
	}
	d->rule.priority = (enum priority)p;
	return true;
}

static int order_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool read_tags(struct reader *r, const struct yaml *item, struct rule_def *d, bool append)
{
	const char **tags = NULL;
	uint32_t n;
	size_t k = 0;

	if (!decode_texts(r, item, "tags", true, "tag", &tags, &n))
		return false;
	if (!append)
		d->n_tags = 0;
	d->tags = mem_grow(d->tags, &d->tags_cap, d->n_tags + n, sizeof(*d->tags));
	if (n)
		memcpy(d->tags + d->n_tags, tags, n * sizeof(*tags));
	d->n_tags += n;
	if (d->n_tags)
		qsort(d->tags, d->n_tags, sizeof(*d->tags), order_texts);
	for (size_t i = 0; i < d->n_tags; i++)
		if (k == 0 || strcmp(d->tags[k - 1], d->tags[i]) != 0)
			d->tags[k++] = d->tags[i];
	d->n_tags = k;
	return true;
}

static bool read_joined(struct reader *r, const struct yaml *item, const char *key,
			struct joined *out, bool append)
{
	const struct yaml *node = NULL;
	const char *text = NULL;
	struct place at = { .file = r->file };

	if (!decode_text(r, item, key, false, &text, &node))
		return false;
	at.node = node;
	if (append) {
		joined_add(out, " ", 1, at);
		joined_add(out, text, node->len, at);
	} else {
		joined_set(out, text, node->len, at);
	}
	return true;
}

/* Blanks around an output do not count. */
static bool read_output(struct reader *r, const struct yaml *item, struct rule_def *d, bool append)
{
	const struct yaml *node = NULL;
	const char *text = NULL;
	struct place at = { .file = r->file };
	size_t n;

	if (!decode_text(r, item, "output", false, &text, &node))
		return false;
	at.node = node;
	for (n = node->len; n && isspace((unsigned char)text[n - 1]);)
		n--;
	while (n && isspace((unsigned char)*text)) {
		text++;
		n--;
		at.skip++;
	}
	d->output_at = at;
	if (!append)
		joined_set(&d->output, text, n, at);
	else if (joined_add(&d->output, " ", 1, at), n)
		joined_add(&d->output, text, n, at);
	return true;
}

static bool read_flags(struct reader *r, const struct yaml *item, struct rule_def *d)
{
	return decode_bool(r, item, "enabled", &d->rule.enabled) &&
	       decode_bool(r, item, "warn_evttypes", &d->warn_types) &&
	       decode_bool(r, item, "skip-if-unknown-filter", &d->skip_unknown) &&
	       decode_bool(r, item, "capture", &d->rule.capture) &&
	       decode_number(r, item, "capture_duration", &d->rule.capture_ms);
}

/* ---- source ---- */

/* The source named by the item; "" if none.  A source that is not ours is a warning. */
static bool read_source(struct reader *r, const struct yaml *item, bool optional,
			const char **source)
{
	const struct yaml *v = yaml_get(item, "source");

	*source = "";
	if (!v || (optional && (v->kind == YAML_NULL || (v->kind == YAML_SCALAR && !v->len))))
		return true;
	if (!decode_text(r, item, "source", true, source, NULL))
		return false;
	if (strcmp(*source, "syscall") != 0)
		reader_say(r, LOAD_UNKNOWN_SOURCE, "Unknown source %s, skipping", *source);
	return true;
}

/* Nothing to add to; that a rule of that name was refused has been said. */
static bool no_rule(struct reader *r, const char *name, const char *text)
{
	if (intern_find(&r->rs->failed_rules, name, strlen(name)) != INTERN_NONE)
		return false;
	return reader_say(r, LOAD_ERR_VALIDATE, "%s", text);
}

static bool same_source(struct reader *r, const struct rule_def *d, const char *source)
{
	if (!d || !*source || strcmp(d->rule.source, source) == 0)
		return true;
	return reader_say(r, LOAD_ERR_VALIDATE, "Rule has been re-defined with a different source");
}

static void placed(struct reader *r, struct rule_def *d, const struct yaml *item)
{
	d->at = (struct place){ .file = r->file, .node = item };
	d->seen_from = r->rs->n_items;
	d->rule.file = r->file->name;
	d->rule.line = item->line + 1;
}

/* ---- forms of items ---- */

/* Its condition and output may have mistakes, too, of which to tell. */
static void refuse(struct ruleset *rs, const struct rule_def *d)
{
	struct rule_def *copy = arena_zalloc(&rs->arena, sizeof(*copy));

	*copy = *d;
	copy->rule.source = "syscall";
	rs->refused = mem_grow(rs->refused, &rs->refused_cap, rs->n_refused + 1,
			       sizeof(*rs->refused));
	rs->refused[rs->n_refused++] = copy;
}

static bool define(struct reader *r, const struct yaml *item, const char *name)
{
	struct rule_def *old = find_rule(r->rs, name), new = {0}, *d;
	const char *source;
	bool ok;

	new.rule.enabled = new.warn_types = true;
	ok = read_source(r, item, false, &source);
	if (ok && !*source)
		source = "syscall";
	new.unknown_source = ok && strcmp(source, "syscall") != 0;
	ok &= read_joined(r, item, "condition", &new.cond, false);
	ok &= read_output(r, item, &new, false);
	ok &= read_joined(r, item, "desc", &new.desc, false);
	ok &= read_priority(r, item, &new);
	ok &= read_tags(r, item, &new, false);
	ok &= read_flags(r, item, &new);
	ok &= read_exceptions(r, item, &new, false);
	ok &= read_correlate(r, item, &new.correlate);
	ok = ok && same_source(r, old, source);
	if (!ok) {
		new.rule.name = name;
		placed(r, &new, item);
		refuse(r->rs, &new);
		return false;
	}
	d = rule_of(r->rs, name);
	joined_release(&d->cond);
	joined_release(&d->output);
	joined_release(&d->desc);
	free(d->tags);
	free(d->exceptions);
	correlate_release(d->correlate);
	new.rule.name = d->rule.name;
	new.rule.id = d->rule.id;
	new.index = d->index;
	new.whole = d->whole;
	*d = new;
	d->rule.source = source;
	placed(r, d, item);
	return true;
}

static bool append_to(struct reader *r, const struct yaml *item, const char *name)
{
	struct rule_def *d = find_rule(r->rs, name);
	const char *source;

	if (!read_source(r, item, true, &source))
		return false;
	if (!yaml_get(item, "condition") && !yaml_get(item, "exceptions"))
		return reader_say(r, LOAD_ERR_VALIDATE,
				  "Appended rule must have exceptions or condition property");
	if (!d)
		return no_rule(r, name, "Rule uses 'append' or 'override.<key>: append' but no "
			       "rule by that name already exists");
	if (!same_source(r, d, source))
		return false;
	if (yaml_get(item, "condition") && !read_joined(r, item, "condition", &d->cond, true))
		return false;
	placed(r, d, item);
	return read_exceptions(r, item, d, true);
}

static bool apply_override(struct reader *r, const struct yaml *item, struct rule_def *d,
			   const struct override *o)
{
	enum override_op op;

	if ((op = override_of(o, "condition")) &&
	    !read_joined(r, item, "condition", &d->cond, op == OVERRIDE_APPEND))
		return false;
	if ((op = override_of(o, "output")) && !read_output(r, item, d, op == OVERRIDE_APPEND))
		return false;
	if ((op = override_of(o, "desc")) &&
	    !read_joined(r, item, "desc", &d->desc, op == OVERRIDE_APPEND))
		return false;
	if ((op = override_of(o, "tags")) && !read_tags(r, item, d, op == OVERRIDE_APPEND))
		return false;
	if (override_of(o, "priority") && !read_priority(r, item, d))
		return false;
	if (!read_flags(r, item, d))
		return false;
	if ((op = override_of(o, "exceptions"))) {
		if (op == OVERRIDE_REPLACE)
			d->n_exceptions = 0;
		return read_exceptions(r, item, d, op == OVERRIDE_APPEND);
	}
	return true;
}

static bool has_append(const struct override *o)
{
	for (uint32_t i = 0; i + 1 < o->map->n; i += 2)
		if (override_of(o, o->map->kids[i]->p) == OVERRIDE_APPEND)
			return true;
	return false;
}

static bool override(struct reader *r, const struct yaml *item, const char *name,
		     const struct override *o)
{
	struct rule_def *d = find_rule(r->rs, name);
	const char *source;

	if (!read_source(r, item, true, &source))
		return false;
	if (!d && has_append(o))
		return no_rule(r, name, "Rule uses 'append' or 'override.<key>: append' but no "
			       "rule by that name already exists");
	if (!d)
		return no_rule(r, name, "An 'override.<key>: replace' to a rule was requested "
			       "but no rule by that name already exists");
	if (!same_source(r, d, source))
		return false;
	placed(r, d, item);
	return apply_override(r, item, d, o);
}

static bool toggle(struct reader *r, const struct yaml *item, const char *name)
{
	struct rule_def *d = find_rule(r->rs, name);
	const char *source;

	reader_say(r, LOAD_DEPRECATED_ITEM, "The standalone 'enabled' key usage is deprecated. The "
		   "correct approach requires also a 'replace' entry under the 'override' key "
		   "(i.e. 'enabled: replace').");
	if (!read_source(r, item, true, &source))
		return false;
	if (!d)
		return no_rule(r, name, "Rule has 'enabled' key but no rule by that name already "
			       "exists");
	return same_source(r, d, source) && decode_bool(r, item, "enabled", &d->rule.enabled);
}

static bool rule_body(struct reader *r, const struct yaml *item, const char *name)
{
	struct override o;
	bool append;

	unknown_keys(r, item, known);
	if (!read_override(r, item, append_keys, replace_keys, &o, &append))
		return false;
	if (o.present)
		return override(r, item, name, &o);
	if (append)
		return append_to(r, item, name);
	if (yaml_get(item, "enabled") && !yaml_get(item, "condition") &&
	    !yaml_get(item, "output") && !yaml_get(item, "desc") && !yaml_get(item, "priority"))
		return toggle(r, item, name);
	if (yaml_get(item, "correlate") && !yaml_get(item, "condition") &&
	    !yaml_get(item, "output") && !yaml_get(item, "desc") && !yaml_get(item, "priority"))
		return amend_correlate(r, item, find_rule(r->rs, name));
	return define(r, item, name);
}

bool read_rule(struct reader *r, const struct yaml *item)
{
	const unsigned depth = r->n;
	const char *name = NULL;
	bool ok, is_new;

	reader_enter(r, "rule", "", item);
	ok = decode_text(r, item, "rule", false, &name, NULL);
	if (ok) {
		r->steps[depth].name = name;
		ok = rule_body(r, item, name);
		if (!ok)
			intern_add(&r->rs->failed_rules, name, strlen(name), &is_new);
	}
	r->n = depth;
	return ok;
}
