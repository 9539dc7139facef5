/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/browse/model/detail.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/browse/model/kept.h"
#include "analyze/browse/model/why.h"
#include "analyze/report/why_event.h"
#include "capture/base/err.h"

/* ---- why ---- */

void why_tree(struct details *d, const struct rule *r, const struct field_ctx *c,
	      struct buf *out)
{
	struct why_event w = { .rule = r, .order = d->order };
	struct arena a = {0};
	struct explain x;

	if (!ruleset_explain(d->job.b->rules, r, &x)) {
		buf_str(out, "this rule was not compiled: an unknown source or field\n");
		return;
	}
	w.x = &x;
	w.m = ruleset_matcher_begin(d->matcher, c);
	explain_event(&x, w.m);
	w.n_checks = explain_blame(&x);
	w.line = why_line(false, &a);
	if (w.line)
		why_event_put(&w, c, out);
	explain_release(&x);
	arena_release(&a);
}

/* ---- the jobs ---- */

/* Goes to an event: it is then at hand.  False: it is not there. */
static bool go(struct job *j, struct seeker *s, uint64_t num)
{
	int rc = seek_part(s, browse_part(s->b, num, 0), 0, NULL, num);

	while (rc == 0 && !job_over(j) && (rc = seek_next(s, num)) == 0)
		if (s->ev.num >= num)
			return s->ev.num == num;
	return false;
}

static void run_detail(struct job *j, struct seeker *s)
{
	struct details *const d = (struct details *)j;
	struct detail *made = NULL;
	uint64_t num;

	browse_lock(s->b);
	num = d->num;
	browse_unlock(s->b);
	if (go(j, s, num))
		made = detail_make(d, s);
	browse_lock(s->b);
	if (job_over(j)) {
		detail_free(made);
	} else {
		detail_free(d->done);
		d->done = made;
		if (!made)
			snprintf(d->failed, sizeof(d->failed), num < kept_num(s->b) ?
				 "event %" PRIu64 " was given up: only the newest are kept" :
				 "there is no event %" PRIu64, num);
	}
	browse_unlock(s->b);
}

static struct details *of_why(struct job *j)
{
	return (struct details *)((char *)j - offsetof(struct details, why_job));
}

static void run_why(struct job *j, struct seeker *s)
{
	struct details *const d = of_why(j);
	const struct rule *r;
	struct buf out = {0};
	uint64_t num;

	browse_lock(s->b);
	num = d->why_num;
	r = d->why_rule;
	browse_unlock(s->b);
	if (go(j, s, num))
		why_tree(d, r, &s->ctx, &out);
	browse_lock(s->b);
	if (!job_over(j)) {
		free(d->why);
		d->why = xstrdup(buf_text(&out));
	}
	browse_unlock(s->b);
	buf_release(&out);
}

static void release_nothing(struct job *j)
{
}

struct details *details_new(struct browse *b)
{
	struct details *d = xcalloc(1, sizeof(*d));

	job_init(&d->job, b, SEEK_DETAIL, run_detail, release_nothing);
	job_init(&d->why_job, b, SEEK_DETAIL, run_why, release_nothing);
	if (b->rules) {
		d->matcher = ruleset_matcher_new(b->rules);
		d->order = ruleset_matcher_new(b->rules);
	}
	return d;
}

void details_free(struct details *d)
{
	if (!d)
		return;
	detail_free(d->done);
	free(d->why);
	ruleset_matcher_free(d->matcher);
	ruleset_matcher_free(d->order);
	buf_release(&d->text);
	buf_release(&d->line);
	free(d);
}

/* ---- asking ---- */

void detail_ask(struct browse *b, uint64_t num)
{
	struct details *const d = b->details;

	browse_lock(b);
	d->num = num;
	d->failed[0] = '\0';
	detail_free(d->done);
	d->done = NULL;
	job_ask(&d->job);
	browse_unlock(b);
}

struct detail *detail_take(struct browse *b, const char **failed)
{
	struct details *const d = b->details;
	struct detail *out;

	browse_lock(b);
	out = d->done;
	d->done = NULL;
	*failed = d->failed[0] ? d->failed : NULL;
	browse_unlock(b);
	return out;
}

void detail_ask_why(struct browse *b, uint64_t num, const struct rule *r)
{
	struct details *const d = b->details;

	if (!b->rules)
		return;
	browse_lock(b);
	d->why_num = num;
	d->why_rule = r;
	free(d->why);
	d->why = NULL;
	job_ask(&d->why_job);
	browse_unlock(b);
}

char *detail_take_why(struct browse *b)
{
	struct details *const d = b->details;
	char *out;

	browse_lock(b);
	out = d->why;
	d->why = NULL;
	browse_unlock(b);
	return out;
}
