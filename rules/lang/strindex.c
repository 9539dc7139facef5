/* SPDX-License-Identifier: Apache-2.0 */
/* Rows are bit sets over the predicates; equal rows are one.  Row 0 answers for a value
 * that no constant fits.
 *
 * Equality: a hash table, and before it a bit for each pair of length and last byte that
 * occurs: most values get no further.
 * Prefixes: the constants sorted, each knowing the longest other one that is a prefix of
 * it.  The greatest constant not above the value has all constants that are prefixes
 * of the value among its ancestors, so one binary search finds the longest, and its row holds
 * the bits of its ancestors as well.  Suffixes are prefixes read backwards.  The search
 * compares the first eight bytes as a number, which decides nearly always, and begins among
 * those with the same first byte; as nearly all paths begin with the same one, there with the same
 * second one. */
#include "rules/lang/strindex.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "rules/lang/search.h"

enum { SHAPES = 4096 };			/* of lengths and last bytes */

struct key {
	const char *p;
	uint32_t len;
	uint32_t up;			/* longest proper prefix among the keys + 1 */
	uint32_t row;
};

/* A constant of a predicate, while the index is built. */
/* A row is a bit for each predicate, and each constant may have a row of its own. */
enum { TABLE_BYTES = 16 << 20 };

struct use {
	uint32_t key, bit;
};

struct strindex {
	enum strindex_kind kind;
	struct arena *arena;
	struct intern keys;
	struct use *uses;
	size_t n_uses, uses_cap;
	uint32_t n_preds, words, base;	/* base: row where nothing fits */
	struct key *sorted;
	uint32_t n_keys;
	uint32_t start[257];		/* sorted keys by first byte (from the end: last) */
	unsigned char usual;		/* the first byte that most have */
	uint32_t second[257];		/* keys with it by their second one */
	uint32_t single;		/* row of a value with it that has the second of none */
	uint64_t *heads;		/* of the sorted keys: their first bytes */
	uint64_t ends[SHAPES / 64];	/* of keys: their shapes */
	uint32_t *table, mask;		/* key + 1 by hash */
	uint64_t *rows;
	uint64_t *weak;			/* a row of the predicates that are */
	bool *plain;			/* by row */
};

struct strindex *strindex_new(struct arena *a, enum strindex_kind kind)
{
	struct strindex *x = arena_zalloc(a, sizeof(*x));

	x->kind = kind;
	x->arena = a;
	intern_init(&x->keys, a);
	return x;
}

void strindex_release(struct strindex *x)
{
	intern_release(&x->keys);
	free(x->uses);
	x->uses = NULL;
}

bool strindex_fits(const struct strindex *x, uint32_t n)
{
	const size_t words = ((size_t)x->n_preds + 64) / 64;

	return (x->keys.n + n + 1) * words * 8 <= TABLE_BYTES;
}

uint32_t strindex_pred(struct strindex *x)
{
	return x->n_preds++;
}

void strindex_add(struct strindex *x, const char *p, uint32_t len)
{
	bool is_new;
	const uint32_t key = intern_add(&x->keys, p, len, &is_new);

	x->uses = mem_grow(x->uses, &x->uses_cap, x->n_uses + 1, sizeof(*x->uses));
	x->uses[x->n_uses++] = (struct use){ .key = key, .bit = x->n_preds - 1 };
}

static unsigned char first(const struct strindex *x, const char *p, uint32_t len)
{
	return (unsigned char)(x->kind == STRINDEX_SUFFIX ? p[len - 1] : p[0]);
}

static unsigned char second(const struct strindex *x, const char *p, uint32_t len)
{
	return (unsigned char)(x->kind == STRINDEX_SUFFIX ? p[len - 2] : p[1]);
}

