/* SPDX-License-Identifier: Apache-2.0 */
/* Which encoding a column gets is decided by the entropy of its byte planes,
 * estimated on a sample: the compressor codes each plane with its own statistics. */
#include <math.h>
#include <stdlib.h>
#include <xxhash.h>

#include "capture/trace/column.h"

enum {
	CUT_MIN = 512,		/* bytes of one nature that are worth own statistics */
	SAMPLE = 2048, RUNS = 4,
	TABLE_MAX = 256,	/* numbers in a table: one byte of index */
	TEXTS_MAX = 65536,
};

/* Distinct texts of a column in order of appearance. */
struct texts {
	uint64_t *index, *lens;	/* row → text; length of each */
	uint32_t *off, *slot;
	size_t cap, n;
	struct buf bytes;
};

struct column_scratch {
	uint64_t *delta;
	uint8_t *index;
	size_t cap;
	struct texts texts;
};

struct column_scratch *column_scratch_new(void)
{
	return xcalloc(1, sizeof(struct column_scratch));
}

void column_scratch_free(struct column_scratch *s)
{
	if (!s)
		return;
	free(s->delta);
	free(s->index);
	free(s->texts.index);
	free(s->texts.lens);
	free(s->texts.off);
	free(s->texts.slot);
	buf_release(&s->texts.bytes);
	free(s);
}

void frame_reset(struct frame *f)
{
	buf_reset(&f->raw);
	f->n_cuts = 0;
}

void frame_release(struct frame *f)
{
	buf_release(&f->raw);
	free(f->cut);
	*f = (struct frame){0};
}

static void frame_cut(struct frame *f)
{
	const size_t last = f->n_cuts ? f->cut[f->n_cuts - 1] : 0;

	if (f->raw.len - last < CUT_MIN)
		return;
	f->cut = mem_grow(f->cut, &f->cap_cuts, f->n_cuts + 1, sizeof(*f->cut));
	f->cut[f->n_cuts++] = (uint32_t)f->raw.len;
}

static unsigned width_of(uint64_t v)
{
	return v ? (71 - (unsigned)__builtin_clzll(v)) / 8 : 0;
}

/* The values as distances from base, in planes of bytes, lowest first. */
static void put_planes(struct frame *f, const uint64_t *v, size_t n, uint64_t base,
		       unsigned width)
{
	for (unsigned j = 0; j < width; j++) {
		uint8_t *p = buf_room(&f->raw, n);

		for (size_t i = 0; i < n; i++)
			p[i] = (uint8_t)((v[i] - base) >> 8 * j);
		f->raw.len += n;
		frame_cut(f);
	}
}

struct range {
	uint64_t base;
	unsigned width;
};

/* The smallest base and width that hold all values, be they signed or unsigned. */
static struct range range_of(const uint64_t *v, size_t n)
{
	uint64_t min = v[0], max = v[0];
	int64_t smin = (int64_t)v[0], smax = (int64_t)v[0];

	for (size_t i = 1; i < n; i++) {
		const int64_t s = (int64_t)v[i];

		min = v[i] < min ? v[i] : min;
		max = v[i] > max ? v[i] : max;
		smin = s < smin ? s : smin;
		smax = s > smax ? s : smax;
	}
	if ((uint64_t)smax - (uint64_t)smin < max - min)
		return (struct range){ (uint64_t)smin,
				       width_of((uint64_t)smax - (uint64_t)smin) };
	return (struct range){ min, width_of(max - min) };
}

static void put_range(struct frame *f, enum ints_mode mode, struct range r)
{
	buf_byte(&f->raw, (uint8_t)mode);
	buf_byte(&f->raw, (uint8_t)r.width);
	buf_le64(&f->raw, r.base);
}

static float n_log_n[SAMPLE + 1];

__attribute__((constructor)) static void fill_logs(void)
{
	for (unsigned i = 2; i <= SAMPLE; i++)
		n_log_n[i] = (float)i * log2f((float)i);
}

/* Bits that the planes of n sampled distances need, each plane on its own. */
static float plane_bits(const uint64_t *v, size_t n, struct range r)
{
	float bits = 0;

	for (unsigned j = 0; j < r.width; j++) {
		uint16_t count[256] = {0};

		for (size_t i = 0; i < n; i++)
			count[(v[i] - r.base) >> 8 * j & 255]++;
		bits += n_log_n[n];
		for (unsigned b = 0; b < 256; b++)
			bits -= n_log_n[count[b]];
	}
	return bits;
}

static size_t take_sample(uint64_t *to, const uint64_t *v, size_t n)
{
	if (n <= SAMPLE) {
		memcpy(to, v, n * sizeof(*v));
		return n;
	}
	for (size_t r = 0; r < RUNS; r++)
		memcpy(to + r * (SAMPLE / RUNS), v + r * ((n - SAMPLE / RUNS) / (RUNS - 1)),
		       SAMPLE / RUNS * sizeof(*v));
	return SAMPLE;
}

/* The distinct values in order of appearance, and for each row which; the number of
 * them, or 0 if they are more than fit a byte. */
static unsigned find_table(const uint64_t *v, size_t n, uint64_t *table, uint8_t *index)
{
	struct { uint64_t v; uint16_t i; } slot[4 * TABLE_MAX];
	unsigned count = 0;

	memset(slot, 0xff, sizeof(slot));
	for (size_t i = 0; i < n; i++) {
		unsigned h = (unsigned)(v[i] * 0x9e3779b97f4a7c15 >> 54);

		while (slot[h].i != 0xffff && slot[h].v != v[i])
			h = (h + 1) % (4 * TABLE_MAX);
		if (slot[h].i == 0xffff) {
			if (count == TABLE_MAX)
				return 0;
			table[count] = slot[h].v = v[i];
			slot[h].i = (uint16_t)count++;
		}
		index[i] = (uint8_t)slot[h].i;
	}
	return count;
}

