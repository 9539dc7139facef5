/* SPDX-License-Identifier: Apache-2.0 */
/* Processes and threads: how they come, change and end. */
#include "tests/live/case.h"

#include <linux/sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <termios.h>

static pid_t clone_by(struct clone_args *a)
{
	return (pid_t)CALL(__NR_clone3, a, sizeof(*a));
}

/* Has it ended?  It may be somebody else's to wait for. */
static bool has_ended(pid_t pid)
{
	char path[64], stat[1024];
	const char *p;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	read_file(path, stat, sizeof(stat));
	p = strrchr(stat, ')');
	return !p || p[2] == 'Z' || p[2] == 'X';
}

/* A child made with these flags runs f. */
static void with_flags(unsigned long long flags, void (*f)(void))
{
	struct clone_args a = { .flags = flags, .exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD };
	const pid_t pid = clone_by(&a);
	int status = 0;

	if (pid == 0) {
		say_anew();
		f();
		say_and_exit(0);
	}
	must(pid, "clone3");
	if (flags & CLONE_PARENT)
		while (!has_ended(pid))
			usleep(1000);
	else
		waitpid(pid, &status, 0);
}

static int kept;

/* ---- making ---- */

static void plain_fork(void)
{
	kept = open("/etc/hosts", O_RDONLY);
	in_child(mark_all);
	mark_all();
}

static void fork_of_fork(void)
{
	kept = open("/etc/hosts", O_RDONLY);
	in_child(plain_fork);
	mark_all();
}

static void vfork_child(void)
{
	const int fd = open("/etc/group", O_RDONLY);
	pid_t pid;

	say_now();
	pid = vfork();
	if (pid == 0) {
		mark_fd(fd);
		mark_process();
		execv(self, become_args("by vfork", "fd"));
		_exit(9);
	}
	waitpid(pid, NULL, 0);
	mark_all();
}

static void vfork_child_again(int argc, char **argv)
{
	(void)argc, (void)argv;
	mark_all();
}

static void parent_is_other_again(int argc, char **argv)
{
	(void)argc, (void)argv;
	mark_all();
}

static void child_of_parent(void)
{
	mark_all();
	become(self, "x");
}

/* What the creator has opened itself is the child's, though its parent is another. */
static void creates_for_parent(void)
{
	kept = open("/etc/hostname", O_RDONLY);
	must(chdir("/etc"), "/etc");
	with_flags(CLONE_PARENT, child_of_parent);
	mark_all();
}

static void parent_is_other(void)
{
	open("/etc/passwd", O_RDONLY);
	in_child(creates_for_parent);
	while (waitpid(-1, NULL, __WALL) > 0)
		;
	mark_all();
}

static void opens_and_closes(void)
{
	close(kept);
	kept = open("/etc/passwd", O_RDONLY);
	open("/etc/group", O_RDONLY);
	must(chdir("/etc"), "/etc");
	mark_all();
}

static void shares_files(void)
{
	kept = open("/etc/hosts", O_RDONLY);
	with_flags(CLONE_FILES, opens_and_closes);
	mark_all();
	open("/etc/hostname", O_RDONLY);
	mark_all();
}

static void shares_directories(void)
{
	kept = open("/etc/hosts", O_RDONLY);
	with_flags(CLONE_FS, opens_and_closes);
	mark_all();
	close(open("passwd", O_RDONLY));
	kept = open("passwd", O_RDONLY);
	mark_all();
}

static void shares_both(void)
{
	kept = open("/etc/hosts", O_RDONLY);
	with_flags(CLONE_FS | CLONE_FILES, opens_and_closes);
	mark_all();
}

static void unshares(void)
{
	must(unshare(CLONE_FS | CLONE_FILES), "unshare");
	opens_and_closes();
}

static void shares_and_parts(void)
{
	kept = open("/etc/hosts", O_RDONLY);
	with_flags(CLONE_FS | CLONE_FILES, unshares);
	mark_all();
}

static void becomes(void)
{
	must(chdir("/etc"), "/etc");
	become(self, "x");
}

static void shared_over_exec_again(int argc, char **argv)
{
	(void)argc, (void)argv;
	close(kept);
	open("/etc/passwd", O_RDONLY);
	must(chdir("/usr"), "/usr");
	mark_all();
}

/* Descriptors part at an exec, directories do not. */
static void shared_over_exec(void)
{
	open("/etc/hosts", O_RDONLY);
	with_flags(CLONE_FS | CLONE_FILES, becomes);
	mark_all();
}

