/* SPDX-License-Identifier: Apache-2.0 */
/* The recorder below saker browse --live: a process that writes a recording while the browser
 * looks at it.  It ends with the browser, whatever way that takes. */
#ifndef SAKER_ANALYZE_BROWSE_LIVE_H
#define SAKER_ANALYZE_BROWSE_LIVE_H

#include <stdbool.h>
#include <sys/types.h>

struct recorder {
	pid_t pid;
	int said;		/* its messages; it has ended when they have */
	char *path, *folder;	/* folder: of its own, removed at the end; NULL: the file stays */
};

/* Starts it and waits until there are events.  path NULL: a file that is gone afterwards.
 * Negative with a message. */
int recorder_start(struct recorder *r, const char *path, const char *snaplen, bool latency);
void recorder_release(struct recorder *r);

#endif
