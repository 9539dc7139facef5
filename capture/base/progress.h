/* SPDX-License-Identifier: Apache-2.0 */
/* A line on stderr that says how far long work is, redrawn in place about five times
 * a second, only where stderr is a terminal. */
#ifndef SAKER_BASE_PROGRESS_H
#define SAKER_BASE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	bool on;
	uint64_t started, drawn;	/* monotonic ns */
	unsigned ticks;
};

void progress_begin(struct progress *p, bool quiet);

/* For work of known size: percent and an estimate of the rest; cheap to call often. */
void progress_step(struct progress *p, uint64_t done, uint64_t total, const char *what);

/* Any text, for work without an end (recording). */
void progress_text(struct progress *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* True about five times a second; lets the caller save the work of making the text. */
bool progress_due(struct progress *p);

/* Removes the line, so that other output starts clean. */
void progress_end(struct progress *p);

uint64_t monotonic_ns(void);

#endif
