/* SPDX-License-Identifier: Apache-2.0 */
/* The whole state as snap_* events: a key frame.  What an empty state makes of them has
 * the same fields at every later event; tests/unit/state_dump.c proves it. */
#include <stdlib.h>
#include <sys/socket.h>

#include "capture/base/cgroup.h"
#include "replay/state/internal.h"

struct dump {
	const struct state *st;
	uint64_t ts, n;
	bool (*only)(const struct thread *, void *);
	int (*emit)(const struct event *, void *);
	void *arg;
	struct event ev;
	struct map owners;	/* of shared tables: hash of the address → struct owner */
	struct arena arena;
};

struct owner {
	const void *table;	/* or struct thread_fs */
	uint32_t pid;
	struct owner *next;
};

static struct event *begin(struct dump *d, enum event_id type)
{
	event_init(&d->ev, type);
	d->ev.ts = d->ts;
	return &d->ev;
}

static int emit(struct dump *d)
{
	d->n++;
	return d->emit(&d->ev, d->arg);
}

static void put_text(struct value *v, struct text t)
{
	if (t.len)
		value_bytes(v, t.p, t.len);
}

static void put_known(struct value *v, int64_t id)
{
	if (id != -1)
		value_number(v, (uint64_t)id);
}

static void put_nonzero(struct value *v, uint64_t n)
{
	if (n)
		value_number(v, n);
}

#define V(id, name) (&d->ev.v[P(id, name)])

/* ---- machine, users, containers, mounts ---- */

static int machine(struct dump *d)
{
	const struct state *st = d->st;

	begin(d, EV_SNAP_MACHINE);
	put_text(V(SNAP_MACHINE, hostname), st->hostname);
	put_text(V(SNAP_MACHINE, kernel), st->kernel);
	put_text(V(SNAP_MACHINE, arch), st->arch);
	put_text(V(SNAP_MACHINE, cmdline), st->cmdline);
	put_nonzero(V(SNAP_MACHINE, n_cpus), st->n_cpus);
	put_nonzero(V(SNAP_MACHINE, memory), st->memory);
	put_nonzero(V(SNAP_MACHINE, boot_ts), st->boot_ts);
	put_nonzero(V(SNAP_MACHINE, page_size), st->page_size);
	return emit(d);
}

/* A mask is written with its address, both as SOCKADDR without a port. */
static int ifaces(struct dump *d)
{
	for (size_t i = 0; i < d->st->n_ifaces; i++) {
		const struct iface *f = &d->st->ifaces[i];
		const size_t n = f->family == AF_INET ? 4 : 16;
		uint8_t addr[19] = { f->family }, mask[19] = { f->family };
		int e;

		memcpy(addr + 1, f->addr, n);
		memcpy(mask + 1, f->mask, n);
		begin(d, EV_SNAP_IFACE);
		put_text(V(SNAP_IFACE, name), f->name);
		value_bytes(V(SNAP_IFACE, addr), addr, 1 + n + 2);
		value_bytes(V(SNAP_IFACE, mask), mask, 1 + n + 2);
		put_nonzero(V(SNAP_IFACE, index), f->index);
		e = emit(d);
		if (e)
			return e;
	}
	return 0;
}

static int container(struct dump *d, const struct container *c)
{
	begin(d, EV_CONTAINER);
	put_text(V(CONTAINER, json), c->json);
	put_text(V(CONTAINER, id), c->id);
	return emit(d);
}

static int containers(struct dump *d)
{
	for (size_t i = 0; i < d->st->n_cont; i++) {
		const int e = d->st->cont[i]->json.len ? container(d, d->st->cont[i]) : 0;

		if (e)
			return e;
	}
	return 0;
}

static int user(struct dump *d, const struct userkey *k)
{
	begin(d, EV_SNAP_USER);
	value_number(V(SNAP_USER, uid), k->u.uid);
	value_number(V(SNAP_USER, gid), k->u.gid);
	put_text(V(SNAP_USER, name), k->u.name);
	put_text(V(SNAP_USER, homedir), k->u.home);
	put_text(V(SNAP_USER, shell), k->u.shell);
	put_text(V(SNAP_USER, container), k->container);
	return emit(d);
}

