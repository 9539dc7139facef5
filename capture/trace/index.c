/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/trace/index.h"

#include <stdlib.h>

#include "capture/base/cursor.h"
#include "capture/base/err.h"
#include "capture/trace/column.h"
#include "capture/trace/unit.h"

enum { ENTRY_MIN = BLOCK_HEADER_LEN, SCAN_CHUNK = 4096 };

void index_add(struct index *x, const struct block *b, uint64_t off)
{
	x->entry = mem_grow(x->entry, &x->cap, x->n + 1, sizeof(*x->entry));
	x->entry[x->n++] = (struct index_entry){
		.off = off, .first_num = b->first_num, .first_ts = b->first_ts,
		.last_ts = b->last_ts, .n_events = b->n_events, .raw = b->raw,
		.stored = b->stored, .seq = b->seq, .kind = b->kind, .flags = b->flags,
	};
}

void index_copy(struct index *to, const struct index *from)
{
	index_release(to);
	*to = *from;
	to->cap = from->n;
	to->entry = xmalloc(mem_mul(from->n + 1, sizeof(*to->entry)));
	if (from->n)
		memcpy(to->entry, from->entry, from->n * sizeof(*to->entry));
}

void index_append(struct index *to, const struct index *from, uint64_t end)
{
	for (; to->n < from->n; to->n++) {
		const struct index_entry *const e = &from->entry[to->n];

		if (e->off + BLOCK_HEADER_LEN + e->stored > end)
			break;
		to->entry = mem_grow(to->entry, &to->cap, to->n + 1, sizeof(*to->entry));
		to->entry[to->n] = *e;
	}
}

void index_release(struct index *x)
{
	free(x->entry);
	*x = (struct index){0};
}

/* One field of all entries as a column of numbers. */
#define FIELDS(X) X(off) X(first_num) X(first_ts) X(last_ts) X(n_events) X(raw) X(stored)	\
	X(seq) X(kind) X(flags)

bool index_encode(const struct index *x, struct buf *out)
{
	struct frame f = { .scratch = column_scratch_new() };
	uint64_t *v = xmalloc(mem_mul(x->n + 1, sizeof(*v)));
	bool fits;

	buf_le32(&f.raw, (uint32_t)x->n);
#define PUT(field)						\
	for (size_t i = 0; i < x->n; i++)			\
		v[i] = x->entry[i].field;			\
	ints_encode(&f, v, x->n);
	FIELDS(PUT)
#undef PUT
	buf_le64(&f.raw, x->n_processes);
	buf_le64(&f.raw, x->n_threads);
	buf_le16(&f.raw, LOSS_CLASSES);
	ints_encode(&f, x->lost, LOSS_CLASSES);
	buf_le16(&f.raw, 64 * SET_WORDS);
	ints_encode(&f, x->count, 64 * SET_WORDS);
	fits = f.raw.len < BLOCK_RAW_MAX / 2;
	if (fits)
		buf_put(out, f.raw.p, f.raw.len);
	free(v);
	column_scratch_free(f.scratch);
	frame_release(&f);
	return fits;
}

bool index_equal(const struct index *a, const struct index *b)
{
	bool same = a->n == b->n;

#define SAME(field) same = same && a->entry[i].field == b->entry[i].field;
	for (size_t i = 0; same && i < a->n; i++) {
		FIELDS(SAME)
	}
#undef SAME
	return same;
}

static int get_sums(struct index *x, struct cursor *c, struct arena *a)
{
	struct ints lost, count;
	uint64_t n_lost, n_count;

	x->n_processes = cursor_u64(c);
	x->n_threads = cursor_u64(c);
	n_lost = cursor_u16(c);
	if (ints_decode(&lost, c, n_lost, a) < 0)
		return -ERR_FORMAT;
	n_count = cursor_u16(c);
	if (n_count > 64 * SET_WORDS || ints_decode(&count, c, n_count, a) < 0)
		return -ERR_FORMAT;
	for (uint32_t i = 0; i < n_lost && i < LOSS_CLASSES; i++)
		x->lost[i] = ints_at(&lost, i);
	for (uint32_t i = 0; i < n_count; i++)
		x->count[i] = ints_at(&count, i);
	x->has_sums = true;
	return 0;
}

int index_decode(struct index *x, const uint8_t *p, size_t n, uint64_t before)
{
	struct cursor c = cursor_of(p, n);
	const uint32_t n_entries = cursor_u32(&c);
	struct arena a = {0};
	struct ints v;
	int r = 0;

	if (n_entries > BLOCK_RAW_MAX / 8 || n_entries > before / ENTRY_MIN)
		return err(ERR_FORMAT, "index: more blocks than fit the file");
	x->entry = xcalloc(n_entries, sizeof(*x->entry));
	x->n = x->cap = n_entries;
#define GET(field)							\
	if (!r && !(r = ints_decode(&v, &c, n_entries, &a)))		\
		for (uint32_t i = 0; i < n_entries; i++)		\
			x->entry[i].field = (typeof(x->entry[i].field))ints_at(&v, i);
	FIELDS(GET)
#undef GET
	if (!r)
		r = get_sums(x, &c, &a);
	if (!r && (c.bad || cursor_left(&c)))
		r = err(ERR_FORMAT, "index: wrong length");
	arena_release(&a);
	if (r)
		index_release(x);
	return r;
}

static bool nothing_wanted(const struct block *b, void *arg)
{
	return false;
}

static int read_block_at(struct index *x, struct block_reader *r, uint64_t off)
{
	const uint8_t *payload;
	struct unit u = {0};
	struct block b;
	int e = -ERR_FORMAT;

	if (block_seek(r, off) < 0 || block_next(r, &b, &payload, NULL, NULL)
	    || b.kind != BLOCK_INDEX || b.off != off)
		return -ERR_FORMAT;
	if (unit_open_contents(&u, &b, payload) == 0)
		e = index_decode(x, u.contents, u.contents_len, off);
	if (!e)
		memcpy(x->digest, b.prev, DIGEST_LEN);
	unit_release(&u);
	return e;
}

/* All blocks by their headers. */
static int scan(struct index *x, struct block_reader *r)
{
	const uint8_t *payload;
	struct block b;
	const size_t chunk = r->in->chunk;
	int e = block_seek(r, FILE_HEADER_LEN);

	r->in->chunk = SCAN_CHUNK;
	while (!e && (e = block_next(r, &b, &payload, nothing_wanted, NULL)) == 0)
		if (b.kind != BLOCK_INDEX)
			index_add(x, &b, b.off);
	r->in->chunk = chunk;
	return e < 0 ? e : 0;
}

int index_load(struct index *x, struct input *in)
{
	struct source_damage ignored = {0};
	struct block_reader r = { .in = in, .damage = &ignored, .any_seq = true };
	uint64_t off, size;
	const uint8_t *p;
	size_t avail;

	*x = (struct index){0};
	if (in->size >= FILE_HEADER_LEN + FOOTER_LEN
	    && input_seek(in, in->size - FOOTER_LEN) == 0
	    && input_peek(in, FOOTER_LEN, &p, &avail) == 0
	    && footer_get(&off, &size, p, avail) && size == in->size && off < size
	    && off && read_block_at(x, &r, off) == 0)
		return 0;
	return scan(x, &r);
}
