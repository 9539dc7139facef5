/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/base/buf.h"
#include "capture/base/catalog.h"
#include "capture/base/cursor.h"
#include "capture/base/mem.h"
#include "capture/base/opt.h"
#include "capture/base/output.h"
#include "capture/base/quote.h"
#include "capture/base/timearg.h"

typedef void quoter(struct buf *out, const void *p, size_t len);

static void check_quote(quoter *quote, const char *in, size_t len, const char *want)
{
	struct buf b = {0};

	quote(&b, in, len);
	assert_string_equal(buf_text(&b), want);
	buf_release(&b);
}
#define QUOTE(q, in, want) check_quote(q, in, sizeof(in) - 1, want)

static void terminal_text_never_holds_a_control_byte(void **unused)
{
	QUOTE(quote_terminal_buf, "plain \xc3\xa9", "plain \xc3\xa9");
	check_quote(quote_terminal_buf, "plain text\x1b", 10, "plain text");	/* ends there */
	QUOTE(quote_terminal_buf, "\x1b[2J\n\0x", "\\x1b[2J\\x0a\\x00x");
	QUOTE(quote_terminal_buf, "\x9b" "31m\x7f", "\\x9b31m\\x7f");
	QUOTE(quote_terminal_buf, "a\xe2\x80\xae" "b", "a\\xe2\\x80\\xaeb");	/* turns text */
	QUOTE(quote_terminal_buf, "\xc2\x9b" "0m", "\\xc2\\x9b0m");		/* C1 in UTF-8 */
}

