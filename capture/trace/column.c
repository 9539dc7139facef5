/* SPDX-License-Identifier: Apache-2.0 */
/* Decoding.  The common cases (one byte, constant, table) are used where they lie;
 * the rest is expanded once per block, in loops that a compiler vectorises. */
#include "capture/trace/column.h"

#include "capture/base/err.h"

/* gcc 12 vectorises loops of unknown length at -O3 only. */
#ifdef __clang__
#define VECTORISE
#else
#define VECTORISE __attribute__((optimize("O3")))
#endif

static int bad(const char *what)
{
	return err(ERR_FORMAT, "column: %s", what);
}

VECTORISE static void join32(uint32_t *restrict v, const uint8_t *restrict p, size_t n,
			     unsigned width)
{
	const uint8_t *restrict p1 = p + n, *restrict p2 = p1 + n, *restrict p3 = p2 + n;

	if (width == 2)
		for (size_t i = 0; i < n; i++)
			v[i] = p[i] | (uint32_t)p1[i] << 8;
	else if (width == 3)
		for (size_t i = 0; i < n; i++)
			v[i] = p[i] | (uint32_t)p1[i] << 8 | (uint32_t)p2[i] << 16;
	else
		for (size_t i = 0; i < n; i++)
			v[i] = p[i] | (uint32_t)p1[i] << 8 | (uint32_t)p2[i] << 16
				| (uint32_t)p3[i] << 24;
}

VECTORISE static void join64(uint64_t *restrict v, const uint8_t *restrict p, size_t n,
			     unsigned width, uint64_t base)
{
	for (size_t i = 0; i < n; i++)
		v[i] = base;
	for (unsigned j = 0; j < width; j++, p += n)
		for (size_t i = 0; i < n; i++)
			v[i] += (uint64_t)p[i] << 8 * j;
}

static void plain(struct ints *x, const uint8_t *p, size_t n, unsigned width, struct arena *a)
{
	uint32_t *v32 = NULL;
	uint64_t *v64 = NULL;

	x->kind = width == 0 ? IK_CONST : width == 1 ? IK_U8 : width <= 4 ? IK_U32 : IK_U64;
	if (width == 1)
		x->u8 = p;
	else if (width && width <= 4)
		join32(v32 = arena_alloc(a, n * sizeof(*v32)), p, n, width);
	else if (width)
		join64(v64 = arena_alloc(a, n * sizeof(*v64)), p, n, width, x->base);
	if (v32)
		x->u32 = v32;
	if (v64)
		x->u64 = v64;
}

static int delta(struct ints *x, struct cursor *c, size_t n, unsigned width, struct arena *a)
{
	const uint64_t first = cursor_u64(c);
	const uint8_t *p = n ? cursor_bytes(c, (n - 1) * width) : NULL;
	uint64_t *v;

	if (!p)
		return bad("differences are cut");
	v = arena_alloc(a, n * sizeof(*v));
	v[0] = first;
	if (width >= 2 && width <= 4) {
		uint32_t *d = arena_alloc(a, n * sizeof(*d));

		join32(d, p, n - 1, width);
		for (size_t i = 1; i < n; i++)
			v[i] = v[i - 1] + x->base + d[i - 1];
	} else {
		join64(v + 1, p, n - 1, width, x->base);
		for (size_t i = 1; i < n; i++)
			v[i] += v[i - 1];
	}
	x->kind = IK_U64;
	x->u64 = v;
	return 0;
}

static int table(struct ints *x, struct cursor *c, size_t n, unsigned width, struct arena *a)
{
	const size_t n_table = cursor_u16(c);
	const uint8_t *p = cursor_bytes(c, n_table * width);
	const uint8_t *index = cursor_bytes(c, n);
	uint64_t *v;
	uint8_t max = 0;

	if (!p || !index || n_table == 0 || n_table > 256)
		return bad("table is cut or empty");
	for (size_t i = 0; i < n; i++)
		max = index[i] > max ? index[i] : max;
	if (max >= n_table)
		return bad("index past the end of its table");
	v = arena_alloc(a, n_table * sizeof(*v));
	join64(v, p, n_table, width, x->base);
	x->kind = IK_TABLE8;
	x->table = v;
	x->n_table = (uint32_t)n_table;
	x->u8 = index;
	return 0;
}

