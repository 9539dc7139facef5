/* SPDX-License-Identifier: Apache-2.0 */
/* The correlate block as it is written in a rule file. */
#include <string.h>

#include "capture/base/err.h"
#include "capture/base/timearg.h"
#include "rules/set/items.h"

static bool say(struct reader *r, const char *key, const struct yaml *at, const char *text)
{
	const unsigned depth = r->n;

	reader_enter(r, "value for", key, at);
	reader_say(r, LOAD_ERR_YAML_VALIDATE, "%s", text);
	r->n = depth;
	return false;
}

static bool check_keys(struct reader *r, const struct yaml *map, const char *const *known)
{
	for (uint32_t i = 0; i + 1 < map->n; i += 2) {
		const char *name = map->kids[i]->kind == YAML_SCALAR ? map->kids[i]->p : "";
		const char *const *k = known;

		while (*k && strcmp(*k, name) != 0)
			k++;
		if (!*k)
			return say(r, name, map->kids[i], "Unknown key in a correlate block");
	}
	return true;
}

static bool has_one_value(const struct field_ref *f)
{
	return f->desc->get && !(f->desc->flags & (FIELD_LIST | FIELD_FILTER_ONLY));
}

/* One field, or a list of them. */
static bool read_by(struct reader *r, const struct yaml *map, struct correlate_by *by)
{
	const struct yaml *v = yaml_get(map, "by");
	const uint32_t n = !v ? 0 : v->kind == YAML_SEQUENCE ? v->n : 1;

	by->n = 0;
	if (n > CORRELATE_BY_MAX)
		return say(r, "by", v, "A key has at most 8 fields");
	for (uint32_t i = 0; i < n; i++) {
		const struct yaml *one = v->kind == YAML_SEQUENCE ? v->kids[i] : v;
		struct field_ref *ref = &by->refs[by->n++];

		if (one->kind != YAML_SCALAR || one->len == 0)
			return say(r, "by", one, "Value is not the name of a field");
		if (field_parse(ref, one->p, one->len, &r->rs->arena) != one->len)
			return say(r, "by", one, *err_text() ? err_text() : "No such field");
		if (!has_one_value(ref))
			return say(r, "by", one, "A field of a key has one value");
	}
	return true;
}

static bool read_within(struct reader *r, const struct yaml *map, uint64_t *ns)
{
	const struct yaml *v = yaml_get(map, "within");

	if (!v)
		return reader_say(r, LOAD_ERR_YAML_VALIDATE,
				  "Item has no mapping for key 'within'");
	if (v->kind != YAML_SCALAR || time_duration(v->p, ns) < 0 || *ns == 0)
		return say(r, "within", v, "Value is no span of time such as 10s, 5m or 500ms");
	return true;
}

static bool read_count(struct reader *r, const struct yaml *map, uint32_t *count)
{
	uint64_t n = 1;

	if (!decode_number(r, map, "count", &n))
		return false;
	if (n < 1 || n > CORRELATE_COUNT_MAX)
		return say(r, "count", yaml_get(map, "count"), "Value is not within 1 and 10000");
	*count = (uint32_t)n;
	return true;
}

/* A condition with a name, and with a key of its own where the fields differ. */
static bool read_step(struct reader *r, const struct yaml *v, const struct correlate_def *c,
		      bool named, struct correlate_step *out)
{
	static const char *const known[] = { "name", "condition", "by", NULL };
	struct place at = { .file = r->file };
	const char *text = NULL;

	if (v->kind != YAML_MAPPING)
		return say(r, named ? "sequence" : "absence", v, "Value is not a mapping");
	if (!check_keys(r, v, known) || !decode_text(r, v, "name", !named, &out->name, NULL) ||
	    !decode_text(r, v, "condition", false, &text, &at.node) || !read_by(r, v, &out->by))
		return false;
	if (!yaml_get(v, "by"))
		out->by = c->by;
	if (out->by.n != c->by.n)
		return say(r, "by", yaml_get(v, "by"), "The keys of all parts must have as many "
			   "fields as the one of the block");
	joined_set(&out->cond, text, at.node->len, at);
	return true;
}

