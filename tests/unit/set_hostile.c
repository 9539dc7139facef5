/* SPDX-License-Identifier: Apache-2.0 */
/* Rule files made to hurt: refused or handled, with little time and memory. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "rules/lang/cond.h"
#include "rules/lang/lang.h"
#include "rules/set/ruleset.h"
#include "tests/unit/lang_world.h"

enum { SECONDS_MAX = 2, MIB_MAX = 256 };

static int load(const struct buf *b, const char *want_error)
{
	const struct ruleset_options o = { .least = PRIORITY_DEBUG };
	struct ruleset *rs = ruleset_new(&o);
	const clock_t start = clock();
	struct rusage use;
	int r;

	r = ruleset_load_text(rs, "r.yaml", (const char *)b->p, b->len);
	if (r == 0)
		ruleset_finish(rs);
	else if (want_error)
		assert_error_has(want_error);
	else
		fail_msg("%s", err_text());
	ruleset_free(rs);
#if !defined(__SANITIZE_ADDRESS__)
	getrusage(RUSAGE_SELF, &use);
	printf("# %.2f s, at most %ld MiB so far\n", (double)(clock() - start) / CLOCKS_PER_SEC,
	       use.ru_maxrss / 1024);
	assert_true(clock() - start < SECONDS_MAX * CLOCKS_PER_SEC);
	if (use.ru_maxrss > MIB_MAX * 1024)
		fail_msg("%ld MiB", use.ru_maxrss / 1024);
#else
	(void)start;
	(void)use;
#endif
	return r;
}

/* A condition that may be refused, and else must be false. */
static void match(const char *text, const char *path)
{
	struct cond *c = cond_compile(text, strlen(text), "filter");
	struct world w;

	if (!c)
		return;
	world_init(&w);
	world_open(&w, path);
	assert_false(cond_eval(c, &w.ctx));
	world_release(&w);
	cond_free(c);
}

static void match_one(struct buf *cond, const char *path, bool want)
{
	struct cond *c = cond_compile(buf_text(cond), cond->len, "filter");
	struct world w;

	if (!c)
		fail_msg("%s", err_text());
	world_init(&w);
	world_open(&w, path);
	assert_int_equal(cond_eval(c, &w.ctx), want);
	world_release(&w);
	cond_free(c);
}

static void rule(struct buf *b, const char *cond)
{
	buf_printf(b, "- rule: r\n  desc: d\n  condition: %s\n  output: o\n"
		   "  priority: INFO\n", cond);
}

/* Each macro says the one before twice. */
static void macros_that_double(void **unused)
{
	struct buf b = {0};

	buf_str(&b, "- macro: m0\n  condition: proc.pid = 1\n");
	for (int i = 1; i < 200; i++)
		buf_printf(&b, "- macro: m%d\n  condition: (m%d and proc.name = x%d) or "
			   "not (m%d or proc.pid = %d)\n", i, i - 1, i, i - 1, i);
	rule(&b, "evt.type = open and m199");
	assert_int_equal(load(&b, NULL), 0);
	buf_release(&b);
}

static void macros_in_a_long_row(void **unused)
{
	struct buf b = {0};

	buf_str(&b, "- macro: m0\n  condition: proc.pid = 1\n");
	for (int i = 1; i < 20000; i++)
		buf_printf(&b, "- macro: m%d\n  condition: not (m%d and proc.pid = %d)\n",
			   i, i - 1, i);
	rule(&b, "m19999");
	assert_true(load(&b, "levels with all macros put in") < 0);
	buf_release(&b);
}

/* Each list holds the one before ten times over. */
static void lists_that_multiply(void **unused)
{
	struct buf b = {0};

	for (int i = 20; i > 0; i--) {
		buf_printf(&b, "- list: l%d\n  items: [l%d", i, i - 1);
		for (int k = 0; k < 9; k++)
			buf_printf(&b, ", l%d", i - 1);
		buf_str(&b, "]\n");
	}
	buf_str(&b, "- list: l0\n  items: [x]\n");
	rule(&b, "evt.type = open and proc.name in (l20)");
	load(&b, "a condition of");
	buf_release(&b);
}

static void a_list_of_a_million(void **unused)
{
	struct buf b = {0};

	buf_str(&b, "- list: l\n  items: [a");
	for (int i = 0; i < 1000000; i++)
		buf_printf(&b, ",%d", i);
	buf_str(&b, "]\n");
	rule(&b, "evt.type = open and proc.name in (l)");
	load(&b, "");
	buf_release(&b);
}

