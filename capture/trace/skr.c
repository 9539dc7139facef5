/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/trace/skr.h"

#include <stdlib.h>

#include "capture/base/err.h"
#include "capture/trace/format.h"
#include "capture/trace/skr_parts.h"

/* ---- seeking ---- */

bool skr_is_key(const struct index_entry *e)
{
	return e->kind == BLOCK_STATE && e->flags & BLOCK_FIRST && e->first_num > 1;
}

size_t skr_find_key(const struct skr *k, unsigned key)
{
	for (size_t i = 0; i < k->index.n; i++)
		if (skr_is_key(&k->index.entry[i]) && !--key)
			return i;
	return SIZE_MAX;
}

static void forget_place(struct skr *k)
{
	for (unsigned i = 0; i < SIDES; i++)
		k->side[i].active = false;
	k->side_pos = UINT64_MAX;
	k->active = k->in_state = k->held = k->loss_due = k->ended = k->drain = false;
	k->need_state = true;
	k->places = k->s.damage.n_places;
}

/* Goes to entry i of the index, which is a key frame, or to the start (NULL).  Where the dictionary
 * there is damaged it is the first one, whatever was read before. */
static int go(struct skr *k, const struct index_entry *e)
{
	uint64_t off = e ? e->off : FILE_HEADER_LEN;

	/* The dictionary that belongs to it stands right before it. */
	if (e && e > k->index.entry && e[-1].kind == BLOCK_DICT)
		off = e[-1].off;
	forget_place(k);
	skr_use_dict(k, 0);
	k->num = e ? e->first_num - 1 : 0;
	k->last_ts = e ? e->first_ts : 0;
	return block_seek(&k->blocks, off);
}

/* Are all blocks of this key frame good? */
static bool key_holds(struct skr *k, const struct index_entry *e)
{
	struct source_damage damage = {0};
	struct block_reader r = { .in = &k->in, .damage = &damage };
	const uint8_t *payload;
	struct block b = {0};

	if (block_seek(&r, e->off) < 0)
		return false;
	while (!(b.flags & BLOCK_LAST))
		if (block_next(&r, &b, &payload, NULL, NULL) || damage.n_places
		    || b.kind != BLOCK_STATE)
			return false;
	return true;
}

static int skr_seek_ts(struct source *s, uint64_t ts)
{
	struct skr *k = (struct skr *)s;

	if (!k->in.seekable)
		return 0;	/* a stream is at its start: that is good as well */
	for (size_t i = k->index.n; i-- > 0;) {
		const struct index_entry *e = &k->index.entry[i];

		if (skr_is_key(e) && e->last_ts < ts && key_holds(k, e))
			return go(k, e);
	}
	return go(k, NULL);
}

static unsigned skr_n_keys(struct source *s)
{
	const struct skr *k = (const struct skr *)s;
	unsigned n = 1;

	for (size_t i = 0; i < k->index.n; i++)
		n += skr_is_key(&k->index.entry[i]);
	return n;
}

static int skr_seek_key(struct source *s, unsigned key)
{
	struct skr *k = (struct skr *)s;
	const size_t i = key ? skr_find_key(k, key) : 0;

	if (i == SIZE_MAX || !k->in.seekable)
		return err(ERR_USAGE, "there is no key frame %u", key);
	return go(k, key ? &k->index.entry[i] : NULL);
}

static void skr_wanted(struct source *s)
{
	((struct skr *)s)->want_stale = true;
}

/* ---- what is in the blocks ---- */

enum { HEADER_CHUNK = 4096 };

static bool header_at(struct skr *k, const struct index_entry *e, struct block *b)
{
	const uint8_t *p;
	size_t n;

	return input_seek(&k->in, e->off) == 0
		&& input_peek(&k->in, BLOCK_HEADER_LEN, &p, &n) == 0 && block_get(b, p, n)
		&& b->kind == e->kind && b->seq == e->seq && b->first_num == e->first_num
		&& b->n_events == e->n_events && b->stored == e->stored
		&& b->first_ts == e->first_ts && b->last_ts == e->last_ts;
}

