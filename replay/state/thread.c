/* SPDX-License-Identifier: Apache-2.0 */
/* The life of threads: clone seen by the parent and by the child (in either order, or
 * only one of them), exec, exit.
 *
 * Numbers in the parent's result are those of its pid namespace, so a parent inside a
 * container says nothing usable about the child: there the child's own event makes it
 * known, and it brings all facts itself. */
#include <sched.h>
#include <sys/prctl.h>

#include "replay/state/internal.h"

/* ---- clone ---- */

/* clone, fork, vfork and clone3 have the same parameters in the same order. */
_Static_assert(P(CLONE, start_ts) == P(FORK, start_ts), "fork");
_Static_assert(P(CLONE, start_ts) == P(VFORK, start_ts), "vfork");
_Static_assert(P(CLONE, start_ts) == P(CLONE3, start_ts), "clone3");

static void set_u32(uint32_t *to, const struct value *v)
{
	if (v->state == VALUE_SET)
		*to = (uint32_t)v->u;
}

static void set_i32(int32_t *to, const struct value *v)
{
	if (v->state == VALUE_SET)
		*to = (int32_t)v->i;
}

static void set_u64(uint64_t *to, const struct value *v)
{
	if (v->state == VALUE_SET)
		*to = v->u;
}

static void set_cgroups(struct state *st, struct process *p, const struct value *v)
{
	if (v->state != VALUE_SET || v->len == 0)
		return;
	if (p->cgroups.len == v->len && memcmp(p->cgroups.p, v->p, v->len) == 0)
		return;
	text_set(st, &p->cgroups, v->p, v->len);
	p->container = container_of_cgroups(st, p->cgroups);
}

/* Facts that the reporting thread tells of itself. */
static void clone_facts(struct state *st, const struct event *ev, struct tnode *t)
{
	struct process *p = t->t.proc;
	const struct value *uid = EV(ev, CLONE, uid), *gid = EV(ev, CLONE, gid);
	const struct value *cwd = EV(ev, CLONE, cwd);

	text_set_value(st, &p->exe, EV(ev, CLONE, exe));
	text_set_value(st, &p->args, EV(ev, CLONE, args));
	text_set_value(st, &t->t.comm, EV(ev, CLONE, comm));
	if (cwd->state == VALUE_SET && cwd->len && cwd->p[0] == '/')
		text_set(st, cwd_of(&t->t), cwd->p, cwd->len);
	set_cgroups(st, p, EV(ev, CLONE, cgroups));
	if (EV(ev, CLONE, fdlimit)->state == VALUE_SET)
		p->fdlimit = EV(ev, CLONE, fdlimit)->i;
	set_u64(&t->t.pf_major, EV(ev, CLONE, pgft_maj));
	set_u64(&t->t.pf_minor, EV(ev, CLONE, pgft_min));
	set_u32(&p->vm_size, EV(ev, CLONE, vm_size));
	set_u32(&p->vm_rss, EV(ev, CLONE, vm_rss));
	set_u32(&p->vm_swap, EV(ev, CLONE, vm_swap));
	set_u32(&t->t.euid, uid);
	set_u32(&t->t.egid, gid);
	set_u32(&t->t.loginuid, EV(ev, CLONE, loginuid));
	set_i32(&t->t.vtid, EV(ev, CLONE, vtid));
	set_i32(&p->vpid, EV(ev, CLONE, vpid));
	set_i32(&p->sid, EV(ev, CLONE, sid));
	set_i32(&p->pgid, EV(ev, CLONE, pgid));
	set_i32(&p->vpgid, EV(ev, CLONE, vpgid));
	set_u64(&p->pidns_start_ts, EV(ev, CLONE, pidns_init_start_ts));
	if (p->vpid >= 0)
		pnode_of(p)->in_pidns = (uint32_t)p->vpid != p->pid;
}

