/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that do not share descriptors or directories with their process, as unshare and
 * close_range make them.  Nearly all do, so a thread has a table only where it differs. */
#include <sched.h>

#include "replay/state/internal.h"

struct thread_fs *thread_fs_new(struct state *st, struct text cwd, struct text root)
{
	struct thread_fs *fs = slab_take(&st->fss);

	fs->cwd = text_ref(cwd);
	fs->root = text_ref(root);
	fs->refs = 1;
	return fs;
}

void fs_drop(struct state *st, struct thread_fs *fs)
{
	if (!fs || --fs->refs)
		return;
	text_drop(st, &fs->cwd);
	text_drop(st, &fs->root);
	slab_give(&st->fss, fs);
}

void thread_fs_share(struct state *st, struct tnode *t, struct thread_fs *fs)
{
	struct thread_fs *old = t->t.fs;

	if (fs)
		fs->refs++;
	t->t.fs = fs;
	fs_drop(st, old);
}

void thread_fds_share(struct state *st, struct tnode *t, struct fd_table *fds)
{
	struct fd_table *old = t->t.fds;

	if (fds)
		fds->refs++;
	t->t.fds = fds;
	fdtable_drop(st, old);
}

void apart_drop(struct state *st, struct tnode *t)
{
	thread_fds_share(st, t, NULL);
	thread_fs_share(st, t, NULL);
}

/* ---- going apart ---- */

/* The main thread keeps the process's table: the others take the old one along. */
static void fds_leave(struct state *st, struct pnode *p, struct fd_table *old)
{
	for (struct tnode *n = p->threads; n; n = n->next_mate)
		if (&n->t != p->p.leader && !n->t.fds)
			thread_fds_share(st, n, old);
}

void fds_unshare(struct state *st, struct tnode *t)
{
	struct pnode *p = pnode_of(t->t.proc);
	struct fd_table *old = fds_of(&t->t);
	const bool others = p->p.n_threads > 1;

	if (!t->t.fds && others && p->p.leader != &t->t) {
		t->t.fds = fdtable_clone(st, old);
		return;
	}
	if (old->refs == 1 && (t->t.fds || !others))
		return;
	if (t->t.fds) {
		t->t.fds = fdtable_clone(st, old);
	} else {
		p->p.fds = fdtable_clone(st, old);
		fds_leave(st, p, old);
	}
	fdtable_drop(st, old);
}

static void fs_leave(struct state *st, struct pnode *p, struct thread_fs *old)
{
	for (struct tnode *n = p->threads; n; n = n->next_mate)
		if (&n->t != p->p.leader && !n->t.fs)
			thread_fs_share(st, n, old);
}

void fs_unshare(struct state *st, struct tnode *t)
{
	struct pnode *p = pnode_of(t->t.proc);
	struct thread_fs *old = fs_of(&t->t), *mine;
	const bool others = p->p.n_threads > 1;

	if (old->refs == 1 && (t->t.fs || !others))
		return;
	mine = thread_fs_new(st, old->cwd, old->root);
	if (!t->t.fs && others && p->p.leader != &t->t) {
		t->t.fs = mine;
		return;
	}
	if (t->t.fs) {
		t->t.fs = mine;
	} else {
		p->p.fs = mine;
		fs_leave(st, p, old);
	}
	fs_drop(st, old);
}

/* ---- beginning and end ---- */

static void process_inherits(struct state *st, struct process *to, const struct thread *from,
			     uint64_t flags)
{
	struct fd_table *mine = to->fds, *theirs = fds_of(from);
	struct thread_fs *fs = to->fs, *maker = fs_of(from);

	if (flags & CLONE_FS) {
		to->fs = maker;
		maker->refs++;
	} else {
		to->fs = thread_fs_new(st, maker->cwd, maker->root);
	}
	fs_drop(st, fs);
	if (flags & CLONE_FILES) {
		to->fds = theirs;
		theirs->refs++;
	} else {
		to->fds = fdtable_clone(st, theirs);
	}
	fdtable_drop(st, mine);
}

/* Threads share with their maker, whatever the flags: not every source tells all of them. */
void apart_inherit(struct state *st, struct tnode *to, const struct tnode *from, uint64_t flags)
{
	if (to->t.proc != from->t.proc) {
		process_inherits(st, to->t.proc, &from->t, flags);
		return;
	}
	if (&to->t == to->t.proc->leader)
		return;
	thread_fds_share(st, to, from->t.fds);
	thread_fs_share(st, to, from->t.fs);
}

struct adoption {
	struct state *st;
	struct fd_table *to;
};

/* What only this process has it has opened itself. */
static int keep_own(struct fdinfo *f, void *arg)
{
	const struct adoption *a = arg;

	if (f->refs > 1)
		return 0;
	f->refs++;
	fdtable_put(a->st, a->to, f->fd, f);
	return 0;
}

void fds_adopt(struct state *st, struct tnode *child, const struct tnode *maker, uint64_t flags)
{
	struct process *p = child->t.proc;
	struct fd_table *old = p->fds, *theirs = fds_of(&maker->t);
	struct adoption a = { st, theirs };

	if (old == theirs)
		return;
	if (flags & CLONE_FILES)
		theirs->refs++;
	else
		a.to = fdtable_clone(st, theirs);
	if (old->refs == 1)
		fdtable_each(old, keep_own, &a);
	p->fds = a.to;
	fdtable_drop(st, old);
}

void apart_end(struct state *st, struct tnode *t)
{
	struct process *p = t->t.proc;

	if (t->t.fds) {
		fdtable_drop(st, p->fds);
		p->fds = t->t.fds;
		t->t.fds = NULL;
	}
	if (t->t.fs) {
		fs_drop(st, p->fs);
		p->fs = t->t.fs;
		t->t.fs = NULL;
	}
}
