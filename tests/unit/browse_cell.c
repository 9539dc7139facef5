/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <curses.h>
#include <locale.h>
#include <stdio.h>

#include "analyze/browse/front/cell.h"
#include "analyze/browse/front/keys.h"
#include "analyze/browse/front/term.h"

static void check(const char *in, size_t len, size_t width, bool utf8, const char *want,
		  size_t columns)
{
	struct buf b = {0};

	assert_int_equal(cell_text(&b, in, len, width, utf8), columns);
	assert_string_equal(buf_text(&b), want);
	buf_release(&b);
}
#define CELL(in, width, utf8, want, columns) \
	check(in, sizeof(in) - 1, width, utf8, want, columns)

static void text_of_a_recording_moves_no_cursor(void **unused)
{
	CELL("plain", 10, true, "plain", 5);
	CELL("a\x1b[2Jb", 20, true, "a\\x1b[2Jb", 9);
	CELL("\x9b" "31m", 20, true, "\\x9b31m", 7);
	CELL("a\xe2\x80\xae" "b", 20, true, "a\\xe2\\x80\\xaeb", 14);
	CELL("e\xcc\x81", 20, true, "e\\xcc\\x81", 9);		/* combining */
	CELL("\xff\xfe", 20, true, "\\xff\\xfe", 8);
	CELL("a\0b", 20, true, "a\\x00b", 6);
}

static void characters_are_as_wide_as_they_are(void **unused)
{
	CELL("caf\xc3\xa9", 4, true, "caf\xc3\xa9", 4);
	CELL("\xe6\x97\xa5\xe6\x9c\xac", 4, true, "\xe6\x97\xa5\xe6\x9c\xac", 4);
	CELL("\xe6\x97\xa5\xe6\x9c\xac", 3, true, "\xe6\x97\xa5…", 3);
	CELL("\xe6\x97\xa5\xe6\x9c\xac", 2, true, "…", 1);
	CELL("caf\xc3\xa9", 20, false, "caf\\xc3\\xa9", 11);
}

static void what_does_not_fit_ends_in_an_ellipsis(void **unused)
{
	CELL("abcdef", 6, true, "abcdef", 6);
	CELL("abcdef", 5, true, "abcd…", 5);
	CELL("abcdef", 5, false, "abcd~", 5);
	CELL("abcdef", 1, true, "…", 1);
	CELL("abcdef", 0, true, "", 0);
	CELL("ab\x1b", 5, true, "ab…", 3);
}

static void a_long_path_shows_its_end(void **unused)
{
	struct buf b = {0};
	char path[4200];

	memset(path, 'd', sizeof(path));
	memcpy(path + sizeof(path) - 5, "/name", 5);
	assert_int_equal(cell_text_end(&b, path, sizeof(path), 10, true), 10);
	assert_string_equal(buf_text(&b), "…dddd/name");
	buf_reset(&b);
	assert_int_equal(cell_text_end(&b, "/a/\x1b[31m\xe6\x97\xa5", 11, 8, true), 7);
	assert_string_equal(buf_text(&b), "…[31m\xe6\x97\xa5");
	buf_release(&b);
}

/* Whatever the bytes, width and charset: what is drawn fits. */
static void no_bytes_are_wider_than_their_room(void **unused)
{
	unsigned seed = 1;
	struct buf b = {0};

	for (unsigned round = 0; round < 20000; round++) {
		unsigned char in[24];
		const size_t width = round % 30;
		size_t n = 0, w;

		for (unsigned i = 0; i < sizeof(in); i++)
			in[i] = (unsigned char)((seed = seed * 1103515245 + 12345) >> 16);
		if (round % 3 == 0)
			memcpy(in + 4, "\xe6\x97\xa5\xc3\xa9\xd7\x90", 7);
		buf_reset(&b);
		w = round & 1 ? cell_text(&b, in, sizeof(in), width, round & 2)
			: cell_text_end(&b, in, sizeof(in), width, round & 2);
		assert_true(w <= width);
		assert_int_equal(cell_width(b.p, b.len, 1000, true), w);
		for (n = 0; n < b.len; n++)
			assert_true(b.p[n] >= 0x20 && b.p[n] != 0x7f);
	}
	buf_release(&b);
}

/* ---- keys ----------------------------------------------------------------------- */

static void keys_mean_what_their_rows_say(void **unused)
{
	assert_int_equal(keys_find(WHERE_TABLE, KEY_DOWN), ACT_DOWN);
	assert_int_equal(keys_find(WHERE_TABLE, 'j'), ACT_DOWN);
	assert_int_equal(keys_find(WHERE_TABLE, 'F' & 0x1f), ACT_PAGE_DOWN);
	assert_int_equal(keys_find(WHERE_TABLE, KEY_F(10)), ACT_QUIT);
	assert_int_equal(keys_find(WHERE_TABLE, '\t'), ACT_NEXT_VIEW);
	assert_int_equal(keys_find(WHERE_DETAIL, '\t'), ACT_NEXT_PART);
	assert_int_equal(keys_find(WHERE_EVENTS, 'S'), ACT_NONE);
	assert_int_equal(keys_find(WHERE_TABLE, -1), ACT_NONE);
}

static void no_place_has_two_meanings_of_a_key(void **unused)
{
	for (enum action a = 1; a < ACT__N; a++) {
		const struct key_desc k = key_row(a);

		assert_true(*k.help && *k.keys && *k.group && k.where);
		for (int key = 0; key < KEY_MAX; key++)
			for (unsigned bit = 1; bit <= WHERE_STREAM; bit <<= 1)
				if (k.where & bit && key_names(k.keys, key))
					assert_int_equal(keys_find(bit, key), a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_of_a_recording_moves_no_cursor),
		cmocka_unit_test(characters_are_as_wide_as_they_are),
		cmocka_unit_test(what_does_not_fit_ends_in_an_ellipsis),
		cmocka_unit_test(a_long_path_shows_its_end),
		cmocka_unit_test(no_bytes_are_wider_than_their_room),
		cmocka_unit_test(keys_mean_what_their_rows_say),
		cmocka_unit_test(no_place_has_two_meanings_of_a_key),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
