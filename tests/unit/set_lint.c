/* SPDX-License-Identifier: Apache-2.0 */
/* What lint says of two checks is true of every value that is tried, and the forms it proposes
 * for patterns hold on the same values. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "rules/lang/check.h"
#include "rules/set/lint_parts.h"

static const char *const checks[] = {
	"= a", "= /etc", "!= a", "!= /etc/ssh", "in (a, b)", "in (a, b, /etc)", "in (c)",
	"startswith /etc", "startswith /etc/ssh", "startswith /var", "endswith .log", "endswith g",
	"endswith .txt", "contains ssh", "contains SSH", "icontains ssh", "contains s",
	"contains log", "glob /etc*", "glob *ssh*", "pmatch (/etc)", "pmatch (/etc/ssh, /var)",
	"regex a|b", "exists", "startswith anyof (/etc, /var)", "!= allof (a, b)",
	"!= anyof (a, b)", "= oneof (a, c)", "endswith anyof (.log, .txt)", "contains ''",
	"iglob A*", "in ()",
};

static const char *const values[] = {
	"", "a", "b", "c", "/etc", "/etc/", "/etc/ssh", "/etc/ssh/x.log", "/etc/sshd", "/var",
	"/var/log", "/var/x.txt", "/VAR/SSH", "ssh", "sSh", "log", "x.log", "x.txt", "g", "/e", "A",
};

static const char *const number_checks[] = {
	"= 1", "= -1", "!= 1", "in (1, 2, 3)", "in (5)", "< 0", "<= 0", "> 0", ">= 0", "< 10",
	"> 9",
	">= 10", "exists", "!= 0", "> 3", "<= 3",
};

static const int64_t numbers[] = { -2, -1, 0, 1, 2, 3, 4, 5, 9, 10, 11 };

enum {
	N_CHECKS = sizeof(checks) / sizeof(checks[0]),
	N_VALUES = sizeof(values) / sizeof(values[0]),
	N_NUMBER_CHECKS = sizeof(number_checks) / sizeof(number_checks[0]),
	N_NUMBERS = sizeof(numbers) / sizeof(numbers[0]),
};

struct world {
	struct arena arena;
	struct engine e;
	struct logic g;
	uint32_t preds[64];
};

static uint32_t pred_of(struct world *w, const char *field, const char *check)
{
	struct lang_text *t = arena_zalloc(&w->arena, sizeof(*t));
	const char *text = arena_printf(&w->arena, "%s %s", field, check);
	struct lang l;
	struct ast *a;

	lang_init(&l, &w->arena);
	l.regexes = &w->e.regexes;
	lang_text_init(t, "t", text, strlen(text));
	a = ast_parse(&l, t);
	if (!a || engine_check(&w->e, &l, a) == INTERN_NONE)
		fail_msg("%s: %s", text, l.message);
	return engine_pred(&w->e, a->root);
}

static void world_init(struct world *w, const char *field, const char *const *list, unsigned n)
{
	memset(w, 0, sizeof(*w));
	engine_init(&w->e, &w->arena, false);
	for (unsigned i = 0; i < n; i++)
		w->preds[i] = pred_of(w, field, list[i]);
	logic_init(&w->g, &w->e);
}

static void world_release(struct world *w)
{
	logic_release(&w->g);
	engine_release(&w->e);
	arena_release(&w->arena);
}

/* value NULL: the field is absent. */
static bool holds(struct world *w, struct lit l, const struct fval *value)
{
	struct slot_value v = { .found = value != NULL };

	if (value)
		v.v = *value;
	return matcher_decide(&w->g.m, &w->e.preds[l.pred], &v) != l.not;
}

static unsigned n_claims;

