/* SPDX-License-Identifier: Apache-2.0 */
/* Names of addresses: learnt from answers by those who record, from events by those who read. */
#include <stdio.h>
#include <sys/socket.h>

#include "capture/base/strict.h"
#include "replay/state/dns.h"
#include "tests/unit/state_world.h"

#define SERVER "\xc0\x00\x02\x35\x35\x00"	/* 192.0.2.53:53 */
#define CLIENT "\x0a\x00\x00\x05\xa0\x0f"	/* 10.0.0.5:4000 */
#define OTHER "\xc0\x00\x02\x50\x50\x00"	/* 192.0.2.80:80 */

static const char to_server[] = "\x02" CLIENT SERVER, from_server[] = "\x02" SERVER CLIENT;

/* www.example is 192.0.2.80 */
static const char answer[] = "\x12\x34\x81\x80\0\x01\0\x01\0\0\0\0"
	"\x03www\x07" "example\0\0\x01\0\x01"
	"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02\x50";

static struct world *world(bool learns)
{
	struct world *w = world_new(NULL);

	snap(w, 1, 1, 0, "init");
	snap(w, 100, 100, 1, "client");
	snap_end(w);
	if (learns)
		state_learn_names(w->st);
	return w;
}

static void call(struct world *w, enum event_id type, int64_t fd, const char *tuple,
		 const char *data, size_t len)
{
	begin(w, type, 100);
	w->ev.pid = 100;
	num(w, "res", (int64_t)len);
	num(w, "fd", fd);
	if (data)
		bytes(w, "data", data, len);
	if (tuple)
		bytes(w, "tuple", tuple, 13);
	done(w);
}

static void connect_to(struct world *w, int64_t fd, const char *tuple)
{
	begin(w, EV_CONNECT, 100);
	w->ev.pid = 100;
	num(w, "res", 0);
	num(w, "fd", fd);
	bytes(w, "tuple", tuple, 13);
	done(w);
}

static void socket_of(struct world *w, int64_t fd, int64_t type)
{
	begin(w, EV_SOCKET, 100);
	w->ev.pid = 100;
	num(w, "fd", fd);
	num(w, "domain", AF_INET);
	num(w, "type", type);
	done(w);
}

static void resolved(struct world *w, const char *addr, const char *name)
{
	begin(w, EV_RESOLVED, 0);
	str(w, "addr", addr);
	str(w, "name", name);
	done(w);
}

static void peer_is(struct world *w, const char *name)
{
	socket_of(w, 7, SOCK_STREAM);
	connect_to(w, 7, "\x02" CLIENT OTHER);
	is(w, "fd.sip.name", name);
}

static int told(const struct event *ev, void *arg)
{
	buf_printf(arg, "%.*s=%.*s ", (int)EV(ev, RESOLVED, addr)->len,
		   (const char *)EV(ev, RESOLVED, addr)->p, (int)EV(ev, RESOLVED, name)->len,
		   (const char *)EV(ev, RESOLVED, name)->p);
	return 0;
}

static void tells(struct world *w, const char *want)
{
	struct buf b = {0};

	assert_int_equal(state_names_told(w->st, &w->ev, told, &b), 0);
	assert_string_equal(buf_text(&b), want);
	buf_release(&b);
}

/* ---- learning ---- */

static void a_client_gets_an_answer(void **unused)
{
	static const enum event_id by[] = {
		EV_RECVFROM, EV_RECVMSG, EV_RECVMMSG, EV_READ, EV_READV,
	};

	for (unsigned i = 0; i < 5; i++) {
		struct world *w = world(true);
		const bool has_tuple = by[i] != EV_READ && by[i] != EV_READV;

		socket_of(w, 3, SOCK_DGRAM);
		connect_to(w, 3, to_server);
		call(w, by[i], 3, has_tuple ? from_server : NULL, answer, sizeof(answer) - 1);
		tells(w, "192.0.2.80=www.example ");
		call(w, by[i], 3, has_tuple ? from_server : NULL, answer, sizeof(answer) - 1);
		tells(w, "");		/* that is no news */
		peer_is(w, "www.example");
		world_free(w);
	}
}

