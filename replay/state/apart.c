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

static void fs_drop(struct state *st, struct thread_fs *fs)
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

static void fs_leave(struct state *st, struct pnode *p)
{
	struct thread_fs *fs = thread_fs_new(st, p->p.cwd, p->p.root);

	for (struct tnode *n = p->threads; n; n = n->next_mate)
		if (&n->t != p->p.leader && !n->t.fs)
			thread_fs_share(st, n, fs);
	fs_drop(st, fs);
}

void fs_unshare(struct state *st, struct tnode *t)
{
	struct pnode *p = pnode_of(t->t.proc);
	struct thread_fs *old = t->t.fs;

	if (old ? old->refs == 1 : p->p.n_threads <= 1)
		return;
	if (old) {
		t->t.fs = thread_fs_new(st, old->cwd, old->root);
		fs_drop(st, old);
	} else if (p->p.leader == &t->t) {
		fs_leave(st, p);
	} else {
		t->t.fs = thread_fs_new(st, p->p.cwd, p->p.root);
	}
}

/* ---- beginning and end ---- */

static void process_inherits(struct state *st, struct process *to, const struct thread *from,
			     uint64_t flags)
{
	struct fd_table *mine = to->fds, *theirs = fds_of(from);

	text_copy(st, &to->cwd, thread_cwd(from));
	text_copy(st, &to->root, from->fs ? from->fs->root : from->proc->root);
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

void apart_end(struct state *st, struct tnode *t)
{
	struct process *p = t->t.proc;

	if (t->t.fds) {
		fdtable_drop(st, p->fds);
		p->fds = t->t.fds;
		t->t.fds = NULL;
	}
	if (t->t.fs) {
		text_copy(st, &p->cwd, t->t.fs->cwd);
		text_copy(st, &p->root, t->t.fs->root);
		thread_fs_share(st, t, NULL);
	}
}
