/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/trace/source.h"

#include <string.h>

#include "capture/base/err.h"
#include "capture/trace/block.h"
#include "capture/trace/format.h"

enum { SNIFF = 8 };

static bool is_scap(const uint8_t *p, size_t n)
{
	return (n >= 2 && p[0] == 0x1f && p[1] == 0x8b)
		|| (n >= 4 && !memcmp(p, "\x0a\x0d\x0d\x0a", 4));
}

struct source *source_open(const char *path)
{
	struct source *s = NULL;
	struct input in;
	const uint8_t *p;
	size_t n;

	if (input_open(&in, path) < 0)
		return NULL;
	if (input_peek(&in, SNIFF, &p, &n) < 0) {
		input_close(&in);
		return NULL;
	}
	if (n >= SNIFF && !memcmp(p, SKR_MAGIC, SNIFF)) {
		s = skr_open_input(&in, path);
	} else if (is_scap(p, n)) {
		s = scap_open_input(&in, path);
	} else {
		err(ERR_FORMAT, n ? "neither a .skr nor a .scap recording" : "it is empty");
		input_close(&in);
	}
	if (!s)
		err_at("%s", strcmp(path, "-") ? path : "standard input");
	return s;
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