static void shares_memory(void)
{
	/* the child uses this stack while its parent waits in vfork's way */
	kept = open("/etc/hosts", O_RDONLY);
	with_flags(CLONE_VM | CLONE_VFORK | CLONE_FILES, opens_and_closes);
	mark_all();
}

static void clears_signals(void)
{
	with_flags(CLONE_CLEAR_SIGHAND, mark_all);
	mark_all();
}

static void *a_thread(void *arg)
{
	mark_all();
	return arg;
}

static void *named(void *arg)
{
	prctl(PR_SET_NAME, "renamed here");
	mark_process();
	if (arg) {
		pthread_t t;

		pthread_create(&t, NULL, named, NULL);
		join(t);
	}
	in_child(mark_process);
	return arg;
}

static void of_a_thread(void)
{
	pthread_t t;

	pthread_create(&t, NULL, a_thread, NULL);
	join(t);
	mark_all();
}

static void threads_have_names(void)
{
	pthread_t t;

	pthread_create(&t, NULL, named, self);
	join(t);
	mark_process();
	prctl(PR_SET_NAME, "a name of sixteen");
	mark_process();
	in_child(mark_process);
}

/* ---- pid namespaces ---- */

static void inside(void)
{
	mark_process();
	in_child(mark_process);
	of_a_thread();
}

static void inner_again(void)
{
	become(self, "x");
}

static void new_pid_namespace_again(int argc, char **argv)
{
	(void)argc, (void)argv;
	inside();
	setsid();
	mark_process();
}

static void new_pid_namespace(void)
{
	with_flags(CLONE_NEWPID, inside);
	with_flags(CLONE_NEWPID, inner_again);
	must(unshare(CLONE_NEWPID), "unshare");
	in_child(inside);
	mark_process();
}

static void deeper(void)
{
	mark_process();
	with_flags(CLONE_NEWPID, inside);
}

static void nested_pid_namespaces(void)
{
	with_flags(CLONE_NEWPID, deeper);
	mark_process();
}

static void orphan_in_namespace(void)
{
	const pid_t pid = fork();

	if (pid == 0) {
		say_anew();
		if (fork())
			_exit(0);
		say_anew();
		while (getppid() != 1)
			usleep(1000);
		mark_process();
		say_and_exit(0);
	}
	while (wait(NULL) > 0)
		;
}

static void init_of_namespace(void)
{
	with_flags(CLONE_NEWPID, orphan_in_namespace);
}

/* ---- exec ---- */

static void exec_variants_again(int argc, char **argv)
{
	(void)argc, (void)argv;
	mark_all();
}

static void by_descriptor(void)
{
	fexecve(open(self, O_RDONLY | O_CLOEXEC), become_args("by fd", "x"), environ);
}

static void by_empty_path(void)
{
	CALL(__NR_execveat, open(self, O_PATH | O_CLOEXEC), "", become_args("empty", "x"), environ,
	     AT_EMPTY_PATH);
}

static void by_directory(void)
{
	char dir[4096];

	strcpy(dir, self);
	*strrchr(dir, '/') = 0;
	CALL(__NR_execveat, open(dir, O_RDONLY | O_DIRECTORY), strrchr(self, '/') + 1,
	     become_args("below", "x"), environ, 0);
}

static int copy_to(int out)
{
	const int in = open(self, O_RDONLY);
	char buf[65536];
	ssize_t n;

	while ((n = read(in, buf, sizeof(buf))) > 0)
		must(write(out, buf, (size_t)n), "write");
	close(in);
	return out;
}

static void from_memory(void)
{
	char path[64];

	(void)path;
	fexecve(copy_to((int)must(memfd_create("a program", MFD_CLOEXEC), "memfd")),
		become_args("from memory", "x"), environ);
}

static void by_link(void)
{
	must(symlink(self, "a link"), "symlink");
	execv("./a link", become_args("by a link", "x"));
}

static void by_relative_path(void)
{
	close(copy_to(open("copied", O_WRONLY | O_CREAT, 0755)));
	mkdir("d", 0755);
	must(chdir("d"), "d");
	execv("../d/./../copied", become_args("relative", "x"));
}

static void removed_program(void)
{
	const int fd = copy_to(open("to remove", O_RDWR | O_CREAT, 0755));

	close(fd);
	execv("to remove", become_args("removed", "remove"));
}

static void exec_variants(void)
{
	in_child(by_descriptor);
	in_child(by_empty_path);
	in_child(by_directory);
	in_child(by_link);
	in_child(by_relative_path);
	in_child(removed_program);
	mark_process();
}

