/* SPDX-License-Identifier: Apache-2.0 */
/* matrix: one test for each of several values. */
#ifndef SAKER_TEST_MATRIX_H
#define SAKER_TEST_MATRIX_H

#include "analyze/test/reader.h"

/* Calls each with a copy of the test in which ${NAME} stands for a value, for all of them; with
 * the test itself where it has no matrix.  What is wrong is told. */
void matrix_each(struct test_file *f, const struct yaml *test,
		 void (*each)(void *arg, const struct yaml *test), void *arg);

#endif
