/* SPDX-License-Identifier: Apache-2.0 */
/* The conditions of an event's type, as far as its keys leave any (keys.c). */
#include <stdlib.h>

#include "rules/lang/engine.h"

/* The conditions that can hold. */
static inline struct able able(struct matcher *m, const struct type_keys *t, uint32_t words)
{
	const struct keys *k = &m->e->keys;
	uint32_t at = t->ask, code;

	while (!(at & ASK_LEAF)) {
		const struct ask *a = &k->asks[at];
		const bool yes = a->key.slot != NO_SLOT ?
				 matcher_plain(m, a->key.slot, a->key.index) :
				 matcher_test(m, a->key.test);

		/* A jump, which can be foreseen, and no load that must wait for the answer. */
		if (__builtin_expect_with_probability(yes, 1, 0.9))
			at = a->next[1];
		else
			at = a->next[0];
	}
	at &= ~ASK_LEAF;
	code = k->leaves[t->leaves + at];
	return (struct able){ k->masks + t->masks + (size_t)at * words,
			      code ? k->pcs + code - 1 : NULL };
}

struct found {
	uint32_t *ids;
	unsigned n, max;
	bool mixed;			/* not in order */
};

static inline bool take(const struct engine *e, const struct entry *i, struct found *out)
{
	out->ids[out->n++] = i->id;
	for (uint32_t s = i->same; s && out->n < out->max; s = e->same[s - 1].next) {
		out->ids[out->n++] = e->same[s - 1].id;
		out->mixed = true;
	}
	return out->n < out->max;
}

static int by_id(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

void match_sort(uint32_t *ids, unsigned n)
{
	if (n > 1)
		qsort(ids, n, sizeof(*ids), by_id);
}

/* Runs the conditions of a word's bits; false: enough.  pcs: of these, moves on. */
static inline bool run_word(struct matcher *m, const struct entry *entries, uint64_t left,
			    const uint32_t **pcs, struct found *out)
{
	for (; left; left &= left - 1) {
		const struct entry *i = &entries[__builtin_ctzll(left)];

		if (matcher_run(m, *pcs ? *(*pcs)++ : i->pc) && !take(m->e, i, out))
			return false;
	}
	return true;
}

static void run_all(struct matcher *m, const struct entry *entries, uint32_t n,
		    struct found *out)
{
	for (uint32_t i = 0; i < n; i++)
		if (matcher_run(m, entries[i].pc) && !take(m->e, &entries[i], out))
			break;
}

struct able matcher_able(struct matcher *m, unsigned type)
{
	const struct type_keys *t = &m->e->keys.type[type];
	const uint32_t n = m->e->first[type + 1] - m->e->first[type];

	return t->n ? able(m, t, (n + 63) / 64) : (struct able){0};
}

unsigned matcher_match(struct matcher *m, unsigned type, uint32_t *ids, unsigned max)
{
	const struct engine *e = m->e;
	const struct type_keys *t = &e->keys.type[type];
	const struct entry *entries = e->entries + e->first[type];
	const uint32_t n = e->first[type + 1] - e->first[type], words = (n + 63) / 64;
	struct found out = { .ids = ids, .max = max };
	struct able left;

	if (!t->n) {
		run_all(m, entries, n, &out);
	} else {
		left = able(m, t, words);
		for (uint32_t w = 0; w < words; w++)
			if (left.mask[w] &&
			    !run_word(m, entries + w * 64, left.mask[w], &left.pcs, &out))
				break;
	}
	if (out.mixed)
		match_sort(ids, out.n);
	return out.n;
}
