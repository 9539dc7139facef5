/* SPDX-License-Identifier: Apache-2.0 */
/* Text that is read rather than chosen from: details of an event, streams, help.  Lines
 * of any length, wrapped to the screen, in sections that one may go to. */
#ifndef SAKER_BROWSE_DOC_H
#define SAKER_BROWSE_DOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyze/browse/front/term.h"
#include "capture/base/mem.h"

struct doc_line {
	const char *p;		/* bytes of the recording, or ours */
	uint32_t len;
	uint16_t most;		/* rows that are shown unless the page is whole; 0: all */
	uint16_t label;		/* the first bytes, which look otherwise; rows below are indented */
	uint8_t role, label_role;	/* enum term_role */
	bool section;		/* a title */
};

struct doc {
	struct doc_line *v;
	size_t n, cap;
	struct arena arena;
	/* as wrapped for a width: line and first byte of each row of the screen */
	struct doc_row {
		uint32_t line, from, len;
		bool cut;	/* there is more */
	} *rows;
	size_t n_rows, rows_cap, wrapped_lines;
	int width;
	bool rewrap;
	bool whole;		/* lines that may be cut are not; doc_whole */
	size_t top;		/* first row on the screen */
	size_t found;		/* line that a search found; SIZE_MAX: none */
};

void doc_init(struct doc *d);
void doc_release(struct doc *d);
/* Forgets the lines, stays at its place. */
void doc_clear(struct doc *d);

/* A line; the bytes are copied. */
void doc_add(struct doc *d, enum term_role role, const void *p, size_t len);
/* "label   text": label padded to label_width. */
void doc_pair(struct doc *d, const char *label, int label_width, enum term_role role,
	      const void *p, size_t len);
void doc_printf(struct doc *d, enum term_role role, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void doc_section(struct doc *d, const char *title);
/* Each line of a text. */
void doc_text(struct doc *d, enum term_role role, const char *p, size_t len);

/* The last line is cut behind so many rows, unless the page is whole. */
void doc_most(struct doc *d, unsigned rows);
/* Shows all of such lines, or not. */
void doc_whole(struct doc *d, bool whole);
/* Some lines are cut now. */
bool doc_is_cut(const struct doc *d);

void doc_draw(struct doc *d, int row, int column, int height, int width);
/* Moves by rows of the screen, within what there is. */
void doc_scroll(struct doc *d, long rows, int height);
/* Is its last row in sight, as it was drawn last? */
bool doc_at_end(const struct doc *d, int height);
/* The last row is in sight when it is drawn next. */
void doc_go_end(struct doc *d);
/* To the next or the last section. */
void doc_go_section(struct doc *d, int direction, int height);
/* To the next line that has the text, in any case; from: where to begin, 0 the place on
 * the screen itself, 1 behind it, -1 before.  False: nothing has it. */
bool doc_search(struct doc *d, const char *text, int from, int height);

/* Does text have the part, in any case (ASCII)? */
bool text_has(const char *p, size_t len, const char *part);

#endif
