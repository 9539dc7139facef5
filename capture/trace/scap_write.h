/* SPDX-License-Identifier: Apache-2.0 */
/* Writing .scap captures for sysdig, Falco and Stratoshark.  What the format has no place
 * for (losses, notes, alerts) becomes notification events, or is left out and counted. */
#ifndef SAKER_TRACE_SCAP_WRITE_H
#define SAKER_TRACE_SCAP_WRITE_H

#include "capture/base/event.h"
#include "capture/trace/source.h"

struct scap_writer;

struct scap_write_stats {
	uint64_t n_events;
	uint64_t raw_bytes, stored_bytes;	/* before compression, in the file */
	uint64_t n_cut;			/* events that were too long for the format */
	uint64_t n_left_out;		/* events that the format has no code for */
	uint64_t n_notes;		/* losses, notes and alerts, as notifications */
};

enum scap_write_how {
	SCAP_GZIP = 1 << 0,
	/* One event for a call and complete lists, as Falco 0.42 and later write.  Without, sysdig
	 * 0.29 reads the file too: each event is preceded by the beginning of its call, and
	 * the lists have only what both programs understand. */
	SCAP_EXIT_ONLY = 1 << 1,
};

/* Creates path (output_create), or writes to standard output for
 * "-".  how: enum scap_write_how.  NULL on error. */
struct scap_writer *scap_create(const char *path, bool force, unsigned how,
				const struct source_info *info);

/* Adds an event; a snapshot's snap_* events come first and are ended by snap_end, and
 * a snap_machine later starts a new section.  ev is not kept.  Negative: the disk is
 * full or similar. */
int scap_add(struct scap_writer *w, const struct event *ev);

/* What was added so far goes to the file now. */
int scap_flush(struct scap_writer *w);

/* What was left out, by event and parameter (NULL: events as a whole). */
enum scap_left_kind { SCAP_LEFT_EVENT, SCAP_LEFT_VALUE, SCAP_LEFT_FLAGS };
typedef void scap_left_fn(enum scap_left_kind kind, const char *event, const char *param,
			  uint64_t n, void *arg);
void scap_write_left(const struct scap_writer *w, scap_left_fn *tell, void *arg);

const struct scap_write_stats *scap_write_stats(const struct scap_writer *w);

/* Writes what is left, syncs, frees.  Negative if anything was not written.  stored: bytes of
 * the file; may be NULL. */
int scap_finish(struct scap_writer *w, uint64_t *stored);

#endif
