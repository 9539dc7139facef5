/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of one event type often begin alike: "a regular file was opened for reading".
 * A guard is such a part of several conditions; when it does not hold, all of them are
 * out with one step.  The conditions that are left run in their order. */
#include <stdlib.h>
#include <string.h>

#include "rules/lang/guard.h"

enum { WORDS_MAX = 32, GUARDS_MAX = 32 };	/* more conditions on a type: no guards */

struct want {
	uint32_t node, n;		/* how many conditions need it */
	float gain;
};

static int by_gain(const void *a, const void *b)
{
	const struct want *x = a, *y = b;

	return x->gain > y->gain ? -1 : x->gain < y->gain ? 1 : (x->node > y->node) -
	       (x->node < y->node);
}

static const uint32_t *conjuncts(const struct dag *d, const uint32_t *node, uint32_t *n)
{
	const struct dag_node *k = &d->nodes[*node];

	*n = k->kind == DAG_AND ? k->n : 1;
	return k->kind == DAG_AND ? k->kids : node;
}

static bool needs(const struct dag *d, const uint32_t *node, uint32_t part)
{
	uint32_t n;
	const uint32_t *kids = conjuncts(d, node, &n);

	for (uint32_t i = 0; i < n; i++)
		if (kids[i] == part)
			return true;
	return false;
}

/* The parts that two or more of the conditions need, best first. */
static uint32_t collect(const struct dag *d, const uint32_t *nodes, uint32_t n_nodes,
			struct want *out, uint32_t *count, guard_gain *gain, void *arg)
{
	uint32_t n_out = 0, n;

	for (uint32_t i = 0; i < n_nodes; i++) {
		const uint32_t *kids = conjuncts(d, &nodes[i], &n);

		for (uint32_t k = 0; k < n; k++)
			if (++count[kids[k]] == 2)
				out[n_out++].node = kids[k];
	}
	for (uint32_t i = 0; i < n_out; i++) {
		out[i].n = count[out[i].node];
		out[i].gain = gain(out[i].node, arg) * (float)out[i].n;
	}
	for (uint32_t i = 0; i < n_nodes; i++) {
		const uint32_t *kids = conjuncts(d, &nodes[i], &n);

		for (uint32_t k = 0; k < n; k++)
			count[kids[k]] = 0;
	}
	if (n_out)
		qsort(out, n_out, sizeof(*out), by_gain);
	return n_out < GUARDS_MAX ? n_out : GUARDS_MAX;
}

static void add(struct guards *g, const struct guard *guard, const struct dag *d, uint32_t node,
		const uint32_t *nodes, uint32_t n_nodes)
{
	const uint32_t words = (n_nodes + 63) / 64;

	g->v = mem_grow(g->v, &g->cap, g->n + 1, sizeof(*g->v));
	g->v[g->n] = *guard;
	g->v[g->n++].masks = (uint32_t)g->n_masks;
	g->masks = mem_grow(g->masks, &g->masks_cap, g->n_masks + words, sizeof(*g->masks));
	memset(g->masks + g->n_masks, 0, words * sizeof(*g->masks));
	for (uint32_t i = 0; i < n_nodes; i++)
		if (needs(d, &nodes[i], node))
			g->masks[g->n_masks + i / 64] |= UINT64_C(1) << i % 64;
	g->n_masks += words;
}

void guards_make(struct guards *g, unsigned type, const struct dag *d, const uint32_t *nodes,
		 uint32_t n_nodes, uint32_t *count, guard_gain *gain, guard_test *test, void *arg)
{
	struct want *out;
	uint32_t n, most = 1;

	g->first[type] = (uint32_t)g->n;
	g->first[type + 1] = (uint32_t)g->n;
	if (n_nodes < 3 || n_nodes > WORDS_MAX * 64)
		return;
	for (uint32_t i = 0; i < n_nodes; i++)
		most += d->nodes[nodes[i]].n + 1;
	out = xcalloc(most, sizeof(*out));
	n = collect(d, nodes, n_nodes, out, count, gain, arg);
	for (uint32_t i = 0; i < n; i++) {
		const bool not = d->nodes[out[i].node].kind == DAG_NOT;
		const uint32_t node = not ? d->nodes[out[i].node].kids[0] : out[i].node;
		const struct guard guard = { .test = test(node, arg), .not = not };

		if (guard.test != CODE_NONE)
			add(g, &guard, d, out[i].node, nodes, n_nodes);
	}
	g->first[type + 1] = (uint32_t)g->n;
	free(out);
}

void guards_release(struct guards *g)
{
	free(g->v);
	free(g->masks);
	*g = (struct guards){0};
}

/* Takes out what cannot hold; alive has a bit for each condition of the type. */
static void thin(struct matcher *m, unsigned type, uint64_t *alive, uint32_t words)
{
	const struct guards *g = &m->e->guards;

	for (uint32_t i = g->first[type]; i < g->first[type + 1]; i++) {
		const struct guard *guard = &g->v[i];
		const uint64_t *mask = g->masks + guard->masks;
		uint64_t any = 0;

		for (uint32_t w = 0; w < words; w++)
			any |= alive[w] & mask[w];
		if (!any || matcher_test(m, guard->test) != guard->not)
			continue;
		for (uint32_t w = 0; w < words; w++)
			alive[w] &= ~mask[w];
	}
}

/* The same where one word has room for all of them: nearly always. */
static uint64_t thin_word(struct matcher *m, unsigned type, uint64_t alive)
{
	const struct guards *g = &m->e->guards;
	const struct guard *end = g->v + g->first[type + 1];

	for (const struct guard *i = g->v + g->first[type]; i < end && alive; i++) {
		const uint64_t mask = g->masks[i->masks];

		if (alive & mask && matcher_test(m, i->test) == i->not)
			alive &= ~mask;
	}
	return alive;
}

/* Without guards: all conditions in a row. */
static unsigned match_all(struct matcher *m, unsigned type, uint32_t *ids, unsigned max)
{
	const struct engine *e = m->e;
	unsigned n = 0;

	for (uint32_t i = e->first[type]; i < e->first[type + 1] && n < max; i++)
		if (matcher_run(m, e->entries[i].pc))
			ids[n++] = e->entries[i].id;
	return n;
}

unsigned matcher_match(struct matcher *m, unsigned type, uint32_t *ids, unsigned max)
{
	const struct engine *e = m->e;
	const struct entry *entries = e->entries + e->first[type];
	const uint32_t n_entries = e->first[type + 1] - e->first[type];
	const uint32_t words = (n_entries + 63) / 64;
	uint64_t alive[WORDS_MAX];
	unsigned n = 0;

	if (e->guards.first[type] == e->guards.first[type + 1])
		return match_all(m, type, ids, max);
	for (uint32_t w = 0; w < words; w++)
		alive[w] = ~UINT64_C(0);
	if (n_entries % 64)
		alive[words - 1] >>= 64 - n_entries % 64;
	if (words == 1)
		alive[0] = thin_word(m, type, alive[0]);
	else
		thin(m, type, alive, words);
	for (uint32_t w = 0; w < words; w++)
		for (uint64_t left = alive[w]; left && n < max; left &= left - 1) {
			const uint32_t i = w * 64 + (uint32_t)__builtin_ctzll(left);

			if (matcher_run(m, entries[i].pc))
				ids[n++] = entries[i].id;
		}
	return n;
}
