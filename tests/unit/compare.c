/* SPDX-License-Identifier: Apache-2.0 */
/* Two rule sets over recordings: what was gained, lost, changed and moved, rule by rule, and the
 * same for any number of threads; no text of a rule or a recording gets out of its place. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>

#include <unistd.h>

#include "analyze/test/compare_print.h"
#include "capture/trace/writer.h"
#include "replay/state/state.h"

#define RECORDING "fixtures/demo.skr"
#define EXEC(name) "evt.type = execve and proc.name = " name

struct made {
	struct buf text;
};

static void rule_as(struct made *m, const char *name, const char *priority, const char *output,
		    const char *tags, const char *condition)
{
	buf_printf(&m->text, "- rule: '%s'\n  desc: d\n  output: '%s'\n  priority: %s\n"
		   "  tags: [%s]\n  condition: %s\n", name, output, priority, tags, condition);
}

static void rule(struct made *m, const char *name, const char *condition)
{
	rule_as(m, name, "NOTICE", "%proc.name %proc.cmdline", "", condition);
}

static struct ruleset *load(struct made *m)
{
	const struct ruleset_options o = { .least = PRIORITY_DEBUG, .no_suggested_output = true };
	struct ruleset *rs = ruleset_new(&o);

	buf_text(&m->text);
	if ((m->text.len > 0 &&
	     ruleset_load_text(rs, "t", (const char *)m->text.p, m->text.len) < 0) ||
	    ruleset_finish(rs) < 0)
		fail_msg("%s", err_text());
	buf_release(&m->text);
	return rs;
}

static struct ruleset *rules_old, *rules_now;
static const char *recording = RECORDING;

static struct compare *run_with(struct made *old, struct made *now, unsigned jobs,
				size_t examples, bool all)
{
	struct compare_options o = { .old_name = "old", .now_name = "new", .jobs = jobs,
		.examples = examples, .all_rules = all };
	struct compare *c;

	o.old = rules_old = load(old);
	o.now = rules_now = load(now);
	c = compare_new(&o);
	if (!c)
		fail_msg("%s", err_text());
	assert_int_equal(compare_add(c, recording), 0);
	assert_int_equal(compare_run(c), 0);
	return c;
}

static struct compare *run(struct made *old, struct made *now)
{
	return run_with(old, now, 1, 5, false);
}

static void end(struct compare *c)
{
	compare_free(c);
	ruleset_free(rules_old);
	ruleset_free(rules_now);
}

static const struct compare_rule *row(const struct compare *c, const char *name)
{
	size_t n;
	const struct compare_rule *v = compare_rules(c, &n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(compare_rule_any(&v[i])->name, name) == 0)
			return &v[i];
	fail_msg("no row of %s", name);
	return NULL;
}

static void assert_counts(const struct compare_rule *r, uint64_t before, uint64_t after,
			  uint64_t gained, uint64_t lost, uint64_t changed, uint64_t moved)
{
	assert_int_equal(r->before, before);
	assert_int_equal(r->after, after);
	assert_int_equal(r->n[COMPARE_GAINED], gained);
	assert_int_equal(r->n[COMPARE_LOST], lost);
	assert_int_equal(r->n[COMPARE_CHANGED], changed);
	assert_int_equal(r->n[COMPARE_MOVED], moved);
}

static void same_rules_differ_in_nothing(void **unused)
{
	struct made old = {0}, now = {0};
	struct compare *c;
	size_t n;

	rule(&old, "cat", EXEC("cat"));
	rule(&now, "cat", "(" EXEC("cat") ")");
	c = run(&old, &now);
	assert_counts(row(c, "cat"), 1, 1, 0, 0, 0, 0);
	assert_false(compare_differs(c));
	compare_diffs(c, &n);
	assert_int_equal(n, 0);
	assert_int_equal(row(c, "cat")->what, 0);	/* one condition, however it is written */
	end(c);
}

static void gained_and_lost(void **unused)
{
	struct made old = {0}, now = {0};
	const struct compare_diff *d;
	struct compare *c;
	size_t n;

	rule(&old, "a", EXEC("cat"));
	rule(&now, "a", EXEC("id"));
	c = run(&old, &now);
	assert_counts(row(c, "a"), 1, 1, 1, 1, 0, 0);
	assert_int_equal(row(c, "a")->what, COMPARE_CONDITION);
	assert_true(compare_differs(c));
	d = compare_diffs(c, &n);
	assert_int_equal(n, 2);
	assert_int_equal(d[0].kind, COMPARE_GAINED);
	assert_null(d[0].old);
	assert_non_null(strstr(d[0].now, "id id"));
	assert_int_equal(d[1].kind, COMPARE_LOST);
	assert_null(d[1].now);
	assert_non_null(strstr(d[1].old, "cat cat /etc/shadow"));
	end(c);
}

