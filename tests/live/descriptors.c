/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors that are no files, and waiting for them. */
#include "tests/live/live.h"

#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>

#ifndef __NR_memfd_secret
#define __NR_memfd_secret 447
#endif

static void pipes(void)
{
	int ends[2];
	long r;

#ifdef __NR_pipe
	r = CALL(__NR_pipe, ends);
	SAID("pipe", N("res", r), N("fd1", ends[0]), N("fd2", ends[1]), ino_of(ends[0]));
	close(ends[0]);
	close(ends[1]);
	r = CALL(__NR_pipe, 0x10000);
	SAID("pipe", N("res", -EFAULT), NO("fd1"), NO("fd2"), NO("ino"));
#endif
	r = CALL(__NR_pipe2, ends, O_CLOEXEC | O_NONBLOCK);
	SAID("pipe2", N("res", r), N("fd1", ends[0]), N("fd2", ends[1]), ino_of(ends[0]),
	     N("flags", O_CLOEXEC | O_NONBLOCK));
	r = CALL(__NR_write, ends[1], "through", 7);
	SAID("write", N("res", 7), S("data", "through"), N("fd", ends[1]));
	r = CALL(__NR_pipe2, ends, 5);
	SAID("pipe2", N("res", -EINVAL), NO("fd1"), NO("ino"), N("flags", 5));
}

static void counters_and_clocks(void)
{
	struct itimerspec soon = { .it_value.tv_nsec = 1000 };
	uint64_t n = 0x1122334455667788;
	long fd;

#ifdef __NR_eventfd
	SAID("eventfd", N("res", CALL(__NR_eventfd, 3)), N("initval", 3));
#endif
	fd = CALL(__NR_eventfd2, 0xfffffff0u, EFD_CLOEXEC | EFD_NONBLOCK);
	SAID("eventfd2", N("res", fd), N("flags", EFD_CLOEXEC | EFD_NONBLOCK),
	     N("initval", 0xfffffff0u));
	SAID("write", N("res", CALL(__NR_write, fd, &n, 8)), B("data", (char *)&n, 8),
	     N("fd", fd));
	SAID("eventfd2", N("res", CALL(__NR_eventfd2, 0, 0x55)), N("flags", 0x55),
	     N("initval", 0));
	fd = CALL(__NR_timerfd_create, CLOCK_BOOTTIME, TFD_NONBLOCK);
	SAID("timerfd_create", N("res", fd), N("clockid", CLOCK_BOOTTIME),
	     N("flags", TFD_NONBLOCK));
	SAID("timerfd_create", N("res", CALL(__NR_timerfd_create, 99, 0)), N("clockid", 99));
	SAID("syscall", N("nativeID", __NR_timerfd_settime),
	     N("res", CALL(__NR_timerfd_settime, fd, 0, &soon, NULL)), N("a0", fd));
}

static void signals(void)
{
	uint64_t mask = 1 << (SIGUSR1 - 1) | 1 << (SIGCHLD - 1);
	long fd;

	fd = CALL(__NR_signalfd4, -1, &mask, 8, SFD_CLOEXEC);
	SAID("signalfd4", N("res", fd), N("flags", SFD_CLOEXEC), N("fd", -1), N("mask", mask));
#ifdef __NR_signalfd
	mask = 1 << (SIGUSR2 - 1);
	SAID("signalfd", N("res", CALL(__NR_signalfd, fd, &mask, 8)), N("fd", fd),
	     N("mask", mask));
	SAID("signalfd", N("res", CALL(__NR_signalfd, 0, &mask, 8)), N("fd", 0),
	     N("mask", mask));
#endif
	SAID("signalfd4", N("res", CALL(__NR_signalfd4, -1, 0x10000, 8, 0)), NO("mask"));
}

static void watches(void)
{
	long fd, r;

#ifdef __NR_inotify_init
	SAID("inotify_init", N("res", CALL(__NR_inotify_init)));
#endif
	fd = CALL(__NR_inotify_init1, IN_NONBLOCK);
	SAID("inotify_init1", N("res", fd), N("flags", IN_NONBLOCK));
	r = CALL(__NR_inotify_add_watch, fd, ".", IN_CREATE);
	SAID("syscall", N("nativeID", __NR_inotify_add_watch), N("res", r), N("a0", fd),
	     N("a2", IN_CREATE));
	r = CALL(__NR_userfaultfd, O_CLOEXEC | 1);
	SAID("userfaultfd", N("res", r), N("flags", O_CLOEXEC | 1));
	r = CALL(__NR_userfaultfd, 0x40);
	SAID("userfaultfd", N("res", -EINVAL), N("flags", 0x40));
}

