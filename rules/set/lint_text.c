/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of the texts that pass a check: how they begin and end, what they have in them.
 * Of a pattern that is what stands in it before the first and behind the last character that is
 * no text.  It is what must be there, seldom all that is asked; then exact says which simpler
 * check is the same. */
#include <ctype.h>
#include <string.h>

#include "rules/set/lint_parts.h"

enum { KEPT_MAX = 64 };		/* of the beginning and of the end of a pattern */

struct part {
	const char *p;
	uint32_t len;
};

struct known {
	struct part front, back, in;
	enum test exact;		/* TEST_REGEX: none */
	bool fold;			/* in any case */
};

/* What a pattern begins with, and its last stretch of text. */
struct stretch {
	char front[KEPT_MAX], back[KEPT_MAX];
	uint32_t n_front, n_back;
	bool closed;			/* the front is all there */
};

/* ---- stretches ---- */

static void put_front(struct stretch *s, const char *p, size_t n)
{
	if (s->closed)
		return;
	if (s->n_front + n > KEPT_MAX) {
		s->closed = true;
		return;
	}
	memcpy(s->front + s->n_front, p, n);
	s->n_front += (uint32_t)n;
}

/* The end of a long stretch is kept; n is a character's. */
static void put(struct stretch *s, const char *p, size_t n)
{
	put_front(s, p, n);
	if (s->n_back + n > KEPT_MAX) {
		const size_t gone = s->n_back + n - KEPT_MAX;

		s->n_back -= (uint32_t)gone;
		memmove(s->back, s->back + gone, s->n_back);
	}
	memcpy(s->back + s->n_back, p, n);
	s->n_back += (uint32_t)n;
}

static void cut(struct stretch *s)
{
	s->closed = true;
	s->n_back = 0;
}

/* ---- glob ---- */

static void scan_glob(struct stretch *s, const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (p[i] == '[') {	/* whether and where it ends is for others to tell */
			cut(s);
			return;
		}
		if (p[i] == '*' || p[i] == '?') {
			cut(s);
			continue;
		}
		i += p[i] == '\\' && i + 1 < len;
		put(s, p + i, 1);
	}
}

/* A text with stars before or behind it, or both. */
static void simple_glob(struct known *k, const char *p, size_t len)
{
	size_t from = 0, to = len;

	while (from < to && p[from] == '*')
		from++;
	while (to > from && p[to - 1] == '*')
		to--;
	for (size_t i = from; i < to; i++)
		if (strchr("*?[\\", p[i]))
			return;
	k->in = (struct part){ p + from, (uint32_t)(to - from) };
	if (from && to < len)
		k->exact = k->fold ? TEST_ICONTAINS : TEST_CONTAINS;
	else if ((from || to < len) && !k->fold)
		k->exact = from ? TEST_SUFFIX : TEST_PREFIX;
}

/* ---- regex ---- */

static size_t class_end(const char *p, size_t len, size_t i)
{
	const size_t first = i + 1 + (i + 1 < len && p[i + 1] == '^');

	for (i = first; i < len && (p[i] != ']' || i == first); i++) {
		const char *end = p[i] == '[' && i + 1 < len && p[i + 1] == ':' ?
				  memmem(p + i, len - i, ":]", 2) : NULL;

		if (end)
			i = (size_t)(end - p) + 1;
		else
			i += p[i] == '\\';
	}
	return i;
}

/* Behind a group, SIZE_MAX for none. */
static size_t group_end(const char *p, size_t len, size_t i)
{
	unsigned depth = 0;

	for (; i < len; i++) {
		if (p[i] == '\\')
			i++;
		else if (p[i] == '[')
			i = class_end(p, len, i);
		else if (p[i] == '(')
			depth++;
		else if (p[i] == ')' && --depth == 0)
			return i + 1;
	}
	return SIZE_MAX;
}

static bool is_repeat(const char *p, size_t len, size_t i)
{
	return i < len && p[i] && strchr("*+?{", p[i]);
}

/* How many bytes a character at p takes that stands for itself; 0: it does not. */
static size_t plain(const char *p, size_t len)
{
	size_t n = 1;

	if (*p == '\\')
		return len > 1 && (unsigned char)p[1] < 0x80 &&
		       (ispunct((unsigned char)p[1]) || p[1] == ' ') ? 2 : 0;
	if (strchr(".^$[]()|*+?{}", *p))
		return 0;
	while (n < len && ((unsigned char)p[n] & 0xc0) == 0x80)
		n++;
	return n;
}

/* A character, and whether it may be missing. */
static size_t scan_char(struct stretch *s, const char *p, size_t len, size_t i, size_t n)
{
	const size_t next = i + n, from = i + (p[i] == '\\');

	if (!is_repeat(p, len, next)) {
		put(s, p + from, next - from);
		return next;
	}
	if (p[next] == '+' && !is_repeat(p, len, next + 1)) {
		put_front(s, p + from, next - from);
		cut(s);
		put(s, p + from, next - from);
		return next + 1;
	}
	cut(s);
	return next;
}

