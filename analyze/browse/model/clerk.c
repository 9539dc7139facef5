/* SPDX-License-Identifier: Apache-2.0 */
/* The clerk: a thread that joins what readers have gathered, has queries put their rows in order,
 * and throws away what nobody wants any more. */
#include "analyze/browse/model/inside.h"
#include "capture/base/progress.h"

enum { ARRANGE_NS = 120000000 };

/* ---- what came ---- */

/* A scan whose parcel can be joined. */
static struct scan *find_parcel(struct browse *b, struct parcel **p)
{
	for (struct scan *s = b->scans; s; s = s->next) {
		*p = scan_take(s);
		if (*p)
			return s;
	}
	return NULL;
}

/* Joins the parcel whose turn it is; the scan, or NULL.  With the lock, which it gives back
 * meanwhile. */
static struct scan *join_one(struct browse *b)
{
	struct parcel *p;
	struct scan *const s = find_parcel(b, &p);

	if (!s)
		return NULL;
	browse_unlock(b);
	scan_join(s, p);
	browse_lock(b);
	pthread_cond_broadcast(&b->work);
	return s;
}

/* ---- what is not wanted ---- */

static bool is_done_with(const struct scan *s)
{
	return s->n_refs == 0 && s->n_working == 0 && !s->base && (s->cancelled || s->failed[0]);
}

/* Frees what nobody wants, and of the complete ones those used longest ago. */
static void reap(struct browse *b)
{
	struct scan **at = &b->scans, *oldest = NULL;
	unsigned kept = 0;

	while (*at) {
		struct scan *const s = *at;

		if (is_done_with(s)) {
			*at = s->next;
			if (s->parent)
				s->parent->n_refs--;
			scan_free(s);
			continue;
		}
		if (s->n_refs == 0 && !s->base) {
			kept++;
			if (!oldest || s->last_used < oldest->last_used)
				oldest = s;
		}
		at = &s->next;
	}
	if (kept > KEPT_SCANS)
		scan_cancel(oldest);
}

/* ---- at work ---- */

/* With the lock, which it gives back meanwhile.  True: there is nothing else to do. */
static bool arrange(struct browse *b, bool joined)
{
	const bool any = b->arrange;

	b->arrange = false;
	browse_unlock(b);
	if (queries_arrange(b) || joined)
		browse_tell(b);
	browse_lock(b);
	return !joined && !any && !b->arrange && !b->stop && !b->parcel_came;
}

void *clerk_run(void *arg)
{
	struct browse *const b = arg;
	uint64_t arranged = 0;

	browse_lock(b);
	while (!b->stop) {
		const struct scan *const s = join_one(b);

		if (!s)
			reap(b);
		if (!s || scan_complete(s) || monotonic_ns() - arranged > ARRANGE_NS) {
			const bool idle = arrange(b, s != NULL);

			arranged = monotonic_ns();
			if (idle)
				pthread_cond_wait(&b->parcels, &b->lock);
			b->parcel_came = false;
		}
	}
	browse_unlock(b);
	return NULL;
}
