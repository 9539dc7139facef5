/* SPDX-License-Identifier: Apache-2.0 */
/* snap_* events: the state as a recorder or another state saw it.  They may come in any
 * order and at any time: at the start, or in the middle to heal what was lost. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "replay/state/internal.h"

enum { IFACES_MAX = 1024, MOUNTS_MAX = 65536 };

/* A second one begins a new section of a capture: nothing of the old is true. */
HANDLER(on_snap_machine)
{
	if (!st->in_snapshot && st->stats.n_threads)
		state_clear(st);
	st->in_snapshot = true;
	text_set_value(st, &st->hostname, EV(ev, SNAP_MACHINE, hostname));
	text_set_value(st, &st->kernel, EV(ev, SNAP_MACHINE, kernel));
	text_set_value(st, &st->arch, EV(ev, SNAP_MACHINE, arch));
	if (text_is(st->arch, "aarch64") || text_is(st->arch, "arm64"))
		st->cur.arch = ARCH_ARM64;
	text_set_value(st, &st->cmdline, EV(ev, SNAP_MACHINE, cmdline));
	st->n_cpus = (uint32_t)value_u64(EV(ev, SNAP_MACHINE, n_cpus), 0);
	st->page_size = (uint32_t)value_u64(EV(ev, SNAP_MACHINE, page_size), 0);
	st->memory = value_u64(EV(ev, SNAP_MACHINE, memory), 0);
	st->boot_ts = value_u64(EV(ev, SNAP_MACHINE, boot_ts), 0);
}

static int32_t id_of(const struct value *v)
{
	return (int32_t)value_i64(v, -1);
}

static void snap_ids(const struct event *ev, struct thread *t)
{
	struct process *p = t->proc;
	const struct value *uid = EV(ev, SNAP_THREAD, uid), *euid = EV(ev, SNAP_THREAD, euid);
	const struct value *gid = EV(ev, SNAP_THREAD, gid), *egid = EV(ev, SNAP_THREAD, egid);

	p->sid = id_of(EV(ev, SNAP_THREAD, sid));
	p->pgid = id_of(EV(ev, SNAP_THREAD, pgid));
	p->vpgid = id_of(EV(ev, SNAP_THREAD, vpgid));
	p->vpid = id_of(EV(ev, SNAP_THREAD, vpid));
	t->vtid = id_of(EV(ev, SNAP_THREAD, vtid));
	t->uid = (uint32_t)value_u64(uid, value_u64(euid, UINT32_MAX));
	t->euid = (uint32_t)value_u64(euid, value_u64(uid, UINT32_MAX));
	t->gid = (uint32_t)value_u64(gid, value_u64(egid, UINT32_MAX));
	t->egid = (uint32_t)value_u64(egid, value_u64(gid, UINT32_MAX));
	t->loginuid = (uint32_t)value_u64(EV(ev, SNAP_THREAD, loginuid), UINT32_MAX);
	t->cap_i = value_u64(EV(ev, SNAP_THREAD, cap_inheritable), 0);
	t->cap_p = value_u64(EV(ev, SNAP_THREAD, cap_permitted), 0);
	t->cap_e = value_u64(EV(ev, SNAP_THREAD, cap_effective), 0);
	if (EV(ev, SNAP_THREAD, cap_effective)->state == VALUE_SET)
		t->bits |= TB_HAS_CRED;
}

/* A single empty argument is what a process leaves that wrote over its arguments: none,
 * as Falco has it. */
static void set_args(struct state *st, struct process *p, const struct value *v)
{
	if (v->state == VALUE_SET)
		text_set(st, &p->args, v->p, v->len == 1 && v->p[0] == 0 ? 0 : v->len);
}

static void snap_fs(struct state *st, const struct event *ev, struct text *cwd, struct text *root)
{
	const struct value *v = EV(ev, SNAP_THREAD, cwd);

	text_set_value(st, root, EV(ev, SNAP_THREAD, root));
	if (v->state == VALUE_SET && v->len) {
		const size_t n = path_join(st->path[0], "", 0, (const char *)v->p, v->len);

		text_set(st, cwd, st->path[0], n);
	}
}

