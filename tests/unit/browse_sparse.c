/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks that need not be read: what is shown is the same as if all were. */
#include "tests/unit/test.h"

#include <glob.h>

#include "analyze/browse/model/events.h"
#include "analyze/browse/model/inside.h"
#include "tests/unit/browse_world.h"

enum { PID = WORLD_FIRST_PID + 5 };

/* ---- a recording with a few events of many kinds, each in one part ---- */

static void set_number(struct event *ev, const char *name, uint64_t u)
{
	value_number(&ev->v[event_param_index(ev->desc, name, strlen(name))], u);
}

static void set_bytes(struct event *ev, const char *name, const void *p, size_t n)
{
	value_bytes(&ev->v[event_param_index(ev->desc, name, strlen(name))], p, n);
}

static void of_fd(struct event *ev, enum event_id type, uint64_t fd)
{
	event_init(ev, type);
	set_number(ev, "fd", fd);
	if (event_param_index(ev->desc, "res", 3) >= 0)
		set_number(ev, "res", type == EV_WRITE ? 5 : 0);
}

static void make_socket(struct event *ev)
{
	of_fd(ev, EV_SOCKET, 60);
	set_number(ev, "domain", 2);
	set_number(ev, "type", 1);
	set_number(ev, "proto", 0);
}

static void make_write(struct event *ev, uint64_t fd)
{
	of_fd(ev, EV_WRITE, fd);
	set_bytes(ev, "data", "<5>hi", 5);
}

static void make_accept(struct event *ev)
{
	static const uint8_t tuple[13] = { 2, 10, 0, 0, 5, 0xa0, 0x0f, 127, 0, 0, 1, 0xbb, 1 };

	event_init(ev, EV_ACCEPT4);
	set_number(ev, "fd", 62);
	set_bytes(ev, "tuple", tuple, sizeof(tuple));
}

static void make_log(struct event *ev)
{
	event_init(ev, EV_OPENAT);
	value_number(&ev->v[P(OPENAT, fd)], 70);
	value_number(&ev->v[P(OPENAT, dirfd)], (uint64_t)-100);
	world_text(ev, P(OPENAT, name), "/dev/log");
	value_number(&ev->v[P(OPENAT, flags)], 1);
}

static void make_container(struct event *ev)
{
	world_exec(ev, 24001, PID);
	set_bytes(ev, "cgroups", "cpu=/lxc/web", 13);
}

static bool make_rare(struct event *ev, unsigned i)
{
	switch (i) {
	case 12000:
		make_socket(ev);
		return true;
	case 12001:
		of_fd(ev, EV_BIND, 60);
		set_bytes(ev, "addr", "\x02\x00\x00\x00\x00\xa0\x0f", 7);
		return true;
	case 12002:
		of_fd(ev, EV_LISTEN, 60);
		return true;
	case 12003: case 16777:
		make_accept(ev);
		return true;
	case 12004: case 17500:
		make_write(ev, 62);
		return true;
	case 12005:
		of_fd(ev, EV_CLOSE, 60);
		return true;
	case 20001:
		make_log(ev);
		return true;
	case 20002: case 21999: case 22000: case 29999:
		make_write(ev, 70);
		return true;
	case 24001:
		make_container(ev);
		return true;
	case 3: case 26500:
		event_init(ev, EV_SETUID);
		set_number(ev, "res", 0);
		set_number(ev, "uid", 0);
		return true;
	default:
		return false;
	}
}

static void make(const char *path, unsigned loss_at)
{
	const struct source_info info = { .hostname = "h", .kernel = "k", .arch_name = "x86_64",
		.writer = "test", .n_cpus = 2 };
	const struct writer_options small = { .block_size = 16384 };
	struct writer *w = writer_open(path, false, &info, &small);
	struct state *st = state_new(NULL);
	struct event ev;

	world_key(w, st, 1);
	for (unsigned i = 0; i < WORLD_EVENTS; i++) {
		world_event(&ev, i);
		if (make_rare(&ev, i)) {
			ev.num = i + 1;
			ev.ts = WORLD_BEGIN + (uint64_t)i * WORLD_STEP;
			ev.tid = ev.pid = PID;
		}
		state_update(st, &ev);
		assert_int_equal(writer_add(w, &ev), 0);
		if (i + 1 == loss_at)
			world_loss(w, ev.ts);
		if (i % WORLD_KEY_EVERY == WORLD_KEY_EVERY - 1)
			world_key(w, st, ev.ts);
	}
	state_free(st);
	assert_int_equal(writer_close(w), 0);
}

/* ---- all that can be shown, as text ---- */

