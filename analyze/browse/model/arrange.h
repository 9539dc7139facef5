/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of a query in the order in which they are shown. */
#ifndef SAKER_BROWSE_ARRANGE_H
#define SAKER_BROWSE_ARRANGE_H

#include "analyze/browse/model/query.h"
#include "analyze/browse/model/table.h"

struct shown {
	const struct row *row;
	const struct row *process;	/* in the table of all processes; NULL: not known */
	uint16_t depth;
	uint32_t lines;	/* of its ancestors, bit 0 the parent: more children of theirs follow */
	bool has_children, folded, last_child;
	bool beside;	/* an ancestor that does not fit itself */
};

/* What is asked of the rows. */
struct arrange {
	const struct table *rows, *processes;	/* processes: of the first pass, or NULL */
	const struct view *view;
	unsigned column;
	bool ascending;
	const char *search;		/* "": all */
	uint64_t at_ts;			/* trees: alive then; 0: all */
	const uint64_t *folded;		/* trees: ids of rows, sorted */
	size_t n_folded;
};

/* The rows, to be freed by the caller. */
struct shown *arrange_rows(const struct arrange *a, size_t *n);
/* Trees. */
struct shown *arrange_tree(const struct arrange *a, struct shown *v, size_t *n);
/* Order of two rows by the column asked for; never 0 for different rows. */
int arrange_compare(const void *x, const void *y, void *arrange);

/* The datum of a column.  range: ns, for rates. */
struct datum datum_of(const struct view *v, const struct shown *s, unsigned column,
		      uint64_t range);

#endif
