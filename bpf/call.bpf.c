// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
/* The one program behind all system calls.  It filters, writes the registers
 * into the ring, and runs the operations that capture/live derived from events.def for
 * what has to be fetched from memory.  What a number means is nobody's business here. */
#include "bpf/walk.h"

/* Maps and settings are defined here, in the object that is linked first by name: bpftool
 * gets references to a map wrong that a later object defines. */
char LICENSE[] SEC("license") = "GPL";

const volatile struct wire_settings set = { .ring_size = 1 << 20, .snaplen = 80 };
const volatile struct wire_conf conf[2 * WIRE_NR_MAX] = {0};

__u64 tree_alive = 0;
__u64 ringless = 0;

struct rings_map rings SEC(".maps");
struct tree_map tree SEC(".maps");
struct begun_map begun SEC(".maps");

enum { TS_COMPAT = 2, X32_BIT = 0x40000000 };
enum { O_ACCMODE_WRITE = 3, O_CREAT_ = 0100, O_TRUNC_ = 01000 };

struct call {
	u32 nr, flags, index;
	u64 args[6];
};

#if defined(__TARGET_ARCH_x86)

/* Who calls, and is it a 32-bit call?  One look at the task for both: each helper costs as
 * much as all the stores of a record. */
static __always_inline u64 caller(bool *compat)
{
	if (HAVE_TASK_BTF) {
		const struct task_struct *const t = bpf_get_current_task_btf();

		*compat = t->thread_info.status & TS_COMPAT;
		return id_of(t);
	}
	*compat = BPF_CORE_READ((struct task_struct *)bpf_get_current_task(),
				thread_info.status) & TS_COMPAT;
	return bpf_get_current_pid_tgid();
}

static __always_inline s64 call_number(const struct pt_regs *regs)
{
	return (s64)regs->orig_ax;
}

static __always_inline void call_args(u64 *args, const struct pt_regs *regs, bool compat)
{
	if (compat) {
		args[0] = (u32)regs->bx;
		args[1] = (u32)regs->cx;
		args[2] = (u32)regs->dx;
		args[3] = (u32)regs->si;
		args[4] = (u32)regs->di;
		args[5] = (u32)regs->bp;
		return;
	}
	args[0] = regs->di;
	args[1] = regs->si;
	args[2] = regs->dx;
	args[3] = regs->r10;
	args[4] = regs->r8;
	args[5] = regs->r9;
}

#else

static __always_inline u64 caller(bool *compat)
{
	*compat = false;
	return id_here();
}

static __always_inline s64 call_number(const struct pt_regs *regs)
{
	return regs->syscallno;
}

static __always_inline void call_args(u64 *args, const struct pt_regs *regs, bool compat)
{
	args[0] = regs->orig_x0;
	args[1] = regs->regs[1];
	args[2] = regs->regs[2];
	args[3] = regs->regs[3];
	args[4] = regs->regs[4];
	args[5] = regs->regs[5];
}

#endif

/* The class of an open depends on its flags, and only the registers tell. */
static __always_inline u32 call_class(const volatile struct wire_conf *c,
				      const struct pt_regs *regs, u32 flags)
{
	u64 args[6];

	if (!(c->flags & (WCF_OPEN_1 | WCF_OPEN_2)))
		return c->cls;
	call_args(args, regs, flags & WIRE_COMPAT);
	return (c->flags & WCF_OPEN_1 ? args[1] : args[2]) &
	       (O_ACCMODE_WRITE | O_CREAT_ | O_TRUNC_) ? WC_WRITE : c->cls;
}

static __always_inline bool has_winsize(u32 request)
{
	return request == WIRE_TIOCGWINSZ || request == WIRE_TIOCSWINSZ;
}

/* Does an ioctl give the caller a terminal, or tell how large one is? */
static __always_inline bool gives_tty(const struct pt_regs *regs, u32 flags)
{
	u64 args[6];
	u32 request;

	call_args(args, regs, flags & WIRE_COMPAT);
	request = args[1];
	return request == WIRE_TIOCGPTPEER || request == WIRE_TIOCSCTTY || has_winsize(request);
}

