/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/lang/intern.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

uint32_t hash_bytes(const void *p, size_t len)
{
	return (uint32_t)XXH3_64bits(p, len);
}

void intern_init(struct intern *t, struct arena *a)
{
	*t = (struct intern){ .arena = a };
}

void intern_release(struct intern *t)
{
	free(t->keys);
	free(t->table);
	*t = (struct intern){0};
}

/* Where the bytes are, or where they would go. */
static size_t place(const struct intern *t, const void *p, size_t len, uint32_t hash)
{
	for (size_t i = hash & t->mask;; i = (i + 1) & t->mask) {
		const struct intern_key *k;

		if (!t->table[i])
			return i;
		k = &t->keys[t->table[i] - 1];
		if (k->hash == hash && k->len == len && (!len || memcmp(k->p, p, len) == 0))
			return i;
	}
}

static void grow(struct intern *t)
{
	const size_t size = t->mask ? (t->mask + 1) * 2 : 64;

	t->table = xrealloc(t->table, mem_mul(size, sizeof(*t->table)));
	memset(t->table, 0, size * sizeof(*t->table));
	t->mask = size - 1;
	for (size_t n = 0; n < t->n; n++) {
		size_t i = t->keys[n].hash & t->mask;

		while (t->table[i])
			i = (i + 1) & t->mask;
		t->table[i] = (uint32_t)n + 1;
	}
}

uint32_t intern_add(struct intern *t, const void *p, size_t len, bool *is_new)
{
	const uint32_t hash = hash_bytes(p, len);
	size_t i;

	if (!t->mask || t->n * 2 > t->mask)
		grow(t);
	i = place(t, p, len, hash);
	*is_new = !t->table[i];
	if (*is_new) {
		t->keys = mem_grow(t->keys, &t->cap, t->n + 1, sizeof(*t->keys));
		t->keys[t->n++] = (struct intern_key){
			.p = arena_strn(t->arena, p, len), .len = (uint32_t)len, .hash = hash,
		};
		t->table[i] = (uint32_t)t->n;
	}
	return t->table[i] - 1;
}

uint32_t intern_find(const struct intern *t, const void *p, size_t len)
{
	size_t i;

	if (!t->mask)
		return INTERN_NONE;
	i = place(t, p, len, hash_bytes(p, len));
	return t->table[i] ? t->table[i] - 1 : INTERN_NONE;
}
