/* SPDX-License-Identifier: Apache-2.0 */
/* Loading and attaching the kernel half. */
#ifndef SAKER_LIVE_PROBES_H
#define SAKER_LIVE_PROBES_H

#include "capture/live/live.h"
#include "capture/live/plan.h"

struct saker_bpf;
struct bpf_link;

struct probes {
	struct saker_bpf *bpf;
	unsigned n_cpus;
	uint32_t ring_size;	/* may be less than asked for on old kernels */
	int rings_fd;
	struct bpf_link *samples;	/* NULL: the kernel has no iterators */
};

/* Loads the programs with the settings.  conf has 2 * WIRE_NR_MAX rows.  Negative with a
 * message that says what the machine lacks. */
int probes_load(struct probes *p, const struct live_options *opt, const struct wire_conf *conf);
int probes_attach(struct probes *p);
/* No event comes after this. */
void probes_detach(struct probes *p);
void probes_close(struct probes *p);

/* A process belongs to the tree that is recorded. */
int probes_follow(struct probes *p, uint32_t pid);
/* Processes of the tree that live. */
uint64_t probes_tree_alive(const struct probes *p);
/* A descriptor that reads a struct wire_sample for each thread that is recorded; negative if the
 * kernel has no such thing. */
int probes_sample(const struct probes *p);
/* Does the process belong to what is recorded? */
bool probes_followed(const struct probes *p, uint32_t pid);
/* Events on CPUs that have no ring, since the start. */
uint64_t probes_ringless(const struct probes *p);

#endif
