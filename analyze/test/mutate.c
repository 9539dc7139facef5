/* SPDX-License-Identifier: Apache-2.0 */
/* What the first run noted tells which tests a mutant can matter to (mutant.h); all others would
 * give what they gave before, so a mutant that matters to none survives without a run.  Each
 * thread has copies of the rule sets of its own, whose trees it changes and compiles again. */
#include "analyze/test/mutate.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "capture/base/progress.h"

enum { JOBS_MAX = 64 };

/* ---- one mutant ---- */

/* A copy of a rule set. */
struct copy {
	struct test_set *set;
	struct cover_tree *trees;
	size_t n_trees;
};

struct worker {
	const struct cover_run *run;
	pthread_mutex_t *loading;	/* rule sets are loaded one at a time */
	struct copy *copies;		/* by set; made when they are needed */
};

static struct copy *copy_of(struct worker *w, uint32_t set)
{
	struct copy *c = &w->copies[set];

	if (c->set)
		return c;
	pthread_mutex_lock(w->loading);
	c->set = test_set_copy(w->run->suite->sets[set]);
	pthread_mutex_unlock(w->loading);
	if (c->set->rules)
		c->trees = cover_trees_new(c->set->rules, &c->n_trees);
	return c;
}

static void worker_release(struct worker *w)
{
	for (size_t i = 0; i < w->run->suite->n_sets; i++) {
		cover_trees_free(w->copies[i].trees, w->copies[i].n_trees);
		test_set_free(w->copies[i].set);
	}
	free(w->copies);
}

/* A test that was not as it should be without any mutant tells nothing. */
static bool is_sound(enum test_status s)
{
	return s == TEST_PASSED || s == TEST_TODO;
}

static bool notices(const struct test_suite *s, struct test_runner *r, const struct copy *c,
		    uint32_t test)
{
	struct test_result result;
	bool other;

	test_run(r, s->cases[test], c->set, NULL, &result);
	other = result.status != s->results[test].status;
	test_result_release(&result);
	return other;
}

static bool concerns(const struct test_suite *s, const struct mutate_one *o, uint32_t test,
		     bool touched)
{
	return s->of_case[test] == s->sets[o->set] && is_sound(s->results[test].status) &&
	       mutant_touches(o->mutant, test) == touched;
}

/* The tests that it matters to, then, if it lets the rule look at types of events that no rule
 * looked at, the others. */
static void run_tests(const struct test_suite *s, const struct copy *c, struct mutate_one *o)
{
	struct test_runner *r = test_runner_new();	/* of this engine */

	o->fate = MUTATE_SURVIVED;
	for (unsigned touched = 2; touched-- > (o->mutant->widens ? 0 : 1);)
		for (uint32_t i = 0; i < s->n_run && o->fate == MUTATE_SURVIVED; i++) {
			if (!concerns(s, o, i, touched))
				continue;
			o->n_run++;
			if (!notices(s, r, c, i))
				continue;
			o->fate = MUTATE_NOTICED;
			o->test = i;
		}
	test_runner_free(r);
}

static void try_mutant(struct worker *w, struct mutate_one *o)
{
	struct copy *c = copy_of(w, o->set);
	struct edit *edits;

	o->fate = MUTATE_REFUSED;
	if (!c->set->rules)
		return;
	edits = xcalloc(o->mutant->n_edits, sizeof(*edits));
	mutant_make(o->mutant, c->trees, edits);
	if (ruleset_compile_again(c->set->rules))
		run_tests(w->run->suite, c, o);
	for (uint32_t i = o->mutant->n_edits; i-- > 0;)
		edit_undo(&edits[i]);
	free(edits);
}

/* ---- all of them ---- */

struct job {
	const struct cover_run *run;
	struct mutate_report *report;
	pthread_mutex_t lock;
	size_t next;
	struct progress progress;
};

static bool matters(const struct mutate_report *r, const struct mutate_one *o)
{
	for (uint32_t i = 0; i < r->suite->n_run; i++)
		if (concerns(r->suite, o, i, true))
			return true;
	return o->mutant->widens;
}

/* The same mutant, in another rule set perhaps. */
static bool same(const struct mutate_one *a, const struct mutate_one *b)
{
	const struct mutant *m = a->mutant, *n = b->mutant;

	return m->kind == n->kind && m->place.line == n->place.line &&
	       m->place.column == n->place.column && strcmp(m->text, n->text) == 0 &&
	       strcmp(m->place.file, n->place.file) == 0;
}

static struct mutate_one *take(struct job *j, struct mutate_one **end)
{
	struct mutate_one *o = NULL;

	pthread_mutex_lock(&j->lock);
	progress_step(&j->progress, j->next, j->report->n, "mutants");
	if (j->next < j->report->n)
		o = &j->report->v[j->next++];
	while (o && j->next < j->report->n && same(o, &j->report->v[j->next]))
		j->next++;
	*end = j->report->v + j->next;
	pthread_mutex_unlock(&j->lock);
	return o;
}

