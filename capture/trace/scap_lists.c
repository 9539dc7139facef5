/* SPDX-License-Identifier: Apache-2.0 */
/* snap_* events as the lists at the start of a .scap section, in their newest
 * versions. */
#include "capture/trace/scap_out.h"

#include <sys/socket.h>

#include "capture/base/fdkind.h"
#include "capture/base/ppm.h"

enum {
	MACHINE = 0x201, PROCESSES = 0x215, FDS = 0x218, IFACES = 0x219, USERS = 0x220,
	PATH_LEN = 1024, LIST_LEN = 4096,	/* most that readers accept */
	ACCOUNT_LEN = 255, IFACE_LEN = 1023, FD_NAME_LEN = 1023,
};

size_t scap_block_begin(struct buf *b, uint32_t type)
{
	const size_t at = b->len;

	buf_le32(b, type);
	buf_le32(b, 0);
	return at;
}

static void patch32(struct buf *b, size_t at, size_t v)
{
	for (unsigned i = 0; i < 4; i++)
		b->p[at + i] = (uint8_t)(v >> 8 * i);
}

void scap_block_end(struct buf *b, size_t at)
{
	while ((b->len - at) % 4)
		buf_byte(b, 0);
	buf_le32(b, (uint32_t)(b->len - at) + 4);
	patch32(b, at + 4, b->len - at);
}

static void str16(struct buf *b, const struct value *v, size_t max)
{
	const size_t len = v->state != VALUE_SET ? 0 : v->len < max ? v->len : max;

	buf_le16(b, (uint16_t)len);
	if (len)
		buf_put(b, v->p, len);
}

static uint64_t u(const struct value *v)
{
	return value_u64(v, 0);
}

/* The value, which is taken note of: what was used by nobody is left out. */
static const struct value *use(struct scap_lists *l, const struct event *ev, unsigned param)
{
	l->used |= UINT64_C(1) << param;
	return event_value(ev, param);
}

/* ---- machine ---- */

#define M(name) use(l, ev, P(SNAP_MACHINE, name))

static void add_machine(struct scap_lists *l, const struct event *ev)
{
	const struct value *host = M(hostname);
	const size_t len = host->state != VALUE_SET ? 0
		: host->len < 127 ? host->len : 127;
	size_t at;

	buf_reset(&l->machine);
	at = scap_block_begin(&l->machine, MACHINE);
	buf_le32(&l->machine, (uint32_t)u(M(n_cpus)));
	buf_le64(&l->machine, u(M(memory)));
	buf_le64(&l->machine, 4194304);		/* largest pid: the kernel's limit */
	buf_put(&l->machine, host->p, len);
	for (size_t i = len; i < 128; i++)
		buf_byte(&l->machine, 0);
	buf_le64(&l->machine, u(M(boot_ts)));
	for (unsigned i = 0; i < 3; i++)
		buf_le64(&l->machine, 0);
	scap_block_end(&l->machine, at);
}

/* ---- processes ---- */

#define T(name) use(l, ev, P(SNAP_THREAD, name))

static void id(struct buf *b, const struct value *v)
{
	buf_le64(b, (uint64_t)value_i64(v, -1));
}

/* 76 bytes: all that today's readers know.  sysdig 0.29 takes the first four for the login user
 * and the next for whether the program file is writable: for it they are that, and no time,
 * as 0 would be none (scap_meta.c knows). */
static void process_tail(struct scap_lists *l, struct buf *b, const struct event *ev)
{
	const uint64_t flags = u(T(exe_flags));	/* execve_flags */

	if (l->old)
		buf_le64(b, value_u64(T(loginuid), UINT32_MAX) | (flags & 1) << 32);
	else
		buf_le64(b, u(T(pidns_start_ts)));
	buf_le32(b, (uint32_t)u(T(tty)));
	buf_le32(b, (uint32_t)value_u64(T(loginuid), UINT32_MAX));
	buf_byte(b, flags & 1);
	buf_le64(b, u(T(cap_inheritable)));
	buf_le64(b, u(T(cap_permitted)));
	buf_le64(b, u(T(cap_effective)));
	buf_byte(b, flags >> 1 & 1);
	buf_le64(b, u(T(exe_ino)));
	buf_le64(b, u(T(exe_ctime)));
	buf_le64(b, u(T(exe_mtime)));
	buf_byte(b, flags >> 2 & 1);
	buf_byte(b, flags >> 3 & 1);
	id(b, T(pgid));
}

