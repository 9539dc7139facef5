/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/trace/rows.h"

#include <stdlib.h>

enum {
	HELD_MAX = 64 << 20,	/* memory kept from block to block */
	HEAD = 48,		/* bytes of a row besides its parameters, at most */
	NUMBER = 9,		/* of a number and its state */
};

static void type_free(struct row_type *t)
{
	for (unsigned i = 0; i < t->n_cols; i++) {
		free(t->cols[i].v);
		free(t->cols[i].states);
		buf_release(&t->cols[i].bytes);
	}
	free(t->cols);
	free(t->latency);
	free(t);
}

static void forget_types(struct rows *r)
{
	for (size_t i = 0; i < sizeof(r->by_id) / sizeof(r->by_id[0]); i++) {
		if (r->by_id[i])
			type_free(r->by_id[i]);
		r->by_id[i] = NULL;
	}
	r->held = 0;
}

void rows_release(struct rows *r)
{
	forget_types(r);
	free(r->ts);
	free(r->pos);
	free(r->tid);
	free(r->pid);
	free(r->cpu);
	free(r->type);
	buf_release(&r->contents);
	*r = (struct rows){0};
}

static void type_reset(struct row_type *t)
{
	for (unsigned i = 0; i < t->n_cols; i++) {
		t->cols[i].n_set = 0;
		buf_reset(&t->cols[i].bytes);
	}
	t->n = t->n_timed = 0;
	t->bytes = 0;
}

void rows_reset(struct rows *r)
{
	if (r->held > HELD_MAX)
		forget_types(r);
	else
		for (unsigned i = 0; i < r->n_types; i++)
			type_reset(r->types[i]);
	r->n = r->n_events = r->n_timed = r->n_types = 0;
	r->first_num = r->first_ts = r->last_ts = 0;
	r->bytes = 0;
	memset(r->set, 0, sizeof(r->set));
	buf_reset(&r->contents);
}

static struct row_type *type_new(const struct event_desc *d, unsigned id)
{
	struct row_type *t = xcalloc(1, sizeof(*t));

	t->id = (uint16_t)id;
	t->n_cols = (uint16_t)(d->n_params + 1);
	t->cols = xcalloc(t->n_cols, sizeof(*t->cols));
	for (unsigned i = 0; i < d->n_params; i++) {
		t->cols[i].is_bytes = !type_is_number(d->params[i].type);
		t->cols[i].bulk = param_is_bulk(&d->params[i]);
	}
	return t;
}

static struct row_type *type_of(struct rows *r, const struct event_desc *d, unsigned id)
{
	struct row_type *t = r->by_id[id];

	if (!t)
		t = r->by_id[id] = type_new(d, id);
	if (!t->n) {
		t->local = (uint16_t)r->n_types;
		r->types[r->n_types++] = t;
		r->set[id / 64] |= UINT64_C(1) << id % 64;
		r->bytes += (size_t)t->n_cols * 32;
	}
	return t;
}

static void grow_type(struct rows *r, struct row_type *t)
{
	const uint32_t cap = t->cap ? t->cap * 4 : 16;

	for (unsigned i = 0; i < t->n_cols; i++) {
		t->cols[i].v = xrealloc(t->cols[i].v, cap * sizeof(uint64_t));
		t->cols[i].states = xrealloc(t->cols[i].states, cap);
	}
	t->latency = xrealloc(t->latency, cap * sizeof(*t->latency));
	r->held += (size_t)(t->n_cols + 1) * (cap - t->cap) * NUMBER;
	t->cap = cap;
}

static void grow(struct rows *r)
{
	r->cap = r->cap ? r->cap * 4 : 256;
	r->ts = xrealloc(r->ts, r->cap * sizeof(*r->ts));
	r->pos = xrealloc(r->pos, r->cap * sizeof(*r->pos));
	r->tid = xrealloc(r->tid, r->cap * sizeof(*r->tid));
	r->pid = xrealloc(r->pid, r->cap * sizeof(*r->pid));
	r->cpu = xrealloc(r->cpu, r->cap * sizeof(*r->cpu));
	r->type = xrealloc(r->type, r->cap);
}

static size_t add_value(struct row_column *c, uint32_t n, const struct value *v)
{
	const bool set = v->state == VALUE_SET;

	c->states[n] = v->state;
	c->n_set += v->state != VALUE_ABSENT;
	if (!c->is_bytes) {
		c->v[n] = set ? v->u : 0;
		return NUMBER;
	}
	c->v[n] = set ? v->len : 0;
	if (set)
		buf_put(&c->bytes, v->p, v->len);
	return NUMBER + c->v[n];
}

void rows_add(struct rows *r, const struct event *ev, unsigned id, uint64_t pos)
{
	static const struct value absent;
	struct row_type *t = type_of(r, ev->desc, id);
	const unsigned n_params = t->n_cols - 1U;
	const struct value nr = { .u = ev->nr, .state = VALUE_SET };
	size_t bytes = HEAD;

	if (r->n == r->cap)
		grow(r);
	if (t->n == t->cap)
		grow_type(r, t);
	for (unsigned i = 0; i < n_params; i++)
		bytes += add_value(&t->cols[i], t->n, i < ev->n_params ? &ev->v[i] : &absent);
	add_value(&t->cols[n_params], t->n, &nr);
	t->latency[t->n++] = ev->latency;
	if (ev->latency) {
		t->n_timed++;
		r->n_timed++;
		bytes += NUMBER;
	}
	t->bytes += bytes;
	if (!r->n || ev->ts < r->first_ts)
		r->first_ts = ev->ts;
	if (ev->ts > r->last_ts)
		r->last_ts = ev->ts;
	r->ts[r->n] = ev->ts;
	r->pos[r->n] = pos;
	r->tid[r->n] = ev->tid;
	r->pid[r->n] = ev->pid;
	r->cpu[r->n] = ev->cpu;
	r->type[r->n++] = (uint8_t)t->local;
	r->n_events += !(ev->desc->flags & EF_PSEUDO);
	r->bytes += bytes;
}

bool rows_full(const struct rows *r, size_t block_size)
{
	return r->n == BLOCK_ROWS_MAX || r->bytes >= block_size
		|| r->n_types == BLOCK_TYPES_MAX;
}
