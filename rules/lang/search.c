/* SPDX-License-Identifier: Apache-2.0 */
/* Sixteen places at a time, eight in what is shorter: where two of the wanted bytes stand at
 * their distance, all are compared.  Paths and command lines have few such places, and are
 * too short for what memmem prepares. */
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

/* What paths and command lines are made of, the commonest first. */
static unsigned rarity(char c)
{
	static const char usual[] = "/eaistolrnudcmph- .bg0123456789fvykxwjqz_";
	const char *at = memchr(usual, c, sizeof(usual) - 1);

	return at ? (unsigned)(at - usual) : sizeof(usual);
}

struct needle needle_of(const char *p, uint32_t len)
{
	struct needle n = { .p = p, .len = len };

	for (uint32_t i = 1; i < len && i <= UINT16_MAX; i++)
		if (rarity(p[i]) > rarity(p[n.one]))
			n.one = (uint16_t)i;
	n.other = n.one == 0 && len > 1;
	for (uint32_t i = n.other; i < len && i <= UINT16_MAX; i++)
		if (i != n.one && rarity(p[i]) > rarity(p[n.other]))
			n.other = (uint16_t)i;
	return n;
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

/* Apart: seldom called, and the loops need their registers. */
static __attribute__((noinline)) bool one_by_one(const char *p, uint32_t places,
						 const struct needle *n, uint8_t fold)
{
	for (uint32_t i = 0; i < places; i++)
		if (fold ? folded_at(p + i, n->p, n->len) :
			   p[i] == n->p[0] && memcmp(p + i, n->p, n->len) == 0)
			return true;
	return false;
}

/* fold is the bit of the case: it is set everywhere, also in what is no letter.  A place too
 * many is looked at, none is missed. */

/* Is it at one of the eight places from p? */
static inline bool in_word(const char *p, const struct needle *n, uint8_t fold)
{
	const uint64_t one = zeros((word_at(p + n->one) | EACH(fold)) ^
				   EACH((uint8_t)n->p[n->one] | fold));
	const uint64_t other = zeros((word_at(p + n->other) | EACH(fold)) ^
				     EACH((uint8_t)n->p[n->other] | fold));

	return __builtin_expect((one & other) != 0, 0) && one_by_one(p, WORD, n, fold);
}

/* The registers that every x86_64 and aarch64 has. */
typedef uint8_t wide __attribute__((vector_size(16)));
typedef uint64_t halves __attribute__((vector_size(16)));

static inline wide wide_at(const char *p)
{
	wide v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* Is it at one of the sixteen places from p? */
static inline bool in_wide(const char *p, const struct needle *n, uint8_t fold)
{
	const uint8_t one = (uint8_t)n->p[n->one] | fold;
	const uint8_t other = (uint8_t)n->p[n->other] | fold;
	const wide both = (wide)((wide_at(p + n->one) | fold) == one) &
			  (wide)((wide_at(p + n->other) | fold) == other);
	const halves h = (halves)both;

	return __builtin_expect((h[0] | h[1]) != 0, 0) &&
	       one_by_one(p, sizeof(both), n, fold);
}

static inline __attribute__((always_inline)) bool search(const char *p, uint32_t len,
							 const struct needle *what, uint8_t fold)
{
	const struct needle n = *what;
	uint32_t places, i = 0;

	if (n.len == 0 || len < n.len)
		return n.len == 0;
	places = len - n.len + 1;
	if (places < WORD)
		return one_by_one(p, places, what, fold);
	if (places < sizeof(wide))
		return in_word(p, &n, fold) || in_word(p + places - WORD, &n, fold);
	for (; i + sizeof(wide) <= places; i += (uint32_t)sizeof(wide))
		if (in_wide(p + i, &n, fold))
			return true;
	return i < places && in_wide(p + places - sizeof(wide), &n, fold);
}

bool text_search(const char *p, uint32_t len, const struct needle *n)
{
	return search(p, len, n, 0);
}

bool text_search_folded(const char *p, uint32_t len, const struct needle *n)
{
	return search(p, len, n, 0x20);
}
