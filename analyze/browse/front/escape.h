/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that the terminal's description does not have.  What comes behind Esc is one key, whether we
 * know it or not: typed as single keys, the end of a sequence would do what its letters do. */
#ifndef SAKER_BROWSE_ESCAPE_H
#define SAKER_BROWSE_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>

enum { ESCAPE_MAX = 32 };

/* Is this the beginning of a sequence, the Esc itself left out, that goes on? */
bool escape_goes_on(const char *p, size_t len);
/* The code of ncurses for a sequence; -1: it means nothing here. */
int escape_key(const char *p, size_t len);

#endif
