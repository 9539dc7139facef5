/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/browse/model/model.h"

#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "analyze/browse/model/inside.h"
#include "analyze/browse/model/kept.h"

/* ---- news ---- */

int browse_fd(const struct browse *b)
{
	return b->event_fd;
}

uint64_t browse_changed(struct browse *b)
{
	uint64_t n;

	if (read(b->event_fd, &n, sizeof(n)) < 0)
		n = 0;	/* nothing since the last time */
	return __atomic_load_n(&b->n_changes, __ATOMIC_RELAXED);
}

void browse_tell(struct browse *b)
{
	const uint64_t one = 1;

	__atomic_add_fetch(&b->n_changes, 1, __ATOMIC_RELAXED);
	/* Full only after 2^64 of them. */
	if (write(b->event_fd, &one, sizeof(one)) < 0)
		return;
}

void browse_pause(struct browse *b)
{
	if (__atomic_load_n(&b->n_waiting, __ATOMIC_RELAXED) == 0)
		return;
	browse_unlock(b);
	while (__atomic_load_n(&b->n_waiting, __ATOMIC_RELAXED) > 0)
		sched_yield();
	browse_lock(b);
}

/* ---- a recording that grows ---- */

void limit_take(struct browse *b, const struct limit *l, struct source *s)
{
	if (!l->size)
		return;
	browse_lock(b);
	source_grow_as(s, b->first, l->size, l->over);
	browse_unlock(b);
}

int browse_grow(struct browse *b, bool over)
{
	int rc;

	if (!b->grows || b->over)
		return 0;
	browse_lock(b);
	rc = over ? source_grow_last(b->first) : source_grow(b->first);
	if (rc > 0 || over) {
		b->info.last_ts = b->first->info.last_ts;
		b->info.n_events = b->first->info.n_events;
		b->info.size = b->first->info.size;
		parts_grow(b);
		kept_move_on(b);
		b->over = over;
		pthread_cond_broadcast(&b->work);
	}
	browse_unlock(b);
	if (rc > 0 || over)
		browse_tell(b);
	return rc < 0 ? rc : rc > 0 || over;
}

/* ---- what is known ---- */

bool browse_is_timed(const struct browse *b)
{
	return __atomic_load_n(&b->timed, __ATOMIC_RELAXED);
}

const struct source_info *browse_info(const struct browse *b)
{
	return &b->info;
}

struct ruleset *browse_rules(const struct browse *b)
{
	return b->rules;
}

const struct views *browse_views(const struct browse *b)
{
	return b->views;
}

bool browse_tells(const struct browse *b, const struct view *v, unsigned column)
{
	switch ((enum sampled)v->columns[column].sampled) {
	case SAMPLED_NOT:
		break;
	case SAMPLED_THREADS:
		return __atomic_load_n(&b->sampled[0], __ATOMIC_RELAXED);
	case SAMPLED_PROCESSORS:
		return __atomic_load_n(&b->sampled[1], __ATOMIC_RELAXED);
	case SAMPLED_CONTAINERS:
		return __atomic_load_n(&b->contains, __ATOMIC_RELAXED);
	}
	return true;
}

unsigned browse_sort(const struct browse *b, const struct view *v)
{
	return browse_tells(b, v, v->sort) ? v->sort : v->sort_else;
}

const char *browse_file_change(struct browse *b)
{
	return original_change(&b->original, b->info.size);
}

void browse_progress(struct browse *b, struct browse_progress *out)
{
	const struct scan *s = b->base;

	browse_lock(b);
	*out = (struct browse_progress){ .permille = scan_permille(s),
		.complete = scan_complete(s), .live = s->caught_up,
		.done_ts = s->done_ts, .n_events = s->n_events, .n_lost = s->n_lost,
		.n_losses = s->n_losses, .n_new_programs = b->marks[MARK_PROGRAM].n,
		.damage = b->damage };
	memcpy(out->n_alerts, s->n_alerts, sizeof(out->n_alerts));
	browse_unlock(b);
}
