/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* From descriptors to the kernel's struct file, and what it tells. */
#ifndef SAKER_FILE_H
#define SAKER_FILE_H

#include "bpf/ring.h"

enum { OVERLAYFS_MAGIC = 0x794c7630, FMODE_CREATED_ = 0x100000 };

static __always_inline struct task_struct *task_here(void)
{
	return (struct task_struct *)bpf_get_current_task();
}

static __always_inline struct file *file_of_fd(u32 fd)
{
	struct fdtable *const fdt = BPF_CORE_READ(task_here(), files, fdt);
	struct file **files, *f = NULL;

	if (fd >= BPF_CORE_READ(fdt, max_fds))
		return NULL;
	files = BPF_CORE_READ(fdt, fd);
	bpf_probe_read_kernel(&f, sizeof(f), files + fd);
	return f;
}

/* On an overlay the upper dentry stands right behind struct inode (struct ovl_inode):
 * set, the file lives in the writable layer.  WFF_UPPER, WFF_LOWER or 0. */
static __always_inline u32 inode_layer(const struct inode *inode, const struct super_block *sb)
{
	void *upper = NULL;

	if (BPF_CORE_READ(sb, s_magic) != OVERLAYFS_MAGIC)
		return 0;
	bpf_probe_read_kernel(&upper, sizeof(upper),
			      (u8 *)inode + bpf_core_type_size(struct inode));
	return upper ? WFF_UPPER : WFF_LOWER;
}

static __always_inline void file_facts(struct wire_file *out, const struct file *f)
{
	struct inode *const inode = BPF_CORE_READ(f, f_inode);
	struct super_block *const sb = BPF_CORE_READ(inode, i_sb);

	out->ino = BPF_CORE_READ(inode, i_ino);
	out->dev = BPF_CORE_READ(sb, s_dev);
	out->facts = inode_layer(inode, sb) |
		     (BPF_CORE_READ(f, f_mode) & FMODE_CREATED_ ? WFF_CREATED : 0);
}

#endif
