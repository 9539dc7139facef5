/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/test/synth.h"
#include "capture/base/near.h"
#include "capture/base/timearg.h"
#include "replay/state/state.h"

enum { STEP_NS = 1000000 };		/* between events that tell no time */
static const uint64_t start_ns = UINT64_C(1767225600000000000);	/* 2026-01-01 00:00:00 UTC */

struct event *synth_add(struct synth *s, enum event_id type)
{
	struct test_events *t = s->out;
	struct event *ev;

	t->v = mem_grow(t->v, &t->cap, t->n + 1, sizeof(struct event *));
	ev = t->v[t->n++] = arena_alloc(&s->f->arena, synth_event_size(&catalog[type]));
	event_init(ev, type);
	ev->ts = s->ts;
	return ev;
}

void synth_text(struct synth *s, struct value *v, const char *text)
{
	value_bytes(v, arena_str(&s->f->arena, text), strlen(text));
}

/* The machine: as little as possible. */
static void begin(struct synth *s)
{
	struct event *ev = synth_add(s, EV_SNAP_MACHINE);

	synth_text(s, &ev->v[P(SNAP_MACHINE, hostname)], "localhost");
	synth_text(s, &ev->v[P(SNAP_MACHINE, arch)], "x86_64");
	ev = synth_add(s, EV_SNAP_USER);
	value_number(&ev->v[P(SNAP_USER, uid)], 0);
	value_number(&ev->v[P(SNAP_USER, gid)], 0);
	synth_text(s, &ev->v[P(SNAP_USER, name)], "root");
	synth_text(s, &ev->v[P(SNAP_USER, homedir)], "/root");
	synth_text(s, &ev->v[P(SNAP_USER, shell)], "/bin/sh");
	ev = synth_add(s, EV_SNAP_GROUP);
	value_number(&ev->v[P(SNAP_GROUP, gid)], 0);
	synth_text(s, &ev->v[P(SNAP_GROUP, name)], "root");
	synth_add(s, EV_SNAP_END);
}

/* ---- time ---- */

/* "2s": since the start; "+2s": since the event before. */
static bool take_time(struct synth *s, const struct yaml *v, bool first)
{
	const char *text = v && v->kind == YAML_SCALAR ? v->p : "";
	const bool more = *text == '+';
	uint64_t ns;

	if (!v) {
		s->ts += first ? 0 : STEP_NS;
		return true;
	}
	if (time_duration(text + more, &ns) < 0 || ns > (uint64_t)INT64_MAX / 4) {
		test_file_say(s->f, v, "time is how long since the start (2s), or since the event "
			      "before (+500ms)");
		return false;
	}
	ns += more ? s->ts : start_ns;
	if (ns < s->ts) {
		test_file_say(s->f, v, "time goes back: the event before is later");
		return false;
	}
	s->ts = ns;
	return true;
}

/* ---- types ---- */

static const struct event_desc *event_named(struct synth *s, const struct yaml *v,
					    const struct syscall_desc **call)
{
	const enum event_id id = v->kind == YAML_SCALAR ? catalog_find(v->p, v->len) : EV_UNKNOWN;
	struct near near;

	*call = v->kind == YAML_SCALAR ? syscall_by_name(v->p, v->len) : NULL;
	if (id != EV_UNKNOWN && !(catalog[id].flags & EF_PSEUDO))
		return &catalog[id];
	if (*call && (*call)->event == EV_GENERIC)
		return &catalog[EV_GENERIC];
	near_init(&near, v->p ? v->p : "", v->kind == YAML_SCALAR ? v->len : 0);
	for (unsigned i = 1; i < EV__N; i++)
		if (catalog[i].name && !(catalog[i].flags & EF_PSEUDO))
			near_try(&near, catalog[i].name);
	test_file_say(s->f, v, "there is no event '%s'%s", v->p ? v->p : "?", near_text(&near));
	return NULL;
}

/* ---- what is not said ---- */

static int param(const struct event *ev, const char *name)
{
	return event_param_index(ev->desc, name, strlen(name));
}

static bool absent(const struct event *ev, int i)
{
	return i >= 0 && ev->v[i].state == VALUE_ABSENT;
}

/* Sending on a datagram socket, receiving: which way bytes go. */
static bool is_server(const struct synth_item *it)
{
	const unsigned t = it->ev->type;

	if (it->fd.server >= 0)
		return it->fd.server;
	return t == EV_ACCEPT || t == EV_ACCEPT4 || t == EV_BIND || t == EV_LISTEN;
}

