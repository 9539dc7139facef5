/* SPDX-License-Identifier: Apache-2.0 */
/* The pattern is rewritten for PCRE2 piece by piece:
 *
 *   - groups do not capture, so nothing is kept that a match could refer to;
 *   - what RE2 in POSIX mode has no word for (\d, \b, (?...), back references) is
 *     refused with the text RE2 would use;
 *   - \A(?: ... )\z around it: the whole text must match.
 *
 * The JIT runs with a match limit.  A pattern that reaches it on some text is matched
 * again by PCRE2's other algorithm, which walks the text once with all states side by
 * side and does not go back. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "rules/lang/regex.h"

#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PATTERN_MAX = 1024,	/* constants are shorter anyway */
	REPEAT_MAX = 1000,	/* as RE2, also for the product of nested ones */
	NEST_MAX = 100,
	MATCH_LIMIT = 200000,
	WORKSPACE = 4096,
};

struct regex {
	struct regex *next;
	pcre2_code *code;
};

struct regex_data {
	pcre2_match_data *match;
	pcre2_match_context *context;
	int workspace[WORKSPACE];
};

struct rewrite {
	const char *p;
	size_t len, pos;
	struct buf *out;
	char why[128];
	unsigned depth;
};

static bool refuse(struct rewrite *r, const char *why, size_t from, size_t to)
{
	snprintf(r->why, sizeof(r->why), "%s%.*s", why, (int)(to - from), r->p + from);
	return false;
}

static bool is_punct(unsigned char c)
{
	return c < 0x80 && c > ' ' && !((c | 0x20) >= 'a' && (c | 0x20) <= 'z') &&
	       !(c >= '0' && c <= '9');
}

static void literal(struct rewrite *r, unsigned char c)
{
	if (c < 0x80)
		buf_printf(r->out, "\\x%02x", c);
	else
		buf_byte(r->out, c);
}

static int octal(const struct rewrite *r, size_t i)
{
	int v = 0;

	for (size_t n = 0; n < 3 && i < r->len && r->p[i] >= '0' && r->p[i] <= '7'; n++)
		v = v * 8 + (r->p[i++] - '0');
	return v;
}

/* \x41, \x{41}, \101, \n and escaped marks: the character, or -1. */
static long escaped(struct rewrite *r)
{
	static const char from[] = "afnrtv", to[] = "\a\f\n\r\t\v";
	const unsigned char c = (unsigned char)r->p[r->pos + 1];
	const char *s = c ? strchr(from, c) : NULL;
	unsigned v = 0;
	int n = 0;

	if (s)
		return r->pos += 2, to[s - from];
	if (is_punct(c) || c == ' ')
		return r->pos += 2, c;
	if (c == 'x' && sscanf(r->p + r->pos, "\\x{%6x}%n", &v, &n) == 1 && n)
		return r->pos += (size_t)n, v > 0x10ffff ? -1 : (long)v;
	if (c == 'x' && sscanf(r->p + r->pos, "\\x%2x%n", &v, &n) == 1 && n == 4)
		return r->pos += 4, (long)v;
	if (c == '0' || (c >= '1' && c <= '7' && r->pos + 2 < r->len &&
			 r->p[r->pos + 2] >= '0' && r->p[r->pos + 2] <= '7')) {
		v = (unsigned)octal(r, ++r->pos);
		for (n = 0; n < 3 && r->pos < r->len && r->p[r->pos] >= '0' &&
		     r->p[r->pos] <= '7'; n++)
			r->pos++;
		return v;
	}
	return -1;
}

static bool escape(struct rewrite *r)
{
	const size_t start = r->pos;
	long v;

	if (r->pos + 1 >= r->len)
		return refuse(r, "trailing \\", 0, 0);
	v = escaped(r);
	if (v < 0)
		return refuse(r, "invalid escape sequence: ", start, start + 2);
	buf_printf(r->out, "\\x{%lx}", (unsigned long)v);
	return true;
}

static bool named_class(struct rewrite *r)
{
	static const char *const names[] = {
		"alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower",
		"print", "punct", "space", "upper", "word", "xdigit",
	};
	const size_t start = r->pos;
	const char *end = memmem(r->p + start, r->len - start, ":]", 2);
	const char *name = r->p + start + 2;
	size_t n;

	if (!end)
		return refuse(r, "invalid character class range: ", start, r->len);
	name += *name == '^';
	n = (size_t)(end - name);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i]) == n && memcmp(names[i], name, n) == 0) {
			r->pos = (size_t)(end + 2 - r->p);
			buf_put(r->out, r->p + start, r->pos - start);
			return true;
		}
	return refuse(r, "invalid character class range: ", start, (size_t)(end + 2 - r->p));
}

