/* SPDX-License-Identifier: Apache-2.0 */
/* A rule as YAML, in the manner of rules/saker.yaml. */
#include <ctype.h>
#include <string.h>

#include "capture/base/quote.h"
#include "rules/set/sigma_rule.h"

enum { WIDTH = 100 };

/* Controls, and what turns text around or hides it, are dropped. */
static bool is_shown(const unsigned char *p, size_t n)
{
	if (n == 1)
		return *p >= ' ' && *p < 0x7f;
	if (n == 2)
		return p[0] != 0xc2 || p[1] >= 0xa0;
	if (n == 3 && p[0] == 0xe2 && (p[1] == 0x80 || p[1] == 0x81))
		return (p[1] == 0x80 && p[2] >= 0x90 && p[2] < 0xa8) ||
		       (p[1] == 0x80 && p[2] >= 0xb0);
	return n == 3 && p[0] < 0xee;
}

void sigma_put_line(struct buf *out, const char *p, size_t len)
{
	const size_t from = out->len;
	bool blank = false;
	size_t n;

	for (size_t i = 0; i < len; i += n) {
		const unsigned char *s = (const unsigned char *)p + i;

		n = utf8_sequence(s, len - i);
		if (n == 0 || !is_shown(s, n)) {
			n = n ? n : 1;
			blank = true;
		} else if (*s == ' ') {
			blank = true;
		} else {
			if (blank && out->len > from)
				buf_byte(out, ' ');
			blank = false;
			buf_put(out, s, n);
		}
	}
}

/* Where the line may end: a blank outside of quotes. */
static size_t word_end(const char *p, size_t len, size_t i, bool quotes)
{
	bool in = false;

	for (; i < len && (in || p[i] != ' '); i++)
		if (quotes && p[i] == '"' && (!in || p[i - 1] != '\\'))
			in = !in;
	return i;
}

/* Words in lines behind a margin, for folded blocks and comments. */
static void put_wrapped(struct buf *out, const char *margin, const char *p, size_t len,
			bool quotes)
{
	const size_t indent = strlen(margin);
	size_t column = 0, end;

	for (size_t i = 0; i < len; i = end + 1) {
		end = word_end(p, len, i, quotes);
		if (column && column + 1 + end - i > WIDTH) {
			buf_byte(out, '\n');
			column = 0;
		}
		if (column == 0) {
			buf_put(out, margin, indent);
			column = indent;
		} else {
			buf_byte(out, ' ');
			column++;
		}
		buf_put(out, p + i, end - i);
		column += end - i;
	}
	buf_byte(out, '\n');
}

static void put_block(struct buf *out, const char *key, const struct buf *text, bool quotes)
{
	buf_printf(out, "  %s: >-\n", key);
	put_wrapped(out, "    ", (const char *)text->p, text->len, quotes);
}

/* ---- comments ---- */

static void put_comment(struct buf *out, const char *what, const char *p, size_t len)
{
	struct buf line = {0};

	buf_str(&line, what);
	sigma_put_line(&line, p, len);
	if (line.len > strlen(what))
		put_wrapped(out, "# ", (const char *)line.p, line.len, false);
	buf_release(&line);
}

static void put_all_comments(struct buf *out, const char *what, const struct yaml *y)
{
	if (y && y->kind == YAML_SCALAR)
		put_comment(out, what, y->p, y->len);
	for (uint32_t i = 0; y && y->kind == YAML_SEQUENCE && i < y->n; i++)
		if (y->kids[i]->kind == YAML_SCALAR)
			put_comment(out, what, y->kids[i]->p, y->kids[i]->len);
}

static void put_comments(struct buf *out, const struct sigma_rule *r)
{
	put_comment(out, "From Sigma: ", r->file, strlen(r->file));
	put_all_comments(out, "Id: ", yaml_get(r->doc, "id"));
	put_all_comments(out, "Status: ", yaml_get(r->doc, "status"));
	put_all_comments(out, "Author: ", yaml_get(r->doc, "author"));
	put_all_comments(out, "License: ", yaml_get(r->doc, "license"));
	put_all_comments(out, "Reference: ", yaml_get(r->doc, "references"));
	put_all_comments(out, "False positives: ", yaml_get(r->doc, "falsepositives"));
	for (size_t i = 0; i < r->n_left_out; i++)
		put_comment(out, "NOT EXACT: ", r->left_out[i], strlen(r->left_out[i]));
}

/* ---- tags ---- */

/* "attack.t1059.004" is attack.T1059.004 in our rules, "attack.defense-evasion" has an
 * underscore. */
static void put_tag(struct buf *out, const char *p, size_t len)
{
	const bool attack = len > 7 && strncasecmp(p, "attack.", 7) == 0;
	const bool number = attack && len > 8 && isdigit((unsigned char)p[8]);

	buf_str(out, ", ");
	for (size_t i = 0; i < len; i++) {
		const int c = tolower((unsigned char)p[i]);

		if (number && i == 7)
			buf_byte(out, (uint8_t)toupper(c));
		else if (attack && c == '-')
			buf_byte(out, '_');
		else if (isalnum(c) || c == '.' || c == '-' || c == '_')
			buf_byte(out, (uint8_t)c);
	}
}

