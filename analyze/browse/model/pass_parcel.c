/* SPDX-License-Identifier: Apache-2.0 */
/* What a pass gathers over a run of events, and hands to the clerk. */
#include <stdlib.h>
#include <string.h>

#include "analyze/browse/model/pass_parts.h"

struct parcel *pass_parcel(struct pass *p)
{
	struct parcel *out = xcalloc(1, sizeof(*out));

	out->part = p->part;
	table_init(&out->programs, NULL, false);
	for (unsigned i = 0; i < p->plan->n_views; i++)
		gather_reset(&p->gathers[i]);
	return out;
}

void parcel_free(struct parcel *p)
{
	for (unsigned i = 0; i < SCAN_VIEWS_MAX; i++)
		table_release(&p->tables[i]);
	table_release(&p->programs);
	buf_release(&p->lines);
	free(p->marks);
	free(p);
}

static void told_damage(struct pass *p)
{
	struct source_damage *const all = &p->r->b->damage;
	const struct source_damage *one = &p->r->source->damage;

	if (one->n_places == p->r->damage_told)
		return;
	if (!all->first[0])
		memcpy(all->first, one->first, sizeof(all->first));
	all->n_places += one->n_places - p->r->damage_told;
	all->cut |= one->cut;
	p->r->damage_told = one->n_places;
	__atomic_store_n(&p->r->b->blocks.damaged, true, __ATOMIC_RELAXED);
}

static size_t bytes_of(const struct pass *p)
{
	size_t bytes = p->parcel->lines.len + p->parcel->n_marks * sizeof(struct mark);

	for (unsigned i = 0; i < p->plan->n_views; i++)
		bytes += table_bytes(&p->gathers[i].table);
	return bytes;
}

bool pass_is_full(const struct pass *p)
{
	return p->n_seen >= p->enough || bytes_of(p) > PARCEL_BYTES;
}

void pass_hand_over(struct pass *p, bool last, uint64_t limit)
{
	struct browse *const b = p->r->b;
	struct parcel *const out = p->parcel, **at = &p->scan->waiting;

	out->last = last;
	out->limit = limit;
	out->hi = p->hi;
	out->bytes = bytes_of(p);
	for (unsigned i = 0; i < p->plan->n_views; i++) {
		out->tables[i] = p->gathers[i].table;
		table_init(&p->gathers[i].table, out->tables[i].view, out->tables[i].processes);
	}
	browse_lock(b);
	told_damage(p);
	out->bytes_done = p->r->source->bytes_done;
	out->last_num = p->num;
	b->parcel_came = true;
	while (*at)
		at = &(*at)->next;
	*at = out;
	p->scan->waiting_bytes += out->bytes;
	pthread_cond_signal(&b->parcels);
	browse_unlock(b);
	p->n_seen = 0;
	p->enough = PARCEL_EVENTS;
	p->parcel = last ? NULL : pass_parcel(p);
}

void pass_send(struct pass *p, uint64_t limit)
{
	pass_hand_over(p, false, limit);
}
