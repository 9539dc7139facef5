/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of conditions: joined from several items, and with lists put in as text, which
 * is how Falco does it and what rules in the wild rely on.
 *
 * A word is what stands between blanks, parentheses, commas and "=" (quotes are no
 * borders: a list is also put into a quoted text).  Lists are applied one after the other in
 * order of definition, so words that come from a list are looked up again, but only among
 * the lists defined after it. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "rules/set/items.h"

enum { EXPANDED_MAX = LANG_TEXT_MAX };	/* more is refused by the parser */

void joined_add(struct joined *j, const char *p, size_t len, struct place from)
{
	j->spans = mem_grow(j->spans, &j->spans_cap, j->n + 1, sizeof(*j->spans));
	j->spans[j->n++] = (struct span){ .at = (uint32_t)j->len, .from = from };
	j->p = mem_grow(j->p, &j->cap, j->len + len + 1, 1);
	memcpy(j->p + j->len, p, len);
	j->len += len;
	j->p[j->len] = 0;
}

void joined_set(struct joined *j, const char *p, size_t len, struct place from)
{
	j->len = j->n = 0;
	joined_add(j, p, len, from);
}

void joined_release(struct joined *j)
{
	free(j->p);
	free(j->spans);
	*j = (struct joined){0};
}

/* ---- places ---- */

static bool is_space(char c)
{
	return isspace((unsigned char)c);
}

/* Where byte off of a scalar's value stands in the file.  Values differ from the file's
 * text in blanks (folding, indentation), doubled quotes and escapes, so both are
 * walked together and everything but what is not blank is passed over. */
static size_t scalar_place(const struct place *from, size_t off)
{
	const struct yaml *n = from->node;
	const char *text = from->file->text;
	size_t at = n->off, end = n->end < from->file->len ? n->end : from->file->len, hit;

	if (n->kind != YAML_SCALAR)
		return at;	/* text that stands for it */
	if (at < end && !n->plain && (text[at] == '|' || text[at] == '>')) {
		while (at < end && text[at] != '\n')
			at++;
	} else if (at < end && !n->plain) {
		at++;
	}
	hit = at;
	for (size_t i = 0; i <= off && i < n->len; i++) {
		if (is_space(n->p[i])) {
			if (i == off)
				return hit + 1 < end ? hit + 1 : end;
			continue;
		}
		while (at < end && text[at] != n->p[i])
			at++;
		hit = at < end ? at : end;
		if (at < end)
			at++;
	}
	return off < n->len ? hit : end;
}

static void file_place(const struct place *from, size_t off, struct lang_place *out)
{
	const char *text = from->file->text, *start, *end, *p = text + from->node->off;
	size_t line = from->node->line + 1;

	for (; p < text + off && (p = memchr(p, '\n', (size_t)(text + off - p))); p++)
		line++;
	start = off ? memrchr(text, '\n', off) : NULL;
	start = start ? start + 1 : text;
	end = memchr(text + off, '\n', from->file->len - off);
	*out = (struct lang_place){
		.file = from->file->name, .line = (unsigned)line,
		.column = (unsigned)(text + off - start) + 1, .text = start,
		.len = (size_t)((end ? end : text + from->file->len) - start),
	};
}

static void locate_joined(const struct joined *j, size_t off, struct lang_place *out)
{
	const struct place *from;
	size_t i = j->n;

	while (i > 1 && j->spans[i - 1].at > off)
		i--;
	from = &j->spans[i - 1].from;
	file_place(from, scalar_place(from, off - j->spans[i - 1].at + from->skip), out);
}

static void locate_in_joined(const struct lang_text *t, size_t off, struct lang_place *out)
{
	locate_joined(t->origin, off, out);
}

void joined_text(struct lang_text *t, const struct joined *j)
{
	*t = (struct lang_text){ .name = j->spans[0].from.file->name, .p = j->p, .len = j->len,
				 .locate = locate_in_joined, .origin = j };
}

/* An item of a list that stands in the same file as the condition: a message about a file
 * points into it. */
static bool locate_item(const struct expanded *e, const struct piece *p, size_t off,
			struct lang_place *out)
{
	const struct list_mark *m;
	const struct place *at;
	size_t i = e->n_marks, in;

	while (i > 0 && e->marks[i - 1].out > off)
		i--;
	if (i == 0 || e->marks[i - 1].out < p->out)
		return false;
	m = &e->marks[i - 1];
	at = &m->list->items_at[m->index];
	if (at->file != e->from->spans[0].from.file)
		return false;
	in = off - m->out;
	in -= in > 0 && e->text.p[m->out] == '"' && m->list->items[m->index][0] != '"';
	if (in >= strlen(m->list->items[m->index]))
		in = 0;		/* lists in it are put in */
	file_place(at, scalar_place(at, in), out);
	return true;
}

