/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyze/alert/sink.h"

static char dir[] = "/tmp/saker-sink-XXXXXX";

static const char *in_dir(const char *name)
{
	static char path[4][64];
	static unsigned turn;
	char *p = path[turn++ % 4];

	snprintf(p, 64, "%s/%s", dir, name);
	return p;
}

static const char *content(const char *path)
{
	static char text[4096];
	FILE *f = fopen(path, "r");
	size_t n = 0;

	if (f) {
		n = fread(text, 1, sizeof(text) - 1, f);
		fclose(f);
	}
	text[n] = '\0';
	return text;
}

static char *spec(const char *kind, const char *arg)
{
	static char text[4][128];
	static unsigned turn;
	char *p = text[turn++ % 4];

	snprintf(p, 128, "%s:%s", kind, arg);
	return p;
}

static void line(struct sink_set *set, const char *text)
{
	sinks_line(set, 4, text, strlen(text));
}

static void a_file_is_appended_to_and_private(void **unused)
{
	const char *path = in_dir("alerts");
	struct stat st;

	for (int i = 0; i < 2; i++) {
		struct sink_set set = {0};

		assert_int_equal(sinks_add(&set, spec("file", path)), 0);
		line(&set, i ? "two" : "one");
		assert_int_equal(sinks_close(&set), 0);
	}
	assert_string_equal(content(path), "one\ntwo\n");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 077, 0);
}

static void a_file_is_opened_again_after_a_rotation(void **unused)
{
	const char *path = in_dir("log"), *old = in_dir("log.1");
	struct sink_set set = {0};

	assert_int_equal(sinks_add(&set, spec("file", path)), 0);
	line(&set, "before");
	assert_int_equal(rename(path, old), 0);
	sinks_reopen(&set);
	line(&set, "after");
	assert_int_equal(sinks_close(&set), 0);
	assert_string_equal(content(old), "before\n");
	assert_string_equal(content(path), "after\n");
}

static void a_program_gets_all_lines_before_close_returns(void **unused)
{
	const char *path = in_dir("program");
	char command[128];
	struct sink_set set = {0};

	snprintf(command, sizeof(command), "program:while read x; do echo \"<$x>\"; done > %s",
		 path);
	assert_int_equal(sinks_add(&set, command), 0);
	assert_true(sinks_have_child(&set));
	line(&set, "a b");
	line(&set, "c");
	assert_int_equal(sinks_close(&set), 0);
	assert_string_equal(content(path), "<a b>\n<c>\n");
}

static void a_program_that_fails_is_a_failure(void **unused)
{
	struct sink_set set = {0};

	assert_int_equal(sinks_add(&set, "program:cat >/dev/null; exit 3"), 0);
	line(&set, "x");
	assert_true(sinks_close(&set) < 0);
	assert_error_has("status 3");
}

static void a_sink_that_fails_does_not_stop_the_others(void **unused)
{
	const char *path = in_dir("good");
	struct sink_set set = {0};

	assert_int_equal(sinks_add(&set, "file:/dev/full"), 0);
	assert_int_equal(sinks_add(&set, spec("file", path)), 0);
	line(&set, "one");
	sinks_flush(&set);
	line(&set, "two");
	assert_true(sinks_close(&set) < 0);
	assert_string_equal(content(path), "one\ntwo\n");
}

static void wrong_sinks_are_refused_with_a_reason(void **unused)
{
	static const char *const rows[][2] = {
		{ "kafka:topic", "'kafka:topic' is unknown" },
		{ "file", "needs an argument" },
		{ "stdout:x", "takes no argument" },
		{ "file:/nonexistent/dir/file", "cannot open" },
	};
	struct sink_set set = {0};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(sinks_add(&set, rows[i][0]) < 0);
		assert_error_has(rows[i][1]);
	}
	assert_int_equal(set.n, 0);
}

static int make_dir(void **unused)
{
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **unused)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_file_is_appended_to_and_private),
	cmocka_unit_test(a_file_is_opened_again_after_a_rotation),
	cmocka_unit_test(a_program_gets_all_lines_before_close_returns),
	cmocka_unit_test(a_program_that_fails_is_a_failure),
	cmocka_unit_test(a_sink_that_fails_does_not_stop_the_others),
	cmocka_unit_test(wrong_sinks_are_refused_with_a_reason),
};

int main(void)
{
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
