/* SPDX-License-Identifier: Apache-2.0 */
/* What every unit test includes: cmocka with the headers that it wants before it. */
#ifndef SAKER_TEST_H
#define SAKER_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "capture/base/err.h"

/* Runs the table `tests`; output is TAP for prove. */
#define TEST_MAIN(tests)							\
	int main(void)								\
	{									\
		cmocka_set_message_output(CM_OUTPUT_TAP);			\
		return cmocka_run_group_tests(tests, NULL, NULL);		\
	}

/* The last error message has this part. */
static inline void assert_error_has(const char *part)
{
	if (!strstr(err_text(), part))
		fail_msg("message '%s' lacks '%s'", err_text(), part);
}

#endif
