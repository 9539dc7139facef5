/* SPDX-License-Identifier: Apache-2.0 */
/* Rule files: what they make, and what is said about each kind of mistake. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "rules/set/ruleset.h"
#include "tests/unit/lang_world.h"

static const struct ruleset_options plain = {
	.least = PRIORITY_DEBUG, .no_suggested_output = true,
};

static struct ruleset *loaded(const char *text)
{
	struct ruleset *rs = ruleset_new(&plain);

	if (ruleset_load_text(rs, "r.yaml", text, strlen(text)) < 0)
		fail_msg("%s", err_text());
	ruleset_finish(rs);
	return rs;
}

static void condition_is(const char *text, const char *rule, const char *want)
{
	struct ruleset *rs = loaded(text);
	struct buf out = {0};

	assert_non_null(ruleset_find(rs, rule));
	ruleset_print_condition(rs, ruleset_find(rs, rule), &out);
	assert_string_equal(buf_text(&out), want);
	buf_release(&out);
	ruleset_free(rs);
}

#define RULE(cond) "- rule: r\n  desc: d\n  condition: " cond "\n  output: o\n  priority: INFO\n"

static void lists_are_put_in_as_text(void **unused)
{
	condition_is("- list: l\n  items: [x, \"a b\", 12, true]\n"
		     RULE("proc.name in (l, y)"), "r", "proc.name in (x, \"a b\", 12, true, y)");
	condition_is("- list: l\n  items: [x]\n" RULE("proc.name = l"), "r", "proc.name = x");
	condition_is("- list: l\n  items: [x]\n" RULE("proc.name in (la, l-b, /l)"), "r",
		     "proc.name in (la, l-b, /l)");
	condition_is("- list: l\n  items: []\n" RULE("proc.name in (l, y)"), "r",
		     "proc.name in (y)");
	condition_is("- list: l\n  items: []\n" RULE("proc.name in (y, l)"), "r",
		     "proc.name in (y)");
	condition_is("- list: l\n  items: [x, z]\n" RULE("proc.cmdline = \"run l now\""), "r",
		     "proc.cmdline = \"run x, z now\"");
	condition_is("- list: a\n  items: [x]\n- list: b\n  items: [a, y]\n"
		     RULE("proc.name in (b)"), "r", "proc.name in (x, y)");
	condition_is("- list: c\n  items: [b, z]\n- list: b\n  items: [a, y]\n"
		     "- list: a\n  items: [x]\n" RULE("proc.name in (c)"), "r",
		     "proc.name in (x, y, z)");
	condition_is("- list: l\n  items: [x]\n- list: l\n  items: [y]\n  append: true\n"
		     RULE("proc.name in (l)"), "r", "proc.name in (x, y)");
}

static void macros_keep_precedence(void **unused)
{
	condition_is("- macro: m\n  condition: proc.pid=1 or proc.pid=2\n" RULE("m and fd.num=3"),
		     "r", "((proc.pid = 1 or proc.pid = 2) and fd.num = 3)");
	condition_is(RULE("not m") "- macro: m\n  condition: proc.pid=1\n", "r",
		     "not proc.pid = 1");
	condition_is("- macro: m\n  condition: proc.pid=1 and fd.num=2\n"
		     "- macro: m\n  condition: or fd.num=3\n  override: {condition: append}\n"
		     RULE("m"), "r", "((proc.pid = 1 and fd.num = 2) or fd.num = 3)");
}

static void exceptions_are_negated_clauses(void **unused)
{
	condition_is(RULE("proc.pid=1")
		     "  exceptions:\n  - {name: a, fields: proc.name, values: [x, 'y z']}\n"
		     "  - {name: b, fields: [proc.name, fd.name], comps: [in, startswith],"
		     " values: [[[p, q], /t], [s, /u]]}\n"
		     "  - {name: c, fields: [proc.name]}\n",
		     "r", "(proc.pid = 1 and not proc.name in (x, \"y z\") and not "
		     "((proc.name in (p, q) and fd.name startswith /t) or "
		     "(proc.name in (s) and fd.name startswith /u)))");
	condition_is(RULE("proc.pid=1")
		     "  exceptions: [{name: a, fields: proc.name, values: [x]}]\n"
		     "- rule: r\n  exceptions: [{name: a, values: [y]}]\n"
		     "  override: {exceptions: append}\n",
		     "r", "(proc.pid = 1 and not proc.name in (x, y))");
	/* Falco forgets the default comparison here. */
	condition_is(RULE("proc.pid=1") "- rule: r\n"
		     "  exceptions: [{name: a, fields: [proc.name], values: [[x]]}]\n"
		     "  override: {exceptions: replace}\n",
		     "r", "(proc.pid = 1 and not proc.name = x)");
}

