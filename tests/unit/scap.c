/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks, events and damage of .scap captures; lists are in scap_meta.c. */
#include "tests/unit/scap_build.h"

#include <zlib.h>

#include "capture/base/ppm.h"
#include "capture/trace/scap.h"

static struct event ev;

static void close_source(struct source *s)
{
	s->ops->close(s);
}

/* Section, machine, and n events close(fd = 3 + i) of thread 7 with their beginnings. */
static void small(struct buf *b, unsigned n)
{
	struct params p = {0};

	add_section(b);
	add_machine(b, "host");
	for (unsigned i = 0; i < n; i++) {
		add_num(&p, 3 + i, 8);
		add_event(b, EV_V2, 4, 1000 + 2 * i, 7, &p);
		add_num(&p, 0, 8);
		add_event(b, EV_V2, 5, 1001 + 2 * i, 7, &p);
	}
}

static void snapshot_comes_first_and_ends(void **state)
{
	struct buf b = {0};
	struct source *s;

	small(&b, 1);
	s = open_bytes(b.p, b.len);
	assert_non_null(s);
	assert_string_equal(s->info.hostname, "host");
	assert_int_equal(s->info.n_cpus, 4);
	assert_int_equal(s->ops->next(s, &ev), 0);
	assert_int_equal(ev.type, EV_SNAP_MACHINE);
	assert_text(EV(&ev, SNAP_MACHINE, hostname), "host");
	assert_number(EV(&ev, SNAP_MACHINE, boot_ts), 77);
	assert_int_equal(s->ops->next(s, &ev), 0);
	assert_int_equal(ev.type, EV_SNAP_END);
	assert_number(EV(&ev, SNAP_END, n), 1);
	assert_int_equal(s->ops->next(s, &ev), 0);
	assert_int_equal(ev.type, EV_CLOSE);
	assert_int_equal(s->ops->next(s, &ev), 1);
	assert_int_equal(s->damage.n_places, 0);
	close_source(s);
	buf_release(&b);
}

static void the_beginning_completes_the_end_of_a_call(void **state)
{
	struct buf b = {0};
	struct params p = {0};
	struct source *s;

	small(&b, 1);
	add_num(&p, 9, 8);		/* close begins, read ends */
	add_event(&b, EV_V2, 4, 2000, 7, &p);
	add_num(&p, 5, 8);
	add_text(&p, "data");
	add_event(&b, EV_V2, 7, 2001, 7, &p);
	add_num(&p, 0, 8);		/* nothing waits any more */
	add_event(&b, EV_V2, 5, 2002, 7, &p);
	s = open_bytes(b.p, b.len);
	assert_int_equal(next_real(s, &ev), 0);
	assert_int_equal(ev.num, 1);
	assert_int_equal(ev.ts, 1001);
	assert_int_equal(ev.tid, 7);
	assert_int_equal(ev.cpu, 3);
	assert_number(EV(&ev, CLOSE, res), 0);
	assert_number(EV(&ev, CLOSE, fd), 3);
	assert_int_equal(next_real(s, &ev), 0);
	assert_int_equal(ev.type, EV_READ);
	assert_absent(EV(&ev, READ, fd));
	assert_int_equal(EV(&ev, READ, data)->len, 5);
	assert_int_equal(next_real(s, &ev), 0);
	assert_absent(EV(&ev, CLOSE, fd));
	assert_int_equal(next_real(s, &ev), 1);
	close_source(s);
	buf_release(&b);
}

static void an_end_that_has_all_takes_nothing_from_the_beginning(void **state)
{
	struct buf b = {0};
	struct params p = {0};
	struct source *s;

	add_section(&b);
	add_num(&p, 9, 8);
	add_event(&b, EV_V2, 4, 1, 7, &p);
	add_num(&p, (uint64_t)-9, 8);
	add_bytes(&p, "", 0);		/* fd: known to be empty */
	add_event(&b, EV_V2, 5, 2, 7, &p);
	s = open_bytes(b.p, b.len);
	assert_int_equal(next_real(s, &ev), 0);
	assert_int_equal(EV(&ev, CLOSE, res)->i, -9);
	assert_absent(EV(&ev, CLOSE, fd));
	close_source(s);
	buf_release(&b);
}