static void check_claims(struct world *w, struct lit a, struct lit b, const struct fval *v,
			 unsigned n, const char *text)
{
	const bool implies = logic_implies(&w->g, a, b), excludes = logic_excludes(&w->g, a, b);
	const bool covers = logic_covers(&w->g, a, b);

	n_claims += implies + excludes + covers;
	for (unsigned i = 0; i <= n; i++) {
		const struct fval *value = i < n ? &v[i] : NULL;
		const bool x = holds(w, a, value), y = holds(w, b, value);

		if (implies && x && !y)
			fail_msg("%s: implies, but not for value %u", text, i);
		if (excludes && x && y)
			fail_msg("%s: excludes, but not for value %u", text, i);
		if (covers && value && !x && !y)
			fail_msg("%s: covers, but not for value %u", text, i);
	}
}

static void check_all(struct world *w, const char *const *list, unsigned n,
		      const struct fval *v, unsigned n_values)
{
	char text[160];

	n_claims = 0;
	for (unsigned i = 0; i < n * 2; i++)
		for (unsigned k = 0; k < n * 2; k++) {
			const struct lit a = { w->preds[i / 2], i % 2 };
			const struct lit b = { w->preds[k / 2], k % 2 };

			snprintf(text, sizeof(text), "%s%s / %s%s", a.not ? "not " : "",
				 list[i / 2],
				 b.not ? "not " : "", list[k / 2]);
			check_claims(w, a, b, v, n_values, text);
		}
}

static void claims_about_texts_are_true(void **state)
{
	struct fval v[N_VALUES];
	struct world w;

	world_init(&w, "proc.name", checks, N_CHECKS);
	for (unsigned i = 0; i < N_VALUES; i++)
		v[i] = (struct fval){ .p = values[i], .len = (uint32_t)strlen(values[i]),
				      .type = FIELD_STRING };
	check_all(&w, checks, N_CHECKS, v, N_VALUES);
	assert_true(n_claims > 500);
	world_release(&w);
}

static void claims_about_numbers_are_true(void **state)
{
	struct fval v[N_NUMBERS];
	struct world w;

	world_init(&w, "fd.num", number_checks, N_NUMBER_CHECKS);
	for (unsigned i = 0; i < N_NUMBERS; i++)
		v[i] = (struct fval){ .i = numbers[i], .type = FIELD_INT };
	check_all(&w, number_checks, N_NUMBER_CHECKS, v, N_NUMBERS);
	assert_true(n_claims > 150);
	world_release(&w);
}

static void obvious_claims_are_made(void **state)
{
	static const struct {
		const char *a, *b;
		bool not_a, not_b;
		char claim;
	} cases[] = {
		{ "= a", "= b", 0, 0, 'x' }, { "in (a, b)", "in (c, d)", 0, 0, 'x' },
		{ "in (a, b)", "in (a, b, c)", 0, 0, 'i' }, { "= a", "startswith a", 0, 0, 'i' },
		{ "startswith /etc/ssh", "startswith /etc", 0, 0, 'i' },
		{ "startswith /etc", "startswith /var", 0, 0, 'x' },
		{ "in (a, b)", "in (a, b, c)", 0, 1, 'x' }, { "!= a", "!= b", 0, 0, 'c' },
		{ "= a", "!= b", 0, 0, 'i' }, { "= a", "exists", 0, 0, 'i' },
		{ "exists", "= a", 1, 0, 'x' }, { "= a", "regex [b-z]+", 0, 0, 'x' },
		{ "endswith .a.log", "endswith .log", 0, 0, 'i' },
		{ "contains abc", "contains b", 0, 0, 'i' }, { "= a", "= a", 0, 1, 'x' },
		{ "pmatch (/etc)", "= /etc/x", 1, 0, 'x' },
		/* these say nothing */
		{ "startswith /etc", "endswith .log", 0, 0, 0 },
		{ "contains a", "contains b", 0, 0, 0 },
		{ "!= a", "= b", 1, 1, 'i' }, { "startswith /etc", "startswith /etc/ssh", 0, 0, 0 },
		{ "!= a", "!= b", 0, 1, 0 }, { "= a", "in ()", 0, 0, 0 },
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *const pair[] = { cases[i].a, cases[i].b };
		struct world w;
		struct lit a, b;
		char claim = 0;

		world_init(&w, "proc.name", pair, 2);
		a = (struct lit){ w.preds[0], cases[i].not_a };
		b = (struct lit){ w.preds[1], cases[i].not_b };
		if (logic_excludes(&w.g, a, b))
			claim = 'x';
		else if (logic_implies(&w.g, a, b))
			claim = 'i';
		else if (logic_covers(&w.g, a, b))
			claim = 'c';
		if (claim != cases[i].claim && cases[i].claim)
			fail_msg("%s / %s: '%c', want '%c'", pair[0], pair[1], claim ? claim : '-',
				 cases[i].claim);
		if (!cases[i].claim && claim && claim != 'i')
			fail_msg("%s / %s: '%c', want nothing", pair[0], pair[1], claim);
		world_release(&w);
	}
}

