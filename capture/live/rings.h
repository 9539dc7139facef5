/* SPDX-License-Identifier: Apache-2.0 */
/* The consumer's side of the rings of all CPUs (layout in bpf/wire.h): records in
 * order of time, looked at where they lie. */
#ifndef SAKER_LIVE_RINGS_H
#define SAKER_LIVE_RINGS_H

#include <stdbool.h>

#include "bpf/wire.h"
#include "capture/base/buf.h"

/* One CPU's ring. */
struct ring_view {
	struct wire_ring *ring;
	const uint8_t *data;
	uint64_t pos;		/* next record to hand out */
	uint64_t limit;		/* head as last seen */
	struct buf spill;	/* records moved out of the ring, older than those in it */
	size_t spilled;		/* of them handed out */
	struct wire_loss seen[WC__N];
	uint64_t victim;	/* the next to be told of */
	bool begun;		/* its beginning was told, and not yet its end */
	uint64_t unnamed;	/* as last seen */
};

/* From ts on something is not known of a thread; tid 0: of any, until one with what 0. */
struct victim {
	uint64_t ts;		/* ns since boot */
	uint32_t tid, pid;
	uint32_t what;		/* enum wire_what */
	bool over;		/* nothing more was lost since */
};

struct rings {
	void *map;
	size_t element;
	uint32_t size;
	unsigned n;
	struct ring_view *views;
	unsigned *heap, n_heap;	/* views with records, by time of the next one */
	unsigned last;		/* whose record was handed out; n: none */
	uint32_t last_len;
	uint64_t spill_bytes;
	uint64_t n_records, n_bad;
};

/* Maps n rings of an array map.  Negative on failure. */
int rings_open(struct rings *r, int map_fd, unsigned n, uint32_t ring_size);
void rings_close(struct rings *r);

/* Looks what the kernel half has written so far; returns how full the fullest ring
 * is, in 1/256. */
unsigned rings_poll(struct rings *r);

/* The same without looking at records: what was handed out last stays. */
unsigned rings_fullness(const struct rings *r);

/* The oldest record that is not younger than horizon (ns since boot); NULL: none among
 * what rings_poll saw.  It lies there until the next call. */
const struct wire_record *rings_next(struct rings *r, uint64_t horizon, unsigned *cpu);

/* Moves what lies in rings that are half full into memory, up to limit bytes in all: for the
 * time when nobody takes records. */
void rings_spill(struct rings *r, uint64_t limit);

/* What was lost of a class on a CPU since the last question; false: nothing. */
bool rings_loss(struct rings *r, unsigned cpu, unsigned cls, struct wire_loss *loss);

/* Calls tell for what the losses of all CPUs that are new since the last time leave unknown, of
 * a CPU in order of time.  quiet: losses of a thread that are older than this are over. */
void rings_victims(struct rings *r, uint64_t quiet, void (*tell)(const struct victim *, void *),
		   void *arg);
/* Losses since the last time that nobody is named for. */
uint64_t rings_unnamed(struct rings *r);

/* When the next record was made, UINT64_MAX if there is none; the one handed out last is
 * gone then. */
uint64_t rings_next_ts(struct rings *r);

/* When all is handed out: events that the kernel half saw and that are neither records
 * nor losses. */
uint64_t rings_missing(const struct rings *r);

#endif
