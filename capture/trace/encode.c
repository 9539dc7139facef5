/* SPDX-License-Identifier: Apache-2.0 */
/* Rows to a payload: a table of frames, then frame 0 (which types and columns there
 * are, and each row's type), frame 1 (time, CPU and thread of the rows), and the columns:
 * those of rare types together, those of each frequent type in a frame of their own, and
 * bulky ones apart, so that a reader inflates only what it looks at.  How long calls took is
 * one more frame, if that is known. */
#include <stdlib.h>
#include <zstd.h>

#include "capture/base/err.h"
#include "capture/trace/rows.h"
#include "capture/trace/writer.h"

enum {
	FRAME_LAYOUT, FRAME_HEADS, FRAME_RARE, FRAME_FIRST,
	FREQUENT = 16 << 10,	/* bytes from which a type has its own frame */
	THREAD_SLOTS = 1 << 17,	/* > rows of a block */
	CPU_SLOTS = 1024,
};

struct encoder {
	ZSTD_CCtx *zstd;	/* NULL: nothing is compressed */
	struct column_scratch *scratch;
	struct frame frame[BLOCK_FRAMES_MAX];
	unsigned n_frames;
	uint64_t *v;		/* one value per row */
	uint64_t *tid, *pid;	/* the threads of the block */
	uint32_t n_threads, *slot;
};

struct encoder *encoder_new(int level)
{
	struct encoder *e = xcalloc(1, sizeof(*e));

	if (level != WRITER_PLAIN) {
		e->zstd = ZSTD_createCCtx();
		if (!e->zstd) {
			free(e);
			err(ERR_SYSTEM, "zstd: no memory");
			return NULL;
		}
		ZSTD_CCtx_setParameter(e->zstd, ZSTD_c_compressionLevel, level);
		ZSTD_CCtx_setParameter(e->zstd, ZSTD_c_contentSizeFlag, 0);
	}
	e->scratch = column_scratch_new();
	e->v = xmalloc(BLOCK_ROWS_MAX * sizeof(*e->v));
	e->tid = xmalloc(BLOCK_ROWS_MAX * sizeof(*e->tid));
	e->pid = xmalloc(BLOCK_ROWS_MAX * sizeof(*e->pid));
	e->slot = xmalloc(THREAD_SLOTS * sizeof(*e->slot));
	return e;
}

void encoder_free(struct encoder *e)
{
	if (!e)
		return;
	ZSTD_freeCCtx(e->zstd);
	column_scratch_free(e->scratch);
	for (unsigned i = 0; i < BLOCK_FRAMES_MAX; i++)
		frame_release(&e->frame[i]);
	free(e->v);
	free(e->tid);
	free(e->pid);
	free(e->slot);
	free(e);
}

static struct frame *frame_start(struct encoder *e)
{
	struct frame *f = &e->frame[e->n_frames++];

	frame_reset(f);
	f->scratch = e->scratch;
	return f;
}

/* ---- frame 1: heads of the rows ---- */

/* Number of the thread of row i in the block's list of threads. */
static uint32_t thread_index(struct encoder *e, uint32_t tid, uint32_t pid, uint32_t *n)
{
	uint32_t h = (uint32_t)((tid + ((uint64_t)pid << 32)) * 0x9e3779b97f4a7c15 >> 47);
	uint32_t s;

	while ((s = e->slot[h]) != UINT32_MAX && (e->tid[s] != tid || e->pid[s] != pid))
		h = (h + 1) % THREAD_SLOTS;
	if (s == UINT32_MAX) {
		e->slot[h] = s = (*n)++;
		e->tid[s] = tid;
		e->pid[s] = pid;
	}
	return s;
}

/* Rows as thread numbers + 1, or 0 where it is the thread that the CPU's row before
 * had: that is most of them. */
static uint32_t thread_codes(struct encoder *e, const struct rows *r)
{
	uint32_t last[CPU_SLOTS], n = 0;

	memset(last, 0xff, sizeof(last));
	memset(e->slot, 0xff, THREAD_SLOTS * sizeof(*e->slot));
	for (uint32_t i = 0; i < r->n; i++) {
		const uint32_t t = thread_index(e, r->tid[i], r->pid[i], &n);
		uint32_t *l = &last[r->cpu[i] % CPU_SLOTS];

		e->v[i] = *l == t ? 0 : t + 1;
		*l = t;
	}
	return n;
}

/* Encodes v and tells the layout how long it came out. */
static void put_head(struct encoder *e, const uint64_t *v, uint32_t n)
{
	struct frame *f = &e->frame[FRAME_HEADS];
	const size_t before = f->raw.len;

	ints_encode(f, v, n);
	buf_varint(&e->frame[FRAME_LAYOUT].raw, f->raw.len - before);
}

static void put_heads(struct encoder *e, const struct rows *r)
{
	struct buf *layout = &e->frame[FRAME_LAYOUT].raw;

	put_head(e, r->ts, r->n);
	for (uint32_t i = 0; i < r->n; i++)
		e->v[i] = r->cpu[i];
	put_head(e, e->v, r->n);
	e->n_threads = thread_codes(e, r);
	put_head(e, e->v, r->n);
	buf_varint(layout, e->n_threads);
	put_head(e, e->tid, e->n_threads);
	put_head(e, e->pid, e->n_threads);
	put_head(e, r->pos, r->kind == BLOCK_EVENTS || r->kind == BLOCK_STATE ? 0 : r->n);
}

/* ---- the other frames ---- */

