/* SPDX-License-Identifier: Apache-2.0 */
/* A line that the user types: editing, history, completion.  It knows nothing of the
 * screen: keys go in, text and caret come out. */
#ifndef SAKER_BROWSE_PROMPT_H
#define SAKER_BROWSE_PROMPT_H

#include <stdbool.h>
#include <stddef.h>

#include "analyze/browse/front/choices.h"
#include "analyze/browse/front/history.h"
#include "capture/base/buf.h"

enum { PROMPT_TEXT_MAX = 4096 };

typedef void prompt_complete(void *arg, const char *text, size_t caret, struct choices *out);

struct prompt {
	struct buf text;
	size_t caret;		/* a byte of text, at a character's begin */
	struct history *history;
	size_t at;		/* of history; n: the line itself */
	char *own;		/* the line, while history is shown */
	prompt_complete *complete;
	void *arg;
	struct choices choices;	/* after Tab; n 0: none are shown */
	size_t choice;		/* shown in the line; SIZE_MAX: none yet */
	bool wrong;		/* an error is shown, at a byte of text */
	size_t wrong_at;
	char message[256];
};

enum prompt_result { PROMPT_GOES_ON, PROMPT_DONE, PROMPT_LEFT };

/* Begins with a text, the caret at its end.  history and complete may be NULL. */
void prompt_begin(struct prompt *p, const char *text, struct history *history,
		  prompt_complete *complete, void *arg);
void prompt_release(struct prompt *p);
const char *prompt_text(struct prompt *p);
void prompt_set(struct prompt *p, const char *text);

/* A key of term_key: PROMPT_DONE after Enter, PROMPT_LEFT after Esc, ^C, ^G or
 * Backspace in an empty line. */
enum prompt_result prompt_key(struct prompt *p, int key);

/* Shows the err_text of a compiler ("filter:1:5: message"), or any message, at its place. */
void prompt_wrong(struct prompt *p, const char *message);

#endif