static uint64_t word_at(const char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

/* How many bytes agree, from the front or the back. */
static uint32_t common(const struct strindex *x, const char *a, uint32_t n, const char *b,
		       uint32_t m)
{
	const uint32_t most = n < m ? n : m;
	const bool back = x->kind == STRINDEX_SUFFIX;
	uint32_t i = 0;

	for (; i + 8 <= most; i += 8) {
		const uint64_t differ = back ? word_at(a + n - 8 - i) ^ word_at(b + m - 8 - i) :
					       word_at(a + i) ^ word_at(b + i);

		if (differ)
			return i + (uint32_t)(back ? __builtin_clzll(differ) :
						     __builtin_ctzll(differ)) / 8;
	}
	while (i < most && (back ? a[n - 1 - i] == b[m - 1 - i] : a[i] == b[i]))
		i++;
	return i;
}

/* The first eight bytes as a number that is in order as they are. */
static uint64_t head(const struct strindex *x, const char *p, uint32_t len)
{
	const bool back = x->kind == STRINDEX_SUFFIX;
	uint64_t v = 0;

	if (len >= 8)
		return back ? word_at(p + len - 8) : __builtin_bswap64(word_at(p));
	for (uint32_t i = 0; i < len; i++)
		v |= (uint64_t)(unsigned char)(back ? p[len - 1 - i] : p[i]) << (56 - 8 * i);
	return v;
}

static int order(const struct strindex *x, const char *a, uint32_t n, const char *b, uint32_t m)
{
	const uint32_t i = common(x, a, n, b, m);
	const bool back = x->kind == STRINDEX_SUFFIX;

	if (i == n || i == m)
		return (n > m) - (n < m);
	return (int)(unsigned char)a[back ? n - 1 - i : i] -
	       (int)(unsigned char)b[back ? m - 1 - i : i];
}

static int order_keys(const void *a, const void *b, void *x)
{
	const struct key *k = a, *l = b;

	return order(x, k->p, k->len, l->p, l->len);
}

static inline bool same_text(const char *p, const char *q, uint32_t len)
{
	return text_head(p, len) == text_head(q, len) && (len <= 8 || memcmp(p, q, len) == 0);
}

static uint32_t hash_text(const char *p, uint32_t len)
{
	uint64_t h = text_head(p, len) ^ (uint64_t)len << 56;

	if (len > 8)
		h = (h * UINT64_C(0x9e3779b97f4a7c15)) ^ text_head(p + len - 8, 8);
	if (len > 16)
		h = (h * UINT64_C(0x9e3779b97f4a7c15)) ^ text_head(p + len / 2 - 4, 8);
	h *= UINT64_C(0xff51afd7ed558ccd);
	return (uint32_t)(h >> 32);
}

static void divide(struct strindex *x)
{
	uint32_t at, end;

	for (unsigned c = 1; c < 256; c++)
		if (x->start[c + 1] - x->start[c] >
		    x->start[x->usual + 1] - x->start[x->usual])
			x->usual = (unsigned char)c;
	at = x->start[x->usual];
	end = x->start[x->usual + 1];
	for (unsigned c = 0; c < 256; c++) {
		while (at < end && (x->sorted[at].len == 1 ||
				    second(x, x->sorted[at].p, x->sorted[at].len) < c))
			at++;
		x->second[c] = at;
	}
	x->second[256] = end;
}

static void sort_keys(struct strindex *x)
{
	uint32_t at = 0;

	x->n_keys = (uint32_t)x->keys.n;
	x->sorted = arena_zalloc(x->arena, (x->n_keys + 1) * sizeof(*x->sorted));
	for (uint32_t i = 0; i < x->n_keys; i++)
		x->sorted[i] = (struct key){
			.p = x->keys.keys[i].p, .len = x->keys.keys[i].len, .row = i,
		};
	if (x->n_keys)
		qsort_r(x->sorted, x->n_keys, sizeof(*x->sorted), order_keys, x);
	x->heads = arena_alloc(x->arena, (x->n_keys + 1) * sizeof(*x->heads));
	for (uint32_t i = 0; i < x->n_keys; i++)
		x->heads[i] = head(x, x->sorted[i].p, x->sorted[i].len);
	for (unsigned c = 0; c < 256; c++) {
		while (at < x->n_keys && (x->sorted[at].len == 0 ||
		       first(x, x->sorted[at].p, x->sorted[at].len) < c))
			at++;
		x->start[c] = at;
	}
	x->start[256] = x->n_keys;
	divide(x);
}

/* Keys are sorted, so the prefixes of a key are the prefix chain of the one before. */
static void link_keys(struct strindex *x)
{
	for (uint32_t i = 1; i < x->n_keys; i++) {
		const struct key *k = &x->sorted[i];
		uint32_t up = i;	/* key + 1 */

		while (up && common(x, k->p, k->len, x->sorted[up - 1].p,
				    x->sorted[up - 1].len) < x->sorted[up - 1].len)
			up = x->sorted[up - 1].up;
		x->sorted[i].up = up;
	}
}

/* A directory below the root, or the root: "/", "/usr", "/usr/". */
static bool is_weak(const struct strindex *x, const struct intern_key *k)
{
	const char *p = k->p;

	return x->kind == STRINDEX_PREFIX && k->len && p[0] == '/' &&
	       (k->len < 3 || !memchr(p + 1, '/', k->len - 2));
}

static void make_plain(struct strindex *x, uint32_t n_rows)
{
	x->weak = arena_zalloc(x->arena, (x->words + 1) * sizeof(*x->weak));
	x->plain = arena_zalloc(x->arena, n_rows * sizeof(*x->plain));
	for (size_t i = 0; i < x->n_uses; i++)
		if (is_weak(x, &x->keys.keys[x->uses[i].key]))
			x->weak[x->uses[i].bit / 64] |= UINT64_C(1) << x->uses[i].bit % 64;
	for (uint32_t row = 0; row < n_rows; row++) {
		const uint64_t *bits = x->rows + (size_t)row * x->words;
		const uint64_t *base = x->rows + (size_t)x->base * x->words;
		uint64_t strong = 0;

		for (uint32_t w = 0; w < x->words; w++)
			strong |= (bits[w] ^ base[w]) & ~x->weak[w];
		x->plain[row] = !strong;
	}
}

/* Rows by number of the key as it was added, then by position, then shared. */
static void make_rows(struct strindex *x)
{
	struct intern rows;
	uint64_t *bits;
	bool is_new;

	x->words = (x->n_preds + 63) / 64;
	bits = xcalloc(mem_mul(x->n_keys + 1, x->words), sizeof(*bits));
	for (uint32_t i = 0; i < x->n_keys; i++)
		x->table[x->sorted[i].row] = i;
	for (size_t i = 0; i < x->n_uses; i++)
		bits[(size_t)x->table[x->uses[i].key] * x->words + x->uses[i].bit / 64] |=
			UINT64_C(1) << x->uses[i].bit % 64;
	intern_init(&rows, x->arena);
	intern_add(&rows, bits + (size_t)x->n_keys * x->words, x->words * 8, &is_new);
	for (uint32_t i = 0; i < x->n_keys; i++) {
		uint64_t *row = bits + (size_t)i * x->words;

		for (uint32_t w = 0; x->sorted[i].up && w < x->words; w++)
			row[w] |= bits[(size_t)(x->sorted[i].up - 1) * x->words + w];
		x->sorted[i].row = intern_add(&rows, row, x->words * 8, &is_new);
	}
	x->rows = arena_alloc(x->arena, rows.n * x->words * 8);
	for (size_t i = 0; i < rows.n; i++)
		memcpy(x->rows + i * x->words, rows.keys[i].p, x->words * 8);
	x->base = x->kind != STRINDEX_EQUAL && x->n_keys && x->sorted[0].len == 0 ?
		  x->sorted[0].row : 0;
	x->single = x->second[0] > x->start[x->usual] ?
		    x->sorted[x->start[x->usual]].row : x->base;
	make_plain(x, (uint32_t)rows.n);
	intern_release(&rows);
	free(bits);
}

/* The length and the last byte, as far as they fit. */
static unsigned shape(const char *p, uint32_t len)
{
	return ((len ? (unsigned char)p[len - 1] : 0) << 5 | (len & 31)) % SHAPES;
}

static void make_table(struct strindex *x)
{
	memset(x->table, 0, (x->mask + 1) * sizeof(*x->table));
	for (uint32_t i = 0; i < x->n_keys; i++) {
		const struct key *k = &x->sorted[i];
		uint32_t at = hash_text(k->p, k->len) & x->mask;

		while (x->table[at])
			at = (at + 1) & x->mask;
		x->table[at] = i + 1;
		x->ends[shape(k->p, k->len) / 64] |= UINT64_C(1) << shape(k->p, k->len) % 64;
	}
}

void strindex_finish(struct strindex *x)
{
	uint32_t size = 16;

	sort_keys(x);
	while (size < x->n_keys * 2)
		size *= 2;
	x->mask = size - 1;
	x->table = arena_zalloc(x->arena, size * sizeof(*x->table));
	if (x->kind != STRINDEX_EQUAL)
		link_keys(x);
	make_rows(x);
	make_table(x);
	strindex_release(x);
}

static uint32_t look_equal(const struct strindex *x, const char *p, uint32_t len)
{
	const unsigned end = shape(p, len);

	if (!(x->ends[end / 64] >> end % 64 & 1))
		return 0;
	for (uint32_t i = hash_text(p, len) & x->mask; x->table[i]; i = (i + 1) & x->mask) {
		const struct key *k = &x->sorted[x->table[i] - 1];

		if (k->len == len && same_text(k->p, p, len))
			return k->row;
	}
	return 0;
}

/* How many of the keys from lo to hi are not above the value. */
static uint32_t not_above(const struct strindex *x, uint32_t lo, uint32_t hi, const char *p,
			  uint32_t len)
{
	const uint64_t v = head(x, p, len);

	while (lo < hi) {
		const uint32_t mid = (lo + hi) / 2;
		const struct key *k = &x->sorted[mid];

		if (x->heads[mid] < v || (x->heads[mid] == v &&
					  order(x, k->p, k->len, p, len) <= 0))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* The row of the longest prefix among the key before at and its prefixes. */
static uint32_t ending_at(const struct strindex *x, uint32_t at, const char *p, uint32_t len)
{
	const uint32_t n = common(x, x->sorted[at - 1].p, x->sorted[at - 1].len, p, len);

	while (at && x->sorted[at - 1].len > n)
		at = x->sorted[at - 1].up;
	return at ? x->sorted[at - 1].row : x->base;
}

static uint32_t look_prefix(const struct strindex *x, const char *p, uint32_t len)
{
	uint32_t c, at;

	if (len == 0)
		return x->base;
	c = first(x, p, len);
	if (c == x->usual && len > 1) {
		c = second(x, p, len);
		at = not_above(x, x->second[c], x->second[c + 1], p, len);
		return at == x->second[c] ? x->single : ending_at(x, at, p, len);
	}
	at = not_above(x, x->start[c], x->start[c + 1], p, len);	/* key + 1 */
	if (at == x->start[c])
		return x->base;
	return ending_at(x, at, p, len);
}

uint32_t strindex_look(const struct strindex *x, const char *p, uint32_t len)
{
	return x->kind == STRINDEX_EQUAL ? look_equal(x, p, len) : look_prefix(x, p, len);
}

bool strindex_bit(const struct strindex *x, uint32_t row, uint32_t bit)
{
	return x->rows[(size_t)row * x->words + bit / 64] >> bit % 64 & 1;
}

bool strindex_plain(const struct strindex *x, uint32_t row)
{
	return x->plain[row];
}

bool strindex_weak(const struct strindex *x, uint32_t bit)
{
	return x->weak[bit / 64] >> bit % 64 & 1;
}

bool strindex_plain_bit(const struct strindex *x, uint32_t bit)
{
	return strindex_bit(x, x->base, bit);
}
