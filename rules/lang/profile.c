/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/lang/profile.h"

#include <stdlib.h>
#include <time.h>

/* LONGEST: the processor was taken away in between, no condition takes so long. */
enum { TIME_EVERY = 61, CALIBRATE = 1000, LONGEST = 20000 };

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static uint64_t clock_cost(void)
{
	uint64_t least = UINT64_MAX;

	for (unsigned i = 0; i < CALIBRATE; i++) {
		const uint64_t from = now(), took = now() - from;

		least = took < least ? took : least;
	}
	return least;
}

void profile_init(struct profile *p, const struct engine *e)
{
	*p = (struct profile){
		.e = e, .overhead = clock_cost(),
		.rules = xcalloc(e->n_roots + 1, sizeof(*p->rules)),
		.preds = xcalloc(e->pred_names.n + 1, sizeof(*p->preds)),
	};
}

void profile_release(struct profile *p)
{
	free(p->rules);
	free(p->preds);
	*p = (struct profile){0};
}

static uint64_t since(const struct profile *p, uint64_t from)
{
	const uint64_t took = now() - from;

	return took <= p->overhead ? 0 : took > LONGEST ? LONGEST : took - p->overhead;
}

/* What was asked on this event is what the matcher remembers of it. */
static void count_preds(struct profile *p, const struct matcher *m)
{
	for (size_t i = 0; i < p->e->pred_names.n; i++)
		if ((m->memo[i] ^ m->stamp) <= 1) {
			p->preds[i].asked++;
			p->preds[i].held += m->memo[i] & 1;
		}
}

/* Each predicate that was asked, once more from the beginning. */
static void time_preds(struct profile *p, struct matcher *m)
{
	for (size_t i = 0; i < p->e->pred_names.n; i++) {
		const struct pred *d = &p->e->preds[i];
		uint64_t from;

		if ((m->memo[i] ^ m->stamp) > 1)
			continue;
		m->memo[i] = 0;
		m->values[d->slot].stamp = 0;
		from = now();
		matcher_test(m, (uint32_t)i);
		p->preds[i].ns += since(p, from);
		p->preds[i].timed++;
	}
}

static bool run(struct profile *p, struct matcher *m, const struct entry *i, uint32_t pc)
{
	struct profile_rule *r = &p->rules[i->id];
	const uint64_t from = now();
	const bool is = matcher_run(m, pc);

	r->ns += since(p, from);
	r->run++;
	r->held += is;
	return is;
}

unsigned profile_match(struct profile *p, struct matcher *m, unsigned type, uint32_t *ids,
		       unsigned max)
{
	const struct engine *e = p->e;
	const struct entry *entries = e->entries + e->first[type];
	const uint32_t n_entries = e->first[type + 1] - e->first[type];
	const uint64_t from = now();
	struct able left = matcher_able(m, type);
	unsigned n = 0;

	p->events++;
	p->keys_ns += left.mask ? since(p, from) : 0;
	for (uint32_t i = 0; i < n_entries; i++)
		p->rules[entries[i].id].offered++;
	for (uint32_t i = 0; i < n_entries && n < max; i++) {
		if (left.mask && !(left.mask[i / 64] >> i % 64 & 1))
			continue;
		if (!run(p, m, &entries[i], left.pcs ? *left.pcs++ : entries[i].pc))
			continue;
		ids[n++] = entries[i].id;
		for (uint32_t s = entries[i].same; s && n < max; s = e->same[s - 1].next) {
			ids[n++] = e->same[s - 1].id;
			p->rules[e->same[s - 1].id].held++;
		}
	}
	match_sort(ids, n);
	count_preds(p, m);
	if (p->events % TIME_EVERY == 0)
		time_preds(p, m);
	return n;
}
