/* SPDX-License-Identifier: Apache-2.0 */
/* The dictionary of a recording: the catalogue of the program that wrote it, and the
 * machine it ran on.  A reader maps events and parameters by name to its own catalogue;
 * what that does not have gets a descriptor from here and can still be printed. */
#ifndef SAKER_TRACE_DICT_H
#define SAKER_TRACE_DICT_H

#include "capture/base/mem.h"
#include "capture/trace/block.h"

struct dict_column {		/* a parameter of desc */
	int16_t column;		/* in the recording, -1: it does not have it */
	uint8_t narrow;		/* PT_ to bring the number to, 0: it fits */
	bool bulk, is_bytes;
};

struct dict_event {
	const struct event_desc *desc;	/* own, or made from the dictionary; NULL: no such id */
	uint16_t n_columns;		/* in the recording, with the system call's number */
	const struct dict_column *params;	/* one for each of desc */
};

struct dict {
	struct arena mem;
	struct dict_event event[64 * SET_WORDS];
	struct source_info info;	/* the machine; texts live as long as the dictionary */
};

/* events[i] has number i in the recording; NULL: none. */
void dict_encode(struct buf *out, const struct event_desc *const *events, unsigned n,
		 const struct source_info *info);
struct dict *dict_decode(const uint8_t *p, size_t n);
void dict_free(struct dict *d);

#endif
