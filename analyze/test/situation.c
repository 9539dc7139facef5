/* SPDX-License-Identifier: Apache-2.0 */
/* A situation is the type of the event, a bit for each predicate that is asked of the type,
 * and pairs of predicate and item.  Its bytes are its key: equal events are found by them. */
#include "analyze/test/situation.h"

#include <stdlib.h>
#include <string.h>

/* ---- the log ---- */

struct cover_log *cover_log_new(const struct cover_plan *p)
{
	struct cover_log *l = xcalloc(1, sizeof(*l));

	l->plan = p;
	l->bytes_max = COVER_BYTES_MAX;
	intern_init(&l->keys, &l->arena);
	return l;
}

void cover_log_free(struct cover_log *l)
{
	if (!l)
		return;
	intern_release(&l->keys);
	free(l->first);
	free(l->last);
	free(l->seen);
	buf_release(&l->key);
	arena_release(&l->arena);
	free(l);
}

static void put_items(struct cover_log *l, struct matcher *m, uint32_t pred)
{
	const struct cover_plan *p = l->plan;
	const struct cover_list *list = &p->lists[p->list_of[pred] - 1];

	for (uint32_t i = 0; i < list->n; i++)
		if (matcher_constant(m, &p->e->preds[pred], &list->c[i])) {
			const struct cover_item item = { pred, i };

			buf_put(&l->key, &item, sizeof(item));
		}
}

/* The type and the bits; the bits are filled up so that items are aligned. */
static size_t head_bytes(const struct cover_plan *p, unsigned type)
{
	return sizeof(uint32_t) + (p->n_ask[type] + 31) / 32 * sizeof(uint32_t);
}

static void make_key(struct cover_log *l, struct matcher *m, unsigned type)
{
	const struct cover_plan *p = l->plan;
	const size_t head = head_bytes(p, type);
	const uint32_t type32 = type;

	buf_reset(&l->key);
	memset(buf_room(&l->key, head), 0, head);
	memcpy(l->key.p, &type32, sizeof(type32));
	l->key.len = head;
	for (uint32_t i = 0; i < p->n_ask[type]; i++)
		if (matcher_pred(m, p->ask[type][i]))
			l->key.p[sizeof(uint32_t) + i / 8] |= (uint8_t)(1 << i % 8);
	for (uint32_t i = 0; i < p->n_ask[type]; i++) {
		const uint32_t pred = p->ask[type][i], list = p->list_of[pred];

		if (list && (l->key.p[sizeof(uint32_t) + i / 8] >> i % 8 & 1 ||
			     p->lists[list - 1].always))
			put_items(l, m, pred);
	}
}

static void note(struct cover_log *l, const void *key, size_t len, const struct cover_seen *seen)
{
	bool is_new = false;
	uint32_t id = intern_find(&l->keys, key, len), at;

	if (id == INTERN_NONE && l->arena.used > l->bytes_max) {
		l->n_dropped += seen->n;
		return;
	}
	if (id == INTERN_NONE)
		id = intern_add(&l->keys, key, len, &is_new);
	l->first = mem_grow(l->first, &l->first_cap, id + 1, sizeof(*l->first));
	l->last = mem_grow(l->last, &l->last_cap, id + 1, sizeof(*l->last));
	if (is_new)
		l->first[id] = l->last[id] = 0;
	at = l->last[id];
	if (at && l->seen[at - 1].test == seen->test) {
		l->seen[at - 1].n += seen->n;
		if (seen->num < l->seen[at - 1].num)
			l->seen[at - 1].num = seen->num;
		return;
	}
	l->seen = mem_grow(l->seen, &l->seen_cap, l->n_seen + 1, sizeof(*l->seen));
	l->seen[l->n_seen++] = (struct cover_seen){ seen->test, 0, seen->num, seen->n };
	if (at)
		l->seen[at - 1].next = (uint32_t)l->n_seen;
	else
		l->first[id] = (uint32_t)l->n_seen;
	l->last[id] = (uint32_t)l->n_seen;
}

