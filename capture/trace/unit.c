/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/trace/unit.h"

#include <zstd.h>

#include "capture/base/err.h"

enum { FRAME_LAYOUT, FRAME_HEADS, CPU_SLOTS = 1024, COLUMNS_MAX = EVENT_PARAMS_MAX + 1 };
enum { HEAD_TS, HEAD_CPU, HEAD_THREAD, HEAD_TIDS, HEAD_PIDS, HEAD_POS, HEADS };

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

static int inflate_frame(struct unit *u, uint32_t i)
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
	if (open_frames(u, b, payload) < 0 || inflate_frame(u, 0) < 0)
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
	if (u->n_rows == 0)
		return bad("no rows");
	if (open_frames(u, b, payload) < 0)
		return -ERR_FORMAT;
	if (u->n_frames < 2 || inflate_frame(u, FRAME_LAYOUT) < 0)
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
	return open_rows(u, &c);
}

/* ---- heads of the rows ---- */

static int decode_heads(struct unit *u, struct ints head[HEADS])
{
	const uint32_t n[HEADS] = { u->n_rows, u->n_rows, u->n_rows, u->n_threads,
				    u->n_threads, u->n_rows };
	struct cursor all = cursor_of(u->frames[FRAME_HEADS].data, u->frames[FRAME_HEADS].len);

	for (unsigned i = 0; i < HEADS; i++) {
		const uint8_t *p = cursor_bytes(&all, u->head_len[i]);
		struct cursor c = cursor_of(p, p ? u->head_len[i] : 0);

		if (ints_decode(&head[i], &c, i == HEAD_POS && u->head_len[i] <= 10 ? 0 : n[i],
				&u->mem) < 0)
			return -ERR_FORMAT;
		if (cursor_left(&c))
			return bad("heads of the wrong length");
	}
	return cursor_left(&all) ? bad("bytes behind the heads") : 0;
}

static const uint64_t *as_u64(struct unit *u, const struct ints *x, uint32_t n)
{
	uint64_t *v;

	if (x->kind == IK_U64)
		return x->u64;
	v = arena_alloc(&u->mem, n * sizeof(*v));
	for (uint32_t i = 0; i < n; i++)
		v[i] = ints_at(x, i);
	return v;
}

/* Threads of the rows; 0 in the codes: as in the row before on the same CPU. */
static int decode_threads(struct unit *u, const struct ints *code)
{
	uint32_t *t = arena_alloc(&u->mem, u->n_rows * sizeof(*t));
	uint32_t last[CPU_SLOTS];

	memset(last, 0xff, sizeof(last));
	for (uint32_t i = 0; i < u->n_rows; i++) {
		uint32_t *l = &last[ints_at(&u->cpu, i) % CPU_SLOTS];
		const uint64_t v = ints_at(code, i);

		if (v)
			*l = v <= u->n_threads ? (uint32_t)v - 1 : UINT32_MAX;
		t[i] = *l;
		if (t[i] == UINT32_MAX)
			return bad("a row of a thread that is not there");
	}
	u->thread_of = t;
	return 0;
}

static int load_heads(struct unit *u)
{
	struct unit_thread *threads;
	struct ints head[HEADS];

	if (inflate_frame(u, FRAME_HEADS) < 0 || decode_heads(u, head) < 0)
		return -ERR_FORMAT;
	u->ts = as_u64(u, &head[HEAD_TS], u->n_rows);
	u->cpu = head[HEAD_CPU];
	u->pos = head[HEAD_POS];
	threads = arena_alloc(&u->mem, u->n_threads * sizeof(*threads));
	for (uint32_t i = 0; i < u->n_threads; i++)
		threads[i] = (struct unit_thread){ (uint32_t)ints_at(&head[HEAD_TIDS], i),
						   (uint32_t)ints_at(&head[HEAD_PIDS], i) };
	u->threads = threads;
	if (decode_threads(u, &head[HEAD_THREAD]) < 0)
		return -ERR_FORMAT;
	u->heads = true;
	return 0;
}

