/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the checksums of a changed recording hold again, so that the checks behind
 * them are reached. */
#ifndef SAKER_TEST_RESEAL_H
#define SAKER_TEST_RESEAL_H

#include <string.h>
#include <xxhash.h>

#include "capture/trace/block.h"

static inline void reseal_sum(uint8_t *p, size_t n)
{
	const uint64_t sum = XXH3_64bits(p, n - 8);

	memcpy(p + n - 8, &sum, 8);
}

/* The block at p, of which n bytes are there; returns its length. */
static inline size_t reseal_block(uint8_t *p, size_t n)
{
	uint32_t stored;
	uint64_t sum;

	memcpy(&stored, p + 16, 4);
	if (stored > n - BLOCK_HEADER_LEN)
		stored = (uint32_t)(n - BLOCK_HEADER_LEN);
	memcpy(p + 16, &stored, 4);
	sum = XXH3_64bits(p + BLOCK_HEADER_LEN, stored);
	memcpy(p + 88, &sum, 8);
	reseal_sum(p, BLOCK_HEADER_LEN);
	return BLOCK_HEADER_LEN + stored;
}

static inline void reseal(uint8_t *p, size_t n)
{
	size_t off = FILE_HEADER_LEN;

	if (n < FILE_HEADER_LEN)
		return;
	reseal_sum(p, FILE_HEADER_LEN);
	while (n - off >= FOOTER_LEN) {
		if (n - off >= BLOCK_HEADER_LEN && !memcmp(p + off, BLOCK_MAGIC, 8)) {
			off += reseal_block(p + off, n - off);
		} else if (!memcmp(p + off, FOOTER_MAGIC, 8)) {
			reseal_sum(p + off, FOOTER_LEN);
			off += FOOTER_LEN;
		} else {
			off++;
		}
	}
}

#endif
