/* SPDX-License-Identifier: Apache-2.0 */
/* Tables, the shipped views, views of the user's own. */
#include "tests/unit/test.h"

#include <stdio.h>

#include "analyze/browse/model/gather.h"
#include "analyze/browse/model/query.h"
#include "analyze/browse/model/table.h"

static int load(struct views *vs, const char *text)
{
	return views_load_text(vs, "v.yaml", text, strlen(text));
}

static void shipped_views_are_right(void **unused)
{
	struct gather_plan p;
	struct views vs;

	views_init(&vs);
	assert_true(vs.n > 25);
	for (size_t i = 0; i < vs.n; i++) {
		const struct view *v = vs.v[i];
		unsigned rest = 0;

		if (gather_plan_init(&p, v) < 0)
			fail_msg("%s: %s", v->id, err_text());
		gather_plan_release(&p);
		assert_ptr_equal(views_find(&vs, v->id), v);
		if (*v->next && !views_find(&vs, v->next))
			fail_msg("%s leads to %s", v->id, v->next);
		assert_true(v->n_columns > 0 && v->n_columns <= VIEW_COLUMNS_MAX);
		assert_true(v->kind == VIEW_EVENTS || v->n_keys > 0);
		for (unsigned c = 0; c < v->n_columns; c++)
			rest += v->columns[c].width == 0;
		if (rest != 1)
			fail_msg("%s: %u columns take the rest of the line", v->id, rest);
	}
	views_release(&vs);
}

static void shows(enum unit unit, uint64_t u, const char *text)
{
	const struct datum d = { .u = u, .known = true };
	struct buf b = {0};

	datum_text(&b, &d, unit, 0, false);
	assert_string_equal(buf_text(&b), text);
	buf_release(&b);
}

static void durations_are_short(void **unused)
{
	shows(UNIT_SPAN, 1, "1ns");
	shows(UNIT_SPAN, 999, "999ns");
	shows(UNIT_SPAN, 1000, "1.00us");
	shows(UNIT_SPAN, 999994, "999.99us");
	shows(UNIT_SPAN, 999995, "1.00ms");
	shows(UNIT_SPAN, 999999999, "1.00s");
	shows(UNIT_SPAN, 999 * UINT64_C(1000000000), "999.00s");
	shows(UNIT_SPAN, UINT64_MAX, "18446744074s");
	shows(UNIT_DECADE, 0, "1ns");
	shows(UNIT_DECADE, 4, "10us");
	shows(UNIT_DECADE, 9, "1s");
	shows(UNIT_DECADE, 11, "100s");
	shows(UNIT_DECADE, UINT64_MAX, "1" "00000000000" "s");
	shows(UNIT_BAR, 0, "");
	shows(UNIT_BAR, 1, "#");
	shows(UNIT_BAR, 8, "####");
}

static void views_know_their_latencies(void **unused)
{
	struct views vs;

	views_init(&vs);
	assert_true(view_needs_latencies(views_find(&vs, "slow_io")));
	assert_true(view_needs_latencies(views_find(&vs, "latencies")));
	assert_false(view_needs_latencies(views_find(&vs, "syscalls")));
	assert_int_equal(__builtin_popcount(view_latencies(views_find(&vs, "syscalls"))), 3);
	assert_int_equal(view_latencies(views_find(&vs, "users")), 0);
	views_release(&vs);
}

