// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
/* What the kernel's sockets tell: both ends of a connection, queues, unix peers. */
#include "bpf/file.h"

enum { AF_UNIX_ = 1, AF_INET_ = 2, AF_INET6_ = 10, S_IFMT_ = 0170000, S_IFSOCK_ = 0140000 };

static __always_inline u16 swap16(u16 v)
{
	return __builtin_bswap16(v);
}

/* The socket behind a descriptor; NULL if it is none. */
static __always_inline struct sock *sock_of_fd(u32 fd)
{
	struct file *const f = file_of_fd(fd);
	struct socket *so;

	if (!f || (BPF_CORE_READ(f, f_inode, i_mode) & S_IFMT_) != S_IFSOCK_)
		return NULL;
	so = BPF_CORE_READ(f, private_data);
	/* A socket file of the file system (a bound path) has no struct socket. */
	if (!so || BPF_CORE_READ(so, file) != f)
		return NULL;
	return BPF_CORE_READ(so, sk);
}

static __always_inline void inet_ends(struct wire_tuple *t, const struct sock *sk)
{
	const struct inet_sock *const inet = (const struct inet_sock *)sk;
	u32 a = BPF_CORE_READ(inet, inet_saddr);

	__builtin_memcpy(t->saddr, &a, 4);
	a = BPF_CORE_READ(sk, __sk_common.skc_daddr);
	__builtin_memcpy(t->daddr, &a, 4);
}

static __always_inline void inet6_ends(struct wire_tuple *t, const struct sock *sk)
{
	BPF_CORE_READ_INTO((struct in6_addr *)t->saddr, sk, __sk_common.skc_v6_rcv_saddr);
	BPF_CORE_READ_INTO((struct in6_addr *)t->daddr, sk, __sk_common.skc_v6_daddr);
}

/* Path of the unix socket behind t; its length, 0 if it has none. */
static __always_inline u32 unix_path(struct wire_tuple *t, const struct unix_sock *u)
{
	const struct unix_address *const a = BPF_CORE_READ(u, addr);
	u32 n;

	if (!a)
		return 0;
	n = BPF_CORE_READ(a, len) - 2;
	if (n == 0 || n > 108)
		return 0;
	if (bpf_probe_read_kernel(t + 1, n & 127,
				  (u8 *)a + bpf_core_field_offset(struct unix_address, name) + 2))
		return 0;
	return n;
}

static __always_inline u32 unix_ends(struct wire_tuple *t, const struct sock *sk)
{
	const struct unix_sock *const u = (const struct unix_sock *)sk;
	const struct sock *const peer = BPF_CORE_READ(u, peer);
	u32 n = 0;

	t->unix_self = (u64)sk;
	t->unix_peer = (u64)peer;
	t->has_peer = peer != NULL;
	if (peer)
		n = unix_path(t, (const struct unix_sock *)peer);
	if (n == 0)
		n = unix_path(t, u);
	t->path_len = n;
	return n;
}

int put_tuple(u32 at, u32 fd)
{
	struct wire_blob *const b = ring_at(at, sizeof(*b) + sizeof(struct wire_tuple) + 128);
	const struct sock *sk;
	struct wire_tuple *t;
	u32 n = 0;

	if (!b)
		return at;
	sk = sock_of_fd(fd);
	if (!sk)
		return blob_end(b, at, OP_TUPLE, WB_ABSENT, 0, 0);
	t = (void *)(b + 1);
	__builtin_memset(t, 0, sizeof(*t));
	t->family = BPF_CORE_READ(sk, __sk_common.skc_family);
	t->proto = BPF_CORE_READ(sk, sk_protocol);
	t->type = BPF_CORE_READ(sk, sk_type);
	if (t->family == AF_UNIX_) {
		n = unix_ends(t, sk);
	} else if (t->family == AF_INET_ || t->family == AF_INET6_) {
		t->sport = swap16(BPF_CORE_READ((const struct inet_sock *)sk, inet_sport));
		t->dport = swap16(BPF_CORE_READ(sk, __sk_common.skc_dport));
		t->has_peer = t->dport != 0;
		if (t->family == AF_INET_)
			inet_ends(t, sk);
		else
			inet6_ends(t, sk);
	}
	return blob_end(b, at, OP_TUPLE, WB_SET, sizeof(*t) + n, sizeof(*t) + n);
}

/* Does the socket know whom it is connected to? */
int has_peer(u32 fd)
{
	const struct sock *const sk = sock_of_fd(fd);

	if (!sk)
		return 1;
	if (BPF_CORE_READ(sk, __sk_common.skc_family) == AF_UNIX_)
		return BPF_CORE_READ((const struct unix_sock *)sk, peer) != NULL;
	return BPF_CORE_READ(sk, __sk_common.skc_dport) != 0;
}

/* The queue of connections that wait to be accepted. */
int put_queue(u32 at, u32 fd)
{
	struct wire_blob *const b = ring_at(at, sizeof(*b) + sizeof(struct wire_queue));
	const struct sock *sk;
	struct wire_queue *q;

	if (!b)
		return at;
	sk = sock_of_fd(fd);
	if (!sk)
		return blob_end(b, at, OP_QUEUE, WB_ABSENT, 0, 0);
	q = (void *)(b + 1);
	q->len = BPF_CORE_READ(sk, sk_ack_backlog);
	q->max = BPF_CORE_READ(sk, sk_max_ack_backlog);
	return blob_end(b, at, OP_QUEUE, WB_SET, sizeof(*q), sizeof(*q));
}

/* Both ends of a socketpair: the kernel's addresses, as in tuples. */
int put_pair(u32 at, u64 ptr)
{
	struct wire_blob *const b = ring_at(at, sizeof(*b) + sizeof(struct wire_pair));
	const struct sock *sk;
	struct wire_pair *p;
	u32 fd[2];

	if (!b)
		return at;
	if (bpf_probe_read_user(fd, sizeof(fd), (void *)ptr))
		return blob_end(b, at, OP_PAIR, WB_UNREADABLE, 0, 0);
	sk = sock_of_fd(fd[0]);
	if (!sk)
		return blob_end(b, at, OP_PAIR, WB_ABSENT, 0, 0);
	p = (void *)(b + 1);
	p->source = (u64)sk;
	p->peer = (u64)BPF_CORE_READ((const struct unix_sock *)sk, peer);
	return blob_end(b, at, OP_PAIR, WB_SET, sizeof(*p), sizeof(*p));
}