static void redefinitions_keep_their_place(void **unused)
{
	struct ruleset *rs = loaded(
		RULE("proc.pid=1")
		"- rule: s\n  desc: d\n  condition: proc.pid=2\n  output: o\n  priority: INFO\n"
		"- rule: r\n  desc: e\n  condition: proc.pid=3\n  output: p\n  priority: Error\n"
		"  tags: [z, a, z]\n  enabled: no\n"
		"- rule: s\n  output: q\n  tags: [t]\n  priority: alert\n"
		"  override: {output: append, tags: append, priority: replace}\n");
	const struct rule *r = ruleset_rule(rs, 0), *s = ruleset_rule(rs, 1);

	assert_int_equal(ruleset_count(rs), 2);
	assert_string_equal(r->name, "r");
	assert_string_equal(r->desc, "e");
	assert_string_equal(r->output, "p");
	assert_int_equal(r->priority, PRIORITY_ERROR);
	assert_int_equal(r->n_tags, 2);
	assert_string_equal(r->tags[0], "a");
	assert_false(r->enabled);
	assert_int_equal(r->line, 11);
	assert_string_equal(s->output, "o q");
	assert_int_equal(s->priority, PRIORITY_ALERT);
	ruleset_free(rs);
}

/* ---- mistakes ---- */

struct mistake {
	const char *text;
	const char *code;
	unsigned line, column;
	const char *message;
};

