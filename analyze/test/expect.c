/* SPDX-License-Identifier: Apache-2.0 */
/* Reading what is expected.  What a field must be is put as a condition of the rule language
 * and compiled, so that it compares as rules do: "user.uid: 0" is user.uid = "0", and
 * "fd.name: {startswith: /dev}" is fd.name startswith "/dev". */
#include <string.h>

#include "analyze/test/reader.h"
#include "capture/base/err.h"
#include "capture/base/near.h"

/* ---- fields ---- */

static const char *const operators[] = {
#define OP(id, text, class, types) text,
#include "rules/lang/ops.def"
#undef OP
	NULL
};

static const char *const list_operators[] = { "in", "intersects", "pmatch", NULL };

/* A number behind these stands without quotes. */
static const char *const numbers_only[] = { "<", "<=", ">", ">=", NULL };

static bool among(const struct yaml *node, const char *const *words)
{
	for (; *words; words++)
		if (read_is(node, *words))
			return true;
	return false;
}

/* A text of the rule language.  Its end is the first quote without a backslash before it, so
 * both are written as numbers. */
static void put_quoted(struct buf *out, const struct yaml *v)
{
	buf_byte(out, '"');
	for (uint32_t i = 0; i < v->len; i++) {
		const uint8_t c = (uint8_t)v->p[i];

		if (c < ' ' || c == '"' || c == '\\' || c == 0x7f)
			buf_printf(out, "\\x%02x", c);
		else
			buf_byte(out, c);
	}
	buf_byte(out, '"');
}

static bool is_number(const struct yaml *v)
{
	size_t i = v->len > 1 && v->p[0] == '-';

	while (i < v->len && ((v->p[i] >= '0' && v->p[i] <= '9') || v->p[i] == '.'))
		i++;
	return v->kind == YAML_SCALAR && v->len > 0 && i == v->len;
}

/* One of them, or a list in parentheses. */
static bool put_values(struct test_file *f, const struct yaml *v, bool list, struct buf *out,
		       struct buf *want)
{
	if (v->kind == YAML_SEQUENCE && list && v->n > 0) {
		for (uint32_t i = 0; i < v->n; i++) {
			buf_str(out, i ? ", " : "(");
			buf_str(want, i ? ", " : "(");
			if (!read_count(f, v) || !put_values(f, v->kids[i], false, out, want))
				return false;
		}
		buf_byte(out, ')');
		buf_byte(want, ')');
		return true;
	}
	if (v->kind != YAML_SCALAR) {
		test_file_say(f, v, "here stands %s", list ? "a value or a list of values" :
			      "a value");
		return false;
	}
	if (list)
		buf_byte(out, '(');
	put_quoted(out, v);
	if (list)
		buf_byte(out, ')');
	buf_put(want, v->p, v->len);
	if (v->len == 0)
		buf_str(want, "\"\"");
	return true;
}

static bool put_check(struct test_file *f, const char *name, const struct yaml *op,
		      const struct yaml *v, struct buf *out, struct buf *want)
{
	bool is = true;

	if (want->len)
		buf_str(want, " and ");
	if (!among(op, operators)) {
		struct near near;

		near_init(&near, op->p ? op->p : "", op->len);
		for (const char *const *o = operators; *o; o++)
			near_try(&near, *o);
		test_file_say(f, op, "there is no operator '%s'%s", op->p ? op->p : "?",
			      near_text(&near));
		return false;
	}
	if (read_is(op, "exists")) {
		if (!read_bool(f, v, "exists", &is))
			return false;
		buf_printf(out, "%s%s exists", is ? "" : "not ", name);
		buf_str(want, is ? "a value" : "no value");
		return true;
	}
	buf_printf(out, "%s %s ", name, op->p);
	buf_printf(want, "%s ", op->p);
	if (among(op, numbers_only) && is_number(v)) {
		buf_put(out, v->p, v->len);
		buf_put(want, v->p, v->len);
		return true;
	}
	return put_values(f, v, among(op, list_operators), out, want);
}

