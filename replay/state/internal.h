/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of replay/state share: the tables behind struct state.
 *
 * Threads and processes are found by number in open hashes; the thread of the last
 * event is remembered, because runs of events of one thread are the rule.  A process
 * owns what its threads share; its descriptor table may be shared with other processes
 * (CLONE_FILES), and one struct fdinfo may stand in several tables after a fork: it is
 * copied before a change that concerns one table alone. */
#ifndef SAKER_STATE_INTERNAL_H
#define SAKER_STATE_INTERNAL_H

#include <string.h>

#include "capture/base/buf.h"
#include "capture/base/mem.h"
#include "replay/state/state.h"

enum {
	PATH_BYTES = 4096,		/* longest path that is kept */
	FALCO_PATH_BYTES = 1024,	/* longest that Falco joins */
	DEFAULT_THREADS = 131072,
	DEFAULT_FDS = 4 << 20,
	DEFAULT_TEXTS = 8 << 20,
	FDS_PER_TABLE = 1 << 16,
	DENSE_FDS = 1024,
};

/* Bits of the tables execve_flags and file_facts in bpf/flags.def. */
enum {
	EXE_WRITABLE = 1, EXE_UPPER_LAYER = 2, EXE_FROM_MEMFD = 4, EXE_LOWER_LAYER = 8,
};

static inline uint32_t exe_bits(uint64_t flags)
{
	return (flags & EXE_WRITABLE ? TB_EXE_WRITABLE : 0)
	     | (flags & EXE_UPPER_LAYER ? TB_EXE_UPPER : 0)
	     | (flags & EXE_LOWER_LAYER ? TB_EXE_LOWER : 0)
	     | (flags & EXE_FROM_MEMFD ? TB_EXE_MEMFD : 0);
}

static inline uint64_t exe_flags_of(uint32_t bits)
{
	return (bits & TB_EXE_WRITABLE ? EXE_WRITABLE : 0)
	     | (bits & TB_EXE_UPPER ? EXE_UPPER_LAYER : 0)
	     | (bits & TB_EXE_LOWER ? EXE_LOWER_LAYER : 0)
	     | (bits & TB_EXE_MEMFD ? EXE_FROM_MEMFD : 0);
}

/* What an exec tells of the program. */
enum { TB_OF_EXE = TB_EXE_WRITABLE | TB_EXE_UPPER | TB_EXE_LOWER | TB_EXE_MEMFD | TB_HAS_EXEPATH };

#define TEXT_BYTES_MAX (UINT64_C(1) << 29)

/* ---- hash from a 32-bit number to an object (map.c) ---- */

struct map_slot {
	uint32_t key;
	void *p;		/* NULL: free */
};

struct map {
	struct map_slot *v;
	uint32_t n, mask;
};

static inline uint32_t map_hash(uint32_t key)
{
	return (uint32_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 32);
}

static inline void *map_get(const struct map *m, uint32_t key)
{
	if (!m->v)
		return NULL;
	for (uint32_t i = map_hash(key) & m->mask;; i = (i + 1) & m->mask) {
		if (!m->v[i].p || m->v[i].key == key)
			return m->v[i].p;
	}
}

void map_put(struct map *m, uint32_t key, void *p);
void map_del(struct map *m, uint32_t key);
void map_release(struct map *m);

/* ---- texts: counted, most of them interned (texts.c) ---- */

struct text_node {
	struct text_node *next;
	uint32_t hash, refs, len;
	uint8_t class;
	bool alone;		/* not interned */
	uint8_t clean;		/* as path_is_clean says: 0 not asked yet, 1 no, 2 yes */
	char s[];
};

enum { TEXT_CLASSES = 8 };	/* sizes of 64 << class bytes */

struct texts {
	struct text_node **v;
	uint32_t n, mask;
	uint64_t bytes;
	void *free[TEXT_CLASSES];
	struct arena arena;
};

extern const char text_empty[];

static inline struct text text_none(void)
{
	return (struct text){ .p = text_empty };
}

/* A counted text equal to the bytes; "" when the limits are reached. */
struct text text_new(struct state *st, const void *p, size_t len);
/* The same for what mostly goes soon, like the name of an opened file: it is not looked
 * for among the others.  The bytes are dir and p with a slash between, or p if dir is "". */
struct text text_alone(struct state *st, struct text dir, const void *p, size_t len);
struct text text_ref(struct text t);
/* path_is_clean of a counted text, which remembers it. */
bool text_is_clean(struct text t);
void text_drop(struct state *st, struct text *t);
/* Replaces *t; does nothing if it is equal already. */
void text_set(struct state *st, struct text *t, const void *p, size_t len);
void text_copy(struct state *st, struct text *t, struct text from);

