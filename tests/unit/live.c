/* SPDX-License-Identifier: Apache-2.0 */
/* Rings and decoding of the recorder, without a kernel half: a file is mapped as the
 * rings, and the test writes what the kernel would. */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture/base/mem.h"
#include "capture/live/decode.h"
#include "capture/live/rings.h"

enum { N = 3, SIZE = 65536 };

struct world {
	struct rings r;
	uint64_t head[N];
};

static struct world *begin(void)
{
	struct world *const w = xcalloc(1, sizeof(*w));
	const int fd = memfd_create("rings", 0);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, N * (WIRE_DATA + SIZE + WIRE_SLACK)), 0);
	assert_int_equal(rings_open(&w->r, fd, N, SIZE), 0);
	close(fd);
	return w;
}

static void end(struct world *w)
{
	rings_close(&w->r);
	free(w);
}

/* What the kernel half does for a record of len bytes. */
static void produce(struct world *w, unsigned cpu, uint64_t ts, uint32_t len)
{
	struct wire_ring *const ring = w->r.views[cpu].ring;
	struct wire_record *const rec =
		(void *)((uint8_t *)ring + WIRE_DATA + (ring->head & (SIZE - 1)));

	memset(rec, 0, len);
	rec->len = len;
	rec->ts = ts;
	rec->tid = (uint32_t)ts;
	ring->n_events++;
	ring->head += len;
}

static uint64_t take(struct world *w, uint64_t horizon)
{
	unsigned cpu;
	const struct wire_record *const rec = rings_next(&w->r, horizon, &cpu);

	return rec ? rec->ts : 0;
}

static void records_of_all_cpus_come_in_order_of_time(void **unused)
{
	struct world *const w = begin();

	produce(w, 0, 10, 40);
	produce(w, 0, 40, 40);
	produce(w, 1, 20, 48);
	produce(w, 1, 30, 32);
	produce(w, 2, 15, 80);
	rings_poll(&w->r);
	for (unsigned i = 0; i < 5; i++) {
		static const uint64_t want[] = { 10, 15, 20, 30, 40 };

		assert_int_equal(take(w, 1000), want[i]);
	}
	assert_int_equal(take(w, 1000), 0);
	assert_int_equal(rings_missing(&w->r), 0);
	end(w);
}

static void a_record_younger_than_the_horizon_waits(void **unused)
{
	struct world *const w = begin();

	produce(w, 0, 10, 40);
	produce(w, 1, 20, 40);
	rings_poll(&w->r);
	assert_int_equal(take(w, 15), 10);
	assert_int_equal(take(w, 15), 0);
	produce(w, 2, 17, 40);
	assert_int_equal(take(w, 30), 20);	/* not seen before the next poll */
	rings_poll(&w->r);
	assert_int_equal(take(w, 30), 17);
	end(w);
}

static void a_record_reaches_into_the_slack_and_the_ring_goes_on(void **unused)
{
	struct world *const w = begin();
	uint64_t n = 0;

	/* Lengths that never divide the size; many rounds of the ring. */
	for (uint64_t ts = 1; ts < 5000; ts++) {
		produce(w, 1, ts, 1000 + (uint32_t)(ts % 7) * 8);
		if (ts % 40)
			continue;
		rings_poll(&w->r);
		for (uint64_t got; (got = take(w, UINT64_MAX));)
			assert_int_equal(got, ++n);
		assert_true(w->r.views[1].ring->tail <= w->r.views[1].ring->head);
	}
	assert_true(n > 4900);
	end(w);
}

static void tail_never_passes_a_record_that_is_in_use(void **unused)
{
	struct world *const w = begin();

	produce(w, 0, 1, 64);
	rings_poll(&w->r);
	assert_int_equal(take(w, 100), 1);
	assert_int_equal(w->r.views[0].ring->tail, 0);
	rings_poll(&w->r);
	assert_int_equal(w->r.views[0].ring->tail, 64);
	end(w);
}

static void spilled_records_come_before_those_in_the_ring(void **unused)
{
	struct world *const w = begin();

	for (uint64_t ts = 1; ts <= 40; ts++)
		produce(w, 0, ts, 1024);
	rings_spill(&w->r, 1 << 20);
	assert_int_equal(w->r.views[0].ring->tail, 40 * 1024);
	for (uint64_t ts = 41; ts <= 50; ts++)
		produce(w, 0, ts, 1024);
	produce(w, 2, 7, 40);
	rings_poll(&w->r);
	for (uint64_t ts = 1; ts <= 50; ts++) {
		if (ts == 8)
			assert_int_equal(take(w, 100), 7);	/* both CPUs have one of 7 */
		assert_int_equal(take(w, 100), ts);
	}
	assert_int_equal(take(w, 100), 0);
	end(w);
}