static void locate_expanded(const struct lang_text *t, size_t off, struct lang_place *out)
{
	const struct expanded *e = t->origin;
	size_t i = e->n;

	while (i > 0 && e->pieces[i - 1].out > off)
		i--;
	if (i) {
		const struct piece *p = &e->pieces[i - 1];

		if (!p->copied && locate_item(e, p, off, out))
			return;
		off = p->in + (p->copied ? off - p->out : 0);
	}
	locate_joined(e->from, off < e->from->len ? off : e->from->len, out);
}

/* ---- lists ---- */

static struct list_def *find_list(struct ruleset *rs, const char *p, size_t len)
{
	const uint32_t i = intern_find(&rs->list_names, p, len);

	return i == INTERN_NONE ? NULL : rs->lists[i];
}

static bool is_border(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '(' || c == ')' ||
	       c == ',' || c == '=';
}

/* The word at i: its end, and the list that it names.  A name with borders in it is
 * allowed (with a warning); such lists are tried one by one. */
static struct list_def *word_at(struct ruleset *rs, const char *p, size_t i, size_t len,
				size_t *end)
{
	size_t e = i;

	for (size_t k = 0; k < rs->n_odd; k++) {
		const size_t n = strlen(rs->odd[k]->name);

		if (len - i >= n && memcmp(p + i, rs->odd[k]->name, n) == 0 &&
		    (i + n == len || is_border(p[i + n]))) {
			*end = i + n;
			return rs->odd[k];
		}
	}
	while (e < len && !is_border(p[e]))
		e++;
	*end = e;
	return e > i ? find_list(rs, p + i, e - i) : NULL;
}

static bool is_odd(const char *name)
{
	for (; *name; name++)
		if (is_border(*name))
			return true;
	return false;
}

/* Lists in lists, one level, and only those that were there when it was (last) written. */
static void resolve(struct ruleset *rs, struct list_def *l)
{
	size_t n = 0, cap = 0, from_cap = 0;
	struct list_mark *from = NULL;
	const char **raw = NULL;

	for (size_t i = 0; i < l->n; i++) {
		struct list_def *in = find_list(rs, l->items[i], strlen(l->items[i]));
		const bool open = in && in->index < l->seen_from && in != l;
		const size_t more = open ? in->n : 1;

		raw = mem_grow(raw, &cap, n + more, sizeof(*raw));
		from = mem_grow(from, &from_cap, n + more, sizeof(*from));
		if (more)
			memcpy(raw + n, open ? in->items : &l->items[i], more * sizeof(*raw));
		for (size_t k = 0; k < more; k++)
			from[n + k] = (struct list_mark){ .list = open ? in : l,
							  .index = (uint32_t)(open ? k : i) };
		n += more;
		if (open)
			in->used = true;
		if (n > YAML_NODES_MAX)
			break;
	}
	l->raw = arena_alloc(&rs->code_arena, (n + 1) * sizeof(*raw));
	l->raw_from = arena_alloc(&rs->code_arena, (n + 1) * sizeof(*from));
	if (n) {
		memcpy(l->raw, raw, n * sizeof(*raw));
		memcpy(l->raw_from, from, n * sizeof(*from));
	}
	l->n_raw = n;
	free(raw);
	free(from);
}

void lists_resolve(struct ruleset *rs)
{
	rs->n_odd = 0;
	rs->odd = arena_alloc(&rs->code_arena, (rs->n_lists + 1) * sizeof(*rs->odd));
	for (size_t i = 0; i < rs->n_lists; i++) {
		rs->lists[i]->used = false;
		if (is_odd(rs->lists[i]->name))
			rs->odd[rs->n_odd++] = rs->lists[i];
	}
	for (size_t i = 0; i < rs->n_lists; i++)
		resolve(rs, rs->lists[i]);
}

struct put {
	struct ruleset *rs;
	struct buf out;
	struct list_mark *marks;
	size_t n_marks, cap;
};

static void words(struct put *w, const char *p, size_t len, uint32_t after);

static void put_item(struct put *w, const char *item, uint32_t after)
{
	const bool quote = strchr(item, ' ') && *item != '"' && *item != '\'';

	if (quote)
		buf_byte(&w->out, '"');
	words(w, item, strlen(item), after);
	if (quote)
		buf_byte(&w->out, '"');
}

/* Takes back a comma and the blanks before the place. */
static bool take_comma(struct buf *b)
{
	size_t n = b->len;

	while (n && is_space((char)b->p[n - 1]))
		n--;
	if (!n || b->p[n - 1] != ',')
		return false;
	b->len = n - 1;
	return true;
}

