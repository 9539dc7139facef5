/* SPDX-License-Identifier: Apache-2.0 */
/* The state as a whole: which handler an event has, which thread and descriptor it is
 * about, and what the rest of the program may ask. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "capture/base/strict.h"
#include "replay/state/internal.h"

static on_event *const handlers[EV__N] = {
	[EV_CLONE] = on_clone,
	[EV_CLONE3] = on_clone,
	[EV_FORK] = on_clone,
	[EV_VFORK] = on_clone,
	[EV_EXECVE] = on_exec,
	[EV_EXECVEAT] = on_exec,
	[EV_PROCEXIT] = on_procexit,
	[EV_PROCINFO] = on_procinfo,
	[EV_PRCTL] = on_prctl,
	[EV_SETRLIMIT] = on_setrlimit,
	[EV_PRLIMIT] = on_setrlimit,
	[EV_BRK] = on_memory,
	[EV_MMAP] = on_memory,
	[EV_MMAP2] = on_memory,
	[EV_MUNMAP] = on_memory,
	[EV_SWITCH] = on_switch,
	[EV_SETUID] = on_setuid,
	[EV_SETGID] = on_setgid,
	[EV_SETREUID] = on_setreuid,
	[EV_SETREGID] = on_setregid,
	[EV_SETRESUID] = on_setresuid,
	[EV_SETRESGID] = on_setresgid,
	[EV_GETUID] = on_getuid,
	[EV_GETEUID] = on_getuid,
	[EV_GETGID] = on_getuid,
	[EV_GETEGID] = on_getuid,
	[EV_CAPSET] = on_capset,
	[EV_SETSID] = on_setsid,
	[EV_IOCTL] = on_ioctl,
	[EV_SETPGID] = on_setpgid,
	[EV_CHDIR] = on_chdir,
	[EV_FCHDIR] = on_fchdir,
	[EV_GETCWD] = on_getcwd,
	[EV_CHROOT] = on_chroot,
	[EV_UNSHARE] = on_unshare,
	[EV_SETNS] = on_setns,
	[EV_OPEN] = on_open,
	[EV_OPENAT] = on_openat,
	[EV_OPENAT2] = on_openat2,
	[EV_CREAT] = on_creat,
	[EV_OPEN_BY_HANDLE_AT] = on_open_by_handle,
	[EV_CLOSE] = on_close,
	[EV_CLOSE_RANGE] = on_close_range,
	[EV_DUP] = on_dup,
	[EV_DUP2] = on_dup,
	[EV_DUP3] = on_dup,
	[EV_FCNTL] = on_fcntl,
	[EV_PIPE] = on_pipe,
	[EV_PIPE2] = on_pipe,
	[EV_EVENTFD] = on_new_fd,
	[EV_EVENTFD2] = on_new_fd,
	[EV_SIGNALFD] = on_new_fd,
	[EV_SIGNALFD4] = on_new_fd,
	[EV_TIMERFD_CREATE] = on_new_fd,
	[EV_INOTIFY_INIT] = on_new_fd,
	[EV_INOTIFY_INIT1] = on_new_fd,
	[EV_EPOLL_CREATE] = on_new_fd,
	[EV_EPOLL_CREATE1] = on_new_fd,
	[EV_USERFAULTFD] = on_new_fd,
	[EV_IO_URING_SETUP] = on_new_fd,
	[EV_BPF] = on_new_fd,
	[EV_MEMFD_CREATE] = on_memfd,
	[EV_PIDFD_OPEN] = on_pidfd_open,
	[EV_PIDFD_GETFD] = on_pidfd_getfd,
	[EV_SOCKET] = on_socket,
	[EV_SOCKETPAIR] = on_socketpair,
	[EV_BIND] = on_bind,
	[EV_CONNECT] = on_connect,
	[EV_ACCEPT] = on_accept,
	[EV_ACCEPT4] = on_accept,
	[EV_SEND] = on_send,
	[EV_SENDTO] = on_send,
	[EV_SENDMSG] = on_send,
	[EV_SENDMMSG] = on_send,
	[EV_RECV] = on_recv,
	[EV_RECVFROM] = on_recv,
	[EV_RECVMSG] = on_recvmsg,
	[EV_RECVMMSG] = on_recvmsg,
	[EV_GETSOCKOPT] = on_getsockopt,
	[EV_SNAP_MACHINE] = on_snap_machine,
	[EV_SNAP_THREAD] = on_snap_thread,
	[EV_SNAP_FD] = on_snap_fd,
	[EV_SNAP_USER] = on_snap_user,
	[EV_SNAP_GROUP] = on_snap_group,
	[EV_SNAP_IFACE] = on_snap_iface,
	[EV_SNAP_MOUNT] = on_snap_mount,
	[EV_SNAP_END] = on_snap_end,
	[EV_CONTAINER] = on_container,
	[EV_RESOLVED] = on_resolved,
	[EV_LOSS] = on_loss,
	[EV_SNAP_LOST] = on_snap_lost,
};

/* The descriptor parameter that fd.* fields speak of, by the names that it has in the
 * different events, the most telling first. */