void cover_log_event(struct cover_log *l, struct matcher *m, const struct event *ev,
		     uint32_t test)
{
	const unsigned type = ev->type < EV__N ? ev->type : EV_UNKNOWN;
	const struct cover_seen seen = { .test = test, .num = ev->num, .n = 1 };

	l->types[type]++;
	make_key(l, m, type);
	note(l, l->key.p, l->key.len, &seen);
}

void cover_log_add(struct cover_log *all, const struct cover_log *l)
{
	for (uint32_t i = 0; i < l->keys.n; i++)
		for (uint32_t s = l->first[i]; s; s = l->seen[s - 1].next)
			note(all, l->keys.keys[i].p, l->keys.keys[i].len, &l->seen[s - 1]);
	for (unsigned t = 0; t < EV__N; t++)
		all->types[t] += l->types[t];
	all->n_dropped += l->n_dropped;
}

/* ---- a situation ---- */

void cover_view_init(struct cover_view *v, const struct cover_plan *p)
{
	*v = (struct cover_view){ .is = xcalloc(p->n_preds + 1, sizeof(bool)) };
}

void cover_view_release(struct cover_view *v)
{
	free(v->is);
}

void cover_view_open(struct cover_view *v, const struct cover_log *l, uint32_t situation)
{
	const struct cover_plan *p = l->plan;
	const struct intern_key *key = &l->keys.keys[situation];
	const uint8_t *bytes = key->p;
	uint32_t type;
	size_t head;

	memcpy(&type, bytes, sizeof(type));
	head = head_bytes(p, type);
	v->type = type;
	for (size_t i = 0; i < p->n_preds; i++)
		v->is[i] = cover_known(p, type, (uint32_t)i) == 1;
	for (uint32_t i = 0; i < p->n_ask[type]; i++)
		v->is[p->ask[type][i]] = bytes[sizeof(uint32_t) + i / 8] >> i % 8 & 1;
	v->items = (const struct cover_item *)(bytes + head);
	v->n_items = (uint32_t)((key->len - head) / sizeof(*v->items));
	v->n = 0;
	v->test = UINT32_MAX;
	v->num = UINT64_MAX;
	for (uint32_t s = l->first[situation]; s; s = l->seen[s - 1].next) {
		const struct cover_seen *seen = &l->seen[s - 1];

		v->n += seen->n;
		if (seen->test < v->test || (seen->test == v->test && seen->num < v->num)) {
			v->test = seen->test;
			v->num = seen->num;
		}
	}
}

/* Items stand in the order in which predicates are asked, which is that of their numbers. */
bool cover_view_item(const struct cover_view *v, uint32_t pred, uint32_t item, uint32_t *n)
{
	uint32_t low = 0, high = v->n_items;
	bool met = false;

	while (low < high) {
		const uint32_t mid = (low + high) / 2;

		if (v->items[mid].pred < pred)
			low = mid + 1;
		else
			high = mid;
	}
	for (*n = 0; low < v->n_items && v->items[low].pred == pred; low++) {
		met |= v->items[low].item == item;
		++*n;
	}
	return met;
}

bool cover_without(const struct cover_plan *p, const struct cover_view *v, uint32_t pred,
		   uint32_t item)
{
	const struct pred *d = &p->e->preds[pred];
	uint32_t n;
	const bool met = cover_view_item(v, pred, item, &n);
	const struct cover_list *l = &p->lists[p->list_of[pred] - 1];

	switch ((enum modifier)d->mod) {
	case MOD_ALLOF:
		return l->n > 1 && n - met == l->n - 1;
	case MOD_ONEOF:
		return n - met == 1;
	default:
		break;
	}
	if (!v->is[pred] || !met)
		return v->is[pred];
	return !d->all && n > 1;
}
