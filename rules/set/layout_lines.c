/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of a file, and the comments in them. */
#include <ctype.h>
#include <string.h>

#include "rules/set/layout_parts.h"

void lines_split(struct layout *l)
{
	const char *text = l->file.text;
	const size_t len = l->file.len;
	size_t n = 1;

	for (size_t i = 0; i < len; i++)
		n += text[i] == '\n';
	l->lines.text = text;
	l->lines.len = len;
	l->lines.at = arena_alloc(&l->arena, (n + 2) * sizeof(uint32_t));
	l->lines.at[0] = 0;
	l->lines.n = 1;
	for (size_t i = 0; i < len; i++)
		if (text[i] == '\n')
			l->lines.at[l->lines.n++] = (uint32_t)i + 1;
	l->lines.at[l->lines.n] = (uint32_t)len + 1;
}

struct text_span lines_get(const struct lines *s, size_t i)
{
	const char *p = s->text + s->at[i];
	size_t n = s->at[i + 1] - s->at[i] - 1;

	while (n && isspace((unsigned char)p[n - 1]))
		n--;
	return (struct text_span){ p, n };
}

/* With the blanks at its end, which count inside a text. */
struct text_span lines_whole(const struct lines *s, size_t i)
{
	const char *p = s->text + s->at[i];
	size_t n = s->at[i + 1] - s->at[i] - 1;

	return (struct text_span){ p, n && p[n - 1] == '\r' ? n - 1 : n };
}

size_t lines_at(const struct lines *s, uint32_t off)
{
	size_t low = 0, high = s->n;

	while (high - low > 1) {
		const size_t mid = (low + high) / 2;

		if (s->at[mid] <= off)
			low = mid;
		else
			high = mid;
	}
	return low;
}

size_t line_indent(struct text_span s)
{
	size_t n = 0;

	while (n < s.len && s.p[n] == ' ')
		n++;
	return n;
}

bool line_is_comment(struct text_span s)
{
	const size_t n = line_indent(s);

	return n < s.len && s.p[n] == '#';
}

/* ---- comments ---- */

void layout_comment(struct layout *l, struct text_span s, size_t indent)
{
	const size_t n = line_indent(s);

	buf_printf(l->out, "%*s", (int)indent, "");
	buf_put(l->out, s.p + n, s.len - n);
	buf_byte(l->out, '\n');
}

/* Comments of the lines from..to; blank lines between them stay, one at a time. */
void layout_comments(struct layout *l, size_t from, size_t to, size_t indent, bool blanks)
{
	bool blank = false, any = false;

	for (size_t i = from; i < to; i++) {
		const struct text_span s = lines_get(&l->lines, i);

		if (!line_is_comment(s)) {
			blank = any && s.len == 0;
			continue;
		}
		if (blank && blanks)
			buf_byte(l->out, '\n');
		layout_comment(l, s, indent);
		blank = false;
		any = true;
	}
	/* A comment that stood apart from what follows says something of its own. */
	if (blank && blanks && any)
		buf_byte(l->out, '\n');
}
