/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers for distinct runs of bytes, counted from 0: texts of fields and predicates,
 * nodes of the graph, names of lists, macros and rules. */
#ifndef SAKER_LANG_INTERN_H
#define SAKER_LANG_INTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/base/mem.h"

struct intern_key {
	const void *p;
	uint32_t len, hash;
};

struct intern {
	struct arena *arena;
	struct intern_key *keys;	/* by number */
	size_t n, cap;
	uint32_t *table;		/* number + 1, 0: free */
	size_t mask;
};

enum { INTERN_NONE = UINT32_MAX };

void intern_init(struct intern *t, struct arena *a);
void intern_release(struct intern *t);
/* The number of the bytes; *is_new if they were not there.  Keeps a copy. */
uint32_t intern_add(struct intern *t, const void *p, size_t len, bool *is_new);
/* INTERN_NONE if they are not there. */
uint32_t intern_find(const struct intern *t, const void *p, size_t len);

uint32_t hash_bytes(const void *p, size_t len);

#endif
