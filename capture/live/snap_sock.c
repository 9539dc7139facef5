/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets of a network namespace, from /proc/PID/net/...: read once for each namespace
 * that a process with a socket lives in, then found by inode. */
#include "capture/live/snap.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "capture/base/fdkind.h"

enum { BUCKETS = 4096, FILE_MAX_BYTES = 64 << 20, TCP_LISTEN_STATE = 10, SO_ACCEPTCON = 0x10000 };

struct net_namespace {
	struct net_namespace *next;
	uint64_t id;
	struct sock_entry *by_ino[BUCKETS];
	uint8_t listening[2][65536 / 8];	/* tcp ports; 0: tcp, 1: tcp6 */
};

struct sock_table {
	struct net_namespace *all;
	struct arena arena;
};

static struct sock_entry *add(struct sock_table *t, struct net_namespace *n, uint64_t ino)
{
	struct sock_entry *const e = arena_zalloc(&t->arena, sizeof(*e));

	e->ino = ino;
	e->next = n->by_ino[ino % BUCKETS];
	n->by_ino[ino % BUCKETS] = e;
	return e;
}

/* An address as /proc prints it: words of 32 bits in the machine's order. */
static bool parse_end(const char *text, uint8_t *addr, size_t n, uint16_t *port)
{
	for (size_t i = 0; i < n; i += 4) {
		unsigned word;

		if (sscanf(text + 2 * i, "%8x", &word) != 1)
			return false;
		memcpy(addr + i, &word, 4);
	}
	if (text[2 * n] != ':')
		return false;
	*port = (uint16_t)strtoul(text + 2 * n + 1, NULL, 16);
	return true;
}

static void set_tuple(struct sock_entry *e, const uint8_t *src, uint16_t sport,
		      const uint8_t *dst, uint16_t dport, size_t n)
{
	uint8_t *p = e->tuple + 1;

	e->tuple[0] = n == 4 ? AF_INET : AF_INET6;
	memcpy(p, src, n);
	p[n] = (uint8_t)sport;
	p[n + 1] = (uint8_t)(sport >> 8);
	p += n + 2;
	memcpy(p, dst, n);
	p[n] = (uint8_t)dport;
	p[n + 1] = (uint8_t)(dport >> 8);
	e->tuple_len = (uint8_t)(1 + 2 * (n + 2));
}

static bool is_listening(const struct net_namespace *n, uint16_t port)
{
	return (n->listening[0][port / 8] | n->listening[1][port / 8]) >> port % 8 & 1;
}

/* "  0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  0  0 12345 ..." */
static void inet_line(struct sock_table *t, struct net_namespace *ns, char *line, size_t n,
		      enum l4_proto proto, int type)
{
	char *field[10], *rest = line;
	uint8_t local[16], remote[16];
	uint16_t lport, rport;
	struct sock_entry *e;
	unsigned k = 0;

	while (k < 10 && (field[k] = strtok_r(rest, " ", &rest)))
		k++;
	if (k < 10 || !parse_end(field[1], local, n, &lport) ||
	    !parse_end(field[2], remote, n, &rport))
		return;
	e = add(t, ns, strtoull(field[9], NULL, 10));
	e->kind = n == 4 ? FD_IPV4 : FD_IPV6;
	e->proto = (uint8_t)proto;
	e->type = (uint8_t)type;
	if (proto == L4_TCP && strtoul(field[3], NULL, 16) == TCP_LISTEN_STATE) {
		e->role = ROLE_LISTEN;
		ns->listening[n == 16][lport / 8] |= (uint8_t)(1 << lport % 8);
	} else if (rport) {
		e->role = is_listening(ns, lport) ? ROLE_SERVER : ROLE_CLIENT;
	}
	/* The client's end first. */
	if (e->role == ROLE_SERVER || e->role == ROLE_LISTEN || (!rport && proto == L4_UDP))
		set_tuple(e, remote, rport, local, lport, n);
	else
		set_tuple(e, local, lport, remote, rport, n);
}

/* "ffff...: 00000002 00000000 00010000 0001 01 12345 /path" */
static void unix_line(struct sock_table *t, struct net_namespace *ns, char *line)
{
	unsigned long flags, type, ino;
	struct sock_entry *e;
	int path = 0;

	if (sscanf(line, "%*s %*x %*x %lx %lx %*x %lu %n", &flags, &type, &ino, &path) < 3)
		return;
	e = add(t, ns, ino);
	e->kind = FD_UNIX;
	e->type = (uint8_t)type;
	e->role = flags & SO_ACCEPTCON ? ROLE_LISTEN : ROLE_NONE;
	if (path && line[path])
		e->path = arena_str(&t->arena, line + path);
}

