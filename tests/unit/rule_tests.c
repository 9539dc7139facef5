/* SPDX-License-Identifier: Apache-2.0 */
/* Test files read from memory, the events that become of them, running with observers. */
#include "tests/unit/test.h"

#include <string.h>

#include "analyze/test/revision.h"
#include "analyze/test/suite.h"
#include "analyze/test/synth.h"
#include "capture/base/err.h"
#include "capture/trace/format.h"
#include "capture/trace/source.h"

static struct test_file *file(const char *text)
{
	return test_file_text("a/b/x.test.yaml", text, strlen(text));
}

/* The events of one case. */
static const struct test_events *events(struct test_file *f)
{
	if (f->n_errors > 0)
		fail_msg("%s", buf_text(&f->errors));
	assert_int_equal(f->n, 1);
	return f->cases[0].events;
}

#define CASE(list) "tests:\n- name: x\n  expect: none\n  events:\n" list

static const struct event *nth(const struct test_events *t, enum event_id type, unsigned n)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->v[i]->type == type && n-- == 0)
			return t->v[i];
	fail_msg("there is no such event");
	return NULL;
}

static void is_text(const struct value *v, const char *text)
{
	assert_int_equal(v->state, VALUE_SET);
	assert_int_equal(v->len, strlen(text));
	assert_memory_equal(v->p, text, v->len);
}

static void a_process_is_told_before_its_event(void **unused)
{
	struct test_file *f = file(CASE(
		"  - {proc: {pid: 7, name: cat, pname: sh, uid: 5}, evt: openat, "
		"fd.name: /x, flags: O_RDWR|O_CREAT, mode: 644, time: 2s}\n"));
	const struct test_events *t = events(f);
	const struct event *sh = nth(t, EV_SNAP_THREAD, 0), *cat = nth(t, EV_SNAP_THREAD, 1);
	const struct event *open = nth(t, EV_OPENAT, 0);

	is_text(EV(sh, SNAP_THREAD, comm), "sh");
	is_text(EV(cat, SNAP_THREAD, comm), "cat");
	assert_int_equal(value_u64(EV(cat, SNAP_THREAD, ptid), 0),
			 value_u64(EV(sh, SNAP_THREAD, tid), 1));
	assert_int_equal(value_u64(EV(cat, SNAP_THREAD, uid), 0), 5);
	assert_ptr_equal(open, t->v[t->n - 1]);
	assert_int_equal(open->tid, 7);
	is_text(EV(open, OPENAT, name), "/x");
	assert_int_equal(value_u64(EV(open, OPENAT, flags), 0), 0102);
	assert_int_equal(value_u64(EV(open, OPENAT, mode), 0), 0644);
	assert_int_equal(value_i64(EV(open, OPENAT, fd), -1), 3);
	assert_int_equal(value_i64(EV(open, OPENAT, dirfd), 0), -100);
	assert_int_equal(open->ts - cat->ts, 0);
	assert_int_equal(open->ts - t->v[0]->ts, UINT64_C(2000000000));
	test_file_free(f);
}

static void an_exec_tells_what_the_process_is_then(void **unused)
{
	struct test_file *f = file(CASE(
		"  - {proc: {exepath: /usr/bin/python3.11, args: [-c, 'a b'], "
		"env: [A=1, B=2], tty: pts/3, loginuid: -1}, evt: execve}\n"));
	const struct event *e = nth(events(f), EV_EXECVE, 0);

	is_text(EV(e, EXECVE, exe), "/usr/bin/python3.11");
	is_text(EV(e, EXECVE, comm), "python3.11");
	assert_int_equal(EV(e, EXECVE, args)->len, 7);
	assert_memory_equal(EV(e, EXECVE, args)->p, "-c\0a b", 7);
	assert_int_equal(EV(e, EXECVE, env)->len, 8);
	assert_int_equal(value_u64(EV(e, EXECVE, tty), 0), 34819);
	assert_int_equal(value_u64(EV(e, EXECVE, loginuid), 0), UINT32_MAX);
	test_file_free(f);
}

