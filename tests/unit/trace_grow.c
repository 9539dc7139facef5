/* SPDX-License-Identifier: Apache-2.0 */
/* A recording that is read while it is written: whatever pieces it comes in, the events are those
 * of the whole, each at once when its block is there. */
#include "tests/unit/test.h"
#include "tests/unit/trace.h"

#include <fcntl.h>

#include "capture/trace/skr.h"

enum { N = 6000, KEY_EVERY = 900, BLOCKS_MAX = 400 };

static char *whole_path, *path;
static uint8_t *bytes;
static size_t size;
static uint64_t ends[BLOCKS_MAX];	/* where blocks end that something can be read behind */
static unsigned n_ends;

static void put_key(struct writer *w, unsigned mark)
{
	struct event ev;

	assert_int_equal(writer_key_begin(w), 0);
	event_init(&ev, EV_SNAP_MACHINE);
	value_number(&ev.v[P(SNAP_MACHINE, n_cpus)], mark);
	assert_int_equal(writer_add(w, &ev), 0);
	event_init(&ev, EV_SNAP_END);
	assert_int_equal(writer_add(w, &ev), 0);
	assert_int_equal(writer_key_end(w), 0);
}

static void put_loss(struct writer *w, uint64_t ts)
{
	struct event ev;

	event_init(&ev, EV_LOSS);
	ev.ts = ts;
	value_number(&ev.v[P(LOSS, count)], 3);
	assert_int_equal(writer_add(w, &ev), 0);
}

static void load(void)
{
	const int fd = open(whole_path, O_RDONLY);

	size = (size_t)lseek(fd, 0, SEEK_END);
	bytes = xmalloc(size);
	assert_int_equal(pread(fd, bytes, size, 0), size);
	close(fd);
}

static int make(void **state)
{
	struct arena mem = {0};
	struct writer *w;
	struct source *s;
	const struct index *x;

	whole_path = strdup(test_path("whole.skr"));
	path = strdup(test_path("grows.skr"));
	w = test_writer(whole_path, 30000);
	for (unsigned i = 0; i < N; i++) {
		struct event ev;

		if (i % KEY_EVERY == 0)
			put_key(w, i);
		random_event(&ev, i % 3 ? EV_CLOSE : i % 2 ? EV_READ : EV_OPENAT, &mem);
		assert_int_equal(writer_add(w, &ev), 0);
		if (i % 777 == 7)
			put_loss(w, ev.ts);
		if (i % 500 == 499)
			assert_int_equal(writer_flush(w), 0);
	}
	assert_int_equal(writer_close(w), 0);
	arena_release(&mem);
	load();
	s = test_source(whole_path);
	x = skr_index(s);
	for (size_t i = 0; i < x->n; i++) {
		const struct index_entry *e = &x->entry[i];

		if (e->kind == BLOCK_EVENTS || (e->kind == BLOCK_STATE && e->flags & BLOCK_LAST))
			ends[n_ends++] = e->off + BLOCK_HEADER_LEN + e->stored;
	}
	source_close(s);
	assert_true(n_ends > 20);
	return 0;
}

static int clean(void **state)
{
	unlink(path);
	unlink(whole_path);
	free(path);
	free(whole_path);
	free(bytes);
	return 0;
}

/* The file has its first n bytes. */
static void have(size_t n)
{
	const int fd = open(path, O_WRONLY | O_CREAT, 0600);

	assert_int_equal(pwrite(fd, bytes, n, 0), n);
	assert_int_equal(ftruncate(fd, (off_t)n), 0);
	close(fd);
}

static struct source *growing(void)
{
	struct source *s = source_open_growing(path);

	if (!s)
		fail_msg("%s", err_text());
	return s;
}

/* Whatever comes from both is the same; how many came until s was at its (present) end. */
static unsigned same_until_end(struct source *s, struct source *of)
{
	struct event a, b;
	unsigned n = 0;
	int rc;

	while ((rc = source_next(s, &a)) == 0) {
		assert_int_equal(source_next(of, &b), 0);
		assert_int_equal(a.num, b.num);
		assert_same_event(&a, &b);
		n++;
	}
	assert_int_equal(rc, 1);
	return n;
}

static void same_at_end(struct source *s, struct source *of)
{
	struct event ev;

	assert_int_equal(same_until_end(s, of), 0);
	assert_int_equal(source_next(of, &ev), 1);
	assert_int_equal(s->info.n_events, of->info.n_events);
	assert_int_equal(s->info.last_ts, of->info.last_ts);
	assert_int_equal(source_n_keys(s), source_n_keys(of));
	assert_int_equal(s->damage.n_places, of->damage.n_places);
	assert_int_equal(s->damage.cut, of->damage.cut);
}

static void each_block_is_there_when_it_is_whole(void **state)
{
	struct source *of = test_source(whole_path), *s;

	have(ends[1]);
	s = growing();
	for (unsigned i = 1; i < n_ends; i++) {
		have(ends[i] - 1);
		assert_int_equal(source_grow(s), 0);
		have(ends[i]);
		assert_int_equal(source_grow(s), i > 1);
		assert_int_equal(s->info.size, ends[i]);
		same_until_end(s, of);
		assert_int_equal(source_grow(s), 0);
	}
	have(size);
	source_grow(s);
	assert_true(source_grow_last(s) >= 0);
	same_at_end(s, of);
	source_close(s);
	source_close(of);
}

