/* SPDX-License-Identifier: Apache-2.0 */
/* A recording with several key frames for the tests of the browser's model: processes that run
 * programs, open, read, write and close files, fail, and end. */
#ifndef SAKER_TEST_BROWSE_WORLD_H
#define SAKER_TEST_BROWSE_WORLD_H

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "analyze/browse/model/events.h"
#include "analyze/browse/model/model.h"
#include "analyze/browse/model/query.h"
#include "capture/trace/writer.h"

enum { WORLD_EVENTS = 30000, WORLD_KEY_EVERY = 2000, WORLD_PROCESSES = 41, WORLD_FIRST_PID = 100 };
#define WORLD_BEGIN UINT64_C(1700000000000000000)
enum { WORLD_STEP = 1000 };	/* ns between events */

static const char world_rules[] =
	"- rule: opened\n  desc: x\n  condition: evt.type = openat and fd.name endswith 77\n"
	"  output: '%evt.num %fd.name %proc.name'\n  priority: NOTICE\n"
	"- rule: ended\n  desc: x\n  condition: evt.type = procexit and proc.pid = 123\n"
	"  output: '%evt.num %proc.name'\n  priority: CRITICAL\n";

static char world_dir[] = "/tmp/saker-browse-XXXXXX";
static char world_path[64];

static inline void world_text(struct event *ev, unsigned at, const char *s)
{
	value_bytes(&ev->v[at], s, strlen(s));
}

static inline void world_exec(struct event *ev, unsigned i, uint32_t pid)
{
	static char name[32], path[64], args[32];

	event_init(ev, EV_EXECVE);
	snprintf(name, sizeof(name), "prog%u", i % 7);
	snprintf(path, sizeof(path), "/usr/bin/prog%u", i % 7);
	snprintf(args, sizeof(args), "-x%u", i);
	value_number(&ev->v[P(EXECVE, res)], 0);
	world_text(ev, P(EXECVE, exe), name);
	value_bytes(&ev->v[P(EXECVE, args)], args, strlen(args) + 1);
	value_number(&ev->v[P(EXECVE, tid)], pid);
	value_number(&ev->v[P(EXECVE, pid)], pid);
	value_number(&ev->v[P(EXECVE, ptid)], pid == WORLD_FIRST_PID ? 1 : WORLD_FIRST_PID);
	world_text(ev, P(EXECVE, cwd), "/");
	world_text(ev, P(EXECVE, comm), name);
	world_text(ev, P(EXECVE, trusted_exepath), path);
	value_number(&ev->v[P(EXECVE, uid)], pid % 3);
}

static inline void world_open(struct event *ev, unsigned i)
{
	static char name[32];

	event_init(ev, EV_OPENAT);
	snprintf(name, sizeof(name), "/srv/%u/file%u", i % 10, i % 500);
	value_number(&ev->v[P(OPENAT, fd)], i % 11 ? 3 + i % 50 : (uint64_t)-2);
	value_number(&ev->v[P(OPENAT, dirfd)], (uint64_t)-100);
	world_text(ev, P(OPENAT, name), name);
	value_number(&ev->v[P(OPENAT, flags)], i % 2);
}

static inline void world_read(struct event *ev, unsigned i)
{
	static char data[32];

	event_init(ev, i % 2 ? EV_READ : EV_WRITE);
	snprintf(data, sizeof(data), "data of %u", i);
	value_number(&ev->v[P(READ, res)], strlen(data));
	value_number(&ev->v[P(READ, fd)], 3 + i % 50);
	value_number(&ev->v[P(READ, size)], 4096);
	world_text(ev, P(READ, data), data);
}

static inline void world_close(struct event *ev, unsigned i)
{
	event_init(ev, EV_CLOSE);
	value_number(&ev->v[P(CLOSE, res)], 0);
	value_number(&ev->v[P(CLOSE, fd)], 3 + (i * 7) % 50);
}

static inline void world_exit(struct event *ev, unsigned i)
{
	event_init(ev, EV_PROCEXIT);
	value_number(&ev->v[P(PROCEXIT, status)], 256 * (i % 5));
}

static inline void world_event(struct event *ev, unsigned i)
{
	const uint32_t pid = WORLD_FIRST_PID + i % WORLD_PROCESSES;

	if (i < WORLD_PROCESSES || i % 1000 < 10)
		world_exec(ev, i, pid);
	else if (i % 7011 == 5025)
		world_exit(ev, i);
	else if (i % 4 == 0)
		world_close(ev, i);
	else if (i % 4 == 1)
		world_open(ev, i);
	else
		world_read(ev, i);
	ev->num = i + 1;
	ev->ts = WORLD_BEGIN + (uint64_t)i * WORLD_STEP;
	ev->tid = ev->pid = pid;
	ev->cpu = (uint16_t)(i % 2);
}

static inline int world_add(const struct event *ev, void *w)
{
	return writer_add(w, ev);
}

static inline void world_key(struct writer *w, const struct state *st, uint64_t ts)
{
	assert_int_equal(writer_key_begin(w), 0);
	assert_true(state_dump(st, ts, NULL, world_add, w) >= 0);
	assert_int_equal(writer_key_end(w), 0);
}

