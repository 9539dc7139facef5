/* SPDX-License-Identifier: Apache-2.0 */
/* Values as people read them. */
#include <inttypes.h>
#include <string.h>

#include "analyze/browse/model/query.h"
#include "capture/base/quote.h"
#include "capture/base/timearg.h"

/* 1023, 1.5K, 12K, 3.4M: four characters and rarely five. */
static void put_scaled(struct buf *out, uint64_t v, unsigned step, const char *letters)
{
	double d = (double)v;
	unsigned i = 0;

	if (v < step) {
		buf_u64_dec(out, v);
		return;
	}
	while (d >= step && letters[i + 1]) {
		d /= step;
		i++;
	}
	if (d < 9.95)
		buf_printf(out, "%.1f%c", d, letters[i]);
	else
		buf_printf(out, "%.0f%c", d, letters[i]);
}

static void put_time(struct buf *out, uint64_t ts, int64_t utc_offset, bool exact)
{
	char text[TIME_TEXT_MAX];
	size_t n;

	if (exact) {
		n = time_date(text, ts, utc_offset, ' ');
	} else {
		n = time_of_day(text, ts, utc_offset);
		n = n > 15 ? 15 : n;	/* microseconds */
	}
	buf_put(out, text, n);
}

static void put_span(struct buf *out, uint64_t ns)
{
	char text[TIME_TEXT_MAX];

	buf_put(out, text, time_brief(text, ns));
}

/* 1us, 10us, 100us: where the decade begins. */
static void put_decade(struct buf *out, uint64_t power)
{
	static const char *const units[] = { "ns", "us", "ms", "s" };
	const uint64_t u = power / 3 < 3 ? power / 3 : 3;

	buf_byte(out, '1');
	for (uint64_t i = 3 * u; i < power && i < 20; i++)
		buf_byte(out, '0');
	buf_str(out, units[u]);
}

static void put_bar(struct buf *out, uint64_t n)
{
	for (; n; n >>= 1)
		buf_byte(out, '#');
}

static void put_number(struct buf *out, const struct datum *d, enum unit unit, bool exact)
{
	const bool bytes = unit == UNIT_BYTES || unit == UNIT_BYTES_RATE;

	if (d->is_signed)
		buf_i64_dec(out, (int64_t)d->u);
	else if (exact || unit == UNIT_NUMBER)
		buf_u64_dec(out, d->u);
	else if (bytes)
		put_scaled(out, d->u, 1024, " KMGTPE");
	else
		put_scaled(out, d->u, 1000, " kMGTPE");
	if (d->more)
		buf_byte(out, '+');
}

void datum_text(struct buf *out, const struct datum *d, enum unit unit, int64_t utc_offset,
		bool exact)
{
	if (!d->known)
		return;
	switch (unit) {
	case UNIT_TEXT:
		if (d->text)
			quote_terminal_buf(out, d->text, d->len);
		else
			put_number(out, d, UNIT_NUMBER, exact);
		break;
	case UNIT_TIME:
		put_time(out, d->u, utc_offset, exact);
		break;
	case UNIT_SPAN:
		if (exact)
			buf_u64_dec(out, d->u);
		else
			put_span(out, d->u);
		break;
	case UNIT_DECADE:
		if (exact)
			buf_u64_dec(out, d->u);
		else
			put_decade(out, d->u);
		break;
	case UNIT_BAR:
		if (exact)
			buf_u64_dec(out, d->u);
		else
			put_bar(out, d->u);
		break;
	case UNIT_SEVERITY:
		buf_str(out, priority_name[d->u < PRIORITY__N ? d->u : PRIORITY_DEBUG]);
		break;
	case UNIT_CPU:
		buf_printf(out, "%.1f%%", (double)d->u / 1e7);
		break;
	case UNIT_PERCENT:
		buf_u64_dec(out, d->u);
		buf_byte(out, '%');
		break;
	case UNIT_NUMBER:
	case UNIT_ID:
	case UNIT_PORT:
	case UNIT_BYTES:
	case UNIT_BYTES_RATE:
	case UNIT_RATE:
		put_number(out, d, unit, exact);
		break;
	case UNIT__N:
		break;
	}
}
