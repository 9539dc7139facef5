/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the notes of a recording; what was understood is the same when it is written and
 * read again. */
#include <stdio.h>
#include <stdlib.h>

#include "analyze/browse/front/notes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int print_of(const void *p, size_t len, struct buf *out)
{
	struct notes n = { .place = { .to = UINT64_MAX } };
	const int rc = notes_parse(&n, p, len);

	if (rc == 0) {
		notes_print(&n, out);
		for (size_t i = 0; i < n.n; i++)
			if (notes_find(&n, n.v[i].num, n.v[i].ts) != &n.v[i])
				abort();
	}
	notes_release(&n);
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct buf once = {0}, twice = {0};

	if (print_of(data, len, &once) == 0
	    && (print_of(once.p, once.len, &twice) < 0 || once.len != twice.len
		|| memcmp(once.p, twice.p, once.len) != 0)) {
		fprintf(stderr, "notes: once\n%.*s\ntwice\n%.*s\n", (int)once.len, (char *)once.p,
			(int)twice.len, (char *)twice.p);
		abort();
	}
	buf_release(&once);
	buf_release(&twice);
	return 0;
}
