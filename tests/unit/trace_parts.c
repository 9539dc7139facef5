/* SPDX-License-Identifier: Apache-2.0 */
/* The pieces of a block: columns, layouts, dictionaries.  One case for each check of the
 * reader. */
#include "tests/unit/test.h"
#include "tests/unit/trace.h"

#include "capture/trace/column.h"
#include "capture/trace/dict.h"
#include "capture/trace/index.h"
#include "capture/trace/rows.h"
#include "capture/trace/unit.h"

/* ---- columns ---- */

#define BASE "\0\0\0\0\0\0\0\0"

static const struct {
	const char *bytes;
	size_t len, n;
	const char *message;
} bad_columns[] = {
#define BAD(rows, message, b) { b, sizeof(b) - 1, rows, message }
	BAD(3, "unknown form", "\x07"),
	BAD(3, "states are cut", "\x80\x01\x01"),
	BAD(3, "unknown state", "\x80\x01\x01\x03\x00\x00" BASE),
	BAD(3, "cut or too wide", "\x00"),
	BAD(3, "cut or too wide", "\x00\x00\x09" BASE),
	BAD(3, "unknown encoding", "\x00\x05\x01" BASE "abc"),
	BAD(3, "numbers are cut", "\x00\x00\x01" BASE "ab"),
	BAD(3, "belong to no row", "\x00\x00\x01" BASE "abcd"),
	BAD(3, "differences are cut", "\x00\x01\x01" BASE BASE "a"),
	BAD(0, "differences are cut", "\x00\x01\x01" BASE BASE "a"),
	BAD(3, "table is cut or empty", "\x00\x02\x01" BASE "\x00\x00" "\0\0\0"),
	BAD(3, "table is cut or empty", "\x00\x02\x01" BASE "\x02\x00" "ab" "\0\0"),
	BAD(3, "table is cut or empty", "\x00\x02\x00" BASE "\x01\x01" "\0\0\0"),
	BAD(3, "past the end of its table", "\x00\x02\x01" BASE "\x02\x00" "ab" "\0\1\2"),
	BAD(2, "longer than its column", "\x01\x00\x01" BASE "\2\3" "abcd"),
	BAD(2, "belong to no row", "\x01\x00\x01" BASE "\2\1" "abcd"),
	BAD(2, "longer than its column",
	    "\x01\x00\x08" BASE "\2\1\0\0\0\0\0\0\0\0\0\0\0\0\xff\xff" "abc"),
	BAD(2, "more texts than rows", "\x02\x03\0\0\0" "\x00\x01" BASE "\0\0"),
	BAD(2, "more texts than rows", "\x02\x00\0\0\0" "\x00\x01" BASE "\0\0"),
	BAD(2, "a text that is not there",
	    "\x02\x01\0\0\0" "\x00\x01" BASE "\0\1" "\0\1" BASE "\1" "a"),
#undef BAD
};

static void columns_are_checked(void **state)
{
	struct arena a = {0};
	struct column c;

	for (size_t i = 0; i < sizeof(bad_columns) / sizeof(bad_columns[0]); i++) {
		/* A copy of its own size, so that a sanitizer sees each byte too far. */
		uint8_t *p = xmalloc(bad_columns[i].len);

		memcpy(p, bad_columns[i].bytes, bad_columns[i].len);
		if (column_decode(&c, cursor_of(p, bad_columns[i].len), bad_columns[i].n, &a) == 0)
			fail_msg("column %zu is taken, but: %s", i, bad_columns[i].message);
		assert_error_has(bad_columns[i].message);
		free(p);
	}
	arena_release(&a);
}

static void numbers_round_trip(const uint64_t *v, size_t n)
{
	struct frame f = { .scratch = column_scratch_new() };
	struct arena a = {0};
	struct cursor c;
	struct ints x;

	ints_encode(&f, v, n);
	c = cursor_of(f.raw.p, f.raw.len);
	assert_int_equal(ints_decode(&x, &c, n, &a), 0);
	assert_int_equal(cursor_left(&c), 0);
	for (size_t i = 0; i < n; i++)
		if (ints_at(&x, (uint32_t)i) != v[i])
			fail_msg("number %zu of %zu differs", i, n);
	arena_release(&a);
	column_scratch_free(f.scratch);
	frame_release(&f);
}

