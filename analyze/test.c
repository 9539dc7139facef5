/* SPDX-License-Identifier: Apache-2.0 */
/* saker test: rule regression tests. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyze/compare.h"
#include "analyze/cover.h"
#include "analyze/forms.h"
#include "analyze/make.h"
#include "analyze/test/print.h"
#include "analyze/test/suite.h"
#include "analyze/verbs.h"
#include "analyze/watch.h"
#include "capture/base/err.h"
#include "capture/base/opt.h"
#include "capture/base/quote.h"
#include "capture/base/sandbox.h"

enum {
	O_RULES, O_ADD_RULES, O_NAME, O_TAG, O_JOBS, O_FAIL_FAST, O_VERBOSE, O_FORMAT, O_OUTPUT,
	O_LIST, O_AGAINST, O_EXAMPLES, O_EXIT_ZERO, O_MATCHING, O_WATCH,
	O_COVERAGE, O_COVERAGE_OUTPUT, O_FAIL_UNDER, O_ATTACK, O_MUTATE, O_MUTATE_MAX,
	O_INIT, O_RECORD, O_UPDATE, O_YES, O_INTO,
};
enum { JOBS_DEFAULT = 4, JOBS_MAX = 64, EXAMPLES_DEFAULT = 3, EXAMPLES_MAX = 1000000 };

static const struct opt opts[] = {
	{ O_NAME, 'k', "name", "NAME",
	  "only tests with NAME in their names; * stands for any text; may be repeated" },
	{ O_TAG, 't', "tag", "TAG", "only tests with this tag; may be repeated" },
	{ O_RULES, 'r', "rules", "FILE",
	  "these rules instead of those that the tests name; may be repeated" },
	{ O_ADD_RULES, 0, "add-rules", "FILE", "these rules behind the others; may be repeated" },
	{ O_JOBS, 'j', "jobs", "N", "threads (default: one per processor, at most 4)" },
	{ O_FAIL_FAST, 'x', "fail-fast", NULL, "stop at the first failure" },
	{ O_VERBOSE, 'v', "verbose", NULL, "also show tests that passed" },
	{ O_WATCH, 'w', "watch", NULL,
	  "run again what a changed test file, rule file or recording touches, until Ctrl-C" },
	{ O_AGAINST, 0, "against", "OLD",
	  "compare the alerts of --rules, or else of the rules that tests name, with those of OLD "
	  "(a rule file, a folder, REVISION:FILE, or the same files in a git REVISION) over the "
	  "recordings of PATH" },
	{ O_FORMAT, 0, "format", "FORMAT",
	  "people (default), tap, junit, sarif, json or github; of --against: text (default), "
	  "json or markdown; may be repeated, with --output" },
	{ O_OUTPUT, 'o', "output", "FILE", "write the form named before this to FILE" },
	{ O_LIST, 'l', "list", NULL, "list the tests, run none" },
	{ O_EXAMPLES, 0, "examples", "N",
	  "of --against: so many of each rule and kind of difference (default: 3)" },
	{ O_MATCHING, 0, "rule-matching", "first|all",
	  "of --against: alerts of the first rule that matches an event (default), or of all" },
	{ O_EXIT_ZERO, 0, "exit-zero", NULL,
	  "of --against: exit with 0 also if something differs" },
	{ O_COVERAGE, 0, "coverage", "[=FORMAT]",
	  "show which parts of the rules the tests have shown: text, full, json, lcov, html" },
	{ O_COVERAGE_OUTPUT, 0, "coverage-output", "FILE", "write that to FILE" },
	{ O_FAIL_UNDER, 0, "fail-under", "PERCENT",
	  "fail if less of the predicates is covered, or of the mutants noticed" },
	{ O_ATTACK, 0, "attack", "[=FORMAT]",
	  "show which ATT&CK techniques rules name and tests show: table, navigator" },
	{ O_MUTATE, 0, "mutate", "[=FORMAT]",
	  "drop or invert each part of the rules in turn, and show what no test notices: "
	  "text, json" },
	{ O_MUTATE_MAX, 0, "mutate-max", "N", "so many mutants, spread evenly (default: all)" },
	{ O_INIT, 0, "init", "REC", "write a test of what the --rules say of REC now" },
	{ O_RECORD, 0, "record", "NAME",
	  "run the command behind --, record it, and write NAME.skr with what the test needs of "
	  "that, and the test; needs root" },
	{ O_INTO, 0, "into", "FILE",
	  "of --init and --record: the test file, new or with other tests (default: beside the "
	  "recording); - is standard output" },
	{ O_UPDATE, 'u', "update", NULL,
	  "write anew what tests that fail expect: show the changes and ask" },
	{ O_YES, 'y', "yes", NULL, "of --update: do not ask" },
};

static const struct opt_spec test_spec = {
	"test", "[options] [PATH ...]", "run tests of rules", OPTS(opts),
	"0 all passed, or --against: nothing differs, 1 something failed, or differs, 2 something "
	"could not be run.",
};

struct test_verb {
	struct test_suite suite;
	struct forms forms;
	const char **rules, **more, **names, **tags;
	size_t rules_cap, more_cap, names_cap, tags_cap;
	uint64_t jobs;
	bool verbose, watch, list, failed, forms_given;
	char **paths;
	int n_paths;
	struct compare_args compare;
	struct make_args make;
	struct cover_options cover;
	struct cover_run covered;
};

static const char *const test_forms[] = { "people", "tap", "junit", "sarif", "json", "github",
	"text", NULL };

static void add(const char ***v, size_t *n, size_t *cap, const char *text)
{
	*v = mem_grow(*v, cap, *n + 1, sizeof(**v));
	(*v)[(*n)++] = text;
}

static int matching(struct test_verb *t, const char *text)
{
	if (strcmp(text, "first") != 0 && strcmp(text, "all") != 0)
		return err(ERR_USAGE, "--rule-matching: '%s' is neither first nor all", text);
	t->compare.all_rules = *text == 'a';
	return 0;
}

static int option(struct test_verb *t, const struct opt_parse *p, int key)
{
	switch (key) {
	case O_ADD_RULES:
		add(&t->more, &t->suite.n_more_rules, &t->more_cap, p->value);
		return 0;
	case O_RULES: add(&t->rules, &t->suite.n_rules, &t->rules_cap, p->value); return 0;
	case O_NAME: add(&t->names, &t->suite.n_names, &t->names_cap, p->value); return 0;
	case O_TAG: add(&t->tags, &t->suite.n_tags, &t->tags_cap, p->value); return 0;
	case O_JOBS: return opt_u64(p, "--jobs", 1, JOBS_MAX, &t->jobs);
	case O_FAIL_FAST: t->suite.fail_fast = true; return 0;
	case O_VERBOSE: t->verbose = true; return 0;
	case O_WATCH: t->watch = true; return 0;
	case O_FORMAT: return forms_add(&t->forms, p->value);
	case O_OUTPUT: return forms_output(&t->forms, p->value);
	case O_LIST: t->list = true; return 0;
	case O_AGAINST: t->compare.against = p->value; return 0;
	case O_EXAMPLES:
		return opt_u64(p, "--examples", 0, EXAMPLES_MAX, &t->compare.examples);
	case O_EXIT_ZERO: t->compare.exit_zero = true; return 0;
	case O_MATCHING: return matching(t, p->value);
	case O_COVERAGE: return cover_option_format(&t->cover, p->value);
	case O_COVERAGE_OUTPUT: t->cover.output = p->value; return 0;
	case O_FAIL_UNDER: return cover_option_percent(&t->cover, p->value);
	case O_ATTACK: return cover_option_attack(&t->cover, p->value);
	case O_MUTATE: return cover_option_mutate(&t->cover, p->value);
	case O_MUTATE_MAX:
		return opt_u64(p, "--mutate-max", 1, UINT32_MAX, &t->cover.mutate_max);
	case O_INIT: t->make.init = p->value; return 0;
	case O_RECORD: t->make.record = p->value; return 0;
	case O_INTO: t->make.output = p->value; return 0;
	case O_UPDATE: t->make.update = true; return 0;
	case O_YES: t->make.yes = true; return 0;
	}
	return 0;
}

static int find(struct test_suite *s, char **paths, int n)
{
	if (n == 0)
		return test_suite_find(s, ".");
	for (int i = 0; i < n; i++)
		if (test_suite_find(s, paths[i]) < 0)
			return -ERR_SYSTEM;
	return 0;
}

static int list(const struct test_suite *s)
{
	struct buf out = {0};

	for (size_t i = 0; i < s->n_cases; i++) {
		const struct test_case *c = s->cases[i];

		quote_terminal_buf(&out, c->file->path, strlen(c->file->path));
		buf_printf(&out, ":%u: ", test_line(c->node));
		quote_terminal_buf(&out, c->name, strlen(c->name));
		for (uint32_t k = 0; k < c->n_tags; k++) {
			buf_str(&out, k ? ", " : " [");
			quote_terminal_buf(&out, c->tags[k], strlen(c->tags[k]));
		}
		buf_str(&out, c->n_tags ? "]\n" : "\n");
	}
	fwrite(out.p, 1, out.len, stdout);
	buf_release(&out);
	return s->n_errors > 0 ? EXIT_FAILED : EXIT_DONE;
}

/* The worse of two. */
static int both(int a, int b)
{
	return a > b ? a : b;
}

