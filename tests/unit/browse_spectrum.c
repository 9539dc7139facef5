/* SPDX-License-Identifier: Apache-2.0 */
/* Spectrograms: bins and slices at their edges; the same cells for any number of threads and for a
 * recording that grew; the conditions of a cell find what it counts. */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <inttypes.h>
#include <math.h>

#include "tests/unit/browse_world.h"

static void bins_are_where_they_should_be(void **unused)
{
	assert_int_equal(bin_of(0), 0);
	assert_int_equal(bin_of(1), 1);
	assert_int_equal(bin_of(9), 1 + 22);		/* 10^(22/24) = 8.25 */
	assert_int_equal(bin_of(10), 1 + DECADE_BINS);
	assert_int_equal(bin_of(100), 1 + 2 * DECADE_BINS);
	assert_int_equal(bin_of(999999999), 9 * DECADE_BINS);
	assert_int_equal(bin_of(1000000000), 1 + 9 * DECADE_BINS);
	assert_int_equal(bin_edge(0), 0);
	assert_int_equal(bin_edge(1), 1);
	assert_int_equal(bin_edge(1 + 7 * DECADE_BINS), 10000000);
	assert_int_equal(bin_edge(1 + 12 + 2 * DECADE_BINS), 317);
	assert_true(bin_edge(BINS) == UINT64_MAX);
	assert_true(bin_of(UINT64_MAX) < BINS);
	for (unsigned i = 1; i < BINS; i++) {
		const double edge = pow(10, (i - 1) / (double)DECADE_BINS);

		if (edge < 1e18)
			assert_true(fabs((double)bin_edge(i) - edge) <= 1 + edge * 1e-14);
		assert_true(bin_edge(i) >= bin_edge(i - 1));
	}
}

static void values_are_in_their_bins(void **unused)
{
	for (unsigned i = 1; i < BINS; i++) {
		const uint64_t edge = bin_edge(i);

		for (uint64_t v = edge - 1; v - (edge - 1) < 3 && v >= edge - 1; v++) {
			const unsigned bin = bin_of(v);

			assert_true(bin_edge(bin) <= v);
			assert_true(v < bin_edge(bin + 1) || v == UINT64_MAX);
		}
		if (edge == UINT64_MAX)
			break;
	}
}

/* ---- slices --------------------------------------------------------------------- */

static void width_is(uint64_t lo, uint64_t hi, uint64_t width, size_t n)
{
	struct spectrum s = {0};
	struct slices at;

	slices_init(&at, lo, hi);
	assert_true(at.width == width);
	spectrum_begin(&s, lo, hi, 0);
	assert_true(s.slices.width == width);
	assert_int_equal(s.n, n);
	assert_true(s.n <= SLICES_MAX);
	assert_int_equal(slice_of(&at, 0) - s.first, 0);
	assert_int_equal(slice_of(&at, lo) - s.first, 0);
	assert_int_equal(slice_of(&at, hi) - s.first, n - 1);
	assert_int_equal(slice_of(&at, UINT64_MAX) - s.first, n - 1);
	assert_int_equal(spectrum_at(&s, UINT64_MAX), n - 1);
	for (size_t i = 1; i < s.n; i++) {
		assert_int_equal(spectrum_at(&s, spectrum_time(&s, i)), i);
		assert_int_equal(spectrum_at(&s, spectrum_time(&s, i) - 1), i - 1);
	}
	spectrum_release(&s);
}

static void slices_have_round_widths(void **unused)
{
	width_is(7, 7, 1, 1);				/* a focus of one ns */
	width_is(0, 0, 1, 1);
	width_is(UINT64_MAX, UINT64_MAX, 1, 1);
	width_is(9, 3, 1, 1);				/* nothing is between them */
	width_is(1000, 1149, 1, 150);
	width_is(1000, 1150, 2, 76);
	width_is(WORLD_BEGIN, WORLD_BEGIN + 60000000000 - 1, 500000000, 120);
	width_is(WORLD_BEGIN + 1, WORLD_BEGIN + 60000000001, 500000000, 121);
	width_is(0, UINT64_MAX, UINT64_C(200000000000000000), 93);
}