static void own_views_are_like_shipped_ones(void **unused)
{
	static const char text[] =
		"- view: logins\n"
		"  title: Logins\n"
		"  filter: proc.name = login\n"
		"  keys: [user.name, proc.pid]\n"
		"  sort: +USER\n"
		"  next: processes\n"
		"  columns:\n"
		"    - { name: TIMES, width: 8 }\n"
		"    - { name: BYTES, gather: sum, field: evt.buflen, unit: bytes, hidden: true }\n"
		"    - { name: USER, field: user.name, help: who }\n"
		"- view: files\n"
		"  kind: events\n"
		"  columns: [{ name: F, field: fd.name }]\n"
		"- view: sizes\n"
		"  kind: spectrum\n"
		"  keys: [evt.buflen.in]\n"
		"  columns: [{ name: SIZE, unit: bytes }]\n";
	const struct view *v;
	struct views vs;
	size_t n;

	views_init(&vs);
	n = vs.n;
	assert_int_equal(load(&vs, text), 0);
	assert_int_equal(vs.n, n + 2);
	v = views_find(&vs, "logins");
	assert_non_null(v);
	assert_int_equal(v->n_keys, 2);
	assert_int_equal(v->n_columns, 3);
	assert_int_equal(v->sort, 2);
	assert_true(v->ascending);
	assert_int_equal(v->columns[0].gather, GATHER_COUNT);
	assert_int_equal(v->columns[1].unit, UNIT_BYTES);
	assert_true(v->columns[1].hidden);
	assert_int_equal(v->columns[2].gather, GATHER_FIRST);
	assert_int_equal(views_find(&vs, "files")->kind, VIEW_EVENTS);
	assert_int_equal(views_find(&vs, "sizes")->kind, VIEW_SPECTRUM);
	assert_int_equal(views_find(&vs, "sizes")->columns[0].gather, GATHER_COUNT);
	views_release(&vs);
}

