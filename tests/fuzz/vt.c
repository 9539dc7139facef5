/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as what was written to a terminal, whose size may change: no row is wider than it. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/browse/front/cell.h"
#include "analyze/browse/front/vt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(const struct vt *v)
{
	char row[4 * VT_COLUMNS_MAX];

	if (v->row < 0 || v->row >= v->rows || v->column < 0 || v->column > v->columns
	    || v->top < 0 || v->bottom >= v->rows || v->top >= v->bottom)
		abort();
	for (int i = 0; i < v->rows; i++) {
		const size_t n = vt_row(v, i, row);

		if (cell_width(row, n, 2 * VT_COLUMNS_MAX, true) > (size_t)v->columns) {
			fprintf(stderr, "row %d is too wide\n", i);
			abort();
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct vt v;

	setlocale(LC_CTYPE, "C.UTF-8");
	vt_reset(&v);
	for (size_t i = 0; i < len; i += 16) {
		vt_put(&v, data + i, len - i < 16 ? len - i : 16);
		if (i + 18 < len && data[i + 16] == 0xfe)
			vt_resize(&v, data[i + 17] * 2, data[i + 18] * 3);
	}
	check(&v);
	return 0;
}
