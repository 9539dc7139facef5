/* SPDX-License-Identifier: Apache-2.0 */
/* Recordings that were cut, changed or taken apart: what is good is delivered, what is
 * not is told. */
#include <sys/mman.h>

#include "tests/unit/test.h"
#include "tests/unit/trace.h"

#include "capture/base/buf.h"
#include "capture/trace/block.h"
#include "capture/trace/skr.h"

enum { N = 3000, N_BLOCKS_MAX = 400 };

/* A recording in memory, and where its blocks stand. */
struct recording {
	struct buf bytes;
	size_t off[N_BLOCKS_MAX], len[N_BLOCKS_MAX];
	struct block block[N_BLOCKS_MAX];
	size_t n;
};

static struct recording good;

/* A key frame as the state would write it; mark tells which. */
static void put_key(struct writer *w, unsigned mark)
{
	struct event ev;

	assert_int_equal(writer_key_begin(w), 0);
	event_init(&ev, EV_SNAP_MACHINE);
	value_number(&ev.v[P(SNAP_MACHINE, n_cpus)], mark);
	assert_int_equal(writer_add(w, &ev), 0);
	event_init(&ev, EV_SNAP_END);
	value_number(&ev.v[P(SNAP_END, n)], 1);
	assert_int_equal(writer_add(w, &ev), 0);
	assert_int_equal(writer_key_end(w), 0);
}

static void find_blocks(struct recording *r)
{
	size_t off = FILE_HEADER_LEN;

	r->n = 0;
	while (off + FOOTER_LEN < r->bytes.len) {
		assert_true(r->n < N_BLOCKS_MAX);
		assert_true(block_get(&r->block[r->n], r->bytes.p + off, r->bytes.len - off));
		r->off[r->n] = off;
		r->len[r->n] = BLOCK_HEADER_LEN + r->block[r->n].stored;
		off += r->len[r->n++];
	}
}

/* N events in small blocks, with a key frame at the start and after each thousand. */
static int make_good(void **state)
{
	const char *path = test_path("good.skr");
	struct writer *w = test_writer(path, 12000);
	struct arena mem = {0};
	struct event ev;
	FILE *f;

	put_key(w, 0);
	for (unsigned i = 0; i < N; i++) {
		if (i && i % 1000 == 0)
			put_key(w, i);
		random_event(&ev, i % 7 == 0 ? EV_READ : i % 50 == 9 ? EV_LOSS
			     : i % 3 ? EV_CLOSE : EV_OPENAT, &mem);
		assert_int_equal(writer_add(w, &ev), 0);
		arena_reset(&mem);
	}
	assert_int_equal(writer_close(w), 0);
	arena_release(&mem);
	f = fopen(path, "rb");
	assert_non_null(f);
	good.bytes.len = fread(buf_room(&good.bytes, 1 << 20), 1, 1 << 20, f);
	fclose(f);
	unlink(path);
	find_blocks(&good);
	return 0;
}

static int free_good(void **state)
{
	buf_release(&good.bytes);
	return 0;
}

/* What a reading gave. */
struct result {
	bool opened;
	uint64_t n_events, n_states, n_record_losses, record_count, sum;
	uint64_t last_num;
	struct source_damage damage;
	struct verify_report verify;
	int verified;
};

static uint64_t add_hash(uint64_t h, uint64_t v)
{
	return (h ^ v) * 0x9e3779b97f4a7c15 + (h >> 29);
}

static uint64_t hash_event(uint64_t h, const struct event *ev)
{
	h = add_hash(add_hash(add_hash(h, ev->ts), ev->num), ev->type);
	h = add_hash(h, ev->latency);
	for (unsigned i = 0; i < ev->n_params; i++) {
		h = add_hash(h, ev->v[i].state);
		if (ev->v[i].state == VALUE_SET && type_is_number(ev->desc->params[i].type))
			h = add_hash(h, ev->v[i].u);
		for (uint32_t j = 0; ev->v[i].state == VALUE_SET && j < ev->v[i].len; j++)
			h = add_hash(h, ev->v[i].p[j]);
	}
	return h;
}

static void count_event(struct result *r, const struct event *ev)
{
	if (ev->num) {
		assert_true(ev->num > r->last_num);
		r->last_num = ev->num;
		r->n_events++;
	}
	r->n_states += ev->type == EV_SNAP_MACHINE;
	if (ev->type == EV_LOSS && value_u64(EV(ev, LOSS, class), 0) == 6 && !ev->tid) {
		r->n_record_losses++;
		r->record_count += value_u64(EV(ev, LOSS, count), 0);
	}
	r->sum = hash_event(r->sum, ev);
}

static struct result read_all(const void *p, size_t n)
{
	static struct event ev;
	struct result r = {0};
	const int fd = memfd_create("recording", 0);
	struct source *s;
	struct input in;
	char path[64];

	assert_true(fd >= 0);
	assert_int_equal(write(fd, p, n), n);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	s = source_open(path);
	r.opened = s != NULL;
	while (s && source_next(s, &ev) == 0)
		count_event(&r, &ev);
	if (s)
		r.damage = s->damage;
	source_close(s);
	assert_int_equal(input_open(&in, path), 0);
	r.verified = skr_verify(&in, &r.verify, NULL, NULL);
	input_close(&in);
	close(fd);
	return r;
}

