/* SPDX-License-Identifier: Apache-2.0 */
/* Before an event that is wished goes what the state knows of the processes that fields of
 * it can speak of: its own, the ancestors, the leaders of session and group, the processes that
 * its parameters name.  The first such snapshot is the key frame that the slice begins with;
 * later ones stand among the events and hold only rows that are new: exactly, or but for counters
 * and what the events between may have changed. */
#include "analyze/test/slice.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "capture/base/err.h"
#include "replay/state/state.h"

enum { FAMILY_MAX = 128, ANCESTORS_MAX = 64 };

/* From hashes to hashes: the last row told of each object. */
struct told {
	struct { uint64_t key, value; } *v;
	size_t n, cap;
};

/* Processes that an event speaks of. */
struct family {
	uint32_t pid[FAMILY_MAX];
	bool whole[FAMILY_MAX];		/* all threads of it */
	unsigned n;
};

struct taking {
	struct slice *s;
	const struct slice_wish *wish;
	struct state *st;
	struct told told;
	struct family family;
	bool everybody;			/* the snapshot is of the whole machine */
	size_t at;			/* in wish->nums */
};

/* ---- items ---- */

/* Descriptions of the recording may go with its next dictionary. */
static const struct event_desc *lasting_desc(struct slice *s, const struct event_desc *d)
{
	struct event_desc *copy;
	struct param_desc *params;

	for (unsigned i = 0; i < EV__N; i++)
		if (d == &catalog[i])
			return d;
	for (size_t i = 0; i < s->n_copied; i++)
		if (s->copied[i]->n_params == d->n_params && s->copied[i]->flags == d->flags &&
		    !strcmp(s->copied[i]->name, d->name))
			return s->copied[i];
	copy = arena_alloc(&s->mem, sizeof(*copy));
	params = arena_alloc(&s->mem, (d->n_params + 1U) * sizeof(*params));
	*copy = *d;
	copy->name = arena_str(&s->mem, d->name);
	copy->params = params;
	for (unsigned i = 0; i < d->n_params; i++) {
		params[i] = d->params[i];
		params[i].name = arena_str(&s->mem, params[i].name);
		params[i].dir = params[i].dir ? arena_str(&s->mem, params[i].dir) : NULL;
	}
	s->copied = mem_grow(s->copied, &s->cap_copied, s->n_copied + 1, sizeof(*s->copied));
	s->copied[s->n_copied++] = copy;
	return copy;
}

static bool is_bytes(const struct event *ev, unsigned param)
{
	return !type_is_number(ev->desc->params[param].type);
}

static int add_item(struct slice *s, const struct event *ev)
{
	struct slice_item *it;

	if (s->n >= SLICE_ITEMS_MAX || s->mem.used > SLICE_BYTES_MAX)
		return err(ERR_LIMIT, "more than %zu events and rows of state are needed", s->n);
	s->v = mem_grow(s->v, &s->cap, s->n + 1, sizeof(*s->v));
	it = &s->v[s->n++];
	*it = (struct slice_item){ .num = ev->num, .ts = ev->ts,
		.latency = ev->latency, .tid = ev->tid, .pid = ev->pid,
		.type = ev->type, .cpu = ev->cpu, .nr = ev->nr, .n_params = ev->n_params,
		.in = true };
	it->desc = ev->type < EV__N && ev->desc == &catalog[ev->type] ? ev->desc
		: lasting_desc(s, ev->desc);
	it->fixed = ev->type == EV_SNAP_MACHINE || ev->type == EV_SNAP_END;
	it->v = arena_alloc(&s->mem, (ev->n_params + 1U) * sizeof(*it->v));
	for (unsigned i = 0; i < ev->n_params; i++) {
		it->v[i] = ev->v[i];
		if (ev->v[i].state == VALUE_SET && is_bytes(ev, i))
			it->v[i].p = (const uint8_t *)arena_strn(&s->mem, ev->v[i].p, ev->v[i].len);
	}
	return 0;
}

