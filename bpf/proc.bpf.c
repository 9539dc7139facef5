// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
/* Facts about tasks, and the life of processes: exec, fork, exit, signals.  Success of
 * exec is taken from the kernel's own data, not from what the caller passed. */
#include "bpf/file.h"

enum { PAGE_COUNTERS = 4, MM_FILE = 0, MM_ANON, MM_SWAP, MM_SHM };
enum { RLIMIT_NOFILE_ = 7, PF_EXITING_ = 4, AUDIT_UNSET = 0xffffffff };
enum { SB_RDONLY_ = 1, MNT_READONLY_ = 0x40, S_IMMUTABLE_ = 8 };
enum { CAP_DAC_OVERRIDE_ = 1, CAP_FOWNER_ = 3 };

/* Encoding of st_dev for numbers of the kernel. */
static __always_inline u32 encode_dev(u32 major, u32 minor)
{
	return (minor & 0xff) | major << 8 | (minor & ~0xffu) << 12;
}

static __always_inline s64 page_counter(const struct mm_struct *mm, u32 i)
{
	u32 step = 8, at = 0;
	s64 v = 0;

	if (!bpf_core_type_exists(struct mm_rss_stat)) {
		step = bpf_core_type_size(struct percpu_counter);
		at = bpf_core_field_offset(struct percpu_counter, count);
	}
	bpf_probe_read_kernel(&v, sizeof(v), (u8 *)mm + at + i * step +
			      bpf_core_field_offset(struct mm_struct, rss_stat));
	return v < 0 ? 0 : v;
}

static __always_inline void read_vm(struct wire_vm *vm, const struct task_struct *t)
{
	const struct mm_struct *const mm = BPF_CORE_READ(t, mm);

	*vm = (struct wire_vm){0};
	if (!mm)
		return;
	vm->size = BPF_CORE_READ(mm, total_vm);
	vm->rss = page_counter(mm, MM_FILE) + page_counter(mm, MM_ANON) +
		  page_counter(mm, MM_SHM);
	vm->swap = page_counter(mm, MM_SWAP);
}

int put_vm(u32 at, u64 task)
{
	struct wire_blob *const b = ring_at(at, sizeof(*b) + sizeof(struct wire_vm));

	if (!b)
		return at;
	read_vm((void *)(b + 1), (const struct task_struct *)task);
	return blob_end(b, at, OP_VM, WB_SET, sizeof(struct wire_vm), sizeof(struct wire_vm));
}

/* The number of a pid at a depth of namespaces. */
static __always_inline const struct upid *pid_at(const struct pid *pid, u32 level)
{
	return (const void *)((u8 *)pid + bpf_core_field_offset(struct pid, numbers) +
			      (level & 31) * bpf_core_type_size(struct upid));
}