static void slices_grow_by_tens(void **unused)
{
	struct slices s;
	uint64_t ts = 123, before = 1;

	slices_init_growing(&s, 123);
	assert_int_equal(slice_of(&s, 0), 123);
	for (unsigned i = 0; i < 3000; i++) {
		ts += ts / 50 + 1;
		slice_of(&s, ts);
		assert_true(s.width == before || s.width % (before * 10) == 0);
		assert_true(ts / s.width - 123 / s.width < SLICES_KEPT);
		before = s.width;
		if (ts > UINT64_MAX / 2)
			break;
	}
	assert_true(ts > UINT64_MAX / 2);
	assert_true(slice_of(&s, UINT64_MAX) - 123 / s.width < SLICES_KEPT);
	assert_true(slice_of(&s, 5) == 123 / s.width);
}

/* What is kept of a recording that grows shows in the slices that it has as a whole. */
static void kept_slices_fit_those_shown(void **unused)
{
	for (uint64_t span = 1; span < UINT64_C(1) << 60; span += span / 7 + 1) {
		const uint64_t lo = 1234567, hi = lo + span;
		struct spectrum s = {0};
		struct slices kept, whole;

		slices_init_growing(&kept, lo);
		slice_of(&kept, hi);
		slices_init(&whole, lo, hi);
		spectrum_begin(&s, lo, hi, kept.width);
		assert_true(s.slices.width == whole.width);
		spectrum_add(&s, &(struct spectrum_key){ hi / kept.width, 5 }, kept.width, 3);
		assert_int_equal(spectrum_count(&s, s.n - 1, 5, 6), 3);
		spectrum_add(&s, &(struct spectrum_key){ lo / kept.width, 480 }, kept.width, 1);
		spectrum_add(&s, &(struct spectrum_key){ lo / kept.width, BINS }, kept.width, 1);
		assert_int_equal(spectrum_count(&s, 0, 6, BINS + 9), 1);
		assert_int_equal(s.n_events, 4);
		spectrum_release(&s);
	}
}

static void shades_begin_at_one(void **unused)
{
	struct shades s;

	shades_init(&s, 9, 0);
	assert_int_equal(shade_of(&s, 0), 0);
	shades_init(&s, 9, 1);
	assert_int_equal(shade_of(&s, 0), 0);
	assert_int_equal(shade_of(&s, 1), 9);
	shades_init(&s, 4, 3);
	assert_int_equal(shade_of(&s, 1), 1);
	assert_int_equal(shade_of(&s, 2), 2);
	assert_int_equal(shade_of(&s, 3), 4);
	for (uint64_t most = 1; most < UINT64_C(1) << 62; most += most / 3 + 1) {
		shades_init(&s, 9, most);
		assert_int_equal(shade_of(&s, most), 9);
		assert_int_equal(shade_of(&s, 1), most > 1 ? 1 : 9);
		for (unsigned i = 1; i < s.n; i++)
			assert_true(s.from[i] > s.from[i - 1] && s.from[i] <= most);
	}
}

/* ---- recordings ----------------------------------------------------------------- */

enum order { IN_ORDER, NEARLY, NOT_AT_ALL };

static char path[80], nearly_path[80], odd_path[80];
static uint8_t *bytes;
static size_t size;

static uint64_t latency_of(unsigned i)
{
	static const uint64_t some[] = { 1, 9, 99, 100, 101, 999, 1000, 146779, 5000000,
					 10000000000, 99999999999, UINT64_MAX };

	return i % 5 == 0 ? 0 : i % 97 == 0 ? some[i / 97 % 12] :
		1 + (uint64_t)i * i * 2654435761u % (i % 3 ? 100000 : 100000000);
}