static bool read_sequence(struct reader *r, const struct yaml *map, struct correlate_def *c)
{
	const struct yaml *v = yaml_get(map, "sequence");

	if (!v)
		return true;
	if (v->kind != YAML_SEQUENCE || v->n == 0)
		return say(r, "sequence", v, "Value is not a sequence of steps");
	if (v->n > CORRELATE_STEPS_MAX)
		return say(r, "sequence", v, "A sequence has at most 16 steps");
	for (uint32_t i = 0; i < v->n; i++) {
		c->n_steps++;
		if (!read_step(r, v->kids[i], c, true, &c->steps[i]))
			return false;
	}
	return true;
}

static bool read_distinct(struct reader *r, const struct yaml *map, struct correlate_def *c)
{
	const struct yaml *v = yaml_get(map, "distinct");

	if (!v)
		return true;
	if (v->kind != YAML_SCALAR || v->len == 0 ||
	    field_parse(&c->distinct, v->p, v->len, &r->rs->arena) != v->len ||
	    !has_one_value(&c->distinct))
		return say(r, "distinct", v, "Value is not the name of a field with one value");
	c->has_distinct = true;
	if (c->count < 2 || c->count > CORRELATE_DISTINCT_MAX)
		return say(r, "distinct", v, "It takes a count within 2 and 1000");
	return true;
}

static bool read_block(struct reader *r, const struct yaml *v, struct correlate_def *c)
{
	static const char *const known[] = {
		"within", "by", "count", "distinct", "sequence", "absence", NULL,
	};
	const struct yaml *absence = yaml_get(v, "absence");

	if (!check_keys(r, v, known) || !read_within(r, v, &c->within) ||
	    !read_by(r, v, &c->by) || !read_count(r, v, &c->count) || !read_distinct(r, v, c) ||
	    !read_sequence(r, v, c))
		return false;
	c->has_absence = absence;
	if (absence && !read_step(r, absence, c, false, &c->absence))
		return false;
	if (c->count == 1 && c->n_steps == 0 && !absence)
		return reader_say(r, LOAD_ERR_YAML_VALIDATE, "A correlate block needs a count of "
				  "two or more, a sequence or an absence");
	return true;
}

static void step_release(struct correlate_step *s)
{
	joined_release(&s->cond);
}

void correlate_release(struct correlate_def *c)
{
	if (!c)
		return;
	for (uint32_t i = 0; i < c->n_steps; i++)
		step_release(&c->steps[i]);
	step_release(&c->absence);
}

bool read_correlate(struct reader *r, const struct yaml *item, struct correlate_def **out)
{
	const struct yaml *v = yaml_get(item, "correlate");
	const unsigned depth = r->n;
	struct correlate_def *c;
	bool ok;

	*out = NULL;
	if (!v || v->kind == YAML_NULL || r->rs->options.strict)
		return true;
	if (v->kind != YAML_MAPPING)
		return say(r, "correlate", v, "Value is not a mapping");
	c = arena_zalloc(&r->rs->arena, sizeof(*c));
	c->at = (struct place){ .file = r->file, .node = v };
	reader_enter(r, "correlate", "", v);
	ok = read_block(r, v, c);
	r->n = depth;
	if (!ok) {
		correlate_release(c);
		return false;
	}
	*out = c;
	return true;
}

bool amend_correlate(struct reader *r, const struct yaml *item, struct rule_def *d)
{
	struct correlate_def *c;

	if (!d)
		return reader_say(r, LOAD_ERR_VALIDATE, "A correlate block was given to a rule, "
				  "but no rule by that name already exists");
	if (!read_correlate(r, item, &c))
		return false;
	correlate_release(d->correlate);
	d->correlate = c;
	return true;
}
