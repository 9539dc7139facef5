/* SPDX-License-Identifier: Apache-2.0 */
/* saker-capture: rings of the kernel half → state → recording.  The state is kept for
 * the key frames and for -f; what the filter drops still goes through it. */
#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "capture/base/err.h"
#include "capture/base/opt.h"
#include "capture/base/progress.h"
#include "capture/base/sandbox.h"
#include "capture/base/timearg.h"
#include "capture/live/command.h"
#include "capture/live/container.h"
#include "capture/live/live.h"
#include "capture/trace/sink.h"
#include "replay/field/field.h"
#include "replay/state/state.h"
#include "rules/lang/cond.h"

/* A key frame costs a few hundred bytes for each thread and descriptor: worth it when
 * the events since the last one are many times that. */
enum {
	KEY_RAW_BYTES = 32 << 20,
	KEY_STATE_SHARE = 16,
};
static const uint64_t key_interval = 30 * NS_PER_S, flush_interval = NS_PER_S;

enum {
	O_OUTPUT, O_FORCE, O_DURATION, O_EVENTS, O_FILTER, O_SNAPLEN, O_SYSCALLS, O_PID,
	O_CONTAINER, O_CGROUP, O_UID, O_COMM, O_LATENCY, O_FAULTS, O_SWITCHES, O_SAMPLE, O_RING,
	O_LEVEL, O_TO, O_EXIT_ONLY, O_QUIET,
};

static const struct opt opts[] = {
	{ O_OUTPUT,    'o', "output",      "FILE",
	  "write the recording to FILE, - for standard output; .scap and .scap.gz too" },
	{ O_FORCE,     0,   "force",       NULL,
	  "overwrite FILE instead of keeping it as FILE.old" },
	{ O_DURATION,  'd', "duration",    "TIME",
	  "end after TIME: seconds, or with a unit (500ms, 2m)" },
	{ O_EVENTS,    'n', "events",      "N",     "end after N events" },
	{ O_FILTER,    'f', "filter",      "COND",
	  "write only events on which the condition holds" },
	{ O_SNAPLEN,   0,   "snaplen",     "BYTES", "keep so much of each payload (80)" },
	{ O_SYSCALLS,  0,   "syscalls",    "LIST",  "record only these system calls" },
	{ O_PID,       'p', "pid",         "PID",   "record this process and its descendants" },
	{ O_CONTAINER, 0,   "container",   "NAME",
	  "record the container with this name or id, or part of the id" },
	{ O_CGROUP,    0,   "cgroup",      "PATH",
	  "record this control group and those below it" },
	{ O_UID,       0,   "uid",         "USER",
	  "record processes of this user, by name or number" },
	{ O_COMM,      0,   "comm",        "NAME",  "record threads of this name" },
	{ O_LATENCY,   0,   "latency",     NULL,
	  "measure how long each system call takes: evt.latency" },
	{ O_FAULTS,    0,   "page-faults", NULL,    "record page faults too" },
	{ O_SWITCHES,  0,   "switches",    NULL,    "record context switches too" },
	{ O_SAMPLE,    0,   "sample",      "TIME",
	  "tell every TIME what threads and processors used (1s; 0: never)" },
	{ O_RING,      0,   "ring",        "SIZE",
	  "memory for events on their way, for each CPU (8M)" },
	{ O_LEVEL,     0,   "level",       "N",     "compression, 1 to 19" },
	{ O_TO,        't', "to",          "FORMAT",
	  "skr, scap or scap.gz; else what FILE's name ends in" },
	{ O_EXIT_ONLY, 0,   "exit-only",   NULL,
	  "a .scap of one event for a call: Falco 0.42 or later, not sysdig 0.29" },
	{ O_QUIET,     'q', "quiet",       NULL,    "no progress and no summary" },
};

static const struct opt_spec spec = {
	"capture", "[options] [-- COMMAND [ARG ...]]",
	"record what this machine does, or a command and all its descendants", OPTS(opts),
	"0 recorded, 2 usage or failure (what was recorded until then is kept)",
};

struct recorder {
	struct live_options live;
	struct writer_options writer;
	const char *path, *filter;
	char default_path[64];
	struct container_place container;
	bool force, quiet;
	uint64_t max_events;

	struct source *src;
	struct sink out;
	enum sink_format format;
	unsigned how;		/* enum scap_write_how */
	struct state *state;
	struct cond *cond;
	struct field_ctx ctx;
	struct field_env env;
	struct arena scratch;
	uint64_t written, started, keyed, flushed, flush_after;
	uint64_t told, told_events;
	bool in_snapshot, after_snapshot;
};

static struct source *to_stop;
static volatile sig_atomic_t signalled;

static void on_signal(int sig)
{
	signalled = sig;
	if (to_stop)
		live_stop(to_stop);
}

/* ---- options ---- */

