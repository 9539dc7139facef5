/* SPDX-License-Identifier: Apache-2.0 */
/* A recording analyzed by several threads.  Key frames cut it into parts that can be read
 * independently; each thread takes the next part, and lines come out in the order of
 * parts, so that the output is the same for any number of threads. */
#ifndef SAKER_ALERT_PARTS_H
#define SAKER_ALERT_PARTS_H

#include "analyze/alert/detect.h"
#include "analyze/alert/sink.h"
#include "capture/base/progress.h"

enum { PARTS_THREADS_MAX = 64 };

/* A recording opened as many times as threads may work on it. */
struct parts {
	const char *path;
	unsigned n;			/* sources open */
	struct source *sources[PARTS_THREADS_MAX];
};

/* Lets the program open as many files as it may; before the first parts_open. */
void parts_many_files(void);
/* Opens path; more than one source only where it has key frames.  Negative with a message. */
int parts_open(struct parts *p, const char *path, unsigned n_threads);
void parts_close(struct parts *p);

struct parts_result {
	struct detect_stats stats;
	struct source_damage damage;	/* all threads' together */
};

/* Runs the plan over it; alerts go to sinks.  Negative: failure; what was found before it
 * is out. */
int parts_run(struct parts *p, const struct detect_plan *plan, struct sink_set *sinks,
	      struct progress *progress, struct parts_result *out);

#endif
