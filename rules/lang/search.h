/* SPDX-License-Identifier: Apache-2.0 */
/* Looking for short texts in short texts. */
#ifndef SAKER_LANG_SEARCH_H
#define SAKER_LANG_SEARCH_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* What is looked for, and where in it stand the two bytes that are looked at first. */
struct needle {
	const char *p;
	uint32_t len;
	uint16_t one, other;
};

/* Chooses the two that paths and command lines have least. */
struct needle needle_of(const char *p, uint32_t len);
/* For a text that is looked for once: the first and the last. */
static inline struct needle needle_once(const char *p, uint32_t len)
{
	return (struct needle){ p, len, 0, (uint16_t)(len > UINT16_MAX ? 0 : len ? len - 1 : 0) };
}
/* Does the text hold it? */
bool text_search(const char *p, uint32_t len, const struct needle *n);
/* The same, letters of ASCII in any case. */
bool text_search_folded(const char *p, uint32_t len, const struct needle *n);

/* The first eight bytes; of shorter texts all, so that two of one length are equal if
 * this is. */
static inline uint64_t text_head(const char *p, uint32_t len)
{
	uint32_t low = 0, high = 0;
	uint64_t v;

	if (len >= sizeof(v)) {
		memcpy(&v, p, sizeof(v));
		return v;
	}
	if (len >= 4) {
		memcpy(&low, p, 4);
		memcpy(&high, p + len - 4, 4);
	} else if (len) {
		low = (uint32_t)(unsigned char)p[0] << 8 | (unsigned char)p[len / 2];
		high = (unsigned char)p[len - 1];
	}
	return low | (uint64_t)high << 32;
}

#endif