static void numbers_of_every_kind_come_back(void **state)
{
	static uint64_t v[5000];

	for (unsigned round = 0; round < 400; round++) {
		const size_t n = 1 + random_u64() % (round % 10 ? 300 : 5000);
		const unsigned width = (unsigned)(random_u64() % 65), kind = round % 5;
		const uint64_t base = random_u64(), step = random_u64() >> (random_u64() % 64);
		uint64_t table[300];

		for (unsigned i = 0; i < 300; i++)
			table[i] = random_u64();
		for (size_t i = 0; i < n; i++) {
			const uint64_t r = width ? random_u64() >> (64 - width) : 0;

			v[i] = kind == 0 ? base + r : kind == 1 ? base + i * step
				: kind == 2 ? (i ? v[i - 1] + r % 1000 : base)
				: kind == 3 ? table[r % (1 + width * 4)] : 0 - r;
		}
		numbers_round_trip(v, n);
	}
}

/* ---- layouts ---- */

static struct dict *own_dict(void)
{
	static const struct event_desc *list[EV__N];
	struct buf b = {0};
	struct dict *d;

	for (unsigned i = 1; i < EV__N; i++)
		list[i] = &catalog[i];
	dict_encode(&b, list, EV__N, &(struct source_info){ .hostname = "h" });
	d = dict_decode(b.p, b.len);
	assert_non_null(d);
	assert_string_equal(d->info.hostname, "h");
	buf_release(&b);
	return d;
}

/* A plain payload of a few rows: the table of frames, then layout, heads, columns. */
static void make_payload(struct buf *out, struct block *b)
{
	struct encoder *e = encoder_new(WRITER_PLAIN);
	struct rows r = { .kind = BLOCK_EVENTS };
	struct arena mem = {0};
	struct event ev;

	for (unsigned i = 0; i < 20; i++) {
		random_event(&ev, i % 2 ? EV_CLOSE : EV_OPENAT, &mem);
		ev.tid = 1 + i % 3;
		ev.latency = i % 2 ? 300 + i : 0;
		rows_add(&r, &ev, ev.type, 0);
	}
	*b = (struct block){ .kind = BLOCK_EVENTS, .flags = BLOCK_TIMED, .n_rows = r.n,
			     .n_events = r.n_events };
	assert_int_equal(encode_rows(e, &r, out, &b->raw), 0);
	b->stored = (uint32_t)out->len;
	rows_release(&r);
	encoder_free(e);
	arena_release(&mem);
}

/* Where the fields of the layout are: varints of one byte as the payload is small, but for
 * lengths. */
static size_t skip_varints(const uint8_t *p, unsigned n)
{
	size_t i = 0;

	while (n)
		n -= !(p[i++] & 0x80);
	return i;
}

enum spot { FRAME_COUNT, FRAME_LEN, FRAME_RAW, THREADS, TYPES, TYPE_ID, TYPE_ROWS, TYPE_COLUMNS,
	    COLUMN_FRAME, COLUMN_LEN, ROW_TYPE, HEAD_LEN, THREAD_CODE, LATENCY_NONE, LATENCY_LEN,
	    LATENCY_MODE };

