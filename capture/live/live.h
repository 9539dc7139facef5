/* SPDX-License-Identifier: Apache-2.0 */
/* The running kernel as a source of events (capture/trace/source.h).
 *
 * First comes a snapshot of the machine as snap_* events, then what happens, in order of
 * time, with losses as loss events where they happened.  next may return LIVE_IDLE: nothing
 * new now, a chance for periodic work.  Only one thread may use the source. */
#ifndef SAKER_LIVE_LIVE_H
#define SAKER_LIVE_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "capture/trace/source.h"

struct live_options {
	uint64_t duration;	/* ns; 0: until live_stop */
	uint32_t ring_size;	/* per CPU, rounded up to a power of two; 0: 8 MiB */
	uint32_t snaplen;	/* bytes of payloads */
	uint64_t window;	/* ns that events wait for older ones; 0: 10 ms */
	const bool *syscalls;	/* by index into syscalls[]; NULL: all.  Calls that change the
				 * state of processes and descriptors are recorded anyhow */
	bool page_faults, switches;
	bool latency;		/* time the calls: event.latency */
	uint64_t sample;	/* ns between looks at what threads use; 0: none */

	/* Who: all that are set must hold; unset: everybody. */
	uint32_t pid;		/* this process and its descendants; 0: unset */
	const char *comm;	/* thread name; NULL: unset */
	const char *cgroup;	/* path below the cgroup2 mount, and what is below it */
	uint32_t helper;	/* a process of the recorder's own: not recorded; 0: unset */
	uint32_t watcher;	/* one that looks at what is recorded: likewise */
	bool by_uid;
	uint32_t uid;

	/* Starts this, when all is ready, and follows it and its descendants; the recording ends
	 * when the last one did. */
	char *const *command;
};

enum { LIVE_SNAPLEN = 80, LIVE_SAMPLE_NS = 1000000000 };

struct live_stats {
	uint64_t n_events, n_snapshot;
	uint64_t lost[8], n_lost;	/* by enum loss_class of flags.def; without PAYLOAD */
	uint64_t n_bad;			/* records that made no sense */
	uint32_t ring_size;
	unsigned n_cpus;
	bool command_ended;
	int command_status;		/* as wait() has it */
};

/* NULL with a message: privilege, kernel, command not found. */
struct source *live_open(const struct live_options *opt);

/* Ends the recording: what has happened so far still comes, then the end.  May be
 * called from a signal handler. */
void live_stop(struct source *s);

const struct live_stats *live_stats(struct source *s);

#endif
