/* SPDX-License-Identifier: Apache-2.0 */
/* Samples of the recorder in views: they fill columns, count as no events, and hide nothing. */
#include "tests/unit/test.h"

#include <string.h>

#include "tests/unit/browse_world.h"

enum { MS = 1000000, SECONDS = 20 };

static void thread_at(struct writer *w, uint32_t pid, const char *name)
{
	struct event ev;

	event_init(&ev, EV_SNAP_THREAD);
	ev.ts = WORLD_BEGIN;
	value_number(&ev.v[P(SNAP_THREAD, tid)], pid);
	value_number(&ev.v[P(SNAP_THREAD, pid)], pid);
	world_text(&ev, P(SNAP_THREAD, comm), name);
	world_text(&ev, P(SNAP_THREAD, exe), name);
	value_number(&ev.v[P(SNAP_THREAD, utime)], 7 * (uint64_t)MS);
	value_number(&ev.v[P(SNAP_THREAD, stime)], 0);
	assert_int_equal(writer_add(w, &ev), 0);
}

static void sample(struct writer *w, uint64_t ts, uint32_t pid, uint64_t utime)
{
	struct event ev;

	event_init(&ev, EV_PROCINFO);
	ev.ts = ts;
	ev.tid = ev.pid = pid;
	value_number(&ev.v[P(PROCINFO, utime)], utime);
	value_number(&ev.v[P(PROCINFO, stime)], 0);
	value_number(&ev.v[P(PROCINFO, interval)], 1000 * (uint64_t)MS);
	value_number(&ev.v[P(PROCINFO, vm_rss)], 5000);
	assert_int_equal(writer_add(w, &ev), 0);
}

static void processor(struct writer *w, uint64_t ts, uint16_t cpu, uint64_t user)
{
	struct event ev;

	event_init(&ev, EV_CPUINFO);
	ev.ts = ts;
	ev.cpu = cpu;
	value_number(&ev.v[P(CPUINFO, user)], user);
	value_number(&ev.v[P(CPUINFO, idle)], 1000 * (uint64_t)MS - user);
	assert_int_equal(writer_add(w, &ev), 0);
}

/* One process makes calls, the other computes. */
static void make(const char *path, bool sampled)
{
	const struct source_info info = { .hostname = "h", .kernel = "k", .arch_name = "x86_64",
		.writer = "test", .n_cpus = 2 };
	struct writer *w = writer_open(path, true, &info, NULL);
	struct event ev;

	assert_non_null(w);
	assert_int_equal(writer_key_begin(w), 0);
	thread_at(w, 10, "caller");
	thread_at(w, 20, "computer");
	assert_int_equal(writer_key_end(w), 0);
	for (unsigned i = 0; i < SECONDS; i++) {
		const uint64_t ts = WORLD_BEGIN + i * 1000 * (uint64_t)MS;

		event_init(&ev, EV_CLOSE);
		value_number(&ev.v[P(CLOSE, res)], 0);
		ev.num = i + 1;
		ev.ts = ts;
		ev.tid = ev.pid = 10;
		assert_int_equal(writer_add(w, &ev), 0);
		if (sampled) {
			sample(w, ts + 1, 20, (7 + 500 * (i + 1)) * (uint64_t)MS);
			processor(w, ts + 1, 0, 250 * (uint64_t)MS);
			processor(w, ts + 1, 1, 0);
		}
		if (i % 5 == 4)		/* blocks of their own */
			assert_int_equal(writer_flush(w), 0);
	}
	assert_int_equal(writer_close(w), 0);
}

struct looked {
	struct world w;
	struct query *q;
	struct query_rows rows;
	const struct view *v;
};

static void look(struct looked *l, const char *path, const char *view, size_t rows)
{
	const struct focus f = { .to = UINT64_MAX };

	*l = (struct looked){0};
	world_open_at(&l->w, path, 1);
	assert_non_null(l->w.b);
	l->v = views_find(&l->w.views, view);
	l->q = query_open(l->w.b, l->v, &f);
	assert_non_null(l->q);
	assert_true(world_complete(&l->w, l->q).complete);
	for (query_rows(l->q, 0, 10, &l->rows); l->rows.n < rows; query_rows(l->q, 0, 10, &l->rows))
		world_wait(&l->w);
}

static void forget(struct looked *l)
{
	query_rows_release(&l->rows);
	query_close(l->q);
	world_end(&l->w);
}

static unsigned column(const struct looked *l, const char *name)
{
	for (unsigned i = 0; i < l->v->n_columns; i++)
		if (strcmp(l->v->columns[i].name, name) == 0)
			return i;
	fail_msg("no column %s", name);
	return 0;
}

static const struct datum *cell(const struct looked *l, unsigned row, const char *name)
{
	return &l->rows.v[row].cells[column(l, name)];
}

static void who_computes_stands_first(void **unused)
{
	struct looked l;

	make(world_path, true);
	look(&l, world_path, "processes", 2);
	assert_true(browse_tells(l.w.b, l.v, column(&l, "CPU")));
	assert_int_equal(browse_sort(l.w.b, l.v), column(&l, "CPU"));
	assert_int_equal(cell(&l, 0, "PID")->u, 20);
	assert_int_equal(cell(&l, 0, "TIME")->u, SECONDS * 500 * (uint64_t)MS);
	assert_int_equal(cell(&l, 0, "RES")->u, 5000 * 1024);
	assert_int_equal(cell(&l, 0, "PEAK")->u, 50);
	assert_int_equal(cell(&l, 0, "EVENTS")->u, 0);	/* samples are none */
	assert_int_equal(cell(&l, 1, "EVENTS")->u, SECONDS);
	assert_false(cell(&l, 1, "CPU")->known);
	forget(&l);
}

static void processors_have_their_load(void **unused)
{
	struct looked l;

	look(&l, world_path, "cores", 2);
	assert_int_equal(cell(&l, 0, "LOAD")->u, 25);
	assert_int_equal(cell(&l, 1, "LOAD")->u, 0);
	assert_int_equal(cell(&l, 0, "EVENTS")->u, SECONDS);
	assert_int_equal(cell(&l, 0, "PROCS")->u, 1);
	forget(&l);
}

static void without_samples_all_is_as_before(void **unused)
{
	struct looked l;

	make(world_path, false);
	look(&l, world_path, "processes", 1);
	assert_false(browse_tells(l.w.b, l.v, column(&l, "CPU")));
	assert_int_equal(browse_sort(l.w.b, l.v), column(&l, "EVENTS"));
	assert_int_equal(cell(&l, 0, "PID")->u, 10);
	forget(&l);
}

static int make_place(void **unused)
{
	if (!mkdtemp(world_dir))
		return -1;
	snprintf(world_path, sizeof(world_path), "%s/r.skr", world_dir);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_computes_stands_first),
		cmocka_unit_test(processors_have_their_load),
		cmocka_unit_test(without_samples_all_is_as_before),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_place, world_remove);
}
