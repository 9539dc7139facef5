/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/browse/model/table.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "analyze/browse/model/spectrum.h"

enum { SLOTS_FIRST = 256, SET_FIRST = 4 };

/* Of tables that only tell what was seen. */
static const struct view nothing;

void table_init(struct table *t, const struct view *v, bool processes)
{
	*t = (struct table){ .view = v ? v : &nothing, .processes = processes };
}

void table_release(struct table *t)
{
	free(t->slots);
	free(t->rows);
	arena_release(&t->arena);
	*t = (struct table){ .view = t->view, .processes = t->processes };
}

void table_reset(struct table *t)
{
	if (t->n > 0)
		memset(t->slots, 0, t->n_slots * sizeof(*t->slots));
	t->n = 0;
	t->n_events = t->n_evicted = t->evicted_events = 0;
	arena_reset(&t->arena);
}

/* 0 is nobody's hash: it stands for "none" in links between rows. */
uint64_t table_hash(const void *key, size_t len)
{
	const uint64_t h = XXH3_64bits(key, len);

	return h ? h : 1;
}

static void grow(struct table *t)
{
	const size_t n = t->n_slots ? t->n_slots * 2 : SLOTS_FIRST;

	free(t->slots);
	t->slots = xcalloc(n, sizeof(*t->slots));
	t->n_slots = n;
	for (size_t i = 0; i < t->n; i++) {
		size_t at = t->rows[i]->hash & (n - 1);

		while (t->slots[at])
			at = (at + 1) & (n - 1);
		t->slots[at] = t->rows[i];
	}
}

/* Keys of 64 bits are taken as equal where their hashes are: with a million rows two of them
 * meet once in 30 million recordings. */
struct row *table_find(const struct table *t, uint64_t hash)
{
	if (!t->n_slots)
		return NULL;
	for (size_t at = hash & (t->n_slots - 1); t->slots[at]; at = (at + 1) & (t->n_slots - 1))
		if (t->slots[at]->hash == hash)
			return t->slots[at];
	return NULL;
}

static struct row *add(struct table *t, uint64_t hash, const void *key, size_t len)
{
	const size_t cells = t->view->n_columns * sizeof(struct cell);
	struct row *r = arena_zalloc(&t->arena, sizeof(*r) + cells);
	size_t at;

	if ((t->n + 1) * 2 > t->n_slots)
		grow(t);
	r->hash = hash;
	r->key = (uint8_t *)arena_strn(&t->arena, key, len);
	r->key_len = (uint32_t)len;
	if (t->processes) {
		r->process = arena_zalloc(&t->arena, sizeof(*r->process));
		r->process->exit_status = -1;
		r->process->worst = UINT8_MAX;
	}
	for (at = hash & (t->n_slots - 1); t->slots[at]; at = (at + 1) & (t->n_slots - 1))
		;
	t->slots[at] = r;
	t->rows = mem_grow(t->rows, &t->rows_cap, t->n + 1, sizeof(*t->rows));
	t->rows[t->n++] = r;
	return r;
}

struct row *table_get(struct table *t, uint64_t hash, const void *key, size_t len, bool *fresh)
{
	struct row *r = table_find(t, hash);

	*fresh = !r;
	return r ? r : add(t, hash, key, len);
}

void cell_set_text(struct table *t, struct cell *c, const char *p, size_t len)
{
	if (len > TEXT_MAX)
		len = TEXT_MAX;
	if (c->has && c->len == len && memcmp(c->text, p, len) == 0)
		return;
	if (!c->has || c->room < len) {
		c->text = arena_strn(&t->arena, p, len);
		c->room = (uint32_t)len;
	} else {
		memcpy(c->text, p, len);
		c->text[len] = '\0';
	}
	c->len = (uint32_t)len;
	c->has = 1;
}

static void set_grow(struct table *t, struct distinct *s)
{
	const struct distinct old = *s;

	s->cap = old.cap ? old.cap * 2 : SET_FIRST;
	s->v = arena_zalloc(&t->arena, s->cap * sizeof(*s->v));
	for (uint32_t i = 0; i < old.cap; i++) {
		uint32_t at = (uint32_t)old.v[i] & (s->cap - 1);

		if (!old.v[i])
			continue;
		while (s->v[at])
			at = (at + 1) & (s->cap - 1);
		s->v[at] = old.v[i];
	}
}

