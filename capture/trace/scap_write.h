/* SPDX-License-Identifier: Apache-2.0 */
/* Writing .scap captures for sysdig, Falco and Stratoshark: events in today's form (one
 * event for a call).  What the format has no place for (losses, notes, alerts) becomes
 * notification events. */
#ifndef SAKER_TRACE_SCAP_WRITE_H
#define SAKER_TRACE_SCAP_WRITE_H

#include "capture/base/event.h"
#include "capture/trace/source.h"

struct scap_writer;

struct scap_write_stats {
	uint64_t n_events, n_bytes;	/* before compression */
	uint64_t n_cut;			/* events that were too long for the format */
	uint64_t n_left_out;		/* events that the format has no code for */
};

enum scap_write_how {
	SCAP_GZIP = 1 << 0,	/* compressed as a whole */
	/* For sysdig before 0.30 too: two events for a call, so that it knows what
	 * descriptor a call is about, and no kinds of descriptors and no system calls
	 * that it cannot bear. */
	SCAP_PAIRS = 1 << 1,
};

/* Creates path (output_create), or writes to standard output for
 * "-".  how: enum scap_write_how.  NULL on error. */
struct scap_writer *scap_create(const char *path, bool force, unsigned how,
				const struct source_info *info);

/* Adds an event; a snapshot's snap_* events come first and are ended by snap_end, and
 * a snap_machine later starts a new section.  ev is not kept.  Negative: the disk is
 * full or similar. */
int scap_add(struct scap_writer *w, const struct event *ev);

const struct scap_write_stats *scap_write_stats(const struct scap_writer *w);

/* Writes what is left, syncs, frees.  Negative if anything was not written. */
int scap_finish(struct scap_writer *w);

#endif
