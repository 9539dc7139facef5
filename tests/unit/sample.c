/* SPDX-License-Identifier: Apache-2.0 */
/* What the recorder reads of threads and processors where the kernel half does not help. */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "bpf/wire.h"
#include "capture/live/cputime.h"
#include "capture/live/sample_read.h"

static void shares_are_those_of_the_ticks(void **unused)
{
	static const uint64_t cases[][5] = {	/* utime, stime, runtime: user, system */
		{ 0, 0, 7, 7, 0 }, { 4, 0, 7, 7, 0 }, { 0, 4, 7, 0, 7 }, { 4, 4, 10, 5, 5 },
		{ 8, 4, 9, 6, 3 }, { 0, 0, 0, 0, 0 },
		{ UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX - UINT64_MAX / 2, UINT64_MAX / 2 },
	};
	uint64_t user, system;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cputime_share(cases[i][0], cases[i][1], cases[i][2], &user, &system);
		assert_int_equal(user, cases[i][3]);
		assert_int_equal(system, cases[i][4]);
	}
}

static void processors_of_proc_stat(void **unused)
{
	static const char text[] =
		"cpu  10 20 30 40 50 60 70 80 90 0\n"
		"cpu0 1 2 3 4 5 6 7 8 9 0\n"
		"cpu3 100 0 18446744073709551615 4\n"
		"cpu99999999 1 2 3\n"
		"cpux 1 2 3\n"
		"intr 5 cpu1 2\n"
		"cpu7";
	struct buf b = {0};
	const struct sample_cpu *c;

	sample_parse_cpus(text, 10, &b);
	assert_int_equal(b.len, 3 * sizeof(*c));
	c = (const void *)b.p;
	assert_int_equal(c[0].cpu, 0);
	assert_int_equal(c[0].ns[CPU_USER], 10);
	assert_int_equal(c[0].ns[CPU_STEAL], 80);
	assert_int_equal(c[1].cpu, 3);
	assert_int_equal(c[1].ns[CPU_USER], 1000);
	assert_int_equal(c[1].ns[CPU_IDLE], 40);
	assert_int_equal(c[1].ns[CPU_IOWAIT], 0);
	assert_int_equal(c[2].cpu, 7);
	assert_int_equal(c[2].ns[CPU_USER], 0);
	buf_reset(&b);
	sample_parse_cpus("", 10, &b);
	assert_int_equal(b.len, 0);
	assert_int_equal(sample_read_cpus(&b), 0);
	assert_true(b.len >= sizeof(*c));
	buf_release(&b);
}

static bool only_me(uint32_t pid, void *arg)
{
	(*(unsigned *)arg)++;
	return pid == (uint32_t)getpid();
}

static void threads_of_proc(void **unused)
{
	const uint64_t ms = 1000000;
	const struct wire_sample *s;
	struct timespec t = {0};
	struct buf b = {0};
	unsigned asked = 0;
	uint64_t used;

	while (t.tv_nsec < 30 * (long)ms && t.tv_sec == 0)
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	assert_int_equal(sample_read_proc(&b, only_me, &asked), 0);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	used = (uint64_t)t.tv_sec * 1000 * ms + (uint64_t)t.tv_nsec;
	assert_true(asked >= 1);
	assert_true(b.len >= sizeof(*s));
	s = (const void *)b.p;
	assert_int_equal(s->pid, getpid());
	assert_int_equal(s->tid, syscall(SYS_gettid));
	assert_true(s->runtime >= 10 * ms && s->runtime <= used + 10 * ms);
	assert_true(s->vm.size > 100 && s->vm.rss > 10 && s->vm.rss <= s->vm.size);
	assert_true(s->pgft_min > 10);
	assert_true(s->start > 0);
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shares_are_those_of_the_ticks),
		cmocka_unit_test(processors_of_proc_stat),
		cmocka_unit_test(threads_of_proc),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