/* What a new process has from the one that made it. */
static void inherit(struct state *st, struct process *to, const struct process *from)
{
	text_copy(st, &to->exe, from->exe);
	text_copy(st, &to->exepath, from->exepath);
	text_copy(st, &to->args, from->args);
	text_copy(st, &to->env, from->env);
	text_copy(st, &to->cgroups, from->cgroups);
	to->container = from->container;
	to->exe_ino = from->exe_ino;
	to->exe_ctime = from->exe_ctime;
	to->exe_mtime = from->exe_mtime;
	to->exe_dev = from->exe_dev;
	to->exec_ts = from->exec_ts;
	to->pidns_start_ts = from->pidns_start_ts;
	to->fdlimit = from->fdlimit;
	to->tty = from->tty;
	to->sid = from->sid;
	to->pgid = from->pgid;
	to->vpgid = from->vpgid;
}

static void inherit_thread(struct state *st, struct tnode *to, const struct tnode *from)
{
	text_copy(st, &to->t.comm, from->t.comm);
	cred_copy(&to->t, &from->t);
	to->t.bits |= from->t.bits & (TB_OF_EXE | TB_HAS_CRED);
}

/* Makes the child tid of process pid known; from: who made it, NULL if unknown. */
static struct tnode *child_new(struct state *st, const struct event *ev, uint32_t tid,
			       uint32_t pid, const struct tnode *from)
{
	const uint64_t flags = value_u64(EV(ev, CLONE, flags), 0);
	const bool fresh = tid == pid;
	struct tnode *n;

	if (fresh)
		pnode_forget(st, pid);
	n = tnode_new(st, tid, pid);
	n->epoch = st->loss_epoch;
	n->t.clone_ts = ev->ts;
	cputime_begin(n);
	if (from)
		inherit_thread(st, n, from);
	if (fresh)
		n->t.proc->start_ts = ev->ts;
	if (fresh && from)
		inherit(st, n->t.proc, from->t.proc);
	if (from)
		apart_inherit(st, n, from, flags);
	return n;
}

static bool reports_inside(const struct event *ev)
{
	const int64_t vtid = value_i64(EV(ev, CLONE, vtid), (int64_t)ev->tid);

	return vtid != (int64_t)ev->tid || value_u64(EV(ev, CLONE, pidns_level), 0) > 0
		|| value_u64(EV(ev, CLONE, flags), 0) & CLONE_NEWPID;
}

/* A child whose parent is not its maker takes after that parent: so Falco, in 59 captures
 * of 59.  But what it has open is truly its maker's; what it has opened since stays. */
static void clone_for_parent(struct state *st, const struct event *ev, const struct tnode *maker,
			     uint32_t tid)
{
	struct tnode *n = tnode_get(st, tid);

	if (n && !(n->t.bits & TB_BORN_FIRST))
		return;
	if (n) {
		n->t.bits &= ~(uint32_t)TB_BORN_FIRST;
	} else {
		n = child_new(st, ev, tid, tid, tnode_get(st, maker->t.ptid));
		n->t.bits |= TB_ANNOUNCED;
		n->t.vtid = n->t.proc->vpid = (int32_t)tid;
		tnode_set_parent(st, n, maker->t.ptid);
	}
	fds_adopt(st, n, maker, value_u64(EV(ev, CLONE, flags), 0));
}

enum { CHILDREN_LOOKED_AT = 64 };

/* The number that it was given says nothing here: it may have begun already, or will. */
static void await_child(struct tnode *t)
{
	struct tnode *n = t->child;

	for (unsigned i = 0; n && i < CHILDREN_LOOKED_AT && !(n->t.bits & TB_BORN_FIRST); i++)
		n = n->next_sib;
	if (n && n->t.bits & TB_BORN_FIRST)
		n->t.bits &= ~(uint32_t)TB_BORN_FIRST;
	else
		t->unborn++;
}

static void clone_in_parent(struct state *st, const struct event *ev, struct tnode *t,
			    uint32_t tid)
{
	const uint64_t flags = value_u64(EV(ev, CLONE, flags), 0);
	const bool thread = flags & CLONE_THREAD;
	struct tnode *n;

	if (reports_inside(ev)) {
		if (!(flags & (CLONE_THREAD | CLONE_PARENT)))
			await_child(t);
		return;
	}
	if (flags & CLONE_PARENT && !thread) {
		if (is_own(ev))
			clone_for_parent(st, ev, t, tid);
		return;
	}
	n = tnode_get(st, tid);
	if (n && n->t.bits & TB_BORN_FIRST) {	/* its own event came before ours */
		n->t.bits &= ~(uint32_t)TB_BORN_FIRST;
		if (thread)	/* it did not tell which thread made it */
			apart_inherit(st, n, t, flags);
		return;
	}
	n = child_new(st, ev, tid, thread ? t->t.proc->pid : tid, t);
	n->t.bits |= TB_ANNOUNCED;
	n->t.vtid = (int32_t)tid;
	n->t.proc->vpid = (int32_t)n->t.proc->pid;
	tnode_set_parent(st, n, flags & (CLONE_THREAD | CLONE_PARENT) ? t->t.ptid : t->t.tid);
}

