/* SPDX-License-Identifier: Apache-2.0 */
/* A process beside the recorder that finds out what containers are and who their users
 * are, while the recorder reads its rings: files of runtimes and of containers may be slow,
 * may hang, and were written by others.  It keeps the two capabilities that reading them
 * takes (CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE), which the recorder itself gives up.
 *
 * Questions are about a container that was seen first; the answers are container, snap_user
 * and snap_group events.  It also tells, unasked, of accounts that were added since. */
#ifndef SAKER_LIVE_HELPER_H
#define SAKER_LIVE_HELPER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "capture/base/event.h"

struct helper {
	int sock;			/* -1: there is none */
	pid_t pid;
	unsigned waiting;		/* questions whose first answer has not come */
	uint64_t *seen;			/* hashes of what was asked, 0: free */
	uint32_t n_seen;
	uint8_t *msg;			/* the last answer */
};

/* Starts it, before any thread and any map: it has copies of neither.  A failure is warned of,
 * and the recording goes on without. */
void helper_start(struct helper *h);
void helper_stop(struct helper *h);

/* Looks at an event that tells of control groups, and asks about a container that is new.  1: it
 * did, 0: nothing to ask, -1: there was no room for the question at the moment.  Never blocks. */
int helper_see(struct helper *h, const struct event *ev);

/* The next answer: 0 and an event without time, whose values live until the next call; 1:
 * none at the moment. */
int helper_next(struct helper *h, struct event *ev);

/* Waits for something to be there, so long at most. */
void helper_wait(struct helper *h, int ms);

#endif
