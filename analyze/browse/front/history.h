/* SPDX-License-Identifier: Apache-2.0 */
/* What was typed before, oldest first; one for each purpose. */
#ifndef SAKER_BROWSE_HISTORY_H
#define SAKER_BROWSE_HISTORY_H

#include <stddef.h>

enum { HISTORY_MAX = 100 };

struct history {
	char **v;
	size_t n;
};

void history_add(struct history *h, const char *text);	/* moves to the end what is there */
void history_release(struct history *h);

#endif