/* Of a call whose row has more to say than that it is wanted. */
static __always_inline bool passed_over(const volatile struct wire_conf *c,
					const struct pt_regs *regs, u32 flags, s64 ret)
{
	if (c->flags & WCF_WANTED)
		return c->flags & WCF_EXEC && ret == 0;
	return !(c->flags & WCF_TTY) || !gives_tty(regs, flags);
}

enum { EINPROGRESS_ = 115 };

/* A call that failed changed nothing; the parent's half of a clone tells nothing that the
 * child's own does not. */
static __always_inline u32 call_what(const volatile struct wire_conf *c, s64 ret)
{
	const u32 what = c->what;

	if ((ret < 0 && ret != -EINPROGRESS_) || (what == WW_BORN && ret > 0))
		return 0;
	return what;
}

/* Length argument b of an operation: a register, the return value or behind a pointer. */
static __always_inline u64 op_length(const struct wire_record *rec, u32 b, u32 flags)
{
	u64 len = b == WIRE_RET ? (u64)rec->ret : rec->args[b & 7];

	if (flags & OPF_DEREF) {
		u32 behind = 0;

		bpf_probe_read_user(&behind, sizeof(behind), (void *)len);
		len = behind;
	}
	if (flags & OPF_LIMIT_RET && rec->ret >= 0 && (u64)rec->ret < len)
		len = rec->ret;
	return len;
}

/* struct msghdr, of 64 or 32 bits; mmsghdr has the bytes of its message behind. */
struct msg { u64 name, name_len, iov, n_iov, ctl, ctl_len; u64 len; };

static __always_inline int read_msg(struct msg *m, u64 ptr, bool compat)
{
	u64 m64[7];
	u32 m32[7], len = 0;

	if (compat) {
		if (bpf_probe_read_user(m32, sizeof(m32), (void *)ptr))
			return -1;
		bpf_probe_read_user(&len, sizeof(len), (void *)(ptr + sizeof(m32)));
		*m = (struct msg){ m32[0], m32[1], m32[2], m32[3], m32[4], m32[5], len };
		return 0;
	}
	if (bpf_probe_read_user(m64, sizeof(m64), (void *)ptr))
		return -1;
	bpf_probe_read_user(&len, sizeof(len), (void *)(ptr + sizeof(m64)));
	*m = (struct msg){ m64[0], (u32)m64[1], m64[2], m64[3], m64[4], m64[5], len };
	return 0;
}

/* Bytes that answers of name servers have and that snaplen would cut. */
static __always_inline bool may_be_names(u64 len)
{
	return set.names_len && len > set.snaplen && len < WIRE_NAMES_MAX;
}

/* Operations on the struct msghdr at ptr.  flags: those of the operation, IOV_COMPAT, and in the
 * high half the descriptor. */
int put_msg(u32 at, u32 kind, u64 ptr, u64 ret, u64 flags)
{
	const bool compat = flags & IOV_COMPAT;
	u32 bits = compat ? IOV_COMPAT : 0;
	u64 limit = ~0ull;
	struct msg m;

	if (!ptr)
		return put_none(at, kind, WB_ABSENT);
	if (read_msg(&m, ptr, compat))
		return put_none(at, kind, WB_UNREADABLE);
	if (flags & OPF_LIMIT_RET && (s64)ret >= 0)
		limit = flags & OPF_MMSG ? m.len : ret;
	if (m.n_iov > 1024)
		m.n_iov = 1024;
	if (kind == OP_MSGCTL)
		return put_user_bytes(at, kind, m.ctl, m.ctl_len, WIRE_PATH_MAX);
	if (kind == OP_MSGNAME)
		return put_user_bytes(at, kind, m.name, m.name_len, 128);
	if (kind == OP_MSG && may_be_names(limit) && is_of_names(flags >> 32, m.name))
		bits |= IOV_NAMES;
	return put_iov(at, kind, m.iov, m.n_iov | bits, limit);
}

