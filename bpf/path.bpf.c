// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
/* Paths by the kernel's own names, where the caller's could mean anything. */
#include "bpf/walk.h"

int put_file_path(u32 at, u32 fd)
{
	struct fdtable *const fdt = BPF_CORE_READ((struct task_struct *)bpf_get_current_task(),
						  files, fdt);
	struct file **const fds = BPF_CORE_READ(fdt, fd);
	u64 f = 0;

	if (fd < BPF_CORE_READ(fdt, max_fds))
		bpf_probe_read_kernel(&f, sizeof(f), fds + fd);
	return put_path(at, OP_FILEPATH, path_of(f));
}

/* Lays "/name" down in front of what the blob at the offset has; full is the position
 * of its first byte.  A function of its own for the verifier's sake.  0: go on. */
int put_path_name(u32 at, u64 dentry)
{
	struct wire_blob *const b = ring_at(at, sizeof(*b) + 2 * WIRE_PATH_MAX);
	const struct dentry *const d = (const struct dentry *)dentry;
	const unsigned char *name;
	u32 pos, n;
	u8 *out;

	if (!b)
		return 1;
	name = BPF_CORE_READ(d, d_name.name);
	n = BPF_CORE_READ(d, d_name.len);
	pos = b->full;
	if (n > 255 || pos < n + 1)
		return 1;
	pos -= n + 1;
	barrier_var(pos);
	if (pos >= WIRE_PATH_MAX)
		return 1;
	out = (u8 *)(b + 1) + pos;
	out[0] = '/';
	b->full = pos;
	return bpf_probe_read_kernel(out + 1, n, name) != 0;
}

/* Path of a file or directory by walking names up to the root of all mounts, or to the
 * directory root if it comes by that.  The names come last first, so they are laid down from the
 * end of a buffer. */
int put_path_from(u32 at, u32 op, u64 path, u64 root)
{
	struct wire_blob *const b = ring_at(at, sizeof(*b) + 2 * WIRE_PATH_MAX);
	const struct path *const p = (const struct path *)path;
	const struct path *const r = (const struct path *)root;
	struct dentry *d, *end = NULL;
	struct vfsmount *end_mnt = NULL;
	struct mount *m;
	u32 pos, len;
	u8 *out;

	if (!b)
		return at;
	if (!p)
		return blob_end(b, at, op, WB_ABSENT, 0, 0);
	blob_end(b, at, op, WB_SET, 0, WIRE_PATH_MAX);
	if (r) {
		end = BPF_CORE_READ(r, dentry);
		end_mnt = BPF_CORE_READ(r, mnt);
	}
	d = BPF_CORE_READ(p, dentry);
	m = (void *)((u8 *)BPF_CORE_READ(p, mnt) - bpf_core_field_offset(struct mount, mnt));
	for (int i = 0; i < 96; i++) {
		struct dentry *const up = BPF_CORE_READ(d, d_parent);
		struct dentry *const top = BPF_CORE_READ(m, mnt.mnt_root);
		struct mount *const above = BPF_CORE_READ(m, mnt_parent);

		if (d == end && (void *)m + bpf_core_field_offset(struct mount, mnt) == end_mnt)
			break;
		if (d == top && above != m) {
			d = BPF_CORE_READ(m, mnt_mountpoint);
			m = above;
			continue;
		}
		if (d == top || d == up)
			break;
		if (put_path_name(at, (u64)d))
			return blob_end(b, at, op, WB_UNREADABLE, 0, 0);
		d = up;
	}
	out = (u8 *)(b + 1);
	pos = b->full;
	/* a program in memory has a name but no directory */
	if (pos >= WIRE_PATH_MAX && op == OP_EXEPATH && !put_path_name(at, (u64)d)) {
		pos = b->full;
		if (pos == WIRE_PATH_MAX - 2)	/* the root's is "/" */
			pos = WIRE_PATH_MAX;
	}
	if (pos >= WIRE_PATH_MAX) {
		out[0] = '/';
		return blob_end(b, at, op, WB_SET, 1, 1);
	}
	/* To the front, so that the record holds no more than the path. */
	len = WIRE_PATH_MAX - pos;
	barrier_var(len);
	if (len > WIRE_PATH_MAX)
		len = WIRE_PATH_MAX;
	bpf_probe_read_kernel(out, len, out + (pos & (WIRE_PATH_MAX - 1)));
	return blob_end(b, at, op, WB_SET, len, len);
}

int put_path(u32 at, u32 op, u64 path)
{
	return put_path_from(at, op, path, 0);
}

/* As the task sees it. */
int put_cwd(u32 at, u64 task)
{
	const u64 fs = (u64)BPF_CORE_READ((const struct task_struct *)task, fs);

	if (!fs)
		return put_none(at, OP_CWD, WB_ABSENT);
	return put_path_from(at, OP_CWD, fs + bpf_core_field_offset(struct fs_struct, pwd),
			     fs + bpf_core_field_offset(struct fs_struct, root));
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