static uint8_t *find_spot(uint8_t *p, enum spot spot)
{
	uint16_t n;
	uint32_t len, ts, cpu, first;
	uint8_t *layout, *types, *heads, *latencies;

	memcpy(&n, p, 2);
	latencies = p + 2 + 8 * (size_t)n;
	for (unsigned i = 0; i + 1 < n; i++) {
		memcpy(&len, p + 2 + 8 * i, 4);
		latencies += len;
	}
	memcpy(&first, latencies, 4);
	memcpy(&len, p + 2, 4);
	layout = p + 2 + 8 * (size_t)n;
	heads = layout + len;
	types = layout + skip_varints(layout, 7);
	ts = layout[0] & 0x80 ? (layout[0] & 0x7fU) | (uint32_t)layout[1] << 7 : layout[0];
	cpu = layout[skip_varints(layout, 1)];
	switch (spot) {
	case FRAME_COUNT: return p;
	case FRAME_LEN: return p + 2;
	case FRAME_RAW: return p + 6;
	case HEAD_LEN: return layout;
	case THREADS: return layout + skip_varints(layout, 3);
	case TYPES: return types;
	case TYPE_ID: return types + 1;
	case TYPE_ROWS: return types + 1 + skip_varints(types + 1, 1);
	case TYPE_COLUMNS: return types + 1 + skip_varints(types + 1, 2);
	case COLUMN_FRAME: return types + 1 + skip_varints(types + 1, 3);
	case COLUMN_LEN: return types + 1 + skip_varints(types + 1, 4);
	case ROW_TYPE: return layout + len - 1;
	case LATENCY_NONE: return latencies;
	case LATENCY_LEN: return latencies + first + 4;
	case LATENCY_MODE: return latencies + first + 8;
	case THREAD_CODE: return heads + ts + cpu + 10;
	}
	return NULL;
}

static const struct {
	enum spot spot;
	uint8_t value;
	const char *message;
} bad_layouts[] = {
	{ FRAME_COUNT, 0, "the table of frames is cut" },
	{ FRAME_COUNT, 200, "the table of frames is cut" },
	{ FRAME_COUNT, 1, "longer than the block|belong to no frame|frames are missing" },
	{ FRAME_LEN, 3, "belong to no frame|frame" },
	{ FRAME_RAW, 1, "longer than the block" },
	{ HEAD_LEN, 0, "longer than|wrong|cut" },
	{ THREADS, 0, "more threads than rows" },
	{ THREADS, 21, "more threads than rows" },
	{ TYPES, 0, "no types, or too many" },
	{ TYPE_ID, 0, "a type that the dictionary does not have" },
	{ TYPE_ROWS, 0, "wrong number of rows or columns" },
	{ TYPE_ROWS, 21, "wrong number of rows or columns" },
	{ TYPE_ROWS, 9, "the rows of the types are not those of the block" },
	{ TYPE_COLUMNS, 1, "wrong number of rows or columns" },
	{ COLUMN_FRAME, 1, "a column is longer than its frame" },
	{ COLUMN_FRAME, 100, "a column is longer than its frame" },
	{ COLUMN_LEN, 0x7f, "a column is longer than its frame|column:|another|kind" },
	{ ROW_TYPE, 0, "the rows of a type do not match" },
	{ ROW_TYPE, 9, "the rows of a type do not match" },
	{ LATENCY_NONE, 4, "latencies|column" },
	{ LATENCY_LEN, 0, "bytes behind the latencies" },
	{ LATENCY_LEN, 10, "bytes behind the latencies" },
	{ LATENCY_LEN, 200, "latencies are cut" },
	{ LATENCY_MODE, 9, "column: unknown encoding" },
	{ THREAD_CODE, 77, "a row of a thread that is not there|column" },
};

static bool has_one_of(const char *text, const char *parts)
{
	char all[256], *save, *p;

	snprintf(all, sizeof(all), "%s", parts);
	for (p = strtok_r(all, "|", &save); p; p = strtok_r(NULL, "|", &save))
		if (strstr(text, p))
			return true;
	return false;
}

