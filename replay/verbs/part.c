/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/verbs/part.h"

#include <stdlib.h>
#include <string.h>

#include "capture/base/mem.h"
#include "replay/state/anonymous.h"

/* A key frame is due after so many bytes of events, and so many times its own size. */
enum { KEY_AFTER = 32 << 20, KEY_RATIO = 16, PIDS = 1 << 22 };

struct id_list {
	uint32_t *v;
	size_t n, cap;
};

struct part {
	struct writer *w;
	struct state *st;
	part_keep *keep;
	void *arg;
	bool anonymous;
	bool started;		/* the first key frame is written */
	bool in_snapshot;	/* a snapshot comes from the input */
	bool had_events;
	struct part_range range;
	uint64_t last_ts;
	struct id_list uids, gids, pids;	/* of what is kept, for a key frame */
	struct id_list told_uids, told_gids;	/* accounts that the output has had */
	const struct container **containers, **told;
	size_t n_containers, cap_containers, n_told, told_cap;
	uint8_t *known;		/* by pid: the output has what this process inherited */
	struct event changed;
};

struct part *part_new(struct writer *w, part_keep *keep, void *arg, bool anonymous)
{
	struct part *p = xcalloc(1, sizeof(*p));

	p->w = w;
	p->st = state_new(NULL);
	p->keep = keep;
	p->arg = arg;
	p->anonymous = anonymous;
	if (keep)
		p->known = xcalloc(PIDS, 1);
	return p;
}

void part_free(struct part *p)
{
	if (!p)
		return;
	state_free(p->st);
	free(p->uids.v);
	free(p->gids.v);
	free(p->pids.v);
	free(p->told_uids.v);
	free(p->told_gids.v);
	free(p->containers);
	free(p->told);
	free(p->known);
	free(p);
}

const struct state *part_state(const struct part *p)
{
	return p->st;
}

struct part_range part_range(const struct part *p)
{
	return p->range;
}

/* ---- what a key frame needs ---- */

static bool has(const struct id_list *l, uint64_t id)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i] == id)
			return true;
	return false;
}

static void add_id(struct id_list *l, uint32_t id)
{
	if (has(l, id))
		return;
	l->v = mem_grow(l->v, &l->cap, l->n + 1, sizeof(*l->v));
	l->v[l->n++] = id;
}

static void add_ids(struct id_list *l, const struct id_list *more)
{
	for (size_t i = 0; i < more->n; i++)
		add_id(l, more->v[i]);
}

static bool kept(const struct thread *t, void *arg)
{
	const struct part *p = arg;

	return p->keep(p->st, t, p->arg);
}

static void add_container(struct part *p, const struct container *c)
{
	for (size_t i = 0; i < p->n_containers; i++)
		if (p->containers[i] == c)
			return;
	p->containers = mem_grow(p->containers, &p->cap_containers, p->n_containers + 1,
				 sizeof(const struct container *));
	p->containers[p->n_containers++] = c;
}

static void note_accounts(const struct thread *t, struct part *p)
{
	add_id(&p->uids, t->uid);
	add_id(&p->uids, t->euid);
	add_id(&p->uids, t->loginuid);
	add_id(&p->gids, t->gid);
	add_id(&p->gids, t->egid);
}

static int note_needs(const struct thread *t, void *arg)
{
	struct part *p = arg;

	if (!kept(t, p))
		return 0;
	note_accounts(t, p);
	add_id(&p->pids, t->proc->pid);
	if (t->proc->pid < PIDS)
		p->known[t->proc->pid] = true;
	if (t->proc->container)
		add_container(p, t->proc->container);
	return 0;
}

/* Containers that the output has heard of. */
static bool is_told(const struct part *p, const struct container *c)
{
	for (size_t i = 0; i < p->n_told; i++)
		if (p->told[i] == c)
			return true;
	return false;
}

static void note_told(struct part *p, const struct container *c)
{
	if (is_told(p, c))
		return;
	p->told = mem_grow(p->told, &p->told_cap, p->n_told + 1, sizeof(p->told[0]));
	p->told[p->n_told++] = c;
}