static void a_socket_without_connection_gets_one_as_well(void **unused)
{
	struct world *w = world(true);

	socket_of(w, 3, SOCK_DGRAM);
	call(w, EV_SENDTO, 3, to_server, "question", 8);
	call(w, EV_RECVFROM, 3, from_server, answer, sizeof(answer) - 1);
	peer_is(w, "www.example");
	world_free(w);
}

static void what_a_server_sends_counts_and_what_a_client_sends_does_not(void **unused)
{
	struct world *w = world(true);

	socket_of(w, 3, SOCK_DGRAM);
	call(w, EV_SENDTO, 3, to_server, answer, sizeof(answer) - 1);
	tells(w, "");
	socket_of(w, 4, SOCK_DGRAM);
	begin(w, EV_BIND, 100);
	num(w, "res", 0);
	num(w, "fd", 4);
	bytes(w, "addr", "\x02" SERVER, 7);
	done(w);
	call(w, EV_RECVFROM, 4, "\x02" CLIENT SERVER, answer, sizeof(answer) - 1);
	tells(w, "");
	call(w, EV_SENDTO, 4, "\x02" SERVER CLIENT, answer, sizeof(answer) - 1);
	tells(w, "192.0.2.80=www.example ");
	world_free(w);
}

static void other_ports_tell_nothing(void **unused)
{
	struct world *w = world(true);

	socket_of(w, 3, SOCK_DGRAM);
	connect_to(w, 3, "\x02" CLIENT OTHER);
	call(w, EV_READ, 3, NULL, answer, sizeof(answer) - 1);
	tells(w, "");
	open_at(w, 100, 4, -100, "/tmp/answer", 0);
	call(w, EV_READ, 4, NULL, answer, sizeof(answer) - 1);
	tells(w, "");
	world_free(w);
}

/* Whether payload was read must make no difference. */
static void readers_of_recordings_look_at_events_alone(void **unused)
{
	struct world *w = world(false);

	socket_of(w, 3, SOCK_DGRAM);
	connect_to(w, 3, to_server);
	call(w, EV_RECVFROM, 3, from_server, answer, sizeof(answer) - 1);
	tells(w, "");
	peer_is(w, "absent");
	resolved(w, "192.0.2.80", "www.example");
	peer_is(w, "www.example");
	world_free(w);
}

/* ---- what is kept ---- */

static void the_last_names_are_kept_the_newest_first(void **unused)
{
	struct world *w = world(false);
	struct field_ctx c;
	struct field_ref ref;
	struct fval_list l = { .arena = &w->scratch };

	for (char name[] = "a"; name[0] <= 'f'; name[0]++)
		resolved(w, "192.0.2.80", name);
	resolved(w, "192.0.2.80", "d");
	peer_is(w, "d");
	c = (struct field_ctx){ &w->ev, w->st, state_current(w->st), &w->scratch, &w->env };
	assert_true(field_parse(&ref, "fd.sip.name", 11, &w->scratch) > 0);
	assert_int_equal(ref.desc->get_all(&c, &ref, &l), FIELD_FOUND);
	assert_int_equal(l.n, 4);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(*(const char *)l.v[i].p, "dfec"[i]);
	world_free(w);
}

static int copy(const struct event *ev, void *st)
{
	state_update(st, ev);
	return 0;
}

static int dumped(const struct event *ev, void *arg)
{
	return ev->type == EV_RESOLVED ? told(ev, arg) : 0;
}

static char *names_of(const struct state *st)
{
	struct buf b = {0};
	char *s;

	state_dump(st, 1, NULL, dumped, &b);
	s = test_malloc(b.len + 1);
	memcpy(s, buf_text(&b), b.len + 1);
	buf_release(&b);
	return s;
}

