/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "rules/lang/pathset.h"

static unsigned char lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static bool in_named(const char *name, size_t n, unsigned char c)
{
	const bool up = c >= 'A' && c <= 'Z', low = c >= 'a' && c <= 'z';
	const bool digit = c >= '0' && c <= '9', print = c >= ' ' && c < 0x7f;
	const bool space = c == ' ' || (c >= '\t' && c <= '\r');
	const struct {
		const char *name;
		bool is;
	} classes[] = {
		{ "alnum", up || low || digit }, { "alpha", up || low }, { "digit", digit },
		{ "upper", up }, { "lower", low }, { "space", space }, { "print", print },
		{ "blank", c == ' ' || c == '\t' }, { "cntrl", c < ' ' || c == 0x7f },
		{ "graph", print && c != ' ' },
		{ "punct", print && c != ' ' && !up && !low && !digit },
		{ "xdigit", digit || (lower(c) >= 'a' && lower(c) <= 'f') },
	};

	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (strlen(classes[i].name) == n && memcmp(classes[i].name, name, n) == 0)
			return classes[i].is;
	return false;
}

static bool between(unsigned char lo, unsigned char c, unsigned char hi)
{
	return lo <= c && c <= hi;
}

/* A [set] at p: its length, 0 if it is not closed (then the bracket is text). */
static size_t set_match(const char *p, size_t n, unsigned char c, bool fold, bool *is)
{
	size_t i = 1;
	bool not = false, hit = false, first = true;

	if (i < n && (p[i] == '!' || p[i] == '^')) {
		not = true;
		i++;
	}
	for (; i < n && (p[i] != ']' || first); first = false) {
		const char *end = p[i] == '[' && i + 1 < n && p[i + 1] == ':' ?
				  memmem(p + i + 2, n - i - 2, ":]", 2) : NULL;
		unsigned char lo, hi;

		if (end) {
			hit |= in_named(p + i + 2, (size_t)(end - p) - i - 2, c);
			i = (size_t)(end - p) + 2;
			continue;
		}
		i += p[i] == '\\' && i + 1 < n;
		lo = hi = (unsigned char)p[i++];
		if (i + 1 < n && p[i] == '-' && p[i + 1] != ']') {
			i += 1 + (p[i + 1] == '\\' && i + 2 < n);
			hi = (unsigned char)p[i++];
		}
		hit |= between(lo, c, hi) || (fold && between(lower(lo), lower(c), lower(hi)));
	}
	*is = hit != not;
	return i < n ? i + 1 : 0;
}

/* How much of the pattern the byte uses up; 0: it does not match. */
static size_t step(const char *p, size_t n, unsigned char c, bool fold)
{
	bool is = false;
	size_t len;

	switch (*p) {
	case '?':
		return 1;
	case '[':
		len = set_match(p, n, c, fold, &is);
		if (len)
			return is ? len : 0;
		return c == '[';
	case '\\':
		if (n > 1)
			return (unsigned char)p[1] == c ||
			       (fold && lower((unsigned char)p[1]) == lower(c)) ? 2 : 0;
		return 0;	/* an escape of nothing matches nothing */
	default:
		return (unsigned char)*p == c || (fold && lower((unsigned char)*p) == lower(c));
	}
}

/* Going back only to the last star is enough: what stands before it has matched as
 * early as it can. */
bool glob_match(const char *p, size_t n, const char *text, size_t len, bool fold)
{
	size_t i = 0, t = 0, star = SIZE_MAX, from = 0, used;

	while (t < len) {
		if (i < n && p[i] == '*') {
			star = ++i;
			from = t;
			continue;
		}
		used = i < n ? step(p + i, n - i, (unsigned char)text[t], fold) : 0;
		if (used) {
			i += used;
			t++;
		} else if (star != SIZE_MAX) {
			i = star;
			t = ++from;
		} else {
			return false;
		}
	}
	while (i < n && p[i] == '*')
		i++;
	return i == n;
}
