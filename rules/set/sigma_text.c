/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of Sigma as checks of ours. */
#include <string.h>

#include "rules/set/sigma_parts.h"
#include "rules/set/sigma_regex.h"

enum { CONSTANT_MAX = 255 };	/* bytes, as Falco has it */

void sigma_put_field(struct buf *b, const char *field, bool fold)
{
	buf_printf(b, fold ? "tolower(%s)" : "%s", field);
}

const char *sigma_lowered(struct check *c, const char *p, size_t n, bool fold)
{
	char *s = arena_strn(c->m->pool.arena, p, n);

	if (fold)
		sigma_lower(s, n);
	return s;
}

/* With "all" they are one check each: a list is an "or".  So are patterns, each of which may
 * have a mind of its own about case. */
void sigma_add_equal(struct check *c, const char *field, const char *p, size_t n,
		     bool fold, const struct yaml *at, const char *reason)
{
	const bool other = field != c->field;
	struct buf *list = other ? &c->other : &c->equal, one = {0};
	unsigned *count = other ? &c->n_other : &c->n_equal;

	if (!(c->k->flags & SF_ALL) && c->k->op != SOP_RE && !reason) {
		c->other_field = other ? field : c->other_field;
		c->fold |= fold;
		p = sigma_lowered(c, p, n, !c->cased);
		buf_str(list, (*count)++ ? ", " : "");
		sigma_put_constant(list, p, n);
		return;
	}
	sigma_put_field(&one, field, fold);
	buf_str(&one, " = ");
	sigma_put_constant(&one, sigma_lowered(c, p, n, fold), n);
	sigma_add_text(c, &one, at, reason);
	buf_release(&one);
}

void sigma_flush_equal(struct check *c, const char *field, struct buf *list, unsigned n)
{
	struct buf b = {0};

	if (n == 0)
		return;
	sigma_put_field(&b, field, c->fold);
	buf_printf(&b, n > 1 ? " in (%s)" : " = %s", buf_text(list));
	sigma_add_text(c, &b, NULL, NULL);
	buf_release(&b);
}

/* As op says: at one end, anywhere, or with wildcards between. */
static void add_open(struct check *c, const char *field, const struct sigma_pattern *p,
		     bool fold, const struct yaml *at, const char *reason)
{
	struct buf b = {0}, glob = {0};
	const bool both = p->open_front && p->open_back;

	sigma_put_field(&b, field, fold && !p->inner && !both);
	if (p->inner) {
		sigma_pattern_glob(p, &glob);
		buf_str(&b, fold ? " iglob " : " glob ");
		sigma_put_constant(&b, (const char *)glob.p, glob.len);
	} else {
		buf_str(&b, both ? (fold ? " icontains " : " contains ") :
			p->open_back ? " startswith " : " endswith ");
		sigma_put_constant(&b, sigma_lowered(c, p->p, p->n, fold && !both), p->n);
	}
	sigma_add_text(c, &b, at, reason);
	buf_release(&glob);
	buf_release(&b);
}

static void add_pattern_to(struct check *c, const char *field,
			   const struct sigma_pattern *p,
			   const struct yaml *at, const char *reason)
{
	const bool fold = !c->cased && sigma_has_ascii_letters(p->p, p->n);

	if (!reason && !c->cased && sigma_has_other_cases(p->p, p->n))
		reason = "only letters of ASCII are compared without regard to case";
	if (p->n == 0 && (p->open_front || p->open_back)) {
		struct buf b = {0};

		buf_printf(&b, "%s exists", field);
		sigma_add_text(c, &b, at, reason);
		buf_release(&b);
	} else if (p->inner || p->open_front || p->open_back) {
		add_open(c, field, p, fold, at, reason);
	} else {
		sigma_add_equal(c, field, p->p, p->n, fold, at, reason);
	}
}

/* The pattern with a byte at its end. */
static struct sigma_pattern longer(struct check *c, const struct sigma_pattern *p,
				   char byte)
{
	struct sigma_pattern q = *p;
	char *s = arena_zalloc(c->m->pool.arena, p->n + 2);
	char *w = arena_zalloc(c->m->pool.arena, p->n + 2);

	memcpy(s, p->p, p->n);
	memcpy(w, p->wild, p->n);
	s[q.n++] = byte;
	q.p = s;
	q.wild = w;
	return q;
}

/* Alternatives that stand for one value, also under "all". */
static void add_either(struct check *c, size_t from)
{
	struct expr *e;

	if (c->n - from < 2)
		return;
	e = expr_join(&c->m->pool, EXPR_OR, c->v + from, c->n - from);
	c->n = from;
	sigma_add(c, e);
}

/* The line of the parent begins with the name of its thread instead of its first argument. */
static void add_named_line(struct check *c, const struct sigma_pattern *p,
			   const struct yaml *at)
{
	const char *blank = memchr(p->p, ' ', p->n);
	const size_t word = blank ? (size_t)(blank - p->p) : p->n;
	const char *reason = NULL;
	const size_t from = c->n;

	if ((!p->open_front && p->n) || (blank && memchr(p->p, '/', word)))
		reason = "the parent's line begins with the name of its thread here, not with its "
			 "first argument";
	add_pattern_to(c, c->field, p, at, reason);
	if (!reason && p->open_front && p->open_back && !blank && p->n && !p->inner) {
		add_pattern_to(c, "proc.pexe", p, at, NULL);
		add_either(c, from);
	}
}

