/* SPDX-License-Identifier: Apache-2.0 */
/* Columns have the width that they ask for; those that ask for what is left share it.  Where it is
 * too narrow for all, the first column and the elastic ones, which say what a row is, stay, and the
 * others scroll between them. */
#include "analyze/browse/front/table_columns.h"

#include <stdbool.h>

enum { ELASTIC_LEAST = 20, TREE_LEAST = 40, GAP = 1 };

static bool is_elastic(const struct view *v, unsigned column)
{
	return v->columns[column].width == 0;
}

static int least(const struct view *v, unsigned column, int width)
{
	const int least = v->kind == VIEW_TREE ? TREE_LEAST : ELASTIC_LEAST;

	if (!is_elastic(v, column))
		return v->columns[column].width < width ? v->columns[column].width : width;
	return least < width / 2 ? least : width / 2;
}

static unsigned visible(const struct view *v, uint32_t hidden, unsigned *out)
{
	unsigned n = 0;

	for (unsigned i = 0; i < v->n_columns; i++)
		if (!(hidden >> i & 1))
			out[n++] = i;
	return n;
}

static bool stays(const struct view *v, const unsigned *all, unsigned i)
{
	return i == 0 || is_elastic(v, all[i]);
}

static int needed(const struct view *v, const unsigned *all, unsigned n, uint32_t shown, int width)
{
	int used = -GAP;

	for (unsigned i = 0; i < n; i++)
		if (shown >> i & 1)
			used += least(v, all[i], width) + GAP;
	return used;
}

/* Which of the columns are shown, as bits over all[].  Numbers that name something are the
 * first to go, then what stands at the right. */
static uint32_t choose(const struct view *v, const unsigned *all, unsigned n, unsigned skip,
		       int width)
{
	uint32_t shown = 0;

	for (unsigned i = 0; i < n; i++)
		if (stays(v, all, i) || skip-- == 0) {
			shown |= 1u << i;
			skip = stays(v, all, i) ? skip : 0;
		}
	for (int round = 0; round < 3; round++)
		for (unsigned i = n; i-- > 1 && needed(v, all, n, shown, width) > width;)
			if (round == 2 || (!stays(v, all, i) &&
					   (round == 1 || v->columns[all[i]].unit == UNIT_ID)))
				shown &= ~(1u << i);
	return shown;
}

/* How many may scroll out of sight: as long as one that scrolls is left. */
static unsigned most_first(const struct view *v, const unsigned *all, unsigned n, int width)
{
	const uint32_t everything = n < 32 ? (1u << n) - 1 : UINT32_MAX;
	unsigned others = 0;

	if (needed(v, all, n, everything, width) <= width)
		return 0;
	for (unsigned i = 0; i < n; i++)
		others += !stays(v, all, i);
	return others ? others - 1 : 0;
}

/* What is left goes to the elastic columns. */
static void stretch(const struct view *v, struct columns *c, int rest)
{
	int n_elastic = 0, given = 0;

	for (unsigned i = 0; i < c->n; i++)
		n_elastic += is_elastic(v, c->v[i].column);
	for (unsigned i = 0; i < c->n && rest > 0; i++)
		if (is_elastic(v, c->v[i].column)) {
			const int share = rest / n_elastic;

			given++;
			c->v[i].width += given == n_elastic ? rest - share * (given - 1) : share;
		}
}

void columns_place(const struct view *v, uint32_t hidden, unsigned *first, int width,
		   struct columns *out)
{
	unsigned all[VIEW_COLUMNS_MAX] = {0};
	const unsigned n = visible(v, hidden, all);
	uint32_t shown;
	int used = 0;

	if (*first > most_first(v, all, n, width))
		*first = most_first(v, all, n, width);
	shown = choose(v, all, n, *first, width);

	out->n = 0;
	for (unsigned i = 0; i < n; i++)
		if (shown >> i & 1) {
			const int w = least(v, all[i], width);

			out->v[out->n++] = (struct column_place){ all[i], 0, w };
			used += w + GAP;
		}
	stretch(v, out, width - used + GAP);
	used = 0;
	for (unsigned i = 0; i < out->n; i++) {
		out->v[i].at = used;
		used += out->v[i].width + GAP;
	}
}
