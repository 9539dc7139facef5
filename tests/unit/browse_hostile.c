/* SPDX-License-Identifier: Apache-2.0 */
/* Recordings that are damaged, or made by somebody who means harm: everything ends, nothing
 * breaks, and rows still do not depend on threads. */
#include "tests/unit/test.h"

#include "analyze/browse/model/detail.h"
#include "analyze/browse/model/events.h"
#include "analyze/browse/model/stream.h"
#include "analyze/browse/model/timeline.h"
#include "tests/unit/browse_world.h"
#include "tests/unit/reseal.h"

enum { ROUNDS = 40 };

static uint64_t seed = 1;
static struct buf good;
static char bad_path[80];

static uint32_t next_random(uint32_t below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % below;
}

static void read_good(void)
{
	FILE *f = fopen(world_path, "r");

	assert_non_null(f);
	good.len = fread(buf_room(&good, 8 << 20), 1, 8 << 20, f);
	fclose(f);
}

/* Some bytes are others, a piece is gone, or the end is. */
static void write_bad(bool sums_hold)
{
	uint8_t *p = xmalloc(good.len);
	size_t n = good.len;
	FILE *f = fopen(bad_path, "w");

	memcpy(p, good.p, n);
	for (uint32_t i = next_random(8); i > 0; i--)
		p[next_random((uint32_t)n)] ^= (uint8_t)(1 + next_random(255));
	if (next_random(6) == 0)
		n = 100 + next_random((uint32_t)n - 100);
	if (sums_hold)
		reseal(p, n);
	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, n, f), n);
	fclose(f);
	free(p);
}

static void put_rows(struct buf *out, struct world *w, const char *view)
{
	struct query *q = world_query(w, view, NULL);
	const struct view *v = query_view(q);
	const struct query_status st = world_complete(w, q);
	struct query_rows rows = {0};

	query_rows(q, 0, 100000, &rows);
	for (size_t i = 0; !st.failed && i < rows.n; i++)
		for (unsigned c = 0; c < v->n_columns; c++)
			datum_text(out, &rows.v[i].cells[c], v->columns[c].unit, 0, true);
	buf_printf(out, "%zu\n", st.failed ? 0 : rows.n);
	query_rows_release(&rows);
	query_close(q);
}

static void look_around(struct world *w)
{
	const struct focus all = { .to = UINT64_MAX };
	struct events *e = events_open(w->b, views_find(&w->views, "events"), &all);
	struct stream *s = stream_open(w->b, STREAM_FD, 1 + next_random(WORLD_EVENTS));
	struct event_window v = {0};
	struct stream_status st;
	const char *failed = NULL;
	struct bucket strip[50];
	struct detail *d;
	struct place p = { .num = 1 + next_random(WORLD_EVENTS) };

	detail_ask(w->b, 1 + next_random(WORLD_EVENTS));
	for (unsigned i = 0; i < 3; i++) {
		do {
			events_window(e, &p, 10, 10, &v);
			if (!v.complete)
				world_wait(w);
		} while (!v.complete);
		p.num = i ? WORLD_EVENTS + 10 : 0;
	}
	assert_int_equal(events_search(e, WORLD_EVENTS, -1, "evt.type = procexit"), 0);
	while (events_found(e, &p) < 0)
		world_wait(w);
	while (!(d = detail_take(w->b, &failed)) && !failed)
		world_wait(w);
	for (stream_status(s, &st); !st.complete; stream_status(s, &st))
		world_wait(w);
	timeline_get(w->b, NULL, browse_info(w->b)->first_ts, browse_info(w->b)->last_ts, strip,
		     50);
	detail_free(d);
	event_window_release(&v);
	stream_close(s);
	events_close(e);
}

static struct buf look(unsigned threads)
{
	static const char *const looked_at[] = { "processes", "tree", "files", "syscalls",
						 "alerts" };
	struct buf out = {0};
	struct world w;

	world_open_at(&w, bad_path, threads);
	if (w.b) {
		world_base(&w);
		for (unsigned i = 0; i < 5; i++)
			put_rows(&out, &w, looked_at[i]);
		if (threads == 2)
			look_around(&w);
	}
	world_end(&w);
	return out;
}

static void look_at_bad_ones(bool sums_hold)
{
	snprintf(bad_path, sizeof(bad_path), "%s/bad.skr", world_dir);
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct buf one, two;

		write_bad(sums_hold);
		one = look(1);
		two = look(2);
		if (one.len != two.len || (one.len && memcmp(one.p, two.p, one.len) != 0))
			fail_msg("round %u: rows depend on the number of threads", i);
		buf_release(&one);
		buf_release(&two);
	}
}

static void damage_is_survived(void **unused)
{
	read_good();
	look_at_bad_ones(false);
	buf_release(&good);
}

static void malice_is_survived(void **unused)
{
	read_good();
	look_at_bad_ones(true);
	buf_release(&good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(damage_is_survived),
		cmocka_unit_test(malice_is_survived),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, world_make, world_remove);
}
