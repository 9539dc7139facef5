/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of name servers: good ones, hostile ones, and cut ones. */
#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>

#include "capture/base/buf.h"
#include "replay/state/dns.h"
#include "tests/unit/test.h"

/* ---- messages ---- */

static void put16(struct buf *b, unsigned v)
{
	buf_byte(b, (uint8_t)(v >> 8));
	buf_byte(b, (uint8_t)v);
}

static void header(struct buf *b, unsigned flags, unsigned questions, unsigned answers)
{
	buf_reset(b);
	put16(b, 0x1234);
	put16(b, flags);
	put16(b, questions);
	put16(b, answers);
	put16(b, 0);
	put16(b, 0);
}

static void name(struct buf *b, const char *s)
{
	while (*s) {
		const size_t n = strcspn(s, ".");

		buf_byte(b, (uint8_t)n);
		buf_put(b, s, n);
		s += n + (s[n] == '.');
	}
	buf_byte(b, 0);
}

static void question(struct buf *b, const char *of)
{
	name(b, of);
	put16(b, 1);
	put16(b, 1);
}

static void rest(struct buf *b, unsigned type, const void *data, size_t len)
{
	put16(b, type);
	put16(b, 1);
	put16(b, 0);
	put16(b, 60);
	put16(b, (unsigned)len);
	buf_put(b, data, len);
}

static void address(struct buf *b, const char *of, const char *addr)
{
	uint8_t bytes[16];
	const int family = strchr(addr, ':') ? AF_INET6 : AF_INET;

	assert_int_equal(inet_pton(family, addr, bytes), 1);
	name(b, of);
	rest(b, family == AF_INET ? 1 : 28, bytes, family == AF_INET ? 4 : 16);
}

static void alias(struct buf *b, const char *of, const char *to)
{
	struct buf data = {0};

	name(&data, to);
	name(b, of);
	rest(b, 5, data.p, data.len);
	buf_release(&data);
}

static void answer(struct buf *b, const char *of, unsigned answers)
{
	header(b, 0x8180, 1, answers);
	question(b, of);
}

/* ---- what is found ---- */

static struct buf found;

static void note(const struct dns_address *a, void *arg)
{
	char text[INET6_ADDRSTRLEN];

	assert_int_equal(strlen(a->name), a->len);
	assert_true(a->len < DNS_TEXT_MAX);
	inet_ntop(a->family, a->addr, text, sizeof(text));
	buf_printf(&found, "%s %s\n", text, a->name);
}

/* In a block of its own, so that the sanitizer sees each byte too far. */
static const char *read_bytes(const void *p, size_t len, bool stream)
{
	uint8_t *copy = test_malloc(len ? len : 1);

	memcpy(copy, p, len);
	buf_reset(&found);
	dns_read(copy, len, stream, note, NULL);
	test_free(copy);
	return buf_text(&found);
}

#define gives(b, want) assert_string_equal(read_bytes((b)->p, (b)->len, false), want)

/* ---- good ones ---- */

static void an_answer_names_its_addresses(void **unused)
{
	struct buf b = {0};

	answer(&b, "www.Example.ORG", 3);
	address(&b, "www.example.org", "192.0.2.1");
	address(&b, "WWW.example.org", "192.0.2.2");
	address(&b, "www.example.org", "2001:db8::7");
	gives(&b, "192.0.2.1 www.example.org\n192.0.2.2 www.example.org\n"
	      "2001:db8::7 www.example.org\n");
	buf_release(&b);
}

static void pointers_are_followed(void **unused)
{
	struct buf b = {0};

	answer(&b, "www.example.org", 2);
	put16(&b, 0xc00c);
	rest(&b, 5, "\x03" "cdn\xc0\x10", 6);		/* cdn.example.org */
	put16(&b, 0xc000 | (unsigned)(b.len - 6));
	rest(&b, 1, "\xc0\x00\x02\x01", 4);
	gives(&b, "192.0.2.1 www.example.org\n");
	buf_release(&b);
}

static void aliases_lead_to_the_name_that_was_asked_for(void **unused)
{
	struct buf b = {0};

	answer(&b, "a.example", 4);
	address(&b, "d.example", "192.0.2.4");	/* in no order at all */
	alias(&b, "c.example", "d.example");
	alias(&b, "b.example", "c.example");
	alias(&b, "a.example", "b.example");
	gives(&b, "192.0.2.4 a.example\n");
	buf_release(&b);
}

static void what_was_not_asked_for_does_not_count(void **unused)
{
	struct buf b = {0};

	answer(&b, "evil.example", 2);
	address(&b, "bank.example", "192.0.2.66");
	address(&b, "evil.example", "192.0.2.67");
	gives(&b, "192.0.2.67 evil.example\n");
	buf_release(&b);
}

