/* SPDX-License-Identifier: Apache-2.0 */
/* Where a search found its text within a cell. */
#ifndef SAKER_BROWSE_FOUND_H
#define SAKER_BROWSE_FOUND_H

#include "analyze/browse/front/term.h"

enum found_flags {
	FOUND_FOLLOW = 1,	/* from shortly before it on if the beginning does not show it */
	FOUND_PATH = 2,		/* a path that is too long is clipped at its beginning */
};

/* Draws as term_quoted does, with what was searched for marked (text; NULL or "": nothing). */
void found_put(int row, int column, int width, enum term_role role, const void *p, size_t len,
	       const char *text, unsigned flags);

#endif
