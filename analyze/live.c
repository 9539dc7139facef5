/* SPDX-License-Identifier: Apache-2.0 */
/* saker live: the rules of analyze on the running kernel.  With --record the events are
 * written too, with each alert behind its event, so that analyze gives the same alerts
 * afterwards.  SIGHUP loads the rules again: what is remembered of the machine stays. */
#include "capture/live/live.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyze/live_spec.h"
#include "analyze/options.h"
#include "analyze/record.h"
#include "analyze/verbs.h"
#include "capture/base/err.h"
#include "capture/base/progress.h"
#include "capture/base/sandbox.h"
#include "capture/live/command.h"

enum { FLUSH_NS = 1000 * 1000 * 1000 };

struct rules {
	struct detect_plan plan;
	struct alert_printer *printer;
	struct cond *filter;
};

struct watch {
	struct run_options run;
	struct live_options live;
	uint64_t most, snaplen, ring, size, keep, not_pid, n_events;
	const char *record;
	bool force;
	struct rules *rules;
	struct sink_set sinks;
	struct source *source;
	struct recording recording;
	struct detect detect;
	uint64_t looked, flush;
};

static volatile sig_atomic_t stop_asked, reload_asked;
static struct source *volatile stop_source;

static void on_stop(int sig)
{
	stop_asked = 1;
	if (stop_source)
		live_stop(stop_source);
}

static void on_reload(int sig)
{
	reload_asked = 1;
}

static void catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_stop };

	command_keep_signals();
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sa.sa_handler = on_reload;
	sa.sa_flags = SA_RESTART;
	sigaction(SIGHUP, &sa, NULL);
}

static int option(struct watch *w, const struct opt_parse *p, int key)
{
	switch (key) {
	case O_DURATION:
		return opt_duration(p, "--duration", &w->live.duration);
	case O_COUNT:
		return opt_u64(p, "--events", 1, UINT64_MAX, &w->most);
	case O_SNAPLEN:
		return opt_u64(p, "--snaplen", 0, 65000, &w->snaplen);
	case O_RECORD:
		w->record = p->value;
		return 0;
	case O_FORCE:
		w->force = true;
		return 0;
	case O_LATENCY:
		w->live.latency = true;
		return 0;
	case O_SIZE:
		return opt_size(p, "--size", 1 << 20, UINT64_C(1) << 50, &w->size);
	case O_KEEP:
		return opt_size(p, "--keep", 1 << 20, UINT64_C(1) << 50, &w->keep);
	case O_FLUSH:
		return opt_duration(p, "--flush", &w->flush);
	case O_NOT_PID:
		return opt_u64(p, "--not-pid", 1, 4 << 20, &w->not_pid);
	case O_RING:
		return opt_size(p, "--ring", 64 << 10, 1 << 30, &w->ring);
	case O_SAMPLE:
		return opt_duration(p, "--sample", &w->live.sample);
	default:
		return run_option(&w->run, p, key);
	}
}

static void rules_free(struct rules *r)
{
	if (!r)
		return;
	alert_printer_free(r->printer);
	cond_free(r->filter);
	ruleset_free(r->plan.rules);
	free(r);
}

static struct rules *rules_load(struct run_options *o)
{
	struct rules *r = xcalloc(1, sizeof(*r));

	r->plan = (struct detect_plan){ .all_rules = o->all_rules, .to = UINT64_MAX };
	run_env(o, &r->plan.env);
	o->style.hostname = r->plan.env.hostname;
	if (run_filter(o, &r->filter) < 0) {
		err_print();
		goto wrong;
	}
	r->plan.filter = r->filter;
	r->plan.rules = run_rules(o);
	if (!r->plan.rules)
		goto wrong;
	r->plan.printer = r->printer = alert_printer_new(&o->style, r->plan.rules);
	if (r->printer)
		return r;
	err_print();
wrong:
	rules_free(r);
	return NULL;
}

static void want(struct watch *w)
{
	if (!w->record)
		detect_want(&w->detect, w->source);
}

static void reload(struct watch *w)
{
	struct rules *new;

	reload_asked = 0;
	sinks_reopen(&w->sinks);
	new = rules_load(&w->run);
	if (!new) {
		warn("the new rules are wrong; the old ones stay in force");
		return;
	}
	detect_new_rules(&w->detect, &new->plan);
	rules_free(w->rules);
	w->rules = new;
	want(w);
	if (!w->run.quiet)
		warn("rules loaded again");
}

/* ---- events --------------------------------------------------------------------- */

static int on_alert(void *arg, const struct rule *r, uint64_t ts, uint64_t num,
		    const char *line, size_t len)
{
	struct watch *w = arg;

	sinks_line(&w->sinks, r->priority, line, len);
	sinks_flush(&w->sinks);
	return w->record ? recording_alert(&w->recording, r, ts, num, line, len) : 0;
}

static int record_name(const struct event *ev, void *arg)
{
	return recording_event(arg, ev);
}

static int on_event(struct watch *w, const struct event *ev)
{
	int rc = 0;

	state_update(w->detect.state, ev);
	if (w->record)
		rc = state_names_told(w->detect.state, ev, record_name, &w->recording);
	if (rc >= 0 && w->record)
		rc = recording_event(&w->recording, ev);
	if (rc >= 0)
		rc = detect_look(&w->detect, ev);
	if (ev->num == 0)
		return rc;
	w->detect.stats.n_events++;
	w->n_events++;
	if (rc >= 0 && w->record && w->n_events % 1024 == 0)
		rc = recording_key(&w->recording, ev->ts);
	return rc;
}

