/* SPDX-License-Identifier: Apache-2.0 */
/* What the terminal's beginning and end (term.c), looks (term_look.c), signals (term_signals.c),
 * keys (term_keys.c) and drawing (term_draw.c) share. */
#ifndef SAKER_BROWSE_TERM_PARTS_H
#define SAKER_BROWSE_TERM_PARTS_H

#include <curses.h>
#include <signal.h>

#include "analyze/browse/front/term.h"

extern struct term_state {
	bool utf8;
	unsigned shades;
	attr_t attributes[ROLE__N];
	struct buf text;		/* that is drawn */
} term;

/* By signals, and not done yet. */
extern struct term_asked {
	volatile sig_atomic_t quit, stop, go_on, resize;
} term_asked;

/* ---- term.c ---- */

/* Works from a signal handler. */
void term_give_back(void);
/* Does it: TERM_QUIT, TERM_RESIZED, 0. */
int term_do_asked(void);

/* ---- term_signals.c ---- */

int term_open_pipe(void);		/* negative with a message */
/* After ncurses has begun, which catches some, too. */
void term_catch_signals(void);
/* Readable when something was asked for; term_drain: until then no more. */
int term_pipe(void);
void term_drain(void);

/* ---- term_look.c ---- */

void term_choose_charset(enum term_charset c);
void term_choose_colors(enum term_colors c);

#endif
