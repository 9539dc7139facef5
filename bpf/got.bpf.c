// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
/* Descriptors that a process got from another one: sent over a socket, or fetched.  The call says
 * no more than their numbers, so what stands behind them is written down. */
#include "bpf/walk.h"

enum { SOL_SOCKET_ = 1, SCM_RIGHTS_ = 1, S_IFMT_ = 0170000, S_IFSOCK_ = 0140000 };

/* Encoding of st_dev for the kernel's device numbers. */
static __always_inline u32 stat_dev(u32 dev)
{
	const u32 minor = dev & 0xfffff;

	return (minor & 0xff) | dev >> 20 << 8 | (minor & ~0xffu) << 12;
}

static __always_inline bool closed_by_exec(const struct fdtable *fdt, u32 fd)
{
	unsigned long *const bits = BPF_CORE_READ(fdt, close_on_exec);
	unsigned long word = 0;

	bpf_probe_read_kernel(&word, sizeof(word), bits + fd / (8 * sizeof(word)));
	return word >> fd % (8 * sizeof(word)) & 1;
}

static __always_inline const struct fdtable *fds_here(void)
{
	return BPF_CORE_READ((struct task_struct *)bpf_get_current_task(), files, fdt);
}

static __always_inline const struct file *got_facts(struct wire_got *g, u32 fd)
{
	const struct fdtable *const fdt = fds_here();
	struct file **const fds = BPF_CORE_READ(fdt, fd);
	const struct file *f = NULL;

	if (fd >= BPF_CORE_READ(fdt, max_fds))
		return NULL;
	bpf_probe_read_kernel(&f, sizeof(f), fds + fd);
	if (!f)
		return NULL;
	g->fd = fd;
	g->ino = BPF_CORE_READ(f, f_inode, i_ino);
	g->dev = stat_dev(BPF_CORE_READ(f, f_inode, i_sb, s_dev));
	g->mode = BPF_CORE_READ(f, f_inode, i_mode);
	g->flags = BPF_CORE_READ(f, f_flags);
	return f;
}

/* Family, type and protocol as the bytes 1 to 3 of the result; 0: no socket. */
static __always_inline u32 socket_facts(const struct file *f)
{
	const struct socket *const so = BPF_CORE_READ(f, private_data);
	const struct sock *sk;

	if ((BPF_CORE_READ(f, f_inode, i_mode) & S_IFMT_) != S_IFSOCK_ ||
	    BPF_CORE_READ(so, file) != f)
		return 0;
	sk = BPF_CORE_READ(so, sk);
	return (BPF_CORE_READ(sk, __sk_common.skc_family) & 0xff) << 8 |
	       (BPF_CORE_READ(sk, sk_type) & 0xff) << 16 |
	       (u32)(BPF_CORE_READ(sk, sk_protocol) & 0xff) << 24;
}

enum { PID_FS_MAGIC_ = 0x50494446, SB_NOUSER_ = 1u << 31 };

/* The name of what is in no directory; of a directory's root that is "/".  Some file systems
 * that nobody can mount call all they have "/". */
static __always_inline u32 own_name(char *out, const struct file *f)
{
	const struct super_block *const sb = BPF_CORE_READ(f, f_inode, i_sb);
	const struct dentry *const d = BPF_CORE_READ(f, f_path.dentry);
	long n;

	if (BPF_CORE_READ(sb, s_magic) == PID_FS_MAGIC_) {
		__builtin_memcpy(out, "[pidfd]", 7);
		return 7;
	}
	if (BPF_CORE_READ(d, d_parent) != d)
		return 1;
	n = bpf_probe_read_kernel_str(out, 256, BPF_CORE_READ(d, d_name.name));
	if (n == 2 && out[0] == '/' && BPF_CORE_READ(sb, s_flags) & SB_NOUSER_)
		return 0;
	return n > 0 && n <= 256 ? n - 1 : 0;
}