static int group(struct dump *d, const struct userkey *k)
{
	begin(d, EV_SNAP_GROUP);
	value_number(V(SNAP_GROUP, gid), k->u.gid);
	put_text(V(SNAP_GROUP, name), k->u.name);
	put_text(V(SNAP_GROUP, container), k->container);
	return emit(d);
}

static int compare_u32(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Keys in order, so that equal states give equal bytes. */
static uint32_t *sorted_keys(const struct map *m)
{
	uint32_t *v = xmalloc(mem_mul(m->n + 1u, sizeof(*v))), n = 0;

	for (uint32_t i = 0; m->v && i <= m->mask; i++)
		if (m->v[i].p)
			v[n++] = m->v[i].key;
	qsort(v, n, sizeof(*v), compare_u32);
	return v;
}

static int accounts(struct dump *d, const struct map *m,
		    int (*one)(struct dump *, const struct userkey *))
{
	uint32_t *keys = sorted_keys(m);
	int e = 0;

	for (uint32_t i = 0; i < m->n && !e; i++)
		for (const struct userkey *k = map_get(m, keys[i]); k && !e; k = k->next)
			e = one(d, k);
	free(keys);
	return e;
}

static int mounts(struct dump *d)
{
	for (size_t i = 0; i < d->st->n_mounts; i++) {
		const struct mount *m = d->st->mounts[i];
		int e;

		begin(d, EV_SNAP_MOUNT);
		value_number(V(SNAP_MOUNT, pid), m->pid);
		value_number(V(SNAP_MOUNT, id), m->id);
		value_number(V(SNAP_MOUNT, parent), m->parent);
		value_number(V(SNAP_MOUNT, dev), m->dev);
		put_text(V(SNAP_MOUNT, root), m->root);
		put_text(V(SNAP_MOUNT, target), m->target);
		put_text(V(SNAP_MOUNT, fstype), m->fstype);
		put_text(V(SNAP_MOUNT, source), m->source);
		put_text(V(SNAP_MOUNT, flags), m->flags);
		e = emit(d);
		if (e)
			return e;
	}
	return 0;
}

static int resolved(const struct named *n, struct text name, void *arg)
{
	struct dump *d = arg;
	char addr[46];

	begin(d, EV_RESOLVED);
	value_bytes(V(RESOLVED, addr), addr, address_text(addr, n->family, n->addr));
	put_text(V(RESOLVED, name), name);
	return emit(d);
}

/* ---- threads ---- */

/* Facts of the process stand with its first thread alone. */
static void put_process(struct dump *d, const struct process *p)
{
	put_text(V(SNAP_THREAD, exe), p->exe);
	put_text(V(SNAP_THREAD, exepath), p->exepath);
	put_text(V(SNAP_THREAD, args), p->args);
	put_text(V(SNAP_THREAD, env), p->env);
	put_text(V(SNAP_THREAD, cgroups), p->cgroups);
	value_number(V(SNAP_THREAD, fdlimit), (uint64_t)p->fdlimit);
	put_nonzero(V(SNAP_THREAD, vm_size), p->vm_size);
	put_nonzero(V(SNAP_THREAD, vm_rss), p->vm_rss);
	put_nonzero(V(SNAP_THREAD, vm_swap), p->vm_swap);
	put_nonzero(V(SNAP_THREAD, tty), p->tty);
	put_nonzero(V(SNAP_THREAD, exe_ino), p->exe_ino);
	put_nonzero(V(SNAP_THREAD, exe_ctime), p->exe_ctime);
	put_nonzero(V(SNAP_THREAD, exe_mtime), p->exe_mtime);
	put_nonzero(V(SNAP_THREAD, exe_dev), p->exe_dev);
	put_nonzero(V(SNAP_THREAD, pidns_start_ts), p->pidns_start_ts);
	put_nonzero(V(SNAP_THREAD, lastexec_ts), p->exec_ts);
}

static void put_fs(struct dump *d, const struct thread *t)
{
	put_text(V(SNAP_THREAD, cwd), fs_of(t)->cwd);
	put_text(V(SNAP_THREAD, root), fs_of(t)->root);
}

static void put_time(struct value *v, const struct thread *t, uint64_t ns)
{
	*v = (struct value){0};
	if (t->bits & TB_HAS_TIME)
		value_number(v, ns);
}

static void put_thread(struct dump *d, const struct tnode *n)
{
	const struct thread *t = &n->t;
	const struct process *p = t->proc;
	const bool lost = n->epoch != d->st->loss_epoch;

	value_number(V(SNAP_THREAD, tid), t->tid);
	value_number(V(SNAP_THREAD, pid), p->pid);
	put_nonzero(V(SNAP_THREAD, ptid), t->ptid);
	put_known(V(SNAP_THREAD, sid), p->sid);
	put_known(V(SNAP_THREAD, pgid), p->pgid);
	put_known(V(SNAP_THREAD, vpgid), p->vpgid);
	put_known(V(SNAP_THREAD, vpid), p->vpid);
	put_known(V(SNAP_THREAD, vtid), t->vtid);
	put_text(V(SNAP_THREAD, comm), t->comm);
	value_number(V(SNAP_THREAD, uid), t->uid);
	value_number(V(SNAP_THREAD, euid), t->euid);
	value_number(V(SNAP_THREAD, gid), t->gid);
	value_number(V(SNAP_THREAD, egid), t->egid);
	value_number(V(SNAP_THREAD, loginuid), t->loginuid);
	put_nonzero(V(SNAP_THREAD, pfmajor), t->pf_major);
	put_nonzero(V(SNAP_THREAD, pfminor), t->pf_minor);
	put_nonzero(V(SNAP_THREAD, cap_inheritable), t->cap_i);
	put_nonzero(V(SNAP_THREAD, cap_permitted), t->cap_p);
	put_nonzero(V(SNAP_THREAD, cap_effective), t->cap_e);
	put_nonzero(V(SNAP_THREAD, exe_flags), exe_flags_of(t->bits));
	put_nonzero(V(SNAP_THREAD, clone_ts), t->clone_ts);
	put_time(V(SNAP_THREAD, utime), t, t->utime);
	put_time(V(SNAP_THREAD, stime), t, t->stime);
	value_number(V(SNAP_THREAD, state), t->bits | (lost ? TB_LOST : 0)
		     | (t->fds ? TB_OWN_FDS : 0) | (t->fs ? TB_OWN_FS : 0));
}

static const struct owner *owner_of(const struct dump *d, const void *table)
{
	const struct owner *o = map_get(&d->owners, map_hash((uint32_t)(uintptr_t)table));

	while (o && o->table != table)
		o = o->next;
	return o;
}

static void own(struct dump *d, const void *table, uint32_t pid)
{
	const uint32_t key = map_hash((uint32_t)(uintptr_t)table);
	struct owner *o = arena_alloc(&d->arena, sizeof(*o));

	*o = (struct owner){ table, pid, map_get(&d->owners, key) };
	map_put(&d->owners, key, o);
}

/* ---- descriptors ---- */

static size_t put_end(uint8_t *out, const struct ip_end *e, size_t n)
{
	memcpy(out, e->addr, n);
	out[n] = (uint8_t)e->port;
	out[n + 1] = (uint8_t)(e->port >> 8);
	return n + 2;
}

static void put_u64(uint8_t *out, uint64_t v)
{
	for (unsigned i = 0; i < 8; i++)
		out[i] = (uint8_t)(v >> 8 * i);
}

static bool any_bytes(const void *p, size_t n)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < n; i++)
		if (b[i])
			return true;
	return false;
}

