/* SPDX-License-Identifier: Apache-2.0 */
/* Programs of many cases, each in a process of its own that says at marked calls what it is
 * (mark.h).  A case that executes something is told its name again and what comes next.  What
 * cannot be tried here says why: skip(). */
#ifndef SAKER_TESTS_CASE_H
#define SAKER_TESTS_CASE_H

#include "tests/live/mark.h"

#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>

enum { COUNTER_FD = 900, PROC_FD = 901 };

struct one_case {
	const char *name;
	void (*run)(void);
	void (*again)(int argc, char **argv);	/* after become() */
};

#define CASE(name) { #name, name, NULL }
#define CASE2(name) { #name, name, name##_again }

/* ---- what is true ---- */

static UNUSED const char *status_of(const char *status, const char *key)
{
	const char *p = strstr(status, key);

	return p ? p + strlen(key) : "";
}

static UNUSED long last_number(const char *p)
{
	long n = -1;

	for (; *p && *p != '\n'; p++)
		if (*p >= '0' && *p <= '9') {
			char *end;

			n = strtol(p, &end, 10);
			p = end - 1;
		}
	return n;
}

static const char *const cap_names[] = {
	"CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID",
	"SETPCAP", "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW",
	"IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT",
	"SYS_ADMIN", "SYS_BOOT", "SYS_NICE", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD",
	"LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG",
	"WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF", "CHECKPOINT_RESTORE",
};

static UNUSED void put_caps(const char *field, unsigned long long bits)
{
	char t[1200] = "";

	for (unsigned i = 0; i < sizeof(cap_names) / sizeof(cap_names[0]); i++)
		if (bits >> i & 1) {
			strcat(t, t[0] ? " CAP_" : "CAP_");
			strcat(t, cap_names[i]);
		}
	put_field(field, t);
}

/* Beyond put_process: numbers in namespaces, rights, terminal, threads. */
static UNUSED void put_rest(void)
{
	char status[8192], stat[1024], *p;
	long pgid, sid, tty;

	read_file("/proc/thread-self/status", status, sizeof(status));
	put_number("thread.vtid", last_number(status_of(status, "\nNSpid:")));
	put_number("proc.vpid", last_number(status_of(status, "\nNStgid:")));
	put_caps("thread.cap_effective", strtoull(status_of(status, "\nCapEff:"), NULL, 16));
	put_caps("thread.cap_permitted", strtoull(status_of(status, "\nCapPrm:"), NULL, 16));
	put_caps("thread.cap_inheritable", strtoull(status_of(status, "\nCapInh:"), NULL, 16));
	read_file("/proc/self/stat", stat, sizeof(stat));
	p = strrchr(stat, ')');
	/* a leader that has ended counts there */
	if (p && p[2] != 'Z')
		put_number("proc.nthreads", last_number(status_of(status, "\nThreads:")));
	if (p && sscanf(p + 2, "%*c %*d %ld %ld %ld", &pgid, &sid, &tty) == 3) {
		put_number("proc.sid", sid);
		put_number("proc.pgid", pgid);
		put_number("proc.tty", tty);
	}
}

/* An open descriptor, whatever it is. */
static UNUSED void mark_fd(long fd)
{
	static const char *const anon[][2] = {
		{ "[eventfd]", "event" }, { "[signalfd]", "signalfd" },
		{ "[eventpoll]", "eventpoll" }, { "inotify", "inotify" },
		{ "[timerfd]", "timerfd" }, { "[userfaultfd]", "userfaultfd" },
		{ "[pidfd]", "pidfd" }, { "[io_uring]", "io_uring" },
	};
	char path[64], link[8192], *p;
	struct stat st;

	snprintf(path, sizeof(path), "/proc/thread-self/fd/%ld", fd);
	read_link(path, link, sizeof(link));
	p = strstr(link, " (deleted)");
	if (p)
		*p = 0;
	if (!strncmp(link, "/memfd:", 7)) {
		mark(fd, FIELDS(F("fd.name", link + 7), F("fd.type", "memfd")));
	} else if (link[0] == '/') {
		fstat((int)fd, &st);
		if (S_ISDIR(st.st_mode) && !(fcntl((int)fd, F_GETFL) & O_DIRECTORY))
			mark(fd, FIELDS(F("fd.name", link)));
		else
			mark(fd, FIELDS(F("fd.name", link), F("fd.type", S_ISDIR(st.st_mode)
							       ? "directory" : "file")));
	} else if (!strncmp(link, "pipe:[", 6)) {
		link[strlen(link) - 1] = 0;
		mark(fd, FIELDS(F("fd.type", "pipe"), F("fd.ino", link + 6)));
	} else if (!strncmp(link, "anon_inode:", 11)) {
		for (unsigned i = 0; i < sizeof(anon) / sizeof(anon[0]); i++)
			if (!strcmp(link + 11, anon[i][0]))
				mark(fd, FIELDS(F("fd.type", anon[i][1])));
	}
}