/* One that has nothing of its own, if there is one. */
static const struct tnode *mate_of(const struct pnode *p)
{
	const struct tnode *n = p->p.leader ? tnode_of(p->p.leader) : p->threads;

	while (n && n->next_mate && (n->t.fds || n->t.fs))
		n = n->next_mate;
	return n;
}

/* The child may be known from its parent's event already. */
static void clone_in_child(struct state *st, const struct event *ev, struct tnode *t)
{
	const uint32_t ptid = (uint32_t)value_u64(EV(ev, CLONE, ptid), 0);
	const uint32_t pid = (uint32_t)value_u64(EV(ev, CLONE, pid), ev->pid ? ev->pid : ev->tid);
	const bool thread = pid != ev->tid;
	uint32_t parent = ptid;

	if (!t || !(t->t.bits & TB_ANNOUNCED)) {
		const struct pnode *mates = pnode_find(st, pid);
		struct tnode *const maker = thread ? NULL : tnode_maker(st, ptid);
		const bool awaited = maker && maker->unborn > 0;

		t = child_new(st, ev, ev->tid, thread ? pid : ev->tid,
			      thread && mates ? mate_of(mates) : maker);
		if (awaited)
			maker->unborn--;
		else
			t->t.bits |= TB_BORN_FIRST;
		if (maker && maker->t.bits & TB_EXITED && maker->heir)
			parent = maker->heir;
	}
	t->t.bits &= ~(uint32_t)TB_ANNOUNCED;
	clone_facts(st, ev, t);
	if (t->t.uid == UINT32_MAX)
		t->t.uid = t->t.euid;
	if (t->t.gid == UINT32_MAX)
		t->t.gid = t->t.egid;
	/* The maker may have ended before its child ran: whoever took the child over stays. */
	if (parent && (!t->parent || tnode_get(st, parent)))
		tnode_set_parent(st, t, parent);
	st->cur.thread = &t->t;
	st->last = t;
}

static void heal(struct state *st, struct tnode *t)
{
	if (t->t.bits & (TB_PLACEHOLDER | TB_LOST))
		st->stats.healed_threads++;
	t->t.bits &= ~(uint32_t)(TB_PLACEHOLDER | TB_LOST);
	t->epoch = st->loss_epoch;
}

/* The thread of a process that is told now; what a placeholder did is kept. */
static struct tnode *claim(struct state *st, struct tnode *t, uint32_t tid, uint32_t pid)
{
	struct pnode *p = t ? pnode_of(t->t.proc) : NULL;

	if (p && p->p.pid == pid)
		return t;
	if (!p || p->p.pid || p->key != pid)
		return tnode_new(st, tid, pid);	/* the number has a new owner */
	p->p.pid = pid;
	return t;
}

/* A thread known by its number only tells who it is. */
static struct tnode *introduce(struct state *st, const struct event *ev, struct tnode *t)
{
	const uint32_t ptid = (uint32_t)value_u64(EV(ev, CLONE, ptid), 0);
	const uint32_t pid = (uint32_t)value_u64(EV(ev, CLONE, pid), ev->tid);

	t = claim(st, t, ev->tid, pid);
	clone_facts(st, ev, t);
	tnode_set_parent(st, t, ptid);
	heal(st, t);
	st->cur.thread = &t->t;
	st->last = t;
	return t;
}

HANDLER(on_clone)
{
	const int64_t res = value_i64(EV(ev, CLONE, res), -1);

	if (res == 0) {
		clone_in_child(st, ev, t);
		return;
	}
	if (!t || t->t.bits & TB_PLACEHOLDER)
		t = introduce(st, ev, t);
	set_u64(&t->t.pf_major, EV(ev, CLONE, pgft_maj));
	set_u64(&t->t.pf_minor, EV(ev, CLONE, pgft_min));
	if (res > 0 && res <= INT32_MAX)
		clone_in_parent(st, ev, t, (uint32_t)res);
}