static void a_length_that_makes_no_sense_ends_the_round(void **unused)
{
	static const uint32_t bad[] = { 0, 8, 41, 1 << 20, UINT32_MAX };

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct world *const w = begin();

		produce(w, 0, 5, 40);
		((struct wire_record *)w->r.views[0].data)->len = bad[i];
		produce(w, 1, 6, 40);
		rings_poll(&w->r);
		assert_int_equal(take(w, 100), 6);
		assert_int_equal(take(w, 100), 0);
		assert_true(w->r.n_bad >= 1);
		assert_int_equal(rings_missing(&w->r), 1);
		produce(w, 0, 9, 40);
		rings_poll(&w->r);
		assert_int_equal(take(w, 100), 9);
		end(w);
	}
}

static void losses_are_told_once(void **unused)
{
	struct world *const w = begin();
	struct wire_loss *const loss = &w->r.views[1].ring->loss[WC_FILE];
	struct wire_loss got;

	*loss = (struct wire_loss){ .count = 5, .first = 100, .last = 200 };
	assert_true(rings_loss(&w->r, 1, WC_FILE, &got));
	assert_int_equal(got.count, 5);
	assert_int_equal(got.first, 100);
	assert_false(rings_loss(&w->r, 1, WC_FILE, &got));
	loss->count = 7;
	loss->last = 300;
	assert_true(rings_loss(&w->r, 1, WC_FILE, &got));
	assert_int_equal(got.count, 2);
	assert_int_equal(got.first, 200);
	assert_int_equal(got.last, 300);
	end(w);
}

/* ---- decoding ---- */

struct call {
	struct decoder *d;
	struct wire_conf *conf;
	struct event ev;
	_Alignas(8) uint8_t bytes[4096];
	uint32_t len;
};

static struct call *call_begin(unsigned nr, int64_t ret)
{
	struct call *const c = xcalloc(1, sizeof(*c));
	struct wire_record *const rec = (void *)c->bytes;
	const struct plan_options opt = { .snaplen = 80 };

	c->d = xcalloc(1, sizeof(*c->d));
	c->conf = xcalloc(2 * WIRE_NR_MAX, sizeof(*c->conf));
	plans_make(&c->d->plans, c->conf, &opt);
	*rec = (struct wire_record){ .nr = (uint16_t)nr, .ret = ret, .ts = 1000, .tid = 7,
				     .pid = 6 };
	c->len = (uint32_t)sizeof(*rec) + 8u * c->conf[nr].n_args;
	return c;
}

static void call_arg(struct call *c, unsigned i, uint64_t v)
{
	memcpy(c->bytes + sizeof(struct wire_record) + 8 * i, &v, 8);
}

static void call_blob(struct call *c, unsigned state, const void *p, uint16_t len)
{
	const struct wire_blob b = { .len = len, .state = (uint8_t)state, .full = len };

	memcpy(c->bytes + c->len, &b, sizeof(b));
	memcpy(c->bytes + c->len + sizeof(b), p, len);
	c->len += (uint32_t)sizeof(b) + ((len + 7u) & ~7u);
}

static void call_decode(struct call *c)
{
	struct wire_record *const rec = (void *)c->bytes;

	rec->len = c->len;
	decode(c->d, rec, 3, &c->ev);
}

static void call_end(struct call *c)
{
	free(c->d);
	free(c->conf);
	free(c);
}

static unsigned nr_of(const char *name)
{
	return (unsigned)syscall_by_name(name, strlen(name))->nr[plan_arch()];
}

static void an_open_has_its_arguments_and_the_kernels_file(void **unused)
{
	struct call *const c = call_begin(nr_of("openat"), 5);
	const struct wire_file file = { .ino = 99, .dev = 8 << 20 | 300, .facts = WFF_CREATED };

	call_arg(c, 0, (uint32_t)-100);
	call_arg(c, 2, 0x241);
	call_arg(c, 3, 0xffff000001a4);		/* rubbish above mode_t's bits */
	assert_int_equal(c->conf[nr_of("openat")].n_ops, 2);
	call_blob(c, WB_SET, "/etc/x", 6);
	call_blob(c, WB_SET, &file, sizeof(file));
	call_decode(c);
	assert_int_equal(c->ev.type, EV_OPENAT);
	assert_int_equal(c->ev.tid, 7);
	assert_int_equal(c->ev.cpu, 3);
	assert_int_equal(EV(&c->ev, OPENAT, fd)->i, 5);
	assert_int_equal(EV(&c->ev, OPENAT, dirfd)->i, -100);
	assert_int_equal(EV(&c->ev, OPENAT, mode)->u, 0x1a4);
	assert_int_equal(EV(&c->ev, OPENAT, name)->len, 6);
	assert_memory_equal(EV(&c->ev, OPENAT, name)->p, "/etc/x", 6);
	assert_int_equal(EV(&c->ev, OPENAT, ino)->u, 99);
	assert_int_equal(EV(&c->ev, OPENAT, dev)->u, (300 & 0xff) | 8 << 8 | 0x100 << 12);
	call_end(c);
}

