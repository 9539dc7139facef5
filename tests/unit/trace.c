/* SPDX-License-Identifier: Apache-2.0 */
/* Round trips: what the writer takes the reader gives back. */
#include "tests/unit/test.h"
#include "tests/unit/trace.h"

enum { N_MANY = 30000 };

/* Any type but notes and alerts: their order against losses at one place is not kept. */
static unsigned random_type(void)
{
	unsigned t;

	do
		t = 1 + (unsigned)random_below(EV__N - 1);
	while (t == EV_NOTE || t == EV_ALERT);
	return t;
}

static void write_all(const char *path, const struct event *ev, size_t n, uint32_t block_size)
{
	struct writer *w = test_writer(path, block_size);

	for (size_t i = 0; i < n; i++)
		assert_int_equal(writer_add(w, &ev[i]), 0);
	if (writer_close(w) < 0)
		fail_msg("%s", err_text());
}

static void compare_all(const char *path, const struct event *ev, size_t n)
{
	struct source *s = test_source(path);
	struct event got;
	uint64_t num = 0;

	for (size_t i = 0; i < n; i++) {
		if (source_next(s, &got) != 0)
			fail_msg("ends at %zu of %zu: %s", i, n, s->damage.first);
		assert_same_event(&ev[i], &got);
		if (event_is_pseudo(&got))
			assert_int_equal(got.num, 0);
		else
			assert_int_equal(got.num, ++num);
	}
	assert_int_equal(source_next(s, &got), 1);
	assert_int_equal(source_next(s, &got), 1);
	assert_int_equal(s->damage.n_places, 0);
	source_close(s);
}

static void every_type_comes_back(void **state)
{
	const char *path = test_path("every.skr");
	struct event *ev = xcalloc(4 * EV__N, sizeof(*ev));
	struct arena mem = {0};
	size_t n = 0;

	random_event(&ev[n++], EV_CLOSE, &mem);
	for (unsigned round = 0; round < 3; round++)
		for (unsigned t = 1; t < EV__N; t++)
			random_event(&ev[n++], t, &mem);
	write_all(path, ev, n, 0);
	compare_all(path, ev, n);
	if (!getenv("KEEP")) unlink(path);
	arena_release(&mem);
	free(ev);
}

static void many_blocks_come_back(void **state)
{
	const char *path = test_path("many.skr");
	struct event *ev = xcalloc(N_MANY, sizeof(*ev));
	struct arena mem = {0};

	random_event(&ev[0], EV_CLOSE, &mem);
	for (size_t i = 1; i < N_MANY; i++)
		random_event(&ev[i], random_below(4) ? EV_READ + random_below(4) : random_type(),
			     &mem);
	write_all(path, ev, N_MANY, 100000);
	compare_all(path, ev, N_MANY);
	if (!getenv("KEEP")) unlink(path);
	arena_release(&mem);
	free(ev);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_comes_back),
		cmocka_unit_test(many_blocks_come_back),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
