/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* Short ways through the kernel's structures that several objects take. */
#ifndef SAKER_WALK_H
#define SAKER_WALK_H

#include "bpf/ring.h"

enum { OVERLAYFS_MAGIC = 0x794c7630, FMODE_CREATED_ = 0x100000 };

/* Address of the struct path of a file, for put_path; 0: no file. */
static __always_inline u64 path_of(u64 file)
{
	return file ? file + bpf_core_field_offset(struct file, f_path) : 0;
}

/* On an overlay the upper dentry stands right behind struct inode (struct ovl_inode):
 * set, the file lives in the writable layer.  WFF_UPPER, WFF_LOWER or 0. */
static __always_inline u32 inode_layer(unsigned long magic, const struct inode *inode)
{
	void *upper = NULL;

	if (magic != OVERLAYFS_MAGIC)
		return 0;
	bpf_probe_read_kernel(&upper, sizeof(upper),
			      (u8 *)inode + bpf_core_type_size(struct inode));
	return upper ? WFF_UPPER : WFF_LOWER;
}

/* The number of a pid at a depth of namespaces. */
static __always_inline const struct upid *pid_at(const struct pid *pid, u32 level)
{
	return (const void *)((u8 *)pid + bpf_core_field_offset(struct pid, numbers) +
			      (level & 31) * bpf_core_type_size(struct upid));
}

enum { MM_FILE = 0, MM_ANON, MM_SWAP, MM_SHM };

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

#endif