static const struct mistake mistakes[] = {
	{ "just text\n", "LOAD_ERR_YAML_VALIDATE", 1, 1, "Rules content is not yaml" },
	{ "a: b\n", "LOAD_ERR_YAML_VALIDATE", 1, 1, "not yaml array of objects" },
	{ "- a\n", "LOAD_ERR_YAML_VALIDATE", 1, 3, "Unexpected element type" },
	{ "- rule: [x\n", "LOAD_ERR_YAML_PARSE", 2, 1, "error at line 2" },
	{ "- list: *x\n", "LOAD_ERR_YAML_PARSE", 1, 9, "unknown anchor" },
	{ "- &a [*a]\n", "LOAD_ERR_YAML_PARSE", 1, 7, "inside its own anchor" },
	{ "- list: l\n", "LOAD_ERR_YAML_VALIDATE", 1, 3, "no mapping for key 'items'" },
	{ "- list: l\n  items: x\n", "LOAD_ERR_YAML_VALIDATE", 2, 10, "not a sequence" },
	{ "- list: l\n  items: [a, [b]]\n", "LOAD_ERR_YAML_VALIDATE", 2, 14,
	  "sequence value is not scalar" },
	{ "- list: l\n  items: [a]\n  append: true\n", "LOAD_ERR_VALIDATE", 1, 3,
	  "no list by that name already exists" },
	{ "- macro: m\n", "LOAD_ERR_YAML_VALIDATE", 1, 3, "no mapping for key 'condition'" },
	{ "- macro: m\n  condition: ''\n", "LOAD_ERR_YAML_VALIDATE", 2, 14, "non-empty" },
	{ "- macro: m\n  condition: proc.pid =\n", "LOAD_ERR_COMPILE_CONDITION", 2, 24,
	  "expected a string value" },
	{ "- macro: m\n  condition: m\n", "LOAD_ERR_VALIDATE", 2, 14, "Undefined macro 'm'" },
	{ "- macro: m\n  condition: proc.pid=1\n- macro: m\n  condition: m\n",
	  "LOAD_ERR_VALIDATE", 4, 14, "reference loop in macro 'm'" },
	{ "- rule: r\n", "LOAD_ERR_YAML_VALIDATE", 1, 3, "no mapping for key 'condition'" },
	{ "- rule: ''\n", "LOAD_ERR_YAML_VALIDATE", 1, 9, "non-empty" },
	{ RULE("foo.bar = 1"), "LOAD_ERR_COMPILE_CONDITION", 3, 14, "nonexistent field foo.bar" },
	{ RULE("evt.type = x"), "LOAD_ERR_COMPILE_CONDITION", 3, 25, "unknown event type x" },
	{ RULE("tolower(evt.type) = open"), "LOAD_ERR_COMPILE_CONDITION", 3, 14,
	  "not supported on evt.type" },
	{ RULE("nosuch"), "LOAD_ERR_VALIDATE", 3, 14, "Undefined macro 'nosuch'" },
	{ RULE(">\n    proc.pid = 1\n    and proc.pid = x"), "LOAD_ERR_COMPILE_CONDITION", 5, 20,
	  "x is not a valid number" },
	{ RULE("|\n    proc.pid = 1\n\n    and proc.pid = x"), "LOAD_ERR_COMPILE_CONDITION", 6, 20,
	  "x is not a valid number" },
	{ RULE("proc.pid = 1\n    and proc.pid = x"), "LOAD_ERR_COMPILE_CONDITION", 4, 20,
	  "x is not a valid number" },
	{ RULE("'proc.pid = 1 and proc.name=''a'' b'"), "LOAD_ERR_COMPILE_CONDITION", 3, 48,
	  "unexpected token" },
	{ "- list: l\n  items: [1, x]\n" RULE("proc.pid in (l)"),
	  "LOAD_ERR_COMPILE_CONDITION", 2, 14,
	  "x is not a valid number" },
	{ "- rule: r\n  desc: d\n  condition: proc.pid=1\n  output: o\n  priority: warn\n",
	  "LOAD_ERR_YAML_VALIDATE", 5, 13, "Invalid priority" },
	{ "- rule: r\n  desc: d\n  condition: proc.pid=1\n  output: \"%no.such\"\n"
	  "  priority: INFO\n", "LOAD_ERR_COMPILE_OUTPUT", 4, 12, "no.such" },
	{ "- rule: r\n  desc: d\n  condition: proc.pid=1\n  output: \"a %tolower(proc.pid)\"\n"
	  "  priority: INFO\n", "LOAD_ERR_COMPILE_OUTPUT", 4, 14, "not supported by 'tolower'" },
	{ RULE("proc.pid=1") "  enabled: 7\n", "LOAD_ERR_YAML_VALIDATE", 6, 12, "Can't decode" },
	{ RULE("proc.pid=1") "  tags: x\n", "LOAD_ERR_YAML_VALIDATE", 6, 9, "not a sequence" },
	{ RULE("proc.pid=1") "  capture_duration: -1\n", "LOAD_ERR_YAML_VALIDATE", 6, 21,
	  "Can't decode" },
	{ RULE("proc.pid=1") "  exceptions: x\n", "LOAD_ERR_YAML_VALIDATE", 6, 15,
	  "must be a sequence" },
	{ RULE("proc.pid=1") "  exceptions: [x]\n", "LOAD_ERR_YAML_VALIDATE", 6, 16,
	  "must be a mapping" },
	{ RULE("proc.pid=1") "  exceptions: [{fields: x}]\n", "LOAD_ERR_YAML_VALIDATE", 6, 16,
	  "no mapping for key 'name'" },
	{ RULE("proc.pid=1") "  exceptions: [{name: e, fields: no.such}]\n", "LOAD_ERR_VALIDATE",
	  6, 16, "not a supported filter field" },
	{ RULE("proc.pid=1") "  exceptions: [{name: e, fields: [proc.pid], comps: [is]}]\n",
	  "LOAD_ERR_VALIDATE", 6, 16, "'is' is not a supported comparison operator" },
	{ RULE("proc.pid=1") "- {rule: r, condition: x, override: {condition: merge}}\n",
	  "LOAD_ERR_YAML_VALIDATE", 6, 49, "Invalid override operation" },
	{ RULE("proc.pid=1") "- {rule: r, priority: ERROR, override: {priority: append}}\n",
	  "LOAD_ERR_YAML_VALIDATE", 6, 51, "cannot be appended to" },
	{ RULE("proc.pid=1") "- {rule: r, override: {condition: append}}\n",
	  "LOAD_ERR_YAML_VALIDATE", 6, 3, "specified but 'condition' is not defined" },
	{ RULE("proc.pid=1") "- {rule: r, desc: x, output: y, override: {desc: append}}\n",
	  "LOAD_ERR_YAML_VALIDATE", 6, 22, "Unexpected key 'output'" },
	{ RULE("proc.pid=1") "- {rule: r, desc: x, append: true, override: {desc: append}}\n",
	  "LOAD_ERR_YAML_VALIDATE", 6, 3, "cannot be used together" },
	{ RULE("proc.pid=1") "- {rule: r, append: true}\n", "LOAD_ERR_VALIDATE", 6, 3,
	  "must have exceptions or condition" },
	{ "- {rule: r, condition: x, append: true}\n", "LOAD_ERR_VALIDATE", 1, 3,
	  "no rule by that name" },
	{ RULE("proc.pid=1")
	  "- {rule: r, desc: d, condition: proc.pid=2, output: o, priority: info, source: k8s}\n",
	  "LOAD_ERR_VALIDATE", 6, 3, "different source" },
	{ "- required_engine_version: 0.31\n", "LOAD_ERR_YAML_VALIDATE", 1, 3, "semver" },
	{ "- required_engine_version: 1.0.0\n", "LOAD_ERR_VALIDATE", 1, 3,
	  "require engine version" },
	{ "- required_plugin_versions: [{name: x, version: 1.0.0}]\n", "LOAD_ERR_VALIDATE", 1, 30,
	  "must load one of: x (>= 1.0.0)" },
};