static void mark_item(struct put *w, const struct list_mark *from)
{
	w->marks = mem_grow(w->marks, &w->cap, w->n_marks + 1, sizeof(*w->marks));
	w->marks[w->n_marks] = *from;
	w->marks[w->n_marks++].out = (uint32_t)w->out.len;
}

static void put_list(struct put *w, struct list_def *l)
{
	size_t put = 0;

	l->used = true;
	for (size_t i = 0; i < l->n_raw; i++) {
		if (!*l->raw[i])
			continue;
		if (put++)
			buf_str(&w->out, ", ");
		mark_item(w, &l->raw_from[i]);
		put_item(w, l->raw[i], l->index + 1);
		if (w->out.len > EXPANDED_MAX)
			return;
	}
}

static bool is_empty(const struct list_def *l)
{
	for (size_t i = 0; i < l->n_raw; i++)
		if (*l->raw[i])
			return false;
	return true;
}

/* Text of a list: words that name lists defined later are replaced in turn. */
static void words(struct put *w, const char *p, size_t len, uint32_t after)
{
	for (size_t i = 0; i < len;) {
		const size_t start = i;
		struct list_def *l = word_at(w->rs, p, i, len, &i);

		if (l && l->index >= after && w->out.len <= EXPANDED_MAX)
			put_list(w, l);
		else
			buf_put(&w->out, p + start, i - start);
		while (i < len && is_border(p[i]))
			buf_byte(&w->out, (uint8_t)p[i++]);
	}
}

struct pieces {
	struct piece *v;
	size_t n, cap;
};

static void mark(struct pieces *s, const struct put *w, size_t in, bool copied)
{
	s->v = mem_grow(s->v, &s->cap, s->n + 1, sizeof(*s->v));
	s->v[s->n++] = (struct piece){ .out = (uint32_t)w->out.len, .in = (uint32_t)in,
				       .copied = copied };
}

static size_t skip_comma(const char *p, size_t i, size_t len)
{
	size_t k = i;

	while (k < len && is_space(p[k]))
		k++;
	return k < len && p[k] == ',' ? k + 1 : i;
}

void lists_put_in(struct ruleset *rs, const struct joined *in, struct expanded *out)
{
	struct put w = { .rs = rs };
	struct pieces s = {0};
	struct list_def *l;

	mark(&s, &w, 0, true);
	for (size_t i = 0; i < in->len;) {
		const size_t start = i;

		l = word_at(rs, in->p, i, in->len, &i);
		if (l && is_empty(l)) {
			const size_t next = skip_comma(in->p, i, in->len);

			l->used = true;
			if (next == i)
				take_comma(&w.out);
			i = next;
			mark(&s, &w, i, true);
		} else if (l) {
			mark(&s, &w, start, false);
			put_list(&w, l);
			mark(&s, &w, i, true);
		} else {
			buf_put(&w.out, in->p + start, i - start);
		}
		while (i < in->len && is_border(in->p[i]))
			buf_byte(&w.out, (uint8_t)in->p[i++]);
	}
	out->from = in;
	out->n = s.n;
	out->pieces = arena_alloc(&rs->code_arena, s.n * sizeof(*s.v));
	memcpy(out->pieces, s.v, s.n * sizeof(*s.v));
	out->n_marks = w.n_marks;
	out->marks = arena_alloc(&rs->code_arena, (w.n_marks + 1) * sizeof(*w.marks));
	if (w.n_marks)
		memcpy(out->marks, w.marks, w.n_marks * sizeof(*w.marks));
	out->text = (struct lang_text){
		.name = in->n ? in->spans[0].from.file->name : "rules", .len = w.out.len,
		.p = arena_strn(&rs->code_arena, w.out.p, w.out.len),
		.locate = locate_expanded, .origin = out,
	};
	free(s.v);
	free(w.marks);
	buf_release(&w.out);
}

bool list_item_at(const struct lang_text *t, size_t off, struct list_mark *out)
{
	const struct expanded *e = t->origin;
	size_t i, low = 0, high;

	if (t->locate != locate_expanded)
		return false;
	for (i = e->n; i > 0 && e->pieces[i - 1].out > off;)
		i--;
	if (i == 0 || e->pieces[i - 1].copied)
		return false;
	for (high = e->n_marks; low < high;) {
		const size_t mid = (low + high) / 2;

		if (e->marks[mid].out <= off)
			low = mid + 1;
		else
			high = mid;
	}
	if (low)
		*out = e->marks[low - 1];
	return low > 0;
}

void place_locate(const struct place *p, struct lang_place *out)
{
	file_place(p, p->node->off, out);
}