static inline void text_set_value(struct state *st, struct text *t, const struct value *v)
{
	if (v->state == VALUE_SET)
		text_set(st, t, v->p, v->len);
}

static inline bool text_is(struct text t, const char *s)
{
	return t.len == strlen(s) && memcmp(t.p, s, t.len) == 0;
}

/* ---- descriptor tables (fdtable.c) ---- */

struct fd_table {
	struct fdinfo **dense;
	uint32_t cap, n;		/* of dense; descriptors in all */
	uint32_t refs;
	struct map sparse;		/* numbers that dense does not reach */
};

struct fd_table *fdtable_new(struct state *st);
struct fd_table *fdtable_clone(struct state *st, const struct fd_table *from);
void fdtable_drop(struct state *st, struct fd_table *t);
static inline struct fdinfo *fdtable_get(const struct fd_table *t, int64_t fd)
{
	if (t && (uint64_t)fd < t->cap)
		return t->dense[fd];
	if (!t || fd < 0 || fd > INT32_MAX || !t->sparse.n)
		return NULL;
	return map_get(&t->sparse, (uint32_t)fd);
}
/* The table takes over a reference of f; what stood there is dropped. */
void fdtable_put(struct state *st, struct fd_table *t, int64_t fd, struct fdinfo *f);
/* Takes fd out; what it was lives until the next event. */
struct fdinfo *fdtable_take(struct state *st, struct fd_table *t, int64_t fd);
/* visit gets every descriptor in order and may take it out of the table. */
int fdtable_each(const struct fd_table *t, int (*visit)(struct fdinfo *, void *), void *arg);

struct fdinfo *fdinfo_new(struct state *st, enum fd_kind kind, int64_t fd);
struct fdinfo *fdinfo_copy(struct state *st, const struct fdinfo *f, int64_t fd);
void fdinfo_drop(struct state *st, struct fdinfo *f);
/* The descriptor, for changes that concern this table alone (its flags). */
struct fdinfo *fdtable_own(struct state *st, struct fd_table *t, int64_t fd);

/* ---- threads (threads.c) ---- */

struct tnode {
	struct thread t;
	struct tnode *parent, *child, *prev_sib, *next_sib;
	struct tnode *prev_mate, *next_mate;	/* threads of the process */
	uint64_t seen_ts;
	uint32_t epoch;		/* of losses: what is known of it is from then */
	uint32_t unborn;	/* children that have not begun; their numbers are not known */
	uint32_t heir;		/* of one that has ended: who took its children; 0: nobody */
};

struct pnode {
	struct process p;
	struct tnode *threads;
	uint32_t key;			/* in the table; p.pid may be unknown (0) */
	uint32_t refs;			/* threads that point here, dead ones too */
	bool in_pidns;			/* its numbers differ inside its pid namespace */
};

static inline struct tnode *tnode_of(const struct thread *t)
{
	return (struct tnode *)(uintptr_t)t;
}

/* The descriptor table that a thread uses. */
static inline struct fd_table *fds_of(const struct thread *t)
{
	return t->fds ? t->fds : t->proc->fds;
}

static inline struct pnode *pnode_of(const struct process *p)
{
	return (struct pnode *)(uintptr_t)p;
}

static inline struct tnode *tnode_get(const struct state *st, uint32_t tid);
struct tnode *tnode_new(struct state *st, uint32_t tid, uint32_t pid);
/* Takes the thread out of all tables; it lives until the next event. */
void tnode_remove(struct state *st, struct tnode *n);
struct pnode *pnode_find(const struct state *st, uint32_t pid);
/* The number has a new owner: all threads of the old one are removed. */
void pnode_forget(struct state *st, uint32_t pid);
void tnode_set_parent(struct state *st, struct tnode *n, uint32_t ptid);
void tnode_reparent_children(struct state *st, struct tnode *n, struct tnode *to);
/* Credentials and capabilities. */
void cred_copy(struct thread *to, const struct thread *from);
/* An exec closes the marked ones, in a table of its own. */
void exec_fds(struct state *st, struct process *p);
/* All threads and what they have are unknown. */
void state_forget(struct state *st);
void set_exepath(struct state *st, struct process *p, const struct value *v);
/* Frees what was removed during the event before this one. */
void state_sweep(struct state *st);
/* The same, and of those too that have children to come. */
void state_bury(struct state *st);
/* Who made the child that begins now, whose parent is ptid: also one that has ended since.  NULL:
 * not known. */
struct tnode *tnode_maker(const struct state *st, uint32_t ptid);

/* ---- tables of threads (apart.c) ---- */

