/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/base/ppm.h"

/* What Falco's probes do besides: bits that they set with others (a bit of O_TMPFILE is
 * O_DIRECTORY, one of O_SYNC is O_DSYNC, and one bit of either is enough for them), kinds of files
 * that they do not know, and page faults, of which they name what did not happen, too. */
static uint32_t quirks(enum flags_table_id id, uint32_t kernel, uint32_t ppm)
{
	switch (id) {
	case FT_file_flags:
		if (kernel & 0x410000)
			ppm |= 0x2000;
		if (kernel & 0x101000)
			ppm |= 0x80;
		return ppm;
	case FT_sockopt_options:	/* the ones of 64 bit times */
		return kernel == 66 ? 20 : kernel == 67 ? 21 : ppm;
	case FT_io_uring_setup_flags:
		return kernel & 1 ? ppm | 4 : ppm;
	case FT_pf_flags:
		return (kernel & 1 ? 1u : 2) | (kernel & 2 ? 4u : 8) | (kernel & 4 ? 16u : 32)
			| (kernel & 8 ? 64u : 0) | (kernel & 16 ? 128u : 0);
	case FT_mknod_mode:
		switch (kernel & 0xf000) {
		case 0x1000: case 0x2000: case 0x6000: case 0x8000: case 0xc000:
			return ppm;
		case 0:
			return ppm | 0x8000;
		}
		return ppm & ~0xf000u;
	default:
		return ppm;
	}
}

bool flags_ppm_same(enum flags_table_id id)
{
	const struct flags_table *t = &flags_tables[id];

	if (id == FT_mknod_mode)
		return false;
	for (unsigned i = 0; i < t->n; i++)
		if (!t->flags[i].ppm_only && t->flags[i].ppm != t->flags[i].kernel)
			return false;
	return true;
}

static const struct flag_desc *row_of_ppm(const struct flags_table *t, uint64_t ppm,
					  uint64_t mask)
{
	for (unsigned i = 0; i < t->n; i++)
		if (!t->flags[i].ppm_only && t->flags[i].ppm == ppm &&
		    !(t->flags[i].ppm & ~mask))
			return &t->flags[i];
	return NULL;
}

/* Falco's number of the kernel's low. */
static uint32_t to_ppm(enum flags_table_id id, uint32_t low)
{
	const struct flags_table *t = &flags_tables[id];
	const uint64_t mask = flags_number_mask(id);
	uint64_t ppm = 0;

	if (flags_ppm_same(id))
		return low;
	for (unsigned i = 0; mask && i < t->n; i++) {
		const struct flag_desc *row = &t->flags[i];

		if (!row->ppm_only && (row->kernel & mask) == row->kernel &&
		    row->kernel == (low & mask)) {
			ppm |= row->ppm;
			break;
		}
	}
	for (unsigned i = 0; i < t->n; i++) {
		const struct flag_desc *row = &t->flags[i];

		if (!row->ppm_only && row->kernel & ~mask &&
		    (low & row->kernel) == row->kernel)
			ppm |= row->ppm;
	}
	return quirks(id, low, (uint32_t)ppm);
}

/* An open that does not write is none of a temporary file: what looks like it is a
 * directory. */
static bool is_directory(enum flags_table_id id, uint64_t ppm, const struct flag_desc *row)
{
	return id == FT_file_flags && row->ppm == 0x2000 && !(ppm & 2);
}

static uint64_t kernel_bits(enum flags_table_id id, uint32_t ppm, uint64_t v, uint64_t mask)
{
	const struct flags_table *t = &flags_tables[id];
	uint64_t rest = ppm & ~mask;

	for (unsigned i = 0; i < t->n && rest; i++) {
		const struct flag_desc *row = &t->flags[i];

		if (row->ppm_only || !row->ppm || !row->kernel || row->ppm & mask ||
		    (rest & row->ppm) != row->ppm || is_directory(id, ppm, row))
			continue;
		v |= row->kernel;
		rest &= ~row->ppm;
	}
	return v;
}

uint64_t flags_from_ppm(enum flags_table_id id, uint32_t ppm)
{
	const struct flags_table *t = &flags_tables[id];
	const uint64_t mask = flags_number_mask(id);
	const struct flag_desc *row = mask ? row_of_ppm(t, ppm & mask, mask) : NULL;
	uint32_t v, rest;

	if (flags_ppm_same(id))
		return ppm;
	if (!row && (uint32_t)mask == UINT32_MAX)
		return PPM_NUMBER | (uint64_t)ppm << 32;
	v = (uint32_t)kernel_bits(id, ppm, row ? row->kernel : 0, mask);
	rest = to_ppm(id, v) ^ ppm;
	if (id == FT_file_flags && !(ppm & 3))
		rest &= ~1u;	/* flags of calls that do not open have no access mode */
	return v | (uint64_t)(rest & 0x7fffffff) << 32;
}

uint32_t flags_to_ppm(enum flags_table_id id, uint64_t v)
{
	if (v & PPM_NUMBER)
		return ppm_only(v);
	return to_ppm(id, (uint32_t)v) ^ ppm_only(v);
}
