/* SPDX-License-Identifier: Apache-2.0 */
/* A recording that grows while it is looked at: whatever pieces it comes in, views, marks and the
 * list of events are in the end what they are of the whole. */
#include "tests/unit/test.h"

#include <fcntl.h>

#include "analyze/browse/model/events.h"
#include "analyze/browse/model/stream.h"
#include "analyze/browse/model/timeline.h"
#include "tests/unit/browse_world.h"

static uint8_t *bytes;
static size_t size;
static char path[80];

static const char *const filters[] = {
	NULL, "evt.type = openat", "proc.name = prog3 and evt.num > 20000",
	"fd.name contains file77",
};
enum { FILTERS = sizeof(filters) / sizeof(filters[0]), QUERIES_MAX = 200 };

/* What grows is this file. */
static int take(const char *file)
{
	const int fd = open(file, O_RDONLY);
	int rc = 0;

	size = (size_t)lseek(fd, 0, SEEK_END);
	free(bytes);
	bytes = xmalloc(size);
	if (pread(fd, bytes, size, 0) != (ssize_t)size)
		rc = -1;
	close(fd);
	return rc;
}

static int make(void **state)
{
	if (world_make(state) != 0)
		return -1;
	snprintf(path, sizeof(path), "%s/grows.skr", world_dir);
	return take(world_path);
}

static int clean(void **state)
{
	free(bytes);
	return world_remove(state);
}

/* The file has its first n bytes. */
static void have(size_t n)
{
	const int fd = open(path, O_WRONLY | O_CREAT, 0600);

	assert_int_equal(pwrite(fd, bytes, n, 0), n);
	assert_int_equal(ftruncate(fd, (off_t)n), 0);
	close(fd);
}

static void begin(struct world *w, size_t n, unsigned threads)
{
	have(n);
	world_grows = true;
	world_open_at(w, path, threads);
	world_grows = false;
	if (!w->b)
		fail_msg("%s", err_text());
}

static void grow(struct world *w, size_t n)
{
	have(n < size ? n : size);
	assert_true(browse_grow(w->b, false) >= 0);
	if (n >= size)
		assert_int_equal(browse_grow(w->b, true), 1);
}

struct queries {
	struct query *q[QUERIES_MAX];
	unsigned n;
};

/* All views under one filter. */
static void open_all(struct world *w, struct queries *all, unsigned f)
{
	all->n = 0;
	for (size_t i = 0; i < w->views.n && all->n < QUERIES_MAX; i++)
		if (w->views.v[i]->kind != VIEW_EVENTS)
			all->q[all->n++] = world_query(w, w->views.v[i]->id, filters[f]);
}

static void close_all(struct queries *all)
{
	for (unsigned i = 0; i < all->n; i++)
		query_close(all->q[i]);
}

static struct buf rows_of(struct world *w, const struct queries *all)
{
	struct buf out = {0};

	world_base(w);
	for (unsigned i = 0; i < all->n; i++)
		world_rows(&out, w, all->q[i]);
	return out;
}

static struct buf rows_of_whole(unsigned filter)
{
	struct queries all;
	struct world w;
	struct buf out;

	world_begin(&w, 2);
	open_all(&w, &all, filter);
	out = rows_of(&w, &all);
	close_all(&all);
	world_end(&w);
	return out;
}

static void same_text(const struct buf *a, const struct buf *b)
{
	size_t at = 0, line = 0;

	while (at < a->len && at < b->len && a->p[at] == b->p[at]) {
		if (a->p[at] == '\n')
			line = at + 1;
		at++;
	}
	if (at < a->len || at < b->len)
		fail_msg("they differ at byte %zu:\n%.300s\n---\n%.300s", at, (char *)a->p + line,
			 (char *)b->p + line);
}

/* n: pieces; many queries from the start, one more with each piece. */
static void follow(unsigned pieces, unsigned threads, unsigned filter)
{
	struct buf whole = rows_of_whole(filter), mine;
	const size_t step = size / pieces + 1;
	struct queries all, late = {0};
	struct world w;

	begin(&w, step > 60000 ? step : 60000, threads);
	open_all(&w, &all, filter);
	for (size_t n = step; n < size + step; n += step) {
		grow(&w, n);
		if (late.n < 4)
			late.q[late.n++] = world_query(&w, "files", "evt.type = openat");
		if (n % 3 == 0)
			world_base(&w);
		world_wait(&w);
	}
	mine = rows_of(&w, &all);
	same_text(&whole, &mine);
	close_all(&late);
	close_all(&all);
	world_end(&w);
	buf_release(&whole);
	buf_release(&mine);
}

static void views_are_those_of_the_whole(void **state)
{
	follow(7, 2, 0);
	follow(23, 1, 1);
	follow(40, 4, 2);
	follow(12, 2, 3);
}

static uint64_t n_events(struct world *w)
{
	struct browse_progress p;

	world_base(w);
	browse_progress(w->b, &p);
	return p.n_events;
}

