/* SPDX-License-Identifier: Apache-2.0 */
/* One case: which alerts were expected, and what differs.
 *
 * The note of an alert is a byte for each expectation of the case (enum verdict), and for the
 * first ones of each whose fields differ, what they are. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/test/check.h"
#include "capture/base/err.h"
#include "capture/base/quote.h"
#include "capture/trace/source.h"

enum verdict { NOT_MEANT, MEANT, OTHER_EVENT, OTHER_FIELDS };
enum {
	SHOWN = 3,		/* alerts under one failure */
	VALUE_MAX = 400,	/* bytes of a value that is shown */
	LINE_MAX_SHOWN = 240,	/* of an alert: an exec has 4 KB of parameters */
};

const char *const test_status_name[TEST__N] = {
	[TEST_PASSED] = "passed", [TEST_FAILED] = "failed", [TEST_SKIPPED] = "skipped",
	[TEST_TODO] = "todo", [TEST_TODO_PASSED] = "todo passed", [TEST_BROKEN] = "broken",
};

/* ---- while the event is at hand ---- */

static void put_value(const struct test_field *f, const struct field_ctx *c, struct buf *out)
{
	struct buf raw = {0};

	buf_printf(out, "      %s: expected %s", f->name, f->want);
	if (f->value) {
		format_text(f->value, c, &raw);
		buf_str(out, ", is ");
		quote_terminal_buf(out, raw.p, raw.len < VALUE_MAX ? raw.len : VALUE_MAX);
	}
	buf_byte(out, '\n');
	buf_release(&raw);
}

/* The fields that are not as expected, as lines; none: all are. */
static bool look_at_fields(const struct test_expect *e, const struct met *m,
			   const struct field_ctx *c, bool tell, struct buf *out)
{
	bool ok = true;

	for (uint32_t i = 0; i < e->n_fields; i++) {
		if (cond_eval(m->fields[i], c))
			continue;
		ok = false;
		if (!tell)
			break;
		put_value(&e->fields[i], c, out);
	}
	return ok;
}

static enum verdict judge(const struct test_expect *e, const struct rule *r,
			  const struct field_ctx *c, struct met *m, struct buf *out)
{
	if (!is_meant(e, r))
		return NOT_MEANT;
	if (e->event && e->event != c->ev->num)
		return OTHER_EVENT;
	if (e->priority >= 0 && (int)r->priority != e->priority) {
		buf_printf(out, "      priority: expected %s, is %s\n",
			   priority_name[e->priority], priority_name[r->priority]);
		return OTHER_FIELDS;
	}
	if (look_at_fields(e, m, c, !e->no && m->noted < SHOWN, out))
		return MEANT;
	m->noted++;
	return OTHER_FIELDS;
}

/* A byte for each expectation, then for each its length of text and its text. */
static void note(void *arg, const struct rule *r, const struct field_ctx *c, struct buf *out)
{
	struct check *k = arg;
	const size_t at = out->len, n = k->c->n_expect;

	memset(buf_room(out, n), 0, n);
	out->len += n;
	for (size_t i = 0; i < n; i++) {
		const size_t len_at = out->len;
		uint32_t len;

		buf_le32(out, 0);
		out->p[at + i] = (uint8_t)judge(&k->c->expect[i], r, c, &k->met[i], out);
		len = (uint32_t)(out->len - len_at - sizeof(len));
		memcpy(out->p + len_at, &len, sizeof(len));
	}
}

static void on_event(void *arg, struct matcher *m, const struct field_ctx *c)
{
	const struct check *k = arg;

	k->observer->each(k->observed, m, c);
}

static void on_other(void *arg, unsigned type)
{
	const struct check *k = arg;

	k->observer->other(k->observed, type);
}

/* ---- alerts ---- */

static void put_alert(const struct test_alert *a, struct buf *out)
{
	const bool cut = a->len > LINE_MAX_SHOWN;

	buf_printf(out, "    event %" PRIu64 ": ", a->num);
	quote_terminal_buf(out, a->line, cut ? LINE_MAX_SHOWN : a->len);
	buf_str(out, cut ? " ...\n" : "\n");
}

/* The parts of the output that its line lacks, as lines; none: it has all. */
static bool look_at_line(const struct test_expect *e, const struct test_alert *a,
			 struct buf *out)
{
	bool ok = true;

	for (uint32_t i = 0; i < e->n_output; i++)
		if (!memmem(a->line, a->len, e->output[i], strlen(e->output[i]))) {
			buf_str(out, "      output: expected to contain ");
			quote_terminal_buf(out, e->output[i], strlen(e->output[i]));
			buf_byte(out, '\n');
			ok = false;
		}
	return ok;
}

static bool allowed(const struct test_case *c, const struct rule *r)
{
	if (c->rest.how == TEST_ELSE_ANY)
		return true;
	for (uint32_t i = 0; i < c->rest.n; i++)
		if (name_matches(c->rest.rules[i], r->name))
			return true;
	return false;
}

