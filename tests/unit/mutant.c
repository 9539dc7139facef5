/* SPDX-License-Identifier: Apache-2.0 */
/* Mutants: what is foreseen of one is what happens when it is compiled, and taking it back
 * leaves the rule set as it was. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "analyze/test/mutant.h"
#include "rules/set/correlate.h"
#include "tests/unit/lang_world.h"

static struct world w;

static const char frame[] =
	"- list: names\n"
	"  items: [cat, dog]\n"
	"- list: files\n"
	"  items: [/etc/passwd, /tmp/x, names]\n"
	"- macro: is_open\n"
	"  condition: evt.type in (open, openat) and fd.num >= 0\n"
	"- macro: in_files\n"
	"  condition: fd.name in (files) or not proc.name in (names)\n";

static const char *const checks[] = {
	"proc.name in (names)", "proc.name = dog", "fd.name startswith /etc", "fd.num = 3",
	"fd.name in (files)", "fd.name in (/etc/passwd, /etc/group)", "proc.pname exists",
	"proc.aname intersects (nginx, apache)", "fd.name pmatch (/tmp, /var, /etc)",
	"fd.name startswith oneof (/etc, /etc/pass, /x)", "is_open", "in_files",
	"evt.type = connect", "evt.type in (openat, connect)", "fd.name contains allof (e, t, c)",
};

static const char *const files[] = { "/etc/passwd", "/tmp/x", "/etc/group", "/var/y", "cat" };

enum { N_CHECKS = sizeof(checks) / sizeof(checks[0]), N_FILES = 5, N_EVENTS = 6, N_RULES = 3 };

static uint32_t seed = 7;

static unsigned dice(unsigned n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 16) % n;
}

static void grow(struct buf *out, unsigned depth)
{
	const char *op = dice(2) ? " and " : " or ";
	const unsigned kids = 2 + dice(2);

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

static void write_rules(struct buf *out)
{
	buf_str(out, frame);
	for (unsigned i = 0; i < N_RULES; i++) {
		buf_printf(out, "- rule: r%u\n  desc: d\n  output: o\n  priority: DEBUG\n"
			   "  condition: ", i);
		grow(out, 2);
		buf_str(out, "\n  exceptions:\n"
			"    - {name: e, fields: [proc.name, fd.num],\n"
			"       values: [[cat, 9], [dog, 3]]}\n");
	}
}

static struct ruleset *load(const char *text)
{
	const struct ruleset_options options = { .least = PRIORITY_DEBUG };
	struct ruleset *rs = ruleset_new(&options);

	if (ruleset_load_text(rs, "t", text, strlen(text)) < 0)
		fail_msg("%s\n%s", err_text(), text);
	assert_int_equal(ruleset_finish(rs), 0);
	return rs;
}

static void event(unsigned i)
{
	if (i < N_FILES)
		world_open(&w, files[i]);
	else
		world_connect(&w);
	arena_reset(&w.scratch);
}

/* Which rules hold on each event. */
static void verdicts(const struct ruleset *rs, bool out[N_EVENTS][N_RULES])
{
	struct ruleset_matcher *m = ruleset_matcher_new(rs);
	const struct rule *hit[N_RULES];

	memset(out, 0, N_EVENTS * sizeof(*out));
	for (unsigned i = 0; i < N_EVENTS; i++) {
		unsigned n;

		event(i);
		n = ruleset_match(m, &w.ctx, hit, N_RULES);
		for (unsigned k = 0; k < n; k++)
			out[i][hit[k]->id] = true;
	}
	ruleset_matcher_free(m);
}

static struct cover_log *look(const struct ruleset *rs, const struct cover_plan *p)
{
	struct ruleset_matcher *m = ruleset_matcher_new(rs);
	struct cover_log *l = cover_log_new(p);

	for (unsigned i = 0; i < N_EVENTS; i++) {
		event(i);
		cover_log_event(l, ruleset_matcher_begin(m, &w.ctx), &w.ev, i);
	}
	ruleset_matcher_free(m);
	return l;
}