/* The path of a unix socket is a part of its name, so the tuple goes without. */
static size_t put_tuple(uint8_t out[37], const struct fdinfo *f)
{
	const size_t n = f->kind == FD_IPV4 ? 4 : 16;
	size_t len;

	if (f->kind == FD_UNIX) {
		out[0] = AF_UNIX;
		put_u64(out + 1, f->unix_src);
		put_u64(out + 9, f->unix_dst);
		return f->unix_src || f->unix_dst ? 17 : 0;
	}
	if ((f->kind != FD_IPV4 && f->kind != FD_IPV6)
	    || (!any_bytes(&f->src, sizeof(f->src)) && !any_bytes(&f->dst, sizeof(f->dst))
		&& f->role == ROLE_NONE))
		return 0;
	out[0] = f->kind == FD_IPV4 ? AF_INET : AF_INET6;
	len = 1 + put_end(out + 1, &f->src, n);
	return len + put_end(out + len, &f->dst, n);
}

struct fd_dump {
	struct dump *d;
	uint32_t pid;
};

static int descriptor(struct fdinfo *f, void *arg)
{
	const struct fd_dump *of = arg;
	struct dump *d = of->d;
	uint8_t tuple[37];
	size_t n;

	begin(d, EV_SNAP_FD);
	value_number(V(SNAP_FD, pid), of->pid);
	value_number(V(SNAP_FD, fd), (uint64_t)f->fd);
	value_number(V(SNAP_FD, kind), f->kind);
	value_bytes(V(SNAP_FD, name), f->name.p, f->name.len);
	put_text(V(SNAP_FD, nameraw), f->nameraw);
	put_nonzero(V(SNAP_FD, flags), f->open_flags);
	put_nonzero(V(SNAP_FD, dev), f->dev);
	put_nonzero(V(SNAP_FD, ino), f->ino);
	put_nonzero(V(SNAP_FD, proto), f->proto);
	put_nonzero(V(SNAP_FD, sock_type), f->sock_type);
	put_nonzero(V(SNAP_FD, role), f->role);
	value_number(V(SNAP_FD, state), f->bits);
	n = put_tuple(tuple, f);
	if (n)
		value_bytes(V(SNAP_FD, tuple), tuple, n);
	return emit(d);
}