static int parse_syscalls(struct recorder *r, const char *list)
{
	bool *const set = xcalloc(n_syscalls, sizeof(*set));

	for (const char *p = list; *p;) {
		const size_t n = strcspn(p, ", ");
		const struct syscall_desc *const s = syscall_by_name(p, n);

		if (n && !s)
			return err(ERR_USAGE, "--syscalls: there is no system call %.*s",
				   (int)n, p);
		if (n)
			set[s - syscalls] = true;
		p += n;
		p += strspn(p, ", ");
	}
	r->live.syscalls = set;
	return 0;
}

static int parse_user(struct recorder *r, const char *text)
{
	const struct passwd *const pw = getpwnam(text);
	char *end;

	r->live.by_uid = true;
	r->live.uid = pw ? pw->pw_uid : (uint32_t)strtoul(text, &end, 10);
	if (!pw && (*end || end == text))
		return err(ERR_USAGE, "--uid: there is no user %s", text);
	return 0;
}

static int parse_format(struct recorder *r, const char *text)
{
	const bool gzip = strcmp(text, "scap.gz") == 0;

	if (!gzip && strcmp(text, "scap") != 0 && strcmp(text, "skr") != 0)
		return err(ERR_USAGE, "--to: skr, scap or scap.gz, not %s", text);
	r->format = strcmp(text, "skr") == 0 ? SINK_SKR : SINK_SCAP;
	r->how |= gzip ? SCAP_GZIP : 0;
	return 0;
}

static int parse_one(struct recorder *r, const struct opt_parse *p, int key)
{
	uint64_t u = 0;
	int n = 0;

	switch (key) {
	case O_OUTPUT:
		r->path = p->value;
		break;
	case O_FORCE:
		r->force = true;
		break;
	case O_DURATION:
		n = opt_duration(p, "--duration", &r->live.duration);
		break;
	case O_EVENTS:
		n = opt_u64(p, "--events", 1, UINT64_MAX, &r->max_events);
		break;
	case O_FILTER:
		r->filter = p->value;
		break;
	case O_SNAPLEN:
		n = opt_u64(p, "--snaplen", 0, 65000, &u);
		r->live.snaplen = (uint32_t)u;
		break;
	case O_SYSCALLS:
		return parse_syscalls(r, p->value);
	case O_PID:
		n = opt_u64(p, "--pid", 1, 4 << 20, &u);
		r->live.pid = (uint32_t)u;
		break;
	case O_CONTAINER:
		n = container_find(p->value, &r->container);
		if (r->container.cgroup[0])
			r->live.cgroup = r->container.cgroup;
		else
			r->live.pid = r->container.pid;
		break;
	case O_CGROUP:
		r->live.cgroup = p->value;
		break;
	case O_UID:
		return parse_user(r, p->value);
	case O_COMM:
		r->live.comm = p->value;
		break;
	case O_LATENCY:
		r->live.latency = true;
		break;
	case O_FAULTS:
		r->live.page_faults = true;
		break;
	case O_SWITCHES:
		r->live.switches = true;
		break;
	case O_SAMPLE:
		n = opt_duration(p, "--sample", &r->live.sample);
		break;
	case O_RING:
		n = opt_size(p, "--ring", 256 << 10, 1 << 30, &u);
		r->live.ring_size = (uint32_t)u;
		break;
	case O_LEVEL:
		n = opt_u64(p, "--level", 1, 19, &u);
		r->writer.level = (int)u;
		break;
	case O_TO:
		return parse_format(r, p->value);
	case O_EXIT_ONLY:
		r->how |= SCAP_EXIT_ONLY;
		break;
	case O_QUIET:
		r->quiet = true;
		break;
	}
	return n;
}

static void choose_path(struct recorder *r)
{
	static const char *const ends[] = { ".skr", ".skr", ".scap" };
	const time_t now = time(NULL);
	bool gzip = r->how & SCAP_GZIP;
	struct tm tm;
	size_t n;

	if (!r->path) {
		localtime_r(&now, &tm);
		n = strftime(r->default_path, sizeof(r->default_path), "saker-%Y%m%d-%H%M%S", &tm);
		snprintf(r->default_path + n, sizeof(r->default_path) - n, "%s%s",
			 ends[r->format], gzip ? ".gz" : "");
		r->path = r->default_path;
	}
	/* A name without an end that says something is that of a .skr. */
	if (r->format == SINK_UNKNOWN)
		r->format = sink_format(r->path, &gzip);
	r->how |= gzip ? SCAP_GZIP : 0;
}

