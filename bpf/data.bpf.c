// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
/* Operations that copy from the caller's memory.  Nothing is paged in: what is not
 * resident when the call returns is marked unreadable, which is rare, since the
 * kernel has just used it itself. */
#include "bpf/ring.h"

/* A blob without bytes. */
int put_none(u32 at, u32 op, u32 state)
{
	struct wire_blob *const b = ring_at(at, sizeof(*b));

	return b ? blob_end(b, at, op, state, 0, 0) : at;
}

int put_user_str(u32 at, u32 op, u64 ptr)
{
	struct wire_blob *const b = ring_at(at, sizeof(*b) + WIRE_PATH_MAX);
	long n;

	if (!b)
		return at;
	if (!ptr)
		return blob_end(b, at, op, WB_ABSENT, 0, 0);
	n = bpf_probe_read_user_str(b + 1, WIRE_PATH_MAX, (void *)ptr);
	if (n <= 0 || n > WIRE_PATH_MAX)
		return blob_end(b, at, op, WB_UNREADABLE, 0, 0);
	return blob_end(b, at, op, WB_SET, n - 1, n - 1);
}

/* At most keep of len bytes. */
int put_user_bytes(u32 at, u32 op, u64 ptr, u64 len, u32 keep)
{
	struct wire_blob *const b = ring_at(at, sizeof(*b) + WIRE_SNAPLEN_MAX);
	const u32 full = len > 0xffffffff ? 0xffffffff : len;
	u32 n = full > keep ? keep : full;

	if (!b)
		return at;
	if (!ptr)
		return blob_end(b, at, op, WB_ABSENT, 0, 0);
	barrier_var(n);		/* as below */
	if (n > WIRE_SNAPLEN_MAX)
		n = WIRE_SNAPLEN_MAX;
	if (n && bpf_probe_read_user(b + 1, n, (void *)ptr))
		return blob_end(b, at, op, WB_UNREADABLE, 0, full);
	return blob_end(b, at, op, WB_SET, n, full);
}

struct iovec64 { u64 base, len; };
struct iovec32 { u32 base, len; };

static __always_inline int read_iovec(struct iovec64 *v, u64 array, u32 i, bool compat)
{
	struct iovec32 v32;

	if (!compat)
		return bpf_probe_read_user(v, sizeof(*v), (void *)(array + i * sizeof(*v)));
	if (bpf_probe_read_user(&v32, sizeof(v32), (void *)(array + i * sizeof(v32))))
		return -1;
	v->base = v32.base;
	v->len = v32.len;
	return 0;
}

/* Loops whose body has bounds to prove are too long for the verifier (a million
 * instructions for 32 rounds): the body is a function of its own, verified once, and what
 * it carries from round to round stands in the blob: len, and full as the sum. */

/* Appends the bytes of one iovec to the blob at the offset, keep in all.  0: go on. */
int put_iov_one(u32 at, u32 keep, u64 where, u64 limit, u32 compat)
{
	struct wire_blob *const b = ring_at(at, sizeof(*b) + 2 * WIRE_SNAPLEN_MAX);
	struct iovec64 v;
	u32 got, k;

	if (!b || read_iovec(&v, where, 0, compat))
		return 1;
	if (limit > 0xffffffff)
		limit = 0xffffffff;
	if (v.len > limit - b->full)
		v.len = limit - b->full;
	b->full += v.len;
	got = b->len;
	if (got >= keep || got > WIRE_SNAPLEN_MAX)
		return 0;
	k = keep - got;
	if (v.len < k)
		k = v.len;
	barrier_var(k);		/* or clang compares another copy and k has no bound */
	if (k > WIRE_SNAPLEN_MAX)
		k = WIRE_SNAPLEN_MAX;
	if (k && bpf_probe_read_user((u8 *)(b + 1) + got, k, (void *)v.base))
		return 1;
	b->len = got + k;
	return 0;
}

/* The bytes of n iovecs, no more than limit, cut to snaplen; or for OP_IOVSIZE and
 * OP_MSGSIZE their sum. */
int put_iov(u32 at, u32 op, u64 iov, u32 n, u64 limit)
{
	struct wire_blob *b = ring_at(at, sizeof(*b) + 8);
	const bool compat = n & IOV_COMPAT, sum_only = op == OP_IOVSIZE || op == OP_MSGSIZE;
	const u32 keep = sum_only ? 0 : n & IOV_NAMES ? set.names_len : set.snaplen;
	const u32 step = compat ? sizeof(struct iovec32) : sizeof(struct iovec64);
	u32 i;

	if (!b)
		return at;
	n &= ~(IOV_COMPAT | IOV_NAMES);
	if (!iov)
		return blob_end(b, at, op, WB_ABSENT, 0, 0);
	blob_end(b, at, op, WB_SET, 0, 0);
	for (i = 0; i < WIRE_IOV_MAX && i < n; i++)
		if (put_iov_one(at, keep, iov + i * step, limit, compat))
			break;
	if (n && i == 0)
		return blob_end(b, at, op, WB_UNREADABLE, 0, 0);
	if (!sum_only)
		return blob_end(b, at, op, WB_SET, b->len, b->full);
	*(u64 *)(b + 1) = b->full;
	return blob_end(b, at, op, WB_SET, 8, 8);
}

/* Appends one string of an array of pointers.  0: go on. */
int put_argv_one(u32 at, u64 where, u32 width)
{
	struct wire_blob *const b = ring_at(at, sizeof(*b) + 2 * WIRE_ARGS_MAX);
	u64 p = 0;
	u32 got;
	long n;

	if (!b || bpf_probe_read_user(&p, width == 4 ? 4 : 8, (void *)where) || !p)
		return 1;
	got = b->len;
	if (got >= WIRE_ARGS_MAX)
		return 1;
	n = bpf_probe_read_user_str((u8 *)(b + 1) + got, WIRE_ARGS_MAX, (void *)p);
	if (n <= 0)
		return 1;
	b->len = got + n;
	return 0;
}

/* Strings of an argv-like array, each with its NUL.  width: bytes of a pointer. */
int put_argv(u32 at, u64 argv, u32 width)
{
	struct wire_blob *const b = ring_at(at, sizeof(*b) + 2 * WIRE_ARGS_MAX);
	u32 full;

	if (!b)
		return at;
	blob_end(b, at, OP_ARGV, WB_SET, 0, 0);
	for (u32 i = 0; i < 64; i++)
		if (put_argv_one(at, argv + i * (u64)width, width))
			break;
	full = b->len;
	if (full <= WIRE_ARGS_MAX)
		return blob_end(b, at, OP_ARGV, WB_SET, full, full);
	((u8 *)(b + 1))[WIRE_ARGS_MAX - 1] = 0;
	return blob_end(b, at, OP_ARGV, WB_SET, WIRE_ARGS_MAX, full);
}
