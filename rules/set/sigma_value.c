/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/set/sigma_value.h"

#include <string.h>

#include "capture/base/near.h"
#include "capture/base/quote.h"
#include "rules/lang/pathset.h"

/* ---- modifiers ---- */

enum { FLAG_ONLY = -1, NOT_SAID = -2 };

static const struct modifier_row {
	const char *name;
	int op;			/* enum sigma_op, FLAG_ONLY or NOT_SAID */
	unsigned flags;
	const char *reason;
} modifiers[] = {
	{ "contains",     SOP_CONTAINS },
	{ "startswith",   SOP_STARTS },
	{ "endswith",     SOP_ENDS },
	{ "re",           SOP_RE },
	{ "cidr",         SOP_CIDR },
	{ "exists",       SOP_EXISTS },
	{ "lt",           SOP_LT },
	{ "lte",          SOP_LE },
	{ "gt",           SOP_GT },
	{ "gte",          SOP_GE },
	{ "all",          FLAG_ONLY, SF_ALL },
	{ "cased",        FLAG_ONLY, SF_CASED },
	{ "neq",          FLAG_ONLY, SF_NOT },
	{ "fieldref",     FLAG_ONLY, SF_FIELD },
	{ "i",            FLAG_ONLY, SF_IGNORE },
	{ "m",            FLAG_ONLY, SF_LINES },
	{ "s",            FLAG_ONLY, SF_DOTALL },
	{ "base64",       FLAG_ONLY, SF_BASE64 },
	{ "base64offset", FLAG_ONLY, SF_OFFSET },
	{ "wide",         FLAG_ONLY, SF_LE16 },
	{ "utf16le",      FLAG_ONLY, SF_LE16 },
	{ "utf16be",      FLAG_ONLY, SF_BE16 },
	{ "utf16",        FLAG_ONLY, SF_BOM16 },
	{ "windash",      NOT_SAID, 0, "windash is about options of Windows programs" },
	{ "expand",       NOT_SAID, 0, "placeholders have to be filled in first" },
	{ "minute",       NOT_SAID, 0, "parts of times cannot be compared" },
	{ "hour",         NOT_SAID, 0, "parts of times cannot be compared" },
	{ "day",          NOT_SAID, 0, "parts of times cannot be compared" },
	{ "week",         NOT_SAID, 0, "parts of times cannot be compared" },
	{ "month",        NOT_SAID, 0, "parts of times cannot be compared" },
	{ "year",         NOT_SAID, 0, "parts of times cannot be compared" },
};
enum { N_MODIFIERS = sizeof(modifiers) / sizeof(modifiers[0]) };

static const char *unknown_modifier(struct arena *a, const char *p, size_t len)
{
	struct near n;

	near_init(&n, p, len);
	for (unsigned i = 0; i < N_MODIFIERS; i++)
		near_try(&n, modifiers[i].name);
	return arena_printf(a, "unknown modifier '%.*s'%s", (int)(len < 40 ? len : 40), p,
			    near_text(&n));
}

static const char *apply(struct arena *a, struct sigma_key *k, const char *p, size_t len)
{
	for (unsigned i = 0; i < N_MODIFIERS; i++) {
		const struct modifier_row *m = &modifiers[i];

		if (strlen(m->name) != len || memcmp(m->name, p, len) != 0)
			continue;
		if (m->op >= 0 && k->op != SOP_EQUAL && k->op != (enum sigma_op)m->op)
			return arena_printf(a,
					    "modifier %s stands behind another comparison",
					    m->name);
		if (m->op >= 0)
			k->op = (enum sigma_op)m->op;
		if (m->op == NOT_SAID)
			k->reason = m->reason;
		k->flags |= m->flags;
		return NULL;
	}
	return unknown_modifier(a, p, len);
}

static const char *contradiction(const struct sigma_key *k)
{
	const unsigned encoded = SF_BASE64 | SF_OFFSET | SF_LE16 | SF_BE16 | SF_BOM16;

	if (k->flags & (SF_IGNORE | SF_LINES | SF_DOTALL) && k->op != SOP_RE)
		return "modifiers i, m and s belong to re";
	if (k->flags & encoded && (k->op > SOP_ENDS || k->flags & SF_FIELD))
		return "only texts can be encoded";
	if (k->flags & SF_FIELD && (k->op == SOP_RE || k->op == SOP_CIDR ||
				    k->op == SOP_EXISTS))
		return "fieldref goes with comparisons only";
	return NULL;
}