static void multicast_has_no_question(void **unused)
{
	struct buf b = {0};

	header(&b, 0x8400, 0, 1);
	name(&b, "printer.local");
	put16(&b, 1);
	put16(&b, 0x8001);	/* this replaces what you knew */
	buf_put(&b, "\0\0\0\x78\0\x04\xc0\0\x02\x09", 10);
	gives(&b, "192.0.2.9 printer.local\n");
	buf_release(&b);
}

static void streams_have_the_length_in_front(void **unused)
{
	struct buf b = {0}, s = {0};

	answer(&b, "tcp.example", 1);
	address(&b, "tcp.example", "192.0.2.5");
	put16(&s, (unsigned)b.len);
	buf_put(&s, b.p, b.len);
	assert_string_equal(read_bytes(s.p, s.len, true), "192.0.2.5 tcp.example\n");
	assert_string_equal(read_bytes(b.p, b.len, true), "192.0.2.5 tcp.example\n");
	assert_string_equal(read_bytes(s.p, s.len, false), "");
	buf_release(&b);
	buf_release(&s);
}

static void mapped_addresses_are_IPv4_and_zero_is_none(void **unused)
{
	struct buf b = {0};

	answer(&b, "x", 3);
	address(&b, "x", "::ffff:192.0.2.8");
	address(&b, "x", "0.0.0.0");
	address(&b, "x", "::");
	gives(&b, "192.0.2.8 x\n");
	buf_release(&b);
}

/* ---- no answers ---- */

static void questions_and_errors_tell_nothing(void **unused)
{
	static const unsigned flags[] = { 0x0100, 0x8183, 0x8182, 0xa180 };
	struct buf b = {0};

	for (unsigned i = 0; i < 4; i++) {
		header(&b, flags[i], 1, 1);
		question(&b, "x.example");
		address(&b, "x.example", "192.0.2.1");
		gives(&b, "");
	}
	header(&b, 0x8180, 2, 1);
	question(&b, "x.example");
	question(&b, "y.example");
	address(&b, "x.example", "192.0.2.1");
	gives(&b, "");
	answer(&b, ".", 1);
	address(&b, ".", "192.0.2.1");
	gives(&b, "");
	buf_release(&b);
}

static void other_classes_and_lengths_tell_nothing(void **unused)
{
	struct buf b = {0};

	answer(&b, "x", 2);
	name(&b, "x");
	buf_put(&b, "\0\x01\0\x03\0\0\0\0\0\x04\xc0\0\x02\x01", 14);	/* class CHAOS */
	name(&b, "x");
	rest(&b, 1, "\xc0\0\x02", 3);
	gives(&b, "");
	buf_release(&b);
}

/* ---- hostile ones ---- */

static void a_message_that_is_cut_tells_what_it_has(void **unused)
{
	struct buf b = {0};
	size_t whole;

	answer(&b, "x.example", 2);
	address(&b, "x.example", "192.0.2.1");
	whole = b.len;
	address(&b, "x.example", "192.0.2.2");
	for (size_t n = 0; n < b.len; n++)
		assert_string_equal(read_bytes(b.p, n, false),
				    n < whole ? "" : "192.0.2.1 x.example\n");
	buf_release(&b);
}

static void pointers_in_loops_end(void **unused)
{
	static const unsigned to[] = { 0xc00c, 0xc00e, 0xc00d, 0xffff, 0xc100 };
	struct buf b = {0};

	for (unsigned i = 0; i < 5; i++) {	/* to itself, forward, into itself, far away */
		header(&b, 0x8180, 1, 1);
		put16(&b, to[i]);
		put16(&b, 1);
		put16(&b, 1);
		put16(&b, 0xc00c);
		rest(&b, 1, "\xc0\0\x02\x01", 4);
		gives(&b, "");
	}
	header(&b, 0x8180, 1, 1);		/* a label, then to where it began */
	buf_put(&b, "\x01" "a\xc0\x0c\0\x01\0\x01", 8);
	gives(&b, "");
	answer(&b, "a", 1);
	put16(&b, 0xc000 | (unsigned)b.len);
	rest(&b, 1, "\xc0\0\x02\x01", 4);
	gives(&b, "");
	buf_release(&b);
}

static void names_have_255_bytes(void **unused)
{
	struct buf b = {0}, n = {0};
	char label[64];

	memset(label, 'a', 63);
	label[63] = 0;
	for (unsigned i = 0; i < 3; i++)
		buf_printf(&n, "%s.", label);
	buf_printf(&n, "%.61s", label);		/* 3 * 64 + 62 + 1 */
	answer(&b, buf_text(&n), 1);
	address(&b, buf_text(&n), "192.0.2.1");
	read_bytes(b.p, b.len, false);
	assert_int_equal(found.len, strlen("192.0.2.1 ") + 3 * 64 + 61 + 1);
	buf_byte(&n, 'a');
	answer(&b, buf_text(&n), 1);
	address(&b, buf_text(&n), "192.0.2.1");
	gives(&b, "");
	buf_release(&b);
	buf_release(&n);
}