/* Is the payload that an operation copies what a name server says? */
static __always_inline bool has_names(const struct wire_record *rec,
				      const volatile struct wire_op *op)
{
	const u32 peer = op->c;

	return op->d && rec->ret > 0 && may_be_names(rec->ret) &&
	       is_of_names(rec->args[0], peer ? rec->args[(peer - 1) & 7] : 0);
}

/* Does operation op apply to this call? */
static __always_inline bool op_applies(const struct wire_record *rec,
				       const volatile struct wire_op *op, u32 flags)
{
	u64 v;

	if (flags & OPF_SUCCESS && rec->ret < 0)
		return false;
	if (flags & OPF_NATIVE && rec->flags & WIRE_COMPAT)
		return false;
	if (!(flags & OPF_IF))
		return true;
	v = rec->args[op->b & 7];
	return (u32)v >= op->c && (u32)v <= op->d;
}

static __always_inline u64 exe_file(void)
{
	return (u64)BPF_CORE_READ((const struct task_struct *)bpf_get_current_task(), mm, exe_file);
}

/* Runs operation i of row index for the record at off; returns the new end. */
int run_op(u32 off, u32 at, u32 index, u32 i)
{
	const volatile struct wire_op *const op =
		&conf[index & (2 * WIRE_NR_MAX - 1)].ops[i & (WIRE_OPS_MAX - 1)];
	struct wire_record *const rec = ring_at(off, sizeof(*rec) + 8 * sizeof(u64));
	const u32 kind = op->kind, flags = op->flags;
	u64 a;
	u32 bits, keep;

	if (!rec)
		return at;
	if (flags & OPF_PAYLOAD && rec->flags & WIRE_CUT)
		return put_none(at, kind, WB_CUT);
	if (!op_applies(rec, op, flags))
		return put_none(at, kind, WB_ABSENT);
	a = op->a == WIRE_RET ? (u64)rec->ret : rec->args[op->a & 7];
	bits = rec->flags & WIRE_COMPAT ? IOV_COMPAT : 0;
	if (flags & OPF_PEERLESS && has_peer(rec->args[0]))
		return put_none(at, kind, WB_ABSENT);
	switch (kind) {
	case OP_STR:
		return put_user_str(at, kind, a);
	case OP_BUF:
	case OP_BUFP:
		keep = !(flags & OPF_PAYLOAD) ? WIRE_PATH_MAX :
			has_names(rec, op) ? set.names_len : set.snaplen;
		return put_user_bytes(at, kind, a, op_length(rec, op->b, flags), keep);
	case OP_SOCKADDR:
	case OP_PEERNAME:
		return put_user_bytes(at, kind, a, op_length(rec, op->b, flags), 128);
	case OP_SEM:
		if (rec->args[(op->a + 1) & 7] * 6 < (u64)op->b + op->c)
			return put_none(at, kind, WB_ABSENT);
		return put_user_bytes(at, kind, a + op->b, op->c, 32);
	case OP_MEM:
		return put_user_bytes(at, kind, a ? a + op->b : 0, op->c, 32);
	case OP_FDLIST:
		return put_user_bytes(at, kind, a, rec->args[op->b & 7] * 8,
				      WIRE_FDLIST_MAX * 8);
	case OP_IOV:
	case OP_IOVSIZE:
		if (kind == OP_IOV && has_names(rec, op))
			bits |= IOV_NAMES;
		if (flags & OPF_LIMIT_RET && rec->ret >= 0)
			return put_iov(at, kind, a, rec->args[op->b & 7] | bits, rec->ret);
		return put_iov(at, kind, a, rec->args[op->b & 7] | bits, ~0ull);
	case OP_MSG:
	case OP_MSGSIZE:
	case OP_MSGCTL:
	case OP_MSGNAME:
		return put_msg(at, kind, a, rec->ret, flags | bits | rec->args[0] << 32);
	case OP_RIGHTS:
		return put_rights(at, a, bits != 0);
	case OP_GOTTTY:
		if ((u32)rec->args[1] != WIRE_TIOCGPTPEER)
			return put_none(at, kind, WB_ABSENT);
		return put_got(at, kind, a);
	case OP_WINSIZE:
		if (!has_winsize(rec->args[1]))
			return put_none(at, kind, WB_ABSENT);
		return put_user_bytes(at, kind, a, WIRE_WINSIZE, 32);
	case OP_GOT:
		return put_got(at, kind, a);
	case OP_TUPLE:
		return put_tuple(at, a);
	case OP_FILE:
		return put_file(at, a);
	case OP_FILEMEM: {
		u32 fd;

		if (bpf_probe_read_user(&fd, sizeof(fd), (void *)(a + op->b)))
			return put_none(at, kind, WB_UNREADABLE);
		return put_file(at, fd);
	}
	case OP_FILEPATH:
		return put_file_path(at, a);
	case OP_QUEUE:
		return put_queue(at, a);
	case OP_PAIR:
		return put_pair(at, a);
	case OP_TASK:
		return put_task(at, bpf_get_current_task());
	case OP_VM:
		return put_vm(at, bpf_get_current_task());
	case OP_CGROUPS:
		return put_cgroups(at, bpf_get_current_task());
	case OP_ARGV:
		return put_argv(at, a, bits ? 4 : 8);
	case OP_EXE:
		return put_exe(at, exe_file(), bpf_get_current_task());
	case OP_EXEPATH:
		return put_path(at, kind, path_of(exe_file()));
	case OP_CWD:
		return put_cwd(at, bpf_get_current_task());
	case OP_EXEC_ARGS:
	case OP_EXEC_ENV:
		return put_exec_args(at, bpf_get_current_task(), kind);
	}
	return put_none(at, kind, WB_ABSENT);
}