static void wrong_views_are_told_with_their_place(void **unused)
{
	static const struct {
		const char *text, *message;
	} bad[] = {
		{ "a: b\n", "v.yaml:1:1: a file of views is a list" },
		{ "- [", "v.yaml:" },
		{ "- x\n", "v.yaml:1:3: a view is a mapping" },
		{ "- view: A B\n  keys: [proc.pid]\n  columns: [{name: X}]\n",
		  "view must be a short" },
		{ "- view: a\n  keys: [proc.pid]\n", "a view needs columns" },
		{ "- view: a\n  columns: [{name: X}]\n", "keys must be a list" },
		{ "- view: a\n  keys: [proc.pidd]\n  columns: [{name: X}]\n", "v.yaml:2:10: " },
		{ "- view: a\n  keys: [proc.pid]\n  columns:\n  - {name: X, gather: add}\n",
		  "v.yaml:4:23: gather: 'add' is none of count, sum" },
		{ "- view: a\n  keys: [proc.pid]\n  columns: [{name: X, gather: sum}]\n",
		  "sum needs a field" },
		{ "- view: a\n  keys: [proc.pid]\n  columns: [{name: X}]\n  sort: Y\n",
		  "no column is named 'Y'" },
		{ "- view: a\n  keys: [proc.pid]\n  columns: [{name: X}]\n  filter: proc.nam = x\n",
		  "v.yaml:4:11: filter:1:1" },
		{ "- view: a\n  keys: [proc.pid]\n  columns: [{name: X}]\n  colour: red\n",
		  "v.yaml:4:3: unknown key 'colour'" },
		{ "- view: a\n  keys: [proc.pid]\n  columns: [{name: X}]\n  next: b\n",
		  "there is no view 'b'" },
		{ "- view: a\n  keys: [rule.name]\n  columns: [{name: X}]\n", "rule.name" },
		{ "- view: a\n  kind: alerts\n  keys: [rule.nam]\n  columns: [{name: X}]\n",
		  "v.yaml:3:10: there is no field 'rule.nam'" },
		{ "- view: a\n  keys: [proc.pidd, proc.pid x]\n  columns: [{name: X}]\n",
		  "v.yaml:2:21: 'proc.pid x' is no field" },
		{ "- view: a\n  kind: tree\n  keys: [fd.name]\n  columns: [{name: X}]\n",
		  "the key of a tree is proc.pid" },
		{ "- view: a\n  keys: [proc.pid]\n  columns: [{name: X, width: 1000}]\n",
		  "width must be" },
		{ "- view: a\n  keys: [proc.pid]\n  columns: [{name: X, gather: max, "
		  "field: evt.num, unit: text}]\n", "unit cannot be text" },
		{ "- view: a\n  kind: spectrum\n  keys: [proc.name]\n  columns: [{name: X}]\n",
		  "v.yaml:3:9: the key of a spectrum is one number" },
		{ "- view: a\n  kind: spectrum\n  keys: [evt.num, proc.pid]\n"
		  "  columns: [{name: X}]\n", "the key of a spectrum is one number" },
		{ "- view: a\n  kind: spectrum\n  keys: [evt.num, proc.pid, proc.nothing]\n"
		  "  columns: [{name: X}]\n", "the key of a spectrum is one number" },
		{ "- view: a\n  kind: spectrum\n  columns: [{name: X}]\n", "keys must be a list" },
		{ "- view: a\n  kind: spectrum\n  keys: [evt.num]\n", "a view needs columns" },
		{ "- view: a\n  kind: spectrum\n  keys: [evt.num]\n  columns: [{name: X}, "
		  "{name: Y}]\n", "v.yaml:4:12: a spectrum has one column" },
		{ "- view: a\n  kind: spectrum\n  keys: [evt.num]\n  columns: [{name: X, "
		  "gather: sum, field: evt.num}]\n", "a spectrum has one column" },
		{ "- view: a\n  kind: spectrum\n  keys: [evt.num]\n  columns: [{name: X, "
		  "gather: count, field: proc.pid}]\n", "a spectrum has one column" },
		{ "- view: a\n  kind: spectrum\n  keys: [evt.num]\n  columns: [{name: X, "
		  "unit: time}]\n", "the unit of a spectrum is span, bytes or number" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct views vs;
		size_t n;

		views_init(&vs);
		n = vs.n;
		assert_true(load(&vs, bad[i].text) < 0);
		assert_error_has(bad[i].message);
		assert_true(vs.n - n <= 1);
		views_release(&vs);
	}
}

static void the_last_view_that_fits_can_be_replaced(void **unused)
{
	struct views vs;
	size_t n;

	views_init(&vs);
	for (n = vs.n; n < VIEWS_MAX; n++) {
		char text[80];

		snprintf(text, sizeof(text), "- {view: v%zu, title: old, keys: [proc.pid], "
			 "columns: [{name: X}]}\n", n);
		assert_int_equal(load(&vs, text), 0);
	}
	assert_int_equal(load(&vs, "- {view: v127, title: new, keys: [proc.pid], "
			      "columns: [{name: X}]}\n"), 0);
	assert_string_equal(views_find(&vs, "v127")->title, "new");
	assert_true(load(&vs, "- {view: one_more, keys: [proc.pid], columns: [{name: X}]}\n") < 0);
	assert_error_has("v.yaml:1:3: more than 128 views");
	assert_int_equal(vs.n, VIEWS_MAX);
	views_release(&vs);
}

/* ---- tables ---- */

static const struct view_column columns[] = {
	{ "N", "", NULL, GATHER_COUNT, UNIT_NUMBER, 0, false },
	{ "MIN", "", "evt.num", GATHER_MIN, UNIT_NUMBER, 0, false },
	{ "MAX", "", "evt.num", GATHER_MAX, UNIT_NUMBER, 0, false },
	{ "FIRST", "", "proc.name", GATHER_FIRST, UNIT_TEXT, 0, false },
	{ "LAST", "", "proc.name", GATHER_LAST, UNIT_TEXT, 0, false },
	{ "DISTINCT", "", "evt.num", GATHER_DISTINCT, UNIT_NUMBER, 0, false },
};
static const struct view plain = { .columns = columns, .n_columns = 6 };

static void put(struct table *t, unsigned key, unsigned value)
{
	char text[16];
	bool fresh;
	struct row *r = table_get(t, table_hash(&key, sizeof(key)), &key, sizeof(key), &fresh);
	struct cell *c = r->cells;

	snprintf(text, sizeof(text), "v%u", value);
	r->n_events++;
	t->n_events++;
	c[0].u++;
	c[1].u = fresh || value < c[1].u ? value : c[1].u;
	c[2].u = fresh || value > c[2].u ? value : c[2].u;
	c[0].has = c[1].has = c[2].has = 1;
	if (fresh)
		cell_set_text(t, &c[3], text, strlen(text));
	cell_set_text(t, &c[4], text, strlen(text));
	cell_add_value(t, &c[5], table_hash(&value, sizeof(value)));
}

static void joined_tables_are_as_one(void **unused)
{
	enum { N = 20000, KEYS = 300 };
	struct table all, sum, part;

	table_init(&all, &plain, false);
	table_init(&sum, &plain, false);
	table_init(&part, &plain, false);
	for (unsigned i = 0; i < N; i++) {
		const unsigned key = i * i % KEYS, value = i * 7919 % 1000;

		put(&all, key, value);
		put(&part, key, value);
		if (i % 777 == 0 || i + 1 == N) {
			for (size_t r = 0; r < part.n; r++)
				table_join(&sum, part.rows[r]);
			table_reset(&part);
		}
	}
	assert_int_equal(all.n, sum.n);
	assert_int_equal(all.n_events, sum.n_events);
	for (size_t i = 0; i < all.n; i++) {
		const struct row *a = all.rows[i], *b = table_find(&sum, a->hash);

		assert_non_null(b);
		assert_int_equal(a->n_events, b->n_events);
		for (unsigned c = 0; c < 6; c++)
			if (columns[c].unit == UNIT_TEXT)
				assert_string_equal(a->cells[c].text, b->cells[c].text);
			else
				assert_int_equal(a->cells[c].u, b->cells[c].u);
	}
	table_release(&all);
	table_release(&sum);
	table_release(&part);
}

static void different_values_are_counted_up_to_a_bound(void **unused)
{
	struct table t, half;
	struct row *r;
	bool fresh;

	table_init(&t, &plain, false);
	for (unsigned i = 0; i < 10 * DISTINCT_MAX; i++)
		put(&t, 1, i % DISTINCT_MAX);
	r = t.rows[0];
	assert_int_equal(r->cells[5].u, DISTINCT_MAX);
	put(&t, 1, DISTINCT_MAX);
	assert_int_equal(r->cells[5].u, DISTINCT_MAX + 1);
	put(&t, 1, DISTINCT_MAX + 1);
	assert_int_equal(r->cells[5].u, DISTINCT_MAX + 1);
	table_init(&half, &plain, false);
	table_join(&half, r);
	r = table_get(&half, r->hash, r->key, r->key_len, &fresh);
	assert_int_equal(r->cells[5].u, DISTINCT_MAX + 1);
	table_release(&half);
	table_release(&t);
}

static void what_counted_least_goes(void **unused)
{
	struct table t, half;
	unsigned key = 7;

	table_init(&t, &plain, false);
	for (unsigned i = 0; i < 1000; i++)
		for (unsigned n = 0; n <= i % 10; n++)
			put(&t, i, n);
	table_halve(&t, &half);
	assert_int_equal(half.n, 500);
	assert_int_equal(half.n_evicted, 500);
	assert_int_equal(half.n_events, t.n_events);
	assert_int_equal(half.evicted_events, 100 * (1 + 2 + 3 + 4 + 5));
	assert_non_null(table_find(&half, table_hash(&key, sizeof(key))));
	key = 4;
	assert_null(table_find(&half, table_hash(&key, sizeof(key))));
	table_release(&half);
	table_release(&t);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(shipped_views_are_right),
	cmocka_unit_test(durations_are_short),
	cmocka_unit_test(views_know_their_latencies),
	cmocka_unit_test(own_views_are_like_shipped_ones),
	cmocka_unit_test(wrong_views_are_told_with_their_place),
	cmocka_unit_test(the_last_view_that_fits_can_be_replaced),
	cmocka_unit_test(joined_tables_are_as_one),
	cmocka_unit_test(different_values_are_counted_up_to_a_bound),
	cmocka_unit_test(what_counted_least_goes),
};

TEST_MAIN(tests)
