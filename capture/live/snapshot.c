/* SPDX-License-Identifier: Apache-2.0 */
/* The walk over /proc.  Files are read with plain system calls relative to an open
 * directory: thousands of descriptors take tens of milliseconds, and while that lasts the
 * rings fill. */
#include "capture/live/snap.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bpf/wire.h"
#include "capture/live/clock.h"
#include "capture/live/helper.h"

struct stored {
	struct stored *next;
	uint64_t ts;
	uint32_t tid, pid;
	uint16_t type, n_params;
	struct value v[];
};

void snap_event(const struct snapshot *s, struct event *ev, enum event_id type)
{
	event_init(ev, type);
	ev->ts = s->opt.ts;
}

void snap_add(struct snapshot *s, const struct event *ev)
{
	struct stored *e;

	if (s->n >= SNAP_EVENTS_MAX)
		return;
	e = arena_alloc(&s->arena, sizeof(*e) + ev->n_params * sizeof(e->v[0]));
	*e = (struct stored){ .ts = ev->ts, .tid = ev->tid, .pid = ev->pid, .type = ev->type,
			      .n_params = ev->n_params };
	for (unsigned i = 0; i < ev->n_params; i++) {
		e->v[i] = ev->v[i];
		if (ev->v[i].state == VALUE_SET && !type_is_number(ev->desc->params[i].type))
			e->v[i].p = (uint8_t *)arena_strn(&s->arena, ev->v[i].p, ev->v[i].len);
	}
	*s->tail = e;
	s->tail = &e->next;
	s->n++;
}

int snapshot_next(struct snapshot *s, struct event *ev)
{
	const struct stored *const e = s->next;

	if (!e)
		return 1;
	event_init(ev, e->type);
	ev->ts = e->ts;
	ev->tid = e->tid;
	ev->pid = e->pid;
	memcpy(ev->v, e->v, e->n_params * sizeof(ev->v[0]));
	s->next = e->next;
	return 0;
}

int snap_read(int dir, const char *name, struct buf *b, size_t limit)
{
	const int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n = 0;

	buf_reset(b);
	if (fd < 0)
		return -1;
	while (b->len < limit) {
		n = read(fd, buf_room(b, 4096), 4096);
		if (n <= 0)
			break;
		b->len += (size_t)n;
	}
	close(fd);
	buf_text(b);
	return n < 0 && b->len == 0 ? -1 : 0;
}

int snap_link(int dir, const char *name, struct buf *b)
{
	ssize_t n;

	buf_reset(b);
	n = readlinkat(dir, name, (char *)buf_room(b, 4096), 4096);
	if (n < 0)
		return -1;
	b->len = (size_t)n;
	buf_text(b);
	return 0;
}

uint64_t snap_bracket(const char *text)
{
	const char *const p = strstr(text, ":[");

	return p ? strtoull(p + 2, NULL, 10) : 0;
}

/* All processes with their parents. */
struct process_list {
	struct { uint32_t pid, ppid; bool in; } *p;
	size_t n, cap;
};

static uint32_t parent_of(int dir, struct buf *b)
{
	const char *p;

	if (snap_read(dir, "stat", b, 4096) < 0)
		return 0;
	p = strrchr((const char *)b->p, ')');	/* comm may hold anything */
	return p && strlen(p) > 4 ? (uint32_t)strtoul(p + 4, NULL, 10) : 0;
}

static void list_processes(struct process_list *l, bool parents)
{
	DIR *const d = opendir("/proc");
	const struct dirent *e;
	struct buf b = {0};

	while (d && (e = readdir(d))) {
		int dir;

		if (e->d_name[0] < '1' || e->d_name[0] > '9')
			continue;
		l->p = mem_grow(l->p, &l->cap, l->n + 1, sizeof(*l->p));
		l->p[l->n].pid = (uint32_t)strtoul(e->d_name, NULL, 10);
		l->p[l->n].ppid = 0;
		l->p[l->n].in = !parents;
		dir = parents ? openat(dirfd(d), e->d_name, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
		if (dir >= 0) {
			l->p[l->n].ppid = parent_of(dir, &b);
			close(dir);
		}
		l->n++;
	}
	if (d)
		closedir(d);
	buf_release(&b);
}

static bool mark(struct process_list *l, uint32_t pid)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->p[i].pid == pid && !l->p[i].in) {
			l->p[i].in = true;
			return true;
		}
	return false;
}

static uint32_t parent_in(const struct process_list *l, uint32_t pid)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->p[i].pid == pid)
			return l->p[i].ppid;
	return 0;
}

static bool is_in(const struct process_list *l, uint32_t pid)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->p[i].pid == pid)
			return l->p[i].in;
	return false;
}

/* Marks pid and, round by round, children of marked ones. */
static void mark_descendants(struct process_list *l, uint32_t pid)
{
	bool more = true;

	mark(l, pid);
	while (more) {
		more = false;
		for (size_t i = 0; i < l->n; i++)
			if (!l->p[i].in && is_in(l, l->p[i].ppid)) {
				l->p[i].in = true;
				more = true;
			}
	}
}

/* After the descendants, or all children of the ancestors would follow. */
static void mark_ancestors(struct process_list *l, uint32_t pid)
{
	for (int i = 0; i < 1024 && pid; i++) {
		pid = parent_in(l, pid);
		mark(l, pid);
	}
}