static bool class_char(struct rewrite *r)
{
	if (r->p[r->pos] == '\\')
		return escape(r);
	literal(r, (unsigned char)r->p[r->pos++]);
	while (r->pos < r->len && ((unsigned char)r->p[r->pos] & 0xc0) == 0x80)
		buf_byte(r->out, (uint8_t)r->p[r->pos++]);
	return true;
}

static bool class_item(struct rewrite *r)
{
	if (r->p[r->pos] == '[' && r->pos + 1 < r->len && r->p[r->pos + 1] == ':')
		return named_class(r);
	if (!class_char(r))
		return false;
	if (r->pos + 1 < r->len && r->p[r->pos] == '-' && r->p[r->pos + 1] != ']') {
		r->pos++;
		buf_byte(r->out, '-');
		return class_char(r);
	}
	return true;
}

static bool class(struct rewrite *r)
{
	const size_t start = r->pos++;
	bool first = true;

	buf_byte(r->out, '[');
	if (r->pos < r->len && r->p[r->pos] == '^') {
		r->pos++;
		buf_byte(r->out, '^');
	}
	for (; r->pos < r->len && (r->p[r->pos] != ']' || first); first = false)
		if (!class_item(r))
			return false;
	if (r->pos >= r->len)
		return refuse(r, "missing ]: ", start, r->len);
	r->pos++;
	buf_byte(r->out, ']');
	return true;
}

/* {n}, {n,}, {n,m}: false if it is none, then the brace is text. */
static bool is_repeat(const struct rewrite *r, unsigned *most, size_t *end)
{
	unsigned least = 0;
	int n = 0;

	if (sscanf(r->p + r->pos, "{%5u}%n", &least, &n) == 1 && n) {
		*most = least;
	} else if (sscanf(r->p + r->pos, "{%5u,}%n", &least, &n) == 1 && n) {
		*most = least;
	} else if (sscanf(r->p + r->pos, "{%5u,%5u}%n", &least, most, &n) != 2 || !n) {
		return false;
	}
	for (int i = 1; i < n - 1; i++)		/* scanf would take a sign or a blank */
		if (!strchr("0123456789,", r->p[r->pos + (size_t)i]))
			return false;
	*end = r->pos + (size_t)n;
	if (least > *most)
		*most = REPEAT_MAX + 1;
	return true;
}

static bool alternatives(struct rewrite *r, unsigned *weight);

static bool group(struct rewrite *r, unsigned *weight)
{
	r->pos++;
	if (r->pos < r->len && r->p[r->pos] == '?')
		return refuse(r, "missing argument to repetition operator: ?", 0, 0);
	if (++r->depth > NEST_MAX)
		return refuse(r, "expression nests too deeply", 0, 0);
	buf_str(r->out, "(?:");
	if (!alternatives(r, weight))
		return false;
	if (r->pos >= r->len)
		return refuse(r, "missing ): ", 0, r->len);
	r->pos++;
	r->depth--;
	buf_byte(r->out, ')');
	return true;
}

/* One piece; *weight: how often counted repetitions multiply it. */
static bool piece(struct rewrite *r, unsigned *weight)
{
	const char c = r->p[r->pos];

	*weight = 1;
	switch (c) {
	case '(':
		return group(r, weight);
	case '[':
		return class(r);
	case '\\':
		return escape(r);
	case '*': case '+': case '?':
		return refuse(r, "missing argument to repetition operator: ", r->pos, r->pos + 1);
	case '.': case '^': case '$':
		buf_byte(r->out, (uint8_t)c);
		r->pos++;
		return true;
	default:
		return class_char(r);
	}
}

static bool repeats(struct rewrite *r, unsigned *weight, size_t from)
{
	unsigned most;
	size_t end, at;

	for (unsigned n = 0; r->pos < r->len; n++) {
		const char c = r->p[r->pos];
		const bool mark = c == '*' || c == '+' || c == '?';

		if (!mark && (c != '{' || !is_repeat(r, &most, &end)))
			return true;
		if (n > NEST_MAX)
			return refuse(r, "expression nests too deeply", 0, 0);
		if (!mark && (most > REPEAT_MAX || (most > 1 && (*weight *= most) > REPEAT_MAX)))
			return refuse(r, "invalid repetition size: ", r->pos, end);
		if (mark)
			end = r->pos + 1;
		if (n) {	/* a** means (a*)* here, not PCRE's possessive forms */
			buf_room(r->out, 4);
			memmove(r->out->p + from + 3, r->out->p + from, r->out->len - from);
			memcpy(r->out->p + from, "(?:", 3);
			r->out->len += 3;
			buf_byte(r->out, ')');
		}
		at = r->pos;
		buf_put(r->out, r->p + at, end - at);
		r->pos = end;
	}
	return true;
}

