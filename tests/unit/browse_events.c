/* SPDX-License-Identifier: Apache-2.0 */
/* The list of events, searches in it, details of one event, streams. */
#include "tests/unit/test.h"

#include "analyze/browse/model/detail.h"
#include "analyze/browse/model/events.h"
#include "analyze/browse/model/stream.h"
#include "tests/unit/browse_world.h"

static struct events *list(struct world *w, const char *filter)
{
	const struct focus f = { .filters = { filter }, .n = filter ? 1 : 0, .to = UINT64_MAX };
	struct events *e = events_open(w->b, views_find(&w->views, "events"), &f);

	if (!e)
		fail_msg("%s", err_text());
	return e;
}

/* Exactly so many rows as are wanted stand before the end, and nobody knows yet that there are no
 * more. */
static void the_end_has_as_many_rows_as_are_wanted(void **unused)
{
	const struct place ends[] = { { .ts = UINT64_MAX }, { .num = WORLD_EVENTS + 10 } };
	struct event_window v = {0};
	struct world w;

	world_begin(&w, 2);
	for (unsigned before = 18; before < 23; before++)
		for (unsigned i = 0; i < 2; i++) {
			struct events *e = list(&w, "evt.num > 29980");
			unsigned waits = 0;

			do {
				events_window(e, &ends[i], before, 30, &v);
				if (!v.complete)
					world_wait(&w);
			} while (!v.complete && waits++ < 300);
			assert_true(v.complete);
			assert_int_equal(v.n, before < 20 ? before + 1 : 20);
			assert_true(v.end);
			events_close(e);
		}
	event_window_release(&v);
	world_end(&w);
}

/* Numbers come from whoever types them, and from notes. */
static void a_place_far_behind_the_end_is_the_end(void **unused)
{
	const uint64_t nums[] = { UINT64_MAX, UINT64_MAX / 2, WORLD_EVENTS + 100000 };
	static const char *const filters[] = { NULL, "evt.type = procexit", "evt.num = 0" };
	struct event_window v = {0};
	struct world w;

	world_begin(&w, 2);
	for (unsigned i = 0; i < 9; i++) {
		struct events *e = list(&w, filters[i / 3]);
		const struct place p = { .num = nums[i % 3] };
		unsigned waits = 0;

		do {
			events_window(e, &p, 3, 30, &v);
			if (!v.complete)
				world_wait(&w);
		} while (!v.complete && waits++ < 300);
		assert_true(v.complete && v.end);
		assert_int_equal(v.n, i / 3 == 2 ? 0 : 4);
		if (i / 3 == 0)
			assert_int_equal(v.v[3].num, WORLD_EVENTS);
		events_close(e);
	}
	event_window_release(&v);
	world_end(&w);
}

static void windows_are_around_their_place(void **unused)
{
	static const uint64_t places[] = { 1, 2, 5, 1999, 2000, 2001, 15000, 29999, 30000, 7,
					   30000 };
	struct event_window v = {0};
	struct world w;
	struct events *e;

	world_begin(&w, 2);
	e = list(&w, NULL);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const uint64_t num = places[i];

		world_window(&w, e, (struct place){ .num = num }, 20, 30, &v);
		assert_true(v.at < v.n);
		assert_int_equal(v.v[v.at].num, num);
		assert_int_equal(v.at, num > 20 ? 20 : num - 1);
		assert_int_equal(v.n - v.at - 1,
				 num + 30 <= WORLD_EVENTS ? 30 : WORLD_EVENTS - num);
		assert_int_equal(v.begin, v.v[0].num == 1);
		assert_int_equal(v.end, v.v[v.n - 1].num == WORLD_EVENTS);
		for (size_t r = 1; r < v.n; r++)
			assert_int_equal(v.v[r].num, v.v[r - 1].num + 1);
		for (size_t r = 0; r < v.n; r++)
			assert_int_equal(v.v[r].ts, WORLD_BEGIN + (v.v[r].num - 1) * WORLD_STEP);
	}
	event_window_release(&v);
	events_close(e);
	world_end(&w);
}

