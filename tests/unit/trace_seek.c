/* SPDX-License-Identifier: Apache-2.0 */
/* Seeking, parts, and what is wanted: whatever the way, an event is the same. */
#include "tests/unit/test.h"
#include "tests/unit/trace.h"

#include "capture/trace/block.h"
#include "capture/trace/format.h"

enum { N = 12000, KEY_EVERY = 2500 };

static struct event *events;
static struct arena mem;
static const char *path;

static void put_key(struct writer *w, unsigned mark, bool fresh)
{
	struct event ev;

	assert_int_equal(writer_key_begin(w), 0);
	if (fresh)
		writer_key_fresh(w);
	event_init(&ev, EV_SNAP_MACHINE);
	value_number(&ev.v[P(SNAP_MACHINE, n_cpus)], mark);
	assert_int_equal(writer_add(w, &ev), 0);
	event_init(&ev, EV_SNAP_END);
	assert_int_equal(writer_add(w, &ev), 0);
	assert_int_equal(writer_key_end(w), 0);
}

/* Key frames after each KEY_EVERY events, marked with the number of events before. */
static int make(void **state)
{
	struct writer *w;

	path = strdup(test_path("seek.skr"));
	w = test_writer(path, 60000);
	events = xcalloc(N, sizeof(*events));
	for (unsigned i = 0; i < N; i++) {
		random_event(&events[i], i % 5 == 1 ? EV_OPENAT : i % 11 == 2 ? EV_EXECVE
			     : i % 3 ? EV_CLOSE : EV_READ, &mem);
		events[i].num = i + 1;
	}
	for (unsigned i = 0; i < N; i++) {
		if (i % KEY_EVERY == 0)
			put_key(w, i, false);
		assert_int_equal(writer_add(w, &events[i]), 0);
	}
	assert_int_equal(writer_close(w), 0);
	return 0;
}

static int clean(void **state)
{
	unlink(path);
	free((char *)path);
	free(events);
	arena_release(&mem);
	return 0;
}

/* The next event must be number num, behind any snapshot; mark: of that, or -1. */
static void expect_from(struct source *s, uint64_t num, int64_t mark)
{
	struct event ev;
	int64_t seen = -1;

	while (source_next(s, &ev) == 0 && event_is_pseudo(&ev))
		if (ev.type == EV_SNAP_MACHINE)
			seen = EV(&ev, SNAP_MACHINE, n_cpus)->i;
	assert_int_equal(ev.num, num);
	assert_same_event(&events[num - 1], &ev);
	assert_int_equal(seen, mark);
}

static void seeking_goes_to_the_last_key_frame_before(void **state)
{
	struct source *s = test_source(path);

	for (unsigned i = 0; i < 200; i++) {
		const uint64_t num = 1 + random_u64() % N;
		const uint64_t ts = events[num - 1].ts;
		uint64_t key = 0;

		/* All events of that time must come: those before the key are earlier. */
		while (key + KEY_EVERY < N && events[key + KEY_EVERY - 1].ts < ts)
			key += KEY_EVERY;
		assert_int_equal(source_seek_ts(s, ts), 0);
		expect_from(s, key + 1, (int64_t)key);
	}
	assert_int_equal(source_seek_ts(s, 0), 0);
	expect_from(s, 1, 0);
	assert_int_equal(source_seek_ts(s, UINT64_MAX), 0);
	expect_from(s, N - (N % KEY_EVERY ? N % KEY_EVERY : KEY_EVERY) + 1,
		    N - (N % KEY_EVERY ? N % KEY_EVERY : KEY_EVERY));
	source_close(s);
}

static void parts_together_are_the_whole(void **state)
{
	struct source *s = test_source(path);
	const unsigned n = source_n_keys(s);
	struct event ev;
	uint64_t num = 0;

	assert_int_equal(n, (N + KEY_EVERY - 1) / KEY_EVERY);
	for (unsigned k = 0; k < n; k++) {
		s->stop_key = k + 1;
		assert_int_equal(source_seek_key(s, k), 0);
		while (source_next(s, &ev) == 0) {
			if (event_is_pseudo(&ev))
				continue;
			assert_int_equal(ev.num, ++num);
			assert_same_event(&events[num - 1], &ev);
		}
		assert_int_equal(source_next(s, &ev), 1);
		assert_int_equal(num, (k + 1) * KEY_EVERY < N ? (k + 1) * KEY_EVERY : N);
	}
	assert_true(source_seek_key(s, n) < 0);
	source_close(s);
}

