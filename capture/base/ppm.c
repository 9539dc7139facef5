/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/base/ppm.h"

bool flags_ppm_same(enum flags_table_id id)
{
	const struct flags_table *t = &flags_tables[id];

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

uint64_t flags_from_ppm(enum flags_table_id id, uint32_t ppm)
{
	const struct flags_table *t = &flags_tables[id];
	const uint64_t mask = flags_number_mask(id);
	const struct flag_desc *row = mask ? row_of_ppm(t, ppm & mask, mask) : NULL;
	uint64_t v = 0, rest = ppm;

	if (flags_ppm_same(id))
		return ppm;
	if (row) {
		v = row->kernel;
		rest &= ~mask;
	} else if ((uint32_t)mask == UINT32_MAX) {
		return PPM_NUMBER | (uint64_t)ppm << 32;
	}
	for (unsigned i = 0; i < t->n && rest; i++) {
		row = &t->flags[i];
		if (row->ppm_only || !row->ppm || !row->kernel || row->ppm & mask ||
		    (rest & row->ppm) != row->ppm)
			continue;
		v |= row->kernel;
		rest &= ~row->ppm;
	}
	return v | (rest & 0x7fffffff) << 32;
}

uint32_t flags_to_ppm(enum flags_table_id id, uint64_t v)
{
	const struct flags_table *t = &flags_tables[id];
	const uint64_t mask = flags_number_mask(id);
	const uint32_t low = (uint32_t)v;
	uint64_t ppm = ppm_only(v);

	if (v & PPM_NUMBER)
		return (uint32_t)ppm;
	if (flags_ppm_same(id))
		return (uint32_t)(ppm | low);
	for (unsigned i = 0; i < t->n; i++) {
		const struct flag_desc *row = &t->flags[i];

		if (row->ppm_only || (row->kernel & mask) != row->kernel)
			continue;
		if (mask && row->kernel == (low & mask)) {
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
	return (uint32_t)ppm;
}