static void put_cells(struct buf *out, const struct view *v, const struct datum *cells)
{
	for (unsigned c = 0; c < v->n_columns; c++) {
		buf_byte(out, '|');
		datum_text(out, &cells[c], v->columns[c].unit, 0, true);
	}
	buf_byte(out, '\n');
}

static void put_rows(struct buf *out, struct world *w, const struct view *v,
		     const struct focus *f)
{
	struct query *q = query_open(w->b, v, f);
	struct query_rows rows = {0};
	struct query_status st;

	assert_non_null(q);
	st = world_complete(w, q);
	query_rows(q, 0, 1000000, &rows);
	buf_printf(out, "%s: %zu rows, %llu events\n", v->id, rows.n,
		   (unsigned long long)st.n_events);
	for (size_t i = 0; i < rows.n; i++)
		put_cells(out, v, rows.v[i].cells);
	query_rows_release(&rows);
	query_close(q);
}

/* That the first or last row is the first or last of the list is known where fewer rows than asked
 * for are there; elsewhere it may be, if the seeker has been there. */
static void put_window(struct buf *out, const struct view *v, const struct event_window *win,
		       unsigned before, unsigned after)
{
	const bool short_before = win->at < before, short_after = win->n - win->at <= after;

	buf_printf(out, "%zu rows, at %zu%s%s\n", win->n, win->at,
		   short_before && win->begin ? ", begin" : "",
		   short_after && win->end ? ", end" : "");
	for (size_t i = 0; i < win->n; i++) {
		buf_printf(out, "%llu %llu", (unsigned long long)win->v[i].num,
			   (unsigned long long)win->v[i].lost_before);
		put_cells(out, v, win->v[i].cells);
	}
}

static void put_search(struct buf *out, struct world *w, struct events *e, uint64_t num,
		       int direction, const char *condition)
{
	struct place p = {0};
	int found;

	assert_int_equal(events_search(e, num, direction, condition), 0);
	while ((found = events_found(e, &p)) < 0)
		world_wait(w);
	buf_printf(out, "%s %d %llu: %llu\n", condition, direction, (unsigned long long)num,
		   found ? (unsigned long long)p.num : 0ull);
}

static void put_searches(struct buf *out, struct world *w, struct events *e)
{
	static const char *const conditions[] = {
		"evt.type = accept4", "fd.name contains /dev/log", "container.id != host",
		"evt.type = setuid", "proc.name = prog3", "evt.type = mount",
	};

	for (unsigned i = 0; i < 6; i++)
		for (uint64_t num = 1; num < WORLD_EVENTS; num += 12345) {
			put_search(out, w, e, num, 1, conditions[i]);
			put_search(out, w, e, num, -1, conditions[i]);
		}
}

static void put_list(struct buf *out, struct world *w, const struct view *v,
		     const struct focus *f)
{
	struct events *e = events_open(w->b, v, f);
	struct event_window win = {0};
	struct place p = { .num = 1 };

	assert_non_null(e);
	buf_printf(out, "%s\n", v->id);
	for (unsigned i = 0; i < 3; i++) {
		world_window(w, e, p, 0, 20, &win);
		put_window(out, v, &win, 0, 20);
		if (win.n)
			p.num = win.v[win.n - 1].num;
	}
	for (unsigned i = 0; i < 10; i++) {
		p = (struct place){ .ts = WORLD_BEGIN + (uint64_t)i * 7 % 10 * 3333333 };
		world_window(w, e, p, 5, 5, &win);
		put_window(out, v, &win, 5, 5);
	}
	for (p = (struct place){ .num = WORLD_EVENTS }; p.num > 1;
	     p.num = p.num > 4000 ? p.num - 4000 : 1) {
		world_window(w, e, p, 7, 0, &win);
		put_window(out, v, &win, 7, 0);
		if (win.at < 7)
			break;
	}
	if (v == views_find(&w->views, "events") && f->n == 0)
		put_searches(out, w, e);
	event_window_release(&win);
	events_close(e);
}

enum how { ALL_BLOCKS, AT_ONCE, AFTER_PASS };

static struct buf everything_of(const char *path, unsigned threads, enum how how,
				const struct focus *f)
{
	struct buf out = {0};
	struct world w;

	world_open_at(&w, path, threads);
	assert_non_null(w.b);
	if (how == ALL_BLOCKS)
		w.b->blocks.damaged = true;
	if (how != AT_ONCE)
		world_base(&w);
	for (size_t i = 0; i < w.views.n; i++) {
		const struct view *v = w.views.v[i];

		if (v->kind == VIEW_EVENTS)
			put_list(&out, &w, v, f);
		else if (!v->base)
			put_rows(&out, &w, v, f);
	}
	world_end(&w);
	return out;
}