/* "sk Eth Pid Groups Rmem Wmem Dump Locks Drops Inode": the inode is the last word. */
static void last_word_line(struct sock_table *t, struct net_namespace *ns, char *line,
			   enum fd_kind kind)
{
	size_t n = strlen(line);

	while (n && line[n - 1] == ' ')
		line[--n] = 0;
	while (n && line[n - 1] != ' ')
		n--;
	add(t, ns, strtoull(line + n, NULL, 10))->kind = (uint8_t)kind;
}

enum table_kind { INET4, INET6, UNIX, NETLINK, PACKET };

static const struct {
	const char *file;
	enum table_kind kind;
	enum l4_proto proto;
	int type;
} tables[] = {
	{ "net/tcp",	 INET4,	  L4_TCP,  SOCK_STREAM },
	{ "net/tcp6",	 INET6,	  L4_TCP,  SOCK_STREAM },
	{ "net/udp",	 INET4,	  L4_UDP,  SOCK_DGRAM },
	{ "net/udp6",	 INET6,	  L4_UDP,  SOCK_DGRAM },
	{ "net/raw",	 INET4,	  L4_RAW,  SOCK_RAW },
	{ "net/raw6",	 INET6,	  L4_RAW,  SOCK_RAW },
	{ "net/icmp",	 INET4,	  L4_ICMP, SOCK_DGRAM },
	{ "net/icmp6",	 INET6,	  L4_ICMP, SOCK_DGRAM },
	{ "net/unix",	 UNIX,	  L4_NONE, 0 },
	{ "net/netlink", NETLINK, L4_NONE, SOCK_RAW },
	{ "net/packet",	 PACKET,  L4_NONE, SOCK_RAW },
};

static void read_table(struct snapshot *s, struct net_namespace *ns, int pid_dir, unsigned i)
{
	char *rest, *line;

	if (snap_read(pid_dir, tables[i].file, &s->b, FILE_MAX_BYTES) < 0)
		return;
	rest = (char *)s->b.p;
	strsep(&rest, "\n");		/* headings */
	while ((line = strsep(&rest, "\n"))) {
		if (!*line)
			continue;
		switch (tables[i].kind) {
		case INET4:
		case INET6:
			inet_line(s->socks, ns, line, tables[i].kind == INET4 ? 4 : 16,
				  tables[i].proto, tables[i].type);
			break;
		case UNIX:
			unix_line(s->socks, ns, line);
			break;
		case NETLINK:
			last_word_line(s->socks, ns, line, FD_NETLINK);
			break;
		case PACKET:
			last_word_line(s->socks, ns, line, FD_PACKET);
			break;
		}
	}
}

static struct net_namespace *namespace_of(struct snapshot *s, int pid_dir)
{
	struct net_namespace *n;
	uint64_t id;

	if (snap_link(pid_dir, "ns/net", &s->b) < 0)
		return NULL;
	id = snap_bracket((char *)s->b.p);
	if (!s->socks)
		s->socks = xcalloc(1, sizeof(*s->socks));
	for (n = s->socks->all; n; n = n->next)
		if (n->id == id)
			return n;
	n = xcalloc(1, sizeof(*n));
	n->id = id;
	n->next = s->socks->all;
	s->socks->all = n;
	/* Listening sockets come first in tcp and tcp6: roles of the others depend on them. */
	for (unsigned i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		read_table(s, n, pid_dir, i);
	return n;
}

const struct sock_entry *snap_socket_of(struct snapshot *s, int pid_dir, uint64_t ino)
{
	const struct net_namespace *const n = namespace_of(s, pid_dir);

	for (const struct sock_entry *e = n ? n->by_ino[ino % BUCKETS] : NULL; e; e = e->next)
		if (e->ino == ino)
			return e;
	return NULL;
}

void snap_sockets_free(struct snapshot *s)
{
	struct net_namespace *next;

	if (!s->socks)
		return;
	for (struct net_namespace *n = s->socks->all; n; n = next) {
		next = n->next;
		free(n);
	}
	arena_release(&s->socks->arena);
	free(s->socks);
	s->socks = NULL;
}
