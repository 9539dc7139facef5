/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/report/why_print.h"

#include <string.h>

#include "capture/base/quote.h"

enum {
	CHECK_TEXT = 72,	/* bytes of a check before its list is cut */
	CLOSED_TEXT = 72,	/* of a part that is not opened */
	VALUE_TEXT = 64,	/* of a value; that of a check that decided, and JSON's, is whole */
	VALUE_MAX = 4096,
	INDENT_MAX = 40,
};

/* ---- a line ---- */

static void quoted(struct buf *out, const struct buf *raw, size_t max)
{
	quote_terminal_buf(out, raw->p, raw->len < max ? raw->len : max);
	if (raw->len > max)
		buf_str(out, "...");
}

static void put_place(struct buf *out, const struct explain_node *n)
{
	struct lang_place where = {0};
	const char *base;

	lang_locate(n->ast->text, n->node->off, &where);
	base = strrchr(where.file, '/');
	base = base ? base + 1 : where.file;
	buf_str(out, "  [");
	quote_terminal_buf(out, base, strlen(base));
	buf_printf(out, ":%u]", where.line);
}

struct values {
	struct buf text;
	size_t max;			/* bytes of each */
};

static void put_value(void *arg, const char *field, const char *value, size_t len)
{
	struct values *v = arg;
	const struct buf raw = { .p = (uint8_t *)(uintptr_t)value, .len = len };

	buf_str(&v->text, v->text.len ? ", " : "");
	quote_terminal_buf(&v->text, field, strlen(field));
	buf_str(&v->text, " is ");
	quoted(&v->text, &raw, v->max);
}

static void put_check(const struct why_print *w, const struct explain_node *n)
{
	struct values values = { .max = n->blamed || w->full ? VALUE_MAX : VALUE_TEXT };
	struct buf raw = {0};

	explain_check_text(n, CHECK_TEXT, &raw);
	quoted(w->out, &raw, 4 * CHECK_TEXT);
	explain_values(w->x, n, w->m, put_value, &values);
	buf_str(w->out, "   (");
	buf_put(w->out, values.text.p, values.text.len);
	buf_byte(w->out, ')');
	buf_release(&raw);
	buf_release(&values.text);
}

static void put_closed(const struct why_print *w, const struct explain_node *n)
{
	const struct ast part = { .text = n->ast->text, .root = (struct node *)n->node };
	struct buf raw = {0};

	ast_print(&raw, &part, CLOSED_TEXT);
	quoted(w->out, &raw, CLOSED_TEXT + 3);
	buf_release(&raw);
}

/* "not" and names go before what they stand for: the node whose kids follow.  *named: a
 * name is the last thing that was put. */
static const struct explain_node *put_heads(const struct why_print *w,
					    const struct explain_node *n, bool *named)
{
	*named = false;
	for (; n->kind == EXPLAIN_NOT || n->kind == EXPLAIN_MACRO; n++) {
		buf_str(w->out, *named ? ": " : "");
		buf_str(w->out, n->kind == EXPLAIN_NOT ? "not " : "");
		*named = n->name;
		if (!n->name)
			continue;
		buf_str(w->out, n->kind == EXPLAIN_NOT ? "exception " : "");
		quote_terminal_buf(w->out, n->name, strlen(n->name));
	}
	return n;
}

static bool opened(const struct why_print *w, const struct explain_node *n)
{
	if (w->full || n->blamed)
		return true;
	/* Of what holds, the reasons; what is denied has none. */
	return explain_holds(w->x) && n->is && n->kind != EXPLAIN_NOT;
}

static void put_inner(const struct why_print *w, const struct explain_node *n, bool open)
{
	if (n->kind == EXPLAIN_CHECK)
		put_check(w, n);
	else if (n->kind == EXPLAIN_PART)
		quote_terminal_buf(w->out, n->name, strlen(n->name));
	else if (open)
		buf_str(w->out, n->kind == EXPLAIN_AND ? "all of" : "any of");
	else
		put_closed(w, n);
}

static void put_line(const struct why_print *w, const struct explain_node *n, unsigned depth)
{
	const unsigned indent = depth * 2 < INDENT_MAX ? depth * 2 : INDENT_MAX;
	const bool blamed = n->blamed && !explain_holds(w->x), open = opened(w, n);
	const struct explain_node *inner;
	bool named;

	buf_printf(w->out, "%c %-3s  %*s", blamed ? '>' : ' ', n->is ? "yes" : "no", (int)indent,
		   "");
	inner = put_heads(w, n, &named);
	if (!named || open || inner->kind == EXPLAIN_CHECK) {
		buf_str(w->out, named ? ": " : "");
		put_inner(w, inner, open);
	}
	if (inner != n || (blamed && inner->kind == EXPLAIN_CHECK))
		put_place(w->out, n);
	buf_byte(w->out, '\n');
}