static void key_frames_have_them_in_their_order(void **unused)
{
	struct world *w = world(false);
	struct state *again = state_new(NULL);
	char *was, *is;

	resolved(w, "192.0.2.80", "one");
	resolved(w, "2001:db8::1", "six");
	resolved(w, "192.0.2.81", "other");
	resolved(w, "192.0.2.80", "two");
	was = names_of(w->st);
	assert_string_equal(was, "2001:db8::1=six 192.0.2.81=other 192.0.2.80=one 192.0.2.80=two ");
	state_dump(w->st, 1, NULL, copy, again);
	is = names_of(again);
	assert_string_equal(is, was);
	test_free(was);
	test_free(is);
	state_free(again);
	world_free(w);
}

static void too_many_addresses_push_out_the_oldest(void **unused)
{
	struct world *w = world(false);
	char addr[20];
	char *all;

	for (unsigned i = 0; i < 20000; i++) {
		snprintf(addr, sizeof(addr), "10.%u.%u.1", i / 256, i % 256);
		resolved(w, addr, "x");
	}
	assert_int_equal(state_stats(w->st)->evicted_names, 20000 - 16384);
	all = names_of(w->st);
	snprintf(addr, sizeof(addr), "10.%u.%u.1=", 3616 / 256, 3616 % 256);
	assert_int_equal(strncmp(all, addr, strlen(addr)), 0);
	test_free(all);
	world_free(w);
}

static void the_answer_does_not_move_the_clock(void **unused)
{
	struct world *w = world(false);

	read_fd(w, 100, 0);
	w->ts += 500;
	resolved(w, "192.0.2.80", "www.example");
	read_fd(w, 100, 0);
	is(w, "evt.deltatime", "2500");
	world_free(w);
}

/* ---- hostile recordings ---- */

static void names_that_none_has_are_not_taken(void **unused)
{
	static const struct { const char *addr, *name; } bad[] = {
		{ "192.0.2.80", "" }, { "192.0.2.80", "a b" }, { "192.0.2.80", "\x1b[31m" },
		{ "192.0.2.80", "\xe2\x80\xae" "a" }, { "192.0.2.80 ", "x" }, { "", "x" },
		{ "192.0.2.800000000000000000000000000000000000000000000", "x" },
		{ "::1%eth0", "x" }, { "192.0.2", "x" },
	};
	struct world *w = world(false);
	char *longest = test_malloc(DNS_TEXT_MAX + 1), *none;

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		resolved(w, bad[i].addr, bad[i].name);
	memset(longest, 'a', DNS_TEXT_MAX);
	longest[DNS_TEXT_MAX] = 0;
	resolved(w, "192.0.2.80", longest);
	begin(w, EV_RESOLVED, 0);
	done(w);
	none = names_of(w->st);
	assert_string_equal(none, "");
	longest[DNS_TEXT_MAX - 1] = 0;
	resolved(w, "192.0.2.80", longest);
	peer_is(w, longest);
	test_free(none);
	test_free(longest);
	world_free(w);
}

static void Falco_knows_no_names(void **unused)
{
	struct world *w = world(false);

	resolved(w, "192.0.2.80", "www.example");
	strict_falco = true;
	peer_is(w, "absent");
	strict_falco = false;
	peer_is(w, "www.example");
	world_free(w);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_client_gets_an_answer),
	cmocka_unit_test(a_socket_without_connection_gets_one_as_well),
	cmocka_unit_test(what_a_server_sends_counts_and_what_a_client_sends_does_not),
	cmocka_unit_test(other_ports_tell_nothing),
	cmocka_unit_test(readers_of_recordings_look_at_events_alone),
	cmocka_unit_test(the_last_names_are_kept_the_newest_first),
	cmocka_unit_test(key_frames_have_them_in_their_order),
	cmocka_unit_test(too_many_addresses_push_out_the_oldest),
	cmocka_unit_test(the_answer_does_not_move_the_clock),
	cmocka_unit_test(names_that_none_has_are_not_taken),
	cmocka_unit_test(Falco_knows_no_names),
};

TEST_MAIN(tests)
