/* SPDX-License-Identifier: Apache-2.0 */
/* Eight places at a time: where the first and the last wanted byte stand at their distance,
 * the rest is compared.  Paths and command lines have few such places, and are too short
 * for what memmem prepares. */
#include "rules/lang/search.h"

#include <string.h>

enum { WORD = sizeof(uint64_t) };

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

static inline uint64_t word_at(const char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* The high bit of each byte that is zero, and perhaps of some behind one. */
static inline uint64_t zeros(uint64_t v)
{
	return (v - EACH(0x01)) & ~v & EACH(0x80);
}

static bool one_by_one(const char *p, uint32_t places, const char *what, uint32_t n)
{
	for (uint32_t i = 0; i < places; i++)
		if (p[i] == what[0] && memcmp(p + i, what, n) == 0)
			return true;
	return false;
}

/* Is it at one of the eight places from p? */
static inline bool in_word(const char *p, const char *what, uint32_t n, uint64_t first,
			   uint64_t last)
{
	const uint64_t both = zeros(word_at(p) ^ first) & zeros(word_at(p + n - 1) ^ last);

	return __builtin_expect(both != 0, 0) && one_by_one(p, WORD, what, n);
}

bool text_search(const char *p, uint32_t len, const char *what, uint32_t n)
{
	uint64_t first, last;
	uint32_t places, i = 0;

	if (n == 0 || len < n)
		return n == 0;
	places = len - n + 1;
	if (places < WORD)
		return one_by_one(p, places, what, n);
	first = EACH((unsigned char)what[0]);
	last = EACH((unsigned char)what[n - 1]);
	for (; i + WORD <= places; i += WORD)
		if (in_word(p + i, what, n, first, last))
			return true;
	return i < places && in_word(p + places - WORD, what, n, first, last);
}

static unsigned char lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static bool folded_at(const char *p, const char *what, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (lower((unsigned char)p[i]) != lower((unsigned char)what[i]))
			return false;
	return true;
}

/* The bit of the case is set everywhere, also in what is no letter: a place too many is
 * looked at, none is missed. */
bool text_search_folded(const char *p, uint32_t len, const char *what, uint32_t n)
{
	uint32_t places, i = 0;
	uint64_t first;

	if (n == 0 || len < n)
		return n == 0;
	places = len - n + 1;
	first = EACH((unsigned char)what[0] | 0x20u);
	for (; i + WORD <= places; i += WORD) {
		if (!zeros((word_at(p + i) | EACH(0x20)) ^ first))
			continue;
		for (uint32_t k = i; k < i + WORD; k++)
			if (folded_at(p + k, what, n))
				return true;
	}
	for (; i < places; i++)
		if (folded_at(p + i, what, n))
			return true;
	return false;
}
