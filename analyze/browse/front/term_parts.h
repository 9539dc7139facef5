/* SPDX-License-Identifier: Apache-2.0 */
/* What the terminal's beginning and end (term.c), its keys (term_keys.c) and drawing (term_draw.c)
 * share. */
#ifndef SAKER_BROWSE_TERM_PARTS_H
#define SAKER_BROWSE_TERM_PARTS_H

#include <curses.h>

#include "analyze/browse/front/term.h"

extern struct term_state {
	bool utf8, mouse;
	short pairs;
	unsigned shades;
	attr_t attributes[ROLE__N];
	struct buf text;
	int wake[2];
	SCREEN *screen;
	struct term_mouse event;
} term;

/* The next key that ncurses has read or can read at once; TERM_NOTHING. */
int term_decode(void);

#endif