static bool alternatives(struct rewrite *r, unsigned *weight)
{
	unsigned w = 1;

	*weight = 1;
	while (r->pos < r->len && r->p[r->pos] != ')') {
		const size_t from = r->out->len;

		if (r->p[r->pos] == '|') {
			buf_byte(r->out, '|');
			r->pos++;
			continue;
		}
		if (!piece(r, &w) || !repeats(r, &w, from))
			return false;
		*weight = w > *weight ? w : *weight;
	}
	return true;
}

static bool rewrite(struct rewrite *r)
{
	unsigned weight;

	buf_str(r->out, "\\A(?:");
	if (!alternatives(r, &weight))
		return false;
	if (r->pos < r->len)
		return refuse(r, "unexpected ): ", 0, r->len);
	buf_str(r->out, ")\\z");
	return true;
}

const struct regex *regex_compile(struct lang *l, const struct lang_text *t, size_t off,
				  const char *p, size_t len)
{
	struct buf out = {0};
	struct rewrite r = { .p = p, .len = len, .out = &out };
	struct regex *re = arena_zalloc(l->arena, sizeof(*re));
	PCRE2_SIZE at = 0;
	int code = 0;

	if (len > PATTERN_MAX || memchr(p, 0, len)) {
		lang_fail(l, LANG_TYPE, t, off, "invalid regex pattern: too long, or a NUL byte");
	} else if (!rewrite(&r)) {
		lang_fail(l, LANG_TYPE, t, off, "invalid regex pattern: %s", r.why);
	} else {
		re->code = pcre2_compile(out.p, out.len, PCRE2_UTF | PCRE2_MATCH_INVALID_UTF |
					 PCRE2_MULTILINE | PCRE2_NO_AUTO_CAPTURE, &code, &at, NULL);
		if (!re->code)
			lang_fail(l, LANG_TYPE, t, off, "invalid regex pattern: %s", p);
	}
	buf_release(&out);
	if (!re->code)
		return NULL;
	pcre2_jit_compile(re->code, PCRE2_JIT_COMPLETE);	/* without it: interpreted */
	re->next = *l->regexes;
	*l->regexes = re;
	return re;
}

void regex_free_all(struct regex *list)
{
	for (; list; list = list->next)
		pcre2_code_free(list->code);
}

void *regex_data_new(void)
{
	struct regex_data *d = xcalloc(1, sizeof(*d));

	d->match = pcre2_match_data_create(1, NULL);
	d->context = pcre2_match_context_create(NULL);
	pcre2_set_match_limit(d->context, MATCH_LIMIT);
	return d;
}

void regex_data_free(void *data)
{
	struct regex_data *d = data;

	if (!d)
		return;
	pcre2_match_data_free(d->match);
	pcre2_match_context_free(d->context);
	free(d);
}

bool regex_match(const struct regex *r, void *data, const char *p, size_t len)
{
	struct regex_data *d = data;
	int n = pcre2_match(r->code, (PCRE2_SPTR)p, len, 0, 0, d->match, d->context);

	if (n == PCRE2_ERROR_MATCHLIMIT || n == PCRE2_ERROR_JIT_STACKLIMIT ||
	    n == PCRE2_ERROR_DEPTHLIMIT || n == PCRE2_ERROR_HEAPLIMIT)
		n = pcre2_dfa_match(r->code, (PCRE2_SPTR)p, len, 0, PCRE2_DFA_SHORTEST, d->match,
				    NULL, d->workspace, WORKSPACE);
	return n >= 0;
}

bool regex_is_simple(const char *p, size_t len)
{
	static const char wild[] = "*+?";
	size_t from = 0;

	if (len && p[0] == '^')
		from = 1;
	else if (len > 1 && p[0] == '.' && strchr(wild, p[1]))
		from = 2;
	if (len > from && p[len - 1] == '$')
		len--;
	else if (len > from + 1 && p[len - 2] == '.' && strchr(wild, p[len - 1]) &&
		 (len - from < 3 || p[len - 3] != '\\'))
		len -= 2;
	for (size_t i = from; i < len; i++)
		if (!p[i] || strchr("\\^$.[]|()?*+{}", p[i]))
			return false;
	return true;
}
