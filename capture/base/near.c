/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/base/near.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { FAR = 4, WORD_MAX = 64, PREFIX_MIN = 3, CUT = 3 };

static int low(char c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* Edit distance, without regard to case; given up when it cannot be below limit. */
static unsigned distance(const char *a, size_t n, const char *b, size_t m, unsigned limit)
{
	unsigned row[WORD_MAX + 1];

	if (n > WORD_MAX || m > WORD_MAX || (n > m ? n - m : m - n) >= limit)
		return limit;
	for (size_t j = 0; j <= m; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= n; i++) {
		unsigned diagonal = row[0], least = (unsigned)i;

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= m; j++) {
			const unsigned change = diagonal + (low(a[i - 1]) != low(b[j - 1]));
			const unsigned other = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;

			diagonal = row[j];
			row[j] = change < other ? change : other;
			least = row[j] < least ? row[j] : least;
		}
		if (least >= limit)
			return limit;
	}
	return row[m];
}

void near_init(struct near *n, const char *word, size_t len)
{
	*n = (struct near){ .word = word, .len = len, .best = 2 * FAR };
}

void near_try(struct near *n, const char *name)
{
	const bool begins = n->len >= PREFIX_MIN && strncasecmp(n->word, name, n->len) == 0;
	unsigned d = distance(n->word, n->len, name, strlen(name), FAR);

	if (d * 2 >= n->len && !begins)
		return;
	/* A word that was cut off is nearer than one with a typing error. */
	d = begins ? (d < 2 ? 2 * d - 1 : CUT) : 2 * d;
	if (d >= n->best)
		return;
	n->best = d;
	n->name = name;
}

const char *near_text(const struct near *n)
{
	static _Thread_local char text[WORD_MAX + 32];

	if (!n->name)
		return "";
	snprintf(text, sizeof(text), "; did you mean %s?", n->name);
	return text;
}