static void put_table(struct frame *f, const uint64_t *table, unsigned n_table,
		      const uint8_t *index, size_t n)
{
	const struct range r = range_of(table, n_table);

	put_range(f, INTS_TABLE, r);
	buf_le16(&f->raw, (uint16_t)n_table);
	put_planes(f, table, n_table, r.base, r.width);
	buf_put(&f->raw, index, n);
	frame_cut(f);
}

static float index_bits(const uint8_t *index, size_t n)
{
	uint32_t count[256] = {0};
	const float scale = n > SAMPLE ? (float)n / SAMPLE : 1;
	float bits = 0;

	for (size_t i = 0; i < n; i++)
		count[index[i]]++;
	for (unsigned b = 0; b < 256; b++)
		bits -= n_log_n[(unsigned)((float)count[b] / scale)];
	return bits + n_log_n[n > SAMPLE ? SAMPLE : n];
}

void ints_encode(struct frame *f, const uint64_t *v, size_t n)
{
	struct column_scratch *s = f->scratch;
	uint64_t sample[SAMPLE], table[TABLE_MAX];
	struct range plain, d;
	float bits, delta_bits;
	unsigned n_table;
	size_t n_sample;

	plain = n ? range_of(v, n) : (struct range){0};
	if (n < 2 || plain.width == 0) {
		put_range(f, INTS_PLAIN, plain);
		put_planes(f, v, n, plain.base, plain.width);
		return;
	}
	if (s->cap < n) {
		s->delta = xrealloc(s->delta, mem_mul(n, sizeof(*s->delta)));
		s->index = xrealloc(s->index, n);
		s->cap = n;
	}
	for (size_t i = 1; i < n; i++)
		s->delta[i - 1] = v[i] - v[i - 1];
	d = range_of(s->delta, n - 1);
	n_sample = take_sample(sample, v, n);
	bits = plane_bits(sample, n_sample, plain);
	n_sample = take_sample(sample, s->delta, n - 1);
	delta_bits = plane_bits(sample, n_sample, d) * 1.02f + 64;
	n_table = plain.width > 1 && n >= 16 ? find_table(v, n, table, s->index) : 0;
	if (n_table && index_bits(s->index, n) + (float)n_table * 8 * (float)plain.width
	    < (bits < delta_bits ? bits : delta_bits)) {
		put_table(f, table, n_table, s->index, n);
	} else if (delta_bits < bits) {
		put_range(f, INTS_DELTA, d);
		buf_le64(&f->raw, v[0]);
		put_planes(f, s->delta, n - 1, d.base, d.width);
	} else {
		put_range(f, INTS_PLAIN, plain);
		put_planes(f, v, n, plain.base, plain.width);
	}
}

static void put_form(struct frame *f, unsigned form, const uint8_t *states, size_t n)
{
	buf_byte(&f->raw, (uint8_t)(form | (states ? COLUMN_HAS_STATES : 0)));
	if (states) {
		buf_put(&f->raw, states, n);
		frame_cut(f);
	}
}

void column_encode_numbers(struct frame *f, const uint64_t *v, const uint8_t *states, size_t n)
{
	put_form(f, COLUMN_NUMBERS, states, n);
	ints_encode(f, v, n);
}

static bool find_texts(struct texts *t, const uint64_t *lens, const struct buf *bytes, size_t n)
{
	size_t mask = 16, off = 0;

	while (mask < 2 * n)
		mask *= 2;
	if (t->cap < mask) {
		t->cap = mask;
		t->index = xrealloc(t->index, mem_mul(mask, sizeof(*t->index)));
		t->lens = xrealloc(t->lens, mem_mul(mask, sizeof(*t->lens)));
		t->off = xrealloc(t->off, mem_mul(mask, sizeof(*t->off)));
		t->slot = xrealloc(t->slot, mem_mul(mask, sizeof(*t->slot)));
	}
	memset(t->slot, 0xff, mask-- * sizeof(*t->slot));
	t->n = 0;
	buf_reset(&t->bytes);
	for (size_t i = 0; i < n; off += lens[i++]) {
		const uint8_t *p = lens[i] ? bytes->p + off : (const uint8_t *)"";
		size_t h = XXH3_64bits(p, lens[i]) & mask;
		uint32_t s;

		while ((s = t->slot[h]) != UINT32_MAX && (t->lens[s] != lens[i]
		       || (lens[i] && memcmp(t->bytes.p + t->off[s], p, lens[i]))))
			h = (h + 1) & mask;
		if (s == UINT32_MAX) {
			if (t->n == TEXTS_MAX)
				return false;
			t->slot[h] = s = (uint32_t)t->n++;
			t->lens[s] = lens[i];
			t->off[s] = (uint32_t)t->bytes.len;
			buf_put(&t->bytes, p, lens[i]);
		}
		t->index[i] = s;
	}
	return t->n + t->bytes.len < (n + bytes->len) / 4 * 3;
}

void column_encode_bytes(struct frame *f, const uint64_t *lens, const struct buf *bytes,
			 const uint8_t *states, size_t n)
{
	struct texts *t = &f->scratch->texts;

	if (n > 1 && find_texts(t, lens, bytes, n)) {
		put_form(f, COLUMN_TEXTS, states, n);
		buf_le32(&f->raw, (uint32_t)t->n);
		ints_encode(f, t->index, n);
		ints_encode(f, t->lens, t->n);
		bytes = &t->bytes;
	} else {
		put_form(f, COLUMN_BYTES, states, n);
		ints_encode(f, lens, n);
	}
	frame_cut(f);
	buf_put(&f->raw, bytes->p, bytes->len);
	frame_cut(f);
}