static void add_process(struct scap_lists *l, const struct event *ev)
{
	struct buf *b = &l->processes;
	const size_t at = b->len;

	buf_le32(b, 0);
	id(b, T(tid));
	id(b, T(pid));
	id(b, T(ptid));
	id(b, T(sid));
	id(b, T(vpgid));
	str16(b, T(comm), PATH_LEN);
	str16(b, T(exe), PATH_LEN);
	str16(b, T(exepath), PATH_LEN);
	str16(b, T(args), LIST_LEN);
	str16(b, T(cwd), PATH_LEN);
	buf_le64(b, u(T(fdlimit)));
	buf_le32(b, flags_to_ppm(FT_clone_flags, u(T(flags))));
	buf_le32(b, (uint32_t)value_u64(T(euid), u(T(uid))));
	buf_le32(b, (uint32_t)value_u64(T(egid), u(T(gid))));
	buf_le32(b, (uint32_t)u(T(vm_size)));
	buf_le32(b, (uint32_t)u(T(vm_rss)));
	buf_le32(b, (uint32_t)u(T(vm_swap)));
	buf_le64(b, u(T(pfmajor)));
	buf_le64(b, u(T(pfminor)));
	str16(b, T(env), LIST_LEN);
	id(b, T(vtid));
	id(b, T(vpid));
	str16(b, T(cgroups), LIST_LEN);
	str16(b, T(root), PATH_LEN);
	process_tail(l, b, ev);
	patch32(b, at, b->len - at);
}

/* ---- descriptors ---- */

#define F(name) use(l, ev, P(SNAP_FD, name))

/* Falco's numbers of types. */
enum { FDT_IPV4 = 3, FDT_IPV6, FDT_IPV4_LISTEN, FDT_IPV6_LISTEN, FDT_UNIX = 8,
       FDT_UNSUPPORTED = 10, FDT_FILE_V2 = 16 };

static unsigned fd_type(struct scap_lists *l, const struct event *ev)
{
	static const uint8_t types[FD__N] = {
		[FD_FILE] = FDT_FILE_V2, [FD_DIRECTORY] = 2, [FD_IPV4] = FDT_IPV4,
		[FD_IPV6] = FDT_IPV6, [FD_UNIX] = FDT_UNIX, [FD_PIPE] = 7, [FD_EVENT] = 9,
		[FD_SIGNAL] = 11, [FD_EPOLL] = 12, [FD_INOTIFY] = 13, [FD_TIMER] = 14,
		[FD_NETLINK] = 15, [FD_BPF] = 17, [FD_USERFAULT] = 18, [FD_IOURING] = 19,
		[FD_MEMFD] = 20, [FD_PIDFD] = 21,
	};
	static const uint8_t tuple_len[FD__N] = {
		[FD_IPV4] = 13, [FD_IPV6] = 37, [FD_UNIX] = 17,
	};
	const uint64_t kind = u(F(kind));
	const struct value *tuple = F(tuple);

	if (kind >= FD__N || !types[kind] || (l->old && types[kind] > FDT_FILE_V2))
		return FDT_UNSUPPORTED;
	if (tuple_len[kind] &&
	    (tuple->state != VALUE_SET || tuple->len < tuple_len[kind]))
		return FDT_UNSUPPORTED;		/* a socket without addresses */
	if ((kind == FD_IPV4 || kind == FD_IPV6) && u(F(role)) == ROLE_LISTEN)
		return types[kind] + 2u;
	return types[kind];
}

