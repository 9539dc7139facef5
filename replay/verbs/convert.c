/* SPDX-License-Identifier: Apache-2.0 */
/* saker convert: .scap captures to recordings and back.
 *
 * A recording that is made gets key frames from the state, as the recorder makes them.
 * Where a further section of a capture begins its snapshot is a key frame that does not
 * follow from what was before: state starts anew there for every reader. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/base/buf.h"
#include "capture/base/err.h"
#include "capture/base/mem.h"
#include "capture/base/opt.h"
#include "capture/base/progress.h"
#include "capture/base/sandbox.h"
#include "capture/trace/sink.h"
#include "capture/trace/source.h"
#include "replay/state/state.h"
#include "replay/verbs/verbs.h"

enum { KEY_AFTER = 32 << 20, KEY_RATIO = 16 };

enum { O_TO, O_GZIP, O_EXIT_ONLY, O_LEVEL, O_FORCE, O_VERBOSE, O_QUIET };

static const struct opt opts[] = {
	{ O_TO, 't', "to", "FORMAT", "scap or skr; else what OUT's name ends in" },
	{ O_GZIP, 'z', "gzip", NULL, "compress the .scap" },
	{ O_EXIT_ONLY, 0, "exit-only", NULL,
	  "a .scap of one event for a call: Falco 0.42 or later, not sysdig 0.29" },
	{ O_LEVEL, 0, "level", "N", "of compression of the .skr: 1 to 19" },
	{ O_FORCE, 0, "force", NULL, "overwrite OUT instead of keeping it as OUT.old" },
	{ O_VERBOSE, 'v', "verbose", NULL, "list all that .scap has no place for" },
	{ O_QUIET, 'q', "quiet", NULL, "no progress, no summary" },
};

static const struct opt_spec spec = {
	"convert", "[options] IN OUT", "turn a .scap capture into a recording, or back",
	OPTS(opts),
	"0 done; 2 failure; 3 IN was damaged or cut, all good events converted.",
};

struct convert {
	const char *in_path, *out_path;
	bool to_scap, gzip, exit_only, force, verbose, quiet;
	uint64_t level;
	struct source *in;
	struct sink out;
	struct state *st;
	bool snapshot_done;
	bool in_section;	/* in the snapshot of a further section */
	struct event changed;
	struct progress progress;
};

/* ---- to .skr ---- */

static int add_to_skr(const struct event *ev, void *arg)
{
	struct convert *c = arg;

	return writer_add(c->out.skr, ev);
}

static int key_frame(struct convert *c, uint64_t ts)
{
	const struct writer_stats *s = writer_stats(c->out.skr);
	int r;

	if (s->raw_since_key < KEY_AFTER
	    || s->raw_since_key < KEY_RATIO * state_stats(c->st)->bytes)
		return 0;
	r = writer_key_begin(c->out.skr);
	if (r == 0)
		r = state_dump(c->st, ts, NULL, add_to_skr, c);
	return r < 0 ? r : writer_key_end(c->out.skr);
}

/* What has a name of its own in a .scap but means what an event of the catalogue does is
 * written as that: names are all that a recording knows of types.  If that is a pseudo
 * event (an account that was added) it is written besides. */
static int add_renamed(struct convert *c, const struct event *ev)
{
	const struct event_desc *d = &catalog[ev->type];
	const bool generic = ev->type == EV_GENERIC && ev->nr == UINT16_MAX;
	int r;

	if (ev->type == EV_UNKNOWN || generic || !strcmp(ev->desc->name, d->name))
		return writer_add(c->out.skr, ev);
	c->changed = *ev;
	c->changed.desc = d;
	if (!(d->flags & EF_PSEUDO))
		return writer_add(c->out.skr, &c->changed);
	c->changed.num = 0;
	r = writer_add(c->out.skr, &c->changed);
	return r < 0 ? r : writer_add(c->out.skr, ev);
}

static int add_skr(struct convert *c, const struct event *ev)
{
	int r;

	state_update(c->st, ev);
	r = state_names_told(c->st, ev, add_to_skr, c);
	if (r < 0)
		return r;
	r = add_renamed(c, ev);
	return r < 0 || !c->snapshot_done || c->in_section ? r : key_frame(c, ev->ts);
}

/* ---- both ---- */

static int add(struct convert *c, const struct event *ev)
{
	const bool further = ev->type == EV_SNAP_MACHINE && c->snapshot_done;
	int r;

	if (c->to_scap)
		return scap_add(c->out.scap, ev);
	if (further) {
		c->in_section = true;
		r = writer_key_begin(c->out.skr);
		if (r < 0)
			return r;
		writer_key_fresh(c->out.skr);
	}
	r = add_skr(c, ev);
	if (r < 0 || ev->type != EV_SNAP_END)
		return r;
	c->snapshot_done = true;
	r = c->in_section ? writer_key_end(c->out.skr) : 0;
	c->in_section = false;
	return r;
}

static int open_output(struct convert *c)
{
	const struct writer_options options = {
		.level = (int)c->level, .background = true,
	};

	return sink_open(&c->out, c->out_path, c->force, c->to_scap ? SINK_SCAP : SINK_SKR,
			 &c->in->info, &options, (c->gzip ? SCAP_GZIP : 0)
			 | (c->exit_only ? SCAP_EXIT_ONLY : 0));
}

