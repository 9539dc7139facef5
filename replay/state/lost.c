/* SPDX-License-Identifier: Apache-2.0 */
/* What is not known any more after a loss.  A recorder that can tells whose events were
 * lost (snap_lost), and everybody else is as before; of others everything that is not known
 * may be so because of the loss. */
#include "replay/state/internal.h"

/* Bits of the table lost_what in bpf/flags.def. */
enum {
	LOST_FDS = 1 << 0, LOST_DIRS = 1 << 1, LOST_IDS = 1 << 2, LOST_GROUPS = 1 << 3,
	LOST_NAME = 1 << 4, LOST_EXEC = 1 << 6, LOST_EXIT = 1 << 7,
};

static int take_fd(struct fdinfo *f, void *arg)
{
	void **a = arg;

	fdtable_take(a[0], a[1], f->fd);
	return 0;
}

static void lose_fds(struct state *st, struct fd_table *fds)
{
	void *arg[2] = { st, fds };

	fdtable_each(fds, take_fd, arg);
}

static void lose_dirs(struct state *st, struct text *cwd, struct text *root)
{
	text_drop(st, cwd);
	text_drop(st, root);
}

static void lose_ids(struct thread *t)
{
	t->uid = t->gid = t->euid = t->egid = UINT32_MAX;
	t->cap_i = t->cap_p = t->cap_e = 0;
	t->bits &= ~(uint32_t)TB_HAS_CRED;
}

static void lose_name(struct state *st, struct thread *t)
{
	text_drop(st, &t->comm);
}

static void lose_groups(struct process *p)
{
	p->sid = p->pgid = p->vpgid = -1;
}

/* The program, but not what it has from the one before. */
static void lose_program(struct state *st, struct process *p)
{
	text_drop(st, &p->exe);
	text_drop(st, &p->exepath);
	text_drop(st, &p->args);
	text_drop(st, &p->env);
	p->exe_ino = p->exe_ctime = p->exe_mtime = 0;
	p->exe_dev = 0;
}

static void lose_exec(struct state *st, struct tnode *n)
{
	struct pnode *p = pnode_of(n->t.proc);

	while (p->threads != n || n->next_mate)
		tnode_remove(st, p->threads == n ? n->next_mate : p->threads);
	p->p.n_threads = 1;
	apart_end(st, n);
	exec_fds(st, &p->p);
	lose_program(st, &p->p);
	lose_name(st, &n->t);
	lose_ids(&n->t);
	n->t.bits &= ~(uint32_t)(TB_EXITED | TB_OF_EXE);
	n->t.bits |= TB_PLACEHOLDER;
}

/* Nobody told who has its children now. */
static void lose_thread(struct state *st, struct tnode *n)
{
	const struct pnode *p = pnode_of(n->t.proc);
	const bool last = p->threads == n && !n->next_mate;

	for (struct tnode *c = n->child; last && c; c = c->next_sib)
		c->t.bits |= TB_LOST;
	if (last)
		tnode_reparent_children(st, n, NULL);
	tnode_remove(st, n);
}

static void lose(struct state *st, struct tnode *n, uint64_t what)
{
	struct process *p = n->t.proc;

	n->t.bits |= TB_LOST;
	if (what & LOST_FDS)
		lose_fds(st, fds_of(&n->t));
	if (what & LOST_DIRS)
		lose_dirs(st, cwd_of(&n->t), root_of(&n->t));
	if (what & LOST_IDS)
		lose_ids(&n->t);
	if (what & LOST_NAME)
		lose_name(st, &n->t);
	if (what & LOST_GROUPS)
		lose_groups(p);
}

HANDLER(on_snap_lost)
{
	const uint32_t tid = (uint32_t)value_u64(EV(ev, SNAP_LOST, tid), 0);
	const uint32_t pid = (uint32_t)value_u64(EV(ev, SNAP_LOST, pid), tid);
	const uint64_t what = value_u64(EV(ev, SNAP_LOST, what), 0);
	struct tnode *n = tid ? tnode_get(st, tid) : NULL;

	st->cur.after_loss = true;
	st->last = NULL;
	if (!tid) {
		st->in_doubt = what != 0;
		state_forget(st);
		return;
	}
	if (n && n->t.proc->pid != pid) {
		lose_thread(st, n);
		n = NULL;
	}
	if (!n)
		return;
	if (what & LOST_EXEC && tid == pid)
		lose_exec(st, n);
	lose(st, n, what);
	if (what & LOST_EXIT)
		lose_thread(st, n);
}

/* Payloads and read-only calls that are missing change nothing; anything else may have
 * opened, closed, renamed or ended what we think we know. */
enum { LOSS_PAYLOAD = 0, LOSS_OTHER = 1 };

HANDLER(on_loss)
{
	const uint64_t class = value_u64(EV(ev, LOSS, class), UINT64_MAX);

	st->stats.lost += value_u64(EV(ev, LOSS, count), 0);
	if (class == LOSS_PAYLOAD || class == LOSS_OTHER)
		return;
	st->cur.after_loss = true;
	if (!value_u64(EV(ev, LOSS, named), 0))
		st->loss_epoch++;
}
