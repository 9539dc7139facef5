/* SPDX-License-Identifier: Apache-2.0 */
/* A small machine for conditions: init (1) > nginx (50) > bash (100) > cat (200), cat
 * with a file, a connected socket and an event at hand. */
#ifndef SAKER_LANG_WORLD_H
#define SAKER_LANG_WORLD_H

#include "replay/field/field.h"

struct world {
	struct state *st;
	struct arena scratch;
	struct field_env env;
	struct event ev;
	struct field_ctx ctx;
};

#define WORLD_TEXT(ev, id, name, text) \
	value_bytes(&(ev)->v[P(id, name)], text, sizeof(text) - 1)
#define WORLD_NUMBER(ev, id, name, n) value_number(&(ev)->v[P(id, name)], (uint64_t)(n))

static inline void world_thread(struct world *w, uint32_t tid, uint32_t ptid, const char *comm,
				const char *exepath)
{
	struct event *ev = &w->ev;

	event_init(ev, EV_SNAP_THREAD);
	ev->tid = ev->pid = tid;
	WORLD_NUMBER(ev, SNAP_THREAD, tid, tid);
	WORLD_NUMBER(ev, SNAP_THREAD, pid, tid);
	WORLD_NUMBER(ev, SNAP_THREAD, ptid, ptid);
	value_bytes(&ev->v[P(SNAP_THREAD, comm)], comm, strlen(comm));
	value_bytes(&ev->v[P(SNAP_THREAD, exe)], comm, strlen(comm));
	value_bytes(&ev->v[P(SNAP_THREAD, exepath)], exepath, strlen(exepath));
	WORLD_TEXT(ev, SNAP_THREAD, args, "-n\0/etc/passwd\0");
	WORLD_TEXT(ev, SNAP_THREAD, env, "HOME=/root\0LANG=C\0");
	WORLD_TEXT(ev, SNAP_THREAD, cwd, "/tmp");
	WORLD_NUMBER(ev, SNAP_THREAD, uid, 1000);
	WORLD_NUMBER(ev, SNAP_THREAD, euid, 0);
	WORLD_NUMBER(ev, SNAP_THREAD, gid, 1000);
	WORLD_NUMBER(ev, SNAP_THREAD, egid, 1000);
	WORLD_NUMBER(ev, SNAP_THREAD, loginuid, 1000);
	state_update(w->st, ev);
}

static inline void world_event(struct world *w, enum event_id type)
{
	event_init(&w->ev, type);
	w->ev.num = 7;
	w->ev.ts = UINT64_C(1000000000);
	w->ev.cpu = 3;
	w->ev.tid = w->ev.pid = 200;
}

/* cat opens a file: fd 3, /etc/passwd. */
static inline void world_open(struct world *w, const char *name)
{
	world_event(w, EV_OPENAT);
	WORLD_NUMBER(&w->ev, OPENAT, fd, 3);
	WORLD_NUMBER(&w->ev, OPENAT, dirfd, -100);
	value_bytes(&w->ev.v[P(OPENAT, name)], name, strlen(name));
	WORLD_NUMBER(&w->ev, OPENAT, flags, 0);
	WORLD_NUMBER(&w->ev, OPENAT, mode, 0);
	state_update(w->st, &w->ev);
}

/* cat connects fd 4: 10.0.0.5:4000 to 93.184.216.34:443. */
static inline void world_connect(struct world *w)
{
	static const char tuple[] = "\x02\x0a\x00\x00\x05\xa0\x0f\x5d\xb8\xd8\x22\xbb\x01";

	world_event(w, EV_SOCKET);
	WORLD_NUMBER(&w->ev, SOCKET, fd, 4);
	WORLD_NUMBER(&w->ev, SOCKET, domain, 2);
	WORLD_NUMBER(&w->ev, SOCKET, type, 1);
	WORLD_NUMBER(&w->ev, SOCKET, proto, 0);
	state_update(w->st, &w->ev);
	world_event(w, EV_CONNECT);
	WORLD_NUMBER(&w->ev, CONNECT, res, 0);
	WORLD_NUMBER(&w->ev, CONNECT, fd, 4);
	WORLD_TEXT(&w->ev, CONNECT, tuple, tuple);
	w->ev.v[P(CONNECT, tuple)].len = 13;
	state_update(w->st, &w->ev);
}

static inline void world_init(struct world *w)
{
	memset(w, 0, sizeof(*w));
	w->st = state_new(NULL);
	w->env = (struct field_env){ .hostname = "host", .source = "syscall" };
	world_thread(w, 1, 0, "init", "/sbin/init");
	world_thread(w, 50, 1, "nginx", "/usr/sbin/nginx");
	world_thread(w, 100, 50, "bash", "/usr/bin/bash");
	world_thread(w, 200, 100, "cat", "/usr/bin/cat");
	w->ctx = (struct field_ctx){ .ev = &w->ev, .st = w->st, .cur = state_current(w->st),
				     .scratch = &w->scratch, .env = &w->env };
	world_open(w, "/etc/passwd");
}

static inline void world_release(struct world *w)
{
	state_free(w->st);
	arena_release(&w->scratch);
}

#endif