static bool container_needed(const struct part *p, const struct value *id)
{
	for (size_t i = 0; i < p->n_containers; i++)
		if (id->state == VALUE_SET && id->len == p->containers[i]->id.len
		    && !memcmp(id->p, p->containers[i]->id.p, id->len))
			return true;
	return false;
}

static bool is_loopback(const struct value *addr)
{
	static const uint8_t one[16] = { [15] = 1 };

	if (addr->state != VALUE_SET || addr->len < 5)
		return false;
	return addr->p[0] == 2 ? addr->p[1] == 127
		: addr->len >= 17 && !memcmp(addr->p + 1, one, sizeof(one));
}

/* All accounts of a container that is needed, since its processes may still change theirs; of
 * the machine those that are in use. */
static bool is_of(const struct part *p, const struct value *container,
		  const struct id_list *ids, uint64_t id)
{
	if (container->state == VALUE_SET && container->len)
		return container_needed(p, container);
	return has(ids, id);
}

/* Is this row of a key frame needed by the threads that are kept? */
static bool row_needed(const struct part *p, const struct event *ev)
{
	switch (ev->type) {
	case EV_SNAP_USER:
		return is_of(p, EV(ev, SNAP_USER, container), &p->uids,
			     value_u64(EV(ev, SNAP_USER, uid), UINT64_MAX));
	case EV_SNAP_GROUP:
		return is_of(p, EV(ev, SNAP_GROUP, container), &p->gids,
			     value_u64(EV(ev, SNAP_GROUP, gid), UINT64_MAX));
	case EV_SNAP_MOUNT:
		return has(&p->pids, value_u64(EV(ev, SNAP_MOUNT, pid), UINT64_MAX));
	case EV_SNAP_IFACE:
		return is_loopback(EV(ev, SNAP_IFACE, addr));
	case EV_CONTAINER:
		return container_needed(p, EV(ev, CONTAINER, id));
	default:
		return true;
	}
}

/* The same event without what names the machine. */
static const struct event *unnamed(struct part *p, const struct event *ev)
{
	return p->anonymous ? anonymous_event(ev, &p->changed) : ev;
}

static int emit(const struct event *ev, void *arg)
{
	struct part *p = arg;

	if (p->keep && !row_needed(p, ev))
		return 0;
	return writer_add(p->w, unnamed(p, ev));
}

static void note_told_accounts(struct part *p)
{
	add_ids(&p->told_uids, &p->uids);
	add_ids(&p->told_gids, &p->gids);
}

/* ---- processes whose parent is not kept ---- */

struct one {
	struct part *p;
	const struct process *proc;
	bool newborn;		/* its first event is its own return from clone */
};

static bool is_one(const struct thread *t, void *arg)
{
	return t->proc == ((const struct one *)arg)->proc;
}

static int emit_one(const struct event *ev, void *arg)
{
	struct part *p = ((const struct one *)arg)->p;

	if (ev->type == EV_SNAP_MACHINE || ev->type == EV_SNAP_END || ev->type == EV_SNAP_IFACE
	    || ev->type == EV_RESOLVED || !row_needed(p, ev))
		return 0;
	if (ev->type != EV_SNAP_THREAD || !((const struct one *)arg)->newborn)
		return writer_add(p->w, ev);
	/* As if its parent had told of it, so that its own return finds it there. */
	p->changed = *ev;
	value_number(&p->changed.v[P(SNAP_THREAD, state)],
		     (value_u64(EV(ev, SNAP_THREAD, state), 0) | TB_ANNOUNCED)
		     & ~(uint64_t)TB_BORN_FIRST);
	return writer_add(p->w, &p->changed);
}

static bool is_birth(const struct event *ev)
{
	return (ev->type == EV_CLONE || ev->type == EV_CLONE3 || ev->type == EV_FORK
		|| ev->type == EV_VFORK) && value_i64(EV(ev, CLONE, res), -1) == 0;
}

/* A process that joins the part with nothing there that it inherited from: what it is at
 * its first event goes before that. */
