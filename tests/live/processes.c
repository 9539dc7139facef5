/* SPDX-License-Identifier: Apache-2.0 */
/* Processes and threads: how they come, become something else, and end.  Called again
 * by itself, with an argument, to be what was executed. */
#include "tests/live/live.h"

#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/uio.h>

extern char **environ;

static char self[4096], cwd[2048];
static long tid_here, pid_here, parent_here;

/* What every event of a new process says in parent and child. */
#define ABOUT(pid, tid, ptid) \
	N("tid", tid), N("pid", pid), N("ptid", ptid), N("vtid", tid), N("vpid", pid), \
	S("comm", "processes"), S("exe", self), N("uid", 0), N("gid", 0), N("sid", getsid(0)), \
	N("pgid", getpgrp()), N("vpgid", getpgrp())

static void ended(long pid, int status)
{
	int got = 0;
	const long r = CALL(__NR_wait4, pid, &got, __WALL, NULL);

	SAID("syscall", N("nativeID", __NR_wait4), N("res", pid), N("a0", pid),
	     N("a2", __WALL));
	if (r != pid || got != status)
		fprintf(stderr, "wait4: %ld %x, expected %ld %x\n", r, got, pid, status);
	SAID_BY(pid, "procexit", N("status", status),
		N("ret", WIFEXITED(status) ? WEXITSTATUS(status) : 0),
		N("sig", WIFSIGNALED(status) ? WTERMSIG(status) : 0),
		N("core", WCOREDUMP(status) ? 1 : 0),
		N("pid", pid));
}

static void forks(void)
{
	struct clone_args args = { .flags = CLONE_FILES | CLONE_FS, .exit_signal = SIGCHLD };
	long r, flags = CLONE_PARENT_SETTID | CLONE_CHILD_SETTID;
	int set = 0;

#ifdef __NR_fork
	r = CALL(__NR_fork);
	if (r == 0) {
		say_anew();
		SAID("fork", N("res", 0), ABOUT(getpid(), gettid(), pid_here), S("args", ""));
		say_and_exit(7);
	}
	SAID("fork", N("res", r), ABOUT(pid_here, tid_here, parent_here));
	ended(r, 7 << 8);
	r = CALL(__NR_vfork);
	if (r == 0) {
		syscall(__NR_exit_group, 255);
	}
	SAID("vfork", N("res", r), ABOUT(pid_here, tid_here, parent_here),
	     N("flags", CLONE_VFORK | CLONE_VM));
	SAID_BY(r, "vfork", N("res", 0), ABOUT(r, r, pid_here));
	ended(r, 255 << 8);
#endif
	r = CALL(__NR_clone, flags | SIGCHLD, 0, &set, &set, 0);
	if (r == 0) {
		say_anew();
		SAID("clone", N("res", 0), ABOUT(getpid(), gettid(), pid_here),
		     N("flags", flags));
		say_and_exit(0);
	}
	SAID("clone", N("res", r), ABOUT(pid_here, tid_here, parent_here), N("flags", flags));
	ended(r, 0);
	r = CALL(__NR_clone3, &args, sizeof(args));
	if (r == 0) {
		say_anew();
		SAID("clone3", N("res", 0), ABOUT(getpid(), gettid(), pid_here),
		     N("flags", args.flags));
		say_and_exit(1);
	}
	SAID("clone3", N("res", r), ABOUT(pid_here, tid_here, parent_here),
	     N("flags", args.flags));
	ended(r, 1 << 8);
	r = CALL(__NR_clone, CLONE_THREAD, 0, 0, 0, 0);
	SAID("clone", N("res", -EINVAL), N("tid", tid_here), N("pid", pid_here),
	     N("flags", CLONE_THREAD));
	r = CALL(__NR_clone3, &args, 3);
	SAID("clone3", N("res", -EINVAL), N("tid", tid_here));
}

static void *thread(void *arg)
{
	const long fd = CALL(__NR_eventfd2, 0, 0);

	prctl(PR_SET_NAME, "a thread");
	SAID("eventfd2", N("res", fd), N("flags", 0));
	*(long *)arg = gettid();
	SAID("close", N("res", CALL(__NR_close, fd)), N("fd", fd));
	return NULL;
}

static void threads(void)
{
	pthread_t t;
	long tid = 0;

	if (pthread_create(&t, NULL, thread, &tid))
		return;
	pthread_join(t, NULL);
	SAID_BY(tid, "procexit", N("status", 0), N("pid", pid_here));
}

