/* SPDX-License-Identifier: Apache-2.0 */
/* Bins are exact: a bin's events are those with edge <= value < next edge, whatever the size of the
 * numbers, because the conditions that lead on from a cell say the same. */
#include "analyze/browse/model/spectrum.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "capture/base/mem.h"

#define ONE UINT64_C(1000000000000000000)

/* 10^(k/24), times ONE. */
static const uint64_t roots[DECADE_BINS] = {
	UINT64_C(1000000000000000000), UINT64_C(1100694171252209570),
	UINT64_C(1211527658628588447), UINT64_C(1333521432163324026),
	UINT64_C(1467799267622069541), UINT64_C(1615598098439873996),
	UINT64_C(1778279410038922802), UINT64_C(1957341781487660295),
	UINT64_C(2154434690031883722), UINT64_C(2371373705661655262),
	UINT64_C(2610157215682536786), UINT64_C(2872984833353664653),
	UINT64_C(3162277660168379332), UINT64_C(3480700588428410696),
	UINT64_C(3831186849557287700), UINT64_C(4216965034285822486),
	UINT64_C(4641588833612778893), UINT64_C(5108969774506927718),
	UINT64_C(5623413251903490804), UINT64_C(6189658188912605616),
	UINT64_C(6812920690579612855), UINT64_C(7498942093324558274),
	UINT64_C(8254041852680184257), UINT64_C(9085175756516867879),
};

static uint64_t power_of_ten(unsigned n)
{
	uint64_t p = 1;

	while (n--)
		p *= 10;
	return p;
}

uint64_t bin_edge(unsigned bin)
{
	unsigned __int128 edge;

	if (bin == 0)
		return 0;
	if (bin >= BINS)
		return UINT64_MAX;
	edge = (unsigned __int128)roots[(bin - 1) % DECADE_BINS]
		* power_of_ten((bin - 1) / DECADE_BINS);
	edge = (edge + ONE - 1) / ONE;
	return edge < UINT64_MAX ? (uint64_t)edge : UINT64_MAX;
}

unsigned bin_of(uint64_t value)
{
	unsigned decade = 0, low = 0, high = DECADE_BINS;
	uint64_t power = 1;

	if (value == 0)
		return 0;
	while (decade + 1 < DECADES && value / 10 >= power) {
		power *= 10;
		decade++;
	}
	while (high - low > 1) {
		const unsigned k = (low + high) / 2;

		if ((unsigned __int128)value * ONE >= (unsigned __int128)roots[k] * power)
			low = k;
		else
			high = k;
	}
	return 1 + decade * DECADE_BINS + low;
}

/* ---- slices --------------------------------------------------------------------- */

/* Less one, which may be as large as numbers are. */
static uint64_t n_behind(uint64_t lo, uint64_t hi, uint64_t width)
{
	return hi / width - lo / width;
}

/* The smallest round width, and multiple of least, that makes at most SLICES_MAX. */
static uint64_t round_width(uint64_t lo, uint64_t hi, uint64_t least)
{
	static const unsigned steps[] = { 1, 2, 5 };

	for (uint64_t power = 1;; power *= 10)
		for (unsigned i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
			const uint64_t width = power * steps[i];

			if (width % least == 0 && n_behind(lo, hi, width) < SLICES_MAX)
				return width;
		}
}

void slices_init(struct slices *s, uint64_t lo, uint64_t hi)
{
	hi = hi > lo ? hi : lo;
	*s = (struct slices){ .lo = lo, .hi = hi, .width = round_width(lo, hi, 1) };
}

void slices_init_growing(struct slices *s, uint64_t lo)
{
	*s = (struct slices){ .lo = lo, .hi = lo, .width = 1, .grow = true };
}

uint64_t slice_of(struct slices *s, uint64_t ts)
{
	if (s->grow && ts > s->hi) {
		s->hi = ts;
		while (n_behind(s->lo, ts, s->width) >= SLICES_KEPT)
			s->width *= 10;
	}
	ts = ts > s->lo ? ts : s->lo;
	ts = ts < s->hi ? ts : s->hi;
	return ts / s->width;
}

/* ---- cells ---------------------------------------------------------------------- */

void spectrum_begin(struct spectrum *s, uint64_t lo, uint64_t hi, uint64_t width)
{
	hi = hi > lo ? hi : lo;
	s->slices = (struct slices){ .lo = lo, .hi = hi };
	s->slices.width = round_width(lo, hi, width ? width : 1);
	s->first = lo / s->slices.width;
	s->n = (size_t)n_behind(lo, hi, s->slices.width) + 1;
	s->cells = mem_grow(s->cells, &s->cap, s->n * BINS, sizeof(*s->cells));
	memset(s->cells, 0, s->n * BINS * sizeof(*s->cells));
	s->n_events = 0;
}

void spectrum_add(struct spectrum *s, const struct spectrum_key *k, uint64_t width, uint64_t n)
{
	const uint64_t slice = k->slice / (s->slices.width / width) - s->first;

	if (slice >= s->n || k->bin >= BINS)
		return;
	s->cells[slice * BINS + k->bin] += n;
	s->n_events += n;
}

void spectrum_release(struct spectrum *s)
{
	free(s->cells);
	*s = (struct spectrum){0};
}

uint64_t spectrum_count(const struct spectrum *s, size_t slice, unsigned first, unsigned end)
{
	uint64_t n = 0;

	for (unsigned i = first; slice < s->n && i < end && i < BINS; i++)
		n += s->cells[slice * BINS + i];
	return n;
}

size_t spectrum_at(const struct spectrum *s, uint64_t ts)
{
	struct slices slices = s->slices;

	return s->n ? (size_t)(slice_of(&slices, ts) - s->first) : 0;
}

uint64_t spectrum_time(const struct spectrum *s, size_t slice)
{
	return (s->first + slice) * s->slices.width;
}

/* ---- shades --------------------------------------------------------------------- */

/* Few shades for few events: the darkest is always seen. */
void shades_init(struct shades *s, unsigned all, uint64_t most)
{
	*s = (struct shades){ .all = all < SHADES_MAX ? all : SHADES_MAX };
	s->n = most < s->all ? (unsigned)most : s->all;
	for (unsigned i = 0; i < s->n; i++) {
		const double from = ceil(pow((double)most, (double)i / s->n));
		const uint64_t least = i ? s->from[i - 1] + 1 : 1;

		s->from[i] = from > (double)least ? (uint64_t)from : least;
	}
}

unsigned shade_used(const struct shades *s, unsigned i)
{
	return s->n < 2 ? s->all : 1 + i * (s->all - 1) / (s->n - 1);
}

unsigned shade_of(const struct shades *s, uint64_t n)
{
	unsigned i = 0;

	while (i < s->n && n >= s->from[i])
		i++;
	return i ? shade_used(s, i - 1) : 0;
}
