/* SPDX-License-Identifier: Apache-2.0 */
/* Whether two files say the same: what a layout must not change. */
#include <ctype.h>
#include <string.h>

#include "rules/set/layout_text.h"

/* How much the blanks of a text say. */
enum blanks { ALL_COUNT, ANY_IS_ONE, NONE_COUNTS };

static enum blanks blanks_of(const char *key)
{
	return strcmp(key, "condition") == 0 ? NONE_COUNTS :
	       strcmp(key, "desc") == 0 ? ANY_IS_ONE : ALL_COUNT;
}

static size_t trimmed(const struct yaml *v)
{
	size_t n = v->len;

	while (n && isspace((unsigned char)v->p[n - 1]))
		n--;
	return n;
}

static bool same_text(const struct yaml *a, const struct yaml *b, enum blanks blanks)
{
	size_t i = 0, k = 0;

	if (blanks == ALL_COUNT)	/* but those at the end */
		return trimmed(a) == trimmed(b) && memcmp(a->p, b->p, trimmed(a)) == 0;
	for (;;) {
		const bool space_a = i < a->len && isspace((unsigned char)a->p[i]);
		const bool space_b = k < b->len && isspace((unsigned char)b->p[k]);

		while (i < a->len && isspace((unsigned char)a->p[i]))
			i++;
		while (k < b->len && isspace((unsigned char)b->p[k]))
			k++;
		if (i == a->len || k == b->len)
			return i == a->len && k == b->len;
		if (blanks == ANY_IS_ONE && space_a != space_b)
			return false;
		if (a->p[i++] != b->p[k++])
			return false;
	}
}

static bool same(const struct yaml *a, const struct yaml *b, enum blanks blanks)
{
	if (a->kind != b->kind || a->n != b->n)
		return false;
	if (a->kind == YAML_SCALAR && !same_text(a, b, blanks))
		return false;
	if (a->kind == YAML_MAPPING) {
		for (uint32_t i = 0; i + 1 < a->n; i += 2) {
			const struct yaml *v = a->kids[i]->kind == YAML_SCALAR ?
					       yaml_get(b, a->kids[i]->p) : NULL;

			if (!v || !same(a->kids[i + 1], v, blanks_of(a->kids[i]->p)))
				return false;
		}
		return true;
	}
	for (uint32_t i = 0; i < a->n; i++)
		if (!same(a->kids[i], b->kids[i], ALL_COUNT))
			return false;
	return true;
}

bool layout_same(const struct yaml *a, const struct yaml *b)
{
	return same(a, b, ALL_COUNT);
}