static void what_is_not_wanted_does_not_change_the_rest(void **state)
{
	struct event_set want = {0};
	struct source *s = test_source(path);
	struct event ev;
	uint64_t n = 0;

	event_set_add(&want, EV_EXECVE);
	event_set_add(&want, EV_READ);
	source_want(s, &want, false);
	while (source_next(s, &ev) == 0) {
		if (event_is_pseudo(&ev))
			continue;
		assert_true(ev.type == EV_EXECVE || ev.type == EV_READ);
		assert_int_equal(ev.ts, events[ev.num - 1].ts);
		for (unsigned i = 0; i < ev.n_params; i++) {
			if (param_is_bulk(&ev.desc->params[i]))
				assert_int_equal(ev.v[i].state, VALUE_ABSENT);
			else
				assert_same_value(&ev, i, &events[ev.num - 1].v[i], &ev.v[i]);
		}
		n++;
	}
	assert_int_equal(n + s->n_skipped, N);
	source_close(s);
}

static void only_a_key_frame_that_is_fresh_comes_in_the_middle(void **state)
{
	const char *other = test_path("fresh.skr");
	struct writer *w = test_writer(other, 0);
	struct source *s;
	struct event ev;
	unsigned n = 0, marks[4] = {0};

	for (unsigned i = 0; i < 30; i++) {
		if (i % 10 == 0)
			put_key(w, i + 1, i == 20);
		assert_int_equal(writer_add(w, &events[i]), 0);
	}
	assert_int_equal(writer_close(w), 0);
	s = test_source(other);
	while (source_next(s, &ev) == 0)
		if (ev.type == EV_SNAP_MACHINE && n < 4)
			marks[n++] = (unsigned)EV(&ev, SNAP_MACHINE, n_cpus)->u;
	assert_int_equal(n, 2);
	assert_int_equal(marks[0], 1);
	assert_int_equal(marks[1], 21);
	source_close(s);
	unlink(other);
}

static void a_pipe_gives_the_same(void **state)
{
	struct event ev;
	struct source *s;
	char command[512];
	uint64_t num = 0;
	FILE *p;

	snprintf(command, sizeof(command), "cat %s", path);
	p = popen(command, "r");
	assert_non_null(p);
	assert_true(dup2(fileno(p), STDIN_FILENO) >= 0);
	s = test_source("-");
	while (source_next(s, &ev) == 0)
		if (!event_is_pseudo(&ev)) {
			assert_int_equal(ev.num, ++num);
			assert_same_event(&events[num - 1], &ev);
		}
	assert_int_equal(num, N);
	assert_int_equal(s->damage.n_places, 0);
	assert_int_equal(source_n_keys(s), 1);
	source_close(s);
	pclose(p);
}

static void the_background_thread_writes_the_same(void **state)
{
	const char *other = test_path("background.skr");
	const struct source_info info = { .hostname = "h" };
	const struct writer_options opt = { .background = true, .block_size = 60000 };
	struct writer *w = writer_open(other, true, &info, &opt);
	struct source *s;
	struct event ev;
	uint64_t num = 0;

	assert_non_null(w);
	for (unsigned i = 0; i < N; i++)
		assert_int_equal(writer_add(w, &events[i]), 0);
	assert_int_equal(writer_flush(w), 0);
	assert_true(writer_stats(w)->n_blocks > 5);
	assert_int_equal(writer_close(w), 0);
	s = test_source(other);
	while (source_next(s, &ev) == 0) {
		assert_int_equal(ev.num, ++num);
		assert_same_event(&events[num - 1], &ev);
	}
	assert_int_equal(num, N);
	source_close(s);
	unlink(other);
}

static void a_full_disk_is_told(void **state)
{
	const struct source_info info = {0};
	struct writer *w;
	int r;

	if (access("/dev/full", W_OK))
		skip();
	for (unsigned background = 0; background < 2; background++) {
		const struct writer_options opt = { .background = background, .block_size = 60000 };

		r = 0;
		w = writer_open("/dev/full", true, &info, &opt);
		assert_non_null(w);
		for (unsigned i = 0; i < N && !r; i++)
			r = writer_add(w, &events[i]);
		assert_true(r < 0);
		assert_error_has("No space left");
		assert_true(writer_close(w) < 0);
	}
}

static void memory_is_a_source(void **state)
{
	struct source *s = memory_open(events, 100);
	struct event_set want = {0};
	struct event ev;

	for (unsigned i = 0; i < 100; i++) {
		assert_int_equal(source_next(s, &ev), 0);
		assert_int_equal(ev.num, i + 1);
	}
	assert_int_equal(source_next(s, &ev), 1);
	event_set_add(&want, EV_OPENAT);
	source_want(s, &want, true);
	assert_int_equal(source_seek_ts(s, 0), 0);
	assert_int_equal(source_next(s, &ev), 0);
	assert_int_equal(ev.num, 2);
	source_close(s);
}