static void many_threads_wait_in_calls(void **state)
{
	struct buf b = {0};
	struct params p = {0};
	struct source *s;
	enum { N = 5000 };
	char name[400];

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	add_section(&b);
	for (unsigned i = 0; i < N; i++) {
		add_num(&p, i, 8);
		add_text(&p, name);
		add_num(&p, 1, 4);
		add_num(&p, 0, 4);
		add_event(&b, EV_V2, 102, i, i, &p);
	}
	for (unsigned i = 0; i < N; i++) {
		add_num(&p, 3, 8);
		add_event(&b, EV_V2, 103, N + i, i, &p);
	}
	s = open_bytes(b.p, b.len);
	for (unsigned i = 0; i < N; i++) {
		assert_int_equal(next_real(s, &ev), 0);
		assert_int_equal(ev.type, EV_OPENAT);
		assert_number(EV(&ev, OPENAT, dirfd), i);
		assert_text(EV(&ev, OPENAT, name), name);
	}
	assert_int_equal(next_real(s, &ev), 1);
	close_source(s);
	buf_release(&b);
}

static void first_version_infers_how_many_parameters(void **state)
{
	struct buf b = {0};
	struct params p = {0};
	struct source *s;

	add_section(&b);
	add_num(&p, 3, 8);
	add_text(&p, "/etc/passwd");
	add_num(&p, 0x1001, 4);
	add_num(&p, 0, 4);
	add_event(&b, EV_V1, 3, 5, 7, &p);
	s = open_bytes(b.p, b.len);
	assert_int_equal(next_real(s, &ev), 0);
	assert_int_equal(ev.type, EV_OPEN);
	assert_text(EV(&ev, OPEN, name), "/etc/passwd");
	assert_number(EV(&ev, OPEN, flags), 0x80000);
	assert_number(EV(&ev, OPEN, mode), 0);
	assert_absent(EV(&ev, OPEN, dev));
	close_source(s);
	buf_release(&b);
}

static void flags_become_the_kernels_and_facts_a_parameter(void **state)
{
	struct buf b = {0};
	struct params p = {0};
	struct source *s;

	add_section(&b);
	add_num(&p, 3, 8);
	add_num(&p, (uint64_t)-100, 8);
	add_text(&p, "x");
	add_num(&p, 3 | 4 | 0x100 | 0x1000 | 0x4000 | 0x8000, 4);
	add_num(&p, 0644, 4);
	add_num(&p, 0x801, 4);
	add_num(&p, 99, 8);
	add_event(&b, EV_V2, 307, 5, 7, &p);
	add_bytes(&p, "", 0);
	add_num(&p, 9, 8);
	add_num(&p, 26, 1);	/* F_DUPFD_CLOEXEC */
	add_num(&p, 10, 8);
	add_event(&b, EV_V2, 151, 6, 7, &p);
	add_bytes(&p, "", 0);
	add_num(&p, 9, 8);
	add_num(&p, 0, 1);	/* UNKNOWN */
	add_event(&b, EV_V2, 151, 7, 7, &p);
	s = open_bytes(b.p, b.len);
	assert_int_equal(next_real(s, &ev), 0);
	assert_int_equal(EV(&ev, OPENAT, dirfd)->i, -100);
	assert_number(EV(&ev, OPENAT, flags), 2 | 0x40 | 0x200 | 0x80000);
	assert_number(EV(&ev, OPENAT, facts), 1 | 2);
	assert_number(EV(&ev, OPENAT, dev), 0x801);
	assert_int_equal(next_real(s, &ev), 0);
	assert_number(EV(&ev, FCNTL, cmd), 1030);
	assert_absent(EV(&ev, FCNTL, res));
	assert_int_equal(next_real(s, &ev), 0);
	assert_number(EV(&ev, FCNTL, cmd), PPM_NUMBER);
	close_source(s);
	buf_release(&b);
}

