/* SPDX-License-Identifier: Apache-2.0 */
/* Looking for short texts in short texts. */
#ifndef SAKER_LANG_SEARCH_H
#define SAKER_LANG_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

/* Does the text hold the n bytes of what? */
bool text_search(const char *p, uint32_t len, const char *what, uint32_t n);
/* The same, letters of ASCII in any case. */
bool text_search_folded(const char *p, uint32_t len, const char *what, uint32_t n);

#endif