static inline void world_loss(struct writer *w, uint64_t ts)
{
	struct event ev;

	event_init(&ev, EV_LOSS);
	ev.ts = ts;
	value_number(&ev.v[P(LOSS, class)], 1);
	value_number(&ev.v[P(LOSS, count)], 5);
	value_number(&ev.v[P(LOSS, from)], ts - 1);
	value_number(&ev.v[P(LOSS, to)], ts);
	assert_int_equal(writer_add(w, &ev), 0);
}

static inline int world_make(void **unused)
{
	const struct source_info info = { .hostname = "h", .kernel = "k", .arch_name = "x86_64",
		.writer = "test", .n_cpus = 2 };
	struct state *st = state_new(NULL);
	struct writer *w;
	struct event ev;

	if (!mkdtemp(world_dir))
		return -1;
	snprintf(world_path, sizeof(world_path), "%s/r.skr", world_dir);
	w = writer_open(world_path, false, &info, NULL);
	world_key(w, st, 1);
	for (unsigned i = 0; i < WORLD_EVENTS; i++) {
		world_event(&ev, i);
		state_update(st, &ev);
		assert_int_equal(writer_add(w, &ev), 0);
		if (i == 12345)
			world_loss(w, ev.ts);
		if (i % WORLD_KEY_EVERY == WORLD_KEY_EVERY - 1)
			world_key(w, st, ev.ts);
	}
	state_free(st);
	return writer_close(w);
}

static inline int world_remove(void **unused)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", world_dir);
	return system(command);
}

/* ---- a browser of it ---- */

struct world {
	struct views views;
	struct ruleset *rules;
	struct browse *b;
};

static bool world_grows;	/* what is opened is still written */
static uint64_t world_keep;	/* and so much of it kept */
static const char *world_more_rules;	/* or NULL */

static inline void world_open_at(struct world *w, const char *path, unsigned threads)
{
	static const struct field_env env = { .hostname = "h", .source = "syscall" };
	const struct ruleset_options options = { .least = PRIORITY_DEBUG,
						 .no_suggested_output = true };
	struct browse_options o = { .path = path, .env = &env, .threads = threads,
				    .grows = world_grows, .keep = world_keep };

	views_init(&w->views);
	w->rules = ruleset_new(&options);
	assert_int_equal(ruleset_load_text(w->rules, "rules", world_rules, strlen(world_rules)), 0);
	if (world_more_rules)
		assert_int_equal(ruleset_load_text(w->rules, "more", world_more_rules,
						   strlen(world_more_rules)), 0);
	assert_int_equal(ruleset_finish(w->rules), 0);
	o.rules = w->rules;
	o.views = &w->views;
	w->b = browse_open(&o);
}

static inline void world_begin(struct world *w, unsigned threads)
{
	world_open_at(w, world_path, threads);
	if (!w->b)
		fail_msg("%s", err_text());
}

static inline void world_end(struct world *w)
{
	browse_close(w->b);
	ruleset_free(w->rules);
	views_release(&w->views);
}

static inline void world_wait(struct world *w)
{
	struct pollfd p = { .fd = browse_fd(w->b), .events = POLLIN };

	poll(&p, 1, 10);
	browse_changed(w->b);
}

static inline struct query_status world_complete(struct world *w, struct query *q)
{
	struct query_status st;

	for (;;) {
		query_status(q, &st);
		if (st.complete || st.failed)
			return st;
		world_wait(w);
	}
}

static inline void world_base(struct world *w)
{
	struct browse_progress p;

	for (browse_progress(w->b, &p); !p.complete; browse_progress(w->b, &p))
		world_wait(w);
}

static inline void world_window(struct world *w, struct events *e, struct place p, unsigned before,
				unsigned after, struct event_window *out)
{
	for (;;) {
		events_window(e, &p, before, after, out);
		if (out->complete)
			return;
		world_wait(w);
	}
}

static inline struct query *world_query(struct world *w, const char *view, const char *filter)
{
	const struct focus f = { .filters = { filter }, .n = filter ? 1 : 0, .to = UINT64_MAX };
	struct query *q = query_open(w->b, views_find(&w->views, view), &f);

	if (!q)
		fail_msg("%s: %s", view, err_text());
	return q;
}

/* All rows of a query that is complete, as text. */
static inline void world_rows(struct buf *out, struct world *w, struct query *q)
{
	const struct view *v = query_view(q);
	const struct query_status st = world_complete(w, q);
	struct query_rows rows = {0};

	query_rows(q, 0, 1000000, &rows);
	buf_printf(out, "%s %zu rows, %llu events\n", v->id, rows.n,
		   (unsigned long long)st.n_events);
	for (size_t i = 0; i < rows.n; i++) {
		const struct query_row *r = &rows.v[i];

		buf_printf(out, "%u %u %u %d", r->depth, r->n_alerts, r->worst, r->exit_status);
		for (unsigned c = 0; c < v->n_columns; c++) {
			buf_byte(out, '|');
			datum_text(out, &r->cells[c], v->columns[c].unit, 0, true);
		}
		buf_byte(out, '\n');
	}
	query_rows_release(&rows);
}

#endif
