/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* The ring of the CPU that a program runs on (layout in wire.h), and the settings. */
#ifndef SAKER_RING_H
#define SAKER_RING_H

#include "bpf/kernel.h"
#include "bpf/wire.h"

extern const volatile struct wire_settings set;
/* By number; numbers of 32-bit callers from WIRE_NR_MAX on. */
extern const volatile struct wire_conf conf[2 * WIRE_NR_MAX];

extern __u64 tree_alive;	/* processes in the tree */
extern __u64 ringless;		/* events of CPUs that came after the start */

struct rings_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(u32));
	__uint(value_size, WIRE_DATA + WIRE_SLACK + (1 << 20));
};
struct tree_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(key_size, sizeof(u32));
	__uint(value_size, 1);
};
/* The call that a thread is in; ts 0: in none that is to be timed. */
struct begun {
	u64 ts;			/* ns since boot */
	u32 index;		/* in conf */
	u32 pad;
};
struct begun_map {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct begun);
};
extern struct rings_map rings SEC(".maps");
extern struct tree_map tree SEC(".maps");
extern struct begun_map begun SEC(".maps");

/* How full a ring may be for a record of the class to go in. */
static __always_inline u32 class_limit(u32 cls)
{
	return cls == WC_OTHER || cls == WC_FILE ? set.ring_size / 4 * 3 : set.ring_size;
}

static __always_inline struct wire_ring *ring_here(void)
{
	u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&rings, &cpu);
}

/* Where room bytes can be written at the given offset in the data; NULL: not there. */
static __always_inline void *ring_at(u32 at, u32 room)
{
	u8 *const ring = (u8 *)ring_here();

	if (!ring || at > set.ring_size + WIRE_SLACK - room)
		return NULL;
	return ring + WIRE_DATA + at;
}

/* Writes down who lost what, so that not everybody's state is in doubt. */
static __always_inline void ring_blame(struct wire_ring *ring, u32 what, u64 now, u64 id)
{
	const u64 n = ring->n_victims, tail = *(volatile u64 *)&ring->victims_tail;
	struct wire_victim *v = &ring->victims[(n - 1) & (WIRE_VICTIMS - 1)];

	if (ring->losing && n != tail && v->id == id) {
		v->last = now;
		v->what |= what;
		return;
	}
	if (n - tail >= WIRE_VICTIMS) {
		ring->unnamed++;
		return;
	}
	v = &ring->victims[n & (WIRE_VICTIMS - 1)];
	v->id = id;
	v->first = v->last = now;
	v->what = what;
	ring->losing = 1;
	barrier();
	*(volatile u64 *)&ring->n_victims = n + 1;
}

static __always_inline void ring_lose(struct wire_ring *ring, u32 cls, u64 now)
{
	struct wire_loss *loss;

	if (cls >= WC__N)
		return;
	loss = &ring->loss[cls];
	if (!loss->first || loss->count == 0)
		loss->first = now;
	loss->last = now;
	loss->count++;
}

/* A record under construction: ring is busy until ring_publish. */
struct slot {
	struct wire_ring *ring;
	struct wire_record *rec;
	u64 head;
	u32 off;		/* of rec in the data */
	u32 used;		/* bytes in the ring before it */
};

/* Begins a record of at most max bytes.  false: no room, and that is counted.  what: what
 * is not known then of the thread. */
static __always_inline bool ring_begin(struct slot *s, u32 cls, u32 what, u32 max, u64 pid_tgid)
{
	struct wire_ring *const ring = ring_here();
	u64 now;

	if (!ring) {
		__sync_fetch_and_add(&ringless, 1);
		return false;
	}
	ring->n_events++;
	if (ring->busy) {
		now = bpf_ktime_get_boot_ns();
		ring_lose(ring, cls, now);
		if (what)
			ring->unnamed++;
		return false;
	}
	ring->busy = 1;
	barrier();
	now = bpf_ktime_get_boot_ns();
	s->ring = ring;
	s->head = ring->head;
	s->used = (u32)(s->head - ring->tail_seen);
	if (s->used > set.ring_size / 4) {
		ring->tail_seen = *(volatile u64 *)&ring->tail;
		s->used = (u32)(s->head - ring->tail_seen);
		if (s->used + max > class_limit(cls)) {
			ring_lose(ring, cls, now);
			if (what)
				ring_blame(ring, what, now, pid_tgid);
			barrier();
			ring->busy = 0;
			return false;
		}
	}
	ring->losing = 0;
	s->off = (u32)s->head & (set.ring_size - 1);
	s->rec = (void *)((u8 *)ring + WIRE_DATA + s->off);
	s->rec->ts = now;
	*(u64 *)&s->rec->tid = pid_tgid;
	return true;
}

/* end: offset in the data behind the last byte, a multiple of 8. */
static __always_inline void ring_publish(struct slot *s, u32 end)
{
	s->rec->len = end - s->off;
	barrier();
#if defined(__TARGET_ARCH_x86)
	*(volatile u64 *)&s->ring->head = s->head + (end - s->off);
#else
	__sync_lock_test_and_set(&s->ring->head, s->head + (end - s->off));
#endif
	barrier();
	*(volatile u32 *)&s->ring->busy = 0;
}

