/* SPDX-License-Identifier: Apache-2.0 */
/* saker cut: a part of a recording that stands alone.  All events up to the end of the
 * part go through the state, so that its first key frame is exact; those that are wanted go
 * out.  A tree is known by descent from the start of the recording on. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/base/err.h"
#include "capture/base/opt.h"
#include "capture/base/progress.h"
#include "capture/base/sandbox.h"
#include "capture/base/timearg.h"
#include "capture/trace/skr.h"
#include "replay/state/anonymous.h"
#include "replay/verbs/part.h"
#include "replay/verbs/verbs.h"

enum {
	PIDS = 1 << 22,
	DEPTH_MAX = 1024,
	DISORDER_NS = 1000000000,	/* events may stand that much out of order */
};

enum {
	O_FROM, O_TO, O_TREE, O_PID, O_CONTAINER, O_EVENTS, O_ANONYMOUS, O_LEVEL, O_FORCE, O_QUIET
};

static const struct opt opts[] = {
	{ O_FROM, 0, "from", "TIME", "begin here: +2s, 14:03:07, 2026-03-01 14:03:07, @NS" },
	{ O_TO, 0, "to", "TIME", "end here; + counts from the first event" },
	{ O_EVENTS, 'n', "events", "A-B", "only events with numbers A to B" },
	{ O_TREE, 't', "tree", "PID", "only process PID and its descendants" },
	{ O_PID, 'p', "pid", "PID", "only process PID" },
	{ O_CONTAINER, 'c', "container", "ID", "only processes in the container (or its name)" },
	{ O_ANONYMOUS, 0, "anonymous", NULL, "without host name, kernel release, memory size" },
	{ O_LEVEL, 0, "level", "N", "of compression: 1 to 19" },
	{ O_FORCE, 0, "force", NULL, "overwrite OUT instead of keeping it as OUT.old" },
	{ O_QUIET, 'q', "quiet", NULL, "no progress, no summary" },
};

static const struct opt_spec spec = {
	"cut", "[options] IN OUT", "take a part out of a recording", OPTS(opts),
	"0 done; 2 failure; 3 IN was damaged or cut, all good events used.",
};

struct cut {
	const char *in_path, *out_path, *from_text, *to_text, *container;
	uint64_t tree, pid, first, last, level, from, to;
	bool anonymous, force, quiet;
	struct source *in;
	struct writer *out;
	struct part *part;
	uint8_t *member;	/* by pid: 0 not asked yet, 1 no, 2 yes */
	struct progress progress;
};

/* ---- which threads ---- */

enum { UNASKED, NO, YES };

/* By the beginning of its id, or by its name. */
static bool in_container(const struct thread *t, const char *which)
{
	const struct container *c = t->proc->container;

	return c && c->id.len && (!strncmp(c->id.p, which, strlen(which))
				  || !strcmp(c->name.p, which));
}

/* A process belongs if it is the root of the tree or its parent belongs; asked at its
 * first event, when the parent is still known, and remembered. */
static bool in_tree(struct cut *c, const struct state *st, const struct thread *t)
{
	uint32_t pid = t->proc->pid;
	bool yes = pid == c->tree;

	if (pid >= PIDS)
		return false;
	if (c->member[pid] != UNASKED)
		return c->member[pid] == YES;
	for (unsigned depth = 0; !yes && t && depth < DEPTH_MAX; depth++) {
		t = thread_parent(st, t);
		if (!t || t->proc->pid >= PIDS)
			break;
		if (t->proc->pid == c->tree || c->member[t->proc->pid] == YES)
			yes = true;
		else if (c->member[t->proc->pid] == NO)
			break;
	}
	c->member[pid] = yes ? YES : NO;
	return yes;
}

static bool keep(const struct state *st, const struct thread *t, void *arg)
{
	struct cut *c = arg;

	return (!c->tree || in_tree(c, st, t)) && (!c->pid || t->proc->pid == c->pid)
		&& (!c->container || in_container(t, c->container));
}

/* A number may come again for another process: forget it when its process ends, and
 * when a new one begins. */
static void forget_exited(struct cut *c, const struct event *ev)
{
	if (c->tree && ev->type == EV_PROCEXIT && ev->tid < PIDS
	    && (!ev->pid || ev->pid == ev->tid))
		c->member[ev->tid] = UNASKED;
}

/* ---- reading and writing ---- */

static bool wanted(const struct cut *c, const struct event *ev)
{
	if (event_is_pseudo(ev))
		return ev->ts <= c->to;
	return ev->ts >= c->from && ev->ts <= c->to && ev->num >= c->first && ev->num <= c->last;
}

static bool is_over(const struct cut *c, const struct event *ev)
{
	return !event_is_pseudo(ev) && (ev->num > c->last
		|| (ev->ts > c->to && ev->ts - c->to > DISORDER_NS));
}

