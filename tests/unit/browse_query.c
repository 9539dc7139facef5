/* SPDX-License-Identifier: Apache-2.0 */
/* Views over a recording: the same rows for any number of threads, and the right ones. */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>

#include "analyze/browse/model/inside.h"
#include "analyze/browse/model/links.h"
#include "analyze/browse/model/timeline.h"
#include "tests/unit/browse_world.h"

static const struct view *view_at(const struct world *w, size_t i)
{
	return w->views.v[i];
}

static unsigned column(const struct view *v, const char *name)
{
	for (unsigned i = 0; i < v->n_columns; i++)
		if (strcmp(v->columns[i].name, name) == 0)
			return i;
	fail_msg("%s has no column %s", v->id, name);
	return 0;
}

/* All views with all their rows, as one text. */
static struct buf everything(unsigned threads, const char *filter)
{
	struct world w;
	struct buf out = {0};

	world_begin(&w, threads);
	for (size_t i = 0; i < w.views.n; i++) {
		struct query *q;

		if (view_at(&w, i)->kind == VIEW_EVENTS)
			continue;
		q = world_query(&w, view_at(&w, i)->id, filter);
		world_base(&w);
		world_rows(&out, &w, q);
		query_close(q);
	}
	world_end(&w);
	return out;
}

static void same_for_threads(const char *filter)
{
	struct buf one = everything(1, filter);

	for (unsigned n = 2; n <= 4; n *= 2) {
		struct buf other = everything(n, filter);

		assert_int_equal(one.len, other.len);
		assert_memory_equal(one.p, other.p, one.len);
		buf_release(&other);
	}
	assert_true(one.len > 1000);
	buf_release(&one);
}

static void rows_do_not_depend_on_threads(void **unused)
{
	same_for_threads(NULL);
}

static void rows_under_a_filter_do_not_either(void **unused)
{
	same_for_threads("proc.pid in (101, 105, 120) and evt.type != close");
}

static void every_event_counts_once(void **unused)
{
	struct query_rows rows = {0};
	uint64_t sum = 0;
	struct world w;
	struct query *q;

	world_begin(&w, 2);
	q = world_query(&w, "processes", NULL);
	world_base(&w);
	world_complete(&w, q);
	query_rows(q, 0, 1000, &rows);
	for (size_t i = 0; i < rows.n; i++)
		sum += rows.v[i].cells[column(query_view(q), "EVENTS")].u;
	assert_int_equal(sum, WORLD_EVENTS);
	assert_true(rows.n >= WORLD_PROCESSES);
	query_rows_release(&rows);
	query_close(q);
	world_end(&w);
}

static void sorts_and_searches(void **unused)
{
	struct query_rows rows = {0};
	struct world w;
	struct query *q;
	unsigned c;

	world_begin(&w, 2);
	q = world_query(&w, "files", NULL);
	c = column(query_view(q), "FILE");
	query_sort(q, c, true);
	query_search(q, "FILE12");
	world_complete(&w, q);
	query_rows(q, 0, 1000, &rows);
	assert_true(rows.n > 2);
	for (size_t i = 0; i < rows.n; i++) {
		assert_non_null(strstr(rows.v[i].cells[c].text, "file12"));
		if (i > 0)
			assert_true(strcmp(rows.v[i - 1].cells[c].text,
					   rows.v[i].cells[c].text) < 0);
		assert_int_equal(query_find(q, rows.v[i].id), i);
	}
	query_rows_release(&rows);
	query_close(q);
	world_end(&w);
}

static void a_row_leads_to_its_events(void **unused)
{
	struct query_rows rows = {0};
	struct link links[LINKS_MAX];
	struct arena a = {0};
	struct world w;
	struct query *q, *inner;
	unsigned n;

	world_begin(&w, 2);
	q = world_query(&w, "files", NULL);
	world_complete(&w, q);
	query_rows(q, 0, 1, &rows);
	n = query_links(q, rows.v[0].id, links, &a);
	assert_true(n >= 2);
	assert_string_equal(links[0].view, "processes");
	assert_string_equal(links[1].view, "events");
	inner = world_query(&w, "cores", links[1].filter);
	assert_int_equal(world_complete(&w, inner).n_events,
			 rows.v[0].cells[column(query_view(q), "OPS")].u);
	query_close(inner);
	query_close(q);
	query_rows_release(&rows);
	arena_release(&a);
	world_end(&w);
}

