/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/report/nearest.h"

#include <stdlib.h>
#include <string.h>

enum { CHECKS_MAX = 64 };	/* that tell groups apart */

static void group_release(struct nearest_group *g)
{
	free(g->checks);
	buf_release(&g->text);
	*g = (struct nearest_group){0};
}

void nearest_release(struct nearest *n)
{
	for (unsigned i = 0; i < n->n; i++)
		group_release(&n->v[i]);
	n->n = 0;
}

/* In cost, then in time, then earlier. */
static bool is_nearer(const struct nearest_group *a, const struct nearest_group *b)
{
	if (a->cost != b->cost)
		return a->cost < b->cost;
	if (a->away != b->away)
		return a->away < b->away;
	return a->first < b->first;
}

static struct nearest_group *farthest(struct nearest *n)
{
	struct nearest_group *g = &n->v[0];

	for (unsigned i = 1; i < n->n; i++)
		if (is_nearer(g, &n->v[i]))
			g = &n->v[i];
	return g;
}

static unsigned failed_checks(const struct explain *x, uint32_t out[CHECKS_MAX])
{
	unsigned n = 0;

	for (uint32_t i = 0; i < x->n && n < CHECKS_MAX; i++)
		if (x->v[i].blamed && x->v[i].end == i + 1)
			out[n++] = i;
	return n;
}

static struct nearest_group *find(struct nearest *n, const uint32_t *checks, unsigned n_checks)
{
	for (unsigned i = 0; i < n->n; i++)
		if (n->v[i].n_checks == n_checks &&
		    memcmp(n->v[i].checks, checks, n_checks * sizeof(*checks)) == 0)
			return &n->v[i];
	return NULL;
}

/* A place for a new group; NULL if all that are there are nearer. */
static struct nearest_group *place(struct nearest *n, const struct nearest_group *new)
{
	struct nearest_group *g;

	if (n->n < NEAREST_MAX)
		return &n->v[n->n++];
	g = farthest(n);
	if (!is_nearer(new, g))
		return NULL;
	group_release(g);
	return g;
}

struct nearest_group *nearest_note(struct nearest *n, const struct explain *x, uint64_t num,
				   uint64_t away)
{
	struct nearest_group new = { .cost = explain_holds(x) ? 0 : explain_distance(x),
		.first = num, .count = 1, .away = away }, *g;
	uint32_t checks[CHECKS_MAX];

	new.n_checks = failed_checks(x, checks);
	g = find(n, checks, new.n_checks);
	if (g) {
		g->count++;
		if (g->away <= away)
			return NULL;
		g->first = num;
		g->away = away;
		buf_reset(&g->text);
		return g;
	}
	g = place(n, &new);
	if (!g)
		return NULL;
	*g = new;
	g->checks = xmalloc((g->n_checks + 1) * sizeof(*checks));
	memcpy(g->checks, checks, g->n_checks * sizeof(*checks));
	return g;
}

static int compare(const void *a, const void *b)
{
	return is_nearer(a, b) ? -1 : is_nearer(b, a);
}

void nearest_sort(struct nearest *n)
{
	qsort(n->v, n->n, sizeof(n->v[0]), compare);
}
