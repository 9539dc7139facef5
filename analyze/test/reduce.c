/* SPDX-License-Identifier: Apache-2.0 */
/* One kind of rows after the other, mounts first and events last, chunks of what is left are taken
 * out: all, halves, down to single rows; again, until nothing goes any more.  What is needed of
 * a machine's mounts, accounts or descriptors is one or two of many. */
#include "analyze/test/reduce.h"

#include <stdlib.h>

#include "capture/base/mem.h"
#include "replay/state/anonymous.h"

struct reducing {
	struct oracle *o;
	struct slice *s;
	uint32_t *order;	/* items that may go */
	size_t n;
	struct reduce_result result;
	uint64_t work_before;
};

static bool is_over(struct reducing *r)
{
	r->result.gave_up |= r->o->work - r->work_before > REDUCE_WORK;
	return r->result.gave_up;
}

static bool ask(struct reducing *r)
{
	r->result.questions++;
	return oracle_same(r->o, r->s);
}

/* ---- rows ---- */

enum { KINDS = 9 };

static unsigned kind_of(const struct slice_item *it)
{
	switch (it->type) {
	case EV_SNAP_MOUNT: return 0;
	case EV_SNAP_GROUP: return 1;
	case EV_SNAP_USER: return 2;
	case EV_SNAP_IFACE: return 3;
	case EV_CONTAINER: return 4;
	case EV_SNAP_FD: return 5;
	case EV_SNAP_THREAD: return 6;
	default: return it->num ? 8 : 7;
	}
}

/* Items of a kind that may go. */
static void choose(struct reducing *r, unsigned kind)
{
	r->n = 0;
	for (size_t i = 0; i < r->s->n; i++)
		if (r->s->v[i].in && !r->s->v[i].fixed && kind_of(&r->s->v[i]) == kind)
			r->order[r->n++] = (uint32_t)i;
}

static void set(struct reducing *r, size_t from, size_t to, bool in)
{
	for (size_t i = from; i < to; i++)
		r->s->v[r->order[i]].in = in;
}

/* Tries to take out each chunk of so many. */
static void thin(struct reducing *r, size_t size)
{
	size_t left = 0;

	for (size_t from = 0; from < r->n; from += size) {
		const size_t to = from + size < r->n ? from + size : r->n;

		set(r, from, to, false);
		if (!is_over(r) && ask(r))
			continue;
		set(r, from, to, true);
		for (size_t i = from; i < to; i++)
			r->order[left++] = r->order[i];
	}
	r->n = left;
}

static void reduce_kind(struct reducing *r, unsigned kind)
{
	choose(r, kind);
	for (size_t size = r->n; size > 1 && !is_over(r); size = (size + 1) / 2)
		thin(r, size);
	thin(r, 1);
}

static void fix_needed(struct reducing *r)
{
	for (size_t i = 0; i < r->s->n; i++)
		r->s->v[i].fixed |= r->s->v[i].num && oracle_needs(r->o, r->s->v[i].num);
}

static size_t n_in(const struct slice *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += s->v[i].in;
	return n;
}

/* What one kind needed of another may be free when that has gone. */
static void reduce_rows(struct reducing *r)
{
	size_t before;

	r->order = xmalloc(mem_mul(r->s->n + 1, sizeof(*r->order)));
	fix_needed(r);
	do {
		before = n_in(r->s);
		for (unsigned kind = 0; kind < KINDS; kind++)
			reduce_kind(r, kind);
	} while (n_in(r->s) < before && !is_over(r));
}

/* ---- values ---- */

static bool is_big(const struct slice_item *it, unsigned param)
{
	const struct value *const v = &it->v[param];
	const enum param_type type = param < it->desc->n_params ? it->desc->params[param].type
		: PT_NONE;

	if (!it->in || v->state != VALUE_SET || type_is_number(type))
		return false;
	if (it->type == EV_SNAP_THREAD)
		return v->len >= BIG_VALUE || param == P(SNAP_THREAD, env) ||
		       param == P(SNAP_THREAD, cgroups);
	return v->len >= BIG_VALUE && it->type != EV_CONTAINER;
}

/* Takes out the big values of a parameter in the items from..to of a type; those that were there
 * come back if the answer is no. */
static bool drop_values(struct reducing *r, unsigned type, unsigned param, size_t from, size_t to)
{
	struct slice_item *const v = r->s->v;
	bool any = false, ok;

	for (size_t i = from; i < to; i++)
		if (v[i].type == type && param < v[i].n_params && is_big(&v[i], param)) {
			v[i].v[param].state = VALUE_ABSENT;
			any = true;
		}
	if (!any)
		return true;
	ok = ask(r);
	for (size_t i = from; i < to && !ok; i++)
		if (v[i].type == type && param < v[i].n_params &&
		    v[i].v[param].state == VALUE_ABSENT && v[i].v[param].len)
			v[i].v[param].state = VALUE_SET;
	return ok;
}

/* Of all rows of the item's type at once, if that fails of each. */
static void reduce_param(struct reducing *r, size_t first, unsigned param)
{
	const unsigned type = r->s->v[first].type;

	if (drop_values(r, type, param, first, r->s->n))
		return;
	for (size_t i = first; i < r->s->n && !is_over(r); i++)
		drop_values(r, type, param, i, i + 1);
}

static void reduce_values(struct reducing *r)
{
	bool done[EV__N + 1][EVENT_PARAMS_MAX] = {0};

	for (size_t i = 0; i < r->s->n && !is_over(r); i++) {
		const struct slice_item *const it = &r->s->v[i];
		const unsigned type = it->type < EV__N ? it->type : EV__N;

		for (unsigned p = 0; p < it->n_params && p < EVENT_PARAMS_MAX; p++) {
			if (done[type][p] || !is_big(it, p))
				continue;
			done[type][p] = true;
			reduce_param(r, i, p);
		}
	}
}

/* ---- names of the machine ---- */

static bool unname(struct reducing *r)
{
	static struct event ev, changed;
	struct value *before = NULL;
	struct slice_item *it = NULL;
	bool ok;

	for (size_t i = 0; i < r->s->n && !it; i++)
		if (r->s->v[i].type == EV_SNAP_MACHINE)
			it = &r->s->v[i];
	if (!it)
		return true;
	slice_event(it, &ev);
	before = it->v;
	it->v = arena_alloc(&r->s->mem, (it->n_params + 1U) * sizeof(*it->v));
	memcpy(it->v, anonymous_event(&ev, &changed)->v, it->n_params * sizeof(*it->v));
	ok = ask(r);
	if (!ok)
		it->v = before;
	return ok;
}

struct reduce_result reduce(struct oracle *o, struct slice *s, bool named)
{
	struct reducing r = { .o = o, .s = s, .work_before = o->work };

	reduce_rows(&r);
	reduce_values(&r);
	r.result.named = named || !unname(&r);
	free(r.order);
	return r.result;
}