#if defined(__TARGET_ARCH_x86)

/* 32-bit programs may do all of sockets through socketcall(call, u32 *args): number of
 * the direct system call for each; accept, send and recv are accept4, sendto and recvfrom
 * with fewer arguments. */
static __always_inline u32 socketcall_nr(u32 call)
{
	switch (call) {
	case 1: return 359;			/* socket */
	case 2: return 361;			/* bind */
	case 3: return 362;			/* connect */
	case 4: return 363;			/* listen */
	case 5: case 18: return 364;		/* accept, accept4 */
	case 6: return 367;			/* getsockname */
	case 7: return 368;			/* getpeername */
	case 8: return 360;			/* socketpair */
	case 9: case 11: return 369;		/* send, sendto */
	case 10: case 12: return 371;		/* recv, recvfrom */
	case 13: return 373;			/* shutdown */
	case 14: return 366;			/* setsockopt */
	case 15: return 365;			/* getsockopt */
	case 16: return 370;			/* sendmsg */
	case 17: return 372;			/* recvmsg */
	case 19: return 337;			/* recvmmsg */
	case 20: return 345;			/* sendmmsg */
	}
	return 0;
}

/* Arguments that each call of socketcall has. */
static __always_inline u32 socketcall_args(u32 call)
{
	switch (call) {
	case 4: case 13:
		return 2;
	case 1: case 2: case 3: case 5: case 6: case 7: case 16: case 17:
		return 3;
	case 11: case 12:
		return 6;
	case 14: case 15: case 19:
		return 5;
	}
	return 4;
}

int write_socketcall(u32 off, u32 call, u64 array)
{
	struct wire_record *const rec = ring_at(off, sizeof(*rec) + 8 * sizeof(u64));
	u32 args[6] = {0};
	const u32 n = socketcall_args(call);

	if (!rec || bpf_probe_read_user(args, n == 2 ? 8 : n == 3 ? 12 : n == 4 ? 16 :
					n == 5 ? 20 : 24, (void *)array))
		return 0;
	for (int i = 0; i < 6; i++)
		rec->args[i] = args[i];
	rec->nr = socketcall_nr(call);
	return rec->nr;
}

