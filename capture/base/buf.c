/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "capture/base/mem.h"

void buf_release(struct buf *b)
{
	free(b->p);
	*b = (struct buf){0};
}

uint8_t *buf_room(struct buf *b, size_t n)
{
	if (b->cap - b->len < n) {
		const size_t need = mem_add(b->len, n);
		size_t cap = b->cap ? b->cap : 64;

		while (cap < need)
			cap = mem_mul(cap, 2);
		b->p = xrealloc(b->p, cap);
		b->cap = cap;
	}
	return b->p + b->len;
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	buf_room(b, 64);
	va_start(ap, fmt);
	n = vsnprintf((char *)b->p + b->len, b->cap - b->len, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	if ((size_t)n >= b->cap - b->len) {
		buf_room(b, (size_t)n + 1);
		va_start(ap, fmt);
		n = vsnprintf((char *)b->p + b->len, b->cap - b->len, fmt, ap);
		va_end(ap);
	}
	b->len += (size_t)n;
}

void buf_u64_dec(struct buf *b, uint64_t v)
{
	char t[20];
	size_t i = sizeof(t);

	do
		t[--i] = (char)('0' + v % 10);
	while ((v /= 10) != 0);
	buf_put(b, t + i, sizeof(t) - i);
}

void buf_i64_dec(struct buf *b, int64_t v)
{
	if (v < 0)
		buf_byte(b, '-');
	buf_u64_dec(b, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

void buf_u64_hex(struct buf *b, uint64_t v, bool upper)
{
	const char *digit = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	char t[16];
	size_t i = sizeof(t);

	do
		t[--i] = digit[v & 15];
	while ((v >>= 4) != 0);
	buf_put(b, t + i, sizeof(t) - i);
}

const char *buf_text(struct buf *b)
{
	*buf_room(b, 1) = 0;
	return (const char *)b->p;
}
