/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of descriptors, by the names of the fields fd.*.  A descriptor that an event uses
 * and that nothing opened before is told to the state as one of a snapshot. */
#include <string.h>
#include <sys/socket.h>

#include "analyze/test/synth.h"
#include "capture/base/buf.h"
#include "capture/base/near.h"
#include "replay/state/state.h"

enum { FIRST_FD = 3 };

static const char *const kind_names[FD__N] = {
	[FD_FILE] = "file", [FD_DIRECTORY] = "directory", [FD_IPV4] = "ipv4", [FD_IPV6] = "ipv6",
	[FD_UNIX] = "unix", [FD_PIPE] = "pipe", [FD_EVENT] = "event", [FD_SIGNAL] = "signalfd",
	[FD_EPOLL] = "eventpoll", [FD_INOTIFY] = "inotify", [FD_TIMER] = "timerfd",
	[FD_NETLINK] = "netlink", [FD_BPF] = "bpf", [FD_USERFAULT] = "userfaultfd",
	[FD_IOURING] = "io_uring", [FD_MEMFD] = "memfd", [FD_PIDFD] = "pidfd",
	[FD_PACKET] = "packet",
};

/* ---- keys ---- */

static bool word(struct synth *s, const struct yaml *v, const char *const *names, unsigned n,
		 const char *what, uint8_t *out)
{
	struct near near;

	near_init(&near, v->p ? v->p : "", v->len);
	for (unsigned i = 1; i < n; i++) {
		if (names[i] && read_is(v, names[i])) {
			*out = (uint8_t)i;
			return true;
		}
		if (names[i])
			near_try(&near, names[i]);
	}
	test_file_say(s->f, v, "there is no %s '%s'%s", what, v->p ? v->p : "?",
		      near_text(&near));
	return false;
}

static bool end_key(struct synth *s, const struct yaml *v, struct synth_end *e, bool port)
{
	uint64_t n;

	if (port) {
		if (!read_number(s->f, v, "a port", &n))
			return false;
		if (n > UINT16_MAX) {
			test_file_say(s->f, v, "ports are at most 65535");
			return false;
		}
		e->port = (uint16_t)n;
		e->has_port = true;
		return true;
	}
	if (v->kind == YAML_SCALAR && v->len && synth_address(v->p, e))
		return true;
	test_file_say(s->f, v, "'%s' is no address", v->p ? v->p : "?");
	return false;
}

/* "1.2.3.4:40000->5.6.7.8:80" */
static bool name_key(struct synth *s, const struct yaml *v, struct synth_fd *fd)
{
	const char *arrow;

	if (!read_text(s->f, v, "fd.name", &fd->name))
		return false;
	arrow = strstr(fd->name, "->");
	if (arrow && fd->name[0] != '/') {
		const char *from = arena_strn(&s->f->arena, fd->name, (size_t)(arrow - fd->name));

		if (synth_address(from, &fd->client) &&
		    synth_address(arrow + 2, &fd->server_end)) {
			fd->name = NULL;
			return true;
		}
		test_file_say(s->f, v, "this is no pair of addresses");
		return false;
	}
	return true;
}

static bool bit_key(struct synth *s, const struct yaml *v, const char *what, uint32_t bit,
		    struct synth_fd *fd)
{
	bool on;

	if (!read_bool(s->f, v, what, &on))
		return false;
	fd->bits |= on ? bit : 0;
	return true;
}

enum fd_key {
	K_NUM, K_NAME, K_TYPE, K_CIP, K_SIP, K_LIP, K_RIP, K_CPORT, K_SPORT, K_LPORT, K_RPORT,
	K_PROTO, K_SERVER, K_UPPER, K_LOWER, K_DEV, K_INO,
};

static const char *const fd_keys[] = {
	"num", "name", "type", "cip", "sip", "lip", "rip", "cport", "sport", "lport", "rport",
	"l4proto", "is_server", "is_upper_layer", "is_lower_layer", "dev", "ino", NULL,
};

