/* SPDX-License-Identifier: Apache-2.0 */
/* Making events for the tests of the state and of fields: a name for a parameter, a
 * number or a text for its value. */
#ifndef SAKER_STATE_WORLD_H
#define SAKER_STATE_WORLD_H

#include <stdlib.h>

#include "replay/field/field.h"
#include "tests/unit/test.h"

struct world {
	struct state *st;
	struct arena scratch;
	struct field_env env;
	struct event ev;
	uint64_t ts, num;
	struct buf text;
};

static inline struct world *world_new(const struct state_limits *limits)
{
	struct world *w = test_calloc(1, sizeof(*w));

	w->st = state_new(limits);
	w->env = (struct field_env){ .hostname = "box", .source = "syscall" };
	w->ts = UINT64_C(1700000000000000000);
	return w;
}

static inline void world_free(struct world *w)
{
	state_free(w->st);
	arena_release(&w->scratch);
	buf_release(&w->text);
	test_free(w);
}

/* Begins an event of a thread; then num(), str() its parameters and done(). */
static inline void begin(struct world *w, enum event_id type, uint32_t tid)
{
	event_init(&w->ev, type);
	w->ev.tid = tid;
	w->ev.ts = w->ts += 1000;
	w->ev.num = ++w->num;
}

static inline struct value *param(struct world *w, const char *name)
{
	const int i = event_param_index(w->ev.desc, name, strlen(name));

	if (i < 0 || i >= EVENT_PARAMS_MAX) {
		fail_msg("%s has no parameter %s", w->ev.desc->name, name);
		abort();	/* for compilers that do not see that it does not return */
	}
	return &w->ev.v[i];
}

static inline void num(struct world *w, const char *name, int64_t n)
{
	value_number(param(w, name), (uint64_t)n);
}

static inline void bytes(struct world *w, const char *name, const void *p, size_t len)
{
	value_bytes(param(w, name), p, len);
}

static inline void str(struct world *w, const char *name, const char *s)
{
	bytes(w, name, s, strlen(s));
}

static inline void done(struct world *w)
{
	state_update(w->st, &w->ev);
}

/* The text of a field at the last event. */
static inline const char *got(struct world *w, const char *field)
{
	const struct field_ctx c = { &w->ev, w->st, state_current(w->st), &w->scratch, &w->env };
	struct field_ref ref;
	struct fval v;

	buf_reset(&w->text);
	if (field_parse(&ref, field, strlen(field), &w->scratch) != strlen(field))
		fail_msg("%s: %s", field, err_text());
	switch (field_get_value(&c, &ref, &v)) {
	case FIELD_FOUND:
		fval_text(&w->text, &v);
		break;
	case FIELD_LOST:
		buf_str(&w->text, "<LOST>");
		break;
	case FIELD_ABSENT:
		buf_str(&w->text, "absent");
		break;
	}
	return buf_text(&w->text);
}

#define is(w, field, want) assert_string_equal(got(w, field), want)

/* ---- events that most tests need ---- */

static inline void snap(struct world *w, uint32_t tid, uint32_t pid, uint32_t ptid,
			const char *comm)
{
	begin(w, EV_SNAP_THREAD, tid);
	num(w, "tid", tid);
	num(w, "pid", pid);
	num(w, "ptid", ptid);
	num(w, "vtid", tid);
	num(w, "vpid", pid);
	num(w, "sid", 1);
	str(w, "comm", comm);
	str(w, "exe", comm);
	str(w, "cwd", "/home/u");
	num(w, "euid", 1000);
	num(w, "egid", 100);
	done(w);
}

static inline void snap_end(struct world *w)
{
	begin(w, EV_SNAP_END, 0);
	done(w);
}

static inline void open_at(struct world *w, uint32_t tid, int64_t fd, int64_t dirfd,
			   const char *name, int64_t flags)
{
	begin(w, EV_OPENAT, tid);
	num(w, "fd", fd);
	num(w, "dirfd", dirfd);
	str(w, "name", name);
	num(w, "flags", flags);
	done(w);
}

static inline void clone_event(struct world *w, uint32_t tid, int64_t res, uint32_t pid,
			       uint32_t ptid, int64_t flags, const char *comm)
{
	begin(w, EV_CLONE, tid);
	num(w, "res", res);
	num(w, "tid", tid);
	num(w, "pid", pid);
	num(w, "ptid", ptid);
	num(w, "vtid", tid);
	num(w, "vpid", pid);
	num(w, "flags", flags);
	str(w, "comm", comm);
	done(w);
}

static inline void exec_event(struct world *w, uint32_t tid, const char *path, const char *comm)
{
	begin(w, EV_EXECVE, tid);
	num(w, "res", 0);
	num(w, "tid", tid);
	num(w, "pid", tid);
	str(w, "exe", comm);
	str(w, "comm", comm);
	str(w, "filename", path);
	bytes(w, "args", "-a\0b c", 7);
	bytes(w, "env", "HOME=/root\0A= x \0", 17);
	done(w);
}

static inline void close_fd(struct world *w, uint32_t tid, int64_t fd, int64_t res)
{
	begin(w, EV_CLOSE, tid);
	num(w, "res", res);
	num(w, "fd", fd);
	done(w);
}

static inline void read_fd(struct world *w, uint32_t tid, int64_t fd)
{
	begin(w, EV_READ, tid);
	num(w, "res", 3);
	num(w, "fd", fd);
	str(w, "data", "abc");
	done(w);
}

#endif