static bool is_tag(const struct yaml *y)
{
	return y->kind == YAML_SCALAR && y->len > 1 && y->len < 128 &&
	       isalpha((unsigned char)y->p[0]);
}

static void put_tags(struct buf *out, const struct sigma_rule *r)
{
	const struct yaml *y = yaml_get(r->doc, "tags");
	struct buf line = {0};

	buf_str(&line, "[host, container, sigma");
	for (uint32_t i = 0; y && y->kind == YAML_SEQUENCE && i < y->n; i++)
		if (is_tag(y->kids[i]))
			put_tag(&line, y->kids[i]->p, y->kids[i]->len);
	buf_byte(&line, ']');
	if (line.len + 8 < WIDTH) {
		buf_printf(out, "  tags: %s\n", buf_text(&line));
	} else {
		buf_str(out, "  tags:\n");
		put_wrapped(out, "    ", (const char *)line.p, line.len, false);
	}
	buf_release(&line);
}

/* ---- output ---- */

/* Names of fields that the text has already. */
static bool is_shown_in(struct buf *text, const char *field)
{
	const size_t n = strlen(field);
	const char *p = buf_text(text);

	while ((p = strstr(p, field)) != NULL) {
		if (p[-1] == '%' && (p[n] == ' ' || !p[n]))
			return true;
		p += n;
	}
	return false;
}

static void put_extra(struct buf *text, const struct sigma_rule *r, const char *name)
{
	for (unsigned v = 0; v < VARIANT__N; v++) {
		const char *field = r->variants & 1u << v ? sigma_field(v, name) : NULL;

		if (!field || is_shown_in(text, field))
			continue;
		buf_byte(text, ' ');
		for (const char *p = name; *p; p++)
			buf_byte(text, (uint8_t)(isalnum((unsigned char)*p) ?
						 tolower(*p) : '_'));
		buf_printf(text, "=%%%s", field);
	}
}

/* Fields that selections name, and those under "fields". */
static void put_used(struct buf *text, const struct sigma_rule *r, const struct yaml *y,
		     unsigned depth)
{
	char name[64];

	for (uint32_t i = 0; y && depth < 4 && i < y->n; i++) {
		const struct yaml *k = y->kids[i];

		if (y->kind == YAML_MAPPING && i % 2 == 1) {
			put_used(text, r, k, depth + 1);
		} else if (k->kind == YAML_SCALAR && strcspn(k->p, "|") < sizeof(name)) {
			memcpy(name, k->p, strcspn(k->p, "|"));
			name[strcspn(k->p, "|")] = '\0';
			put_extra(text, r, name);
		} else if (k->kind == YAML_MAPPING) {
			put_used(text, r, k, depth + 1);
		}
		if (text->len > 4096)
			return;
	}
}

static void put_output(struct buf *out, const struct sigma_rule *r)
{
	struct buf text = {0};

	for (const char *p = r->name; *p; p++)
		if (*p != '%')
			buf_byte(&text, (uint8_t)*p);
	buf_printf(&text, " | %s", sigma_sources[r->source].output);
	put_used(&text, r, yaml_get(r->doc, "detection"), 0);
	put_used(&text, r, yaml_get(r->doc, "fields"), 0);
	put_block(out, "output", &text, false);
	buf_release(&text);
}

/* ---- the rule ---- */

void sigma_put_quoted(struct buf *out, const char *p)
{
	const bool plain = strspn(p,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 "
				  "._/()-") == strlen(p) && isalpha((unsigned char)*p);

	buf_str(out, plain ? "" : "\"");
	for (; *p; p++) {
		if (!plain && (*p == '"' || *p == '\\'))
			buf_byte(out, '\\');
		buf_byte(out, (uint8_t)*p);
	}
	buf_str(out, plain ? "" : "\"");
}

static void put_desc(struct buf *out, const struct sigma_rule *r)
{
	const struct yaml *y = yaml_get(r->doc, "description");
	struct buf text = {0};

	if (y && y->kind == YAML_SCALAR)
		sigma_put_line(&text, y->p, y->len);
	if (text.len == 0)
		buf_str(&text, r->name);
	put_block(out, "desc", &text, false);
	buf_release(&text);
}

void sigma_put_rule(struct buf *out, const struct sigma_rule *r, const char *name)
{
	buf_byte(out, '\n');
	put_comments(out, r);
	buf_str(out, "- rule: ");
	sigma_put_quoted(out, name);
	buf_byte(out, '\n');
	put_desc(out, r);
	put_block(out, "condition", &r->condition, true);
	put_output(out, r);
	buf_str(out, "  priority: ");
	for (const char *p = priority_name[r->priority]; *p; p++)
		buf_byte(out, (uint8_t)toupper((unsigned char)*p));
	buf_byte(out, '\n');
	put_tags(out, r);
	buf_put(out, r->correlate.p, r->correlate.len);
}
