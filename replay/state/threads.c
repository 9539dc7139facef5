/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of threads and processes, and who is whose child.
 *
 * A process lives as long as one of its threads is known.  What an event removes is
 * taken out of the tables at once but freed only before the next event, since the
 * fields of the event still look at it. */
#include "replay/state/internal.h"

static void process_init(struct process *p, uint32_t pid)
{
	p->pid = pid;
	p->exe = p->exepath = p->args = p->env = text_none();
	p->cgroups = text_none();
	p->fdlimit = -1;
	p->sid = p->pgid = p->vpgid = p->vpid = -1;
}

static void thread_init(struct thread *t, uint32_t tid)
{
	t->tid = tid;
	t->vtid = -1;
	t->comm = text_none();
	t->uid = t->gid = t->euid = t->egid = t->loginuid = UINT32_MAX;
}

void cred_copy(struct thread *to, const struct thread *from)
{
	to->uid = from->uid;
	to->gid = from->gid;
	to->euid = from->euid;
	to->egid = from->egid;
	to->loginuid = from->loginuid;
	to->cap_i = from->cap_i;
	to->cap_p = from->cap_p;
	to->cap_e = from->cap_e;
}

struct pnode *pnode_find(const struct state *st, uint32_t pid)
{
	return map_get(&st->procs, pid);
}

static struct pnode *pnode_need(struct state *st, uint32_t pid)
{
	struct pnode *p = pnode_find(st, pid);

	if (p)
		return p;
	p = slab_take(&st->pnodes);
	process_init(&p->p, pid);
	p->key = pid;
	p->p.fds = fdtable_new(st);
	p->p.fs = thread_fs_new(st, text_none(), text_none());
	map_put(&st->procs, pid, p);
	st->stats.n_processes++;
	return p;
}

static void unlink_sibling(struct tnode *n)
{
	if (!n->parent)
		return;
	if (n->prev_sib)
		n->prev_sib->next_sib = n->next_sib;
	else
		n->parent->child = n->next_sib;
	if (n->next_sib)
		n->next_sib->prev_sib = n->prev_sib;
	n->parent = n->prev_sib = n->next_sib = NULL;
}

void tnode_set_parent(struct state *st, struct tnode *n, uint32_t ptid)
{
	struct tnode *parent = ptid ? tnode_get(st, ptid) : NULL;

	n->t.ptid = ptid;
	if (parent == n->parent || parent == n)
		return;
	unlink_sibling(n);
	if (!parent)
		return;
	n->parent = parent;
	n->next_sib = parent->child;
	if (parent->child)
		parent->child->prev_sib = n;
	parent->child = n;
}

void tnode_reparent_children(struct state *st, struct tnode *n, struct tnode *to)
{
	while (n->child)
		tnode_set_parent(st, n->child, to ? to->t.tid : 0);
}

static void unlink_mate(struct tnode *n)
{
	struct pnode *p = pnode_of(n->t.proc);

	if (n->prev_mate)
		n->prev_mate->next_mate = n->next_mate;
	else
		p->threads = n->next_mate;
	if (n->next_mate)
		n->next_mate->prev_mate = n->prev_mate;
	n->prev_mate = n->next_mate = NULL;
	if (p->p.n_threads && !(n->t.bits & TB_EXITED))
		p->p.n_threads--;
	if (p->p.leader == &n->t)
		p->p.leader = NULL;
}

/* Drops what was heard of least recently among some neighbours in the table; exited
 * threads are not in it any more. */
static void evict_one(struct state *st)
{
	struct tnode *oldest = NULL;
	unsigned looked = 0;

	while (looked < 32) {
		struct tnode *n = st->threads.v[st->evict_hand++ & st->threads.mask].p;

		if (!n)
			continue;
		looked++;
		if (&n->t != st->cur.thread && (!oldest || n->seen_ts < oldest->seen_ts))
			oldest = n;
	}
	tnode_reparent_children(st, oldest, NULL);
	tnode_remove(st, oldest);
	st->stats.evicted_threads++;
}

struct tnode *tnode_new(struct state *st, uint32_t tid, uint32_t pid)
{
	struct tnode *n = tnode_get(st, tid);
	struct pnode *p;