static int introduce(struct part *p, const struct thread *t, const struct event *ev)
{
	const struct thread *parent = thread_parent(p->st, t);
	struct one one = { p, t->proc, is_birth(ev) };
	bool known;

	if (t->proc->pid >= PIDS || p->known[t->proc->pid])
		return 0;
	known = parent && kept(parent, p);
	p->uids.n = p->gids.n = p->pids.n = p->n_containers = 0;
	note_needs(t, p);
	if (!known)
		note_told_accounts(p);
	return known ? 0 : state_dump(p->st, ev->ts, is_one, emit_one, &one);
}

/* ---- processes that enter a container ---- */

static bool nobody(const struct thread *t, void *arg)
{
	return false;
}

static int emit_container(const struct event *ev, void *arg)
{
	struct part *p = arg;
	const struct value *id;

	switch (ev->type) {
	case EV_CONTAINER:
		id = EV(ev, CONTAINER, id);
		break;
	case EV_SNAP_USER:
		id = EV(ev, SNAP_USER, container);
		break;
	case EV_SNAP_GROUP:
		id = EV(ev, SNAP_GROUP, container);
		break;
	default:
		return 0;
	}
	return container_needed(p, id) ? writer_add(p->w, ev) : 0;
}

/* What is known of a container that the part has not had yet. */
static int introduce_container(struct part *p, const struct thread *t, uint64_t ts)
{
	const struct container *const c = t->proc->container;
	int r;

	if (!c || is_told(p, c))
		return 0;
	p->n_containers = 0;
	add_container(p, c);
	r = state_dump(p->st, ts, nobody, emit_container, p);
	note_told(p, c);
	return r;
}

/* ---- processes that become somebody else ---- */

static bool lacks(const struct id_list *told, const struct id_list *ids)
{
	for (size_t i = 0; i < ids->n; i++)
		if (!has(told, ids->v[i]))
			return true;
	return false;
}

static int emit_account(const struct event *ev, void *arg)
{
	struct part *p = arg;
	const struct value *container;
	const struct id_list *told;
	uint64_t id;

	if (ev->type == EV_SNAP_USER) {
		container = EV(ev, SNAP_USER, container);
		id = value_u64(EV(ev, SNAP_USER, uid), UINT64_MAX);
		told = &p->told_uids;
	} else if (ev->type == EV_SNAP_GROUP) {
		container = EV(ev, SNAP_GROUP, container);
		id = value_u64(EV(ev, SNAP_GROUP, gid), UINT64_MAX);
		told = &p->told_gids;
	} else {
		return 0;
	}
	if ((container->state == VALUE_SET && container->len) || has(told, id)
	    || !row_needed(p, ev))
		return 0;
	return writer_add(p->w, ev);
}

/* Accounts of the machine that a process takes on, if the part has not had them yet. */
static int introduce_accounts(struct part *p, const struct thread *t, uint64_t ts)
{
	int r = 0;

	if (t->proc->container)
		return 0;
	p->uids.n = p->gids.n = 0;
	note_accounts(t, p);
	if (lacks(&p->told_uids, &p->uids) || lacks(&p->told_gids, &p->gids))
		r = state_dump(p->st, ts, nobody, emit_account, p);
	note_told_accounts(p);
	return r;
}

static int key_frame(struct part *p, uint64_t ts, bool fresh)
{
	int r = writer_key_begin(p->w);

	if (r < 0)
		return r;
	if (fresh)
		writer_key_fresh(p->w);
	p->uids.n = p->gids.n = p->pids.n = p->n_containers = 0;
	if (p->keep)
		state_each_thread(p->st, note_needs, p);
	p->told_uids.n = p->told_gids.n = 0;
	note_told_accounts(p);
	r = state_dump(p->st, ts, p->keep ? kept : NULL, emit, p);
	p->started = true;
	for (size_t i = 0; i < p->n_containers; i++)
		note_told(p, p->containers[i]);
	return r < 0 ? r : writer_key_end(p->w);
}

static int key_if_due(struct part *p, uint64_t ts)
{
	const struct writer_stats *s = writer_stats(p->w);

	if (s->raw_since_key < KEY_AFTER
	    || s->raw_since_key < KEY_RATIO * state_stats(p->st)->bytes)
		return 0;
	return key_frame(p, ts, false);
}

/* ---- events ---- */

static bool thread_kept(const struct part *p, uint32_t tid)
{
	const struct thread *t = p->keep ? state_thread(p->st, tid) : NULL;

	return !p->keep || (t && p->keep(p->st, t, p->arg));
}