static void put_sockets(struct synth *s, struct synth_item *it)
{
	const int tuple = param(it->ev, "tuple"), addr = param(it->ev, "addr");
	const bool server = is_server(it), reads = it->desc->flags & EF_READS_FROM_FD;
	const bool writes = it->desc->flags & EF_WRITES_TO_FD;

	if (!synth_fd_is_socket(&it->fd))
		return;
	synth_fd_local(s, &it->fd, server);
	if (absent(it->ev, tuple) && it->desc->params[tuple].type == PT_SOCKTUPLE)
		synth_fd_tuple(s, &it->fd, server, reads ? !server : writes && server,
			       &it->ev->v[tuple]);
	if (absent(it->ev, addr) && it->desc->params[addr].type == PT_SOCKADDR)
		synth_fd_addr(s, &it->fd, server, &it->ev->v[addr]);
}

/* The path by which an event opens what fd.name says. */
static void put_path(struct synth *s, struct synth_item *it)
{
	static const char *const names[] = { "name", "path", "pathname", "filename" };
	int i = -1;

	for (unsigned k = 0; i < 0 && k < 4; k++)
		i = param(it->ev, names[k]);
	if (it->fd.name && absent(it->ev, i))
		synth_text(s, &it->ev->v[i], it->fd.name);
}

static bool fails(const struct event *ev)
{
	return ev->v[0].state == VALUE_SET && ev->v[0].i < 0;
}

/* The descriptor that the event makes. */
static void put_new_fd(struct synth *s, struct synth_proc *p, struct synth_item *it)
{
	const int asked = param(it->ev, "newfd");
	/* of a copy it is the number of the original */
	int64_t num = it->desc->flags & EF_USES_FD ? -1 : it->fd.num;

	put_path(s, it);
	if (asked >= 0)
		num = value_i64(&it->ev->v[asked], -1);
	if (num < 0)
		num = synth_fd_free(p);
	if (it->ev->v[0].state == VALUE_ABSENT)
		value_number(&it->ev->v[0], (uint64_t)num);
	if (!fails(it->ev))
		synth_fd_open(p, &it->fd, it->ev->v[0].i);
}

/* The descriptor that the event is about. */
static void put_used_fd(struct synth *s, struct synth_proc *p, struct synth_item *it)
{
	const int i = state_fd_param(it->ev->type);
	const unsigned t = it->ev->type;
	const bool alone = t == EV_CONNECT || t == EV_BIND;

	if (i < 0)
		return;
	if (it->ev->v[i].state == VALUE_SET) {
		it->fd.node = it->fd.node ? it->fd.node : it->node;
		it->fd.num = it->ev->v[i].i;
		if (it->fd.num < 0)
			return;
	}
	/* *at calls: a directory only if one is named */
	if (strstr(it->desc->params[i].name, "dirfd") && !it->fd.node)
		return;
	if (t == EV_LISTEN)
		it->fd.listens = true;
	value_number(&it->ev->v[i], (uint64_t)synth_fd_use(s, p, &it->fd, is_server(it), !alone));
}

static bool is_child_maker(unsigned t)
{
	return t == EV_CLONE || t == EV_CLONE3 || t == EV_FORK || t == EV_VFORK;
}

static bool put_child(struct synth *s, struct synth_proc *p, struct event *ev)
{
	const struct synth_proc *child;

	if (ev->v[0].state == VALUE_SET && (ev->v[0].i <= 0 || ev->v[0].i > INT32_MAX))
		return true;
	child = synth_proc_fork(s, p, (uint32_t)value_u64(&ev->v[0], 0));
	if (child)
		value_number(&ev->v[0], child->pid);
	return child;
}

/* Sizes follow from data, flags are none, directories are the current one. */
static void put_rest(struct synth_proc *p, struct event *ev)
{
	const int data = param(ev, "data"), size = param(ev, "size");

	if (data >= 0 && ev->v[data].state == VALUE_SET) {
		if (absent(ev, size))
			value_number(&ev->v[size], ev->v[data].len);
		if (ev->v[0].state == VALUE_ABSENT)
			value_number(&ev->v[0], ev->v[data].len);
	}
	for (unsigned i = 0; i < ev->n_params; i++) {
		const struct param_desc *d = &ev->desc->params[i];
		const bool flags = d->type >= PT_FLAGS8 && d->type <= PT_FLAGS32;

		if (ev->v[i].state != VALUE_ABSENT)
			continue;
		if (flags && d->src != SRC_FILEFLAGS)
			value_number(&ev->v[i], 0);
		if (d->type == PT_FD && d->src == SRC_OUT) {
			const struct synth_fd fd = { .num = -1, .server = -1, .kind = FD_PIPE };

			value_number(&ev->v[i], (uint64_t)synth_fd_free(p));
			synth_fd_open(p, &fd, ev->v[i].i);
		}
		if (d->type == PT_FD && (strstr(d->name, "dirfd") || strstr(d->name, "dir")))
			value_number(&ev->v[i], (uint64_t)(int64_t)AT_FDCWD);
	}
	if (ev->v[0].state == VALUE_ABSENT && type_is_number(ev->desc->params[0].type))
		value_number(&ev->v[0], 0);
}

