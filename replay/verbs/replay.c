/* SPDX-License-Identifier: Apache-2.0 */
/* saker replay: one line for each event.
 *
 * The loop is: source → state → filter → line.  What nobody looks at is never decoded: the
 * source is told which events the filter, the state and the lines need.  Lines gather in a
 * buffer that is written when it is large, or when the reader might wait. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "capture/base/err.h"
#include "capture/base/opt.h"
#include "capture/base/progress.h"
#include "capture/base/sandbox.h"
#include "capture/base/strict.h"
#include "capture/base/timearg.h"
#include "capture/trace/source.h"
#include "replay/verbs/line.h"
#include "replay/verbs/verbs.h"
#include "rules/lang/cond.h"

enum {
	WRITE_AT = 256 * 1024,
	/* Events may stand a little out of order; a range is searched this much wider. */
	DISORDER_NS = 1000000000,
};

enum {
	O_FILTER, O_PRINT, O_JSON, O_FROM, O_TO, O_COUNT, O_ALL, O_SPEED, O_COLOR, O_STRICT,
	O_QUIET,
};

static const struct opt opts[] = {
	{ O_FILTER, 'f', "filter", "CONDITION", "only events on which the condition holds" },
	{ O_PRINT, 'p', "print", "FORMAT", "what a line has: text with %field" },
	{ O_JSON, 'j', "json", NULL, "a JSON object for each event" },
	{ O_FROM, 0, "from", "TIME", "begin here: +2s, 14:03:07, 2026-03-01 14:03:07, @NS" },
	{ O_TO, 0, "to", "TIME", "end here; + counts from the first event" },
	{ O_COUNT, 'n', "count", "N", "stop after N lines" },
	{ O_ALL, 'a', "all", NULL, "also the snapshot, losses and notes" },
	{ O_SPEED, 0, "speed", "X", "at the pace of the recording, X times as fast" },
	{ O_COLOR, 0, "color", "WHEN", "auto, always or never" },
	{ O_STRICT, 0, "strict-falco", NULL,
	  "do as Falco and sysdig do also where that is surely a mistake" },
	{ O_QUIET, 'q', "quiet", NULL, "no progress, no remarks on losses" },
};

/* As people who come from sysdig try it. */
static const struct opt_hint hints[] = {
	{ 'r', "the recording is named without one" },
	{ 'w', "saker convert and saker cut write recordings" },
	{ 'c', "there are no chisels" },
	{ 't', "-p has %evt.time, %evt.rawtime, %evt.reltime and %evt.deltatime" },
	{ 's', "what was recorded is printed" },
	{ 'S', "saker info counts events" },
	{ 'l', "saker analyze --list-fields does it" },
	{ 'L', "saker analyze --list-events does it" },
	{ 'A', "%evt.buffer has what was read and written" },
	{0},
};

static const struct opt_spec spec = {
	"replay", "[options] FILE", "print the events of a recording", OPTS(opts),
	"0 done; 2 failure; 3 the recording was damaged or cut, all good events printed.",
	hints,
};

struct losses {
	uint64_t count, from, to;
};

struct replay {
	const char *path, *filter_text, *print_text, *from_text, *to_text;
	bool json, all, quiet, color;
	double speed;
	uint64_t limit, from, to;
	struct source *in;
	struct state *st;
	struct cond *filter;
	struct line line;
	struct arena run, scratch;
	struct field_env env;
	struct losses lost;
	struct progress progress;
	uint64_t n_lines, paced_ts, paced_at;
};

/* ---- output ---- */