/* A main thread always uses what its process has; when it goes its own way, the others
 * get theirs. */
void fds_unshare(struct state *st, struct tnode *t);
void fs_unshare(struct state *st, struct tnode *t);
/* A thread or a process's main thread begins with what its maker has. */
void apart_inherit(struct state *st, struct tnode *to, const struct tnode *from, uint64_t flags);
/* The child got its descriptors from a maker that is not its parent. */
void fds_adopt(struct state *st, struct tnode *child, const struct tnode *maker, uint64_t flags);
/* The thread is the process from now on. */
void apart_end(struct state *st, struct tnode *t);
void apart_drop(struct state *st, struct tnode *t);
struct thread_fs *thread_fs_new(struct state *st, struct text cwd, struct text root);
void fs_drop(struct state *st, struct thread_fs *fs);
void thread_fs_share(struct state *st, struct tnode *t, struct thread_fs *fs);
void thread_fds_share(struct state *st, struct tnode *t, struct fd_table *fds);

static inline struct thread_fs *fs_of(const struct thread *t)
{
	return t->fs ? t->fs : t->proc->fs;
}

static inline struct text *cwd_of(struct thread *t)
{
	return &fs_of(t)->cwd;
}

static inline struct text *root_of(struct thread *t)
{
	return &fs_of(t)->root;
}

/* ---- processor time (cputime.c) ---- */

/* The thread has just begun. */
void cputime_begin(struct tnode *t);
/* What a key frame or a snapshot says. */
void cputime_snap(const struct event *ev, struct tnode *t);
/* On the end of a thread: the rest. */
void cputime_end(struct state *st, const struct event *ev, struct tnode *t);

/* ---- names of addresses (resolved.c) ---- */

/* Addresses in the order in which something new was learnt of them. */
struct named {
	struct named *older, *newer;
	struct named *next;		/* with the same hash */
	struct text name[STATE_NAMES];	/* the last one first */
	uint8_t family, addr[16];
};

struct told_name {
	uint8_t family, addr[16];
	struct text name;
};

struct names {
	struct slab slab;
	struct map by_addr;		/* hash → chain */
	struct named *oldest, *newest;
	struct told_name *told;		/* by the last event */
	size_t n_told, told_cap;
	bool learns;
};

/* The event may be an answer that a name server gave. */
void names_learn(struct state *st, const struct event *ev);
void names_untell(struct state *st);
void names_release(struct state *st);
/* All of them, the oldest news first. */
int names_each(const struct state *st,
	       int (*visit)(const struct named *, struct text name, void *), void *arg);
size_t address_text(char out[46], uint8_t family, const uint8_t *addr);

/* ---- the state ---- */

struct iface {
	uint8_t family, addr[16], mask[16];
	uint32_t index;
	struct text name;
};

struct userkey {
	struct user u;
	struct text container;
	struct userkey *next;
};

struct state {
	struct state_current cur;	/* first: state_current() relies on it */
	struct state_limits max;
	struct state_stats stats;
	struct map threads, procs;
	struct tnode *last;		/* of the event before, or NULL */
	struct slab tnodes, pnodes, fdinfos, tables, fss, userkeys, containers;
	struct texts texts;
	struct map users, groups;	/* id → chain of struct userkey */
	struct container **cont;
	size_t n_cont, cont_cap;
	struct map cont_by_id;		/* hash of the id → container */
	struct iface *ifaces;
	size_t n_ifaces, ifaces_cap;
	uint32_t evict_hand;
	struct fdinfo **dead_fds;	/* removed by this event */
	size_t n_dead_fds, dead_fds_cap;
	struct tnode **dead_threads;
	size_t n_dead_threads, dead_threads_cap;
	bool in_snapshot;
	bool in_doubt;			/* what is known is so for this event alone */
	uint32_t snapped;		/* threads and descriptors since the last snap_end */
	uint32_t loss_epoch;		/* counts losses that may have changed state */
	uint64_t now;
	char path[2][STATE_PATH_ROOM];	/* for joining */
	struct text hostname, kernel, arch, cmdline;
	uint32_t n_cpus, page_size;
	uint64_t memory, boot_ts;
	struct mount **mounts;
	size_t n_mounts, mounts_cap;
	struct map mounts_by_id;	/* hash of pid and id → struct mount + 1 */
	struct names names;
};

struct mount {
	uint32_t pid, id, parent, dev;
	struct text root, target, fstype, source, flags;
};

static inline struct tnode *tnode_get(const struct state *st, uint32_t tid)
{
	return map_get(&st->threads, tid);
}

/* ---- paths (path.c) ---- */

/* Joins and cleans lexically into out (STATE_PATH_ROOM); returns the
 * length. An absolute name ignores dir. */
