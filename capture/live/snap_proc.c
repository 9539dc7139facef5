/* SPDX-License-Identifier: Apache-2.0 */
/* Threads as /proc shows them.  Names and meanings are those that exec and clone
 * events have, so that the state need not know where a fact comes from. */
#include "capture/live/snap.h"

#include "capture/live/sample.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { TEXT_MAX = 4096, NO_ID = -1 };

#define V(name) (&ev->v[P(SNAP_THREAD, name)])

/* The value of "Key:\t..." in /proc/PID/status; NULL if it is not there. */
static const char *status_line(const char *status, const char *key)
{
	const size_t n = strlen(key);

	for (const char *p = status; p; p = strchr(p, '\n')) {
		p += *p == '\n';
		if (strncmp(p, key, n) == 0 && p[n] == ':')
			return p + n + 1 + strspn(p + n + 1, "\t ");
	}
	return NULL;
}

static void status_number(struct value *v, const char *status, const char *key, int base)
{
	const char *const p = status_line(status, key);

	if (p)
		value_number(v, strtoull(p, NULL, base));
}

/* The last of several numbers: the one in the innermost namespace. */
static void status_last(struct value *v, const char *status, const char *key)
{
	const char *p = status_line(status, key);
	char *end;

	while (p) {
		const unsigned long n = strtoul(p, &end, 10);

		if (end == p)
			return;
		value_number(v, n);
		p = *end == '\t' || *end == ' ' ? end : NULL;
	}
}

static void status_pair(struct value *real, struct value *effective, const char *status,
			const char *key)
{
	const char *const p = status_line(status, key);
	char *end;

	if (!p)
		return;
	value_number(real, strtoul(p, &end, 10));
	value_number(effective, strtoul(end, NULL, 10));
}

static void from_status(struct event *ev, const char *status)
{
	status_pair(V(uid), V(euid), status, "Uid");
	status_pair(V(gid), V(egid), status, "Gid");
	status_number(V(cap_inheritable), status, "CapInh", 16);
	status_number(V(cap_permitted), status, "CapPrm", 16);
	status_number(V(cap_effective), status, "CapEff", 16);
	status_last(V(vtid), status, "NSpid");
	status_last(V(vpid), status, "NStgid");
	status_last(V(vpgid), status, "NSpgid");
	status_number(V(vm_size), status, "VmSize", 10);
	status_number(V(vm_rss), status, "VmRSS", 10);
	status_number(V(vm_swap), status, "VmSwap", 10);
	status_number(V(ptid), status, "PPid", 10);
}

/* Fields of stat, counted as in proc(5); comm stands in parentheses and may hold both. */
static void from_stat(const struct snapshot *s, struct event *ev, char *stat, uint64_t *start)
{
	char *open = strchr(stat, '('), *close = strrchr(stat, ')'), *p;
	unsigned long long field[53] = {0};

	if (!open || !close || close < open || strlen(close) < 4)
		return;
	value_bytes(V(comm), open + 1, (size_t)(close - open - 1));
	p = close + 4;
	for (unsigned i = 4; i < 53; i++)
		field[i] = strtoull(p, &p, 10);
	value_number(V(pgid), field[5]);
	value_number(V(sid), field[6]);
	value_number(V(tty), (uint32_t)field[7]);
	value_number(V(pfminor), field[10]);
	value_number(V(pfmajor), field[12]);
	*start = s->opt.boot_ts + field[22] * (1000000000ull / (unsigned long)s->ticks);
	value_number(V(clone_ts), *start);
}

/* "Max open files            1024                 ..." */
static void from_limits(struct snapshot *s, struct event *ev, int dir)
{
	const char *p;

	if (snap_read(dir, "limits", &s->a, TEXT_MAX) < 0)
		return;
	p = strstr((char *)s->a.p, "Max open files");
	if (p)
		value_number(V(fdlimit), p[26] == 'u' ? UINT64_MAX : strtoull(p + 26, NULL, 10));
}

/* The path of a controller in /proc/PID/cgroup, whose lines are "4:cpu,cpuacct:/path" and
 * for version 2 "0::/path"; controllers that have no line of their own are in version 2. */
static bool cgroup_path(const char *text, const char *name, struct buf *out)
{
	const size_t n = strlen(name);
	const char *unified = NULL, *found = NULL;

	for (const char *p = text; p && *p && !found; p = strchr(p, '\n')) {
		const char *list, *path;

		p += *p == '\n';
		list = strchr(p, ':');
		path = list ? strchr(list + 1, ':') : NULL;
		if (!path)
			break;
		if (path == list + 1)
			unified = path + 1;
		for (const char *c = list + 1; c < path && !found; c += strcspn(c, ",:") + 1)
			if (strncmp(c, name, n) == 0 && (c[n] == ',' || c[n] == ':'))
				found = path + 1;
	}
	if (!found)
		found = unified;
	if (!found)
		return false;
	buf_put(out, found, strcspn(found, "\n"));
	return true;
}

static void from_cgroup(struct snapshot *s, struct event *ev, int dir)
{
	static const char *const kernel[] = { "cpuset", "cpu", "cpuacct", "io", "memory" };
	static const char *const shown[] = { "cpuset", "cpu", "cpuacct", "blkio", "memory" };

	if (snap_read(dir, "cgroup", &s->a, 65536) < 0)
		return;
	buf_reset(&s->b);
	for (unsigned i = 0; i < 5; i++) {
		const size_t before = s->b.len;

		buf_str(&s->b, kernel[i]);
		buf_byte(&s->b, '=');
		if (cgroup_path((char *)s->a.p, shown[i], &s->b))
			buf_byte(&s->b, 0);
		else
			s->b.len = before;
	}
	value_bytes(V(cgroups), arena_strn(&s->arena, s->b.p, s->b.len), s->b.len);
}

