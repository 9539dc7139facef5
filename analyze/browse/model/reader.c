/* SPDX-License-Identifier: Apache-2.0 */
/* Readers: which part of which scan each of them reads next. */
#include <stdlib.h>

#include "analyze/browse/model/pass.h"
#include "capture/base/err.h"

enum {
	AHEAD = 3,		/* parts for each reader that may wait to be joined */
	AHEAD_BYTES = 64 << 20,	/* and what they may take until no more are begun */
};

/* ---- whose turn it is ---- */

static bool may_begin(const struct browse *b, const struct scan *s)
{
	if (s->cancelled || s->failed[0] || s->next_part >= s->n_parts
	    || (s->base && b->rows_wanted && !b->grows))
		return false;
	return s->next_part == s->joining || (s->waiting_bytes < AHEAD_BYTES
		&& s->next_part < s->joining + AHEAD * b->n_readers);
}

/* One that waits at the end has something to read. */
static bool may_go_on(const struct browse *b, const struct scan *s)
{
	return s->tail && !s->cancelled && (s->tail_size < b->info.size || b->over)
		&& (s->joining + 1 == s->n_parts || s->waiting_bytes < AHEAD_BYTES);
}

/* aside: only what is more urgent than the first pass. */
static struct scan *find_work(const struct browse *b, bool aside)
{
	for (struct scan *s = b->scans; s && !(aside && s->base); s = s->next)
		if (may_begin(b, s) || may_go_on(b, s))
			return s;
	return NULL;
}

/* ---- the end of a recording that grows ---- */

void tail_free(struct pass *p)
{
	if (p->parcel)
		parcel_free(p->parcel);
	pass_release(p);
	source_close(p->self.source);
	free(p);
}

static struct pass *tail_new(struct reader *r, struct scan *s)
{
	struct pass *p = xcalloc(1, sizeof(*p));

	p->self.b = r->b;
	p->self.source = source_again(r->source);
	if (!p->self.source) {
		free(p);
		return NULL;
	}
	pass_init(p, &p->self, s);
	return p;
}

/* No source of its own: all that can be said is that it failed. */
static void no_tail(struct reader *r, struct scan *s, unsigned part)
{
	struct pass *p = xcalloc(1, sizeof(*p));

	pass_init(p, r, s);
	pass_begin(p, part);
	pass_end(p, -ERR_SYSTEM);
	pass_release(p);
	free(p);
}

/* The last part of a scan that follows, from its begin or (tail) from where it was the end.  With
 * the lock, which it gives back meanwhile. */
static void run_tail(struct reader *r, struct scan *s)
{
	struct browse *const b = r->b;
	const struct limit limit = limit_of(b);
	const unsigned part = s->n_parts - 1;
	struct pass *p = s->tail;
	const bool begins = !p;
	int rc = -1;

	s->next_part = s->n_parts;
	s->tail = NULL;
	s->n_working++;
	browse_unlock(b);
	if (begins)
		p = tail_new(r, s);
	if (p)
		limit_take(b, &limit, p->r->source);
	if (p && begins)
		pass_begin(p, part);
	if (p)
		rc = begins ? pass_read(p) : pass_read_on(p);
	if (!p) {
		no_tail(r, s, part);
	} else if (rc == 1 && !limit.over) {
		pass_send(p, limit.size);
	} else {
		pass_end(p, rc);
		tail_free(p);
		p = NULL;
	}
	browse_lock(b);
	s->tail = p;
	s->tail_size = limit.size;
	s->n_working--;
	pthread_cond_signal(&b->parcels);
}

static bool is_tail(const struct scan *s)
{
	return s->tail || (s->follows && s->next_part + 1 == s->n_parts);
}

/* ---- at work ---- */

/* With the lock, which it gives back meanwhile; NULL. */
static struct pass *leave(struct pass *p)
{
	struct browse *const b = p->r->b;
	struct scan *const s = p->scan;

	browse_unlock(b);
	pass_release(p);
	free(p);
	browse_lock(b);
	s->n_working--;
	pthread_cond_signal(&b->parcels);
	return NULL;
}

/* Reads one part, of the scan that p (NULL: none) is at; with the lock, which it gives back
 * meanwhile. */
static struct pass *read_one(struct reader *r, struct pass *p, struct scan *s)
{
	struct browse *const b = r->b;
	const struct limit limit = limit_of(b);
	const unsigned part = s->next_part++;

	s->n_working += !p;
	browse_unlock(b);
	limit_take(b, &limit, r->source);
	if (!p) {
		p = xcalloc(1, sizeof(*p));
		pass_init(p, r, s);
	}
	pass_begin(p, part);
	pass_end(p, pass_read(p));
	browse_lock(b);
	return p;
}

/* A reader stays with a scan as long as there is nothing more urgent.  aside: until there is
 * nothing that the first pass gives way to.  With the lock. */
static void work(struct reader *r, bool aside)
{
	struct browse *const b = r->b;
	struct pass *p = NULL;

	while (!b->stop) {
		struct scan *const s = find_work(b, aside);

		if (s && is_tail(s))
			run_tail(r, s);
		else if (p && p->scan != s)
			p = leave(p);
		else if (s)
			p = read_one(r, p, s);
		else if (!aside || b->rows_wanted)
			pthread_cond_wait(&b->work, &b->lock);
		else
			break;
	}
	if (p)
		leave(p);
}

void *reader_run(void *arg)
{
	struct reader *const r = arg;

	browse_lock(r->b);
	work(r, false);
	browse_unlock(r->b);
	return NULL;
}

void reader_give_way(struct reader *r)
{
	if (!r->aside)
		return;
	browse_lock(r->b);
	work(r->aside, true);
	browse_unlock(r->b);
}
