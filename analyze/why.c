/* SPDX-License-Identifier: Apache-2.0 */
/* saker why: the condition of a rule as a tree over an event, or over the events of a recording
 * that came nearest to matching.
 *
 * One pass.  Events that fail at the same checks are one group, told by its first event and
 * their number: a rule that an exception silences ten thousand times is one line. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyze/options.h"
#include "analyze/report/nearest.h"
#include "analyze/report/why_event.h"
#include "analyze/verbs.h"
#include "capture/base/err.h"
#include "capture/base/progress.h"
#include "capture/base/quote.h"
#include "capture/base/sandbox.h"
#include "capture/base/timearg.h"
#include "capture/trace/source.h"

enum {
	SHOWN_MATCHES = 10,
	BEST_DEFAULT = 3,
	NEAR_NS = 1000000000,	/* --near: as far as this from the time */
};

enum { O_RULES, O_EVENT, O_NEAR, O_BEST, O_FULL, O_JSON, O_STRICT, O_QUIET };

static const struct opt opts[] = {
	{ O_RULES, 'r', "rules", "FILE",
	  "rule file, or directory of *.yaml; may be repeated (default: Saker's own)" },
	{ O_EVENT, 'e', "event", "N", "why the rule does or does not match event N" },
	{ O_NEAR, 0, "near", "TIME",
	  "of the events within a second of TIME, the one that came nearest" },
	{ O_BEST, 'k', "best", "K", "the K ways in which events came nearest (default: 3)" },
	{ O_FULL, 0, "full", NULL, "open all parts of the tree, not only those that decided" },
	{ O_JSON, 0, "json", NULL, "one JSON object" },
	{ O_STRICT, 0, "strict-falco", NULL, "why the rule does or does not match in Falco" },
	{ O_QUIET, 'q', "quiet", NULL, "no progress" },
};

static const struct opt_spec spec = {
	"why", "[options] RULE FILE", "tell why a rule did or did not match", OPTS(opts),
	"0 it matches, 1 it does not, 2 wrong usage or failure, 3 the recording was damaged.",
};

struct why {
	struct run_options run;
	const char *name, *path, *near_text;
	uint64_t event, best, near;
	bool full, json, quiet;
	struct ruleset *rules;
	const struct rule *rule;
	struct explain x;
	struct ruleset_matcher *matcher, *order;
	struct source *in;
	struct state *st;
	struct arena scratch, texts;
	struct field_env env;
	struct format *line;
	struct progress progress;
	struct nearest nearest;
	uint64_t n_looked, n_matched, matched[SHOWN_MATCHES], last;
	struct buf out;
};

/* ---- finding the rule ---- */

static void tell_similar(const struct why *w, const char *name)
{
	unsigned told = 0;

	for (size_t i = 0; i < ruleset_count(w->rules) && told < 5; i++) {
		const struct rule *r = ruleset_rule(w->rules, i);
		struct buf safe = {0};

		if (!strcasestr(r->name, name))
			continue;
		quote_terminal_buf(&safe, r->name, strlen(r->name));
		fprintf(stderr, "  %s\n", buf_text(&safe));
		buf_release(&safe);
		told++;
	}
}

/* By its name, or by a part of it that no other has. */
static int find_rule(struct why *w)
{
	const struct rule *found = NULL;
	unsigned n = 0;

	w->rule = ruleset_find(w->rules, w->name);
	for (size_t i = 0; !w->rule && i < ruleset_count(w->rules); i++)
		if (strcasestr(ruleset_rule(w->rules, i)->name, w->name)) {
			found = ruleset_rule(w->rules, i);
			n++;
		}
	if (!w->rule && n == 1)
		w->rule = found;
	if (w->rule)
		return ruleset_explain(w->rules, w->rule, &w->x) ? 0 :
		       err(ERR_RULE, "rule '%s' was not compiled: an unknown source or field",
			   w->rule->name);
	err(ERR_USAGE, n ? "several rules have '%s' in their names:" :
	    "no rule is named '%s'; saker analyze --list-rules shows them", w->name);
	err_print();
	if (n)
		tell_similar(w, w->name);
	return -ERR_USAGE;
}

/* ---- the pass ---- */

static uint64_t away(const struct why *w, uint64_t ts)
{
	return !w->near_text ? 0 : ts > w->near ? ts - w->near : w->near - ts;
}

static bool looks_at(const struct why *w, const struct event *ev)
{
	if (event_is_pseudo(ev))
		return false;
	if (w->event)
		return ev->num == w->event;
	return event_set_has(&w->rule->events, ev->type) &&
	       (!w->near_text || away(w, ev->ts) <= NEAR_NS);
}

