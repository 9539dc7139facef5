/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <locale.h>

#include "analyze/browse/front/doc.h"
#include "analyze/browse/front/table_columns.h"
#include "analyze/browse/front/vt.h"

/* ---- the terminal that is replayed ---------------------------------------------- */

static struct vt vt;

static void check_row(int row, const char *want)
{
	char out[4 * VT_COLUMNS_MAX + 1];

	out[vt_row(&vt, row, out)] = 0;
	assert_string_equal(out, want);
}

static void put(const char *s)
{
	vt_put(&vt, (const uint8_t *)s, strlen(s));
}

static void lines_and_returns_place_text(void **unused)
{
	vt_reset(&vt);
	put("$ ls\r\na\tb\r\nxyz\rX\b\bQ");
	check_row(0, "$ ls");
	check_row(1, "a       b");
	check_row(2, "Qyz");
}

/* As programs write them; the kernel adds the return. */
static void a_line_ends_in_a_line_feed_alone(void **unused)
{
	vt_reset(&vt);
	put("one\ntwo\033Dx\n\nthree");
	check_row(0, "one");
	check_row(1, "two");
	check_row(2, "   x");
	check_row(4, "three");
}

static void what_was_behind_a_full_screen_comes_back(void **unused)
{
	vt_reset(&vt);
	put("$ vi\n\033[?1049hfile\033[24;1H~\033[?1049;25h");
	check_row(0, "file");
	check_row(1, "");
	put("\033[?1049l\033[?1049l$ next");
	check_row(0, "$ vi");
	check_row(1, "$ next");
	check_row(23, "");
}

static void half_of_a_wide_character_does_not_stay(void **unused)
{
	vt_reset(&vt);
	put("日本語\033[2Gx|\n日本\rx\n日本語\033[4G二|\n");
	check_row(0, " x| 語");
	check_row(1, "x 本");
	check_row(2, "日 二|");
	put("日本\033[2G\033[K\n日本\033[2G\033[1K\n");
	put("日本\033[2G\033[X\n日本\033[2G\033[P\n");
	check_row(3, "");
	check_row(4, "  本");
	check_row(5, "  本");
	check_row(6, " 本");
	put("\033[79Gz日\033[1G\033[78@\n");
	put("\033[79G日\033[1G\033[@");
	check_row(9, "");
}

static void the_cursor_is_moved_and_text_erased(void **unused)
{
	vt_reset(&vt);
	put("one\r\ntwo\r\nthree\033[2;2HX\033[K\033[1;1H\033[2P");
	check_row(0, "e");
	check_row(1, "tX");
	put("\033[3;1H\033[2@");
	check_row(2, "  three");
	put("\033[1;1H\033[L");
	check_row(1, "e");
	put("\033[2J");
	check_row(2, "");
}

/* What terminals of today are sent instead of blanks and rows of the same. */
static void characters_are_repeated_and_erased_in_place(void **unused)
{
	vt_reset(&vt);
	put("\033[9b=\033[5b>\r\nabcdef\033[2;2H\033[3Xx\033[999X");
	check_row(0, "======>");
	check_row(1, "ax");
	put("\033[80;80H\033[9X\033[99999b\033[S\033[2T\033[999S");
	for (int i = 0; i < VT_ROWS; i++)
		check_row(i, "");
	put("\033[1;1Ha\r\nb\033[S");
	check_row(0, "b");
	put("\033[2T");
	check_row(2, "b");
}

static void what_only_one_terminal_knows_moves_nothing(void **unused)
{
	vt_reset(&vt);
	put("one\n\033[?1001s\033[?1001rtwo\033[>2T\033[>1;3L\033[?1;1S\n");
	check_row(0, "one");
	check_row(1, "two");
	put("\033[12\033[3;2Hthree");
	check_row(2, " three");
	put("\033[?2K");
	check_row(2, "");
}

static void text_scrolls(void **unused)
{
	vt_reset(&vt);
	for (int i = 0; i < VT_ROWS; i++)
		put("line\r\n");
	put("last");
	check_row(VT_ROWS - 1, "last");
	put("\033[1;3r\033[3;1Hbottom\r\n");
	check_row(1, "bottom");
	check_row(VT_ROWS - 1, "last");
}

static void titles_colors_and_queries_are_read_over(void **unused)
{
	vt_reset(&vt);
	put("\033]0;title\007a\033[31;1mb\033[0m\033[c\033[6n\033(Bc\033P1$r\033\\d\033[?25l");
	check_row(0, "abcd");
	put("\r\n\xc3\xa9\xe6\x97\xa5\xff\xe2\x80\xae!");
	check_row(1, "\xc3\xa9\xe6\x97\xa5!");
}

