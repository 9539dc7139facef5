// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
/* What stands behind a descriptor: of files device, inode and how they were opened;
 * of sockets both ends, queues, unix peers.  The only object that casts pointers to types:
 * bpftool cannot link two that refer to the same function of the kernel. */
#include "bpf/walk.h"

enum { AF_UNIX_ = 1, AF_INET_ = 2, AF_INET6_ = 10, S_IFMT_ = 0170000, S_IFSOCK_ = 0140000 };

/* The file behind a descriptor of the caller; NULL if it is not open. */
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

static __always_inline void file_facts(struct wire_file *out, const struct file *f)
{
	struct inode *const inode = GET(f, f_inode);
	struct super_block *const sb = GET(inode, i_sb);

	out->ino = GET(inode, i_ino);
	out->dev = GET(sb, s_dev);
	out->facts = inode_layer(GET(sb, s_magic), inode) |
		     (GET(f, f_mode) & FMODE_CREATED_ ? WFF_CREATED : 0);
}

int put_file(u32 at, u32 fd)
{
	struct wire_blob *const b = ring_at(at, sizeof(*b) + sizeof(struct wire_file));
	const struct file *f;

	if (!b)
		return at;
	f = file_of_fd(fd);
	if (!f)
		return blob_end(b, at, OP_FILE, WB_ABSENT, 0, 0);
	file_facts((void *)(b + 1), f);
	return blob_end(b, at, OP_FILE, WB_SET, sizeof(struct wire_file), sizeof(struct wire_file));
}

static __always_inline u16 swap16(u16 v)
{
	return __builtin_bswap16(v);
}

/* The socket behind a descriptor; NULL if it is none. */
static __always_inline const struct sock *sock_of_fd(u32 fd)
{
	const struct file *const f = file_of_fd(fd);
	const struct inode *inode;
	const struct socket *so;

	if (!f)
		return NULL;
	inode = GET(f, f_inode);
	if ((GET(inode, i_mode) & S_IFMT_) != S_IFSOCK_)
		return NULL;
	so = TYPED(struct socket, GET(f, private_data));
	/* A socket file of the file system (a bound path) has no struct socket. */
	if (GET(so, file) != f)
		return NULL;
	return GET(so, sk);
}

static __always_inline void inet_ends(struct wire_tuple *t, const struct sock *sk,
				      const struct inet_sock *inet)
{
	u32 a = GET(inet, inet_saddr);

	__builtin_memcpy(t->saddr, &a, 4);
	a = GET(sk, __sk_common.skc_daddr);
	__builtin_memcpy(t->daddr, &a, 4);
}

static __always_inline void inet6_ends(struct wire_tuple *t, const struct sock *sk)
{
	bpf_core_read(t->saddr, 16, &sk->__sk_common.skc_v6_rcv_saddr);
	bpf_core_read(t->daddr, 16, &sk->__sk_common.skc_v6_daddr);
}

/* Path of the unix socket behind t; its length, 0 if it has none. */
static __always_inline u32 unix_path(struct wire_tuple *t, const struct unix_sock *u)
{
	const struct unix_address *const a = GET(u, addr);
	u32 n;

	if (!a)
		return 0;
	n = GET(a, len) - 2;
	if (n == 0 || n > 108)
		return 0;
	if (bpf_probe_read_kernel(t + 1, n & 127,
				  (u8 *)a + bpf_core_field_offset(struct unix_address, name) + 2))
		return 0;
	return n;
}

static __always_inline u32 unix_ends(struct wire_tuple *t, const struct sock *sk)
{
	const struct unix_sock *const u = TYPED(struct unix_sock, sk);
	const struct sock *const peer = GET(u, peer);
	u32 n = 0;

	t->unix_self = (u64)sk;
	t->unix_peer = (u64)peer;
	t->has_peer = peer != NULL;
	if (peer)
		n = unix_path(t, TYPED(struct unix_sock, peer));
	if (n == 0)
		n = unix_path(t, u);
	t->path_len = n;
	return n;
}

int put_tuple(u32 at, u32 fd)
{
	struct wire_blob *const b = ring_at(at, sizeof(*b) + sizeof(struct wire_tuple) + 128);
	const struct inet_sock *inet;
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
	t->family = GET(sk, __sk_common.skc_family);
	t->proto = GET(sk, sk_protocol);
	t->type = GET(sk, sk_type);
	if (t->family == AF_UNIX_) {
		n = unix_ends(t, sk);
	} else if (t->family == AF_INET_ || t->family == AF_INET6_) {
		inet = TYPED(struct inet_sock, sk);
		t->sport = swap16(GET(inet, inet_sport));
		t->dport = swap16(GET(sk, __sk_common.skc_dport));
		t->has_peer = t->dport != 0;
		if (t->family == AF_INET_)
			inet_ends(t, sk, inet);
		else
			inet6_ends(t, sk);
	}
	return blob_end(b, at, OP_TUPLE, WB_SET, sizeof(*t) + n, sizeof(*t) + n);
}

/* Does the socket know whom it is connected to? */
int has_peer(u32 fd)
{
	const struct sock *const sk = sock_of_fd(fd);
	const struct unix_sock *u;

	if (!sk)
		return 1;
	if (GET(sk, __sk_common.skc_family) != AF_UNIX_)
		return GET(sk, __sk_common.skc_dport) != 0;
	u = TYPED(struct unix_sock, sk);
	return GET(u, peer) != NULL;
}

static __always_inline bool is_names_port(u16 port)
{
	return port == 53 || port == 5353 || port == 5355;
}

/* Does one end of an internet socket have the port of a name server?  peer: whom the call speaks
 * to if the socket itself does not say. */
int is_of_names(u32 fd, u64 peer)
{
	const struct sock *const sk = sock_of_fd(fd);
	const struct inet_sock *inet;
	u16 family, addr[2] = {0};
	u16 port;

	if (!sk)
		return 0;
	family = GET(sk, __sk_common.skc_family);
	if (family != AF_INET_ && family != AF_INET6_)
		return 0;
	inet = TYPED(struct inet_sock, sk);
	port = swap16(GET(sk, __sk_common.skc_dport));
	if (is_names_port(port) || is_names_port(swap16(GET(inet, inet_sport))))
		return 1;
	if (port || !peer || bpf_probe_read_user(addr, sizeof(addr), (void *)peer))
		return 0;
	return is_names_port(swap16(addr[1]));
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
	q->len = GET(sk, sk_ack_backlog);
	q->max = GET(sk, sk_max_ack_backlog);
	return blob_end(b, at, OP_QUEUE, WB_SET, sizeof(*q), sizeof(*q));
}

/* Both ends of a socketpair: the kernel's addresses, as in tuples. */
int put_pair(u32 at, u64 ptr)
{
	struct wire_blob *const b = ring_at(at, sizeof(*b) + sizeof(struct wire_pair));
	const struct unix_sock *u;
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
	u = TYPED(struct unix_sock, sk);
	p->source = (u64)sk;
	p->peer = (u64)GET(u, peer);
	return blob_end(b, at, OP_PAIR, WB_SET, sizeof(*p), sizeof(*p));
}
