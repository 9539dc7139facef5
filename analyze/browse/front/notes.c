/* SPDX-License-Identifier: Apache-2.0 */
/* The file is lines of words for people and grep; a text is the rest of its line, with
 * backslash and control characters as \xHH:
 *
 *   saker notes 1
 *   bookmark NUM TS
 *   note NUM TS TEXT
 *   place VIEW CURSOR FROM TO NUM
 *   filter TEXT                     of the place, the lowest first
 *   row ID                          of the place: the chosen row
 *   show|hide|sort|sort-down VIEW COLUMN   what was chosen of a view's columns
 *   typed filter|search|time TEXT   history, oldest first
 *
 * Unknown words are skipped: a later version may have written them. */
#include "analyze/browse/front/notes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/base/err.h"
#include "capture/base/mem.h"

static const char first_line[] = "saker notes 1\n";
static const char *const history_name[HISTORY__N] = { "filter", "search", "time" };

enum { FILTERS_MAX = 64 };

/* ---- texts ---------------------------------------------------------------------- */

static void put_text(struct buf *out, const char *s)
{
	for (; *s; s++) {
		const unsigned char c = (unsigned char)*s;

		if (c < 0x20 || c == 0x7f || c == '\\')
			buf_printf(out, "\\x%02x", c);
		else
			buf_byte(out, c);
	}
}

/* In place. */
static char *text_of(char *line)
{
	char *out = line;
	unsigned c;

	for (const char *s = line; *s;)
		if (s[0] == '\\' && s[1] == 'x' && sscanf(s + 2, "%2x", &c) == 1 && c > 0 &&
		    s[2] && s[3]) {
			*out++ = (char)c;
			s += 4;
		} else {
			*out++ = *s++;
		}
	*out = 0;
	if (strlen(line) > PROMPT_TEXT_MAX)
		line[PROMPT_TEXT_MAX] = 0;
	return line;
}

/* ---- notes ---------------------------------------------------------------------- */