static uint64_t out_of_order(uint64_t ts, enum order order, unsigned i)
{
	if (order == IN_ORDER || i % 1000 != 7)
		return ts;
	return order == NEARLY ? ts - 50000000 : i == 7007 ? 5 : i == 9007 ? UINT64_MAX : ts / 2;
}

/* The world's events, and how long they took. */
static int record(const char *to, enum order order)
{
	const struct source_info info = { .hostname = "h", .kernel = "k", .arch_name = "x86_64",
		.writer = "test", .n_cpus = 2 };
	struct state *st = state_new(NULL);
	struct writer *w = writer_open(to, false, &info, NULL);
	struct event ev;

	world_key(w, st, 1);
	for (unsigned i = 0; i < WORLD_EVENTS; i++) {
		world_event(&ev, i);
		ev.latency = latency_of(i);
		ev.ts += (uint64_t)i * i / 3;		/* slices become fuller */
		ev.ts = out_of_order(ev.ts, order, i);
		state_update(st, &ev);
		assert_int_equal(writer_add(w, &ev), 0);
		if (i % WORLD_KEY_EVERY == WORLD_KEY_EVERY - 1)
			world_key(w, st, ev.ts);
	}
	state_free(st);
	return writer_close(w);
}

static int make(void **unused)
{
	if (!mkdtemp(world_dir))
		return -1;
	snprintf(world_path, sizeof(world_path), "%s/r.skr", world_dir);
	snprintf(nearly_path, sizeof(nearly_path), "%s/nearly.skr", world_dir);
	snprintf(odd_path, sizeof(odd_path), "%s/odd.skr", world_dir);
	snprintf(path, sizeof(path), "%s/grows.skr", world_dir);
	if (record(world_path, IN_ORDER) < 0 || record(nearly_path, NEARLY) < 0
	    || record(odd_path, NOT_AT_ALL) < 0)
		return -1;
	return 0;
}

static int clean(void **state)
{
	free(bytes);
	return world_remove(state);
}

static struct query *look(struct world *w, const char *view, uint64_t from, uint64_t to,
			  const char *filter)
{
	const struct focus f = { .filters = { filter }, .n = filter != NULL, .from = from,
				 .to = to };
	struct query *q = query_open(w->b, views_find(&w->views, view), &f);

	if (!q)
		fail_msg("%s: %s", view, err_text());
	return q;
}

static void read_all(struct world *w, struct query *q, struct spectrum *s)
{
	assert_null(world_complete(w, q).failed);
	query_spectrum(q, s);
}

static void same(const struct spectrum *a, const struct spectrum *b)
{
	assert_true(a->slices.width == b->slices.width);
	assert_true(a->first == b->first);
	assert_int_equal(a->n, b->n);
	assert_true(a->n_events == b->n_events);
	assert_memory_equal(a->cells, b->cells, a->n * BINS * sizeof(*a->cells));
}

static void same_for_threads(const char *of, struct spectrum *one)
{
	for (unsigned threads = 1; threads <= 4; threads *= 2) {
		struct spectrum s = {0};
		struct world w;
		struct query *q;

		world_open_at(&w, of, threads);
		assert_non_null(w.b);
		q = look(&w, "spectrogram", 0, UINT64_MAX, NULL);
		read_all(&w, q, threads == 1 ? one : &s);
		if (threads > 1)
			same(one, &s);
		query_close(q);
		world_end(&w);
		spectrum_release(&s);
	}
	assert_int_equal(one->n_events, WORLD_EVENTS - WORLD_EVENTS / 5);
}

static void cells_do_not_depend_on_threads(void **unused)
{
	struct spectrum s = {0};

	same_for_threads(world_path, &s);
	assert_true(s.n > 60);
	spectrum_release(&s);
}

/* All are counted, in a few slices that are wide. */
static void hostile_times_count_too(void **unused)
{
	struct spectrum s = {0};

	same_for_threads(odd_path, &s);
	assert_true(s.n > 60 && s.n <= SLICES_MAX);
	assert_true(s.slices.width >= UINT64_C(10000000000000000));
	spectrum_release(&s);
}

