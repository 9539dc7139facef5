/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/browse/model/watcher.h"

#include <string.h>

static struct block_watch copy_of(const struct block_watch *of)
{
	struct block_watch w = { .cond = cond_clone(of->cond) };

	for (unsigned g = 0; g < GATES; g++)
		w.test[g] = of->test[g] ? cond_clone(of->test[g]) : NULL;
	return w;
}

void watcher_init(struct watcher *w, struct blocks *x)
{
	w->x = x;
	memset(w->of_fd, 0xff, sizeof(w->of_fd));
	w->on_host = w->untimed = UINT64_MAX;
	for (unsigned i = 0; i < x->n_watches; i++) {
		w->watch[i] = copy_of(&x->watch[i]);
		for (unsigned t = 0; t < EV__N; t++)
			if (event_set_has(cond_events(x->watch[i].cond), t))
				w->of_type[t] |= UINT64_C(1) << i;
	}
	watcher_begin(w);
}

void watcher_release(struct watcher *w)
{
	for (unsigned i = 0; w->x && i < w->x->n_watches; i++)
		block_watch_release(&w->watch[i]);
}

static void put_seen(struct watcher *w)
{
	if (!w->end || w->at >= w->x->n)
		return;
	w->x->v[w->at].seen = w->seen;
	w->x->v[w->at].who = w->who;
}

void watcher_begin(struct watcher *w)
{
	w->at = 0;
	w->end = w->seen = 0;
	w->thread = NULL;
}

void watcher_end(struct watcher *w, unsigned part, unsigned to_part)
{
	put_seen(w);
	for (; w->x->n && part < to_part; part++)
		__atomic_store_n(&w->x->read[part], true, __ATOMIC_RELEASE);
}

void watcher_next(struct watcher *w, uint64_t num)
{
	put_seen(w);
	w->at = blocks_at(w->x, num);
	w->end = w->at < w->x->n ? w->x->v[w->at].end : UINT64_MAX;
	w->seen = w->at < w->x->n ? 0 : UINT64_MAX;
	w->who = (struct who){0};
	w->thread = NULL;
}

void watcher_who(struct watcher *w, const struct thread *t)
{
	const unsigned pid = who_pid(t->proc->pid), name = who_name(t->comm.p, t->comm.len);

	w->who.pids[pid / 64] |= UINT64_C(1) << pid % 64;
	w->who.names[name / 64] |= UINT64_C(1) << name % 64;
	w->thread = t;
}

/* A watch did not hold: nor will it where a test of it fails always. */
static void learn(struct watcher *w, unsigned i, const struct field_ctx *c)
{
	struct cond *const *test = w->watch[i].test;
	const uint64_t bit = UINT64_C(1) << i;

	if (test[GATE_TYPE] && !cond_eval(test[GATE_TYPE], c))
		w->of_type[c->ev->type] &= ~bit;
	else if (test[GATE_FD] && watcher_fd(c) != WATCH_LOST && !cond_eval(test[GATE_FD], c))
		w->of_fd[watcher_fd(c)] &= ~bit;
	else if (test[GATE_HOST] && watcher_on_host(c) && !cond_eval(test[GATE_HOST], c))
		w->on_host &= ~bit;
	else if (test[GATE_UNTIMED] && !c->ev->latency && !cond_eval(test[GATE_UNTIMED], c))
		w->untimed &= ~bit;
}

void watcher_look(struct watcher *w, uint64_t due, const struct field_ctx *c)
{
	for (; due; due &= due - 1) {
		const unsigned i = (unsigned)__builtin_ctzll(due);

		if (cond_eval(w->watch[i].cond, c))
			w->seen |= UINT64_C(1) << i;
		else
			learn(w, i, c);
	}
}