static const char *const fd_names[] = {
	"fd", "oldfd", "fdin", "fd_in", "out_fd", "dirfd", "linkdirfd",
};

static int8_t fd_param[EV__N];		/* -1: none */
static struct event_set of_state;

static void __attribute__((constructor)) find_parameters(void)
{
	for (unsigned e = 0; e < EV__N; e++) {
		const struct event_desc *d = &catalog[e];

		fd_param[e] = -1;
		if (handlers[e])
			event_set_add(&of_state, e);
		if (!d->name || !(d->flags & EF_USES_FD))
			continue;
		for (unsigned i = 0; i < sizeof(fd_names) / sizeof(fd_names[0]); i++) {
			const int k = event_param_index(d, fd_names[i], strlen(fd_names[i]));

			if (k >= 0) {
				fd_param[e] = (int8_t)k;
				break;
			}
		}
	}
}

int state_fd_param(unsigned type)
{
	return fd_param[type];
}

const struct event_set *state_events(void)
{
	return &of_state;
}

const struct value *event_named(const struct event *ev, const char *name)
{
	const int i = event_param_index(&catalog[ev->type], name, strlen(name));

	return event_value(ev, i < 0 ? EVENT_PARAMS_MAX : (unsigned)i);
}

/* ---- making and ending ---- */

static void slabs_init(struct state *st)
{
	st->tnodes.size = sizeof(struct tnode);
	st->pnodes.size = sizeof(struct pnode);
	st->fdinfos.size = sizeof(struct fdinfo);
	st->tables.size = sizeof(struct fd_table);
	st->fss.size = sizeof(struct thread_fs);
	st->userkeys.size = sizeof(struct userkey);
	st->containers.size = sizeof(struct container);
	st->names.slab.size = sizeof(struct named);
	st->hostname = st->kernel = st->arch = st->cmdline = text_none();
}

struct state *state_new(const struct state_limits *limits)
{
	struct state *st = xcalloc(1, sizeof(*st));

	if (limits)
		st->max = *limits;
	if (!st->max.threads)
		st->max.threads = DEFAULT_THREADS;
	if (!st->max.fds)
		st->max.fds = DEFAULT_FDS;
	if (!st->max.texts)
		st->max.texts = DEFAULT_TEXTS;
	if (st->max.threads < 64)
		st->max.threads = 64;	/* eviction wants some to choose from */
	slabs_init(st);
	st->cur.fd_num = INT64_MIN;
	return st;
}

void state_forget(struct state *st)
{
	for (uint32_t i = 0; st->threads.v && i <= st->threads.mask;) {
		struct tnode *n = st->threads.v[i].p;

		if (!n) {
			i++;
			continue;
		}
		tnode_reparent_children(st, n, NULL);
		tnode_remove(st, n);	/* moves others here: look again */
	}
	state_bury(st);
}

void state_clear(struct state *st)
{
	const uint64_t first = st->cur.first_ts;

	state_bury(st);
	state_forget(st);
	users_release(st);
	container_release(st);
	snapshot_release(st);
	names_release(st);
	st->loss_epoch = 0;
	st->in_doubt = false;
	st->cur = (struct state_current){ .fd_num = INT64_MIN, .first_ts = first,
					  .arch = st->cur.arch };
	st->last = NULL;
}

void state_free(struct state *st)
{
	if (!st)
		return;
	state_clear(st);
	map_release(&st->threads);
	map_release(&st->procs);
	free(st->texts.v);
	arena_release(&st->texts.arena);
	slab_release(&st->tnodes);
	slab_release(&st->pnodes);
	slab_release(&st->fdinfos);
	slab_release(&st->tables);
	slab_release(&st->fss);
	slab_release(&st->userkeys);
	slab_release(&st->containers);
	slab_release(&st->names.slab);
	map_release(&st->names.by_addr);
	free(st->names.told);
	free(st->cont);
	free(st->ifaces);
	free(st->mounts);
	free(st->dead_fds);
	free(st->dead_threads);
	free(st);
}

void state_begin(struct state *st, uint64_t first_ts)
{
	st->cur.first_ts = first_ts;
}

