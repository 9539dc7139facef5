/* SPDX-License-Identifier: Apache-2.0 */
/* Processes that use processor time and memory in several ways; each says what it used. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MIB = 1 << 20, HELD = 64 * MIB };

static double used(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void spin(double ms)
{
	const double end = used(CLOCK_THREAD_CPUTIME_ID) + ms;

	while (used(CLOCK_THREAD_CPUTIME_ID) < end)
		for (volatile int i = 0; i < 500000; i++)
			;
}

static void in_user(void)
{
	spin(300);
}

static void in_kernel(void)
{
	const int fd = open("/dev/zero", O_RDONLY);
	char *const p = malloc(4 * MIB);

	while (used(CLOCK_PROCESS_CPUTIME_ID) < 300)
		if (read(fd, p, 4 * MIB) <= 0)
			exit(1);
}

static void *run(void *arg)
{
	spin(150);
	return arg;
}

static void in_threads(void)
{
	pthread_t t[2];

	for (int i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, run, NULL);
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
}

static void shortly(void)
{
	spin(20);
}

static void asleep(void)
{
	usleep(700 * 1000);
}

static void in_memory(void)
{
	char *const p = mmap(NULL, HELD, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(p, 1, HELD);
	for (int i = 0; i < 40; i++) {
		spin(2);
		usleep(20 * 1000);
	}
}

static void child(const char *name, void (*work)(void))
{
	struct rusage r;

	if (fork() == 0) {
		work();
		getrusage(RUSAGE_SELF, &r);
		printf("{\"name\":\"%s\",\"pid\":%d,\"user\":%f,\"system\":%f}\n", name, getpid(),
		       (double)r.ru_utime.tv_sec * 1e3 + (double)r.ru_utime.tv_usec / 1e3,
		       (double)r.ru_stime.tv_sec * 1e3 + (double)r.ru_stime.tv_usec / 1e3);
		fflush(stdout);
		_exit(0);
	}
	wait(NULL);
}

int main(void)
{
	child("user", in_user);
	child("kernel", in_kernel);
	child("threads", in_threads);
	child("short", shortly);
	child("asleep", asleep);
	child("memory", in_memory);
	return 0;
}