static void check_mistake(const struct mistake *k)
{
	struct ruleset *rs = ruleset_new(&plain);
	const struct message *m = NULL;
	const struct messages *all;

	if (ruleset_load_text(rs, "r.yaml", k->text, strlen(k->text)) == 0)
		fail_msg("loads: %s", k->text);
	all = ruleset_messages(rs);
	for (size_t i = 0; !m && i < all->n; i++)
		if (load_codes[all->v[i].code].severity == SEVERITY_ERROR)
			m = &all->v[i];
	assert_non_null(m);
	if (strcmp(load_codes[m->code].name, k->code) != 0 || m->line != k->line ||
	    m->column != k->column || !strstr(m->text, k->message))
		fail_msg("%s\ngot %u:%u %s %s\nwant %u:%u %s %s", k->text, m->line, m->column,
			 load_codes[m->code].name, m->text, k->line, k->column, k->code,
			 k->message);
	ruleset_free(rs);
}

static void each_mistake_has_code_and_place(void **unused)
{
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++)
		check_mistake(&mistakes[i]);
}

static void all_errors_of_a_file_are_told(void **unused)
{
	static const char text[] =
		RULE("foo.bar = 1")
		"- rule: s\n  desc: d\n  condition: proc.pid = x\n  output: o\n  priority: INFO\n"
		"- rule: t\n  desc: d\n  condition: proc.pid = 1\n  output: \"%x.y\"\n"
		"  priority: INFO\n";
	struct ruleset *rs = ruleset_new(&plain);

	assert_true(ruleset_load_text(rs, "r.yaml", text, strlen(text)) < 0);
	assert_int_equal(ruleset_messages(rs)->n_errors, 3);
	assert_error_has("r.yaml:3:14: error: rule 'r': ");
	assert_error_has("  condition: foo.bar = 1\n               ^");
	ruleset_free(rs);
}

static unsigned matches(struct ruleset *rs, unsigned max, const struct rule **out)
{
	struct ruleset_matcher *m;
	struct world w;
	unsigned n;

	ruleset_finish(rs);
	m = ruleset_matcher_new(rs);
	world_init(&w);
	n = ruleset_match(m, &w.ctx, out, max);
	ruleset_matcher_free(m);
	world_release(&w);
	return n;
}

/* A second file that does not load leaves nothing of the first that could be used by
 * mistake. */
static void a_file_that_fails_ends_the_set(void **unused)
{
	static const char bad[] = "- macro: m\n  condition: nosuch\n";
	struct ruleset *rs = loaded(RULE("proc.pid = 1"));
	struct ruleset_matcher *m;
	const struct rule *out[8];
	struct buf text = {0};
	struct world w;

	assert_true(ruleset_load_text(rs, "b.yaml", bad, strlen(bad)) < 0);
	assert_error_has("b.yaml:2:14: error: macro 'm': Undefined macro 'nosuch'");
	ruleset_print_condition(rs, ruleset_rule(rs, 0), &text);
	assert_int_equal(text.len, 0);
	assert_null(ruleset_rule(rs, 0)->output);
	ruleset_finish(rs);
	m = ruleset_matcher_new(rs);
	world_init(&w);
	assert_int_equal(ruleset_match(m, &w.ctx, out, 8), 0);
	world_release(&w);
	ruleset_matcher_free(m);
	ruleset_free(rs);
	buf_release(&text);
}