static int status(const struct test_suite *s)
{
	const struct test_counts c = test_suite_counts(s);

	if (s->n_errors > 0 || c.n[TEST_BROKEN] > 0)
		return EXIT_FAILED;
	return c.n[TEST_FAILED] + c.n[TEST_TODO_PASSED] > 0 ? EXIT_FINDINGS : EXIT_DONE;
}

static void put_form(const void *arg, const char *form, bool color, struct buf *out)
{
	const struct test_verb *t = arg;
	const struct test_print p = { .suite = &t->suite, .color = color, .all = t->verbose };

	test_printer_named(form)(&p, out);
}

static void print(struct test_verb *t)
{
	t->failed = forms_print(&t->forms, put_form, t) < 0;
	if (t->failed)
		err_print();
}

static int load(void *arg)
{
	struct test_verb *t = arg;
	struct test_suite *s = &t->suite;
	int rc = find(s, t->paths, t->n_paths);

	if (rc >= 0)
		rc = test_suite_load(s);
	if (s->errors.len)
		fwrite(s->errors.p, 1, s->errors.len, stderr);
	if (rc < 0) {
		err_print();
		if (s->n_errors > 0 && forms_open(&t->forms, stdout) == 0)
			print(t);
	}
	return rc;
}

/* Recordings are an attacker's, test files and rules are ours. */
static int enter_sandbox(const struct test_verb *t)
{
	size_t n;
	const char **paths = test_suite_recordings(&t->suite, &n);
	const int rc = sandbox_enter_reading(SANDBOX_PLAIN, paths, n);

	free(paths);
	return rc;
}