/* The thread of the event that the state saw last, also if it is gone with it. */
static const struct thread *current(const struct part *p, const struct event *ev)
{
	const struct thread *t = state_current(p->st)->thread;

	return t ? t : state_thread(p->st, ev->tid);
}

/* Snapshots of the input become state; the output gets its own.  One in the middle means
 * that something is missing before it. */
static int add_snapshot(struct part *p, const struct event *ev)
{
	p->in_snapshot = ev->type != EV_SNAP_END;
	if (ev->type == EV_SNAP_MACHINE)
		p->n_told = 0;	/* the state may forget them */
	state_update(p->st, ev);
	return !p->in_snapshot && p->started ? key_frame(p, p->last_ts, true) : 0;
}

/* News of a container that the part has; of the machine's accounts, whoever has them. */
static bool told_by_id(const struct part *p, const struct value *id)
{
	if (id->state != VALUE_SET || id->len == 0)
		return true;
	for (size_t i = 0; i < p->n_told; i++)
		if (p->told[i]->id.len == id->len && !memcmp(p->told[i]->id.p, id->p, id->len))
			return true;
	return false;
}

static bool pseudo_kept(const struct part *p, const struct event *ev)
{
	switch (ev->type) {
	case EV_LOSS:
	case EV_RESOLVED:	/* who asked is often another process than who connects */
		return true;
	case EV_SNAP_THREAD:
		return thread_kept(p, (uint32_t)value_u64(EV(ev, SNAP_THREAD, tid), 0));
	case EV_SNAP_FD:
		return thread_kept(p, (uint32_t)value_u64(EV(ev, SNAP_FD, pid), 0));
	case EV_PROCINFO:
		return thread_kept(p, ev->tid);
	case EV_CONTAINER:
		return !p->keep || told_by_id(p, EV(ev, CONTAINER, id));
	case EV_SNAP_USER:
		return !p->keep || told_by_id(p, EV(ev, SNAP_USER, container));
	case EV_SNAP_GROUP:
		return !p->keep || told_by_id(p, EV(ev, SNAP_GROUP, container));
	default:
		return !p->keep;
	}
}

static int add_pseudo(struct part *p, const struct event *ev, bool wanted)
{
	if (ev->type == EV_SNAP_MACHINE || p->in_snapshot)
		return add_snapshot(p, ev);
	state_update(p->st, ev);
	return p->started && wanted && pseudo_kept(p, ev) ? writer_add(p->w, ev) : 0;
}

int part_add(struct part *p, const struct event *ev, bool wanted)
{
	const struct thread *t;
	int r;

	if (event_is_pseudo(ev))
		return add_pseudo(p, ev, wanted);
	if (wanted && !p->started) {
		r = key_frame(p, ev->ts, false);
		if (r < 0)
			return r;
	}
	state_update(p->st, ev);
	p->last_ts = ev->ts;
	p->had_events = true;
	t = current(p, ev);
	if (p->keep)	/* asked for each, in order: who belongs is known by descent */
		wanted = t && p->keep(p->st, t, p->arg) && wanted;
	if (!wanted)
		return 0;
	r = p->keep ? introduce(p, t, ev) : 0;
	if (r == 0 && p->keep)
		r = introduce_container(p, t, ev->ts);
	if (r == 0 && p->keep)
		r = introduce_accounts(p, t, ev->ts);
	if (r == 0)
		r = writer_add(p->w, ev);
	if (p->keep && ev->type == EV_PROCEXIT && ev->tid < PIDS)
		p->known[ev->tid] = false;
	if (r < 0)
		return r;
	p->range.n++;
	p->range.first = p->range.first ? p->range.first : ev->num;
	p->range.last = ev->num;
	return key_if_due(p, ev->ts);
}

int part_note(struct part *p, const char *text)
{
	struct event ev;

	event_init(&ev, EV_NOTE);
	ev.ts = p->last_ts;
	value_bytes(&ev.v[P(NOTE, text)], text, strlen(text));
	return writer_add(p->w, &ev);
}

int part_end(struct part *p)
{
	return p->started ? 0 : key_frame(p, p->last_ts, false);
}