int snapshot_each_descendant(uint32_t pid, int (*visit)(uint32_t pid, void *arg), void *arg)
{
	struct process_list l = {0};
	int n = 0;

	list_processes(&l, true);
	mark_descendants(&l, pid);
	for (size_t i = 0; i < l.n && n == 0; i++)
		if (l.p[i].in)
			n = visit(l.p[i].pid, arg);
	free(l.p);
	return n;
}

int snapshot_each_process(int (*visit)(uint32_t pid, void *arg), void *arg)
{
	struct process_list l = {0};
	int n = 0;

	list_processes(&l, false);
	for (size_t i = 0; i < l.n && n == 0; i++)
		n = visit(l.p[i].pid, arg);
	free(l.p);
	return n;
}

static void one_process(struct snapshot *s, uint32_t pid)
{
	char name[16];
	int dir;

	snprintf(name, sizeof(name), "%u", pid);
	dir = openat(s->proc, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return;
	snap_process(s, dir, pid);
	snap_fds(s, dir, pid);
	snap_mounts(s, dir, pid);
	close(dir);
}

static void all_processes(struct snapshot *s)
{
	struct process_list l = {0};

	list_processes(&l, s->opt.tree != 0);
	if (s->opt.tree) {
		mark_descendants(&l, s->opt.tree);
		mark_ancestors(&l, s->opt.tree);
	}
	for (size_t i = 0; i < l.n && !atomic_load(s->opt.stop); i++)
		if (l.p[i].in && (l.p[i].pid != s->opt.self || s->opt.tree)
		    && !(s->opt.helper && l.p[i].pid == (uint32_t)s->opt.helper->pid))
			one_process(s, l.p[i].pid);
	free(l.p);
}

static struct snapshot *begin(const struct snapshot_options *opt)
{
	struct snapshot *const s = xcalloc(1, sizeof(*s));

	s->opt = *opt;
	s->tail = &s->first;
	s->ticks = sysconf(_SC_CLK_TCK);
	s->proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return s;
}

static void complete(struct snapshot *s)
{
	*s->tail = NULL;
	s->next = s->first;
	snap_sockets_free(s);
	buf_release(&s->a);
	buf_release(&s->b);
	free(s->mount_namespaces);
	close(s->proc);
}

struct snapshot *snapshot_take(const struct snapshot_options *opt)
{
	struct snapshot *const s = begin(opt);
	struct event ev;

	snap_machine(s);
	snap_accounts(s);
	snap_ifaces(s);
	snap_hosts(s);
	all_processes(s);
	snap_containers(s);
	snap_event(s, &ev, EV_SNAP_END);
	value_number(&ev.v[P(SNAP_END, n)], s->n);
	snap_add(s, &ev);
	complete(s);
	return s;
}

/* ---- one process ---- */

enum { THREADS_MAX = 1024 };

/* Changes whenever a thread has run, since it must have been put to sleep again; 0: one
 * is running. */
static uint64_t activity(struct snapshot *s, int dir)
{
	const int fd = openat(dir, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *const d = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *e;
	uint64_t sum = 1;
	unsigned n = 0;

	while (d && (e = readdir(d)) && sum) {
		char name[300];
		const char *state, *p;

		if (e->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/status", e->d_name);
		if (snap_read(dirfd(d), name, &s->a, 65536) < 0 || ++n > THREADS_MAX) {
			sum = 0;
			break;
		}
		state = strstr((const char *)s->a.p, "\nState:\t");
		p = strstr((const char *)s->a.p, "\nvoluntary_ctxt_switches:\t");
		if (!state || !p || state[8] == 'R' || state[8] == 'Z' || state[8] == 'X') {
			sum = 0;
			break;
		}
		sum += strtoull(p + 26, NULL, 10);
		p = strstr(p, "nonvoluntary_ctxt_switches:\t");
		sum += p ? strtoull(p + 28, NULL, 10) : 0;
		sum += (uint64_t)strtoul(e->d_name, NULL, 10) << 32;
	}
	if (d)
		closedir(d);
	return n ? sum : 0;
}

static void forget(struct snapshot *s, uint32_t pid)
{
	struct event ev;

	snap_event(s, &ev, EV_SNAP_LOST);
	ev.tid = ev.pid = pid;
	value_number(&ev.v[P(SNAP_LOST, tid)], pid);
	value_number(&ev.v[P(SNAP_LOST, pid)], pid);
	value_number(&ev.v[P(SNAP_LOST, what)], WW_FDS | WW_DIRS | WW_IDS | WW_GROUPS |
		     WW_NAME | WW_EXEC);
	snap_add(s, &ev);
}

enum snapshot_result snapshot_of_one(const struct snapshot_options *opt, uint32_t pid,
				     struct snapshot **out, uint64_t *when)
{
	enum snapshot_result r = SNAPSHOT_GONE;
	struct snapshot *const s = begin(opt);
	uint64_t before;
	char name[16];
	int dir;

	s->one = true;
	snprintf(name, sizeof(name), "%u", pid);
	dir = openat(s->proc, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir >= 0) {
		before = activity(s, dir);
		r = SNAPSHOT_BUSY;
		if (before) {
			forget(s, pid);
			snap_process(s, dir, pid);
			snap_fds(s, dir, pid);
			/* not later: it may run as soon as it was looked at */
			*when = clock_ns(CLOCK_BOOTTIME);
			if (activity(s, dir) == before)
				r = SNAPSHOT_TRUE;
		}
		close(dir);
	}
	complete(s);
	if (r == SNAPSHOT_TRUE)
		*out = s;
	else
		snapshot_free(s);
	return r;
}

void snapshot_free(struct snapshot *s)
{
	arena_release(&s->arena);
	free(s);
}