/* ---- exec ---- */

_Static_assert(P(EXECVE, start_ts) == P(EXECVEAT, start_ts), "execveat");

/* The other threads of the process are gone; the caller has become the leader. */
static struct tnode *exec_leader(struct state *st, const struct event *ev, struct tnode *t)
{
	const uint32_t pid = (uint32_t)value_u64(EV(ev, EXECVE, pid), ev->tid);
	struct pnode *p;

	t = claim(st, t, ev->tid, pid);
	p = pnode_of(t->t.proc);
	if (t->t.tid == pid)
		while (p->threads != t || t->next_mate)
			tnode_remove(st, p->threads == t ? t->next_mate : p->threads);
	t->t.bits &= ~(uint32_t)TB_EXITED;
	p->p.n_threads = 1;
	return t;
}

static int close_on_exec(struct fdinfo *f, void *arg)
{
	void **a = arg;

	if (f->bits & FDB_CLOEXEC)
		fdtable_take(a[0], a[1], f->fd);
	return 0;
}

void exec_fds(struct state *st, struct process *p)
{
	struct fd_table *shared = p->fds;
	void *arg[2] = { st, NULL };

	if (shared->refs > 1) {
		p->fds = fdtable_clone(st, shared);
		fdtable_drop(st, shared);
	}
	arg[1] = p->fds;
	fdtable_each(p->fds, close_on_exec, arg);
}

/* The kernel adds to the name of a file that is gone, or was replaced. */
void set_exepath(struct state *st, struct process *p, const struct value *v)
{
	static const char deleted[] = " (deleted)";
	const size_t n = sizeof(deleted) - 1;
	size_t len = v->len;

	if (v->state != VALUE_SET)
		return;
	if (len > n && memcmp(v->p + len - n, deleted, n) == 0)
		len -= n;
	text_set(st, &p->exepath, v->p, len);
}

/* The kernel's own name of the file if the recorder had it, else what was asked for. */
static void exec_path(struct state *st, const struct event *ev, struct process *p)
{
	const struct value *v = EV(ev, EXECVE, trusted_exepath);
	size_t len;

	if (v->state == VALUE_SET && v->len) {
		set_exepath(st, p, v);
		return;
	}
	v = EV(ev, EXECVE, filename);
	if (v->state == VALUE_SET && v->len) {
		len = path_join(st->path[0], p->fs->cwd.p, p->fs->cwd.len,
				(const char *)v->p, v->len);
		text_set(st, &p->exepath, st->path[0], len);
		return;
	}
	text_drop(st, &p->exepath);
}

static void exec_credentials(const struct event *ev, struct thread *t)
{
	set_u32(&t->euid, EV(ev, EXECVE, uid));
	set_u32(&t->egid, EV(ev, EXECVE, gid));
	t->uid = (uint32_t)value_u64(EV(ev, EXECVE, ruid), t->uid == UINT32_MAX ? t->euid : t->uid);
	t->gid = (uint32_t)value_u64(EV(ev, EXECVE, rgid), t->gid == UINT32_MAX ? t->egid : t->gid);
	set_u32(&t->loginuid, EV(ev, EXECVE, loginuid));
	set_u64(&t->cap_i, EV(ev, EXECVE, cap_inheritable));
	set_u64(&t->cap_p, EV(ev, EXECVE, cap_permitted));
	set_u64(&t->cap_e, EV(ev, EXECVE, cap_effective));
	if (EV(ev, EXECVE, cap_effective)->state == VALUE_SET)
		t->bits |= TB_HAS_CRED;
}

static void exec_file(const struct event *ev, struct thread *t)
{
	struct process *p = t->proc;

	t->bits &= ~(uint32_t)TB_OF_EXE;
	t->bits |= exe_bits(value_u64(EV(ev, EXECVE, flags), 0)) | TB_HAS_EXEPATH;
	p->exe_ino = value_u64(EV(ev, EXECVE, exe_ino), 0);
	p->exe_ctime = value_u64(EV(ev, EXECVE, exe_ino_ctime), 0);
	p->exe_mtime = value_u64(EV(ev, EXECVE, exe_ino_mtime), 0);
	p->exe_dev = (uint32_t)value_u64(EV(ev, EXECVE, exe_dev), 0);
}