static void what_old_files_lack_is_derived_or_absent(void **state)
{
	struct buf b = {0};
	struct params p = {0};
	struct source *s;

	add_section(&b);
	add_num(&p, 1, 4);
	add_num(&p, 0x80002, 4);	/* SOCK_DGRAM|SOCK_CLOEXEC */
	add_num(&p, 0, 4);
	add_event(&b, EV_V2, 18, 1, 7, &p);
	add_num(&p, 3, 8);
	add_event(&b, EV_V2, 19, 2, 7, &p);
	for (unsigned cmd = 2; cmd <= 3; cmd++) {	/* F_GETFD, F_SETFD */
		add_num(&p, 3, 8);
		add_num(&p, cmd, 1);
		add_event(&b, EV_V2, 150, 3, 7, &p);
		add_num(&p, 0, 8);
		add_event(&b, EV_V2, 151, 4, 7, &p);
	}
	add_num(&p, 0, 8);		/* procexit had one parameter */
	add_event(&b, EV_V2, 186, 5, 7, &p);
	s = open_bytes(b.p, b.len);
	assert_int_equal(next_real(s, &ev), 0);
	assert_number(EV(&ev, SOCKET, flags), 0x80000);
	assert_int_equal(next_real(s, &ev), 0);
	assert_number(EV(&ev, FCNTL, arg), 0);
	assert_int_equal(next_real(s, &ev), 0);
	assert_absent(EV(&ev, FCNTL, arg));
	assert_int_equal(next_real(s, &ev), 0);
	assert_int_equal(ev.type, EV_PROCEXIT);
	assert_int_equal(ev.n_params, 1);
	close_source(s);
	buf_release(&b);
}

static void addresses_tuples_and_lists_are_converted(void **state)
{
	static const uint8_t tuple[] = { 2, 1, 2, 3, 4, 80, 0, 5, 6, 7, 8, 1, 2 };
	static const uint8_t addr[] = { 1, '/', 'r', 'u', 'n', 0 };
	static const uint8_t fds[] = { 1, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0x20, 0 };
	struct buf b = {0};
	struct params p = {0};
	struct source *s;

	add_section(&b);
	add_num(&p, 0, 8);
	add_bytes(&p, tuple, sizeof(tuple));
	add_num(&p, 4, 8);
	add_bytes(&p, addr, sizeof(addr));
	add_event(&b, EV_V2, 23, 1, 7, &p);
	add_num(&p, 1, 8);
	add_bytes(&p, fds, sizeof(fds));
	add_num(&p, 1000, 8);
	add_event(&b, EV_V2, 81, 2, 7, &p);
	add_bytes(&p, fds, 1);		/* too short for any of them */
	add_bytes(&p, fds, 1);
	add_event(&b, EV_V2, 81, 3, 7, &p);
	s = open_bytes(b.p, b.len);
	assert_int_equal(next_real(s, &ev), 0);
	assert_int_equal(EV(&ev, CONNECT, tuple)->len, 13);
	assert_memory_equal(EV(&ev, CONNECT, tuple)->p, tuple, 13);
	assert_text(EV(&ev, CONNECT, addr), "\x01/run");
	assert_int_equal(next_real(s, &ev), 0);
	assert_int_equal(EV(&ev, POLL, fds)->len, 12);
	assert_int_equal(EV(&ev, POLL, fds)->p[10], 0x10);	/* POLLHUP */
	assert_int_equal(next_real(s, &ev), 0);
	assert_absent(EV(&ev, POLL, fds));
	close_source(s);
	buf_release(&b);
}

static void variants_get_the_type_that_their_list_means(void **state)
{
	static const uint8_t val[] = { 2, 0xff, 0, 0, 0 };
	struct buf b = {0};
	struct params p = {0};
	struct source *s;

	add_section(&b);
	add_num(&p, 0, 8);
	add_num(&p, 4, 8);
	add_num(&p, 1, 1);
	add_num(&p, 2, 1);
	add_bytes(&p, val, sizeof(val));
	add_num(&p, 4, 4);
	add_event(&b, EV_V2, 45, 1, 7, &p);
	s = open_bytes(b.p, b.len);
	assert_int_equal(next_real(s, &ev), 0);
	assert_int_equal(ev.type, EV_SETSOCKOPT);
	assert_int_equal(EV(&ev, SETSOCKOPT, val)->len, 9);
	assert_int_equal(EV(&ev, SETSOCKOPT, val)->p[0], PT_UINT32);
	assert_int_equal(EV(&ev, SETSOCKOPT, val)->p[1], 0xff);
	close_source(s);
	buf_release(&b);
}

