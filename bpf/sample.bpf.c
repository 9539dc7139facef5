// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
/* What each thread has used so far: read once in a while by the recorder.  Who is left out is the
 * same as elsewhere, but asked about the thread that is shown, not about the one that runs. */
#include "bpf/walk.h"

enum { CGROUP_DEPTH = 32 };

static __always_inline bool in_cgroup(const struct task_struct *t)
{
	const struct kernfs_node *kn = BPF_CORE_READ(t, cgroups, dfl_cgrp, kn);

	for (int i = 0; i < CGROUP_DEPTH && kn; i++) {
		if (BPF_CORE_READ(kn, id) == set.cgroup)
			return true;
		if (bpf_core_field_exists(struct kernfs_node, parent))
			kn = BPF_CORE_READ(kn, parent);
		else
			kn = BPF_CORE_READ((struct kernfs_node___615 *)kn, __parent);
	}
	return false;
}

static __always_inline bool left_out(const struct task_struct *t, u32 pid)
{
	u64 comm[2] = {0};

	if (pid == set.recorder || pid == set.helper)
		return true;
	if (set.filters & (WF_TREE | WF_PID) && !bpf_map_lookup_elem(&tree, &pid))
		return true;
	if (set.filters & WF_UID && BPF_CORE_READ(t, cred, uid.val) != set.uid)
		return true;
	if (set.filters & WF_CGROUP && !in_cgroup(t))
		return true;
	if (!(set.filters & WF_COMM))
		return false;
	bpf_core_read(&comm, sizeof(comm), &t->comm);
	return comm[0] != set.comm[0] || comm[1] != set.comm[1];
}

SEC("?iter/task")
int sample_task(struct bpf_iter__task *ctx)
{
	const struct task_struct *const t = ctx->task;
	struct wire_sample s = {0};

	if (!t)
		return 0;
	s.pid = t->tgid;
	if (left_out(t, s.pid))
		return 0;
	s.tid = t->pid;
	s.cpu = bpf_core_field_exists(t->wake_cpu) ? t->wake_cpu : 0;	/* with CONFIG_SMP */
	s.start = t->start_boottime;
	s.utime = t->utime;
	s.stime = t->stime;
	s.runtime = t->se.sum_exec_runtime;
	s.pgft_maj = t->maj_flt;
	s.pgft_min = t->min_flt;
	read_vm(&s.vm, t);
	bpf_seq_write(ctx->meta->seq, &s, sizeof(s));
	return 0;
}
