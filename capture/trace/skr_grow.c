/* SPDX-License-Identifier: Apache-2.0 */
/* A .skr that is read while it is written.  Headers behind the end are looked at with an input of
 * their own, because the reader may stand in the middle of a block, whose bytes are in the
 * other one's window. */
#include "capture/base/err.h"
#include "capture/trace/skr_parts.h"

enum { AHEAD_CHUNK = 4096 };

/* Rows of losses and notes wait for the events behind them, parts of a key frame for its end, a
 * dictionary for whoever needs it. */
static bool is_whole(const struct block *b)
{
	switch (b->kind) {
	case BLOCK_STATE:
		return b->flags & BLOCK_LAST;
	case BLOCK_DICT: case BLOCK_LOSS: case BLOCK_NOTE: case BLOCK_ALERT:
		return false;
	default:
		return true;
	}
}

static bool no_payload(const struct block *b, void *arg)
{
	return false;
}

/* Takes blocks into the index; *end is where the last one ends that can be read. */
static int look_ahead(struct skr *k, bool over, uint64_t *end)
{
	struct source_damage ignored = {0};
	struct block_reader r = { .in = &k->ahead, .damage = &ignored, .grows = true };
	size_t n = k->index.n;
	const uint8_t *payload;
	struct block b;
	int e = block_seek(&r, *end);

	while (!e && (e = block_next(&r, &b, &payload, no_payload, NULL)) == 0) {
		if (b.kind != BLOCK_INDEX)
			index_add(&k->index, &b, b.off);
		if (!is_whole(&b) && !over)
			continue;
		n = k->index.n;
		*end = b.off + BLOCK_HEADER_LEN + b.stored;
	}
	k->index.n = n;
	return e < 0 ? e : 0;
}

static int grown(struct skr *k, size_t n, uint64_t end, bool over)
{
	const uint64_t was = k->s.info.size;

	if (over)
		k->blocks.grows = false;
	skr_sum(k, n);
	k->s.info.size = end;
	input_more(&k->in, end);
	/* What stands behind its part still does. */
	if (end > was)
		k->ended = false;
	return end > was;
}

int skr_grow(struct source *s, bool over)
{
	struct skr *const k = (struct skr *)s;
	const size_t n = k->index.n;
	const uint64_t size = k->grows ? input_size_now(&k->in) : 0, was = s->info.size;
	uint64_t end = was;

	if (!k->grows || !k->blocks.grows || size < was || (size == was && !over))
		return 0;
	input_more(&k->ahead, size);
	/* What it has of the file ended where the file did. */
	k->ahead.pos = k->ahead.len = 0;
	k->ahead.chunk = AHEAD_CHUNK;
	if (look_ahead(k, over, &end) < 0)
		return -ERR_SYSTEM;
	return grown(k, n, over ? size : end, over);
}

int skr_grow_as(struct source *s, const struct source *of, uint64_t limit, bool over)
{
	struct skr *const k = (struct skr *)s;
	const struct skr *const from = (const struct skr *)of;
	const size_t n = k->index.n;
	const uint64_t end = limit < of->info.size ? limit : of->info.size;

	if (!k->grows || !k->blocks.grows || end < s->info.size || (end == s->info.size && !over))
		return 0;
	index_append(&k->index, &from->index, end);
	return grown(k, n, end, over);
}
