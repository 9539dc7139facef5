/* SPDX-License-Identifier: Apache-2.0 */
/* What the machine looked like at an event: threads, processes, descriptors, users,
 * mounts.  Built only from events; nothing of the machine that replays is asked.
 *
 * Use: state_update(st, ev) for each event in order; then st->cur is the thread
 * of the event and st->fd the descriptor that fd.* fields speak of, both as they are
 * after the event, but things that the event removes (close, exit) stay until the
 * next state_update.  Texts are interned or owned by the state; they are never NULL
 * ("" where unknown: see the known bits) and live until the next state_update. */
#ifndef SAKER_STATE_STATE_H
#define SAKER_STATE_STATE_H

#include "capture/base/event.h"
#include "capture/base/fdkind.h"

struct state;
struct fd_table;

/* What the numbers of snap_* events mean: snap_fd.kind is an enum fd_kind, role an enum
 * fd_role, proto an enum l4_proto, state enum fd_bits; snap_thread.state is enum
 * thread_bits.  snap_thread.ptid is the parent's thread group (or the thread of it that
 * forked); uid and gid are the real ids, euid and egid the effective ones; an absent
 * value is unknown.  snap_fd.tuple puts the client first where role is ROLE_CLIENT or
 * ROLE_SERVER, else this end; ROLE_LISTEN: this end is the destination, the source zero.
 * A snap_fd without state comes from a snapshot of /proc: snap_end finds out the roles of
 * its connections.  fd -1 with an offset: the process shares the table of process offset.
 * pid may be a thread whose snap_thread has TB_OWN_FDS, as may offset; fd -2: the same of
 * directories and TB_OWN_FS.
 * snap_lost: what is not known of a thread from here on; snap_thread and snap_fd that
 * follow tell it anew.  With tid 0: nothing is known of any thread, and if what is set
 * nothing of what an event tells is sure at the next one, until one with what 0.
 * snap_thread with tid 0: state tells of the whole; TB_LOST: something was lost before. */

/* A text with its length; a NUL stands behind it. */
struct text {
	const char *p;
	uint32_t len;
};

struct ip_end {
	uint8_t addr[16];	/* network order; first 4 bytes for IPv4 */
	uint16_t port;
};

enum fd_bits {
	FDB_CONNECTED = 1 << 0,		/* known connected */
	FDB_PENDING = 1 << 1,		/* connect in progress */
	FDB_UPPER = 1 << 2, FDB_LOWER = 1 << 3,	/* overlayfs layer of the file */
	FDB_SNAPSHOT = 1 << 4,		/* known from a snapshot, not from its opening */
	FDB_CREATED = 1 << 5,
	FDB_CLOEXEC = 1 << 6,
	FDB_ROLE_DUE = 1 << 7,		/* from /proc: the role is found at snap_end */
};

struct fdinfo {
	uint8_t kind, role, proto, domain;	/* enum fd_kind, fd_role, l4_proto; AF_* */
	uint16_t bits;				/* enum fd_bits */
	uint16_t sock_type;
	int32_t fd;
	uint32_t dev, open_flags;		/* kernel's dev_t encoding; O_* of the kernel */
	uint64_t ino;
	struct text name, nameraw;
	struct ip_end src, dst;			/* inet: client or source first */
	uint64_t unix_src, unix_dst;
	uint32_t refs;
};

enum thread_bits {
	TB_SNAPSHOT = 1 << 0,		/* first seen in a snapshot */
	TB_PLACEHOLDER = 1 << 1,	/* only its number is known */
	TB_LOST = 1 << 2,		/* unknowns of it are due to a loss: <LOST> */
	TB_EXITED = 1 << 3,		/* gone with this event */
	TB_EXE_WRITABLE = 1 << 4, TB_EXE_UPPER = 1 << 5, TB_EXE_LOWER = 1 << 6,
	TB_EXE_MEMFD = 1 << 7,
	TB_HAS_CRED = 1 << 8,		/* uid, gid and capabilities are known */
	TB_HAS_EXEPATH = 1 << 9,
	TB_ANNOUNCED = 1 << 10,		/* the parent's clone was seen, its own not yet */
	TB_BORN_FIRST = 1 << 11,	/* its own clone was seen, the parent's not yet */
	TB_SUBREAPER = 1 << 12,		/* of a main thread: gets orphans below it */
	TB_OWN_FDS = 1 << 13,		/* in snap_thread: does not use the process's table */
	TB_OWN_FS = 1 << 14,		/* in snap_thread: nor its cwd and root */
	TB_HAS_TIME = 1 << 15,		/* how much processor time it has used is known */
};

/* Directories, of a process or a thread that does not use its process's (unshare); processes
 * may share them (CLONE_FS). */
struct thread_fs {
	struct text cwd, root;
	uint32_t refs;
};

/* One thread.  Process-wide facts (exe, args, cwd, ...) live in struct process,
 * shared by the threads of a group. */
struct process {
	uint32_t pid, n_threads;
	struct thread *leader;		/* NULL while only other threads are known */
	struct text exe, exepath, args, env, cgroups;
	struct fd_table *fds;
	struct thread_fs *fs;
	struct container *container;	/* NULL: host or not looked at */
	uint64_t exe_ino, exe_ctime, exe_mtime, start_ts, exec_ts, pidns_start_ts;
	int64_t fdlimit;
	uint32_t exe_dev, tty;
	uint32_t vm_size, vm_rss, vm_swap;
	int32_t sid, pgid, vpgid, vpid;	/* -1 where unknown */
};