static void layouts_are_checked(void **state)
{
	struct dict *d = own_dict();
	struct buf good = {0};
	struct unit u = {0};
	struct block b;

	make_payload(&good, &b);
	assert_int_equal(unit_open(&u, &b, good.p, d, true), 0);
	assert_int_equal(unit_check(&u), 0);
	for (size_t i = 0; i < sizeof(bad_layouts) / sizeof(bad_layouts[0]); i++) {
		uint8_t *p = xmalloc(good.len);

		memcpy(p, good.p, good.len);
		*find_spot(p, bad_layouts[i].spot) = bad_layouts[i].value;
		if (unit_open(&u, &b, p, d, true) == 0 && unit_check(&u) == 0)
			fail_msg("layout %zu is taken, but: %s", i, bad_layouts[i].message);
		if (!has_one_of(err_text(), bad_layouts[i].message))
			fail_msg("layout %zu: '%s' instead of '%s'", i, err_text(),
				 bad_layouts[i].message);
		free(p);
	}
	b.flags = 0;
	assert_int_equal(unit_open(&u, &b, good.p, d, true), 0);
	assert_int_equal(unit_check(&u), 0);
	b.raw++;
	assert_true(unit_open(&u, &b, good.p, d, true) < 0);
	assert_error_has("not as long as declared");
	unit_release(&u);
	buf_release(&good);
	dict_free(d);
}

/* ---- dictionaries ---- */

static void dictionaries_are_checked(void **state)
{
	static const struct event_desc *list[EV__N];
	struct buf b = {0};

	for (unsigned i = 1; i < EV__N; i++)
		list[i] = &catalog[i];
	dict_encode(&b, list, EV__N, &(struct source_info){0});
	for (size_t n = 0; n < b.len; n += 1 + n / 50) {
		uint8_t *p = xmalloc(n + 1);

		memcpy(p, b.p, n);
		assert_null(dict_decode(p, n));
		assert_error_has("dictionary:");
		free(p);
	}
	buf_release(&b);
}

static void events_of_another_catalogue_come_by_name(void **state)
{
	static const struct param_desc odd[] = {
		{ .name = "colour", .type = PT_CHARBUF },
		{ .name = "size", .type = PT_UINT16, .fmt = PF_HEX },
	};
	/* close with its parameters in another order, one of another width, one more. */
	static const struct param_desc close_params[] = {
		{ .name = "extra", .type = PT_CHARBUF },
		{ .name = "fd", .type = PT_UINT8, .fmt = PF_DEC },
		{ .name = "res", .type = PT_CHARBUF },
	};
	static const struct event_desc unknown = {
		.name = "paint", .n_params = 2, .params = odd, .category = EC_OTHER,
	}, other_close = {
		.name = "close", .id = EV_CLOSE, .n_params = 3, .params = close_params,
	};
	const char *path = test_path("other.skr");
	struct writer *w = test_writer(path, 0);
	struct event ev = { .desc = &unknown, .n_params = 2, .ts = 5, .tid = 7 };
	struct source *s;

	value_bytes(&ev.v[0], "red", 3);
	value_number(&ev.v[1], 300);
	assert_int_equal(writer_add(w, &ev), 0);
	ev = (struct event){ .desc = &other_close, .type = EV_CLOSE, .n_params = 3, .ts = 6 };
	value_bytes(&ev.v[0], "more", 4);
	value_number(&ev.v[1], 200);
	value_bytes(&ev.v[2], "text", 4);
	assert_int_equal(writer_add(w, &ev), 0);
	assert_int_equal(writer_close(w), 0);

	s = test_source(path);
	assert_int_equal(source_next(s, &ev), 0);
	assert_int_equal(ev.type, EV_UNKNOWN);
	assert_string_equal(ev.desc->name, "paint");
	assert_string_equal(ev.desc->params[0].name, "colour");
	assert_int_equal(ev.desc->params[1].fmt, PF_HEX);
	assert_memory_equal(ev.v[0].p, "red", 3);
	assert_int_equal(ev.v[1].u, 300);
	assert_int_equal(source_next(s, &ev), 0);
	assert_int_equal(ev.type, EV_CLOSE);
	assert_int_equal(EV(&ev, CLOSE, fd)->i, 200);
	assert_int_equal(EV(&ev, CLOSE, res)->state, VALUE_ABSENT);
	assert_int_equal(ev.n_params, catalog[EV_CLOSE].n_params + 2);
	assert_string_equal(ev.desc->params[catalog[EV_CLOSE].n_params].name, "extra");
	assert_memory_equal(ev.v[catalog[EV_CLOSE].n_params].p, "more", 4);
	source_close(s);
	unlink(path);
}

