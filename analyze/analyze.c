/* SPDX-License-Identifier: Apache-2.0 */
/* saker analyze: rules over recordings.  Everything that needs a file, a process or a socket is
 * opened first; then the sandbox closes, and only then the first byte that an attacker may
 * have written is decoded further than its header. */
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyze/alert/parts.h"
#include "analyze/options.h"
#include "analyze/verbs.h"
#include "capture/base/err.h"
#include "capture/base/sandbox.h"
#include "capture/base/timearg.h"

enum { O_FROM = RO__N, O_TO, O_JOBS, O_PROFILE };
enum { JOBS_DEFAULT_MAX = 4, FILES_FOR_JOBS = 64 };

static const struct opt opts[] = {
#define OPTION OPTION_ROW
#include "analyze/options.def"
#undef OPTION
	{ O_FROM, 0, "from", "TIME", "only events from this time on (14:03:07, +2s, a date)" },
	{ O_TO, 0, "to", "TIME", "only events up to this time" },
	{ O_PROFILE, 0, "profile", NULL,
	  "instead of alerts, what each rule and each predicate cost" },
	{ O_JOBS, 'j', "jobs", "N", "threads (default: one per processor, at most 4)" },
};

static const struct opt_spec spec = {
	"analyze", "[options] FILE...", "run rules over recordings and show the alerts",
	OPTS(opts),
	.status = "0 no alert, 1 alerts, 2 wrong usage or failure, 3 a recording was damaged.",
};

struct analysis {
	struct run_options run;
	const char *from, *to;
	uint64_t jobs;
	bool profile;
	struct detect_plan plan;
	struct alert_printer *printer;
	struct cond *filter;
	struct sink_set sinks;
	struct progress progress;
	struct parts *files;
	int n_files, n_open;
	struct detect_stats stats;
	bool damaged, failed;
};

static uint64_t default_jobs(void)
{
	cpu_set_t set;
	const int n = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;

	return n > JOBS_DEFAULT_MAX ? JOBS_DEFAULT_MAX : (uint64_t)n;
}

static int option(struct analysis *a, const struct opt_parse *p, int key)
{
	switch (key) {
	case O_FROM:
		a->from = p->value;
		return 0;
	case O_TO:
		a->to = p->value;
		return 0;
	case O_PROFILE:
		a->profile = true;
		return 0;
	case O_JOBS:
		return opt_u64(p, "--jobs", 1, PARTS_THREADS_MAX, &a->jobs);
	default:
		return run_option(&a->run, p, key);
	}
}

static void open_files(struct analysis *a, char **paths)
{
	const bool range = a->from || a->to;
	const bool alone = range || a->n_files > FILES_FOR_JOBS;
	unsigned jobs = (unsigned)a->jobs;
	size_t n_correlations;

	/* What correlations remember goes from one part of a recording to the next. */
	ruleset_correlations(a->plan.rules, &n_correlations);
	if (alone || n_correlations > 0 || a->profile)
		jobs = 1;
	parts_many_files();
	a->files = xcalloc((size_t)a->n_files, sizeof(*a->files));
	for (int i = 0; i < a->n_files; i++) {
		if (parts_open(&a->files[a->n_open], paths[i], jobs) == 0) {
			a->n_open++;
			continue;
		}
		err_print();
		a->failed = true;
	}
}

/* --from and --to mean something else in each recording. */
static int set_range(struct analysis *a, struct source *in)
{
	return source_range(in, a->from, a->to, a->plan.env.utc_offset, &a->plan.from,
			    &a->plan.to);
}

static void tell_damage(struct analysis *a, const char *path, const struct source_damage *d)
{
	if (d->n_places == 0 && !d->cut)
		return;
	a->damaged = true;
	warn("%s: %s%s%s", path, d->cut ? "it is cut off" : "it is damaged",
	     d->first[0] ? ": " : "", d->first);
	if (d->n_places > 1)
		warn("%s: %" PRIu64 " damaged places, %" PRIu64 " bytes lost", path, d->n_places,
		     d->lost_bytes);
}

