/* SPDX-License-Identifier: Apache-2.0 */
/* Cases are taken by threads one after the other; what comes out is kept by case, so that the
 * order in which they end does not show. */
#include "analyze/test/suite.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "capture/base/err.h"
#include "capture/base/near.h"
#include "capture/base/quote.h"

enum { JOBS_MAX = 64 };

/* ---- rule sets ---- */

static bool same_texts(const char *const *a, uint32_t n, const char *const *b, uint32_t m)
{
	if (n != m)
		return false;
	for (uint32_t i = 0; i < n; i++)
		if (strcmp(a[i], b[i]) != 0)
			return false;
	return true;
}

static bool same_rules(const struct test_rules *a, const struct test_rules *b)
{
	return a == b || (a->priority == b->priority && a->all == b->all &&
		a->strict == b->strict && same_texts(a->paths, a->n, b->paths, b->n) &&
		same_texts(a->enable, a->n_enable, b->enable, b->n_enable) &&
		same_texts(a->disable, a->n_disable, b->disable, b->n_disable) &&
		same_texts(a->tags, a->n_tags, b->tags, b->n_tags));
}

/* Behind those that are there: they may override them. */
static void add_rules(struct test_suite *s, struct test_rules *r)
{
	const size_t n = r->n + s->n_more_rules;
	const char **paths = arena_alloc(&s->arena, n * sizeof(*paths));
	const struct yaml **nodes = arena_zalloc(&s->arena, n * sizeof(const struct yaml *));

	for (uint32_t i = 0; i < r->n; i++) {
		paths[i] = r->paths[i];
		nodes[i] = r->nodes ? r->nodes[i] : NULL;
	}
	memcpy(paths + r->n, s->more_rules, s->n_more_rules * sizeof(*paths));
	r->paths = paths;
	r->nodes = nodes;
	r->n = (uint32_t)n;
}

static const struct test_rules *rules_of(struct test_suite *s, const struct test_case *c)
{
	struct test_rules *r;

	if (s->n_rules + s->n_more_rules == 0)
		return c->rules;
	r = arena_alloc(&s->arena, sizeof(*r));
	*r = *c->rules;
	if (s->n_rules > 0) {
		r->paths = (const char **)(uintptr_t)s->rules;
		r->n = (uint32_t)s->n_rules;
		r->nodes = NULL;
	}
	if (s->n_more_rules > 0)
		add_rules(s, r);
	return r;
}

static struct test_set *set_of(struct test_suite *s, const struct test_case *c)
{
	const struct test_rules *r = rules_of(s, c);
	struct test_set *set;

	for (size_t i = s->n_sets; i-- > 0;)
		if (same_rules(s->sets[i]->from, r))
			return s->sets[i];
	set = test_set_new(r);
	s->sets = mem_grow(s->sets, &s->sets_cap, s->n_sets + 1, sizeof(struct test_set *));
	s->sets[s->n_sets++] = set;
	if (!set->rules) {
		buf_put(&s->errors, set->messages.p, set->messages.len);
		s->n_errors++;
	}
	return set;
}

/* ---- the rules that a case names ---- */

static bool known_rule(const struct test_set *set, const char *name)
{
	if (!strchr(name, '*'))
		return ruleset_find(set->rules, name);
	for (size_t i = 0; i < ruleset_count(set->rules); i++)
		if (name_matches(name, ruleset_rule(set->rules, i)->name))
			return true;
	return false;
}

static bool check_rule(const struct test_case *c, const struct test_set *set, const char *name,
		       const struct yaml *at)
{
	struct near near;

	if (known_rule(set, name))
		return true;
	near_init(&near, name, strlen(name));
	for (size_t i = 0; i < ruleset_count(set->rules); i++)
		near_try(&near, ruleset_rule(set->rules, i)->name);
	test_file_say((struct test_file *)(uintptr_t)c->file, at, "no rule is named '%s'%s", name,
		      near_text(&near));
	return false;
}

