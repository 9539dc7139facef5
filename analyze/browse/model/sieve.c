/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/browse/model/sieve.h"

#include <stdlib.h>
#include <string.h>

void sieve_init(struct sieve *v, const struct blocks *x, const struct event_set *types,
		const char *filter)
{
	*v = (struct sieve){ .x = x, .types = *types, .watches = blocks_watch_of(x, filter),
			     .to = UINT64_MAX, .to_num = UINT64_MAX };
}

void sieve_cond(struct sieve *v, const struct cond *c)
{
	const char *text;
	size_t len;

	v->of_name = cond_equals(c, "proc.name", &text, &len);
	if (v->of_name)
		v->name = who_name(text, len);
	v->of_pid = cond_equals(c, "proc.pid", &text, &len) && len < 10
		&& strspn(text, "0123456789") >= len;
	if (v->of_pid)
		v->pid = who_pid(strtoull(text, NULL, 10));
}

static bool is_among(const struct sieve *v, const struct who *w)
{
	return (!v->of_pid || w->pids[v->pid / 64] >> v->pid % 64 & 1)
		&& (!v->of_name || w->names[v->name / 64] >> v->name % 64 & 1);
}

static bool have_common(const struct event_set *a, const struct event_set *b)
{
	for (unsigned i = 0; i < sizeof(a->bits) / sizeof(a->bits[0]); i++)
		if (a->bits[i] & b->bits[i])
			return true;
	return false;
}

static bool has_num(const struct sieve *v, const struct block_facts *b)
{
	size_t lo = 0, hi = v->n_nums;

	while (lo < hi) {
		const size_t mid = lo + (hi - lo) / 2;

		if (v->nums[mid] < b->first_num)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < v->n_nums && v->nums[lo] < b->end;
}

/* Can it have what is looked for? */
static bool passes(const struct sieve *v, const struct block_facts *b)
{
	if (b->last_ts < v->from || b->first_ts > v->to || b->end <= v->from_num
	    || b->first_num >= v->to_num || !have_common(&b->types, &v->types))
		return false;
	if (v->nums && !has_num(v, b))
		return false;
	return have_common(&b->types, &v->always)
		|| !__atomic_load_n(&v->x->read[b->part], __ATOMIC_ACQUIRE)
		|| ((b->seen & v->watches) == v->watches && is_among(v, &b->who));
}

bool sieve_works(const struct sieve *v)
{
	return v->x->n && !__atomic_load_n(&v->x->damaged, __ATOMIC_RELAXED);
}

size_t sieve_next(const struct sieve *v, size_t i)
{
	while (i < v->x->n && !passes(v, &v->x->v[i]))
		i++;
	return i;
}

bool sieve_part(const struct sieve *v, unsigned part)
{
	const struct blocks *x = v->x;
	size_t i = 0;

	if (!sieve_works(v))
		return true;
	while (i < x->n && x->v[i].part < part)
		i++;
	i = sieve_next(v, i);
	return i < x->n && x->v[i].part == part;
}

uint64_t sieve_skip(const struct sieve *v, uint64_t num)
{
	size_t i;

	if (!sieve_works(v) || v->on)
		return num;
	i = sieve_next(v, blocks_at(v->x, num));
	if (i == v->x->n)
		return UINT64_MAX;
	return v->x->v[i].first_num > num ? v->x->v[i].first_num : num;
}

enum pick sieve_ask(void *sieve, uint64_t first_num)
{
	struct sieve *v = sieve;
	const size_t i = blocks_at(v->x, first_num);
	size_t next;

	if (!sieve_works(v) || i == v->x->n || v->x->v[i].first_num != first_num)
		return PICK_ALL;
	next = sieve_next(v, i);
	if (next == i)
		return PICK_ALL;
	if (v->on || (next < v->x->n && v->x->v[next].part == v->x->v[i].part))
		return PICK_LEAN;
	v->ended = first_num;
	return PICK_END;
}