static bool put_condition(struct test_file *f, const char *name, const struct yaml *v,
			  struct buf *out, struct buf *want)
{
	static const struct yaml equal = { .kind = YAML_SCALAR, .p = "=", .len = 1 };
	static const struct yaml in = { .kind = YAML_SCALAR, .p = "in", .len = 2 };

	switch ((enum yaml_kind)v->kind) {
	case YAML_NULL:
		buf_printf(out, "not %s exists", name);
		buf_str(want, "no value");
		return true;
	case YAML_SCALAR:
		return put_check(f, name, &equal, v, out, want);
	case YAML_SEQUENCE:
		return put_check(f, name, &in, v, out, want);
	case YAML_MAPPING:
		break;
	}
	if (v->n == 0)
		test_file_say(f, v, "an operator and a value are needed: {startswith: /tmp}");
	for (uint32_t i = 0; i + 1 < v->n; i += 2) {
		if (i > 0)
			buf_str(out, " and ");
		if (!read_count(f, v) ||
		    !put_check(f, name, v->kids[i], v->kids[i + 1], out, want))
			return false;
	}
	return v->n > 0;
}

/* The first line of a message of the compiler, without its place. */
static void say_compile(struct test_file *f, const struct yaml *at, const char *name)
{
	const char *text = err_text();

	for (unsigned i = 0; i < 3; i++) {
		const char *colon = strchr(text, ':');

		text = colon ? colon + 1 : text;
	}
	test_file_say(f, at, "%s:%.*s", name, (int)strcspn(text, "\n"), text);
}

static bool known_field(struct test_file *f, const struct yaml *key)
{
	struct field_ref ref;
	const size_t n = field_parse(&ref, key->p, key->len, &f->arena);

	if (n == key->len)
		return true;
	if (n == 0)
		test_file_say(f, key, "%s", err_text());
	else
		test_file_say(f, key, "'%s' is not a field: behind %.*s nothing may stand", key->p,
			      (int)n, key->p);
	return false;
}

static bool read_field(struct test_file *f, const struct yaml *key, const struct yaml *v,
		       struct test_field *out)
{
	struct buf text = {0}, want = {0};
	const char *format;

	*out = (struct test_field){ .node = key };
	if (!read_text(f, key, "a field", &out->name) || !known_field(f, key))
		return false;
	if (put_condition(f, out->name, v, &text, &want)) {
		out->want = arena_strn(&f->arena, want.p, want.len);
		struct cond *c = cond_compile(buf_text(&text), text.len, "field");

		out->condition = c ? arena_strn(&f->arena, text.p, text.len) : NULL;
		if (!c)
			say_compile(f, v->kind == YAML_NULL ? key : v, out->name);
		cond_free(c);
	}
	buf_release(&text);
	buf_release(&want);
	format = arena_printf(&f->arena, "%%%s", out->name);
	out->value = format_compile(format, strlen(format), &f->arena);
	return out->condition;
}

static bool read_fields(struct test_file *f, const struct yaml *map, struct test_expect *e)
{
	bool ok = true;

	if (map->kind != YAML_MAPPING) {
		test_file_say(f, map, "fields is a map: {proc.name: bash}");
		return false;
	}
	e->fields = arena_zalloc(&f->arena, (map->n / 2 + 1) * sizeof(*e->fields));
	for (uint32_t i = 0; i + 1 < map->n; i += 2) {
		if (!read_count(f, map))
			return false;
		ok &= read_field(f, map->kids[i], map->kids[i + 1], &e->fields[e->n_fields++]);
	}
	return ok;
}

/* ---- counts and places ---- */

