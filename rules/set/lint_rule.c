/* SPDX-License-Identifier: Apache-2.0 */
/* A rule as a whole, and rules that others shadow. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/lang/events.h"
#include "rules/set/lint_parts.h"

enum { TYPES_MAX = 50 };

static unsigned count(const struct event_set *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < EV__N; i++)
		n += event_set_has(s, i);
	return n;
}

/* Without what no rule ever sees. */
static void without_pseudo(struct event_set *s)
{
	for (unsigned i = 0; i < EV__N; i++)
		if (catalog[i].flags & EF_PSEUDO)
			s->bits[i / 64] &= ~(UINT64_C(1) << i % 64);
}

/* Where the condition begins. */
static bool say_condition(struct linter *t, enum lint_id id, const struct rule_def *d,
			  const char *text)
{
	return lint_say(t, id, d->cond.n ? d->cond.spans[0].from : d->at, "%s", text);
}

static void check_events(struct linter *t, const struct rule_def *d)
{
	const struct event_set *e = &d->rule.events;
	char text[80];

	if (!d->warn_types || types_empty(e))
		return;
	if (event_set_full(e)) {
		say_condition(t, LINT_NO_EVENT_TYPE, d, "the condition is asked on every event");
	} else if (count(e) > TYPES_MAX) {
		snprintf(text, sizeof(text), "the condition is asked on %u types of events",
			 count(e));
		say_condition(t, LINT_MANY_EVENT_TYPES, d, text);
	}
}

/* Where the exceptions begin. */
static void find_exceptions(const struct rule_def *d, struct tree *x)
{
	uint32_t n = 0, kids = 0;

	for (size_t i = 0; i < d->n_exceptions; i++)
		n += d->exceptions[i].n_rows > 0;
	for (uint32_t k = 1; k < x->n; k = x->v[k].end)
		kids++;
	if (n && x->n && x->v[0].node->kind == NODE_AND && kids == n + 1)
		x->exceptions = x->v[1].end;
}

/* The compiled set has no code for it: a list that it needs has no items. */
static bool is_waiting(const struct linter *t, const struct rule_def *d)
{
	return d->rule.enabled && d->engine_id < t->e->n_roots && !t->live[d->engine_id] &&
	       !d->correlate;
}

static bool check_whole(struct linter *t, const struct rule_def *d, const struct tree *x)
{
	struct event_set yes = x->v[0].types.yes, no = x->v[0].types.no;

	types_and(&yes, &d->rule.events);
	types_and(&no, &d->rule.events);
	without_pseudo(&yes);
	if (types_empty(&yes) || d->root == DAG_FALSE) {
		say_condition(t, LINT_NEVER_MATCHES, d, "the condition holds on no event");
		return true;
	}
	if (is_waiting(t, d))
		say_condition(t, LINT_NEVER_MATCHES, d,
			      "the condition holds on no event while a list in it is empty");
	if (types_empty(&no) || d->root == DAG_TRUE)
		say_condition(t, LINT_MATCHES_ALL, d,
			      "the condition holds on every event of its types");
	return false;
}

/* A condition of a correlate block. */
static void look_at_step(struct linter *t, const struct rule_def *d, struct correlate_step *s)
{
	struct event_set all;
	struct tree x;

	if (!s->ast)
		return;
	lint_item(t, "rule", d->rule.name);
	tree_build(t, &x, s->ast, &s->text);
	lint_item(t, "rule", d->rule.name);
	event_set_fill(&all);
	without_pseudo(&all);
	if (x.n) {
		tree_reach(t, &x, &all);
		lint_chains(t, &x);
		lint_checks(t, &x, false);
	}
	tree_release(&x);
}

static void look_at_steps(struct linter *t, const struct rule_def *d)
{
	for (uint32_t i = 0; d->correlate && i < d->correlate->n_steps; i++)
		look_at_step(t, d, &d->correlate->steps[i]);
	if (d->correlate && d->correlate->has_absence)
		look_at_step(t, d, &d->correlate->absence);
}

void lint_rule(struct linter *t, struct rule_def *d)
{
	struct event_set all;
	struct tree x;
	bool never;

	if (!d->ast || d->dropped)
		return;
	lint_item(t, "rule", d->rule.name);
	tree_build(t, &x, d->ast, &d->text);
	lint_item(t, "rule", d->rule.name);
	if (x.n) {
		find_exceptions(d, &x);
		check_events(t, d);
		never = check_whole(t, d, &x);
		event_set_fill(&all);
		without_pseudo(&all);
		tree_reach(t, &x, &all);
		lint_chains(t, &x);
		lint_checks(t, &x, never);
		lint_exceptions(t, d, &x);
		lint_output(t, d);
		look_at_steps(t, d);
	}
	tree_release(&x);
}

/* ---- shadows ---- */

static bool events_within(const struct event_set *a, const struct event_set *b)
{
	for (size_t i = 0; i < sizeof(a->bits) / sizeof(a->bits[0]); i++)
		if (a->bits[i] & ~b->bits[i])
			return false;
	return true;
}

static bool takes_part(const struct rule_def *d)
{
	return d->ast && !d->dropped && d->rule.enabled && !d->correlate && d->root > DAG_TRUE &&
	       !types_empty(&d->rule.events);
}

static void tell_shadow(struct linter *t, const struct rule_def *d, const struct rule_def *by)
{
	const bool near = strcmp(d->rule.file, by->rule.file) == 0;

	lint_item(t, "rule", d->rule.name);
	if (lint_say(t, LINT_SHADOWED_RULE, d->at, "'%.120s' (%s%s%u) %s and stands before it",
		     by->rule.name, near ? "line" : by->rule.file, near ? " " : ":",
		     by->rule.line, d->root == by->root ? "has the same condition" :
		     "matches whenever this rule does"))
		lint_help(t, "Make the earlier rule narrower, remove one of them, or run with "
			  "rule_matching=all.");
}

void lint_shadows(struct linter *t)
{
	const struct ruleset *rs = t->rs;

	for (size_t k = 1; k < rs->n_rules; k++) {
		const struct rule_def *d = rs->rules[k];

		if (!takes_part(d))
			continue;
		for (size_t i = 0; i < k && t->logic.budget; i++) {
			const struct rule_def *by = rs->rules[i];

			if (!takes_part(by) ||
			    !events_within(&d->rule.events, &by->rule.events) ||
			    !logic_node_implies(&t->logic, d->root, by->root))
				continue;
			tell_shadow(t, d, by);
			break;
		}
	}
}