/* ---- items ---- */

static bool read_keys(struct synth *s, struct synth_item *it)
{
	bool ok = true;

	for (uint32_t i = 0; i + 1 < it->node->n; i += 2) {
		const struct yaml *key = it->node->kids[i];

		if (!read_count(s->f, key))
			return false;
		if (key->kind != YAML_SCALAR) {
			test_file_say(s->f, key, "keys of an event are texts");
			return false;
		}
		if (yaml_get(it->node, key->p) != it->node->kids[i + 1]) {
			test_file_say(s->f, key, "'%s' stands here twice", key->p);
			return false;
		}
		ok &= synth_key(s, it, key, it->node->kids[i + 1]);
	}
	return ok;
}

static void finish(struct synth *s, struct synth_proc *p, struct synth_item *it)
{
	struct event *ev = it->ev;

	ev->tid = ev->pid = p->pid;
	put_sockets(s, it);
	if (it->desc->flags & EF_USES_FD || state_fd_param(ev->type) >= 0)
		put_used_fd(s, p, it);
	if (is_child_maker(ev->type))
		put_child(s, p, ev);
	else if (it->desc->flags & EF_CREATES_FD && it->desc->params[0].type == PT_FD)
		put_new_fd(s, p, it);
	synth_proc_facts(p, ev);
	put_rest(p, ev);
	if (it->desc->flags & EF_DESTROYS_FD && !fails(ev) && state_fd_param(ev->type) >= 0)
		synth_fd_close(p, value_i64(&ev->v[state_fd_param(ev->type)], -1));
}

static bool read_event(struct synth *s, const struct yaml *node, const struct yaml *type)
{
	const struct syscall_desc *call;
	struct synth_item it = { .node = node, .fd = { .num = -1, .server = -1 } };
	struct event ev, *new;

	it.desc = event_named(s, type, &call);
	if (!it.desc)
		return false;
	event_init(&ev, (enum event_id)it.desc->id);
	ev.ts = s->ts;
	it.ev = &ev;
	if (call && call->nr[ARCH_X86_64] >= 0)
		ev.nr = (uint16_t)call->nr[ARCH_X86_64];
	if (ev.type == EV_GENERIC && call) {
		value_number(&ev.v[P(GENERIC, ID)], ev.nr);
		value_number(&ev.v[P(GENERIC, nativeID)], ev.nr);
	}
	if (!read_keys(s, &it))
		return false;
	synth_proc_tell(s, s->proc);
	finish(s, s->proc, &it);
	new = synth_add(s, (enum event_id)ev.type);
	memcpy(new, &ev, synth_event_size(ev.desc));
	return true;
}

static bool read_item(struct synth *s, const struct yaml *node, bool first)
{
	const struct yaml *proc, *type;

	if (!read_count(s->f, node))
		return false;
	if (node->kind != YAML_MAPPING) {
		test_file_say(s->f, node, "an event is a map: {proc: {name: cat}, evt: openat, "
			      "fd.name: /etc/shadow}");
		return false;
	}
	proc = yaml_get(node, "proc");
	type = yaml_get(node, "evt");
	type = type ? type : yaml_get(node, "evt.type");
	if (!take_time(s, yaml_get(node, "time"), first))
		return false;
	if (proc && !(s->proc = synth_proc(s, proc, 0)))
		return false;
	if (!type && !proc) {
		test_file_say(s->f, node, "an event has a type: evt: openat");
		return false;
	}
	if (!s->proc) {
		test_file_say(s->f, node, "which process? The first event says proc: {name: ...}");
		return false;
	}
	if (type)
		return read_event(s, node, type);
	if (node->n > (yaml_get(node, "time") ? 4u : 2u)) {
		test_file_say(s->f, node, "an event has a type: evt: openat");
		return false;
	}
	synth_proc_tell(s, s->proc);
	return true;
}

bool read_events(struct test_file *f, struct test_case *c, const struct yaml *list)
{
	struct synth s = { .f = f, .ts = start_ns };
	bool ok = true;

	if (list->kind != YAML_SEQUENCE || list->n == 0) {
		test_file_say(f, list, "events is a list of events");
		return false;
	}
	if (list->n > SYNTH_EVENTS_MAX) {
		test_file_say(f, list, "at most %u events are written by hand; record them",
			      SYNTH_EVENTS_MAX);
		return false;
	}
	c->events = s.out = arena_zalloc(&f->arena, sizeof(*s.out));
	begin(&s);
	/* After a mistake in a process what follows would be misunderstood. */
	for (uint32_t i = 0; ok && i < list->n; i++)
		ok = read_item(&s, list->kids[i], i == 0);
	free(s.procs);
	return ok;
}
