/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions by recursive descent:
 *
 *	or = and {"or" and}, and = not {"and" not}, not = {"not"} term
 *	term = "(" or ")" | ("1" | "any" | "all") "of" ("them" | pattern) | name
 *
 * A condition may be a list, of which any holds.  Behind "|" stood aggregations once. */
#include "rules/set/sigma_detect.h"

#include <stdlib.h>
#include <string.h>

#include "capture/base/near.h"
#include "rules/set/ruleset.h"

enum { NEST_MAX = 100, TERM_SELECTION = -1 };

struct sigma_term {
	int kind;			/* EXPR_NOT, EXPR_AND, EXPR_OR or TERM_SELECTION */
	uint32_t n;			/* kids; of a selection: its place in the map */
	const struct sigma_term **kids;
};

struct parser {
	struct sigma_maker *m;
	const struct yaml *map, *at;
	const char *p;
	const char *word;
	size_t len;			/* of the word; 0: the end */
	unsigned depth, n;		/* terms so far */
	bool beyond;
};

static const struct sigma_term *parse_or(struct parser *p);

static bool is_selection(const struct yaml *map, uint32_t i)
{
	const struct yaml *k = map->kids[i];

	return k->kind == YAML_SCALAR && strcmp(k->p, "condition") != 0 &&
	       strcmp(k->p, "timeframe") != 0;
}

static void next(struct parser *p)
{
	p->p += strspn(p->p, " \t\r\n");
	p->word = p->p;
	p->len = strcspn(p->p, " \t\r\n()|");
	if (!p->len && *p->p)
		p->len = 1;
	p->p += p->len;
}

static bool is_word(const struct parser *p, const char *word)
{
	return strlen(word) == p->len && strncasecmp(p->word, word, p->len) == 0;
}

static const struct sigma_term *term(struct parser *p, int kind,
				     const struct sigma_term **kids,
				     uint32_t n)
{
	struct sigma_term *t;

	p->n += n + 1;
	if (p->n > SIGMA_TERMS_MAX)
		return sigma_wrong(p->m, p->at, "the condition has more than %d terms",
				   SIGMA_TERMS_MAX);
	if (n == 1 && (kind == EXPR_AND || kind == EXPR_OR))
		return kids[0];
	t = arena_zalloc(p->m->pool.arena, sizeof(*t));
	t->kind = kind;
	t->n = n;
	if (kids) {
		t->kids = arena_alloc(p->m->pool.arena, n * sizeof(*kids));
		memcpy(t->kids, kids, n * sizeof(*kids));
	}
	return t;
}

static const struct sigma_term *selection(struct parser *p, uint32_t place)
{
	struct sigma_term *t = (struct sigma_term *)term(p, TERM_SELECTION, NULL, 0);

	if (t)
		t->n = place;
	return t;
}

/* Those with an underscore in front are meant only where it is written. */
static bool is_meant(const struct yaml *map, uint32_t i, const char *pattern)
{
	return is_selection(map, i) && (map->kids[i]->p[0] != '_' || pattern[0] == '_') &&
	       name_matches(pattern, map->kids[i]->p);
}

static const struct sigma_term *parse_of(struct parser *p, int kind)
{
	const struct sigma_term **kids = NULL, *t = NULL;
	char *pattern;
	size_t n = 0, cap = 0;

	next(p);
	next(p);
	if (!p->len || strchr("()|", *p->word))
		return sigma_wrong(p->m, p->at,
				   "condition: a pattern of names is expected behind 'of'");
	pattern = is_word(p, "them") ? arena_str(p->m->pool.arena, "*") :
		  arena_strn(p->m->pool.arena, p->word, p->len);
	for (uint32_t i = 0; i + 1 < p->map->n && !p->m->wrong; i += 2) {
		if (!is_meant(p->map, i, pattern))
			continue;
		kids = mem_grow(kids, &cap, n + 1, sizeof(*kids));
		kids[n++] = selection(p, i);
	}
	if (!p->m->wrong && n == 0)
		sigma_wrong(p->m, p->at, "condition: no selection is named like '%.60s'",
			    pattern);
	if (!p->m->wrong)
		t = term(p, kind, kids, (uint32_t)n);
	free(kids);
	next(p);
	return t;
}