/* No arguments are none, not those from before. */
static void replace(struct state *st, struct text *t, const struct value *v)
{
	text_set(st, t, v->p, v->state == VALUE_SET ? v->len : 0);
}

static void exec_facts(struct state *st, const struct event *ev, struct tnode *t)
{
	struct process *p = t->t.proc;

	text_set_value(st, &p->exe, EV(ev, EXECVE, exe));
	replace(st, &p->args, EV(ev, EXECVE, args));
	replace(st, &p->env, EV(ev, EXECVE, env));
	text_set_value(st, &t->t.comm, EV(ev, EXECVE, comm));
	if (EV(ev, EXECVE, cwd)->state == VALUE_SET && EV(ev, EXECVE, cwd)->len)
		text_set_value(st, &p->fs->cwd, EV(ev, EXECVE, cwd));
	set_cgroups(st, p, EV(ev, EXECVE, cgroups));
	p->fdlimit = value_i64(EV(ev, EXECVE, fdlimit), p->fdlimit);
	set_u64(&t->t.pf_major, EV(ev, EXECVE, pgft_maj));
	set_u64(&t->t.pf_minor, EV(ev, EXECVE, pgft_min));
	set_u32(&p->vm_size, EV(ev, EXECVE, vm_size));
	set_u32(&p->vm_rss, EV(ev, EXECVE, vm_rss));
	set_u32(&p->vm_swap, EV(ev, EXECVE, vm_swap));
	set_u32(&p->tty, EV(ev, EXECVE, tty));
	set_i32(&p->vpgid, EV(ev, EXECVE, vpgid));
	set_i32(&p->pgid, EV(ev, EXECVE, pgid));
	set_i32(&p->sid, EV(ev, EXECVE, sid));
	set_i32(&t->t.vtid, EV(ev, EXECVE, vtid));
	set_i32(&p->vpid, EV(ev, EXECVE, vpid));
	set_u64(&p->pidns_start_ts, EV(ev, EXECVE, pidns_init_start_ts));
	if (p->vpid == -1 && t->t.vtid == -1) {	/* older captures do not tell: no namespace */
		p->vpid = (int32_t)p->pid;
		t->t.vtid = (int32_t)t->t.tid;
	}
	p->exec_ts = ev->ts;
}

HANDLER(on_exec)
{
	const struct value *ptid = EV(ev, EXECVE, ptid);

	if (value_i64(EV(ev, EXECVE, res), -1) < 0)
		return;
	t = exec_leader(st, ev, t);
	apart_end(st, t);
	exec_facts(st, ev, t);
	exec_path(st, ev, t->t.proc);
	exec_credentials(ev, &t->t);
	exec_file(ev, &t->t);
	exec_fds(st, t->t.proc);
	if (ptid->state == VALUE_SET && !t->parent && ptid->u)
		tnode_set_parent(st, t, (uint32_t)ptid->u);
	heal(st, t);
	st->cur.thread = &t->t;
	st->last = t;
}

/* ---- exit ---- */

/* Who gets the children where the kernel did not tell: the nearest subreaper above,
 * or the init of the pid namespace. */
static struct tnode *find_reaper(const struct tnode *t)
{
	const struct pnode *of = pnode_of(t->t.proc);
	struct tnode *up = t->parent;

	for (unsigned depth = 0; up && depth < 1000; depth++, up = up->parent) {
		const struct pnode *p = pnode_of(up->t.proc);

		if (p->in_pidns != of->in_pidns)
			return NULL;
		if (p->p.vpid == 1 || (p->p.leader && p->p.leader->bits & TB_SUBREAPER))
			return p->p.leader ? tnode_of(p->p.leader) : up;
	}
	return NULL;
}

/* A leader that exits before its threads stays as long as they do: it is the main
 * thread in whose name they run. */