static bool take_key(struct synth *s, enum fd_key key, const struct yaml *v, struct synth_fd *fd)
{
	static const char *const protos[] = { NULL, "tcp", "udp", "icmp", "raw" };
	struct synth_end *const ends[] = { &fd->client, &fd->server_end, &fd->local, &fd->remote };
	uint64_t n;
	bool on;

	switch (key) {
	case K_NUM:
		if (!read_number(s->f, v, "the number of a descriptor", &n) || n > INT32_MAX)
			return false;
		fd->num = (int64_t)n;
		return true;
	case K_NAME:
		return name_key(s, v, fd);
	case K_TYPE:
		return word(s, v, kind_names, FD__N, "type of descriptor", &fd->kind);
	case K_CIP: case K_SIP: case K_LIP: case K_RIP:
		return end_key(s, v, ends[key - K_CIP], false);
	case K_CPORT: case K_SPORT: case K_LPORT: case K_RPORT:
		return end_key(s, v, ends[key - K_CPORT], true);
	case K_PROTO:
		return word(s, v, protos, 5, "protocol", &fd->proto);
	case K_SERVER:
		if (!read_bool(s->f, v, "fd.is_server", &on))
			return false;
		fd->server = on;
		return true;
	case K_UPPER:
		return bit_key(s, v, "fd.is_upper_layer", FDB_UPPER, fd);
	case K_LOWER:
		return bit_key(s, v, "fd.is_lower_layer", FDB_LOWER, fd);
	case K_DEV:
		fd->has_dev = read_number(s->f, v, "fd.dev", &fd->dev);
		return fd->has_dev;
	case K_INO:
		fd->has_ino = read_number(s->f, v, "fd.ino", &fd->ino);
		return fd->has_ino;
	}
	return false;
}

bool synth_fd_key(struct synth *s, const struct yaml *key, const char *name,
		  const struct yaml *v, struct synth_fd *fd)
{
	struct near near;

	near_init(&near, name, strlen(name));
	fd->node = fd->node ? fd->node : key;
	for (unsigned i = 0; fd_keys[i]; i++) {
		if (strcmp(fd_keys[i], name) == 0)
			return take_key(s, (enum fd_key)i, v, fd);
		near_try(&near, fd_keys[i]);
	}
	if (field_find(key->p, key->len))
		test_file_say(s->f, key, "%s follows from the descriptor: say fd.name, fd.type, "
			      "fd.sip, fd.sport or another of saker-test(5)", key->p);
	else
		test_file_say(s->f, key, "nothing of a descriptor is called '%s'%s", name,
			      near_text(&near));
	return false;
}

bool synth_fd_map(struct synth *s, const struct yaml *v, struct synth_fd *fd)
{
	fd->node = v;
	if (v->kind == YAML_SCALAR)
		return name_key(s, v, fd);
	if (v->kind != YAML_MAPPING) {
		test_file_say(s->f, v, "a descriptor is a path, or a map: {type: pipe}");
		return false;
	}
	for (uint32_t i = 0; i + 1 < v->n; i += 2)
		if (!read_count(s->f, v) || v->kids[i]->kind != YAML_SCALAR ||
		    !synth_fd_key(s, v->kids[i], v->kids[i]->p, v->kids[i + 1], fd))
			return false;
	return true;
}

/* ---- which one ---- */

static bool same_end(const struct synth_end *a, const struct synth_end *b)
{
	return a->has_ip == b->has_ip && a->has_port == b->has_port && a->port == b->port &&
	       a->family == b->family && memcmp(a->addr, b->addr, sizeof(a->addr)) == 0;
}

static bool same(const struct synth_fd *a, const struct synth_fd *b)
{
	if (b->kind && a->kind != b->kind)
		return false;
	if ((a->name == NULL) != (b->name == NULL) || (a->name && strcmp(a->name, b->name) != 0))
		return false;
	return same_end(&a->client, &b->client) && same_end(&a->server_end, &b->server_end) &&
	       same_end(&a->local, &b->local) && same_end(&a->remote, &b->remote);
}

int64_t synth_fd_free(const struct synth_proc *p)
{
	int64_t n = FIRST_FD;

	for (unsigned i = 0; i < p->n_fds; i++)
		if (p->fds[i].num == n) {
			n++;
			i = UINT32_MAX;
		}
	return n;
}

