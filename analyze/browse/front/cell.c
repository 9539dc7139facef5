/* SPDX-License-Identifier: Apache-2.0 */
/* One piece at a time: a character that may be shown, or a byte as \xHH.  A piece goes to the
 * screen whole or not at all, so no text leaves half a character behind. */
#include "analyze/browse/front/cell.h"

#include <wchar.h>

#include "capture/base/quote.h"

enum { ESCAPED_WIDTH = 4 };

struct piece {
	size_t len;		/* bytes of the text */
	size_t width;		/* columns */
	bool escaped;
};

static struct piece piece_at(const unsigned char *p, size_t len, bool utf8)
{
	const struct piece byte = { 1, ESCAPED_WIDTH, true };
	uint32_t c;
	size_t n;
	int w;

	if (p[0] >= 0x20 && p[0] < 0x7f)
		return (struct piece){ 1, 1, false };
	n = utf8 ? utf8_sequence(p, len) : 0;
	if (n == 0)
		return byte;
	c = utf8_decode(p, n);
	w = utf8_deceives(c) ? -1 : wcwidth((wchar_t)c);
	return w > 0 ? (struct piece){ n, (size_t)w, false } : byte;
}

static void put_piece(struct buf *out, const unsigned char *p, const struct piece *piece)
{
	static const char digit[] = "0123456789abcdef";

	if (!piece->escaped) {
		buf_put(out, p, piece->len);
		return;
	}
	buf_put(out, (const char[]){ '\\', 'x', digit[*p >> 4], digit[*p & 15] },
		ESCAPED_WIDTH);
}

static void put_ellipsis(struct buf *out, bool utf8)
{
	buf_str(out, utf8 ? "…" : "~");
}

size_t cell_text(struct buf *out, const void *p, size_t len, size_t width, bool utf8)
{
	const unsigned char *s = p;
	size_t used = 0, fits = out->len, fits_used = 0;

	/* fits: where the ellipsis would go */
	for (size_t i = 0; i < len;) {
		const struct piece piece = piece_at(s + i, len - i, utf8);

		if (used + piece.width > width) {
			if (width == 0)
				return 0;
			out->len = fits;
			put_ellipsis(out, utf8);
			return fits_used + 1;
		}
		put_piece(out, s + i, &piece);
		used += piece.width;
		i += piece.len;
		if (used < width) {
			fits = out->len;
			fits_used = used;
		}
	}
	return used;
}

size_t cell_width(const void *p, size_t len, size_t max, bool utf8)
{
	const unsigned char *s = p;
	size_t used = 0;

	for (size_t i = 0; i < len && used < max;) {
		const struct piece piece = piece_at(s + i, len - i, utf8);

		used += piece.width;
		i += piece.len;
	}
	return used < max ? used : max;
}

size_t cell_fit(const void *p, size_t len, size_t width, bool utf8)
{
	const unsigned char *s = p;
	size_t used = 0, i = 0;

	while (i < len) {
		const struct piece piece = piece_at(s + i, len - i, utf8);

		if (used + piece.width > width)
			break;
		used += piece.width;
		i += piece.len;
	}
	return i == 0 && len > 0 ? piece_at(s, len, utf8).len : i;
}

/* Pieces are found forwards only: start at a byte from which the rest may just fit (no
 * piece takes more columns than four for a byte, nor less than a column for four), and
 * drop pieces until it does. */
size_t cell_end(const void *p, size_t len, size_t width, bool utf8)
{
	const unsigned char *s = p;
	size_t from = 0;

	if (cell_width(p, len, width + 1, utf8) <= width)
		return 0;
	if (width == 0)
		return len;
	if (len > 4 * width)
		from = len - 4 * width;
	while (from < len && utf8 && (s[from] & 0xc0) == 0x80)
		from++;
	while (cell_width(s + from, len - from, width, utf8) > width - 1)
		from += piece_at(s + from, len - from, utf8).len;
	return from;
}

size_t cell_text_end(struct buf *out, const void *p, size_t len, size_t width, bool utf8)
{
	const size_t from = cell_end(p, len, width, utf8);

	if (from == 0 || width == 0)
		return cell_text(out, p, len, width, utf8);
	put_ellipsis(out, utf8);
	return 1 + cell_text(out, (const char *)p + from, len - from, width - 1, utf8);
}
