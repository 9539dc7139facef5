/* SPDX-License-Identifier: Apache-2.0 */
/* saker lint: what is wrong with rule files, beyond what keeps them from loading. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyze/report/lint_print.h"
#include "analyze/verbs.h"
#include "capture/base/err.h"
#include "capture/base/opt.h"

enum { O_JSON, O_SARIF, O_CODE, O_NO, O_ALL, O_SEVERITY, O_FAIL_ON, O_LIST, O_QUIET };

static const struct opt opts[] = {
	{ O_CODE, 'c', "code", "CODE", "look for this code only; may be repeated" },
	{ O_NO, 'n', "no", "CODE", "do not look for this code; may be repeated" },
	{ O_ALL, 'a', "all", NULL, "also look for what is off by default" },
	{ O_SEVERITY, 's', "severity", "LEVEL", "show error, warning or note and above (note)" },
	{ O_FAIL_ON, 'f', "fail-on", "LEVEL",
	  "exit with 1 for findings of error, warning or note and above (note)" },
	{ O_JSON, 0, "json", NULL, "one JSON object" },
	{ O_SARIF, 0, "sarif", NULL, "SARIF 2.1.0, for code scanning" },
	{ O_LIST, 'l', "list", NULL, "list all codes" },
	{ O_QUIET, 'q', "quiet", NULL, "no summary" },
};

static const struct opt_spec spec = {
	"lint", "[options] RULES ...", "find defects of rule files", OPTS(opts),
	"0 nothing was found, 1 findings (see --fail-on), 2 wrong usage or failure.",
};

struct lint_run {
	struct lint lint;
	enum lint_severity show, fail_on;
	bool json, sarif, list, quiet, chosen;
	struct lint_counts counts;
	struct buf out;
};

static int level(const char *text, const char *option, enum lint_severity *out)
{
	for (unsigned i = 0; i < 3; i++)
		if (strcmp(text, lint_severity_name[i]) == 0) {
			*out = (enum lint_severity)i;
			return 0;
		}
	return err(ERR_USAGE, "%s: '%s' is none of error, warning, note", option, text);
}

static int choose(struct lint_run *r, const char *code, bool on)
{
	if (on && !r->chosen)
		lint_select(&r->lint, "all", false);
	r->chosen |= on;
	return lint_select(&r->lint, code, on) ? 0 :
	       err(ERR_USAGE, "there is no code '%s'; --list shows them", code);
}

static int option(struct lint_run *r, const struct opt_parse *p, int key)
{
	switch (key) {
	case O_CODE: return choose(r, p->value, true);
	case O_NO: return choose(r, p->value, false);
	case O_ALL: lint_select(&r->lint, "all", true); return 0;
	case O_SEVERITY: return level(p->value, "--severity", &r->show);
	case O_FAIL_ON: return level(p->value, "--fail-on", &r->fail_on);
	case O_JSON: r->json = true; return 0;
	case O_SARIF: r->sarif = true; return 0;
	case O_LIST: r->list = true; return 0;
	case O_QUIET: r->quiet = true; return 0;
	}
	return 0;
}

/* Negative: a file could not be read; mistakes of rules are findings. */
static int load(struct ruleset *rs, char **paths, int n)
{
	const struct messages *all = ruleset_messages(rs);

	for (int i = 0; i < n; i++)
		ruleset_load_path(rs, paths[i]);
	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].code == LOAD_ERR_FILE_READ)
			return err(ERR_SYSTEM, "%s", all->v[i].text);
	return 0;
}

static void drop_minor(struct lint_run *r)
{
	struct lint *l = &r->lint;
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++) {
		const enum lint_severity s = lint_code(l->v[i].code).severity;

		if (s > r->show)
			continue;
		r->counts.n[s]++;
		l->v[n++] = l->v[i];
	}
	l->n = n;
}

static void put_summary(struct lint_run *r)
{
	const size_t *n = r->counts.n;

	if (r->quiet)
		return;
	fprintf(stderr, "saker lint: %zu rules, %zu errors, %zu warnings, %zu notes",
		r->counts.rules, n[LINT_ERROR], n[LINT_WARNING], n[LINT_NOTE]);
	if (r->lint.n_ignored)
		fprintf(stderr, ", %zu ignored", r->lint.n_ignored);
	fputc('\n', stderr);
}

static void print(struct lint_run *r)
{
	const bool color = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");

	if (r->sarif)
		lint_print_sarif(&r->out, &r->lint);
	else if (r->json)
		lint_print_json(&r->out, &r->lint, &r->counts);
	for (size_t i = 0; !r->sarif && !r->json && i < r->lint.n; i++)
		lint_print_text(&r->out, &r->lint.v[i], color);
	if (r->out.len)
		fwrite(r->out.p, 1, r->out.len, stdout);
	fflush(stdout);
	if (!r->sarif && !r->json)
		put_summary(r);
}

static int status(const struct lint_run *r)
{
	for (unsigned s = 0; s <= (unsigned)r->fail_on; s++)
		if (r->counts.n[s])
			return EXIT_FINDINGS;
	return EXIT_DONE;
}

static int run(struct lint_run *r, char **paths, int n)
{
	const struct ruleset_options options = { .least = PRIORITY_DEBUG,
		.no_suggested_output = true };
	struct ruleset *rs = ruleset_new(&options);
	int e = load(rs, paths, n);

	if (e < 0) {
		err_print();
		e = EXIT_FAILED;
	} else {
		lint_rules(&r->lint, rs);
		r->counts.files = (size_t)n;
		r->counts.rules = ruleset_count(rs);
		drop_minor(r);
		print(r);
		e = status(r);
	}
	ruleset_free(rs);
	return e;
}

int verb_lint(int argc, char **argv)
{
	struct lint_run r = { .show = LINT_NOTE, .fail_on = LINT_NOTE };
	struct opt_parse p;
	int key, e;

	lint_init(&r.lint);
	opt_begin(&p, &spec, argc, argv);
	while ((key = opt_next(&p)) >= 0)
		if (option(&r, &p, key) < 0)
			return opt_usage_error(&spec, "%s", err_text());
	if (key != OPT_END)
		return opt_status(key);
	if (r.json && r.sarif)
		return opt_usage_error(&spec, "--json or --sarif, not both");
	if (r.list) {
		lint_print_codes(&r.out, r.json);
		fwrite(r.out.p, 1, r.out.len, stdout);
		e = EXIT_DONE;
	} else if (p.first == argc) {
		e = opt_usage_error(&spec, "rule files are needed");
	} else {
		e = run(&r, argv + p.first, argc - p.first);
	}
	lint_release(&r.lint);
	buf_release(&r.out);
	return e;
}