static void a_descriptor_that_nobody_opened_was_open_before(void **unused)
{
	struct test_file *f = file(CASE("  - {proc: a, evt: write, fd.name: /log, data: hello}\n"
					"  - {evt: write, data: more}\n"
					"  - {evt: close}\n"
					"  - {evt: openat, fd.name: /other}\n"));
	const struct test_events *t = events(f);

	is_text(EV(nth(t, EV_SNAP_FD, 0), SNAP_FD, name), "/log");
	assert_int_equal(value_i64(EV(nth(t, EV_WRITE, 0), WRITE, fd), -1), 3);
	assert_int_equal(value_i64(EV(nth(t, EV_WRITE, 0), WRITE, res), -1), 5);
	assert_int_equal(value_i64(EV(nth(t, EV_WRITE, 1), WRITE, fd), -1), 3);
	assert_int_equal(value_i64(EV(nth(t, EV_CLOSE, 0), CLOSE, fd), -1), 3);
	assert_int_equal(value_i64(EV(nth(t, EV_OPENAT, 0), OPENAT, fd), -1), 3);
	test_file_free(f);
}

static void a_connection_has_its_client_first(void **unused)
{
	static const uint8_t out[] = { 2, 192, 0, 2, 10, 0x40, 0x9c, 8, 8, 8, 8, 53, 0 };
	static const uint8_t in[] = { 2, 8, 8, 8, 8, 57, 48, 192, 0, 2, 20, 22, 0 };
	struct test_file *f = file(CASE(
		"  - {proc: a, evt: connect, fd.rip: 8.8.8.8, fd.rport: 53}\n"
		"  - {evt: accept4, fd.rip: 8.8.8.8, fd.rport: 12345, fd.lport: 22}\n"));
	const struct test_events *t = events(f);
	const struct value *v = EV(nth(t, EV_CONNECT, 0), CONNECT, tuple);

	assert_int_equal(v->len, sizeof(out));
	assert_memory_equal(v->p, out, sizeof(out));
	v = EV(nth(t, EV_ACCEPT4, 0), ACCEPT4, tuple);
	assert_int_equal(v->len, sizeof(in));
	assert_memory_equal(v->p, in, sizeof(in));
	test_file_free(f);
}

static void errors_and_calls_without_rows_have_numbers(void **unused)
{
	struct test_file *f = file(CASE("  - {proc: a, evt: openat, fd.name: /x, res: ENOENT}\n"
					"  - {evt: getrandom, a1: 0x10}\n"));
	const struct test_events *t = events(f);

	assert_int_equal(value_i64(EV(nth(t, EV_OPENAT, 0), OPENAT, fd), 0), -2);
	assert_int_equal(value_u64(EV(nth(t, EV_GENERIC, 0), GENERIC, ID), 0), 318);
	assert_int_equal(value_u64(EV(nth(t, EV_GENERIC, 0), GENERIC, a1), 0), 16);
	test_file_free(f);
}

static void paths_are_relative_to_the_file(void **unused)
{
	static const char *const rows[][2] = {
		{ "r.skr", "a/b/r.skr" }, { "./r.skr", "a/b/r.skr" }, { "../r.skr", "a/r.skr" },
		{ "../../r.skr", "r.skr" }, { "/r.skr", "/r.skr" },
		{ "../../../r.skr", "../r.skr" },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[128];
		struct test_file *f;

		snprintf(text, sizeof(text), "tests: [{name: x, expect: none, recording: %s}]",
			 rows[i][0]);
		f = file(text);
		assert_int_equal(f->n_errors, 0);
		assert_string_equal(f->cases[0].recording, rows[i][1]);
		test_file_free(f);
	}
}

static void mistakes_have_places_and_end(void **unused)
{
	struct test_file *f = file("tests:\n- name: x\n  recording: y\n  expect: none\n"
				   "  els: any\n");
	struct buf many = {0};

	assert_int_equal(f->n_mistakes, 1);
	assert_int_equal(f->mistakes[0].line, 5);
	assert_int_equal(f->mistakes[0].column, 3);
	assert_string_equal(f->mistakes[0].text, "a test has no 'els'; did you mean else?");
	test_file_free(f);
	buf_str(&many, "tests:\n");
	for (unsigned i = 0; i < 1000; i++)
		buf_str(&many, "- {}\n");
	f = test_file_text("x", (const char *)many.p, many.len);
	assert_int_equal(f->n_mistakes, TEST_ERRORS_MAX);
	buf_release(&many);
	test_file_free(f);
}

/* ---- running ---- */

static const char rules[] =
	"- rule: Opened\n  desc: d\n"
	"  condition: evt.type = openat and fd.name startswith /etc\n"
	"  output: \"%fd.name\"\n  priority: INFO\n";

static struct test_set *set(void)
{
	static const struct revision_file text = { .name = "rules.yaml", .text = rules,
		.len = sizeof(rules) - 1 };
	static const struct test_rules from = { .texts = &text, .n_texts = 1,
		.priority = PRIORITY_DEBUG };

	return test_set_new(&from);
}

