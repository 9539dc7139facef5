/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors: how they are made, copied, handed on and closed. */
#include "tests/live/case.h"

#include <linux/bpf.h>
#include <linux/close_range.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

static int a_file(const char *name)
{
	return (int)must(open(name, O_RDONLY), name);
}

/* ---- copies ---- */

static void dup_family(void)
{
	const int fd = a_file("/etc/hosts"), other = a_file("/etc/group");

	dup(fd);
	dup2(fd, 40);
	dup2(fd, other);		/* another one goes */
	dup2(fd, fd);
	dup3(other, 41, O_CLOEXEC);
	must(dup2(777, fd) < 0 ? 0 : -1, "dup2 of none");
	must(dup3(fd, fd, 0) < 0 ? 0 : -1, "dup3 onto itself");
	mark_fds();
}

static void fcntl_family(void)
{
	const int fd = a_file("/etc/hosts");

	fcntl(fd, F_DUPFD, 50);
	fcntl(fd, F_DUPFD, 50);
	fcntl(fd, F_DUPFD_CLOEXEC, 60);
	must(fcntl(fd, F_DUPFD, 1 << 30) < 0 ? 0 : -1, "F_DUPFD");
	fcntl(fd, F_SETFL, O_NONBLOCK);
	mark_fds();
}

static void closing(void)
{
	const int fd = a_file("/etc/hosts");

	close(fd);
	mark_closed(fd);
	close(fd);
	must(a_file("/etc/group") == fd ? 0 : -1, "the number again");
	mark_fds();
}

/* As openpty(3) opens one for a shell: no call has its name. */
static void terminal(void)
{
	const int master = (int)must(open("/dev/ptmx", O_RDWR | O_NOCTTY), "ptmx"), unlocked = 0;
	int fd;

	ioctl(master, TIOCSPTLCK, &unlocked);
	fd = (int)must(ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY), "TIOCGPTPEER");
	must(ioctl(a_file("/etc/hosts"), TIOCGPTPEER, 0) < 0 ? 0 : -1, "TIOCGPTPEER of a file");
	dup2(fd, 45);
	must(ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC), "TIOCGPTPEER");
	mark_fds();
}

static void fill(int from, int to)
{
	const int fd = a_file("/etc/hosts");

	for (int i = from; i <= to; i++)
		dup2(fd, i);
	close(fd);
}

static void close_ranges(void)
{
	fill(30, 60);
	CALL(__NR_close_range, 35, 40, 0);
	mark_closed(35);
	mark_closed(40);
	mark_fds();
	CALL(__NR_close_range, 50, 100, 0);
	must(CALL(__NR_close_range, 60, 50, 0) < 0 ? 0 : -1, "the wrong way round");
	mark_fds();
}

static void ranges_over_exec_again(int argc, char **argv)
{
	(void)argc, (void)argv;
	mark_closed(45);
	mark_fds();
}

static void ranges_over_exec(void)
{
	fill(30, 50);
	CALL(__NR_close_range, 40, 48, CLOSE_RANGE_CLOEXEC);
	fcntl(47, F_SETFD, 0);
	fcntl(33, F_SETFD, FD_CLOEXEC);
	mark_fds();
	become(self, "x");
}

static void parts(void)
{
	CALL(__NR_close_range, 40, 48, CLOSE_RANGE_UNSHARE);
	a_file("/etc/group");
	mark_fds();
}

static void ranges_part(void)
{
	struct clone_args a = { .flags = CLONE_FILES, .exit_signal = SIGCHLD };
	pid_t pid;

	fill(38, 50);
	pid = (pid_t)CALL(__NR_clone3, &a, sizeof(a));
	if (pid == 0) {
		say_anew();
		parts();
		say_and_exit(0);
	}
	waitpid(pid, NULL, 0);
	mark_fds();
}

static void over_exec_again(int argc, char **argv)
{
	(void)argc, (void)argv;
	mark_closed(71);
	mark_fds();
}

