/* SPDX-License-Identifier: Apache-2.0 */
/* Marked calls of a program that says at each what /proc tells of it.  A mark is
 * lseek(fd, MARK + n, 77), which fails; what is said is
 *   {"mark":MARK + n,"fields":{"proc.ppid":"1",...}}
 * where null stands for a field that must be absent. */
#ifndef SAKER_TESTS_MARK_H
#define SAKER_TESTS_MARK_H

#include "tests/live/live.h"

enum { MARK = 7000000 };

static UNUSED int *counter;		/* marks so far, of all processes */
static UNUSED char self[4096], here[2048];
static UNUSED const char *case_name;	/* NULL: the program has none */
static UNUSED int proc_fd = -1;		/* /proc, where it can be out of sight */
static UNUSED void (*put_more)(void);	/* says more of the process */

struct field {
	const char *name, *value;
};

#define F(name, value) { name, value }
#define END { NULL, NULL }
#define FIELDS(...) ((const struct field[]){ __VA_ARGS__ __VA_OPT__(,) END })

/* Paths of /proc relative to its descriptor, if there is one. */
static UNUSED const char *in_proc(const char *path, int *dir)
{
	*dir = AT_FDCWD;
	if (proc_fd < 0 || strncmp(path, "/proc/", 6) != 0)
		return path;
	*dir = proc_fd;
	return path + 6;
}

static UNUSED size_t read_file(const char *path, char *out, size_t size)
{
	int dir;
	const char *const name = in_proc(path, &dir);
	const int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, out, size - 1);

	out[n < 0 ? 0 : n] = 0;
	if (fd >= 0)
		close(fd);
	return n < 0 ? 0 : (size_t)n;
}

static UNUSED void read_link(const char *path, char *out, size_t size)
{
	int dir;
	const char *const name = in_proc(path, &dir);
	const ssize_t n = readlinkat(dir, name, out, size - 1);

	out[n < 0 ? 0 : n] = 0;
}

static UNUSED void put_field(const char *name, const char *value)
{
	char t[80];

	snprintf(t, sizeof(t), "%s\"%s\":", said.text[said.len - 1] == '{' ? "" : ",", name);
	say_text(t);
	if (value)
		say_bytes((const unsigned char *)value, strlen(value));
	else
		say_text("null");
}

static UNUSED void put_number(const char *name, long value)
{
	char t[32];

	snprintf(t, sizeof(t), "%ld", value);
	put_field(name, t);
}

/* Name of a thread, without its newline. */
static UNUSED void comm_of(long pid, char *out, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%ld/comm", pid);
	read_file(path, out, size);
	out[strcspn(out, "\n")] = 0;
}

/* Number of the thread, its process and the parent where /proc was mounted. */
static UNUSED void put_ids(void)
{
	char t[4096], *task;
	long ppid = 0;

	read_link("/proc/thread-self", t, sizeof(t));
	put_number("proc.pid", atol(t));
	task = strrchr(t, '/');
	put_number("thread.tid", task ? atol(task + 1) : 0);
	read_file("/proc/self/stat", t, sizeof(t));
	task = strrchr(t, ')');
	if (task)
		sscanf(task + 2, "%*c %ld", &ppid);
	put_number("proc.ppid", ppid);
	comm_of(ppid, t, sizeof(t));
	put_field("proc.aname[1]", t);
}

static UNUSED void put_process(void)
{
	char t[8192], args[4096], comm[32];
	size_t at, first;

	put_ids();
	if (geteuid() != 65534) {	/* else it has no number here */
		put_number("user.uid", geteuid());
		put_number("group.gid", getegid());
	}
	if (put_more)
		put_more();
	else
		put_number("proc.sid", getsid(0)), put_number("proc.pgid", getpgrp());
	read_link("/proc/thread-self/exe", t, sizeof(t));
	if (strstr(t, " (deleted)"))
		*strstr(t, " (deleted)") = 0;
	put_field("proc.exepath", t);
	read_link("/proc/thread-self/cwd", t, sizeof(t) - 1);
	if (strstr(t, " (deleted)"))
		*strstr(t, " (deleted)") = 0;
	if (t[1])
		strcat(t, "/");
	put_field("proc.cwd", t);
	read_file("/proc/thread-self/comm", comm, sizeof(comm));
	comm[strcspn(comm, "\n")] = 0;
	put_field("proc.name", comm);
	at = read_file("/proc/thread-self/cmdline", args, sizeof(args));
	put_field("proc.exe", args);
	first = strlen(args);
	for (size_t i = 0; i + 1 < at; i++)
		if (!args[i])
			args[i] = ' ';
	snprintf(t, sizeof(t), "%s%s", comm, first + 1 < at ? args + first : "");
	put_field("proc.cmdline", t);
}

static UNUSED int say_mark(const struct field *more)
{
	const int n = __atomic_add_fetch(counter, 1, __ATOMIC_SEQ_CST);
	char t[64];

	pthread_mutex_lock(&said.lock);
	snprintf(t, sizeof(t), "{\"mark\":%d,", MARK + n);
	say_text(t);
	if (case_name) {
		snprintf(t, sizeof(t), "\"case\":\"%.40s\",", case_name);
		say_text(t);
	}
	say_text("\"fields\":{");
	put_process();
	for (; more->name; more++)
		put_field(more->name, more->value);
	say_text("}}\n");
	pthread_mutex_unlock(&said.lock);
	return MARK + n;
}

static UNUSED void mark(long fd, const struct field *more)
{
	CALL(__NR_lseek, fd, say_mark(more), 77);
}

/* A number that nothing is open by.  That lseek fails would tell so; pread is no proof. */
static UNUSED void mark_closed(long fd)
{
	char none[77];

	CALL(__NR_pread64, fd, none, sizeof(none), say_mark(FIELDS(F("fd.type", NULL))));
}

/* A file or directory: its name as the kernel has it. */
static UNUSED void mark_file(long fd, const char *type)
{
	char path[64], name[8192];

	snprintf(path, sizeof(path), "/proc/thread-self/fd/%ld", fd);
	read_link(path, name, sizeof(name));
	mark(fd, FIELDS(F("fd.name", name), F("fd.type", type)));
}

static UNUSED void mark_process(void)
{
	mark(-1, FIELDS());
}

static UNUSED void wait_for(const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", here, name);
	for (int i = 0; i < 30000 && access(path, F_OK) < 0; i++)
		usleep(1000);
}

static UNUSED void touch(const char *name)
{
	close(open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

#endif
