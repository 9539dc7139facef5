/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns that a simpler operator does as well, with what to write instead.  regex must fit
 * the whole value, so that ^ and $ at the ends add nothing. */
#include <string.h>

#include "rules/set/lint_parts.h"

enum { CHOICES_MAX = 32 };

struct pattern {
	const char *p;
	size_t len;
	bool open_front, open_end;	/* anything may stand before, behind */
};

/* ---- texts ---- */

/* A text of a regular expression without operators, escapes undone. */
static bool plain_regex(const char *p, size_t len, struct buf *out)
{
	for (size_t i = 0; i < len; i++) {
		if (p[i] == '\\') {
			if (++i == len || !strchr("\\^$.[]|()?*+{}/-_ ", p[i]))
				return false;
		} else if (!p[i] || strchr("^$.[]|()?*+{}", p[i])) {
			return false;
		}
		buf_byte(out, (uint8_t)p[i]);
	}
	return true;
}

static bool plain_glob(const char *p, size_t len, struct buf *out)
{
	for (size_t i = 0; i < len; i++)
		if (!p[i] || strchr("*?[\\", p[i]))
			return false;
	buf_put(out, p, len);
	return true;
}

static void put_value(struct buf *out, const char *before, size_t n_before, const struct buf *mid,
		      const char *behind, size_t n_behind)
{
	struct buf all = {0};

	buf_put(&all, before, n_before);
	buf_put(&all, mid->p, mid->len);
	buf_put(&all, behind, n_behind);
	value_print(out, (const char *)all.p, all.len);
	buf_release(&all);
}

static const char *operator(const struct pattern *x, bool several)
{
	static const char *const one[2][2] = { { "=", "startswith" }, { "endswith", "contains" } };
	static const char *const more[2][2] = {
		{ "in", "startswith anyof" }, { "endswith anyof", "contains anyof" },
	};

	return (several ? more : one)[x->open_front][x->open_end];
}

/* ---- alternatives ---- */

static bool is_escaped(const char *p, size_t at)
{
	size_t n = 0;

	while (at > n && p[at - n - 1] == '\\')
		n++;
	return n % 2;
}

static size_t find(const char *p, size_t from, size_t len, char c)
{
	while (from < len && (p[from] != c || is_escaped(p, from)))
		from++;
	return from;
}

/* "a|b|c" between a plain front and end. */
static bool choices(const struct pattern *x, size_t from, size_t to, const struct buf *front,
		    const struct buf *end, struct buf *out)
{
	unsigned n = 0;

	buf_printf(out, "%s (", operator(x, true));
	while (from <= to) {
		const size_t stop = find(x->p, from, to, '|');
		struct buf one = {0};
		const bool ok = n < CHOICES_MAX && plain_regex(x->p + from, stop - from, &one) &&
				one.len;

		if (ok) {
			buf_str(out, n++ ? ", " : "");
			put_value(out, (const char *)front->p, front->len, &one,
				  (const char *)end->p, end->len);
		}
		buf_release(&one);
		if (!ok)
			return false;
		from = stop + 1;
	}
	buf_byte(out, ')');
	return n > 1;
}

static bool with_group(const struct pattern *x, struct buf *out)
{
	size_t open = find(x->p, 0, x->len, '('), shut = find(x->p, open, x->len, ')');
	struct buf front = {0}, end = {0};
	bool ok = open < x->len && shut < x->len;

	if (open == x->len && find(x->p, 0, x->len, '|') < x->len && !x->open_front &&
	    !x->open_end)
		return choices(x, 0, x->len, &front, &end, out);
	ok = ok && plain_regex(x->p, open, &front) &&
	     plain_regex(x->p + shut + 1, x->len - shut - 1, &end) &&
	     choices(x, open + 1, shut, &front, &end, out);
	buf_release(&front);
	buf_release(&end);
	return ok;
}

/* ---- all of it ---- */

static void strip_regex(struct pattern *x)
{
	if (x->len && x->p[0] == '^') {
		x->p++;
		x->len--;
	}
	if (x->len && x->p[x->len - 1] == '$' && !is_escaped(x->p, x->len - 1))
		x->len--;
	if (x->len >= 2 && memcmp(x->p, ".*", 2) == 0) {
		x->open_front = true;
		x->p += 2;
		x->len -= 2;
	}
	if (x->len >= 2 && memcmp(x->p + x->len - 2, ".*", 2) == 0 &&
	    !is_escaped(x->p, x->len - 2)) {
		x->open_end = true;
		x->len -= 2;
	}
}

static void strip_glob(struct pattern *x)
{
	for (; x->len && x->p[0] == '*'; x->p++, x->len--)
		x->open_front = true;
	for (; x->len && x->p[x->len - 1] == '*'; x->len--)
		x->open_end = true;
}

bool pattern_simpler(enum op op, const char *p, size_t len, struct buf *out)
{
	struct pattern x = { .p = p, .len = len };
	struct buf plain = {0};
	bool ok;

	if (op == OP_REGEX)
		strip_regex(&x);
	else
		strip_glob(&x);
	if (x.len == 0 && (x.open_front || x.open_end)) {
		buf_str(out, "exists");
		return true;
	}
	ok = op == OP_REGEX ? plain_regex(x.p, x.len, &plain) : plain_glob(x.p, x.len, &plain);
	if (ok) {
		buf_printf(out, "%s ", operator(&x, false));
		value_print(out, (const char *)plain.p, plain.len);
	}
	buf_release(&plain);
	return ok || (op == OP_REGEX && with_group(&x, out));
}

void lint_pattern(struct linter *t, struct tree *x, const struct leaf *f)
{
	const struct node *n = f->node;
	struct buf left = {0}, simpler = {0};

	if ((n->op != OP_REGEX && n->op != OP_GLOB) || n->mod || n->right->kind != OPERAND_TEXT)
		return;
	operand_print(&left, n->left);
	if (pattern_simpler(n->op, n->right->p, n->right->len, &simpler) &&
	    lint_say_off(t, n->op == OP_REGEX ? LINT_SIMPLE_REGEX : LINT_SIMPLE_GLOB,
			 x->ast->text, n->right->off, "'%.80s' does what a simpler operator does",
			 n->right->p))
		lint_help(t, "write: %s %s", buf_text(&left), buf_text(&simpler));
	buf_release(&left);
	buf_release(&simpler);
}