static bool check_rules(const struct test_case *c, const struct test_set *set)
{
	bool ok = true;

	for (uint32_t i = 0; i < c->n_expect; i++) {
		const struct test_expect *e = &c->expect[i];
		const struct yaml *at = yaml_get(e->node, e->no ? "no" : "rule");

		ok &= check_rule(c, set, e->rule, at);
	}
	for (uint32_t i = 0; i < c->rest.n; i++)
		ok &= check_rule(c, set, c->rest.rules[i],
				 c->rest.node->n > i ? c->rest.node->kids[i] : c->rest.node);
	return ok;
}

/* ---- choosing ---- */

static bool fits_name(const struct test_suite *s, const struct test_case *c)
{
	for (size_t i = 0; i < s->n_names; i++)
		if (strpbrk(s->names[i], "*") ? name_matches(s->names[i], c->name) :
		    strcasestr(c->name, s->names[i]) != NULL)
			return true;
	return s->n_names == 0;
}

static bool fits_tag(const struct test_suite *s, const struct test_case *c)
{
	for (size_t i = 0; i < s->n_tags; i++)
		for (uint32_t t = 0; t < c->n_tags; t++)
			if (strcmp(s->tags[i], c->tags[t]) == 0)
				return true;
	return s->n_tags == 0;
}

/* The loader has told what is wrong; once for a file. */
static void no_rules(const struct test_case *c)
{
	struct test_file *f = (struct test_file *)(uintptr_t)c->file;

	if (f->n_errors == 0)
		test_file_say(f, c->rules->nodes ? c->rules->nodes[0] : c->node,
			      "the rules cannot be loaded");
}

static void choose(struct test_suite *s, const struct test_case *c)
{
	struct test_set *set;

	if (!fits_name(s, c) || !fits_tag(s, c))
		return;
	if (s->n_rules + s->n_more_rules == 0 && c->rules->n == 0) {
		test_file_say((struct test_file *)(uintptr_t)c->file, c->node,
			      "which rules? The file says rules: [...], or the command --rules");
		return;
	}
	set = set_of(s, c);
	if (!set->rules) {
		no_rules(c);
		return;
	}
	if (!check_rules(c, set))
		return;
	s->cases = mem_grow(s->cases, &s->cases_cap, s->n_cases + 1, sizeof(*s->cases));
	s->of_case = xrealloc(s->of_case, s->cases_cap * sizeof(*s->of_case));
	s->of_case[s->n_cases] = set;
	s->cases[s->n_cases++] = c;
}

static void load_file(struct test_suite *s, size_t i)
{
	struct test_file *f = s->files[i] = test_file_new(s->paths[i]);
	const size_t n = f->n_errors == 0 ? f->n : 0;

	for (size_t k = 0; k < n; k++)
		choose(s, &f->cases[k]);
	buf_put(&s->errors, f->errors.p, f->errors.len);
	s->n_errors += f->n_errors;
}

int test_suite_load(struct test_suite *s)
{
	s->files = xcalloc(s->n_paths + 1, sizeof(struct test_file *));
	for (size_t i = 0; i < s->n_paths; i++)
		load_file(s, i);
	s->results = xcalloc(s->n_cases + 1, sizeof(*s->results));
	if (s->n_cases > 0)
		return 0;
	if (s->n_errors > 0)
		return err(ERR_RULE, "nothing can be run");
	return err(ERR_USAGE, s->n_paths == 0 ? "there is no *.test.yaml here" :
		   s->n_names || s->n_tags ? "no test has such a name or tag" :
		   "the test files have no tests");
}