static int copy(struct cut *c)
{
	static struct event ev;
	int r;

	while ((r = source_next(c->in, &ev)) == 0) {
		if (is_over(c, &ev))
			break;
		r = part_add(c->part, &ev, wanted(c, &ev));
		if (r < 0)
			return r;
		forget_exited(c, &ev);
		progress_step(&c->progress, c->in->bytes_done, c->in->info.size, "cut");
	}
	return r < 0 ? r : part_end(c->part);
}

static int put_note(struct cut *c)
{
	const struct part_range range = part_range(c->part);
	const uint8_t *id = skr_id(c->in);
	char text[256], hex[33] = "?";

	for (unsigned i = 0; id && i < 16; i++)
		snprintf(hex + 2 * i, 3, "%02x", id[i]);
	snprintf(text, sizeof(text), "cut from recording %s: %" PRIu64 " of its events %" PRIu64
		 " to %" PRIu64, hex, range.n, range.first, range.last);
	return part_note(c->part, text);
}

static int set_range(struct cut *c)
{
	if (source_range(c->in, c->from_text, c->to_text, time_utc_offset(), &c->from,
			 &c->to) < 0)
		return -ERR_USAGE;
	if (!c->from || c->tree)
		return 0;
	return source_seek_ts(c->in, c->from < DISORDER_NS ? 0 : c->from - DISORDER_NS);
}

static int open_out(struct cut *c)
{
	const struct writer_options opt = { .level = (int)c->level, .background = true,
		.lean = true };
	struct source_info info = c->in->info;
	char kernel[ANONYMOUS_KERNEL];

	if (c->anonymous)
		anonymous_info(&info, kernel);
	c->out = writer_open(c->out_path, c->force, &info, &opt);
	if (!c->out)
		return -ERR_SYSTEM;
	if (c->tree)
		c->member = xcalloc(PIDS, 1);
	c->part = part_new(c->out, c->tree || c->pid || c->container ? keep : NULL, c,
			   c->anonymous);
	return 0;
}

static int work(struct cut *c)
{
	int r;

	c->in = source_open(c->in_path);
	if (!c->in || set_range(c) < 0 || open_out(c) < 0 || sandbox_enter(SANDBOX_PLAIN) < 0)
		return -ERR_SYSTEM;
	progress_begin(&c->progress, c->quiet);
	r = copy(c);
	progress_end(&c->progress);
	return r < 0 ? r : put_note(c);
}

static int cut(struct cut *c)
{
	int r = work(c), status = EXIT_DONE;

	if (c->out) {
		const struct part_range range = part_range(c->part);
		const int e = writer_close(c->out);

		r = r < 0 ? r : e;
		if (r == 0 && !c->quiet)
			fprintf(stderr, "%" PRIu64 " events written\n", range.n);
	}
	if (r < 0) {
		err_print();
		status = EXIT_FAILED;
	} else if (c->in->damage.n_places) {
		warn("%s: %s", c->in_path, c->in->damage.first);
		status = EXIT_DAMAGED;
	}
	part_free(c->part);
	source_close(c->in);
	free(c->member);
	return status;
}

/* ---- options ---- */

static int set_events(struct cut *c, const char *text)
{
	char *end;

	c->first = strtoull(text, &end, 10);
	if (end == text || *end != '-' || !end[1])
		return err(ERR_USAGE, "--events: '%s' is not of the form 100-200", text);
	c->last = strtoull(end + 1, &end, 10);
	return *end || c->last < c->first
		? err(ERR_USAGE, "--events: '%s' is not of the form 100-200", text) : 0;
}

static int set_option(struct cut *c, const struct opt_parse *p, int key)
{
	switch (key) {
	case O_FROM: c->from_text = p->value; return 0;
	case O_TO: c->to_text = p->value; return 0;
	case O_EVENTS: return set_events(c, p->value);
	case O_TREE: return opt_u64(p, "--tree", 1, PIDS - 1, &c->tree);
	case O_PID: return opt_u64(p, "--pid", 1, PIDS - 1, &c->pid);
	case O_CONTAINER: c->container = p->value; return 0;
	case O_ANONYMOUS: c->anonymous = true; return 0;
	case O_LEVEL: return opt_u64(p, "--level", 1, 19, &c->level);
	case O_FORCE: c->force = true; return 0;
	case O_QUIET: c->quiet = true; return 0;
	}
	return 0;
}

int verb_cut(int argc, char **argv)
{
	struct cut c = { .last = UINT64_MAX };
	struct opt_parse p;
	int key;

	opt_begin(&p, &spec, argc, argv);
	while ((key = opt_next(&p)) >= 0)
		if (set_option(&c, &p, key) < 0)
			return opt_usage_error(&spec, "%s", err_text());
	if (key != OPT_END)
		return opt_status(key);
	if (argc - p.first != 2)
		return opt_usage_error(&spec, "IN and OUT are needed, %d operands were given",
				       argc - p.first);
	c.in_path = argv[p.first];
	c.out_path = argv[p.first + 1];
	return cut(&c);
}