/* What the thread does not share with its process; a snapshot of /proc does not know. */
static void snap_apart(struct state *st, const struct event *ev, struct tnode *n)
{
	const struct value *v = EV(ev, SNAP_THREAD, state);

	if (v->state != VALUE_SET)
		return;
	apart_drop(st, n);
	if (n->t.proc->leader == &n->t)
		return;
	if (v->u & TB_OWN_FDS)
		n->t.fds = fdtable_new(st);
	if (v->u & TB_OWN_FS) {
		n->t.fs = thread_fs_new(st, text_none(), text_none());
		snap_fs(st, ev, &n->t.fs->cwd, &n->t.fs->root);
	}
}

static void snap_texts(struct state *st, const struct event *ev, struct process *p)
{
	text_set_value(st, &p->exe, EV(ev, SNAP_THREAD, exe));
	set_exepath(st, p, EV(ev, SNAP_THREAD, exepath));
	set_args(st, p, EV(ev, SNAP_THREAD, args));
	text_set_value(st, &p->env, EV(ev, SNAP_THREAD, env));
	snap_fs(st, ev, &p->fs->cwd, &p->fs->root);
	if (EV(ev, SNAP_THREAD, cgroups)->state == VALUE_SET) {
		text_set_value(st, &p->cgroups, EV(ev, SNAP_THREAD, cgroups));
		p->container = container_of_cgroups(st, p->cgroups);
	}
}

static void snap_numbers(const struct event *ev, struct process *p)
{
	p->fdlimit = value_i64(EV(ev, SNAP_THREAD, fdlimit), -1);
	p->vm_size = (uint32_t)value_u64(EV(ev, SNAP_THREAD, vm_size), 0);
	p->vm_rss = (uint32_t)value_u64(EV(ev, SNAP_THREAD, vm_rss), 0);
	p->vm_swap = (uint32_t)value_u64(EV(ev, SNAP_THREAD, vm_swap), 0);
	p->tty = (uint32_t)value_u64(EV(ev, SNAP_THREAD, tty), 0);
	p->exe_ino = value_u64(EV(ev, SNAP_THREAD, exe_ino), 0);
	p->exe_ctime = value_u64(EV(ev, SNAP_THREAD, exe_ctime), 0);
	p->exe_mtime = value_u64(EV(ev, SNAP_THREAD, exe_mtime), 0);
	p->exe_dev = (uint32_t)value_u64(EV(ev, SNAP_THREAD, exe_dev), 0);
	p->pidns_start_ts = value_u64(EV(ev, SNAP_THREAD, pidns_start_ts), 0);
	p->exec_ts = value_u64(EV(ev, SNAP_THREAD, lastexec_ts), 0);
}

enum {
	TB_KEPT = TB_SNAPSHOT | TB_PLACEHOLDER | TB_LOST | TB_EXITED | TB_HAS_CRED | TB_HAS_EXEPATH
		| TB_ANNOUNCED | TB_BORN_FIRST | TB_SUBREAPER
};

static uint32_t bits_of(const struct event *ev)
{
	const uint64_t kept = value_u64(EV(ev, SNAP_THREAD, state), TB_SNAPSHOT);

	return exe_bits(value_u64(EV(ev, SNAP_THREAD, exe_flags), 0)) | ((uint32_t)kept & TB_KEPT);
}

static struct tnode *snap_node(struct state *st, uint32_t tid, uint32_t pid)
{
	struct tnode *n = tnode_get(st, tid);

	if (n && n->t.proc->pid == pid && pnode_of(n->t.proc)->key == pid)
		return n;
	return tnode_new(st, tid, pid);
}

/* Facts of the process come from the leader, or from the first thread if the leader is
 * not there. */
