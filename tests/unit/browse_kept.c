/* SPDX-License-Identifier: Apache-2.0 */
/* A recording that grows and of which only the newest is kept: what was given up is counted, what
 * is there can be looked at, and nothing goes that is still looked at. */
#include "tests/unit/test.h"

#include "analyze/browse/model/detail.h"
#include "analyze/browse/model/events.h"
#include "analyze/browse/model/inside.h"
#include "tests/unit/browse_world.h"
#include "tests/unit/holes.h"

enum { KEEP = 60000, SLACK = 50000, STEP = 500, OPENED = 3000 };

static char path[80];
static struct writer *writer;
static struct state *state;
static unsigned written;

static int make(void **unused)
{
	if (!mkdtemp(world_dir))
		return -1;
	snprintf(path, sizeof(path), "%s/kept.skr", world_dir);
	return 0;
}

/* A process of the snapshot that does nothing. */
static const struct event *idle(void)
{
	static struct event ev;

	event_init(&ev, EV_SNAP_THREAD);
	value_number(&ev.v[P(SNAP_THREAD, tid)], 4999);
	value_number(&ev.v[P(SNAP_THREAD, pid)], 4999);
	world_text(&ev, P(SNAP_THREAD, comm), "idle");
	return &ev;
}

static int begin(void **unused)
{
	const struct source_info info = { .hostname = "h", .kernel = "k", .arch_name = "x86_64",
		.writer = "test", .n_cpus = 2 };
	const struct writer_options opt = { .keep = KEEP };

	written = 0;
	state = state_new(NULL);
	state_update(state, idle());
	writer = writer_open(path, true, &info, &opt);
	world_key(writer, state, 1);
	return writer ? 0 : -1;
}

static int end(void **unused)
{
	state_free(state);
	return writer_close(writer);
}

/* The recording has its first n events. */
static void have(unsigned n)
{
	struct event ev;

	for (; written < n; written++) {
		world_event(&ev, written);
		state_update(state, &ev);
		assert_int_equal(writer_add(writer, &ev), 0);
		if (written % WORLD_KEY_EVERY == WORLD_KEY_EVERY - 1)
			world_key(writer, state, ev.ts);
	}
	assert_int_equal(writer_flush(writer), 0);
}

static void look(struct world *w)
{
	world_grows = true;
	world_keep = KEEP;
	world_open_at(w, path, 2);
	world_grows = false;
	world_keep = 0;
	if (!w->b)
		fail_msg("%s", err_text());
}

static struct browse_progress grow(struct world *w)
{
	struct browse_progress p;

	assert_true(browse_grow(w->b, false) >= 0);
	if (w->b->kept.part > 0)
		assert_true(w->b->info.size - w->b->parts[w->b->kept.part].off >= KEEP);
	world_base(w);
	browse_progress(w->b, &p);
	return p;
}

/* The recorder and the browser go on together. */
static void grow_to(struct world *w, unsigned n)
{
	while (written < n) {
		have(written + STEP);
		grow(w);
	}
}

static uint64_t kept_bytes(void)
{
	const struct writer_stats *const s = writer_stats(writer);

	return s->stored_bytes - s->given_up;
}

static uint64_t first_row(struct world *w, const char *filter, struct place at)
{
	const struct focus f = { .filters = { filter }, .n = filter ? 1 : 0, .to = UINT64_MAX };
	struct events *const e = events_open(w->b, views_find(&w->views, "events"), &f);
	struct event_window out = {0};
	uint64_t num;

	world_window(w, e, at, 10, 10, &out);
	assert_true(out.n > 0);
	assert_true(out.begin);
	num = out.v[0].num;
	for (size_t i = 1; i < out.n; i++)
		assert_true(out.v[i].num > out.v[i - 1].num);
	event_window_release(&out);
	events_close(e);
	return num;
}

static uint64_t n_counted(struct world *w, struct query *q)
{
	return world_complete(w, q).n_events;
}

static void all_is_counted_the_newest_is_kept(void **unused)
{
	struct browse_progress p;
	struct query *q, *late;
	struct place kept;
	struct world w;

	have(OPENED);
	look(&w);
	q = world_query(&w, "processes", NULL);
	grow_to(&w, WORLD_EVENTS);
	p = grow(&w);
	kept = browse_kept(w.b);
	assert_in_range(kept.num, WORLD_EVENTS / 2, WORLD_EVENTS - 1);
	assert_int_equal(kept.ts, WORLD_BEGIN + (kept.num - 1) * WORLD_STEP);
	assert_int_equal(p.n_events, WORLD_EVENTS);
	assert_int_equal(p.damage.n_places, 0);
	assert_in_range(kept_bytes(), KEEP, KEEP + SLACK);
	assert_int_equal(n_counted(&w, q), WORLD_EVENTS);
	late = world_query(&w, "processes", "evt.num > 0");
	assert_int_equal(n_counted(&w, late), WORLD_EVENTS - kept.num + 1);
	query_close(late);
	query_close(q);
	world_end(&w);
}

static uint64_t calls_per_second(struct world *w, const char *filter)
{
	struct query *const q = world_query(w, "syscalls", filter);
	struct query_rows rows = {0};
	uint64_t rate;

	world_complete(w, q);
	query_rows(q, 0, 1, &rows);
	assert_int_equal(query_view(q)->columns[1].unit, UNIT_RATE);
	rate = rows.v[0].cells[1].u;
	query_rows_release(&rows);
	query_close(q);
	return rate;
}

static size_t n_rows(struct world *w, const char *view, const char *filter)
{
	struct query *const q = world_query(w, view, filter);
	const size_t n = world_complete(w, q).n_rows;

	query_close(q);
	return n;
}