/* In a process of its own where files are watched. */
static void run_and_print(void *arg)
{
	struct test_verb *t = arg;

	t->failed = forms_open(&t->forms, cover_takes_stdout(&t->cover) ? stderr : stdout) < 0 ||
		cover_open(&t->cover) < 0 || enter_sandbox(t) < 0;
	if (t->failed) {
		err_print();
		return;
	}
	test_suite_run(&t->suite, (unsigned)t->jobs);
	print(t);
}

static int run_for_update(void *arg)
{
	struct test_verb *t = arg;

	run_and_print(t);
	return t->failed ? EXIT_FAILED : EXIT_DONE;
}

static int run(struct test_verb *t)
{
	const struct watch_args watch = { .suite = &t->suite, .paths = t->paths,
		.n_paths = t->n_paths, .load = load, .run = run_and_print, .arg = t };

	t->suite.rules = t->rules;
	t->suite.more_rules = t->more;
	t->suite.names = t->names;
	t->suite.tags = t->tags;
	if (t->watch)
		return test_watch(&watch);
	if (load(t) < 0)
		return EXIT_FAILED;
	if (t->list)
		return list(&t->suite);
	if (cover_asked(&t->cover)) {
		cover_run_init(&t->covered, &t->suite, t->cover.mutate);
		t->suite.observer = &t->covered.observer;
	}
	if (t->make.update)
		return make_update(&t->suite, t->make.yes, run_for_update, t);
	run_and_print(t);
	if (t->failed)
		return EXIT_FAILED;
	return both(status(&t->suite), cover_asked(&t->cover) ?
		    cover_report(&t->cover, &t->covered, (unsigned)t->jobs) : EXIT_DONE);
}

