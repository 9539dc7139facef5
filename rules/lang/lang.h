/* SPDX-License-Identifier: Apache-2.0 */
/* What the passes of the condition compiler share: the text with its places, the
 * one error of a compilation and its warnings. */
#ifndef SAKER_LANG_LANG_H
#define SAKER_LANG_LANG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/base/buf.h"
#include "capture/base/mem.h"

/* Where a byte of a condition stands for the reader: 1-based. */
struct lang_place {
	const char *file;
	unsigned line, column;
	const char *text;	/* the line, not ended by a NUL */
	size_t len;
};

/* A text that is parsed.  The words of a rule file reach the parser with lists put in,
 * so a text knows how to find the place that a byte came from. */
struct lang_text {
	const char *name;	/* file or "filter" */
	const char *p;
	size_t len;
	void (*locate)(const struct lang_text *t, size_t off, struct lang_place *out);
	const void *origin;	/* of locate */
};

/* Kinds of errors, as far as callers treat them differently. */
enum lang_code {
	LANG_OK,
	LANG_SYNTAX,
	LANG_UNKNOWN,		/* unknown field or event type: skip-if-unknown-filter */
	LANG_TYPE,		/* operator, constant or type */
	LANG_MACRO,		/* undefined, or a loop */
	LANG_LIMIT,
	LANG_BROKEN,		/* a macro whose error was told before */
};

enum lang_warning_code { WARN_CONST_LIKE_FIELD, WARN_REGEX_SIMPLER, WARN_DEPRECATED };

/* What was found after the first error. */
struct lang_error {
	struct lang_error *next;
	enum lang_code code;
	const struct lang_text *text;
	size_t off;
	const char *message;
};

struct lang_warning {
	struct lang_warning *next;
	enum lang_warning_code code;
	const struct lang_text *text;
	size_t off;
	const char *message;
};

struct lang {
	struct arena *arena;		/* of all that the passes make */
	bool strict;			/* Falco's behaviour where it is odd */
	bool alone;			/* a filter, of no rule */
	unsigned depth;			/* of the walk just now */
	enum lang_code code;		/* of the first error */
	const struct lang_text *text;	/* where it is */
	size_t off;
	char message[512];
	bool collect;			/* the passes go on after an error */
	unsigned n_more;
	struct lang_error *more, **more_end;
	struct lang_warning *warnings, **warnings_end;
	struct regex **regexes;		/* list that new ones join; their owner frees it */
};

enum {
	LANG_NEST_MAX = 199,		/* parentheses and transformers in each other */
	LANG_EXPAND_MAX = 2000,		/* levels with all macros put in */
	LANG_TEXT_MAX = 4 << 20,	/* bytes of one condition, lists put in */
	LANG_LIST_MAX = 1 << 18,	/* elements of one list */
	LANG_ERRORS_MAX = 20,		/* told of one condition */
};

void lang_init(struct lang *l, struct arena *a);

/* Notes the first error, and later ones if they are collected; false, so that callers can
 * return it. */
bool lang_fail(struct lang *l, enum lang_code code, const struct lang_text *t, size_t off,
	       const char *fmt, ...) __attribute__((format(printf, 5, 6), cold));
/* The first error, to keep. */
const struct lang_error *lang_error(const struct lang *l);
void lang_warn(struct lang *l, enum lang_warning_code code, const struct lang_text *t,
	       size_t off, const char *fmt, ...)
	__attribute__((format(printf, 5, 6), cold));

/* What is said of fields that lost their meaning, in Falco's words. */
extern const char lang_dir_notice[], lang_latency_notice[];

/* A text that is its own file. */
void lang_text_init(struct lang_text *t, const char *name, const char *p, size_t len);
void lang_locate(const struct lang_text *t, size_t off, struct lang_place *out);

/* "  the line\n       ^" with long lines cut around the caret. */
void lang_snippet(struct buf *out, const struct lang_place *where);
/* Makes the error the err_text: "name:line:column: message", line and caret. */
int lang_err(const struct lang *l);

#endif