/* Does next stand right behind e, without a number between them? */
static bool follows(const struct index_entry *e, const struct index_entry *next)
{
	return next->off == e->off + BLOCK_HEADER_LEN + e->stored && next->seq == e->seq + 1
		&& next->first_num
			== e->first_num + (e->kind == BLOCK_EVENTS ? e->n_events : 0);
}

static void types_of(const struct skr *k, const struct block *b, struct event_set *out)
{
	*out = (struct event_set){0};
	for (unsigned i = 0; i < 64 * SET_WORDS; i++)
		if (b->set[i / 64] >> i % 64 & 1 && k->dict->event[i].desc)
			event_set_add(out, k->dict->event[i].desc->id);
}

bool skr_types(struct source *s, struct event_set *out)
{
	struct skr *k = (struct skr *)s;
	const struct index *x = skr_index(s);
	bool good = x && k->in.seekable && k->dict;
	size_t chunk;
	struct block b;

	if (!good)
		return false;
	chunk = k->in.chunk;
	k->in.chunk = HEADER_CHUNK;
	for (size_t i = 0; good && i < x->n; i++) {
		const struct index_entry *e = &x->entry[i];

		good = header_at(k, e, &b) && (!i || follows(e - 1, e))
			&& (e->kind != BLOCK_DICT || b.payload_sum == k->dict_sum);
		if (good)
			types_of(k, &b, &out[i]);
	}
	k->in.chunk = chunk;
	return good;
}

/* ---- opening ---- */

static void skr_close(struct source *s)
{
	struct skr *k = (struct skr *)s;

	for (unsigned i = 0; i < k->n_dicts; i++)
		dict_free(k->dicts[i]);
	for (unsigned i = 0; i < SIDES; i++) {
		unit_release(&k->side[i].unit);
		buf_release(&k->side[i].payload);
	}
	unit_release(&k->unit);
	index_release(&k->index);
	input_close(&k->in);
	input_close(&k->ahead);
	free(k->path);
	free(k);
}

static const struct source_ops ops = {
	.next = skr_next, .seek_ts = skr_seek_ts, .n_keys = skr_n_keys,
	.seek_key = skr_seek_key, .wanted = skr_wanted, .grow = skr_grow, .grow_as = skr_grow_as,
	.again = skr_again,
	.close = skr_close,
};

static bool only_dict(const struct block *b, void *arg)
{
	return b->kind == BLOCK_DICT;
}

/* Finds a dictionary: the first block, or whichever stands somewhere if that is
 * damaged. */
static int find_dict(struct skr *k)
{
	struct source_damage ignored = {0};
	struct block_reader r = { .in = &k->in, .damage = &ignored, .any_seq = true };
	const uint8_t *payload;
	struct block b;
	int e = block_seek(&r, FILE_HEADER_LEN);

	while (!e && !k->dict && (e = block_next(&r, &b, &payload, only_dict, NULL)) == 0)
		if (payload && skr_take_dict(k, &b, payload) < 0)
			continue;
	return e < 0 ? e : 0;
}

void skr_sum(struct skr *k, size_t n)
{
	struct source_info *info = &k->s.info;

	for (size_t i = n; i < k->index.n; i++) {
		const struct index_entry *e = &k->index.entry[i];

		if (e->kind != BLOCK_EVENTS || !e->n_events)
			continue;
		info->n_events += e->n_events;
		if (!info->first_ts || e->first_ts < info->first_ts)
			info->first_ts = e->first_ts;
		if (e->last_ts > info->last_ts)
			info->last_ts = e->last_ts;
	}
}

/* What a stream begins with: its dictionary. */
static int peek_dict(struct skr *k)
{
	const uint8_t *payload;
	int e = block_next(&k->blocks, &k->b, &payload, NULL, NULL);

	if (e)
		return e < 0 ? e : 0;
	if (k->b.kind == BLOCK_DICT && skr_take_dict(k, &k->b, payload) == 0)
		return 0;
	k->held = true;
	k->held_payload = payload;
	return 0;
}