	if (n)
		tnode_remove(st, n);
	if (st->threads.n >= st->max.threads)
		evict_one(st);
	n = slab_take(&st->tnodes);
	thread_init(&n->t, tid);
	p = pnode_need(st, pid);
	n->t.proc = &p->p;
	n->next_mate = p->threads;
	if (p->threads)
		p->threads->prev_mate = n;
	p->threads = n;
	p->p.n_threads++;
	p->refs++;
	if (tid == pid)
		p->p.leader = &n->t;
	n->seen_ts = st->now;
	map_put(&st->threads, tid, n);
	st->stats.n_threads++;
	return n;
}

static void pnode_free(struct state *st, struct pnode *p)
{
	struct text *const texts[] = { &p->p.exe, &p->p.exepath, &p->p.args, &p->p.env,
				       &p->p.cgroups };

	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		text_drop(st, texts[i]);
	fdtable_drop(st, p->p.fds);
	fs_drop(st, p->p.fs);
	slab_give(&st->pnodes, p);
}

/* The children of a thread that goes are its process's: another thread of it takes
 * them, unless the caller gave them away before. */
void tnode_remove(struct state *st, struct tnode *n)
{
	struct pnode *p = pnode_of(n->t.proc);
	struct tnode *mate;

	map_del(&st->threads, n->t.tid);
	st->stats.n_threads--;
	if (st->last == n)
		st->last = NULL;
	unlink_sibling(n);
	unlink_mate(n);
	mate = p->p.leader ? tnode_of(p->p.leader) : p->threads;
	tnode_reparent_children(st, n, mate);
	if (!p->threads && map_get(&st->procs, p->key) == p) {
		map_del(&st->procs, p->key);
		st->stats.n_processes--;
	}
	st->dead_threads = mem_grow(st->dead_threads, &st->dead_threads_cap,
				    st->n_dead_threads + 1, sizeof(*st->dead_threads));
	st->dead_threads[st->n_dead_threads++] = n;
}

void pnode_forget(struct state *st, uint32_t pid)
{
	struct pnode *p = pnode_find(st, pid);

	if (!p)
		return;
	for (struct tnode *n = p->threads, *next; n; n = next) {
		next = n->next_mate;
		tnode_reparent_children(st, n, NULL);
		tnode_remove(st, n);
	}
}

/* The event that removed a thread still looks at its process, so a process without
 * threads goes with its last one. */
static void bury(struct state *st, struct tnode *n)
{
	struct pnode *p = pnode_of(n->t.proc);

	n->t.proc = NULL;
	apart_drop(st, n);
	text_drop(st, &n->t.comm);
	slab_give(&st->tnodes, n);
	if (--p->refs == 0)
		pnode_free(st, p);
}

enum { MAKERS_KEPT = 16 };
static const uint64_t MAKER_NS = 5000000000;

/* Its child may begin yet, and takes after it. */
static bool is_awaited(const struct state *st, const struct tnode *n)
{
	return n->unborn > 0 && st->now - n->seen_ts < MAKER_NS;
}

static size_t count_awaited(const struct state *st)
{
	size_t n = 0;

	for (size_t i = 0; i < st->n_dead_threads; i++)
		n += is_awaited(st, st->dead_threads[i]);
	return n;
}

void state_sweep(struct state *st)
{
	const size_t awaited = count_awaited(st);
	size_t over = awaited > MAKERS_KEPT ? awaited - MAKERS_KEPT : 0, kept = 0;

	for (size_t i = 0; i < st->n_dead_fds; i++)
		fdinfo_drop(st, st->dead_fds[i]);
	st->n_dead_fds = 0;
	for (size_t i = 0; i < st->n_dead_threads; i++) {
		struct tnode *const n = st->dead_threads[i];

		if (!is_awaited(st, n) || over > 0) {
			over -= is_awaited(st, n);
			bury(st, n);
		} else {
			st->dead_threads[kept++] = n;
		}
	}
	st->n_dead_threads = kept;
}

void state_bury(struct state *st)
{
	for (size_t i = 0; i < st->n_dead_threads; i++)
		st->dead_threads[i]->unborn = 0;
	state_sweep(st);
}

struct tnode *tnode_maker(const struct state *st, uint32_t ptid)
{
	struct tnode *const n = ptid ? tnode_get(st, ptid) : NULL;

	if (!ptid || (n && n->unborn > 0))
		return n;
	for (size_t i = st->n_dead_threads; i-- > 0;) {
		struct tnode *const d = st->dead_threads[i];

		if (is_awaited(st, d) && (d->t.tid == ptid || d->heir == ptid))
			return d;
	}
	return n;
}