/* The duration stands behind the arguments, before the blobs. */
static void a_timed_call_has_its_duration(void **unused)
{
	struct call *const c = call_begin(nr_of("openat"), 5);
	struct wire_record *const rec = (void *)c->bytes;

	rec->flags = WIRE_TIMED;
	call_arg(c, c->conf[nr_of("openat")].n_args, 4711);
	c->len += 8;
	call_blob(c, WB_SET, "/etc/x", 6);
	call_decode(c);
	assert_int_equal(c->ev.latency, 4711);
	assert_memory_equal(EV(&c->ev, OPENAT, name)->p, "/etc/x", 6);
	rec->flags = 0;
	call_decode(c);
	assert_int_equal(c->ev.latency, 0);
	call_end(c);
}

static void what_was_cut_is_lost_and_what_does_not_apply_is_absent(void **unused)
{
	struct call *c = call_begin(nr_of("write"), 3);

	call_blob(c, WB_CUT, "", 0);
	call_decode(c);
	assert_int_equal(EV(&c->ev, WRITE, data)->state, VALUE_LOST);
	call_end(c);
	c = call_begin(nr_of("read"), -11);
	call_blob(c, WB_ABSENT, "", 0);
	call_decode(c);
	assert_int_equal(EV(&c->ev, READ, res)->i, -11);
	assert_int_equal(EV(&c->ev, READ, data)->state, VALUE_ABSENT);
	call_end(c);
}

static void a_blob_that_claims_too_much_is_not_read(void **unused)
{
	struct call *const c = call_begin(nr_of("write"), 3);
	struct wire_blob b = { .len = 60000 };

	call_blob(c, WB_SET, "abc", 3);
	memcpy(c->bytes + c->len - 16, &b, sizeof(b));
	call_decode(c);
	assert_int_equal(EV(&c->ev, WRITE, data)->state, VALUE_LOST);
	call_end(c);
}

static void addresses_are_copied_for_their_family(void **unused)
{
	const uint8_t in4[16] = { AF_INET, 0, 0x1f, 0x90, 127, 0, 0, 1 };
	const uint8_t path[] = { AF_UNIX, 0, '/', 's', 0, 'x' };
	const uint8_t abstract[] = { AF_UNIX, 0, 0, 'a', 0, 'b' };
	uint8_t out[136];

	assert_int_equal(sockaddr_value(out, in4, sizeof(in4)), 7);
	assert_memory_equal(out, "\x02\x7f\0\0\x01\x90\x1f", 7);
	assert_int_equal(sockaddr_value(out, path, sizeof(path)), 3);
	assert_memory_equal(out, "\x01/s", 3);
	assert_int_equal(sockaddr_value(out, abstract, sizeof(abstract)), 5);
	assert_int_equal(sockaddr_value(out, in4, 1), 0);
}

/* Each row of the catalogue that needs an operation has one. */
static void no_call_needs_more_operations_than_there_are(void **unused)
{
	struct call *const c = call_begin(0, 0);

	for (unsigned nr = 0; nr < 2 * WIRE_NR_MAX; nr++) {
		const struct plan *const p = &c->d->plans.call[nr];

		for (unsigned i = 0; i < catalog[p->event].n_params; i++) {
			const uint8_t src = catalog[p->event].params[i].src;

			if (src == SRC_PROBE || src == SRC_NONE || nr >= WIRE_NR_MAX)
				continue;
			if (p->get[i].how == GET_ABSENT)
				fail_msg("%s.%s has no source", catalog[p->event].name,
					 catalog[p->event].params[i].name);
		}
		assert_true(c->conf[nr].max < WIRE_SLACK);
	}
	call_end(c);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(records_of_all_cpus_come_in_order_of_time),
	cmocka_unit_test(a_record_younger_than_the_horizon_waits),
	cmocka_unit_test(a_record_reaches_into_the_slack_and_the_ring_goes_on),
	cmocka_unit_test(tail_never_passes_a_record_that_is_in_use),
	cmocka_unit_test(spilled_records_come_before_those_in_the_ring),
	cmocka_unit_test(a_length_that_makes_no_sense_ends_the_round),
	cmocka_unit_test(losses_are_told_once),
	cmocka_unit_test(an_open_has_its_arguments_and_the_kernels_file),
	cmocka_unit_test(a_timed_call_has_its_duration),
	cmocka_unit_test(what_was_cut_is_lost_and_what_does_not_apply_is_absent),
	cmocka_unit_test(a_blob_that_claims_too_much_is_not_read),
	cmocka_unit_test(addresses_are_copied_for_their_family),
	cmocka_unit_test(no_call_needs_more_operations_than_there_are),
};

TEST_MAIN(tests)