/* This end first: where this end is the server the tuple has it second. */
static void fd_inet(struct scap_lists *l, struct buf *b, const struct event *ev, size_t n,
		    bool listens)
{
	static const uint8_t protos[] = {
		[L4_NONE] = 0, [L4_TCP] = 2, [L4_UDP] = 3, [L4_ICMP] = 4, [L4_RAW] = 5,
	};
	const uint8_t *first = F(tuple)->p + 1, *second = first + n + 2;
	const uint64_t proto = u(F(proto));

	if (u(F(role)) == ROLE_SERVER) {
		const uint8_t *t = first;

		first = second;
		second = t;
	}
	if (listens) {
		buf_put(b, second, n + 2);
	} else {
		buf_put(b, first, n);
		buf_put(b, second, n);
		buf_put(b, first + n, 2);
		buf_put(b, second + n, 2);
	}
	buf_byte(b, proto < sizeof(protos) ? protos[proto] : 0);
}

static void fd_payload(struct scap_lists *l, struct buf *b, const struct event *ev, unsigned type)
{
	const struct value *tuple = F(tuple);
	struct value path;

	switch (type) {
	case FDT_IPV4:
	case FDT_IPV4_LISTEN:
		fd_inet(l, b, ev, 4, type == FDT_IPV4_LISTEN);
		return;
	case FDT_IPV6:
	case FDT_IPV6_LISTEN:
		fd_inet(l, b, ev, 16, type == FDT_IPV6_LISTEN);
		return;
	case FDT_UNIX:
		buf_put(b, tuple->p + 1, 16);
		value_bytes(&path, tuple->p + 17, tuple->len - 17);
		str16(b, &path, FD_NAME_LEN);
		return;
	case FDT_FILE_V2:
		buf_le32(b, flags_to_ppm(FT_file_flags, u(F(flags))));
		str16(b, F(name), FD_NAME_LEN);
		buf_le32(b, (uint32_t)u(F(dev)));
		return;
	}
	str16(b, F(name), FD_NAME_LEN);
}

static void fds_close(struct scap_lists *l)
{
	if (l->fds_open)
		scap_block_end(&l->fds, l->fds_at);
	l->fds_open = false;
}

static void add_fd(struct scap_lists *l, const struct event *ev)
{
	const uint64_t pid = u(F(pid));
	const unsigned type = fd_type(l, ev);
	size_t at;

	if (!l->fds_open || l->fds_pid != pid) {
		fds_close(l);
		l->fds_at = scap_block_begin(&l->fds, FDS);
		buf_le64(&l->fds, pid);
		l->fds_pid = pid;
		l->fds_open = true;
	}
	at = l->fds.len;
	buf_le32(&l->fds, 0);
	buf_le64(&l->fds, u(F(fd)));
	buf_le64(&l->fds, u(F(ino)));
	buf_byte(&l->fds, (uint8_t)type);
	fd_payload(l, &l->fds, ev, type);
	patch32(&l->fds, at, l->fds.len - at);
}

/* ---- interfaces, users, groups ---- */

static void add_iface(struct scap_lists *l, const struct event *ev)
{
	const struct value *addr = use(l, ev, P(SNAP_IFACE, addr));
	const struct value *mask = use(l, ev, P(SNAP_IFACE, mask));
	const struct value *name = use(l, ev, P(SNAP_IFACE, name));
	static const uint8_t zeros[16];
	const size_t n = addr->state == VALUE_SET && addr->len >= 17 ? 16 : 4;
	const bool masked = mask->state == VALUE_SET && mask->len >= 1 + n;
	const size_t name_len = name->state != VALUE_SET ? 0
		: name->len < IFACE_LEN ? name->len : IFACE_LEN;

	if (addr->state != VALUE_SET || addr->len < 1 + n)
		return;
	buf_le32(&l->ifaces, (uint32_t)(4 + 3 * n + name_len));
	buf_le16(&l->ifaces, n == 4 ? 3 : 4);	/* without link speed */
	buf_le16(&l->ifaces, (uint16_t)name_len);
	buf_put(&l->ifaces, addr->p + 1, n);
	buf_put(&l->ifaces, masked ? mask->p + 1 : zeros, n);
	buf_put(&l->ifaces, zeros, n);
	buf_put(&l->ifaces, name->p, name_len);
}