static const struct sigma_term *parse_name(struct parser *p)
{
	struct near near;

	near_init(&near, p->word, p->len);
	for (uint32_t i = 0; i + 1 < p->map->n; i += 2) {
		if (!is_selection(p->map, i))
			continue;
		if (p->map->kids[i]->len == p->len &&
		    memcmp(p->map->kids[i]->p, p->word, p->len) == 0) {
			next(p);
			return selection(p, i);
		}
		near_try(&near, p->map->kids[i]->p);
	}
	return sigma_wrong(p->m, p->at, "condition: no selection is named '%.*s'%s",
			   (int)(p->len < 60 ? p->len : 60), p->word, near_text(&near));
}

static bool of_follows(const struct parser *p)
{
	const char *s = p->p + strspn(p->p, " \t\r\n");

	return strncasecmp(s, "of", 2) == 0 && s[2] && strchr(" \t\r\n", s[2]);
}

static const struct sigma_term *parse_term(struct parser *p)
{
	const struct sigma_term *t;

	if (!p->len)
		return sigma_wrong(p->m, p->at, "condition: ends too early");
	if (*p->word == '(') {
		next(p);
		t = parse_or(p);
		if (t && !is_word(p, ")"))
			return sigma_wrong(p->m, p->at,
					   "condition: ')' is missing at '%.30s'", p->word);
		next(p);
		return t;
	}
	if (of_follows(p) && (is_word(p, "1") || is_word(p, "any")))
		return parse_of(p, EXPR_OR);
	if (of_follows(p) && is_word(p, "all"))
		return parse_of(p, EXPR_AND);
	if (of_follows(p))
		return sigma_wrong(p->m, p->at,
				   "condition: '%.*s of' is none of 1, any, all",
				   (int)(p->len < 20 ? p->len : 20), p->word);
	if (strchr(")|", *p->word) || is_word(p, "and") || is_word(p, "or"))
		return sigma_wrong(p->m, p->at,
				   "condition: a selection is expected at '%.30s'", p->word);
	return parse_name(p);
}

static const struct sigma_term *parse_not(struct parser *p)
{
	const struct sigma_term *t;
	bool not = false;

	for (; is_word(p, "not"); next(p))
		not = !not;
	if (++p->depth > NEST_MAX)
		return sigma_wrong(p->m, p->at, "condition: nested more than %d deep",
				   NEST_MAX);
	t = parse_term(p);
	p->depth--;
	return t && not ? term(p, EXPR_NOT, &t, 1) : t;
}

typedef const struct sigma_term *parse_part(struct parser *p);

static const struct sigma_term *chain(struct parser *p, const char *word, int kind,
				      parse_part *part)
{
	const struct sigma_term **kids = NULL, *t;
	size_t n = 0, cap = 0;

	for (;;) {
		t = part(p);
		if (!t || n >= SIGMA_TERMS_MAX)
			break;
		kids = mem_grow(kids, &cap, n + 1, sizeof(*kids));
		kids[n++] = t;
		if (!is_word(p, word))
			break;
		next(p);
	}
	if (t)
		t = term(p, kind, kids, (uint32_t)n);
	free(kids);
	return t;
}

static const struct sigma_term *parse_and(struct parser *p)
{
	return chain(p, "and", EXPR_AND, parse_not);
}

static const struct sigma_term *parse_or(struct parser *p)
{
	return chain(p, "or", EXPR_OR, parse_and);
}

static const struct sigma_term *parse(struct parser *p, const struct yaml *y)
{
	const struct sigma_term *t;

	p->at = y;
	if (y->kind != YAML_SCALAR)
		return sigma_wrong(p->m, y, "a condition is expected");
	if (strlen(y->p) != y->len)
		return sigma_wrong(p->m, y, "condition: a NUL byte");
	p->p = y->p;
	next(p);
	t = parse_or(p);
	if (t && is_word(p, "|"))
		p->beyond = true;
	else if (t && p->len)
		return sigma_wrong(p->m, y,
				   "condition: 'and' or 'or' is expected at '%.30s'",
					   p->word);
	return t;
}

bool sigma_detection(struct sigma_maker *m, const struct yaml *map,
		     struct sigma_detection *out)
{
	struct parser p = { .m = m, .map = map };
	const struct yaml *y = yaml_get(map, "condition");
	const struct sigma_term **any;