static struct result read_good(void)
{
	return read_all(good.bytes.p, good.bytes.len);
}

static uint64_t n_events_before(size_t end)
{
	uint64_t n = 0;

	for (size_t i = 0; i < good.n && good.off[i] + good.len[i] <= end; i++)
		n += good.block[i].n_events;
	return n;
}

static void a_good_one_is_good(void **state)
{
	const struct result r = read_good();

	assert_true(r.opened);
	assert_int_equal(r.verified, 0);
	if (r.damage.n_places || r.verify.damage.n_places)
		fail_msg("%s / %s", r.damage.first, r.verify.damage.first);
	assert_int_equal(r.n_states, 1);
	assert_int_equal(r.n_events, n_events_before(SIZE_MAX));
	assert_int_equal(r.verify.n_events, r.n_events);
	assert_int_equal(r.verify.n_blocks, good.n);
	assert_true(good.n > 30);
}

static void cut_at(size_t end)
{
	const struct result r = read_all(good.bytes.p, end);

	if (end < FILE_HEADER_LEN) {
		assert_false(r.opened);
		return;
	}
	if (r.n_events != n_events_before(end) || !r.damage.cut || !r.verify.damage.cut)
		fail_msg("cut at %zu: %llu events instead of %llu: %s", end,
			 (unsigned long long)r.n_events, (unsigned long long)n_events_before(end),
			 r.damage.first);
}

static void whatever_stands_before_a_cut_is_delivered(void **state)
{
	for (size_t i = 0; i < good.n; i++) {
		cut_at(good.off[i]);
		cut_at(good.off[i] + 1);
		cut_at(good.off[i] + BLOCK_HEADER_LEN);
		cut_at(good.off[i] + good.len[i] - 1);
	}
	for (size_t end = 1; end < good.bytes.len; end += 1 + good.bytes.len / 100)
		cut_at(end);
	cut_at(good.bytes.len - 1);
}

/* Which block has the byte at off; good.n: none. */
static size_t block_at(size_t off)
{
	size_t i = 0;

	while (i < good.n && (off < good.off[i] || off >= good.off[i] + good.len[i]))
		i++;
	return i;
}

static void change_at(size_t off, uint8_t how)
{
	static uint64_t sum;
	const size_t i = block_at(off);
	struct buf b = {0};
	struct result r;

	if (!sum)
		sum = read_good().sum;
	buf_put(&b, good.bytes.p, good.bytes.len);
	b.p[off] ^= how;
	r = read_all(b.p, b.len);
	if (off < 8) {
		assert_false(r.opened);
	} else {
		if (!r.damage.n_places && r.sum != sum)
			fail_msg("byte %zu changed unnoticed", off);
		if (!r.verify.damage.n_places)
			fail_msg("byte %zu changed, verify holds", off);
		if (i < good.n && r.n_events + good.block[i].n_events < n_events_before(SIZE_MAX))
			fail_msg("byte %zu changed: more than its block is lost", off);
		if (i < good.n && r.n_events + r.record_count != n_events_before(SIZE_MAX))
			fail_msg("byte %zu changed: it is not told how many events are lost", off);
	}
	buf_release(&b);
}

static void a_changed_byte_costs_one_block_and_is_told(void **state)
{
	for (size_t off = 0; off < good.bytes.len; off += 1 + random_below(good.bytes.len / 200))
		change_at(off, (uint8_t)(1 + random_below(255)));
	for (size_t off = 0; off < FILE_HEADER_LEN; off++)
		change_at(off, 0x10);
	for (size_t off = 0; off < BLOCK_HEADER_LEN + 20; off += 3)
		change_at(good.off[good.n / 2] + off, 0x01);
	for (size_t i = 0; i < good.n; i++)
		change_at(good.off[i] + BLOCK_HEADER_LEN, 0x01);
}

/* The recording without bytes from .. to, or with n bytes at. */
static void remove_range(struct buf *b, size_t from, size_t to)
{
	buf_reset(b);
	buf_put(b, good.bytes.p, from);
	buf_put(b, good.bytes.p + to, good.bytes.len - to);
}

static size_t an_events_block(void)
{
	size_t i = good.n / 2;

	while (good.block[i].kind != BLOCK_EVENTS)
		i++;
	return i;
}

static void a_missing_block_is_told_and_the_state_heals(void **state)
{
	const size_t i = an_events_block();
	struct buf b = {0};
	struct result r;

	remove_range(&b, good.off[i], good.off[i] + good.len[i]);
	r = read_all(b.p, b.len);
	assert_int_equal(r.n_events + good.block[i].n_events, n_events_before(SIZE_MAX));
	assert_int_equal(r.n_record_losses, 1);
	assert_int_equal(r.record_count, good.block[i].n_events);
	assert_int_equal(r.n_states, 2);
	assert_int_equal(r.damage.lost_blocks, 1);
	assert_int_equal(r.verify.lost_events, good.block[i].n_events);
	buf_release(&b);
}