static void analyze_file(struct analysis *a, struct parts *file)
{
	struct parts_result result;
	int rc = set_range(a, file->sources[0]);

	progress_begin(&a->progress, a->run.quiet || isatty(STDOUT_FILENO));
	if (rc == 0) {
		rc = parts_run(file, &a->plan, &a->sinks, &a->progress, &result);
		detect_stats_add(&a->stats, &result.stats);
	}
	progress_end(&a->progress);
	if (rc < 0) {
		err_at("%s", file->path);
		err_print();
		a->failed = true;
		return;
	}
	tell_damage(a, file->path, &result.damage);
	if (result.stats.n_losses > 0 && !a->run.quiet)
		warn("%s: %" PRIu64 " events are missing, at %" PRIu64 " place%s: "
		     "alerts may be, too", file->path, result.stats.n_lost,
		     result.stats.n_losses, result.stats.n_losses == 1 ? "" : "s");
}

static int prepare(struct analysis *a, char **paths)
{
	a->plan = (struct detect_plan){ .all_rules = a->run.all_rules, .to = UINT64_MAX };
	run_env(&a->run, &a->plan.env);
	if (run_filter(&a->run, &a->filter) < 0)
		return -ERR_USAGE;
	a->plan.filter = a->filter;
	a->plan.rules = run_rules(&a->run);
	if (!a->plan.rules)
		return -ERR_RULE;
	a->run.style.hostname = a->plan.env.hostname;
	a->plan.printer = a->printer = alert_printer_new(&a->run.style, a->plan.rules);
	if (!a->printer)
		return -ERR_USAGE;
	if (a->profile)
		a->plan.profile = ruleset_profile_new(a->plan.rules);
	if ((!a->profile || a->run.n_sinks > 0) && run_sinks(&a->run, &a->sinks) < 0)
		return -ERR_USAGE;
	open_files(a, paths);
	return sandbox_enter(sinks_have_child(&a->sinks) ? SANDBOX_CHILD : SANDBOX_PLAIN);
}

static void print_profile(const struct analysis *a)
{
	struct buf out = {0};

	ruleset_profile_print(a->plan.rules, a->plan.profile, a->stats.n_events,
			      a->run.style.json, &out);
	fwrite(out.p, 1, out.len, stdout);
	buf_release(&out);
}

static int analyze(struct analysis *a, char **paths)
{
	const uint64_t started = monotonic_ns();

	const int rc = prepare(a, paths);

	if (rc < 0) {
		if (rc != -ERR_RULE)
			err_print();
		return EXIT_FAILED;
	}
	for (int i = 0; i < a->n_open; i++) {
		analyze_file(a, &a->files[i]);
		parts_close(&a->files[i]);
	}
	if (sinks_close(&a->sinks) < 0)
		a->failed = true;
	if (a->profile)
		print_profile(a);
	if (!a->run.quiet && a->n_open > 0)
		run_summary(&a->stats, monotonic_ns() - started);
	if (a->failed)
		return EXIT_FAILED;
	if (a->damaged)
		return EXIT_DAMAGED;
	return detect_alerts(&a->stats) > 0 ? EXIT_FINDINGS : EXIT_DONE;
}

static int parse_and_analyze(struct analysis *a, int argc, char **argv)
{
	struct opt_parse p;
	int key, status;

	opt_begin(&p, &spec, argc, argv);
	while ((key = opt_next(&p)) >= 0)
		if (option(a, &p, key) < 0)
			return opt_usage_error(&spec, "%s", err_text());
	if (key != OPT_END)
		return opt_status(key);
	if (run_asked(&a->run, argv + p.first, argc - p.first, &status))
		return status;
	a->n_files = argc - p.first;
	if (a->n_files == 0)
		return opt_usage_error(&spec, "which recording?");
	return analyze(a, argv + p.first);
}

int verb_analyze(int argc, char **argv)
{
	struct analysis a = { .jobs = default_jobs() };
	int status;

	run_options_init(&a.run);
	status = parse_and_analyze(&a, argc, argv);
	alert_printer_free(a.printer);
	cond_free(a.filter);
	ruleset_profile_free(a.plan.profile);
	ruleset_free(a.plan.rules);
	free(a.files);
	run_options_release(&a.run);
	return status;
}