/* What is counted late is counted over the time of what is kept, and its snapshot is there. */
static void late_views_are_of_what_is_kept(void **unused)
{
	uint64_t early, late;
	struct world w;

	have(OPENED);
	look(&w);
	early = calls_per_second(&w, NULL);
	grow_to(&w, WORLD_EVENTS);
	late = calls_per_second(&w, "evt.num > 0");
	assert_in_range(late, early * 9 / 10, early * 11 / 10);
	assert_int_equal(n_rows(&w, "page_faults", NULL),
			 n_rows(&w, "page_faults", "evt.num > 0") + 1);
	world_end(&w);
}

static void lists_begin_with_what_is_kept(void **unused)
{
	struct place kept;
	struct world w;

	have(OPENED);
	look(&w);
	grow_to(&w, WORLD_EVENTS);
	kept = browse_kept(w.b);
	assert_int_equal(first_row(&w, NULL, (struct place){ .num = 1 }), kept.num);
	assert_int_equal(first_row(&w, NULL, (struct place){ .num = kept.num + 3 }), kept.num);
	assert_int_equal(first_row(&w, NULL, (struct place){ .ts = WORLD_BEGIN }), kept.num);
	assert_in_range(first_row(&w, "evt.type = openat", (struct place){ .num = 7 }), kept.num,
			kept.num + 50);
	assert_int_equal(grow(&w).damage.n_places, 0);
	world_end(&w);
}

/* A list that stands where all goes begins anew. */
static void a_list_goes_on(void **unused)
{
	const struct focus f = { .to = UINT64_MAX };
	struct event_window out = {0};
	struct events *e;
	struct world w;

	have(OPENED);
	look(&w);
	e = events_open(w.b, views_find(&w.views, "events"), &f);
	while (written < WORLD_EVENTS) {
		uint64_t first;

		have(written + STEP);
		grow(&w);
		world_window(&w, e, (struct place){ .ts = UINT64_MAX }, 10, 10, &out);
		assert_int_equal(out.v[out.at].num, written);
		world_window(&w, e, (struct place){ .num = 100 }, 10, 10, &out);
		first = browse_kept(w.b).num;
		assert_int_equal(out.v[out.at].num, first > 100 ? first : 100);
		for (size_t i = 1; i < out.n; i++)
			assert_int_equal(out.v[i].num, out.v[i - 1].num + 1);
	}
	assert_true(out.v[0].num > 100);
	event_window_release(&out);
	events_close(e);
	world_end(&w);
}

static void details_say_so(void **unused)
{
	struct detail *d = NULL;
	const char *failed = NULL;
	struct world w;

	have(OPENED);
	look(&w);
	grow_to(&w, WORLD_EVENTS);
	detail_ask(w.b, 5);
	while (!d && !failed) {
		world_wait(&w);
		d = detail_take(w.b, &failed);
	}
	assert_null(d);
	assert_non_null(strstr(failed, "event 5 was given up"));
	world_end(&w);
}

static void searches_end_there(void **unused)
{
	const struct focus f = { .to = UINT64_MAX };
	struct place at;
	struct events *e;
	struct world w;
	int found;

	have(OPENED);
	look(&w);
	grow_to(&w, WORLD_EVENTS);
	e = events_open(w.b, views_find(&w.views, "events"), &f);
	assert_int_equal(events_search(e, WORLD_EVENTS, -1, "evt.num <= 10"), 0);
	while ((found = events_found(e, &at)) < 0)
		world_wait(&w);
	assert_int_equal(found, 0);
	assert_int_equal(events_search(e, WORLD_EVENTS, -1, "evt.num = 29000"), 0);
	while ((found = events_found(e, &at)) < 0)
		world_wait(&w);
	assert_int_equal(found, 1);
	assert_int_equal(at.num, 29000);
	assert_int_equal(grow(&w).damage.n_places, 0);
	events_close(e);
	world_end(&w);
}

/* Paused: nothing of what is there goes, and all that came is counted when it goes on. */
static void what_is_looked_at_stays(void **unused)
{
	struct browse_progress p;
	struct query *q;
	struct world w;
	struct place kept;

	have(OPENED);
	look(&w);
	q = world_query(&w, "processes", NULL);
	grow_to(&w, WORLD_EVENTS / 2);
	kept = browse_kept(w.b);
	assert_true(kept.num > 1);
	have(WORLD_EVENTS);
	assert_true(kept_bytes() > KEEP + SLACK);
	assert_int_equal(first_row(&w, NULL, (struct place){ .num = 1 }), kept.num);
	/* Not at once: it must be read. */
	assert_true(browse_grow(w.b, false) >= 0);
	kept = browse_kept(w.b);
	browse_progress(w.b, &p);
	assert_true(kept.num <= p.n_events + 1);
	p = grow(&w);
	assert_int_equal(p.n_events, WORLD_EVENTS);
	assert_int_equal(p.damage.n_places, 0);
	assert_int_equal(n_counted(&w, q), WORLD_EVENTS);
	for (unsigned i = 0; i < 2; i++) {
		have(written + WORLD_KEY_EVERY);
		p = grow(&w);
	}
	have(written + STEP);
	assert_int_equal(p.damage.n_places, 0);
	assert_in_range(kept_bytes(), KEEP, KEEP + SLACK);
	query_close(q);
	world_end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
		T(all_is_counted_the_newest_is_kept),
		T(late_views_are_of_what_is_kept),
		T(lists_begin_with_what_is_kept),
		T(a_list_goes_on),
		T(details_say_so),
		T(searches_end_there),
		T(what_is_looked_at_stays),
#undef T
	};

	if (skip_without_holes("/tmp"))
		return 0;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make, world_remove);
}