static void exec_from_memory_again(int argc, char **argv)
{
	(void)argc, (void)argv;
	mark_fds();
	mark(-1, FIELDS(F("proc.is_exe_from_memfd", "true")));
}

static void exec_from_memory(void)
{
	in_child(from_memory);
}

static void script_again(int argc, char **argv)
{
	(void)argc, (void)argv;
	mark_all();
}

/* The program is its interpreter, which gets the script as an argument. */
static void script(void)
{
	char text[5000];
	const int fd = open("script", O_WRONLY | O_CREAT, 0755);

	snprintf(text, sizeof(text), "#!/bin/bash\nexec -a 'by script' '%s' again %s \"$@\"\n",
		 self, case_name);
	must(write(fd, text, strlen(text)), "script");
	close(fd);
	say_now();
	execl("./script", "not used", "one", "two", NULL);
}

static void failed_exec(void)
{
	char *const args[] = { (char *)"never", NULL };

	execv("/nowhere/at/all", args);
	execv("/etc/passwd", args);
	mark_all();
}

static void *exec_of_thread(void *arg)
{
	usleep(20000);
	execv(self, become_args("of a thread", "x"));
	return arg;
}

static void thread_executes_again(int argc, char **argv)
{
	(void)argc, (void)argv;
	mark_all();
	of_a_thread();
}

static void leader_gone_then_exec(void)
{
	pthread_t t;

	say_now();
	pthread_create(&t, NULL, exec_of_thread, NULL);
	syscall(__NR_exit, 0);
}

static void leader_waits(void)
{
	pthread_t t;

	say_now();
	pthread_create(&t, NULL, exec_of_thread, NULL);
	pause();
}

static void thread_executes(void)
{
	in_child(leader_waits);
	in_child(leader_gone_then_exec);
	mark_process();
}

/* ---- ending ---- */

static void *outlives(void *arg)
{
	usleep(30000);
	mark_all();
	kept = open("/etc/hosts", O_RDONLY);
	mark_fd(kept);
	in_child(mark_all);
	say_and_exit(0);
	return arg;
}

static void leader_ends(void)
{
	pthread_t t;

	pthread_create(&t, NULL, outlives, NULL);
	syscall(__NR_exit, 0);
}

static void leader_ends_first(void)
{
	in_child(leader_ends);
	mark_process();
}

/* An orphan, which is told when its parent has gone. */
static void leaves_orphan(void)
{
	const pid_t parent = getpid();

	if (fork())
		_exit(0);
	say_anew();
	while (getppid() == parent)
		usleep(1000);
	mark_process();
	in_child(mark_process);
	say_and_exit(0);
}

static void collect(void)
{
	in_child(leaves_orphan);
	while (wait(NULL) > 0)
		;
}

static void subreaper(void)
{
	must(prctl(PR_SET_CHILD_SUBREAPER, 1), "subreaper");
	collect();
	mark_process();
}

static void nested_subreapers(void)
{
	must(prctl(PR_SET_CHILD_SUBREAPER, 1), "subreaper");
	in_child(subreaper);
	collect();
	must(prctl(PR_SET_CHILD_SUBREAPER, 0), "subreaper");
}

static void *makes_child(void *arg)
{
	const pid_t pid = fork();

	if (pid == 0) {
		say_anew();
		usleep(30000);		/* its maker is gone, the process is not */
		mark_process();
		say_and_exit(0);
	}
	*(pid_t *)arg = pid;
	return NULL;
}

static void child_of_ended_thread(void)
{
	pthread_t t;
	pid_t pid;

	pthread_create(&t, NULL, makes_child, &pid);
	join(t);
	waitpid(pid, NULL, 0);
	mark_process();
}

static void with_number(pid_t number, void (*f)(void))
{
	pid_t set[1] = { number };
	struct clone_args a = { .exit_signal = SIGCHLD, .set_tid = (uintptr_t)set,
				.set_tid_size = 1 };
	const pid_t pid = clone_by(&a);

	if (pid == 0) {
		say_anew();
		f();
		say_and_exit(0);
	}
	waitpid((int)must(pid, "set_tid"), NULL, 0);
}

static void numbers_again_again(int argc, char **argv)
{
	(void)argc, (void)argv;
	open("/etc/group", O_RDONLY);
	mark_all();
}

static void other_name(void)
{
	prctl(PR_SET_NAME, "second owner");
	mark_all();
}

