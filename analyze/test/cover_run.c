/* SPDX-License-Identifier: Apache-2.0 */
/* A case has a log of its own while it runs; what it says is added under the suite's lock, and
 * sums and minima do not depend on the order. */
#include "analyze/test/cover_run.h"

#include <stdlib.h>

struct of_case {
	struct cover_log *log;
	size_t set;
	uint32_t test;
};

static size_t set_at(const struct test_suite *s, const struct test_set *set)
{
	size_t i = 0;

	while (s->sets[i] != set)
		i++;
	return i;
}

static void *begin(void *arg, const struct test_case *c, const struct test_set *set)
{
	const struct cover_run *r = arg;
	struct of_case *o = xcalloc(1, sizeof(*o));

	o->set = set_at(r->suite, set);
	o->test = intern_find(&r->index, &c, sizeof(struct test_case *));
	o->log = cover_log_new(r->plans[o->set]);
	return o;
}

static void each(void *of_case, struct matcher *m, const struct field_ctx *c)
{
	struct of_case *o = of_case;

	cover_log_event(o->log, m, c->ev, o->test);
}

static void other(void *of_case, unsigned type)
{
	cover_log_type(((struct of_case *)of_case)->log, type);
}

static void end(void *arg, void *of_case)
{
	struct cover_run *r = arg;
	struct of_case *o = of_case;

	cover_log_add(r->logs[o->set], o->log);
	cover_log_free(o->log);
	free(o);
}

void cover_run_init(struct cover_run *r, const struct test_suite *s, bool wide)
{
	bool is_new;

	*r = (struct cover_run){
		.suite = s, .plans = xcalloc(s->n_sets + 1, sizeof(struct cover_plan *)),
		.logs = xcalloc(s->n_sets + 1, sizeof(struct cover_log *)),
		.names = xcalloc(s->n_cases + 1, sizeof(*r->names)),
		.observer = { .begin = begin, .each = each, .other = other, .end = end, .arg = r },
	};
	intern_init(&r->index, &r->arena);
	for (size_t i = 0; i < s->n_cases; i++) {
		intern_add(&r->index, &s->cases[i], sizeof(struct test_case *), &is_new);
		r->names[i] = s->cases[i]->name;
	}
	for (size_t i = 0; i < s->n_sets; i++) {
		if (!s->sets[i]->rules)
			continue;
		r->plans[i] = cover_plan_new(s->sets[i]->rules, wide);
		r->logs[i] = cover_log_new(r->plans[i]);
	}
}

void cover_run_release(struct cover_run *r)
{
	for (size_t i = 0; r->suite && i < r->suite->n_sets; i++) {
		cover_log_free(r->logs[i]);
		cover_plan_free(r->plans[i]);
	}
	free(r->plans);
	free(r->logs);
	free(r->names);
	intern_release(&r->index);
	arena_release(&r->arena);
	*r = (struct cover_run){0};
}

struct coverage *cover_run_coverage(const struct cover_run *r)
{
	struct coverage *c = coverage_new();

	for (size_t i = 0; i < r->suite->n_sets; i++)
		if (r->plans[i])
			coverage_add(c, r->plans[i], r->logs[i]);
	coverage_finish(c, r->names, (uint32_t)r->suite->n_cases);
	return c;
}
