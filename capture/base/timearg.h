/* SPDX-License-Identifier: Apache-2.0 */
/* Times as people write them, and as the programs print them. */
#ifndef SAKER_BASE_TIMEARG_H
#define SAKER_BASE_TIMEARG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NS_PER_S UINT64_C(1000000000)

/* Seconds ("10", "0.5") or with a unit ns us ms s m h d.  0, or -1 without a message. */
int time_duration(const char *text, uint64_t *ns);

/* A point in a recording that begins at first and ends at last (ns since the epoch):
 *   +2s  +0.5  +3m             after the first event        -10s   before the last event
 *   14:03:07  14:03:07.25      local time of day, on the recording's first day or the next
 *   2026-03-01 14:03:07.5      also with T, and with Z for UTC
 *   1767225600.25              seconds since the epoch;   @1767225600123456789 nanoseconds
 * utc_offset: seconds east, as output uses.  Negative with a message. */
int time_point(const char *text, uint64_t first, uint64_t last, int64_t utc_offset, uint64_t *ts);

/* Does text count from the begin or the end of the recording?  A date, or a number since the
 * epoch, does not. */
bool time_is_relative(const char *text);

/* --from and --to; either may be NULL (0, UINT64_MAX).  "--to +20s" counts from the first event,
 * as --from does, but from --from where that is an absolute time: "--from 14:03:07 --to +20s".
 * Negative with a message that names the option. */
int time_range(const char *from_text, const char *to_text, uint64_t first, uint64_t last,
	       int64_t utc_offset, uint64_t *from, uint64_t *to);

/* Offset of local time now (TZ), seconds east of UTC: taken once at start, as Falco does. */
int64_t time_utc_offset(void);

enum { TIME_TEXT_MAX = 40 };
/* 14:03:07.123456789 */
size_t time_of_day(char out[TIME_TEXT_MAX], uint64_t ts, int64_t utc_offset);
/* 2026-03-01 14:03:07.123456789 with the given separator; returns the length. */
size_t time_date(char out[TIME_TEXT_MAX], uint64_t ts, int64_t utc_offset, char sep);
/* 2.5 s, 3 min 20 s: for people. */
size_t time_span(char out[TIME_TEXT_MAX], uint64_t ns);
/* 742ns, 12.34us, 50.13ms, 2.35s: for tables, 8 letters at most below a day. */
size_t time_brief(char out[TIME_TEXT_MAX], uint64_t ns);

#endif
