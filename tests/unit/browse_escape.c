/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <curses.h>

#include "analyze/browse/front/escape.h"

static int key(const char *p)
{
	const size_t len = strlen(p);

	for (size_t i = 1; i < len; i++)
		assert_true(escape_goes_on(p, i));
	assert_false(escape_goes_on(p, len));
	return escape_key(p, len);
}

static void keys_that_terminals_have_in_common_are_known(void **unused)
{
	assert_int_equal(key("[A"), KEY_UP);
	assert_int_equal(key("OB"), KEY_DOWN);
	assert_int_equal(key("[H"), KEY_HOME);
	assert_int_equal(key("[4~"), KEY_END);
	assert_int_equal(key("[6~"), KEY_NPAGE);
	assert_int_equal(key("[Z"), KEY_BTAB);
	assert_int_equal(key("OP"), KEY_F(1));
	assert_int_equal(key("[[A"), KEY_F(1));
	assert_int_equal(key("[12~"), KEY_F(2));
	assert_int_equal(key("[21~"), KEY_F(10));
}

static void others_are_one_key_that_means_nothing(void **unused)
{
	assert_int_equal(key("[1;5C"), -1);
	assert_int_equal(key("[I"), -1);
	assert_int_equal(key("[200~"), -1);
	assert_int_equal(key("[<0;10;20M"), -1);
	assert_int_equal(key("[?1;2c"), -1);
	assert_int_equal(key("Oq"), -1);
	assert_int_equal(key("[[Z"), -1);
	assert_int_equal(key("[5;2~"), -1);
	assert_int_equal(key("[~"), -1);
}

static void no_sequence_is_endless(void **unused)
{
	char p[ESCAPE_MAX + 1] = "[";
	size_t len = 1;

	while (escape_goes_on(p, len))
		p[len++] = '1';
	assert_int_equal(len, ESCAPE_MAX);
	assert_int_equal(escape_key(p, len), -1);
	assert_false(escape_goes_on("x", 1));
	assert_false(escape_goes_on("", 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_that_terminals_have_in_common_are_known),
		cmocka_unit_test(others_are_one_key_that_means_nothing),
		cmocka_unit_test(no_sequence_is_endless),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