static struct buf everything(unsigned threads, enum how how, const struct focus *f)
{
	return everything_of(world_path, threads, how, f);
}

static void check_same(const struct buf *want, const struct buf *got)
{
	size_t line = 0, i = 0;

	for (; i < want->len && i < got->len && want->p[i] == got->p[i]; i++)
		if (want->p[i] == '\n')
			line = i + 1;
	if (i < want->len || i < got->len)
		fail_msg("not %.*s\nbut %.*s", (int)strnlen((const char *)want->p + line, 300),
			 want->p + line, (int)strnlen((const char *)got->p + line, 300),
			 got->p + line);
}

static void same_with(const struct focus *f)
{
	struct buf want = everything(1, ALL_BLOCKS, f);

	assert_true(want.len > 10000);
	for (unsigned threads = 1; threads <= 4; threads *= 2) {
		struct buf got = everything(threads, AFTER_PASS, f);

		check_same(&want, &got);
		buf_release(&got);
	}
	buf_release(&want);
}

static void same_in_any_focus(void)
{
	static const struct focus of[] = {
		{ .to = UINT64_MAX },
		{ .filters = { "proc.pid = 105" }, .n = 1, .to = UINT64_MAX },
		{ .filters = { "proc.name = prog3" }, .n = 1, .to = UINT64_MAX },
		{ .filters = { "fd.type = ipv4", "evt.type != close" }, .n = 2,
		  .to = UINT64_MAX },
		{ .from = WORLD_BEGIN + 11 * 1000000, .to = WORLD_BEGIN + 17 * 1000000 },
	};

	for (unsigned i = 0; i < sizeof(of) / sizeof(of[0]); i++)
		same_with(&of[i]);
}

static void rows_are_the_same(void **unused)
{
	make(world_path, 0);
	same_in_any_focus();
}

static void losses_stand_where_they_were(void **unused)
{
	make(world_path, 15000);
	same_in_any_focus();
	make(world_path, 16000);
	same_with(&(struct focus){ .to = UINT64_MAX });
}

/* What is asked for while the first pass is at work. */
static void rows_are_the_same_at_once(void **unused)
{
	const struct focus f = { .to = UINT64_MAX };
	struct buf want;

	make(world_path, 0);
	want = everything(1, ALL_BLOCKS, &f);
	for (unsigned i = 1; i <= 4; i *= 2) {
		struct buf got = everything(i, AT_ONCE, &f);

		check_same(&want, &got);
		buf_release(&got);
	}
	buf_release(&want);
}

static void fixtures_are_shown_the_same(void **unused)
{
	const struct focus f = { .to = UINT64_MAX };
	glob_t files;

	assert_int_equal(glob("fixtures/*.skr", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		struct buf want = everything_of(files.gl_pathv[i], 1, ALL_BLOCKS, &f);
		struct buf got = everything_of(files.gl_pathv[i], 2, AFTER_PASS, &f);

		check_same(&want, &got);
		buf_release(&want);
		buf_release(&got);
	}
	globfree(&files);
}

/* ---- and little is read for it ---- */

static unsigned n_read(struct world *w, const char *view)
{
	const struct view *v = views_find(&w->views, view);
	const struct blocks *x = &w->b->blocks;
	struct gather_plan plan;
	struct sieve s;
	unsigned n = 0;

	assert_int_equal(gather_plan_init(&plan, v), 0);
	sieve_init(&s, x, &plan.types, v->filter);
	for (size_t i = sieve_next(&s, 0); i < x->n; i = sieve_next(&s, i + 1))
		n++;
	gather_plan_release(&plan);
	return n;
}

static void rare_events_are_in_few_blocks(void **unused)
{
	struct world w;

	make(world_path, 0);
	world_begin(&w, 2);
	assert_true(w.b->blocks.n >= 2 * WORLD_EVENTS / WORLD_KEY_EVERY);
	assert_int_equal(n_read(&w, "incoming"), 2);
	assert_int_equal(n_read(&w, "system"), 2);
	world_base(&w);
	assert_int_equal(n_read(&w, "syslog"), 4);
	assert_int_equal(n_read(&w, "connections"), 3);
	assert_int_equal(n_read(&w, "pods"), 0);
	assert_true(n_read(&w, "files") > w.b->blocks.n / 2);
	world_end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_the_same),
		cmocka_unit_test(losses_stand_where_they_were),
		cmocka_unit_test(rows_are_the_same_at_once),
		cmocka_unit_test(fixtures_are_shown_the_same),
		cmocka_unit_test(rare_events_are_in_few_blocks),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, world_make, world_remove);
}