/* ---- an event ---- */

/* Parents and processes that a source mentions but never showed. */
static struct tnode *invent(struct state *st, const struct event *ev)
{
	const struct pnode *mates = ev->pid ? pnode_find(st, ev->pid) : NULL;
	const struct tnode *leader = mates && mates->threads ? mates->threads : NULL;
	struct tnode *n;

	st->stats.invented_threads++;
	n = tnode_new(st, ev->tid, ev->pid ? ev->pid : ev->tid);
	n->epoch = st->loss_epoch;
	if (leader) {	/* a thread of a process that we know */
		if (!st->cur.after_loss)	/* its name may have been told to others */
			text_copy(st, &n->t.comm, leader->t.comm);
		cred_copy(&n->t, &leader->t);
		n->t.bits |= leader->t.bits & ~(uint32_t)(TB_EXITED | TB_ANNOUNCED | TB_BORN_FIRST
							     | TB_HAS_TIME);
		tnode_set_parent(st, n, leader->t.ptid);
		return n;
	}
	n->t.bits |= TB_PLACEHOLDER;
	if (!ev->pid)
		n->t.proc->pid = 0;
	return n;
}

/* Events that say who the thread is, or that happen to threads nobody asked for. */
static bool invents(const struct event *ev)
{
	switch (ev->type) {
	case EV_CLONE:
	case EV_CLONE3:
	case EV_FORK:
	case EV_VFORK:
	case EV_SWITCH:
	case EV_UNKNOWN:
		return false;
	}
	return !(catalog[ev->type].flags & EF_PSEUDO) && ev->tid && ev->tid <= INT32_MAX;
}

static struct tnode *thread_of(struct state *st, const struct event *ev)
{
	struct tnode *t = st->last;

	if (!t || t->t.tid != ev->tid)
		t = tnode_get(st, ev->tid);
	/* the number has a new owner, whose beginning we missed */
	if (t && ev->pid && t->t.proc->pid != ev->pid && ev->type != EV_EXECVE
	    && ev->type != EV_EXECVEAT && !(t->t.bits & TB_PLACEHOLDER && !t->t.proc->pid)) {
		tnode_remove(st, t);
		t = NULL;
	}
	if (!t && invents(ev))
		t = invent(st, ev);
	st->last = t;
	return t;
}

static void note_loss(struct state *st, struct tnode *t)
{
	if (t->epoch == st->loss_epoch)
		return;
	t->epoch = st->loss_epoch;
	t->t.bits |= TB_LOST;
}

/* EBADF from calls that work on any open descriptor: what we knew by the number is
 * stale.  fcntl and lseek do not work on those that are mere places (O_PATH); dup2
 * and dup3 may mean the new number. */
static bool says_closed(const struct event *ev, const struct fdinfo *f)
{
	const int64_t res = value_i64(event_value(ev, 0), 0);

	if (res != -EBADF || !f)
		return false;
	if (ev->type == EV_FCNTL || ev->type == EV_LSEEK)
		return !(f->open_flags & O_PATH);
	return ev->type == EV_FSTAT || ev->type == EV_DUP;
}

static void find_fd(struct state *st, const struct event *ev, const struct tnode *t)
{
	const int p = fd_param[ev->type];
	const struct value *v;

	if (p < 0)
		return;
	v = event_value(ev, (unsigned)p);
	st->cur.fd_num = value_i64(v, -1);
	if (st->cur.fd_num < 0)
		return;
	st->cur.fd = fdtable_get(fds_of(&t->t), v->i);
	if (says_closed(ev, st->cur.fd)) {
		fdtable_take(st, fds_of(&t->t), v->i);
		st->cur.fd = NULL;
	}
}

/* An account that the recorder took by itself, not one of Falco's events. */
static bool is_sample(const struct event *ev)
{
	return (ev->type == EV_PROCINFO || ev->type == EV_CPUINFO) && event_is_pseudo(ev);
}

/* By its type: events that a capture marks "state only" are pseudo, but happened. */
static bool happened(const struct event *ev)
{
	return !(catalog[ev->type].flags & EF_PSEUDO) || ev->type == EV_PROCINFO;
}

/* The thread of a sample, which changes nothing of who is there. */
static struct tnode *sampled(struct state *st, const struct event *ev)
{
	struct tnode *const t = tnode_get(st, ev->tid);

	if (!t || (ev->pid && t->t.proc->pid != ev->pid))
		return NULL;
	st->cur.thread = &t->t;
	return t;
}

