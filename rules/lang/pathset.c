/* SPDX-License-Identifier: Apache-2.0 */
/* A trie of components.  Plain components of a node are sorted and searched, those with
 * wildcards are tried one by one; all that match are followed (Falco follows only some
 * when several globs stand at one level, see saker-rules(5)). */
#include "rules/lang/pathset.h"

#include <stdlib.h>
#include <string.h>

struct path_node {
	const char *name;
	size_t len;
	bool end, glob;
	struct path_node *kids, *next;		/* while it is built */
	struct path_node **sorted;		/* plain kids, then globs */
	uint32_t n_plain, n_globs;
};

struct pathset {
	struct path_node root;
};

static bool next_component(const char **p, const char *end, const char **name, size_t *len)
{
	const char *s = *p, *slash;

	while (s < end && *s == '/')
		s++;
	if (s == end)
		return false;
	slash = memchr(s, '/', (size_t)(end - s));
	*name = s;
	*len = (size_t)((slash ? slash : end) - s);
	*p = s + *len;
	return true;
}

static int order(const struct path_node *n, const char *name, size_t len)
{
	const size_t min = n->len < len ? n->len : len;
	const int r = memcmp(n->name, name, min);

	return r ? r : (n->len > len) - (n->len < len);
}

static int order_nodes(const void *a, const void *b)
{
	const struct path_node *x = *(struct path_node *const *)a;
	const struct path_node *y = *(struct path_node *const *)b;

	return x->glob != y->glob ? x->glob - y->glob : order(x, y->name, y->len);
}

/* Sorted rows of components share parents only with their neighbours, so that
 * looking at the newest kid is enough. */
static struct path_node *kid(struct arena *a, struct path_node *n, const char *name, size_t len)
{
	struct path_node *k = n->kids;

	if (k && order(k, name, len) == 0)
		return k;
	k = arena_zalloc(a, sizeof(*k));
	k->name = name;
	k->len = len;
	for (size_t i = 0; i < len; i++)
		k->glob |= name[i] == '*' || name[i] == '?' || name[i] == '[';
	k->next = n->kids;
	n->kids = k;
	*(k->glob ? &n->n_globs : &n->n_plain) += 1;
	return k;
}

static void add(struct arena *a, struct path_node *root, const char *p, size_t len)
{
	const char *end = p + len, *name;
	struct path_node *n = root;
	size_t l;

	while (next_component(&p, end, &name, &l))
		n = kid(a, n, name, l);
	n->end = true;
}

static void finish(struct arena *a, struct path_node *n)
{
	const uint32_t count = n->n_plain + n->n_globs;
	uint32_t i = 0;

	n->sorted = arena_alloc(a, (count + 1) * sizeof(*n->sorted));
	for (struct path_node *k = n->kids; k; k = k->next) {
		n->sorted[i++] = k;
		finish(a, k);
	}
	if (count)
		qsort(n->sorted, count, sizeof(*n->sorted), order_nodes);
}

static int order_paths(const void *a, const void *b)
{
	const struct constant *x = a, *y = b;
	const char *p = x->p, *q = y->p, *pe = p + x->len, *qe = q + y->len, *pn, *qn;
	size_t pl, ql;

	for (;;) {
		const bool more = next_component(&p, pe, &pn, &pl);
		const bool others = next_component(&q, qe, &qn, &ql);
		int r;

		if (!more || !others)
			return more - others;
		r = memcmp(pn, qn, pl < ql ? pl : ql);
		if (r || pl != ql)
			return r ? r : (pl > ql) - (pl < ql);
	}
}

const struct pathset *pathset_new(struct arena *a, const struct constant *c, uint32_t n)
{
	struct pathset *s = arena_zalloc(a, sizeof(*s));
	struct constant *sorted = xmalloc(mem_mul(n + 1, sizeof(*sorted)));

	if (n) {
		memcpy(sorted, c, n * sizeof(*c));
		qsort(sorted, n, sizeof(*sorted), order_paths);
	}
	for (uint32_t i = 0; i < n; i++)
		add(a, &s->root, sorted[i].p, sorted[i].len);
	free(sorted);
	finish(a, &s->root);
	return s;
}

static const struct path_node *find(const struct path_node *n, const char *name, size_t len)
{
	size_t lo = 0, hi = n->n_plain;

	while (lo < hi) {
		const size_t mid = (lo + hi) / 2;
		const int r = order(n->sorted[mid], name, len);

		if (r == 0)
			return n->sorted[mid];
		if (r < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

/* Each level of the set is met once per way to reach it; ways are few: one per
 * matching glob. */
static bool match(const struct path_node *n, const char *p, const char *end, unsigned *budget)
{
	const struct path_node *k;
	const char *name;
	size_t len;

	if (n->end)
		return true;
	if (*budget == 0 || !next_component(&p, end, &name, &len))
		return false;
	--*budget;
	k = find(n, name, len);
	if (k && match(k, p, end, budget))
		return true;
	for (uint32_t i = 0; i < n->n_globs; i++) {
		k = n->sorted[n->n_plain + i];
		if (glob_match(k->name, k->len, name, len, false) && match(k, p, end, budget))
			return true;
	}
	return false;
}

bool pathset_match(const struct pathset *s, const char *p, size_t len)
{
	unsigned budget = 1 << 20;

	return match(&s->root, p, p + len, &budget);
}
