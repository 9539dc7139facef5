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

struct field {
	const char *name, *value;
};

#define F(name, value) { name, value }
#define END { NULL, NULL }
#define FIELDS(...) ((const struct field[]){ __VA_ARGS__ __VA_OPT__(,) END })

static UNUSED void read_file(const char *path, char *out, size_t size)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, out, size - 1);

	out[n < 0 ? 0 : n] = 0;
	if (fd >= 0)
		close(fd);
}

static UNUSED void read_link(const char *path, char *out, size_t size)
{
	const ssize_t n = readlink(path, out, size - 1);

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

static UNUSED void put_process(void)
{
	char t[8192], args[4096], comm[32];
	size_t at, first;
	FILE *f;

	put_number("proc.pid", getpid());
	put_number("thread.tid", gettid());
	put_number("proc.ppid", getppid());
	put_number("user.uid", geteuid());
	put_number("group.gid", getegid());
	put_number("proc.sid", getsid(0));
	put_number("proc.pgid", getpgrp());
	read_link("/proc/self/exe", t, sizeof(t));
	put_field("proc.exepath", t);
	read_link("/proc/thread-self/cwd", t, sizeof(t) - 1);
	if (t[1])
		strcat(t, "/");
	put_field("proc.cwd", t);
	comm_of(gettid(), comm, sizeof(comm));
	put_field("proc.name", comm);
	f = fopen("/proc/self/cmdline", "re");
	if (!f)
		exit(2);
	at = fread(args, 1, sizeof(args) - 1, f);
	fclose(f);
	args[at] = 0;
	put_field("proc.exe", args);
	first = strlen(args);
	for (size_t i = 0; i + 1 < at; i++)
		if (!args[i])
			args[i] = ' ';
	snprintf(t, sizeof(t), "%s%s", comm, first + 1 < at ? args + first : "");
	put_field("proc.cmdline", t);
	comm_of(getppid(), comm, sizeof(comm));
	put_field("proc.aname[1]", comm);
}

static UNUSED int say_mark(const struct field *more)
{
	const int n = __atomic_add_fetch(counter, 1, __ATOMIC_SEQ_CST);
	char t[64];

	pthread_mutex_lock(&said.lock);
	snprintf(t, sizeof(t), "{\"mark\":%d,\"fields\":{", MARK + n);
	say_text(t);
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