static void strange_characters_are_escaped(void **unused)
{
	struct buf b = {0};

	answer(&b, "\x1b[31m \n.\xe2\x80\xae" "gpj.a\\b.x_y-z", 1);
	put16(&b, 0xc00c);
	rest(&b, 1, "\xc0\0\x02\x01", 4);
	gives(&b, "192.0.2.1 \\027\\09131m\\032\\010.\\226\\128\\174gpj.a\\092b.x_y-z\n");
	buf_release(&b);
}

static void a_dot_inside_of_a_label_is_not_one_between(void **unused)
{
	struct buf b = {0};

	header(&b, 0x8180, 1, 1);
	buf_put(&b, "\x0b" "example.com\x04" "evil\0\0\x01\0\x01", 22);
	put16(&b, 0xc00c);
	rest(&b, 1, "\xc0\0\x02\x01", 4);
	gives(&b, "192.0.2.1 example\\046com.evil\n");
	buf_release(&b);
}

static void the_longest_text_fits(void **unused)
{
	struct buf b = {0};

	header(&b, 0x8180, 1, 1);
	for (unsigned i = 0; i < 4; i++) {
		const unsigned n = i < 3 ? 63 : 61;

		buf_byte(&b, (uint8_t)n);
		for (unsigned k = 0; k < n; k++)
			buf_byte(&b, 0xff);
	}
	buf_put(&b, "\0\0\x01\0\x01", 5);
	put16(&b, 0xc00c);
	rest(&b, 1, "\xc0\0\x02\x01", 4);
	read_bytes(b.p, b.len, false);
	assert_int_equal(found.len, strlen("192.0.2.1 ") + 4 * 250 + 3 + 1);
	buf_release(&b);
}

static size_t count(const char *s, char c)
{
	size_t n = 0;

	for (; *s; s++)
		n += *s == c;
	return n;
}

static void ten_thousand_answers_are_too_many(void **unused)
{
	struct buf b = {0};
	char addr[16];

	answer(&b, "x", 10000);
	for (unsigned i = 0; i < 10000; i++) {
		snprintf(addr, sizeof(addr), "10.0.%u.%u", i / 250, i % 250 + 1);
		address(&b, "x", addr);
	}
	read_bytes(b.p, b.len, false);
	assert_int_equal(count(buf_text(&found), '\n'), DNS_ADDRESSES_MAX);
	answer(&b, "x", 65535);			/* nothing of it concerns us */
	for (unsigned i = 0; i < 65535; i++)
		address(&b, "y", "192.0.2.1");
	address(&b, "x", "192.0.2.1");
	gives(&b, "");
	buf_release(&b);
}

static void aliases_in_circles_and_without_end_are_bounded(void **unused)
{
	struct buf b = {0};
	char from[16], to[16];

	answer(&b, "a", 3);
	alias(&b, "a", "b");
	alias(&b, "b", "a");
	address(&b, "b", "192.0.2.1");
	gives(&b, "192.0.2.1 a\n");
	answer(&b, "n0", 101);
	for (unsigned i = 100; i-- > 0;) {
		snprintf(from, sizeof(from), "n%u", i);
		snprintf(to, sizeof(to), "n%u", i + 1);
		alias(&b, from, to);
	}
	address(&b, "n100", "192.0.2.1");
	gives(&b, "");
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_names_its_addresses),
		cmocka_unit_test(pointers_are_followed),
		cmocka_unit_test(aliases_lead_to_the_name_that_was_asked_for),
		cmocka_unit_test(what_was_not_asked_for_does_not_count),
		cmocka_unit_test(multicast_has_no_question),
		cmocka_unit_test(streams_have_the_length_in_front),
		cmocka_unit_test(mapped_addresses_are_IPv4_and_zero_is_none),
		cmocka_unit_test(questions_and_errors_tell_nothing),
		cmocka_unit_test(other_classes_and_lengths_tell_nothing),
		cmocka_unit_test(a_message_that_is_cut_tells_what_it_has),
		cmocka_unit_test(pointers_in_loops_end),
		cmocka_unit_test(names_have_255_bytes),
		cmocka_unit_test(strange_characters_are_escaped),
		cmocka_unit_test(a_dot_inside_of_a_label_is_not_one_between),
		cmocka_unit_test(the_longest_text_fits),
		cmocka_unit_test(ten_thousand_answers_are_too_many),
		cmocka_unit_test(aliases_in_circles_and_without_end_are_bounded),
	};
	int failed;

	cmocka_set_message_output(CM_OUTPUT_TAP);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	buf_release(&found);
	return failed;
}