static void waits(void)
{
	const long fd = CALL(__NR_eventfd2, 1, 0);
	struct epoll_event ev = { .events = EPOLLIN }, evs[4];
	struct pollfd p[2] = { { .fd = (int)fd, .events = POLLIN },
			{ .fd = 95, .events = POLLOUT } };
	/* As recorded: u16 count; i64 fd, i16 events. */
	unsigned char list[22] = { 2, 0, (unsigned char)fd, 0, 0, 0, 0, 0, 0, 0, POLLIN, 0, 95,
			0, 0, 0,
				   0, 0, 0, 0, POLLNVAL, 0 };
	struct timespec none = { 0, 0 };
	struct { const void *p; size_t len; } set = { NULL, 8 };
	sigset_t block;
	fd_set in;
	long ep, r;

#ifdef __NR_epoll_create
	SAID("epoll_create", N("res", CALL(__NR_epoll_create, 10)), N("size", 10));
	SAID("epoll_create", N("res", CALL(__NR_epoll_create, -1)), N("size", -1));
#endif
	ep = CALL(__NR_epoll_create1, EPOLL_CLOEXEC);
	SAID("epoll_create1", N("res", ep), N("flags", EPOLL_CLOEXEC));
	SAID("epoll_create1", N("res", CALL(__NR_epoll_create1, 3)), N("flags", 3));
	r = CALL(__NR_epoll_ctl, ep, EPOLL_CTL_ADD, fd, &ev);
	SAID("syscall", N("nativeID", __NR_epoll_ctl), N("res", r), N("a0", ep),
	     N("a1", EPOLL_CTL_ADD), N("a2", fd));
#ifdef __NR_epoll_wait
	SAID("epoll_wait", N("res", CALL(__NR_epoll_wait, ep, evs, 4, 0)), N("maxevents", 4),
	     N("epfd", ep));
	SAID("epoll_wait", N("res", CALL(__NR_epoll_wait, ep, evs, -1, 0)), N("maxevents", -1),
	     N("epfd", ep));
#endif
#ifdef __NR_poll
	SAID("poll", N("res", CALL(__NR_poll, p, 2, 0)), B("fds", list, sizeof(list)),
	     N("timeout", 0));
	SAID("poll", N("res", CALL(__NR_poll, p, 2, -1)), B("fds", list, sizeof(list)),
	     N("timeout", -1));
	FD_ZERO(&in);
	FD_SET(fd, &in);
	SAID("select", N("res", CALL(__NR_select, fd + 1, &in, NULL, NULL, NULL)));
#endif
	SAID("ppoll", N("res", CALL(__NR_ppoll, p, 2, &none, NULL, 8)),
	     B("fds", list, sizeof(list)),
	     N("timeout", 0), NO("sigmask"));
	sigemptyset(&block);
	sigaddset(&block, SIGUSR1);
	none.tv_nsec = 1000;
	SAID("ppoll", N("res", CALL(__NR_ppoll, p, 2, &none, &block, 8)),
	     B("fds", list, sizeof(list)),
	     N("sigmask", 1 << (SIGUSR1 - 1)));
	FD_ZERO(&in);
	FD_SET(fd, &in);
	r = CALL(__NR_pselect6, fd + 1, &in, NULL, NULL, &none, &set);
	SAID("syscall", N("nativeID", __NR_pselect6), N("res", r), N("a0", fd + 1));
}

static void memory_files(void)
{
	long fd = CALL(__NR_memfd_create, "a name", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	SAID("memfd_create", N("fd", fd), S("name", "a name"),
	     N("flags", MFD_CLOEXEC | MFD_ALLOW_SEALING),
	     ino_of(fd));
	SAID("memfd_create", N("fd", CALL(__NR_memfd_create, "", 0x4000000)), S("name", ""),
	     N("flags", 0x4000000), NO("ino"));
	fd = CALL(__NR_memfd_secret, 0);
	SAID("syscall", N("nativeID", __NR_memfd_secret), N("res", fd), N("a0", 0));
}

static void processes(void)
{
	const int inner = open("/dev/null", O_RDONLY);
	const long self = getpid();
	long fd, copy;

	fd = CALL(__NR_pidfd_open, self, 0);
	SAID("pidfd_open", N("fd", fd), N("pid", self), N("flags", 0));
	copy = CALL(__NR_pidfd_getfd, fd, inner, 0);
	SAID("pidfd_getfd", N("fd", copy), N("pid_fd", fd), N("target_fd", inner),
	     N("flags", 0));
	SAID("pidfd_getfd", N("fd", CALL(__NR_pidfd_getfd, fd, 12345, 0)), N("pid_fd", fd),
	     N("target_fd", 12345));
	SAID("pidfd_open", N("fd", CALL(__NR_pidfd_open, -7, 0)), N("pid", -7));
	SAID("pidfd_open", N("fd", CALL(__NR_pidfd_open, self, O_NONBLOCK)), N("pid", self),
	     N("flags", O_NONBLOCK));
}

static void rings(void)
{
	struct io_uring_params p = { .flags = IORING_SETUP_CLAMP, .sq_thread_idle = 17 };
	long fd = CALL(__NR_io_uring_setup, 4, &p), r;

	if (fd >= 0)
		SAID("io_uring_setup", N("res", fd), N("entries", 4),
		     N("sq_entries", p.sq_entries),
		     N("cq_entries", p.cq_entries), N("flags", IORING_SETUP_CLAMP),
		     N("sq_thread_cpu", 0),
		     N("sq_thread_idle", 17), N("features", p.features));
	r = CALL(__NR_io_uring_enter, fd, 0, 0, IORING_ENTER_GETEVENTS, NULL, 0);
	SAID("io_uring_enter", N("res", r), N("fd", fd), N("to_submit", 0),
	     N("min_complete", 0),
	     N("flags", IORING_ENTER_GETEVENTS), NO("sig"));
	r = CALL(__NR_io_uring_register, fd, IORING_UNREGISTER_BUFFERS, NULL, 0);
	SAID("io_uring_register", N("res", r), N("fd", fd),
	     N("opcode", IORING_UNREGISTER_BUFFERS),
	     N("arg", 0), N("nr_args", 0));
	r = CALL(__NR_io_uring_setup, 0, &p);
	SAID("io_uring_setup", N("res", r), N("entries", 0), NO("sq_entries"), NO("features"));
}

static void programs(void)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 8,
				.max_entries = 1 };
	const long fd = CALL(__NR_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));

	SAID("bpf", N("fd", fd), N("cmd", BPF_MAP_CREATE));
	SAID("bpf", N("fd", CALL(__NR_bpf, 9999, &attr, sizeof(attr))), N("cmd", 9999));
}

int main(void)
{
	pipes();
	counters_and_clocks();
	signals();
	watches();
	waits();
	memory_files();
	processes();
	rings();
	programs();
	say_now();
	return 0;
}
