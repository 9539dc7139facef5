/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for changes of files: none is missed between reading a file and waiting, and nothing is
 * taken for one that is none. */
#include "tests/unit/test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "analyze/test/watch.h"

static char path[] = "/tmp/saker-watch-XXXXXX";

static void put(const char *text)
{
	FILE *f = fopen(path, "w");

	fputs(text, f);
	fclose(f);
}

static int make_file(void **unused)
{
	close(mkstemp(path));
	put("first");
	alarm(60);	/* what is missed is waited for in vain */
	return 0;
}

static int remove_file(void **unused)
{
	unlink(path);
	return 0;
}

static void a_change_while_files_are_read(void **unused)
{
	struct watch *w = watch_new();

	watch_begin(w);
	put("second");			/* after it was read, say */
	watch_file(w, path);
	assert_true(watch_changed(w, path));
	assert_int_equal(watch_wait(w), 0);
	assert_true(watch_changed(w, path));
	watch_begin(w);
	put("the third");
	watch_file(w, path);
	assert_int_equal(watch_wait(w), 0);
	assert_true(watch_changed(w, path));
	watch_free(w);
}

static void a_signal_when_nothing_changed(void **unused)
{
	struct watch *w = watch_new();
	size_t n;

	watch_begin(w);
	watch_file(w, path);
	watch_begin(w);
	watch_file(w, path);
	kill(getpid(), SIGTERM);
	assert_int_equal(watch_wait(w), 1);
	assert_false(watch_changed(w, path));
	assert_true(watch_changed(w, "/never/watched"));
	watch_list(w, &n);
	assert_int_equal(n, 0);
	assert_int_equal(watch_count(w), 1);
	watch_free(w);
}

static void a_file_that_went_and_came(void **unused)
{
	struct watch *w = watch_new();

	watch_begin(w);
	watch_file(w, path);
	unlink(path);
	assert_int_equal(watch_wait(w), 0);
	assert_true(watch_changed(w, path));
	watch_begin(w);
	watch_file(w, path);
	put("again");
	assert_int_equal(watch_wait(w), 0);
	assert_true(watch_changed(w, path));
	watch_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_change_while_files_are_read),
		cmocka_unit_test(a_signal_when_nothing_changed),
		cmocka_unit_test(a_file_that_went_and_came),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_file, remove_file);
}