#endif

/* Of conf, for a call's number, from which the mark of x32 is taken.  Numbers that no table has,
 * and those of x32, share the last row. */
static __always_inline u32 call_index(s64 *nr, bool compat, u32 *flags)
{
	u32 index;

	*flags = compat ? WIRE_COMPAT : *nr & X32_BIT ? WIRE_X32 : 0;
	*nr &= ~X32_BIT;
	index = *nr < WIRE_NR_MAX && !(*flags & WIRE_X32) ? *nr : WIRE_NR_MAX - 1;
	return (compat ? index + WIRE_NR_MAX : index) & (2 * WIRE_NR_MAX - 1);
}

/* Notes when a call begins.  Of the filters only the one that is the same at its end: others a
 * call may change. */
SEC("?tp_btf/sys_enter")
int sys_enter(u64 *ctx)
{
	bool compat;
	const u64 id = caller(&compat);
	const u32 pid = id >> 32;
	s64 nr = (s64)ctx[1];
	struct begun *b;
	u32 index, flags;

	if (nr < 0 || pid == set.recorder || pid == set.helper)
		return 0;
	if (set.filters & (WF_TREE | WF_PID) && !bpf_map_lookup_elem(&tree, &pid))
		return 0;
	index = call_index(&nr, compat, &flags);
	if (!(conf[index].flags & WCF_WANTED))
		return 0;
	b = bpf_task_storage_get(&begun, bpf_get_current_task_btf(), NULL,
				 BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (b) {
		b->index = index;
		b->ts = bpf_ktime_get_boot_ns();
	}
	return 0;
}

SEC("tp_btf/sys_exit")
int sys_exit(u64 *ctx)
{
	const struct pt_regs *const regs = (void *)ctx[0];
	bool compat;
	const u64 id = caller(&compat);
	const volatile struct wire_conf *c;
	s64 nr = call_number(regs);
	struct slot s;
	u32 index, end, flags;
	u64 from = 0;

	if (filtered(id) || nr < 0)
		return 0;
	index = call_index(&nr, compat, &flags);
	c = &conf[index & (2 * WIRE_NR_MAX - 1)];
	if (c->flags & (WCF_EXEC | WCF_SOCKETCALL) || !(c->flags & WCF_WANTED))
		if (passed_over(c, regs, flags, (s64)ctx[1]))
			return 0;
	if (set.latency)
		from = take_begun(index);
	if (!ring_begin(&s, call_class(c, regs, flags), call_what(c, (s64)ctx[1]), c->max, id))
		return 0;
	s.rec->type = WIRE_SYSCALL;
	s.rec->flags = flags;
	s.rec->nr = nr;
	s.rec->ret = (s64)ctx[1];
	call_args(s.rec->args, regs, flags & WIRE_COMPAT);
#if defined(__TARGET_ARCH_x86)
	if (c->flags & WCF_SOCKETCALL) {
		const u32 direct = write_socketcall(s.off, regs->bx, (u32)regs->cx);

		if (direct) {
			index = WIRE_NR_MAX + direct;
			c = &conf[index & (2 * WIRE_NR_MAX - 1)];
		}
	}
#endif
	end = s.off + sizeof(*s.rec) + (c->n_args & 7) * 8;
	if (set.latency) {
		put_took(s.rec, c->n_args, from);
		end += 8;
	}
	if (c->n_ops) {
		if (s.used > set.ring_size / 2)
			s.rec->flags |= WIRE_CUT;
		for (u32 i = 0; i < WIRE_OPS_MAX && i < c->n_ops; i++)
			end = run_op(s.off, end, index, i);
		if (s.rec->flags & WIRE_CUT && c->flags & WCF_PAYLOAD)
			ring_lose(s.ring, WC_PAYLOAD, s.rec->ts);
		if (end < s.off || end - s.off > WIRE_SLACK)
			end = s.off + sizeof(*s.rec);
	}
	ring_publish(&s, end);
	return 0;
}
