/* SPDX-License-Identifier: Apache-2.0 */
/* Old captures have two events for a call; what the first one says is wanted when the
 * second comes.  One slot per thread in a table of bounded size: where the bound is
 * reached a thread's call loses what only its beginning said, nothing else.
 *
 * The end of any call empties its thread's slot, whether or not it needs what is there: a
 * beginning whose end is missing must not complete a later call. */
#include "capture/trace/scap.h"

#include <stdlib.h>
#include <string.h>

enum {
	INLINE = 44,			/* most beginnings are a descriptor and a size */
	PROBES = 8,
	SLOTS_MIN = 1 << 8, SLOTS_MAX = 1 << 17,
	LEN_MAX = 8 << 10,		/* of one beginning */
	HEAP_MAX = 32 << 20,		/* of all that do not fit inline */
};

struct slot {
	uint64_t tid, ts;
	uint8_t *heap;
	uint16_t code, n, len, heap_cap;	/* n 0: nothing kept */
	bool used, waiting;		/* waiting: the end has not come */
	uint8_t bytes[INLINE];
};

struct scap_enters {
	struct slot *slots;
	size_t n_slots, n_waiting, heap;
};

struct scap_enters *scap_enters_new(void)
{
	struct scap_enters *e = xcalloc(1, sizeof(*e));

	e->n_slots = SLOTS_MIN;
	e->slots = xcalloc(e->n_slots, sizeof(*e->slots));
	return e;
}

void scap_enters_clear(struct scap_enters *e)
{
	for (size_t i = 0; i < e->n_slots; i++)
		free(e->slots[i].heap);
	memset(e->slots, 0, e->n_slots * sizeof(*e->slots));
	e->heap = e->n_waiting = 0;
}

void scap_enters_free(struct scap_enters *e)
{
	scap_enters_clear(e);
	free(e->slots);
	free(e);
}

static size_t home(const struct scap_enters *e, uint64_t tid)
{
	return (size_t)(tid * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (e->n_slots - 1);
}

/* The slot of tid, or a free one if free is not NULL; NULL: neither near its home. */
static struct slot *find(struct scap_enters *e, uint64_t tid, struct slot **unused)
{
	const size_t h = home(e, tid);

	for (size_t i = 0; i < PROBES; i++) {
		struct slot *s = &e->slots[(h + i) & (e->n_slots - 1)];

		if (s->used && s->tid == tid)
			return s;
		if (!s->used) {
			if (unused)
				*unused = s;
			return NULL;
		}
	}
	return NULL;
}

static void grow(struct scap_enters *e)
{
	struct slot *old = e->slots;
	const size_t n = e->n_slots;

	e->n_slots *= 2;
	e->slots = xcalloc(e->n_slots, sizeof(*e->slots));
	for (size_t i = 0; i < n; i++) {
		struct slot *to = NULL;

		if (old[i].used && !find(e, old[i].tid, &to) && to) {
			*to = old[i];
			continue;
		}
		e->n_waiting -= old[i].waiting;
		if (old[i].heap) {
			e->heap -= old[i].heap_cap;
			free(old[i].heap);
		}
	}
	free(old);
}

static struct slot *slot_for(struct scap_enters *e, uint64_t tid)
{
	for (;;) {
		struct slot *unused = NULL, *s = find(e, tid, &unused);

		if (s)
			return s;
		if (!unused && e->n_slots < SLOTS_MAX) {
			grow(e);
			continue;
		}
		s = unused ? unused : &e->slots[home(e, tid)];
		e->n_waiting -= s->waiting;
		s->used = true;
		s->waiting = false;
		s->tid = tid;
		return s;
	}
}

static uint8_t *room(struct scap_enters *e, struct slot *s, size_t len)
{
	if (len <= INLINE)
		return s->bytes;
	if (len <= s->heap_cap)
		return s->heap;
	if (e->heap - s->heap_cap + len > HEAP_MAX)
		return NULL;
	e->heap += len - s->heap_cap;
	free(s->heap);
	s->heap = xmalloc(len);
	s->heap_cap = (uint16_t)len;
	return s->heap;
}

void scap_enter_put(struct scap_enters *e, uint64_t tid, uint64_t ts, unsigned code, unsigned n,
		    const uint8_t *p, size_t len)
{
	struct slot *s = slot_for(e, tid);
	uint8_t *to;

	e->n_waiting += !s->waiting;
	s->waiting = true;
	s->code = (uint16_t)code;
	s->ts = ts;
	s->n = 0;
	if (!n || len > LEN_MAX)
		return;
	to = room(e, s, len);
	if (!to)
		return;
	memcpy(to, p, len);
	s->n = (uint16_t)n;
	s->len = (uint16_t)len;
}

enum scap_begun scap_enter_take(struct scap_enters *e, uint64_t tid, unsigned code,
				struct scap_begin *b)
{
	struct slot *s = e->n_waiting ? find(e, tid, NULL) : NULL;

	*b = (struct scap_begin){0};
	if (!s || !s->waiting)
		return SCAP_BEGUN_NOTHING;
	s->waiting = false;
	e->n_waiting--;
	if (s->code == code || s->code == SCAP_GENERIC_ENTER)
		b->ts = s->ts;
	if (s->code != code)
		return SCAP_BEGUN_OTHER;
	b->n = s->n;
	b->len = s->len;
	b->p = s->len <= INLINE ? s->bytes : s->heap;
	return SCAP_BEGUN;
}
