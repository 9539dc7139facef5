/* SPDX-License-Identifier: Apache-2.0 */
/* Made-up events and recordings of them, for the tests of the recording format. */
#ifndef SAKER_TEST_TRACE_H
#define SAKER_TEST_TRACE_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "capture/base/mem.h"
#include "capture/trace/source.h"
#include "capture/trace/writer.h"

static uint64_t random_state = 88172645463325252u;

static inline uint64_t random_u64(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static inline uint64_t random_below(uint64_t n)
{
	return random_u64() >> 11 % 53 ? (random_u64() >> 8) % n : 0;
}

/* A number as its type would carry it; small ones are frequent, as in life. */
static inline uint64_t random_number(enum param_type type)
{
	const unsigned shift = 64 - 8 * (type_width(type) ? type_width(type) : 8);
	uint64_t v = random_below(3) ? random_below(50) : random_u64();

	if (random_below(9) == 0)
		v = 0 - v;
	return type_is_signed(type) ? (uint64_t)((int64_t)(v << shift) >> shift)
		: v << shift >> shift;
}

/* A random event of any type that is not for key frames; bytes go to mem. */
static inline void random_event(struct event *ev, enum event_id type, struct arena *mem)
{
	static const char *const texts[] = { "", "/etc/passwd", "a", "/usr/bin/some-thing" };
	static uint64_t ts = 1700000000000000000;

	event_init(ev, type);
	ev->ts = ts += random_below(5000);
	ev->tid = 100 + (uint32_t)random_below(20);
	ev->pid = ev->tid & ~3u;
	ev->cpu = (uint16_t)random_below(4);
	ev->nr = (uint16_t)random_below(300);
	ev->latency = random_below(3) ? random_u64() >> random_below(64) : 0;
	for (unsigned i = 0; i < ev->n_params; i++) {
		struct value *v = &ev->v[i];
		const enum param_type t = ev->desc->params[i].type;
		char *p;
		size_t n;

		if (random_below(8) == 0) {
			v->state = random_below(4) ? VALUE_ABSENT : VALUE_LOST;
			continue;
		}
		if (type_is_number(t)) {
			value_number(v, random_number(t));
			continue;
		}
		if (random_below(2)) {
			p = arena_str(mem, texts[random_below(4)]);
			value_bytes(v, p, strlen(p));
			continue;
		}
		n = random_below(random_below(50) ? 40 : 4000);
		p = arena_alloc(mem, n + 1);
		for (size_t j = 0; j < n; j++)
			p[j] = (char)random_u64();
		value_bytes(v, p, n);
	}
}

static inline void assert_same_value(const struct event *a, unsigned i, const struct value *v,
				     const struct value *w)
{
	const bool number = type_is_number(a->desc->params[i].type);

	if (v->state != w->state || (v->state == VALUE_SET && number && v->u != w->u)
	    || (v->state == VALUE_SET && !number
		&& (v->len != w->len || memcmp(v->p, w->p, v->len))))
		fail_msg("event %llu, %s.%s differs", (unsigned long long)a->num, a->desc->name,
			 a->desc->params[i].name);
}

static inline void assert_same_event(const struct event *a, const struct event *b)
{
	assert_string_equal(a->desc->name, b->desc->name);
	assert_int_equal(a->ts, b->ts);
	assert_int_equal(a->tid, b->tid);
	assert_int_equal(a->pid, b->pid);
	assert_int_equal(a->cpu, b->cpu);
	assert_int_equal(a->nr, b->nr);
	assert_int_equal(a->latency, b->latency);
	assert_int_equal(a->n_params, b->n_params);
	for (unsigned i = 0; i < a->n_params; i++)
		assert_same_value(a, i, &a->v[i], &b->v[i]);
}

static inline struct writer *test_writer(const char *path, uint32_t block_size)
{
	const struct source_info info = {
		.hostname = "testhost", .kernel = "6.1.0", .arch_name = "x86_64",
		.writer = "test", .n_cpus = 4, .memory = 1 << 30, .boot_ts = 1699999999000000000,
	};
	const struct writer_options opt = { .block_size = block_size };
	struct writer *w = writer_open(path, true, &info, &opt);

	if (!w)
		fail_msg("%s", err_text());
	return w;
}

static inline struct source *test_source(const char *path)
{
	struct source *s = source_open(path);

	if (!s)
		fail_msg("%s", err_text());
	return s;
}

/* A name for a file of this test. */
static inline const char *test_path(const char *name)
{
	static char path[256];

	const char *dir = getenv("TMPDIR");

	snprintf(path, sizeof(path), "%s/saker-%ld-%s", dir ? dir : "/tmp", (long)getpid(), name);
	return path;
}

#endif