/* False: nothing is known. */
static bool scan_regex(struct stretch *s, const char *p, size_t len)
{
	size_t i = len && p[0] == '^', n;

	while (i < len) {
		if (p[i] == '$' && i + 1 == len)
			break;
		n = plain(p + i, len - i);
		if (n) {
			i = scan_char(s, p, len, i, n);
			continue;
		}
		if (p[i] == '|' || p[i] == '\\')
			return false;
		cut(s);
		if (p[i] == '[')
			i = class_end(p, len, i);
		else if (p[i] == '{')	/* counts are no text */
			while (i + 1 < len && strchr("0123456789,}", p[i + 1]))
				i++;
		i = p[i] == '(' ? group_end(p, len, i) : i + 1;
	}
	return true;
}

/* ---- what is known ---- */

static bool is_pattern(enum test t)
{
	return t == TEST_GLOB || t == TEST_IGLOB || t == TEST_REGEX;
}

static void know_glob(struct known *k, struct stretch *s, const struct constant *c)
{
	scan_glob(s, c->p, c->len);
	k->front = (struct part){ s->front, s->n_front };
	k->back = (struct part){ s->back, s->n_back };
	simple_glob(k, c->p, c->len);
	if (k->exact == TEST_PREFIX)
		k->front = k->in;
	else if (k->exact == TEST_SUFFIX)
		k->back = k->in;
}

static bool know_regex(struct known *k, struct stretch *s, const struct constant *c)
{
	if (!scan_regex(s, c->p, c->len))
		return false;
	k->front = (struct part){ s->front, s->n_front };
	k->back = (struct part){ s->back, s->n_back };
	return true;
}

static bool know(struct known *k, struct stretch *s, enum test t, const struct constant *c)
{
	const struct part all = { c->p, c->len }, none = { "", 0 };

	*k = (struct known){ none, none, none, .exact = is_pattern(t) ? TEST_REGEX : t,
			     .fold = t == TEST_ICONTAINS || t == TEST_IGLOB };
	s->n_front = s->n_back = 0;
	s->closed = false;
	switch (t) {
	case TEST_PREFIX:
		k->front = all;
		return true;
	case TEST_SUFFIX:
		k->back = all;
		return true;
	case TEST_CONTAINS: case TEST_ICONTAINS:
		k->in = all;
		return true;
	case TEST_GLOB: case TEST_IGLOB:
		know_glob(k, s, c);
		return true;
	case TEST_REGEX:
		return know_regex(k, s, c);
	default:
		return false;
	}
}

uint64_t text_cost(const struct pred *p, uint32_t i)
{
	return is_pattern((enum test)p->test) ? 1 + p->c[i].len / 8 : 1;
}

/* ---- comparing ---- */

static bool same(const char *a, const char *b, size_t n, bool fold)
{
	if (n == 0)
		return true;
	return fold ? strncasecmp(a, b, n) == 0 : memcmp(a, b, n) == 0;
}

static bool starts(const struct part *a, const struct part *b, bool fold)
{
	return a->len >= b->len && same(a->p, b->p, b->len, fold);
}

static bool ends(const struct part *a, const struct part *b, bool fold)
{
	return a->len >= b->len && same(a->p + (a->len - b->len), b->p, b->len, fold);
}

static bool has_part(const struct part *a, const struct part *b, bool fold)
{
	for (uint32_t i = 0; i + b->len <= a->len; i++)
		if (same(a->p + i, b->p, b->len, fold))
			return true;
	return b->len == 0;
}

bool text_within(enum test ta, const struct constant *a, enum test tb, const struct constant *b)
{
	struct known x, y;
	struct stretch s, r;
	bool fold;

	if (!know(&x, &s, ta, a) || !know(&y, &r, tb, b))
		return false;
	fold = y.exact == TEST_ICONTAINS;
	if (x.fold && !fold)
		return false;
	switch (y.exact) {
	case TEST_PREFIX:
		return starts(&x.front, &y.front, false);
	case TEST_SUFFIX:
		return ends(&x.back, &y.back, false);
	case TEST_CONTAINS: case TEST_ICONTAINS:
		return has_part(&x.front, &y.in, fold) || has_part(&x.back, &y.in, fold) ||
		       has_part(&x.in, &y.in, fold);
	default:
		return false;
	}
}

bool text_apart(enum test ta, const struct constant *a, enum test tb, const struct constant *b)
{
	struct known x, y;
	struct stretch s, r;
	bool fold;

	if (!know(&x, &s, ta, a) || !know(&y, &r, tb, b))
		return false;
	fold = x.fold || y.fold;
	return !(starts(&x.front, &y.front, fold) || starts(&y.front, &x.front, fold)) ||
	       !(ends(&x.back, &y.back, fold) || ends(&y.back, &x.back, fold));
}

/* ---- nets ---- */

static bool same_bits(const struct constant *a, const struct constant *b, unsigned n)
{
	const unsigned whole = n / 8, rest = n % 8;

	if (a->len != b->len || memcmp(a->p, b->p, whole) != 0)
		return false;
	return !rest || ((a->p[whole] ^ b->p[whole]) & 0xff << (8 - rest) & 0xff) == 0;
}

bool net_within(const struct constant *a, const struct constant *b)
{
	return a->prefix >= b->prefix && same_bits(a, b, b->prefix);
}

bool net_apart(const struct constant *a, const struct constant *b)
{
	return !same_bits(a, b, a->prefix < b->prefix ? a->prefix : b->prefix);
}