	out->map = map;
	if (map->kind != YAML_MAPPING)
		return sigma_wrong(m, map,
				   "detection: selections and a condition are expected");
	if (map->n / 2 > SIGMA_SELECTIONS_MAX)
		return sigma_wrong(m, map, "detection: more than %d selections",
				   SIGMA_SELECTIONS_MAX);
	if (!y)
		return sigma_wrong(m, map, "detection: there is no condition");
	if (y->kind != YAML_SEQUENCE) {
		out->condition = parse(&p, y);
	} else {
		any = arena_alloc(m->pool.arena, (y->n + 1) * sizeof(*any));
		for (uint32_t i = 0; i < y->n && !m->wrong; i++)
			any[i] = parse(&p, y->kids[i]);
		if (!y->n)
			return sigma_wrong(m, y, "detection: there is no condition");
		if (!m->wrong)
			out->condition = term(&p, EXPR_OR, any, y->n);
	}
	out->beyond = p.beyond ? y : yaml_get(map, "timeframe");
	return !m->wrong;
}

/* ---- for a variant ---- */

static struct expr *of_map(struct sigma_maker *m, const struct yaml *y)
{
	struct expr **v = xcalloc(y->n / 2 + 1, sizeof(*v)), *e = NULL;
	const char *why = NULL;
	struct sigma_key k;
	uint32_t n = 0;

	for (uint32_t i = 0; i + 1 < y->n && !m->wrong &&
	     !expr_too_many(&m->pool); i += 2) {
		if (!sigma_key_parse(m->pool.arena, y->kids[i], &k, &why))
			sigma_wrong(m, y->kids[i], "%s", why);
		else
			v[n++] = sigma_check(m, y->kids[i], &k, y->kids[i + 1]);
	}
	if (!y->n)
		sigma_wrong(m, y, "a selection without fields");
	if (!m->wrong)
		e = expr_join(&m->pool, EXPR_AND, v, n);
	free(v);
	return e;
}

static struct expr *of_list(struct sigma_maker *m, const struct yaml *y)
{
	const struct sigma_key words = { .name = "" };
	struct expr **v = xcalloc(y->n + 1, sizeof(*v)), *e = NULL;
	uint32_t n = 0;

	for (uint32_t i = 0; i < y->n && !m->wrong && !expr_too_many(&m->pool); i++) {
		const struct yaml *k = y->kids[i];

		if (k->kind == YAML_MAPPING)
			v[n++] = of_map(m, k);
		else if (k->kind == YAML_SCALAR)
			v[n++] = sigma_check(m, k, &words, k);
		else
			sigma_wrong(m, k, "fields or a keyword are expected");
	}
	if (!y->n)
		sigma_wrong(m, y, "a selection without fields");
	if (!m->wrong)
		e = expr_join(&m->pool, EXPR_OR, v, n);
	free(v);
	return e;
}

static struct expr *of_selection(struct sigma_maker *m, const struct yaml *y)
{
	const struct sigma_key words = { .name = "" };

	switch ((enum yaml_kind)y->kind) {
	case YAML_MAPPING:
		return of_map(m, y);
	case YAML_SEQUENCE:
		return of_list(m, y);
	case YAML_SCALAR:
		return sigma_check(m, y, &words, y);
	case YAML_NULL:
		break;
	}
	return sigma_wrong(m, y, "a selection without fields");
}

static struct expr *of_term(struct sigma_maker *m, const struct yaml *map,
			    struct expr **done,
			    const struct sigma_term *t)
{
	struct expr **v, *e = NULL;

	if (t->kind == TERM_SELECTION) {
		if (!done[t->n])
			done[t->n] = of_selection(m, map->kids[t->n + 1]);
		return done[t->n];
	}
	v = xcalloc(t->n + 1, sizeof(*v));
	for (uint32_t i = 0; i < t->n && !m->wrong; i++)
		v[i] = of_term(m, map, done, t->kids[i]);
	if (!m->wrong)
		e = t->kind == EXPR_NOT ? expr_not(&m->pool, v[0]) :
		    expr_join(&m->pool, (enum expr_kind)t->kind, v, t->n);
	free(v);
	return e;
}

struct expr *sigma_detect(struct sigma_maker *m, const struct sigma_detection *d)
{
	struct expr **done = xcalloc(d->map->n + 1, sizeof(*done));
	struct expr *v[2] = { of_term(m, d->map, done, d->condition) };

	free(done);
	if (!v[0] || !d->beyond)
		return v[0];
	v[1] = expr_none(&m->pool, d->beyond, "counting events within a time: write it as "
			 "correlate, see saker-rules(5)");
	return expr_join(&m->pool, EXPR_AND, v, 2);
}