static void executions(void)
{
	char *args[] = { "an argument 0", "executed", "two words", "", NULL };
	char *env[] = { "NAME=value", "EMPTY=", NULL };
	struct stat st;
	long r, fd;

	must(stat(self, &st), self);
	r = fork();
	if (r == 0) {
		CALL(__NR_execve, self, args, env);
		_exit(99);
	}
	SAID_BY(r, "execve", N("res", 0), S("exe", "an argument 0"),
		B("args", "executed\0two words\0", 20),
		B("env", "NAME=value\0EMPTY=", 18), N("tid", r), N("pid", r),
		N("ptid", pid_here),
		S("comm", "processes"), S("trusted_exepath", self), S("filename", self),
		N("exe_ino", st.st_ino),
		N("exe_dev", (uint32_t)st.st_dev), N("vtid", r), N("vpid", r), N("uid", 0),
		N("gid", 0),
		N("ruid", 0), N("rgid", 0), S("cwd", cwd), N("sid", getsid(0)),
		N("pgid", getpgrp()),
		N("exe_ino_mtime", st.st_mtim.tv_sec * 1000000000ll + st.st_mtim.tv_nsec),
		N("exe_ino_ctime", st.st_ctim.tv_sec * 1000000000ll + st.st_ctim.tv_nsec));
	ended(r, 42 << 8);

	fd = open(self, O_RDONLY | O_CLOEXEC);
	args[0] = "by descriptor";
	r = fork();
	if (r == 0) {
		CALL(__NR_execveat, fd, "", args, env, AT_EMPTY_PATH);
		_exit(99);
	}
	/* Success looks the same whichever of the two it was. */
	SAID_BY(r, "execve", N("res", 0), S("exe", "by descriptor"), S("trusted_exepath", self),
		N("exe_ino", st.st_ino), N("tid", r), N("pid", r), N("ptid", pid_here));
	ended(r, 42 << 8);
	close((int)fd);

	r = CALL(__NR_execve, "/no/such program", args, env);
	SAID("execve", N("res", -ENOENT), S("exe", "by descriptor"),
	     B("args", "executed\0two words\0", 20),
	     S("filename", "/no/such program"), N("tid", tid_here), N("pid", pid_here),
	     S("comm", "processes"));
	r = CALL(__NR_execve, "/etc/passwd", NULL, NULL);
	SAID("execve", N("res", -EACCES), S("filename", "/etc/passwd"), N("tid", tid_here));
	r = CALL(__NR_execve, 0x10000, args, env);
	SAID("execve", N("res", -EFAULT), N("tid", tid_here), S("exe", "by descriptor"));
	r = CALL(__NR_execveat, AT_FDCWD, "nothing", args, env, 0);
	SAID("execveat", N("res", -ENOENT), S("filename", "nothing"), N("tid", tid_here));
}

static void nothing(int sig)
{
	(void)sig;
}

static void signals(void)
{
	long r;

	signal(SIGUSR1, nothing);
	SAID("kill", N("res", CALL(__NR_kill, pid_here, SIGUSR1)), N("pid", pid_here),
	     N("sig", SIGUSR1));
	SAID("signaldeliver", N("spid", pid_here), N("dpid", pid_here), N("sig", SIGUSR1));
	SAID("tkill", N("res", CALL(__NR_tkill, tid_here, SIGUSR1)), N("tid", tid_here),
	     N("sig", SIGUSR1));
	SAID("tgkill", N("res", CALL(__NR_tgkill, pid_here, tid_here, SIGUSR1)),
	     N("pid", pid_here),
	     N("tid", tid_here), N("sig", SIGUSR1));
	SAID("kill", N("res", CALL(__NR_kill, 0x7ffffff0, SIGTERM)), N("pid", 0x7ffffff0),
	     N("sig", SIGTERM));
	SAID("kill", N("res", CALL(__NR_kill, pid_here, 99)), N("pid", pid_here), N("sig", 99));
	SAID("tgkill", N("res", CALL(__NR_tgkill, -1, -2, 0)), N("pid", -1), N("tid", -2),
	     N("sig", 0));
	r = fork();
	if (r == 0)
		for (;;)
			pause();
	SAID("kill", N("res", CALL(__NR_kill, r, SIGKILL)), N("pid", r), N("sig", SIGKILL));
	ended(r, SIGKILL);
	r = fork();
	if (r == 0) {
		signal(SIGSEGV, SIG_DFL);
		prctl(PR_SET_DUMPABLE, 0);
		*(volatile int *)16 = 1;
	}
	SAID_BY(r, "signaldeliver", N("spid", 0), N("dpid", r), N("sig", SIGSEGV));
	ended(r, SIGSEGV);
}

static void groups(void)
{
	const long r = fork();

	if (r == 0) {
		say_anew();
		SAID("setpgid", N("res", CALL(__NR_setpgid, 0, 0)), N("pid", 0), N("pgid", 0));
		SAID("setpgid", N("res", CALL(__NR_setpgid, 1, -1)), N("pid", 1),
		     N("pgid", -1));
		SAID("setsid", N("res", CALL(__NR_setsid)));
		SAID("setpgid", N("res", CALL(__NR_setpgid, pid_here, 0)), N("pid", pid_here),
		     N("pgid", 0));
		say_and_exit(0);
	}
	ended(r, 0);
}