void synth_fd_open(struct synth_proc *p, const struct synth_fd *fd, int64_t num)
{
	synth_fd_close(p, num);
	if (p->n_fds == SYNTH_FDS)
		memmove(p->fds, p->fds + 1, --p->n_fds * sizeof(p->fds[0]));
	p->fds[p->n_fds] = *fd;
	p->fds[p->n_fds++].num = num;
	p->last_fd = num;
}

void synth_fd_close(struct synth_proc *p, int64_t num)
{
	for (unsigned i = 0; i < p->n_fds; i++)
		if (p->fds[i].num == num) {
			p->n_fds--;
			memmove(p->fds + i, p->fds + i + 1, (p->n_fds - i) * sizeof(p->fds[0]));
		}
	if (p->last_fd == num)
		p->last_fd = p->n_fds ? p->fds[p->n_fds - 1].num : -1;
}

static uint8_t kind_of(const struct synth_fd *fd)
{
	if (fd->kind)
		return fd->kind;
	if (synth_fd_is_socket(fd))
		return synth_fd_family(fd) == AF_INET6 ? FD_IPV6 : FD_IPV4;
	return FD_FILE;
}

static void tell(struct synth *s, struct synth_proc *p, const struct synth_fd *fd, int64_t num,
		 bool server, bool whole)
{
	const uint8_t kind = kind_of(fd);
	const bool inet = kind == FD_IPV4 || kind == FD_IPV6;
	const uint8_t proto = fd->proto ? fd->proto : inet ? L4_TCP : L4_NONE;
	struct event *ev;
	struct value tuple = {0};

	synth_proc_tell(s, p);
	if (whole && (inet || kind == FD_UNIX))
		synth_fd_tuple(s, fd, server, false, &tuple);
	if (tuple.state == VALUE_SET)
		synth_fd_local(s, fd, server);
	ev = synth_add(s, EV_SNAP_FD);
	value_number(&ev->v[P(SNAP_FD, pid)], p->pid);
	value_number(&ev->v[P(SNAP_FD, fd)], (uint64_t)num);
	value_number(&ev->v[P(SNAP_FD, kind)], kind);
	value_number(&ev->v[P(SNAP_FD, proto)], proto);
	value_number(&ev->v[P(SNAP_FD, sock_type)], proto == L4_UDP ? SOCK_DGRAM :
		     proto == L4_TCP ? SOCK_STREAM : 0);
	value_number(&ev->v[P(SNAP_FD, state)],
		     fd->bits | (tuple.state == VALUE_SET && !fd->listens ? FDB_CONNECTED : 0));
	ev->v[P(SNAP_FD, tuple)] = tuple;
	if (tuple.state == VALUE_SET && inet)
		value_number(&ev->v[P(SNAP_FD, role)],
			     fd->listens ? ROLE_LISTEN : server ? ROLE_SERVER : ROLE_CLIENT);
	if (fd->name && whole && !inet)
		synth_text(s, &ev->v[P(SNAP_FD, name)], fd->name);
	if (fd->has_dev)
		value_number(&ev->v[P(SNAP_FD, dev)], fd->dev);
	if (fd->has_ino)
		value_number(&ev->v[P(SNAP_FD, ino)], fd->ino);
}

int64_t synth_fd_use(struct synth *s, struct synth_proc *p, const struct synth_fd *fd,
		     bool server, bool whole)
{
	struct synth_fd new = *fd;
	int64_t num = fd->num;

	new.num = -1;
	if (!fd->node)
		return p->last_fd;
	for (unsigned i = 0; num < 0 && i < p->n_fds; i++)
		if (same(&p->fds[i], fd))
			num = p->fds[i].num;
	if (num >= 0 && fd->num < 0) {
		p->last_fd = num;
		return num;
	}
	if (!fd->name && !fd->kind && !synth_fd_is_socket(fd) && num >= 0) {
		p->last_fd = num;
		return num;
	}
	num = num >= 0 ? num : synth_fd_free(p);
	tell(s, p, &new, num, server, whole);
	synth_fd_open(p, &new, num);
	return num;
}
