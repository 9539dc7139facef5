/* SPDX-License-Identifier: Apache-2.0 */
/* A network is a range of addresses.  Ranges that meet are joined and sorted, so that one
 * binary search among those with the same first byte tells: a value is in the last range that
 * does not begin behind it, or in none.  A trie would tell in fewer steps, but takes a node
 * for each byte of each network; this is two numbers for each, whatever they are. */
#include "rules/lang/ranges.h"

#include <stdlib.h>
#include <string.h>

__extension__ typedef unsigned __int128 wide;

struct range {
	wide low, high;
};

/* Addresses of one family, or numbers. */
struct family {
	struct range *v;
	uint32_t n;
	unsigned shift;			/* to the first byte */
	uint32_t start[257];		/* of the ranges that begin with a byte */
};

enum { NARROW, IPV6, FAMILIES };	/* NARROW: IPv4, or numbers */

struct ranges {
	enum field_type type;
	struct family families[FAMILIES];
};

bool ranges_take(enum field_type type)
{
	return type == FIELD_IP || type == FIELD_NET || type == FIELD_INT ||
	       type == FIELD_UINT || type == FIELD_PORT;
}

static bool is_address(enum field_type type)
{
	return type == FIELD_IP || type == FIELD_NET;
}

static wide address(const char *p, uint32_t len)
{
	wide v = 0;

	for (uint32_t i = 0; i < len; i++)
		v = v << 8 | (uint8_t)p[i];
	return v;
}

/* In the order of unsigned numbers. */
static wide number(enum field_type type, uint64_t u)
{
	return type == FIELD_INT ? u ^ UINT64_C(1) << 63 : u;
}

static struct range range_of(enum field_type type, const struct constant *c)
{
	const unsigned rest = is_address(type) ? c->len * 8 - c->prefix : 0;
	const wide mask = rest == 128 ? ~(wide)0 : ((wide)1 << rest) - 1;
	const wide v = is_address(type) ? address(c->p, c->len) : number(type, c->u);

	return (struct range){ v & ~mask, v | mask };
}

static int by_low(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return (x->low > y->low) - (x->low < y->low);
}

/* Ranges that overlap or touch become one. */
static void join(struct family *f)
{
	uint32_t n = 0;

	if (f->n)
		qsort(f->v, f->n, sizeof(*f->v), by_low);
	for (uint32_t i = 0; i < f->n; i++) {
		struct range *last = n ? &f->v[n - 1] : NULL;

		if (!last || (f->v[i].low > last->high && f->v[i].low - last->high > 1))
			f->v[n++] = f->v[i];
		else if (f->v[i].high > last->high)
			last->high = f->v[i].high;
	}
	f->n = n;
}

static void divide(struct family *f)
{
	uint32_t at = 0;

	for (unsigned byte = 0; byte < 256; byte++) {
		while (at < f->n && (unsigned)(f->v[at].low >> f->shift & 0xff) < byte)
			at++;
		f->start[byte] = at;
	}
	f->start[256] = f->n;
}

struct ranges *ranges_new(struct arena *a, enum field_type type, const struct constant *c,
			  uint32_t n)
{
	struct ranges *r = arena_zalloc(a, sizeof(*r));

	r->type = type;
	r->families[NARROW].shift = is_address(type) ? 24 : 56;
	r->families[IPV6].shift = 120;
	for (unsigned k = 0; k < FAMILIES; k++) {
		struct family *f = &r->families[k];

		for (uint32_t i = 0; i < n; i++)
			f->n += (is_address(type) && c[i].len == 16) == (k == IPV6);
		f->v = arena_alloc(a, (f->n + 1) * sizeof(*f->v));
		f->n = 0;
		for (uint32_t i = 0; i < n; i++)
			if ((is_address(type) && c[i].len == 16) == (k == IPV6))
				f->v[f->n++] = range_of(type, &c[i]);
		join(f);
		divide(f);
	}
	return r;
}

static bool family_has(const struct family *f, wide v)
{
	const unsigned byte = (unsigned)(v >> f->shift & 0xff);
	uint32_t lo = f->start[byte], hi = f->start[byte + 1];

	while (lo < hi) {
		const uint32_t mid = (lo + hi) / 2;

		if (f->v[mid].low <= v)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo && f->v[lo - 1].high >= v;
}

bool ranges_have(const struct ranges *r, const struct fval *v)
{
	if (!is_address(r->type))
		return family_has(&r->families[NARROW], number(r->type, v->u));
	if (v->len != 4 && v->len != 16)
		return false;
	return family_has(&r->families[v->len == 16 ? IPV6 : NARROW], address(v->p, v->len));
}