static void check_links(struct world *w, const struct subject *s, struct arena *a)
{
	struct link links[LINKS_MAX];
	const unsigned n = links_add(w->b, s, links, 0, a);
	const char *text;
	size_t len;

	for (unsigned i = 0; i < n; i++) {
		struct cond *c = cond_compile(links[i].filter, strlen(links[i].filter), "f");

		if (!c)
			fail_msg("%s: %s", links[i].filter, err_text());
		if (cond_equals(c, "fd.name", &text, &len)) {
			assert_int_equal(len, s->fd_name.len);
			assert_memory_equal(text, s->fd_name.p, len);
		}
		cond_free(c);
	}
	assert_true(n >= 3);
}

/* Whatever bytes names have: a condition that one leads to is about that name, and no more. */
static void conditions_hold_any_name(void **unused)
{
	static const char *const names[] = {
		"\"", "\\", "\\\"", "a\0b", "\0", "'", "\\x41", " ", "\xff\x80", "\x1b[2J\x7f",
		"\" or proc.name = \"x", "a->\" or \"b\\", "ffff1->ffff2 /run/\"x",
	};
	struct arena a = {0};
	struct world w;

	world_begin(&w, 1);
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		for (uint8_t kind = 0; kind < FD__N; kind++) {
			const struct text t = { names[i], i == 3 ? 3 : i == 4 ? 1 :
						(uint32_t)strlen(names[i]) };
			const struct subject s = { .pid = 7, .fd_kind = kind, .fd_name = t,
						   .program = t, .container = t, .peer.p = "",
						   .num = 1 };

			check_links(&w, &s, &a);
		}
	arena_release(&a);
	world_end(&w);
}

/* The recording's writer knew more types of events than the language does. */
static void a_type_that_is_not_known_can_be_followed(void **unused)
{
	static const struct param_desc param = { .name = "x", .type = PT_UINT32 };
	static const struct event_desc desc = { .name = "Futurecall", .params = &param,
						.n_params = 1, .category = EC_OTHER };
	static const char types[] = "- view: types\n  keys: [evt.type]\n"
				    "  columns: [{ name: N, gather: count }]\n";
	const struct focus all = { .to = UINT64_MAX };
	struct query_rows rows = {0};
	struct link links[LINKS_MAX];
	struct arena a = {0};
	char path[80];
	struct writer *out;
	struct event ev;
	struct world w;
	struct query *q;
	bool found = false;

	snprintf(path, sizeof(path), "%s/future.skr", world_dir);
	out = writer_open(path, true, &(struct source_info){0}, NULL);
	event_init(&ev, EV_UNKNOWN);
	ev.desc = &desc;
	ev.n_params = 1;
	value_number(&ev.v[0], 7);
	ev.ts = WORLD_BEGIN;
	ev.tid = ev.pid = 5;
	assert_int_equal(writer_add(out, &ev), 0);
	assert_int_equal(writer_close(out), 0);
	world_open_at(&w, path, 1);
	assert_non_null(w.b);
	assert_int_equal(views_load_text(&w.views, "types", types, strlen(types)), 0);
	q = query_open(w.b, views_find(&w.views, "types"), &all);
	world_complete(&w, q);
	query_rows(q, 0, 10, &rows);
	for (size_t i = 0; i < rows.n; i++) {
		const unsigned n = query_links(q, rows.v[i].id, links, &a);

		for (unsigned k = 0; k < n; k++) {
			found |= strstr(links[k].filter, "futurecall") != NULL;
			if (focus_check(w.b, links[k].filter) < 0)
				fail_msg("%s", err_text());
		}
	}
	assert_true(found);
	query_rows_release(&rows);
	query_close(q);
	arena_release(&a);
	world_end(&w);
}

static void a_range_of_time_limits(void **unused)
{
	const struct focus f = { .from = WORLD_BEGIN + 5000 * WORLD_STEP,
				 .to = WORLD_BEGIN + 6999 * WORLD_STEP };
	struct world w;
	struct query *q;

	world_begin(&w, 2);
	q = query_open(w.b, views_find(&w.views, "cores"), &f);
	assert_non_null(q);
	assert_int_equal(world_complete(&w, q).n_events, 2000);
	query_close(q);
	world_end(&w);
}