#define HAVE_TASK_BTF								\
	bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf)	/* 5.11 */

/* As bpf_get_current_pid_tgid. */
static __always_inline u64 id_of(const struct task_struct *t)
{
	return (u64)(u32)t->tgid << 32 | (u32)t->pid;
}

static __always_inline u64 id_here(void)
{
	return HAVE_TASK_BTF ? id_of(bpf_get_current_task_btf()) : bpf_get_current_pid_tgid();
}

/* Reading the kernel's structures through typed pointers costs a load each, through
 * bpf_probe_read_kernel a call.  Pointers that came as numbers get their type by a cast
 * where the kernel has it; GET reads either way. */
extern void *bpf_rdonly_cast(const void *obj, u32 btf_id) __ksym __weak;

#define TYPED(type, p)								\
	((type *)(set.have_cast ? bpf_rdonly_cast((p), bpf_core_type_id_kernel(type))	\
				: (void *)(p)))
#define GET(p, field)								\
	({ typeof(({ (p)->field; })) v__;	/* without its const */			\
	   if (set.have_cast)							\
		   v__ = (p)->field;						\
	   else									\
		   bpf_core_read(&v__, sizeof(v__), &(p)->field);		\
	   v__; })

/* Must this task be left out? */
static __always_inline bool filtered(u64 pid_tgid)
{
	u32 pid = pid_tgid >> 32;

	if (pid == set.recorder || pid == set.helper || pid == set.watcher)
		return true;
	if (!set.filters)
		return false;
	if (set.filters & (WF_TREE | WF_PID) && !bpf_map_lookup_elem(&tree, &pid))
		return true;
	if (set.filters & WF_UID && (u32)bpf_get_current_uid_gid() != set.uid)
		return true;
	if (set.filters & WF_CGROUP &&
	    bpf_get_current_ancestor_cgroup_id(set.cgroup_level) != set.cgroup)
		return true;
	if (set.filters & WF_COMM) {
		u64 comm[2];

		bpf_get_current_comm(comm, sizeof(comm));
		if (comm[0] != set.comm[0] || comm[1] != set.comm[1])
			return true;
	}
	return false;
}

enum { ANY_CALL = ~0u };

/* When the thread's call began, ns since boot; 0 if that was not seen, or it was another
 * call.  Each beginning is used once: a child returns from a clone, and a call that seccomp
 * refuses returns, without one. */
static __always_inline u64 take_begun(u32 index)
{
	struct begun *const b =
		bpf_task_storage_get(&begun, bpf_get_current_task_btf(), NULL, 0);
	u64 ts;

	if (!b)
		return 0;
	ts = b->ts;
	b->ts = 0;
	return index == ANY_CALL || index == b->index ? ts : 0;
}

/* Makes argument n of the record the time since from. */
static __always_inline void put_took(struct wire_record *rec, u32 n, u64 from)
{
	const u64 took = rec->ts - from;

	rec->flags |= WIRE_TIMED;
	rec->args[n & 7] = !from || rec->ts < from ? 0 : took ? took : 1;
}

/* Puts the head of a blob whose bytes stand behind it already; returns the new end. */
static __always_inline u32 blob_end(struct wire_blob *b, u32 at, u32 op, u32 state, u32 len,
				    u32 full)
{
	*b = (struct wire_blob){ .len = len, .op = op, .state = state, .full = full };
	return at + sizeof(*b) + ((len + 7) & ~7u);
}

/* Operations: each appends one blob at the offset at and returns the offset behind it. */
int put_none(u32 at, u32 op, u32 state);
int put_user_str(u32 at, u32 op, u64 ptr);
int put_user_bytes(u32 at, u32 op, u64 ptr, u64 len, u32 keep);
int put_iov(u32 at, u32 op, u64 iov, u32 n, u64 limit);	/* n: with enum iov_bit */
int put_file(u32 at, u32 fd);
int put_file_path(u32 at, u32 fd);
int put_got(u32 at, u32 op, u32 fd);
int put_rights(u32 at, u64 msg, u32 compat);	/* address of a struct msghdr */
int put_tuple(u32 at, u32 fd);
int put_queue(u32 at, u32 fd);
int put_pair(u32 at, u64 ptr);
int put_task(u32 at, u64 task);	/* addresses of a struct task_struct */
int put_vm(u32 at, u64 task);
int put_cgroups(u32 at, u64 task);
int put_exec_args(u32 at, u64 task, u32 op);
int put_path(u32 at, u32 op, u64 path);	/* of a struct path; 0: none */
int put_cwd(u32 at, u64 task);
int put_argv(u32 at, u64 argv, u32 width);
int put_exe(u32 at, u64 file, u64 task);	/* of a struct file, a struct task_struct */
int put_kernel_str(u32 at, u32 op, u64 ptr);
int has_peer(u32 fd);
int is_of_names(u32 fd, u64 peer);	/* address of a struct sockaddr, or 0 */

/* The count of iovecs is of a 32-bit caller; of payload, names_len is kept. */
enum iov_bit { IOV_COMPAT = 1u << 31, IOV_NAMES = 1u << 30 };

#endif
