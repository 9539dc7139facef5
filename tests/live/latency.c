/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that last as long as is known, in processes that are told apart by their names.
 * tests/live/latency.t looks at how long the recording says they took. */
#include "tests/live/live.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <time.h>

enum { NAP_MS = 50 };

static void nap(void)
{
	const struct timespec t = { .tv_nsec = NAP_MS * 1000000 };

	syscall(SYS_nanosleep, &t, NULL);
}

/* Runs part in a process of that name. */
static void child(const char *name, void (*part)(void))
{
	const pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_NAME, name);
		part();
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static void quick(void)
{
	for (int i = 0; i < 50; i++)
		syscall(SYS_getppid);
}

static int ends[2];

static void *write_late(void *arg UNUSED)
{
	nap();
	if (write(ends[1], "x", 1) != 1)
		exit(1);
	return NULL;
}

static void blocked(void)
{
	pthread_t t;
	char c;

	if (pipe(ends) < 0 || pthread_create(&t, NULL, write_late, NULL) ||
	    read(ends[0], &c, 1) != 1)
		exit(1);
	pthread_join(t, NULL);
}

static void on_alarm(int sig UNUSED)
{
}

static void interrupted(void)
{
	const struct itimerval soon = { .it_value = { .tv_usec = NAP_MS * 1000 } };
	const struct timespec long_time = { .tv_sec = 20 };

	signal(SIGALRM, on_alarm);
	setitimer(ITIMER_REAL, &soon, NULL);
	syscall(SYS_nanosleep, &long_time, NULL);
}

/* It returns without having begun, behind a call that took long. */
static void refused(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getpgid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { 4, code };

	syscall(SYS_getpgid, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
	nap();
	syscall(SYS_getpgid, 0);
}

static void *exec_true(void *arg UNUSED)
{
	execl("/bin/true", "true", "from-thread", NULL);
	return NULL;
}

/* The thread that calls exec returns as the first of its process. */
static void from_thread(void)
{
	pthread_t t;

	pthread_create(&t, NULL, exec_true, NULL);
	for (;;)
		pause();
}

static void lent(void)
{
	const pid_t pid = vfork();

	if (pid == 0) {
		nap();
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

#ifdef __x86_64__
static void compat(void)
{
	int r;

	__asm__ volatile("int $0x80" : "=a"(r) : "a"(20)
			 : "memory", "r8", "r9", "r10", "r11", "cc");
}
#else
static void compat(void)
{
}
#endif

int main(void)
{
	child("quick", quick);
	child("nap", nap);
	child("blocked", blocked);
	child("interrupted", interrupted);
	child("refused", refused);
	child("from-thread", from_thread);
	child("lent", lent);
	child("compat", compat);
	return 0;
}
