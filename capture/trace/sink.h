/* SPDX-License-Identifier: Apache-2.0 */
/* A recording that is being written, in the format that its name ends in: .skr, .scap or
 * .scap.gz.  Key frames are only of .skr: the other has none. */
#ifndef SAKER_TRACE_SINK_H
#define SAKER_TRACE_SINK_H

#include "capture/trace/scap_write.h"
#include "capture/trace/writer.h"

struct sink {
	struct writer *skr;		/* one of the two */
	struct scap_writer *scap;
};

enum sink_format { SINK_UNKNOWN, SINK_SKR, SINK_SCAP };

/* What a name ends in; gzip is set if it says so. */
enum sink_format sink_format(const char *name, bool *gzip);

/* Creates path (output_create).  how: enum scap_write_how, for a .scap.  Negative: failed. */
int sink_open(struct sink *s, const char *path, bool force, enum sink_format format,
	      const struct source_info *info, const struct writer_options *opt, unsigned how);
bool sink_is_open(const struct sink *s);

/* As writer_add and scap_add: the snapshot first. */
int sink_add(struct sink *s, const struct event *ev);
/* What was added so far goes to the file now. */
int sink_flush(struct sink *s);
/* Bytes in the file by now. */
uint64_t sink_stored_bytes(const struct sink *s);
/* Writes what is left, syncs, frees.  Negative if anything was not written.  stored: bytes of
 * the file; may be NULL. */
int sink_close(struct sink *s, uint64_t *stored);

#endif