static void alerts_are_counted_and_marked(void **unused)
{
	struct query_rows rows = {0};
	struct browse_progress p;
	struct alert_row alerts[4];
	struct arena a = {0};
	struct world w;
	struct mark m = {0};
	struct query *q;
	uint64_t n = 0, num = 0;

	world_begin(&w, 2);
	q = world_query(&w, "alerts", NULL);
	world_base(&w);
	world_complete(&w, q);
	browse_progress(w.b, &p);
	assert_int_equal(p.n_events, WORLD_EVENTS);
	assert_int_equal(p.n_losses, 1);
	assert_int_equal(p.n_lost, 5);
	query_rows(q, 0, 10, &rows);
	assert_int_equal(rows.n, 2);
	assert_int_equal(rows.v[0].cells[0].u, PRIORITY_CRITICAL);
	while (browse_next_mark(w.b, MARK_ALERT, num, 1, &m) == 1) {
		assert_true(m.num > num);
		num = m.num;
		n++;
	}
	assert_int_equal(n, p.n_alerts[PRIORITY_CRITICAL] + p.n_alerts[PRIORITY_NOTICE]);
	assert_int_equal(n, browse_n_alerts(w.b));
	assert_int_equal(browse_next_mark(w.b, MARK_ALERT, num, -1, &m), 1);
	assert_true(m.num < num);
	assert_int_equal(browse_next_mark(w.b, MARK_LOSS, 1, 1, &m), 1);
	assert_int_equal(m.num, 12346);
	assert_int_equal(browse_alerts(w.b, 0, alerts, 4, &a), 4);
	assert_non_null(strstr(alerts[0].line, "77"));
	query_rows_release(&rows);
	arena_release(&a);
	query_close(q);
	world_end(&w);
}

static void the_tree_has_children_below_parents(void **unused)
{
	struct query_rows rows = {0};
	struct world w;
	struct query *q;
	size_t all;

	world_begin(&w, 2);
	q = world_query(&w, "tree", NULL);
	world_base(&w);
	world_complete(&w, q);
	query_rows(q, 0, 1000, &rows);
	all = rows.n;
	assert_true(all >= WORLD_PROCESSES);
	assert_int_equal(rows.v[0].depth, 0);
	for (size_t i = 1; i < rows.n; i++)
		assert_true(rows.v[i].depth <= rows.v[i - 1].depth + 1);
	for (size_t i = 0; i < rows.n; i++)
		if (rows.v[i].has_children) {
			query_fold(q, rows.v[i].id, true);
			break;
		}
	world_complete(&w, q);
	query_rows(q, 0, 1000, &rows);
	assert_true(rows.n < all);
	query_rows_release(&rows);
	query_close(q);
	world_end(&w);
}

static void the_timeline_has_every_event(void **unused)
{
	struct bucket v[100];
	uint64_t n = 0, lost = 0, alerts = 0;
	struct world w;

	world_begin(&w, 2);
	timeline_get(w.b, NULL, WORLD_BEGIN, WORLD_BEGIN + WORLD_EVENTS * WORLD_STEP, v, 100);
	world_base(&w);
	timeline_get(w.b, NULL, WORLD_BEGIN, WORLD_BEGIN + WORLD_EVENTS * WORLD_STEP, v, 100);
	for (unsigned i = 0; i < 100; i++) {
		n += v[i].n_events;
		lost += v[i].n_lost;
		alerts += v[i].n_alerts;
		assert_true(v[i].exact);
		assert_in_range(v[i].n_events, 280, 320);
	}
	assert_int_equal(n, WORLD_EVENTS);
	assert_int_equal(lost, 5);
	assert_int_equal(alerts, browse_n_alerts(w.b));
	world_end(&w);
}

static void wait_exact(struct world *w, struct query *q, uint64_t from, uint64_t to,
		       struct bucket *v, unsigned n)
{
	unsigned exact;

	do {
		world_wait(w);
		timeline_get(w->b, q, from, to, v, n);
		for (exact = 0; exact < n && v[exact].exact; exact++)
			;
	} while (exact < n);
}

/* Where a bucket is shorter than those that were counted, they are counted anew. */
static void the_timeline_can_be_zoomed(void **unused)
{
	const uint64_t from = WORLD_BEGIN + 5000 * WORLD_STEP;
	struct bucket v[100];
	struct world w;
	struct query *q;

	world_begin(&w, 2);
	world_base(&w);
	wait_exact(&w, NULL, from, from + 100 * WORLD_STEP, v, 100);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(v[i].n_events, 1);
	wait_exact(&w, NULL, from + 20 * WORLD_STEP, from + 70 * WORLD_STEP, v, 100);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(v[i].n_events, i % 2 == 0);
	q = world_query(&w, "cores", "proc.pid = 123");
	world_complete(&w, q);
	wait_exact(&w, q, from, from + 100 * WORLD_STEP, v, 100);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(v[i].n_events, (5000 + i) % WORLD_PROCESSES == 23);
	query_close(q);
	world_end(&w);
}

