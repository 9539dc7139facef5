/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/base/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "capture/base/timearg.h"

enum { REDRAW_NS = 200 * 1000 * 1000, CALLS_PER_LOOK = 64 };

uint64_t monotonic_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

void progress_begin(struct progress *p, bool quiet)
{
	*p = (struct progress){ .on = !quiet && isatty(STDERR_FILENO) };
	p->started = p->drawn = monotonic_ns();
}

bool progress_due(struct progress *p)
{
	return p->on && monotonic_ns() - p->drawn >= REDRAW_NS;
}

void progress_text(struct progress *p, const char *fmt, ...)
{
	va_list ap;

	if (!p->on)
		return;
	p->drawn = monotonic_ns();
	fputs("\r\033[K", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fflush(stderr);
}

void progress_step(struct progress *p, uint64_t done, uint64_t total, const char *what)
{
	char rest[TIME_TEXT_MAX] = "";
	double share;

	if (!p->on || ++p->ticks % CALLS_PER_LOOK || !progress_due(p))
		return;
	share = total && done <= total ? (double)done / (double)total : 0;
	if (share > 0.01)
		time_span(rest, (uint64_t)((double)(monotonic_ns() - p->started) / share
					   * (1 - share)));
	if (total)
		progress_text(p, "%s: %.0f %%%s%s%s", what, share * 100, *rest ? ", about " : "",
			      rest, *rest ? " left" : "");
	else
		progress_text(p, "%s: %.1f MB", what, (double)done / 1e6);
}

void progress_end(struct progress *p)
{
	if (p->on && p->drawn != p->started) {
		fputs("\r\033[K", stderr);
		fflush(stderr);
	}
}