static __always_inline u32 pid_number(const struct pid *pid, u32 level)
{
	return pid ? BPF_CORE_READ(pid_at(pid, level), nr) : 0;
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
	const u32 children = BPF_CORE_READ(t, nsproxy, pid_ns_for_children, level);

	w->tid = BPF_CORE_READ(t, pid);
	w->pid = BPF_CORE_READ(t, tgid);
	w->ptid = BPF_CORE_READ(t, real_parent, tgid);
	w->vtid = pid_number(pid, level);
	w->vpid = pid_number(tgid, level);
	w->pgid = pid_number(pgid, 0);
	w->vpgid = pid_number(pgid, level);
	w->sid = pid_number(BPF_CORE_READ(t, signal, pids[PIDTYPE_SID]), 0);
	w->pidns_level = level > children ? level : children;
	w->pidns_start = BPF_CORE_READ(pid_at(pid, level), ns, child_reaper, start_boottime);
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

static __always_inline void inode_times(struct wire_exe *e, const struct inode *inode)
{
	const struct inode___ctime *const v66 = (const void *)inode;
	enum { QUERIED = 1u << 31 };	/* 6.13: somebody has looked at it */
	const struct inode___old *const old = (const void *)inode;

	if (bpf_core_field_exists(inode->i_ctime_sec)) {
		e->ctime = BPF_CORE_READ(inode, i_ctime_sec) * 1000000000ull +
			   (BPF_CORE_READ(inode, i_ctime_nsec) & ~QUERIED);
		e->mtime = BPF_CORE_READ(inode, i_mtime_sec) * 1000000000ull +
			   BPF_CORE_READ(inode, i_mtime_nsec);
		return;
	}
	if (bpf_core_field_exists(v66->__i_ctime))
		e->ctime = BPF_CORE_READ(v66, __i_ctime.tv_sec) * 1000000000ull +
			   BPF_CORE_READ(v66, __i_ctime.tv_nsec);
	else
		e->ctime = BPF_CORE_READ(old, i_ctime.tv_sec) * 1000000000ull +
			   BPF_CORE_READ(old, i_ctime.tv_nsec);
	if (bpf_core_field_exists(v66->__i_mtime))
		e->mtime = BPF_CORE_READ(v66, __i_mtime.tv_sec) * 1000000000ull +
			   BPF_CORE_READ(v66, __i_mtime.tv_nsec);
	else
		e->mtime = BPF_CORE_READ(old, i_mtime.tv_sec) * 1000000000ull +
			   BPF_CORE_READ(old, i_mtime.tv_nsec);
}

/* Could the program overwrite its own file? */
static __always_inline bool exe_writable(const struct file *f, const struct inode *inode,
					 const struct task_struct *t)
{
	const struct cred *const c = BPF_CORE_READ(t, cred);
	const u32 mode = BPF_CORE_READ(inode, i_mode);
	u64 caps = 0;

	if (BPF_CORE_READ(inode, i_sb, s_flags) & SB_RDONLY_ ||
	    BPF_CORE_READ(f, f_path.mnt, mnt_flags) & MNT_READONLY_ ||
	    BPF_CORE_READ(inode, i_flags) & S_IMMUTABLE_)
		return false;
	bpf_core_read(&caps, 8, &c->cap_effective);
	return (mode & 0200 && BPF_CORE_READ(c, fsuid.val) == BPF_CORE_READ(inode, i_uid.val)) ||
	       (mode & 0020 && BPF_CORE_READ(c, fsgid.val) == BPF_CORE_READ(inode, i_gid.val)) ||
	       mode & 0002 || caps & (1 << CAP_DAC_OVERRIDE_ | 1 << CAP_FOWNER_);
}

static __always_inline bool is_memfd(const struct file *f)
{
	const struct dentry *const d = BPF_CORE_READ(f, f_path.dentry);
	char name[8] = "";

	if (BPF_CORE_READ(d, d_parent) != d)
		return false;
	bpf_probe_read_kernel_str(name, sizeof(name), BPF_CORE_READ(d, d_name.name));
	return name[0] == 'm' && name[1] == 'e' && name[2] == 'm' && name[3] == 'f' &&
	       name[4] == 'd' && name[5] == ':';
}

int put_exe(u32 at, u64 file, u64 task)
{
	struct wire_blob *const b = ring_at(at, sizeof(*b) + sizeof(struct wire_exe));
	const struct file *const f = (const struct file *)file;
	const struct inode *inode;
	struct wire_exe *e;
	u32 layer;

	if (!b)
		return at;
	if (!f)
		return blob_end(b, at, OP_EXE, WB_ABSENT, 0, 0);
	e = (void *)(b + 1);
	inode = BPF_CORE_READ(f, f_inode);
	e->ino = BPF_CORE_READ(inode, i_ino);
	e->dev = BPF_CORE_READ(inode, i_sb, s_dev);
	inode_times(e, inode);
	layer = inode_layer(BPF_CORE_READ(inode, i_sb, s_magic), inode);
	e->flags = (exe_writable(f, inode, (const struct task_struct *)task) ? WEF_WRITABLE : 0) |
		   (layer == WFF_UPPER ? WEF_UPPER : 0) | (layer == WFF_LOWER ? WEF_LOWER : 0) |
		   (is_memfd(f) ? WEF_MEMFD : 0);
	return blob_end(b, at, OP_EXE, WB_SET, sizeof(*e), sizeof(*e));
}

int put_cwd(u32 at, u64 task)
{
	const struct fs_struct *const fs = BPF_CORE_READ((const struct task_struct *)task, fs);

	return put_path(at, OP_CWD, fs ? (u64)fs + bpf_core_field_offset(struct fs_struct, pwd) : 0);
}

int put_kernel_str(u32 at, u32 op, u64 ptr)
{
	struct wire_blob *const b = ring_at(at, sizeof(*b) + WIRE_PATH_MAX);
	long n;

	if (!b)
		return at;
	n = bpf_probe_read_kernel_str(b + 1, WIRE_PATH_MAX, (void *)ptr);
	if (n <= 0 || n > WIRE_PATH_MAX)
		return blob_end(b, at, op, WB_UNREADABLE, 0, 0);
	return blob_end(b, at, op, WB_SET, n - 1, n - 1);
}

/* Begins the record of a tracepoint. */
static __always_inline bool begin(struct slot *s, u32 type, u32 cls, u32 max, u64 id)
{
	if (!ring_begin(s, cls, max, id))
		return false;
	s->rec->type = type;
	s->rec->flags = 0;
	s->rec->nr = 0;
	s->rec->ret = 0;
	return true;
}

SEC("tp_btf/sched_process_exec")
int process_exec(u64 *ctx)
{
	const u64 task = bpf_get_current_task(), id = id_here();
	const struct linux_binprm *const bprm = (void *)ctx[2];
	u64 file;
	struct slot s;
	u32 end;

	if (filtered(id) || !begin(&s, WIRE_EXEC, WC_PROCESS, WIRE_SLACK / 4, id))
		return 0;
	file = (u64)BPF_CORE_READ((const struct task_struct *)task, mm, exe_file);
	end = put_task(s.off + sizeof(*s.rec), task);
	end = put_exe(end, file, task);
	end = put_path(end, OP_EXEPATH, path_of(file));
	end = put_cwd(end, task);
	end = put_kernel_str(end, OP_FILENAME, (u64)BPF_CORE_READ(bprm, filename));
	end = put_exec_args(end, task, OP_EXEC_ARGS);
	end = put_exec_args(end, task, OP_EXEC_ENV);
	end = put_cgroups(end, task);
	ring_publish(&s, end);
	return 0;
}

/* Who inherits the children of t: 0 none has, -1 not found out. */
static __always_inline s64 reaper(const struct task_struct *t, bool last)
{
	const struct list_head *const first = BPF_CORE_READ(t, children.next);
	const struct task_struct *p, *init;
	const struct pid *const pid = BPF_CORE_READ(t, thread_pid);
	const struct signal_struct *sig;
	u32 level;

	if ((u64)first == (u64)t + bpf_core_field_offset(struct task_struct, children))
		return 0;
	if (!last) {
		p = BPF_CORE_READ(t, group_leader);
		return BPF_CORE_READ(p, flags) & PF_EXITING_ ? -1 : BPF_CORE_READ(p, pid);
	}
	level = BPF_CORE_READ(pid, level);
	init = BPF_CORE_READ(pid_at(pid, level), ns, child_reaper);
	p = t;
	for (int i = 0; i < 32; i++) {
		p = BPF_CORE_READ(p, real_parent);
		if (!p || p == init)
			break;
		sig = BPF_CORE_READ(p, signal);
		if (BPF_CORE_READ_BITFIELD_PROBED(sig, is_child_subreaper))
			return BPF_CORE_READ(p, pid);
	}
	return BPF_CORE_READ(init, pid);
}

SEC("tp_btf/sched_process_exit")
int process_exit(u64 *ctx)
{
	const struct task_struct *const t = (void *)ctx[0];
	const bool last = BPF_CORE_READ(t, signal, live.counter) == 0;
	const u64 id = id_here();
	struct slot s;
	u32 end;

	if (filtered(id))
		return 0;
	if (begin(&s, WIRE_EXIT, WC_PROCESS, 1024, id)) {
		s.rec->args[0] = BPF_CORE_READ(t, exit_code);
		s.rec->args[1] = reaper(t, last);
		s.rec->args[2] = !last;
		end = put_task(s.off + sizeof(*s.rec) + 3 * 8, bpf_get_current_task());
		ring_publish(&s, end);
	}
	if (set.filters & WF_TREE && last) {
		u32 pid = id >> 32;

		if (bpf_map_delete_elem(&tree, &pid) == 0)
			__sync_fetch_and_sub(&tree_alive, 1);
	}
	return 0;
}

/* An argument as a number: a typed pointer is refused where a function wants a u64. */
static __always_inline u64 address(u64 *ctx, u32 i)
{
	u64 v = 0;

	bpf_probe_read_kernel(&v, sizeof(v), ctx + i);
	return v;
}

/* The new process belongs to the tree.  false: the map is full, and that is a loss. */
static __always_inline bool follow(u32 pid)
{
	const u8 one = 1;
	struct wire_ring *ring;

	if (bpf_map_update_elem(&tree, &pid, &one, BPF_NOEXIST) == 0) {
		__sync_fetch_and_add(&tree_alive, 1);
		return true;
	}
	ring = ring_here();
	if (ring) {
		ring->n_events++;
		ring_lose(ring, WC_PROCESS, bpf_ktime_get_boot_ns());
	}
	return false;
}

SEC("tp_btf/sched_process_fork")
int process_fork(u64 *ctx)
{
	const struct task_struct *const parent = (void *)ctx[0], *const child = (void *)ctx[1];
	const u32 ppid = BPF_CORE_READ(parent, tgid), pid = BPF_CORE_READ(child, tgid);
	const u64 id = (u64)pid << 32 | (u32)BPF_CORE_READ(child, pid);
	struct slot s;
	u32 end;

	if (set.filters & WF_TREE) {
		if (!bpf_map_lookup_elem(&tree, &ppid))
			return 0;
		if (pid != ppid && !follow(pid))
			return 0;
	}
	if (!set.fork_is_silent || filtered(id) || !begin(&s, WIRE_FORK, WC_PROCESS, 16384, id))
		return 0;
	s.rec->args[0] = BPF_CORE_READ(child, files) == BPF_CORE_READ(parent, files);
	s.rec->args[1] = BPF_CORE_READ(child, mm) == BPF_CORE_READ(parent, mm);
	end = put_task(s.off + sizeof(*s.rec) + 2 * 8, address(ctx, 1));
	end = put_exec_args(end, address(ctx, 0), OP_EXEC_ARGS);
	end = put_cgroups(end, address(ctx, 1));
	ring_publish(&s, end);
	return 0;
}

enum { SIGCHLD_ = 17 };

SEC("tp_btf/signal_deliver")
int signal_deliver(u64 *ctx)
{
	const struct kernel_siginfo *const info = (void *)ctx[1];
	const u64 id = id_here();
	struct slot s;
	s32 code;

	if (filtered(id) || !begin(&s, WIRE_SIGNAL, WC_PROCESS, 64, id))
		return 0;
	code = BPF_CORE_READ(info, si_code);
	s.rec->args[0] = (u32)ctx[0];
	s.rec->args[1] = code <= 0 || (u32)ctx[0] == SIGCHLD_
		? BPF_CORE_READ(info, _sifields._kill._pid) : 0;
	ring_publish(&s, s.off + sizeof(*s.rec) + 2 * 8);
	return 0;
}

static __always_inline int page_fault(u64 *ctx)
{
	const struct pt_regs *const regs = (void *)ctx[1];
	const u64 id = id_here();
	struct slot s;

	if (filtered(id) || !begin(&s, WIRE_FAULT, WC_OTHER, 64, id))
		return 0;
	s.rec->args[0] = ctx[0];
#if defined(__TARGET_ARCH_x86)
	s.rec->args[1] = regs->ip;
#else
	s.rec->args[1] = regs->pc;
#endif
	s.rec->args[2] = ctx[2];
	ring_publish(&s, s.off + sizeof(*s.rec) + 3 * 8);
	return 0;
}

SEC("?tp_btf/page_fault_user")
int page_fault_user(u64 *ctx)
{
	return page_fault(ctx);
}

SEC("?tp_btf/page_fault_kernel")
int page_fault_kernel(u64 *ctx)
{
	return page_fault(ctx);
}

SEC("?tp_btf/sched_switch")
int task_switch(u64 *ctx)
{
	const struct task_struct *const next = (void *)ctx[2];
	const u64 id = id_here();
	struct slot s;
	u32 end;

	if (filtered(id) || !begin(&s, WIRE_SWITCH, WC_OTHER, 1024, id))
		return 0;
	s.rec->args[0] = BPF_CORE_READ(next, pid);
	end = put_task(s.off + sizeof(*s.rec) + 8, bpf_get_current_task());
	ring_publish(&s, end);
	return 0;
}