void test_suite_keep(struct test_suite *s, test_suite_keeps *keep, void *arg)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_cases; i++)
		if (keep(arg, s->cases[i], s->of_case[i]->from)) {
			s->cases[n] = s->cases[i];
			s->of_case[n++] = s->of_case[i];
		}
	s->n_cases = n;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char **test_suite_recordings(const struct test_suite *s, size_t *n)
{
	const char **v = xcalloc(s->n_cases + 1, sizeof(*v));
	size_t all = 0;

	for (size_t i = 0; i < s->n_cases; i++)
		if (s->cases[i]->recording)
			v[all++] = s->cases[i]->recording;
	qsort(v, all, sizeof(*v), by_text);
	*n = 0;
	for (size_t i = 0; i < all; i++)
		if (*n == 0 || strcmp(v[*n - 1], v[i]) != 0)
			v[(*n)++] = v[i];
	return v;
}

/* ---- running ---- */

struct job {
	struct test_suite *s;
	pthread_mutex_t lock;
	size_t next, stop;		/* stop: cases from here on are not begun */
	struct test_observer observer;
};

static bool take(struct job *j, size_t *i)
{
	bool taken;

	pthread_mutex_lock(&j->lock);
	*i = j->next;
	taken = *i < j->stop;
	j->next += taken;
	pthread_mutex_unlock(&j->lock);
	return taken;
}

static bool is_failure(enum test_status s)
{
	return s == TEST_FAILED || s == TEST_TODO_PASSED || s == TEST_BROKEN;
}

static void *observe_begin(void *arg, const struct test_case *c, const struct test_set *set)
{
	const struct test_observer *o = ((struct job *)arg)->s->observer;

	return o->begin(o->arg, c, set);
}

static void observe_end(void *arg, void *of_case)
{
	struct job *j = arg;

	pthread_mutex_lock(&j->lock);
	j->s->observer->end(j->s->observer->arg, of_case);
	pthread_mutex_unlock(&j->lock);
}

static void *work(void *arg)
{
	struct job *j = arg;
	struct test_runner *r = test_runner_new();
	size_t i;

	test_runner_reasons(r, true);
	while (take(j, &i)) {
		struct test_result *result = &j->s->results[i];

		test_run(r, j->s->cases[i], j->s->of_case[i],
			 j->s->observer ? &j->observer : NULL, result);
		if (!j->s->fail_fast || !is_failure(result->status))
			continue;
		pthread_mutex_lock(&j->lock);
		j->stop = i + 1 < j->stop ? i + 1 : j->stop;
		pthread_mutex_unlock(&j->lock);
	}
	test_runner_free(r);
	return NULL;
}

void test_suite_run(struct test_suite *s, unsigned jobs)
{
	struct job j = { .s = s, .lock = PTHREAD_MUTEX_INITIALIZER, .stop = s->n_cases };
	pthread_t threads[JOBS_MAX];
	unsigned started = 1;

	j.observer = (struct test_observer){ .begin = observe_begin, .end = observe_end,
		.arg = &j, .each = s->observer ? s->observer->each : NULL,
		.other = s->observer ? s->observer->other : NULL };
	for (; started < jobs && started < JOBS_MAX && started < s->n_cases; started++)
		if (pthread_create(&threads[started], NULL, work, &j) != 0)
			break;
	work(&j);
	for (unsigned i = 1; i < started; i++)
		pthread_join(threads[i], NULL);
	s->n_run = j.stop;
}

struct test_counts test_suite_counts(const struct test_suite *s)
{
	struct test_counts c = {0};

	for (size_t i = 0; i < s->n_run; i++)
		c.n[s->results[i].status]++;
	return c;
}

void test_suite_release(struct test_suite *s)
{
	for (size_t i = 0; s->results && i < s->n_cases; i++)
		test_result_release(&s->results[i]);
	for (size_t i = 0; i < s->n_sets; i++)
		test_set_free(s->sets[i]);
	for (size_t i = 0; s->files && i < s->n_paths; i++)
		test_file_free(s->files[i]);
	free(s->results);
	free(s->sets);
	free(s->files);
	free(s->cases);
	free(s->of_case);
	free(s->paths);
	buf_release(&s->errors);
	arena_release(&s->arena);
}
