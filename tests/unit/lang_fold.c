/* SPDX-License-Identifier: Apache-2.0 */
/* What is left of conditions: the graph, event types, code. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "rules/lang/cond.h"
#include "rules/lang/dag.h"
#include "rules/lang/events.h"
#include "rules/lang/strindex.h"

static char *dumped(const char *text, enum dump_stage stage)
{
	struct cond *c = cond_compile(text, strlen(text), "filter");
	struct buf out = {0};
	char *s;

	if (!c)
		fail_msg("%s", err_text());
	cond_dump(c, stage, &out);
	s = xmemdup0(out.p, out.len);
	buf_release(&out);
	cond_free(c);
	return s;
}

static void expect(const char *text, enum dump_stage stage, const char *want)
{
	char *got = dumped(text, stage);

	assert_string_equal(got, want);
	free(got);
}

static void folds_what_is_constant(void **unused)
{
	expect("proc.name = a and not proc.name = a", DUMP_FOLDED, "false\n");
	expect("proc.name = a or not proc.name = a", DUMP_FOLDED, "true\n");
	expect("not not proc.name = a", DUMP_FOLDED, "p0 proc.name = a\n");
	expect("proc.name = a and (proc.name = a and (proc.name = a))", DUMP_FOLDED,
	       "p0 proc.name = a\n");
	expect("proc.name = a and (proc.pid = 1 and fd.num = 2)", DUMP_FOLDED,
	       "and\n  p0 proc.name = a\n  p1 proc.pid = 1\n  p2 fd.num = 2\n");
}

static void tells_event_types(void **unused)
{
	expect("evt.type = openat", DUMP_EVENTS, "openat\n");
	expect("evt.type in (open, openat) and not evt.type = open", DUMP_EVENTS, "openat\n");
	expect("not (evt.type != open and evt.type != close)", DUMP_EVENTS, "close\nopen\n");
	expect("evt.type = open and evt.type = close", DUMP_EVENTS, "");
	expect("evt.type = open or proc.name = x", DUMP_EVENTS, "(all)\n");
	expect("evt.type = open and proc.name = x", DUMP_EVENTS, "open\n");
	expect("evt.type = anyof (open)", DUMP_EVENTS, "(all)\n");
	expect("evt.num = 0", DUMP_EVENTS, "");
	expect("not evt.num != 0", DUMP_EVENTS, "");
	expect("evt.num >= 1", DUMP_EVENTS, "(all)\n");
}

/* A generic event is one of many calls: that it is not this one leaves the others. */
static void calls_without_rows_share_a_type(void **unused)
{
	char text[128];
	unsigned i = 0;

	while (syscalls[i].event != EV_GENERIC)
		i++;
	snprintf(text, sizeof(text), "evt.type != %s", syscalls[i].name);
	expect(text, DUMP_EVENTS, "(all)\n");
	snprintf(text, sizeof(text), "not evt.type in (%s)", syscalls[i].name);
	expect(text, DUMP_EVENTS, "(all)\n");
}

/* For openat only the test of the name is left, for open another one. */
static void code_is_made_for_each_type(void **unused)
{
	char *s = dumped("(evt.type = openat and proc.name = a) or "
			 "(evt.type = open and proc.name = b)", DUMP_CODE);

	assert_non_null(strstr(s, "open: r0@"));
	assert_non_null(strstr(s, "openat: r0@"));
	assert_null(strstr(strstr(s, "openat: r0@"), "evt.type"));
	assert_null(strstr(s, "close:"));
	free(s);
}

static void types_where_nothing_can_hold_have_no_code(void **unused)
{
	char *s = dumped("evt.type in (open, close) and (evt.type = close or proc.name in ()) "
			 "and evt.num != 0", DUMP_CODE);

	assert_null(strstr(s, "open: r0@"));
	assert_non_null(strstr(s, "close: r0@ match"));
	free(s);
}

static void wants_only_events_that_can_match(void **unused)
{
	static const char text[] = "evt.type in (open, close) and (evt.type = close or "
				   "proc.name in ())";
	struct cond *c = cond_compile(text, strlen(text), "filter");

	assert_true(event_set_has(cond_events(c), EV_CLOSE));
	assert_int_equal(event_set_count(cond_events(c)), 1);
	cond_free(c);
}

