/* SPDX-License-Identifier: Apache-2.0 */
/* The machine as it is when a recording begins, read from /proc and turned into
 * snap_* events: machine, users, groups, interfaces, mounts, threads, descriptors. */
#ifndef SAKER_LIVE_SNAPSHOT_H
#define SAKER_LIVE_SNAPSHOT_H

#include <stdatomic.h>
#include <stdbool.h>

#include "capture/base/event.h"
#include "capture/trace/source.h"

struct snapshot;
struct helper;
struct sampler;

struct snapshot_options {
	uint32_t tree;		/* only this process, its descendants and ancestors; 0: all */
	uint64_t boot_ts;	/* ns since the epoch */
	uint64_t ts;		/* of the events */
	const struct source_info *info;
	const atomic_bool *stop;	/* ends early when set */
	uint32_t self;		/* the recorder: not in it */
	struct helper *helper;	/* asked about containers; NULL: nobody is */
	const struct sampler *sampler;	/* knows what threads have used; NULL: /proc does */
};

/* Takes it; never NULL: what cannot be read is left out. */
struct snapshot *snapshot_take(const struct snapshot_options *opt);
void snapshot_free(struct snapshot *s);

enum snapshot_result {
	SNAPSHOT_TRUE,		/* all of it was so at one moment */
	SNAPSHOT_BUSY,		/* it ran meanwhile */
	SNAPSHOT_GONE,
};
/* Of one process: snap_lost of all that was known, then its threads and descriptors, and when
 * it was so, in ns since boot.  The caller frees it if it is TRUE. */
enum snapshot_result snapshot_of_one(const struct snapshot_options *opt, uint32_t pid,
				     struct snapshot **out, uint64_t *when);

/* Hands out the events one by one: 0, or 1 at the end. */
int snapshot_next(struct snapshot *s, struct event *ev);

/* Calls visit for all processes. */
int snapshot_each_process(int (*visit)(uint32_t pid, void *arg), void *arg);
/* Calls visit for the descendants of pid that live now, and pid itself. */
int snapshot_each_descendant(uint32_t pid, int (*visit)(uint32_t pid, void *arg), void *arg);

#endif
