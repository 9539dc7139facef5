// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
/* Facts about tasks: ids, credentials, memory, control groups, arguments. */
#include "bpf/walk.h"

enum { RLIMIT_NOFILE_ = 7, AUDIT_UNSET = 0xffffffff };

/* Encoding of st_dev for numbers of the kernel. */
static __always_inline u32 encode_dev(u32 major, u32 minor)
{
	return (minor & 0xff) | major << 8 | (minor & ~0xffu) << 12;
}

int put_vm(u32 at, u64 task)
{
	struct wire_blob *const b = ring_at(at, sizeof(*b) + sizeof(struct wire_vm));

	if (!b)
		return at;
	read_vm((void *)(b + 1), (const struct task_struct *)task);
	return blob_end(b, at, OP_VM, WB_SET, sizeof(struct wire_vm), sizeof(struct wire_vm));
}

static __always_inline u32 pid_number(const struct pid *pid)
{
	return pid ? BPF_CORE_READ(pid, numbers[0].nr) : 0;
}

/*
 * The number of pid in the namespace ns at level, 0 where it has none: the group of a
 * child in a new namespace is one of outside, and its numbers end before that level.
 */
static __always_inline u32 pid_number_in(const struct pid *pid,
					 const struct pid_namespace *ns, u32 level)
{
	if (!pid || level > BPF_CORE_READ(pid, level)
	    || BPF_CORE_READ(pid_at(pid, level), ns) != ns)
		return 0;
	return BPF_CORE_READ(pid_at(pid, level), nr);
}

static __always_inline u32 read_loginuid(const struct task_struct *t)
{
	const struct task_struct___cos *const cos = (const void *)t;

	if (bpf_core_field_exists(t->loginuid))
		return BPF_CORE_READ(t, loginuid.val);
	if (bpf_core_field_exists(cos->audit))
		return BPF_CORE_READ(cos, audit, loginuid.val);
	return AUDIT_UNSET;
}

static __always_inline void read_ids(struct wire_task *w, const struct task_struct *t)
{
	const struct pid *const pid = BPF_CORE_READ(t, thread_pid);
	const struct pid *const tgid = BPF_CORE_READ(t, signal, pids[PIDTYPE_TGID]);
	const struct pid *const pgid = BPF_CORE_READ(t, signal, pids[PIDTYPE_PGID]);
	const u32 level = BPF_CORE_READ(pid, level);
	const struct pid_namespace *const ns = BPF_CORE_READ(pid_at(pid, level), ns);
	const u32 children = BPF_CORE_READ(t, nsproxy, pid_ns_for_children, level);

	w->tid = BPF_CORE_READ(t, pid);
	w->pid = BPF_CORE_READ(t, tgid);
	w->ptid = BPF_CORE_READ(t, real_parent, tgid);
	w->vtid = pid_number_in(pid, ns, level);
	w->vpid = pid_number_in(tgid, ns, level);
	w->pgid = pid_number(pgid);
	w->vpgid = pid_number_in(pgid, ns, level);
	w->sid = pid_number(BPF_CORE_READ(t, signal, pids[PIDTYPE_SID]));
	w->pidns_level = level > children ? level : children;
	w->pidns_start = BPF_CORE_READ(ns, child_reaper, start_boottime);
}

static __always_inline void read_cred(struct wire_task *w, const struct task_struct *t)
{
	const struct cred *const c = BPF_CORE_READ(t, cred);

	w->uid = BPF_CORE_READ(c, uid.val);
	w->gid = BPF_CORE_READ(c, gid.val);
	w->euid = BPF_CORE_READ(c, euid.val);
	w->egid = BPF_CORE_READ(c, egid.val);
	bpf_core_read(&w->cap_i, 8, &c->cap_inheritable);
	bpf_core_read(&w->cap_p, 8, &c->cap_permitted);
	bpf_core_read(&w->cap_e, 8, &c->cap_effective);
	w->loginuid = read_loginuid(t);
}

static __always_inline u32 read_tty(const struct task_struct *t)
{
	const struct tty_struct *const tty = BPF_CORE_READ(t, signal, tty);

	if (!tty)
		return 0;
	return encode_dev(BPF_CORE_READ(tty, driver, major),
			  BPF_CORE_READ(tty, driver, minor_start) + BPF_CORE_READ(tty, index));
}

int put_task(u32 at, u64 task)
{
	struct wire_blob *const b = ring_at(at, sizeof(*b) + sizeof(struct wire_task));
	const struct task_struct *const t = (const struct task_struct *)task;
	struct wire_task *w;

	if (!b)
		return at;
	w = (void *)(b + 1);
	read_ids(w, t);
	read_cred(w, t);
	read_vm(&w->vm, t);
	w->start = BPF_CORE_READ(t, start_boottime);
	w->fdlimit = BPF_CORE_READ(t, signal, rlim[RLIMIT_NOFILE_].rlim_cur);
	w->pgft_maj = BPF_CORE_READ(t, maj_flt);
	w->pgft_min = BPF_CORE_READ(t, min_flt);
	w->tty = read_tty(t);
	w->files_shared = BPF_CORE_READ(t, files, count.counter) > 1;
	BPF_CORE_READ_INTO(&w->comm, t, comm);
	return blob_end(b, at, OP_TASK, WB_SET, sizeof(*w), sizeof(*w));
}


