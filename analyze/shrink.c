/* SPDX-License-Identifier: Apache-2.0 */
/* saker shrink: the work is done by a child within the sandbox, on files that are open; the parent
 * has never looked into a recording and puts the result in its place when it is whole. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "analyze/options.h"
#include "analyze/test/apart.h"
#include "analyze/test/shrink.h"
#include "analyze/verbs.h"
#include "capture/base/err.h"
#include "capture/base/output.h"
#include "capture/base/quote.h"

enum {
	O_RULES, O_KEEP, O_OUT, O_FIRST, O_EVENT, O_NAMED, O_ENABLE, O_DISABLE, O_TAG, O_MATCHING,
	O_FORCE, O_QUIET
};

static const struct opt opts[] = {
	{ O_RULES, 'r', "rules", "FILE",
	  "rule file, or directory of *.yaml; may be repeated (default: Saker's own)" },
	{ O_KEEP, 'k', "keep", "RULE",
	  "keep the alerts of RULE (or 'alerts of RULE'); * stands for any text; may be repeated "
	  "(default: of all rules)" },
	{ O_FIRST, 0, "first", "N", "of each rule keep only the first N alerts" },
	{ O_EVENT, 'e', "event", "N", "keep only the alerts of event N" },
	{ O_OUT, 'o', "output", "FILE", "write FILE (default: beside REC, named .small.skr)" },
	{ O_NAMED, 0, "named", NULL, "keep host name, kernel release, memory size" },
	{ O_ENABLE, 0, "enable", "PATTERN", "enable rules of this name; * stands for any text" },
	{ O_DISABLE, 0, "disable", "PATTERN", "disable rules of this name" },
	{ O_TAG, 0, "tag", "TAG", "only rules with this tag (or one of several)" },
	{ O_MATCHING, 0, "rule-matching", "first|all",
	  "alert for the first rule that matches an event (default), or for all" },
	{ O_FORCE, 0, "force", NULL, "overwrite FILE instead of keeping it as FILE.old" },
	{ O_QUIET, 'q', "quiet", NULL, "no warnings about rules, no summary" },
};

static const struct opt_spec spec = {
	"shrink", "[options] REC", "make the smallest recording that gives the same alerts",
	OPTS(opts),
	"0 done; 1 no such alert, nothing written; 2 failure; 3 REC was damaged or cut, all good "
	"events used.",
};

struct shrink_run {
	struct run_options run;
	struct shrink_job job;
	struct detect_plan plan;
	struct alert_printer *printer;
	const char **keep;
	size_t n_keep, cap_keep;
	const char *path, *out;
	char *own_out;
	bool force;
};

/* ---- the child ---- */

static void tell(const struct shrink_run *s, const struct shrink_result *r)
{
	fprintf(stderr, "saker: %" PRIu64 " alert%s; %" PRIu64 " of %" PRIu64 " events, %" PRIu64
		" row%s of state, %" PRIu64 " bytes\n", r->n_alerts, r->n_alerts == 1 ? "" : "s",
		r->kept_events, r->n_events, r->kept_rows, r->kept_rows == 1 ? "" : "s", r->bytes);
	if (r->gave_up)
		warn("it could be smaller: after %" PRIu64 " tries time was up; "
		     "--keep, --first or --event with fewer alerts", r->questions);
	if (r->named && !s->job.named)
		warn("it names the machine: an alert shows what does");
}

static int in_sandbox(void *arg)
{
	struct shrink_run *s = arg;
	struct shrink_result result;
	const int r = shrink(&s->job, &result);

	if (r < 0) {
		err_at("%s", s->path);
		err_print();
		return EXIT_FAILED;
	}
	if (result.n_alerts == 0) {
		warn("%s: no alert that is to stay; saker why tells why a rule does not match",
		     s->path);
		return EXIT_FINDINGS;
	}
	if (!s->run.quiet)
		tell(s, &result);
	if (!s->job.in->damage.n_places && !s->job.in->damage.cut)
		return EXIT_DONE;
	warn("%s: %s", s->path, s->job.in->damage.first);
	return EXIT_DAMAGED;
}

/* ---- the parent ---- */

/* Each name has to fit a rule that is on. */
static int check_names(const struct shrink_run *s)
{
	for (size_t k = 0; k < s->n_keep; k++) {
		bool any = false;

		for (size_t i = 0; i < ruleset_count(s->plan.rules) && !any; i++) {
			const struct rule *r = ruleset_rule(s->plan.rules, i);

			any = r->enabled && name_matches(s->keep[k], r->name);
		}
		if (!any)
			return err(ERR_USAGE, "--keep: no enabled rule is named '%s'", s->keep[k]);
	}
	return 0;
}

