/* SPDX-License-Identifier: Apache-2.0 */
/* Bounds-checked reading of little-endian bytes: every reader of foreign bytes
 * goes through a cursor, none casts structs.  A read past the end sets bad and
 * gives 0 or NULL, so that a caller may check once after several reads. */
#ifndef SAKER_BASE_CURSOR_H
#define SAKER_BASE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cursor {
	const uint8_t *p, *end;
	bool bad;
};

static inline struct cursor cursor_of(const void *p, size_t len)
{
	const uint8_t *const bytes = p;

	return (struct cursor){ .p = bytes, .end = len ? bytes + len : bytes };
}

static inline size_t cursor_left(const struct cursor *c)
{
	return (size_t)(c->end - c->p);
}

/* The next n bytes, or NULL (and bad) if there are fewer. */
static inline const uint8_t *cursor_bytes(struct cursor *c, size_t n)
{
	const uint8_t *p = c->p;

	if (n > cursor_left(c)) {
		c->bad = true;
		c->p = c->end;
		return NULL;
	}
	c->p += n;
	return p;
}

#define CURSOR_LE(bits)								\
	static inline uint##bits##_t cursor_u##bits(struct cursor *c)		\
	{									\
		const uint8_t *p = cursor_bytes(c, bits / 8);			\
		uint##bits##_t v = 0;						\
										\
		for (unsigned i = 0; p && i < bits / 8; i++)			\
			v |= (uint##bits##_t)((uint64_t)p[i] << 8 * i);		\
		return v;							\
	}
CURSOR_LE(8)
CURSOR_LE(16)
CURSOR_LE(32)
CURSOR_LE(64)
#undef CURSOR_LE

/* LEB128, at most 10 bytes; longer is bad. */
static inline uint64_t cursor_varint(struct cursor *c)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		const uint8_t b = cursor_u8(c);

		v |= (uint64_t)(b & 0x7f) << shift;
		if (!(b & 0x80))
			return v;
	}
	c->bad = true;
	return 0;
}

#endif
