/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/base/quote.h"

#include <stdio.h>
#include <stdlib.h>

static bool follows(const unsigned char *p, size_t len, size_t n)
{
	if (len < n)
		return false;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return false;
	return true;
}

/* No overlong forms, no surrogates, nothing above U+10FFFF. */
size_t utf8_sequence(const unsigned char *p, size_t len)
{
	if (len == 0)
		return 0;
	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		return follows(p, len, 2) ? 2 : 0;
	if ((p[0] & 0xf0) == 0xe0)
		return follows(p, len, 3) && !(p[0] == 0xe0 && p[1] < 0xa0)
			&& !(p[0] == 0xed && p[1] > 0x9f) ? 3 : 0;
	if (p[0] >= 0xf0 && p[0] <= 0xf4)
		return follows(p, len, 4) && !(p[0] == 0xf0 && p[1] < 0x90)
			&& !(p[0] == 0xf4 && p[1] > 0x8f) ? 4 : 0;
	return 0;
}

uint32_t utf8_decode(const unsigned char *p, size_t n)
{
	static const uint8_t mask[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t c = p[0] & mask[n];

	for (size_t i = 1; i < n; i++)
		c = c << 6 | (p[i] & 0x3f);
	return c;
}

size_t utf8_encode(uint32_t c, char out[4])
{
	const size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const unsigned char first[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	for (size_t i = n; i-- > 1; c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)(first[n] | c);
	return n;
}

/* C0, C1, zero width and bidirectional marks, line separators, BOM, tags. */
bool utf8_deceives(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c
		|| (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e)
		|| (c >= 0x2060 && c <= 0x206f) || c == 0xfeff
		|| (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe007f);
}

/* Length of the printable ASCII at s, which is nearly everything: eight bytes at a time. */
static size_t plain_run(const unsigned char *s, size_t len)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
	size_t n = 0;

	for (; len - n >= 8; n += 8) {
		uint64_t w, del;

		memcpy(&w, s + n, 8);
		del = w ^ ones * 0x7f;
		if ((w | ((w - ones * 0x20) & ~w) | ((del - ones) & ~del)) & high)
			break;
	}
	while (n < len && s[n] >= 0x20 && s[n] < 0x7f)
		n++;
	return n;
}

/* The same without what JSON escapes. */
static size_t plain_json(const unsigned char *s, size_t len)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
	size_t n = 0;

	for (; len - n >= 8; n += 8) {
		uint64_t w, del, quote, back;

		memcpy(&w, s + n, 8);
		del = w ^ ones * 0x7f;
		quote = w ^ ones * '"';
		back = w ^ ones * '\\';
		if ((w | ((w - ones * 0x20) & ~w) | ((del - ones) & ~del) |
		     ((quote - ones) & ~quote) | ((back - ones) & ~back)) & high)
			break;
	}
	while (n < len && s[n] >= 0x20 && s[n] < 0x7f && s[n] != '"' && s[n] != '\\')
		n++;
	return n;
}

void quote_terminal_buf(struct buf *out, const void *p, size_t len)
{
	static const char digit[] = "0123456789abcdef";
	const unsigned char *s = p;

	for (size_t i = 0; i < len;) {
		const size_t plain = plain_run(s + i, len - i);
		size_t n;

		buf_put(out, s + i, plain);
		i += plain;
		if (i == len)
			break;
		n = utf8_sequence(s + i, len - i);
		if (n && !utf8_deceives(utf8_decode(s + i, n))) {
			buf_put(out, s + i, n);
			i += n;
			continue;
		}
		for (const size_t end = i + (n ? n : 1); i < end; i++) {
			const char hex[] = { '\\', 'x', digit[s[i] >> 4], digit[s[i] & 15] };

			buf_put(out, hex, sizeof(hex));
		}
	}
}

void quote_terminal(char *dst, size_t size, const char *p, size_t len)
{
	struct buf b = {0};
	size_t n;

	if (size == 0)
		return;
	quote_terminal_buf(&b, p, len);
	n = b.len < size - 1 ? b.len : size - 1;
	if (n)
		memcpy(dst, b.p, n);
	dst[n] = 0;
	buf_release(&b);
}

static const char *json_escape(unsigned char c)
{
	switch (c) {
	case '"': return "\\\"";
	case '\\': return "\\\\";
	case '\b': return "\\b";
	case '\f': return "\\f";
	case '\n': return "\\n";
	case '\r': return "\\r";
	case '\t': return "\\t";
	}
	return NULL;
}

void quote_json(struct buf *out, const void *p, size_t len)
{
	const unsigned char *s = p;

	for (size_t i = 0; i < len;) {
		size_t n = plain_json(s + i, len - i);
		const char *e;

		buf_put(out, s + i, n);
		i += n;
		if (i == len)
			return;
		e = json_escape(s[i]);
		if (e) {
			buf_str(out, e);
			i++;
		} else if (s[i] < 0x20) {
			buf_printf(out, "\\u%04x", s[i++]);
		} else {
			n = utf8_sequence(s + i, len - i);
			buf_put(out, n ? (const void *)(s + i) : "\xef\xbf\xbd", n ? n : 3);
			i += n ? n : 1;
		}
	}
}

void quote_utf8(struct buf *out, const void *p, size_t len)
{
	const unsigned char *s = p;

	for (size_t i = 0; i < len;) {
		const size_t n = utf8_sequence(s + i, len - i);

		buf_put(out, n ? (const void *)(s + i) : "\xef\xbf\xbd", n ? n : 3);
		i += n ? n : 1;
	}
}

void quote_dots(struct buf *out, const void *p, size_t len)
{
	const unsigned char *s = p;

	for (size_t i = 0; i < len; i++)
		buf_byte(out, s[i] >= 0x20 && s[i] < 0x7f ? s[i] : '.');
}

void quote_html(struct buf *out, const void *p, size_t len)
{
	struct buf text = {0};

	quote_terminal_buf(&text, p, len);
	for (size_t i = 0; i < text.len; i++)
		switch (text.p[i]) {
		case '&': buf_str(out, "&amp;"); break;
		case '<': buf_str(out, "&lt;"); break;
		case '>': buf_str(out, "&gt;"); break;
		case '"': buf_str(out, "&quot;"); break;
		case '\'': buf_str(out, "&#39;"); break;
		default: buf_byte(out, text.p[i]);
		}
	buf_release(&text);
}
