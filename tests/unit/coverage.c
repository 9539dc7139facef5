/* SPDX-License-Identifier: Apache-2.0 */
/* Coverage of rules over a few events that are known by heart. */
#include "tests/unit/test.h"

#include <stdio.h>

#include "analyze/test/coverage.h"
#include "tests/unit/lang_world.h"

static struct world w;
static const char *const tests[] = { "first", "second" };

struct run {
	struct ruleset *rs;
	struct ruleset_matcher *m;
	struct cover_plan *plan;
	struct cover_log *log;
	struct coverage *c;
};

static void begin(struct run *r, const char *text)
{
	const struct ruleset_options options = { .least = PRIORITY_DEBUG };

	*r = (struct run){ .rs = ruleset_new(&options) };
	if (ruleset_load_text(r->rs, "t", text, strlen(text)) < 0)
		fail_msg("%s", err_text());
	assert_int_equal(ruleset_finish(r->rs), 0);
	r->m = ruleset_matcher_new(r->rs);
	r->plan = cover_plan_new(r->rs, false);
	r->log = cover_log_new(r->plan);
	r->c = coverage_new();
}

static void meet(struct run *r, uint32_t test, const char *file)
{
	world_open(&w, file);
	arena_reset(&w.scratch);
	cover_log_event(r->log, ruleset_matcher_begin(r->m, &w.ctx), &w.ev, test);
}

static void count(struct run *r)
{
	coverage_add(r->c, r->plan, r->log);
	coverage_finish(r->c, tests, 2);
}

static void end(struct run *r)
{
	coverage_free(r->c);
	cover_log_free(r->log);
	cover_plan_free(r->plan);
	ruleset_matcher_free(r->m);
	ruleset_free(r->rs);
}

static const struct cover_part *part(const struct run *r, size_t rule, const char *text)
{
	for (size_t i = 0; i < r->c->rules[rule].n; i++) {
		const struct cover_part *p = &r->c->rules[rule].v[i];

		if (p->text && strcmp(p->text, text) == 0)
			return p;
	}
	fail_msg("no part '%s'", text);
	return NULL;
}

static void expect(const struct cover_hits *h, uint64_t is, uint64_t is_not, uint64_t decided)
{
	assert_int_equal(h->is[1], is);
	assert_int_equal(h->is[0], is_not);
	assert_int_equal(h->decided, decided);
}

#define FRAME "  desc: d\n  output: o\n  priority: DEBUG\n"

static const char small[] =
	"- list: files\n"
	"  items: [/etc/passwd, /etc/group]\n"
	"- macro: is_open\n"
	"  condition: evt.type in (open, openat) and fd.num >= 0\n"
	"- macro: never\n"
	"  condition: (evt.num = 0)\n"
	"- rule: r\n" FRAME
	"  condition: is_open and (fd.name in (files) or fd.name = /etc/shadow)\n"
	"    and not proc.name = dog and not never\n"
	"- rule: s\n" FRAME
	"  condition: is_open and fd.name startswith /var\n";

static void counts_truth_and_decisions(void **unused)
{
	struct run r;

	begin(&r, small);
	meet(&r, 0, "/etc/passwd");
	meet(&r, 0, "/etc/passwd");
	meet(&r, 1, "/tmp/x");
	count(&r);
	assert_int_equal(r.c->n_events, 3);
	assert_int_equal(r.c->n_situations, 2);
	assert_int_equal(r.c->n_rules, 2);
	expect(&r.c->rules[0].v[0].hits, 2, 1, 3);
	/* on /tmp/x either name would have done */
	expect(&part(&r, 0, "fd.name in (/etc/passwd, /etc/group)")->hits, 2, 1, 3);
	/* on /etc/passwd the list was enough */
	expect(&part(&r, 0, "fd.name = /etc/shadow")->hits, 0, 3, 1);
	expect(&part(&r, 0, "proc.name = dog")->hits, 0, 3, 2);
	expect(&part(&r, 0, "is_open")->hits, 3, 0, 2);
	expect(&part(&r, 1, "fd.name startswith /var")->hits, 0, 3, 3);
	expect(&part(&r, 1, "fd.num >= 0")->hits, 3, 0, 0);
	end(&r);
}