/* The file has the first n bytes of the recording. */
static void have(size_t n)
{
	const int fd = open(path, O_WRONLY | O_CREAT, 0600);

	assert_int_equal(pwrite(fd, bytes, n, 0), n);
	assert_int_equal(ftruncate(fd, (off_t)n), 0);
	close(fd);
}

static void take(const char *of)
{
	const int fd = open(of, O_RDONLY);

	assert_true(fd >= 0);
	size = (size_t)lseek(fd, 0, SEEK_END);
	bytes = xrealloc(bytes, size);
	assert_int_equal(pread(fd, bytes, size, 0), size);
	close(fd);
}

/* In the end the cells of one that grew, in pieces. */
static void grown(const char *of, const char *filter, struct spectrum *out)
{
	struct world w;
	struct query *q;

	take(of);
	have(60000);
	world_grows = true;
	world_open_at(&w, path, 2);
	world_grows = false;
	assert_non_null(w.b);
	q = look(&w, "spectrogram", 0, UINT64_MAX, filter);
	for (size_t n = 60000; n < size; n += size / 7) {
		have(n);
		assert_true(browse_grow(w.b, false) >= 0);
		read_all(&w, q, out);
		assert_true(out->n <= SLICES_MAX);
		assert_true(out->slices.hi == browse_info(w.b)->last_ts);
	}
	have(size);
	assert_int_equal(browse_grow(w.b, true), 1);
	read_all(&w, q, out);
	query_close(q);
	world_end(&w);
}

static void one_that_grew_has_the_same_cells(void **unused)
{
	struct spectrum whole = {0}, s = {0};
	struct world w;
	struct query *q;

	world_begin(&w, 2);
	q = look(&w, "spectrogram", 0, UINT64_MAX, NULL);
	read_all(&w, q, &whole);
	query_close(q);
	world_end(&w);
	grown(world_path, NULL, &s);
	same(&whole, &s);
	grown(world_path, "evt.num = 2", &s);		/* time goes on */
	assert_true(whole.n == s.n && s.n_events == 1);
	grown(odd_path, NULL, &s);
	assert_int_equal(s.n_events, WORLD_EVENTS - WORLD_EVENTS / 5);
	spectrum_release(&whole);
	spectrum_release(&s);
}

static uint64_t count(struct world *w, uint64_t from, uint64_t to, const char *filter)
{
	struct query *q = look(w, "cores", from, to, filter);
	const uint64_t n = world_complete(w, q).n_events;

	query_close(q);
	return n;
}

/* Events with a value of these bins in that slice are as many as are counted there. */
static void condition_finds(struct world *w, const struct spectrum *s, size_t slice, unsigned bin,
			    unsigned end)
{
	const uint64_t from = slice ? spectrum_time(s, slice) : s->slices.lo;
	const uint64_t to = slice + 1 < s->n ? spectrum_time(s, slice + 1) - 1 : s->slices.hi;
	const uint64_t n = spectrum_count(s, slice, bin, end);
	char filter[100];
	uint64_t found;
	int len = snprintf(filter, sizeof(filter), "evt.latency >= %" PRIu64, bin_edge(bin));

	if (end < BINS)
		snprintf(filter + len, sizeof(filter) - (size_t)len, " and evt.latency < %" PRIu64,
			 bin_edge(end));
	found = count(w, from, to, filter);
	if (n != found)
		fail_msg("slice %zu of %zu, %s: %" PRIu64 ", not %" PRIu64, slice, s->n, filter,
			 n, found);
}

