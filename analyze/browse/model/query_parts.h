/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of queries share: query.c opens them and takes what is asked of them,
 * query_arrange.c is the clerk's part, query_rows.c tells what came of it, query_links.c where it
 * leads. */
#ifndef SAKER_BROWSE_QUERY_PARTS_H
#define SAKER_BROWSE_QUERY_PARTS_H

#include "analyze/browse/model/arrange.h"
#include "analyze/browse/model/inside.h"

struct query {
	struct query *next;
	struct browse *b;
	struct scan *scan;
	const struct view *view;
	struct table *table;		/* of scan */
	/* asked for; under the lock */
	unsigned column;
	bool ascending, dirty, closed;
	char *search;
	uint64_t at_ts;
	uint64_t *folded;		/* sorted */
	size_t n_folded, folded_cap;
	/* shown; under the lock */
	struct shown *rows;
	size_t n_rows;
	uint64_t generation;
	uint64_t arranged;		/* generation of the scan that rows tell of */
};

#endif
