/* SPDX-License-Identifier: Apache-2.0 */
/* Which blocks need not be read for what is looked for.  They are read for the state alone, and not
 * at all where no block behind them in their part matters.  Nothing is left out of recordings in
 * which something was found damaged. */
#ifndef SAKER_BROWSE_SIEVE_H
#define SAKER_BROWSE_SIEVE_H

#include "analyze/browse/model/blocks.h"

/* What is looked for. */
struct sieve {
	const struct blocks *x;
	struct event_set types;
	struct event_set always;	/* no watch looks at these: samples */
	uint64_t watches;		/* all of which must hold, as bits */
	uint64_t from, to;		/* of time */
	uint64_t from_num, to_num;	/* events from the first and before the second */
	bool of_pid, of_name;		/* only events of processes with one of these hashes */
	unsigned pid, name;
	const uint64_t *nums;		/* only these, in order; NULL: any */
	size_t n_nums;
	bool on;			/* a source never ends within the recording */
	uint64_t ended;			/* the block where a source ended for now; 0: none */
};

/* For all events of these types on which the filter of a view holds. */
void sieve_init(struct sieve *v, const struct blocks *x, const struct event_set *types,
		const char *filter);
/* And on which c holds as well. */
void sieve_cond(struct sieve *v, const struct cond *c);
/* Is there anything to be left out? */
bool sieve_works(const struct sieve *v);
/* The first block from the i-th on that must be read; x->n: there is none.  Of a sieve that
 * works. */
size_t sieve_next(const struct sieve *v, size_t i);
/* The first number from num on that can be looked for; UINT64_MAX: there is none. */
uint64_t sieve_skip(const struct sieve *v, uint64_t num);
/* Does a part have to be read at all? */
bool sieve_part(const struct sieve *v, unsigned part);
/* For a source that reads a part: its events end behind the last block there that matters. */
enum pick sieve_ask(void *sieve, uint64_t first_num);

#endif
