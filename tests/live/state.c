/* SPDX-License-Identifier: Apache-2.0 */
/* What a process is and what it has open, as /proc tells it at marked calls: replaying the
 * recording must tell the same.  With the argument "later" everything is set up first,
 * then it waits for a file "go": the recorder starts in between and knows only what
 * it found. */
#include "tests/live/mark.h"

#include <arpa/inet.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/un.h>

/* ---- Set up: fds, sockets, other processes ---- */

static struct {
	int file, dir, copy, early, memfd, pipes[2], event, timer, epoll, signal, inotify;
	int listen, client, server, udp, udp6, un[2];
	char tcp[128], udp_name[128];
	char cip[32], sip[32], cport[16], sport[16];
} has;

static void open_all(void)
{
	sigset_t none;

	sigemptyset(&none);
	mkdir("sub", 0755);
	mkdir("sub/deeper", 0755);
	has.dir = open("sub/deeper/..", O_RDONLY | O_DIRECTORY);
	has.file = openat(has.dir, "deeper/../a file", O_RDWR | O_CREAT, 0600);
	has.copy = dup(has.file);
	has.early = open("/etc/hosts", O_RDONLY);
	has.early = fcntl(has.early, F_DUPFD_CLOEXEC, 200);
	has.memfd = memfd_create("in memory", 0);
	must(pipe(has.pipes), "pipe");
	has.event = eventfd(0, 0);
	has.timer = timerfd_create(CLOCK_MONOTONIC, 0);
	has.epoll = epoll_create1(0);
	has.signal = signalfd(-1, &none, 0);
	has.inotify = inotify_init1(0);
}

static void connect_all(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
			.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in c;
	socklen_t len = sizeof(a);

	has.listen = socket(AF_INET, SOCK_STREAM, 0);
	must(bind(has.listen, (void *)&a, len), "bind");
	must(listen(has.listen, 3), "listen");
	must(getsockname(has.listen, (void *)&a, &len), "getsockname");
	has.client = socket(AF_INET, SOCK_STREAM, 0);
	must(connect(has.client, (void *)&a, len), "connect");
	must(getsockname(has.client, (void *)&c, &len), "getsockname");
	has.server = accept4(has.listen, NULL, NULL, 0);
	snprintf(has.cip, sizeof(has.cip), "%s", inet_ntoa(c.sin_addr));
	snprintf(has.sip, sizeof(has.sip), "%s", inet_ntoa(a.sin_addr));
	snprintf(has.cport, sizeof(has.cport), "%d", ntohs(c.sin_port));
	snprintf(has.sport, sizeof(has.sport), "%d", ntohs(a.sin_port));
	snprintf(has.tcp, sizeof(has.tcp), "%s:%s->%s:%s", has.cip, has.cport, has.sip,
	has.sport);
	has.udp = socket(AF_INET, SOCK_DGRAM, 0);
	must(connect(has.udp, (void *)&a, len), "connect");
	must(getsockname(has.udp, (void *)&c, &len), "getsockname");
	snprintf(has.udp_name, sizeof(has.udp_name), "127.0.0.1:%d->127.0.0.1:%s",
		 ntohs(c.sin_port), has.sport);
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, has.un), "socketpair");
}

