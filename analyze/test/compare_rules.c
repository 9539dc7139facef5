/* SPDX-License-Identifier: Apache-2.0 */
/* Which rule of one version is which of the other: the one of the same name; else, where one
 * name went and another came, the one with the same condition. */
#include <stdlib.h>
#include <string.h>

#include "analyze/test/compare_parts.h"
#include "rules/set/correlate.h"

static const struct correlation *correlation_of(const struct ruleset *rs, const struct rule *r)
{
	size_t n;
	const struct correlation *v = ruleset_correlations(rs, &n);

	for (size_t i = 0; i < n; i++)
		if (v[i].rule == r)
			return &v[i];
	return NULL;
}

static bool same_by(const struct correlation *a, const struct correlation *b)
{
	for (unsigned part = 0; part < CORRELATE_PARTS; part++)
		for (uint32_t i = 0; a->by[part] && b->by[part] && i < a->n_by; i++)
			if (strcmp(a->by[part][i].text, b->by[part][i].text) != 0)
				return false;
	return true;
}

static bool same_correlation(const struct correlation *a, const struct correlation *b)
{
	if (!a || !b)
		return a == b;
	return a->within == b->within && a->count == b->count && a->n_by == b->n_by &&
	       a->n_steps == b->n_steps && a->has_distinct == b->has_distinct &&
	       a->has_absence == b->has_absence &&
	       (!a->has_distinct || strcmp(a->distinct.text, b->distinct.text) == 0) &&
	       same_by(a, b);
}

/* The condition with macros, lists and exceptions put in; "" where it did not compile. */
static char *condition_of(const struct ruleset *rs, const struct rule *r)
{
	struct buf text = {0};

	ruleset_print_condition(rs, r, &text);
	buf_text(&text);
	return (char *)text.p;
}

static bool same_tags(const struct rule *a, const struct rule *b)
{
	if (a->n_tags != b->n_tags)
		return false;
	for (uint32_t i = 0; i < a->n_tags; i++)
		if (strcmp(a->tags[i], b->tags[i]) != 0)
			return false;
	return true;
}

struct text_of {
	char **old, **now;		/* conditions by rule->id */
};

static unsigned what_changed(const struct ruleset *old, const struct ruleset *now,
			     const struct compare_rule *r, const struct text_of *t)
{
	const struct rule *a = r->old, *b = r->now;
	unsigned what = 0;

	if (!a || !b)
		return 0;
	if (strcmp(a->name, b->name) != 0)
		what |= COMPARE_NAME;
	if (strcmp(t->old[a->id], t->now[b->id]) != 0 ||
	    !same_correlation(correlation_of(old, a), correlation_of(now, b)))
		what |= COMPARE_CONDITION;
	if (a->priority != b->priority)
		what |= COMPARE_PRIORITY;
	if (strcmp(a->output ? a->output : "", b->output ? b->output : "") != 0)
		what |= COMPARE_OUTPUT;
	if (!same_tags(a, b))
		what |= COMPARE_TAGS;
	if (a->enabled != b->enabled)
		what |= COMPARE_ENABLED;
	return what;
}

static size_t ids_of(const struct ruleset *rs)
{
	size_t n = 0;

	for (size_t i = 0; i < ruleset_count(rs); i++)
		if (ruleset_rule(rs, i)->id >= n)
			n = ruleset_rule(rs, i)->id + 1;
	return n;
}

static char **conditions_of(const struct ruleset *rs, size_t n_ids)
{
	char **v = xcalloc(n_ids + 1, sizeof(*v));

	for (size_t i = 0; i < ruleset_count(rs); i++) {
		const struct rule *r = ruleset_rule(rs, i);

		v[r->id] = condition_of(rs, r);
	}
	return v;
}

static void conditions_free(char **v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(v[i]);
	free(v);
}

/* By name, of those that were compiled. */
static const struct rule *find(const struct ruleset *rs, char *const *conditions, size_t n_ids,
			       const char *name)
{
	const struct rule *r = ruleset_find(rs, name);

	return r && r->id < n_ids && conditions[r->id] ? r : NULL;
}

static void pair(struct compare_pairs *p, uint32_t row, const struct rule *old)
{
	p->v[row].old = old;
	p->of_old[old->id] = row;
}

/* The new rule that has the condition of one that is gone; of several the first. */
static uint32_t renamed_to(const struct compare_pairs *p, const struct text_of *t,
			   const struct rule *old)
{
	const char *text = t->old[old->id];

	for (uint32_t i = 0; *text && i < p->n; i++)
		if (p->v[i].now && !p->v[i].old && strcmp(t->now[p->v[i].now->id], text) == 0)
			return i;
	return COMPARE_NONE;
}

void compare_pair_rules(struct compare_pairs *p, const struct ruleset *old,
			const struct ruleset *now)
{
	const size_t n_old = ruleset_count(old), n_now = ruleset_count(now);
	const size_t old_ids = ids_of(old), now_ids = ids_of(now);
	struct text_of t = { conditions_of(old, old_ids), conditions_of(now, now_ids) };

	p->v = xcalloc(n_old + n_now + 1, sizeof(*p->v));
	p->of_old = xcalloc(old_ids + 1, sizeof(*p->of_old));
	p->of_now = xcalloc(now_ids + 1, sizeof(*p->of_now));
	for (size_t i = 0; i < n_now; i++) {
		const struct rule *r = ruleset_rule(now, i);
		const struct rule *a = find(old, t.old, old_ids, r->name);

		p->v[p->n].now = r;
		p->of_now[r->id] = (uint32_t)p->n++;
		if (a)
			pair(p, p->of_now[r->id], a);
	}
	for (size_t i = 0; i < n_old; i++) {
		const struct rule *r = ruleset_rule(old, i);
		uint32_t row;

		if (find(now, t.now, now_ids, r->name))
			continue;
		row = renamed_to(p, &t, r);
		pair(p, row != COMPARE_NONE ? row : (uint32_t)p->n++, r);
	}
	for (size_t i = 0; i < p->n; i++) {
		struct compare_rule *r = &p->v[i];

		r->what = what_changed(old, now, r, &t);
		r->late = (r->old && correlation_of(old, r->old)) ||
			  (r->now && correlation_of(now, r->now));
	}
	conditions_free(t.old, old_ids);
	conditions_free(t.now, now_ids);
}

void compare_pairs_release(struct compare_pairs *p)
{
	free(p->v);
	free(p->of_old);
	free(p->of_now);
}