enum { SAME_FDS = -1, SAME_FS = -2 };

static int shared(struct dump *d, uint32_t pid, int what, uint32_t with)
{
	begin(d, EV_SNAP_FD);
	value_number(V(SNAP_FD, pid), pid);
	value_number(V(SNAP_FD, fd), (uint64_t)(int64_t)what);
	value_number(V(SNAP_FD, offset), with);
	return emit(d);
}

static int table(struct dump *d, const struct fd_table *fds, uint32_t id)
{
	const struct owner *o = fds->refs > 1 ? owner_of(d, fds) : NULL;
	struct fd_dump of = { d, id };

	if (o)
		return shared(d, id, SAME_FDS, o->pid);
	if (fds->refs > 1)
		own(d, fds, id);
	return fdtable_each(fds, descriptor, &of);
}

static int directories(struct dump *d, const struct thread_fs *fs, uint32_t tid)
{
	const struct owner *o = fs->refs > 1 ? owner_of(d, fs) : NULL;

	if (o)
		return shared(d, tid, SAME_FS, o->pid);
	if (fs->refs > 1)
		own(d, fs, tid);
	return 0;
}

/* What a thread has apart from its process. */
static int apart(struct dump *d, const struct thread *t)
{
	const int e = t->fds ? table(d, t->fds, t->tid) : 0;

	return e || !t->fs ? e : directories(d, t->fs, t->tid);
}

/* ---- the whole ---- */

static bool wanted(const struct dump *d, const struct tnode *n)
{
	return !d->only || d->only(&n->t, d->arg);
}

/* The main thread first, since it brings the facts of the process; then one that can bring its
 * directories. */
static int compare_mates(const void *a, const void *b)
{
	const struct tnode *x = *(struct tnode *const *)a, *y = *(struct tnode *const *)b;
	const bool lx = x->t.proc->leader == &x->t, ly = y->t.proc->leader == &y->t;

	if (lx == ly && !x->t.fs != !y->t.fs)
		return x->t.fs ? 1 : -1;
	return lx != ly ? (lx ? -1 : 1) : x->t.tid < y->t.tid ? -1 : x->t.tid > y->t.tid;
}

