/* SPDX-License-Identifier: Apache-2.0 */
/* A second pass over the events, since most tests pass and need none. */
#include "analyze/test/reason.h"

#include <inttypes.h>
#include <string.h>

#include "analyze/report/nearest.h"
#include "analyze/report/why_event.h"
#include "capture/base/timearg.h"
#include "capture/trace/source.h"
#include "rules/lang/events.h"
#include "rules/set/correlate.h"

enum { LINES_MAX = 60, TYPES_SHOWN = 8, FIELDS_MAX = 64 };

struct reason {
	const struct test_set *set;
	const struct rule *rule;
	uint64_t event;
	bool more;			/* only events on which it does not hold */
	struct explain x;
	struct ruleset_matcher *matcher, *order;
	struct state *st;
	struct arena scratch, texts;
	struct field_env env;
	struct format *line;
	struct nearest nearest;
	uint64_t n_looked, n_matched;
	struct event_set seen;
	struct cond *fields[FIELDS_MAX];	/* what the author said of the event */
	uint32_t n_fields;
};

static void read_fields(struct reason *r, const struct test_expect *e)
{
	for (uint32_t i = 0; e && i < e->n_fields && r->n_fields < FIELDS_MAX; i++) {
		const char *text = e->fields[i].condition;
		struct cond *c = cond_compile(text, strlen(text), "field");

		if (c)
			r->fields[r->n_fields++] = c;
	}
}

/* How many fields are not as described. */
static uint64_t n_otherwise(const struct reason *r, const struct field_ctx *c)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < r->n_fields; i++)
		n += !cond_eval(r->fields[i], c);
	return n;
}

static void look(struct reason *r, const struct event *ev)
{
	const struct field_ctx c = { ev, r->st, state_current(r->st), &r->scratch, &r->env };
	struct why_event w = { .rule = r->rule, .x = &r->x, .order = r->order, .line = r->line };
	struct nearest_group *g;

	arena_reset(&r->scratch);
	w.m = ruleset_matcher_begin(r->matcher, &c);
	explain_event(&r->x, w.m);
	if (r->more && explain_holds(&r->x))
		return;
	r->n_looked++;
	r->n_matched += explain_holds(&r->x);
	w.n_checks = explain_blame(&r->x);
	g = nearest_note(&r->nearest, &r->x, ev->num, n_otherwise(r, &c));
	if (g)
		why_event_put(&w, &c, &g->text);
}

static bool looks_at(const struct reason *r, const struct event *ev)
{
	if (ev->num == 0)
		return false;
	return r->event ? ev->num == r->event : event_set_has(&r->rule->events, ev->type);
}

static void pass(struct reason *r, struct source *in)
{
	struct event ev;

	while (source_next(in, &ev) == 0) {
		state_update(r->st, &ev);
		if (ev.num)
			event_set_add(&r->seen, ev.type);
		if (looks_at(r, &ev))
			look(r, &ev);
		if (r->event && ev.num >= r->event)
			break;
	}
}

static void put_types(struct buf *out, const struct event_set *set)
{
	unsigned n = 0;

	for (unsigned t = 1; t < EV__N; t++)
		if (event_set_has(set, t) && catalog[t].name && n++ < TYPES_SHOWN)
			buf_printf(out, "%s%s", n > 1 ? ", " : "", catalog[t].name);
	if (n > TYPES_SHOWN)
		buf_printf(out, ", ... %u more", n - TYPES_SHOWN);
	buf_str(out, n == 0 ? "none" : "");
}

static void put_indented(struct buf *out, const struct buf *text)
{
	unsigned lines = 0;

	for (size_t at = 0, end; at < text->len && lines < LINES_MAX; at = end + 1, lines++) {
		const uint8_t *nl = memchr(text->p + at, '\n', text->len - at);

		end = nl ? (size_t)(nl - text->p) : text->len;
		buf_str(out, "      ");
		buf_put(out, text->p + at, end - at);
		buf_byte(out, '\n');
		if (lines + 1 == LINES_MAX && end + 1 < text->len)
			buf_str(out, "      ...\n");
	}
}

static const struct correlation *correlation_of(const struct reason *r)
{
	size_t n;
	const struct correlation *c = ruleset_correlations(r->set->rules, &n);

	for (size_t i = 0; i < n; i++)
		if (c[i].rule == r->rule)
			return &c[i];
	return NULL;
}

/* A rule over several events may have all of them, and still wait. */
static void put_several(struct reason *r, struct buf *out)
{
	const struct correlation *c = correlation_of(r);
	char within[TIME_TEXT_MAX];

	if (!c)
		return;
	time_span(within, c->within);
	buf_printf(out, "    the rule is about several events: %u within %s%s%s%s%s; "
		   "%" PRIu64 " match its condition\n", c->count, within,
		   c->has_distinct ? ", with different values of " : "",
		   c->has_distinct ? c->distinct.text : "", c->n_steps ? ", after other steps" : "",
		   c->has_absence ? ", and something must not follow" : "", r->n_matched);
}

/* The event that the author may have meant; the nearest of those. */
static const struct nearest_group *best(struct nearest *n)
{
	const struct nearest_group *g = &n->v[0];

	nearest_sort(n);
	for (unsigned i = 1; i < n->n; i++)
		if (n->v[i].away < g->away)
			g = &n->v[i];
	return g;
}

static void put(struct reason *r, struct buf *out)
{
	put_several(r, out);
	if (r->nearest.n == 0 && r->more)
		return;
	if (r->nearest.n == 0) {
		buf_str(out, "    no event is of a type that the rule looks at: ");
		put_types(out, &r->rule->events);
		buf_str(out, "\n    types of the events: ");
		put_types(out, &r->seen);
		buf_byte(out, '\n');
		return;
	}
	if (!r->event)
		buf_printf(out, "    of %" PRIu64 " %sevent%s of its types the nearest:\n",
			   r->n_looked, r->more ? "other " : "", r->n_looked == 1 ? "" : "s");
	put_indented(out, &best(&r->nearest)->text);
}

/* With all that the condition looks at, and what events and their states tell. */
static void want(const struct reason *r, struct source *in)
{
	bool bulk = explain_needs_bulk(&r->x) || format_needs_bulk(r->line);
	struct event_set all;

	for (uint32_t i = 0; i < r->n_fields; i++)
		bulk |= cond_needs_bulk(r->fields[i]);
	event_set_fill(&all);
	source_want(in, &all, bulk);
}

void test_reason(const struct test_case *c, const struct test_set *set, const struct rule *rule,
		 const struct test_expect *e, uint64_t event, bool more, struct buf *out)
{
	struct reason r = {
		.set = set, .rule = rule, .event = event, .more = more, .env = set->plan.env,
	};
	struct source *in;

	if (!ruleset_explain(set->rules, rule, &r.x))
		return;
	in = test_case_open(c);
	r.line = why_line(false, &r.texts);
	if (in && r.line) {
		read_fields(&r, e);
		r.st = state_new(NULL);
		r.matcher = ruleset_matcher_new(set->rules);
		r.order = ruleset_matcher_new(set->rules);
		want(&r, in);
		pass(&r, in);
		put(&r, out);
		ruleset_matcher_free(r.matcher);
		ruleset_matcher_free(r.order);
		state_free(r.st);
	}
	source_close(in);
	for (uint32_t i = 0; i < r.n_fields; i++)
		cond_free(r.fields[i]);
	nearest_release(&r.nearest);
	explain_release(&r.x);
	arena_release(&r.scratch);
	arena_release(&r.texts);
}