/* Later files complete and change earlier ones. */
static void files_build_on_each_other(void **unused)
{
	static const char first[] = "- list: l\n  items: [x]\n- macro: m\n  condition: proc.pid=1\n"
		RULE("m and proc.name in (l)");
	static const char second[] = "- list: l\n  items: [cat]\n  override: {items: append}\n"
		"- macro: m\n  condition: proc.pid=200\n";
	struct ruleset *rs = loaded(first);
	const struct rule *out[8];
	struct buf text = {0};

	assert_int_equal(ruleset_load_text(rs, "b.yaml", second, strlen(second)), 0);
	ruleset_print_condition(rs, ruleset_rule(rs, 0), &text);
	assert_string_equal(buf_text(&text), "(proc.pid = 200 and proc.name in (x, cat))");
	assert_int_equal(matches(rs, 8, out), 1);
	ruleset_free(rs);
	buf_release(&text);
}

/* ---- warnings ---- */

static void warns(const char *text, const char *code)
{
	struct ruleset *rs = loaded(text);
	const struct messages *m = ruleset_messages(rs);

	if (m->n != 1 || strcmp(load_codes[m->v[0].code].name, code) != 0)
		fail_msg("%s: %zu messages, first %s, want %s", text, m->n,
			 m->n ? load_codes[m->v[0].code].name : "none", code);
	ruleset_free(rs);
}

static void warnings(void **unused)
{
	warns("- foo: bar\n", "LOAD_UNKNOWN_ITEM");
	warns("- list: l\n  items: [a]\n", "LOAD_UNUSED_LIST");
	warns("- macro: m\n  condition: foo.bar = 1\n", "LOAD_UNUSED_MACRO");
	warns(RULE("evt.type=open") "  typo: 1\n", "LOAD_UNKNOWN_KEY");
	warns(RULE("proc.pid = 1"), "LOAD_NO_EVTTYPE");
	warns(RULE("evt.type=open and evt.dir = <"), "LOAD_DEPRECATED_ITEM");
	warns(RULE("evt.type=open and proc.name = proc.pname"), "LOAD_COMPILE_CONDITION");
	warns(RULE("evt.type=open and proc.name regex 'a.*'"), "LOAD_COMPILE_CONDITION");
	warns(RULE("evt.type=open") "  source: other\n", "LOAD_UNKNOWN_SOURCE");
	warns(RULE("evt.type=open and foo.bar=1") "  skip-if-unknown-filter: true\n",
	      "LOAD_UNKNOWN_FILTER");
	warns("- list: a b\n  items: [x]\n" RULE("evt.type=open and proc.name in (a b)"),
	      "LOAD_INVALID_LIST_NAME");
}

static void messages_as_json(void **unused)
{
	static const char text[] = "- rule: \"a\\\"b\"\n";
	struct ruleset *rs = ruleset_new(&plain);
	struct buf out = {0};

	ruleset_load_text(rs, "r.yaml", text, strlen(text));
	messages_json(&out, ruleset_messages(rs), "r.yaml");
	assert_non_null(strstr(buf_text(&out),
			       "{\"errors\":[{\"code\":\"LOAD_ERR_YAML_VALIDATE\","));
	assert_non_null(strstr(buf_text(&out), "\"item_name\":\"a\\\"b\",\"item_type\":\"rule\","
			"\"position\":{\"column\":2,\"line\":0,\"name\":\"r.yaml\",\"offset\":2}"));
	assert_non_null(strstr(buf_text(&out), "\"successful\":false,\"warnings\":[]}"));
	buf_release(&out);
	ruleset_free(rs);
}

/* ---- selection and matching ---- */

static const char three[] =
	"- rule: write etc\n  desc: d\n  condition: evt.type=openat and fd.name startswith /etc\n"
	"  output: o\n  priority: ERROR\n  tags: [files]\n"
	"- rule: cat\n  desc: d\n  condition: proc.name=cat\n  output: o\n  priority: INFO\n"
	"  warn_evttypes: false\n"
	"- rule: off\n  desc: d\n  condition: evt.type in (openat, close)\n  output: o\n"
	"  priority: DEBUG\n  enabled: false\n  tags: [files]\n";

static void matches_in_order_of_definition(void **unused)
{
	struct ruleset *rs = loaded(three);
	const struct rule *out[8];

	assert_int_equal(matches(rs, 8, out), 2);
	assert_string_equal(out[0]->name, "write etc");
	assert_string_equal(out[1]->name, "cat");
	assert_int_equal(matches(rs, 1, out), 1);
	assert_int_equal(ruleset_select(rs, true, SELECT_NAME, "of*"), 1);
	assert_int_equal(matches(rs, 8, out), 3);
	assert_string_equal(out[2]->name, "off");
	assert_int_equal(ruleset_select(rs, false, SELECT_TAG, "files"), 2);
	assert_int_equal(matches(rs, 8, out), 1);
	assert_string_equal(out[0]->name, "cat");
	assert_int_equal(ruleset_select(rs, false, SELECT_NAME, "*"), 3);
	assert_int_equal(matches(rs, 8, out), 0);
	ruleset_free(rs);
}

