/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of a snapshot under construction; see snapshot.h. */
#ifndef SAKER_LIVE_SNAP_H
#define SAKER_LIVE_SNAP_H

#include "capture/base/buf.h"
#include "capture/base/mem.h"
#include "capture/live/snapshot.h"

struct stored;
struct sock_table;

struct snapshot {
	struct snapshot_options opt;
	struct arena arena;
	struct stored *first, **tail, *next;
	uint64_t n;
	struct buf a, b;		/* file contents, reused */
	struct sock_table *socks;
	uint64_t *mount_namespaces;	/* whose mounts are in already */
	size_t n_mount_namespaces, mount_namespaces_cap;
	int proc;			/* /proc */
	long ticks;			/* per second */
	bool one;			/* of one process, at one moment */
};

enum { SNAP_EVENTS_MAX = 4 << 20 };	/* no machine has that many descriptors */

/* Copies the event into the snapshot. */
void snap_add(struct snapshot *s, const struct event *ev);

/* An empty event with the snapshot's time. */
void snap_event(const struct snapshot *s, struct event *ev, enum event_id type);

/* Whole file below dir into b (which is emptied first), NUL behind it, at most limit bytes.
 * Negative if it cannot be read. */
int snap_read(int dir, const char *name, struct buf *b, size_t limit);

/* Target of a link below dir into b as text.  Negative if there is none. */
int snap_link(int dir, const char *name, struct buf *b);

/* The number in brackets of "name:[123]"; 0 if there is none. */
uint64_t snap_bracket(const char *text);

static inline void snap_text(struct value *v, const char *text)
{
	value_bytes(v, text, strlen(text));
}

/* Asks about the container of the thread that an event tells of. */
void snap_container(struct snapshot *s, const struct event *ev);
/* Answers, as long as they come. */
void snap_containers(struct snapshot *s);
void snap_machine(struct snapshot *s);
void snap_accounts(struct snapshot *s);
void snap_ifaces(struct snapshot *s);
void snap_hosts(struct snapshot *s);
/* Mounts of the process's mount namespace, unless they are in already. */
void snap_mounts(struct snapshot *s, int pid_dir, uint32_t pid);
void snap_process(struct snapshot *s, int pid_dir, uint32_t pid);
void snap_fds(struct snapshot *s, int pid_dir, uint32_t pid);

/* The sockets of the process's network namespace: by inode. */
struct sock_entry {
	struct sock_entry *next;
	uint64_t ino;
	uint8_t kind, proto, role, type;	/* enum fd_kind, l4_proto, fd_role; SOCK_* */
	uint8_t tuple_len, tuple[37];
	const char *path;			/* unix; NULL: none */
};
const struct sock_entry *snap_socket_of(struct snapshot *s, int pid_dir, uint64_t ino);
void snap_sockets_free(struct snapshot *s);

#endif
