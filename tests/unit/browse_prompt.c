/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <curses.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "analyze/browse/front/complete.h"
#include "analyze/browse/front/files.h"
#include "analyze/browse/front/notes.h"
#include "analyze/browse/front/prompt.h"
#include "analyze/browse/front/term.h"
#include "rules/lang/cond.h"

static enum prompt_result type(struct prompt *p, const char *keys)
{
	enum prompt_result r = PROMPT_GOES_ON;

	while (*keys && r == PROMPT_GOES_ON)
		r = prompt_key(p, *keys++);
	return r;
}

static void a_line_is_edited(void **unused)
{
	struct prompt p = {0};

	prompt_begin(&p, "", NULL, NULL, NULL);
	type(&p, "abc def");
	prompt_key(&p, KEY_LEFT);
	prompt_key(&p, KEY_BACKSPACE);
	assert_string_equal(prompt_text(&p), "abc df");
	prompt_key(&p, KEY_HOME);
	prompt_key(&p, 0xe9 | TERM_UNICODE);
	assert_string_equal(prompt_text(&p), "\xc3\xa9" "abc df");
	prompt_key(&p, KEY_LEFT);
	prompt_key(&p, KEY_DC);
	assert_string_equal(prompt_text(&p), "abc df");
	type(&p, "\x05\x17");		/* end; the last word */
	assert_string_equal(prompt_text(&p), "abc ");
	type(&p, "\x15");
	assert_string_equal(prompt_text(&p), "");
	assert_int_equal(prompt_key(&p, KEY_BACKSPACE), PROMPT_LEFT);
	prompt_release(&p);
}

static void history_comes_back(void **unused)
{
	struct history h = {0};
	struct prompt p = {0};

	history_add(&h, "one");
	history_add(&h, "two");
	history_add(&h, "one");
	assert_int_equal(h.n, 2);
	prompt_begin(&p, "", &h, NULL, NULL);
	type(&p, "mine");
	prompt_key(&p, KEY_UP);
	assert_string_equal(prompt_text(&p), "one");
	prompt_key(&p, KEY_UP);
	prompt_key(&p, KEY_UP);
	assert_string_equal(prompt_text(&p), "two");
	prompt_key(&p, KEY_DOWN);
	prompt_key(&p, KEY_DOWN);
	assert_string_equal(prompt_text(&p), "mine");
	assert_int_equal(type(&p, "\r"), PROMPT_DONE);
	assert_string_equal(h.v[2], "mine");
	prompt_key(&p, KEY_DOWN);		/* a wrong line stays, and nothing is behind it */
	assert_string_equal(prompt_text(&p), "mine");
	prompt_release(&p);
	history_release(&h);
}

static void an_error_stands_at_its_place(void **unused)
{
	struct prompt p = {0};

	prompt_begin(&p, "proc.nam = x", NULL, NULL, NULL);
	assert_null(cond_compile("proc.nam = x", 12, "filter"));
	prompt_wrong(&p, err_text());
	assert_true(p.wrong);
	assert_int_equal(p.wrong_at, 0);
	assert_non_null(strstr(p.message, "proc.nam"));
	assert_null(strchr(p.message, '\n'));
	assert_null(cond_compile("proc.name = x)", 14, "filter"));
	prompt_wrong(&p, err_text());
	assert_int_equal(p.wrong_at, 12);		/* not behind the line */
	prompt_release(&p);
}

/* ---- completion ----------------------------------------------------------------- */

static void seen(void *arg, const char *field, const char *prefix, size_t len,
		 struct choices *out)
{
	if (strcmp(field, "proc.name") == 0) {
		complete_add_value(out, prefix, len, "bash", 4);
		complete_add_value(out, prefix, len, "back up", 7);
		complete_add_value(out, prefix, len, "cat", 3);
	}
}

static void check_completion(const char *line, const char *want)
{
	struct complete c = { seen, NULL };
	struct prompt p = {0};

	prompt_begin(&p, line, NULL, complete_filter, &c);
	prompt_key(&p, '\t');
	assert_string_equal(prompt_text(&p), want);
	prompt_release(&p);
}

static void fields_operators_and_values_are_completed(void **unused)
{
	check_completion("proc.cmdlin", "proc.cmdline");
	check_completion("evt.type = open and (proc.cmdlin", "evt.type = open and (proc.cmdline");
	check_completion("not proc.cmdlin", "not proc.cmdline");
	check_completion("proc.name con", "proc.name contains");
	check_completion("proc.name = c", "proc.name = cat");
	check_completion("proc.name=c", "proc.name=cat");
	check_completion("proc.name in (cat, bas", "proc.name in (cat, bash");
	check_completion("proc.name = \"bac", "proc.name = \"back up\"");
	check_completion("proc.name = cat a", "proc.name = cat and");
	check_completion("proc.name exists o", "proc.name exists or");
	check_completion("no.such.field = c", "no.such.field = c");
}

static void tab_goes_through_the_choices(void **unused)
{
	struct complete c = { seen, NULL };
	struct prompt p = {0};

	prompt_begin(&p, "proc.name = ", NULL, complete_filter, &c);
	prompt_key(&p, '\t');
	assert_int_equal(p.choices.n, 3);
	assert_string_equal(prompt_text(&p), "proc.name = ");
	prompt_key(&p, '\t');
	prompt_key(&p, '\t');
	assert_string_equal(prompt_text(&p), "proc.name = \"back up\"");
	prompt_key(&p, KEY_BTAB);
	assert_string_equal(prompt_text(&p), "proc.name = bash");
	assert_int_equal(prompt_key(&p, TERM_ESC), PROMPT_GOES_ON);
	assert_int_equal(p.choices.n, 0);
	prompt_release(&p);
}

