/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/set/layout_text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "rules/set/layout.h"

enum { KEY_COLUMN = 2, TEXT_COLUMN = 4, DEEPEST = 40, MORE = 4 };

bool flow_safe(struct text_span w)
{
	for (size_t i = 0; i < w.len; i++)
		if (strchr(",[]{}#&*!|>'\"%@`", w.p[i]) || (unsigned char)w.p[i] < ' ')
			return false;
	return w.len > 0;
}

/* ---- words of a text ---- */

/* A word with its quoted parts; parentheses stand alone. */
static struct text_span next_word(struct text_span *rest)
{
	const char *p = rest->p, *end = p + rest->len, *start;

	while (p < end && isspace((unsigned char)*p))
		p++;
	start = p;
	if (p < end && (*p == '(' || *p == ')')) {
		p++;
	} else {
		while (p < end && !isspace((unsigned char)*p) && *p != '(' && *p != ')') {
			if (*p == '"' || *p == '\'') {
				const char quote = *p++;

				while (p < end && *p != quote)
					p += 1 + (*p == '\\' && p + 1 < end);
				if (p >= end)
					break;
			}
			p++;
		}
	}
	if (p > end)
		p = end;
	*rest = (struct text_span){ p, (size_t)(end - p) };
	return (struct text_span){ start, (size_t)(p - start) };
}

static bool is(struct text_span w, const char *text)
{
	return w.len == strlen(text) && memcmp(w.p, text, w.len) == 0;
}

/* A text that YAML takes as it is behind "key: ". */
static bool plain_safe(const char *p, size_t len)
{
	if (len == 0 || strchr("-?:,[]{}#&*!|>'\"%@` ~", *p) || p[len - 1] == ' ' ||
	    p[len - 1] == ':')
		return false;
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)p[i] < ' ')
			return false;
		if (p[i] == ':' && i + 1 < len && p[i + 1] == ' ')
			return false;
		if (p[i] == '#' && i && p[i - 1] == ' ')
			return false;
	}
	return true;
}

/* ---- conditions ---- */

struct words {
	struct text_span *v;
	unsigned *depth;		/* of parentheses that hold and, or, or not */
	size_t n, cap, depth_cap;
};

static void words_release(struct words *w)
{
	free(w->v);
	free(w->depth);
}

static void read_words(struct words *w, struct text_span text)
{
	struct text_span word;

	while ((word = next_word(&text)).len) {
		w->v = mem_grow(w->v, &w->cap, w->n + 1, sizeof(*w->v));
		w->depth = mem_grow(w->depth, &w->depth_cap, w->n + 1, sizeof(*w->depth));
		w->v[w->n++] = word;
	}
}

/* False: parentheses do not match. */
static bool find_depths(struct words *w)
{
	unsigned depth = 0;

	for (size_t i = 0; i < w->n; i++) {
		if (is(w->v[i], ")")) {
			if (!depth)
				return false;
			depth--;
		}
		w->depth[i] = depth;
		if (is(w->v[i], "("))
			depth++;
	}
	return depth == 0;
}

static void put_word(struct buf *out, struct text_span w)
{
	for (size_t i = 0; i < w.len; i++) {
		const bool blank = isspace((unsigned char)w.p[i]);

		/* Only quoted parts have blanks; a line break there was folded already. */
		buf_byte(out, blank ? ' ' : (uint8_t)w.p[i]);
	}
}

/* No blank behind "(" and before ")" and ","; none between a name and "(" where there was
 * none: tolower(proc.name). */
static bool blank_between(const struct words *w, size_t i)
{
	const struct text_span a = w->v[i - 1], b = w->v[i];

	if (is(a, "(") || is(b, ")"))
		return false;
	if (b.p == a.p + a.len)
		return false;
	return true;
}

static void put_run(struct buf *out, const struct words *w, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		if (i > from && blank_between(w, i))
			buf_byte(out, ' ');
		put_word(out, w->v[i]);
	}
}

static bool is_joint(struct text_span w)
{
	return is(w, "and") || is(w, "or");
}

/* Where the words from..to end on a line that begins at column. */
static size_t run_width(const struct words *w, size_t from, size_t to, size_t column)
{
	for (size_t i = from; i < to; i++)
		column += w->v[i].len + (i > from && blank_between(w, i));
	return column;
}

/* A run that is too long for a line and has no clauses inside: a list of values, mostly. */
static void put_filled(struct buf *out, const struct words *w, size_t from, size_t to,
		       unsigned column)
{
	size_t at = column;

	for (size_t i = from; i < to; i++) {
		const bool blank = i > from && blank_between(w, i);
		size_t end = i + 1;

		/* What stands close to the word stays with it: its comma, the last bracket. */
		while (end < to && !blank_between(w, end))
			end++;
		if (blank && run_width(w, i, end, at + 1) > LAYOUT_WIDTH) {
			buf_printf(out, "\n%*s", (int)column + MORE, "");
			at = column + MORE;
		} else if (blank) {
			buf_byte(out, ' ');
			at++;
		}
		put_run(out, w, i, end);
		at = run_width(w, i, end, at);
		i = end - 1;
	}
}

static bool has_joint(const struct words *w, size_t from, size_t to, unsigned depth)
{
	for (size_t i = from; i < to; i++)
		if (is_joint(w->v[i]) && w->depth[i] == depth)
			return true;
	return false;
}