void slice_event(const struct slice_item *it, struct event *ev)
{
	ev->num = it->num;
	ev->ts = it->ts;
	ev->latency = it->latency;
	ev->tid = it->tid;
	ev->pid = it->pid;
	ev->type = it->type;
	ev->cpu = it->cpu;
	ev->n_params = it->n_params;
	ev->nr = it->nr;
	ev->desc = it->desc;
	memcpy(ev->v, it->v, it->n_params * sizeof(*it->v));
}

void slice_reset(struct slice *s)
{
	s->n = s->n_copied = 0;
	arena_release(&s->mem);
}

void slice_release(struct slice *s)
{
	slice_reset(s);
	free(s->v);
	free(s->copied);
	*s = (struct slice){0};
}

/* ---- rows that were told before ---- */

static uint64_t *told_at(struct told *t, uint64_t key)
{
	size_t h;

	if (t->n * 2 >= t->cap) {
		const struct told old = *t;

		t->cap = old.cap ? old.cap * 2 : 1024;
		t->v = xcalloc(t->cap, sizeof(*t->v));
		t->n = 0;
		for (size_t i = 0; i < old.cap; i++)
			if (old.v[i].key)
				*told_at(t, old.v[i].key) = old.v[i].value;
		free(old.v);
	}
	key += !key;
	for (h = key & (t->cap - 1); t->v[h].key && t->v[h].key != key; )
		h = (h + 1) & (t->cap - 1);
	t->n += !t->v[h].key;
	t->v[h].key = key;
	return &t->v[h].value;
}

static uint64_t hash_ids(uint64_t a, uint64_t b, uint64_t c)
{
	const uint64_t ids[3] = { a, b, c };

	return XXH3_64bits(ids, sizeof(ids));
}

/* Memory and page faults are other numbers each time. */
static bool is_counter(const struct event *ev, unsigned param)
{
	return ev->type == EV_SNAP_THREAD &&
	       (param == P(SNAP_THREAD, pfmajor) || param == P(SNAP_THREAD, pfminor) ||
		param == P(SNAP_THREAD, vm_size) || param == P(SNAP_THREAD, vm_rss) ||
		param == P(SNAP_THREAD, vm_swap));
}

static uint64_t hash_values(const struct event *ev, bool exact)
{
	uint64_t h = ev->type;

	for (unsigned i = 0; i < ev->n_params; i++) {
		const struct value *v = &ev->v[i];
		const bool bytes = v->state == VALUE_SET && is_bytes(ev, i);
		const uint64_t part = bytes ? XXH3_64bits(v->p, v->len)
			: v->state == VALUE_SET ? v->u : v->state;

		if (exact || !is_counter(ev, i))
			h = hash_ids(h, part, v->state);
	}
	return h;
}

/* What an event changed has to be told anew: how many events of the process there were. */
static uint64_t *events_of(struct taking *t, uint64_t pid)
{
	return told_at(&t->told, hash_ids(EV__N, pid, 1));
}

/* Has the slice this row, about what it tells of, as the last one? */
static bool is_told(struct taking *t, const struct event *ev)
{
	const bool exact = t->wish->exact;
	uint64_t content = hash_values(ev, exact), about = content, *last;

	if (ev->type == EV_SNAP_THREAD || ev->type == EV_SNAP_FD) {
		const bool fd = ev->type == EV_SNAP_FD;
		const uint64_t pid = value_u64(fd ? EV(ev, SNAP_FD, pid)
					       : EV(ev, SNAP_THREAD, pid), 0);

		about = fd ? hash_ids(ev->type, pid, value_u64(EV(ev, SNAP_FD, fd), 0))
			: hash_ids(ev->type, value_u64(EV(ev, SNAP_THREAD, tid), 0), 0);
		if (exact)
			content = hash_ids(content, *events_of(t, pid), 2);
	}
	last = told_at(&t->told, about);
	if (*last == content)
		return true;
	*last = content;
	return false;
}

/* ---- whom an event speaks of ---- */

static void add_process(struct family *f, const struct thread *t, bool whole)
{
	unsigned i = 0;

	while (i < f->n && f->pid[i] != t->proc->pid)
		i++;
	if (i == FAMILY_MAX)
		return;
	if (i == f->n) {
		f->pid[f->n++] = t->proc->pid;
		f->whole[i] = false;
	}
	f->whole[i] |= whole;
}