static void mark_all(void)
{
	mark_process();
	mark_file(has.file, "file");
	mark_file(has.dir, "directory");
	mark_file(has.copy, "file");
	mark_file(has.early, "file");
	mark(has.memfd, FIELDS(F("fd.type", "memfd")));
	mark(has.pipes[0], FIELDS(F("fd.type", "pipe")));
	mark(has.pipes[1], FIELDS(F("fd.type", "pipe")));
	mark(has.event, FIELDS(F("fd.type", "event")));
	mark(has.timer, FIELDS(F("fd.type", "timerfd")));
	mark(has.epoll, FIELDS(F("fd.type", "eventpoll")));
	mark(has.signal, FIELDS(F("fd.type", "signalfd")));
	mark(has.inotify, FIELDS(F("fd.type", "inotify")));
	mark(has.client, FIELDS(F("fd.name", has.tcp), F("fd.type", "ipv4"),
	F("fd.l4proto", "tcp"),
				F("fd.cip", has.cip), F("fd.sip", has.sip),
				F("fd.cport", has.cport),
				F("fd.sport", has.sport)));
	mark(has.server, FIELDS(F("fd.name", has.tcp), F("fd.type", "ipv4"),
	F("fd.l4proto", "tcp"),
				F("fd.cip", has.cip), F("fd.sip", has.sip),
				F("fd.cport", has.cport),
				F("fd.sport", has.sport), F("fd.is_server", "true")));
	mark(has.udp, FIELDS(F("fd.name", has.udp_name), F("fd.type", "ipv4"),
	F("fd.l4proto", "udp")));
	mark(has.un[0], FIELDS(F("fd.type", "unix")));
	mark(has.un[1], FIELDS(F("fd.type", "unix")));
	mark_closed(555);
}

static void *waiting_thread(void *arg)
{
	touch("thread-ready");
	wait_for("go");
	mark_process();
	mark_file(has.file, "file");
	return arg;
}

/* A child, and an orphan: its parent has gone, somebody else is its parent now. */
static void waiting_processes(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		say_anew();
		must(chdir("sub"), "sub");
		close(has.file);
		touch("../child-ready");
		wait_for("go");
		mark_process();
		mark_file(has.dir, "directory");
		say_and_exit(0);
	}
	pid = fork();
	if (pid == 0) {
		const pid_t parent = getpid();

		say_anew();
		if (fork())
			syscall(__NR_exit_group, 0);
		setsid();
		while (getppid() == parent)
			usleep(1000);
		touch("orphan-ready");
		wait_for("go");
		mark_process();
		mark_file(has.file, "file");
		say_and_exit(0);
	}
	waitpid(pid, &status, 0);
	wait_for("child-ready");
	wait_for("orphan-ready");
}

/* ---- What changes while it is recorded ---- */

static void directories(void)
{
	int fd;

	must(chdir("sub/deeper/"), "sub/deeper");
	mark_process();
	fd = open("../../other", O_RDWR | O_CREAT, 0600);
	mark_file(fd, "file");
	close(fd);
	must(chdir("./../.."), "../..");
	mark_process();
	must(fchdir(has.dir), "fchdir");
	mark_process();
	fd = openat(has.dir, "..", O_PATH | O_DIRECTORY);
	mark_file(fd, "directory");
	close(fd);
	must(chdir("/"), "/");
	mark_process();
	fd = open("etc//./passwd", O_RDONLY);
	mark_file(fd, "file");
	close(fd);
	must(chdir(here), here);
	must(chdir("/nowhere/at/all") < 0 ? 0 : -1, "chdir");
	mark_process();
}

static void copies(void)
{
	int fd = open("/etc/passwd", O_RDONLY), other, got;

	other = dup2(fd, 300);
	mark_file(other, "file");
	close(fd);
	mark_file(other, "file");
	fd = open("/etc/group", O_RDONLY);
	mark_file(fd, "file");
	dup3(fd, 300, O_CLOEXEC);
	mark_file(300, "file");
	got = fcntl(fd, F_DUPFD, 310);
	mark_file(got, "file");
	close_range(300, 400, 0);
	mark_file(fd, "file");
	/* The number of a closed one is given again. */
	close(fd);
	other = open("/etc", O_RDONLY | O_DIRECTORY);
	mark_file(other, "directory");
	close(other);
}

static void *opening_thread(void *arg)
{
	*(int *)arg = open("/etc/hosts", O_RDONLY);
	must(chdir("sub"), "sub");
	mark_file(*(int *)arg, "file");
	return NULL;
}

static void threads(void)
{
	pthread_t t;
	int fd;

	pthread_create(&t, NULL, opening_thread, &fd);
	pthread_join(t, NULL);
	mark_file(fd, "file");
	must(chdir(here), here);
	mark_process();
	close(fd);
}