static int prepare(struct shrink_run *s)
{
	s->plan.rules = run_rules(&s->run);
	if (!s->plan.rules)
		return -ERR_RULE;
	if (check_names(s) < 0) {
		err_print();
		return -ERR_USAGE;
	}
	run_env(&s->run, &s->plan.env);
	s->plan.all_rules = s->run.all_rules;
	s->plan.to = UINT64_MAX;
	s->printer = alert_printer_new(&oracle_style, s->plan.rules);
	s->plan.printer = s->printer;
	s->job.plan = &s->plan;
	s->job.keep.rules = s->keep;
	s->job.keep.n_rules = s->n_keep;
	s->job.in = s->printer ? source_open(s->path) : NULL;
	s->job.out = memfd_create("small.skr", MFD_CLOEXEC);
	if (s->job.in && s->job.out < 0)
		err_sys("cannot make a file in memory");
	if (s->job.in && s->job.out >= 0)
		return 0;
	err_print();
	return -ERR_SYSTEM;
}

static int work(struct shrink_run *s)
{
	int status;

	if (prepare(s) < 0)
		return EXIT_FAILED;
	status = apart_run(in_sandbox, s);
	if (status != EXIT_DONE && status != EXIT_DAMAGED)
		return status;
	if (apart_put(s->job.out, s->out, s->force) < 0) {
		err_print();
		return EXIT_FAILED;
	}
	return status;
}

/* ---- options ---- */

static void add_keep(struct shrink_run *s, const char *text)
{
	static const char of[] = "alerts of ";

	s->keep = mem_grow(s->keep, &s->cap_keep, s->n_keep + 1, sizeof(*s->keep));
	s->keep[s->n_keep++] = text + (strncmp(text, of, sizeof(of) - 1) ? 0 : sizeof(of) - 1);
}

/* Beside the recording: case.scap.gz becomes case.small.skr. */
static char *default_out(const char *path)
{
	static const char *const ends[] = { ".gz", ".scap", ".skr" };
	size_t len = strlen(path);
	char *out;

	for (unsigned i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		const size_t n = strlen(ends[i]);

		if (len > n && !memcmp(path + len - n, ends[i], n))
			len -= n;
	}
	if (asprintf(&out, "%.*s.small.skr", (int)len, path) < 0)
		abort();
	return out;
}

static int option(struct shrink_run *s, const struct opt_parse *p, int key)
{
	switch (key) {
	case O_RULES: return run_option(&s->run, p, RO_RULES);
	case O_KEEP: add_keep(s, p->value); return 0;
	case O_FIRST: return opt_u64(p, "--first", 1, UINT64_MAX, &s->job.keep.first);
	case O_EVENT: return opt_u64(p, "--event", 1, UINT64_MAX, &s->job.keep.event);
	case O_OUT: s->out = p->value; return 0;
	case O_NAMED: s->job.named = true; return 0;
	case O_ENABLE: return run_option(&s->run, p, RO_ENABLE);
	case O_DISABLE: return run_option(&s->run, p, RO_DISABLE);
	case O_TAG: return run_option(&s->run, p, RO_TAG);
	case O_MATCHING: return run_option(&s->run, p, RO_MATCHING);
	case O_FORCE: s->force = true; return 0;
	case O_QUIET: s->run.quiet = true; return 0;
	}
	return 0;
}

static int parse_and_shrink(struct shrink_run *s, int argc, char **argv)
{
	struct opt_parse p;
	int key;

	opt_begin(&p, &spec, argc, argv);
	while ((key = opt_next(&p)) >= 0)
		if (option(s, &p, key) < 0)
			return opt_usage_error(&spec, "%s", err_text());
	if (key != OPT_END)
		return opt_status(key);
	if (argc - p.first != 1)
		return opt_usage_error(&spec, "one recording is needed");
	s->path = argv[p.first];
	if (strcmp(s->path, "-") == 0)
		return opt_usage_error(&spec, "a recording is read more than once: "
				       "standard input cannot be");
	if (!s->out)
		s->out = s->own_out = default_out(s->path);
	return work(s);
}

int verb_shrink(int argc, char **argv)
{
	struct shrink_run s = { .job.out = -1 };
	int status;

	run_options_init(&s.run);
	status = parse_and_shrink(&s, argc, argv);
	if (s.job.in)
		source_close(s.job.in);
	alert_printer_free(s.printer);
	ruleset_free(s.plan.rules);
	run_options_release(&s.run);
	free(s.keep);
	free(s.own_out);
	return status;
}
