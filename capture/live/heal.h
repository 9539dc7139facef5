/* SPDX-License-Identifier: Apache-2.0 */
/* After a loss: a thread looks in /proc at the processes whose events were lost.
 *
 * What it finds is true at one moment only if the process did not run meanwhile; of one that did
 * it tries again, some times.  It takes no more than a share of a processor, and nobody ever
 * waits for it. */
#ifndef SAKER_LIVE_HEAL_H
#define SAKER_LIVE_HEAL_H

#include "capture/live/snapshot.h"

struct heal;

/* Starts the thread, with the capabilities that /proc asks for and no others.  NULL: there
 * is none. */
struct heal *heal_start(const struct snapshot_options *opt);
void heal_stop(struct heal *h);

/* Process pid is in doubt; 0: all are. */
void heal_ask(struct heal *h, uint32_t pid);

/* The oldest finding that nobody took: when it was true, in ns since boot; 0: there is none. */
uint64_t heal_next(struct heal *h);
/* Takes it.  The caller frees it. */
struct snapshot *heal_take(struct heal *h, uint32_t *pid);

#endif