static void add_user(struct scap_lists *l, const struct event *ev)
{
	const size_t at = l->users.len;

	buf_le32(&l->users, 0);
	buf_byte(&l->users, 0);
	buf_le32(&l->users, (uint32_t)u(use(l, ev, P(SNAP_USER, uid))));
	buf_le32(&l->users, (uint32_t)u(use(l, ev, P(SNAP_USER, gid))));
	str16(&l->users, use(l, ev, P(SNAP_USER, name)), ACCOUNT_LEN);
	str16(&l->users, use(l, ev, P(SNAP_USER, homedir)), ACCOUNT_LEN);
	str16(&l->users, use(l, ev, P(SNAP_USER, shell)), ACCOUNT_LEN);
	patch32(&l->users, at, l->users.len - at);
}

static void add_group(struct scap_lists *l, const struct event *ev)
{
	const size_t at = l->users.len;

	buf_le32(&l->users, 0);
	buf_byte(&l->users, 1);
	buf_le32(&l->users, (uint32_t)u(use(l, ev, P(SNAP_GROUP, gid))));
	str16(&l->users, use(l, ev, P(SNAP_GROUP, name)), ACCOUNT_LEN);
	patch32(&l->users, at, l->users.len - at);
}

/* ---- a snapshot ---- */

/* The list of accounts is the machine's: those of containers are events. */
static bool is_named(const struct value *container)
{
	return container->state == VALUE_SET && container->len;
}

static bool add(struct scap_lists *l, const struct event *ev)
{
	switch (ev->type) {
	case EV_SNAP_MACHINE:
		add_machine(l, ev);
		return true;
	case EV_SNAP_THREAD:
		add_process(l, ev);
		return true;
	case EV_SNAP_FD:
		add_fd(l, ev);
		return true;
	case EV_SNAP_IFACE:
		add_iface(l, ev);
		return true;
	case EV_SNAP_USER:
		if (is_named(EV(ev, SNAP_USER, container)))
			return false;
		add_user(l, ev);
		return true;
	case EV_SNAP_GROUP:
		if (is_named(EV(ev, SNAP_GROUP, container)))
			return false;
		add_group(l, ev);
		return true;
	}
	return false;
}

bool scap_lists_add(struct scap_lists *l, const struct event *ev)
{
	l->used = 0;
	if (!add(l, ev))
		return false;
	for (unsigned i = 0; i < ev->n_params; i++)
		if (!(l->used >> i & 1) && ev->v[i].state != VALUE_ABSENT)
			l->left->values[ev->type][i]++;
	return true;
}

static void list(struct buf *out, uint32_t type, struct buf *entries)
{
	size_t at;

	if (!entries->len)
		return;
	at = scap_block_begin(out, type);
	buf_put(out, entries->p, entries->len);
	scap_block_end(out, at);
	buf_reset(entries);
}

void scap_lists_flush(struct scap_lists *l, struct buf *out)
{
	buf_put(out, l->machine.p, l->machine.len);
	buf_reset(&l->machine);
	list(out, IFACES, &l->ifaces);
	list(out, USERS, &l->users);
	list(out, PROCESSES, &l->processes);
	fds_close(l);
	buf_put(out, l->fds.p, l->fds.len);
	buf_reset(&l->fds);
}

void scap_lists_release(struct scap_lists *l)
{
	buf_release(&l->machine);
	buf_release(&l->ifaces);
	buf_release(&l->users);
	buf_release(&l->processes);
	buf_release(&l->fds);
}
