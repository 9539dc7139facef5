/* SPDX-License-Identifier: Apache-2.0 */
/* Items are taken apart by lines: comments belong to the key or the item that follows them.
 * Every key's value is either laid out anew (conditions, long texts, lists of words) or copied
 * with its indentation moved.  At the end the result is read again and compared with what was
 * read before: a layout that means something else is never given out. */
#include "rules/set/layout.h"

#include <ctype.h>
#include <string.h>

#include "capture/base/err.h"
#include "rules/set/layout_text.h"

enum { KEYS_MAX = 64 };

static const char *const key_order[] = {
	"required_engine_version", "required_plugin_versions",
	"list", "macro", "rule", "desc", "source", "condition", "items", "exceptions", "correlate",
	"output", "priority", "tags", "enabled", "warn_evttypes", "skip-if-unknown-filter",
	"capture", "capture_duration", "append", "override",
};

enum { KEYS_KNOWN = sizeof(key_order) / sizeof(key_order[0]) };

struct lines {
	const char *text;
	size_t len;
	uint32_t *at;			/* where each begins; one more at the end */
	size_t n;
};

struct layout {
	struct arena arena;
	struct yaml_file file;
	struct lines lines;
	struct buf *out;
};

/* ---- lines ---- */

static void split(struct layout *l)
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

static struct text_span line_of(const struct lines *s, size_t i)
{
	const char *p = s->text + s->at[i];
	size_t n = s->at[i + 1] - s->at[i] - 1;

	while (n && isspace((unsigned char)p[n - 1]))
		n--;
	return (struct text_span){ p, n };
}

/* With the blanks at its end, which count inside a text. */
static struct text_span whole_line(const struct lines *s, size_t i)
{
	const char *p = s->text + s->at[i];
	size_t n = s->at[i + 1] - s->at[i] - 1;

	return (struct text_span){ p, n && p[n - 1] == '\r' ? n - 1 : n };
}

static size_t line_at(const struct lines *s, uint32_t off)
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

static size_t indent_of(struct text_span s)
{
	size_t n = 0;

	while (n < s.len && s.p[n] == ' ')
		n++;
	return n;
}

static bool is_comment(struct text_span s)
{
	const size_t n = indent_of(s);

	return n < s.len && s.p[n] == '#';
}

/* ---- comments ---- */

static void put_comment(struct layout *l, struct text_span s, size_t indent)
{
	const size_t n = indent_of(s);

	buf_printf(l->out, "%*s", (int)indent, "");
	buf_put(l->out, s.p + n, s.len - n);
	buf_byte(l->out, '\n');
}

/* Comments of the lines from..to; blank lines between them stay, one at a time. */
static void put_comments(struct layout *l, size_t from, size_t to, size_t indent, bool blanks)
{
	bool blank = false, any = false;

	for (size_t i = from; i < to; i++) {
		const struct text_span s = line_of(&l->lines, i);

		if (!is_comment(s)) {
			blank = any && s.len == 0;
			continue;
		}
		if (blank && blanks)
			buf_byte(l->out, '\n');
		put_comment(l, s, indent);
		blank = false;
		any = true;
	}
	/* A comment that stood apart from what follows says something of its own. */
	if (blank && blanks && any)
		buf_byte(l->out, '\n');
}

/* ---- values ---- */

struct key {
	const struct yaml *name, *value;
	size_t first, last;		/* lines, without comments before */
	size_t comments;		/* line where those begin */
	unsigned order;
	struct text_span remark;	/* "# ..." behind the value on its line */
};

static bool is_block_text(const struct layout *l, const struct yaml *v)
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
	const bool text = is_block_text(l, k->value) && !key_is(k, "desc");

	buf_put(l->out, name->p, name->len);
	for (size_t i = k->first; i <= k->last; i++) {
		struct text_span s = text ? whole_line(&l->lines, i) : line_of(&l->lines, i);
		size_t n = indent_of(s);

		if (i == k->first) {
			s.p = l->lines.text + name->end;
			s.len = l->lines.at[i] + line_of(&l->lines, i).len - name->end;
			buf_put(l->out, s.p, s.len);
		} else if (s.len) {
			n = n + 2 > from_column ? n + 2 - from_column : 0;
			buf_printf(l->out, "%*s", (int)n, "");
			buf_put(l->out, s.p + indent_of(s), s.len - indent_of(s));
		}
		buf_byte(l->out, '\n');
	}
}