HANDLER(on_snap_thread)
{
	const uint32_t tid = (uint32_t)value_u64(EV(ev, SNAP_THREAD, tid), 0);
	const uint32_t pid = (uint32_t)value_u64(EV(ev, SNAP_THREAD, pid), tid);
	struct tnode *n;
	struct process *p;
	bool exited;

	if (tid == 0 && value_u64(EV(ev, SNAP_THREAD, state), 0) & TB_LOST) {
		st->loss_epoch++;
		st->cur.after_loss = true;
	}
	if (tid == 0 || tid > INT32_MAX)
		return;
	st->snapped++;
	n = snap_node(st, tid, pid ? pid : tid);
	p = n->t.proc;
	if (n->t.bits & TB_LOST)
		st->stats.healed_threads++;
	exited = n->t.bits & TB_EXITED;
	n->t.bits = bits_of(ev) | (n->t.bits & TB_HAS_TIME);
	if (n->t.bits & TB_EXITED && !exited && p->n_threads)
		p->n_threads--;
	if (pid == 0)
		p->pid = 0;	/* a placeholder */
	n->epoch = st->loss_epoch;
	n->t.clone_ts = value_u64(EV(ev, SNAP_THREAD, clone_ts), 0);
	n->t.pf_major = value_u64(EV(ev, SNAP_THREAD, pfmajor), 0);
	n->t.pf_minor = value_u64(EV(ev, SNAP_THREAD, pfminor), 0);
	cputime_snap(ev, n);
	text_set_value(st, &n->t.comm, EV(ev, SNAP_THREAD, comm));
	snap_ids(ev, &n->t);
	if (tid == pid || !pnode_of(p)->threads->next_mate) {
		snap_texts(st, ev, p);
		snap_numbers(ev, p);
	}
	snap_apart(st, ev, n);
	if (tid == pid)
		p->start_ts = n->t.clone_ts;
	pnode_of(p)->in_pidns = p->vpid >= 0 && (uint32_t)p->vpid != p->pid;
	tnode_set_parent(st, n, (uint32_t)value_u64(EV(ev, SNAP_THREAD, ptid), 0));
}

/* Readers of captures give a thread where we want its process. */
static struct pnode *snap_owner(struct state *st, uint32_t pid)
{
	struct pnode *p = pnode_find(st, pid);
	const struct tnode *n = p ? NULL : tnode_get(st, pid);

	return n ? pnode_of(n->t.proc) : p;
}

/* A thread with a table of its own; else NULL. */
static struct tnode *snap_apart_thread(struct state *st, uint32_t tid)
{
	struct tnode *n = tnode_get(st, tid);

	return n && n->t.fds ? n : NULL;
}

static struct fd_table *snap_table(struct state *st, uint32_t id)
{
	const struct tnode *n = snap_apart_thread(st, id);
	const struct pnode *p = n ? NULL : snap_owner(st, id);

	return n ? n->t.fds : p ? p->p.fds : NULL;
}

static void snap_share(struct state *st, uint32_t id, uint32_t with)
{
	struct fd_table *const fds = snap_table(st, with), *const old = snap_table(st, id);
	struct tnode *const n = snap_apart_thread(st, id);
	struct pnode *const p = snap_owner(st, id);

	if (!fds || !old || fds == old)
		return;
	fds->refs++;
	if (n)
		n->t.fds = fds;
	else
		p->p.fds = fds;
	fdtable_drop(st, old);
}

static struct thread_fs **snap_directories(struct state *st, uint32_t id)
{
	struct tnode *n = tnode_get(st, id);
	struct pnode *p = n && n->t.fs ? NULL : snap_owner(st, id);

	return n && n->t.fs ? &n->t.fs : p ? &p->p.fs : NULL;
}

static void snap_share_fs(struct state *st, uint32_t id, uint32_t with)
{
	struct thread_fs **to = snap_directories(st, id), **from = snap_directories(st, with);
	struct thread_fs *old = to ? *to : NULL;

	if (!to || !from || *to == *from)
		return;
	(*from)->refs++;
	*to = *from;
	fs_drop(st, old);
}