static void compare(const struct mutant *m, bool before[N_EVENTS][N_RULES],
		    bool after[N_EVENTS][N_RULES], const char *text)
{
	uint64_t gained = 0, lost = 0;

	for (uint32_t i = 0; i < N_EVENTS; i++) {
		bool other = false;

		for (unsigned r = 0; r < N_RULES; r++) {
			gained += after[i][r] && !before[i][r];
			lost += before[i][r] && !after[i][r];
			other |= before[i][r] != after[i][r];
		}
		if (other != mutant_touches(m, i))
			fail_msg("%s: %s '%s' in event %u", text, mutant_kind_name[m->kind],
				 m->text, i);
	}
	if (gained != m->gained || lost != m->lost)
		fail_msg("%s: %s '%s' gains %u and loses %u, not %u and %u", text,
			 mutant_kind_name[m->kind], m->text, (unsigned)gained, (unsigned)lost,
			 (unsigned)m->gained, (unsigned)m->lost);
}

static void foresees_what_happens(void **unused)
{
	uint64_t n = 0, matter = 0;

	for (unsigned round = 0; round < 60; round++) {
		bool before[N_EVENTS][N_RULES], after[N_EVENTS][N_RULES];
		struct buf text = {0};
		struct ruleset *rs, *copy;
		struct cover_tree *trees;
		struct cover_plan *p;
		struct cover_log *l;
		struct mutants m;
		size_t n_trees;

		write_rules(&text);
		rs = load(buf_text(&text));
		copy = load(buf_text(&text));
		p = cover_plan_new(rs, true);
		l = look(rs, p);
		mutants_init(&m, p, N_EVENTS);
		mutants_foresee(&m, p, l);
		trees = cover_trees_new(copy, &n_trees);
		assert_int_equal(n_trees, p->n_trees);
		verdicts(rs, before);
		for (size_t i = 0; i < m.n; i++) {
			struct edit *edits = xcalloc(m.v[i].n_edits, sizeof(*edits));

			mutant_make(&m.v[i], trees, edits);
			assert_true(ruleset_compile_again(copy));
			verdicts(copy, after);
			compare(&m.v[i], before, after, buf_text(&text));
			for (uint32_t k = m.v[i].n_edits; k-- > 0;)
				edit_undo(&edits[k]);
			free(edits);
			n++;
			matter += m.v[i].gained + m.v[i].lost > 0;
		}
		assert_true(ruleset_compile_again(copy));
		verdicts(copy, after);
		assert_memory_equal(before, after, sizeof(before));
		mutants_release(&m);
		cover_trees_free(trees, n_trees);
		cover_log_free(l);
		cover_plan_free(p);
		ruleset_free(copy);
		ruleset_free(rs);
		buf_release(&text);
	}
	print_message("# %u mutants, %u of them matter\n", (unsigned)n, (unsigned)matter);
	assert_true(matter > n / 10 && matter < n);
}

/* Kinds and texts of all mutants of a rule. */
static void names_all(void **unused)
{
	static const char text[] =
		"- list: l\n  items: [a, b]\n"
		"- macro: m\n  condition: evt.type = openat\n"
		"- macro: never\n  condition: (evt.num = 0)\n"
		"- rule: r\n  desc: d\n  output: o\n  priority: DEBUG\n"
		"  condition: m and not proc.name in (l) and not never\n"
		"  exceptions:\n    - {name: e, fields: [fd.name], values: [[/x]]}\n";
	static const char *const want[] = {
		"dropped exception e", "dropped macro m",
		"dropped predicate not proc.name in (a, b)",
		"inverted predicate evt.type = openat", "dropped not not proc.name in (a, b)",
		"dropped not e", "dropped item a", "dropped item b",
	};
	struct ruleset *rs = load(text);
	struct cover_plan *p = cover_plan_new(rs, true);
	struct mutants m;
	char line[200];

	mutants_init(&m, p, 1);
	for (size_t i = 0; i < m.n && i < sizeof(want) / sizeof(want[0]); i++) {
		snprintf(line, sizeof(line), "%s %s", mutant_kind_name[m.v[i].kind], m.v[i].text);
		assert_string_equal(line, want[i]);
	}
	assert_int_equal(m.n, sizeof(want) / sizeof(want[0]));
	assert_int_equal(m.v[6].place.line, 2);
	assert_string_equal(m.v[6].owner, "l");
	assert_string_equal(m.v[3].owner, "m");
	mutants_release(&m);
	cover_plan_free(p);
	ruleset_free(rs);
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
	const struct CMUnitTest all[] = {
		cmocka_unit_test(names_all),
		cmocka_unit_test(foresees_what_happens),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(all, setup, teardown);
}
