/* SPDX-License-Identifier: Apache-2.0 */
/* One reader's way through parts of a scan: events become parcels. */
#ifndef SAKER_BROWSE_PASS_H
#define SAKER_BROWSE_PASS_H

#include "analyze/browse/model/inside.h"
#include "analyze/browse/model/watcher.h"

struct pass {
	struct reader *r;
	struct scan *scan;
	const struct scan_plan *plan;
	struct detect_plan plan_detect;	/* the browser's, with filter and range */
	struct detect detect;
	struct state *own, *st;
	struct cond *filter;
	struct gather gathers[SCAN_VIEWS_MAX];
	struct watcher watcher;		/* of the first pass */
	struct sieve sieve;
	struct arena scratch;
	struct field_ctx ctx;
	struct field_env env;
	struct parcel *parcel;
	uint64_t lo, hi, n_seen;
	uint64_t enough;		/* events of the parcel */
	uint64_t num;			/* of the last event */
	unsigned part;
	struct reader self;		/* of one that follows: it keeps its source */
};

/* p is all zeros, or has self and nothing else. */
void pass_init(struct pass *p, struct reader *r, struct scan *s);
void pass_release(struct pass *p);

/* Nothing is read of a part yet. */
void pass_begin(struct pass *p, unsigned part);
/* Reads the part that was begun from its first event.  1: to its end; 0: nobody wants more of it;
 * negative: failure. */
int pass_read(struct pass *p);
/* The same from where it stands. */
int pass_read_on(struct pass *p);
/* Hands over what was gathered.  limit: where it ends for now. */
void pass_send(struct pass *p, uint64_t limit);
/* Hands over the last of the part.  rc: what reading it gave. */
void pass_end(struct pass *p, int rc);

#endif