static size_t position(const struct notes *n, uint64_t num, uint64_t ts)
{
	size_t lo = 0, hi = n->n;

	while (lo < hi) {
		const size_t mid = (lo + hi) / 2;
		const struct note *x = &n->v[mid];

		if (x->ts < ts || (x->ts == ts && x->num < num))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct note *notes_find(struct notes *n, uint64_t num, uint64_t ts)
{
	const size_t i = position(n, num, ts);

	return i < n->n && n->v[i].num == num && n->v[i].ts == ts ? &n->v[i] : NULL;
}

bool notes_set(struct notes *n, uint64_t num, uint64_t ts, const char *text)
{
	const size_t i = position(n, num, ts);
	struct note *x = notes_find(n, num, ts);

	if (!text && !x)
		return true;
	n->changed = true;
	if (x)
		free(x->text);
	if (!text) {
		memmove(x, x + 1, (n->n - i - 1) * sizeof(*x));
		n->n--;
		return true;
	}
	if (!x) {
		if (n->n == NOTES_MAX)
			return false;
		n->v = mem_grow(n->v, &n->cap, n->n + 1, sizeof(*n->v));
		x = &n->v[i];
		memmove(x + 1, x, (n->n - i) * sizeof(*x));
		n->n++;
	}
	*x = (struct note){ num, ts, xmemdup0(text, strnlen(text, NOTE_TEXT_MAX)) };
	return true;
}

void notes_place_clear(struct notes_place *p)
{
	free(p->view);
	for (size_t i = 0; i < p->n_filters; i++)
		free(p->filters[i]);
	free(p->filters);
	*p = (struct notes_place){ .to = UINT64_MAX };
}

void notes_place_filter(struct notes_place *p, const char *text)
{
	if (p->n_filters == FILTERS_MAX)
		return;
	if (!p->filters)
		p->filters = xcalloc(FILTERS_MAX, sizeof(*p->filters));
	p->filters[p->n_filters++] = xstrdup(text);
}

static const char *const choice_name[] = { "show", "hide", "sort", "sort-down" };

enum { N_CHOICES = sizeof(choice_name) / sizeof(choice_name[0]) };

void notes_columns_clear(struct notes *n, const char *view)
{
	size_t kept = 0;

	for (size_t i = 0; i < n->n_columns; i++) {
		struct notes_column *c = &n->columns[i];

		if (view && strcmp(c->view, view) != 0) {
			n->columns[kept++] = *c;
			continue;
		}
		free(c->view);
		free(c->column);
	}
	n->changed |= kept != n->n_columns;
	n->n_columns = kept;
}

void notes_column_add(struct notes *n, const char *view, enum column_choice choice,
		      const char *column)
{
	if (n->n_columns == NOTES_COLUMNS_MAX)
		return;
	n->columns = mem_grow(n->columns, &n->columns_cap, n->n_columns + 1,
			      sizeof(*n->columns));
	n->columns[n->n_columns++] = (struct notes_column){
		xstrdup(view), xstrdup(column), choice,
	};
	n->changed = true;
}

/* ---- reading and printing ------------------------------------------------------- */

static void parse_note(struct notes *n, char *rest, bool with_text)
{
	uint64_t num, ts;
	int at = 0;

	if (sscanf(rest, "%" SCNu64 " %" SCNu64 "%n", &num, &ts, &at) < 2)
		return;
	rest += at;
	if (*rest == ' ')
		rest++;
	notes_set(n, num, ts, with_text ? text_of(rest) : "");
}

static void parse_place(struct notes_place *p, const char *rest)
{
	char view[64];
	struct notes_place at;

	if (sscanf(rest, "%63s %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64, view, &at.cursor,
		   &at.from, &at.to, &at.num) != 5)
		return;
	notes_place_clear(p);
	p->known = true;
	p->view = xstrdup(view);
	p->cursor = at.cursor;
	p->from = at.from;
	p->to = at.to;
	p->num = at.num;
}

static void parse_column(struct notes *n, char *line)
{
	char *view = strchr(line, ' '), *column = view ? strchr(view + 1, ' ') : NULL;

	if (!column)
		return;
	*view++ = *column++ = 0;
	for (unsigned k = 0; k < N_CHOICES; k++)
		if (strcmp(line, choice_name[k]) == 0)
			notes_column_add(n, view, (enum column_choice)k, text_of(column));
}

static void parse_typed(struct notes *n, char *rest)
{
	for (unsigned k = 0; k < HISTORY__N; k++) {
		const size_t len = strlen(history_name[k]);

		if (strncmp(rest, history_name[k], len) == 0 && rest[len] == ' ')
			history_add(&n->history[k], text_of(rest + len + 1));
	}
}

static void parse_line(struct notes *n, char *line)
{
	if (strncmp(line, "bookmark ", 9) == 0)
		parse_note(n, line + 9, false);
	else if (strncmp(line, "note ", 5) == 0)
		parse_note(n, line + 5, true);
	else if (strncmp(line, "place ", 6) == 0)
		parse_place(&n->place, line + 6);
	else if (strncmp(line, "filter ", 7) == 0)
		notes_place_filter(&n->place, text_of(line + 7));
	else if (strncmp(line, "row ", 4) == 0)
		n->place.row = strtoull(line + 4, NULL, 16);
	else if (strncmp(line, "typed ", 6) == 0)
		parse_typed(n, line + 6);
	else
		parse_column(n, line);
}

int notes_parse(struct notes *n, const char *p, size_t len)
{
	const size_t first = sizeof(first_line) - 1;

	if (len < first || memcmp(p, first_line, first) != 0)
		return err(ERR_FORMAT, "it is no file of notes");
	for (size_t at = first; at < len;) {
		const char *end = memchr(p + at, '\n', len - at);
		const size_t n_line = end ? (size_t)(end - p) - at : len - at;
		char *line = xmemdup0(p + at, n_line);

		parse_line(n, line);
		free(line);
		at += n_line + 1;
	}
	n->changed = false;
	return 0;
}

void notes_print(const struct notes *n, struct buf *out)
{
	const struct notes_place *p = &n->place;

	buf_str(out, first_line);
	for (size_t i = 0; i < n->n; i++) {
		const struct note *x = &n->v[i];

		buf_printf(out, "%s %" PRIu64 " %" PRIu64, *x->text ? "note" : "bookmark", x->num,
			   x->ts);
		if (*x->text)
			buf_byte(out, ' ');
		put_text(out, x->text);
		buf_byte(out, '\n');
	}
	if (p->known)
		buf_printf(out, "place %s %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
			   p->view ? p->view : "overview", p->cursor, p->from, p->to, p->num);
	for (size_t i = 0; p->known && i < p->n_filters; i++) {
		buf_str(out, "filter ");
		put_text(out, p->filters[i]);
		buf_byte(out, '\n');
	}
	if (p->known && p->row)
		buf_printf(out, "row %016" PRIx64 "\n", p->row);
	for (size_t i = 0; i < n->n_columns; i++) {
		const struct notes_column *c = &n->columns[i];

		buf_printf(out, "%s %s ", choice_name[c->choice], c->view);
		put_text(out, c->column);
		buf_byte(out, '\n');
	}
	for (unsigned k = 0; k < HISTORY__N; k++)
		for (size_t i = 0; i < n->history[k].n; i++) {
			buf_printf(out, "typed %s ", history_name[k]);
			put_text(out, n->history[k].v[i]);
			buf_byte(out, '\n');
		}
}

void notes_release(struct notes *n)
{
	for (size_t i = 0; i < n->n; i++)
		free(n->v[i].text);
	free(n->v);
	notes_columns_clear(n, NULL);
	free(n->columns);
	notes_place_clear(&n->place);
	for (unsigned k = 0; k < HISTORY__N; k++)
		history_release(&n->history[k]);
	free(n->path);
	*n = (struct notes){0};
}