static void over_exec(void)
{
	int pipes[2];

	must(pipe2(pipes, O_CLOEXEC), "pipe2");
	must(pipe(pipes), "pipe");
	fcntl(a_file("/etc/hosts"), F_DUPFD, 70);
	open("/etc/group", O_RDONLY | O_CLOEXEC);
	fcntl(70, F_DUPFD_CLOEXEC, 71);
	dup3(70, 72, O_CLOEXEC);
	dup2(72, 73);		/* the copy has no mark */
	memfd_create("stays", 0);
	memfd_create("goes", MFD_CLOEXEC);
	eventfd(0, EFD_CLOEXEC);
	eventfd(0, 0);
	epoll_create1(EPOLL_CLOEXEC);
	timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	inotify_init1(IN_CLOEXEC);
	mark_fds();
	become(self, "x");
}

static void high_numbers(void)
{
	const int fd = a_file("/etc/hosts");

	dup2(fd, 890);
	dup2(fd, 300);
	dup2(a_file("/etc/group"), 511);
	mark_fds();
	close(300);
	mark_closed(300);
	in_child(mark_fds);
}

static void *worker(void *arg)
{
	close(*(int *)arg);
	*(int *)arg = a_file("/etc/group");
	mark_fds();
	return arg;
}

static void of_all_threads(void)
{
	int fd = a_file("/etc/hosts");
	pthread_t t;

	pthread_create(&t, NULL, worker, &fd);
	join(t);
	mark_fds();
}

static void *apart(void *arg)
{
	must(unshare(CLONE_FILES), "unshare");
	close(*(int *)arg);
	a_file("/etc/group");
	a_file("/etc/hostname");
	mark_fds();
	in_child(mark_fds);
	return arg;
}

static void thread_apart(void)
{
	int fd = a_file("/etc/hosts");
	pthread_t t;

	pthread_create(&t, NULL, apart, &fd);
	join(t);
	mark_fds();
}

/* ---- without a file ---- */

static void pipes(void)
{
	int p[2];

	must(pipe(p), "pipe");
	must(pipe2(p, O_NONBLOCK | O_CLOEXEC), "pipe2");
	must(pipe2(p, O_DIRECT), "pipe2");
	mark_fds();
	in_child(mark_fds);
}

static void fifos(void)
{
	int fd;

	must(mkfifo("fifo", 0600), "mkfifo");
	fd = open("fifo", O_RDWR);
	mark(fd, FIELDS(F("fd.name", NULL)) + 1);
	close(fd);
	mark_fds();
}

static void anonymous(void)
{
	sigset_t none;
	int fd;

	sigemptyset(&none);
	eventfd(3, EFD_NONBLOCK);
	timerfd_create(CLOCK_REALTIME, 0);
	fd = signalfd(-1, &none, 0);
	must(signalfd(fd, &none, 0) == fd ? 0 : -1, "signalfd again");
	inotify_init1(IN_NONBLOCK);
	epoll_create1(0);
	mark_fds();
}

static void userfault(void)
{
	if (syscall(__NR_userfaultfd, O_CLOEXEC) < 0)
		skip("userfaultfd");
	mark_fds();
}

static void ring(void)
{
	struct io_uring_params p = {0};

	if (syscall(__NR_io_uring_setup, 4, &p) < 0)
		skip("io_uring");
	mark_fds();
}

static void maps(void)
{
	union bpf_attr a = { .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4,
			     .max_entries = 1 };
	const long fd = CALL(__NR_bpf, BPF_MAP_CREATE, &a, sizeof(a));

	if (fd < 0)
		skip("bpf");
	mark(fd, FIELDS(F("fd.type", "bpf")));
	close((int)fd);
	mark_closed(fd);
}

/* Kinds that have no event of their own take the place of what was known. */
static void others(void)
{
	struct perf_event_attr a = { .type = PERF_TYPE_SOFTWARE, .size = sizeof(a),
				     .config = PERF_COUNT_SW_CPU_CLOCK };
	const int fd = a_file("/etc/hosts");
	long got;

	close(fd);
	got = CALL(__NR_perf_event_open, &a, 0, -1, -1, 0);
	if (got >= 0)
		mark(got, FIELDS(F("fd.name", NULL)) + 1);
	close((int)got);
	got = CALL(__NR_fanotify_init, 0, O_RDONLY);
	close((int)got);
	a_file("/etc/group");
	mark_fds();
}