static int process(struct dump *d, const struct pnode *p)
{
	struct tnode **v;
	size_t n = 0, i;
	bool first = true;
	int e = 0;

	for (const struct tnode *t = p->threads; t; t = t->next_mate)
		n++;
	v = xmalloc(mem_mul(n, sizeof(*v)));
	n = 0;
	for (struct tnode *t = p->threads; t; t = t->next_mate)
		v[n++] = t;
	qsort(v, n, sizeof(*v), compare_mates);
	for (i = 0; i < n && !e; i++) {
		if (!wanted(d, v[i]))
			continue;
		begin(d, EV_SNAP_THREAD);
		put_thread(d, v[i]);
		if (first)
			put_process(d, &p->p);
		if (first || v[i]->t.fs)
			put_fs(d, &v[i]->t);
		first = false;
		e = emit(d);
	}
	if (!e && !first)
		e = table(d, p->p.fds, p->key);
	if (!e && !first)
		e = directories(d, p->p.fs, p->key);
	for (i = 0; i < n && !e; i++)
		if (wanted(d, v[i]))
			e = apart(d, &v[i]->t);
	free(v);
	return e;
}

static int processes(struct dump *d)
{
	uint32_t *keys = sorted_keys(&d->st->procs);
	int e = 0;

	for (uint32_t i = 0; i < d->st->procs.n && !e; i++)
		e = process(d, map_get(&d->st->procs, keys[i]));
	free(keys);
	return e;
}

/* Who is in a container although the control groups do not tell. */
static int members(struct dump *d)
{
	int e = 0;
	uint32_t *keys = sorted_keys(&d->st->procs);

	for (uint32_t i = 0; i < d->st->procs.n && !e; i++) {
		const struct pnode *p = map_get(&d->st->procs, keys[i]);
		const struct thread *t = p->threads ? &p->threads->t : NULL;
		struct cgroup_container by_path;

		if (!p->p.container || !t || (d->only && !d->only(t, d->arg))
		    || cgroups_container(p->p.cgroups.p, p->p.cgroups.len, &by_path))
			continue;
		begin(d, EV_CONTAINER);
		put_text(V(CONTAINER, id), p->p.container->id);
		value_number(V(CONTAINER, pid), p->p.pid);
		e = emit(d);
	}
	free(keys);
	return e;
}

static int lost_before(struct dump *d)
{
	if (!d->st->cur.after_loss)
		return 0;
	begin(d, EV_SNAP_THREAD);
	value_number(V(SNAP_THREAD, tid), 0);
	value_number(V(SNAP_THREAD, state), TB_LOST);
	return emit(d);
}

/* After all that it would make forgotten. */
static int in_doubt(struct dump *d)
{
	if (!d->st->in_doubt)
		return 0;
	begin(d, EV_SNAP_LOST);
	value_number(V(SNAP_LOST, tid), 0);
	value_number(V(SNAP_LOST, what), 1);
	return emit(d);
}

static int the_end(struct dump *d)
{
	begin(d, EV_SNAP_END);
	value_number(V(SNAP_END, n), d->n);
	return emit(d);
}

int state_dump(const struct state *st, uint64_t ts, bool (*only)(const struct thread *, void *),
	       int (*emit_one)(const struct event *, void *), void *arg)
{
	struct dump d = { .st = st, .ts = ts, .only = only, .emit = emit_one, .arg = arg };
	int e = machine(&d);

	if (!e)
		e = ifaces(&d);
	if (!e)
		e = containers(&d);
	if (!e)
		e = accounts(&d, &st->users, user);
	if (!e)
		e = accounts(&d, &st->groups, group);
	if (!e)
		e = mounts(&d);
	if (!e)
		e = names_each(st, resolved, &d);
	if (!e)
		e = lost_before(&d);
	if (!e)
		e = processes(&d);
	if (!e)
		e = members(&d);
	if (!e)
		e = in_doubt(&d);
	if (!e)
		e = the_end(&d);
	map_release(&d.owners);
	arena_release(&d.arena);
	return e;
}
