/* SPDX-License-Identifier: Apache-2.0 */
/* The pattern is cut at its outermost bars.  Each alternative is rewritten piece by piece: \d
 * becomes [0-9], groups lose their marks, lazy repetition becomes greedy (it finds the
 * same texts), and with the flag i all letters become small, as those of the text do.  An
 * alternative without any mark is a plain text in the end. */
#include "rules/set/sigma_regex.h"

#include <stdio.h>
#include <string.h>

#include "rules/set/sigma_value.h"

#define ANY "(.|\\n)"

struct rewriter {
	struct arena *a;
	const char *p;
	size_t len, pos;
	unsigned flags;
	struct buf text;	/* the alternative as a pattern */
	struct buf plain;	/* and as a text, while it is one */
	bool is_plain, at_front, at_back;
	unsigned depth;
	const char *why;
	struct sigma_regex *out;
};

static bool refuse(struct rewriter *r, const char *why)
{
	r->why = r->why ? r->why : why;
	return false;
}

static int peek(const struct rewriter *r, size_t ahead)
{
	return r->pos + ahead < r->len ? (unsigned char)r->p[r->pos + ahead] : -1;
}

static bool folds(const struct rewriter *r)
{
	return r->flags & SF_IGNORE;
}

static int small(const struct rewriter *r, int c)
{
	return folds(r) && c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static void put_literal(struct rewriter *r, int c, bool in_class)
{
	c = small(r, c);
	if (strchr(in_class ? "\\]^-[" : "\\.[]()*+?{}|^$", c) && c)
		buf_byte(&r->text, '\\');
	buf_byte(&r->text, (uint8_t)c);
	buf_byte(&r->plain, (uint8_t)c);
}

/* ---- escapes ---- */

static const char *class_of(int c)
{
	switch (c) {
	case 'd': case 'D': return "0-9";
	case 'w': case 'W': return "0-9A-Za-z_";
	case 's': case 'S': return "[:space:]";
	}
	return NULL;
}

static bool is_punct(int c)
{
	return c > ' ' && c < 0x7f && !sigma_has_ascii_letters((char[]){ (char)c }, 1) &&
	       !(c >= '0' && c <= '9');
}

/* The character that an escape stands for; -1: none.  pos is behind it. */
static int escaped(struct rewriter *r)
{
	static const char from[] = "afnrtve", to[] = "\a\f\n\r\t\v\x1b";
	const int c = peek(r, 1);
	const char *s = c > 0 ? strchr(from, c) : NULL;
	unsigned v = 0;
	int n = 0;

	if (s || is_punct(c) || c == ' ' || c >= 0x80) {
		r->pos += 2;
		return s ? to[s - from] : c;
	}
	if (c == 'x' && (sscanf(r->p + r->pos, "\\x{%4x}%n", &v, &n) == 1 && n ? true :
			 (n = 0, sscanf(r->p + r->pos, "\\x%2x%n", &v, &n) == 1 &&
			  n == 4)) &&
	    v > 0 && v < 0x80) {
		r->pos += (size_t)n;
		return (int)v;
	}
	return -1;
}

static bool escape(struct rewriter *r)
{
	const int c = peek(r, 1);
	const char *class = class_of(c);
	int v;

	if (class) {
		buf_printf(&r->text, "[%s%s]", c < 'a' ? "^" : "", class);
		r->is_plain = false;
		r->pos += 2;
		return true;
	}
	v = escaped(r);
	if (v < 0)
		return refuse(r, c == 'b' || c == 'B' ?
			      "borders of words (\\b) cannot be asked for" :
			      c >= '1' && c <= '9' ?
				      "there are no references back to groups" :
			      "an escape that rules do not have");
	put_literal(r, v, false);
	return true;
}

/* ---- classes ---- */

/* A range; with small letters for those of its capitals. */
static void put_range(struct rewriter *r, int lo, int hi)
{
	const int from = lo > 'A' ? lo : 'A', to = hi < 'Z' ? hi : 'Z';

	if (folds(r) && lo >= 'A' && hi <= 'Z') {
		lo |= 0x20;
		hi |= 0x20;
	} else if (folds(r) && from <= to) {
		buf_printf(&r->text, "%c-%c", from | 0x20, to | 0x20);
	}
	for (int i = 0; i < 2; i++) {
		const int c = i ? hi : lo;

		if (c && strchr("\\]^-[", c))
			buf_byte(&r->text, '\\');
		buf_byte(&r->text, (uint8_t)c);
		buf_str(&r->text, i ? "" : "-");
	}
}

static bool named_class(struct rewriter *r)
{
	const char *end = memmem(r->p + r->pos, r->len - r->pos, ":]", 2);
	const size_t n = end ? (size_t)(end + 2 - (r->p + r->pos)) : 0;

	if (!n || n > 12)
		return refuse(r, "a class that is not closed");
	if (folds(r) && (memmem(r->p + r->pos, n, "upper", 5) || memmem(r->p + r->pos, n,
									"lower", 5)))
		buf_str(&r->text, "[:alpha:]");
	else
		buf_put(&r->text, r->p + r->pos, n);
	r->pos += n;
	return true;
}

/* One end of a range.  -1: it was a class, or wrong. */
static int class_character(struct rewriter *r)
{
	const int c = peek(r, 0);
	int v;

	if (c != '\\') {
		r->pos++;
		return c;
	}
	if (class_of(peek(r, 1))) {
		if (peek(r, 1) < 'a')
			return refuse(r, "\\D, \\W and \\S inside brackets"), -1;
		buf_str(&r->text, class_of(peek(r, 1)));
		r->pos += 2;
		return -1;
	}
	v = escaped(r);
	if (v < 0)
		refuse(r, "an escape that rules do not have");
	return v;
}

static bool class_item(struct rewriter *r)
{
	int lo, hi;

	if (peek(r, 0) == '[' && peek(r, 1) == ':')
		return named_class(r);
	lo = class_character(r);
	if (lo < 0)
		return !r->why;
	if (peek(r, 0) != '-' || peek(r, 1) == ']' || peek(r, 1) < 0) {
		put_literal(r, lo, true);
		return true;
	}
	r->pos++;
	hi = class_character(r);
	if (hi < lo || hi >= 0x80)
		return refuse(r, "a range of characters that is none");
	put_range(r, lo, hi);
	return true;
}

static bool class(struct rewriter *r)
{
	bool first = true;

	r->is_plain = false;
	buf_byte(&r->text, '[');
	if (r->p[++r->pos] == '^' && r->pos < r->len) {
		buf_byte(&r->text, '^');
		r->pos++;
	}
	for (; peek(r, 0) >= 0 && (peek(r, 0) != ']' || first); first = false)
		if (!class_item(r))
			return false;
	if (peek(r, 0) < 0)
		return refuse(r, "a class that is not closed");
	r->pos++;
	buf_byte(&r->text, ']');
	return true;
}

/* ---- groups and the rest ---- */

static bool group(struct rewriter *r)
{
	const char *p = r->p + r->pos, *end;

	if (++r->depth > 50)
		return refuse(r, "groups are nested too deeply");
	r->is_plain = false;
	buf_byte(&r->text, '(');
	r->pos++;
	if (peek(r, 0) != '?')
		return true;
	if (strncmp(p, "(?:", 3) == 0) {
		r->pos += 2;
		return true;
	}
	if ((strncmp(p, "(?<", 3) == 0 && p[3] != '=' && p[3] != '!') ||
	    strncmp(p, "(?P<", 4) == 0) {
		end = memchr(p, '>', r->len - r->pos);
		if (!end)
			return refuse(r, "a group that is not closed");
		r->pos = (size_t)(end + 1 - r->p);
		return true;
	}
	return refuse(r,
		      "what stands before or behind cannot be looked at ((?=, (?!, (?>)");
}

static bool anchor(struct rewriter *r, size_t start)
{
	const bool front = r->p[r->pos] == '^';
	const bool last = r->pos + 1 == r->len || r->p[r->pos + 1] == '|';

	r->pos++;
	if (r->flags & SF_LINES) {
		r->is_plain = false;
		buf_byte(&r->text, front ? '^' : '$');
		return true;
	}
	if (front && r->depth == 0 && r->pos - 1 == start)
		return r->at_front = true;
	if (!front && r->depth == 0 && last)
		return r->at_back = true;
	return refuse(r, "^ and $ inside a pattern mean the ends of lines to rules");
}

/* *, +, ?, {n,m}: false if there is none. */
static bool repeat(struct rewriter *r)
{
	const int c = peek(r, 0);
	const char *end;

	if (c == '{') {
		end = memchr(r->p + r->pos, '}', r->len - r->pos);
		if (!end || !(peek(r, 1) >= '0' && peek(r, 1) <= '9'))
			return false;
		buf_put(&r->text, r->p + r->pos, (size_t)(end + 1 - (r->p + r->pos)));
		r->pos = (size_t)(end + 1 - r->p);
	} else if (c == '*' || c == '+' || c == '?') {
		buf_byte(&r->text, (uint8_t)c);
		r->pos++;
	} else {
		return false;
	}
	r->is_plain = false;
	if (peek(r, 0) == '?')		/* lazy */
		r->pos++;
	else if (peek(r, 0) == '+')
		refuse(r, "repetition that does not give back (*+, ++, ?+)");
	return true;
}

/* .* at an end that is open says nothing. */
static bool says_nothing(struct rewriter *r, size_t start)
{
	const size_t n = strncmp(r->p + r->pos, ".*?", 3) == 0 ? 3 : 2;
	const int behind = peek(r, n);

	if (strncmp(r->p + r->pos, ".*", 2) != 0 || r->depth || (behind > 0 &&
								 strchr("*+?{", behind)) ||
	    (r->pos != start && behind >= 0 && behind != '|'))
		return false;
	r->pos += n;
	return true;
}

static bool piece(struct rewriter *r, size_t start)
{
	const int c = peek(r, 0);

	switch (c) {
	case '\\':
		return escape(r);
	case '[':
		return class(r);
	case '(':
		return group(r);
	case '^': case '$':
		return anchor(r, start);
	case ')':
		if (!r->depth)
			return refuse(r, "a parenthesis too many");
		r->depth--;
		break;
	case '.':
		if (says_nothing(r, start))
			return true;
		r->is_plain = false;
		buf_str(&r->text, r->flags & SF_DOTALL ? ANY : ".");
		r->pos++;
		return true;
	case '|':
		break;
	default:
		if (repeat(r))
			return !r->why;
		put_literal(r, c, false);
		r->pos++;
		return true;
	}
	buf_byte(&r->text, (uint8_t)c);
	r->pos++;
	return true;
}

static bool branch(struct rewriter *r)
{
	const size_t start = r->pos;
	struct sigma_branch *b = &r->out->v[r->out->n];

	if (r->out->n == SIGMA_BRANCHES_MAX)
		return refuse(r, "too many alternatives");
	buf_reset(&r->text);
	buf_reset(&r->plain);
	r->is_plain = true;
	r->at_front = r->at_back = false;
	while (peek(r, 0) >= 0 && (peek(r, 0) != '|' || r->depth))
		if (!piece(r, start))
			return false;
	if (r->depth)
		return refuse(r, "a parenthesis that is not closed");
	b->plain = r->is_plain;
	b->n = b->plain ? r->plain.len : r->text.len;
	b->p = arena_strn(r->a, b->plain ? r->plain.p : r->text.p, b->n);
	b->at_front = r->at_front;
	b->at_back = r->at_back;
	r->out->n++;
	return true;
}

/* (?i) in front is the flag. */
static void take_flag(struct rewriter *r)
{
	if (strncmp(r->p, "(?i)", 4) == 0) {
		r->flags |= SF_IGNORE;
		r->pos = 4;
	}
}

const char *sigma_regex(struct arena *a, const char *p, size_t len, unsigned flags,
			struct sigma_regex *out)
{
	struct rewriter r = { .a = a, .p = arena_strn(a, p, len), .len = len,
	  .flags = flags,
			      .out = out };
	bool ok;

	out->n = 0;
	out->v = arena_zalloc(a, SIGMA_BRANCHES_MAX * sizeof(*out->v));
	if (memchr(p, 0, len))
		return "a NUL byte";
	take_flag(&r);
	for (;;) {
		ok = branch(&r);
		if (!ok || peek(&r, 0) < 0)
			break;
		r.pos++;
	}
	out->fold = folds(&r);
	buf_release(&r.text);
	buf_release(&r.plain);
	return r.why;
}

void sigma_regex_put(const struct sigma_branch *b, const char *tail, struct buf *out)
{
	buf_str(out, b->at_front ? "" : ANY "*");
	buf_put(out, b->p, b->n);
	buf_str(out, b->at_back ? tail : ANY "*");
}
