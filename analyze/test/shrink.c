/* SPDX-License-Identifier: Apache-2.0 */
/* Four ways to begin, each with more than the one before: the state of the processes that the
 * alerts' events speak of; the same with whatever may have changed between; of the whole machine,
 * with all that correlations saw; and all events from the first to the last that matters.  The
 * first that gives the same alerts is made smaller. */
#include "analyze/test/shrink.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "analyze/test/lean.h"
#include "analyze/test/reduce.h"
#include "capture/base/err.h"
#include "capture/trace/skr.h"
#include "replay/state/anonymous.h"

enum { WAYS = 4, DISORDER_NS = 1000000000, NOTE_NUMBERS = 24 };

/* The first slice that gives the alerts. */
static int begin(struct oracle *o, struct slice *s, struct source *in)
{
	for (unsigned way = 0; way < WAYS; way++) {
		struct slice_wish wish = { .exact = way > 0, .whole_state = way > 1,
			.all_events = way > 2 };
		uint64_t first_ts, *nums = oracle_events(o, way > 1, &wish.n, &first_ts);
		int r;

		wish.nums = nums;
		r = source_seek_ts(in, first_ts < DISORDER_NS ? 0 : first_ts - DISORDER_NS);
		if (r >= 0)
			r = slice_take(s, in, &wish);
		free(nums);
		if (r < 0)
			return r;
		if (oracle_same(o, s))
			return 0;
	}
	return err(ERR_UNSUPPORTED, "the alerts depend on more of the recording than is "
		   "understood; saker cut takes a part of it");
}

static void count(const struct slice *s, struct shrink_result *result)
{
	for (size_t i = 0; i < s->n; i++) {
		result->kept_events += s->v[i].in && s->v[i].num;
		result->kept_rows += s->v[i].in && !s->v[i].num;
	}
}

static void make_note(const struct shrink_job *job, const struct slice *s,
		      const struct shrink_result *result, struct buf *out)
{
	const uint8_t *id = skr_id(job->in);
	unsigned n = 0;

	buf_str(out, "shrunk from ");
	buf_str(out, id ? "recording " : "a capture");
	for (unsigned i = 0; id && i < 16; i++)
		buf_printf(out, "%02x", id[i]);
	buf_printf(out, " of %" PRIu64 " events:", result->n_events);
	for (size_t i = 0; i < s->n && n < NOTE_NUMBERS; i++)
		if (s->v[i].in && s->v[i].num)
			buf_printf(out, "%s %" PRIu64, n++ ? "," : "", s->v[i].num);
	if (result->kept_events > n)
		buf_printf(out, " and %" PRIu64 " more", result->kept_events - n);
}

static int write_out(const struct shrink_job *job, const struct slice *s,
		     struct shrink_result *result)
{
	struct source_info info = job->in->info;
	char kernel[ANONYMOUS_KERNEL];
	struct buf note = {0};
	int r;

	if (!result->named)
		anonymous_info(&info, kernel);
	make_note(job, s, result, &note);
	r = lean_write(s, job->out, &info, buf_text(&note), &result->bytes);
	buf_release(&note);
	return r;
}

/* What was written, as everybody else will read it. */
static int check(const struct shrink_job *job, struct oracle *o, const struct slice *s)
{
	struct source *in = source_open_fd(job->out, "the small recording");
	bool same;

	if (!in)
		return -ERR_FORMAT;
	same = oracle_same_file(o, s, in) && in->damage.n_places == 0;
	source_close(in);
	return same ? 0 : err(ERR_FORMAT, "the small recording does not give the same alerts "
			      "when it is read; please report it");
}

static int make_small(const struct shrink_job *job, struct oracle *o, struct slice *s,
		      struct shrink_result *result)
{
	struct reduce_result reduced;
	int r = begin(o, s, job->in);

	if (r < 0)
		return r;
	reduced = reduce(o, s, job->named);
	result->gave_up = reduced.gave_up;
	result->named = reduced.named;
	result->questions = reduced.questions;
	count(s, result);
	r = write_out(job, s, result);
	return r < 0 ? r : check(job, o, s);
}

int shrink(const struct shrink_job *job, struct shrink_result *result)
{
	struct slice s = {0};
	struct oracle o;
	int r;

	*result = (struct shrink_result){0};
	oracle_init(&o, job->plan, &job->keep);
	detect_want(&o.detect, job->in);
	r = oracle_learn(&o, job->in);
	result->n_events = o.last_num;
	result->n_alerts = o.n_kept;
	if (r == 0 && o.n_kept > 0)
		r = make_small(job, &o, &s, result);
	slice_release(&s);
	oracle_release(&o);
	return r;
}