/* Appends "controller=/a/b\0" at the offset; returns the new one. */
int put_cgroup(u32 at, u64 css_set, u32 id, u32 which)
{
	u8 *const out = ring_at(at, 16 + 8 * 256);
	const struct css_set *const set_of = (const void *)css_set;
	const struct cgroup_subsys_state *css = NULL;
	struct kernfs_node *kn;
	const char *names[6];
	u32 n = 0, pos;

	if (!out)
		return at;
	bpf_probe_read_kernel(&css, sizeof(css), &((u64 *)((u8 *)set_of +
			      bpf_core_field_offset(struct css_set, subsys)))[id & 31]);
	kn = BPF_CORE_READ(css, cgroup, kn);
	for (int i = 0; i < 6; i++) {
		struct kernfs_node *up;

		if (!kn)
			break;
		if (bpf_core_field_exists(struct kernfs_node, parent))
			up = BPF_CORE_READ(kn, parent);
		else
			up = BPF_CORE_READ((struct kernfs_node___615 *)kn, __parent);
		if (!up)
			break;
		names[i] = BPF_CORE_READ(kn, name);
		n = i + 1;
		kn = up;
	}
	if (which == 0)
		pos = 7, __builtin_memcpy(out, "cpuset=", 7);
	else if (which == 1)
		pos = 4, __builtin_memcpy(out, "cpu=", 4);
	else if (which == 2)
		pos = 8, __builtin_memcpy(out, "cpuacct=", 8);
	else if (which == 3)
		pos = 3, __builtin_memcpy(out, "io=", 3);
	else
		pos = 7, __builtin_memcpy(out, "memory=", 7);
	if (n == 0)
		out[pos++] = '/';
	for (int i = 5; i >= 0; i--) {
		long k;

		if ((u32)i >= n)
			continue;
		if (pos > 7 * 256)
			break;
		out[pos] = '/';
		k = bpf_probe_read_kernel_str(out + pos + 1, 256, names[i]);
		if (k <= 0 || k > 256)
			break;
		pos += k;
	}
	out[pos & 2047] = 0;
	return at + pos + 1;
}

#define CGROUP(at, css_set, name, which)					\
	if (bpf_core_enum_value_exists(enum cgroup_subsys_id, name##_cgrp_id))	\
		at = put_cgroup(at, css_set,					\
				bpf_core_enum_value(enum cgroup_subsys_id, name##_cgrp_id), which)

int put_cgroups(u32 at, u64 task)
{
	const u64 css_set = (u64)BPF_CORE_READ((const struct task_struct *)task, cgroups);
	struct wire_blob *b;
	u32 end = at + sizeof(*b);

	CGROUP(end, css_set, cpuset, 0);
	CGROUP(end, css_set, cpu, 1);
	CGROUP(end, css_set, cpuacct, 2);
	CGROUP(end, css_set, io, 3);
	CGROUP(end, css_set, memory, 4);
	b = ring_at(at, sizeof(*b));
	if (!b || end < at)
		return at;
	end -= at + sizeof(*b);
	return blob_end(b, at, OP_CGROUPS, WB_SET, end, end);
}

/* Arguments or environment of the running program, from its own memory. */
int put_exec_args(u32 at, u64 task, u32 op)
{
	struct wire_blob *const b = ring_at(at, sizeof(*b) + WIRE_ARGS_MAX);
	const struct mm_struct *const mm = BPF_CORE_READ((const struct task_struct *)task, mm);
	u64 from, to;
	u32 n;

	if (!b)
		return at;
	if (!mm)
		return blob_end(b, at, op, WB_ABSENT, 0, 0);
	if (op == OP_EXEC_ENV) {
		from = BPF_CORE_READ(mm, env_start);
		to = BPF_CORE_READ(mm, env_end);
	} else {
		from = BPF_CORE_READ(mm, arg_start);
		to = BPF_CORE_READ(mm, arg_end);
	}
	if (to - from == 0 || from == 0)
		return blob_end(b, at, op, WB_SET, 0, 0);
	n = to - from > WIRE_ARGS_MAX ? WIRE_ARGS_MAX : to - from;
	barrier_var(n);
	if (n > WIRE_ARGS_MAX)
		n = WIRE_ARGS_MAX;
	if (bpf_probe_read_user(b + 1, n, (void *)from))
		return blob_end(b, at, op, WB_UNREADABLE, 0, n);
	if (n)
		((u8 *)(b + 1))[(n - 1) & (WIRE_ARGS_MAX - 1)] = 0;
	return blob_end(b, at, op, WB_SET, n, to - from > 0xffffffff ? 0xffffffff : to - from);
}