static void note_other(struct check *k, const struct test_alert *a)
{
	struct other *o = k->others;

	while (o < k->others + k->n_others && o->rule != a->rule)
		o++;
	if (o == k->others + CHECK_OTHERS)
		return;
	if (o == k->others + k->n_others)
		k->n_others++;
	o->rule = a->rule;
	o->first = o->n ? o->first : a->num;
	if (o->n++ < SHOWN)
		put_alert(a, &o->lines);
}

static void on_alert(void *arg, const struct test_alert *a)
{
	struct check *k = arg;
	const uint8_t *p = a->note + k->c->n_expect;
	bool expected = false;

	k->n_alerts++;
	for (uint32_t i = 0; i < k->c->n_expect; i++) {
		const struct test_expect *e = &k->c->expect[i];
		struct met *m = &k->met[i];
		enum verdict verdict = a->note[i];
		struct buf lacks = {0};
		uint32_t len;

		memcpy(&len, p, sizeof(len));
		p += sizeof(len);
		if (verdict == MEANT && !look_at_line(e, a, &lacks))
			verdict = OTHER_FIELDS;
		expected |= verdict == MEANT;
		if (verdict == MEANT && m->n == 0) {
			m->first = a->num;
			m->hit = a->rule;
		}
		m->n += verdict == MEANT;
		m->n_other_event += verdict == OTHER_EVENT;
		m->n_other_fields += verdict == OTHER_FIELDS;
		if (e->no ? verdict == MEANT && m->n <= SHOWN :
		    (verdict == MEANT ? e->max != UINT64_MAX && m->n <= SHOWN :
		     verdict != NOT_MEANT && m->n_other_event + m->n_other_fields <= SHOWN)) {
			put_alert(a, &m->lines);
			buf_put(&m->lines, p, len);
			buf_put(&m->lines, lacks.p, lacks.len);
		}
		buf_release(&lacks);
		p += len;
	}
	if (!expected && !allowed(k->c, a->rule))
		note_other(k, a);
}

/* ---- running ---- */

/* The reader has compiled them before; all at once would need much memory. */
static void compile_fields(struct check *k)
{
	for (uint32_t i = 0; i < k->c->n_expect; i++) {
		const struct test_expect *e = &k->c->expect[i];

		k->met[i].fields = xcalloc(e->n_fields + 1, sizeof(struct cond *));
		for (uint32_t f = 0; f < e->n_fields; f++)
			k->met[i].fields[f] = cond_compile(e->fields[f].condition,
							   strlen(e->fields[f].condition),
							   "field");
	}
}

static bool needs_bulk(const struct check *k)
{
	for (uint32_t i = 0; i < k->c->n_expect; i++)
		for (uint32_t f = 0; f < k->c->expect[i].n_fields; f++) {
			const struct test_field *x = &k->c->expect[i].fields[f];

			if (cond_needs_bulk(k->met[i].fields[f]) ||
			    (x->value && format_needs_bulk(x->value)))
				return true;
		}
	return false;
}

static void run(struct test_runner *r, struct check *k, const struct test_set *set,
		struct test_result *out)
{
	struct source *in = test_case_open(k->c);
	const struct test_watch w = { .note = note, .alert = on_alert, .arg = k,
		.each = k->observer ? on_event : NULL,
		.other = k->observer && k->observer->other ? on_other : NULL,
		.bulk = needs_bulk(k) };

	if (!in) {
		check_break_off(out, k->c->recording_node);
		return;
	}
	if (test_runner_events(r, set, in, &w) < 0) {
		check_break_off(out, k->c->recording_node);
	} else if (in->damage.n_places || in->damage.cut) {
		err(ERR_FORMAT, "%s: it is damaged: %s", k->c->recording, in->damage.first);
		check_break_off(out, k->c->recording_node);
	}
	source_close(in);
}

void test_run(struct test_runner *r, const struct test_case *c, const struct test_set *set,
	      const struct test_observer *o, struct test_result *out)
{
	struct check k = { .c = c, .set = set, .observer = o,
		.reasons = test_runner_gives_reasons(r) && !c->todo };

	*out = (struct test_result){0};
	if (c->skip) {
		out->status = TEST_SKIPPED;
		return;
	}
	k.met = xcalloc(c->n_expect + 1, sizeof(*k.met));
	compile_fields(&k);
	if (o)
		k.observed = o->begin(o->arg, c, set);
	run(r, &k, set, out);
	if (out->status != TEST_BROKEN)
		check_compare(&k, out);
	check_settle(c, out);
	if (o)
		o->end(o->arg, k.observed);
	for (uint32_t i = 0; i < c->n_expect; i++) {
		for (uint32_t f = 0; f < c->expect[i].n_fields; f++)
			cond_free(k.met[i].fields[f]);
		free(k.met[i].fields);
		buf_release(&k.met[i].lines);
	}
	for (unsigned i = 0; i < k.n_others; i++)
		buf_release(&k.others[i].lines);
	free(k.met);
}

void test_result_release(struct test_result *r)
{
	free(r->failures);
	arena_release(&r->arena);
}
