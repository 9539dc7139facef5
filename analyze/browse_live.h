/* SPDX-License-Identifier: Apache-2.0 */
/* The recorder below saker browse --live: a process that writes a recording while the browser
 * looks at it.  It ends with the browser, whatever way that takes. */
#ifndef SAKER_ANALYZE_BROWSE_LIVE_H
#define SAKER_ANALYZE_BROWSE_LIVE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct recorder {
	pid_t pid;
	int said;		/* its messages; it has ended when they have */
	char *path, *folder;	/* folder: of its own, removed at the end; NULL: the file stays */
	bool keeps;		/* the newest alone, of a file of its own */
};

enum { RECORDER_RULES_MAX = 64 };

struct recorder_options {
	const char *path;		/* NULL: a file that is gone afterwards */
	const char *snaplen;		/* as saker live takes it */
	/* Bytes that the recording has at most; of a file of its own the newest are kept, if the
	 * file system can. */
	uint64_t size;
	bool self;			/* record the browser as well */
	bool latency;			/* measure calls */
	/* What the alerts in the recording are of: options of saker live; none: no rules. */
	const char *rules[RECORDER_RULES_MAX];
	unsigned n_rules;
	bool alerts;
};

/* Starts it and waits until there are events.  Negative with a message. */
int recorder_start(struct recorder *r, const struct recorder_options *o);
void recorder_release(struct recorder *r);

#endif
