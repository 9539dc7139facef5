/* SPDX-License-Identifier: Apache-2.0 */
/* The first pass notes what it sees of each block: which watches hold on an event in it, whose
 * events they are. */
#ifndef SAKER_BROWSE_WATCHER_H
#define SAKER_BROWSE_WATCHER_H

#include "analyze/browse/model/blocks.h"
#include "capture/base/fdkind.h"

enum { WATCH_NO_FD = FD__N, WATCH_LOST, WATCH_FDS };

struct watcher {
	struct blocks *x;
	struct block_watch watch[WATCHES_MAX];
	uint64_t seen, end;	/* of the block at hand */
	struct who who;
	size_t at;
	const struct thread *thread;	/* of the event before */
	/* Watches that can hold, as bits: on a type, on a kind of descriptor, outside of
	 * containers, without latency. */
	uint64_t of_type[EV__N], of_fd[WATCH_FDS], on_host, untimed;
};

void watcher_init(struct watcher *w, struct blocks *x);
void watcher_release(struct watcher *w);
/* At a place behind the last event or before it. */
void watcher_begin(struct watcher *w);
/* The parts from part on, up to but not to_part, have been read. */
void watcher_end(struct watcher *w, unsigned part, unsigned to_part);

/* ---- of watcher_add ---- */

/* The block of event num is the one at hand now. */
void watcher_next(struct watcher *w, uint64_t num);
/* Which of the watches due hold on the event. */
void watcher_look(struct watcher *w, uint64_t due, const struct field_ctx *c);
/* An event of a thread, or one that changed it. */
void watcher_who(struct watcher *w, const struct thread *t);

/* What fields of descriptors see: one of a kind, none, or after a loss perhaps one. */
static inline unsigned watcher_fd(const struct field_ctx *c)
{
	const bool has = c->cur->thread
		&& c->ev->desc->flags & (EF_CREATES_FD | EF_USES_FD | EF_DESTROYS_FD);
	const struct fdinfo *f = has ? c->cur->fd : NULL;

	if (f)
		return f->kind < FD__N ? f->kind : FD_UNKNOWN;
	return c->cur->after_loss ? WATCH_LOST : WATCH_NO_FD;
}

static inline bool watcher_on_host(const struct field_ctx *c)
{
	return !c->cur->container && c->cur->thread && !c->cur->thread->proc->container;
}

/* The event at hand, the next of those that count. */
static inline void watcher_add(struct watcher *w, const struct field_ctx *c)
{
	uint64_t due;

	if (c->ev->num >= w->end)
		watcher_next(w, c->ev->num);
	if (c->cur->thread
	    && (c->cur->thread != w->thread || c->ev->desc->flags & EF_MODIFIES_STATE))
		watcher_who(w, c->cur->thread);
	due = w->of_type[c->ev->type] & w->of_fd[watcher_fd(c)] & ~w->seen;
	if (!c->ev->latency)
		due &= w->untimed;
	if (due && watcher_on_host(c))
		due &= w->on_host;
	if (due)
		watcher_look(w, due, c);
}

#endif