static void changed_in_priority_output_and_tags(void **unused)
{
	struct made old = {0}, now = {0};
	const struct compare_diff *d;
	struct compare *c;
	size_t n;

	rule_as(&old, "p", "NOTICE", "o %proc.name", "x", EXEC("cat"));
	rule_as(&old, "o", "NOTICE", "o %proc.name", "x", EXEC("id"));
	rule_as(&old, "t", "NOTICE", "o %proc.name", "x", EXEC("perl"));
	rule_as(&old, "same", "NOTICE", "o %proc.name", "x", EXEC("cp"));
	rule_as(&now, "p", "WARNING", "o %proc.name", "x", EXEC("cat"));
	rule_as(&now, "o", "NOTICE", "o %proc.pname", "x", EXEC("id"));
	rule_as(&now, "t", "NOTICE", "o %proc.name", "x, y", EXEC("perl"));
	rule_as(&now, "same", "NOTICE", "o %proc.name", "x", EXEC("cp"));
	c = run(&old, &now);
	assert_counts(row(c, "p"), 1, 1, 0, 0, 1, 0);
	assert_counts(row(c, "o"), 1, 1, 0, 0, 1, 0);
	assert_counts(row(c, "t"), 1, 1, 0, 0, 1, 0);
	assert_counts(row(c, "same"), 1, 1, 0, 0, 0, 0);
	d = compare_diffs(c, &n);
	assert_int_equal(n, 3);
	assert_int_equal(d[0].what, COMPARE_PRIORITY);
	assert_int_equal(d[1].what, COMPARE_OUTPUT);
	assert_int_equal(d[2].what, COMPARE_TAGS);
	end(c);
}

static void another_rule_on_the_same_event(void **unused)
{
	struct made old = {0}, now = {0};
	const struct compare_diff *d;
	struct compare *c;
	size_t n;

	rule(&old, "narrow", EXEC("cat"));
	rule(&old, "wide", EXEC("cat") " and proc.pname exists");
	rule(&now, "narrow", EXEC("no-such"));
	rule(&now, "wide", EXEC("cat") " and proc.pname exists");
	c = run(&old, &now);
	assert_counts(row(c, "narrow"), 1, 0, 0, 0, 0, 1);
	assert_counts(row(c, "wide"), 0, 1, 0, 0, 0, 0);
	assert_int_equal(row(c, "wide")->here, 1);
	d = compare_diffs(c, &n);
	assert_int_equal(n, 1);
	assert_int_equal(d->kind, COMPARE_MOVED);
	assert_non_null(d->old);
	assert_non_null(d->now);
	assert_int_equal(d->other, 1);
	end(c);
}

static void all_rules_of_an_event(void **unused)
{
	struct made old = {0}, now = {0};
	struct compare *c;

	rule(&old, "narrow", EXEC("cat"));
	rule(&old, "wide", EXEC("cat") " and proc.pname exists");
	rule(&now, "narrow", EXEC("no-such"));
	rule(&now, "wide", EXEC("cat") " and proc.pname exists");
	c = run_with(&old, &now, 1, 5, true);
	assert_counts(row(c, "narrow"), 1, 0, 0, 1, 0, 0);
	assert_counts(row(c, "wide"), 1, 1, 0, 0, 0, 0);
	end(c);
}

static void renamed_by_its_condition(void **unused)
{
	struct made old = {0}, now = {0};
	struct compare_sum s;
	struct compare *c;

	rule(&old, "was", EXEC("cat"));
	rule(&old, "gone", EXEC("id"));
	rule(&now, "is", EXEC("cat"));
	rule(&now, "new", EXEC("perl"));
	c = run(&old, &now);
	assert_string_equal(row(c, "is")->old->name, "was");
	assert_int_equal(row(c, "is")->what, COMPARE_NAME);
	assert_counts(row(c, "is"), 1, 1, 0, 0, 0, 0);
	assert_counts(row(c, "gone"), 1, 0, 0, 1, 0, 0);
	assert_counts(row(c, "new"), 0, 1, 1, 0, 0, 0);
	s = compare_sum(c);
	assert_int_equal(s.added, 1);
	assert_int_equal(s.removed, 1);
	assert_int_equal(s.renamed, 1);
	assert_int_equal(s.edited, 0);
	end(c);
}

