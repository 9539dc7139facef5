/* SPDX-License-Identifier: Apache-2.0 */
/* What makes many rules as cheap as few changes no answer: rules together match as each
 * of them does alone. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/test.h"

#include "capture/base/err.h"
#include "rules/lang/cond.h"
#include "rules/lang/search.h"
#include "rules/set/ruleset.h"
#include "tests/unit/lang_world.h"

enum { RULES_MAX = 60, ROUNDS = 60 };

static const char *const preds[] = {
	"evt.is_open_read=true", "evt.is_open_write=true", "fd.typechar='f'", "fd.num>=0",
	"fd.num<3", "fd.name startswith /etc", "fd.name startswith /etc/ssh/",
	"fd.name startswith /usr", "fd.name startswith /usr/local/lib", "fd.name=/etc/passwd",
	"fd.name in (/etc/shadow, /etc/passwd, /tmp/x)", "fd.name endswith .so",
	"fd.name endswith passwd", "fd.name contains ssh", "fd.name contains local/",
	"fd.name != /tmp/x", "fd.directory in (/etc, /usr/local/lib)", "fd.directory=/tmp",
	"proc.name in (cat, bash)", "proc.name=cat", "proc.name startswith c",
	"proc.pname in (nginx, bash)", "proc.aname in (nginx, sshd)",
	"proc.aname startswith ng", "proc.aname[2]=nginx", "fd.nameraw contains ../",
	"fd.name icontains PASSWD", "proc.name=nosuch", "container.id != host",
	"fd.name startswith ''", "fd.filename endswith d", "evt.rawres >= 0",
};

static const char *const names[] = {
	"/etc/passwd", "/etc/ssh/sshd_config", "/usr/bin/x", "/usr/local/lib/libc.so", "/tmp/x",
	"/home/u/a", "../etc/shadow", "/", "/etc", "/usr/local/lib/../../lib/x.so",
};

/* Texts enough for one walk over the name to be worth it. */
static bool many_texts;

static const char *pick_text(void)
{
	static const char *const ops[] = { "contains", "icontains", "contains anyof" };
	static char text[4][120];
	static unsigned at;
	char *out = text[at++ % 4];
	const int op = rand() % 3;
	int n = snprintf(out, 120, "fd.name %s %s", ops[op], op == 2 ? "(" : "");

	for (int i = 0; i < (op == 2 ? 4 : 1); i++) {
		const char *name = names[(size_t)rand() % (sizeof(names) / sizeof(names[0]))];
		const size_t from = (size_t)rand() % strlen(name);

		n += snprintf(out + n, 120 - (size_t)n, "%s\"%.*s\"", i ? "," : "",
			      1 + rand() % 5, name + from);
	}
	snprintf(out + n, 120 - (size_t)n, "%s", op == 2 ? ")" : "");
	return out;
}

static const char *pick(void)
{
	if (many_texts && rand() % 4)
		return pick_text();
	return preds[(size_t)rand() % (sizeof(preds) / sizeof(preds[0]))];
}

/* Some conditions are there several times. */
static void condition(struct buf *out)
{
	const int n = 1 + rand() % 3;

	buf_str(out, "evt.type in (openat, open) and ");
	for (int i = 0; i < n; i++)
		buf_printf(out, "%s%s(%s or (%s and not %s))", i ? " and " : "",
			   rand() % 4 ? "" : "not ", pick(), pick(), pick());
	if (rand() % 2)
		buf_printf(out, " and %s and %s", pick(), pick());
}

static struct ruleset *all_rules(char **conditions, int n)
{
	static const struct ruleset_options o = { .least = PRIORITY_DEBUG };
	struct ruleset *rs = ruleset_new(&o);
	struct buf text = {0};

	for (int i = 0; i < n; i++) {
		struct buf c = {0};

		condition(&c);
		conditions[i] = xstrdup(i % 5 == 4 ? conditions[i - 3] : buf_text(&c));
		buf_release(&c);
		buf_printf(&text, "- rule: r%d\n  desc: x\n  condition: >\n    %s\n"
			   "  output: x\n  priority: ERROR\n", i, conditions[i]);
	}
	assert_int_equal(ruleset_load_text(rs, "r.yaml", buf_text(&text), text.len), 0);
	ruleset_finish(rs);
	buf_release(&text);
	return rs;
}