/* 1: nobody reads any more. */
static int flush(struct replay *r)
{
	size_t done = 0;

	while (done < r->line.out.len) {
		const ssize_t n = write(STDOUT_FILENO, r->line.out.p + done,
					r->line.out.len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EPIPE ? 1 : err_sys("standard output");
		done += (size_t)n;
	}
	buf_reset(&r->line.out);
	return 0;
}

static int put_line(struct replay *r, const struct field_ctx *c)
{
	if (!line_put(&r->line, c))
		return 0;
	r->n_lines++;
	return r->line.out.len >= WRITE_AT || r->speed > 0 ? flush(r) : 0;
}

/* ---- the loop ---- */

static void note_loss(struct replay *r, const struct event *ev)
{
	const uint64_t from = value_u64(EV(ev, LOSS, from), ev->ts);
	const uint64_t to = value_u64(EV(ev, LOSS, to), ev->ts);

	if (!r->lost.count || from < r->lost.from)
		r->lost.from = from;
	if (to > r->lost.to)
		r->lost.to = to;
	r->lost.count += value_u64(EV(ev, LOSS, count), 0);
}

/* Sleeps until as much time has passed as between the two events, divided by the speed. */
static void keep_pace(struct replay *r, uint64_t ts)
{
	const uint64_t now = monotonic_ns();
	uint64_t wait;

	if (!r->paced_ts || ts < r->paced_ts) {
		r->paced_ts = ts;
		r->paced_at = now;
		return;
	}
	wait = (uint64_t)((double)(ts - r->paced_ts) / r->speed);
	if (r->paced_at + wait > now) {
		const uint64_t ns = r->paced_at + wait - now;
		const struct timespec t = { (time_t)(ns / NS_PER_S), (long)(ns % NS_PER_S) };

		nanosleep(&t, NULL);
	}
}

static bool shown(struct replay *r, const struct field_ctx *c)
{
	if (event_is_pseudo(c->ev))
		return r->all && (!r->filter || cond_eval(r->filter, c));
	return c->ev->ts >= r->from && c->ev->ts <= r->to
		&& (!r->filter || cond_eval(r->filter, c));
}

/* 0: go on, 1: enough, negative: failure. */
static int replay_event(struct replay *r, const struct event *ev)
{
	const struct field_ctx c = { ev, r->st, state_current(r->st), &r->scratch, &r->env };

	if (ev->type == EV_LOSS)
		note_loss(r, ev);
	state_update(r->st, ev);
	arena_reset(&r->scratch);
	if (!shown(r, &c))
		return 0;
	if (r->speed > 0)
		keep_pace(r, ev->ts);
	if (put_line(r, &c))
		return 1;
	return r->limit && r->n_lines >= r->limit;
}

static uint64_t later(uint64_t ts)
{
	return ts > UINT64_MAX - DISORDER_NS ? UINT64_MAX : ts + DISORDER_NS;
}

static int run(struct replay *r)
{
	struct event ev;
	int e;

	while ((e = source_next(r->in, &ev)) == 0) {
		if (!event_is_pseudo(&ev) && ev.ts > later(r->to))
			break;
		e = replay_event(r, &ev);
		if (e)
			break;
		progress_step(&r->progress, r->in->bytes_done, r->in->info.size, "replay");
	}
	progress_end(&r->progress);
	return e < 0 ? e : flush(r) < 0 ? -ERR_SYSTEM : 0;
}

/* ---- preparation ---- */

static int compile(struct replay *r)
{
	if (r->filter_text) {
		r->filter = cond_compile(r->filter_text, strlen(r->filter_text), "filter");
		if (!r->filter)
			return -ERR_USAGE;
	}
	r->line.color = r->color;
	r->line.utc_offset = r->env.utc_offset;
	return line_init(&r->line, r->print_text, r->json, &r->run);
}

static void tell_wants(const struct replay *r)
{
	struct event_set want = *state_events();
	bool bulk = r->line.format ? format_needs_bulk(r->line.format) : true;

	if (r->filter) {
		event_set_union(&want, cond_events(r->filter));
		bulk = bulk || cond_needs_bulk(r->filter);
	} else {
		event_set_fill(&want);
	}
	source_want(r->in, &want, bulk);
}

static int set_range(struct replay *r)
{
	const struct source_info *i = &r->in->info;

	if (source_range(r->in, r->from_text, r->to_text, r->env.utc_offset, &r->from,
			 &r->to) < 0)
		return -ERR_USAGE;
	if (!r->from_text)
		return 0;
	state_begin(r->st, i->first_ts);
	return source_seek_ts(r->in, r->from < DISORDER_NS ? 0 : r->from - DISORDER_NS);
}

static int prepare(struct replay *r)
{
	const char *host = getenv("FALCO_HOSTNAME");

	r->env = (struct field_env){ .utc_offset = time_utc_offset(), .source = "syscall",
				     .hostname = host ? host : "" };
	if (compile(r) < 0)
		return -ERR_USAGE;
	r->in = source_open(r->path);
	if (!r->in)
		return -ERR_SYSTEM;
	if (!host)
		r->env.hostname = r->in->info.hostname;
	r->st = state_new(NULL);
	tell_wants(r);
	if (sandbox_enter(SANDBOX_PLAIN) < 0 || set_range(r) < 0)
		return -ERR_SYSTEM;
	progress_begin(&r->progress, r->quiet || isatty(STDOUT_FILENO));
	return 0;
}

/* ---- the end ---- */

static void tell_losses(const struct replay *r)
{
	char from[TIME_TEXT_MAX], to[TIME_TEXT_MAX];

	if (!r->lost.count || r->quiet)
		return;
	time_of_day(from, r->lost.from, r->env.utc_offset);
	time_of_day(to, r->lost.to, r->env.utc_offset);
	warn("%s: the recorder lost %" PRIu64 " events between %s and %s; --all shows where",
	     r->path, r->lost.count, from, to);
}

static int finish(struct replay *r, int e)
{
	int status = e < 0 ? EXIT_FAILED : EXIT_DONE;

	if (e < 0)
		err_print();
	else
		tell_losses(r);
	if (e == 0 && r->in && (r->in->damage.n_places || r->in->damage.cut)) {
		warn("%s: %s", r->path, r->in->damage.first);
		status = EXIT_DAMAGED;
	}
	cond_free(r->filter);
	if (r->st)
		state_free(r->st);
	if (r->in)
		source_close(r->in);
	arena_release(&r->run);
	arena_release(&r->scratch);
	line_release(&r->line);
	return status;
}

static int set_color(struct replay *r, const char *when)
{
	const char *no = getenv("NO_COLOR");

	if (strcmp(when, "always") != 0 && strcmp(when, "never") != 0 && strcmp(when, "auto") != 0)
		return err(ERR_USAGE, "--color: '%s' is not auto, always or never", when);
	r->color = strcmp(when, "always") == 0
		|| (strcmp(when, "auto") == 0 && isatty(STDOUT_FILENO) && !(no && *no));
	return 0;
}

static int set_speed(struct replay *r, const char *text)
{
	char *end;

	r->speed = strtod(text, &end);
	if (*end == 'x')
		end++;
	if (end == text || *end || !(r->speed >= 1e-6 && r->speed <= 1e9))
		return err(ERR_USAGE, "--speed: '%s' is not a factor such as 1 or 10", text);
	return 0;
}

static int take_option(struct replay *r, int key, const struct opt_parse *p)
{
	switch (key) {
	case O_FILTER: r->filter_text = p->value; return 0;
	case O_PRINT: r->print_text = p->value; return 0;
	case O_JSON: r->json = true; return 0;
	case O_FROM: r->from_text = p->value; return 0;
	case O_TO: r->to_text = p->value; return 0;
	case O_ALL: r->all = true; return 0;
	case O_STRICT: strict_falco = true; return 0;
	case O_QUIET: r->quiet = true; return 0;
	case O_COUNT: return opt_u64(p, "--count", 1, UINT64_MAX, &r->limit);
	case O_SPEED: return set_speed(r, p->value);
	case O_COLOR: return set_color(r, p->value);
	}
	return 0;
}

int verb_replay(int argc, char **argv)
{
	struct replay r = {0};
	struct opt_parse p;
	int key, e;

	set_color(&r, "auto");
	opt_begin(&p, &spec, argc, argv);
	while ((key = opt_next(&p)) >= 0)
		if (take_option(&r, key, &p) < 0)
			return opt_usage_error(&spec, "%s", err_text());
	if (key != OPT_END)
		return opt_status(key);
	if (p.first + 1 < argc && access(argv[p.first + 1], F_OK) != 0)
		return opt_usage_error(&spec, "'%s' is no recording; a condition stands behind -f:"
				       " -f '%s'", argv[p.first + 1], argv[p.first + 1]);
	if (p.first + 1 != argc)
		return opt_usage_error(&spec, "one recording is needed, %d were given",
				       argc - p.first);
	r.path = argv[p.first];
	signal(SIGPIPE, SIG_IGN);
	e = prepare(&r);
	if (e == 0)
		e = run(&r);
	return finish(&r, e);
}
