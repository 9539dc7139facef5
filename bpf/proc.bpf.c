// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
/* The life of processes: exec, fork, exit, signals, and on request page faults and
 * context switches.  Success of exec is taken from the kernel's own data, not from what the
 * caller passed. */
#include "bpf/walk.h"

/* Longest record of an exec: two paths, directory, arguments, environment and control groups,
 * with the room in which paths are put together. */
enum { EXEC_MAX = 40 << 10 };
enum { PF_EXITING_ = 4 };

/* Begins the record of a tracepoint. */
static __always_inline bool begin(struct slot *s, u32 type, u32 cls, u32 what, u32 max, u64 id)
{
	if (!ring_begin(s, cls, what, max, id))
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
	u64 file, from = 0;
	struct slot s;
	u32 end;

	if (filtered(id))
		return 0;
	if (set.latency)
		from = take_begun(ANY_CALL);
	if (!begin(&s, WIRE_EXEC, WC_PROCESS, WW_EXEC, EXEC_MAX, id))
		return 0;
	file = (u64)BPF_CORE_READ((const struct task_struct *)task, mm, exe_file);
	end = s.off + sizeof(*s.rec);
	if (set.latency) {
		put_took(s.rec, 0, from);
		end += 8;
	}
	end = put_task(end, task);
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

/* In pages; 0 on kernels before 6.16, where the memory is gone when they tell of the end.  (What
 * they keep of it for getrusage counts from before the last exec: the maker's memory.) */
static __always_inline u64 most_resident(const struct task_struct *t)
{
	const struct mm_struct *const mm = BPF_CORE_READ(t, mm);
	const u64 most = mm ? BPF_CORE_READ(mm, hiwater_rss) : 0;
	struct wire_vm now;

	read_vm(&now, t);
	return most > now.rss ? most : now.rss;
}

SEC("tp_btf/sched_process_exit")
int process_exit(u64 *ctx)
{
	const struct task_struct *const t = (void *)ctx[0];
	const bool last = BPF_CORE_READ(t, signal, live.counter) == 0;
	const u64 id = id_here();
	struct slot s;
	u32 end;

	if (!filtered(id) && begin(&s, WIRE_EXIT, WC_PROCESS, WW_EXIT, 1024, id)) {
		s.rec->args[0] = BPF_CORE_READ(t, exit_code);
		s.rec->args[1] = reaper(t, last);
		s.rec->args[2] = !last;
		s.rec->args[3] = BPF_CORE_READ(t, utime);
		s.rec->args[4] = BPF_CORE_READ(t, stime);
		s.rec->args[5] = BPF_CORE_READ(t, se.sum_exec_runtime);
		s.rec->args[6] = last ? most_resident(t) : 0;
		end = put_task(s.off + sizeof(*s.rec) + 7 * 8, bpf_get_current_task());
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
		ring->unnamed++;
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
	if (!set.fork_is_silent || filtered(id) ||
	    !begin(&s, WIRE_FORK, WC_PROCESS, WW_BORN, 16384, id))
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

	if (filtered(id) || !begin(&s, WIRE_SIGNAL, WC_PROCESS, 0, 64, id))
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

	if (filtered(id) || !begin(&s, WIRE_FAULT, WC_OTHER, 0, 64, id))
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

	if (filtered(id) || !begin(&s, WIRE_SWITCH, WC_OTHER, 0, 1024, id))
		return 0;
	s.rec->args[0] = BPF_CORE_READ(next, pid);
	end = put_task(s.off + sizeof(*s.rec) + 8, bpf_get_current_task());
	ring_publish(&s, end);
	return 0;
}