static bool read_count_of(struct test_file *f, const struct yaml *v, struct test_expect *e)
{
	static const char *const known[] = { "min", "max", NULL };
	const struct yaml *min, *max;

	if (v->kind != YAML_MAPPING) {
		if (!read_number(f, v, "count", &e->min))
			return false;
		e->max = e->min;
		return true;
	}
	if (!read_map(f, v, "count", known))
		return false;
	min = yaml_get(v, "min");
	max = yaml_get(v, "max");
	e->min = min ? 0 : e->min;
	if ((min && !read_number(f, min, "min", &e->min)) ||
	    (max && !read_number(f, max, "max", &e->max)))
		return false;
	if (!min && e->max == 0)
		e->min = 0;
	if (e->min <= e->max)
		return true;
	test_file_say(f, v, "min is more than max");
	return false;
}

static bool read_at(struct test_file *f, const struct yaml *v, struct test_expect *e)
{
	static const char *const known[] = { "event", NULL };
	const struct yaml *event = v;

	if (v->kind == YAML_MAPPING) {
		if (!read_map(f, v, "at", known))
			return false;
		event = yaml_get(v, "event");
	}
	if (!event || !read_number(f, event, "the number of an event", &e->event))
		return false;
	if (e->event > 0)
		return true;
	test_file_say(f, event, "events are numbered from 1");
	return false;
}

/* How an alert looks: what it says of itself rather than of its event. */
static bool read_look(struct test_file *f, const struct yaml *node, struct test_expect *e)
{
	const struct yaml *priority = yaml_get(node, "priority");
	const struct yaml *output = yaml_get(node, "output");

	e->priority = -1;
	return (!priority || read_priority(f, priority, &e->priority)) &&
	       (!output || read_texts(f, output, "a part of the output", &e->output,
				      &e->n_output));
}

static bool read_one(struct test_file *f, const struct yaml *node, struct test_expect *e)
{
	static const char *const known[] = {
		"rule", "no", "count", "fields", "at", "priority", "output", NULL };
	const struct yaml *rule, *no, *count, *map, *at;

	*e = (struct test_expect){ .min = 1, .max = UINT64_MAX, .node = node };
	if (!read_map(f, node, "an expectation", known))
		return false;
	rule = yaml_get(node, "rule");
	no = yaml_get(node, "no");
	count = yaml_get(node, "count");
	map = yaml_get(node, "fields");
	at = yaml_get(node, "at");
	e->no = no;
	if (!rule == !no) {
		test_file_say(f, node, "an expectation says either 'rule' or 'no'");
		return false;
	}
	if (no && count) {
		test_file_say(f, count, "what must not fire has no count");
		return false;
	}
	if (no)
		e->min = e->max = 0;
	return read_text(f, rule ? rule : no, "the name of a rule", &e->rule) &&
	       (!count || read_count_of(f, count, e)) && (!at || read_at(f, at, e)) &&
	       (!map || read_fields(f, map, e)) && read_look(f, node, e);
}

bool read_expect(struct test_file *f, struct test_case *c, const struct yaml *node)
{
	bool ok = true;

	if (read_is(node, "none")) {
		c->rest = (struct test_rest){ .how = TEST_ELSE_NONE, .node = node };
		return true;
	}
	if (node->kind != YAML_SEQUENCE) {
		test_file_say(f, node, "expect is a list of expectations, or none");
		return false;
	}
	c->expect = arena_zalloc(&f->arena, (node->n + 1) * sizeof(*c->expect));
	for (uint32_t i = 0; i < node->n; i++) {
		if (!read_count(f, node))
			return false;
		ok &= read_one(f, node->kids[i], &c->expect[c->n_expect++]);
	}
	return ok;
}

bool read_rest(struct test_file *f, const struct yaml *node, struct test_rest *out)
{
	*out = (struct test_rest){ .node = node };
	if (read_is(node, "any") || read_is(node, "none")) {
		out->how = read_is(node, "none") ? TEST_ELSE_NONE : TEST_ELSE_ANY;
		return true;
	}
	if (node->kind != YAML_SEQUENCE) {
		test_file_say(f, node, "else is none, any, or a list of rules that may fire");
		return false;
	}
	out->how = TEST_ELSE_LIST;
	return read_texts(f, node, "the name of a rule", &out->rules, &out->n);
}