static void *executing_thread(void *arg)
{
	char *args[] = { "from-a-thread", "again", arg, NULL };

	execv(self, args);
	_exit(9);
}

enum how { BY_FORK, BY_VFORK, BY_THREAD, BY_SHARING };

/* Becomes another program that has what it inherits; it marks itself (again()). */
static void executes(enum how how)
{
	const int kept = open("/etc/passwd", O_RDONLY);
	const int lost = fcntl(kept, F_DUPFD_CLOEXEC, 210);
	char fds[64];
	char *args[] = { "an other name", "again", fds, "with two words", NULL };
	struct clone_args share = { .flags = CLONE_FILES | CLONE_FS, .exit_signal = SIGCHLD };
	pthread_t t;
	pid_t pid;
	int status;

	snprintf(fds, sizeof(fds), "%d,%d,%d,%d,%d", kept, lost, *counter + 20, has.client,
	has.early);
	say_now();
	if (how == BY_VFORK)
		pid = vfork();
	else if (how == BY_SHARING)
		pid = (pid_t)CALL(__NR_clone3, &share, sizeof(share));
	else
		pid = fork();
	if (pid == 0) {
		if (how == BY_THREAD) {
			pthread_create(&t, NULL, executing_thread, fds);
			pthread_join(t, NULL);
		}
		execv(self, args);
		_exit(9);
	}
	waitpid(pid, &status, 0);
	*counter += 40;
	mark_file(kept, "file");
	mark_file(lost, "file");
	close(kept);
	close(lost);
}

/* What was executed: one descriptor is there, one is not, and the connection too. */
static int again(const char *fds)
{
	static int own;
	int kept, lost, client, early;

	counter = &own;
	if (sscanf(fds, "%d,%d,%d,%d,%d", &kept, &lost, &own, &client, &early) != 5)
		return 3;
	mark_file(kept, "file");
	mark(client, FIELDS(F("fd.type", "ipv4"), F("fd.l4proto", "tcp")));
	mark_closed(lost);
	mark_closed(early);
	say_and_exit(fcntl(lost, F_GETFD) < 0 ? 0 : 4);
}

static void identities(void)
{
	int status;
	const pid_t pid = fork();

	if (pid == 0) {
		say_anew();
		mark_process();
		setsid();
		mark_process();
		must(setresgid(7, 8, 9), "setresgid");
		mark_process();
		must(setresuid(11, 12, 13), "setresuid");
		mark_process();
		say_and_exit(0);
	}
	waitpid(pid, &status, 0);
}

static void orphans(void)
{
	int status, go[2];
	pid_t pid;

	must(pipe(go), "pipe");
	pid = fork();
	if (pid == 0) {
		const pid_t parent = getpid();

		say_anew();
		if (fork()) {
			wait_for("marked");
			syscall(__NR_exit_group, 0);
		}
		mark_process();
		touch("marked");
		while (getppid() == parent)
			usleep(1000);
		mark_process();
		say_and_exit(0);
	}
	close(go[1]);
	waitpid(pid, &status, 0);
	/* The orphan has the pipe open until it ends. */
	must(read(go[0], &status, 1), "read");
	close(go[0]);
}

static void changes(void)
{
	directories();
	copies();
	threads();
	executes(BY_FORK);
	executes(BY_VFORK);
	executes(BY_THREAD);
	executes(BY_SHARING);
	identities();
	orphans();
}

int main(int argc, char **argv)
{
	pthread_t t;
	int status;

	if (argc > 2 && !strcmp(argv[1], "again"))
		return again(argv[2]);
	read_link("/proc/self/exe", self, sizeof(self));
	if (!getcwd(here, sizeof(here)))
		return 2;
	counter = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	open_all();
	connect_all();
	if (argc < 2)
		touch("go");
	pthread_create(&t, NULL, waiting_thread, NULL);
	waiting_processes();
	wait_for("thread-ready");
	touch("ready");
	wait_for("go");
	mark_all();
	pthread_join(t, NULL);
	while (wait(&status) > 0)
		;
	changes();
	say_now();
	return 0;
}
