/* SPDX-License-Identifier: Apache-2.0 */
/* Both versions are loaded and all recordings opened; then the sandbox closes. */
#include "analyze/compare.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyze/alert/parts.h"
#include "analyze/test/compare_print.h"
#include "analyze/test/corpus.h"
#include "analyze/test/revision.h"
#include "analyze/test/run.h"
#include "capture/base/err.h"
#include "capture/base/sandbox.h"

struct run {
	const struct compare_args *args;
	struct revision then;
	struct test_rules old_rules, now_rules;
	struct test_set *old, *now;
	const char **rules;		/* the new ones */
	size_t n_rules, rules_cap;
	struct corpus corpus;
	struct compare *compare;
	struct buf now_name;
	bool failed;
};

const char *const compare_forms[] = { "text", "json", "markdown", "people", NULL };

static void put_form(const void *arg, const char *form, bool color, struct buf *out)
{
	const struct compare *c = arg;

	if (*form == 'j')
		compare_json(out, c);
	else if (*form == 'm')
		compare_markdown(out, c);
	else
		compare_text(out, c, color);
}

/* ---- the old rules ---- */

/* The rules of today as they were then; files that are new since have none. */
static int read_then(struct run *r)
{
	const char *against = r->args->against;

	for (size_t i = 0; i < r->n_rules; i++) {
		const int rc = revision_read_path(&r->then, against, r->rules[i]);

		if (rc < 0)
			return rc;
		if (rc == 1)
			warn("%s was not there in %s: its rules are new", r->rules[i], against);
	}
	return 0;
}

/* What is there is a path, also where git could read it otherwise. */
static int find_old(struct run *r)
{
	const char *against = r->args->against;
	int rc;

	if (access(against, F_OK) == 0) {
		r->old_rules.paths = (const char **)(uintptr_t)&r->args->against;
		r->old_rules.n = 1;
		return 0;
	}
	rc = strchr(against, ':') ? revision_read(&r->then, against) : read_then(r);
	r->old_rules.texts = r->then.files;
	r->old_rules.n_texts = (uint32_t)r->then.n;
	if (rc < 0 && !strchr(against, ':'))
		err_at("there is no such file, and as a revision");
	return rc < 0 ? err_at("--against %s", against) : 0;
}

static struct test_set *load(struct test_rules *from, bool all_rules)
{
	struct test_set *set;

	from->priority = PRIORITY_DEBUG;
	from->all = all_rules;
	set = test_set_new(from);
	if (!set->rules && set->messages.len)
		fwrite(set->messages.p, 1, set->messages.len, stderr);
	return set;
}

static int load_rules(struct run *r)
{
	const struct compare_args *a = r->args;

	if (find_old(r) < 0) {
		err_print();
		return -ERR_USAGE;
	}
	r->now_rules.paths = r->rules;
	r->now_rules.n = (uint32_t)r->n_rules;
	for (size_t i = 0; i < r->n_rules; i++)
		buf_printf(&r->now_name, "%s%s", i ? ", " : "", r->rules[i]);
	r->old = load(&r->old_rules, a->all_rules);
	r->now = load(&r->now_rules, a->all_rules);
	if (r->old->rules && r->now->rules)
		return 0;
	warn("the %s rules cannot be used", r->old->rules ? "new" : "old");
	return -ERR_RULE;
}

/* ---- recordings ---- */

static void add_rules(struct run *r, const char *path)
{
	for (size_t i = 0; i < r->n_rules; i++)
		if (strcmp(r->rules[i], path) == 0)
			return;
	r->rules = mem_grow(r->rules, &r->rules_cap, r->n_rules + 1, sizeof(*r->rules));
	r->rules[r->n_rules++] = path;
}

/* Those that are given, or else those that the tests name. */
static int find_rules(struct run *r)
{
	const struct compare_args *a = r->args;

	for (size_t i = 0; i < a->n_rules; i++)
		add_rules(r, a->rules[i]);
	for (size_t i = 0; a->n_rules == 0 && i < r->corpus.n_tests; i++)
		for (size_t k = 0; k < r->corpus.tests[i]->n; k++) {
			const struct test_rules *of = r->corpus.tests[i]->cases[k].rules;

			for (uint32_t n = 0; n < of->n; n++)
				add_rules(r, of->paths[n]);
		}
	return r->n_rules ? 0 : err(ERR_USAGE, "--against: which rules are the new ones? Name "
				    "them with --rules, or tests of them");
}

