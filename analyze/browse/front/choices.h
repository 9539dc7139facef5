/* SPDX-License-Identifier: Apache-2.0 */
/* Texts that may stand at the caret of a prompt. */
#ifndef SAKER_BROWSE_CHOICES_H
#define SAKER_BROWSE_CHOICES_H

#include <stdbool.h>
#include <stddef.h>

enum { CHOICES_MAX = 200 };

struct choices {
	char **v;
	size_t n;
	size_t from;		/* the byte of the line where the word begins that they replace */
	bool more;		/* some were left out */
};

/* Adds a choice unless it is there; a copy of the text. */
void choices_add(struct choices *c, const char *text, size_t len);
void choices_release(struct choices *c);

#endif
