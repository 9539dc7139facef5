/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/state/json.h"

#include <string.h>

#include "capture/base/quote.h"

static const char *skip_space(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p;
}

static const char *skip_string(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		if (*p == '\\')
			p++;
	return p < end ? p + 1 : NULL;
}

/* Past the value at p, NULL if it does not end.  Depth is a count, not a recursion. */
static const char *skip_value(const char *p, const char *end)
{
	unsigned depth = 0;

	while (p && p < end) {
		switch (*p) {
		case '"':
			p = skip_string(p, end);
			break;
		case '{':
		case '[':
			depth++;
			p++;
			break;
		case '}':
		case ']':
			if (depth == 0)
				return p;
			depth--;
			p++;
			break;
		case ',':
			if (depth == 0)
				return p;
			p++;
			break;
		default:
			p++;
			continue;
		}
		if (depth == 0)
			return p;
	}
	return p;
}

bool json_next(struct json of, struct json *at, struct json *key)
{
	const char *end, *p, *q;

	*key = (struct json){0};
	if (of.len < 2 || (of.p[0] != '{' && of.p[0] != '['))
		return false;
	end = of.p + of.len;
	p = skip_space(at->p ? at->p + at->len : of.p + 1, end);
	if (at->p && p < end && *p == ',')
		p = skip_space(p + 1, end);
	if (p >= end || *p == '}' || *p == ']')
		return false;
	if (of.p[0] == '{') {
		q = *p == '"' ? skip_string(p, end) : NULL;
		if (!q)
			return false;
		*key = (struct json){ p, (size_t)(q - p) };
		p = skip_space(q, end);
		if (p >= end || *p != ':')
			return false;
		p = skip_space(p + 1, end);
	}
	q = skip_value(p, end);
	if (!q || q == p)
		return false;
	while (q > p && (q[-1] == ' ' || q[-1] == '\n'))
		q--;
	*at = (struct json){ p, (size_t)(q - p) };
	return true;
}

struct json json_member(struct json object, const char *name, size_t len)
{
	struct json at = {0}, key;

	if (object.len == 0 || object.p[0] != '{')
		return (struct json){0};
	while (json_next(object, &at, &key))
		if (key.len == len + 2 && memcmp(key.p + 1, name, len) == 0)
			return at;
	return (struct json){0};
}

static int hex4(const char *p, const char *end)
{
	int v = 0;

	if (end - p < 4)
		return -1;
	for (unsigned i = 0; i < 4; i++) {
		const char c = p[i];
		const int d = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f'
			? (c | 32) - 'a' + 10 : -1;

		if (d < 0)
			return -1;
		v = v << 4 | d;
	}
	return v;
}

static void put_utf8(struct buf *out, int c)
{
	char bytes[4];

	buf_put(out, bytes, utf8_encode((uint32_t)c, bytes));
}

/* Surrogates stay two characters: nobody's container is called so. */
bool json_unquote(struct json v, struct buf *out)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	const char *p, *end;

	if (v.len < 2 || v.p[0] != '"')
		return false;
	p = v.p + 1;
	end = v.p + v.len - 1;
	while (p < end) {
		const char *c;
		int u;

		if (*p != '\\') {
			buf_byte(out, (uint8_t)*p++);
			continue;
		}
		if (++p >= end)
			break;
		u = *p == 'u' ? hex4(p + 1, end) : -1;
		c = strchr(from, *p);
		if (u >= 0) {
			put_utf8(out, u);
			p += 5;
		} else {
			buf_byte(out, (uint8_t)(c && *c ? to[c - from] : *p));
			p++;
		}
	}
	return true;
}

bool json_is(struct json v, const char *literal)
{
	return v.len == strlen(literal) && memcmp(v.p, literal, v.len) == 0;
}