HANDLER(on_snap_fd)
{
	const int64_t fd = value_i64(EV(ev, SNAP_FD, fd), -1);
	const uint64_t kind = value_u64(EV(ev, SNAP_FD, kind), FD_UNKNOWN);
	const uint64_t role = value_u64(EV(ev, SNAP_FD, role), ROLE_NONE);
	const uint32_t id = (uint32_t)value_u64(EV(ev, SNAP_FD, pid), 0);
	const struct value *with = EV(ev, SNAP_FD, offset);
	struct fd_table *table;
	struct fdinfo *f;

	if (fd == -1 && with->state == VALUE_SET)
		snap_share(st, id, (uint32_t)with->u);
	if (fd == -2 && with->state == VALUE_SET)
		snap_share_fs(st, id, (uint32_t)with->u);
	table = snap_table(st, id);
	if (!table || fd < 0 || fd > INT32_MAX)
		return;
	st->snapped++;
	f = fdinfo_new(st, kind < FD__N ? (enum fd_kind)kind : FD_UNKNOWN, fd);
	f->role = role <= ROLE_LISTEN ? (uint8_t)role : ROLE_NONE;
	f->proto = (uint8_t)value_u64(EV(ev, SNAP_FD, proto), L4_NONE);
	f->sock_type = (uint16_t)value_u64(EV(ev, SNAP_FD, sock_type), 0);
	f->bits = (uint16_t)value_u64(EV(ev, SNAP_FD, state), FDB_SNAPSHOT | FDB_ROLE_DUE);
	f->open_flags = (uint32_t)value_u64(EV(ev, SNAP_FD, flags), 0);
	if (EV(ev, SNAP_FD, state)->state != VALUE_SET && f->open_flags & O_CLOEXEC)
		f->bits |= FDB_CLOEXEC;
	f->dev = (uint32_t)value_u64(EV(ev, SNAP_FD, dev), 0);
	f->ino = value_u64(EV(ev, SNAP_FD, ino), 0);
	snap_socket(st, f, EV(ev, SNAP_FD, tuple));
	text_set_value(st, &f->name, EV(ev, SNAP_FD, name));
	text_set_value(st, &f->nameraw, EV(ev, SNAP_FD, nameraw));
	fdtable_put(st, table, fd, f);
	if (fd == st->cur.fd_num)
		st->cur.fd = NULL;
}

HANDLER(on_snap_iface)
{
	const struct value *addr = EV(ev, SNAP_IFACE, addr), *mask = EV(ev, SNAP_IFACE, mask);
	struct iface f = { .name = text_none() };
	size_t n;

	if (addr->state != VALUE_SET || addr->len < 1 || st->n_ifaces >= IFACES_MAX)
		return;
	f.family = addr->p[0];
	n = f.family == AF_INET ? 4 : f.family == AF_INET6 ? 16 : 0;
	if (n == 0 || addr->len < 1 + n)
		return;
	memcpy(f.addr, addr->p + 1, n);
	if (mask->state == VALUE_SET && mask->len >= 1 + n && mask->p[0] == f.family)
		memcpy(f.mask, mask->p + 1, n);
	text_set_value(st, &f.name, EV(ev, SNAP_IFACE, name));
	f.index = (uint32_t)value_u64(EV(ev, SNAP_IFACE, index), 0);
	for (size_t i = 0; i < st->n_ifaces; i++) {
		const struct iface *o = &st->ifaces[i];

		if (o->family == f.family && memcmp(o->addr, f.addr, 16) == 0) {
			text_drop(st, &f.name);
			return;
		}
	}
	st->ifaces = mem_grow(st->ifaces, &st->ifaces_cap, st->n_ifaces + 1, sizeof(*st->ifaces));
	st->ifaces[st->n_ifaces++] = f;
}

static struct mount *mount_need(struct state *st, uint32_t pid, uint32_t id)
{
	const uint32_t key = map_hash(pid) ^ id;
	struct mount *m = map_get(&st->mounts_by_id, key);

	if (m && m->pid == pid && m->id == id)
		return m;
	if (st->n_mounts >= MOUNTS_MAX)
		return NULL;
	m = xmalloc(sizeof(*m));
	*m = (struct mount){
		pid, id, 0, 0, text_none(), text_none(), text_none(), text_none(), text_none(),
	};
	st->mounts = mem_grow(st->mounts, &st->mounts_cap, st->n_mounts + 1, sizeof(*st->mounts));
	st->mounts[st->n_mounts++] = m;
	map_put(&st->mounts_by_id, key, m);
	return m;
}