struct seen {
	unsigned begun, events, ended;
};

static void *begin(void *arg, const struct test_case *c, const struct test_set *s)
{
	((struct seen *)arg)->begun++;
	return arg;
}

static void each(void *of_case, struct matcher *m, const struct field_ctx *c)
{
	assert_int_equal(c->ev->type, EV_OPENAT);
	((struct seen *)of_case)->events++;
}

static void end(void *arg, void *of_case)
{
	((struct seen *)arg)->ended++;
}

static void an_observer_sees_what_rules_look_at(void **unused)
{
	struct test_file *f = file(
		"tests:\n- name: x\n  expect: [{rule: Opened, count: 1}]\n  events:\n"
				   "  - {proc: a, evt: openat, fd.name: /etc/x}\n"
				   "  - {evt: getpid}\n  - {evt: openat, fd.name: /tmp/x}\n");
	struct seen seen = {0};
	const struct test_observer o = { .begin = begin, .each = each, .end = end, .arg = &seen };
	struct test_runner *r = test_runner_new();
	struct test_set *s = set();
	struct test_result result;

	assert_int_equal(f->n_errors, 0);
	test_run(r, &f->cases[0], s, &o, &result);
	assert_int_equal(result.status, TEST_PASSED);
	assert_int_equal(result.n_alerts, 1);
	assert_int_equal(seen.begun, 1);
	assert_int_equal(seen.events, 2);
	assert_int_equal(seen.ended, 1);
	test_result_release(&result);
	test_runner_free(r);
	test_set_free(s);
	test_file_free(f);
}

static void on_alert(void *arg, const struct test_alert *a)
{
	struct buf *out = arg;

	buf_printf(out, "%s@%u %.*s\n", a->rule->name, (unsigned)a->num,
		   (int)a->len, a->line);
}

static void alerts_of_any_source_and_rules(void **unused)
{
	struct event ev[2];
	struct buf out = {0};
	const struct test_watch w = { .alert = on_alert, .arg = &out };
	struct test_runner *r = test_runner_new();
	struct test_set *s = set();
	struct source *in;

	event_init(&ev[0], EV_SNAP_THREAD);
	value_number(&ev[0].v[P(SNAP_THREAD, tid)], 7);
	value_number(&ev[0].v[P(SNAP_THREAD, pid)], 7);
	event_init(&ev[1], EV_OPENAT);
	ev[1].tid = ev[1].pid = 7;
	value_number(&ev[1].v[P(OPENAT, fd)], 3);
	value_bytes(&ev[1].v[P(OPENAT, name)], "/etc/x", 6);
	for (unsigned i = 0; i < 2; i++) {
		in = memory_open(ev, 2);
		assert_int_equal(test_runner_events(r, s, in, &w), 0);
		source_close(in);
	}
	assert_string_equal(buf_text(&out),
			    "Opened@1 1970-01-01T00:00:00.000000000+0000: Informational /etc/x\n"
			    "Opened@1 1970-01-01T00:00:00.000000000+0000: Informational /etc/x\n");
	buf_release(&out);
	test_runner_free(r);
	test_set_free(s);
}

/* Our own test files by several threads: for those who look for races. */
static void threads_give_what_one_gives(void **unused)
{
	struct test_counts counts[2];

	for (unsigned i = 0; i < 2; i++) {
		struct test_suite s = {0};

		if (test_suite_find(&s, "tests/saker-test") < 0) {
			print_message("# not tested: %s\n", err_text());
			return;
		}
		assert_int_equal(test_suite_load(&s), 0);
		test_suite_run(&s, i ? 4 : 1);
		counts[i] = test_suite_counts(&s);
		assert_true(counts[i].n[TEST_PASSED] > 20);
		test_suite_release(&s);
	}
	assert_memory_equal(&counts[0], &counts[1], sizeof(counts[0]));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_process_is_told_before_its_event),
	cmocka_unit_test(an_exec_tells_what_the_process_is_then),
	cmocka_unit_test(a_descriptor_that_nobody_opened_was_open_before),
	cmocka_unit_test(a_connection_has_its_client_first),
	cmocka_unit_test(errors_and_calls_without_rows_have_numbers),
	cmocka_unit_test(paths_are_relative_to_the_file),
	cmocka_unit_test(mistakes_have_places_and_end),
	cmocka_unit_test(an_observer_sees_what_rules_look_at),
	cmocka_unit_test(alerts_of_any_source_and_rules),
	cmocka_unit_test(threads_give_what_one_gives),
};

TEST_MAIN(tests)