static void generic_calls_have_the_machines_number(void **state)
{
	struct buf b = {0};
	struct params p = {0};
	struct source *s;

	add_section(&b);
	add_num(&p, 319, 2);
	add_event(&b, EV_V2, 1, 1, 7, &p);
	add_num(&p, 0, 2);		/* unknown to Falco, 221 to the kernel */
	add_num(&p, 221, 2);
	add_event(&b, EV_V2, 1, 2, 7, &p);
	add_num(&p, 424, 2);		/* of another architecture */
	add_event(&b, EV_V2, 1, 3, 7, &p);
	s = open_bytes(b.p, b.len);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(next_real(s, &ev), 0);
		assert_int_equal(ev.type, EV_GENERIC);
		assert_int_equal(ev.nr, 221);
		assert_number(EV(&ev, GENERIC, ID), 221);
	}
	assert_int_equal(next_real(s, &ev), 0);
	assert_string_equal(ev.desc->name, "spu_create");
	close_source(s);
	buf_release(&b);
}

static void state_only_events_are_pseudo_events(void **state)
{
	struct buf b = {0};
	struct params p = {0};
	struct source *s;

	add_section(&b);
	add_num(&p, 0, 8);
	add_num(&p, 5, 8);
	add_event(&b, EVF_V2, 5, 1, 7, &p);
	s = open_bytes(b.p, b.len);
	next_of(s, &ev, EV_CLOSE);
	assert_true(event_is_pseudo(&ev));
	assert_int_equal(ev.num, 0);
	assert_number(EV(&ev, CLOSE, fd), 5);
	close_source(s);
	buf_release(&b);
}

static void unknown_events_and_large_ones_are_delivered(void **state)
{
	struct buf b = {0};
	struct params p = {0};
	struct source *s;

	add_section(&b);
	add_text(&p, "one");
	add_bytes(&p, "", 0);
	add_event(&b, EV_V2, 4711, 1, 7, &p);
	add_text(&p, "{\"container\":{\"id\":\"abc\"}}");
	add_event(&b, EV_LARGE, 324, 2, ~UINT64_C(0), &p);
	for (unsigned i = 0; i < 60; i++)	/* more than any event has */
		add_num(&p, i, 8);
	add_event(&b, EV_V2, 5, 3, 7, &p);
	s = open_bytes(b.p, b.len);
	assert_int_equal(next_real(s, &ev), 0);
	assert_int_equal(ev.type, EV_UNKNOWN);
	assert_string_equal(ev.desc->name, "scap_4711");
	assert_int_equal(ev.n_params, 2);
	assert_int_equal(ev.v[0].len, 4);
	assert_absent(&ev.v[1]);
	assert_int_equal(next_real(s, &ev), 0);
	assert_int_equal(ev.type, EV_CONTAINER);
	assert_text(EV(&ev, CONTAINER, json), "{\"container\":{\"id\":\"abc\"}}");
	assert_int_equal(next_real(s, &ev), 0);
	assert_number(EV(&ev, CLOSE, fd), 1);
	close_source(s);
	buf_release(&b);
}

static void first_containers_become_json(void **state)
{
	struct buf b = {0};
	struct params p = {0};
	struct source *s;

	add_section(&b);
	add_text(&p, "abc");
	add_num(&p, 0, 4);
	add_text(&p, "na\"me");
	add_text(&p, "img");
	add_event(&b, EV_V2, 228, 1, 7, &p);
	s = open_bytes(b.p, b.len);
	assert_int_equal(next_real(s, &ev), 0);
	assert_text(EV(&ev, CONTAINER, json), "{\"container\":{\"id\":\"abc\",\"type\":0,"
		    "\"name\":\"na\\\"me\",\"image\":\"img\"}}");
	close_source(s);
	buf_release(&b);
}

