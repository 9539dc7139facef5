/* SPDX-License-Identifier: Apache-2.0 */
/* proc.* and thread.*: numbers, times, sizes, rights. */
#include "capture/base/strict.h"
#include "replay/field/getters.h"

#define THREAD_OR_ABSENT()							\
	const struct thread *t = c->cur->thread;				\
	if (!t)									\
		return missing(c)

static int64_t pid_of(const struct thread *t)
{
	return t->proc->pid ? (int64_t)t->proc->pid : -1;
}

GET(get_proc_pid)
{
	THREAD_OR_ABSENT();
	return put_i(r, out, pid_of(t));
}

GET(get_proc_ppid)
{
	const struct thread *up;

	THREAD_OR_ABSENT();
	if (is_placeholder(t))
		return missing(c);
	up = thread_parent(c->st, t);
	return up ? put_i(r, out, pid_of(up)) : no_parent(c, t);
}

GET(get_proc_vpid)
{
	THREAD_OR_ABSENT();
	return t->proc->vpid == -1 ? missing(c) : put_i(r, out, t->proc->vpid);
}

GET(get_proc_pvpid)
{
	const struct thread *up;

	THREAD_OR_ABSENT();
	up = thread_parent(c->st, t);
	return up && up->proc->vpid != -1 ? put_i(r, out, up->proc->vpid)
					   : no_parent(c, t);
}

/* -1: unknown, which Falco prints. */
static enum field_found put_number(const struct field_ctx *c, const struct field_ref *r,
				   struct fval *out, int64_t n)
{
	return n == -1 && c->cur->after_loss ? FIELD_LOST : put_i(r, out, n);
}

GET(get_proc_sid)
{
	THREAD_OR_ABSENT();
	return put_number(c, r, out, t->proc->sid);
}

GET(get_proc_vpgid)
{
	THREAD_OR_ABSENT();
	return put_number(c, r, out, t->proc->vpgid);
}

GET(get_proc_pgid)
{
	THREAD_OR_ABSENT();
	return put_number(c, r, out, t->proc->pgid);
}

/* In Falco what is unknown is equal to what is unknown. */
static bool leads(int32_t group, const struct thread *t)
{
	return group == t->proc->vpid && (group != -1 || strict_falco);
}

GET(get_proc_is_sid_leader)
{
	THREAD_OR_ABSENT();
	return put_bool(r, out, leads(t->proc->sid, t));
}

GET(get_proc_is_vpgid_leader)
{
	THREAD_OR_ABSENT();
	return put_bool(r, out, leads(t->proc->vpgid, t));
}

GET(get_proc_is_pgid_leader)
{
	THREAD_OR_ABSENT();
	return put_bool(r, out, t->proc->pgid == pid_of(t) && t->proc->pid);
}

GET(get_proc_tty)
{
	THREAD_OR_ABSENT();
	return put_u(r, out, t->proc->tty);
}

/* ---- leaders of sessions and groups ---- */

enum group { SESSION, VGROUP, GROUP };

static int64_t group_of(const struct thread *t, enum group g)
{
	return g == SESSION ? t->proc->sid : g == VGROUP ? t->proc->vpgid : t->proc->pgid;
}

static bool in_pidns(const struct thread *t)
{
	return t->vtid != -1 && t->vtid != (int32_t)t->tid;
}

enum { LEVELS_MAX = 1000 };

/* Numbers of a pid namespace are looked for among the ancestors. */
static const struct thread *group_leader(const struct field_ctx *c, const struct thread *t,
					 enum group g)
{
	const int64_t id = group_of(t, g);
	const struct thread *found;

	if (id <= 0 || id > INT32_MAX)
		return NULL;
	if (!in_pidns(t) || g == GROUP) {
		if (id == (int64_t)t->tid)	/* it may be gone with this event */
			return t;
		found = state_thread(c->st, (uint32_t)id);
		if (found)
			return found;
	}
	found = NULL;
	t = thread_parent(c->st, t);
	for (unsigned i = 0; t && i < LEVELS_MAX && group_of(t, g) == id; i++) {
		found = t;
		t = thread_parent(c->st, t);
	}
	return found;
}

static const struct text none = { "", 0 };

