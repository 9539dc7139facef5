/* SPDX-License-Identifier: Apache-2.0 */
/* One recording with several key frames, analyzed by different numbers of threads. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "analyze/alert/parts.h"
#include "capture/trace/writer.h"

enum { N_EVENTS = 30000, KEY_EVERY = 2000, N_PROCESSES = 40 };

static const char rules_text[] =
	"- rule: opened\n  desc: x\n  condition: evt.type = openat and fd.name endswith 7\n"
	"  output: '%evt.num %fd.name %proc.name %proc.args'\n  priority: NOTICE\n"
	"- rule: closed\n  desc: x\n  condition: evt.type = close and fd.name contains 99\n"
	"  output: '%evt.num %fd.name %proc.name'\n  priority: ERROR\n";

static char dir[] = "/tmp/saker-parts-XXXXXX";
static char recording[64], lines[64];

static void text(struct event *ev, unsigned at, const char *s)
{
	value_bytes(&ev->v[at], s, strlen(s));
}

static void started(struct event *ev, unsigned i)
{
	static char name[32], args[32];
	const uint32_t tid = 100 + i % N_PROCESSES;

	event_init(ev, EV_EXECVE);
	snprintf(name, sizeof(name), "prog%u", i);
	snprintf(args, sizeof(args), "-x%u", i);
	value_number(&ev->v[P(EXECVE, res)], 0);
	text(ev, P(EXECVE, exe), name);
	value_bytes(&ev->v[P(EXECVE, args)], args, strlen(args) + 1);
	value_number(&ev->v[P(EXECVE, tid)], tid);
	value_number(&ev->v[P(EXECVE, pid)], tid);
	value_number(&ev->v[P(EXECVE, ptid)], 1);
	text(ev, P(EXECVE, cwd), "/");
	text(ev, P(EXECVE, comm), name);
}

static void opened(struct event *ev, unsigned i)
{
	static char name[32];

	event_init(ev, EV_OPENAT);
	snprintf(name, sizeof(name), "/srv/file%u", i);
	value_number(&ev->v[P(OPENAT, fd)], 3 + i % 50);
	value_number(&ev->v[P(OPENAT, dirfd)], (uint64_t)-100);
	text(ev, P(OPENAT, name), name);
	value_number(&ev->v[P(OPENAT, flags)], 0);
}

static void closed(struct event *ev, unsigned i)
{
	event_init(ev, EV_CLOSE);
	value_number(&ev->v[P(CLOSE, res)], 0);
	value_number(&ev->v[P(CLOSE, fd)], 3 + (i * 7) % 50);
}

static int add_state(const struct event *ev, void *w)
{
	return writer_add(w, ev);
}

static void key(struct writer *w, const struct state *st, uint64_t ts)
{
	assert_int_equal(writer_key_begin(w), 0);
	assert_true(state_dump(st, ts, NULL, add_state, w) >= 0);
	assert_int_equal(writer_key_end(w), 0);
}

static int make_recording(void **unused)
{
	const struct source_info info = { .hostname = "h", .kernel = "k", .arch_name = "x86_64",
		.writer = "test", .n_cpus = 1 };
	struct state *st = state_new(NULL);
	struct writer *w;
	struct event ev;

	if (!mkdtemp(dir))
		return -1;
	snprintf(recording, sizeof(recording), "%s/r.skr", dir);
	snprintf(lines, sizeof(lines), "file:%s/lines", dir);
	w = writer_open(recording, false, &info, NULL);
	key(w, st, 1);
	for (unsigned i = 0; i < N_EVENTS; i++) {
		(i % 100 < N_PROCESSES && i < 1000 ? started : i % 3 ? opened : closed)(&ev, i);
		ev.num = i + 1;
		ev.ts = UINT64_C(1700000000000000000) + i * 1000;
		ev.tid = ev.pid = 100 + i % N_PROCESSES;
		state_update(st, &ev);
		assert_int_equal(writer_add(w, &ev), 0);
		if (i % KEY_EVERY == KEY_EVERY - 1)
			key(w, st, ev.ts);
	}
	state_free(st);
	return writer_close(w);
}

static int remove_recording(void **unused)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

static struct buf run(unsigned n_threads, struct parts_result *result)
{
	struct alert_style style = alert_style_default;
	const struct ruleset_options options = { .least = PRIORITY_DEBUG,
		.no_suggested_output = true };
	struct detect_plan plan = { .to = UINT64_MAX,
		.env = { .hostname = "h", .source = "syscall" } };
	struct progress quiet = {0};
	struct sink_set sinks = {0};
	struct alert_printer *printer;
	struct parts parts;
	struct buf out = {0};
	FILE *f;

	plan.rules = ruleset_new(&options);
	assert_int_equal(ruleset_load_text(plan.rules, "rules", rules_text, strlen(rules_text)), 0);
	assert_int_equal(ruleset_finish(plan.rules), 0);
	style.hostname = "h";
	plan.printer = printer = alert_printer_new(&style, plan.rules);
	assert_non_null(printer);
	assert_int_equal(sinks_add(&sinks, lines), 0);
	assert_int_equal(parts_open(&parts, recording, n_threads), 0);
	assert_int_equal(parts_run(&parts, &plan, &sinks, &quiet, result), 0);
	parts_close(&parts);
	assert_int_equal(sinks_close(&sinks), 0);
	f = fopen(lines + 5, "r");
	assert_non_null(f);
	out.len = fread(buf_room(&out, 4 << 20), 1, 4 << 20, f);
	fclose(f);
	unlink(lines + 5);
	alert_printer_free(printer);
	ruleset_free(plan.rules);
	return out;
}

static void output_is_the_same_for_any_number_of_threads(void **unused)
{
	struct parts_result one, many;
	struct buf a = run(1, &one);

	assert_true(detect_alerts(&one.stats) > 1000);
	assert_int_equal(one.stats.n_events, N_EVENTS);
	for (unsigned n = 2; n <= 7; n += 1) {
		struct buf b = run(n, &many);

		assert_int_equal(a.len, b.len);
		assert_memory_equal(a.p, b.p, a.len);
		assert_int_equal(many.stats.n_events, N_EVENTS);
		assert_int_equal(detect_alerts(&many.stats), detect_alerts(&one.stats));
		buf_release(&b);
	}
	buf_release(&a);
}

static void a_recording_is_opened_once_for_each_thread(void **unused)
{
	struct parts parts;

	assert_int_equal(parts_open(&parts, recording, 4), 0);
	assert_int_equal(parts.n, 4);
	parts_close(&parts);
	assert_true(parts_open(&parts, "/nonexistent", 4) < 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(output_is_the_same_for_any_number_of_threads),
	cmocka_unit_test(a_recording_is_opened_once_for_each_thread),
};

int main(void)
{
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_recording, remove_recording);
}
