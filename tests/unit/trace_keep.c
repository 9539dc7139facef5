/* SPDX-License-Identifier: Apache-2.0 */
/* A recording of which only the newest is kept. */
#include "tests/unit/test.h"
#include "tests/unit/holes.h"
#include "tests/unit/trace.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "capture/trace/skr.h"

enum { N = 60000, KEY_EVERY = 2000, KEEP = 300000, SLACK = 200000 };

static char *whole_path, *path;

static void put_key(struct writer *w)
{
	struct event ev;

	assert_int_equal(writer_key_begin(w), 0);
	event_init(&ev, EV_SNAP_MACHINE);
	assert_int_equal(writer_add(w, &ev), 0);
	event_init(&ev, EV_SNAP_END);
	assert_int_equal(writer_add(w, &ev), 0);
	assert_int_equal(writer_key_end(w), 0);
}

static struct writer *begin(const char *name, uint64_t keep)
{
	const struct source_info info = {0};
	const struct writer_options opt = { .block_size = 30000, .keep = keep,
					     .background = true };
	struct writer *w = writer_open(name, true, &info, &opt);

	assert_non_null(w);
	random_state = 7;
	return w;
}

/* Adds events up to the n-th. */
static void add(struct writer *w, unsigned *at, unsigned n)
{
	struct arena mem = {0};

	for (; *at < n; ++*at) {
		struct event ev;

		if (*at % KEY_EVERY == 0)
			put_key(w);
		random_event(&ev, *at % 3 ? EV_CLOSE : EV_READ, &mem);
		ev.ts = 1700000000000000000 + *at;
		assert_int_equal(writer_add(w, &ev), 0);
	}
	arena_release(&mem);
}

static void make(const char *name, uint64_t keep, uint64_t *stored, uint64_t *given_up)
{
	struct writer *const w = begin(name, keep);
	unsigned at = 0;

	add(w, &at, N);
	assert_int_equal(writer_flush(w), 0);
	*stored = writer_stats(w)->stored_bytes;
	*given_up = writer_stats(w)->given_up;
	assert_int_equal(writer_close(w), 0);
}

static int setup(void **state)
{
	whole_path = strdup(test_path("whole.skr"));
	path = strdup(test_path("kept.skr"));
	return 0;
}

static int teardown(void **state)
{
	unlink(path);
	unlink(whole_path);
	free(path);
	free(whole_path);
	return 0;
}

static uint64_t on_disk(void)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return (uint64_t)st.st_blocks * 512;
}

static void the_newest_is_kept(void **state)
{
	uint64_t stored, given_up, whole, none;

	make(whole_path, 0, &whole, &none);
	make(path, KEEP, &stored, &given_up);
	assert_int_equal(none, 0);
	assert_int_equal(stored, whole);
	assert_true(stored > 3 * (KEEP + SLACK));
	assert_true(stored - given_up >= KEEP);
	assert_true(stored - given_up < KEEP + SLACK);
	assert_true(on_disk() < KEEP + SLACK + 100000);
}

/* One damaged place, which says what it is; behind it the same events as without. */
static void what_is_kept_is_whole(void **state)
{
	uint64_t stored, given_up, whole, none;
	struct source *s, *of;
	struct event a, b;
	uint64_t n_lost = 0;
	unsigned n = 0;

	make(whole_path, 0, &whole, &none);
	make(path, KEEP, &stored, &given_up);
	s = test_source(path);
	of = test_source(whole_path);
	while (source_next(s, &a) == 0) {
		if (a.type == EV_LOSS) {
			n_lost = value_u64(EV(&a, LOSS, count), 0);
			assert_int_equal(a.ts, 1700000000000000000 + n_lost - 1);
		}
		if (event_is_pseudo(&a))
			continue;
		do
			assert_int_equal(source_next(of, &b), 0);
		while (b.num != a.num);
		assert_same_event(&a, &b);
		n++;
	}
	assert_int_equal(a.num, N);
	assert_true(n > 1000 && n < N);
	assert_int_equal(n + n_lost, N);
	assert_int_equal(s->damage.n_places, 1);
	assert_int_equal(s->damage.lost_bytes, given_up);
	assert_non_null(strstr(s->damage.first, "a hole"));
	source_close(s);
	source_close(of);
}

static int lock(int fd, short type, uint64_t from)
{
	struct flock l = { .l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)from };

	return fcntl(fd, F_OFD_SETLK, &l);
}

static void what_is_read_is_kept(void **state)
{
	struct writer *w;
	uint64_t from;
	unsigned at = 0;
	int fd;

	w = begin(path, KEEP);
	add(w, &at, 10);
	assert_int_equal(writer_flush(w), 0);
	fd = open(path, O_RDONLY);
	assert_int_equal(lock(fd, F_RDLCK, 0), 0);
	add(w, &at, N * 2 / 3);
	assert_int_equal(writer_flush(w), 0);
	assert_int_equal(writer_stats(w)->given_up, 0);
	assert_true(writer_stats(w)->stored_bytes > 2 * KEEP);
	from = KEEP / 2;
	assert_int_equal(lock(fd, F_UNLCK, 0), 0);
	assert_int_equal(lock(fd, F_RDLCK, from), 0);
	add(w, &at, N - 1);
	assert_int_equal(writer_flush(w), 0);
	assert_in_range(writer_stats(w)->given_up, 1, from);
	close(fd);
	add(w, &at, N);
	assert_int_equal(writer_flush(w), 0);
	assert_true(writer_stats(w)->given_up > 2 * KEEP);
	assert_int_equal(writer_close(w), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(the_newest_is_kept),
		T(what_is_kept_is_whole),
		T(what_is_read_is_kept),
#undef T
	};

	if (skip_without_holes(getenv("TMPDIR")))
		return 0;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
