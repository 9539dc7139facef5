/* SPDX-License-Identifier: Apache-2.0 */
/* A ring belongs to one CPU and is in order of time; a heap over the rings merges
 * them.  Only what was visible at rings_poll is merged: the caller takes the time before
 * it polls, and whatever is older than that by more than a program can take to publish
 * its record is then complete. */
#include "capture/live/rings.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "capture/base/err.h"
#include "capture/base/mem.h"

int rings_open(struct rings *r, int map_fd, unsigned n, uint32_t ring_size)
{
	*r = (struct rings){ .element = WIRE_DATA + (size_t)ring_size + WIRE_SLACK,
			     .size = ring_size, .n = n, .last = n };
	r->map = mmap(NULL, r->element * n, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
	if (r->map == MAP_FAILED) {
		r->map = NULL;
		return err_sys("cannot map the rings of %u CPUs", n);
	}
	r->views = xcalloc(n, sizeof(*r->views));
	r->heap = xcalloc(n, sizeof(*r->heap));
	for (unsigned i = 0; i < n; i++) {
		r->views[i].ring = (void *)((uint8_t *)r->map + r->element * i);
		r->views[i].data = (uint8_t *)r->views[i].ring + WIRE_DATA;
	}
	return 0;
}

void rings_close(struct rings *r)
{
	for (unsigned i = 0; r->views && i < r->n; i++)
		buf_release(&r->views[i].spill);
	free(r->views);
	free(r->heap);
	if (r->map)
		munmap(r->map, r->element * r->n);
	*r = (struct rings){0};
}

/* The next record of a view, NULL if it has none.  Its length is checked against what
 * was published: the map is writable for every process that has it. */
static const struct wire_record *view_record(struct rings *r, struct ring_view *v)
{
	const struct wire_record *rec;
	uint64_t left;

	if (v->spilled < v->spill.len) {
		rec = (const void *)(v->spill.p + v->spilled);
		left = v->spill.len - v->spilled;
	} else if (v->pos < v->limit) {
		rec = (const void *)(v->data + (v->pos & (r->size - 1)));
		left = v->limit - v->pos;
	} else {
		return NULL;
	}
	if (rec->len < sizeof(*rec) || rec->len > left || rec->len > WIRE_SLACK || rec->len & 7) {
		r->n_bad++;
		v->spilled = v->spill.len;
		v->pos = v->limit;
		return NULL;
	}
	return rec;
}

static void view_skip(struct ring_view *v, uint32_t len)
{
	if (v->spilled < v->spill.len) {
		v->spilled += len;
		if (v->spilled == v->spill.len) {
			buf_release(&v->spill);
			v->spilled = 0;
		}
		return;
	}
	v->pos += len;
	/* A store of tail takes the cache line from the producer: not for each record. */
	if (v->pos - v->ring->tail > 64 << 10 || v->pos == v->limit)
		__atomic_store_n(&v->ring->tail, v->pos, __ATOMIC_RELEASE);
}

static uint64_t key(struct rings *r, unsigned view)
{
	const struct wire_record *const rec = view_record(r, &r->views[view]);

	return rec ? rec->ts : UINT64_MAX;
}

static void sift_down(struct rings *r, unsigned i)
{
	for (;;) {
		unsigned small = i;
		const unsigned left = 2 * i + 1;

		for (unsigned k = left; k < left + 2 && k < r->n_heap; k++)
			if (key(r, r->heap[k]) < key(r, r->heap[small]))
				small = k;
		if (small == i)
			return;

		const unsigned t = r->heap[i];

		r->heap[i] = r->heap[small];
		r->heap[small] = t;
		i = small;
	}
}

/* Passes the record that was handed out last; its view goes to its new place. */
static void release_last(struct rings *r)
{
	if (r->last == r->n)
		return;
	view_skip(&r->views[r->last], r->last_len);
	r->last = r->n;
	if (!view_record(r, &r->views[r->heap[0]]))
		r->heap[0] = r->heap[--r->n_heap];
	sift_down(r, 0);
}

unsigned rings_poll(struct rings *r)
{
	uint64_t fullest = 0;

	release_last(r);
	r->n_heap = 0;
	for (unsigned i = 0; i < r->n; i++) {
		struct ring_view *const v = &r->views[i];

		v->limit = __atomic_load_n(&v->ring->head, __ATOMIC_ACQUIRE);
		if (v->limit - v->pos > fullest)
			fullest = v->limit - v->pos;
		if (view_record(r, v))
			r->heap[r->n_heap++] = i;
	}
	for (unsigned i = r->n_heap / 2 + 1; i-- > 0;)
		if (i < r->n_heap)
			sift_down(r, i);
	return (unsigned)(fullest * 256 / r->size);
}

unsigned rings_fullness(const struct rings *r)
{
	uint64_t fullest = 0;

	for (unsigned i = 0; i < r->n; i++) {
		const struct ring_view *const v = &r->views[i];
		const uint64_t n = __atomic_load_n(&v->ring->head, __ATOMIC_ACQUIRE) - v->pos;

		if (n > fullest)
			fullest = n;
	}
	return (unsigned)(fullest * 256 / r->size);
}

const struct wire_record *rings_next(struct rings *r, uint64_t horizon, unsigned *cpu)
{
	const struct wire_record *rec;

	release_last(r);
	if (r->n_heap == 0)
		return NULL;
	rec = view_record(r, &r->views[r->heap[0]]);
	if (!rec || rec->ts > horizon)
		return NULL;
	r->last = *cpu = r->heap[0];
	r->last_len = rec->len;
	r->n_records++;
	return rec;
}

static void spill_view(struct rings *r, struct ring_view *v)
{
	const struct wire_record *rec;

	while (v->pos < v->limit) {
		rec = (const void *)(v->data + (v->pos & (r->size - 1)));
		if (rec->len < sizeof(*rec) || rec->len > v->limit - v->pos)
			break;
		buf_put(&v->spill, rec, rec->len);
		r->spill_bytes += rec->len;
		v->pos += rec->len;
	}
	__atomic_store_n(&v->ring->tail, v->pos, __ATOMIC_RELEASE);
}

void rings_spill(struct rings *r, uint64_t limit)
{
	for (unsigned i = 0; i < r->n; i++) {
		struct ring_view *const v = &r->views[i];

		v->limit = __atomic_load_n(&v->ring->head, __ATOMIC_ACQUIRE);
		if (v->limit - v->pos > r->size / 2 && r->spill_bytes < limit)
			spill_view(r, v);
	}
}

bool rings_loss(struct rings *r, unsigned cpu, unsigned cls, struct wire_loss *loss)
{
	const struct wire_loss *const now = &r->views[cpu].ring->loss[cls];
	struct wire_loss *const seen = &r->views[cpu].seen[cls];
	const uint64_t count = __atomic_load_n(&now->count, __ATOMIC_RELAXED);

	if (count == seen->count)
		return false;
	loss->count = count - seen->count;
	loss->first = seen->last ? seen->last : now->first;
	loss->last = now->last;
	seen->count = count;
	seen->last = now->last;
	return true;
}

/* Has the kernel half done with this one?  If it had not, but nothing happened for long, the
 * store of victims_tail keeps it from going on with it. */
static bool is_over(struct ring_view *v, const struct wire_victim *w, uint64_t n, uint64_t quiet)
{
	const volatile __u64 *const last = &w->last;

	if (v->victim + 1 < n || !v->ring->losing)
		return true;
	if (*last > quiet)
		return false;
	__atomic_store_n(&v->ring->victims_tail, v->victim + 1, __ATOMIC_SEQ_CST);
	return true;
}

static void view_victims(struct ring_view *v, uint64_t quiet,
			 void (*tell)(const struct victim *, void *), void *arg)
{
	const uint64_t n = __atomic_load_n(&v->ring->n_victims, __ATOMIC_ACQUIRE);

	while (v->victim < n) {
		const struct wire_victim *const w = &v->ring->victims[v->victim % WIRE_VICTIMS];
		const bool over = is_over(v, w, n, quiet);
		struct victim t = {
			.ts = w->first, .tid = (uint32_t)w->id, .pid = (uint32_t)(w->id >> 32),
			.what = w->what, .over = over && w->last == w->first,
		};

		if (!v->begun)
			tell(&t, arg);
		if (over && (v->begun || !t.over)) {
			t.ts = w->last;
			t.over = true;
			tell(&t, arg);
		}
		v->begun = !over;
		if (!over)
			return;
		v->victim++;
		__atomic_store_n(&v->ring->victims_tail, v->victim, __ATOMIC_SEQ_CST);
	}
}

void rings_victims(struct rings *r, uint64_t quiet, void (*tell)(const struct victim *, void *),
		   void *arg)
{
	for (unsigned i = 0; i < r->n; i++)
		view_victims(&r->views[i], quiet, tell, arg);
}

uint64_t rings_unnamed(struct rings *r)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < r->n; i++) {
		const uint64_t now = __atomic_load_n(&r->views[i].ring->unnamed, __ATOMIC_RELAXED);

		n += now - r->views[i].unnamed;
		r->views[i].unnamed = now;
	}
	return n;
}

uint64_t rings_next_ts(struct rings *r)
{
	release_last(r);
	return r->n_heap ? key(r, r->heap[0]) : UINT64_MAX;
}

uint64_t rings_missing(const struct rings *r)
{
	uint64_t seen = 0, known = r->n_records;

	for (unsigned i = 0; i < r->n; i++) {
		seen += r->views[i].ring->n_events;
		for (unsigned cls = WC_PAYLOAD + 1; cls < WC__N; cls++)
			known += r->views[i].ring->loss[cls].count;
	}
	return seen > known ? seen - known : 0;
}
