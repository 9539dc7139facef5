/* SPDX-License-Identifier: Apache-2.0 */
/* The nearest of some names, for "did you mean":
 *
 *   near_init(&n, word, len);
 *   for each name
 *           near_try(&n, name);
 *   if (n.name) ... */
#ifndef SAKER_BASE_NEAR_H
#define SAKER_BASE_NEAR_H

#include <stddef.h>

struct near {
	const char *word;
	size_t len;
	unsigned best;
	const char *name;	/* the nearest so far; NULL: none is near */
};

void near_init(struct near *n, const char *word, size_t len);
void near_try(struct near *n, const char *name);

/* "; did you mean X?", or "" if nothing is near.  In static memory of the thread. */
const char *near_text(const struct near *n);

#endif