static void sections_start_anew(void **state)
{
	struct buf b = {0};
	struct params p = {0};
	struct source *s;

	small(&b, 1);
	add_num(&p, 9, 8);
	add_event(&b, EV_V2, 4, 2000, 7, &p);
	add_section(&b);
	add_machine(&b, "other");
	add_num(&p, 0, 8);
	add_event(&b, EV_V2, 5, 2001, 7, &p);
	s = open_bytes(b.p, b.len);
	next_of(s, &ev, EV_CLOSE);
	assert_int_equal(s->ops->next(s, &ev), 0);
	assert_int_equal(ev.type, EV_SNAP_MACHINE);
	assert_text(EV(&ev, SNAP_MACHINE, hostname), "other");
	next_of(s, &ev, EV_SNAP_END);
	next_of(s, &ev, EV_CLOSE);
	assert_int_equal(ev.num, 2);
	assert_absent(EV(&ev, CLOSE, fd));
	close_source(s);
	buf_release(&b);
}

static void begin_and_end_are_known_at_once(void **state)
{
	struct buf b = {0};
	struct params p = {0};
	struct source *s;

	add_section(&b);
	add_num(&p, 0, 8);
	add_event(&b, EV_V2, 5, 0, 7, &p);	/* has no time */
	add_num(&p, 0, 8);
	add_event(&b, EV_V2, 5, 1234, 7, &p);
	add_num(&p, 0, 8);
	add_event(&b, EVF_V2, 5, 5678, 7, &p);
	s = open_bytes(b.p, b.len);
	assert_int_equal(s->info.first_ts, 1234);
	assert_int_equal(s->info.last_ts, 5678);
	assert_int_equal(next_real(s, &ev), 0);
	assert_int_equal(ev.num, 1);
	close_source(s);
	s = open_bytes(b.p, b.len - 4);
	assert_int_equal(s->info.first_ts, 1234);
	assert_int_equal(s->info.last_ts, 0);
	close_source(s);
	buf_release(&b);
}

static void what_nobody_wants_is_passed_over_but_counted(void **state)
{
	struct buf b = {0};
	struct params p = {0};
	struct source *s;

	small(&b, 3);
	add_num(&p, 3, 8);
	add_event(&b, EV_V2, 367, 3000, 7, &p);
	s = open_bytes(b.p, b.len);
	s->want = (struct event_set){0};
	event_set_add(&s->want, EV_DUP);
	assert_int_equal(next_real(s, &ev), 0);
	assert_int_equal(ev.type, EV_DUP);
	assert_int_equal(ev.num, 4);
	assert_int_equal(s->n_skipped, 3);
	close_source(s);
	buf_release(&b);
}

static void the_start_can_be_gone_back_to(void **state)
{
	struct buf b = {0};
	struct source *s;

	small(&b, 2);
	s = open_bytes(b.p, b.len);
	for (unsigned i = 0; i < 2; i++) {
		next_of(s, &ev, EV_SNAP_END);
		assert_int_equal(next_real(s, &ev), 0);
		assert_int_equal(ev.num, 1);
		assert_int_equal(next_real(s, &ev), 0);
		assert_int_equal(ev.num, 2);
		if (i)
			assert_int_equal(next_real(s, &ev), 1);
		assert_int_equal(s->ops->seek_key(s, 0), 0);
	}
	assert_int_not_equal(s->ops->seek_key(s, 1), 0);
	close_source(s);
	buf_release(&b);
}

/* ---- damage ---- */

static unsigned count_real(struct source *s)
{
	unsigned n = 0;

	while (next_real(s, &ev) == 0)
		n++;
	return n;
}

