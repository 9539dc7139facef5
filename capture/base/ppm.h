/* SPDX-License-Identifier: Apache-2.0 */
/* Flags as Falco numbers them (its probes, .scap files, raw numbers in evt.args) and
 * as the kernel does, by the tables of bpf/flags.def.
 *
 * Values of flag parameters are the kernel's, in the low 32 bits.  What a .scap file
 * has that no value of the kernel expresses is kept in the high half, so that nothing
 * of it is lost when it is printed or written again:
 *   - sets: in bits 32 to 62 the bits that differ from what Falco's probes of today make of
 *     the kernel's value: Falco's bits without a kernel bit, mostly
 *   - single numbers (commands, families): PPM_NUMBER, and Falco's number in bits 32-62
 * Recordings made from the kernel have nothing there. */
#ifndef SAKER_BASE_PPM_H
#define SAKER_BASE_PPM_H

#include "capture/base/catalog.h"

#define PPM_NUMBER (UINT64_C(1) << 63)

/* The bits of Falco's that the kernel's value does not tell (0 for most values). */
static inline uint32_t ppm_only(uint64_t v)
{
	return (uint32_t)(v >> 32) & 0x7fffffff;
}

uint64_t flags_from_ppm(enum flags_table_id id, uint32_t ppm);
uint32_t flags_to_ppm(enum flags_table_id id, uint64_t v);

/* Falco's numbers of the table are the kernel's: nothing to convert. */
bool flags_ppm_same(enum flags_table_id id);

#endif