/* ---- parameters ---- */

static int load_column(struct unit *u, const struct unit_type *t, uint32_t column,
		       struct column *to)
{
	const struct unit_column *c = &u->columns[t->first + column];

	if (!c->len) {
		*to = (struct column){ .absent = true };
		return 0;
	}
	if (inflate_frame(u, c->frame) < 0)
		return -ERR_FORMAT;
	return column_decode(to, cursor_of(u->frames[c->frame].data + c->off, c->len), t->n_rows,
			     &u->mem);
}

static int load_type(struct unit *u, struct unit_type *t)
{
	const unsigned n = t->event->desc->n_params;
	struct column nr;

	t->params = arena_alloc(&u->mem, (n + 1) * sizeof(*t->params));
	for (unsigned i = 0; i < n; i++) {
		const struct dict_column *m = &t->event->params[i];

		if (m->column < 0 || (m->bulk && !u->bulk))
			t->params[i] = (struct column){ .absent = true };
		else if (load_column(u, t, (uint32_t)m->column, &t->params[i]) < 0)
			return -ERR_FORMAT;
		if (!t->params[i].absent && (t->params[i].form != COLUMN_NUMBERS) != m->is_bytes)
			return bad("a column of the other kind than its parameter");
	}
	if (load_column(u, t, t->n_columns - 1, &nr) < 0)
		return -ERR_FORMAT;
	t->nr = nr.absent || nr.form != COLUMN_NUMBERS ? (struct ints){0} : nr.v;
	t->loaded = true;
	return 0;
}

/* A number recorded with another type, as its own type would carry it. */
static uint64_t narrowed(uint64_t v, enum param_type type)
{
	const unsigned shift = 64 - 8 * type_width(type);

	if (shift >= 64)
		return v;
	return type_is_signed(type) ? (uint64_t)((int64_t)(v << shift) >> shift)
		: v << shift >> shift;
}

int unit_event(struct unit *u, struct event *ev)
{
	const uint32_t row = u->row;
	struct unit_type *t = &u->types[unit_type_of(u, row)];
	const struct dict_event *e = t->event;
	const struct unit_thread *thread;
	const uint32_t k = t->row;

	if ((!u->heads && load_heads(u) < 0) || (!t->loaded && load_type(u, t) < 0))
		return -ERR_FORMAT;
	u->row++;
	t->row++;
	thread = &u->threads[u->thread_of[row]];
	ev->ts = u->ts[row];
	ev->tid = thread->tid;
	ev->pid = thread->pid;
	ev->cpu = (uint16_t)ints_at(&u->cpu, row);
	ev->desc = e->desc;
	ev->type = e->desc->id;
	ev->nr = (uint16_t)ints_at(&t->nr, k);
	ev->n_params = e->desc->n_params;
	for (unsigned i = 0; i < ev->n_params; i++) {
		column_value(&t->params[i], k, &ev->v[i]);
		if (e->params[i].narrow)
			ev->v[i].u = narrowed(ev->v[i].u, e->params[i].narrow);
	}
	return 0;
}

int unit_pos(struct unit *u, uint64_t *pos)
{
	if (!u->heads && load_heads(u) < 0)
		return -ERR_FORMAT;
	*pos = ints_at(&u->pos, u->row);
	return 0;
}

int unit_check(struct unit *u)
{
	struct column c;

	if (!u->heads && load_heads(u) < 0)
		return -ERR_FORMAT;
	for (uint32_t i = 0; i < u->n_types; i++) {
		struct unit_type *t = &u->types[i];

		for (uint32_t j = 0; j < t->n_columns; j++)
			if (load_column(u, t, j, &c) < 0)
				return -ERR_FORMAT;
		if (!t->loaded && load_type(u, t) < 0)
			return -ERR_FORMAT;
	}
	return 0;
}