bool sigma_key_parse(struct arena *a, const struct yaml *y, struct sigma_key *out,
		     const char **why)
{
	const char *p, *end;

	*out = (struct sigma_key){ .name = "" };
	if (y->kind != YAML_SCALAR || y->len > 256)
		return *why = "the name of a field is expected", false;
	p = strchrnul(y->p, '|');
	out->name = arena_strn(a, y->p, (size_t)(p - y->p));
	for (; *p == '|'; p = end) {
		end = strchrnul(++p, '|');
		*why = apply(a, out, p, (size_t)(end - p));
		if (*why)
			return false;
	}
	*why = contradiction(out);
	return !*why;
}

/* ---- patterns ---- */

/* A backslash takes away the meaning of a wildcard or a backslash behind it; before
 * anything else it is one itself. */
static size_t unescape(const char *p, size_t len, char *to, char *wild)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		const bool escaped = p[i] == '\\' && i + 1 < len && strchr("*?\\",
									   p[i + 1]) &&
				     p[i + 1];

		i += escaped;
		wild[n] = !escaped && (p[i] == '*' || p[i] == '?') ? p[i] : 0;
		if (wild[n] == '*' && n && wild[n - 1] == '*')
			continue;
		to[n++] = p[i];
	}
	return n;
}

static void open_ends(struct sigma_pattern *out, enum sigma_op op)
{
	out->open_front = op == SOP_CONTAINS || op == SOP_ENDS;
	out->open_back = op == SOP_CONTAINS || op == SOP_STARTS;
	if (out->n && out->wild[0] == '*') {
		out->open_front = true;
		out->p++;
		out->wild++;
		out->n--;
		if (!out->n)
			out->open_back = true;
	}
	if (out->n && out->wild[out->n - 1] == '*') {
		out->open_back = true;
		out->n--;
	}
	for (size_t i = 0; i < out->n; i++)
		out->inner |= out->wild[i] != 0;
}

void sigma_pattern(struct arena *a, const char *p, size_t len, enum sigma_op op,
		   struct sigma_pattern *out)
{
	char *to = arena_zalloc(a, len + 1), *wild = arena_zalloc(a, len + 1);

	*out = (struct sigma_pattern){ .p = to, .wild = wild };
	out->n = unescape(p, len, to, wild);
	open_ends(out, op);
}

void sigma_pattern_plain(struct arena *a, const char *p, size_t len, enum sigma_op op,
			 struct sigma_pattern *out)
{
	*out = (struct sigma_pattern){ .p = arena_strn(a, p, len),
		.wild = arena_zalloc(a, len + 1), .n = len };
	open_ends(out, op);
}

void sigma_pattern_glob(const struct sigma_pattern *p, struct buf *out)
{
	buf_str(out, p->open_front ? "*" : "");
	for (size_t i = 0; i < p->n; i++) {
		if (!p->wild[i] && p->p[i] && strchr("*?[\\", p->p[i]))
			buf_byte(out, '\\');
		buf_byte(out, (uint8_t)p->p[i]);
	}
	buf_str(out, p->open_back ? "*" : "");
}

bool sigma_pattern_matches(const struct sigma_pattern *p, const char *text, bool cased)
{
	struct buf glob = {0};
	bool is;

	sigma_pattern_glob(p, &glob);
	is = glob_match(buf_text(&glob), glob.len, text, strlen(text), !cased);
	buf_release(&glob);
	return is;
}

/* ---- encodings ---- */

static void put16(struct buf *out, unsigned v, bool big)
{
	buf_byte(out, (uint8_t)(big ? v >> 8 : v));
	buf_byte(out, (uint8_t)(big ? v : v >> 8));
}

/* The character at p; the YAML reader saw to it that it is one. */
static unsigned character(const unsigned char *p, size_t n)
{
	unsigned c = n == 1 ? p[0] : p[0] & (0x7fu >> n);

	for (size_t i = 1; i < n; i++)
		c = c << 6 | (p[i] & 0x3f);
	return c;
}

static void to_utf16(const char *p, size_t len, unsigned flags, struct buf *out)
{
	const bool big = flags & SF_BE16;
	size_t n;

	if (flags & SF_BOM16)
		put16(out, 0xfeff, false);
	for (size_t i = 0; i < len; i += n) {
		const unsigned char *s = (const unsigned char *)p + i;
		unsigned c;

		n = utf8_sequence(s, len - i);
		n = n ? n : 1;
		c = character(s, n);
		if (c > 0xffff) {
			put16(out, 0xd800 + ((c - 0x10000) >> 10), big);
			c = 0xdc00 + ((c - 0x10000) & 0x3ff);
		}
		put16(out, c, big);
	}
}