/* Also of what is opened and counted meanwhile. */
static void it_stands_still_between(void **state)
{
	struct query_status before, after;
	struct query *q, *other;
	struct world w;
	uint64_t n;

	begin(&w, size / 3, 2);
	q = world_query(&w, "syscalls", NULL);
	n = n_events(&w);
	before = world_complete(&w, q);
	assert_int_equal(n, browse_info(w.b)->n_events);
	have(size);
	other = world_query(&w, "files", "evt.num > 0");
	world_complete(&w, other);
	for (unsigned i = 0; i < 5; i++)
		world_wait(&w);
	assert_int_equal(n_events(&w), n);
	after = world_complete(&w, q);
	assert_int_equal(after.n_events, before.n_events);
	query_close(other);
	grow(&w, size);
	assert_int_equal(n_events(&w), WORLD_EVENTS);
	assert_true(world_complete(&w, q).n_events > 2 * before.n_events);
	query_close(q);
	world_end(&w);
}

static void marks_are_those_of_the_whole(void **state)
{
	struct world w, of;

	world_begin(&of, 2);
	begin(&w, size / 5, 2);
	for (unsigned i = 2; i <= 5; i++) {
		world_base(&w);
		grow(&w, i == 5 ? size : size / 5 * i);
	}
	world_base(&w);
	world_base(&of);
	for (unsigned kind = 0; kind < MARK__N; kind++) {
		struct mark a = {0}, b = {0};
		unsigned n = 0;
		int rc;

		while ((rc = browse_next_mark(of.b, kind, a.num, 1, &a)) == 1) {
			assert_int_equal(browse_next_mark(w.b, kind, b.num, 1, &b), 1);
			assert_int_equal(a.num, b.num);
			assert_int_equal(a.ts, b.ts);
			n++;
		}
		assert_int_equal(rc, browse_next_mark(w.b, kind, b.num, 1, &b));
		assert_true(n > 0);
	}
	assert_int_equal(browse_n_alerts(w.b), browse_n_alerts(of.b));
	world_end(&w);
	world_end(&of);
}

/* The strip's buckets get wider, but lose nothing. */
static void the_strip_counts_all(void **state)
{
	struct bucket v[100];
	uint64_t sum;
	struct world w;

	begin(&w, size / 10, 2);
	for (unsigned i = 2; i <= 10; i++) {
		grow(&w, i == 10 ? size : size / 10 * i);
		world_base(&w);
		timeline_get(w.b, NULL, browse_info(w.b)->first_ts, browse_info(w.b)->last_ts + 1,
			     v, 100);
		sum = 0;
		for (unsigned k = 0; k < 100; k++)
			sum += v[k].n_events;
		assert_int_equal(sum, browse_info(w.b)->n_events);
	}
	world_end(&w);
}

/* ---- the list of events ---- */

static void window(struct world *w, struct events *e, struct place at, struct event_window *out)
{
	for (;;) {
		events_window(e, &at, 20, 20, out);
		if (out->complete)
			return;
		world_wait(w);
	}
}

static void last_rows(const char *filter)
{
	static const struct place end = { .ts = UINT64_MAX };
	const struct focus f = { .filters = { filter }, .n = filter ? 1 : 0, .to = UINT64_MAX };
	struct event_window a = {0}, b = {0};
	struct events *e, *all;
	struct world w;

	begin(&w, size / 10, 2);
	e = events_open(w.b, views_find(&w.views, "events"), &f);
	for (unsigned i = 2; i <= 30; i++) {
		window(&w, e, end, &a);
		assert_true(a.n > 0 && a.at == a.n - 1 && a.end);
		/* The same as when it is opened anew. */
		all = events_open(w.b, views_find(&w.views, "events"), &f);
		window(&w, all, end, &b);
		assert_int_equal(a.n, b.n);
		for (size_t k = 0; k < a.n; k++) {
			assert_int_equal(a.v[k].num, b.v[k].num);
			assert_int_equal(a.v[k].lost_before, b.v[k].lost_before);
		}
		if (!filter)
			assert_int_equal(a.v[a.at].num, browse_info(w.b)->n_events);
		events_close(all);
		grow(&w, i == 30 ? size : size / 30 * i);
	}
	event_window_release(&a);
	event_window_release(&b);
	events_close(e);
	world_end(&w);
}

static void the_last_rows_are_the_last(void **state)
{
	for (unsigned i = 0; i < FILTERS; i++)
		if (i != 2)
			last_rows(filters[i]);
}

static void a_place_stays_and_what_is_behind_it_comes(void **state)
{
	const struct focus f = { .to = UINT64_MAX };
	struct event_window a = {0};
	struct events *e;
	struct world w;
	uint64_t last;

	begin(&w, size / 4, 2);
	last = browse_info(w.b)->n_events;
	e = events_open(w.b, views_find(&w.views, "events"), &f);
	window(&w, e, (struct place){ .num = last }, &a);
	assert_int_equal(a.v[a.at].num, last);
	assert_int_equal(a.at, a.n - 1);
	grow(&w, size);
	window(&w, e, (struct place){ .num = last }, &a);
	assert_int_equal(a.v[a.at].num, last);
	assert_int_equal(a.n - a.at, 21);
	event_window_release(&a);
	events_close(e);
	world_end(&w);
}

/* ---- a descriptor ---- */

