/* SPDX-License-Identifier: Apache-2.0 */
/* Processor time: what accounts of threads make of the state, and fields of it. */
#include <fcntl.h>

#include "capture/base/strict.h"
#include "tests/unit/state_world.h"

enum { MS = 1000000 };

static struct world *shell(void)
{
	struct world *w = world_new(NULL);

	snap(w, 1, 1, 0, "init");
	begin(w, EV_SNAP_THREAD, 100);
	num(w, "tid", 100);
	num(w, "pid", 100);
	num(w, "ptid", 1);
	str(w, "comm", "bash");
	num(w, "utime", 5000 * (int64_t)MS);
	num(w, "stime", 1000 * (int64_t)MS);
	done(w);
	snap_end(w);
	return w;
}

static void sample(struct world *w, uint32_t tid, int64_t utime, int64_t stime)
{
	begin(w, EV_PROCINFO, tid);
	num(w, "utime", utime);
	num(w, "stime", stime);
	num(w, "interval", 500 * MS);
	num(w, "vm_size", 4000);
	num(w, "vm_rss", 1000);
	num(w, "pfmajor", 3);
	num(w, "pfminor", 70);
	done(w);
}

static void exits(struct world *w, uint32_t tid, int64_t utime, int64_t stime)
{
	begin(w, EV_PROCEXIT, tid);
	num(w, "status", 0);
	num(w, "utime", utime);
	num(w, "stime", stime);
	num(w, "vm_peak", 2000);
	done(w);
}

static void samples_tell_what_is_new(void **unused)
{
	struct world *w = shell();

	sample(w, 100, 5200 * (int64_t)MS, 1050 * (int64_t)MS);
	is(w, "thread.cputime", "250000000");
	is(w, "thread.cputime.user", "200000000");
	is(w, "thread.cputime.system", "50000000");
	is(w, "thread.cpu", "50.0");
	is(w, "thread.cpu.user", "40.0");
	is(w, "thread.cpu.system", "10.0");
	is(w, "thread.vmsize", "4000");
	is(w, "proc.vmrss.b", "1024000");
	is(w, "thread.pfmajor", "3");
	is(w, "thread.pfminor", "70");
	is(w, "proc.name", "bash");
	is(w, "evt.type", "procinfo");
	is(w, "evt.is_async", "true");
	open_at(w, 100, 3, AT_FDCWD, "x", 0);	/* no account */
	is(w, "thread.cpu", "absent");
	is(w, "thread.cputime", "absent");
	sample(w, 100, 5200 * (int64_t)MS, 1050 * (int64_t)MS);
	is(w, "thread.cputime", "0");
	world_free(w);
}

static void the_end_of_a_thread_accounts_for_the_rest(void **unused)
{
	struct world *w = shell();

	clone_event(w, 100, 200, 100, 1, 0, "bash");
	clone_event(w, 200, 0, 200, 100, 0, "bash");
	exits(w, 200, 40 * MS, 2 * MS);
	is(w, "thread.cputime", "42000000");
	is(w, "thread.cpu", "absent");
	is(w, "proc.vmrss", "2000");
	sample(w, 100, 5100 * (int64_t)MS, 1000 * (int64_t)MS);
	exits(w, 100, 5100 * (int64_t)MS, 1001 * (int64_t)MS);
	is(w, "thread.cputime", "1000000");
	world_free(w);
}

static void what_nobody_told_before_is_no_account(void **unused)
{
	struct world *w = shell();

	sample(w, 1, 100 * MS, 0);	/* its snapshot does not say what it had used */
	is(w, "thread.cputime", "absent");
	is(w, "thread.cpu", "absent");
	sample(w, 1, 150 * MS, 0);
	is(w, "thread.cputime", "50000000");
	sample(w, 77, 150 * MS, 0);	/* a stranger is not invented */
	is(w, "thread.cputime", "absent");
	assert_null(state_thread(w->st, 77));
	w->ev.pid = 4;
	begin(w, EV_PROCINFO, 100);	/* nor taken for the one who has the number now */
	w->ev.pid = 4;
	num(w, "utime", 9000 * (int64_t)MS);
	num(w, "stime", 9000 * (int64_t)MS);
	done(w);
	is(w, "thread.cputime", "absent");
	is(w, "proc.name", "absent");
	world_free(w);
}