static void pieces_of_any_size(void **state)
{
	struct source *of = test_source(whole_path), *s;
	size_t n = ends[1] + 100;

	have(n);
	s = growing();
	while (n < size) {
		n += 1 + random_u64() % 20000;
		n = n < size ? n : size;
		have(n);
		source_grow(s);
		assert_true(s->info.size <= n);
		same_until_end(s, of);
		assert_false(s->damage.cut);
	}
	source_grow_last(s);
	same_at_end(s, of);
	source_close(s);
	source_close(of);
}

static void nothing_behind_the_limit_is_read(void **state)
{
	struct source *s, *of, *again;
	struct event ev;
	uint64_t n = 0, m = 0;

	have(ends[3]);
	s = growing();
	have(ends[9] + 7);
	of = growing();
	have(size);
	assert_int_equal(source_grow_as(s, of, UINT64_MAX, false), 1);
	assert_int_equal(s->info.size, ends[9]);
	assert_int_equal(source_grow(of), 1);
	again = source_again(s);
	assert_non_null(again);
	assert_int_equal(again->info.n_events, s->info.n_events);
	while (source_next(s, &ev) == 0)
		n++;
	while (source_next(again, &ev) == 0)
		m++;
	assert_int_equal(n, m);
	/* A limit before what it has is none. */
	assert_int_equal(source_grow_as(s, of, ends[5], false), 0);
	assert_int_equal(s->info.size, ends[9]);
	assert_int_equal(source_grow_as(s, of, ends[12], false), 1);
	assert_int_equal(s->info.size, ends[12]);
	assert_int_equal(source_grow_as(s, of, UINT64_MAX, true), 1);
	assert_int_equal(s->info.n_events, of->info.n_events);
	for (m = 0; source_next(s, &ev) == 0; m++)
		;
	assert_true(m > 0);
	source_close(s);
	source_close(of);
	source_close(again);
}

/* It may stand in the middle of a block when it grows. */
static void growing_does_not_disturb(void **state)
{
	struct source *of = test_source(whole_path), *s;
	struct event a, b;
	unsigned i = 2;

	have(ends[i]);
	s = growing();
	for (uint64_t n = 0; source_next(of, &b) == 0; n++) {
		if (n % 97 == 0 && i + 1 < n_ends) {
			have(ends[++i]);
			assert_int_equal(source_grow(s), 1);
		}
		while (source_next(s, &a) == 1) {
			assert_true(i + 1 < n_ends);
			have(ends[++i]);
			source_grow(s);
		}
		assert_same_event(&a, &b);
	}
	source_close(s);
	source_close(of);
}

static void keys_that_came_can_be_sought(void **state)
{
	struct source *of = test_source(whole_path), *s;

	have(ends[1]);
	s = growing();
	assert_int_equal(source_n_keys(s), 1);
	have(size);
	source_grow(s);
	for (unsigned k = source_n_keys(s); k-- > 0;) {
		s->stop_key = of->stop_key = k + 1 < source_n_keys(s) ? k + 1 : 0;
		assert_int_equal(source_seek_key(s, k), 0);
		assert_int_equal(source_seek_key(of, k), 0);
		assert_true(same_until_end(s, of) > 100);
		/* Growing does not make it go on behind its part. */
		if (s->stop_key) {
			source_grow(s);
			assert_int_equal(same_until_end(s, of), 0);
		}
	}
	source_close(s);
	source_close(of);
}

static void damage_is_passed(void **state)
{
	struct source *of, *s;
	int fd;

	bytes[ends[4] - 50] ^= 1;
	bytes[ends[11] + 3] ^= 1;	/* a header */
	fd = open(whole_path, O_WRONLY);
	assert_int_equal(pwrite(fd, bytes, size, 0), size);
	close(fd);
	of = test_source(whole_path);
	have(ends[1]);
	s = growing();
	for (unsigned i = 2; i < n_ends; i++) {
		have(ends[i] - 33);
		source_grow(s);
		have(ends[i]);
		source_grow(s);
		same_until_end(s, of);
	}
	assert_int_equal(s->damage.n_places, of->damage.n_places);
	have(size);
	source_grow_last(s);
	same_until_end(s, of);
	assert_int_equal(s->damage.n_places, of->damage.n_places);
	assert_true(s->damage.n_places >= 2);
	source_close(s);
	source_close(of);
	bytes[ends[4] - 50] ^= 1;
	bytes[ends[11] + 3] ^= 1;
}

/* Whoever wrote it was killed: what there is of the last block is told then, and only then. */
static void a_cut_end_is_told_at_the_end(void **state)
{
	struct source *of, *s;

	have(ends[6] + 77);
	of = test_source(path);
	s = growing();
	same_until_end(s, of);
	assert_false(s->damage.cut);
	assert_int_equal(source_grow_last(s), 1);
	same_until_end(s, of);
	assert_true(s->damage.cut);
	assert_int_equal(source_grow(s), 0);
	source_close(s);
	source_close(of);
}

static void no_event_yet(void **state)
{
	have(100);
	assert_null(source_open_growing(path));
	have(ends[0]);
	assert_null(source_open_growing(path));
	assert_non_null(strstr(err_text(), "no event"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_block_is_there_when_it_is_whole),
		cmocka_unit_test(pieces_of_any_size),
		cmocka_unit_test(nothing_behind_the_limit_is_read),
		cmocka_unit_test(growing_does_not_disturb),
		cmocka_unit_test(keys_that_came_can_be_sought),
		cmocka_unit_test(a_cut_end_is_told_at_the_end),
		cmocka_unit_test(no_event_yet),
		cmocka_unit_test(damage_is_passed),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make, clean);
}
