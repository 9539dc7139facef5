/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the .scap writer share: scap_write.c (file, order), scap_encode.c
 * (events), scap_lists.c (lists of a snapshot). */
#ifndef SAKER_TRACE_SCAP_OUT_H
#define SAKER_TRACE_SCAP_OUT_H

#include "capture/base/buf.h"
#include "capture/trace/scap.h"
#include "capture/trace/scap_write.h"

/* Blocks: begin returns where it began. */
size_t scap_block_begin(struct buf *b, uint32_t type);
void scap_block_end(struct buf *b, size_t at);

/* The lists of a section under construction, complete blocks or entries of one. */
struct scap_lists {
	bool old;		/* only kinds of descriptors that sysdig 0.29 knows */
	struct buf machine;	/* block */
	struct buf ifaces, users, processes;	/* entries */
	struct buf fds;		/* blocks, one for each run of entries of a process */
	size_t fds_at;
	uint64_t fds_pid;
	bool fds_open;
};

/* Takes a snap_* event in.  False: not one of these. */
bool scap_lists_add(struct scap_lists *l, const struct event *ev);
/* All of it as blocks, and empties it. */
void scap_lists_flush(struct scap_lists *l, struct buf *out);
void scap_lists_release(struct scap_lists *l);

/* The event as a block at the end of out; pairs: behind one for the beginning of the
 * call. 0; 1: cut to what the format can hold; negative: it has no code. */
int scap_encode(struct scap_codes *codes, enum arch arch, bool pairs,
		const struct event *ev, struct buf *out);

/* A notification event: what the format has no event for, as text. */
void scap_encode_note(const struct event *ev, const char *id, const char *text,
		      size_t len, struct buf *out);

#endif
