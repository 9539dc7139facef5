/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/base/timearg.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "capture/base/err.h"

static const uint64_t day = 86400;

/* Digits with an optional fraction, in units of ns; moves *s behind them. */
static int decimal(const char **s, uint64_t unit, uint64_t *ns)
{
	uint64_t whole = 0, part = 0, scale = unit;
	const char *p = *s;

	if (*p < '0' || *p > '9')
		return -1;
	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(whole, 10, &whole)
		    || __builtin_add_overflow(whole, (uint64_t)(*p - '0'), &whole))
			return -1;
	if (*p == '.')
		for (p++; *p >= '0' && *p <= '9'; p++) {
			scale /= 10;
			part += (uint64_t)(*p - '0') * scale;
		}
	*s = p;
	return __builtin_mul_overflow(whole, unit, ns)
		|| __builtin_add_overflow(*ns, part, ns) ? -1 : 0;
}

int time_duration(const char *text, uint64_t *ns)
{
	static const struct { const char *name; uint64_t ns; } units[] = {
		{ "", NS_PER_S }, { "s", NS_PER_S }, { "ms", 1000000 }, { "us", 1000 },
		{ "ns", 1 }, { "m", 60 * NS_PER_S }, { "min", 60 * NS_PER_S },
		{ "h", 3600 * NS_PER_S }, { "d", 86400 * NS_PER_S },
	};
	const char *unit = text + strspn(text, "0123456789.");

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(unit, units[i].name) == 0)
			return decimal(&text, units[i].ns, ns) < 0 || text != unit ? -1 : 0;
	return -1;
}

static int two_digits(const char **s, unsigned max, unsigned *out)
{
	const char *p = *s;

	if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
		return -1;
	*out = (unsigned)(p[0] - '0') * 10 + (unsigned)(p[1] - '0');
	*s = p + 2;
	return *out > max ? -1 : 0;
}

/* HH:MM[:SS[.fraction]] as ns of the day. */
static int clock_text(const char **s, uint64_t *ns)
{
	unsigned h, m;
	uint64_t sec = 0;

	if (two_digits(s, 23, &h) < 0 || *(*s)++ != ':' || two_digits(s, 59, &m) < 0)
		return -1;
	if (**s == ':') {
		(*s)++;
		if (decimal(s, NS_PER_S, &sec) < 0 || sec >= 61 * NS_PER_S)
			return -1;
	}
	*ns = (h * UINT64_C(3600) + m * UINT64_C(60)) * NS_PER_S + sec;
	return 0;
}