/* Numbers that no kernel tells. */
static void hostile_numbers(void **unused)
{
	struct world *w = shell();

	sample(w, 100, 10 * MS, 5 * MS);	/* goes back */
	is(w, "thread.cputime", "absent");
	sample(w, 100, 20 * MS, 4 * MS);	/* shared out anew */
	is(w, "thread.cputime", "9000000");
	is(w, "thread.cputime.system", "0");
	sample(w, 100, -1, -1);
	is(w, "thread.cputime.system", "9223372036850775807");
	sample(w, 100, -1, -1);
	is(w, "thread.cputime", "0");
	begin(w, EV_PROCINFO, 100);
	num(w, "cpu_usr", -1);
	num(w, "cpu_sys", -1);
	num(w, "interval", 0);
	done(w);
	is(w, "thread.cpu", "absent");
	world_free(w);
}

static void falco_tells_ticks(void **unused)
{
	struct world *w = shell();
	struct event_desc real = catalog[EV_PROCINFO];

	real.flags = EF_TRACEPOINT | EF_MODIFIES_STATE;
	for (int i = 0; i < 3; i++) {
		begin(w, EV_PROCINFO, 1);
		w->ev.desc = &real;
		num(w, "cpu_usr", 100 + 30 * i);
		num(w, "cpu_sys", 10 + 120 * (i == 2));
		done(w);
		strict_falco = true;
		is(w, "thread.cpu", i == 0 ? "0.0" : i == 1 ? "30.0" : "100.0");
		strict_falco = false;
		is(w, "thread.cpu", i == 0 ? "absent" : i == 1 ? "30.0" : "150.0");
		is(w, "thread.cputime", i == 0 ? "absent" : i == 1 ? "300000000" : "1500000000");
	}
	world_free(w);
}

static void times_between_events_do_not_see_samples(void **unused)
{
	struct world *w = shell();

	open_at(w, 100, 3, AT_FDCWD, "x", 0);
	sample(w, 100, 5100 * (int64_t)MS, 1000 * (int64_t)MS);
	open_at(w, 100, 4, AT_FDCWD, "y", 0);
	is(w, "evt.deltatime", "2000");
	world_free(w);
}

static int feed(const struct event *ev, void *st)
{
	state_update(st, ev);
	return 0;
}

static void key_frames_keep_accounts(void **unused)
{
	struct world *w = shell();
	struct state *const st = state_new(NULL);

	sample(w, 100, 5100 * (int64_t)MS, 1000 * (int64_t)MS);
	assert_int_equal(state_dump(w->st, w->ts, NULL, feed, st), 0);
	state_free(w->st);
	w->st = st;
	sample(w, 100, 5102 * (int64_t)MS, 1000 * (int64_t)MS);
	is(w, "thread.cputime", "2000000");
	sample(w, 1, 1, 1);
	is(w, "thread.cputime", "absent");
	world_free(w);
}

static void processors(void **unused)
{
	struct world *w = shell();

	begin(w, EV_CPUINFO, 0);
	is(w, "evt.cpu.busy", "absent");
	num(w, "user", 300 * MS);
	num(w, "nice", 100 * MS);
	num(w, "system", 50 * MS);
	num(w, "irq", 20 * MS);
	num(w, "softirq", 30 * MS);
	num(w, "idle", 400 * MS);
	num(w, "iowait", 100 * MS);
	done(w);
	is(w, "evt.cpu.user", "400000000");
	is(w, "evt.cpu.system", "100000000");
	is(w, "evt.cpu.idle", "400000000");
	is(w, "evt.cpu.iowait", "100000000");
	is(w, "evt.cpu.busy", "50.0");
	is(w, "proc.name", "absent");
	sample(w, 100, 0, 0);
	is(w, "evt.cpu.busy", "absent");
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_tell_what_is_new),
		cmocka_unit_test(the_end_of_a_thread_accounts_for_the_rest),
		cmocka_unit_test(what_nobody_told_before_is_no_account),
		cmocka_unit_test(hostile_numbers),
		cmocka_unit_test(falco_tells_ticks),
		cmocka_unit_test(times_between_events_do_not_see_samples),
		cmocka_unit_test(key_frames_keep_accounts),
		cmocka_unit_test(processors),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