void cell_add_value(struct table *t, struct cell *c, uint64_t hash)
{
	struct distinct *s = c->set;
	uint32_t at;

	if (!s)
		s = c->set = arena_zalloc(&t->arena, sizeof(*s));
	c->has = 1;
	if (s->n > DISTINCT_MAX)
		return;
	if (s->cap)
		for (at = (uint32_t)hash & (s->cap - 1); s->v[at]; at = (at + 1) & (s->cap - 1))
			if (s->v[at] == hash)
				return;
	c->u = ++s->n;
	if (s->n > DISTINCT_MAX)
		return;
	if (s->n * 4 > s->cap * 3)
		set_grow(t, s);
	for (at = (uint32_t)hash & (s->cap - 1); s->v[at]; at = (at + 1) & (s->cap - 1))
		;
	s->v[at] = hash;
}

static void join_set(struct table *t, struct cell *to, const struct cell *from)
{
	const struct distinct *s = from->set;

	for (uint32_t i = 0; i < s->cap; i++)
		if (s->v[i])
			cell_add_value(t, to, s->v[i]);
	if (s->n > DISTINCT_MAX && to->set->n <= DISTINCT_MAX)
		to->u = to->set->n = DISTINCT_MAX + 1;
}

static void join_value(struct table *t, const struct view_column *col, struct cell *to,
		       const struct cell *from)
{
	if (col->unit == UNIT_TEXT)
		cell_set_text(t, to, from->text, from->len);
	else
		to->u = from->u;
	to->has = 1;
}

static void join_cell(struct table *t, const struct view_column *col, struct cell *to,
		      const struct cell *from)
{
	if (!from->has)
		return;
	switch ((enum gather_kind)col->gather) {
	case GATHER_COUNT:
	case GATHER_SUM:
	case GATHER_RATE:
		to->u += from->u;
		break;
	case GATHER_MEAN:
		to->u += from->u;
		to->n += from->n;
		break;
	case GATHER_MIN:
		to->u = to->has && to->u < from->u ? to->u : from->u;
		break;
	case GATHER_MAX:
		to->u = to->has && to->u > from->u ? to->u : from->u;
		break;
	case GATHER_FIRST:
		if (!to->has)
			join_value(t, col, to, from);
		break;
	case GATHER_LAST:
		join_value(t, col, to, from);
		break;
	case GATHER_DISTINCT:
		join_set(t, to, from);
		break;
	case GATHER_ALERTS:
	case GATHER__N:
		break;
	}
	to->has = 1;
}

static void join_process(struct process_facts *to, const struct process_facts *from)
{
	to->pid = from->pid;
	if (!to->parent)
		to->parent = from->parent;
	if (!to->start_ts)
		to->start_ts = from->start_ts;
	if (from->end_ts) {
		to->end_ts = from->end_ts;
		to->exit_status = from->exit_status;
	}
	to->n_alerts += from->n_alerts;
	if (from->worst < to->worst)
		to->worst = from->worst;
}

static void join_row(struct table *t, struct row *to, const struct row *r)
{
	to->n_events += r->n_events;
	t->n_events += r->n_events;
	for (unsigned i = 0; i < t->view->n_columns; i++)
		join_cell(t, &t->view->columns[i], &to->cells[i], &r->cells[i]);
	if (r->process)
		join_process(to->process, r->process);
}

void table_join(struct table *t, const struct row *r)
{
	bool fresh;

	join_row(t, table_get(t, r->hash, r->key, r->key_len, &fresh), r);
}

/* The most events first; among equals who came first. */
static int by_events(const void *a, const void *b)
{
	const struct row *const *x = a, *const *y = b;

	if ((*x)->n_events != (*y)->n_events)
		return (*x)->n_events > (*y)->n_events ? -1 : 1;
	return (*x)->hash < (*y)->hash ? -1 : (*x)->hash > (*y)->hash;
}

void table_halve(const struct table *t, struct table *out)
{
	struct row **rows = xmalloc(mem_mul(t->n, sizeof(*rows)));
	const size_t n = t->n / 2;

	memcpy(rows, t->rows, t->n * sizeof(*rows));
	qsort(rows, t->n, sizeof(*rows), by_events);
	table_init(out, t->view, t->processes);
	for (size_t i = 0; i < n; i++)
		table_join(out, rows[i]);
	free(rows);
	out->n_evicted = t->n_evicted + (t->n - n);
	out->evicted_events = t->n_events - out->n_events;
	out->n_events = t->n_events;
}

void table_coarsen(const struct table *t, uint64_t width, struct table *out)
{
	bool fresh;

	table_init(out, t->view, t->processes);
	out->width = width;
	for (size_t i = 0; i < t->n; i++) {
		struct spectrum_key k;

		memcpy(&k, t->rows[i]->key, sizeof(k));
		k.slice /= width / t->width;
		join_row(out, table_get(out, table_hash(&k, sizeof(k)), &k, sizeof(k), &fresh),
			 t->rows[i]);
	}
}
