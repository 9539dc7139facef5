/* SPDX-License-Identifier: Apache-2.0 */
/* Open descriptors. */
#include "capture/live/snap.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "capture/base/fdkind.h"

/* What the link of a descriptor begins with, where it is not a path. */
static const struct { const char *prefix; enum fd_kind kind; } kinds[] = {
	{ "pipe:[",			FD_PIPE },
	{ "anon_inode:[eventfd",	FD_EVENT },
	{ "anon_inode:[signalfd",	FD_SIGNAL },
	{ "anon_inode:[eventpoll",	FD_EPOLL },
	{ "anon_inode:inotify",		FD_INOTIFY },
	{ "anon_inode:[timerfd",	FD_TIMER },
	{ "anon_inode:bpf",		FD_BPF },
	{ "anon_inode:[bpf",		FD_BPF },
	{ "anon_inode:[userfaultfd",	FD_USERFAULT },
	{ "anon_inode:[io_uring",	FD_IOURING },
	{ "anon_inode:[pidfd",		FD_PIDFD },
	{ "pidfd:[",			FD_PIDFD },
	{ "/memfd:",			FD_MEMFD },
	{ "anon_inode:",		FD_UNSUPPORTED },
	{ "socket:[",			FD_UNKNOWN },
};

static enum fd_kind kind_of(const char *link)
{
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strncmp(link, kinds[i].prefix, strlen(kinds[i].prefix)) == 0)
			return kinds[i].kind;
	return link[0] == '/' ? FD_FILE : FD_UNSUPPORTED;
}

#define V(name) (&ev->v[P(SNAP_FD, name)])

/* Of enum fd_bits in replay/state/state.h. */
enum { FD_STATE_CONNECTED = 1 << 0, FD_STATE_SNAPSHOT = 1 << 4, FD_STATE_CLOEXEC = 1 << 6 };

static void end_text(struct buf *b, int family, const uint8_t *addr, uint16_t port)
{
	char text[INET6_ADDRSTRLEN] = "";

	inet_ntop(family, addr, text, sizeof(text));
	buf_printf(b, "%s:%u", text, port);
}

/* 127.0.0.1:4000->127.0.0.1:80; a listening socket has only its own end. */
static void inet_name(struct buf *b, const struct sock_entry *e)
{
	const size_t n = e->tuple[0] == AF_INET ? 4 : 16;
	const uint8_t *const src = e->tuple + 1, *const dst = e->tuple + 1 + n + 2;
	const uint16_t sport = (uint16_t)(src[n] | src[n + 1] << 8);
	const uint16_t dport = (uint16_t)(dst[n] | dst[n + 1] << 8);

	if (e->role != ROLE_LISTEN) {
		end_text(b, e->tuple[0], src, sport);
		buf_str(b, "->");
	}
	end_text(b, e->tuple[0], dst, dport);
}

static void socket_fd(struct snapshot *s, struct event *ev, int pid_dir, uint64_t ino)
{
	const struct sock_entry *const e = snap_socket_of(s, pid_dir, ino);

	buf_reset(&s->b);
	if (!e) {
		value_number(V(kind), FD_UNSUPPORTED);
		return;
	}
	value_number(V(kind), e->kind);
	value_number(V(proto), e->proto);
	value_number(V(role), e->role);
	value_number(V(sock_type), e->type);
	if (e->tuple_len)
		value_bytes(V(tuple), e->tuple, e->tuple_len);
	if (e->kind == FD_IPV4 || e->kind == FD_IPV6)
		inet_name(&s->b, e);
	else if (e->path)
		buf_str(&s->b, e->path);
	value_bytes(V(name), buf_text(&s->b), s->b.len);
}

static void file_facts(struct event *ev, const struct stat *st)
{
	value_number(V(dev), (uint32_t)((minor(st->st_dev) & 0xff) | major(st->st_dev) << 8 |
					(minor(st->st_dev) & ~0xffu) << 12));
	value_number(V(ino), st->st_ino);
	if (S_ISDIR(st->st_mode))
		value_number(V(kind), FD_DIRECTORY);
	else if (S_ISFIFO(st->st_mode) && V(kind)->u == FD_FILE)
		value_number(V(kind), FD_PIPE);
}

/* "pos:\t0\nflags:\t0100002\n..." */
static void from_fdinfo(struct snapshot *s, struct event *ev, int dir, const char *name)
{
	const char *p;

	if (snap_read(dir, name, &s->b, 4096) < 0)
		return;
	p = strstr((char *)s->b.p, "pos:");
	if (p)
		value_number(V(offset), strtoull(p + 4, NULL, 10));
	p = strstr((char *)s->b.p, "flags:");
	if (p)
		value_number(V(flags), strtoull(p + 6, NULL, 8));
}

/* No snap_end follows that would find out what is not said here. */
static void complete(struct event *ev)
{
	const uint64_t role = value_u64(V(role), ROLE_NONE);
	uint64_t bits = FD_STATE_SNAPSHOT;

	if (value_u64(V(proto), L4_NONE) == L4_TCP && (role == ROLE_CLIENT || role == ROLE_SERVER))
		bits |= FD_STATE_CONNECTED;
	if (value_u64(V(flags), 0) & O_CLOEXEC)
		bits |= FD_STATE_CLOEXEC;
	value_number(V(state), bits);
}

static void one_fd(struct snapshot *s, int pid_dir, int fd_dir, int info_dir, const char *name,
		   uint32_t pid)
{
	struct event e, *const ev = &e;
	struct stat st;
	const char *link;

	if (snap_link(fd_dir, name, &s->a) < 0)
		return;
	link = (char *)s->a.p;
	snap_event(s, ev, EV_SNAP_FD);
	ev->pid = ev->tid = pid;
	value_number(V(pid), pid);
	value_number(V(fd), strtoul(name, NULL, 10));
	value_number(V(kind), kind_of(link));
	from_fdinfo(s, ev, info_dir, name);
	if (fstatat(fd_dir, name, &st, 0) == 0)
		file_facts(ev, &st);
	if (strncmp(link, "socket:[", 8) == 0)
		socket_fd(s, ev, pid_dir, snap_bracket(link));
	else
		value_bytes(V(name), link, s->a.len);
	if (s->one)
		complete(ev);
	snap_add(s, ev);
}

void snap_fds(struct snapshot *s, int pid_dir, uint32_t pid)
{
	const int fd = openat(pid_dir, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const int info = openat(pid_dir, "fdinfo", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *const d = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *e;

	while (d && (e = readdir(d)) && !atomic_load(s->opt.stop))
		if (e->d_name[0] != '.')
			one_fd(s, pid_dir, dirfd(d), info, e->d_name, pid);
	if (d)
		closedir(d);
	if (info >= 0)
		close(info);
}