/* -1: go on; else what to exit with. */
static int parse(struct recorder *r, int argc, char **argv)
{
	struct opt_parse p;
	int key;

	r->live.snaplen = LIVE_SNAPLEN;
	r->live.sample = LIVE_SAMPLE_NS;
	r->writer.background = true;
	opt_begin(&p, &spec, argc, argv);
	while ((key = opt_next(&p)) >= 0) {
		if (parse_one(r, &p, key) < 0) {
			err_print();
			return EXIT_FAILED;
		}
	}
	if (key != OPT_END)
		return opt_status(key);
	if (p.first < argc)
		r->live.command = argv + p.first;
	if (r->live.command && r->live.pid)
		return opt_usage_error(&spec, "--pid and a command exclude each other");
	choose_path(r);
	if (strcmp(r->path, "-") == 0 && isatty(STDOUT_FILENO))
		return opt_usage_error(&spec, "a recording is not for a terminal: "
				       "redirect standard output");
	return -1;
}

/* ---- recording ---- */

static int emit(const struct event *ev, void *arg)
{
	struct recorder *const r = arg;

	return writer_add(r->out.skr, ev);
}

/* The snapshot at the start is the first key frame. */
static int write_snapshot(struct recorder *r, const struct event *ev)
{
	int n = 0;

	if (!r->in_snapshot && r->out.skr)
		n = writer_key_begin(r->out.skr);
	r->in_snapshot = true;
	if (n == 0)
		n = sink_add(&r->out, ev);
	if (n == 0 && ev->type == EV_SNAP_END) {
		r->after_snapshot = true;
		n = r->out.skr ? writer_key_end(r->out.skr) : 0;
	}
	return n;
}

static int write_key(struct recorder *r, uint64_t ts)
{
	int n = writer_key_begin(r->out.skr);

	if (n == 0)
		n = state_dump(r->state, ts, NULL, emit, r);
	return n < 0 ? n : writer_key_end(r->out.skr);
}

static bool key_is_due(const struct recorder *r, uint64_t now)
{
	const struct writer_stats *const w = r->out.skr ? writer_stats(r->out.skr) : NULL;
	const uint64_t enough = state_stats(r->state)->bytes * KEY_STATE_SHARE;

	if (!w || w->raw_since_key < enough)
		return false;
	return w->raw_since_key > KEY_RAW_BYTES || now - r->keyed > key_interval;
}

static bool wanted(struct recorder *r, const struct event *ev)
{
	const unsigned always = EF_MODIFIES_STATE | EF_CREATES_FD | EF_DESTROYS_FD | EF_PSEUDO;
	const bool sample = ev->type == EV_PROCINFO || ev->type == EV_CPUINFO;

	if (!r->cond || (ev->desc->flags & always && !sample))
		return true;
	arena_reset(&r->scratch);
	r->ctx.ev = ev;
	r->ctx.cur = state_current(r->state);
	return cond_eval(r->cond, &r->ctx);
}

static int add(const struct event *ev, void *arg)
{
	struct recorder *const r = arg;

	return sink_add(&r->out, ev);
}

static int record_event(struct recorder *r, const struct event *ev)
{
	int n;

	state_update(r->state, ev);
	if (!r->after_snapshot && event_is_pseudo(ev) && ev->type != EV_LOSS)
		return write_snapshot(r, ev);
	n = state_names_told(r->state, ev, add, r);
	if (n < 0 || !wanted(r, ev))
		return n;
	n = sink_add(&r->out, ev);
	if (n == 0 && !event_is_pseudo(ev) && ++r->written == r->max_events)
		live_stop(r->src);
	return n;
}

static void tell(struct recorder *r, struct progress *p, uint64_t now)
{
	const struct live_stats *const st = live_stats(r->src);
	const double rate = (double)(st->n_events - r->told_events) * 1e9 / (double)(now - r->told);

	if (now - r->told < NS_PER_S)
		return;
	r->told = now;
	r->told_events = st->n_events;
	progress_text(p, "%" PRIu64 " events, %.0f/s, %.1f MB, %" PRIu64 " lost", st->n_events,
		      rate, (double)sink_stored_bytes(&r->out) / 1e6, st->n_lost);
}

/* What is due now and then: progress, a key frame, the open block to the disk. */
static int housekeeping(struct recorder *r, struct progress *p, uint64_t ts)
{
	const uint64_t now = monotonic_ns();

	tell(r, p, now);
	if (r->after_snapshot && key_is_due(r, now)) {
		r->keyed = now;
		if (write_key(r, ts) < 0)
			return -1;
	}
	if (now - r->flushed > r->flush_after) {
		r->flushed = now;
		if (r->flush_after < flush_interval)
			r->flush_after *= 2;
		return sink_flush(&r->out);
	}
	return 0;
}

enum { HOUSEKEEPING_EVENTS = 4096, NICE = -10 };