static size_t put_column(struct frame *f, const struct row_column *c, uint32_t n)
{
	const uint8_t *states = NULL;
	const size_t before = f->raw.len;

	if (!c->n_set)
		return 0;
	for (uint32_t i = 0; i < n && !states; i++)
		states = c->states[i] == VALUE_SET ? NULL : c->states;
	if (c->is_bytes)
		column_encode_bytes(f, c->v, &c->bytes, states, n);
	else
		column_encode_numbers(f, c->v, states, n);
	return f->raw.len - before;
}

static void put_type(struct encoder *e, const struct row_type *t)
{
	struct buf *layout = &e->frame[FRAME_LAYOUT].raw;
	unsigned own = FRAME_RARE, bulk = 0;

	if (t->bytes >= FREQUENT) {
		own = e->n_frames;
		frame_start(e);
	}
	buf_varint(layout, t->id);
	buf_varint(layout, t->n);
	buf_varint(layout, t->n_cols);
	for (unsigned i = 0; i < t->n_cols; i++) {
		unsigned f = own;

		if (t->cols[i].bulk && t->cols[i].n_set) {
			if (!bulk) {
				bulk = e->n_frames;
				frame_start(e);
			}
			f = bulk;
		}
		buf_varint(layout, f);
		buf_varint(layout, put_column(&e->frame[f], &t->cols[i], t->n));
	}
}

/* For each type the length of its column, and the column: 0 where it is not known.  It stands
 * behind all that the layout speaks of: readers that do not know of it pass it over. */
static void put_latencies(struct encoder *e, const struct rows *r)
{
	struct frame *f = frame_start(e);

	for (unsigned i = 0; i < r->n_types; i++) {
		const struct row_type *t = r->types[i];
		const size_t at = f->raw.len;

		buf_le32(&f->raw, 0);
		if (t->n_timed) {
			ints_encode(f, t->latency, t->n);
			buf_set_le32(&f->raw, at, (uint32_t)(f->raw.len - at - 4));
		}
	}
}

/* ---- compression ---- */

/* Compresses a frame in pieces, flushing at its cuts, so that each piece gets its own
 * statistics; the window stays. */
static int compress(struct encoder *e, const struct frame *f, struct buf *out, uint32_t *stored)
{
	const size_t start = out->len, bound = ZSTD_compressBound(f->raw.len) + 8 * f->n_cuts + 64;
	ZSTD_outBuffer o = { buf_room(out, bound), bound, 0 };
	size_t from = 0;

	if (!e->zstd) {
		buf_put(out, f->raw.p, f->raw.len);
		*stored = (uint32_t)f->raw.len;
		return 0;
	}
	ZSTD_CCtx_reset(e->zstd, ZSTD_reset_session_only);
	ZSTD_CCtx_setPledgedSrcSize(e->zstd, f->raw.len);
	for (size_t i = 0; i <= f->n_cuts; i++) {
		const size_t to = i < f->n_cuts ? f->cut[i] : f->raw.len;
		ZSTD_inBuffer in = { f->raw.p + from, to - from, 0 };
		const size_t r = ZSTD_compressStream2(e->zstd, &o, &in,
						      i < f->n_cuts ? ZSTD_e_flush : ZSTD_e_end);

		if (ZSTD_isError(r) || r != 0)
			return err(ERR_SYSTEM, "zstd: %s", ZSTD_isError(r)
				   ? ZSTD_getErrorName(r) : "does not fit");
		from = to;
	}
	if (o.pos >= f->raw.len) {
		memcpy(o.dst, f->raw.p, f->raw.len);
		o.pos = f->raw.len;
	}
	out->len = start + o.pos;
	*stored = (uint32_t)o.pos;
	return 0;
}

static int put_frames(struct encoder *e, struct buf *out, uint32_t *raw)
{
	const size_t table = out->len, len = 2 + 8 * (size_t)e->n_frames;
	struct buf dir = {0};
	uint64_t sum = 0;
	int r = 0;

	buf_room(out, len);
	out->len += len;
	buf_le16(&dir, (uint16_t)e->n_frames);
	for (unsigned i = 0; i < e->n_frames && !r; i++) {
		uint32_t stored = 0;

		if (e->frame[i].raw.len)
			r = compress(e, &e->frame[i], out, &stored);
		buf_le32(&dir, stored);
		buf_le32(&dir, (uint32_t)e->frame[i].raw.len);
		sum += e->frame[i].raw.len;
	}
	if (!r) {
		memcpy(out->p + table, dir.p, dir.len);
		*raw = (uint32_t)sum;
		if (sum > BLOCK_RAW_MAX || out->len - table > BLOCK_STORED_MAX)
			r = err(ERR_LIMIT, "a block of %llu bytes is too large",
				(unsigned long long)sum);
	}
	buf_release(&dir);
	return r;
}

int encode_rows(struct encoder *e, const struct rows *r, struct buf *out, uint32_t *raw)
{
	struct buf *layout = &e->frame[FRAME_LAYOUT].raw;

	e->n_frames = 0;
	if (r->contents.len) {
		buf_put(&frame_start(e)->raw, r->contents.p, r->contents.len);
		return put_frames(e, out, raw);
	}
	while (e->n_frames < FRAME_FIRST)
		frame_start(e);
	put_heads(e, r);
	buf_varint(layout, r->n_types);
	for (unsigned i = 0; i < r->n_types; i++)
		put_type(e, r->types[i]);
	if (r->n_types > 1)
		buf_put(layout, r->type, r->n);
	if (r->n_timed)
		put_latencies(e, r);
	return put_frames(e, out, raw);
}

uint32_t encoder_threads(const struct encoder *e, const uint64_t **tid, const uint64_t **pid)
{
	*tid = e->tid;
	*pid = e->pid;
	return e->n_threads;
}
