/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/browse/front/found.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "analyze/browse/front/cell.h"

static size_t find(const char *p, size_t len, const char *text)
{
	const size_t n = strlen(text);

	for (size_t at = 0; at + n <= len; at++)
		if (strncasecmp(p + at, text, n) == 0)
			return at;
	return SIZE_MAX;
}

/* From a place on, behind an ellipsis; the columns before at. */
static size_t put_from(int row, int column, int width, enum term_role role, const char *s,
		       size_t len, size_t from, size_t at)
{
	const bool utf8 = term_utf8();

	term_put(row, column, 1, role, utf8 ? "…" : "~");
	term_quoted(row, column + 1, width - 1, role, s + from, len - from, false);
	return 1 + cell_width(s + from, at - from, 1 << 16, utf8);
}

void found_put(int row, int column, int width, enum term_role role, const void *p, size_t len,
	       const char *text, unsigned flags)
{
	const bool utf8 = term_utf8();
	const size_t room = width > 1 ? (size_t)width - 1 : 0;	/* without an ellipsis */
	const size_t n = text ? strlen(text) : 0;
	const char *s = p;
	const size_t end = flags & FOUND_PATH && width > 1 ?
		cell_end(s, len, (size_t)width, utf8) : 0;
	size_t at = n ? find(s, len, text) : SIZE_MAX, before, wide;

	if (at == SIZE_MAX) {
		if (end)
			put_from(row, column, width, role, s, len, end, end);
		else
			term_quoted(row, column, width, role, s, len, false);
		return;
	}
	before = cell_width(s, at, 1 << 16, utf8);
	wide = cell_width(s + at, n, 1 << 16, utf8);
	if (end && at >= end) {
		before = put_from(row, column, width, role, s, len, end, at);
	} else if (before + wide > room && flags & FOUND_FOLLOW && room > wide) {
		size_t from = at - (at < room / 3 ? at : room / 3);

		while (from < at && ((unsigned char)s[from] & 0xc0) == 0x80)
			from++;
		before = put_from(row, column, width, role, s, len, from, at);
	} else {
		term_quoted(row, column, width, role, s, len, false);
	}
	if (before + wide <= (size_t)(width > 0 ? width : 0))
		term_mark(row, column + (int)before, (int)wide, ROLE_MATCH);
}
