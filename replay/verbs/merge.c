/* SPDX-License-Identifier: Apache-2.0 */
/* saker merge: recordings of one machine joined by time.  Where a recording begins, its
 * snapshot becomes the state; the earlier ones know nothing of what was between. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/base/err.h"
#include "capture/base/opt.h"
#include "capture/base/progress.h"
#include "capture/base/sandbox.h"
#include "capture/trace/skr.h"
#include "replay/verbs/part.h"
#include "replay/verbs/verbs.h"

enum {
	INPUTS_MAX = 64,
	BOOT_SLACK_NS = 2000000000,	/* the time of boot is computed by each recorder */
};

enum { O_LEVEL, O_FORCE, O_QUIET };

static const struct opt opts[] = {
	{ O_LEVEL, 0, "level", "N", "of compression: 1 to 19" },
	{ O_FORCE, 0, "force", NULL, "overwrite OUT instead of keeping it as OUT.old" },
	{ O_QUIET, 'q', "quiet", NULL, "no progress, no summary" },
};

static const struct opt_spec spec = {
	"merge", "[options] IN IN... OUT", "join recordings of one machine by time", OPTS(opts),
	"0 done; 2 failure; 3 an input was damaged or cut, all good events used.",
};

struct input_state {
	const char *path;
	struct source *in;
	struct event *ev;	/* the next one */
	uint64_t ts;		/* when it is due: a snapshot with the event behind it */
	bool begun, over;
};

struct merge {
	struct input_state input[INPUTS_MAX];
	unsigned n;
	const char *out_path;
	uint64_t level;
	bool force, quiet;
	struct writer *out;
	struct part *part;
	struct progress progress;
	uint64_t done, size;
};

static int fetch(struct merge *m, struct input_state *s)
{
	const uint64_t before = s->in->bytes_done;
	const int r = source_next(s->in, s->ev);

	m->done += s->in->bytes_done - before;
	s->over = r != 0;
	/* Pseudo events stay with what was before them; the first ones go with the start. */
	if (!s->over && !event_is_pseudo(s->ev) && s->ev->ts > s->ts)
		s->ts = s->ev->ts;
	return r < 0 ? err_at("%s", s->path) : 0;
}

static struct input_state *earliest(struct merge *m)
{
	struct input_state *s = NULL;

	for (unsigned i = 0; i < m->n; i++)
		if (!m->input[i].over && (!s || m->input[i].ts < s->ts))
			s = &m->input[i];
	return s;
}

static int begin(struct merge *m, struct input_state *s)
{
	const uint8_t *id = skr_id(s->in);
	char text[128], hex[33] = "?";

	s->begun = true;
	for (unsigned i = 0; id && i < 16; i++)
		snprintf(hex + 2 * i, 3, "%02x", id[i]);
	snprintf(text, sizeof(text), "recording %s begins", hex);
	return part_note(m->part, text);
}

/* The snapshot at the start of an input goes in one piece: others must not mix in. */
static int copy_snapshot(struct merge *m, struct input_state *s)
{
	int r = begin(m, s);

	while (!r && !s->over && event_is_pseudo(s->ev)) {
		const bool end = s->ev->type == EV_SNAP_END;

		r = part_add(m->part, s->ev, true);
		if (!r)
			r = fetch(m, s);
		if (end)
			break;
	}
	return r;
}

static int copy(struct merge *m)
{
	struct input_state *s;
	int r = 0;

	while (!r && (s = earliest(m))) {
		if (!s->begun) {
			r = copy_snapshot(m, s);
			continue;
		}
		r = part_add(m->part, s->ev, true);
		if (!r)
			r = fetch(m, s);
		progress_step(&m->progress, m->done, m->size, "merge");
	}
	return r < 0 ? r : part_end(m->part);
}

static bool same_host(const struct source_info *a, const struct source_info *b)
{
	const uint64_t x = a->boot_ts, y = b->boot_ts;

	return !strcmp(a->hostname, b->hostname) && !strcmp(a->kernel, b->kernel)
		&& (x > y ? x - y : y - x) <= BOOT_SLACK_NS;
}

static int open_inputs(struct merge *m)
{
	for (unsigned i = 0; i < m->n; i++) {
		struct input_state *s = &m->input[i];

		s->in = source_open(s->path);
		if (!s->in)
			return -ERR_SYSTEM;
		if (!same_host(&m->input[0].in->info, &s->in->info))
			return err(ERR_UNSUPPORTED, "%s and %s are not of the same machine since "
				   "the same start: their process numbers would collide",
				   m->input[0].path, s->path);
		if (!s->in->info.first_ts)
			return err(ERR_USAGE, "%s: streams and empty recordings cannot be merged",
				   s->path);
		s->ev = xmalloc(sizeof(*s->ev));
		s->ts = s->in->info.first_ts;
		m->size += s->in->info.size;
	}
	return 0;
}

static int work(struct merge *m)
{
	const struct writer_options opt = { .level = (int)m->level, .background = true };
	int r;

	if (open_inputs(m) < 0)
		return -ERR_SYSTEM;
	m->out = writer_open(m->out_path, m->force, &m->input[0].in->info, &opt);
	if (!m->out || sandbox_enter(SANDBOX_PLAIN) < 0)
		return -ERR_SYSTEM;
	m->part = part_new(m->out, NULL, NULL, false);
	for (unsigned i = 0; i < m->n; i++)
		if (fetch(m, &m->input[i]) < 0)
			return -ERR_SYSTEM;
	progress_begin(&m->progress, m->quiet);
	r = copy(m);
	progress_end(&m->progress);
	return r;
}

static int merge(struct merge *m)
{
	int r = work(m), status = EXIT_DONE;

	if (m->out) {
		const int e = writer_close(m->out);

		r = r < 0 ? r : e;
	}
	if (r < 0) {
		err_print();
		status = EXIT_FAILED;
	} else if (!m->quiet) {
		fprintf(stderr, "%" PRIu64 " events written\n", part_range(m->part).n);
	}
	for (unsigned i = 0; i < m->n; i++) {
		const struct source *in = m->input[i].in;

		if (status != EXIT_FAILED && in->damage.n_places) {
			warn("%s: %s", m->input[i].path, in->damage.first);
			status = EXIT_DAMAGED;
		}
		free(m->input[i].ev);
		source_close(m->input[i].in);
	}
	part_free(m->part);
	return status;
}

int verb_merge(int argc, char **argv)
{
	static struct merge m;
	struct opt_parse p;
	int key;

	opt_begin(&p, &spec, argc, argv);
	while ((key = opt_next(&p)) >= 0) {
		m.force |= key == O_FORCE;
		m.quiet |= key == O_QUIET;
		if (key == O_LEVEL && opt_u64(&p, "--level", 1, 19, &m.level) < 0)
			return opt_usage_error(&spec, "%s", err_text());
	}
	if (key != OPT_END)
		return opt_status(key);
	if (argc - p.first < 3 || argc - p.first > INPUTS_MAX)
		return opt_usage_error(&spec, "2 to %d recordings and OUT are needed",
				       INPUTS_MAX - 1);
	for (int i = p.first; i < argc - 1; i++)
		m.input[m.n++].path = argv[i];
	m.out_path = argv[argc - 1];
	return merge(&m);
}