static int record(struct recorder *r)
{
	struct event *const ev = xcalloc(1, sizeof(*ev));
	struct progress p;
	uint64_t ts = 0, since = 0;
	int n;

	progress_begin(&p, r->quiet);
	r->started = r->keyed = r->flushed = r->told = monotonic_ns();
	/* Soon at first: a disk that is nearly full has room for a small block. */
	r->flush_after = flush_interval / 16;
	for (;;) {
		n = source_next(r->src, ev);
		if (n < 0 || n == 1)
			break;
		if (n == 0) {
			ts = ev->ts;
			n = record_event(r, ev);
			/* What still waits behind the last one is not wanted. */
			if (n < 0 || (r->max_events && r->written == r->max_events))
				break;
		}
		if (n == LIVE_IDLE || ++since == HOUSEKEEPING_EVENTS) {
			since = 0;
			n = housekeeping(r, &p, ts);
			if (n < 0)
				break;
		}
	}
	progress_end(&p);
	free(ev);
	return n < 0 ? n : 0;
}

/* ---- beginning and end ---- */

static int open_all(struct recorder *r)
{
	if (r->filter) {
		r->cond = cond_compile(r->filter, strlen(r->filter), "filter");
		if (!r->cond)
			return -ERR_USAGE;
	}
	r->state = state_new(NULL);
	state_learn_names(r->state);
	r->src = live_open(&r->live);
	if (!r->src)
		return -ERR_PRIVILEGE;
	to_stop = r->src;
	if (signalled)
		live_stop(r->src);
	r->env = (struct field_env){ .hostname = r->src->info.hostname,
				     .utc_offset = time_utc_offset(), .source = "syscall" };
	r->ctx = (struct field_ctx){ .st = r->state, .scratch = &r->scratch, .env = &r->env };
	/* Where all CPUs are busy the turn of the recorder, and of the thread that compresses,
	 * would come after the rings have filled.  The command has its own priority by now. */
	setpriority(PRIO_PROCESS, 0, NICE);
	if (sink_open(&r->out, r->path, r->force, r->format, &r->src->info, &r->writer,
		      r->how) < 0)
		return -ERR_SYSTEM;
	sandbox_drop_privileges();	/* what it records may take it over */
	return 0;
}

static void print_losses(const struct live_stats *st)
{
	const struct flags_table *const t = &flags_tables[FT_loss_class];

	for (unsigned i = 0; i < t->n && i < sizeof(st->lost) / sizeof(st->lost[0]); i++)
		if (st->lost[i])
			fprintf(stderr, ", %" PRIu64 " %s", st->lost[i], t->flags[i].name);
	if (st->lost[0])
		fputs(" (of PAYLOAD only the bytes)", stderr);
}

static void summary(const struct recorder *r, uint64_t bytes)
{
	const struct live_stats *const st = live_stats(r->src);
	const double s = (double)(monotonic_ns() - r->started) / 1e9;

	fprintf(stderr, "%s: %" PRIu64 " events in %.1f s (%.0f/s), %.1f MB, %.2f bytes each, "
		"%" PRIu64 " lost", r->path, r->written, s, (double)r->written / s,
		(double)bytes / 1e6, r->written ? (double)bytes / (double)r->written : 0.0,
		st->n_lost);
	print_losses(st);
	fputc('\n', stderr);
	if (!st->command_ended)
		return;
	if (WIFSIGNALED(st->command_status))
		fprintf(stderr, "%s ended by signal %d\n", r->live.command[0],
			WTERMSIG(st->command_status));
	else
		fprintf(stderr, "%s exited with status %d\n", r->live.command[0],
			WEXITSTATUS(st->command_status));
}

static int finish(struct recorder *r, int n)
{
	const bool opened = sink_is_open(&r->out);
	uint64_t bytes = 0;

	if (n < 0)
		err_print();
	to_stop = NULL;
	if (opened) {
		if (sink_close(&r->out, &bytes) < 0 && n == 0) {
			err_print();
			n = -ERR_SYSTEM;
		}
	}
	if (r->src && !r->quiet && opened)
		summary(r, bytes);
	if (r->src)
		source_close(r->src);
	state_free(r->state);
	if (r->cond)
		cond_free(r->cond);
	arena_release(&r->scratch);
	free((void *)r->live.syscalls);
	return n < 0 ? EXIT_FAILED : EXIT_DONE;
}

int main(int argc, char **argv)
{
	static struct recorder r;
	const struct sigaction action = { .sa_handler = on_signal };
	struct sigaction was;
	int n;

	err_program("saker");
	if (argc > 1 && strcmp(argv[1], "capture") == 0) {
		argc--;
		argv++;
	}
	n = parse(&r, argc, argv);
	if (n >= 0)
		return n;
	command_keep_signals();
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	/* The terminal has gone; with nohup, that is no reason to end. */
	if (sigaction(SIGHUP, NULL, &was) == 0 && was.sa_handler != SIG_IGN)
		sigaction(SIGHUP, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	n = open_all(&r);
	if (n == 0)
		n = record(&r);
	return finish(&r, n);
}