static void add_family(struct family *f, const struct state *st, uint32_t tid)
{
	const struct thread *t = state_thread(st, tid), *leader;

	if (!t)
		return;
	add_process(f, t, true);
	leader = state_thread(st, (uint32_t)t->proc->sid);
	if (leader)
		add_process(f, leader, false);
	leader = state_thread(st, (uint32_t)t->proc->pgid);
	if (leader)
		add_process(f, leader, false);
	for (unsigned n = 0; n < ANCESTORS_MAX && (t = thread_parent(st, t)); n++)
		add_process(f, t, false);
}

static void find_family(struct taking *t, const struct event *ev)
{
	t->family.n = 0;
	add_family(&t->family, t->st, ev->tid);
	for (unsigned i = 0; i < ev->n_params && i < ev->desc->n_params; i++)
		if (ev->desc->params[i].type == PT_PID && ev->v[i].state == VALUE_SET &&
		    ev->v[i].u && ev->v[i].u < UINT32_MAX)
			add_family(&t->family, t->st, (uint32_t)ev->v[i].u);
}

static bool is_of_family(const struct thread *th, void *arg)
{
	const struct taking *t = arg;

	for (unsigned i = 0; i < t->family.n; i++)
		if (t->family.pid[i] == th->proc->pid)
			return t->family.whole[i] || !th->proc->leader || th->proc->leader == th;
	return t->everybody;
}

static bool has_pid(const struct taking *t, uint64_t pid)
{
	for (unsigned i = 0; i < t->family.n; i++)
		if (t->family.pid[i] == pid)
			return true;
	return t->everybody;
}

/* ---- snapshots ---- */

static int first_row(const struct event *ev, void *arg)
{
	struct taking *t = arg;

	if (ev->type == EV_SNAP_MOUNT && !has_pid(t, value_u64(EV(ev, SNAP_MOUNT, pid), 0)))
		return 0;
	is_told(t, ev);
	return add_item(t->s, ev);
}

static int later_row(const struct event *ev, void *arg)
{
	struct taking *t = arg;

	if (ev->type == EV_SNAP_MACHINE || ev->type == EV_SNAP_END || ev->type == EV_SNAP_IFACE ||
	    (ev->type == EV_SNAP_MOUNT && !has_pid(t, value_u64(EV(ev, SNAP_MOUNT, pid), 0))) ||
	    is_told(t, ev))
		return 0;
	return add_item(t->s, ev);
}

static int take_state(struct taking *t, const struct event *ev)
{
	const bool first = t->s->n == 0;

	if (!first && t->wish->all_events)
		return 0;
	find_family(t, ev);
	t->everybody = first && t->wish->whole_state;
	return state_dump(t->st, ev->ts, t->everybody ? NULL : is_of_family,
			  first ? first_row : later_row, t);
}

/* ---- the pass ---- */

static int take(struct taking *t, const struct event *ev)
{
	const struct slice_wish *const w = t->wish;
	const bool wished = ev->num && t->at < w->n && ev->num >= w->nums[t->at];
	int r = 0;

	if (wished)
		r = take_state(t, ev);
	if (r == 0 && (wished || (w->all_events && t->s->n)))
		r = add_item(t->s, ev);
	if (wished)
		++*events_of(t, ev->pid ? ev->pid : ev->tid);
	while (wished && t->at < w->n && ev->num >= w->nums[t->at])
		t->at++;
	return r;
}

int slice_take(struct slice *s, struct source *in, const struct slice_wish *wish)
{
	struct taking t = { .s = s, .wish = wish, .st = state_new(NULL) };
	struct event ev;
	int r = 0;

	slice_reset(s);
	while (t.at < wish->n && r == 0 && (r = source_next(in, &ev)) == 0) {
		r = take(&t, &ev);
		state_update(t.st, &ev);
	}
	free(t.told.v);
	state_free(t.st);
	return r < 0 ? r : 0;
}
