/* SPDX-License-Identifier: Apache-2.0 */
/* Open addressing with linear probing; a removal moves back what follows it, so
 * there are no tombstones and a look-up ends at the first free slot. */
#include <stdlib.h>

#include "replay/state/internal.h"

enum { MAP_FIRST = 16 };

static void insert(struct map *m, uint32_t key, void *p)
{
	uint32_t i = map_hash(key) & m->mask;

	while (m->v[i].p && m->v[i].key != key)
		i = (i + 1) & m->mask;
	if (!m->v[i].p)
		m->n++;
	m->v[i] = (struct map_slot){ key, p };
}

static void grow(struct map *m)
{
	const struct map old = *m;
	const uint32_t size = old.v ? (old.mask + 1) * 2 : MAP_FIRST;

	*m = (struct map){ .v = xcalloc(size, sizeof(*m->v)), .mask = size - 1 };
	for (uint32_t i = 0; old.v && i <= old.mask; i++)
		if (old.v[i].p)
			insert(m, old.v[i].key, old.v[i].p);
	free(old.v);
}

void map_put(struct map *m, uint32_t key, void *p)
{
	if (!m->v || (m->n + 1) * 3 > (m->mask + 1) * 2)
		grow(m);
	insert(m, key, p);
}

void map_del(struct map *m, uint32_t key)
{
	uint32_t i, j;

	if (!m->v)
		return;
	for (i = map_hash(key) & m->mask; m->v[i].p && m->v[i].key != key;)
		i = (i + 1) & m->mask;
	if (!m->v[i].p)
		return;
	m->n--;
	for (j = i;;) {
		uint32_t home;

		m->v[i].p = NULL;
		do {
			j = (j + 1) & m->mask;
			if (!m->v[j].p)
				return;
			home = map_hash(m->v[j].key) & m->mask;
		} while (i <= j ? i < home && home <= j : i < home || home <= j);
		m->v[i] = m->v[j];
		i = j;
	}
}

void map_release(struct map *m)
{
	free(m->v);
	*m = (struct map){0};
}
