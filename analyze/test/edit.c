/* SPDX-License-Identifier: Apache-2.0 */
/* Edits of a text, and how they look as a diff. */
#include <stdlib.h>

#include "analyze/test/author.h"
#include "capture/base/quote.h"

enum { CONTEXT = 3 };

void author_edit(struct author_edits *e, size_t off, size_t end, const struct buf *text)
{
	e->v = mem_grow(e->v, &e->cap, e->n + 1, sizeof(*e->v));
	e->v[e->n++] = (struct author_edit){ off, end,
		arena_strn(&e->arena, text->p ? text->p : (const uint8_t *)"", text->len) };
}

void author_edits_release(struct author_edits *e)
{
	free(e->v);
	arena_release(&e->arena);
	*e = (struct author_edits){0};
}

static int compare_edits(const void *a, const void *b)
{
	const struct author_edit *x = a, *y = b;

	if (x->off != y->off)
		return x->off < y->off ? -1 : 1;
	return x->end < y->end ? -1 : x->end > y->end;
}

static void sort_edits(struct author_edits *e)
{
	if (e->n)
		qsort(e->v, e->n, sizeof(*e->v), compare_edits);
}

/* The bytes from..to with the edits first..last in them. */
static void put_edited(const struct author_edits *e, size_t first, size_t last, const char *text,
		       size_t from, size_t to, struct buf *out)
{
	for (size_t i = first; i < last; i++) {
		if (e->v[i].off < from)	/* an alias: it is changed already */
			continue;
		buf_put(out, text + from, e->v[i].off - from);
		buf_str(out, e->v[i].text);
		from = e->v[i].end;
	}
	buf_put(out, text + from, to - from);
}

void author_apply(struct author_edits *e, const char *text, size_t len, struct buf *out)
{
	sort_edits(e);
	put_edited(e, 0, e->n, text, 0, len, out);
}

size_t author_line(const char *text, size_t off)
{
	while (off > 0 && text[off - 1] != '\n')
		off--;
	return off;
}

size_t author_line_end(const char *text, size_t len, size_t off)
{
	while (off < len && text[off] != '\n')
		off++;
	return off < len ? off + 1 : len;
}

size_t author_end(const struct yaml *node)
{
	size_t end = node->kind <= YAML_SCALAR ? node->end : node->off;

	for (uint32_t i = 0; i < node->n; i++) {
		const size_t of_kid = author_end(node->kids[i]);

		end = of_kid > end ? of_kid : end;
	}
	return end;
}

/* ---- the diff ---- */

static size_t lines_in(const char *p, size_t n)
{
	size_t lines = n && p[n - 1] != '\n';

	for (size_t i = 0; i < n; i++)
		lines += p[i] == '\n';
	return lines;
}

static void put_lines(struct buf *out, char sign, const char *p, size_t n)
{
	for (size_t i = 0, end; i < n; i = end) {
		end = author_line_end(p, n, i);
		buf_byte(out, (uint8_t)sign);
		quote_terminal_buf(out, p + i, end - i - (p[end - 1] == '\n'));
		buf_byte(out, '\n');
		if (p[end - 1] != '\n')
			buf_str(out, "\\ No newline at end of file\n");
	}
}

static size_t lines_before(const char *text, size_t at, unsigned n)
{
	while (n-- && at > 0)
		at = author_line(text, at - 1);
	return at;
}

static size_t lines_after(const char *text, size_t len, size_t at, unsigned n)
{
	while (n-- && at < len)
		at = author_line_end(text, len, at);
	return at;
}

/* Whole lines that an edit touches. */
static size_t edit_from(const struct author_edit *e, const char *text)
{
	return author_line(text, e->off);
}

static size_t edit_to(const struct author_edit *e, const char *text, size_t len)
{
	const size_t n = strlen(e->text);

	/* What ends with a line does not touch the one behind it. */
	if (e->end == 0 || (text[e->end - 1] == '\n' && (n == 0 || e->text[n - 1] == '\n')))
		return e->end;
	return author_line_end(text, len, e->end);
}

/* Takes off lines at both ends that are the same, for edits within longer texts. */
static void put_change(struct buf *out, const char *old, size_t n_old, const char *new,
		       size_t n_new)
{
	size_t head = 0, tail = 0;

	for (;;) {
		const size_t a = author_line_end(old, n_old, head);

		if (head >= n_old || a > n_new || memcmp(old + head, new + head, a - head) != 0)
			break;
		head = a;
	}
	while (tail < n_old - head && tail < n_new - head &&
	       old[n_old - tail - 1] == new[n_new - tail - 1])
		tail++;
	while (tail > 0 && ((n_old > tail && old[n_old - tail - 1] != '\n') ||
			    (n_new > tail && new[n_new - tail - 1] != '\n')))
		tail--;
	put_lines(out, ' ', old, head);
	put_lines(out, '-', old + head, n_old - head - tail);
	put_lines(out, '+', new + head, n_new - head - tail);
	put_lines(out, ' ', old + n_old - tail, tail);
}

/* Edits that share lines are one change. */
static size_t changes_together(const struct author_edits *e, size_t i, const char *text,
			       size_t len, size_t *to)
{
	*to = edit_to(&e->v[i], text, len);
	for (i++; i < e->n && edit_from(&e->v[i], text) < *to; i++) {
		const size_t end = edit_to(&e->v[i], text, len);

		*to = end > *to ? end : *to;
	}
	return i;
}

void author_diff(struct author_edits *e, const char *path, const char *text, size_t len,
		 struct buf *out)
{
	struct buf body = {0}, new = {0};
	long moved = 0;

	sort_edits(e);
	buf_str(out, "--- ");
	quote_terminal_buf(out, path, strlen(path));
	buf_str(out, "\n+++ ");
	quote_terminal_buf(out, path, strlen(path));
	buf_byte(out, '\n');
	for (size_t i = 0; i < e->n;) {
		size_t begin = lines_before(text, edit_from(&e->v[i], text), CONTEXT);
		size_t at = begin, to, n_old, n_new = 0, next;
		long grown = 0;

		buf_reset(&body);
		do {	/* changes whose surroundings meet */
			const size_t from = edit_from(&e->v[i], text);

			put_lines(&body, ' ', text + at, from - at);
			next = changes_together(e, i, text, len, &to);
			buf_reset(&new);
			put_edited(e, i, next, text, from, to, &new);
			put_change(&body, text + from, to - from, buf_text(&new), new.len);
			grown += (long)lines_in((const char *)new.p, new.len) -
				(long)lines_in(text + from, to - from);
			at = to;
			i = next;
		} while (i < e->n && lines_before(text, edit_from(&e->v[i], text), CONTEXT) <=
			 lines_after(text, len, at, CONTEXT));
		to = lines_after(text, len, at, CONTEXT);
		put_lines(&body, ' ', text + at, to - at);
		n_old = lines_in(text + begin, to - begin);
		n_new = (size_t)((long)n_old + grown);
		buf_printf(out, "@@ -%zu,%zu +%ld,%zu @@\n", lines_in(text, begin) + 1, n_old,
			   (long)lines_in(text, begin) + 1 + moved, n_new);
		buf_put(out, body.p, body.len);
		moved += grown;
	}
	buf_release(&body);
	buf_release(&new);
}