/* All numbers in the list, read from the begin on and from the end back. */
static void lists_are_the_same_both_ways(void **unused)
{
	static const char *const filters[] = { "proc.pid = 105", "evt.type = procexit",
					       "evt.type = execve and proc.name = prog3" };
	struct event_window v = {0};
	struct world w;

	world_begin(&w, 2);
	for (unsigned i = 0; i < 3; i++) {
		struct events *e = list(&w, filters[i]);
		static uint64_t forward[WORLD_EVENTS];
		size_t n = 0, back;
		struct place p = { .num = 1 };

		do {
			world_window(&w, e, p, 0, 99, &v);
			for (size_t r = 0; r < v.n; r++)
				forward[n++] = v.v[r].num;
			p.num = v.n ? v.v[v.n - 1].num + 1 : 0;
		} while (!v.end);
		assert_true(n > 0);
		p.num = WORLD_EVENTS;
		back = n;
		do {
			world_window(&w, e, p, 99, 0, &v);
			assert_true(v.n > 0);
			for (size_t r = v.n; r-- > 0;)
				if (v.v[r].num <= p.num)
					assert_int_equal(v.v[r].num, forward[--back]);
			p.num = v.v[0].num - 1;
		} while (!v.begin && back > 0);
		assert_int_equal(back, 0);
		events_close(e);
	}
	event_window_release(&v);
	world_end(&w);
}

static void times_lead_to_events(void **unused)
{
	struct event_window v = {0};
	struct world w;
	struct events *e;

	world_begin(&w, 2);
	e = list(&w, NULL);
	for (unsigned i = 0; i < 10; i++) {
		const uint64_t num = 1 + i * 3111;
		const struct place p = { .ts = WORLD_BEGIN + (num - 1) * WORLD_STEP - 1 };

		world_window(&w, e, p, 3, 3, &v);
		assert_int_equal(v.v[v.at].num, num);
	}
	world_window(&w, e, (struct place){ .ts = UINT64_MAX }, 3, 3, &v);
	assert_int_equal(v.v[v.at].num, WORLD_EVENTS);
	event_window_release(&v);
	events_close(e);
	world_end(&w);
}

static void losses_stand_between_rows(void **unused)
{
	struct event_window v = {0};
	struct world w;
	struct events *e;

	world_begin(&w, 1);
	e = list(&w, NULL);
	world_window(&w, e, (struct place){ .num = 12347 }, 2, 2, &v);
	assert_int_equal(v.v[v.at].lost_before, 5);
	assert_int_equal(v.v[v.at - 1].lost_before, 0);
	events_close(e);
	event_window_release(&v);
	world_end(&w);
}

static uint64_t found(struct world *w, struct events *e)
{
	struct place p;
	int rc;

	while ((rc = events_found(e, &p)) < 0)
		world_wait(w);
	return rc ? p.num : 0;
}

static void searches_go_both_ways(void **unused)
{
	struct world w;
	struct events *e;

	world_begin(&w, 2);
	e = list(&w, NULL);
	assert_int_equal(events_search(e, 1, 1, "evt.type = procexit"), 0);
	assert_int_equal(found(&w, e), 5026);
	assert_int_equal(events_search(e, 5026, 1, "evt.type = procexit"), 0);
	assert_int_equal(found(&w, e), 12037);
	assert_int_equal(events_search(e, 12037, -1, "evt.type = procexit"), 0);
	assert_int_equal(found(&w, e), 5026);
	assert_int_equal(events_search(e, 5026, -1, "evt.type = procexit"), 0);
	assert_int_equal(found(&w, e), 0);
	assert_true(events_search(e, 1, 1, "evt.typ = x") < 0);
	assert_int_equal(events_search_text(e, 1, 1, "FILE333"), 0);
	assert_true(found(&w, e) > 1);
	assert_int_equal(events_search_text(e, 1, 1, "no such text"), 0);
	events_search_stop(e);
	events_close(e);
	world_end(&w);
}

