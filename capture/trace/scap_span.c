/* SPDX-License-Identifier: Apache-2.0 */
/* When a .scap file begins and ends.  Without reading it all: the first event that has a
 * time, and the last block, whose length stands behind it.  Where that is not to be had (gzip,
 * a file that is cut) somebody who needs the end waits for one pass over the blocks. */
#include "capture/trace/scap.h"

#include <unistd.h>

/* Some files begin with events of time 0 (containers that were there). */
static uint64_t first_ts(struct scap *s)
{
	struct scap_block b;
	struct scap_raw raw;

	while (scap_next_block(s, &b) == 0) {
		if (!scap_is_events(b.type))
			continue;
		if (scap_event_split(s, b.type, b.body, &raw) == 0 && raw.ts)
			return raw.ts;
	}
	return 0;
}

static uint32_t read32(struct scap *s, uint64_t off)
{
	uint8_t p[4];

	return pread(s->in.fd, p, 4, (off_t)off) == 4 ? scap_get32(p) : 0;
}

/* 0 where the file does not end with an event, or is cut. */
static uint64_t last_ts(struct scap *s)
{
	enum { LEAST = 12 + 2 + 22 };
	uint8_t p[22];
	uint32_t total, type;
	uint64_t at;

	if (!s->in.seekable || s->in.size < LEAST)
		return 0;
	total = read32(s, s->in.size - 4);
	if (total < LEAST || total > s->in.size)
		return 0;
	at = s->in.size - total;
	type = read32(s, at);
	if (read32(s, at + 4) != total || !scap_is_events(type) ||
	    pread(s->in.fd, p, sizeof(p), (off_t)at + 8) != sizeof(p))
		return 0;
	return scap_get64(p + (scap_has_flags(type) ? 6 : 2));
}

void scap_span(struct scap *s)
{
	struct source_info *info = &s->base.info;
	struct scap_block b;
	struct scap_raw raw;

	while (scap_next_block(s, &b) == 0) {
		if (!scap_is_events(b.type) || scap_event_split(s, b.type, b.body, &raw) < 0)
			continue;
		if (raw.ts && (!info->first_ts || raw.ts < info->first_ts))
			info->first_ts = raw.ts;
		if (raw.ts > info->last_ts)
			info->last_ts = raw.ts;
	}
}

void scap_begin_and_end(struct scap *s)
{
	s->base.info.first_ts = first_ts(s);
	s->base.info.last_ts = last_ts(s);
}