static int find_recordings(struct run *r)
{
	const struct compare_args *a = r->args;

	if (a->n_paths == 0 && corpus_add(&r->corpus, ".") < 0)
		return -ERR_SYSTEM;
	for (int i = 0; i < a->n_paths; i++)
		if (corpus_add(&r->corpus, a->paths[i]) < 0)
			return -ERR_SYSTEM;
	if (r->corpus.n + r->corpus.n_tests > 0)
		return 0;
	return err(ERR_USAGE, "there is no recording (*.skr, *.scap) and no *.test.yaml here");
}

/* The tests whose events are written by hand. */
static void open_tests(struct run *r, const struct test_file *f)
{
	if (f->n_errors > 0) {
		fwrite(f->errors.p, 1, f->errors.len, stderr);
		r->failed = true;
	}
	for (size_t i = 0; i < f->n; i++) {
		const struct test_case *t = &f->cases[i];
		struct buf name = {0};
		struct source *s;

		if (t->recording || !t->events)
			continue;
		buf_printf(&name, "%s: %s", f->path, t->name);
		s = test_case_open(t);
		if (s) {
			compare_add_source(r->compare, buf_text(&name), s);
		} else {
			err_print();
			r->failed = true;
		}
		buf_release(&name);
	}
}

/* One that cannot be opened does not keep the others from being compared. */
static int open_recordings(struct run *r)
{
	const struct compare_options o = { .old = r->old->rules, .now = r->now->rules,
		.old_name = r->args->against, .now_name = buf_text(&r->now_name),
		.jobs = (unsigned)r->args->jobs, .all_rules = r->args->all_rules,
		.examples = (size_t)r->args->examples };

	r->compare = compare_new(&o);
	if (!r->compare)
		return -ERR_RULE;
	parts_many_files();
	for (size_t i = 0; i < r->corpus.n; i++)
		if (compare_add(r->compare, r->corpus.paths[i]) < 0) {
			err_print();
			r->failed = true;
		}
	for (size_t i = 0; i < r->corpus.n_tests; i++)
		open_tests(r, r->corpus.tests[i]);
	return sandbox_enter(SANDBOX_PLAIN);
}

static void tell_damage(const struct run *r)
{
	size_t n;
	const struct compare_file *v = compare_files(r->compare, &n);

	for (size_t i = 0; i < n; i++)
		if (v[i].damage.n_places > 0 || v[i].damage.cut)
			warn("%s: it is %s; what can be read was compared", v[i].path,
			     v[i].damage.cut ? "cut off" : "damaged");
}

static int run(struct run *r)
{
	if (compare_run(r->compare) < 0) {
		err_print();
		r->failed = true;
	}
	tell_damage(r);
	if (forms_print(r->args->forms, put_form, r->compare) < 0) {
		err_print();
		r->failed = true;
	}
	if (r->failed)
		return EXIT_FAILED;
	return compare_differs(r->compare) && !r->args->exit_zero ? EXIT_FINDINGS : EXIT_DONE;
}

static int prepare_and_run(struct run *r)
{
	if (find_recordings(r) < 0 || find_rules(r) < 0) {
		err_print();
		return EXIT_FAILED;
	}
	if (load_rules(r) < 0)
		return EXIT_FAILED;
	if (forms_open(r->args->forms, stdout) < 0 || open_recordings(r) < 0) {
		err_print();
		return EXIT_FAILED;
	}
	return run(r);
}

int test_against(const struct compare_args *a)
{
	struct run r = { .args = a };
	const int status = prepare_and_run(&r);

	compare_free(r.compare);
	test_set_free(r.old);
	test_set_free(r.now);
	free(r.rules);
	corpus_release(&r.corpus);
	revision_release(&r.then);
	buf_release(&r.now_name);
	return status;
}
