/* SPDX-License-Identifier: Apache-2.0 */
/* What differs between the alerts of a case and what was expected, in words. */
#include "analyze/test/check.h"

#include <inttypes.h>
#include <string.h>

#include "analyze/test/reason.h"
#include "capture/base/err.h"

enum { REASONS = 4 };		/* failures that say why, of one case */

static struct test_failure *fail(struct test_result *r, const struct yaml *node,
				 const struct rule *rule, const struct buf *detail)
{
	struct test_failure *f;

	r->failures = mem_grow(r->failures, &r->cap, r->n + 1, sizeof(*r->failures));
	f = &r->failures[r->n++];
	*f = (struct test_failure){ .node = node, .rule = rule, .text = "",
		.detail = detail && detail->len ?
			  arena_strn(&r->arena, detail->p, detail->len) : "" };
	return f;
}

static const char *times(struct arena *a, uint64_t n)
{
	return n == 0 ? "not at all" : n == 1 ? "once" : n == 2 ? "twice" :
		arena_printf(a, "%" PRIu64 " times", n);
}

static bool is_described(const struct test_expect *e)
{
	return e->event || e->n_fields || e->priority >= 0 || e->n_output;
}

static const char *wanted(struct arena *a, const struct test_expect *e)
{
	if (e->min == e->max)
		return times(a, e->min);
	if (e->max == UINT64_MAX)
		return e->min == 0 ? "any number of times" :
			arena_printf(a, "at least %s", times(a, e->min));
	if (e->min == 0)
		return arena_printf(a, "at most %s", times(a, e->max));
	return arena_printf(a, "%" PRIu64 " to %" PRIu64 " times", e->min, e->max);
}

/* event 0: why it did not fire; more: where it did not. */
static void give_reason(struct check *k, const struct rule *rule, const struct test_expect *e,
			uint64_t event, bool more, struct buf *out)
{
	if (k->reasons && rule && k->n_reasons++ < REASONS)
		test_reason(k->c, k->set, rule, e, event, more, out);
}

static const struct rule *rule_at(const struct check *k, const struct test_expect *e)
{
	for (size_t i = 0; i < ruleset_count(k->set->rules); i++) {
		const struct rule *r = ruleset_rule(k->set->rules, i);

		if (r->enabled && is_meant(e, r))
			return r;
	}
	return NULL;
}

static void check_one(struct check *k, const struct test_expect *e, struct met *m,
		      struct test_result *r)
{
	const char *more = "";
	struct test_failure *f;

	if (m->n >= e->min && m->n <= e->max)
		return;
	if (e->no)
		give_reason(k, m->hit, NULL, m->first, false, &m->lines);
	else if (m->n_other_fields + m->n_other_event == 0 && m->n < e->min)
		give_reason(k, rule_at(k, e), e, e->event, m->n > 0, &m->lines);
	else if (m->n > e->max)
		give_reason(k, m->hit, NULL, m->first, false, &m->lines);
	f = fail(r, e->node, m->hit ? m->hit : rule_at(k, e), &m->lines);
	if (e->no) {
		f->text = arena_printf(&r->arena, "'%s' must not fire%s, but did %s", e->rule,
				       is_described(e) ? " like this" : "",
				       times(&r->arena, m->n));
		return;
	}
	if (m->n_other_fields > 0 && m->n < e->min)
		more = arena_printf(&r->arena, ", and %s with other values",
				    times(&r->arena, m->n_other_fields));
	if (m->n_other_event > 0 && m->n < e->min)
		more = arena_printf(&r->arena, "%s, and %s at other events than %" PRIu64, more,
				    times(&r->arena, m->n_other_event), e->event);
	f->text = arena_printf(&r->arena, "'%s' must fire %s%s, but did %s%s", e->rule,
			       wanted(&r->arena, e),
			       is_described(e) ? " as described" : "",
			       times(&r->arena, m->n), more);
}

static void check_rest(struct check *k, struct test_result *r)
{
	for (unsigned i = 0; i < k->n_others; i++) {
		struct other *o = &k->others[i];
		struct test_failure *f;

		give_reason(k, o->rule, NULL, o->first, false, &o->lines);
		f = fail(r, k->c->rest.node, o->rule, &o->lines);
		f->text = arena_printf(&r->arena, "'%s' fired %s, and is none of the expected",
				       o->rule->name, times(&r->arena, o->n));
	}
}

static bool is_enabled(const struct test_set *set, const struct test_expect *e,
		       struct test_result *r)
{
	const struct rule *rule = e->no ? NULL : ruleset_find(set->rules, e->rule);

	if (!rule || e->min == 0 || rule->enabled)
		return true;
	fail(r, e->node, rule, NULL)->text = arena_printf(&r->arena, "'%s' must fire, but is not "
						   "enabled: options: {enable: [...]}", e->rule);
	return false;
}

void check_settle(const struct test_case *c, struct test_result *r)
{
	if (r->status == TEST_BROKEN)
		return;
	if (c->todo)
		r->status = r->n > 0 ? TEST_TODO : TEST_TODO_PASSED;
	else
		r->status = r->n > 0 ? TEST_FAILED : TEST_PASSED;
	if (r->status == TEST_TODO_PASSED)
		fail(r, yaml_get(c->node, "todo"), NULL, NULL)->text =
			"it passes: take 'todo' away";
}

void check_break_off(struct test_result *r, const struct yaml *node)
{
	r->status = TEST_BROKEN;
	fail(r, node, NULL, NULL)->text = arena_str(&r->arena, err_text());
}

void check_compare(struct check *k, struct test_result *out)
{
	out->n_alerts = k->n_alerts;
	for (uint32_t i = 0; i < k->c->n_expect; i++)
		if (is_enabled(k->set, &k->c->expect[i], out))
			check_one(k, &k->c->expect[i], &k->met[i], out);
	check_rest(k, out);
}