static void it_has_the_size_it_is_told(void **unused)
{
	vt_reset(&vt);
	vt_resize(&vt, 40, 100);
	put("\033[36;91Hfar\033[50;200H!");
	assert_int_equal(vt_cells(&vt, 35)[90], 'f');
	assert_int_equal(vt.row, 39);
	assert_int_equal(vt.column, 100);
	/* The cursor's row stays on it; what is right of it is gone, a half of a character too. */
	put("\033[38;1Habcdefg\xe6\x97\xa5");
	vt_resize(&vt, 10, 8);
	check_row(9, "abcdefg");
	check_row(7, "");
	assert_int_equal(vt.row, 9);
	put("\r\nnext line");
	check_row(8, "next lin");
	check_row(9, "e");
	vt_resize(&vt, 0, 100000);
	assert_int_equal(vt.rows, 2);
	assert_int_equal(vt.columns, VT_COLUMNS_MAX);
	check_row(1, "e");
	put("\033cnew");
	assert_int_equal(vt.rows, 2);
	assert_int_equal(vt.columns, VT_COLUMNS_MAX);
	check_row(0, "new");
	check_row(1, "");
	put("\r\ne");
	put("\033[?1049h\033[2;100Halone");
	vt_resize(&vt, 5, 20);
	put("\033[?1049l!");
	check_row(1, "e!");
}

/* Whatever was written to it: no cell outside, no control character inside. */
static void no_bytes_leave_the_terminal(void **unused)
{
	static const char set[] = "\033\033[[[;;??0123456789999ABCDGHJKLMPSTXbrdfhl@78c(]\\"
		"\007\r\n\b\txy\xc3\xa9";
	unsigned seed = 7;
	char out[4 * VT_COLUMNS_MAX];

	vt_reset(&vt);
	for (unsigned i = 0; i < 400000; i++) {
		uint8_t c;

		seed = seed * 1103515245 + 12345;
		c = seed >> 30 == 3 ? (uint8_t)(seed >> 16)
			: (uint8_t)set[(seed >> 16) % (sizeof(set) - 1)];
		vt_put(&vt, &c, 1);
		if (i % 997 == 0)
			vt_resize(&vt, (int)(seed >> 20) % 60, (int)(seed >> 10) % 200);
		assert_true(vt.row >= 0 && vt.row < vt.rows);
		assert_true(vt.column >= 0 && vt.column <= vt.columns);
		assert_true(vt.top < vt.bottom && vt.bottom < vt.rows);
	}
	for (int r = 0; r < vt.rows; r++) {
		const size_t n = vt_row(&vt, r, out);

		for (size_t i = 0; i < n; i++)
			assert_true((unsigned char)out[i] >= 0x20 && out[i] != 0x7f);
	}
}

/* ---- columns -------------------------------------------------------------------- */

static const struct view_column columns[] = {
	{ .name = "A", .width = 8 }, { .name = "B", .width = 10 }, { .name = "C", .width = 10 },
	{ .name = "D", .width = 10 }, { .name = "TEXT", .width = 0 },
};
static const struct view view = { .columns = columns, .n_columns = 5 };

static void what_names_a_row_is_always_shown(void **unused)
{
	struct columns c;
	unsigned first = 0;

	columns_place(&view, 0, &first, 80, &c);
	assert_int_equal(c.n, 5);
	assert_int_equal(c.v[4].at + c.v[4].width, 80);
	columns_place(&view, 0, &first, 45, &c);
	assert_int_equal(c.n, 3);
	assert_int_equal(c.v[2].column, 4);
	assert_int_equal(c.v[2].at + c.v[2].width, 45);
	first = 2;
	columns_place(&view, 0, &first, 45, &c);
	assert_int_equal(c.v[1].column, 3);
	first = 99;
	columns_place(&view, 0, &first, 45, &c);
	assert_int_equal(first, 2);
	columns_place(&view, 1u << 1 | 1u << 2, &first, 80, &c);
	assert_int_equal(c.n, 3);
	assert_int_equal(first, 0);
	for (int w = 1; w < 40; w++) {
		columns_place(&view, 0, &first, w, &c);
		assert_true(c.n > 0 && c.v[c.n - 1].at + c.v[c.n - 1].width <= w + 1);
	}
}

/* ---- pages ---------------------------------------------------------------------- */

static void texts_are_searched_in_any_case(void **unused)
{
	assert_true(text_has("Some Text", 9, "text"));
	assert_true(text_has("abc", 3, ""));
	assert_false(text_has("abc", 3, "abcd"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_and_returns_place_text),
		cmocka_unit_test(a_line_ends_in_a_line_feed_alone),
		cmocka_unit_test(what_was_behind_a_full_screen_comes_back),
		cmocka_unit_test(half_of_a_wide_character_does_not_stay),
		cmocka_unit_test(the_cursor_is_moved_and_text_erased),
		cmocka_unit_test(characters_are_repeated_and_erased_in_place),
		cmocka_unit_test(what_only_one_terminal_knows_moves_nothing),
		cmocka_unit_test(text_scrolls),
		cmocka_unit_test(titles_colors_and_queries_are_read_over),
		cmocka_unit_test(it_has_the_size_it_is_told),
		cmocka_unit_test(no_bytes_leave_the_terminal),
		cmocka_unit_test(what_names_a_row_is_always_shown),
		cmocka_unit_test(texts_are_searched_in_any_case),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