static void add_pattern(struct check *c, const struct sigma_pattern *p,
			const struct yaml *at)
{
	const bool ends = !p->open_back && p->n;
	const size_t from = c->n;
	struct sigma_pattern q;

	if (p->n > CONSTANT_MAX - 4) {
		sigma_add_none(c, at, "a text of more than %d bytes", CONSTANT_MAX - 4);
	} else if (memchr(p->p, 0, p->n)) {
		sigma_add_none(c, at, "a NUL byte does not occur in texts of the kernel");
	} else if (c->type == MAP_DIRECTORY && ends && p->p[p->n - 1] != '/') {
		q = longer(c, p, '/');
		add_pattern_to(c, c->field, &q, at, NULL);
	} else if (c->type == MAP_LINE && ends) {
		q = longer(c, p, ' ');
		add_pattern_to(c, c->field, p, at, NULL);
		add_pattern_to(c, c->field, &q, at, NULL);
		add_either(c, from);
	} else if (c->type == MAP_NAMED_LINE) {
		add_named_line(c, p, at);
	} else if (c->type == MAP_PROGRAM && ends && !p->open_front && !p->inner &&
		   !memchr(p->p, '/', p->n)) {
		add_pattern_to(c, "proc.exe", p, at, NULL);
	} else {
		add_pattern_to(c, c->field, p, at, NULL);
	}
}

static void add_encoded(struct check *c, const struct yaml *y)
{
	struct buf out[SIGMA_ENCODED_MAX] = { {0}, {0}, {0} };
	const size_t from = c->n;
	struct sigma_pattern p;
	unsigned n;

	sigma_pattern(c->m->pool.arena, y->p, y->len, SOP_EQUAL, &p);
	if (p.inner || p.open_front || p.open_back) {
		sigma_add_none(c, y, "wildcards in a text that is to be encoded");
		return;
	}
	sigma_encode(p.p, p.n, c->k->flags, out, &n);
	for (unsigned i = 0; i < n; i++) {
		sigma_pattern_plain(c->m->pool.arena, (const char *)out[i].p, out[i].len,
				    c->k->op, &p);
		add_pattern(c, &p, y);
		buf_release(&out[i]);
	}
	add_either(c, from);
}

static void add_branch(struct check *c, const struct sigma_branch *b, bool fold,
		       const struct yaml *at)
{
	struct buf text = {0}, pattern = {0};
	struct sigma_pattern p;

	if (b->plain) {
		sigma_pattern_plain(c->m->pool.arena, b->p, b->n, SOP_EQUAL, &p);
		p.open_front = !b->at_front;
		p.open_back = !b->at_back;
		add_pattern(c, &p, at);
		return;
	}
	sigma_regex_put(b, c->type == MAP_LINE ? " ?" :
			c->type == MAP_DIRECTORY ? "/?" : "", &pattern);
	if (pattern.len > CONSTANT_MAX) {
		sigma_add_none(c, at, "a pattern that has more than %d bytes here", CONSTANT_MAX);
	} else {
		sigma_put_field(&text, c->field, fold);
		buf_str(&text, " regex ");
		sigma_put_constant(&text, (const char *)pattern.p, pattern.len);
		sigma_add_text(c, &text, at, c->type == MAP_NAMED_LINE && b->at_front ?
			       "the parent's line begins with the name of its thread here" : NULL);
	}
	buf_release(&text);
	buf_release(&pattern);
}

static void add_regex(struct check *c, const struct yaml *y)
{
	const size_t from = c->n;
	struct sigma_regex r;
	const char *why = sigma_regex(c->m->pool.arena, y->p, y->len, c->k->flags, &r);

	if (why) {
		sigma_add_none(c, y, "regular expression: %s", why);
		return;
	}
	c->cased = !r.fold;
	for (size_t i = 0; i < r.n; i++)
		add_branch(c, &r.v[i], r.fold, y);
	if (c->k->flags & SF_ALL)
		add_either(c, from);
}

void sigma_add_string(struct check *c, const struct yaml *y)
{
	const unsigned encoded = SF_BASE64 | SF_OFFSET | SF_LE16 | SF_BE16 | SF_BOM16;
	struct sigma_pattern p;

	if (c->k->op == SOP_RE) {
		add_regex(c, y);
	} else if (c->k->op > SOP_RE) {
		sigma_add_none(c, y, "'%s' is a text, not %s", c->k->name,
			       c->k->op == SOP_CIDR ? "an address" : "a number");
	} else if (c->k->flags & encoded) {
		add_encoded(c, y);
	} else {
		sigma_pattern(c->m->pool.arena, y->p, y->len, c->k->op, &p);
		add_pattern(c, &p, y);
	}
}