HANDLER(on_snap_mount)
{
	struct mount *m = mount_need(st, (uint32_t)value_u64(EV(ev, SNAP_MOUNT, pid), 0),
				     (uint32_t)value_u64(EV(ev, SNAP_MOUNT, id), 0));

	if (!m)
		return;
	m->parent = (uint32_t)value_u64(EV(ev, SNAP_MOUNT, parent), 0);
	m->dev = (uint32_t)value_u64(EV(ev, SNAP_MOUNT, dev), 0);
	text_set_value(st, &m->root, EV(ev, SNAP_MOUNT, root));
	text_set_value(st, &m->target, EV(ev, SNAP_MOUNT, target));
	text_set_value(st, &m->fstype, EV(ev, SNAP_MOUNT, fstype));
	text_set_value(st, &m->source, EV(ev, SNAP_MOUNT, source));
	text_set_value(st, &m->flags, EV(ev, SNAP_MOUNT, flags));
}

/* Connections that a snapshot of /proc lists do not tell who called: who has the port
 * of a listening socket is the server, as Falco has it. */
struct roles {
	struct state *st;
	uint64_t listening[65536 / 64];
};

static int find_listening(struct fdinfo *f, void *arg)
{
	struct roles *r = arg;

	if (f->role == ROLE_LISTEN)
		r->listening[f->dst.port / 64] |= UINT64_C(1) << f->dst.port % 64;
	return 0;
}

static int find_role(struct fdinfo *f, void *arg)
{
	struct roles *r = arg;

	if (!(f->bits & FDB_ROLE_DUE))
		return 0;
	f->bits &= (uint16_t)~FDB_ROLE_DUE;
	if ((f->kind != FD_IPV4 && f->kind != FD_IPV6) || f->role != ROLE_NONE || !f->name.len)
		return 0;
	f->role = ROLE_CLIENT;
	if (f->proto == L4_TCP)
		f->bits |= FDB_CONNECTED;
	if (r->listening[f->src.port / 64] >> f->src.port % 64 & 1) {
		const struct ip_end e = f->src;

		f->src = f->dst;
		f->dst = e;
		f->role = ROLE_SERVER;
		sock_name(r->st, f);
	}
	return 0;
}

static void find_roles(struct state *st)
{
	struct roles r = { .st = st };

	for (uint32_t i = 0; st->procs.v && i <= st->procs.mask; i++) {
		const struct pnode *p = st->procs.v[i].p;

		if (p)
			fdtable_each(p->p.fds, find_listening, &r);
	}
	for (uint32_t i = 0; st->procs.v && i <= st->procs.mask; i++) {
		const struct pnode *p = st->procs.v[i].p;

		if (p)
			fdtable_each(p->p.fds, find_role, &r);
	}
}

/* Children that were listed before their parents find them now. */
HANDLER(on_snap_end)
{
	const uint32_t snapped = st->snapped;

	st->in_snapshot = false;
	st->snapped = 0;
	/* the ends of snapshots of nothing would make a hostile recording slow */
	if (snapped < st->threads.n / 16)
		return;
	find_roles(st);
	for (uint32_t i = 0; st->threads.v && i <= st->threads.mask; i++) {
		struct tnode *n = st->threads.v[i].p;

		if (n && !n->parent && n->t.ptid)
			tnode_set_parent(st, n, n->t.ptid);
	}
}

void snapshot_release(struct state *st)
{
	for (size_t i = 0; i < st->n_mounts; i++) {
		struct mount *m = st->mounts[i];

		text_drop(st, &m->root);
		text_drop(st, &m->target);
		text_drop(st, &m->fstype);
		text_drop(st, &m->source);
		text_drop(st, &m->flags);
		free(m);
	}
	for (size_t i = 0; i < st->n_ifaces; i++)
		text_drop(st, &st->ifaces[i].name);
	st->n_mounts = st->n_ifaces = 0;
	map_release(&st->mounts_by_id);
	text_drop(st, &st->hostname);
	text_drop(st, &st->kernel);
	text_drop(st, &st->arch);
	text_drop(st, &st->cmdline);
}