static void json_strings_are_valid_for_any_bytes(void **unused)
{
	QUOTE(quote_json, "a\"b\\c\n\x01", "a\\\"b\\\\c\\n\\u0001");
	QUOTE(quote_json, "\xff\xc0\x80\xed\xa0\x80",
	      "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	QUOTE(quote_json, "\xf0\x9f\x98\x80\x7f", "\xf0\x9f\x98\x80\x7f");
}

static void characters_become_utf8_and_come_back(void **unused)
{
	char bytes[4];

	for (uint32_t c = 0; c < 0x110000; c++) {
		const size_t n = utf8_encode(c, bytes);

		if (c >= 0xd800 && c < 0xe000)	/* none */
			continue;
		assert_int_equal(utf8_sequence((unsigned char *)bytes, n), n);
		assert_int_equal(utf8_decode((unsigned char *)bytes, n), c);
	}
}

static void payload_shows_other_bytes_as_dots(void **unused)
{
	QUOTE(quote_dots, "GET /\r\n\xff", "GET /...");
}

static void quote_terminal_ends_within_its_array(void **unused)
{
	char small[4];

	quote_terminal(small, sizeof(small), "abcdef", 6);
	assert_string_equal(small, "abc");
}

static void numbers_print_at_their_limits(void **unused)
{
	struct buf b = {0};

	buf_u64_dec(&b, UINT64_MAX);
	buf_byte(&b, ' ');
	buf_i64_dec(&b, INT64_MIN);
	buf_byte(&b, ' ');
	buf_u64_hex(&b, 0xABC, true);
	assert_string_equal(buf_text(&b), "18446744073709551615 -9223372036854775808 ABC");
	buf_release(&b);
}

static void a_cursor_stops_at_its_end(void **unused)
{
	const uint8_t bytes[] = { 1, 2, 3, 0x80 };
	struct cursor c = cursor_of(bytes, 3);

	assert_int_equal(cursor_u16(&c), 0x201);
	assert_int_equal(cursor_u16(&c), 0);
	assert_true(c.bad);
	c = cursor_of(bytes + 3, 1);
	cursor_varint(&c);
	assert_true(c.bad);
	c = cursor_of("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 11);
	cursor_varint(&c);
	assert_true(c.bad);
}

static void an_arena_reuses_its_memory_after_reset(void **unused)
{
	struct arena a = {0};
	char *first = arena_str(&a, "hello"), *big = arena_alloc(&a, 1 << 20);

	big[(1 << 20) - 1] = 1;
	assert_string_equal(first, "hello");
	arena_reset(&a);
	assert_ptr_equal(arena_alloc(&a, 6), first);
	assert_ptr_equal(arena_alloc(&a, 1 << 20), big);
	arena_release(&a);
}

static void durations_take_units(void **unused)
{
	static const struct { const char *text; uint64_t ns; } ok[] = {
		{ "10", 10 * NS_PER_S }, { "0.5", NS_PER_S / 2 }, { "250ms", 250000000 },
		{ "2m", 120 * NS_PER_S }, { "1.000000001s", NS_PER_S + 1 }, { "7ns", 7 },
	};
	static const char *const wrong[] = { "", "s", "1x", "-1", "1 s", "99999999999999999999" };
	uint64_t ns;

	for (size_t i = 0; i < sizeof(ok) / sizeof(ok[0]); i++) {
		assert_int_equal(time_duration(ok[i].text, &ns), 0);
		assert_int_equal(ns, ok[i].ns);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_true(time_duration(wrong[i], &ns) < 0);
}

static void points_in_time_are_understood(void **unused)
{
	const uint64_t first = UINT64_C(1772373787500000000);	/* 2026-03-01 14:03:07.5 UTC */
	const uint64_t last = first + 60 * NS_PER_S;
	static const struct { const char *text; int64_t zone; uint64_t ts; } ok[] = {
		{ "+2s", 0, UINT64_C(1772373789500000000) },
		{ "-10", 0, UINT64_C(1772373837500000000) },
		{ "14:03:08", 0, UINT64_C(1772373788000000000) },
		{ "15:03:08", 3600, UINT64_C(1772373788000000000) },
		{ "00:00:01", 0, UINT64_C(1772409601000000000) },	/* the next day */
		{ "2026-03-01 14:03:07.25", 0, UINT64_C(1772373787250000000) },
		{ "2026-03-01T15:03:07Z", 3600, UINT64_C(1772377387000000000) },
		{ "2026-03-01", 0, UINT64_C(1772323200000000000) },
		{ "1772373787.5", 0, UINT64_C(1772373787500000000) },
		{ "@1772373787500000001", 0, UINT64_C(1772373787500000001) },
	};
	static const char *const wrong[] = { "", "+", "+x", "25:00:00", "14:61", "2026-13-01",
		"2026-03-01 14", "yesterday", "@", "1772373787x" };
	uint64_t ts;

	for (size_t i = 0; i < sizeof(ok) / sizeof(ok[0]); i++) {
		if (time_point(ok[i].text, first, last, ok[i].zone, &ts) < 0)
			fail_msg("%s: %s", ok[i].text, err_text());
		if (ts != ok[i].ts)
			fail_msg("%s: %lu", ok[i].text, (unsigned long)ts);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_true(time_point(wrong[i], first, last, 0, &ts) < 0);
		assert_error_has("is not a time");
	}
}

static void a_range_may_count_from_its_beginning(void **unused)
{
	const uint64_t first = UINT64_C(1772373787000000000), s = NS_PER_S;	/* 14:03:07 UTC */
	static const struct { const char *from, *to; uint64_t a, b; } ok[] = {
		{ "+2s", "+5s", 2, 5 },
		{ "14:03:08", "+5s", 1, 6 },
		{ NULL, "+5s", 0, 5 },
		{ "+1s", "14:03:09", 1, 2 },
		{ "-10", "-5", 50, 55 },
	};
	uint64_t from, to;

	for (size_t i = 0; i < sizeof(ok) / sizeof(ok[0]); i++) {
		assert_int_equal(time_range(ok[i].from, ok[i].to, first, first + 60 * s, 0,
					    &from, &to), 0);
		assert_int_equal(from, ok[i].from ? first + ok[i].a * s : 0);
		assert_int_equal(to, first + ok[i].b * s);
	}
	assert_int_equal(time_range(NULL, NULL, 0, 0, 0, &from, &to), 0);
	assert_int_equal(to, UINT64_MAX);
	assert_true(time_range("+5", "+2", first, first, 0, &from, &to) < 0);
	assert_error_has("--from is later than --to");
	assert_true(time_range("+5", "soon", first, first, 0, &from, &to) < 0);
	assert_error_has("--to: 'soon' is not a time");
	assert_true(time_range("+5", NULL, 0, 0, 0, &from, &to) < 0);
	assert_error_has("of a stream must be dates");
	assert_true(time_range("14:03", "@9", 0, 0, 0, &from, &to) < 0);
	assert_true(time_range("@9", "-1s", 0, 0, 0, &from, &to) < 0);
	assert_int_equal(time_range("@9", "+5", 0, 0, 0, &from, &to), 0);
	assert_int_equal(from, 9);
	assert_int_equal(to, 9 + 5 * s);
	assert_int_equal(time_range("2026-03-01 14:03", NULL, 0, 0, 0, &from, &to), 0);
}

static void dates_print_as_falco_prints_them(void **unused)
{
	char t[TIME_TEXT_MAX];

	time_date(t, UINT64_C(1772373787000000042), 0, ' ');
	assert_string_equal(t, "2026-03-01 14:03:07.000000042");
	time_of_day(t, UINT64_C(1772373787000000042), -15 * 3600);
	assert_string_equal(t, "23:03:07.000000042");
	time_date(t, UINT64_C(951782400000000000), 0, 'T');
	assert_string_equal(t, "2000-02-29T00:00:00.000000000");
}

enum { O_FILE, O_QUIET, O_NUM };
static const struct opt opts[] = {
	{ O_FILE, 'o', "output", "FILE", "write to FILE" },
	{ O_QUIET, 'q', "quiet", NULL, "say nothing" },
	{ O_NUM, 0, "number", "N", "a number" },
};
static const struct opt_spec spec = { "test", "[options]", "try options", OPTS(opts), NULL };

static void options_come_back_by_key(void **unused)
{
	const char *argv[] = { "test", "-qo", "x", "operand", "--number=7", "--", "-q", NULL };
	struct opt_parse p;

	opt_begin(&p, &spec, 7, (char **)argv);
	assert_int_equal(opt_next(&p), O_QUIET);
	assert_int_equal(opt_next(&p), O_FILE);
	assert_string_equal(p.value, "x");
	assert_int_equal(opt_next(&p), O_NUM);
	assert_string_equal(p.value, "7");
	assert_int_equal(opt_next(&p), OPT_END);
	assert_int_equal(p.argc - p.first, 2);
	assert_string_equal(argv[p.first], "operand");
	assert_string_equal(argv[p.first + 1], "-q");
}

static void option_values_are_checked(void **unused)
{
	struct opt_parse p = { .spec = &spec };
	uint64_t v;

	p.value = "64K";
	assert_int_equal(opt_size(&p, "--ring", 1, 1 << 20, &v), 0);
	assert_int_equal(v, 65536);
	p.value = "2G";
	assert_true(opt_size(&p, "--ring", 1, 1 << 20, &v) < 0);
	assert_error_has("--ring: 2G is not between 1 and 1048576");
	p.value = "18446744073709551616";
	assert_true(opt_u64(&p, "-n", 0, UINT64_MAX, &v) < 0);
	p.value = "99999999999T";
	assert_true(opt_size(&p, "--ring", 0, UINT64_MAX, &v) < 0);
	p.value = "";
	assert_true(opt_u64(&p, "-n", 0, 9, &v) < 0);
}

static void the_catalogue_knows_names_and_numbers(void **unused)
{
	const struct event_desc *d = &catalog[EV_OPENAT];

	assert_int_equal(catalog_find("openat", 6), EV_OPENAT);
	assert_int_equal(catalog_find("opena", 5), EV_UNKNOWN);
	assert_int_equal(event_param_index(d, "name", 4), P(OPENAT, name));
	assert_int_equal(event_param_index(d, "nam", 3), -1);
	assert_int_equal(syscall_by_nr(ARCH_X86_64, 257)->event, EV_OPENAT);
	assert_string_equal(syscall_by_nr(ARCH_IA32, 295)->name, "openat");
	assert_null(syscall_by_nr(ARCH_X86_64, 1000000));
	assert_ptr_equal(syscall_by_name("getppid", 7), syscall_by_nr(ARCH_X86_64, 110));
	assert_null(syscall_by_name("getppi", 6));
}

static void every_parameter_fits_an_event(void **unused)
{
	for (unsigned i = 1; i < EV__N; i++) {
		const struct event_desc *d = &catalog[i];

		assert_true(d->n_params <= 64);
		for (unsigned k = 0; k < d->n_params; k++) {
			assert_int_equal(event_param_index(d, d->params[k].name,
							   strlen(d->params[k].name)), (int)k);
			assert_true(d->params[k].type >= PT_FIRST_BYTES
				    || type_width(d->params[k].type) > 0);
		}
	}
}

static void a_message_keeps_its_place_and_code(void **unused)
{
	assert_int_equal(err(ERR_FORMAT, "block %d", 7), -ERR_FORMAT);
	assert_int_equal(err_at("case.skr"), -ERR_FORMAT);
	assert_string_equal(err_text(), "case.skr: block 7");
	err(ERR_RULE, "again: %s", err_text());
	assert_string_equal(err_text(), "again: case.skr: block 7");
}

static void put_file(const char *path, const char *text, bool force)
{
	const int fd = output_create(path, force);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void assert_file(const char *path, const char *want)
{
	char text[16] = "";
	const int fd = open(path, O_RDONLY);

	assert_true(fd >= 0);
	assert_true(read(fd, text, sizeof(text) - 1) >= 0);
	close(fd);
	assert_string_equal(text, want);
}

static void an_earlier_recording_is_kept(void **unused)
{
	char dir[] = "/tmp/saker-test-XXXXXX";
	struct stat st;

	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	put_file("a", "first", false);
	assert_int_equal(stat("a", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	put_file("a", "second", false);
	assert_file("a", "second");
	assert_file("a.old", "first");
	put_file("a", "3", true);
	assert_file("a", "3");
	assert_file("a.old", "first");
	assert_true(output_create(".", false) < 0);
	assert_error_has("cannot create .");
	assert_true(output_create("no/where", false) < 0);
	put_file("/dev/null", "device", false);
	unlink("a");
	unlink("a.old");
	assert_int_equal(chdir("/"), 0);
	rmdir(dir);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(an_earlier_recording_is_kept),
	cmocka_unit_test(terminal_text_never_holds_a_control_byte),
	cmocka_unit_test(json_strings_are_valid_for_any_bytes),
	cmocka_unit_test(characters_become_utf8_and_come_back),
	cmocka_unit_test(payload_shows_other_bytes_as_dots),
	cmocka_unit_test(quote_terminal_ends_within_its_array),
	cmocka_unit_test(numbers_print_at_their_limits),
	cmocka_unit_test(a_cursor_stops_at_its_end),
	cmocka_unit_test(an_arena_reuses_its_memory_after_reset),
	cmocka_unit_test(durations_take_units),
	cmocka_unit_test(points_in_time_are_understood),
	cmocka_unit_test(a_range_may_count_from_its_beginning),
	cmocka_unit_test(dates_print_as_falco_prints_them),
	cmocka_unit_test(options_come_back_by_key),
	cmocka_unit_test(option_values_are_checked),
	cmocka_unit_test(the_catalogue_knows_names_and_numbers),
	cmocka_unit_test(every_parameter_fits_an_event),
	cmocka_unit_test(a_message_keeps_its_place_and_code),
};
TEST_MAIN(tests)