static uint64_t default_jobs(void)
{
	const long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n > JOBS_DEFAULT ? JOBS_DEFAULT : n < 1 ? 1 : (uint64_t)n;
}

static int compare(struct test_verb *t)
{
	struct compare_args *a = &t->compare;

	a->rules = t->rules;
	a->n_rules = t->suite.n_rules;
	a->paths = t->paths;
	a->n_paths = t->n_paths;
	a->jobs = t->jobs;
	a->forms = &t->forms;
	return test_against(a);
}

static int make(struct test_verb *t)
{
	t->make.rules = t->rules;
	t->make.n_rules = t->suite.n_rules;
	t->make.operands = t->paths;
	t->make.n_operands = t->n_paths;
	return make_test(&t->make);
}

/* What chooses and shows tests has no meaning where none is run. */
static int check_choice(const struct test_verb *t, bool against)
{
	const struct test_suite *s = &t->suite;
	const bool makes = make_asked(&t->make);

	if ((against || makes) && (s->n_names || s->n_tags || s->n_more_rules || s->fail_fast ||
				   t->verbose || t->list))
		return err(ERR_USAGE, "no test is run with %s: --name, --tag, --add-rules, "
			   "--fail-fast, --verbose and --list do not go with it",
			   against ? "--against" : t->make.init ? "--init" : "--record");
	if (makes && t->forms_given)
		return err(ERR_USAGE, "--format and --output are of results; the test file that is "
			   "written is --into FILE");
	return 0;
}

/* What does not go together.  Negative with a message. */
static int check(struct test_verb *t)
{
	const bool against = t->compare.against;

	if (make_check(&t->make, t->n_paths > 0, against || t->watch ||
		       cover_asked(&t->cover)) < 0 || cover_check(&t->cover) < 0)
		return -ERR_USAGE;
	if (forms_check(&t->forms, against ? compare_forms : test_forms) < 0 ||
	    check_choice(t, against) < 0)
		return -ERR_USAGE;
	if ((against || t->watch) && cover_asked(&t->cover))
		return err(ERR_USAGE, "coverage and mutation go neither with --against nor with "
			   "--watch");
	return against && t->watch ? err(ERR_USAGE, "--watch or --against, not both") : 0;
}

static int parse_and_run(struct test_verb *t, int argc, char **argv)
{
	struct opt_parse p;
	int key;

	opt_begin(&p, &test_spec, argc, argv);
	while ((key = opt_next(&p)) >= 0)
		if (option(t, &p, key) < 0)
			return opt_usage_error(&test_spec, "%s", err_text());
	if (key != OPT_END)
		return opt_status(key);
	t->paths = argv + p.first;
	t->n_paths = argc - p.first;
	t->forms_given = t->forms.n > 0;
	if (check(t) < 0)
		return opt_usage_error(&test_spec, "%s", err_text());
	return make_asked(&t->make) ? make(t) : t->compare.against ? compare(t) : run(t);
}

int verb_test(int argc, char **argv)
{
	struct test_verb t = { .jobs = default_jobs(), .compare.examples = EXAMPLES_DEFAULT,
		.cover = { .fail_under = -1 } };
	const int e = parse_and_run(&t, argc, argv);

	cover_run_release(&t.covered);
	test_suite_release(&t.suite);
	free(t.rules);
	free(t.more);
	free(t.names);
	free(t.tags);
	return e;
}