enum { LONG_EVENTS = 12000, LONG_OPEN = 43, LONG_CLOSE = 11011, LONG_FD = 60 };

/* Of one process: event i writes to a file between its opening and its closing, or does what it
 * does elsewhere. */
static void long_event(struct event *ev, unsigned i)
{
	world_event(ev, i);
	if (i == LONG_OPEN || i == LONG_CLOSE) {
		event_init(ev, i == LONG_OPEN ? EV_OPENAT : EV_CLOSE);
		if (i == LONG_OPEN)
			world_text(ev, P(OPENAT, name), "/srv/long");
		value_number(&ev->v[i == LONG_OPEN ? P(OPENAT, fd) : P(CLOSE, fd)], LONG_FD);
		value_number(&ev->v[i == LONG_OPEN ? P(OPENAT, dirfd) : P(CLOSE, res)], 0);
	} else if (i > LONG_OPEN && i % 17 == 0) {
		world_read(ev, 2 * i);	/* a write */
		value_number(&ev->v[P(WRITE, fd)], LONG_FD);
	} else {
		return;
	}
	ev->num = i + 1;
	ev->ts = WORLD_BEGIN + (uint64_t)i * WORLD_STEP;
	ev->tid = ev->pid = WORLD_FIRST_PID;
}

static void make_long(const char *file)
{
	const struct source_info info = { .hostname = "h", .kernel = "k", .arch_name = "x86_64",
		.writer = "test", .n_cpus = 2 };
	struct state *st = state_new(NULL);
	struct writer *w = writer_open(file, false, &info, NULL);
	struct event ev;

	world_key(w, st, 1);
	for (unsigned i = 0; i < LONG_EVENTS; i++) {
		long_event(&ev, i);
		state_update(st, &ev);
		assert_int_equal(writer_add(w, &ev), 0);
		if (i % 500 == 499)
			world_key(w, st, ev.ts);
	}
	state_free(st);
	assert_int_equal(writer_close(w), 0);
}

static struct stream_status caught_up(struct world *w, struct stream *s, size_t last)
{
	struct stream_status st;
	struct stream_chunk c;

	for (;;) {
		stream_status(s, &st);
		assert_null(st.failed);
		if (st.complete && stream_chunks(s, st.n_chunks - 1, &c, 1) == 1
		    && c.num + 17 > last && st.live == (last < LONG_CLOSE))
			return st;
		world_wait(w);
	}
}

/* other: a second one, for which the seeker goes elsewhere in between. */
static void follow_stream(bool other)
{
	struct stream *s, *beside = NULL;
	struct stream_status st;
	struct stream_chunk c;
	struct world w;
	unsigned n = 0;

	begin(&w, size / 6, 2);
	s = stream_open(w.b, STREAM_FD, 17 * 17 + 1);
	if (other)
		beside = stream_open(w.b, STREAM_FD, 17 * 19 + 1);
	for (unsigned i = 2; i <= 20; i++) {
		const uint64_t last = browse_info(w.b)->n_events;

		st = caught_up(&w, s, last < LONG_CLOSE ? last : LONG_CLOSE);
		if (other)
			caught_up(&w, beside, last < LONG_CLOSE ? last : LONG_CLOSE);
		grow(&w, i == 20 ? size : size / 20 * i > size / 6 ? size / 20 * i : size / 6);
	}
	st = caught_up(&w, s, LONG_CLOSE);
	for (unsigned i = LONG_OPEN + 1; i < LONG_CLOSE; i++) {
		if (i % 17 != 0)
			continue;
		assert_int_equal(stream_chunks(s, n++, &c, 1), 1);
		assert_int_equal(c.num, i + 1);
		assert_true(c.out);
	}
	assert_int_equal(st.n_chunks, n);
	stream_close(s);
	if (beside)
		stream_close(beside);
	world_end(&w);
}

static void a_descriptor_is_followed_on(void **state)
{
	char file[80];

	snprintf(file, sizeof(file), "%s/long.skr", world_dir);
	make_long(file);
	assert_int_equal(take(file), 0);
	follow_stream(false);
	follow_stream(true);
	assert_int_equal(take(world_path), 0);
}

/* Closed while there is more to read: nothing goes on, nothing is leaked. */
static void closing_ends_what_follows(void **state)
{
	struct world w;

	begin(&w, size / 8, 2);
	for (unsigned i = 2; i <= 8; i++) {
		struct query *q = world_query(&w, "files", i % 2 ? "fd.num > 3" : "evt.num > 9");

		grow(&w, size / 9 * i);
		if (i % 3 == 0)
			world_complete(&w, q);
		query_close(q);
	}
	world_end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(views_are_those_of_the_whole),
		cmocka_unit_test(it_stands_still_between),
		cmocka_unit_test(marks_are_those_of_the_whole),
		cmocka_unit_test(the_strip_counts_all),
		cmocka_unit_test(the_last_rows_are_the_last),
		cmocka_unit_test(a_place_stays_and_what_is_behind_it_comes),
		cmocka_unit_test(a_descriptor_is_followed_on),
		cmocka_unit_test(closing_ends_what_follows),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make, clean);
}
