/* SPDX-License-Identifier: Apache-2.0 */
/* A match is noted while its event is at hand, since an alert may come later (of something
 * that did not happen): a record takes the place of the alert's line. */
#include "analyze/test/run.h"

#include <stdlib.h>
#include <string.h>

#include "capture/base/err.h"

struct record {
	const struct rule *rule;
	uint64_t num, ts;
	size_t n_note, len;		/* behind it: the note, the line */
};

struct test_runner {
	struct detect detect;
	const struct test_set *set;	/* whose plan it has; NULL: none yet */
	const struct test_watch *watch;
	bool reasons;
};

static void put_record(void *arg, const struct rule *rule, const struct field_ctx *c,
		       const struct alert_several *several, struct buf *text, struct buf *out)
{
	struct test_runner *r = arg;
	struct record rec = { .rule = rule, .num = c->ev->num, .ts = c->ev->ts };
	const size_t at = out->len;

	buf_put(out, &rec, sizeof(rec));
	if (r->watch->note)
		r->watch->note(r->watch->arg, rule, c, out);
	rec.n_note = out->len - at - sizeof(rec);
	alert_print(r->set->printer, rule, c, several, text, out);
	rec.len = out->len - at - sizeof(rec) - rec.n_note;
	memcpy(out->p + at, &rec, sizeof(rec));
}

static int on_alert(void *arg, const struct rule *rule, uint64_t ts, uint64_t num,
		    const char *line, size_t len)
{
	const struct test_runner *r = arg;
	struct record rec;
	struct test_alert a;

	memcpy(&rec, line, sizeof(rec));
	line += sizeof(rec);
	a = (struct test_alert){ .rule = rec.rule, .num = rec.num, .ts = rec.ts,
		.note = (const uint8_t *)line, .n_note = rec.n_note,
		.line = line + rec.n_note, .len = rec.len };
	r->watch->alert(r->watch->arg, &a);
	return 0;
}

static void on_event(void *arg, struct matcher *m, const struct field_ctx *c)
{
	const struct test_runner *r = arg;

	r->watch->each(r->watch->arg, m, c);
}

struct test_runner *test_runner_new(void)
{
	return xcalloc(1, sizeof(struct test_runner));
}

void test_runner_free(struct test_runner *r)
{
	if (r && r->set)
		detect_release(&r->detect);
	free(r);
}

void test_runner_reasons(struct test_runner *r, bool on)
{
	r->reasons = on;
}

bool test_runner_gives_reasons(const struct test_runner *r)
{
	return r->reasons;
}

static void use_set(struct test_runner *r, const struct test_set *set)
{
	if (!r->set) {
		detect_init(&r->detect, &set->plan, on_alert, r);
		r->detect.print = put_record;
	} else if (r->set != set) {
		detect_new_rules(&r->detect, &set->plan);
	}
	r->set = set;
	detect_reset(&r->detect);
	r->detect.env = set->plan.env;
	r->detect.stats = (struct detect_stats){0};
}

int test_runner_events(struct test_runner *r, const struct test_set *set, struct source *in,
		       const struct test_watch *w)
{
	struct event ev;
	int rc;

	use_set(r, set);
	r->watch = w;
	r->detect.each = w->each ? on_event : NULL;
	detect_want(&r->detect, in);
	if (w->bulk && !in->want_bulk) {
		const struct event_set want = in->want;

		source_want(in, &want, true);
	}
	while ((rc = source_next(in, &ev)) == 0) {
		if (w->other && ev.num && !event_set_has(&r->detect.wanted, ev.type))
			w->other(w->arg, ev.type);
		detect_event(&r->detect, &ev);
	}
	if (rc >= 0)
		detect_end(&r->detect, in->info.last_ts);
	return rc < 0 ? rc : 0;
}