static void note(struct why *w, const struct field_ctx *c, struct matcher *m)
{
	const struct why_event e = { .rule = w->rule, .x = &w->x, .m = m, .order = w->order,
		.n_checks = explain_blame(&w->x), .line = w->line, .json = w->json,
		.full = w->full };
	struct nearest_group *g = nearest_note(&w->nearest, &w->x, c->ev->num,
					       away(w, c->ev->ts));

	if (g)
		why_event_put(&e, c, &g->text);
}

static void look(struct why *w, const struct event *ev)
{
	const struct field_ctx c = { ev, w->st, state_current(w->st), &w->scratch, &w->env };
	struct matcher *m;

	arena_reset(&w->scratch);
	m = ruleset_matcher_begin(w->matcher, &c);
	explain_event(&w->x, m);
	w->n_looked++;
	if (explain_holds(&w->x)) {
		if (w->n_matched < SHOWN_MATCHES)
			w->matched[w->n_matched] = ev->num;
		w->n_matched++;
	}
	if (w->event || w->near_text || !explain_holds(&w->x))
		note(w, &c, m);
}

/* 1: what was asked for has been seen. */
static int pass_over(const struct why *w, const struct event *ev)
{
	if (event_is_pseudo(ev))
		return 0;
	if (w->event)
		return ev->num >= w->event;
	return w->near_text && ev->ts > w->near && ev->ts - w->near > 2 * (uint64_t)NEAR_NS;
}

static int run(struct why *w)
{
	struct event ev;
	int e;

	while ((e = source_next(w->in, &ev)) == 0) {
		state_update(w->st, &ev);
		if (ev.num)
			w->last = ev.num;
		if (looks_at(w, &ev))
			look(w, &ev);
		if (pass_over(w, &ev))
			break;
		progress_step(&w->progress, w->in->bytes_done, w->in->info.size, "why");
	}
	progress_end(&w->progress);
	return e < 0 ? e : 0;
}

static void tell_wants(struct why *w)
{
	struct event_set want = *state_events();

	if (w->event)
		event_set_fill(&want);
	else
		event_set_union(&want, &w->rule->events);
	source_want(w->in, &want, explain_needs_bulk(&w->x) || format_needs_bulk(w->line));
}

static int prepare(struct why *w)
{
	run_env(&w->run, &w->env);
	w->rules = run_rules(&w->run);
	if (!w->rules)
		return -ERR_RULE;
	if (find_rule(w) < 0)
		return -ERR_USAGE;
	w->line = why_line(w->json, &w->texts);
	w->in = source_open(w->path);
	if (!w->in || !w->line)
		return -ERR_SYSTEM;
	if (w->near_text && time_point(w->near_text, w->in->info.first_ts, w->in->info.last_ts,
				       w->env.utc_offset, &w->near) < 0)
		return err_at("--near");
	w->st = state_new(NULL);
	w->matcher = ruleset_matcher_new(w->rules);
	w->order = ruleset_matcher_new(w->rules);
	tell_wants(w);
	if (sandbox_enter(SANDBOX_PLAIN) < 0)
		return -ERR_SYSTEM;
	progress_begin(&w->progress, w->quiet || isatty(STDOUT_FILENO));
	return 0;
}

/* ---- what came out ---- */

static void json_head(struct why *w)
{
	buf_str(&w->out, "{\"rule\":\"");
	quote_json(&w->out, w->rule->name, strlen(w->rule->name));
	buf_printf(&w->out, "\",\"enabled\":%s,\"file\":\"", w->rule->enabled ? "true" : "false");
	quote_json(&w->out, w->rule->file, strlen(w->rule->file));
	buf_printf(&w->out, "\",\"line\":%u,\"looked_at\":%" PRIu64 ",\"matched\":%" PRIu64
		   ",\"matched_events\":[", w->rule->line, w->n_looked, w->n_matched);
	for (uint64_t i = 0; i < w->n_matched && i < SHOWN_MATCHES; i++)
		buf_printf(&w->out, "%s%" PRIu64, i ? "," : "", w->matched[i]);
	buf_str(&w->out, "],\"groups\":[");
}