static const struct explain_node *inside(const struct explain_node *n)
{
	while (n->kind == EXPLAIN_NOT || n->kind == EXPLAIN_MACRO)
		n++;
	return n;
}

static void put_tree(const struct why_print *w, uint32_t at, unsigned depth)
{
	const struct explain_node *n = &w->x->v[at], *inner = inside(n);
	const uint32_t first = (uint32_t)(inner - w->x->v) + 1;

	put_line(w, n, depth);
	if (!opened(w, n) || inner->kind == EXPLAIN_CHECK)
		return;
	for (uint32_t k = first; k < inner->end; k = w->x->v[k].end) {
		/* Of alternatives that did not hold, those that could have are enough. */
		if (inner->kind == EXPLAIN_OR && inner->is && !w->x->v[k].is && !w->full)
			continue;
		put_tree(w, k, depth + 1);
	}
}

void why_text(const struct why_print *w)
{
	put_tree(w, 0, 0);
}

/* ---- what is to blame ---- */

void why_blamed(const struct explain *x, struct buf *out)
{
	struct buf raw = {0};
	const char *sep = "";

	for (size_t i = 0; i < x->n; i++) {
		const struct explain_node *n = &x->v[i];

		if (!n->blamed)
			continue;
		if (n->name && n->kind == EXPLAIN_NOT)
			buf_printf(&raw, "%sexception %s: ", sep, n->name);
		if (n->kind != EXPLAIN_CHECK && n->kind != EXPLAIN_PART)
			continue;
		if (!(raw.len > 1 && raw.p[raw.len - 2] == ':'))
			buf_str(&raw, sep);
		buf_str(&raw, n->is ? "not " : "");
		if (n->kind == EXPLAIN_CHECK)
			explain_check_text(n, raw.len + CHECK_TEXT, &raw);
		else
			buf_str(&raw, n->name);
		sep = "; ";
	}
	quote_terminal_buf(out, raw.p, raw.len);
	buf_release(&raw);
}

/* ---- JSON ---- */

static void json_text(struct buf *out, const char *key, const void *p, size_t len)
{
	buf_printf(out, ",\"%s\":\"", key);
	quote_json(out, p, len);
	buf_byte(out, '"');
}

static void json_value(void *arg, const char *field, const char *value, size_t len)
{
	struct buf *out = arg;

	buf_str(out, out->p[out->len - 1] == '{' ? "\"" : ",\"");
	quote_json(out, field, strlen(field));
	buf_str(out, "\":\"");
	quote_json(out, value, len);
	buf_byte(out, '"');
}

static void json_place(struct buf *out, const struct explain_node *n)
{
	struct lang_place where = {0};

	lang_locate(n->ast->text, n->node->off, &where);
	json_text(out, "file", where.file, strlen(where.file));
	buf_printf(out, ",\"line\":%u,\"column\":%u", where.line, where.column);
}

static void json_check(const struct why_print *w, const struct explain_node *n)
{
	struct buf raw = {0};

	explain_check_text(n, SIZE_MAX, &raw);
	json_text(w->out, "check", raw.p, raw.len);
	buf_str(w->out, ",\"values\":{");
	explain_values(w->x, n, w->m, json_value, w->out);
	buf_byte(w->out, '}');
	buf_release(&raw);
}

static void json_tree(const struct why_print *w, uint32_t at)
{
	static const char *const kinds[] = { "and", "or", "not", "check", "macro", "macro" };
	const struct explain_node *n = &w->x->v[at];
	const char *sep = "";

	buf_printf(w->out, "{\"kind\":\"%s\",\"holds\":%s,\"blamed\":%s", kinds[n->kind],
		   n->is ? "true" : "false", n->blamed ? "true" : "false");
	if (n->name)
		json_text(w->out, n->kind == EXPLAIN_NOT ? "exception" : "name", n->name,
			  strlen(n->name));
	json_place(w->out, n);
	if (n->kind == EXPLAIN_CHECK)
		json_check(w, n);
	if (n->end > at + 1) {
		buf_str(w->out, ",\"parts\":[");
		for (uint32_t k = at + 1; k < n->end; k = w->x->v[k].end) {
			buf_str(w->out, sep);
			json_tree(w, k);
			sep = ",";
		}
		buf_byte(w->out, ']');
	}
	buf_byte(w->out, '}');
}

void why_json(const struct why_print *w)
{
	json_tree(w, 0);
}