static int open_parts(struct skr *k)
{
	const uint8_t *p;
	size_t avail;

	if (input_peek(&k->in, FILE_HEADER_LEN, &p, &avail) < 0)
		return -ERR_SYSTEM;
	k->blocks = (struct block_reader){ .in = &k->in, .damage = &k->s.damage };
	switch (file_header_get(&k->header, p, avail)) {
	case 0:
		break;
	case -ERR_FORMAT:
		damage_add(&k->s.damage, FILE_HEADER_LEN, "%s", err_text());
		break;
	default:
		return -ERR_UNSUPPORTED;
	}
	input_take(&k->in, FILE_HEADER_LEN);
	if (!k->in.seekable)
		return peek_dict(k);
	k->has_index = true;
	if (find_dict(k) < 0)
		return -ERR_SYSTEM;
	if (!k->grows) {
		if (index_load(&k->index, &k->in) < 0)
			return -ERR_SYSTEM;
		skr_sum(k, 0);
	}
	return input_seek(&k->in, FILE_HEADER_LEN);
}

static struct source *open_skr(struct input *in, const char *path, bool grows)
{
	struct skr *k = xcalloc(1, sizeof(*k));

	k->in = *in;
	k->ahead = (struct input){ .fd = -1, .wake_fd = -1 };
	k->path = xstrdup(path);
	k->s.ops = &ops;
	k->s.info.hostname = k->s.info.kernel = k->s.info.arch_name = k->s.info.writer = "";
	k->need_state = true;
	k->side_pos = UINT64_MAX;
	k->grows = grows;
	if (open_parts(k) < 0) {
		skr_close(&k->s);
		return NULL;
	}
	if (k->dict) {
		const struct source_info mine = k->s.info;

		k->s.info = k->dict->info;
		k->s.info.first_ts = mine.first_ts;
		k->s.info.last_ts = mine.last_ts;
		k->s.info.n_events = mine.n_events;
	}
	memcpy(k->s.info.digest, k->index.digest, DIGEST_LEN);
	k->s.info.path = k->path;
	k->s.info.format = "skr";
	k->s.info.size = k->in.size;
	event_set_fill(&k->s.want);
	k->s.want_bulk = k->want_stale = true;
	return &k->s;
}

struct source *skr_open_input(struct input *in, const char *path)
{
	return open_skr(in, path, false);
}

/* One that grows, of which nothing is taken up yet. */
static struct skr *open_growing(struct input *in, const char *path)
{
	struct skr *k;
	struct source *s;

	if (!in->seekable) {
		err(ERR_USAGE, "only a file can be read while it grows");
		input_close(in);
		return NULL;
	}
	s = open_skr(in, path, true);
	k = (struct skr *)s;
	if (!s)
		return NULL;
	s->info.size = FILE_HEADER_LEN;
	k->blocks.grows = true;
	if (input_again(&k->ahead, &k->in) < 0) {
		source_close(s);
		return NULL;
	}
	input_more(&k->in, FILE_HEADER_LEN);
	return k;
}

struct source *skr_open_growing(struct input *in, const char *path)
{
	struct skr *const k = open_growing(in, path);

	if (!k)
		return NULL;
	if (skr_grow(&k->s, false) >= 0) {
		if (k->dict && k->s.info.first_ts)
			return &k->s;
		err(ERR_FORMAT, "there is no event yet");
	}
	source_close(&k->s);
	return NULL;
}

struct source *skr_again(struct source *s)
{
	struct skr *const from = (struct skr *)s;
	struct skr *k;
	struct input in;

	if (!from->grows) {
		err(ERR_USAGE, "%s does not grow", from->path);
		return NULL;
	}
	if (input_again(&in, &from->in) < 0)
		return NULL;
	k = open_growing(&in, from->path);
	if (!k)
		return NULL;
	index_copy(&k->index, &from->index);
	k->s.info.size = s->info.size;
	k->blocks.grows = from->blocks.grows;
	skr_sum(k, 0);
	input_more(&k->in, s->info.size);
	return &k->s;
}

const struct index *skr_index(const struct source *s)
{
	return s->ops == &ops && ((const struct skr *)s)->has_index
		? &((const struct skr *)s)->index : NULL;
}

const struct dict *skr_dict(const struct source *s)
{
	return s->ops == &ops ? ((const struct skr *)s)->dict : NULL;
}

const uint8_t *skr_id(const struct source *s)
{
	return s->ops == &ops ? ((const struct skr *)s)->header.id : NULL;
}