/* All that is open, and a number that is not. */
static UNUSED void mark_fds(void)
{
	const int dir = openat(PROC_FD, "thread-self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *const d = fdopendir(dir);
	const struct dirent *e;
	long fds[256];
	int n = 0;

	while (d && (e = readdir(d)) && n < 256)
		if (e->d_name[0] != '.' && atol(e->d_name) != dir && atol(e->d_name) < COUNTER_FD)
			fds[n++] = atol(e->d_name);
	if (d)
		closedir(d);
	for (int i = 0; i < n; i++)
		mark_fd(fds[i]);
	mark_closed(899);
}

static UNUSED void mark_all(void)
{
	mark_process();
	mark_fds();
}

/* ---- processes ---- */

static UNUSED _Noreturn void skip(const char *why)
{
	char t[300];

	snprintf(t, sizeof(t), "{\"skip\":\"%s\",\"why\":\"%s\"}\n", case_name, why);
	say_anew();
	say_text(t);
	say_and_exit(0);
}

/* A child that runs f and ends; its parent waits for it. */
static UNUSED void in_child(void (*f)(void))
{
	int status = 0;
	const pid_t pid = fork();

	if (pid == 0) {
		say_anew();
		f();
		say_and_exit(0);
	}
	waitpid(pid, &status, 0);
	if (status) {
		fprintf(stderr, "%s: a child ended with %x\n", case_name, status);
		exit(2);
	}
}

/* Until the kernel does not count it any more either. */
static UNUSED void join(pthread_t t)
{
	pthread_join(t, NULL);
	usleep(10000);
}

/* Another program of this file, which goes on in the case's again(). */
static UNUSED char *const *become_args(const char *as, const char *step)
{
	static char *args[5];

	args[0] = (char *)as;
	args[1] = (char *)"again";
	args[2] = (char *)case_name;
	args[3] = (char *)step;
	args[4] = NULL;
	return args;
}

static UNUSED _Noreturn void become(const char *path, const char *step)
{
	say_now();
	execv(path, become_args("another name", step));
	_exit(9);
}

static UNUSED void place(int fd, int at)
{
	must(dup3(fd, at, 0), "dup3");
	close(fd);
}

static UNUSED int run_cases(int argc, char **argv, const struct one_case *cases)
{
	put_more = put_rest;
	if (argc > 2 && !strcmp(argv[1], "again")) {
		counter = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, COUNTER_FD, 0);
		proc_fd = PROC_FD;
		case_name = argv[2];
		read_link("/proc/self/exe", self, sizeof(self));
		for (; cases->name; cases++)
			if (!strcmp(cases->name, argv[2]))
				cases->again(argc - 3, argv + 3);
		say_and_exit(0);
	}
	read_link("/proc/self/exe", self, sizeof(self));
	place((int)must(memfd_create("counter", 0), "memfd"), COUNTER_FD);
	must(ftruncate(COUNTER_FD, 4096), "ftruncate");
	place((int)must(open("/proc", O_PATH | O_DIRECTORY), "/proc"), PROC_FD);
	proc_fd = PROC_FD;
	counter = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, COUNTER_FD, 0);
	for (; cases->name; cases++) {
		case_name = cases->name;
		if (argc > 1 && strcmp(argv[1], case_name))
			continue;
		must(mkdir(case_name, 0777) < 0 && errno != EEXIST ? -1 : 0, case_name);
		if (fork() == 0) {
			must(chdir(case_name), case_name);
			if (!getcwd(here, sizeof(here)))
				_exit(2);
			say_anew();
			cases->run();
			say_and_exit(0);
		}
		wait(NULL);
	}
	return 0;
}

#endif
