/* SPDX-License-Identifier: Apache-2.0 */
/* The options of saker live: for the verb, and for the manual and the help of a build that
 * has none (NO_BPF=1). */
#ifndef SAKER_ANALYZE_LIVE_SPEC_H
#define SAKER_ANALYZE_LIVE_SPEC_H

#include "analyze/options.h"

enum live_option { O_DURATION = RO__N, O_COUNT, O_SNAPLEN, O_RECORD, O_FORCE, O_RING,
		   O_LATENCY, O_SAMPLE, O_SIZE, O_KEEP, O_FLUSH, O_NOT_PID };

static const struct opt live_opts[] = {
#define OPTION OPTION_ROW
#include "analyze/options.def"
#undef OPTION
	{ O_DURATION, 'd', "duration", "TIME", "end after this time (10, 0.5s, 2m)" },
	{ O_COUNT, 'n', "events", "N", "end after N events" },
	{ O_SNAPLEN, 0, "snaplen", "N", "keep N bytes of what is read and written (default 80)" },
	{ O_LATENCY, 0, "latency", NULL, "measure how long each system call takes: evt.latency" },
	{ O_RECORD, 0, "record", "FILE", "write a recording too, with the alerts in it" },
	{ O_FORCE, 0, "force", NULL, "overwrite FILE" },
	{ O_SIZE, 0, "size", "SIZE", "end when the recording has this size (100M)" },
	{ O_KEEP, 0, "keep", "SIZE",
	  "keep the newest SIZE bytes of the recording: the oldest becomes a hole in FILE" },
	{ O_FLUSH, 0, "flush", "TIME",
	  "write what there is at least so often, for who reads it meanwhile (default 1s)" },
	{ O_NOT_PID, 0, "not-pid", "PID", "leave this process out" },
	{ O_RING, 0, "ring", "SIZE", "memory per processor for events on their way (default 8M)" },
	{ O_SAMPLE, 0, "sample", "TIME",
	  "with --record, tell every TIME what threads used (default 1s; 0: never)" },
};

static const struct opt_spec live_spec = {
	"live", "[options] [-- COMMAND ...]",
	"run rules on the running kernel and show alerts at once",
	OPTS(live_opts),
	.status = "0 no alert, 1 alerts, 2 wrong usage or failure.",
};

#endif
