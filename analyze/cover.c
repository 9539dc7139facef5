/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/cover.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/test/attack.h"
#include "capture/base/err.h"

static const char *const format_names[] = {
	[COVER_TEXT] = "text", [COVER_FULL] = "full", [COVER_JSON] = "json", [COVER_LCOV] = "lcov",
	[COVER_HTML] = "html",
};

int cover_option_format(struct cover_options *o, const char *value)
{
	if (!value)
		value = "text";
	for (unsigned i = COVER_TEXT; i <= COVER_HTML; i++)
		if (strcmp(format_names[i], value) == 0) {
			o->coverage = (enum cover_format)i;
			return 0;
		}
	return err(ERR_USAGE, "--coverage: '%s' is not one of text, full, json, lcov, html", value);
}

int cover_option_percent(struct cover_options *o, const char *value)
{
	char *end;

	o->fail_under = strtod(value, &end);
	if (end == value || *end || !(o->fail_under >= 0 && o->fail_under <= 100))
		return err(ERR_USAGE, "--fail-under: '%s' is not a number between 0 and 100",
			   value);
	return 0;
}

int cover_option_attack(struct cover_options *o, const char *value)
{
	o->attack = true;
	o->attack_navigator = value && strcmp(value, "navigator") == 0;
	if (!value || o->attack_navigator || strcmp(value, "table") == 0)
		return 0;
	return err(ERR_USAGE, "--attack: '%s' is neither table nor navigator", value);
}

int cover_option_mutate(struct cover_options *o, const char *value)
{
	o->mutate = true;
	o->mutate_json = value && strcmp(value, "json") == 0;
	if (!value || o->mutate_json || strcmp(value, "text") == 0)
		return 0;
	return err(ERR_USAGE, "--mutate: '%s' is neither text nor json", value);
}

/* Which of them want stdout for a program. */
static unsigned for_programs(const struct cover_options *o)
{
	return (o->coverage >= COVER_JSON && !o->output) + o->attack_navigator + o->mutate_json;
}

int cover_check(struct cover_options *o)
{
	const unsigned all = (o->coverage && !o->output) + o->attack + o->mutate;

	if (o->mutate_max && !o->mutate)
		return err(ERR_USAGE, "--mutate-max without --mutate");
	if (o->output && !o->coverage)
		return err(ERR_USAGE, "--coverage-output without --coverage");
	if (o->fail_under >= 0 && !o->coverage && !o->mutate)
		o->coverage = COVER_TEXT;
	if (for_programs(o) > 0 && all > 1)
		return err(ERR_USAGE, "only one of --coverage, --attack and --mutate can be on "
			   "stdout in a form for programs");
	return 0;
}

bool cover_takes_stdout(const struct cover_options *o)
{
	return for_programs(o) > 0;
}

int cover_open(struct cover_options *o)
{
	o->file = o->output ? fopen(o->output, "we") : stdout;
	return o->file ? 0 : err_sys("%s", o->output);
}

static int write_out(const struct cover_options *o, const struct buf *b)
{
	bool ok = fwrite(b->p, 1, b->len, o->file) == b->len;

	if (o->output)
		ok = fclose(o->file) == 0 && ok;
	return ok ? 0 : err_sys("%s", o->output ? o->output : "stdout");
}

static void put_coverage(const struct cover_options *o, const struct coverage *c, struct buf *out)
{
	switch (o->coverage) {
	case COVER_NONE:
		break;
	case COVER_TEXT:
	case COVER_FULL:
		coverage_text(c, o->coverage == COVER_FULL, out);
		break;
	case COVER_JSON:
		coverage_json(c, out);
		break;
	case COVER_LCOV:
		coverage_lcov(c, out);
		break;
	case COVER_HTML:
		coverage_html(c, out);
		break;
	}
}

/* Said of what is not enough, on stderr: the report may be for a program. */
static int held(const struct cover_options *o, const char *what, double percent)
{
	if (o->fail_under < 0 || percent >= o->fail_under)
		return EXIT_DONE;
	warn("%s: %.2f%% is under %.2f%%", what, percent, o->fail_under);
	return EXIT_FINDINGS;
}

static int report_coverage(const struct cover_options *o, const struct coverage *c)
{
	struct buf out = {0};
	int status;

	put_coverage(o, c, &out);
	if (write_out(o, &out) < 0) {
		err_print();
		status = EXIT_FAILED;
	} else {
		status = held(o, "coverage of predicates", coverage_percent(c));
	}
	buf_release(&out);
	return status;
}

static void report_attack(const struct cover_options *o, const struct coverage *c,
			  const struct test_suite *s)
{
	struct buf out = {0};
	struct attack a;

	attack_init(&a, c, s);
	if (o->attack_navigator)
		attack_navigator(&a, &out);
	else
		attack_text(&a, &out);
	fwrite(out.p, 1, out.len, stdout);
	attack_release(&a);
	buf_release(&out);
}

static int report_mutants(const struct cover_options *o, const struct cover_run *c, unsigned jobs)
{
	const struct mutate_options options = { .jobs = jobs, .max = o->mutate_max };
	struct mutate_report *r = mutate_run(c, &options);
	struct buf out = {0};
	int status;

	if (o->mutate_json)
		mutate_json(r, &out);
	else
		mutate_text(r, &out);
	fwrite(out.p, 1, out.len, stdout);
	status = held(o, "mutants that were noticed", mutate_score(r));
	buf_release(&out);
	mutate_report_free(r);
	return status;
}

int cover_report(const struct cover_options *o, const struct cover_run *r, unsigned jobs)
{
	struct coverage *c = cover_run_coverage(r);
	const int coverage = o->coverage ? report_coverage(o, c) : EXIT_DONE;
	int mutants = EXIT_DONE;

	if (o->attack)
		report_attack(o, c, r->suite);
	coverage_free(c);
	if (o->mutate)
		mutants = report_mutants(o, r, jobs);
	return coverage > mutants ? coverage : mutants;
}