static void a_new_name_alone_differs(void **unused)
{
	struct made old = {0}, now = {0};
	struct compare *c;

	rule(&old, "was", EXEC("cat"));
	rule(&now, "is", EXEC("cat"));
	c = run(&old, &now);
	assert_true(compare_differs(c));
	assert_int_equal(compare_sum(c).n[COMPARE_MOVED], 0);
	end(c);
}

static void an_empty_side(void **unused)
{
	struct made old = {0}, now = {0};
	struct compare *c;

	rule(&now, "cat", EXEC("cat"));
	c = run(&old, &now);
	assert_counts(row(c, "cat"), 0, 1, 1, 0, 0, 0);
	assert_null(row(c, "cat")->old);
	end(c);
}

/* Of types that the state does without. */
static void each_side_gets_its_types_of_events(void **unused)
{
	struct made old = {0}, now = {0};
	struct compare *c;

	rule(&old, "a", "evt.type = geteuid");
	rule(&now, "a", "evt.type = access");
	c = run(&old, &now);
	assert_counts(row(c, "a"), 14, 13, 13, 14, 0, 0);
	end(c);
}

/* What correlates is paired by the event that it names, also where one version waits longer. */
static void correlations_that_wait(void **unused)
{
	struct made old = {0}, now = {0};
	struct compare *c;
	const char *first = "  correlate: {within: 1ms, by: proc.pid, "
			    "absence: {condition: evt.type = chdir and proc.name = none}}\n";
	const char *second = "  correlate: {within: 2ms, by: proc.pid, "
			     "absence: {condition: evt.type = chdir and proc.name = none}}\n";

	rule(&old, "waits", EXEC("cat"));
	buf_str(&old.text, first);
	rule(&old, "plain", EXEC("id"));
	rule(&now, "waits", EXEC("cat"));
	buf_str(&now.text, second);
	rule(&now, "plain", EXEC("id"));
	c = run(&old, &now);
	assert_int_equal(row(c, "waits")->what, COMPARE_CONDITION);
	assert_counts(row(c, "waits"), 1, 1, 0, 0, 1, 0);	/* "not followed in 1 ms" */
	assert_counts(row(c, "plain"), 1, 1, 0, 0, 0, 0);
	end(c);
}

/* ---- what is printed ---- */

static void opens_and_execs(struct made *old, struct made *now)
{
	rule(old, "opens", "evt.type in (open, openat) and fd.name startswith /etc");
	rule(old, "execs", "evt.type = execve");
	rule(now, "opens", "evt.type in (open, openat)");
	rule_as(now, "execs", "WARNING", "%proc.name", "", "evt.type = execve");
}

static int add_to(const struct event *ev, void *arg)
{
	return writer_add(arg, ev);
}

/* The recording with a key frame after each 40 events. */
static void write_keys(const char *path)
{
	struct source *in = source_open(RECORDING);
	struct writer *w = writer_open(path, true, &in->info, &(struct writer_options){0});
	struct state *st = state_new(NULL);
	struct event ev;

	while (source_next(in, &ev) == 0) {
		state_update(st, &ev);
		assert_int_equal(writer_add(w, &ev), 0);
		if (ev.num == 0 || ev.num % 40 != 0)
			continue;
		assert_int_equal(writer_key_begin(w), 0);
		assert_int_equal(state_dump(st, ev.ts, NULL, add_to, w), 0);
		assert_int_equal(writer_key_end(w), 0);
	}
	state_free(st);
	source_close(in);
	assert_int_equal(writer_close(w), 0);
	in = source_open(path);
	assert_true(source_n_keys(in) > 16);	/* so parts have several */
	source_close(in);
}

static void same_for_any_number_of_threads(void **unused)
{
	struct buf want = {0}, got = {0};
	char path[] = "/tmp/saker-compare-XXXXXX";

	close(mkstemp(path));
	write_keys(path);
	recording = path;
	for (unsigned jobs = 1; jobs <= 4; jobs++)
		for (size_t examples = 0; examples < 4; examples += 3) {
			struct made old = {0}, now = {0};
			struct buf *to = jobs == 1 ? &want : &got;
			struct compare *c;

			opens_and_execs(&old, &now);
			c = run_with(&old, &now, jobs, examples, false);
			compare_text(to, c, false);
			compare_json(to, c);
			compare_markdown(to, c);
			end(c);
		}
	assert_true(want.len > 1000);
	assert_int_equal(got.len, 3 * want.len);
	for (unsigned i = 0; i < 3; i++)
		assert_memory_equal(got.p + i * want.len, want.p, want.len);
	recording = RECORDING;
	unlink(path);
	buf_release(&want);
	buf_release(&got);
}

