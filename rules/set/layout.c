/* SPDX-License-Identifier: Apache-2.0 */
/* Items are taken apart by lines: comments belong to the key or the item that follows them.
 * Every key's value is either laid out anew (conditions, long texts, lists of words) or copied
 * with its indentation moved.  At the end the result is read again and compared with what was
 * read before: a layout that means something else is never given out. */
#include "rules/set/layout.h"

#include <ctype.h>
#include <string.h>

#include "capture/base/err.h"
#include "rules/set/layout_parts.h"

enum { KEYS_MAX = 64 };

static const char *const key_order[] = {
	"required_engine_version", "required_plugin_versions",
	"list", "macro", "rule", "desc", "source", "condition", "items", "exceptions", "correlate",
	"output", "priority", "tags", "enabled", "warn_evttypes", "skip-if-unknown-filter",
	"capture", "capture_duration", "append", "override",
};

enum { KEYS_KNOWN = sizeof(key_order) / sizeof(key_order[0]) };

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
	if (layout_is_block(l, v) || (v->kind >= YAML_SEQUENCE && l->file.text[v->off] != '['))
		return true;
	s = lines_get(&l->lines, k->last);
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
		k->first = lines_at(&l->lines, k->name->off);
		if (k->name->column != item->column || k->first < first || k->first >= next)
			return false;
		k->last = next - 1;
		while (k->last > k->first && (line_is_comment(lines_get(&l->lines, k->last)) ||
					      !lines_get(&l->lines, k->last).len))
			k->last--;
		k->comments = k->first;
		while (i && k->comments > first &&
		       (line_is_comment(lines_get(&l->lines, k->comments - 1)) ||
			!lines_get(&l->lines, k->comments - 1).len))
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
	while (to > from && !lines_get(&l->lines, to - 1).len)
		to--;
	for (size_t i = from; i < to; i++) {
		const struct text_span s = lines_get(&l->lines, i);

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
		layout_comments(l, keys[0].comments, keys[0].first, 0, false);
	for (unsigned i = 0; i < n; i++)
		layout_key(l, &keys[i], i == 0, item->column);
	layout_comments(l, tail, end, 2, false);
}

/* Where the comments that lead to the item on the line begin. */
static size_t lead_of(const struct layout *l, size_t line, size_t floor, size_t column)
{
	while (line > floor) {
		const struct text_span s = lines_get(&l->lines, line - 1);

		if (s.len && !(line_is_comment(s) && line_indent(s) <= column))
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

		first = lines_at(&l->lines, item->off);
		if (first < done)
			return false;		/* several items on a line */
		lead = lead_of(l, first, done, column);
		end = lead_of(l, i + 1 < doc->n ? lines_at(&l->lines, doc->kids[i + 1]->off) : to,
			      first + 1, column);
		if (l->out->len)
			buf_byte(l->out, '\n');
		layout_comments(l, lead, first, 0, true);
		put_item(l, item, first, end);
		done = end;
	}
	if (l->out->len)
		buf_byte(l->out, '\n');
	layout_comments(l, done, to, 0, true);
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

		n += line_is_comment((struct text_span){ p, (size_t)((stop ? stop : end) - p) });
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
	lines_split(l);
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