static void doubling_chains_stay_small(void **unused)
{
	struct arena a = {0};
	struct dag d;
	uint32_t x, y;

	dag_init(&d, &a);
	x = dag_pred(&d, 0);
	y = dag_pred(&d, 1);
	for (uint32_t i = 2; i < 200; i++) {	/* doubles its size written out each time */
		const uint32_t kids[2] = { x, dag_not(&d, y) };

		y = x;
		x = dag_chain(&d, i % 2 ? DAG_AND : DAG_OR, kids, 2);
	}
	assert_true(d.n < 1000);
	dag_release(&d);
	arena_release(&a);
}

static bool has(const struct strindex *x, const char *value, uint32_t bit)
{
	return strindex_bit(x, strindex_look(x, value, (uint32_t)strlen(value)), bit);
}

static void add(struct strindex *x, const char *const *list)
{
	strindex_pred(x);
	for (; *list; list++)
		strindex_add(x, *list, (uint32_t)strlen(*list));
}

static void index_of_equal_texts(void **unused)
{
	struct arena a = {0};
	struct strindex *x = strindex_new(&a, STRINDEX_EQUAL);

	add(x, (const char *[]){ "cat", "dog", NULL });
	add(x, (const char *[]){ "dog", "", NULL });
	strindex_finish(x);
	assert_true(has(x, "cat", 0));
	assert_false(has(x, "cat", 1));
	assert_true(has(x, "dog", 0));
	assert_true(has(x, "dog", 1));
	assert_true(has(x, "", 1));
	assert_false(has(x, "ca", 0));
	assert_false(has(x, "bird", 1));
	arena_release(&a);
}

static void index_of_prefixes_and_suffixes(void **unused)
{
	struct arena a = {0};
	struct strindex *x = strindex_new(&a, STRINDEX_PREFIX);
	struct strindex *y = strindex_new(&a, STRINDEX_SUFFIX);

	add(x, (const char *[]){ "/etc", "/usr/bin", NULL });
	add(x, (const char *[]){ "/etc/ssh", "/e", NULL });
	add(x, (const char *[]){ "", NULL });
	strindex_finish(x);
	assert_true(has(x, "/etc/passwd", 0));
	assert_true(has(x, "/etc/passwd", 1));
	assert_true(has(x, "/etc/ssh/x", 1));
	assert_true(has(x, "/etc/ssg", 0));
	assert_true(has(x, "/ez", 1));
	assert_false(has(x, "/ez", 0));
	assert_false(has(x, "/usr", 0));
	assert_true(has(x, "zzz", 2));
	assert_true(has(x, "", 2));
	assert_false(has(x, "", 0));

	add(y, (const char *[]){ ".so", "libc.so", NULL });
	add(y, (const char *[]){ "c.so", NULL });
	strindex_finish(y);
	assert_true(has(y, "/lib/libc.so", 0));
	assert_true(has(y, "/lib/libc.so", 1));
	assert_true(has(y, "x.so", 0));
	assert_false(has(y, "x.so", 1));
	assert_false(has(y, "so", 0));
	arena_release(&a);
}

/* Against the obvious way, over all short words. */
static void index_agrees_with_comparing(void **unused)
{
	static const char *const keys[] = { "a", "ab", "abc", "b", "ba", "bab", "cc", "cca" };
	struct arena a = {0};
	struct strindex *x = strindex_new(&a, STRINDEX_PREFIX);
	struct strindex *y = strindex_new(&a, STRINDEX_SUFFIX);
	char word[6];

	for (unsigned i = 0; i < 8; i++) {
		add(x, (const char *[]){ keys[i], NULL });
		add(y, (const char *[]){ keys[i], NULL });
	}
	strindex_finish(x);
	strindex_finish(y);
	for (unsigned n = 0; n < 1024; n++) {
		size_t len = 0;

		for (unsigned k = n; k; k /= 4)
			word[len++] = (char)('a' + k % 4);
		word[len] = 0;
		for (unsigned i = 0; i < 8; i++) {
			const size_t l = strlen(keys[i]);

			assert_int_equal(has(x, word, i), len >= l && !memcmp(word, keys[i], l));
			assert_int_equal(has(y, word, i),
					 len >= l && !memcmp(word + len - l, keys[i], l));
		}
	}
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(folds_what_is_constant),
		cmocka_unit_test(tells_event_types),
		cmocka_unit_test(calls_without_rows_share_a_type),
		cmocka_unit_test(code_is_made_for_each_type),
		cmocka_unit_test(types_where_nothing_can_hold_have_no_code),
		cmocka_unit_test(wants_only_events_that_can_match),
		cmocka_unit_test(doubling_chains_stay_small),
		cmocka_unit_test(index_of_equal_texts),
		cmocka_unit_test(index_of_prefixes_and_suffixes),
		cmocka_unit_test(index_agrees_with_comparing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