static void parentheses_without_end(void **unused)
{
	struct buf b = {0}, cond = {0};

	for (int i = 0; i < 10000; i++)
		buf_byte(&cond, '(');
	buf_str(&cond, "proc.pid = 1");
	for (int i = 0; i < 10000; i++)
		buf_byte(&cond, ')');
	rule(&b, buf_text(&cond));
	assert_true(load(&b, "exceeded max depth") < 0);
	buf_release(&cond);
	buf_release(&b);
}

static void yaml_that_nests(void **unused)
{
	struct buf b = {0};

	for (int i = 0; i < 100000; i++)
		buf_str(&b, "- ");
	assert_true(load(&b, "nested too deeply") < 0);
	b.len = 0;
	for (int i = 0; i < 100000; i++)
		buf_byte(&b, '[');
	assert_true(load(&b, "nested too deeply") < 0);
	buf_release(&b);
}

/* The bomb of aliases of aliases. */
static void yaml_aliases_that_multiply(void **unused)
{
	struct buf b = {0};

	buf_str(&b, "- list: l\n  items:\n   - &a0 [x, x]\n");
	for (int i = 1; i < 50; i++)
		buf_printf(&b, "   - &a%d [*a%d, *a%d, *a%d]\n", i, i - 1, i - 1, i - 1);
	assert_true(load(&b, "sequence value is not scalar") < 0);
	buf_release(&b);
}

static void a_hundred_megabytes(void **unused)
{
	const struct ruleset_options o = { .least = PRIORITY_DEBUG };
	struct ruleset *rs = ruleset_new(&o);
	struct buf b = {0};

	memset(buf_room(&b, 100 << 20), 'a', 100 << 20);
	b.len = 100 << 20;
	assert_true(ruleset_load_text(rs, "r.yaml", (const char *)b.p, b.len) < 0);
	assert_error_has("larger than 32 MiB");
	ruleset_free(rs);
	buf_release(&b);
}

static void many_mistakes(void **unused)
{
	struct buf b = {0};

	for (int i = 0; i < 20000; i++)
		buf_printf(&b, "- rule: r%d\n", i);
	assert_true(load(&b, "no mapping") < 0);
	buf_release(&b);
}

static void many_rules(void **unused)
{
	struct buf b = {0};

	for (int i = 0; i < 2000; i++)
		buf_printf(&b, "- rule: r%d\n  desc: d\n  condition: "
			   "evt.type in (open, openat) and fd.name startswith /x%d "
			   "and not proc.name in (a%d, b%d)\n"
			   "  output: \"%%fd.name\"\n  priority: INFO\n", i, i, i, i);
	assert_int_equal(load(&b, NULL), 0);
	buf_release(&b);
}

/* A mistake at the bottom of macros that double is told once. */
static void mistakes_that_double(void **unused)
{
	struct buf b = {0};

	buf_str(&b, "- macro: m0\n  condition: proc.nmae = x\n");
	for (int i = 1; i < 200; i++)
		buf_printf(&b, "- macro: m%d\n  condition: (m%d and proc.nosuch%d = x) or "
			   "not (m%d or proc.pid = y%d)\n", i, i - 1, i, i - 1, i);
	rule(&b, "evt.type = open and m199");
	rule(&b, "evt.type = open and m198");
	assert_true(load(&b, "did you mean proc.name?") < 0);
	buf_release(&b);
}

/* The nearest name is looked for, but not forever. */
static void names_that_are_near(void **unused)
{
	struct buf b = {0};

	for (int i = 0; i < 20000; i++)
		buf_printf(&b, "- rule: r%d\n  desc: d\n  condition: proc.nam%d = a and "
			   "evt.type = opn%d and fd.nme = x and m%d and proc.pid strtswith a\n"
			   "  output: \"%%proc.nme%d %%fd.nme\"\n  priority: wrn\n  dsc: x\n",
			   i, i, i, i, i);
	assert_true(load(&b, "Invalid priority") < 0);
	b.len = 0;
	for (int i = 0; i < 20000; i++)
		buf_printf(&b, "- rule: r%d\n  desc: d\n  condition: proc.nam%d = a and "
			   "evt.type = opn%d and fd.nme = x and m%d\n  output: o\n"
			   "  priority: INFO\n", i, i, i, i);
	assert_true(load(&b, "Undefined macro") < 0);
	buf_release(&b);
}

/* Just below the bound of a file: as many elements as fit. */
static void as_many_elements_as_fit(void **unused)
{
	struct buf b = {0};

	buf_str(&b, "- list: l\n  items: [a");
	while (b.len < (32 << 20) - 16)
		buf_str(&b, ",a");
	buf_str(&b, "]\n");
	assert_true(load(&b, "too many elements") < 0);
	buf_release(&b);
}

