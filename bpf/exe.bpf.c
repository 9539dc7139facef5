// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
/* Facts about the file that a process runs. */
#include "bpf/walk.h"

enum { SB_RDONLY_ = 1, MNT_READONLY_ = 0x40, S_IMMUTABLE_ = 8 };
enum { CAP_DAC_OVERRIDE_ = 1, CAP_FOWNER_ = 3 };

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
