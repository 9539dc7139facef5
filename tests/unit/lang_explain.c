/* SPDX-License-Identifier: Apache-2.0 */
/* Explanations: the truth of the tree is that of the compiled condition, and the checks that
 * are blamed are enough to turn it. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "rules/lang/explain.h"
#include "rules/set/ruleset.h"
#include "tests/unit/lang_world.h"

static struct world w;

/* What holds (even) and what does not (odd) of a cat that opens /etc/passwd. */
static const char *const checks[] = {
	"proc.name = cat", "proc.name = dog", "fd.name startswith /etc", "fd.num = 4",
	"fd.name in (/etc/passwd, /etc/group)", "proc.pname exists and fd.num = 9",
	"proc.aname intersects (nginx)", "fd.sport = 80", "is_open", "is_shell",
};

enum { N_CHECKS = sizeof(checks) / sizeof(checks[0]) };

static const char frame[] =
	"- macro: is_open\n"
	"  condition: evt.type in (open, openat) and fd.num >= 0\n"
	"- macro: is_shell\n"
	"  condition: proc.name in (sh, bash) or proc.name = zsh\n"
	"- rule: r\n"
	"  desc: d\n"
	"  output: o\n"
	"  priority: DEBUG\n";

static uint32_t seed = 1;

static unsigned dice(unsigned n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 16) % n;
}

static void grow(struct buf *out, unsigned depth)
{
	const unsigned kids = 2 + dice(3);
	const char *op = dice(2) ? " and " : " or ";

	if (dice(3) == 0)
		buf_str(out, "not ");
	if (depth == 0 || dice(4) == 0) {
		buf_printf(out, "(%s)", checks[dice(N_CHECKS)]);
		return;
	}
	buf_byte(out, '(');
	for (unsigned i = 0; i < kids; i++) {
		buf_str(out, i ? op : "");
		grow(out, depth - 1);
	}
	buf_byte(out, ')');
}

static struct ruleset *load(const char *rest)
{
	const struct ruleset_options o = { .least = PRIORITY_DEBUG };
	struct ruleset *rs = ruleset_new(&o);
	struct buf text = {0};

	buf_str(&text, frame);
	buf_str(&text, rest);
	if (ruleset_load_text(rs, "t", buf_text(&text), text.len) < 0)
		fail_msg("%s\n%s", err_text(), buf_text(&text));
	ruleset_finish(rs);
	buf_release(&text);
	return rs;
}

/* The tree with the blamed checks turned. */
static bool turned(const struct explain *x, uint32_t at)
{
	const struct explain_node *n = &x->v[at];
	bool is = n->kind == EXPLAIN_AND;

	switch (n->kind) {
	case EXPLAIN_CHECK:
	case EXPLAIN_PART:
		return n->is != n->blamed;
	case EXPLAIN_NOT:
		return !turned(x, at + 1);
	case EXPLAIN_MACRO:
		return turned(x, at + 1);
	case EXPLAIN_AND:
	case EXPLAIN_OR:
		for (uint32_t k = at + 1; k < n->end; k = x->v[k].end)
			if (turned(x, k) != (n->kind == EXPLAIN_AND))
				is = n->kind == EXPLAIN_OR;
	}
	return is;
}

/* What turning the blamed checks costs. */
static uint32_t price(const struct explain *x)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < x->n; i++)
		if (x->v[i].blamed && x->v[i].kind == EXPLAIN_CHECK)
			sum += x->v[i].is ? COST_FALSE : COST_TRUE;
	return sum;
}

static void agrees_with_the_code(void **unused)
{
	for (unsigned i = 0; i < 2000; i++) {
		struct buf cond = {0};
		struct ruleset *rs;
		struct ruleset_matcher *m;
		const struct rule *hit;
		struct explain x;
		bool holds;

		buf_str(&cond, "  condition: evt.type = openat and ");
		grow(&cond, 3);
		buf_byte(&cond, '\n');
		rs = load(buf_text(&cond));
		m = ruleset_matcher_new(rs);
		holds = ruleset_match(m, &w.ctx, &hit, 1) == 1;
		assert_true(ruleset_explain(rs, ruleset_rule(rs, 0), &x));
		explain_event(&x, ruleset_matcher_begin(m, &w.ctx));
		if (explain_holds(&x) != holds)
			fail_msg("%s: explained as %d", buf_text(&cond), !holds);
		explain_blame(&x);
		if (turned(&x, 0) == holds)
			fail_msg("%s: what is blamed does not turn it", buf_text(&cond));
		assert_int_equal(price(&x), explain_distance(&x));
		explain_release(&x);
		ruleset_matcher_free(m);
		ruleset_free(rs);
		buf_release(&cond);
	}
}

static void names_exceptions(void **unused)
{
	struct ruleset *rs = load(
		"  condition: is_open\n"
		"  exceptions:\n"
		"    - {name: empty, fields: [proc.name]}\n"
		"    - {name: one, fields: proc.name, values: [dog]}\n"
		"    - {name: two, fields: [proc.name, fd.num], values: [[cat, 3], [cat, 9]]}\n");
	struct ruleset_matcher *m = ruleset_matcher_new(rs);
	struct explain x;
	unsigned named = 0;

	assert_true(ruleset_explain(rs, ruleset_rule(rs, 0), &x));
	explain_event(&x, ruleset_matcher_begin(m, &w.ctx));
	assert_false(explain_holds(&x));
	assert_int_equal(explain_blame(&x), 1);
	for (size_t i = 0; i < x.n; i++) {
		if (x.v[i].kind != EXPLAIN_NOT)
			continue;
		assert_string_equal(x.v[i].name, named++ ? "two" : "one");
		assert_int_equal(x.v[i].blamed, named == 2);
	}
	assert_int_equal(named, 2);
	explain_release(&x);
	ruleset_matcher_free(m);
	ruleset_free(rs);
}

/* Macros that double at each step are a graph, but not as a tree. */
static void stays_small(void **unused)
{
	struct buf text = {0};
	struct ruleset *rs;
	struct ruleset_matcher *m;
	struct explain x;

	buf_str(&text, "- macro: m0\n  condition: proc.name = dog\n");
	for (unsigned i = 1; i <= 40; i++)
		buf_printf(&text, "- macro: m%u\n  condition: m%u or (m%u and fd.num = %u)\n", i,
			   i - 1, i - 1, i);
	buf_str(&text, "- rule: s\n  desc: d\n  output: o\n  priority: DEBUG\n"
		"  condition: evt.type = openat and m40\n");
	rs = ruleset_new(&(struct ruleset_options){ .least = PRIORITY_DEBUG });
	assert_int_equal(ruleset_load_text(rs, "t", buf_text(&text), text.len), 0);
	ruleset_finish(rs);
	m = ruleset_matcher_new(rs);
	assert_true(ruleset_explain(rs, ruleset_find(rs, "s"), &x));
	assert_true(x.n > EXPLAIN_MAX);
	assert_true(x.n < 4 * EXPLAIN_MAX);
	explain_event(&x, ruleset_matcher_begin(m, &w.ctx));
	assert_false(explain_holds(&x));
	assert_true(explain_blame(&x) > 0);
	explain_release(&x);
	ruleset_matcher_free(m);
	ruleset_free(rs);
	buf_release(&text);
}

static int setup(void **unused)
{
	world_init(&w);
	return 0;
}

static int teardown(void **unused)
{
	world_release(&w);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_the_code),
		cmocka_unit_test(names_exceptions),
		cmocka_unit_test(stays_small),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
