/* SPDX-License-Identifier: Apache-2.0 */
/* Spectrograms: how many events had a value of some size at some time.  A view of kind spectrum
 * gathers a row for each slice of time and bin of values that has any; here is how both are
 * cut, and the field of cells that comes out.
 *
 * Slices have round widths and begin at multiples of them.  Of a recording that grows they become
 * ten times as wide whenever there are too many: until then more are kept than are shown, so that
 * the shown ones can be 1, 2 or 5 times a power of ten wide. */
#ifndef SAKER_BROWSE_SPECTRUM_H
#define SAKER_BROWSE_SPECTRUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	DECADE_BINS = 24,		/* divided by 1, 2, 3, 4, 6, 8, 12: screens show fewer */
	DECADES = 20,
	BINS = 1 + DECADES * DECADE_BINS,	/* the first: below 1 */
	SLICES_MAX = 150,		/* that are shown */
	SLICES_KEPT = 9 * SLICES_MAX,	/* of a recording that grows */
};

/* The smallest value of a bin; of BINS: UINT64_MAX, which the last one has too. */
uint64_t bin_edge(unsigned bin);
unsigned bin_of(uint64_t value);

struct slices {
	uint64_t lo, hi;	/* what is before or behind counts in the first or the last */
	uint64_t width;
	bool grow;		/* hi does, and width with it */
};

/* Slices over all from lo to hi. */
void slices_init(struct slices *s, uint64_t lo, uint64_t hi);
/* Slices from lo on, to where the events are. */
void slices_init_growing(struct slices *s, uint64_t lo);
/* The number of the slice of a time, counted since the epoch.  Of those that grow, width may
 * be another one then. */
uint64_t slice_of(struct slices *s, uint64_t ts);

/* What a row of such a view stands for. */
struct spectrum_key {
	uint64_t slice, bin;
};

/* All cells of a view.  Slice i begins at i * width behind that of the first. */
struct spectrum {
	struct slices slices;
	uint64_t first;		/* number of the first slice */
	size_t n;		/* slices; at most SLICES_MAX */
	uint64_t *cells;	/* n * BINS */
	size_t cap;
	uint64_t generation;
	uint64_t n_events;
};

/* Makes an empty one.  Of slices that were kept (width) those that are shown. */
void spectrum_begin(struct spectrum *s, uint64_t lo, uint64_t hi, uint64_t width);
void spectrum_add(struct spectrum *s, const struct spectrum_key *k, uint64_t width, uint64_t n);
void spectrum_release(struct spectrum *s);
/* Events in the bins from first to before end. */
uint64_t spectrum_count(const struct spectrum *s, size_t slice, unsigned first, unsigned end);
/* Which slice has a time; and the time at which a slice begins. */
size_t spectrum_at(const struct spectrum *s, uint64_t ts);
uint64_t spectrum_time(const struct spectrum *s, size_t slice);

/* Shades of cells, each for more than the one before, on a logarithmic scale. */
enum { SHADES_MAX = 9 };

struct shades {
	unsigned n;			/* that are used, of all */
	unsigned all;
	uint64_t from[SHADES_MAX];	/* the fewest that have it */
};

void shades_init(struct shades *s, unsigned all, uint64_t most);
/* 0: none, to all. */
unsigned shade_of(const struct shades *s, uint64_t n);
/* Of the i-th that is used. */
unsigned shade_used(const struct shades *s, unsigned i);

#endif
