/* SPDX-License-Identifier: Apache-2.0 */
/* How a recording is cut into parts: at key frames, always at the same ones. */
#include "analyze/browse/model/inside.h"
#include "analyze/browse/model/kept.h"
#include "capture/trace/format.h"
#include "capture/trace/skr.h"

static void add_entry(struct part *p, const struct index_entry *e)
{
	if (e->kind != BLOCK_EVENTS || !e->n_events)
		return;
	if (!p->n_events) {
		p->first_num = e->first_num;
		p->first_ts = e->first_ts;
		p->last_ts = e->last_ts;
	}
	p->n_events += e->n_events;
	if (e->first_ts < p->first_ts)
		p->first_ts = e->first_ts;
	if (e->last_ts > p->last_ts)
		p->last_ts = e->last_ts;
}

static bool is_key(const struct index_entry *e)
{
	return e->kind == BLOCK_STATE && e->flags & BLOCK_FIRST && e->first_num > 1;
}

/* Parts without events stand where the one before ends. */
static void number_empty(struct part *v, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (v[i].n_events)
			continue;
		v[i].first_num = i ? v[i - 1].first_num + v[i - 1].n_events : 1;
		v[i].first_ts = v[i].last_ts = i ? v[i - 1].last_ts : 0;
	}
}

unsigned parts_of(struct source *s, struct part *out)
{
	const struct index *x = skr_index(s);
	const unsigned n_keys = source_n_keys(s);
	const unsigned n = n_keys < PARTS_MAX ? n_keys : PARTS_MAX;
	unsigned key = 0, at = 0;

	for (unsigned i = 0; i < n; i++) {
		out[i] = (struct part){0};
		out[i].from_key = (unsigned)((uint64_t)n_keys * i / n);
		out[i].to_key = i + 1 < n ? (unsigned)((uint64_t)n_keys * (i + 1) / n) : 0;
	}
	if (!x) {
		out[0].first_num = 1;
		out[0].n_events = s->info.n_events;
		out[0].last_ts = UINT64_MAX;
		return n;
	}
	for (size_t i = 0; i < x->n; i++) {
		key += is_key(&x->entry[i]);
		while (at + 1 < n && key >= out[at + 1].from_key)
			out[++at].off = x->entry[i].off;
		add_entry(&out[at], &x->entry[i]);
	}
	number_empty(out, n);
	return n;
}

/* A part begins with the first events behind a key frame: then it never changes where. */
static void grow_by(struct browse *b, const struct index_entry *e)
{
	struct part *last = &b->parts[b->n_parts - 1];

	if (is_key(e)) {
		b->n_keys++;
		b->key_off = e->off;
	}
	if (e->kind != BLOCK_EVENTS || !e->n_events)
		return;
	if (b->n_keys > last->from_key && b->n_parts < PARTS_GROWN_MAX) {
		last->to_key = b->n_keys;
		*++last = (struct part){ .from_key = b->n_keys, .off = b->key_off,
					 .first_num = e->first_num };
		__atomic_store_n(&b->n_parts, b->n_parts + 1, __ATOMIC_RELEASE);
	}
	add_entry(last, e);
}

void parts_grow(struct browse *b)
{
	const struct index *x = skr_index(b->first);

	while (x && b->n_indexed < x->n)
		grow_by(b, &x->entry[b->n_indexed++]);
}

unsigned browse_part(struct browse *b, uint64_t num, uint64_t ts)
{
	unsigned i;

	browse_lock(b);
	i = b->n_parts - 1;
	while (i > kept_part(b) && (num ? b->parts[i].first_num > num : b->parts[i].first_ts >= ts))
		i--;
	browse_unlock(b);
	return i;
}