/* Appends what is known of one descriptor; returns the new end. */
int put_got_one(u32 at, u32 fd)
{
	struct wire_got *const g = ring_at(at, sizeof(*g) + WIRE_PATH_MAX + 8);
	const u32 name_at = at + sizeof(*g) - sizeof(struct wire_blob);
	const struct file *f;
	u32 len;

	if (!g)
		return at;
	f = got_facts(g, fd);
	if (!f)
		return at;
	/* the head of the path's blob stands where len and what follows it belong */
	put_path(name_at, OP_GOT, path_of((u64)f));
	len = ((struct wire_blob *)(g + 1) - 1)->len;
	if (len == 1)
		len = own_name((char *)(g + 1), f);
	barrier_var(len);
	if (len > WIRE_PATH_MAX)
		return at;
	__builtin_memset((u8 *)(g + 1) + len, 0, 8);
	g->len = len;
	*(u32 *)&g->cloexec = socket_facts(f) | closed_by_exec(fds_here(), fd);
	return at + sizeof(*g) + ((len + 7) & ~7u);
}

static __always_inline int got_end(u32 at, u32 op, u32 end)
{
	struct wire_blob *const b = ring_at(at, sizeof(*b));
	const u32 len = end - at - sizeof(*b);

	if (!b)
		return at;
	if (end < at + sizeof(*b) || len > 0xffff || len == 0)
		return blob_end(b, at, op, WB_ABSENT, 0, 0);
	return blob_end(b, at, op, WB_SET, len, len);
}

int put_got(u32 at, u32 op, u32 fd)
{
	return got_end(at, op, put_got_one(at + sizeof(struct wire_blob), fd));
}

/* As put_got_one, of the descriptor that stands in the caller's memory. */
int put_got_there(u32 at, u64 where)
{
	u32 fd;

	if (bpf_probe_read_user(&fd, sizeof(fd), (void *)where))
		return at;
	return put_got_one(at, fd);
}

struct control { u64 p, len; };

static __always_inline int read_control(struct control *c, u64 msg, bool compat)
{
	u32 c32[2];

	if (!compat)
		return bpf_probe_read_user(c, sizeof(*c), (void *)(msg + 32));
	if (bpf_probe_read_user(c32, sizeof(c32), (void *)(msg + 16)))
		return -1;
	*c = (struct control){ c32[0], c32[1] };
	return 0;
}

/* Descriptors in n bytes at where; returns the new end. */
int put_rights_here(u32 at, u64 where, u32 n)
{
	const u32 from = at;

	for (u32 i = 0; i < WIRE_RIGHTS_MAX && i * 4 + 4 <= n; i++) {
		if (at - from > WIRE_RIGHTS_BYTES)
			break;
		at = put_got_there(at, where + i * 4);
	}
	return at;
}

int put_rights(u32 at, u64 msg, u32 compat)
{
	const u32 word = compat ? 4 : 8, head = word + 8;
	u32 end = at + sizeof(struct wire_blob);
	struct control c;

	if (!msg || read_control(&c, msg, compat) || !c.p || c.len < head + 4)
		return put_none(at, OP_RIGHTS, WB_ABSENT);
	for (u32 i = 0; i < WIRE_CMSGS_MAX && c.len >= head; i++) {
		u64 len = 0;
		u32 what[2];

		if (bpf_probe_read_user(&len, compat ? 4 : 8, (void *)c.p) ||
		    bpf_probe_read_user(what, sizeof(what), (void *)(c.p + word)) ||
		    len < head || len > c.len)
			break;
		if (what[0] == SOL_SOCKET_ && what[1] == SCM_RIGHTS_) {
			/* the kernel puts all of a message's into one */
			end = put_rights_here(end, c.p + head, len - head);
			break;
		}
		len = (len + word - 1) & ~(u64)(word - 1);
		if (len > c.len)
			break;
		c.p += len;
		c.len -= len;
	}
	return got_end(at, OP_RIGHTS, end);
}