size_t path_join(char *out, const char *dir, size_t dir_len, const char *name, size_t len);
/* Absolute, and nothing in it to clean (what begins with a dot may be); not too long. */
bool path_is_clean(const char *p, size_t len);
/* As Falco keeps "name as given": repeated slashes are gone. */
size_t path_raw(char *out, const char *name, size_t len);

/* Names a new descriptor after the file that was opened (names.c). */
void name_opened(struct state *st, struct fdinfo *f, struct text dir, const struct value *name);

/* ---- sockets (sock.c) ---- */

/* Rebuilds name from the tuple. */
void sock_name(struct state *st, struct fdinfo *f);
/* Takes addresses from a SOCKTUPLE; false if it has none or they are what is known.
 * outgoing: a source without an address is one of the machine's. */
bool sock_tuple(struct state *st, struct fdinfo *f, const struct value *v, bool outgoing);

/* Makes a socket of this process known and the event's. */
struct fdinfo *sock_open(struct state *st, struct tnode *t, int64_t fd, uint64_t domain,
			 uint64_t type, uint64_t proto);

/* Takes the addresses of a snapshot's descriptor, whose kind and role are set, and
 * names it after them. */
void snap_socket(struct state *st, struct fdinfo *f, const struct value *tuple);

/* ---- containers and users ---- */

struct container *container_of_cgroups(struct state *st, struct text cgroups);
struct container *container_named(struct state *st, const char *id, size_t len);
void users_release(struct state *st);
void container_release(struct state *st);
void snapshot_release(struct state *st);

/* ---- handlers, one per event ---- */

typedef void on_event(struct state *st, const struct event *ev, struct tnode *t);

#define HANDLER(fn) void fn(struct state *st, const struct event *ev, struct tnode *t)

/* Sets the descriptor of the event. */
static inline void cur_fd(struct state *st, int64_t num, struct fdinfo *f)
{
	st->cur.fd_num = num;
	st->cur.fd = f;
}

/* Is the event of our own recorder?  Only it tells the process.  Captures of Falco's are read
 * as Falco reads them, where that is less than the truth. */
static inline bool is_own(const struct event *ev)
{
	return ev->pid != 0;
}

/* Makes a descriptor of this process known and the event's. */
struct fdinfo *fd_open(struct state *st, struct tnode *t, int64_t fd, enum fd_kind kind,
		       uint64_t flags);

/* What the kernel half wrote down of descriptors that came from another process: the table
 * has them now, the last one is the event's. */
void fds_got(struct state *st, struct tnode *t, const struct value *got);

/* The value of a parameter by its name, for handlers that several events share. */
const struct value *event_named(const struct event *ev, const char *name);

HANDLER(on_clone); HANDLER(on_exec); HANDLER(on_procexit); HANDLER(on_prctl);
HANDLER(on_procinfo);
HANDLER(on_setrlimit); HANDLER(on_memory); HANDLER(on_switch);
HANDLER(on_setuid); HANDLER(on_setgid); HANDLER(on_setreuid); HANDLER(on_setregid);
HANDLER(on_setresuid); HANDLER(on_setresgid); HANDLER(on_capset); HANDLER(on_setsid);
HANDLER(on_ioctl);
HANDLER(on_setpgid); HANDLER(on_chdir); HANDLER(on_fchdir); HANDLER(on_chroot);
HANDLER(on_getcwd); HANDLER(on_unshare); HANDLER(on_setns); HANDLER(on_getuid);
HANDLER(on_open); HANDLER(on_openat); HANDLER(on_openat2); HANDLER(on_creat);
HANDLER(on_open_by_handle);
HANDLER(on_close); HANDLER(on_close_range); HANDLER(on_dup); HANDLER(on_fcntl);
HANDLER(on_pipe); HANDLER(on_pidfd_open); HANDLER(on_pidfd_getfd); HANDLER(on_memfd);
HANDLER(on_new_fd);
HANDLER(on_socketpair);
HANDLER(on_socket); HANDLER(on_bind); HANDLER(on_connect); HANDLER(on_accept);
HANDLER(on_send); HANDLER(on_recv); HANDLER(on_recvmsg);
HANDLER(on_getsockopt);
HANDLER(on_snap_machine); HANDLER(on_snap_thread); HANDLER(on_snap_fd);
HANDLER(on_snap_user); HANDLER(on_snap_group); HANDLER(on_snap_iface);
HANDLER(on_snap_mount); HANDLER(on_snap_end); HANDLER(on_container); HANDLER(on_loss);
HANDLER(on_snap_lost); HANDLER(on_resolved);

#endif