static void conditions_find_cells(const char *of, uint64_t from, uint64_t to)
{
	enum { STEP = 37 };
	struct spectrum s = {0};
	struct world w;
	struct query *q;

	world_open_at(&w, of, 2);
	assert_non_null(w.b);
	q = look(&w, "spectrogram", from, to, NULL);
	read_all(&w, q, &s);
	assert_true(s.n_events > 0);
	assert_int_equal(s.n_events, count(&w, from, to, "evt.latency exists"));
	for (size_t i = 0; i < s.n; i += i && i + 1 < s.n && s.n > 5 ? (s.n - 2) / 3 : 1)
		for (unsigned bin = 1; bin < BINS; bin += STEP)
			condition_finds(&w, &s, i, bin, bin + STEP);
	query_close(q);
	world_end(&w);
	spectrum_release(&s);
}

static void a_cell_counts_what_its_condition_finds(void **unused)
{
	conditions_find_cells(world_path, 0, UINT64_MAX);
	conditions_find_cells(world_path, WORLD_BEGIN + 1000001, WORLD_BEGIN + 20000000);
	conditions_find_cells(world_path, WORLD_BEGIN + 11040, WORLD_BEGIN + 11040);
	conditions_find_cells(nearly_path, 0, UINT64_MAX);
}

/* Also of rows as they are kept, in any query. */
static void rows_lead_to_what_they_count(void **unused)
{
	struct query_rows rows = {0};
	struct link links[LINKS_MAX];
	struct arena a = {0};
	struct world w;
	struct query *q;

	world_begin(&w, 2);
	q = look(&w, "spectrogram", 0, UINT64_MAX, NULL);
	world_complete(&w, q);
	query_rows(q, 0, SIZE_MAX / 2, &rows);
	assert_true(rows.n > 1000);
	for (size_t i = 0; i < rows.n; i += rows.n / 20) {
		assert_int_equal(query_links(q, rows.v[i].id, links, &a), 1);
		assert_string_equal(links[0].view, "events");
		assert_int_equal(rows.v[i].cells[0].u, count(&w, 0, UINT64_MAX, links[0].filter));
	}
	query_rows_release(&rows);
	arena_release(&a);
	query_close(q);
	world_end(&w);
}

static void conditions_say_no_more_than_they_must(void **unused)
{
	struct view v = { .keys = { "evt.num" }, .n_keys = 1, .filter = "" };
	struct arena a = {0};

	assert_string_equal(spectrum_condition(&v, 0, BINS, &a), "evt.num exists");
	assert_string_equal(spectrum_condition(&v, 0, 25, &a), "evt.num < 10");
	assert_string_equal(spectrum_condition(&v, 25, BINS, &a), "evt.num >= 10");
	v.filter = "proc.pid = 1 or proc.pid = 2";
	assert_string_equal(spectrum_condition(&v, 25, 49, &a), "evt.num >= 10 and evt.num < 100 "
			    "and (proc.pid = 1 or proc.pid = 2)");
	v.filter = "evt.num exists";
	assert_string_equal(spectrum_condition(&v, 0, BINS, &a), "evt.num exists");
	v.filter = "evt.num exists and fd.num = 3";
	assert_string_equal(spectrum_condition(&v, 25, BINS, &a),
			    "evt.num >= 10 and (fd.num = 3)");
	v.filter = "evt.num exists and fd.num = 3 or fd.num = 4";
	assert_string_equal(spectrum_condition(&v, 25, BINS, &a),
			    "evt.num >= 10 and (evt.num exists and fd.num = 3 or fd.num = 4)");
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bins_are_where_they_should_be),
		cmocka_unit_test(values_are_in_their_bins),
		cmocka_unit_test(slices_have_round_widths),
		cmocka_unit_test(slices_grow_by_tens),
		cmocka_unit_test(kept_slices_fit_those_shown),
		cmocka_unit_test(shades_begin_at_one),
		cmocka_unit_test(cells_do_not_depend_on_threads),
		cmocka_unit_test(one_that_grew_has_the_same_cells),
		cmocka_unit_test(a_cell_counts_what_its_condition_finds),
		cmocka_unit_test(hostile_times_count_too),
		cmocka_unit_test(rows_lead_to_what_they_count),
		cmocka_unit_test(conditions_say_no_more_than_they_must),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make, clean);
}
