/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/lang/lex.h"

#include <string.h>

static bool is_blank(int c)
{
	return c == ' ' || c == '\t' || c == '\b' || c == '\r' || c == '\n';
}

static bool is_space(int c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_alpha(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static int hex_digit(int c)
{
	if (is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int at(const struct lex *x, size_t i)
{
	return i < x->t->len ? (unsigned char)x->t->p[i] : -1;
}

bool lex_blank(struct lex *x)
{
	const size_t start = x->pos;

	while (is_blank(lex_peek(x)))
		x->pos++;
	return x->pos > start;
}

bool lex_mark(struct lex *x, const char *text, size_t len)
{
	if (x->t->len - x->pos < len || memcmp(x->t->p + x->pos, text, len) != 0)
		return false;
	x->pos += len;
	return true;
}

static size_t word_end(const struct lex *x, size_t i)
{
	if (!is_alpha(at(x, i)))
		return i;
	while (is_alpha(at(x, i)) || is_digit(at(x, i)) || at(x, i) == '_')
		i++;
	return i;
}

static size_t take(struct lex *x, size_t end)
{
	const size_t n = end - x->pos;

	x->pos = end;
	return n;
}

size_t lex_identifier(struct lex *x)
{
	return take(x, word_end(x, x->pos));
}

size_t lex_field(struct lex *x)
{
	size_t end = word_end(x, x->pos), next;
	bool dotted = false;

	while (end > x->pos && at(x, end) == '.' && (next = word_end(x, end + 1)) > end + 1) {
		end = next;
		dotted = true;
	}
	return dotted ? take(x, end) : 0;
}

static size_t digits_end(const struct lex *x, size_t i)
{
	while (is_digit(at(x, i)))
		i++;
	return i;
}

size_t lex_number(struct lex *x)
{
	size_t i = x->pos, end;

	if (at(x, i) == '0' && (at(x, i + 1) | 0x20) == 'x' && hex_digit(at(x, i + 2)) >= 0) {
		for (end = i + 2; hex_digit(at(x, end)) >= 0;)
			end++;
		return take(x, end);
	}
	if (at(x, i) == '+' || at(x, i) == '-')
		i++;
	end = digits_end(x, i);
	if (end == i)
		return 0;
	if (at(x, end) == '.')
		end = digits_end(x, end + 1);
	if ((at(x, end) | 0x20) == 'e' && (at(x, end + 1) == '+' || at(x, end + 1) == '-') &&
	    is_digit(at(x, end + 2)))
		end = digits_end(x, end + 2);
	return take(x, end);
}

size_t lex_bare(struct lex *x)
{
	size_t i = x->pos;

	for (; i < x->t->len; i++) {
		const int c = at(x, i);

		if (is_space(c) || !c || strchr("()\"'=,", c))
			break;
	}
	return take(x, i);
}

size_t lex_bare_arg(struct lex *x)
{
	size_t i = x->pos;

	for (; i < x->t->len; i++) {
		const int c = at(x, i);

		if (is_space(c) || !c || strchr("[]\"'", c))
			break;
	}
	return take(x, i);
}

/* One escape at i, behind the backslash; the number of bytes used, 0: unknown. */
static size_t unescape(const struct lex *x, size_t i, char quote, char *out)
{
	static const char from[] = "bfnrt\\/ ", to[] = "\b\f\n\r\t\\/\\";
	const int c = at(x, i);
	const char *p = c > 0 ? strchr(from, c) : NULL;
	int hi, lo;

	if (p) {
		*out = to[p - from];
		return 1;
	}
	if (c == quote) {
		*out = quote;
		return 1;
	}
	if (c != 'x')
		return 0;
	hi = hex_digit(at(x, i + 1));
	lo = hi < 0 ? -1 : hex_digit(at(x, i + 2));
	if (lo < 0)
		return 0;
	*out = (char)(hi << 4 | lo);
	return 3;
}

/* The closing quote is the first one with no backslash before it, even if that
 * backslash is itself escaped. */
static size_t quote_end(const struct lex *x, size_t start, char quote)
{
	for (size_t i = start; i < x->t->len; i++)
		if (x->t->p[i] == quote && (i == start || x->t->p[i - 1] != '\\'))
			return i;
	return 0;
}

const char *lex_quoted(struct lex *x, uint32_t *len)
{
	const int quote = lex_peek(x);
	size_t start = x->pos + 1, end, n;
	char *out, *o;

	if (quote != '"' && quote != '\'')
		return NULL;
	end = quote_end(x, start, (char)quote);
	if (!end) {
		lang_fail(x->l, LANG_SYNTAX, x->t, x->pos, "no closing %c for this text", quote);
		return NULL;
	}
	o = out = arena_alloc(x->l->arena, end - start + 1);
	for (size_t i = start; i < end; i++) {
		if (x->t->p[i] != '\\') {
			*o++ = x->t->p[i];
			continue;
		}
		n = i + 1 < end ? unescape(x, i + 1, (char)quote, o) : 0;
		if (!n || i + n >= end) {
			lang_fail(x->l, LANG_SYNTAX, x->t, i,
				  "unsupported string escape sequence: \\%.1s", x->t->p + i + 1);
			return NULL;
		}
		o++;
		i += n;
	}
	*o = 0;
	*len = (uint32_t)(o - out);
	x->pos = end + 1;
	return out;
}
