/* SPDX-License-Identifier: Apache-2.0 */
/* The smallest recording that gives the same alerts: which events those come from, the state
 * before each of them, and of both only what the alerts need. */
#ifndef SAKER_TEST_SHRINK_H
#define SAKER_TEST_SHRINK_H

#include "analyze/test/oracle.h"

struct shrink_job {
	struct source *in;
	const struct detect_plan *plan;	/* its printer must be one of oracle_style */
	struct oracle_keep keep;
	int out;			/* an empty file, open for reading and writing */
	bool named;			/* keep host name, kernel release and memory size */
};

struct shrink_result {
	uint64_t n_events, n_alerts;	/* of the recording; alerts that were to stay */
	uint64_t kept_events, kept_rows;	/* of the small one: events, rows of state */
	uint64_t questions, bytes;
	bool gave_up;			/* it could be smaller, with more time */
	bool named;			/* an alert needs what names the machine */
};

/* Writes the small recording and reads it again.  Within the sandbox.  Negative: failure; with
 * n_alerts 0 nothing was written. */
int shrink(const struct shrink_job *job, struct shrink_result *result);

#endif