static void foreign_files_are_refused_with_a_reason(void **state)
{
	struct buf b = {0};

	add_section(&b);
	b.p[8] = 0x1a, b.p[9] = 0x2b, b.p[10] = 0x3c, b.p[11] = 0x4d;
	assert_null(open_bytes(b.p, b.len));
	assert_error_has("big-endian");
	b.p[8] = 0;
	assert_null(open_bytes(b.p, b.len));
	assert_error_has("no magic");
	buf_reset(&b);
	add_section(&b);
	b.p[12] = 2;
	assert_null(open_bytes(b.p, b.len));
	assert_error_has("version 2");
	assert_null(open_bytes(b.p, 20));
	assert_error_has("first 28 bytes");
	assert_null(open_bytes("hello, world", 12));
	assert_error_has("not a .scap capture");
	buf_release(&b);
}

static void a_file_cut_anywhere_gives_what_is_whole(void **state)
{
	struct buf b = {0};

	small(&b, 3);
	for (size_t len = 28; len < b.len; len++) {
		struct source *s = open_bytes(b.p, len);
		unsigned n;

		assert_non_null(s);
		n = count_real(s);
		assert_in_range(n, 0, 3);
		/* Only at the end of a block does nothing seem to be missing. */
		if (s->damage.cut)
			assert_non_null(strstr(s->damage.first, "nothing more"));
		else
			assert_int_equal(len % 4, 0);
		close_source(s);
	}
	buf_release(&b);
}