static struct detail *detail(struct world *w, uint64_t num)
{
	struct detail *d = NULL;
	const char *failed = NULL;

	detail_ask(w->b, num);
	while (!(d = detail_take(w->b, &failed)) && !failed)
		world_wait(w);
	return d;
}

static const struct detail_value *value(const struct detail_value *v, unsigned n,
					const char *name)
{
	for (unsigned i = 0; i < n; i++)
		if (strcmp(v[i].name, name) == 0)
			return &v[i];
	fail_msg("no %s", name);
	return NULL;
}

static void an_event_has_details(void **unused)
{
	struct world w;
	struct detail *d;
	char *why;

	world_begin(&w, 2);
	d = detail(&w, 5026);
	assert_non_null(d);
	assert_int_equal(d->num, 5026);
	assert_memory_equal(d->type.p, "procexit", 9);
	assert_int_equal(d->process[0].pid, 123);
	assert_true(d->n_process >= 2);
	assert_int_equal(d->process[1].pid, WORLD_FIRST_PID);
	assert_string_equal(value(d->fields, d->n_fields, "evt.num")->text.p, "5026");
	assert_int_equal(d->n_rules, 1);
	assert_string_equal(d->rules[0].rule->name, "ended");
	assert_non_null(strstr(d->rules[0].why.p, "matches"));
	assert_true(d->n_links > 0);
	detail_free(d);
	d = detail(&w, 5024);
	assert_string_equal(value(d->params, d->n_params, "fd")->type, "FD");
	assert_string_equal(d->payload.p, "data of 5023");
	assert_true(d->n_fds > 0);
	detail_free(d);
	assert_null(detail(&w, WORLD_EVENTS + 5));
	detail_ask_why(w.b, 5024, ruleset_find(w.rules, "opened"));
	while (!(why = detail_take_why(w.b)))
		world_wait(&w);
	assert_non_null(strstr(why, "does not match"));
	free(why);
	world_end(&w);
}

static void a_descriptor_is_followed(void **unused)
{
	struct stream_chunk v[64];
	struct stream_status st;
	struct stream *s;
	struct world w;
	char text[32];

	world_begin(&w, 2);
	s = stream_open(w.b, STREAM_FD, 5024);
	for (stream_status(s, &st); !st.complete; stream_status(s, &st))
		world_wait(&w);
	assert_null(st.failed);
	assert_true(st.n_chunks > 0);
	st.n_chunks = stream_chunks(s, 0, v, 64);
	for (size_t i = 0; i < st.n_chunks; i++) {
		snprintf(text, sizeof(text), "data of %llu", (unsigned long long)v[i].num - 1);
		assert_int_equal(v[i].len, strlen(text));
		assert_memory_equal(v[i].p, text, v[i].len);
		assert_int_equal(v[i].pid, WORLD_FIRST_PID + 5023 % WORLD_PROCESSES);
		assert_int_equal(v[i].out, (v[i].num - 1) % 2 == 0);
	}
	stream_close(s);
	s = stream_open(w.b, STREAM_TTY, 5024);
	for (stream_status(s, &st); !st.complete; stream_status(s, &st))
		world_wait(&w);
	assert_non_null(st.failed);
	stream_close(s);
	world_end(&w);
}

/* ---- one file, opened twice ---- */

enum { EARLIER_READS = 300, EARLIER_SIZE = 60000, LATER_READS = (1 << 18) + 10 };

static void twice_put(struct writer *w, struct event *ev, uint64_t *num)
{
	ev->num = ++*num;
	ev->ts = WORLD_BEGIN + *num * WORLD_STEP;
	ev->tid = ev->pid = WORLD_FIRST_PID;
	assert_int_equal(writer_add(w, ev), 0);
}

static void twice_read(struct writer *w, const char *data, size_t len, uint64_t *num)
{
	struct event ev;

	event_init(&ev, EV_READ);
	value_number(&ev.v[P(READ, res)], len);
	value_number(&ev.v[P(READ, fd)], 3);
	value_bytes(&ev.v[P(READ, data)], data, len);
	twice_put(w, &ev, num);
}