static void knows_the_items(void **unused)
{
	const struct cover_part *p;
	struct run r;

	begin(&r, small);
	meet(&r, 0, "/etc/passwd");
	count(&r);
	p = part(&r, 0, "fd.name in (/etc/passwd, /etc/group)");
	assert_int_equal(p->n_items, 2);
	expect(&p->items[0].hits, 1, 0, 1);
	expect(&p->items[1].hits, 0, 0, 0);
	assert_string_equal(p->items[1].list, "files");
	assert_int_equal(p->items[1].place.line, 2);
	assert_int_equal(p->items[1].place.column, 24);
	p = part(&r, 0, "evt.type in (open, openat)");
	expect(&p->items[0].hits, 0, 0, 0);
	expect(&p->items[1].hits, 1, 0, 1);
	assert_null(p->items[1].list);
	assert_int_equal(p->items[1].place.line, 4);
	end(&r);
}

static void leaves_out_what_cannot_be_otherwise(void **unused)
{
	struct run r;

	begin(&r, small);
	meet(&r, 0, "/etc/passwd");
	count(&r);
	assert_true(part(&r, 0, "never")->fixed);
	/* of r five: two of the macro, two names, dog; of s one more */
	assert_int_equal(r.c->sums[COVER_PREDICATE].n, 6);
	assert_int_equal(r.c->sums[COVER_PREDICATE].is_true, 3);
	assert_int_equal(r.c->sums[COVER_MACRO].n, 2);	/* is_open, used twice */
	assert_int_equal(r.c->sums[COVER_RULE].is_true, 1);
	end(&r);
}

static void counts_other_types(void **unused)
{
	struct run r;

	begin(&r, small);
	meet(&r, 0, "/etc/passwd");
	cover_log_type(r.log, EV_CLOSE);
	cover_log_type(r.log, EV_CLOSE);
	count(&r);
	expect(&part(&r, 0, "evt.type in (open, openat)")->hits, 1, 2, 1);
	expect(&part(&r, 0, "fd.num >= 0")->hits, 1, 0, 1);
	end(&r);
}

/* A macro that stands in several rules, and twice in one, is one site. */
static void shares_sites(void **unused)
{
	static const char text[] =
		"- macro: m\n  condition: fd.name = /a\n"
		"- rule: r\n" FRAME "  condition: evt.type = openat and (m or fd.num = 9 and m)\n"
		"- rule: s\n" FRAME "  condition: evt.type = openat and not m\n";
	const struct cover_site *site = NULL;
	struct run r;

	begin(&r, text);
	meet(&r, 0, "/a");
	meet(&r, 1, "/b");
	count(&r);
	for (size_t i = 0; i < r.c->n_sites; i++)
		if (strcmp(r.c->sites[i].text, "fd.name = /a") == 0) {
			assert_null(site);
			site = &r.c->sites[i];
		}
	assert_non_null(site);
	assert_int_equal(site->n_rules, 2);
	assert_int_equal(site->hits.is[1], 2);
	assert_int_equal(site->hits.is[0], 2);
	assert_int_equal(site->place.line, 2);
	end(&r);
}

static void names_the_nearest_test(void **unused)
{
	struct run r;

	begin(&r, "- rule: r\n" FRAME
	      "  condition: evt.type = openat and fd.name = /a and proc.name = dog\n"
	      "    and fd.num = 9\n");
	meet(&r, 0, "/b");
	meet(&r, 1, "/a");
	count(&r);
	assert_int_equal(part(&r, 0, "proc.name = dog")->hits.near.test, 1);
	assert_int_equal(part(&r, 0, "proc.name = dog")->hits.near.cost, COST_TRUE);
	end(&r);
}

/* What there is no room for is told, not counted as something else. */
static void is_bounded(void **unused)
{
	struct buf text = {0};
	struct run r;

	begin(&r, small);
	meet(&r, 0, "/etc/passwd");
	r.log->bytes_max = 0;
	meet(&r, 0, "/tmp/x");
	meet(&r, 0, "/tmp/x");
	meet(&r, 0, "/etc/passwd");
	count(&r);
	assert_int_equal(r.log->keys.n, 1);
	assert_int_equal(r.c->n_dropped, 2);
	expect(&r.c->rules[0].v[0].hits, 2, 0, 2);
	coverage_text(r.c, false, &text);
	assert_non_null(strstr(buf_text(&text), "2 events are not counted"));
	end(&r);
	buf_release(&text);
}

/* Of conditions thrown by dice: "decides" is what turning the check does. */
static uint32_t seed = 1;

static unsigned dice(unsigned n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 16) % n;
}

