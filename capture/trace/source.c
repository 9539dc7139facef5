/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/trace/source.h"

#include <string.h>

#include "capture/base/err.h"
#include "capture/base/timearg.h"
#include "capture/trace/block.h"
#include "capture/trace/format.h"

enum { SNIFF = 8 };

int trace_format(struct input *in)
{
	const uint8_t *p;
	size_t n;

	if (input_peek(in, SNIFF, &p, &n) < 0)
		return -ERR_SYSTEM;
	if (n >= SNIFF && !memcmp(p, SKR_MAGIC, SNIFF))
		return TRACE_SKR;
	if ((n >= 2 && p[0] == 0x1f && p[1] == 0x8b)
	    || (n >= 4 && !memcmp(p, "\x0a\x0d\x0d\x0a", 4)))
		return TRACE_SCAP;
	return TRACE_UNKNOWN;
}

/* The input goes with the source. */
static struct source *open_input(struct input *in, const char *path)
{
	struct source *s = NULL;

	switch (trace_format(in)) {
	case TRACE_SKR:
		s = skr_open_input(in, path);
		break;
	case TRACE_SCAP:
		s = scap_open_input(in, path);
		break;
	case TRACE_UNKNOWN:
		err(ERR_FORMAT, in->len ? "neither a .skr nor a .scap recording" : "it is empty");
		input_close(in);
		break;
	default:
		input_close(in);
		return NULL;
	}
	if (!s)
		err_at("%s", strcmp(path, "-") ? path : "standard input");
	return s;
}

struct source *source_open(const char *path)
{
	struct input in;

	return input_open(&in, path) < 0 ? NULL : open_input(&in, path);
}

struct source *source_open_fd(int fd, const char *name)
{
	struct input in;

	return input_open_fd(&in, fd, name) < 0 ? NULL : open_input(&in, name);
}

struct source *source_open_begin(const char *path, uint64_t size)
{
	struct input in;

	if (input_open(&in, path) < 0)
		return NULL;
	input_limit(&in, size ? size : UINT64_MAX);
	return open_input(&in, path);
}

struct source *source_open_growing(const char *path)
{
	struct source *s = NULL;
	struct input in;

	if (input_open(&in, path) < 0)
		return NULL;
	if (trace_format(&in) == TRACE_SKR)
		s = skr_open_growing(&in, path);
	else {
		err(ERR_FORMAT, "not a .skr recording");
		input_close(&in);
	}
	if (!s)
		err_at("%s", path);
	return s;
}

int source_grow(struct source *s)
{
	return s->ops->grow ? s->ops->grow(s, false) : 0;
}

int source_grow_last(struct source *s)
{
	return s->ops->grow ? s->ops->grow(s, true) : 0;
}

int source_grow_as(struct source *s, const struct source *of, uint64_t limit, bool over)
{
	return s->ops->grow_as && s->ops == of->ops ? s->ops->grow_as(s, of, limit, over) : 0;
}

struct source *source_again(struct source *s)
{
	if (s->ops->again)
		return s->ops->again(s);
	err(ERR_USAGE, "%s does not grow", s->info.path);
	return NULL;
}

void source_close(struct source *s)
{
	if (s)
		s->ops->close(s);
}

void source_want(struct source *s, const struct event_set *types, bool bulk)
{
	s->want = *types;
	s->want_bulk = bulk;
	if (s->ops->wanted)
		s->ops->wanted(s);
}

int source_seek_ts(struct source *s, uint64_t ts)
{
	return s->ops->seek_ts ? s->ops->seek_ts(s, ts) : 0;
}

int source_find_end(struct source *s)
{
	if (s->info.last_ts)
		return 0;
	if (s->info.first_ts && s->ops->find_end) {
		const int r = s->ops->find_end(s);

		if (r < 0 || s->info.last_ts)
			return r;
	}
	return err(ERR_USAGE, "%s is a stream, or has no events: when it ends is not known",
		   s->info.path);
}

int source_range(struct source *s, const char *from_text, const char *to_text,
		 int64_t utc_offset, uint64_t *from, uint64_t *to)
{
	const struct source_info *i = &s->info;
	const bool from_end = (from_text && *from_text == '-') || (to_text && *to_text == '-');

	if (from_end && i->first_ts && source_find_end(s) < 0)
		return err_at(from_text && *from_text == '-' ? "--from" : "--to");
	return time_range(from_text, to_text, i->first_ts, i->last_ts, utc_offset, from, to);
}

unsigned source_n_keys(struct source *s)
{
	return s->ops->n_keys ? s->ops->n_keys(s) : 1;
}

int source_seek_key(struct source *s, unsigned key)
{
	if (s->ops->seek_key)
		return s->ops->seek_key(s, key);
	return key ? err(ERR_USAGE, "there is no key frame %u", key) : 0;
}