static void completion_knows_values(void **unused)
{
	const char *v[20];
	struct arena a = {0};
	struct world w;

	world_begin(&w, 2);
	world_base(&w);
	assert_int_equal(browse_values(w.b, "proc.exepath", "/usr/bin/prog", v, 20, &a), 7);
	assert_string_equal(v[6], "/usr/bin/prog6");
	assert_true(browse_values(w.b, "evt.type", "open", v, 20, &a) >= 3);
	arena_release(&a);
	world_end(&w);
}

static void wrong_filters_are_told(void **unused)
{
	const struct focus f = { .filters = { "proc.nam = x" }, .n = 1, .to = UINT64_MAX };
	struct world w;

	world_begin(&w, 1);
	assert_null(query_open(w.b, views_find(&w.views, "files"), &f));
	assert_error_has("proc.nam");
	assert_true(focus_check(w.b, "evt.type =") < 0);
	assert_int_equal(focus_check(w.b, "rule:opened"), 0);
	assert_true(focus_check(w.b, "rule:nothing") < 0);
	world_end(&w);
}

/* Closed while they run, in any order, with others open. */
/* The one reader is amid the first pass, which is in one part because of a correlation. */
static void the_first_pass_gives_way(void **unused)
{
	struct browse_progress progress;
	struct query_status st;
	struct world w;
	struct query *q;

	world_more_rules = "- rule: often\n  desc: x\n  condition: evt.type = close\n"
		"  output: x\n  priority: NOTICE\n"
		"  correlate: {within: 1s, by: proc.pid, count: 20}\n";
	world_begin(&w, 1);
	world_more_rules = NULL;
	for (bool begun = false; !begun; sched_yield()) {
		browse_lock(w.b);
		begun = w.b->base->next_part == 1;
		w.b->rows_wanted |= begun;	/* as if a list of events were read */
		browse_unlock(w.b);
	}
	q = world_query(&w, "syscalls", NULL);
	st = world_complete(&w, q);
	assert_null(st.failed);
	/* The ends of processes are no calls. */
	assert_int_equal(st.n_events, WORLD_EVENTS - 4);
	browse_progress(w.b, &progress);
	assert_false(progress.complete);
	browse_lock(w.b);
	w.b->rows_wanted = false;
	pthread_cond_broadcast(&w.b->work);
	browse_unlock(w.b);
	world_base(&w);
	browse_progress(w.b, &progress);
	assert_int_equal(progress.n_events, WORLD_EVENTS);
	query_close(q);
	world_end(&w);
}

static void queries_can_be_closed_any_time(void **unused)
{
	struct world w;

	for (unsigned round = 0; round < 5; round++) {
		struct query *q[6];

		world_begin(&w, 2);
		for (unsigned i = 0; i < 6; i++)
			q[i] = world_query(&w, i % 2 ? "files" : "callers",
					   i < 2 ? NULL : "evt.type in (read, openat)");
		world_wait(&w);
		for (unsigned i = 0; i < 6; i++)
			query_close(q[(i * 5 + round) % 6]);
		world_end(&w);
	}
}

static rlim_t n_files(void)
{
	rlim_t n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* With room for none, one, two, ... files more. */
static void a_browser_that_cannot_open_all_its_files_leaves_none_open(void **unused)
{
	const rlim_t before = n_files();
	struct rlimit old, less;
	bool opened = false;
	struct world w;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	for (rlim_t more = 0; !opened; more++) {
		less = (struct rlimit){ before + more, old.rlim_max };
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &less), 0);
		world_open_at(&w, world_path, 2);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
		opened = w.b != NULL;
		world_end(&w);
		assert_int_equal(n_files(), before);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_do_not_depend_on_threads),
		cmocka_unit_test(rows_under_a_filter_do_not_either),
		cmocka_unit_test(every_event_counts_once),
		cmocka_unit_test(sorts_and_searches),
		cmocka_unit_test(a_row_leads_to_its_events),
		cmocka_unit_test(conditions_hold_any_name),
		cmocka_unit_test(a_type_that_is_not_known_can_be_followed),
		cmocka_unit_test(a_range_of_time_limits),
		cmocka_unit_test(alerts_are_counted_and_marked),
		cmocka_unit_test(the_tree_has_children_below_parents),
		cmocka_unit_test(the_timeline_has_every_event),
		cmocka_unit_test(the_timeline_can_be_zoomed),
		cmocka_unit_test(completion_knows_values),
		cmocka_unit_test(wrong_filters_are_told),
		cmocka_unit_test(the_first_pass_gives_way),
		cmocka_unit_test(queries_can_be_closed_any_time),
		cmocka_unit_test(a_browser_that_cannot_open_all_its_files_leaves_none_open),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, world_make, world_remove);
}