/* A dictionary comes whenever there is a type of event that was not there before. */
static void make_growing_dictionary(const char *to)
{
	static const enum event_id types[] = { EV_CLOSE, EV_READ, EV_OPENAT, EV_EXECVE };
	const struct writer_options opt = { .lean = true, .block_size = 2000 };
	struct writer *w = writer_open(to, true, &(struct source_info){0}, &opt);

	assert_non_null(w);
	for (unsigned i = 0; i < 400; i++) {
		struct event ev;

		if (i % 100 == 0)
			put_key(w, i, false);
		random_event(&ev, types[(i + 50) / 100 % 4], &mem);
		assert_int_equal(writer_add(w, &ev), 0);
	}
	assert_int_equal(writer_close(w), 0);
}

static void going_back_often_finds_all_dictionaries(void **state)
{
	char *const to = strdup(test_path("dictionaries.skr"));
	struct source *s;

	make_growing_dictionary(to);
	s = test_source(to);
	for (unsigned round = 0; round < 200; round++) {
		const unsigned key = round % source_n_keys(s);
		uint64_t n = 100 * key;
		struct event ev;

		assert_int_equal(source_seek_key(s, key), 0);
		while (source_next(s, &ev) == 0)
			n += !event_is_pseudo(&ev);
		assert_int_equal(n, 400);
		assert_int_equal(s->damage.n_places, 0);
	}
	source_close(s);
	unlink(to);
	free(to);
}

/* The dictionary of the third key frame can no longer be read. */
static void damage_dictionary(const char *to)
{
	FILE *f = fopen(to, "r+");
	static uint8_t p[1 << 20];
	const size_t n = fread(p, 1, sizeof(p), f);
	unsigned seen = 0;

	for (size_t off = FILE_HEADER_LEN; off + BLOCK_HEADER_LEN < n; off++) {
		if (memcmp(p + off, BLOCK_MAGIC, 8) || p[off + 8] != BLOCK_DICT || ++seen != 6)
			continue;
		fseek(f, (long)off + BLOCK_HEADER_LEN + 12, SEEK_SET);
		fputc(~p[off + BLOCK_HEADER_LEN + 12], f);
	}
	fclose(f);
	assert_true(seen >= 6);
}

static uint64_t count_from(struct source *s, unsigned key)
{
	struct event ev;
	uint64_t n = 0;

	s->stop_key = key + 1;
	assert_int_equal(source_seek_key(s, key), 0);
	while (source_next(s, &ev) == 0)
		n += !event_is_pseudo(&ev);
	return n;
}

static void a_damaged_dictionary_hides_the_same_whatever_was_read(void **state)
{
	char *const to = strdup(test_path("damaged.skr"));
	uint64_t n[4];
	struct source *s;

	make_growing_dictionary(to);
	damage_dictionary(to);
	for (unsigned i = 0; i < 4; i++) {
		s = test_source(to);
		n[i] = count_from(s, i);
		source_close(s);
	}
	assert_true(n[0] + n[1] + n[2] + n[3] < 400);
	s = test_source(to);
	for (unsigned i = 0; i < 40; i++)
		assert_int_equal(count_from(s, i * 3 % 4), n[i * 3 % 4]);
	source_close(s);
	unlink(to);
	free(to);
}

/* Nothing says where it comes from; nobody has to ask whether something does. */
static void without_a_dictionary_texts_are_empty(void **state)
{
	char *const to = strdup(test_path("nothing.skr"));
	struct writer *w = test_writer(to, 60000);
	static const uint8_t zeros[1 << 16];
	struct source *s;
	FILE *f;

	put_key(w, 0, false);
	assert_int_equal(writer_add(w, &events[0]), 0);
	assert_int_equal(writer_close(w), 0);
	f = fopen(to, "r+");	/* there is one before its end as well */
	fseek(f, FILE_HEADER_LEN, SEEK_SET);
	fwrite(zeros, 1, sizeof(zeros), f);
	fclose(f);
	s = test_source(to);
	assert_string_equal(s->info.hostname, "");
	assert_string_equal(s->info.kernel, "");
	assert_string_equal(s->info.arch_name, "");
	assert_string_equal(s->info.writer, "");
	source_close(s);
	unlink(to);
	free(to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seeking_goes_to_the_last_key_frame_before),
		cmocka_unit_test(parts_together_are_the_whole),
		cmocka_unit_test(what_is_not_wanted_does_not_change_the_rest),
		cmocka_unit_test(only_a_key_frame_that_is_fresh_comes_in_the_middle),
		cmocka_unit_test(going_back_often_finds_all_dictionaries),
		cmocka_unit_test(a_damaged_dictionary_hides_the_same_whatever_was_read),
		cmocka_unit_test(without_a_dictionary_texts_are_empty),
		cmocka_unit_test(a_pipe_gives_the_same),
		cmocka_unit_test(the_background_thread_writes_the_same),
		cmocka_unit_test(a_full_disk_is_told),
		cmocka_unit_test(memory_is_a_source),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make, clean);
}
