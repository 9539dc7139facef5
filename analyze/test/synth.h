/* SPDX-License-Identifier: Apache-2.0 */
/* Events written by hand (saker-test(5), EVENTS) become the events that a recorder would have
 * written: snap_* before what a process or descriptor is first needed for, then the event.
 * State, fields and rules cannot tell the difference.
 *
 *   synth.c        the list of events, time, results, what is not said
 *   synth_key.c    keys of an event: parameters and fields
 *   synth_proc.c   proc: processes and who is above them
 *   synth_facts.c  what is said of one: names, numbers, accounts
 *   synth_container.c  its container
 *   synth_tell.c   processes as events
 *   synth_fd.c     what is said of a descriptor, and which one is meant
 *   synth_socket.c ends of connections, addresses
 *   synth_value.c  values of parameters by their types */
#ifndef SAKER_TEST_SYNTH_H
#define SAKER_TEST_SYNTH_H

#include "analyze/test/reader.h"
#include "capture/base/fdkind.h"

enum { SYNTH_EVENTS_MAX = 20000, SYNTH_PROCS_MAX = 4096, SYNTH_DEPTH_MAX = 64 };

/* In the file's arena, each with room for its own parameters only. */
struct test_events {
	struct event **v;
	size_t n, cap;
};

/* One end of a connection. */
struct synth_end {
	bool has_ip, has_port;
	uint8_t family;
	uint8_t addr[16];
	uint16_t port;
};

/* What is said of a descriptor: fd.name and so on. */
struct synth_fd {
	const struct yaml *node;	/* NULL: nothing */
	int64_t num;			/* -1: not said */
	uint8_t kind, proto;		/* enum fd_kind, l4_proto; 0: not said */
	int8_t server;			/* -1: not said */
	bool listens;
	const char *name;
	struct synth_end client, server_end, local, remote;
	bool has_dev, has_ino;
	uint64_t dev, ino;
	uint32_t bits;			/* enum fd_bits: the layer of an overlay */
};

enum { SYNTH_FDS = 32 };

struct synth_proc {
	uint32_t pid, ppid;
	const char *name, *exe, *exepath, *cwd, *args, *env, *cgroups, *container;
	size_t n_args, n_env, n_cgroups;	/* bytes, with the NULs */
	uint32_t uid, gid, euid, egid, loginuid, tty, exe_flags;
	int64_t sid, pgid, vpid, vpgid;	/* -1: not said */
	uint64_t cap_i, cap_p, cap_e;
	bool has_caps, told, tell_container;	/* told: the state knows it as it is */
	struct synth_fd fds[SYNTH_FDS];	/* that are open */
	unsigned n_fds;
	int64_t last_fd;		/* used last; -1: none */
	const struct yaml *node;
};

struct synth {
	struct test_file *f;
	struct test_events *out;
	struct synth_proc **procs;	/* by order of appearance */
	size_t n_procs, procs_cap;
	struct synth_proc *proc;	/* of the event before */
	uint32_t next_pid, next_uid, next_container;
	uint64_t ts;
	bool bad;
};

/* What an event says, while its keys are read. */
struct synth_item {
	const struct yaml *node;
	const struct event_desc *desc;
	struct event *ev;
	struct synth_fd fd;
	bool has_result;
};

/* Bytes that an event of this type needs. */
static inline size_t synth_event_size(const struct event_desc *d)
{
	return offsetof(struct event, v) + d->n_params * sizeof(struct value);
}

/* Adds an event, with the time of now. */
struct event *synth_add(struct synth *s, enum event_id type);
/* A text that lives as long as the file. */
void synth_text(struct synth *s, struct value *v, const char *text);

/* synth_value.c: false: told what is wrong. */
bool synth_value(struct synth *s, const struct event_desc *e, const struct param_desc *d,
		 const struct yaml *v, struct value *out);
bool synth_flags(struct synth *s, enum flags_table_id table, const struct yaml *v,
		 uint64_t *out);
bool synth_address(const char *text, struct synth_end *out);
/* Strings with their NULs, of a list or of words with blanks between. */
bool synth_strings(struct synth *s, const struct yaml *v, const char *what, const char **out,
		   size_t *len);

/* synth_facts.c: keys of a process, all but those that speak of others; false: told what is
 * wrong. */
bool synth_texts(struct synth *s, const struct yaml *map, struct synth_proc *p);
bool synth_facts(struct synth *s, const struct yaml *map, struct synth_proc *p);
bool synth_name(struct synth *s, const struct yaml *v, const char **out);
/* At most max; -1 stands for it. */
bool synth_number(struct synth *s, const struct yaml *v, const char *what, uint64_t max,
		  uint64_t *out);

/* synth_proc.c: the process that a node speaks of; NULL: told what is wrong. */
struct synth_proc *synth_proc(struct synth *s, const struct yaml *v, unsigned depth);
struct synth_proc *synth_proc_find(const struct synth *s, uint32_t pid);
/* A child as fork makes it. */
struct synth_proc *synth_proc_fork(struct synth *s, const struct synth_proc *parent,
				   uint32_t pid);
/* synth_tell.c: tells the state of it, and of those above it, what it does not know. */
void synth_proc_tell(struct synth *s, struct synth_proc *p);
/* Fills what the event says of its process. */
void synth_proc_facts(const struct synth_proc *p, struct event *ev);

/* synth_fd.c */
/* A key that begins with "fd.", without that; false: told what is wrong. */
bool synth_fd_key(struct synth *s, const struct yaml *key, const char *name,
		  const struct yaml *v, struct synth_fd *fd);
/* A map of such keys, or a path. */
bool synth_fd_map(struct synth *s, const struct yaml *v, struct synth_fd *fd);
/* The number of the descriptor that is meant, made known to the state if it is not. */
int64_t synth_fd_use(struct synth *s, struct synth_proc *p, const struct synth_fd *fd,
		     bool server, bool plain);
/* A number that is free. */
int64_t synth_fd_free(const struct synth_proc *p);
void synth_fd_open(struct synth_proc *p, const struct synth_fd *fd, int64_t num);
void synth_fd_close(struct synth_proc *p, int64_t num);
bool synth_fd_is_socket(const struct synth_fd *fd);
/* synth_socket.c: AF_INET or AF_INET6. */
uint8_t synth_fd_family(const struct synth_fd *fd);
/* Client and server, with defaults for what is not said.  The value of a tuple or of an address
 * of one end. */
void synth_fd_tuple(struct synth *s, const struct synth_fd *fd, bool server, bool reply,
		    struct value *out);
void synth_fd_addr(struct synth *s, const struct synth_fd *fd, bool own, struct value *out);

/* The machine has the address of this end: fd.lip and fd.rip depend on it. */
void synth_fd_local(struct synth *s, const struct synth_fd *fd, bool server);

/* synth_key.c: a key of an event, and its value. */
bool synth_key(struct synth *s, struct synth_item *item, const struct yaml *key,
	       const struct yaml *v);

#endif