static void *work(void *arg)
{
	struct job *j = arg;
	struct worker w = { .run = j->run, .loading = &j->lock };
	struct mutate_one *o, *end;

	w.copies = xcalloc(j->run->suite->n_sets + 1, sizeof(*w.copies));
	while ((o = take(j, &end)))
		for (; o < end && o->fate != MUTATE_UNTRIED; o++) {
			if (matters(j->report, o))
				try_mutant(&w, o);
			if (o->fate == MUTATE_NOTICED)
				break;
		}
	worker_release(&w);
	return NULL;
}

static void run_all(struct mutate_report *r, const struct cover_run *c, unsigned jobs)
{
	struct job j = { .run = c, .report = r, .lock = PTHREAD_MUTEX_INITIALIZER };
	pthread_t threads[JOBS_MAX];
	unsigned started = 1;

	progress_begin(&j.progress, false);
	for (; started < jobs && started < JOBS_MAX; started++)
		if (pthread_create(&threads[started], NULL, work, &j) != 0)
			break;
	work(&j);
	for (unsigned i = 1; i < started; i++)
		pthread_join(threads[i], NULL);
	progress_end(&j.progress);
}

static int order_ones(const void *a, const void *b)
{
	const struct mutate_one *x = a, *y = b;
	const struct mutant *m = x->mutant, *n = y->mutant;
	int r = strcmp(m->place.file, n->place.file);

	if (r)
		return r;
	if (m->place.line != n->place.line)
		return m->place.line < n->place.line ? -1 : 1;
	if (m->place.column != n->place.column)
		return m->place.column < n->place.column ? -1 : 1;
	if (m->kind != n->kind)
		return m->kind < n->kind ? -1 : 1;
	r = strcmp(m->text, n->text);
	return r ? r : (x->set > y->set) - (x->set < y->set);
}

static void collect(struct mutate_report *r, const struct cover_run *c)
{
	const struct test_suite *s = r->suite;

	for (uint32_t i = 0; i < s->n_sets; i++) {
		if (!c->plans[i])
			continue;
		mutants_init(&r->sets[i], c->plans[i], (uint32_t)s->n_cases);
		mutants_foresee(&r->sets[i], c->plans[i], c->logs[i]);
		for (size_t k = 0; k < r->sets[i].n; k++) {
			r->v = mem_grow(r->v, &r->cap, r->n + 1, sizeof(*r->v));
			r->v[r->n++] = (struct mutate_one){ .mutant = &r->sets[i].v[k],
							    .set = i, .test = UINT32_MAX };
		}
	}
	if (r->n)
		qsort(r->v, r->n, sizeof(*r->v), order_ones);
}

/* Every so many-th; all sets of a mutant, or none. */
static void choose(struct mutate_report *r, uint64_t max)
{
	uint64_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		r->n_all += i == 0 || !same(&r->v[i - 1], &r->v[i]);
	for (size_t i = 0; i < r->n; i++) {
		n += i == 0 || !same(&r->v[i - 1], &r->v[i]);
		if (max == 0 || max >= r->n_all ||
		    n * max / r->n_all != (n - 1) * max / r->n_all)
			r->v[i].fate = MUTATE_SURVIVED;	/* unless a test notices */
	}
}

/* Whatever one set notices is noticed; of survivors the nearest test is told. */
static void join(struct mutate_report *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++) {
		struct mutate_one *o = &r->v[i], *last = n ? &r->v[n - 1] : NULL;

		if (last && same(last, o)) {
			if (last->fate != MUTATE_NOTICED &&
			    (o->fate == MUTATE_NOTICED ||
			     o->mutant->near.cost < last->mutant->near.cost))
				*last = *o;
		} else {
			r->v[n++] = *o;
		}
	}
	r->n = n;
	for (size_t i = 0; i < n; i++) {
		r->n_noticed += r->v[i].fate == MUTATE_NOTICED;
		r->n_survived += r->v[i].fate == MUTATE_SURVIVED;
		r->n_refused += r->v[i].fate == MUTATE_REFUSED;
		if (r->v[i].fate == MUTATE_SURVIVED)
			r->v[i].test = r->v[i].mutant->near.test;
	}
}

struct mutate_report *mutate_run(const struct cover_run *c, const struct mutate_options *o)
{
	struct mutate_report *r = xcalloc(1, sizeof(*r));

	r->suite = c->suite;
	r->sets = xcalloc(c->suite->n_sets + 1, sizeof(*r->sets));
	collect(r, c);
	choose(r, o->max);
	run_all(r, c, o->jobs);
	join(r);
	return r;
}

void mutate_report_free(struct mutate_report *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->suite->n_sets; i++)
		mutants_release(&r->sets[i]);
	free(r->sets);
	free(r->v);
	free(r);
}

double mutate_score(const struct mutate_report *r)
{
	return cover_share(r->n_noticed, r->n_noticed + r->n_survived);
}
