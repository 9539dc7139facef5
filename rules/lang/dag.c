/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/lang/dag.h"

#include <stdlib.h>
#include <string.h>

/* A chain longer than this is left nested: flattening macros that double at each step
 * would undo the sharing. */
enum { FLAT_MAX = 4096 };

static uint32_t add(struct dag *d, enum dag_kind kind, const uint32_t *kids, uint32_t n)
{
	bool is_new;
	uint32_t id;
	size_t len = sizeof(uint32_t) * (n + 1);
	uint32_t small[16], *key = n < 16 ? small : xmalloc(len);

	key[0] = kind;
	if (n)
		memcpy(key + 1, kids, n * sizeof(*kids));
	id = intern_add(&d->table, key, len, &is_new);
	if (key != small)
		free(key);
	if (is_new) {
		d->nodes = mem_grow(d->nodes, &d->cap, d->n + 1, sizeof(*d->nodes));
		d->nodes[d->n++] = (struct dag_node){
			.kids = (const uint32_t *)d->table.keys[id].p + 1, .n = n, .kind = kind,
		};
	}
	return id;
}

void dag_init(struct dag *d, struct arena *a)
{
	*d = (struct dag){ .arena = a };
	intern_init(&d->table, a);
	add(d, DAG_CONST, (uint32_t[]){ 0 }, 1);
	add(d, DAG_CONST, (uint32_t[]){ 1 }, 1);
}

void dag_release(struct dag *d)
{
	intern_release(&d->table);
	free(d->nodes);
	free(d->scratch);
	*d = (struct dag){0};
}

uint32_t dag_pred(struct dag *d, uint32_t pred)
{
	return add(d, DAG_PRED, &pred, 1);
}

uint32_t dag_not(struct dag *d, uint32_t x)
{
	if (x <= DAG_TRUE)
		return !x;
	if (d->nodes[x].kind == DAG_NOT)
		return d->nodes[x].kids[0];
	return add(d, DAG_NOT, &x, 1);
}

static int compare(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* All kids with nested chains of the same kind opened. */
static uint32_t flatten(struct dag *d, enum dag_kind kind, const uint32_t *kids, uint32_t n)
{
	uint32_t m = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct dag_node *k = &d->nodes[kids[i]];
		const bool open = k->kind == kind && n + m + k->n < FLAT_MAX;
		const uint32_t add_n = open ? k->n : 1;

		d->scratch = mem_grow(d->scratch, &d->scratch_cap, m + add_n + n,
				      sizeof(*d->scratch));
		memcpy(d->scratch + m, open ? k->kids : &kids[i], add_n * sizeof(*kids));
		m += add_n;
	}
	return m;
}

static bool has(const uint32_t *list, uint32_t n, uint32_t x)
{
	return bsearch(&x, list, n, sizeof(*list), compare) != NULL;
}

/* Sorted, no doubles and no neutral elements; DAG_AND of x and not x is decided. */
uint32_t dag_chain(struct dag *d, enum dag_kind kind, const uint32_t *kids, uint32_t n)
{
	const uint32_t neutral = kind == DAG_AND ? DAG_TRUE : DAG_FALSE;
	uint32_t m = flatten(d, kind, kids, n), k = 0, *s = d->scratch;

	if (m)
		qsort(s, m, sizeof(*s), compare);
	for (uint32_t i = 0; i < m; i++) {
		if (s[i] == !neutral)
			return s[i];
		if (s[i] != neutral && (k == 0 || s[k - 1] != s[i]))
			s[k++] = s[i];
	}
	for (uint32_t i = 0; i < k; i++)
		if (d->nodes[s[i]].kind == DAG_NOT && has(s, k, d->nodes[s[i]].kids[0]))
			return !neutral;
	if (k == 0)
		return neutral;
	return k == 1 ? s[0] : add(d, kind, s, k);
}
