/* SPDX-License-Identifier: Apache-2.0 */
/* Correlations of Sigma become correlate: blocks over the conditions of the rules that they
 * name, which stand before them.  Those rules do not alert by themselves then, unless the
 * correlation has "generate: true".
 *
 *	event_count		count over any of the rules
 *	value_count		the same over different values of a field
 *	temporal_ordered	a sequence
 *	temporal		a rule for each order of at most three */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "rules/set/sigma_rule.h"

enum { REFS_MAX = 8, FIELDS_MAX = 8, ORDERED_MAX = 3 };

static bool refuse(struct sigma *s, const struct sigma_rule *r, const struct yaml *at,
		   const char *why)
{
	sigma_say(s, SIGMA_REFUSED, r, at ? at : yaml_get(r->doc, "correlation"), "%s", why);
	return false;
}

static const char *keep(struct sigma *s, const struct yaml *doc, const char *key)
{
	const struct yaml *y = yaml_get(doc, key);

	return y && y->kind == YAML_SCALAR ? arena_strn(&s->arena, y->p, y->len) : "";
}

void sigma_remember(struct sigma *s, const struct sigma_rule *r, const char *name)
{
	s->known = mem_grow(s->known, &s->known_cap, s->n_known + 1, sizeof(*s->known));
	s->known[s->n_known++] = (struct sigma_known){
		.id = keep(s, r->doc, "id"), .name = keep(s, r->doc, "name"),
		.rule = arena_str(&s->arena, name), .source = r->source,
		.variants = r->variants,
		.condition = arena_strn(&s->arena, r->condition.p, r->condition.len),
	};
}

/* ---- reading ---- */

struct correlation {
	struct sigma *s;
	struct sigma_rule *r;
	const struct yaml *doc;
	struct sigma_known *rules[REFS_MAX];
	unsigned n_rules;
	const struct yaml *by[FIELDS_MAX];
	unsigned n_by;
	const char *type, *distinct;
	uint64_t count, seconds;
};

static bool read_rules(struct correlation *c)
{
	const struct yaml *list = yaml_get(c->doc, "rules");
	const uint32_t n = !list ? 0 : list->kind == YAML_SEQUENCE ? list->n : 1;

	if (n == 0 || n > REFS_MAX)
		return refuse(c->s, c->r, list, "a correlation has one to eight rules");
	for (uint32_t i = 0; i < n; i++) {
		const struct yaml *y = list->kind == YAML_SEQUENCE ? list->kids[i] : list;
		size_t k = c->s->n_known;

		while (y->kind == YAML_SCALAR && k > 0 &&
		       strcmp(c->s->known[k - 1].name, y->p) != 0 &&
		       strcmp(c->s->known[k - 1].id, y->p) != 0)
			k--;
		if (y->kind != YAML_SCALAR || !*y->p || k == 0)
			return refuse(c->s, c->r, y, "no rule of this name or id was "
				      "converted before it");
		c->rules[c->n_rules++] = &c->s->known[k - 1];
	}
	return true;
}