static void plain_head(struct why *w)
{
	buf_str(&w->out, "rule '");
	quote_terminal_buf(&w->out, w->rule->name, strlen(w->rule->name));
	buf_str(&w->out, "' [");
	quote_terminal_buf(&w->out, w->rule->file, strlen(w->rule->file));
	buf_printf(&w->out, ":%u]%s\n", w->rule->line, w->rule->enabled ? "" : ", not enabled");
	if (w->event)
		return;
	buf_printf(&w->out, "%" PRIu64 " events of its types%s, %" PRIu64 " match%s", w->n_looked,
		   w->near_text ? " within a second" : "", w->n_matched,
		   w->n_matched == 1 ? "es" : "");
	for (uint64_t i = 0; i < w->n_matched && i < SHOWN_MATCHES; i++)
		buf_printf(&w->out, "%s%" PRIu64, i ? ", " : ": ", w->matched[i]);
	buf_str(&w->out, w->n_matched > SHOWN_MATCHES ? ", ...\n" : "\n");
}

static void put_group(struct why *w, const struct nearest_group *g, unsigned i)
{
	if (w->json) {
		buf_printf(&w->out, "%s{\"count\":%" PRIu64 ",\"nearest\":", i ? "," : "",
			   g->count);
		buf_put(&w->out, g->text.p, g->text.len);
		buf_byte(&w->out, '}');
		return;
	}
	buf_byte(&w->out, '\n');
	if (g->count > 1)
		buf_printf(&w->out, "%" PRIu64 " events like this; the %s:\n", g->count,
			   w->near_text ? "nearest" : "first");
	buf_put(&w->out, g->text.p, g->text.len);
}

static void show(struct why *w)
{
	const uint64_t most = w->near_text ? 1 : w->best;

	nearest_sort(&w->nearest);
	if (w->json)
		json_head(w);
	else
		plain_head(w);
	for (unsigned i = 0; i < w->nearest.n && i < most; i++)
		put_group(w, &w->nearest.v[i], i);
	if (w->json)
		buf_str(&w->out, "]}\n");
	fwrite(w->out.p, 1, w->out.len, stdout);
}

static int finish(struct why *w, int e)
{
	if (e == 0 && w->event && w->n_looked == 0)
		e = err(ERR_USAGE, "%s has no event %" PRIu64 "; its last is %" PRIu64, w->path,
			w->event, w->last);
	if (e < 0) {
		if (e != -ERR_RULE && *err_text())
			err_print();
		return EXIT_FAILED;
	}
	show(w);
	if (w->in->damage.n_places || w->in->damage.cut) {
		warn("%s: %s", w->path, w->in->damage.first);
		return EXIT_DAMAGED;
	}
	return w->n_matched ? EXIT_DONE : EXIT_FINDINGS;
}

static void release(struct why *w)
{
	nearest_release(&w->nearest);
	ruleset_matcher_free(w->matcher);
	ruleset_matcher_free(w->order);
	explain_release(&w->x);
	ruleset_free(w->rules);
	if (w->st)
		state_free(w->st);
	if (w->in)
		source_close(w->in);
	arena_release(&w->scratch);
	arena_release(&w->texts);
	buf_release(&w->out);
	run_options_release(&w->run);
}

static int option(struct why *w, const struct opt_parse *p, int key)
{
	switch (key) {
	case O_RULES: return run_option(&w->run, p, RO_RULES);
	case O_EVENT: return opt_u64(p, "--event", 1, UINT64_MAX, &w->event);
	case O_NEAR: w->near_text = p->value; return 0;
	case O_BEST: return opt_u64(p, "--best", 1, NEAREST_MAX, &w->best);
	case O_FULL: w->full = true; return 0;
	case O_JSON: w->json = true; return 0;
	case O_STRICT: return run_option(&w->run, p, RO_STRICT);
	case O_QUIET: w->quiet = true; return 0;
	}
	return 0;
}

static int parse_and_tell(struct why *w, int argc, char **argv)
{
	struct opt_parse p;
	int key, e;

	opt_begin(&p, &spec, argc, argv);
	while ((key = opt_next(&p)) >= 0)
		if (option(w, &p, key) < 0)
			return opt_usage_error(&spec, "%s", err_text());
	if (key != OPT_END)
		return opt_status(key);
	if (w->event && w->near_text)
		return opt_usage_error(&spec, "--event or --near, not both");
	if (p.first + 2 != argc)
		return opt_usage_error(&spec, "a rule and a recording are needed");
	w->name = argv[p.first];
	w->path = argv[p.first + 1];
	e = prepare(w);
	if (e == 0)
		e = run(w);
	return finish(w, e);
}

int verb_why(int argc, char **argv)
{
	struct why w = { .best = BEST_DEFAULT };
	int status;

	run_options_init(&w.run);
	w.run.quiet = true;	/* what is wrong with other rules is not asked */
	status = parse_and_tell(&w, argc, argv);
	release(&w);
	return status;
}