/* Lines of the words from..to, broken before each and/or of the given depth; runs that are
 * still too long are broken inside. */
static void put_clauses(struct buf *out, const struct words *w, size_t from, size_t to,
			unsigned depth, unsigned column)
{
	size_t start = from;

	while (start < to) {
		size_t end = start + 1;

		while (end < to && !(is_joint(w->v[end]) && w->depth[end] == depth))
			end++;
		if (start > from)
			buf_printf(out, "\n%*s", (int)column, "");
		if (run_width(w, start, end, column) <= LAYOUT_WIDTH)
			put_run(out, w, start, end);
		else if (column < DEEPEST && has_joint(w, start, end, depth + 1))
			put_clauses(out, w, start, end, depth + 1, column + 2);
		else
			put_filled(out, w, start, end, column);
		start = end;
	}
}

static bool has_line_break_in_quotes(const struct words *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (memchr(w->v[i].p, '\n', w->v[i].len))
			return true;
	return false;
}

bool layout_condition(struct buf *out, const char *key, struct text_span text)
{
	const size_t before = out->len;
	struct words w = {0};
	struct buf line = {0};
	bool ok;

	read_words(&w, text);
	ok = w.n > 0 && find_depths(&w) && !has_line_break_in_quotes(&w);
	if (ok) {
		put_run(&line, &w, 0, w.n);
		buf_printf(out, "%s: ", key);
		if (KEY_COLUMN + strlen(key) + 2 + line.len <= LAYOUT_WIDTH &&
		    plain_safe((const char *)line.p, line.len)) {
			buf_put(out, line.p, line.len);
		} else {
			buf_printf(out, ">\n%*s", TEXT_COLUMN, "");
			put_clauses(out, &w, 0, w.n, 0, TEXT_COLUMN);
		}
	}
	if (!ok)
		out->len = before;
	words_release(&w);
	buf_release(&line);
	return ok;
}

/* ---- prose ---- */

/* Paragraphs and indented lines mean line breaks; such texts stay as they are. */
static bool is_one_paragraph(struct text_span t, bool loose)
{
	while (t.len && isspace((unsigned char)t.p[t.len - 1]))
		t.len--;
	if (!t.len || isspace((unsigned char)*t.p) || memchr(t.p, '\n', t.len))
		return false;
	for (size_t i = 1; i < t.len; i++)
		if (!loose && ((isspace((unsigned char)t.p[i]) &&
				isspace((unsigned char)t.p[i - 1])) || t.p[i] == '\t'))
			return false;
	return true;
}

static void fill(struct buf *out, struct text_span t)
{
	size_t column = TEXT_COLUMN;

	buf_printf(out, "%*s", TEXT_COLUMN, "");
	while (t.len) {
		const char *blank = memchr(t.p, ' ', t.len);
		const size_t n = blank ? (size_t)(blank - t.p) : t.len;

		if (n == 0) {
			t.p++;
			t.len--;
			continue;
		}
		if (column > TEXT_COLUMN && column + 1 + n > LAYOUT_WIDTH) {
			buf_printf(out, "\n%*s", TEXT_COLUMN, "");
			column = TEXT_COLUMN;
		} else if (column > TEXT_COLUMN) {
			buf_byte(out, ' ');
			column++;
		}
		buf_put(out, t.p, n);
		column += n;
		t.p += n + (blank != NULL);
		t.len -= n + (blank != NULL);
	}
}

bool layout_prose(struct buf *out, const char *key, struct text_span t, bool loose)
{
	/* The line break at the end of a folded text belongs to it. */
	const bool ends = t.len && t.p[t.len - 1] == '\n';

	if (!is_one_paragraph(t, loose))
		return false;
	while (t.len && isspace((unsigned char)t.p[t.len - 1]))
		t.len--;
	buf_printf(out, "%s: ", key);
	if (!ends && KEY_COLUMN + strlen(key) + 2 + t.len <= LAYOUT_WIDTH &&
	    plain_safe(t.p, t.len)) {
		buf_put(out, t.p, t.len);
	} else {
		buf_str(out, ends ? ">\n" : ">-\n");
		fill(out, t);
	}
	return true;
}

/* ---- lists of words ---- */

void layout_words(struct buf *out, const char *key, const struct text_span *words, size_t n)
{
	size_t total = KEY_COLUMN + strlen(key) + 4, column = TEXT_COLUMN;

	for (size_t i = 0; i < n; i++)
		total += words[i].len + (i ? 2 : 0);
	buf_printf(out, "%s: [", key);
	if (total > LAYOUT_WIDTH)
		buf_printf(out, "\n%*s", TEXT_COLUMN, "");
	for (size_t i = 0; i < n; i++) {
		const size_t need = words[i].len + 1;

		if (total > LAYOUT_WIDTH && column > TEXT_COLUMN &&
		    column + 1 + need > LAYOUT_WIDTH) {
			buf_printf(out, "\n%*s", TEXT_COLUMN, "");
			column = TEXT_COLUMN;
		} else if (i) {
			buf_byte(out, ' ');
			column++;
		}
		buf_put(out, words[i].p, words[i].len);
		if (i + 1 < n)
			buf_byte(out, ',');
		column += need;
	}
	if (total > LAYOUT_WIDTH)
		buf_printf(out, "\n%*s", KEY_COLUMN, "");
	buf_byte(out, ']');
}