static bool read_span(struct correlation *c)
{
	static const struct { char unit; uint32_t seconds; } units[] = {
		{ 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { 'w', 604800 },
	};
	const struct yaml *y = yaml_get(c->doc, "timespan");
	char *end = NULL;
	unsigned long n = y && y->kind == YAML_SCALAR ? strtoul(y->p, &end, 10) : 0;

	for (unsigned i = 0; n && n < 100000 && i < sizeof(units) / sizeof(units[0]); i++)
		if (end[0] == units[i].unit && !end[1])
			c->seconds = (uint64_t)n * units[i].seconds;
	return c->seconds || refuse(c->s, c->r, y, "timespan: a number and one of s, m, h, d, w");
}

static bool read_by(struct correlation *c)
{
	const struct yaml *list = yaml_get(c->doc, "group-by");
	const bool one = list && list->kind == YAML_SCALAR;

	if (yaml_get(c->doc, "aliases"))
		return refuse(c->s, c->r, yaml_get(c->doc, "aliases"),
			      "names of fields that differ (aliases) are not converted");
	if (!list)
		return true;
	if (!one && (list->kind != YAML_SEQUENCE || list->n > FIELDS_MAX))
		return refuse(c->s, c->r, list, "group-by: up to eight fields");
	for (uint32_t i = 0; i < (one ? 1 : list->n); i++)
		c->by[c->n_by++] = one ? list : list->kids[i];
	return true;
}

static bool read_condition(struct correlation *c, bool temporal)
{
	const struct yaml *cond = yaml_get(c->doc, "condition"), *n = NULL;
	const struct yaml *field = cond ? yaml_get(cond, "field") : NULL;
	bool more = false;

	if (cond && cond->kind == YAML_MAPPING) {
		more = yaml_get(cond, "gt");
		n = more ? yaml_get(cond, "gt") : yaml_get(cond, "gte");
	}
	if (temporal && !cond)
		return true;
	if (!n || n->kind != YAML_SCALAR || strspn(n->p, "0123456789") != n->len || n->len > 6 ||
	    cond->n != (field ? 4 : 2))
		return refuse(c->s, c->r, cond, "only gt and gte of a number can be said of how "
			      "many");
	c->count = strtoul(n->p, NULL, 10) + more;
	if (temporal)
		return c->count == c->n_rules ||
		       refuse(c->s, c->r, cond, "only that all of the rules matched can be said");
	if (strcmp(c->type, "value_count") != 0)
		return true;
	c->distinct = field && field->kind == YAML_SCALAR ? field->p : NULL;
	return c->distinct || refuse(c->s, c->r, cond, "value_count has a field");
}

/* The field of ours that all variants of a rule have under the name; NULL: none. */
static const char *field_of(const struct sigma_known *k, const char *name)
{
	const char *field = NULL;

	for (unsigned v = 0; v < VARIANT__N; v++) {
		const char *f = k->variants & 1u << v ? sigma_field(v, name) : field;

		if (k->variants & 1u << v && (!f || (field && strcmp(f, field) != 0)))
			return NULL;
		field = f;
	}
	return field;
}

/* ---- writing ---- */

static bool put_fields(struct correlation *c, const struct sigma_known *k, const char *margin,
		       struct buf *out)
{
	for (unsigned i = 0; i < c->n_by; i++) {
		const char *f = c->by[i]->kind == YAML_SCALAR ? field_of(k, c->by[i]->p) : NULL;

		if (!f)
			return refuse(c->s, c->r, c->by[i], "no field of all events of the rules "
				      "stands for it");
		buf_printf(out, "%s%s", i ? ", " : margin, f);
	}
	if (c->n_by)
		buf_str(out, "]\n");
	return true;
}

static bool same_fields(struct correlation *c, const char *name, const struct yaml *at)
{
	const char *first = field_of(c->rules[0], name);

	for (unsigned i = 1; first && i < c->n_rules; i++) {
		const char *f = field_of(c->rules[i], name);

		first = f && strcmp(f, first) == 0 ? first : NULL;
	}
	return first || refuse(c->s, c->r, at, "the events of the rules have it in different "
			       "fields, or in none");
}

static bool put_count(struct correlation *c)
{
	struct sigma_rule *r = c->r;

	for (unsigned i = 0; i < c->n_by; i++)
		if (c->by[i]->kind != YAML_SCALAR || !same_fields(c, c->by[i]->p, c->by[i]))
			return false;
	if (c->distinct && !same_fields(c, c->distinct, yaml_get(c->doc, "condition")))
		return false;
	for (unsigned i = 0; i < c->n_rules; i++)
		buf_printf(&r->condition, c->n_rules > 1 ? "%s(%s)" : "%s%s", i ? " or " : "",
			   c->rules[i]->condition);
	buf_printf(&r->correlate, "    count: %" PRIu64 "\n", c->count);
	if (c->distinct)
		buf_printf(&r->correlate, "    distinct: %s\n",
			   field_of(c->rules[0], c->distinct));
	return true;
}

/* The rules in this order; the last one is the condition. */
static bool put_sequence(struct correlation *c, const unsigned *order)
{
	struct sigma_rule *r = c->r;

	buf_str(&r->correlate, "    sequence:\n");
	for (unsigned i = 0; i + 1 < c->n_rules; i++) {
		const struct sigma_known *k = c->rules[order[i]];

		buf_printf(&r->correlate, "      - name: step%u\n        condition: >\n"
			   "          %s\n", i + 1, k->condition);
		if (!put_fields(c, k, "        by: [", &r->correlate))
			return false;
	}
	buf_str(&r->condition, c->rules[order[c->n_rules - 1]]->condition);
	return true;
}

/* The k-th order of n numbers. */
static void order_of(unsigned k, unsigned n, unsigned *order)
{
	unsigned left[REFS_MAX], n_left = n;

	for (unsigned i = 0; i < n; i++)
		left[i] = i;
	for (unsigned i = 0; i < n; i++) {
		unsigned at;

		at = k % n_left;
		k /= n_left;
		order[i] = left[at];
		memmove(left + at, left + at + 1, (--n_left - at) * sizeof(*left));
	}
}

static void silence(struct correlation *c)
{
	const struct yaml *generate = yaml_get(c->doc, "generate");

	if (generate && generate->kind == YAML_SCALAR && strcmp(generate->p, "true") == 0)
		return;
	for (unsigned i = 0; i < c->n_rules; i++) {
		if (c->rules[i]->silent)
			continue;
		c->rules[i]->silent = true;
		buf_str(&c->s->out, "\n- rule: ");
		sigma_put_quoted(&c->s->out, c->rules[i]->rule);
		buf_str(&c->s->out, "\n  enabled: false\n  override: {enabled: replace}\n");
	}
}

static bool read_all(struct correlation *c, bool *ordered, bool *temporal)
{
	const struct yaml *type = yaml_get(c->doc, "type");

	c->type = type && type->kind == YAML_SCALAR ? type->p : "";
	*ordered = strcmp(c->type, "temporal_ordered") == 0;
	*temporal = *ordered || strcmp(c->type, "temporal") == 0;
	if (!*temporal && strcmp(c->type, "event_count") != 0 &&
	    strcmp(c->type, "value_count") != 0)
		return refuse(c->s, c->r, type, "only event_count, value_count, temporal and "
			      "temporal_ordered can be said");
	if (!read_rules(c) || !read_span(c) || !read_by(c) || !read_condition(c, *temporal))
		return false;
	if (*temporal && c->n_rules < 2)
		return refuse(c->s, c->r, yaml_get(c->doc, "rules"), "this needs two rules");
	return !*temporal || *ordered || c->n_rules <= ORDERED_MAX ||
	       refuse(c->s, c->r, yaml_get(c->doc, "rules"),
		      "more than three rules in any order are too many sequences");
}

static bool put(struct correlation *c, bool temporal, unsigned k)
{
	struct sigma_rule *r = c->r;
	unsigned order[REFS_MAX] = {0};

	order_of(k, c->n_rules, order);
	buf_reset(&r->condition);
	buf_reset(&r->correlate);
	r->source = c->rules[order[c->n_rules - 1]]->source;
	r->variants = 0;
	for (unsigned i = 0; i < c->n_rules; i++)
		r->variants |= temporal && i + 1 < c->n_rules ? 0 : c->rules[order[i]]->variants;
	buf_printf(&r->correlate, "  correlate:\n    within: %" PRIu64 "s\n", c->seconds);
	return put_fields(c, c->rules[order[c->n_rules - 1]], "    by: [", &r->correlate) &&
	       (temporal ? put_sequence(c, order) : put_count(c));
}

bool sigma_correlate(struct sigma *s, struct sigma_rule *r, sigma_write *write,
		     struct arena *a)
{
	struct correlation c = { .s = s, .r = r, .doc = yaml_get(r->doc, "correlation") };
	bool ordered, temporal, ok;
	unsigned orders = 1;

	if (c.doc->kind != YAML_MAPPING)
		return refuse(s, r, c.doc, "type, rules, timespan are expected");
	ok = read_all(&c, &ordered, &temporal);
	for (unsigned i = 2; ok && temporal && !ordered && i <= c.n_rules; i++)
		orders *= i;
	for (unsigned k = 0; ok && k < orders; k++)
		ok = put(&c, temporal, k) && write(s, r, a);
	if (ok)
		silence(&c);
	return ok;
}