static void one_about_another(void)
{
	char here[100] = {0}, *there = "what the child has";
	struct iovec to = { here, 18 }, from = { there, 18 }, empty = { NULL, 0 };
	long r, status;

	r = fork();
	if (r == 0) {
		CALL(__NR_ptrace, PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		_exit(3);
	}
	SAID_BY(r, "ptrace", N("res", 0), N("request", PTRACE_TRACEME), N("pid", 0));
	waitpid((pid_t)r, (int *)&status, 0);
	SAID("process_vm_readv", N("res", CALL(__NR_process_vm_readv, r, &to, 1, &from, 1, 0)),
	     N("pid", r),
	     S("data", "what the child has"));
	memcpy(here, "written by parent!", 18);
	from.iov_base = said.text;
	SAID("process_vm_writev", N("res",
	     CALL(__NR_process_vm_writev, r, &to, 1, &from, 1, 0)), N("pid", r),
	     S("data", "written by parent!"));
	SAID("process_vm_readv", N("res",
	     CALL(__NR_process_vm_readv, 0x7ffffff0, &empty, 1, &empty, 1, 0)),
	     N("pid", 0x7ffffff0));
	SAID("ptrace", N("res", CALL(__NR_ptrace, PTRACE_SETOPTIONS, r, 0, 0)),
	     N("request", PTRACE_SETOPTIONS),
	     N("pid", r));
	SAID("ptrace", N("res", CALL(__NR_ptrace, PTRACE_CONT, r, 0, 0)),
	     N("request", PTRACE_CONT), N("pid", r));
	ended(r, 3 << 8);
	SAID("ptrace", N("res", CALL(__NR_ptrace, PTRACE_ATTACH, 0x7ffffff0, 0, 0)),
	     N("request", PTRACE_ATTACH),
	     N("pid", 0x7ffffff0));
}

static void settings(void)
{
	struct rlimit l = { 500, 600 }, old;
	struct rlimit mine;
	uint64_t now[2], other[2] = { 77, 88 };
	long r;

	getrlimit(RLIMIT_CORE, &mine);
	SAID("prctl", N("res", CALL(__NR_prctl, PR_SET_NAME, "renamed")),
	     N("option", PR_SET_NAME),
	     S("arg2_str", "renamed"));
	SAID("prctl", N("res", CALL(__NR_prctl, PR_SET_NAME, "processes")),
	     N("option", PR_SET_NAME),
	     S("arg2_str", "processes"));
	SAID("prctl", N("res", CALL(__NR_prctl, PR_GET_DUMPABLE)), N("option", PR_GET_DUMPABLE),
	     NO("arg2_str"),
	     N("arg2_int", 0));
	SAID("prctl", N("res", CALL(__NR_prctl, 12345, -8)), N("option", 12345),
	     N("arg2_int", -8));
	SAID("prctl", N("res", CALL(__NR_prctl, PR_SET_CHILD_SUBREAPER, 1)),
	     N("option", PR_SET_CHILD_SUBREAPER),
	     N("arg2_int", 1));
#ifdef __NR_getrlimit
	r = CALL(__NR_getrlimit, RLIMIT_CORE, &old);
	SAID("getrlimit", N("res", r), N("cur", mine.rlim_cur), N("max", mine.rlim_max),
	     N("resource", RLIMIT_CORE));
	SAID("getrlimit", N("res", CALL(__NR_getrlimit, 55, &old)), NO("cur"), NO("max"),
	     N("resource", 55));
	r = CALL(__NR_setrlimit, RLIMIT_MSGQUEUE, &l);
	SAID("setrlimit", N("res", r), N("cur", 500), N("max", 600),
	     N("resource", RLIMIT_MSGQUEUE));
#endif
	r = CALL(__NR_prlimit64, 0, RLIMIT_MSGQUEUE, other, now);
	SAID("prlimit", N("res", r), N("newcur", 77), N("newmax", 88), N("oldcur", 500),
	     N("oldmax", 600),
	     N("pid", 0), N("resource", RLIMIT_MSGQUEUE));
	r = CALL(__NR_prlimit64, -1, 1, NULL, NULL);
	SAID("prlimit", N("res", r), NO("newcur"), NO("oldcur"), N("pid", -1),
	     N("resource", 1));
	SAID("seccomp", N("res", CALL(__NR_seccomp, 2, 0, 0x10000)), N("op", 2), N("flags", 0));
	SAID("seccomp", N("res", CALL(__NR_seccomp, 99, 5, 0)), N("op", 99), N("flags", 5));
}

int main(int argc, char **argv)
{
	ssize_t n;

	if (argc > 1)
		return argc == 4 ? 42 : 43;
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n < 0 || !getcwd(cwd, sizeof(cwd)) || strcmp(self, argv[0]))
		return 2;
	pid_here = getpid();
	tid_here = gettid();
	parent_here = getppid();
	forks();
	threads();
	executions();
	signals();
	groups();
	one_about_another();
	settings();
	say_now();
	return 0;
}