/* One number, several processes. */
static void numbers_again(void)
{
	pid_t pid = fork();

	if (pid == 0)
		become(self, "x");
	waitpid(pid, NULL, 0);
	kept = open("/etc/hosts", O_RDONLY);
	with_number(pid, other_name);
	close(kept);
	with_number(pid, mark_all);
	with_number(pid, becomes);
}

/* ---- sessions, groups, terminals, control groups ---- */

static void new_session(void)
{
	setsid();
	mark_process();
	in_child(mark_process);
}

static void sessions(void)
{
	in_child(new_session);
	mark_process();
}

static void groups_again(int argc, char **argv)
{
	(void)argc, (void)argv;
	mark_process();
}

static void groups(void)
{
	int go[2];
	pid_t pid;
	char c;

	setpgid(0, 0);
	mark_process();
	must(pipe(go), "pipe");
	pid = fork();
	if (pid == 0) {
		say_anew();
		must(read(go[0], &c, 1), "read");
		mark_process();
		become(self, "x");
	}
	must(setpgid(pid, pid), "setpgid");
	must(write(go[1], "x", 1), "write");
	waitpid(pid, NULL, 0);
	mark_process();
}

static void has_terminal(void)
{
	mark_process();
	in_child(mark_process);
	become(self, "x");
}

static void terminals_again(int argc, char **argv)
{
	(void)argc, (void)argv;
	mark_process();
}

static void on_terminal(void)
{
	const int master = posix_openpt(O_RDWR | O_NOCTTY);
	int slave;

	if (master < 0 || grantpt(master) || unlockpt(master))
		skip("no pseudo terminals");
	setsid();
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	must(ioctl(slave, TIOCSCTTY, 0), "TIOCSCTTY");
	has_terminal();
}

static void terminals(void)
{
	in_child(on_terminal);
	mark_process();
}

static int group_dir = -1;

static void moved_again(int argc, char **argv)
{
	char t[4096];

	(void)argc, (void)argv;
	read_file("/proc/self/cgroup", t, sizeof(t));
	mark(-1, FIELDS(F("thread.cgroup.cpu", getenv("CPU_GROUP"))));
}

static void move_in(void)
{
	char t[32];
	const int fd = openat(group_dir, "cgroup.procs", O_WRONLY);

	snprintf(t, sizeof(t), "%d\n", getpid());
	must(write(fd, t, strlen(t)), "cgroup.procs");
	become(self, "x");
}

static void moved(void)
{
	static const char path[] = "/sys/fs/cgroup/cpu/saker-live";

	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		skip("no cgroups of version 1");
	group_dir = open(path, O_RDONLY | O_DIRECTORY);
	setenv("CPU_GROUP", "/saker-live", 1);
	in_child(move_in);
	close(group_dir);
	rmdir(path);
}

static void into_group_again(int argc, char **argv)
{
	(void)argc, (void)argv;
	mark_all();
}

static void into_group(void)
{
	static const char *const paths[] = { "/sys/fs/cgroup/unified/saker-live",
					     "/sys/fs/cgroup/saker-live" };
	struct clone_args a = { .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD };
	unsigned i = 0;
	pid_t pid;

	while (i < 2 && mkdir(paths[i], 0755) < 0 && errno != EEXIST)
		i++;
	if (i == 2)
		skip("no cgroups of version 2");
	a.cgroup = (unsigned)open(paths[i], O_RDONLY | O_DIRECTORY);
	pid = clone_by(&a);
	if (pid == 0) {
		say_anew();
		mark_all();
		become(self, "x");
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
	rmdir(paths[i]);
	if (pid < 0)
		skip("CLONE_INTO_CGROUP");
	mark_all();
}

static const struct one_case cases[] = {
	CASE(plain_fork), CASE(fork_of_fork), CASE2(vfork_child), CASE2(parent_is_other),
	CASE(shares_files), CASE(shares_directories), CASE(shares_both), CASE(shares_and_parts),
	CASE2(shared_over_exec), CASE(shares_memory), CASE(clears_signals), CASE(of_a_thread),
	CASE(threads_have_names), CASE2(new_pid_namespace), CASE(nested_pid_namespaces),
	CASE(init_of_namespace), CASE2(exec_variants), CASE2(exec_from_memory), CASE2(script),
	CASE(failed_exec), CASE2(thread_executes), CASE(leader_ends_first), CASE(subreaper),
	CASE(nested_subreapers), CASE(child_of_ended_thread), CASE2(numbers_again),
	CASE(sessions), CASE2(groups), CASE2(terminals), CASE2(moved), CASE2(into_group),
	{ NULL, NULL, NULL },
};

int main(int argc, char **argv)
{
	return run_cases(argc, argv, cases);
}