int ints_decode(struct ints *x, struct cursor *c, size_t n, struct arena *a)
{
	const unsigned mode = cursor_u8(c), width = cursor_u8(c);
	const uint8_t *p;

	*x = (struct ints){ .base = cursor_u64(c) };
	if (c->bad || width > 8)
		return bad("numbers are cut or too wide");
	if (mode == INTS_DELTA)
		return delta(x, c, n, width, a);
	if (mode == INTS_TABLE)
		return table(x, c, n, width, a);
	if (mode != INTS_PLAIN)
		return bad("unknown encoding of numbers");
	p = cursor_bytes(c, n * width);
	if (!p)
		return bad("numbers are cut");
	plain(x, p, n, width, a);
	return 0;
}

/* Where each of n byte strings starts, from their lengths. */
static int offsets(struct column *col, struct cursor *c, size_t n, struct arena *a)
{
	uint32_t *off = arena_alloc(a, (n + 1) * sizeof(*off));
	struct ints lens;
	uint64_t at = 0;

	if (ints_decode(&lens, c, n, a) < 0)
		return -ERR_FORMAT;
	for (size_t i = 0; i < n; i++) {
		const uint64_t len = ints_at(&lens, (uint32_t)i);

		off[i] = (uint32_t)at;
		if (len > cursor_left(c) || at + len > cursor_left(c))
			return bad("a string is longer than its column");
		at += len;
	}
	off[n] = (uint32_t)at;
	if (at != cursor_left(c))
		return bad("bytes that belong to no row");
	col->off = off;
	col->p = cursor_bytes(c, at);
	return 0;
}

static int texts(struct column *col, struct cursor *c, size_t n, struct arena *a)
{
	const size_t n_texts = cursor_u32(c);

	if (c->bad || n_texts == 0 || n_texts > n)
		return bad("more texts than rows");
	if (ints_decode(&col->v, c, n, a) < 0)
		return -ERR_FORMAT;
	for (size_t i = 0; i < n; i++)
		if (ints_at(&col->v, (uint32_t)i) >= n_texts)
			return bad("a row names a text that is not there");
	col->n_texts = (uint32_t)n_texts;
	return offsets(col, c, n_texts, a);
}

static int states(struct column *col, struct cursor *c, size_t n)
{
	uint8_t max = 0;

	col->states = cursor_bytes(c, n);
	if (!col->states)
		return bad("states are cut");
	for (size_t i = 0; i < n; i++)
		max = col->states[i] > max ? col->states[i] : max;
	return max > VALUE_LOST ? bad("unknown state of a value") : 0;
}

int column_decode(struct column *col, struct cursor c, size_t n, struct arena *a)
{
	unsigned form;

	*col = (struct column){ .absent = cursor_left(&c) == 0 };
	if (col->absent)
		return 0;
	form = cursor_u8(&c);
	if (form & COLUMN_HAS_STATES && states(col, &c, n) < 0)
		return -ERR_FORMAT;
	col->form = form & ~COLUMN_HAS_STATES;
	if (col->form == COLUMN_NUMBERS) {
		if (ints_decode(&col->v, &c, n, a) < 0)
			return -ERR_FORMAT;
		return cursor_left(&c) ? bad("bytes that belong to no row") : 0;
	}
	if (col->form == COLUMN_BYTES)
		return offsets(col, &c, n, a);
	if (col->form == COLUMN_TEXTS)
		return texts(col, &c, n, a);
	return bad("unknown form");
}