static void strings(struct snapshot *s, struct value *v, const uint8_t *p, size_t len)
{
	if (len > TEXT_MAX)
		len = TEXT_MAX;
	value_bytes(v, arena_strn(&s->arena, p, len), len);
}

static void from_cmdline(struct snapshot *s, struct event *ev, int dir)
{
	size_t n;

	if (snap_read(dir, "cmdline", &s->a, 2 * TEXT_MAX) < 0)
		return;
	n = strnlen((char *)s->a.p, s->a.len);
	strings(s, V(exe), s->a.p, n);
	if (n < s->a.len)
		strings(s, V(args), s->a.p + n + 1, s->a.len - n - 1);
	else
		strings(s, V(args), s->a.p, 0);
	if (snap_read(dir, "environ", &s->a, 2 * TEXT_MAX) == 0)
		strings(s, V(env), s->a.p, s->a.len);
}

static uint64_t ns(const struct timespec *t)
{
	return (uint64_t)t->tv_sec * 1000000000u + (uint64_t)t->tv_nsec;
}

enum { EXE_WRITABLE = 1, EXE_FROM_MEMFD = 4 };
enum { CAP_DAC_OVERRIDE_BIT = 1, CAP_FOWNER_BIT = 3 };

static void from_exe(struct snapshot *s, struct event *ev, int dir)
{
	const uint64_t caps = value_u64(V(cap_effective), 0);
	uint64_t flags = 0;
	struct stat st;

	if (snap_link(dir, "exe", &s->a) < 0)
		return;
	if (strncmp((char *)s->a.p, "/memfd:", 7) == 0)
		flags |= EXE_FROM_MEMFD;
	strings(s, V(exepath), s->a.p, s->a.len);
	if (fstatat(dir, "exe", &st, 0) < 0)
		return;
	if (st.st_mode & 0002 ||
	    (st.st_mode & 0200 && st.st_uid == value_u64(V(euid), UINT32_MAX)) ||
	    (st.st_mode & 0020 && st.st_gid == value_u64(V(egid), UINT32_MAX)) ||
	    caps & (1 << CAP_DAC_OVERRIDE_BIT | 1 << CAP_FOWNER_BIT))
		flags |= EXE_WRITABLE;
	value_number(V(exe_flags), flags);
	value_number(V(exe_ino), st.st_ino);
	value_number(V(exe_dev), (uint32_t)((minor(st.st_dev) & 0xff) | major(st.st_dev) << 8 |
					    (minor(st.st_dev) & ~0xffu) << 12));
	value_number(V(exe_ctime), ns(&st.st_ctim));
	value_number(V(exe_mtime), ns(&st.st_mtim));
}

static void from_link(struct snapshot *s, struct value *v, int dir, const char *name)
{
	if (snap_link(dir, name, &s->a) == 0)
		strings(s, v, s->a.p, s->a.len);
}

/* Facts that each thread has for itself. */
static bool thread_facts(struct snapshot *s, struct event *ev, int dir, uint32_t pid, uint32_t tid)
{
	uint64_t start = 0, utime, stime;

	snap_event(s, ev, EV_SNAP_THREAD);
	if (snap_read(dir, "status", &s->a, 65536) < 0)
		return false;
	from_status(ev, (char *)s->a.p);
	if (snap_read(dir, "stat", &s->b, 4096) < 0)
		return false;
	from_stat(s, ev, (char *)s->b.p, &start);
	if (V(comm)->state == VALUE_SET)
		strings(s, V(comm), V(comm)->p, V(comm)->len);
	ev->tid = tid;
	ev->pid = pid;
	value_number(V(tid), tid);
	value_number(V(pid), pid);
	if (snap_read(dir, "loginuid", &s->a, 64) == 0 && s->a.len)
		value_number(V(loginuid), strtoul((char *)s->a.p, NULL, 10));
	if (s->opt.sampler && sampler_first(s->opt.sampler, tid, &utime, &stime)) {
		value_number(V(utime), utime);
		value_number(V(stime), stime);
	}
	return true;
}

static void other_threads(struct snapshot *s, int dir, uint32_t pid)
{
	const int fd = openat(dir, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *const d = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *e;
	struct event ev;

	while (d && (e = readdir(d))) {
		const uint32_t tid = (uint32_t)strtoul(e->d_name, NULL, 10);
		int task;

		if (tid == 0 || tid == pid)
			continue;
		task = openat(dirfd(d), e->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (task < 0)
			continue;
		if (thread_facts(s, &ev, task, pid, tid))
			snap_add(s, &ev);
		close(task);
	}
	if (d)
		closedir(d);
}

void snap_process(struct snapshot *s, int pid_dir, uint32_t pid)
{
	struct event e, *const ev = &e;

	if (!thread_facts(s, ev, pid_dir, pid, pid))
		return;
	from_cmdline(s, ev, pid_dir);
	from_exe(s, ev, pid_dir);
	from_link(s, V(cwd), pid_dir, "cwd");
	from_link(s, V(root), pid_dir, "root");
	from_limits(s, ev, pid_dir);
	from_cgroup(s, ev, pid_dir);
	snap_add(s, ev);
	snap_container(s, ev);
	other_threads(s, pid_dir, pid);
}