/* Of other people's captures only what everybody looks at counts. */
static bool may_name(const struct state *st, const struct event *ev)
{
	const struct fdinfo *f = st->cur.fd;

	return f && (f->kind == FD_IPV4 || f->kind == FD_IPV6)
		&& (st->names.learns || (!is_own(ev) && handlers[ev->type]));
}

/* An event that a rule of Falco's sees; samples, and what only says what the next one means, are as
 * if they were not there. */
static bool counts_in_time(const struct event *ev)
{
	return ev->type != EV_RESOLVED && (!strict_falco || ev->type != EV_CONTAINER)
		&& !is_sample(ev);
}

void state_update(struct state *st, const struct event *ev)
{
	on_event *const handle = handlers[ev->type];
	struct tnode *t = NULL;

	if (st->n_dead_fds | st->n_dead_threads)
		state_sweep(st);
	if (st->names.n_told)
		names_untell(st);
	st->cur.thread = NULL;
	st->cur.fd = NULL;
	st->cur.fd_num = INT64_MIN;
	st->cur.name_changed = false;
	st->cur.container = NULL;
	st->cur.cpu.known = false;
	st->cur.previous_ts = st->now ? st->now : ev->ts;
	if (counts_in_time(ev))
		st->now = ev->ts;
	if (is_sample(ev)) {
		t = sampled(st, ev);
	} else if (happened(ev)) {
		if (!st->cur.first_ts && ev->type != EV_PROCINFO)	/* as Falco counts */
			st->cur.first_ts = ev->ts;
		st->in_snapshot = false;
		if (st->in_doubt)
			state_forget(st);
		t = thread_of(st, ev);
		if (t) {
			st->cur.thread = &t->t;
			t->seen_ts = ev->ts;
			note_loss(st, t);
			find_fd(st, ev, t);
		}
	}
	if (handle)
		handle(st, ev, t);
	if (may_name(st, ev))
		names_learn(st, ev);
}

/* ---- questions ---- */

const struct state_stats *state_stats(const struct state *st)
{
	struct state_stats *s = (struct state_stats *)(uintptr_t)&st->stats;

	s->n_texts = st->texts.n;
	s->bytes = st->texts.bytes + st->tnodes.n_live * sizeof(struct tnode)
		 + st->pnodes.n_live * sizeof(struct pnode)
		 + st->fdinfos.n_live * sizeof(struct fdinfo);
	return s;
}

struct thread *state_thread(const struct state *st, uint32_t tid)
{
	struct tnode *n = tnode_get(st, tid);

	return n ? &n->t : NULL;
}

struct thread *thread_main(const struct thread *t)
{
	return t->proc->leader ? t->proc->leader : (struct thread *)(uintptr_t)t;
}

struct thread *thread_parent(const struct state *st, const struct thread *t)
{
	const struct tnode *m = tnode_of(thread_main(t));
	struct tnode *up = m->parent;

	if (!up && m->t.ptid)
		up = tnode_get(st, m->t.ptid);
	return up ? thread_main(&up->t) : NULL;
}

struct fdinfo *thread_fd(const struct thread *t, int64_t fd)
{
	return fdtable_get(fds_of(t), fd);
}

size_t thread_n_fds(const struct thread *t)
{
	return fds_of(t) ? fds_of(t)->n : 0;
}

static int compare_tid(const void *a, const void *b)
{
	const struct thread *x = *(struct thread *const *)a, *y = *(struct thread *const *)b;

	return x->tid < y->tid ? -1 : x->tid > y->tid;
}

int state_each_thread(const struct state *st, int (*visit)(const struct thread *, void *),
		      void *arg)
{
	const struct thread **v = xmalloc(mem_mul(st->threads.n, sizeof(*v)));
	uint32_t n = 0;
	int r = 0;

	for (uint32_t i = 0; st->threads.v && i <= st->threads.mask; i++)
		if (st->threads.v[i].p)
			v[n++] = &((struct tnode *)st->threads.v[i].p)->t;
	qsort(v, n, sizeof(*v), compare_tid);
	for (uint32_t i = 0; i < n && !r; i++)
		r = visit(v[i], arg);
	free(v);
	return r;
}

struct fd_visit {
	int (*visit)(const struct fdinfo *, void *);
	void *arg;
};

static int visit_fd(struct fdinfo *f, void *arg)
{
	const struct fd_visit *v = arg;

	return v->visit(f, v->arg);
}

int thread_each_fd(const struct thread *t, int (*visit)(const struct fdinfo *, void *), void *arg)
{
	struct fd_visit v = { visit, arg };

	return fdtable_each(fds_of(t), visit_fd, &v);
}