static void open_file(struct world *w, const char *name, unsigned flags)
{
	world_open(w, name);
	WORLD_NUMBER(&w->ev, OPENAT, flags, flags);
	state_update(w->st, &w->ev);
	arena_reset(&w->scratch);
}

static void compare(struct ruleset *rs, struct ruleset_matcher *m, struct cond **alone,
		    struct world *w)
{
	const struct rule *out[RULES_MAX + 1], *first;
	const unsigned n = ruleset_match(m, &w->ctx, out, RULES_MAX + 1);
	unsigned k = 0;

	for (unsigned i = 0; i < ruleset_count(rs); i++) {
		if (!cond_eval(alone[i], &w->ctx))
			continue;
		assert_true(k < n);
		assert_ptr_equal(out[k], ruleset_rule(rs, i));
		k++;
	}
	assert_int_equal(k, n);
	assert_int_equal(ruleset_match(m, &w->ctx, &first, 1), n > 0);
	if (n > 0)
		assert_ptr_equal(first, out[0]);
	if (n > 1) {
		const struct rule *two[2];

		assert_int_equal(ruleset_match(m, &w->ctx, two, 2), 2);
		assert_ptr_equal(two[1], out[1]);
	}
}

static void rules_together_match_as_each_alone(void **unused)
{
	char *text[RULES_MAX];
	struct cond *alone[RULES_MAX];
	struct world w;

	srand(1);
	world_init(&w);
	for (int round = 0; round < ROUNDS; round++) {
		/* Few rules have code for what the keys leave, many have several words of masks. */
		const int n = round % 10 == 0 ? RULES_MAX : 2 + rand() % 16;
		struct ruleset *rs;
		struct ruleset_matcher *m;

		many_texts = round % 3 == 0;
		rs = all_rules(text, n);
		m = ruleset_matcher_new(rs);
		for (int i = 0; i < n; i++)
			alone[i] = cond_compile(text[i], strlen(text[i]), "c");
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) * 4; i++) {
			open_file(&w, names[i / 4], (unsigned)i % 4);
			compare(rs, m, alone, &w);
		}
		for (int i = 0; i < n; i++) {
			cond_free(alone[i]);
			free(text[i]);
		}
		ruleset_matcher_free(m);
		ruleset_free(rs);
	}
	world_release(&w);
}

static void texts_are_found_wherever_they_are(void **unused)
{
	char hay[40], what[6];

	srand(2);
	for (int i = 0; i < 200000; i++) {
		const uint32_t len = (uint32_t)rand() % sizeof(hay);
		const uint32_t n = (uint32_t)rand() % sizeof(what);
		char *copy = xmalloc(len + 1), lower[sizeof(hay)], small[sizeof(what)];
		struct needle needle;
		bool is;

		for (uint32_t k = 0; k < sizeof(hay); k++)
			hay[k] = "abA\x80"[rand() % 4];
		for (uint32_t k = 0; k < sizeof(what); k++)
			what[k] = "aB\x80"[rand() % 3];
		for (uint32_t k = 0; k < sizeof(hay); k++)
			lower[k] = hay[k] == 'A' ? 'a' : hay[k];
		for (uint32_t k = 0; k < sizeof(what); k++)
			small[k] = what[k] == 'B' ? 'b' : what[k];
		memcpy(copy, hay, len);	/* of its own length, for the sanitizer */
		is = !n || memmem(copy, len, small, n);
		needle = needle_once(small, n);
		assert_int_equal(text_search(copy, len, &needle), is);
		needle = needle_of(small, n);
		assert_int_equal(text_search(copy, len, &needle), is);
		is = !n || memmem(lower, len, small, n);
		needle = needle_of(what, n);
		assert_int_equal(text_search_folded(copy, len, &needle), is);
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_together_match_as_each_alone),
		cmocka_unit_test(texts_are_found_wherever_they_are),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
