/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the .scap writer share: scap_write.c (order), scap_encode.c (events),
 * scap_put.c (their values), scap_lists.c (lists of a snapshot); scap_file.c below them
 * has the bytes. */
#ifndef SAKER_TRACE_SCAP_OUT_H
#define SAKER_TRACE_SCAP_OUT_H

#include "capture/base/buf.h"
#include "capture/trace/scap.h"
#include "capture/trace/scap_write.h"

/* Blocks: begin returns where it began. */
size_t scap_block_begin(struct buf *b, uint32_t type);
void scap_block_end(struct buf *b, size_t at);

/* What the format has no place for, counted by event and parameter. */
struct scap_left {
	uint64_t events[EV__N];
	uint64_t values[EV__N][EVENT_PARAMS_MAX];
	uint64_t flags[EV__N][EVENT_PARAMS_MAX];	/* numbers without all their bits */
};

/* ---- events ---- */

enum { OLD_CALLS = 329 };	/* calls with a name in sysdig 0.29: it crashes beyond */

struct scap_memo {
	uint64_t v;
	uint32_t ppm;
	uint8_t table;		/* of flags; FT_none: empty */
	bool lossy;
};

struct scap_encoder {
	struct scap_codes codes;
	struct scap_left *left, *ignored;	/* ignored: what beginnings do not say */
	enum arch arch;
	bool pairs;
	uint16_t sc[SCAP_CODES];	/* by the machine's number; 0: not looked up yet */
	struct plan *plan[EV__N];
	struct event twin;
	struct scap_memo memo[EV__N][EVENT_PARAMS_MAX];
};

/* The event as a block at the end of out; pairs: behind one for the beginning of the
 * call. 0; 1: cut to what the format can hold; negative: it has no code. */
int scap_encode(struct scap_encoder *e, const struct event *ev, struct buf *out);

/* A notification event: what the format has no event for, as text. */
void scap_encode_note(const struct event *ev, const char *id, const char *text,
		      size_t len, struct buf *out);

/* The bytes of one parameter. */
void scap_put_param(struct scap_encoder *e, const struct event *ev,
		    const struct scap_param *p, struct buf *b);

/* ---- lists ---- */

/* The lists of a section under construction, complete blocks or entries of one. */
struct scap_lists {
	struct scap_left *left;
	bool old;		/* in the form that sysdig 0.29 reads too */
	uint64_t used;		/* parameters of the entry that were written */
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

#endif