static int now_and_then(struct watch *w)
{
	const uint64_t now = monotonic_ns();

	if (reload_asked)
		reload(w);
	if (now - w->looked < w->flush)
		return 0;
	w->looked = now;
	return w->record ? recording_flush(&w->recording) : 0;
}

static bool is_large(const struct watch *w)
{
	return w->size && w->record && recording_size(&w->recording) >= w->size;
}

static int tell_size(const struct watch *w)
{
	if (w->keep)
		warn("%s: %" PRIu64 "M of it are still read, though --keep is %" PRIu64
		     "M: the recording ends", w->record, w->size >> 20, w->keep >> 20);
	else
		warn("%s has reached %" PRIu64 "M (--size): the recording ends", w->record,
		     w->size >> 20);
	return 0;
}

static int watch_events(struct watch *w)
{
	struct event ev;
	int rc;

	for (;;) {
		rc = source_next(w->source, &ev);
		if (rc < 0 || rc == 1)
			return rc;
		if (rc == 0)
			rc = on_event(w, &ev);
		if (rc >= 0 && w->most > 0 && w->n_events == w->most)
			return 0;
		if (rc >= 0 && (rc == LIVE_IDLE || w->n_events % 4096 == 0))
			rc = now_and_then(w);
		if (rc < 0)
			return rc;
		if (w->n_events % 4096 == 0 && is_large(w))
			return tell_size(w);
	}
}

static int begin(struct watch *w)
{
	w->rules = rules_load(&w->run);
	if (!w->rules)
		return -ERR_RULE;
	if (run_sinks(&w->run, &w->sinks) < 0)
		return -ERR_USAGE;
	w->source = live_open(&w->live);
	if (!w->source)
		return -ERR_PRIVILEGE;
	stop_source = w->source;
	if (stop_asked)
		live_stop(w->source);
	detect_init(&w->detect, &w->rules->plan, on_alert, w);
	state_learn_names(w->detect.state);
	if (w->record && recording_open(&w->recording, w->record, w->force, w->keep,
					&w->source->info, w->detect.state) < 0)
		return -ERR_SYSTEM;
	/* All is open.  Rules and files that root owns can still be opened again. */
	sandbox_drop_privileges();
	want(w);
	if (!w->run.quiet)
		warn("%zu rules watch; Ctrl-C ends", ruleset_count(w->rules->plan.rules));
	return 0;
}

static int finish(struct watch *w)
{
	int rc = 0;

	stop_source = NULL;
	if (w->recording.writer && recording_close(&w->recording) < 0)
		rc = err_at("%s", w->record);
	if (sinks_close(&w->sinks) < 0 && rc >= 0)
		rc = err(ERR_SYSTEM, "not all alerts reached their sink");
	if (w->source)
		source_close(w->source);
	return rc;
}

static int watch(struct watch *w)
{
	const uint64_t started = monotonic_ns();
	int rc = begin(w), ended;

	if (rc == -ERR_RULE)
		return EXIT_FAILED;
	if (rc >= 0)
		rc = watch_events(w);
	if (rc >= 0 && detect_end(&w->detect, 0) < 0)
		rc = -ERR_SYSTEM;
	if (rc < 0)
		err_print();
	ended = finish(w);
	if (rc >= 0 && ended < 0)
		err_print();
	if (!w->run.quiet && rc >= 0)
		run_summary(&w->detect.stats, monotonic_ns() - started);
	if (rc < 0 || ended < 0)
		return EXIT_FAILED;
	return detect_alerts(&w->detect.stats) > 0 ? EXIT_FINDINGS : EXIT_DONE;
}

static int parse_and_watch(struct watch *w, int argc, char **argv)
{
	struct opt_parse p;
	int key, status;

	w->live.sample = LIVE_SAMPLE_NS;
	opt_begin(&p, &live_spec, argc, argv);
	while ((key = opt_next(&p)) >= 0)
		if (option(w, &p, key) < 0)
			return opt_usage_error(&live_spec, "%s", err_text());
	if (key != OPT_END)
		return opt_status(key);
	if (run_asked(&w->run, argv + p.first, argc - p.first, &status))
		return status;
	if (w->keep && !w->record)
		return opt_usage_error(&live_spec, "--keep is for --record");
	if (w->keep && w->size && w->size <= w->keep)
		return opt_usage_error(&live_spec, "--size must be more than --keep");
	w->live.snaplen = (uint32_t)w->snaplen;
	if (!w->record)
		w->live.sample = 0;	/* no rule looks at it */
	w->live.ring_size = (uint32_t)w->ring;
	w->live.watcher = (uint32_t)w->not_pid;
	if (p.first < argc)
		w->live.command = argv + p.first;
	catch_signals();
	return watch(w);
}

int verb_live(int argc, char **argv)
{
	struct watch w = { .snaplen = LIVE_SNAPLEN, .flush = FLUSH_NS };
	int status;

	run_options_init(&w.run);
	status = parse_and_watch(&w, argc, argv);
	detect_release(&w.detect);
	rules_free(w.rules);
	run_options_release(&w.run);
	return status;
}