/* Any of several ancestors may have either name. */
static void several_values_exclude_nothing(void **state)
{
	static const char *const pair[] = { "= a", "= b", "in (a, c)" };
	struct world w;

	world_init(&w, "proc.aname", pair, 3);
	assert_false(logic_excludes(&w.g, (struct lit){ w.preds[0], false },
				    (struct lit){ w.preds[1], false }));
	assert_true(logic_implies(&w.g, (struct lit){ w.preds[0], false },
				  (struct lit){ w.preds[2], false }));
	assert_true(logic_excludes(&w.g, (struct lit){ w.preds[0], false },
				   (struct lit){ w.preds[2], true }));
	assert_false(logic_implies(&w.g, (struct lit){ w.preds[0], false },
				   (struct lit){ w.preds[1], true }));
	world_release(&w);
}

static void patterns_become_simpler(void **state)
{
	static const struct {
		enum op op;
		const char *pattern, *simpler;	/* NULL: none */
	} cases[] = {
		{ OP_REGEX, "abc", "= abc" }, { OP_REGEX, "^abc$", "= abc" },
		{ OP_REGEX, "/etc/.*", "startswith /etc/" }, { OP_REGEX, ".*[.]log", NULL },
		{ OP_REGEX, ".*\\.log", "endswith .log" }, { OP_REGEX, ".*ssh.*", "contains ssh" },
		{ OP_REGEX, "(a|b)", "in (a, b)" }, { OP_REGEX, "a|b", "in (a, b)" },
		{ OP_REGEX, "/(a|b)/x", "in (/a/x, /b/x)" },
		{ OP_REGEX, "/(a|b)/.*", "startswith anyof (/a/, /b/)" },
		{ OP_REGEX, "a+", NULL }, { OP_REGEX, "a.c", NULL }, { OP_REGEX, "(a|b)+", NULL },
		{ OP_REGEX, "(a|b.*)", NULL }, { OP_REGEX, ".+a", NULL },
		{ OP_REGEX, ".*", "exists" },
		{ OP_REGEX, "(a(b|c))", NULL }, { OP_REGEX, "a\\.*", NULL },
		{ OP_REGEX, "[ab]", NULL },
		{ OP_REGEX, "\\d", NULL }, { OP_REGEX, "a|b.*", NULL }, { OP_REGEX, "()", NULL },
		{ OP_GLOB, "abc", "= abc" }, { OP_GLOB, "/etc/*", "startswith /etc/" },
		{ OP_GLOB, "*.log", "endswith .log" }, { OP_GLOB, "*ssh*", "contains ssh" },
		{ OP_GLOB, "a?c", NULL }, { OP_GLOB, "a*c", NULL }, { OP_GLOB, "*", "exists" },
		{ OP_GLOB, "a\\*", NULL }, { OP_GLOB, "[a]", NULL },
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf out = {0};
		const bool is = pattern_simpler(cases[i].op, cases[i].pattern,
						strlen(cases[i].pattern), &out);

		if (is != !!cases[i].simpler || (is && strcmp(buf_text(&out), cases[i].simpler)))
			fail_msg("%s: %s", cases[i].pattern, is ? buf_text(&out) : "none");
		buf_release(&out);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(claims_about_texts_are_true),
		cmocka_unit_test(claims_about_numbers_are_true),
		cmocka_unit_test(obvious_claims_are_made),
		cmocka_unit_test(several_values_exclude_nothing),
		cmocka_unit_test(patterns_become_simpler),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