static void missing_bytes_within_a_block_cost_that_block(void **state)
{
	const size_t i = an_events_block();
	struct buf b = {0};
	struct result r;

	for (size_t n = 1; n < 200; n += 33) {
		remove_range(&b, good.off[i] + BLOCK_HEADER_LEN + 7,
			     good.off[i] + BLOCK_HEADER_LEN + 7 + n);
		r = read_all(b.p, b.len);
		assert_int_equal(r.n_events + good.block[i].n_events, n_events_before(SIZE_MAX));
		assert_true(r.damage.n_places >= 1);
	}
	buf_release(&b);
}

static void a_block_twice_is_delivered_once(void **state)
{
	const size_t i = an_events_block();
	struct buf b = {0};
	struct result r;

	buf_put(&b, good.bytes.p, good.off[i] + good.len[i]);
	buf_put(&b, good.bytes.p + good.off[i], good.bytes.len - good.off[i]);
	r = read_all(b.p, b.len);
	assert_int_equal(r.n_events, n_events_before(SIZE_MAX));
	assert_true(r.damage.n_places >= 1);
	assert_true(r.verify.damage.n_places >= 1);
	buf_release(&b);
}

static void it_reads_without_index_and_footer(void **state)
{
	const struct result whole = read_good();
	const size_t last = good.n - 1;
	struct buf b = {0};
	struct result r;

	assert_int_equal(good.block[last].kind, BLOCK_INDEX);
	r = read_all(good.bytes.p, good.off[last]);
	assert_true(r.sum == whole.sum);
	assert_true(r.damage.cut);
	remove_range(&b, good.off[last], good.off[last] + good.len[last]);
	r = read_all(b.p, b.len);
	assert_true(r.sum == whole.sum);
	assert_false(r.damage.cut);
	buf_release(&b);
}

static void it_reads_without_its_first_dictionary(void **state)
{
	struct buf b = {0};
	struct result r;

	assert_int_equal(good.block[0].kind, BLOCK_DICT);
	remove_range(&b, good.off[0], good.off[0] + good.len[0]);
	r = read_all(b.p, b.len);
	assert_int_equal(r.n_events, n_events_before(SIZE_MAX));
	assert_true(r.damage.n_places);
	buf_release(&b);
}

static void rubbish_between_blocks_is_passed_over(void **state)
{
	const size_t i = an_events_block();
	struct buf b = {0};
	struct result r;

	buf_put(&b, good.bytes.p, good.off[i]);
	for (unsigned n = 0; n < 100000; n++)
		buf_byte(&b, (uint8_t)random_u64());
	buf_put(&b, BLOCK_MAGIC, 8);
	buf_put(&b, good.bytes.p + good.off[i], good.bytes.len - good.off[i]);
	r = read_all(b.p, b.len);
	assert_int_equal(r.n_events, n_events_before(SIZE_MAX));
	assert_int_equal(r.damage.lost_bytes, 100008);
	buf_release(&b);
}

static void newer_formats_are_refused(void **state)
{
	static const struct { struct file_header h; const char *message; } cases[] = {
		{ { .version = 2 }, "format version 2 is newer" },
		{ { .version = 1, .refuse = 4 }, "feature (bits 0x04)" },
	};
	struct buf b = {0};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_reset(&b);
		file_header_put(&b, &cases[i].h);
		buf_put(&b, good.bytes.p + FILE_HEADER_LEN, good.bytes.len - FILE_HEADER_LEN);
		assert_false(read_all(b.p, b.len).opened);
		assert_error_has(cases[i].message);
	}
	buf_reset(&b);
	file_header_put(&b, &(struct file_header){ .version = 1, .ignore = 0xff });
	buf_put(&b, good.bytes.p + FILE_HEADER_LEN, good.bytes.len - FILE_HEADER_LEN);
	assert_true(read_all(b.p, b.len).opened);
	buf_release(&b);
}

static void what_is_no_recording_is_refused(void **state)
{
	assert_null(source_open("/tmp"));
	assert_error_has("is a directory");
	assert_null(source_open("/nonexistent/x.skr"));
	assert_error_has("cannot open");
	assert_null(source_open("/dev/null"));
	assert_error_has("empty");
	assert_null(source_open("/proc/self/exe"));
	assert_error_has("neither a .skr nor a .scap");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_one_is_good),
		cmocka_unit_test(whatever_stands_before_a_cut_is_delivered),
		cmocka_unit_test(a_changed_byte_costs_one_block_and_is_told),
		cmocka_unit_test(a_missing_block_is_told_and_the_state_heals),
		cmocka_unit_test(missing_bytes_within_a_block_cost_that_block),
		cmocka_unit_test(a_block_twice_is_delivered_once),
		cmocka_unit_test(it_reads_without_index_and_footer),
		cmocka_unit_test(it_reads_without_its_first_dictionary),
		cmocka_unit_test(rubbish_between_blocks_is_passed_over),
		cmocka_unit_test(newer_formats_are_refused),
		cmocka_unit_test(what_is_no_recording_is_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_good, free_good);
}