static void a_damaged_block_costs_itself_and_leaves_a_loss(void **state)
{
	static const struct { int at; uint8_t byte; const char *what; } cases[] = {
		{ 5, 0xff, "incomplete" }, { 7, 0x7f, "impossible length" },
		{ 4, 3, "impossible length" }, { -4, 0x55, "ends where it should not" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf b = {0};
		struct source *s;
		size_t start, end;

		small(&b, 1);
		start = b.len;
		small(&b, 1);		/* only its events matter here */
		end = b.len;
		small(&b, 1);
		b.p[(cases[i].at < 0 ? end : start) + (size_t)cases[i].at] =
			cases[i].byte;
		s = open_bytes(b.p, b.len);
		next_of(s, &ev, EV_LOSS);
		count_real(s);
		assert_int_equal(s->damage.n_places, 1);
		assert_int_equal(s->damage.lost_blocks, 1);
		assert_false(s->damage.cut);
		assert_non_null(strstr(s->damage.first, cases[i].what));
		close_source(s);
		buf_release(&b);
	}
}

static void an_event_that_contradicts_itself_is_counted(void **state)
{
	/* Offsets in the block: len 26, code 30, n 32, lengths 36. */
	static const struct { unsigned at; uint8_t byte; } cases[] = {
		{ 26, 25 }, { 27, 9 }, { 32, 200 }, { 35, 1 }, { 36, 200 }, { 37, 2 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf b = {0};
		struct params p = {0};
		struct source *s;
		size_t at;

		add_section(&b);
		at = b.len;
		add_num(&p, 0, 8);
		add_event(&b, EV_V2, 5, 1, 7, &p);
		add_num(&p, 0, 8);
		add_event(&b, EV_V2, 5, 2, 7, &p);
		b.p[at + cases[i].at] = cases[i].byte;
		s = open_bytes(b.p, b.len);
		assert_int_equal(count_real(s), 1);
		assert_int_equal(s->damage.n_places, 1);
		assert_non_null(strstr(s->damage.first, "event at byte 28"));
		close_source(s);
		buf_release(&b);
	}
}

static void any_byte_changed_does_no_harm(void **state)
{
	struct buf b = {0};

	small(&b, 2);
	for (size_t i = 0; i < b.len; i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			struct source *s;

			b.p[i] ^= (uint8_t)(1 << bit);
			s = open_bytes(b.p, b.len);
			if (s) {
				assert_in_range(count_real(s), 0, 4);
				close_source(s);
			}
			b.p[i] ^= (uint8_t)(1 << bit);
		}
	buf_release(&b);
}

/* ---- gzip ---- */

static size_t deflated(const struct buf *b, uint8_t *out, size_t cap)
{
	z_stream z = { .next_in = b->p, .avail_in = (uInt)b->len, .next_out = out,
		       .avail_out = (uInt)cap };

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, 0), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return cap - z.avail_out;
}

static void gzip_streams_read_the_same(void **state)
{
	struct buf b = {0};
	uint8_t out[4096];
	struct source *s;
	size_t len;

	small(&b, 5);
	len = deflated(&b, out, sizeof(out));
	s = open_bytes(out, len);
	assert_int_equal(count_real(s), 5);
	assert_int_equal(s->damage.n_places, 0);
	close_source(s);
	s = open_bytes(out, len - 9);
	count_real(s);
	assert_true(s->damage.cut);
	close_source(s);
	buf_release(&b);
}

/* ---- tables ---- */

static void every_row_is_understood_and_finds_its_event(void **state)
{
	struct scap_codes codes = {0};
	unsigned n = 0;

	for (unsigned i = 0; i < SCAP_CODES; i++) {
		const struct scap_code *c = scap_code(&codes, i);

		if (!c->kind)
			continue;
		n++;
		for (unsigned k = 0; k < c->n; k++)
			if (c->p[k].type == PT_NONE)
				fail_msg("code %u: parameter %u has no type", i, k);
			else if (c->p[k].to < 0 && c->kind == SCAP_KIND_EXIT &&
				 c->type != EV_UNKNOWN)
				fail_msg("code %u: parameter %u is not in the catalogue",
					 i, k);
		if (c->kind == SCAP_KIND_EXIT && c->type == EV_UNKNOWN)
			fail_msg("code %u (%s) is not in the catalogue", i,
				 c->desc->name);
	}
	assert_in_range(n, 400, SCAP_CODES);
	arena_release(&codes.arena);
}

static void flags_come_back_as_they_were(void **state)
{
	for (unsigned t = 1; t < FT__N; t++)
		for (unsigned i = 0; i < flags_tables[t].n; i++) {
			const uint32_t ppm = (uint32_t)flags_tables[t].flags[i].ppm;
			uint32_t back = flags_to_ppm(t, flags_from_ppm(t, ppm));

			if (t == FT_file_flags)		/* what these imply; no mode */
				back &= ppm == 0x80 ? ~0x11u : ppm == 0x2000 ? ~0x401u :
					ppm & 3 ? ~0u : ~1u;
			if (back != ppm)
				fail_msg("%s: %s %u comes back as %u",
					 flags_tables[t].name,
					 flags_tables[t].flags[i].name, ppm, back);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(snapshot_comes_first_and_ends),
		cmocka_unit_test(the_beginning_completes_the_end_of_a_call),
		cmocka_unit_test(an_end_that_has_all_takes_nothing_from_the_beginning),
		cmocka_unit_test(many_threads_wait_in_calls),
		cmocka_unit_test(first_version_infers_how_many_parameters),
		cmocka_unit_test(flags_become_the_kernels_and_facts_a_parameter),
		cmocka_unit_test(what_old_files_lack_is_derived_or_absent),
		cmocka_unit_test(addresses_tuples_and_lists_are_converted),
		cmocka_unit_test(variants_get_the_type_that_their_list_means),
		cmocka_unit_test(generic_calls_have_the_machines_number),
		cmocka_unit_test(state_only_events_are_pseudo_events),
		cmocka_unit_test(unknown_events_and_large_ones_are_delivered),
		cmocka_unit_test(first_containers_become_json),
		cmocka_unit_test(sections_start_anew),
		cmocka_unit_test(begin_and_end_are_known_at_once),
		cmocka_unit_test(what_nobody_wants_is_passed_over_but_counted),
		cmocka_unit_test(the_start_can_be_gone_back_to),
		cmocka_unit_test(foreign_files_are_refused_with_a_reason),
		cmocka_unit_test(a_file_cut_anywhere_gives_what_is_whole),
		cmocka_unit_test(a_damaged_block_costs_itself_and_leaves_a_loss),
		cmocka_unit_test(an_event_that_contradicts_itself_is_counted),
		cmocka_unit_test(any_byte_changed_does_no_harm),
		cmocka_unit_test(gzip_streams_read_the_same),
		cmocka_unit_test(every_row_is_understood_and_finds_its_event),
		cmocka_unit_test(flags_come_back_as_they_were),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
