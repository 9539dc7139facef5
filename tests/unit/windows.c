/* SPDX-License-Identifier: Apache-2.0 */
/* What correlations remember is bounded, and what goes for lack of room is counted. */
#include "tests/unit/test.h"

#include <stdio.h>

#include "analyze/alert/windows.h"
#include "tests/unit/lang_world.h"

static struct world w;
static unsigned n_fired;

static int fired(void *arg, const struct windows_alert *a, struct buf *keep)
{
	n_fired++;
	if (keep)
		buf_str(keep, "a line that is kept until its time has passed");
	return 0;
}

static struct ruleset *load(const char *block)
{
	const struct ruleset_options o = { .least = PRIORITY_DEBUG };
	struct ruleset *rs = ruleset_new(&o);
	struct buf text = {0};

	buf_printf(&text, "- rule: r\n  desc: d\n  output: o\n  priority: DEBUG\n"
		   "  condition: evt.type = openat\n  correlate: %s\n", block);
	if (ruleset_load_text(rs, "t", buf_text(&text), text.len) < 0)
		fail_msg("%s", err_text());
	assert_int_equal(ruleset_finish(rs), 0);
	buf_release(&text);
	return rs;
}

/* n events, each with a key of its own, the given time apart. */
static void feed(struct windows *x, unsigned n, uint64_t apart)
{
	const struct correlate_hit hit = { 0, CORRELATE_RULE };

	for (unsigned i = 0; i < n; i++) {
		w.ev.num = i + 1;
		w.ev.ts += apart;
		arena_reset(&w.scratch);
		assert_true(windows_pass(x, w.ev.ts, fired, NULL) >= 0);
		assert_true(windows_hit(x, &hit, &w.ctx, fired, NULL) >= 0);
	}
}

static void counts_what_has_no_room(void **unused)
{
	struct ruleset *rs = load("{within: 1h, by: evt.num, count: 2}");
	struct windows *x = windows_new(rs);

	feed(x, WINDOWS_MAX, 1000);
	assert_int_equal(windows_evicted(x), 0);
	feed(x, WINDOWS_MAX, 1000);	/* the same keys again: they alert */
	assert_int_equal(windows_evicted(x), 0);
	assert_int_equal(n_fired, WINDOWS_MAX);
	feed(x, WINDOWS_MAX + 500, 1000);
	assert_int_equal(windows_evicted(x), 500);
	windows_reset(x);
	feed(x, WINDOWS_MAX, 1000);
	assert_int_equal(windows_evicted(x), 500);
	windows_free(x);
	ruleset_free(rs);
}

static void forgets_what_is_past(void **unused)
{
	struct ruleset *rs = load("{within: 1ms, by: evt.num, count: 2}");
	struct windows *x = windows_new(rs);

	n_fired = 0;
	feed(x, 3 * WINDOWS_MAX, 1000);	/* a thousand fit into the window */
	assert_int_equal(windows_evicted(x), 0);
	assert_int_equal(n_fired, 0);
	windows_free(x);
	ruleset_free(rs);
}

static void waits_within_bounds(void **unused)
{
	struct ruleset *rs = load("{within: 1h, by: evt.num, "
				  "absence: {condition: evt.type = close}}");
	struct windows *x = windows_new(rs);

	n_fired = 0;
	feed(x, WINDOWS_MAX + 100, 1000);
	assert_int_equal(n_fired, WINDOWS_MAX + 100);	/* asked for their lines */
	assert_int_equal(windows_evicted(x), 100);
	assert_true(windows_pass(x, UINT64_MAX, fired, NULL) >= 0);
	assert_int_equal(n_fired, 2 * WINDOWS_MAX + 100);
	windows_free(x);
	ruleset_free(rs);
}

/* Texts that would be the same put together are different keys. */
static void keys_are_not_mixed(void **unused)
{
	struct ruleset *rs = load("{within: 1h, by: [proc.name, fd.name], count: 2}");
	struct windows *x = windows_new(rs);
	const struct correlate_hit hit = { 0, CORRELATE_RULE };

	n_fired = 0;
	world_open(&w, "/a");
	assert_true(windows_hit(x, &hit, &w.ctx, fired, NULL) >= 0);
	world_open(&w, "/ab");
	assert_true(windows_hit(x, &hit, &w.ctx, fired, NULL) >= 0);
	assert_int_equal(n_fired, 0);
	world_open(&w, "/a");
	assert_true(windows_hit(x, &hit, &w.ctx, fired, NULL) >= 0);
	assert_int_equal(n_fired, 1);
	windows_free(x);
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
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_what_has_no_room),
		cmocka_unit_test(forgets_what_is_past),
		cmocka_unit_test(waits_within_bounds),
		cmocka_unit_test(keys_are_not_mixed),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
