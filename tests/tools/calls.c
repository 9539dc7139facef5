/* SPDX-License-Identifier: Apache-2.0 */
/* Loops of system calls for tests/bench/capture.
 *
 *   calls LOOP [ROUNDS]           ns per call, of processor time: the lower quartile of many
 *                                 short rounds, since others disturb
 *   calls rate PER_SECOND SECONDS  two threads make getppid calls at that rate together;
 *                                 prints how many
 *   calls flood N                 N getppid calls as fast as they go */
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS_MAX = 1000, BURST = 1000 };

static int zero, null;
static char path[] = "/tmp/saker-calls.XXXXXX";

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Processor time of this process and, for the loop with children, of those. */
static uint64_t spent(bool children)
{
	struct rusage r;

	if (!children)
		return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	getrusage(RUSAGE_CHILDREN, &r);
	return clock_ns(CLOCK_PROCESS_CPUTIME_ID) +
	       (uint64_t)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1000000000u +
	       (uint64_t)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) * 1000u;
}

static uint64_t now(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

static void loop_getppid(long n)
{
	while (n--)
		syscall(SYS_getppid);
}

static void loop_rw(long n)
{
	char c = 0;

	for (n /= 2; n--;)
		if (read(zero, &c, 1) != 1 || write(null, &c, 1) != 1)
			exit(1);
}

static void loop_open(long n)
{
	while (n--)
		close(open(path, O_RDONLY));
}

static void loop_stat(long n)
{
	struct stat st;

	while (n--)
		if (stat(path, &st) != 0)
			exit(1);
}

static void loop_exec(long n)
{
	while (n--) {
		const pid_t pid = fork();

		if (pid == 0) {
			execl("/bin/true", "true", (char *)NULL);
			_exit(127);
		}
		waitpid(pid, NULL, 0);
	}
}

static const struct {
	const char *name;
	void (*run)(long n);
	long calls;		/* of one round */
	unsigned rest;		/* us between rounds */
} loops[] = {
	{ "getppid", loop_getppid, 20000, 0 },
	{ "rw",	     loop_rw,	   10000, 0 },
	{ "open",    loop_open,	   2000,  0 },
	{ "paced",   loop_open,	   500,	  15000 },
	{ "stat",    loop_stat,	   4000,  0 },
	{ "exec",    loop_exec,	   10,	  0 },
};

static int by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void measure(unsigned which, unsigned rounds)
{
	static double v[ROUNDS_MAX];
	const bool children = loops[which].run == loop_exec;

	for (unsigned i = 0; i < rounds; i++) {
		const uint64_t from = spent(children);

		loops[which].run(loops[which].calls);
		v[i] = (double)(spent(children) - from) / (double)loops[which].calls;
		if (loops[which].rest)
			usleep(loops[which].rest);
	}
	qsort(v, rounds, sizeof(v[0]), by_value);
	printf("%.1f\n", v[rounds / 4]);
}

/* Bursts at their time, so that a thread that was held up catches up. */
struct pace { uint64_t rate, seconds, made; };

static void *paced(void *arg)
{
	struct pace *const p = arg;
	const uint64_t from = now(), all = p->rate * p->seconds;

	while (p->made < all) {
		const uint64_t due = from + p->made * 1000000000u / p->rate, t = now();

		if (t < due)
			usleep((useconds_t)((due - t) / 1000));
		loop_getppid(BURST);
		p->made += BURST;
	}
	return NULL;
}

static void rate(uint64_t per_second, uint64_t seconds)
{
	struct pace half[2] = { { per_second / 2, seconds, 0 }, { per_second / 2, seconds, 0 } };
	pthread_t other;
	const uint64_t from = now();

	if (pthread_create(&other, NULL, paced, &half[1]))
		exit(1);
	paced(&half[0]);
	pthread_join(other, NULL);
	printf("%llu %.3f\n", (unsigned long long)(half[0].made + half[1].made),
	       (double)(now() - from) / 1e9);
}

int main(int argc, char **argv)
{
	unsigned rounds = argc > 2 ? (unsigned)atoi(argv[2]) : 60;
	int fd;

	if (argc > 2 && strcmp(argv[1], "flood") == 0) {
		/* before anything whose number of calls varies, as mkstemp's does */
		loop_getppid(atol(argv[2]));
		return 0;
	}
	fd = mkstemp(path);
	if (argc < 2 || fd < 0)
		return 2;
	close(fd);
	zero = open("/dev/zero", O_RDONLY);
	null = open("/dev/null", O_WRONLY);
	if (rounds > ROUNDS_MAX)
		rounds = ROUNDS_MAX;
	if (strcmp(argv[1], "rate") == 0 && argc > 3)
		rate(strtoull(argv[2], NULL, 10), strtoull(argv[3], NULL, 10));
	for (unsigned i = 0; i < sizeof(loops) / sizeof(loops[0]); i++)
		if (strcmp(argv[1], loops[i].name) == 0)
			measure(i, rounds);
	unlink(path);
	return 0;
}