static void any_bytes_become_a_constant(void **unused)
{
	char bytes[256];
	struct buf b = {0};
	struct cond *c;

	for (unsigned i = 0; i < 256; i++)
		bytes[i] = (char)(i ? i : 1);	/* the language has no NUL */
	for (unsigned i = 0; i < 2; i++) {	/* a constant has at most 255 bytes */
		buf_reset(&b);
		buf_str(&b, "proc.name = ");
		complete_constant(&b, bytes + 128 * i, 128);
		c = cond_compile((const char *)b.p, b.len, "filter");
		if (!c)
			fail_msg("%s", err_text());
		cond_free(c);
	}
	buf_reset(&b);
	complete_constant(&b, "a\\", 2);
	assert_string_equal(buf_text(&b), "\"a\\x5c\"");
	buf_release(&b);
}

/* ---- notes ---------------------------------------------------------------------- */

static void notes_are_read_as_they_were_written(void **unused)
{
	struct notes a = {0}, b = {0};
	struct buf one = {0}, two = {0};

	notes_set(&a, 7, 100, "a\x1b[31m\nnote \\x41");
	notes_set(&a, 3, 50, "");
	notes_set(&a, 0, 75, "between");
	a.place = (struct notes_place){ .known = true, .view = strdup("files"), .cursor = 42,
					.to = UINT64_MAX, .num = 7, .row = 0xfedcba9876543210 };
	notes_column_add(&a, "files", COLUMN_HIDDEN, "BYTES IN");
	notes_column_add(&a, "files", COLUMN_SORTS_DOWN, "OUT");
	notes_column_add(&a, "tree", COLUMN_SORTS, "PID");
	notes_place_filter(&a.place, "proc.name = \"a\\\\b\"");
	history_add(&a.history[HISTORY_TIME], "+5s");
	notes_print(&a, &one);
	assert_int_equal(notes_parse(&b, (const char *)one.p, one.len), 0);
	notes_print(&b, &two);
	assert_string_equal(buf_text(&one), buf_text(&two));
	assert_int_equal(b.n, 3);
	assert_int_equal(b.v[0].num, 3);
	assert_string_equal(notes_find(&b, 7, 100)->text, "a\x1b[31m\nnote \\x41");
	assert_string_equal(b.place.filters[0], "proc.name = \"a\\\\b\"");
	assert_true(b.place.row == a.place.row);
	assert_int_equal(b.n_columns, 3);
	notes_columns_clear(&b, "files");
	assert_int_equal(b.n_columns, 1);
	assert_string_equal(b.columns[0].column, "PID");
	notes_set(&b, 7, 100, NULL);
	assert_null(notes_find(&b, 7, 100));
	assert_int_equal(b.n, 2);
	buf_release(&one);
	buf_release(&two);
	notes_release(&a);
	notes_release(&b);
}

static void foreign_notes_do_no_harm(void **unused)
{
	static const char text[] = "saker notes 1\nnote x y z\nplace\nfilter\ntyped filter\n"
		"show\nsort a\nhide  \nrow x\nbookmark 18446744073709551616 1\nnote 1 2\n"
		"unknown\nplace a 1 2 3\n\n\\x";
	struct notes n = {0};

	assert_true(notes_parse(&n, "something else", 14) < 0);
	assert_int_equal(notes_parse(&n, text, sizeof(text) - 1), 0);
	assert_false(n.place.known);
	notes_release(&n);
}

static void notes_are_replaced_and_new_files_never_are(void **unused)
{
	char folder[] = "/tmp/browse.XXXXXX", path[64], name[FILES_NAME_MAX + 2];
	FILE *f;

	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/sub/case.notes", folder);
	assert_int_equal(files_start(folder, path), 0);
	assert_int_equal(files_notes("one", 3), 0);
	assert_int_equal(files_notes("two", 3), 0);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_non_null(fgets(name, sizeof(name), f));
	assert_string_equal(name, "two");
	fclose(f);
	assert_int_equal(files_new("out.csv", "a,b\n", 4), 0);
	assert_true(files_new("out.csv", "a,b\n", 4) < 0);
	assert_error_has("exists");
	assert_true(files_new("../out.csv", "", 0) < 0);
	assert_true(files_new(".hidden", "", 0) < 0);
	assert_true(files_new("a\nb", "", 0) < 0);
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	assert_true(files_new(name, "", 0) < 0);
	assert_int_equal(files_new("empty", "", 0), 0);
	files_stop();
	assert_true(files_new("more", "", 0) < 0);
	snprintf(path, sizeof(path), "rm -r %s", folder);
	assert_int_equal(system(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_edited),
		cmocka_unit_test(history_comes_back),
		cmocka_unit_test(an_error_stands_at_its_place),
		cmocka_unit_test(fields_operators_and_values_are_completed),
		cmocka_unit_test(tab_goes_through_the_choices),
		cmocka_unit_test(any_bytes_become_a_constant),
		cmocka_unit_test(notes_are_read_as_they_were_written),
		cmocka_unit_test(foreign_notes_do_no_harm),
		cmocka_unit_test(notes_are_replaced_and_new_files_never_are),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
