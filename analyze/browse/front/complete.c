/* SPDX-License-Identifier: Apache-2.0 */
/* The line up to the caret is read as words; what kind of word comes next follows from
 * those before: a field, then an operator, then a value, then and/or.  It need not understand
 * the condition: a wrong guess offers nothing, and the compiler has the last word. */
#include "analyze/browse/front/complete.h"

#include <stdbool.h>
#include <string.h>

#include "replay/field/field.h"

enum expects { EXPECTS_FIELD, EXPECTS_OPERATOR, EXPECTS_VALUE, EXPECTS_JOIN };

struct reading {
	enum expects expects;
	char field[64];		/* the one before the operator */
	bool in_list;		/* inside the parentheses of "in (" */
	bool list_next;		/* the operator wants a list */
	size_t word;		/* where the word at the caret begins */
};

static const struct {
	const char *text;
	bool list;
} operators[] = {
	{ "=", false }, { "!=", false }, { "in", true }, { "contains", false },
	{ "startswith", false }, { "endswith", false }, { "icontains", false },
	{ "glob", false }, { "regex", false }, { "pmatch", true }, { "intersects", true },
	{ "exists", false }, { "<", false }, { "<=", false }, { ">", false }, { ">=", false },
};

static bool equal(const char *name, const char *p, size_t len)
{
	return strlen(name) == len && memcmp(name, p, len) == 0;
}

static int operator_of(const char *p, size_t len)
{
	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
		if (equal(operators[i].text, p, len) || equal("==", p, len))
			return equal("==", p, len) ? 0 : (int)i;
	return -1;
}

/* The end of the word at p: quoted text, signs, parentheses one by one, or anything up to
 * the next of them. */
static size_t word_end(const char *text, size_t at, size_t end)
{
	static const char signs[] = "=!<>", single[] = "(),";
	const char c = text[at];

	if (c == '"' || c == '\'') {
		while (++at < end && (text[at] != c || text[at - 1] == '\\'))
			;
		return at < end ? at + 1 : end;
	}
	if (strchr(single, c))
		return at + 1;
	if (strchr(signs, c)) {
		while (at < end && strchr(signs, text[at]))
			at++;
		return at;
	}
	while (at < end && text[at] != ' ' && !strchr(single, text[at]) &&
	       !strchr(signs, text[at]))
		at++;
	return at;
}

static void after_word(struct reading *r, const char *p, size_t len)
{
	int op;

	switch (r->expects) {
	case EXPECTS_FIELD:
		if (*p == '(' || equal("not", p, len))
			return;
		if (len < sizeof(r->field)) {
			memcpy(r->field, p, len);
			r->field[len] = 0;
		}
		r->expects = EXPECTS_OPERATOR;
		return;
	case EXPECTS_OPERATOR:
		op = operator_of(p, len);
		r->list_next = op >= 0 && operators[op].list;
		r->expects = equal("exists", p, len) ? EXPECTS_JOIN : EXPECTS_VALUE;
		return;
	case EXPECTS_VALUE:
		if (*p == '(')
			r->in_list = true;
		else if (*p == ')')
			r->in_list = false;
		if (!r->in_list)
			r->expects = EXPECTS_JOIN;
		return;
	case EXPECTS_JOIN:
		if (equal("and", p, len) || equal("or", p, len))
			r->expects = EXPECTS_FIELD;
	}
}

static struct reading read_line(const char *text, size_t caret)
{
	struct reading r = { .expects = EXPECTS_FIELD, .word = caret };

	for (size_t at = 0; at < caret;) {
		size_t end;

		if (text[at] == ' ') {
			at++;
			continue;
		}
		end = word_end(text, at, caret);
		/* "=" is complete where it stands, other words may go on at the caret */
		if (end == caret && !strchr("(),=", text[caret - 1])) {
			r.word = at;
			break;
		}
		after_word(&r, text + at, end - at);
		at = end;
	}
	return r;
}

static void add_if(struct choices *out, const char *text, const char *prefix, size_t len)
{
	if (strncmp(text, prefix, len) == 0)
		choices_add(out, text, strlen(text));
}

static void add_fields(struct choices *out, const char *prefix, size_t len)
{
	for (unsigned i = 0; i < n_fields; i++)
		if (!(fields[i].flags & (FIELD_HIDDEN | FIELD_DEPRECATED | FIELD_PRINT_ONLY)))
			add_if(out, fields[i].name, prefix, len);
	add_if(out, "not", prefix, len);
}

void complete_filter(void *arg, const char *text, size_t caret, struct choices *out)
{
	const struct complete *c = arg;
	const struct reading r = read_line(text, caret);
	const char *prefix = text + r.word;
	const size_t len = caret - r.word;

	out->from = r.word;
	switch (r.expects) {
	case EXPECTS_FIELD:
		add_fields(out, prefix, len);
		break;
	case EXPECTS_OPERATOR:
		for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
			add_if(out, operators[i].text, prefix, len);
		break;
	case EXPECTS_VALUE:
		if (r.list_next && !r.in_list)
			add_if(out, "(", prefix, len);
		else if (c && c->values)
			c->values(c->arg, r.field, prefix, len, out);
		break;
	case EXPECTS_JOIN:
		add_if(out, "and", prefix, len);
		add_if(out, "or", prefix, len);
	}
}

/* ---- constants ------------------------------------------------------------------ */

static bool is_bare(const char *value, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (value[i] <= ' ' || value[i] >= 0x7f || strchr("()\"'=,\\<>!", value[i]))
			return false;
	return len > 0;
}

/* The backslash and the quotes go as \x too: a quote behind a backslash never ends a text. */
void complete_constant(struct buf *out, const char *value, size_t len)
{
	if (is_bare(value, len)) {
		buf_put(out, value, len);
		return;
	}
	buf_byte(out, '"');
	for (size_t i = 0; i < len; i++) {
		const unsigned char c = (unsigned char)value[i];

		if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\')
			buf_printf(out, "\\x%02x", c);
		else
			buf_byte(out, c);
	}
	buf_byte(out, '"');
}

void complete_add_value(struct choices *out, const char *prefix, size_t prefix_len,
			const char *value, size_t len)
{
	struct buf b = {0};
	const char *text;

	complete_constant(&b, value, len);
	text = buf_text(&b);
	if (strncmp(text, prefix, prefix_len) == 0 ||
	    (*text == '"' && strncmp(text + 1, prefix, prefix_len) == 0))
		choices_add(out, text, b.len);
	buf_release(&b);
}
