/* SPDX-License-Identifier: Apache-2.0 */
/* Where a search found its text within a cell. */
#ifndef SAKER_BROWSE_FOUND_H
#define SAKER_BROWSE_FOUND_H

#include "analyze/browse/term.h"

/* Draws as term_quoted does, with what was searched for marked (text; NULL or "": nothing).
 * follow: a text whose beginning does not show it is shown from shortly before it on. */
void found_put(int row, int column, int width, enum term_role role, const void *p, size_t len,
	       const char *text, bool follow);

#endif
