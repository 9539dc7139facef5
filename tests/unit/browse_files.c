/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "analyze/browse/front/files.h"
#include "capture/base/err.h"

static char folder[] = "/tmp/saker-files-XXXXXX";

static int make_folder(void **unused)
{
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **unused)
{
	return rmdir(folder);
}

static char *path_of(const char *name)
{
	static char path[sizeof(folder) + 32];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static off_t size_of(const char *name)
{
	struct stat st;

	return stat(path_of(name), &st) < 0 ? -1 : st.st_size;
}

/* A helper for which the disk is full behind so many bytes. */
static void start(rlim_t most)
{
	struct rlimit old, less;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	less = (struct rlimit){ most, old.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &less), 0);
	assert_int_equal(files_start(folder, NULL), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
}

static void stop(const char *name)
{
	files_stop();
	unlink(path_of(name));
	while (wait(NULL) > 0)
		;
}

static void a_file_comes_in_pieces(void **unused)
{
	start(RLIM_INFINITY);
	assert_int_equal(files_begin("rows.csv"), 0);
	assert_int_equal(files_add("one\n", 4), 0);
	assert_int_equal(size_of("rows.csv"), 4);
	assert_int_equal(files_add("two\n", 4), 0);
	assert_int_equal(files_end(), 0);
	assert_int_equal(size_of("rows.csv"), 8);
	assert_int_not_equal(files_begin("rows.csv"), 0);
	assert_non_null(strstr(err_text(), "exists"));
	assert_int_equal(size_of("rows.csv"), 8);
	stop("rows.csv");
}

static void a_piece_that_does_not_fit_leaves_those_before_it(void **unused)
{
	char piece[6000];

	memset(piece, 'x', sizeof(piece));
	start(20000);
	assert_int_equal(files_begin("rows.csv"), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(files_add(piece, sizeof(piece)), 0);
	assert_int_not_equal(files_add(piece, sizeof(piece)), 0);
	assert_string_equal(err_text(), "rows.csv: File too large");
	assert_int_equal(files_end(), 0);
	assert_int_equal(size_of("rows.csv"), 3 * sizeof(piece));
	stop("rows.csv");
}

static void a_file_whose_first_piece_does_not_fit_is_not_kept(void **unused)
{
	char piece[6000];

	memset(piece, 'x', sizeof(piece));
	start(5000);
	assert_int_equal(files_begin("rows.csv"), 0);
	assert_int_not_equal(files_add(piece, sizeof(piece)), 0);
	assert_int_equal(files_end(), 0);
	assert_int_equal(size_of("rows.csv"), -1);
	assert_int_not_equal(files_new("whole.yaml", piece, sizeof(piece)), 0);
	assert_int_equal(size_of("whole.yaml"), -1);
	stop("rows.csv");
}

static void pieces_of_no_file_are_refused(void **unused)
{
	start(RLIM_INFINITY);
	assert_int_not_equal(files_add("x", 1), 0);
	assert_int_equal(files_end(), 0);
	assert_int_not_equal(files_begin("../x"), 0);
	assert_int_not_equal(files_begin(".x"), 0);
	stop("x");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_comes_in_pieces),
		cmocka_unit_test(a_piece_that_does_not_fit_leaves_those_before_it),
		cmocka_unit_test(a_file_whose_first_piece_does_not_fit_is_not_kept),
		cmocka_unit_test(pieces_of_no_file_are_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
