/* SPDX-License-Identifier: Apache-2.0 */
/* Which of many texts stand in a text: one walk over it tells all. */
#ifndef SAKER_LANG_AMONG_H
#define SAKER_LANG_AMONG_H

#include <stdbool.h>
#include <stdint.h>

#include "capture/base/mem.h"

struct among;

/* folded: letters of ASCII in any case. */
struct among *among_new(struct arena *a, bool folded);
/* A text to look for, of at least one byte; what is found sets the bit. */
void among_add(struct among *w, const char *p, uint32_t len, uint32_t bit);
/* After the last one.  False: it would need too much memory and is not to be used. */
bool among_finish(struct among *w);

/* Sets the bits of all texts that stand in p. */
void among_find(const struct among *w, const char *p, uint32_t len, uint64_t *bits);

#endif
