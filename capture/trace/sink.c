/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/trace/sink.h"

#include <string.h>

#include "capture/base/err.h"

static bool ends_in(const char *s, const char *end)
{
	const size_t n = strlen(s), m = strlen(end);

	return n >= m && !strcmp(s + n - m, end);
}

enum sink_format sink_format(const char *name, bool *gzip)
{
	const bool gz = ends_in(name, ".scap.gz");

	*gzip |= gz;
	return gz || ends_in(name, ".scap") ? SINK_SCAP
		: ends_in(name, ".skr") ? SINK_SKR : SINK_UNKNOWN;
}

int sink_open(struct sink *s, const char *path, bool force, enum sink_format format,
	      const struct source_info *info, const struct writer_options *opt, unsigned how)
{
	*s = (struct sink){0};
	if (format == SINK_SCAP)
		s->scap = scap_create(path, force, how, info);
	else
		s->skr = writer_open(path, force, info, opt);
	return sink_is_open(s) ? 0 : -ERR_SYSTEM;
}

bool sink_is_open(const struct sink *s)
{
	return s->skr || s->scap;
}

int sink_add(struct sink *s, const struct event *ev)
{
	return s->scap ? scap_add(s->scap, ev) : writer_add(s->skr, ev);
}

int sink_flush(struct sink *s)
{
	return s->scap ? scap_flush(s->scap) : writer_flush(s->skr);
}

uint64_t sink_stored_bytes(const struct sink *s)
{
	return s->scap ? scap_write_stats(s->scap)->stored_bytes
		: writer_stats(s->skr)->stored_bytes;
}

int sink_close(struct sink *s, uint64_t *stored)
{
	int r;

	if (stored && s->skr)
		*stored = sink_stored_bytes(s);
	r = s->scap ? scap_finish(s->scap, stored) : writer_close(s->skr);
	*s = (struct sink){0};
	return r;
}
