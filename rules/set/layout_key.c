/* SPDX-License-Identifier: Apache-2.0 */
/* A key of an item with its value: laid out anew, or copied with its indentation moved. */
#include <string.h>

#include "rules/set/layout_parts.h"

bool layout_is_block(const struct layout *l, const struct yaml *v)
{
	return v->kind == YAML_SCALAR && !v->plain && v->off < l->file.len &&
	       (l->file.text[v->off] == '>' || l->file.text[v->off] == '|');
}

static bool key_is(const struct key *k, const char *name)
{
	return strcmp(k->name->p, name) == 0;
}

/* The lines as they are, moved. */
static void put_moved(struct layout *l, const struct key *k, size_t from_column)
{
	const struct yaml *name = k->name;
	const bool text = layout_is_block(l, k->value) && !key_is(k, "desc");

	buf_put(l->out, name->p, name->len);
	for (size_t i = k->first; i <= k->last; i++) {
		struct text_span s = text ? lines_whole(&l->lines, i) : lines_get(&l->lines, i);
		size_t n = line_indent(s);

		if (i == k->first) {
			s.p = l->lines.text + name->end;
			s.len = l->lines.at[i] + lines_get(&l->lines, i).len - name->end;
			buf_put(l->out, s.p, s.len);
		} else if (s.len) {
			n = n + 2 > from_column ? n + 2 - from_column : 0;
			buf_printf(l->out, "%*s", (int)n, "");
			buf_put(l->out, s.p + line_indent(s), s.len - line_indent(s));
		}
		buf_byte(l->out, '\n');
	}
}

static bool has_comment_inside(const struct layout *l, const struct key *k)
{
	for (size_t i = k->first; i <= k->last; i++) {
		const struct text_span s = lines_get(&l->lines, i);

		if (i > k->first && line_is_comment(s))
			return true;
		if (memmem(s.p, s.len, " #", 2) && i < k->last)
			return true;
	}
	return false;
}

static struct text_span source_of(const struct layout *l, const struct yaml *v)
{
	return (struct text_span){ l->file.text + v->off, v->end - v->off };
}

static bool on_one_line(struct text_span s)
{
	return !memchr(s.p, '\n', s.len);
}

/* A list of words, not of lists or of mappings. */
static bool is_words(const struct yaml *v)
{
	for (uint32_t i = 0; i < v->n; i++)
		if (v->kids[i]->kind > YAML_SCALAR)
			return false;
	return v->kind == YAML_SEQUENCE;
}

static bool put_words(struct layout *l, const struct key *k)
{
	const struct yaml *v = k->value;
	struct text_span *words = arena_alloc(&l->arena, (v->n + 1) * sizeof(*words));

	for (uint32_t i = 0; i < v->n; i++) {
		words[i] = source_of(l, v->kids[i]);
		if (!on_one_line(words[i]) || !words[i].len || layout_is_block(l, v->kids[i]) ||
		    (v->kids[i]->plain && !flow_safe(words[i])))
			return false;
	}
	layout_words(l->out, k->name->p, words, v->n);
	return true;
}

/* True if the value was laid out anew, without its line end. */
static bool put_anew(struct layout *l, const struct key *k)
{
	const struct yaml *v = k->value;
	const struct text_span text = { v->p, v->len };
	const bool literal = layout_is_block(l, v) && l->file.text[v->off] == '|';

	if (v->kind == YAML_SEQUENCE && is_words(v))
		return put_words(l, k);
	if (v->kind != YAML_SCALAR || v->len == 0)
		return false;
	if (key_is(k, "condition") && (v->plain || layout_is_block(l, v)))
		return layout_condition(l->out, k->name->p, text);
	if (!layout_is_block(l, v) && on_one_line(source_of(l, v)) &&
	    (k->name->len + v->end - v->off + 4 <= LAYOUT_WIDTH || !v->plain)) {
		buf_printf(l->out, "%s: ", k->name->p);
		buf_put(l->out, source_of(l, v).p, source_of(l, v).len);
		return true;
	}
	return (v->plain || layout_is_block(l, v)) && !literal &&
	       layout_prose(l->out, k->name->p, text, key_is(k, "desc"));
}

void layout_key(struct layout *l, const struct key *k, bool first, size_t column)
{
	const size_t before = l->out->len;

	if (!first)
		layout_comments(l, k->comments, k->first, 2, false);
	buf_str(l->out, first ? "- " : "  ");
	if (has_comment_inside(l, k) || !put_anew(l, k)) {
		put_moved(l, k, column);
		return;
	}
	if (k->remark.len) {
		/* behind the value if that is one line, else before it */
		if (!memchr(l->out->p + before, '\n', l->out->len - before)) {
			buf_str(l->out, "  ");
			buf_put(l->out, k->remark.p, k->remark.len);
		} else {
			l->out->len = before;
			buf_str(l->out, first ? "- " : "  ");
			put_moved(l, k, column);
			return;
		}
	}
	buf_byte(l->out, '\n');
}