struct thread {
	uint32_t tid, ptid;		/* ptid 0: unknown; a tid of the parent process */
	uint32_t bits;			/* enum thread_bits */
	int32_t vtid;			/* -1 where unknown */
	struct process *proc;
	struct fd_table *fds;		/* NULL: the process's */
	struct thread_fs *fs;		/* NULL: the process's cwd and root */
	struct text comm;
	uint32_t uid, gid, euid, egid, loginuid;	/* UINT32_MAX: unknown or unset */
	uint64_t cap_i, cap_p, cap_e;
	uint64_t pf_major, pf_minor;
	uint64_t clone_ts;
	uint64_t utime, stime;		/* processor time, ns: with TB_HAS_TIME */
};

struct user {
	uint32_t uid, gid;
	struct text name, home, shell;
};

struct container {
	struct text id, full_id;	/* id: 12 characters, or a name */
	struct text name, type, image, image_repo, image_tag, image_digest, image_id;
	struct text json;		/* all that the recorder knew */
	uint8_t ip[4];			/* its own address, zero if unknown */
	int8_t privileged;		/* -1 unknown */
	bool by_pid;			/* its control groups do not look like a container's */
	uint64_t start_ts;
};

struct state_limits {
	uint32_t threads, fds, texts;	/* how many live objects; 0: the default */
};

struct state_stats {
	uint64_t n_threads, n_processes, n_fds, n_texts, bytes;
	uint64_t evicted_threads, evicted_fds, invented_threads, healed_threads, lost;
	uint64_t refused_texts;		/* left empty: too many or too long in all */
	uint64_t evicted_names;		/* addresses whose names were forgotten */
};

/* Processor time that a procinfo event or a procexit accounts for: what the thread used since
 * the last one that told, or since it began. */
struct cpu_use {
	bool known;
	uint64_t user, system, interval;	/* ns; interval 0: not known */
};

struct state_current {
	struct thread *thread;		/* of the event's tid; NULL if unknown */
	struct fdinfo *fd;		/* of the event's descriptor; NULL if unknown */
	int64_t fd_num;			/* INT64_MIN: the event has none */
	bool name_changed;		/* this event set the name or tuple of fd */
	bool after_loss;		/* unknown may mean lost */
	struct container *container;	/* that a container event tells of */
	struct cpu_use cpu;
	enum arch arch;			/* of the recorded machine */
	uint64_t first_ts, previous_ts;	/* of the first event, of the one before */
};

struct state *state_new(const struct state_limits *limits);
void state_free(struct state *st);
/* Forgets everything but keeps limits (a new section of a capture). */
void state_clear(struct state *st);

/* When the recording begins, for evt.reltime; else that is the first event seen. */
void state_begin(struct state *st, uint64_t first_ts);

void state_update(struct state *st, const struct event *ev);
static inline const struct state_current *state_current(const struct state *st)
{
	return (const struct state_current *)(const void *)st;	/* its first member */
}
const struct state_stats *state_stats(const struct state *st);

/* The parameter that is the descriptor of an event's fd.* fields; -1: it has none. */
int state_fd_param(unsigned type);

/* The event types that must reach state_update for everything to come out right. */
const struct event_set *state_events(void);

/* Look-ups; NULL where unknown. */
struct thread *state_thread(const struct state *st, uint32_t tid);
/* The main thread of the parent process. */
struct thread *thread_parent(const struct state *st, const struct thread *t);
struct thread *thread_main(const struct thread *t);	/* itself if the main thread is unknown */
static inline struct text thread_cwd(const struct thread *t)
{
	return t->fs ? t->fs->cwd : t->proc->fs->cwd;
}
struct fdinfo *thread_fd(const struct thread *t, int64_t fd);
size_t thread_n_fds(const struct thread *t);
const struct user *state_user(const struct state *st, const struct container *c, uint32_t uid);
const struct user *state_group(const struct state *st, const struct container *c, uint32_t gid);
/* Paths as the state makes them: joined with dir unless absolute, cleaned lexically.  out has
 * STATE_PATH_ROOM bytes; returns the length. */
enum { STATE_PATH_ROOM = 5120 };
size_t state_join_path(char *out, struct text dir, const void *name, size_t len);
/* The directory that a descriptor (or AT_FDCWD) stands for in a call of t; <UNKNOWN> if
 * it is not known. */
struct text state_dirfd(const struct thread *t, int64_t dirfd);
bool state_is_local(const struct state *st, uint8_t family, const uint8_t *addr);

/* The names that answers of name servers gave to an address, the last one first; how many. */
enum { STATE_NAMES = 4 };
size_t state_names(const struct state *st, uint8_t family, const uint8_t *addr,
		   struct text out[STATE_NAMES]);
/* From now on the payload of events tells names.  For those who record or look at the kernel:
 * recordings have events of their own for it, since payloads are not always read. */
void state_learn_names(struct state *st);
/* Writes what the event just taught as events that belong before it.  emit's negative result
 * stops. */
int state_names_told(const struct state *st, const struct event *ev,
		     int (*emit)(const struct event *, void *), void *arg);

/* Calls visit for each thread / each descriptor of a table, in order of number;
 * a visitor that returns non-zero stops and that value is returned. */
int state_each_thread(const struct state *st, int (*visit)(const struct thread *, void *),
		      void *arg);
int thread_each_fd(const struct thread *t, int (*visit)(const struct fdinfo *, void *), void *arg);

/* Writes all of the state as snap_* events, ended by snap_end: a key frame.  Feeding
 * them to an empty state gives an equal one.  only: NULL for all, else tells which threads
 * to keep (saker cut).  emit's negative result stops. */
int state_dump(const struct state *st, uint64_t ts, bool (*only)(const struct thread *, void *),
	       int (*emit)(const struct event *, void *), void *arg);

#endif