static void numbers_take_the_width_of_their_own_type(void **state)
{
	static const struct param_desc close_params[] = {
		{ .name = "res", .type = PT_UINT64 }, { .name = "fd", .type = PT_UINT64 },
	};
	static const struct event_desc other_close = {
		.name = "close", .id = EV_CLOSE, .n_params = 2, .params = close_params,
	};
	static const struct param_desc dup_params[] = { { .name = "flags", .type = PT_UINT64 } };
	static const struct event_desc other_dup3 = {
		.name = "dup3", .id = EV_DUP3, .n_params = 1, .params = dup_params,
	};
	const char *path = test_path("width.skr");
	struct writer *w = test_writer(path, 0);
	struct event ev = { .desc = &other_close, .type = EV_CLOSE, .n_params = 2 };
	struct source *s;

	value_number(&ev.v[0], UINT64_MAX);
	value_number(&ev.v[1], 5);
	assert_int_equal(writer_add(w, &ev), 0);
	ev = (struct event){ .desc = &other_dup3, .type = EV_DUP3, .n_params = 1 };
	value_number(&ev.v[0], UINT64_C(0x123456789abcdef0));
	assert_int_equal(writer_add(w, &ev), 0);
	assert_int_equal(writer_close(w), 0);
	s = test_source(path);
	assert_int_equal(source_next(s, &ev), 0);
	assert_int_equal(EV(&ev, CLOSE, res)->i, -1);
	assert_int_equal(source_next(s, &ev), 0);
	assert_int_equal(EV(&ev, DUP3, flags)->u,
			 type_width(catalog[EV_DUP3].params[P(DUP3, flags)].type) == 4
			 ? 0x9abcdef0 : UINT64_C(0x123456789abcdef0));
	source_close(s);
	unlink(path);
}

static void events_that_are_too_large_are_refused(void **state)
{
	const char *path = test_path("large.skr");
	struct writer *w = test_writer(path, 0);
	static char bytes[EVENT_BYTES_MAX + 1];
	struct source *s;
	struct event ev;

	event_init(&ev, EV_WRITE);
	value_bytes(&ev.v[P(WRITE, data)], bytes, EVENT_BYTES_MAX);
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(writer_add(w, &ev), 0);
	value_bytes(&ev.v[P(WRITE, data)], bytes, EVENT_BYTES_MAX + 1);
	assert_true(writer_add(w, &ev) < 0);
	assert_error_has("too large");
	assert_int_equal(writer_close(w), 0);
	s = test_source(path);
	for (unsigned i = 0; i < 20; i++) {
		assert_int_equal(source_next(s, &ev), 0);
		assert_int_equal(EV(&ev, WRITE, data)->len, EVENT_BYTES_MAX);
	}
	assert_int_equal(source_next(s, &ev), 1);
	source_close(s);
	unlink(path);
}

static void an_index_tells_of_no_more_blocks_than_fit(void **state)
{
	struct index x = {0}, y;
	struct buf b = {0};

	for (unsigned i = 0; i < 100; i++)
		index_add(&x, &(struct block){ .seq = i, .kind = BLOCK_EVENTS }, 64 + i * 168);
	assert_true(index_encode(&x, &b));
	assert_int_equal(index_decode(&y, b.p, b.len, 64 + 100 * 168), 0);
	assert_true(index_equal(&x, &y));
	index_release(&y);
	assert_true(index_decode(&y, b.p, b.len, 99 * 168) < 0);
	assert_error_has("more blocks than fit");
	for (size_t n = 0; n < b.len; n++)
		assert_true(index_decode(&y, b.p, n, 1 << 20) < 0);
	index_release(&x);
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_checked),
		cmocka_unit_test(numbers_of_every_kind_come_back),
		cmocka_unit_test(layouts_are_checked),
		cmocka_unit_test(dictionaries_are_checked),
		cmocka_unit_test(an_index_tells_of_no_more_blocks_than_fit),
		cmocka_unit_test(events_of_another_catalogue_come_by_name),
		cmocka_unit_test(numbers_take_the_width_of_their_own_type),
		cmocka_unit_test(events_that_are_too_large_are_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