static void thread_exit(struct state *st, struct tnode *t, int64_t reaper)
{
	struct pnode *p = pnode_of(t->t.proc);
	const bool told = reaper > 0 && reaper <= INT32_MAX;
	struct tnode *to = told ? tnode_get(st, (uint32_t)reaper) : NULL;
	struct tnode *leader = p->p.leader ? tnode_of(p->p.leader) : NULL;

	t->t.bits |= TB_EXITED;
	if (p->p.n_threads)
		p->p.n_threads--;
	if (p->p.n_threads) {
		if (t == leader)
			return;
	} else {
		to = to && to != t ? to : find_reaper(leader ? leader : t);
		t->heir = to ? to->t.tid : 0;
		tnode_reparent_children(st, t, to);
		if (leader && leader != t) {
			tnode_reparent_children(st, leader, to);
			tnode_remove(st, leader);
		}
	}
	tnode_remove(st, t);
}

HANDLER(on_procexit)
{
	if (t)
		cputime_end(st, ev, t);
	if (t && !(t->t.bits & TB_EXITED))
		thread_exit(st, t, value_i64(EV(ev, PROCEXIT, reaper_tid), -1));
}

/* ---- odds and ends ---- */

/* PR_SET_NAME is not followed, as in Falco: proc.name is what was executed, whatever
 * the thread calls itself.  Children and snapshots bring the name that they have. */
enum { COMM_LEN = 15 };		/* names of threads are cut */

static void set_name(struct state *st, struct tnode *t, const struct value *v)
{
	if (v->state == VALUE_SET)
		text_set(st, &t->t.comm, v->p, v->len < COMM_LEN ? v->len : COMM_LEN);
}

HANDLER(on_prctl)
{
	struct thread *leader;

	if (!t || value_i64(EV(ev, PRCTL, res), -1) < 0)
		return;
	switch (value_u64(EV(ev, PRCTL, option), 0)) {
	case PR_SET_NAME:
		if (is_own(ev))
			set_name(st, t, EV(ev, PRCTL, arg2_str));
		break;
	case PR_SET_CHILD_SUBREAPER:
		leader = t->t.proc->leader;
		if (leader && value_i64(EV(ev, PRCTL, arg2_int), 0))
			leader->bits |= TB_SUBREAPER;
		else if (leader)
			leader->bits &= ~(uint32_t)TB_SUBREAPER;
		break;
	}
}

enum { KERNEL_RLIMIT_NOFILE = 7 };

HANDLER(on_setrlimit)
{
	const bool other = ev->type == EV_PRLIMIT;
	const struct value *cur = other ? EV(ev, PRLIMIT, newcur) : EV(ev, SETRLIMIT, cur);
	const uint64_t what = value_u64(other ? EV(ev, PRLIMIT, resource)
					      : EV(ev, SETRLIMIT, resource), UINT64_MAX);
	const int64_t pid = other ? value_i64(EV(ev, PRLIMIT, pid), 0) : 0;
	struct pnode *p = t ? pnode_of(t->t.proc) : NULL;

	if (!p || what != KERNEL_RLIMIT_NOFILE || value_i64(&ev->v[0], -1) != 0
	    || cur->state != VALUE_SET)
		return;
	if (pid > 0 && pid != p->p.vpid && !p->in_pidns)
		p = pnode_find(st, (uint32_t)pid);
	if (p)
		p->p.fdlimit = cur->i;
}

/* brk, mmap and munmap begin with the same four parameters. */
_Static_assert(P(BRK, vm_swap) == P(MMAP, vm_swap) && P(BRK, vm_swap) == P(MUNMAP, vm_swap)
	       && P(BRK, vm_swap) == P(MMAP2, vm_swap), "memory");

HANDLER(on_memory)
{
	if (!t)
		return;
	set_u32(&t->t.proc->vm_size, EV(ev, BRK, vm_size));
	set_u32(&t->t.proc->vm_rss, EV(ev, BRK, vm_rss));
	set_u32(&t->t.proc->vm_swap, EV(ev, BRK, vm_swap));
}

HANDLER(on_switch)
{
	if (!t)
		return;
	set_u64(&t->t.pf_major, EV(ev, SWITCH, pgft_maj));
	set_u64(&t->t.pf_minor, EV(ev, SWITCH, pgft_min));
	set_u32(&t->t.proc->vm_size, EV(ev, SWITCH, vm_size));
	set_u32(&t->t.proc->vm_rss, EV(ev, SWITCH, vm_rss));
	set_u32(&t->t.proc->vm_swap, EV(ev, SWITCH, vm_swap));
}