static struct text leader_text(const struct field_ctx *c, enum group g, bool exe, bool path)
{
	const struct thread *l = group_leader(c, c->cur->thread, g);

	if (!l || is_placeholder(l))
		return none;
	return exe ? l->proc->exe : path ? l->proc->exepath : l->comm;
}

#define LEADER(name, group, exe, path)						\
	GET(get_proc_##name)							\
	{									\
		THREAD_OR_ABSENT();						\
		(void)t;							\
		return put_text(r, out, leader_text(c, group, exe, path));	\
	}
LEADER(sname, SESSION, false, false)
LEADER(sid_exe, SESSION, true, false)
LEADER(sid_exepath, SESSION, false, true)
LEADER(vpgid_name, VGROUP, false, false)
LEADER(vpgid_exe, VGROUP, true, false)
LEADER(vpgid_exepath, VGROUP, false, true)
LEADER(pgid_name, GROUP, false, false)
LEADER(pgid_exe, GROUP, true, false)
LEADER(pgid_exepath, GROUP, false, true)

/* ---- times ---- */

GET(get_proc_pid_ts)
{
	THREAD_OR_ABSENT();
	return t->clone_ts ? put_u(r, out, t->clone_ts) : FIELD_ABSENT;
}

GET(get_proc_ppid_ts)
{
	const struct thread *up;

	THREAD_OR_ABSENT();
	up = thread_parent(c->st, t);
	return up ? put_u(r, out, up->clone_ts) : no_parent(c, t);
}

GET(get_proc_duration)
{
	THREAD_OR_ABSENT();
	return t->clone_ts ? put_u(r, out, c->ev->ts - t->clone_ts) : FIELD_ABSENT;
}

GET(get_proc_ppid_duration)
{
	const struct thread *up;

	THREAD_OR_ABSENT();
	up = thread_parent(c->st, t);
	if (!up)
		return no_parent(c, t);
	return up->clone_ts ? put_u(r, out, c->ev->ts - up->clone_ts) : FIELD_ABSENT;
}

/* ---- the program's file ---- */

#define EXE_FLAG(name, bit)							\
	GET(get_proc_##name)							\
	{									\
		THREAD_OR_ABSENT();						\
		return put_bool(r, out, thread_main(t)->bits & (bit));		\
	}
EXE_FLAG(is_exe_writable, TB_EXE_WRITABLE)
EXE_FLAG(is_exe_upper_layer, TB_EXE_UPPER)
EXE_FLAG(is_exe_lower_layer, TB_EXE_LOWER)
EXE_FLAG(is_exe_from_memfd, TB_EXE_MEMFD)

#define IF_NOT_ZERO(name, value)						\
	GET(get_proc_##name)							\
	{									\
		THREAD_OR_ABSENT();						\
		return (value) ? put_u(r, out, (value)) : FIELD_ABSENT;		\
	}
IF_NOT_ZERO(exe_ino, t->proc->exe_ino)
IF_NOT_ZERO(exe_ino_ctime, t->proc->exe_ctime)
IF_NOT_ZERO(exe_ino_mtime, t->proc->exe_mtime)
IF_NOT_ZERO(pidns_init_start_ts, t->proc->pidns_start_ts)

/* A process that the capture lists at its start, or one that comes of such a process. */
static bool is_listed(const struct field_ctx *c, const struct thread *t)
{
	for (unsigned i = 0; t && i < LEVELS_MAX; i++) {
		if (t->bits & TB_SNAPSHOT)
			return true;
		if (!t->clone_ts)
			return false;
		t = t == thread_main(t) ? thread_parent(c->st, t) : thread_main(t);
	}
	return false;
}

/* Absent where either is unknown.  In Falco it is there for what the capture lists, and is
 * what was in memory. */
GET(get_proc_exe_ino_ctime_duration_proc_start)
{
	THREAD_OR_ABSENT();
	if (strict_falco && !t->proc->exe_ctime && is_listed(c, t))
		return put_u(r, out, t->clone_ts - t->proc->exe_ctime);
	if (!t->proc->exe_ctime || !t->clone_ts || t->clone_ts < t->proc->exe_ctime)
		return FIELD_ABSENT;
	return put_u(r, out, t->clone_ts - t->proc->exe_ctime);
}

GET(get_proc_exe_ino_ctime_duration_pidns_start)
{
	THREAD_OR_ABSENT();
	if (!t->proc->exe_ctime || !t->proc->pidns_start_ts
	    || t->proc->exe_ctime <= t->proc->pidns_start_ts)
		return FIELD_ABSENT;
	return put_u(r, out, t->proc->exe_ctime - t->proc->pidns_start_ts);
}

/* ---- sizes ---- */

/* What this event closes is still among them. */
static uint64_t open_fds(const struct field_ctx *c, const struct thread *t)
{
	const bool closing = c->cur->fd && !thread_fd(t, c->cur->fd_num);

	return thread_n_fds(t) + closing;
}

GET(get_proc_fdopencount)
{
	THREAD_OR_ABSENT();
	return put_u(r, out, open_fds(c, t));
}

GET(get_proc_fdlimit)
{
	THREAD_OR_ABSENT();
	return put_i(r, out, is_placeholder(t) ? 0 : t->proc->fdlimit);
}

GET(get_proc_fdusage)
{
	THREAD_OR_ABSENT();
	fval_as(out, r);
	out->d = 0;
	if (t->proc->fdlimit > 0)
		out->d = 100.0 * (double)open_fds(c, t) / (double)t->proc->fdlimit;
	return FIELD_FOUND;
}

GET(get_proc_vmsize)
{
	THREAD_OR_ABSENT();
	return put_u(r, out, t->proc->vm_size);
}

GET(get_proc_vmrss)
{
	THREAD_OR_ABSENT();
	return put_u(r, out, t->proc->vm_rss);
}

GET(get_proc_vmswap)
{
	THREAD_OR_ABSENT();
	return put_u(r, out, t->proc->vm_swap);
}

GET(get_proc_vmsize_b)
{
	THREAD_OR_ABSENT();
	return put_u(r, out, (uint64_t)t->proc->vm_size * 1024);
}

GET(get_proc_vmrss_b)
{
	THREAD_OR_ABSENT();
	return put_u(r, out, (uint64_t)t->proc->vm_rss * 1024);
}

#define OF_MAIN(name, value)							\
	GET(get_thread_##name)							\
	{									\
		THREAD_OR_ABSENT();						\
		return put_u(r, out, t->tid == t->proc->pid ? (uint64_t)(value) : 0);	\
	}
OF_MAIN(vmsize, t->proc->vm_size)
OF_MAIN(vmrss, t->proc->vm_rss)
OF_MAIN(vmsize_b, (uint64_t)t->proc->vm_size * 1024)
OF_MAIN(vmrss_b, (uint64_t)t->proc->vm_rss * 1024)

GET(get_thread_pfmajor)
{
	THREAD_OR_ABSENT();
	return put_u(r, out, t->pf_major);
}

GET(get_thread_pfminor)
{
	THREAD_OR_ABSENT();
	return put_u(r, out, t->pf_minor);
}

static uint64_t live_threads(const struct thread *t)
{
	return is_placeholder(t) ? 0 : t->proc->n_threads;
}

GET(get_proc_nthreads)
{
	THREAD_OR_ABSENT();
	return put_u(r, out, live_threads(t));
}

GET(get_proc_nchilds)
{
	uint64_t n;
	bool main_lives;

	THREAD_OR_ABSENT();
	n = live_threads(t);
	main_lives = t->proc->leader && !(t->proc->leader->bits & TB_EXITED);
	return put_u(r, out, n && main_lives ? n - 1 : n);
}

/* ---- the thread ---- */

GET(get_thread_tid)
{
	return put_i(r, out, event_tid(c->ev));
}

GET(get_thread_ismain)
{
	THREAD_OR_ABSENT();
	return put_bool(r, out, t->tid == t->proc->pid);
}

GET(get_thread_vtid)
{
	THREAD_OR_ABSENT();
	return t->vtid == -1 ? missing(c) : put_i(r, out, t->vtid);
}

GET(get_thread_nametid)
{
	struct buf b = {0};

	THREAD_OR_ABSENT();
	if (is_placeholder(t))
		buf_str(&b, "<NA>");
	else
		buf_put(&b, t->comm.p, t->comm.len);
	buf_i64_dec(&b, event_tid(c->ev));
	return put_buf(c, r, out, &b);
}

/* ---- capabilities ---- */

static enum field_found caps(const struct field_ctx *c, const struct field_ref *r,
			     struct fval *out, uint64_t set)
{
	static const char *const names[] = {
		"CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID",
		"SETUID", "SETPCAP", "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST",
		"NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO",
		"SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
		"SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE",
		"AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM",
		"BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF", "CHECKPOINT_RESTORE",
	};
	struct buf b = {0};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!(set >> i & 1))
			continue;
		buf_str(&b, b.len ? " CAP_" : "CAP_");
		buf_str(&b, names[i]);
	}
	return put_buf(c, r, out, &b);
}

GET(get_thread_cap_permitted)
{
	THREAD_OR_ABSENT();
	return caps(c, r, out, t->cap_p);
}

GET(get_thread_cap_inheritable)
{
	THREAD_OR_ABSENT();
	return caps(c, r, out, t->cap_i);
}

GET(get_thread_cap_effective)
{
	THREAD_OR_ABSENT();
	return caps(c, r, out, t->cap_e);
}

/* ---- control groups ---- */

/* The kernel's names of controllers where Falco's drivers shorten them. */
static const char *controller(const char *p, size_t *len)
{
	if (*len == 2 && memcmp(p, "io", 2) == 0) {
		*len = 5;
		return "blkio";
	}
	if (*len == 4 && memcmp(p, "perf", 4) == 0) {
		*len = 10;
		return "perf_event";
	}
	return p;
}

static bool next_cgroup(const char **p, const char *end, struct text *name, struct text *path)
{
	size_t len;
	const char *eq;

	if (*p >= end)
		return false;
	len = strnlen(*p, (size_t)(end - *p));
	eq = memrchr(*p, '=', len);
	name->len = 0;
	if (eq) {
		size_t n = (size_t)(eq - *p);

		name->p = controller(*p, &n);
		name->len = (uint32_t)n;
		*path = (struct text){ eq + 1, (uint32_t)(len - (size_t)(eq + 1 - *p)) };
	}
	*p += len + 1;
	return true;
}

GET(get_thread_cgroups)
{
	struct text name, path;
	struct buf b = {0};
	const char *p;

	THREAD_OR_ABSENT();
	if (t->proc->cgroups.len == 0)
		return missing(c);
	p = t->proc->cgroups.p;
	while (next_cgroup(&p, t->proc->cgroups.p + t->proc->cgroups.len, &name, &path)) {
		if (!name.len)
			continue;
		if (b.len)
			buf_byte(&b, ' ');
		buf_put(&b, name.p, name.len);
		buf_byte(&b, '=');
		buf_put(&b, path.p, path.len);
	}
	return put_buf(c, r, out, &b);
}

GET(get_thread_cgroup)
{
	struct text name, path;
	const char *p;

	THREAD_OR_ABSENT();
	p = t->proc->cgroups.p;
	while (r->key && next_cgroup(&p, t->proc->cgroups.p + t->proc->cgroups.len, &name, &path))
		if (name.len == strlen(r->key) && memcmp(name.p, r->key, name.len) == 0)
			return put_text(r, out, path);
	return missing(c);
}

/* ---- standard streams ---- */

static enum field_found stream(const struct field_ctx *c, const struct field_ref *r,
			       struct fval *out, int fd, bool name)
{
	const struct fdinfo *f;

	THREAD_OR_ABSENT();
	f = thread_fd(t, fd);
	if (!f && c->cur->fd_num == fd)		/* closed by this event */
		f = c->cur->fd;
	if (!f)
		return missing(c);
	return name ? put_text(r, out, f->name) : put_str(r, out, fd_type_name(f));
}

#define STREAM(name, fd)							\
	GET(get_proc_##name##_type)						\
	{									\
		return stream(c, r, out, fd, false);				\
	}									\
	GET(get_proc_##name##_name)						\
	{									\
		return stream(c, r, out, fd, true);				\
	}
STREAM(stdin, 0)
STREAM(stdout, 1)
STREAM(stderr, 2)