static void examples_are_bounded(void **unused)
{
	struct made old = {0}, now = {0};
	const struct compare_diff *d;
	struct compare *c;
	size_t n;

	opens_and_execs(&old, &now);
	c = run_with(&old, &now, 1, 3, false);
	d = compare_diffs(c, &n);
	assert_int_equal(n, 6);
	assert_true(d[0].num < d[1].num && d[1].num < d[2].num);
	assert_true(row(c, "opens")->n[COMPARE_GAINED] > 3);
	end(c);
}

#define HOSTILE "x|y](http://evil.example) <img src=a onerror=b> @team #1 `c` **d** &amp; www.e.f"

static void markdown_is_inert(void **unused)
{
	struct made old = {0}, now = {0};
	struct buf out = {0};
	struct compare *c;
	const char *text;

	rule_as(&now, HOSTILE, "NOTICE", HOSTILE, "", EXEC("cat"));
	c = run(&old, &now);
	compare_markdown(&out, c);
	text = buf_text(&out);
	assert_null(strstr(text, "<img"));
	assert_null(strstr(text, "@team"));
	assert_null(strstr(text, "http:"));
	assert_null(strstr(text, "`"));
	assert_null(strstr(text, "**d"));
	assert_null(strstr(text, "www."));
	assert_null(strstr(text, "&amp;"));
	assert_null(strstr(text, "#1 "));
	assert_non_null(strstr(text, "<code>x&#124;y&#93;&#40;http&#58;//evil&#46;example&#41; "
			       "&#60;img src=a onerror=b&#62; &#64;team &#35;1 "
			       "&#96;c&#96; &#42;&#42;d&#42;&#42; &#38;amp&#59; www&#46;e&#46;f"
			       "</code>"));
	buf_release(&out);
	end(c);
}

static void markdown_fits_a_comment(void **unused)
{
	struct made old = {0}, now = {0};
	struct buf out = {0};
	struct compare *c;
	const char *text;
	char condition[200], name[300];

	for (unsigned i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "%03u %0200u", i, i);
		snprintf(condition, sizeof(condition),
			 "evt.type in (open, openat, read, execve, close) and evt.num > %u", i);
		rule_as(&now, name, "NOTICE",
			"%proc.cmdline %proc.aname[1] %fd.name %proc.exepath %evt.args", "",
			condition);
	}
	c = run_with(&old, &now, 2, 5, true);
	compare_markdown(&out, c);
	text = buf_text(&out);
	assert_true(out.len <= COMPARE_MARKDOWN_MAX);
	assert_true(out.len > COMPARE_MARKDOWN_MAX / 2);
	assert_non_null(strstr(text, " more rules.\n"));
	assert_non_null(strstr(text, "There was no room for examples of "));
	buf_release(&out);
	end(c);
}

static void terminal_gets_no_escapes(void **unused)
{
	struct made old = {0}, now = {0};
	struct buf out = {0};
	struct compare *c;

	buf_str(&now.text, "- rule: \"e\\e[31m\\u202e\"\n  desc: d\n  output: \"o\\e[2J\"\n"
		"  priority: NOTICE\n  condition: " EXEC("cat") "\n");
	c = run(&old, &now);
	compare_text(&out, c, false);
	assert_null(strchr(buf_text(&out), '\033'));
	assert_non_null(strstr(buf_text(&out), "added    e\\x1b[31m\\xe2\\x80\\xae\n"));
	buf_release(&out);
	end(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_rules_differ_in_nothing),
		cmocka_unit_test(gained_and_lost),
		cmocka_unit_test(changed_in_priority_output_and_tags),
		cmocka_unit_test(another_rule_on_the_same_event),
		cmocka_unit_test(all_rules_of_an_event),
		cmocka_unit_test(renamed_by_its_condition),
		cmocka_unit_test(a_new_name_alone_differs),
		cmocka_unit_test(an_empty_side),
		cmocka_unit_test(each_side_gets_its_types_of_events),
		cmocka_unit_test(correlations_that_wait),
		cmocka_unit_test(same_for_any_number_of_threads),
		cmocka_unit_test(examples_are_bounded),
		cmocka_unit_test(markdown_is_inert),
		cmocka_unit_test(markdown_fits_a_comment),
		cmocka_unit_test(terminal_gets_no_escapes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