/* The digits that do not depend on what stands before (skip bytes) and behind. */
static void to_base64(const struct buf *in, unsigned skip, bool whole, struct buf *out)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const size_t bits = (skip + in->len) * 8, from = (skip * 8 + 5) / 6;
	const size_t to = whole ? (bits + 5) / 6 : bits / 6;

	for (size_t d = from; d < to; d++) {
		unsigned v = 0;

		for (size_t b = d * 6; b < d * 6 + 6; b++) {
			const size_t at = b / 8;
			const unsigned byte = at < skip || at - skip >= in->len ? 0 :
					      in->p[at - skip];

			v = v << 1 | (byte >> (7 - b % 8) & 1);
		}
		buf_byte(out, (uint8_t)digits[v]);
	}
	for (size_t d = to; whole && d % 4; d++)
		buf_byte(out, '=');
}

void sigma_encode(const char *p, size_t len, unsigned flags,
		  struct buf out[SIGMA_ENCODED_MAX],
		  unsigned *n_out)
{
	struct buf in = {0};

	if (flags & (SF_LE16 | SF_BE16 | SF_BOM16))
		to_utf16(p, len, flags, &in);
	else
		buf_put(&in, p, len);
	*n_out = flags & SF_OFFSET ? 3 : 1;
	for (unsigned i = 0; i < *n_out; i++)
		if (flags & (SF_OFFSET | SF_BASE64))
			to_base64(&in, i, !(flags & SF_OFFSET), &out[i]);
		else
			buf_put(&out[i], in.p, in.len);
	buf_release(&in);
}

/* ---- letters ---- */

bool sigma_has_ascii_letters(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((p[i] | 0x20) >= 'a' && (p[i] | 0x20) <= 'z')
			return true;
	return false;
}

bool sigma_has_other_cases(const char *p, size_t len)
{
	static const struct { unsigned from, to; } cased[] = {
		{ 0xb5, 0xb5 }, { 0xc0, 0x24f }, { 0x370, 0x587 }, { 0x10a0, 0x10ff },
		{ 0x13a0, 0x13ff }, { 0x1c80, 0x1cbf }, { 0x1e00, 0x1fff }, { 0x2126,
		  0x2188 },
		{ 0x24b6, 0x24e9 }, { 0x2c00, 0x2d2f }, { 0xa640, 0xa7ff }, { 0xff21,
		  0xff5a },
		{ 0x10400, 0x118df }, { 0x1e900, 0x1e943 },
	};
	size_t n;

	for (size_t i = 0; i < len; i += n) {
		const unsigned char *s = (const unsigned char *)p + i;
		unsigned c;

		n = utf8_sequence(s, len - i);
		n = n ? n : 1;
		c = character(s, n);
		for (unsigned k = 0; k < sizeof(cased) / sizeof(cased[0]); k++)
			if (c >= cased[k].from && c <= cased[k].to)
				return true;
	}
	return false;
}

void sigma_lower(char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i] >= 'A' && p[i] <= 'Z')
			p[i] |= 0x20;
}

/* ---- constants ---- */

static bool is_bare(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!sigma_has_ascii_letters(p + i, 1) && !(p[i] >= '0' && p[i] <= '9') &&
		    (!p[i] || !strchr("/._-+:@~", p[i])))
			return false;
	return len > 0;
}

/* What YAML or a terminal would not take as it is. */
static bool is_odd(const char *p, size_t n)
{
	const unsigned c = character((const unsigned char *)p, n);

	return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || c > 0xffef;
}

/* A quote ends at the first one without a backslash before it, so that a backslash at the
 * end is written with a blank behind it, which the lexer takes away. */
void sigma_put_constant(struct buf *out, const char *p, size_t len)
{
	static const char from[] = "\b\f\n\r\t\"", to[] = "bfnrt\"";
	size_t n;

	if (is_bare(p, len)) {
		buf_put(out, p, len);
		return;
	}
	buf_byte(out, '"');
	for (size_t i = 0; i < len; i += n) {
		const char *s = p[i] ? strchr(from, p[i]) : NULL;

		n = utf8_sequence((const unsigned char *)p + i, len - i);
		n = n ? n : 1;
		if (s)
			buf_printf(out, "\\%c", to[s - from]);
		else if (p[i] == '\\')
			buf_str(out, i + 1 == len ? "\\ " : "\\\\");
		else if (is_odd(p + i, n))
			for (size_t k = 0; k < n; k++)
				buf_printf(out, "\\x%02x", (unsigned char)p[i + k]);
		else
			buf_put(out, p + i, n);
	}
	buf_byte(out, '"');
}