/* Days since 1970-01-01 of a Gregorian date. */
static int64_t days_of(unsigned year, unsigned month, unsigned dom)
{
	const int64_t y = (int64_t)year - (month <= 2);
	const int64_t era = y / 400, yoe = y - era * 400;
	const int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + dom - 1;

	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static int date_text(const char *s, int64_t utc_offset, uint64_t *ts)
{
	unsigned century, year, month, dom;
	uint64_t of_day = 0;
	int64_t sec;

	if (two_digits(&s, 99, &century) < 0 || two_digits(&s, 99, &year) < 0 || *s++ != '-'
	    || two_digits(&s, 12, &month) < 0 || month == 0 || *s++ != '-'
	    || two_digits(&s, 31, &dom) < 0 || dom == 0)
		return -1;
	if (*s == 'T' || *s == ' ') {
		s++;
		if (clock_text(&s, &of_day) < 0)
			return -1;
	}
	if (*s == 'Z') {
		utc_offset = 0;
		s++;
	}
	sec = days_of(century * 100 + year, month, dom) * (int64_t)day - utc_offset;
	if (*s || sec < 0)
		return -1;
	*ts = (uint64_t)sec * NS_PER_S + of_day;
	return 0;
}

/* The first such time of day that is not before the recording began. */
static int of_day_text(const char *s, uint64_t first, int64_t utc_offset, uint64_t *ts)
{
	const uint64_t local = first / NS_PER_S + (uint64_t)utc_offset;
	uint64_t ns;

	if (clock_text(&s, &ns) < 0 || *s)
		return -1;
	*ts = (local - local % day - (uint64_t)utc_offset) * NS_PER_S + ns;
	if (*ts + 60 * NS_PER_S < first)
		*ts += day * NS_PER_S;
	return 0;
}

static bool looks_like_date(const char *s)
{
	return strspn(s, "0123456789") == 4 && s[4] == '-';
}

int time_point(const char *text, uint64_t first, uint64_t last, int64_t utc_offset, uint64_t *ts)
{
	const char *s = text + 1;
	uint64_t ns;

	if (*text == '+' && time_duration(s, &ns) == 0) {
		*ts = first + ns;
		return 0;
	}
	if (*text == '-' && time_duration(s, &ns) == 0) {
		*ts = ns < last ? last - ns : 0;
		return 0;
	}
	if (*text == '@' && decimal(&s, 1, ts) == 0 && !*s)
		return 0;
	s = text;
	if (looks_like_date(text) && date_text(text, utc_offset, ts) == 0)
		return 0;
	if (strchr(text, ':') && of_day_text(text, first, utc_offset, ts) == 0)
		return 0;
	if (decimal(&s, NS_PER_S, ts) == 0 && !*s)
		return 0;
	return err(ERR_USAGE,
		   "'%s' is not a time (+2s, 14:03:07, 2026-03-01 14:03:07, @NANOSECONDS)", text);
}

bool time_is_relative(const char *text)
{
	return *text == '+' || *text == '-' || (strchr(text, ':') && !looks_like_date(text));
}

int time_range(const char *from_text, const char *to_text, uint64_t first, uint64_t last,
	       int64_t utc_offset, uint64_t *from, uint64_t *to)
{
	const bool absolute = from_text && *from_text != '+' && *from_text != '-'
		&& (first || !time_is_relative(from_text));

	*from = 0;
	*to = UINT64_MAX;
	if (!first && ((from_text && time_is_relative(from_text))
		       || (to_text && time_is_relative(to_text) && !(absolute && *to_text == '+'))))
		return err(ERR_USAGE, "--from and --to of a stream must be dates or numbers since "
			   "the epoch: when it began and ends is not known yet");
	if (from_text && time_point(from_text, first, last, utc_offset, from) < 0)
		return err_at("--from");
	if (to_text && time_point(to_text, absolute && *to_text == '+' ? *from : first, last,
				  utc_offset, to) < 0)
		return err_at("--to");
	return *from > *to ? err(ERR_USAGE, "--from is later than --to") : 0;
}

int64_t time_utc_offset(void)
{
	const time_t now = time(NULL);
	struct tm tm;

	return localtime_r(&now, &tm) ? tm.tm_gmtoff : 0;
}

/* Written by hand: strftime costs more than all the rest of a line. */
static char *digits(char *p, uint64_t v, unsigned n)
{
	for (unsigned i = n; i-- > 0; v /= 10)
		p[i] = (char)('0' + v % 10);
	return p + n;
}

static char *put_clock(char *p, uint64_t ts, int64_t utc_offset)
{
	const uint64_t s = (ts / NS_PER_S + (uint64_t)utc_offset) % day;

	p = digits(p, s / 3600, 2);

	*p++ = ':';
	p = digits(p, s / 60 % 60, 2);
	*p++ = ':';
	p = digits(p, s % 60, 2);
	*p++ = '.';
	p = digits(p, ts % NS_PER_S, 9);
	*p = 0;
	return p;
}

size_t time_of_day(char out[TIME_TEXT_MAX], uint64_t ts, int64_t utc_offset)
{
	return (size_t)(put_clock(out, ts, utc_offset) - out);
}

/* Civil date of a day count (inverse of days_of). */
static void civil(int64_t days, uint64_t *y, uint64_t *m, uint64_t *d)
{
	const uint64_t z = (uint64_t)(days + 719468);
	const uint64_t era = z / 146097, doe = z % 146097;
	const uint64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	const uint64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;

	*d = doy - (153 * mp + 2) / 5 + 1;
	*m = mp < 10 ? mp + 3 : mp - 9;
	*y = yoe + era * 400 + (*m <= 2);
}

size_t time_date(char out[TIME_TEXT_MAX], uint64_t ts, int64_t utc_offset, char sep)
{
	uint64_t y, m, d;
	char *p;

	civil((int64_t)((ts / NS_PER_S + (uint64_t)utc_offset) / day), &y, &m, &d);
	p = digits(out, y, 4);
	*p++ = '-';
	p = digits(p, m, 2);
	*p++ = '-';
	p = digits(p, d, 2);
	*p++ = sep;
	return (size_t)(put_clock(p, ts, utc_offset) - out);
}

size_t time_span(char out[TIME_TEXT_MAX], uint64_t ns)
{
	const double s = (double)ns / 1e9;
	int n;

	if (ns < 1000000)
		n = snprintf(out, TIME_TEXT_MAX, "%.1f us", (double)ns / 1e3);
	else if (ns < NS_PER_S)
		n = snprintf(out, TIME_TEXT_MAX, "%.1f ms", (double)ns / 1e6);
	else if (s < 120)
		n = snprintf(out, TIME_TEXT_MAX, "%.1f s", s);
	else if (s < 7200)
		n = snprintf(out, TIME_TEXT_MAX, "%.0f min %.0f s", (double)(ns / NS_PER_S / 60),
			     (double)(ns / NS_PER_S % 60));
	else
		n = snprintf(out, TIME_TEXT_MAX, "%.0f h %.0f min", (double)(ns / NS_PER_S / 3600),
			     (double)(ns / NS_PER_S / 60 % 60));
	return (size_t)n;
}

size_t time_brief(char out[TIME_TEXT_MAX], uint64_t ns)
{
	if (ns < 1000)
		return (size_t)snprintf(out, TIME_TEXT_MAX, "%uns", (unsigned)ns);
	if (ns < 999995)
		return (size_t)snprintf(out, TIME_TEXT_MAX, "%.2fus", (double)ns / 1e3);
	if (ns < 999995000)
		return (size_t)snprintf(out, TIME_TEXT_MAX, "%.2fms", (double)ns / 1e6);
	return (size_t)snprintf(out, TIME_TEXT_MAX, "%.*fs", ns < 1000 * NS_PER_S ? 2 : 0,
				(double)ns / 1e9);
}