static void less_severe_rules_stay_off(void **unused)
{
	struct ruleset_options o = plain;
	const struct rule *out[8];
	struct ruleset *rs;

	o.least = PRIORITY_ERROR;
	rs = ruleset_new(&o);
	assert_int_equal(ruleset_load_text(rs, "r.yaml", three, strlen(three)), 0);
	assert_int_equal(matches(rs, 8, out), 1);
	assert_string_equal(out[0]->name, "write etc");
	ruleset_free(rs);
}

/* Equal checks of all rules are decided once, their fields are got once. */
static void work_is_shared_over_rules(void **unused)
{
	struct ruleset_matcher *m;
	const struct rule *out[8];
	struct buf text = {0};
	struct ruleset *rs;
	struct world w;

	for (int i = 0; i < 50; i++)
		buf_printf(&text, "- rule: r%d\n  desc: d\n  condition: evt.type=openat and "
			   "fd.name startswith /etc and proc.name in (dog, bird) and "
			   "proc.pid = %d\n  output: o\n  priority: INFO\n", i, i);
	rs = loaded(buf_text(&text));
	m = ruleset_matcher_new(rs);
	world_init(&w);
	assert_int_equal(ruleset_match(m, &w.ctx, out, 8), 0);
	assert_true(ruleset_matcher_work(m).preds <= 52);
	assert_true(ruleset_matcher_work(m).slots <= 3);
	ruleset_matcher_free(m);
	world_release(&w);
	ruleset_free(rs);
	buf_release(&text);
}

/* What many rules have in common is asked for all of them at once. */
static void common_parts_take_out_the_right_rules(void **unused)
{
	static const char *const guards[] = {
		"fd.name startswith /etc", "not proc.name = dog",	/* these hold */
		"fd.name startswith /usr", "not proc.name = cat",	/* these do not */
		"(proc.pid = 200 or proc.name = x)", "(proc.pid = 201 or proc.name = x)",
	};
	static const bool holds[] = { true, true, false, false, true, false };
	const struct rule *out[200];
	struct buf text = {0};
	struct ruleset *rs;
	unsigned n, want = 0;

	for (unsigned i = 0; i < 150; i++)
		buf_printf(&text, "- rule: r%u\n  desc: d\n  condition: evt.type=openat and %s and "
			   "%s and fd.num != %u\n  output: o\n  priority: INFO\n", i,
			   guards[i % 6], guards[i / 6 % 6], i % 7);
	rs = loaded(buf_text(&text));
	n = matches(rs, 200, out);
	for (unsigned i = 0; i < 150; i++) {
		if (!holds[i % 6] || !holds[i / 6 % 6] || i % 7 == 3)
			continue;
		assert_true(want < n);
		assert_int_equal(out[want++]->id, i);
	}
	assert_int_equal(n, want);
	ruleset_free(rs);
	buf_release(&text);
}

static void patterns_of_names(void **unused)
{
	assert_true(name_matches("*", ""));
	assert_true(name_matches("a*c", "abc"));
	assert_true(name_matches("a*c", "abcbc"));
	assert_false(name_matches("a*c", "abcd"));
	assert_true(name_matches("*b*", "abc"));
	assert_false(name_matches("abc", "ab"));
	assert_false(name_matches("a?c", "abc"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_are_put_in_as_text),
		cmocka_unit_test(macros_keep_precedence),
		cmocka_unit_test(exceptions_are_negated_clauses),
		cmocka_unit_test(redefinitions_keep_their_place),
		cmocka_unit_test(each_mistake_has_code_and_place),
		cmocka_unit_test(all_errors_of_a_file_are_told),
		cmocka_unit_test(a_file_that_fails_ends_the_set),
		cmocka_unit_test(files_build_on_each_other),
		cmocka_unit_test(warnings),
		cmocka_unit_test(messages_as_json),
		cmocka_unit_test(matches_in_order_of_definition),
		cmocka_unit_test(less_severe_rules_stay_off),
		cmocka_unit_test(work_is_shared_over_rules),
		cmocka_unit_test(common_parts_take_out_the_right_rules),
		cmocka_unit_test(patterns_of_names),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