static void grow(struct buf *out, unsigned depth)
{
	const char *op = dice(2) ? " and " : " or ";
	const unsigned kids = 2 + dice(2);

	if (dice(3) == 0)
		buf_str(out, "not ");
	if (depth == 0 || dice(4) == 0) {
		buf_printf(out, "proc.name %s c%u", dice(2) ? "!=" : "=", dice(1000));
		return;
	}
	buf_byte(out, '(');
	for (unsigned i = 0; i < kids; i++) {
		buf_str(out, i ? op : "");
		grow(out, depth - 1);
	}
	buf_byte(out, ')');
}

static bool turned(const struct explain *x, uint32_t at, uint32_t turn)
{
	const struct explain_node *n = &x->v[at];
	bool is = n->kind == EXPLAIN_AND;

	if (n->kind == EXPLAIN_CHECK)
		return n->is != (at == turn);
	if (n->kind == EXPLAIN_NOT)
		return !turned(x, at + 1, turn);
	for (uint32_t k = at + 1; k < n->end; k = x->v[k].end)
		if (turned(x, k, turn) != (n->kind == EXPLAIN_AND))
			is = n->kind == EXPLAIN_OR;
	return is;
}

static void decides_means_that_turning_turns(void **unused)
{
	for (unsigned i = 0; i < 300; i++) {
		struct buf text = {0};
		struct explain x;
		struct run r;

		buf_str(&text, "- rule: r\n" FRAME "  condition: evt.type = openat and ");
		grow(&text, 3);
		buf_byte(&text, '\n');
		begin(&r, buf_text(&text));
		meet(&r, 0, "/a");
		count(&r);
		ruleset_explain(r.rs, ruleset_rule(r.rs, 0), &x);
		explain_event(&x, ruleset_matcher_begin(r.m, &w.ctx));
		for (uint32_t k = 0; k < x.n; k++)
			if (x.v[k].kind == EXPLAIN_CHECK &&
			    r.c->rules[0].v[k].hits.decided !=
			    (turned(&x, 0, k) != explain_holds(&x)))
				fail_msg("%s: check %u", buf_text(&text), k);
		explain_release(&x);
		end(&r);
		buf_release(&text);
	}
}

/* Two threads give what one gives, and rules of two sets that are the same are one. */
static void adds_up(void **unused)
{
	struct buf one = {0}, two = {0};
	struct cover_log *other;
	struct run r, s;

	begin(&r, small);
	meet(&r, 0, "/etc/passwd");
	meet(&r, 1, "/tmp/x");
	meet(&r, 1, "/etc/passwd");
	count(&r);
	coverage_text(r.c, true, &one);
	end(&r);

	begin(&s, small);
	meet(&s, 1, "/tmp/x");
	meet(&s, 1, "/etc/passwd");
	other = s.log;
	s.log = cover_log_new(s.plan);
	meet(&s, 0, "/etc/passwd");
	cover_log_add(s.log, other);
	cover_log_free(other);
	coverage_add(s.c, s.plan, s.log);
	coverage_finish(s.c, tests, 2);
	coverage_text(s.c, true, &two);
	assert_string_equal(buf_text(&one), buf_text(&two));
	end(&s);

	buf_reset(&two);
	begin(&s, small);
	meet(&s, 0, "/etc/passwd");
	coverage_add(s.c, s.plan, s.log);
	cover_log_free(s.log);
	s.log = cover_log_new(s.plan);
	meet(&s, 1, "/tmp/x");
	meet(&s, 1, "/etc/passwd");
	count(&s);
	coverage_text(s.c, true, &two);
	assert_string_equal(buf_text(&one), buf_text(&two));
	end(&s);
	buf_release(&one);
	buf_release(&two);
}

static int setup(void **unused)
{
	world_init(&w);
	return 0;
}

static int teardown(void **unused)
{
	world_release(&w);
	return 0;
}

int main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test(counts_truth_and_decisions),
		cmocka_unit_test(knows_the_items),
		cmocka_unit_test(leaves_out_what_cannot_be_otherwise),
		cmocka_unit_test(counts_other_types),
		cmocka_unit_test(shares_sites),
		cmocka_unit_test(names_the_nearest_test),
		cmocka_unit_test(is_bounded),
		cmocka_unit_test(decides_means_that_turning_turns),
		cmocka_unit_test(adds_up),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(all, setup, teardown);
}