static int run(struct convert *c)
{
	static struct event ev;
	int r;

	if (sandbox_enter(SANDBOX_PLAIN) < 0)
		return -ERR_SYSTEM;
	progress_begin(&c->progress, c->quiet);
	while ((r = source_next(c->in, &ev)) == 0) {
		r = add(c, &ev);
		if (r < 0)
			break;
		if (c->in->info.size)
			progress_step(&c->progress, c->in->bytes_done, c->in->info.size,
				      "converting");
	}
	progress_end(&c->progress);
	return r < 0 ? r : 0;
}

/* What was left out of one kind, most of it first. */
struct left {
	struct left_row {
		const char *event, *param;
		uint64_t n;
	} *rows;
	size_t n, cap;
	uint64_t total;
};

static void add_left(enum scap_left_kind kind, const char *event, const char *param,
		     uint64_t n, void *arg)
{
	struct left *l = (struct left *)arg + kind;

	l->rows = mem_grow(l->rows, &l->cap, l->n + 1, sizeof(*l->rows));
	l->rows[l->n++] = (struct left_row){ event, param, n };
	l->total += n;
}

static int by_number(const void *a, const void *b)
{
	const struct left_row *x = a, *y = b;

	return x->n != y->n ? (x->n < y->n ? 1 : -1) : x < y ? -1 : x > y;
}

static void tell_left(struct left *l, const char *what, bool all)
{
	struct buf b = {0};
	const size_t most = all ? SIZE_MAX : 4;

	if (!l->n)
		return;
	qsort(l->rows, l->n, sizeof(*l->rows), by_number);
	for (size_t i = 0; i < l->n && i < most; i++)
		buf_printf(&b, "%s%s%s%s %" PRIu64, i ? ", " : "", l->rows[i].event,
			   l->rows[i].param ? "." : "",
			   l->rows[i].param ? l->rows[i].param : "", l->rows[i].n);
	if (l->n > most)
		buf_str(&b, ", ...");
	warn("left out: %" PRIu64 " %s that .scap has no place for (%s)", l->total, what,
	     buf_text(&b));
	buf_release(&b);
	free(l->rows);
}

static void tell(const struct convert *c)
{
	static const char *const what[] = { "events", "values", "numbers with flags" };
	const struct scap_write_stats *s = c->out.scap ? scap_write_stats(c->out.scap) : NULL;
	struct left left[3] = {0};

	if (!s)
		return;
	scap_write_left(c->out.scap, add_left, left);
	for (unsigned i = 0; i < 3; i++)
		tell_left(&left[i], what[i], c->verbose);
	if (s->n_notes)
		warn("%" PRIu64 " losses, notes and alerts became notification events",
		     s->n_notes);
	if (s->n_cut)
		warn("%" PRIu64 " events cut to 64 KiB", s->n_cut);
}

/* 0, or the exit status of a wrong command line. */
static int choose_format(struct convert *c, const char *to)
{
	enum sink_format format = SINK_UNKNOWN;

	if (!to)
		format = sink_format(c->out_path, &c->gzip);
	else if (!strcmp(to, "scap") || !strcmp(to, "skr"))
		format = !strcmp(to, "scap") ? SINK_SCAP : SINK_SKR;
	if (format == SINK_UNKNOWN)
		return opt_usage_error(&spec, "say --to scap or --to skr");
	c->to_scap = format == SINK_SCAP;
	return 0;
}

static int damage_status(const struct convert *c)
{
	const struct source_damage *d = &c->in->damage;

	if (!d->n_places && !d->cut)
		return EXIT_DONE;
	warn("%s: %s", c->in_path, d->first);
	return EXIT_DAMAGED;
}

static int convert(struct convert *c)
{
	int status;

	c->in = source_open(c->in_path);
	if (!c->in)
		goto failed;
	if (open_output(c) < 0)
		goto failed;
	c->st = state_new(NULL);
	status = run(c) < 0 ? EXIT_FAILED : EXIT_DONE;
	if (status == EXIT_FAILED)
		err_print();
	if (!c->quiet)
		tell(c);
	if (sink_close(&c->out, NULL) < 0) {
		err_print();
		status = EXIT_FAILED;
	}
	if (status == EXIT_DONE)
		status = damage_status(c);
	state_free(c->st);
	source_close(c->in);
	return status;
failed:
	err_print();
	source_close(c->in);
	return EXIT_FAILED;
}

int verb_convert(int argc, char **argv)
{
	static struct convert c;
	const char *to = NULL;
	struct opt_parse p;
	int key;

	opt_begin(&p, &spec, argc, argv);
	while ((key = opt_next(&p)) >= 0)
		switch (key) {
		case O_TO:
			to = p.value;
			break;
		case O_GZIP:
			c.gzip = true;
			break;
		case O_EXIT_ONLY:
			c.exit_only = true;
			break;
		case O_LEVEL:
			if (opt_u64(&p, "level", 1, 19, &c.level) < 0) {
				err_print();
				return EXIT_FAILED;
			}
			break;
		case O_FORCE:
			c.force = true;
			break;
		case O_VERBOSE:
			c.verbose = true;
			break;
		case O_QUIET:
			c.quiet = true;
			break;
		}
	if (key != OPT_END)
		return opt_status(key);
	if (argc - p.first != 2)
		return opt_usage_error(&spec, "give one input and one output");
	c.in_path = argv[p.first];
	c.out_path = argv[p.first + 1];
	key = choose_format(&c, to);
	return key ? key : convert(&c);
}
