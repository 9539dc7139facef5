/* SPDX-License-Identifier: Apache-2.0 */
#include <zstd.h>

#include "capture/base/err.h"
#include "capture/trace/unit_parts.h"

enum { COLUMNS_MAX = EVENT_PARAMS_MAX + 1 };

static int bad(const char *what)
{
	return err(ERR_FORMAT, "block: %s", what);
}

void unit_reset(struct unit *u)
{
	const struct arena mem = u->mem;
	void *zstd = u->zstd;

	*u = (struct unit){ .mem = mem, .zstd = zstd };
	arena_reset(&u->mem);
}

void unit_release(struct unit *u)
{
	arena_release(&u->mem);
	ZSTD_freeDCtx(u->zstd);
	*u = (struct unit){0};
}

/* ---- frames ---- */

static int open_frames(struct unit *u, const struct block *b, const uint8_t *payload)
{
	struct cursor c = cursor_of(payload, b->stored);
	uint64_t raw = 0;
	struct cursor data;

	u->n_frames = cursor_u16(&c);
	if (u->n_frames == 0 || u->n_frames > BLOCK_FRAMES_MAX
	    || cursor_left(&c) < 8 * (size_t)u->n_frames)
		return bad("the table of frames is cut");
	u->frames = arena_zalloc(&u->mem, u->n_frames * sizeof(*u->frames));
	data = c;
	cursor_bytes(&data, 8 * (size_t)u->n_frames);
	for (uint32_t i = 0; i < u->n_frames; i++) {
		struct unit_frame *f = &u->frames[i];

		f->stored_len = cursor_u32(&c);
		f->len = cursor_u32(&c);
		f->stored = cursor_bytes(&data, f->stored_len);
		raw += f->len;
		if (!f->stored || f->stored_len > f->len || (f->len && !f->stored_len))
			return bad("a frame is longer than the block");
	}
	if (cursor_left(&data))
		return bad("bytes that belong to no frame");
	return raw == b->raw ? 0 : bad("the frames are not as long as declared");
}

int unit_inflate(struct unit *u, uint32_t i)
{
	struct unit_frame *f = &u->frames[i];
	uint8_t *to;
	size_t n;

	if (f->data)
		return 0;
	if (f->stored_len == f->len) {
		f->data = f->stored;
		return 0;
	}
	if (!u->zstd)
		u->zstd = ZSTD_createDCtx();
	to = arena_alloc(&u->mem, f->len);
	n = ZSTD_decompressDCtx(u->zstd, to, f->len, f->stored, f->stored_len);
	if (ZSTD_isError(n))
		return err(ERR_FORMAT, "block: frame %u: %s", i, ZSTD_getErrorName(n));
	if (n != f->len)
		return bad("a frame is shorter than declared");
	f->data = to;
	return 0;
}

int unit_open_contents(struct unit *u, const struct block *b, const uint8_t *payload)
{
	unit_reset(u);
	if (open_frames(u, b, payload) < 0 || unit_inflate(u, 0) < 0)
		return -ERR_FORMAT;
	u->contents = u->frames[0].data;
	u->contents_len = u->frames[0].len;
	return u->n_frames == 1 ? 0 : bad("more frames than one");
}

/* ---- layout ---- */

static int open_columns(struct unit *u, struct unit_type *t, struct cursor *c, uint64_t *filled)
{
	t->first = u->n_columns;
	for (uint32_t i = 0; i < t->n_columns; i++) {
		const uint64_t frame = cursor_varint(c), len = cursor_varint(c);

		if (c->bad || frame <= FRAME_HEADS || frame >= u->n_frames
		    || len > u->frames[frame].len - filled[frame])
			return bad("a column is longer than its frame");
		u->columns[u->n_columns++] = (struct unit_column){
			(uint32_t)frame, (uint32_t)filled[frame], (uint32_t)len };
		filled[frame] += len;
	}
	return 0;
}

static int open_types(struct unit *u, struct cursor *c)
{
	uint64_t *filled = arena_zalloc(&u->mem, u->n_frames * sizeof(*filled));
	uint64_t rows = 0;

	u->n_types = (uint32_t)cursor_varint(c);
	if (c->bad || u->n_types == 0 || u->n_types > BLOCK_TYPES_MAX)
		return bad("no types, or too many");
	u->types = arena_zalloc(&u->mem, u->n_types * sizeof(*u->types));
	u->columns = arena_alloc(&u->mem, u->n_types * COLUMNS_MAX * sizeof(*u->columns));
	for (uint32_t i = 0; i < u->n_types; i++) {
		struct unit_type *t = &u->types[i];
		const uint64_t id = cursor_varint(c), n = cursor_varint(c);

		t->n_columns = (uint32_t)cursor_varint(c);
		if (c->bad || id >= 64 * SET_WORDS || !u->dict->event[id].desc)
			return bad("a type that the dictionary does not have");
		t->event = &u->dict->event[id];
		if (n == 0 || n > u->n_rows || t->n_columns != t->event->n_columns)
			return bad("a type has the wrong number of rows or columns");
		t->n_rows = (uint32_t)n;
		rows += n;
		if (open_columns(u, t, c, filled) < 0)
			return -ERR_FORMAT;
	}
	return rows == u->n_rows ? 0 : bad("the rows of the types are not those of the block");
}

/* Each type must have as many rows as it says, or its columns would be overrun. */
static int open_rows(struct unit *u, struct cursor *c)
{
	uint32_t count[BLOCK_TYPES_MAX] = {0};

	if (u->n_types > 1) {
		u->type_of = cursor_bytes(c, u->n_rows);
		if (!u->type_of)
			return bad("types of rows are cut");
		for (uint32_t i = 0; i < u->n_rows; i++)
			count[u->type_of[i]]++;
		for (uint32_t i = 0; i < u->n_types; i++)
			if (count[i] != u->types[i].n_rows)
				return bad("the rows of a type do not match");
	}
	return c->bad || cursor_left(c) ? bad("the layout has the wrong length") : 0;
}

int unit_open(struct unit *u, const struct block *b, const uint8_t *payload,
	      const struct dict *dict, bool bulk)
{
	struct cursor c;

	unit_reset(u);
	u->dict = dict;
	u->n_rows = b->n_rows;
	u->bulk = bulk;
	u->timed = b->flags & BLOCK_TIMED;
	if (u->n_rows == 0)
		return bad("no rows");
	if (open_frames(u, b, payload) < 0)
		return -ERR_FORMAT;
	if (u->n_frames < 2 || unit_inflate(u, FRAME_LAYOUT) < 0)
		return u->n_frames < 2 ? bad("frames are missing") : -ERR_FORMAT;
	c = cursor_of(u->frames[FRAME_LAYOUT].data, u->frames[FRAME_LAYOUT].len);
	for (unsigned i = 0; i < HEADS; i++) {
		const uint64_t len = cursor_varint(&c);

		if (len > u->frames[FRAME_HEADS].len)
			return bad("heads are longer than their frame");
		u->head_len[i] = (uint32_t)len;
		if (i == HEAD_THREAD)
			u->n_threads = (uint32_t)cursor_varint(&c);
	}
	if (u->n_threads == 0 || u->n_threads > u->n_rows)
		return bad("more threads than rows");
	if (open_types(u, &c) < 0)
		return -ERR_FORMAT;
	if (u->timed && u->n_frames <= FRAME_HEADS + 1)
		return bad("the frame of latencies is missing");
	return open_rows(u, &c);
}
