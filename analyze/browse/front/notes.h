/* SPDX-License-Identifier: Apache-2.0 */
/* What the analyst adds: bookmarks and notes at events, the place where one left, the lines that
 * were typed.  They live in a text file beside the recording, FILE.notes, or below
 * $XDG_STATE_HOME/saker where its folder cannot be written; never in the recording. */
#ifndef SAKER_BROWSE_NOTES_H
#define SAKER_BROWSE_NOTES_H

#include <stdbool.h>
#include <stdint.h>

#include "analyze/browse/front/prompt.h"

enum { NOTES_COLUMNS_MAX = 4096 };
enum { NOTES_MAX = 10000, NOTE_TEXT_MAX = 1000, NOTES_FILE_MAX = 8 << 20 };

struct note {
	uint64_t num, ts;	/* the event; num 0: a time only */
	char *text;		/* "": a bookmark */
};

enum history_kind { HISTORY_FILTER, HISTORY_SEARCH, HISTORY_TIME, HISTORY__N };

/* Where one left. */
struct notes_place {
	bool known;
	char *view;		/* its name; NULL: none */
	uint64_t cursor, from, to;	/* from, to: the range; 0, UINT64_MAX: all */
	uint64_t num;		/* the event; 0: none */
	uint64_t row;		/* the row of a table, as query_row.id; 0: none */
	char **filters;		/* the stack, the first one lowest */
	size_t n_filters;
};

/* What the user chose of the columns of a view; what is as the view has it is not here. */
enum column_choice { COLUMN_SHOWN, COLUMN_HIDDEN, COLUMN_SORTS, COLUMN_SORTS_DOWN };

struct notes_column {
	char *view, *column;	/* id; name */
	enum column_choice choice;
};

struct notes {
	struct note *v;		/* by time and number */
	size_t n, cap;
	struct notes_column *columns;
	size_t n_columns, columns_cap;
	struct notes_place place;
	struct history history[HISTORY__N];
	char *path;		/* where they are kept */
	bool elsewhere;		/* not beside the recording, which cannot be written to */
	bool changed;
};

/* Reads the notes of a recording; none is no error, a file that is no notes file is one.
 * Before the sandbox. */
int notes_open(struct notes *n, const char *recording);
/* The same from bytes; at most what fits the bounds is taken. */
int notes_parse(struct notes *n, const char *p, size_t len);
void notes_print(const struct notes *n, struct buf *out);
void notes_release(struct notes *n);

/* The note at an event, NULL. */
struct note *notes_find(struct notes *n, uint64_t num, uint64_t ts);
/* Sets a bookmark (text "") or note; replaces the one that is there.  NULL removes it.
 * False: there are too many. */
bool notes_set(struct notes *n, uint64_t num, uint64_t ts, const char *text);

void notes_place_clear(struct notes_place *p);
void notes_place_filter(struct notes_place *p, const char *text);

/* Forgets all choices of a view; adds one. */
void notes_columns_clear(struct notes *n, const char *view);
void notes_column_add(struct notes *n, const char *view, enum column_choice choice,
		      const char *column);

/* Writes them through analyze/browse/front/files.h if they changed. */
int notes_save(struct notes *n);

#endif