static void twice_open(struct writer *w, uint64_t *num)
{
	struct event ev;

	event_init(&ev, EV_OPENAT);
	value_number(&ev.v[P(OPENAT, fd)], 3);
	value_number(&ev.v[P(OPENAT, dirfd)], (uint64_t)-100);
	world_text(&ev, P(OPENAT, name), "/srv/twice");
	twice_put(w, &ev, num);
}

/* More goes through the first descriptor than a stream keeps, and more often through the second.
 * The number of the first event of that. */
static uint64_t write_twice(const char *path)
{
	static char data[EARLIER_SIZE];
	struct writer *w = writer_open(path, true, &(struct source_info){0}, NULL);
	uint64_t num = 0, first;
	struct event ev;

	world_exec(&ev, 0, WORLD_FIRST_PID);
	twice_put(w, &ev, &num);
	twice_open(w, &num);
	for (unsigned i = 0; i < EARLIER_READS; i++)
		twice_read(w, data, sizeof(data), &num);
	event_init(&ev, EV_CLOSE);
	value_number(&ev.v[P(CLOSE, fd)], 3);
	twice_put(w, &ev, &num);
	twice_open(w, &num);
	first = num + 1;
	for (unsigned i = 0; i < LATER_READS; i++)
		twice_read(w, "later", 5, &num);
	assert_int_equal(writer_close(w), 0);
	return first;
}

static void a_stream_has_nothing_of_an_earlier_descriptor(void **unused)
{
	struct stream_status st;
	struct stream_chunk c;
	char path[80];
	struct stream *s;
	struct world w;
	uint64_t first;

	snprintf(path, sizeof(path), "%s/twice.skr", world_dir);
	first = write_twice(path);
	world_open_at(&w, path, 2);
	assert_non_null(w.b);
	s = stream_open(w.b, STREAM_FD, first + 7);
	do {
		world_wait(&w);
		stream_status(s, &st);
		if (stream_chunks(s, 0, &c, 1) == 1)
			assert_int_equal(c.num, first);
	} while (!st.complete);
	assert_null(st.failed);
	assert_int_equal(stream_chunks(s, 0, &c, 1), 1);
	assert_int_equal(c.len, 5);
	assert_memory_equal(c.p, "later", 5);
	assert_int_equal(st.n_chunks, 1 << 18);
	assert_int_equal(st.in, 5 * LATER_READS);
	assert_int_equal(st.cut, 5 * 10);
	stream_close(s);
	world_end(&w);
	unlink(path);
}

static void all_can_be_closed_at_work(void **unused)
{
	struct event_window v = {0};
	struct world w;

	for (unsigned i = 0; i < 20; i++) {
		const struct place p = { .num = 25000 };
		struct events *e;
		struct stream *s;

		world_begin(&w, 2);
		e = list(&w, i % 2 ? "proc.name = prog2" : NULL);
		events_window(e, &p, 100, 100, &v);
		events_search(e, 1, 1, "proc.pid = 1");
		detail_ask(w.b, 29000);
		s = stream_open(w.b, STREAM_FD, 29000);
		if (i > 10)
			world_wait(&w);
		stream_close(s);
		events_close(e);
		world_end(&w);
	}
	event_window_release(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(windows_are_around_their_place),
		cmocka_unit_test(a_place_far_behind_the_end_is_the_end),
		cmocka_unit_test(the_end_has_as_many_rows_as_are_wanted),
		cmocka_unit_test(lists_are_the_same_both_ways),
		cmocka_unit_test(times_lead_to_events),
		cmocka_unit_test(losses_stand_between_rows),
		cmocka_unit_test(searches_go_both_ways),
		cmocka_unit_test(an_event_has_details),
		cmocka_unit_test(a_descriptor_is_followed),
		cmocka_unit_test(a_stream_has_nothing_of_an_earlier_descriptor),
		cmocka_unit_test(all_can_be_closed_at_work),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, world_make, world_remove);
}