static void scalars_of_megabytes(void **unused)
{
	struct buf b = {0};

	buf_str(&b, "- macro: m\n  condition: proc.pid = 1");
	while (b.len < (31 << 20))
		buf_str(&b, " or proc.pid = 1");
	buf_byte(&b, '\n');
	rule(&b, "m");
	assert_true(load(&b, "is too long") < 0);
	b.len = 0;
	buf_str(&b, "- macro: m\n  condition: proc.pid = 1");
	for (int i = 0; b.len < LANG_TEXT_MAX - 64; i++)
		buf_printf(&b, " or proc.pid = %d", i);
	buf_byte(&b, '\n');
	rule(&b, "evt.type = open and m");
	load(&b, "");
	buf_release(&b);
}

static void transformers_in_each_other(void **unused)
{
	struct buf b = {0}, cond = {0};

	for (int i = 0; i < 10000; i++)
		buf_str(&cond, "tolower(");
	rule(&b, buf_text(&cond));
	assert_true(load(&b, "exceeded max depth") < 0);
	b.len = cond.len = 0;
	for (int i = 0; i < 10000; i++)
		buf_str(&cond, "not (");
	rule(&b, buf_text(&cond));
	assert_true(load(&b, "exceeded max depth") < 0);
	buf_release(&cond);
	buf_release(&b);
}

static void exceptions_without_end(void **unused)
{
	struct buf b = {0};

	rule(&b, "evt.type = open");
	buf_str(&b, "  exceptions:\n");
	for (int i = 0; i < 300; i++) {
		buf_printf(&b, "  - name: e%d\n    fields: [proc.name, fd.name]\n    values:\n", i);
		for (int k = 0; k < 100; k++)
			buf_printf(&b, "    - [a%d, /b%d]\n", i, k);
	}
	assert_int_equal(load(&b, NULL), 0);
	buf_release(&b);
}

/* A table of texts has a bit for each predicate in a row for each text. */
static void checks_without_end(void **unused)
{
	enum { CHECKS = 60000 };
	struct buf b = {0};

	for (int or = 0; or < 2; or++) {
		buf_reset(&b);
		buf_str(&b, "- rule: r\n  desc: d\n  output: o\n  priority: INFO\n"
			"  condition: evt.type = openat");
		for (int i = 0; i < CHECKS; i++)
			buf_printf(&b, " %s proc.name = a%d", or ? "or" : "and", i);
		buf_byte(&b, '\n');
		assert_int_equal(load(&b, NULL), 0);
	}
	/* What has no room in the table is compared all the same. */
	buf_reset(&b);
	buf_str(&b, "evt.type = openat and (fd.name = /0");
	for (int i = 1; i < CHECKS; i++)
		buf_printf(&b, " or fd.name = /%d", i);
	buf_byte(&b, ')');
	match_one(&b, "/0", true);
	match_one(&b, "/59999", true);
	match_one(&b, "/60000", false);
	buf_release(&b);
}

/* Patterns that cost exponential time elsewhere: compiled, and matched with a long text. */
static void patterns_that_backtrack(void **unused)
{
	static const char *const patterns[] = {
		"(a+)+b", "(a|a)*b", "(a|aa)+b", "(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)b",
		"((a{0,30}){0,30}){0,30}b", "(((((a*)*)*)*)*)*b", "(a?){200}a{200}b",
	};
	char text[4001];
	struct buf b = {0};

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		const clock_t start = clock();

		b.len = 0;
		buf_printf(&b, "fd.name regex \"%s\"", patterns[i]);
		match(buf_text(&b), text);
		b.len = 0;
		buf_str(&b, "fd.name glob \"*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b\"");
		match(buf_text(&b), text);
#if !defined(__SANITIZE_ADDRESS__)
		assert_true(clock() - start < SECONDS_MAX * CLOCKS_PER_SEC);
#else
		(void)start;
#endif
	}
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(macros_that_double),
		cmocka_unit_test(macros_in_a_long_row),
		cmocka_unit_test(lists_that_multiply),
		cmocka_unit_test(parentheses_without_end),
		cmocka_unit_test(transformers_in_each_other),
		cmocka_unit_test(patterns_that_backtrack),
		cmocka_unit_test(mistakes_that_double),
		cmocka_unit_test(names_that_are_near),
		cmocka_unit_test(exceptions_without_end),
		cmocka_unit_test(checks_without_end),
		cmocka_unit_test(yaml_that_nests),
		cmocka_unit_test(yaml_aliases_that_multiply),
		cmocka_unit_test(many_mistakes),
		cmocka_unit_test(many_rules),
		cmocka_unit_test(a_list_of_a_million),
		cmocka_unit_test(a_hundred_megabytes),
		cmocka_unit_test(scalars_of_megabytes),
		cmocka_unit_test(as_many_elements_as_fit),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
