/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* From descriptors to the kernel's struct file, and what it tells. */
#ifndef SAKER_FILE_H
#define SAKER_FILE_H

#include "bpf/ring.h"

enum { OVERLAYFS_MAGIC = 0x794c7630, FMODE_CREATED_ = 0x100000 };

static __always_inline const struct file *file_of_fd(u32 fd)
{
	const struct task_struct *const t = HAVE_TASK_BTF && set.have_cast
		? bpf_get_current_task_btf() : (struct task_struct *)bpf_get_current_task();
	const struct files_struct *const files = GET(t, files);
	const struct fdtable *const fdt = GET(files, fdt);
	struct file **const fds = GET(fdt, fd);
	const struct file *f = NULL;

	if (fd >= GET(fdt, max_fds))
		return NULL;
	bpf_probe_read_kernel(&f, sizeof(f), fds + fd);
	return f ? TYPED(struct file, f) : NULL;
}

/* On an overlay the upper dentry stands right behind struct inode (struct ovl_inode):
 * set, the file lives in the writable layer.  WFF_UPPER, WFF_LOWER or 0. */
static __always_inline u32 inode_layer(const struct inode *inode, const struct super_block *sb)
{
	void *upper = NULL;

	if (GET(sb, s_magic) != OVERLAYFS_MAGIC)
		return 0;
	bpf_probe_read_kernel(&upper, sizeof(upper),
			      (u8 *)inode + bpf_core_type_size(struct inode));
	return upper ? WFF_UPPER : WFF_LOWER;
}

static __always_inline void file_facts(struct wire_file *out, const struct file *f)
{
	struct inode *const inode = GET(f, f_inode);
	struct super_block *const sb = GET(inode, i_sb);

	out->ino = GET(inode, i_ino);
	out->dev = GET(sb, s_dev);
	out->facts = inode_layer(inode, sb) | (GET(f, f_mode) & FMODE_CREATED_ ? WFF_CREATED : 0);
}

#endif
