/* SPDX-License-Identifier: Apache-2.0 */
/* A growing run of bytes, the only one in the project: output lines, blocks
 * under construction, scratch text.  Reset keeps the memory. */
#ifndef SAKER_BASE_BUF_H
#define SAKER_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct buf {
	uint8_t *p;
	size_t len, cap;
};

void buf_release(struct buf *b);
/* Makes room for n more bytes and returns where they go; len is not changed. */
uint8_t *buf_room(struct buf *b, size_t n);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_u64_dec(struct buf *b, uint64_t v);
void buf_i64_dec(struct buf *b, int64_t v);
void buf_u64_hex(struct buf *b, uint64_t v, bool upper);
/* Ends the bytes with a NUL that is not counted, and returns them as text. */
const char *buf_text(struct buf *b);

static inline void buf_reset(struct buf *b)
{
	b->len = 0;
}

static inline void buf_put(struct buf *b, const void *p, size_t n)
{
	if (n == 0)
		return;
	memcpy(b->cap - b->len >= n ? b->p + b->len : buf_room(b, n), p, n);
	b->len += n;
}

static inline void buf_byte(struct buf *b, uint8_t c)
{
	if (b->len == b->cap)
		buf_room(b, 1);
	b->p[b->len++] = c;
}

static inline void buf_str(struct buf *b, const char *s)
{
	buf_put(b, s, strlen(s));
}

/* LEB128, as cursor_varint reads it. */
static inline void buf_varint(struct buf *b, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		buf_byte(b, (uint8_t)(v | 0x80));
	buf_byte(b, (uint8_t)v);
}

#define BUF_LE(bits)								\
	static inline void buf_le##bits(struct buf *b, uint##bits##_t v)	\
	{									\
		uint8_t t[bits / 8];						\
										\
		for (unsigned i = 0; i < bits / 8; i++)				\
			t[i] = (uint8_t)(v >> 8 * i);				\
		buf_put(b, t, sizeof(t));					\
	}
BUF_LE(16)
BUF_LE(32)
BUF_LE(64)
#undef BUF_LE

/* Writes over the 4 bytes at the given place. */
static inline void buf_set_le32(struct buf *b, size_t at, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		b->p[at + i] = (uint8_t)(v >> 8 * i);
}

#endif