static void memory(void)
{
	const int fd = memfd_create("one", MFD_ALLOW_SEALING);

	memfd_create("", 0);
	memfd_create("with / and blanks", MFD_CLOEXEC);
	dup(fd);
	mark_fds();
	in_child(mark_fds);
}

/* ---- from elsewhere ---- */

static void send_fds(int sock, const int *fds, int n)
{
	char room[CMSG_SPACE(sizeof(int) * 253)] = {0}, c = 'x';
	struct iovec v = { &c, 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = room,
			    .msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)n) };
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);

	h->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)n);
	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_RIGHTS;
	memcpy(CMSG_DATA(h), fds, sizeof(int) * (size_t)n);
	must(sendmsg(sock, &m, 0), "sendmsg");
}

static void receive_fds(int sock, int flags)
{
	char room[CMSG_SPACE(sizeof(int) * 253)], c;
	struct iovec v = { &c, 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = room,
			    .msg_controllen = sizeof(room) };

	must(recvmsg(sock, &m, flags), "recvmsg");
}

static int pair[2];

static void receives(void)
{
	receive_fds(pair[1], 0);
	receive_fds(pair[1], MSG_CMSG_CLOEXEC);
	mark_fds();
}

static void handed_on(void)
{
	int fds[30], p[2];

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
	must(pipe(p), "pipe");
	for (int i = 0; i < 30; i++)
		fds[i] = i % 3 ? i % 5 ? a_file("/etc/hosts") : a_file("/etc/group") : p[i % 2];
	send_fds(pair[0], fds, 3);
	send_fds(pair[0], fds, 30);
	close(fds[1]);
	in_child(receives);
	mark_fds();
}

static void many_handed_on(void)
{
	int fds[253];

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
	for (int i = 0; i < 253; i++)
		fds[i] = i % 2 ? 0 : 2;
	fds[252] = a_file("/etc/hosts");
	send_fds(pair[0], fds, 253);
	receive_fds(pair[1], 0);
	mark_fds();
}

static void wait_in_child(void)
{
	char c;

	a_file("/etc/hosts");
	a_file("/etc/group");
	must(write(pair[1], "x", 1), "write");
	must(read(pair[1], &c, 1), "read");
}

static void fetched(void)
{
	pid_t pid;
	int fd;
	char c;

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
	pid = fork();
	if (pid == 0) {
		say_anew();
		wait_in_child();
		say_and_exit(0);
	}
	must(read(pair[0], &c, 1), "read");
	fd = (int)must(CALL(__NR_pidfd_open, pid, 0), "pidfd_open");
	CALL(__NR_pidfd_getfd, fd, pair[1] + 1, 0);
	CALL(__NR_pidfd_getfd, fd, pair[1] + 2, 0);
	must(CALL(__NR_pidfd_getfd, fd, 555, 0) < 0 ? 0 : -1, "pidfd_getfd");
	mark_fds();
	must(write(pair[0], "x", 1), "write");
	waitpid(pid, NULL, 0);
}

static void pidfd_of_clone(void)
{
	int fd = -1;
	struct clone_args a = { .flags = CLONE_PIDFD, .exit_signal = SIGCHLD,
				.pidfd = (uintptr_t)&fd };
	const int file = a_file("/etc/hosts");
	pid_t pid;

	close(file);
	pid = (pid_t)CALL(__NR_clone3, &a, sizeof(a));
	if (pid == 0) {
		say_anew();
		mark_fds();
		say_and_exit(0);
	}
	waitpid((int)must(pid, "clone3"), NULL, 0);
	close(fd);		/* that it was opened no event tells */
	mark_fds();
}

static const struct one_case cases[] = {
	CASE(dup_family), CASE(fcntl_family), CASE(closing), CASE(terminal),
	CASE(close_ranges),
	CASE2(ranges_over_exec), CASE(ranges_part), CASE2(over_exec), CASE(high_numbers),
	CASE(of_all_threads), CASE(thread_apart), CASE(pipes), CASE(fifos), CASE(anonymous),
	CASE(userfault), CASE(ring), CASE(maps), CASE(others), CASE(memory), CASE(handed_on),
	CASE(many_handed_on), CASE(fetched), CASE(pidfd_of_clone),
	{ NULL, NULL, NULL },
};

int main(int argc, char **argv)
{
	return run_cases(argc, argv, cases);
}