static bool has_comment_inside(const struct layout *l, const struct key *k)
{
	for (size_t i = k->first; i <= k->last; i++) {
		const struct text_span s = line_of(&l->lines, i);

		if (i > k->first && is_comment(s))
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
		if (!on_one_line(words[i]) || !words[i].len || is_block_text(l, v->kids[i]) ||
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
	const bool literal = is_block_text(l, v) && l->file.text[v->off] == '|';

	if (v->kind == YAML_SEQUENCE && is_words(v))
		return put_words(l, k);
	if (v->kind != YAML_SCALAR || v->len == 0)
		return false;
	if (key_is(k, "condition") && (v->plain || is_block_text(l, v)))
		return layout_condition(l->out, k->name->p, text);
	if (!is_block_text(l, v) && on_one_line(source_of(l, v)) &&
	    (k->name->len + v->end - v->off + 4 <= LAYOUT_WIDTH || !v->plain)) {
		buf_printf(l->out, "%s: ", k->name->p);
		buf_put(l->out, source_of(l, v).p, source_of(l, v).len);
		return true;
	}
	return (v->plain || is_block_text(l, v)) && !literal &&
	       layout_prose(l->out, k->name->p, text, key_is(k, "desc"));
}

static void put_key(struct layout *l, const struct key *k, bool first, size_t column)
{
	const size_t before = l->out->len;

	if (!first)
		put_comments(l, k->comments, k->first, 2, false);
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

/* ---- items ---- */

static unsigned order_of(const char *name)
{
	unsigned i = 0;

	while (i < KEYS_KNOWN && strcmp(key_order[i], name) != 0)
		i++;
	return i;
}

/* What stands behind a value on its last line; false: something that is no comment. */
static bool find_remark(const struct layout *l, struct key *k)
{
	const struct yaml *v = k->value;
	struct text_span s;
	size_t i = v->end;

	k->remark = (struct text_span){0};
	if (is_block_text(l, v) || (v->kind >= YAML_SEQUENCE && l->file.text[v->off] != '['))
		return true;
	s = line_of(&l->lines, k->last);
	while (i < l->file.len && (l->file.text[i] == ' ' || l->file.text[i] == '\t'))
		i++;
	if (i >= (size_t)(s.p - l->file.text) + s.len)
		return true;
	if (l->file.text[i] != '#')
		return false;
	k->remark = (struct text_span){ l->file.text + i, (size_t)(s.p + s.len -
								 (l->file.text + i)) };
	return true;
}

/* Anchors, tags and merges mean something at a distance. */
static bool is_special(const struct layout *l, const struct yaml *v)
{
	if (v->off >= l->file.len)
		return false;
	if (v->off && v->kind != YAML_NULL && strchr("&*!", l->file.text[v->off]))
		return true;
	for (uint32_t i = 0; i < v->n; i++)
		if (is_special(l, v->kids[i]))
			return true;
	return false;
}

/* Finds where each key begins and ends.  False: the item is better left alone. */
static bool find_keys(struct layout *l, const struct yaml *item, size_t first, size_t end,
		      struct key *keys)
{
	const unsigned n = item->n / 2;
	size_t next = end;

	if (item->kind != YAML_MAPPING || n == 0 || n > KEYS_MAX || is_special(l, item) ||
	    l->file.text[item->off] == '{')
		return false;
	for (unsigned i = n; i-- > 0;) {
		struct key *k = &keys[i];

		*k = (struct key){ .name = item->kids[2 * i], .value = item->kids[2 * i + 1] };
		if (k->name->kind != YAML_SCALAR || !k->name->plain)
			return false;
		k->first = line_at(&l->lines, k->name->off);
		if (k->name->column != item->column || k->first < first || k->first >= next)
			return false;
		k->last = next - 1;
		while (k->last > k->first && (is_comment(line_of(&l->lines, k->last)) ||
					      !line_of(&l->lines, k->last).len))
			k->last--;
		k->comments = k->first;
		while (i && k->comments > first &&
		       (is_comment(line_of(&l->lines, k->comments - 1)) ||
			!line_of(&l->lines, k->comments - 1).len))
			k->comments--;
		k->order = order_of(k->name->p);
		next = k->comments;
		if (!find_remark(l, k))
			return false;
	}
	return keys[0].first == first;
}

/* The keys in order; those that nobody knows last, as they came. */
static void sort_keys(struct key *keys, unsigned n)
{
	for (unsigned i = 1; i < n; i++)
		for (unsigned k = i; k && keys[k].order < keys[k - 1].order; k--) {
			const struct key t = keys[k];

			keys[k] = keys[k - 1];
			keys[k - 1] = t;
		}
}

static void put_as_it_is(struct layout *l, size_t from, size_t to)
{
	while (to > from && !line_of(&l->lines, to - 1).len)
		to--;
	for (size_t i = from; i < to; i++) {
		const struct text_span s = line_of(&l->lines, i);

		buf_put(l->out, s.p, s.len);
		buf_byte(l->out, '\n');
	}
}

/* An item on the lines first..end, comments at its end included. */
static void put_item(struct layout *l, const struct yaml *item, size_t first, size_t end)
{
	struct key keys[KEYS_MAX];
	const unsigned n = item->n / 2;
	size_t tail;

	if (!find_keys(l, item, first, end, keys)) {
		put_as_it_is(l, first, end);
		return;
	}
	tail = keys[n - 1].last + 1;
	sort_keys(keys, n);
	/* Comments of the key that now is first stand above the item. */
	if (keys[0].comments < keys[0].first)
		put_comments(l, keys[0].comments, keys[0].first, 0, false);
	for (unsigned i = 0; i < n; i++)
		put_key(l, &keys[i], i == 0, item->column);
	put_comments(l, tail, end, 2, false);
}

/* Where the comments that lead to the item on the line begin. */
static size_t lead_of(const struct layout *l, size_t line, size_t floor, size_t column)
{
	while (line > floor) {
		const struct text_span s = line_of(&l->lines, line - 1);

		if (s.len && !(is_comment(s) && indent_of(s) <= column))
			break;
		line--;
	}
	return line;
}

static bool put_document(struct layout *l, const struct yaml *doc, size_t from, size_t to)
{
	size_t done = from, first, lead, end;

	for (uint32_t i = 0; i < doc->n; i++) {
		const struct yaml *item = doc->kids[i];
		const size_t column = item->column >= 2 ? item->column - 2 : 0;

		first = line_at(&l->lines, item->off);
		if (first < done)
			return false;		/* several items on a line */
		lead = lead_of(l, first, done, column);
		end = lead_of(l, i + 1 < doc->n ? line_at(&l->lines, doc->kids[i + 1]->off) : to,
			      first + 1, column);
		if (l->out->len)
			buf_byte(l->out, '\n');
		put_comments(l, lead, first, 0, true);
		put_item(l, item, first, end);
		done = end;
	}
	if (l->out->len)
		buf_byte(l->out, '\n');
	put_comments(l, done, to, 0, true);
	while (l->out->len > 1 && memcmp(l->out->p + l->out->len - 2, "\n\n", 2) == 0)
		l->out->len--;
	return true;
}

/* ---- the whole file ---- */

static size_t count_comments(const char *text, size_t len)
{
	size_t n = 0;

	for (const char *p = text, *end = text + len; p < end;) {
		const char *stop = memchr(p, '\n', (size_t)(end - p));

		n += is_comment((struct text_span){ p, (size_t)((stop ? stop : end) - p) });
		p = stop ? stop + 1 : end;
	}
	return n;
}

/* The result means what was written, and says all of it. */
static bool is_faithful(struct layout *l)
{
	struct yaml_file again = { .name = l->file.name, .text = buf_text(l->out),
				   .len = l->out->len };

	if (!yaml_load(&again, &l->arena) || again.n_docs != l->file.n_docs ||
	    count_comments(again.text, again.len) != count_comments(l->file.text, l->file.len))
		return false;
	for (size_t i = 0; i < again.n_docs; i++)
		if (!layout_same(l->file.docs[i], again.docs[i]))
			return false;
	return true;
}

static bool lay_out(struct layout *l)
{
	if (!yaml_load(&l->file, &l->arena)) {
		err(ERR_RULE, "%s: %s", l->file.name, l->file.error);
		return false;
	}
	split(l);
	if (l->file.n_docs > 1 || (l->file.n_docs == 1 &&
				   l->file.docs[0]->kind != YAML_SEQUENCE)) {
		err(ERR_RULE, "%s: not one list of rules, macros and lists", l->file.name);
		return false;
	}
	if (l->file.n_docs == 0)
		put_as_it_is(l, 0, l->lines.n);
	else if (!put_document(l, l->file.docs[0], 0, l->lines.n) || !is_faithful(l)) {
		err(ERR_UNSUPPORTED, "%s: cannot be laid out without changing what it says",
		    l->file.name);
		return false;
	}
	return true;
}

bool layout_file(const char *name, const char *text, size_t len, struct buf *out)
{
	struct layout l = { .file = { .name = name, .text = text, .len = len }, .out = out };
	const bool ok = lay_out(&l);

	arena_release(&l.arena);
	return ok;
}
