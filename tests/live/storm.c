/* SPDX-License-Identifier: Apache-2.0 */
/* A storm: workers fork and execute programs that say what they are, while others copy and close
 * descriptors as fast as they can, so that a small ring loses events of all kinds.
 * Processes that were made during the storm and lived on say what they are once it is over.
 * Arguments: how long the storm lasts in ms, how long the calm. */
#include "tests/live/mark.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>

enum { NAMES = 7, WORKERS = 3, FLOODERS = 2, SURVIVORS = 6, COUNTER_FD = 900 };

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static void flood(long long until)
{
	while (now_ms() < until)
		for (int i = 0; i < 200; i++)
			close(dup(0));
	_exit(0);
}

static void *named_thread(void *arg)
{
	prctl(PR_SET_NAME, "a thread of it");
	mark_file(*(int *)arg, "file");
	return arg;
}

/* A program: other names, files and directories for each number. */
static int leaf(int k, bool waits)
{
	static const char *const files[] = { "/etc/passwd", "/etc/group", "/etc/hosts",
					     "/etc/hostname", "/etc/fstab" };
	char name[16], c;
	pthread_t t;
	int fd, go;

	snprintf(name, sizeof(name), "dir-%d", k);
	counter = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, COUNTER_FD, 0);
	go = dup(0);
	fd = open(files[k % 5], O_RDONLY);
	if (waits) {
		must(chdir(name), name);
		if (read(go, &c, 1) < 0)	/* until the pipe is closed: calm again */
			_exit(1);
		prctl(PR_GET_DUMPABLE);
	}
	mark_process();
	mark_file(fd, "file");
	if (!waits) {
		must(chdir(name), name);
		mark_process();
		close(fd);
		fd = open(files[(k + 1) % 5], O_RDONLY);
		mark_file(fd, "file");
		if (k % 2 && pthread_create(&t, NULL, named_thread, &fd) == 0)
			pthread_join(t, NULL);
	}
	say_and_exit(0);
}

static void start(int k, const char *how, char *const *fewer)
{
	char path[32], number[8];
	char *args[] = { path, (char *)how, number, (char *)"and more", NULL };

	snprintf(path, sizeof(path), "./storm-%d", k);
	snprintf(number, sizeof(number), "%d", k);
	(void)fewer;
	if (k % 3 == 0)
		setsid();
	if (k % 4 == 1)
		must(setresuid(0, 1000 + k, 0), "setresuid");
	execv(path, args);
	_exit(9);
}

static void work(int w, long long until)
{
	for (int i = w; now_ms() < until; i++) {
		const pid_t pid = fork();

		if (pid == 0)
			start(i % NAMES, "leaf", NULL);
		waitpid(pid, NULL, 0);
	}
	_exit(0);
}

static void prepare(void)
{
	char a[32], b[32];

	read_link("/proc/self/exe", self, sizeof(self));
	for (int k = 0; k < NAMES; k++) {
		snprintf(a, sizeof(a), "cp %d", k);
		snprintf(a, sizeof(a), "storm-%d", k);
		snprintf(b, sizeof(b), "dir-%d", k);
		mkdir(b, 0777);
		if (link(self, a) < 0) {
			char command[5000];

			snprintf(command, sizeof(command), "cp '%s' %s", self, a);
			must(system(command) ? -1 : 0, "cp");
		}
	}
}

int main(int argc, char **argv)
{
	long long until;
	int pipes[2];

	if (argc > 2 && !strcmp(argv[1], "leaf"))
		return leaf(atoi(argv[2]), false);
	if (argc > 2 && !strcmp(argv[1], "survivor"))
		return leaf(atoi(argv[2]), true);
	prepare();
	must(dup3(must(memfd_create("counter", 0), "memfd"), COUNTER_FD, 0), "dup3");
	must(ftruncate(COUNTER_FD, 4096), "ftruncate");
	must(pipe2(pipes, O_CLOEXEC), "pipe");
	until = now_ms() + (argc > 1 ? atoi(argv[1]) : 1000);
	for (int i = 0; i < FLOODERS; i++)
		if (fork() == 0)
			flood(until);
	for (int i = 0; i < WORKERS; i++)
		if (fork() == 0)
			work(i, until);
	for (int i = 0; i < SURVIVORS; i++) {
		usleep(50000);
		if (fork() == 0) {
			dup2(pipes[0], 0);
			start(i, "survivor", NULL);
		}
	}
	for (int i = 0; i < FLOODERS + WORKERS; i++)
		wait(NULL);
	usleep(1000 * (argc > 2 ? atoi(argv[2]) : 2000));
	close(pipes[1]);
	while (wait(NULL) > 0)
		;
	return 0;
}
