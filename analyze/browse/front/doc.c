/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/browse/front/doc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/browse/front/cell.h"

void doc_init(struct doc *d)
{
	*d = (struct doc){ .found = SIZE_MAX };
}

void doc_release(struct doc *d)
{
	free(d->v);
	free(d->rows);
	arena_release(&d->arena);
	doc_init(d);
}

void doc_clear(struct doc *d)
{
	d->n = d->n_rows = d->wrapped_lines = 0;
	d->found = SIZE_MAX;
	arena_reset(&d->arena);
}

static struct doc_line *line(struct doc *d, enum term_role role, const char *p, size_t len)
{
	d->v = mem_grow(d->v, &d->cap, d->n + 1, sizeof(*d->v));
	d->v[d->n] = (struct doc_line){ .p = p, .len = (uint32_t)len, .role = role };
	return &d->v[d->n++];
}

void doc_add(struct doc *d, enum term_role role, const void *p, size_t len)
{
	line(d, role, arena_strn(&d->arena, p, len), len);
}

void doc_pair(struct doc *d, const char *label, int label_width, enum term_role role,
	      const void *p, size_t len)
{
	const size_t n = strlen(label), used = cell_width(label, n, 200, term_utf8());
	const size_t width = n + (used < (size_t)label_width ? (size_t)label_width - used : 1);
	char *text = arena_alloc(&d->arena, width + len + 1);
	struct doc_line *l;

	memset(text, ' ', width);
	memcpy(text, label, n);
	if (len)
		memcpy(text + width, p, len);
	l = line(d, role, text, width + len);
	l->label = (uint16_t)width;
	l->label_role = ROLE_DIM;
}

void doc_printf(struct doc *d, enum term_role role, const char *fmt, ...)
{
	char text[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n > 0)
		doc_add(d, role, text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

void doc_section(struct doc *d, const char *title)
{
	if (d->n > 0)
		doc_add(d, ROLE_TEXT, "", 0);
	doc_add(d, ROLE_HEAD, title, strlen(title));
	d->v[d->n - 1].section = true;
}

void doc_text(struct doc *d, enum term_role role, const char *p, size_t len)
{
	while (len > 0) {
		const char *end = memchr(p, '\n', len);
		const size_t n = end ? (size_t)(end - p) : len;

		doc_add(d, role, p, n);
		p += n + (end != NULL);
		len -= n + (end != NULL);
	}
}

void doc_most(struct doc *d, unsigned rows)
{
	if (d->n > 0)
		d->v[d->n - 1].most = (uint16_t)rows;
}

/* ---- rows of the screen --------------------------------------------------------- */

static size_t indent_of(const struct doc_line *l, int width)
{
	return l->label < width / 2 ? l->label : 0;
}

static void wrap_line(struct doc *d, uint32_t at)
{
	const struct doc_line *l = &d->v[at];
	const size_t indent = indent_of(l, d->width);
	const unsigned most = d->whole ? 0 : l->most;
	uint32_t from = 0;
	unsigned rows = 0;
	bool cut;

	do {
		const size_t room = (size_t)d->width - (from ? indent : 0);
		const size_t n = cell_fit(l->p + from, l->len - from, room, term_utf8());

		cut = ++rows == most && from + n < l->len;
		d->rows = mem_grow(d->rows, &d->rows_cap, d->n_rows + 1, sizeof(*d->rows));
		/* of a row that is cut there is one byte too much: its end becomes an ellipsis */
		d->rows[d->n_rows++] = (struct doc_row){ at, from, (uint32_t)n + cut, cut };
		from += (uint32_t)n;
	} while (from < l->len && !cut);
}

static void wrap(struct doc *d, int width)
{
	uint32_t at = 0;

	if (width != d->width || d->rewrap) {
		d->rewrap = false;
		at = d->top < d->n_rows ? d->rows[d->top].line : 0;
		d->n_rows = d->wrapped_lines = 0;
		d->width = width;
	}
	for (; d->wrapped_lines < d->n; d->wrapped_lines++)
		wrap_line(d, (uint32_t)d->wrapped_lines);
	if (at > 0)
		for (d->top = 0; d->top < d->n_rows && d->rows[d->top].line < at; d->top++)
			;
}

void doc_whole(struct doc *d, bool whole)
{
	d->rewrap |= d->whole != whole;
	d->whole = whole;
}

bool doc_is_cut(const struct doc *d)
{
	for (size_t i = 0; i < d->n_rows; i++)
		if (d->rows[i].cut)
			return true;
	return false;
}

void doc_scroll(struct doc *d, long rows, int height)
{
	const size_t most = d->n_rows > (size_t)height ? d->n_rows - (size_t)height : 0;

	if (rows < 0 && (size_t)-rows > d->top)
		d->top = 0;
	else
		d->top += (size_t)rows;
	if (d->top > most)
		d->top = most;
}

bool doc_at_end(const struct doc *d, int height)
{
	return d->top + (size_t)height >= d->n_rows;
}

void doc_go_end(struct doc *d)
{
	d->top = SIZE_MAX / 2;
}

static void draw_row(const struct doc *d, const struct doc_row *r, int row, int column)
{
	const struct doc_line *l = &d->v[r->line];
	const enum term_role role = r->line == d->found ? ROLE_MATCH : l->role;
	int at = column, skip = 0;

	if (r->from == 0 && l->label) {
		skip = l->label < r->len ? l->label : (int)r->len;
		at += term_quoted(row, at, d->width, l->label_role, l->p, (size_t)skip, false);
	} else if (r->from > 0) {
		at += (int)indent_of(l, d->width);
	}
	term_quoted(row, at, d->width - (at - column), role, l->p + r->from + skip,
		    r->len - (size_t)skip, false);
}

void doc_draw(struct doc *d, int row, int column, int height, int width)
{
	if (width <= 0 || height <= 0 || d->n == 0)	/* nothing yet: it stays at its place */
		return;
	wrap(d, width);
	doc_scroll(d, 0, height);
	for (int i = 0; i < height && d->top + (size_t)i < d->n_rows; i++)
		draw_row(d, &d->rows[d->top + (size_t)i], row + i, column);
}

void doc_go_section(struct doc *d, int direction, int height)
{
	for (size_t i = d->top + (size_t)direction; i < d->n_rows; i += (size_t)direction)
		if (d->rows[i].from == 0 && d->v[d->rows[i].line].section) {
			d->top = i;
			break;
		}
	doc_scroll(d, 0, height);
}

static unsigned char lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

bool text_has(const char *p, size_t len, const char *part)
{
	const size_t n = strlen(part);

	for (size_t i = 0; i + n <= len; i++) {
		size_t k = 0;

		while (k < n && lower((unsigned char)p[i + k]) == lower((unsigned char)part[k]))
			k++;
		if (k == n)
			return true;
	}
	return false;
}

bool doc_search(struct doc *d, const char *text, int from, int height)
{
	const int step = from < 0 ? -1 : 1;
	const size_t above = (size_t)height / 3;
	size_t at = d->found;

	if (at == SIZE_MAX || at >= d->n)
		at = d->top < d->n_rows ? d->rows[d->top].line : 0;
	else
		at += (size_t)from;
	for (; at < d->n; at += (size_t)step)
		if (text_has(d->v[at].p, d->v[at].len, text)) {
			d->found = at;
			for (size_t i = 0; i < d->n_rows; i++)
				if (d->rows[i].line == at && d->rows[i].from == 0)
					d->top = i > above ? i - above : 0;
			doc_scroll(d, 0, height);
			return true;
		}
	return false;
}
