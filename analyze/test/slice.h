/* SPDX-License-Identifier: Apache-2.0 */
/* Events picked out of a recording, in memory, with the state that they need before them as
 * rows of snapshots: a recording in which each row can be left out. */
#ifndef SAKER_TEST_SLICE_H
#define SAKER_TEST_SLICE_H

#include "capture/base/mem.h"
#include "capture/trace/source.h"

enum {
	SLICE_ITEMS_MAX = 1 << 20,
	SLICE_BYTES_MAX = 512 << 20,
};

struct slice_item {
	uint64_t num, ts, latency;		/* num: in the recording; 0: a row of state */
	uint32_t tid, pid;
	uint16_t type, cpu, nr, n_params;
	bool in;			/* not left out */
	bool fixed;			/* cannot be left out */
	const struct event_desc *desc;
	struct value *v;
};

struct slice {
	struct slice_item *v;
	size_t n, cap;
	struct arena mem;
	const struct event_desc **copied;	/* descriptions that the recording brought */
	size_t n_copied, cap_copied;
};

/* What to take. */
struct slice_wish {
	const uint64_t *nums;		/* of events, ascending */
	size_t n;
	bool exact;			/* every row of state that may be news, again and again */
	bool whole_state;		/* of the whole machine before the first of them */
	bool all_events;		/* from the first to the last of them */
};

/* Reads what is wished from the source, which stands at its start or at a key frame before.
 * Negative: it cannot be read, or there is too much. */
int slice_take(struct slice *s, struct source *in, const struct slice_wish *wish);
void slice_reset(struct slice *s);
void slice_release(struct slice *s);

/* The item as an event; it points into the slice. */
void slice_event(const struct slice_item *it, struct event *ev);

#endif
