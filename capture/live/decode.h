/* SPDX-License-Identifier: Apache-2.0 */
/* From a record in a ring to an event.  Bytes of the event point into the record where
 * they can, else into the decoder. */
#ifndef SAKER_LIVE_DECODE_H
#define SAKER_LIVE_DECODE_H

#include "capture/live/plan.h"

struct decoder {
	struct plans plans;
	uint64_t boot_ts;		/* added to ns since boot */
	uint64_t last_ts;		/* events never go back in time */
	uint32_t page_kib;
	size_t used;			/* of scratch, by this event */
	uint8_t scratch[160 << 10];
};

/* Makes ev of the record, which is at least a struct wire_record and has rec->len bytes. */
void decode(struct decoder *d, const struct wire_record *rec, unsigned cpu, struct event *ev);

/* The value bytes of a struct sockaddr (event.h); returns their number, at most 130. */
size_t sockaddr_value(uint8_t *out, const uint8_t *sa, size_t len);

enum { TUPLE_VALUE_MAX = 160 };
/* The same of a blob of OP_TUPLE; name: address that the call told, or NULL.  0: neither inet nor
 * unix. */
size_t tuple_value(uint8_t *out, const struct wire_blob *b, const struct wire_blob *name,
		   bool inbound);

/* Encoding of st_dev for the kernel's own dev_t. */
static inline uint32_t encode_dev(uint32_t dev)
{
	const uint32_t major = dev >> 20, minor = dev & 0xfffff;

	return (minor & 0xff) | major << 8 | (minor & ~0xffu) << 12;
}

#endif
