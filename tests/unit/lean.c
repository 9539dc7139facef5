/* SPDX-License-Identifier: Apache-2.0 */
/* Recordings whose dictionary holds only what there is, and files that are put in place whole. */
#include "tests/unit/test.h"

#include <sys/stat.h>

#include "capture/base/output.h"
#include "tests/unit/trace.h"

static char dir[] = "/tmp/saker-lean-XXXXXX";

static const char *in_dir(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static size_t size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (size_t)st.st_size : 0;
}

/* Events of a few types, then of one more in a later block. */
static size_t write_events(const char *path, const struct writer_options *opt, struct event *ev,
			   unsigned n)
{
	const struct source_info info = { .hostname = "h" };
	struct writer *w = writer_open(path, true, &info, opt);

	assert_non_null(w);
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(writer_add(w, &ev[i]), 0);
		if (i == n / 2)
			assert_int_equal(writer_flush(w), 0);
	}
	assert_int_equal(writer_close(w), 0);
	return size_of(path);
}

static void lean_recording_reads_back_the_same(void **state)
{
	static const enum event_id types[] = { EV_OPENAT, EV_CLOSE, EV_EXECVE, EV_CONNECT };
	static struct event ev[200], got;
	const struct writer_stamp stamp = { { 1, 2, 3 }, 42 };
	const struct writer_options plain = {0}, lean = { .lean = true, .stamp = &stamp };
	struct arena mem = {0};
	struct source *s;
	size_t fat, thin;

	for (unsigned i = 0; i < 200; i++)
		random_event(&ev[i], i > 150 ? types[3] : types[i % 3], &mem);
	fat = write_events(in_dir("fat.skr"), &plain, ev, 200);
	thin = write_events(in_dir("lean.skr"), &lean, ev, 200);
	assert_true(thin + 4000 < fat);
	s = source_open(in_dir("lean.skr"));
	assert_non_null(s);
	for (unsigned i = 0; i < 200; i++) {
		assert_int_equal(source_next(s, &got), 0);
		assert_int_equal(got.num, i + 1);
		assert_int_equal(got.type, ev[i].type);
		assert_int_equal(got.ts, ev[i].ts);
		assert_int_equal(got.n_params, ev[i].n_params);
		for (unsigned p = 0; p < got.n_params; p++) {
			assert_int_equal(got.v[p].state, ev[i].v[p].state);
			assert_int_equal(got.v[p].len, ev[i].v[p].len);
		}
	}
	assert_int_equal(source_next(s, &got), 1);
	assert_int_equal(s->damage.n_places, 0);
	source_close(s);
	arena_release(&mem);
}

static void the_same_stamp_gives_the_same_bytes(void **state)
{
	const struct writer_stamp stamp = { { 1, 2, 3 }, 42 };
	const struct writer_options lean = { .lean = true, .stamp = &stamp };
	struct event ev;
	char a[4096], b[4096];
	size_t n[2];

	event_init(&ev, EV_CLOSE);
	ev.ts = 5;
	for (unsigned i = 0; i < 2; i++) {
		FILE *in;

		write_events(in_dir("stamp.skr"), &lean, &ev, 1);
		in = fopen(in_dir("stamp.skr"), "r");
		assert_non_null(in);
		n[i] = fread(i ? b : a, 1, sizeof(a), in);
		fclose(in);
	}
	assert_int_equal(n[0], n[1]);
	assert_memory_equal(a, b, n[0]);
}

/* ---- files in place ---- */

static void check_file(const char *name, const char *text, unsigned mode)
{
	char have[64] = "";
	FILE *in = fopen(in_dir(name), "r");
	struct stat st;

	assert_non_null(in);
	assert_true(fread(have, 1, sizeof(have) - 1, in) < sizeof(have));
	assert_int_equal(fstat(fileno(in), &st), 0);
	fclose(in);
	assert_string_equal(have, text);
	assert_int_equal(st.st_mode & 07777, mode);
}

static void put_keeps_drops_or_replaces(void **state)
{
	assert_int_equal(output_put(in_dir("f"), OUTPUT_KEEP, 0600, "one", 3), 0);
	check_file("f", "one", 0600);
	assert_int_equal(chmod(in_dir("f"), 0640), 0);
	assert_int_equal(output_put(in_dir("f"), OUTPUT_REPLACE, 0600, "two", 3), 0);
	check_file("f", "two", 0640);
	assert_int_equal(access(in_dir("f.old"), F_OK), -1);
	assert_int_equal(output_put(in_dir("f"), OUTPUT_KEEP, 0600, "three", 5), 0);
	check_file("f", "three", 0600);
	check_file("f.old", "two", 0640);
	assert_int_equal(output_put(in_dir("f"), OUTPUT_DROP, 0644, "four", 4), 0);
	check_file("f", "four", 0644);
	check_file("f.old", "two", 0640);
}

static void put_writes_what_a_link_points_to(void **state)
{
	char target[128];
	struct stat st;

	snprintf(target, sizeof(target), "%s", in_dir("target"));
	assert_int_equal(output_put(target, OUTPUT_DROP, 0644, "a", 1), 0);
	assert_int_equal(symlink("target", in_dir("link")), 0);
	assert_int_equal(output_put(in_dir("link"), OUTPUT_REPLACE, 0600, "b", 1), 0);
	check_file("target", "b", 0644);
	assert_int_equal(lstat(in_dir("link"), &st), 0);
	assert_true(S_ISLNK(st.st_mode));
}

static void put_refuses_a_directory(void **state)
{
	assert_true(output_put(dir, OUTPUT_DROP, 0600, "x", 1) < 0);
	assert_error_has("is no regular file");
	assert_true(output_put(in_dir("no/where"), OUTPUT_DROP, 0600, "x", 1) < 0);
}

static int make_dir(void **state)
{
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	char command[160];

	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lean_recording_reads_back_the_same),
		cmocka_unit_test(the_same_stamp_gives_the_same_bytes),
		cmocka_unit_test(put_keeps_drops_or_replaces),
		cmocka_unit_test(put_writes_what_a_link_points_to),
		cmocka_unit_test(put_refuses_a_directory),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
