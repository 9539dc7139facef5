/* SPDX-License-Identifier: Apache-2.0 */
/* The terminal: taken over at start, given back on every way out, a crash and a kill
 * included. */
#ifndef SAKER_BROWSE_TERM_H
#define SAKER_BROWSE_TERM_H

#include <stdbool.h>
#include <stddef.h>

#include "capture/base/buf.h"

enum term_role {
#define ROLE(name, fg256, bg256, fg16, bg16, attributes) ROLE_##name,
#include "analyze/browse/front/roles.def"
#undef ROLE
	ROLE__N
};

/* What the user may ask for; the default follows terminal, locale and NO_COLOR. */
enum term_colors { COLORS_AUTO, COLORS_NONE, COLORS_16, COLORS_256 };
enum term_charset { CHARSET_AUTO, CHARSET_ASCII, CHARSET_UTF8 };

struct term_options {
	enum term_colors colors;
	enum term_charset charset;
	bool no_mouse;
};

/* Takes the terminal over: alternate screen, raw keys, mouse, signals.  Negative with a message:
 * it is none, or one that cannot do what is needed.  Once per process; before the sandbox,
 * because the description of the terminal is read from files. */
int term_start(const struct term_options *o);
/* After sandbox_enter: its last words come after the terminal was given back. */
void term_guard(void);
/* Gives the terminal back.  Does nothing where it was not taken. */
void term_stop(void);

bool term_utf8(void);
/* How many shades of ROLE_HEAT1 and the next ones, or without colours of characters, can be told
 * apart: 9, 5 or 4. */
unsigned term_shades(void);
int term_rows(void);
int term_columns(void);

/* What a wait ended with, besides keys (>= 0, codes of ncurses; characters as they are). */
enum term_event {
	TERM_NOTHING = -1,	/* the time has passed, there is something in fd */
	TERM_RESIZED = -2,
	TERM_QUIT = -3,		/* SIGTERM, SIGINT or SIGHUP: save and leave */
	TERM_GONE = -4,		/* the terminal does not exist any more */
};
/* Bit of keys typed with Alt or after Esc. */
enum { TERM_ALT = 1 << 24, TERM_UNICODE = 1 << 25, TERM_ESC = 27 };

/* The next key or event; waits at most ms (-1: for ever), and not after fd is readable. */
int term_key(int fd, int ms);
/* What the mouse did, of the last KEY_MOUSE: a press, or the wheel. */
struct term_mouse {
	int row, column;
	bool press, up, down;
};
struct term_mouse term_mouse(void);
/* Stops the program as ^Z does elsewhere; returns when it is continued. */
void term_suspend(void);

/* The signal that asked to leave, 0: none. */
int term_signal(void);

/* Drawing.  Text goes through analyze/browse/front/cell.h, unless it is the program's own. */
void term_erase(void);
void term_refresh(void);
void term_redraw(void);		/* whatever the terminal shows now */
/* The attributes of a role for ncurses. */
unsigned long term_attributes(enum term_role role);
/* Text of the program, clipped at the right margin of the screen or after width columns. */
void term_put(int row, int column, int width, enum term_role role, const char *text);
/* Text of the recording, quoted and clipped; the columns that it took.  With pad the rest of
 * width is filled with blanks. */
int term_quoted(int row, int column, int width, enum term_role role, const void *p,
		size_t len, bool pad);
/* A row of blanks. */
void term_fill(int row, int column, int width, enum term_role role);
/* What is on the screen as lines without blanks at their ends, for tests. */
void term_text(struct buf *out);
void term_cursor(int row, int column, bool visible);
/* Changes how cells that were drawn look. */
void term_mark(int row, int column, int width, enum term_role role);

#endif
