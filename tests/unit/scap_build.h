/* SPDX-License-Identifier: Apache-2.0 */
/* Captures built in memory: blocks, lists and events of every version. */
#ifndef SAKER_TEST_SCAP_BUILD_H
#define SAKER_TEST_SCAP_BUILD_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/unit/test.h"

#include "capture/base/buf.h"
#include "capture/trace/format.h"

enum { SHB = 0x0a0d0d0a, MI = 0x201, EV_V1 = 0x204, EV_V2 = 0x216, EVF_V2 = 0x217,
       EV_LARGE = 0x221 };

static inline size_t block_begin(struct buf *b, uint32_t type)
{
	const size_t at = b->len;

	buf_le32(b, type);
	buf_le32(b, 0);
	return at;
}

static inline void block_end(struct buf *b, size_t at)
{
	uint32_t total;

	while ((b->len - at) % 4)
		buf_byte(b, 0);
	total = (uint32_t)(b->len - at) + 4;
	for (unsigned i = 0; i < 4; i++)
		b->p[at + 4 + i] = (uint8_t)(total >> 8 * i);
	buf_le32(b, total);
}

static inline void add_section(struct buf *b)
{
	const size_t at = block_begin(b, SHB);

	buf_le32(b, 0x1a2b3c4d);
	buf_le16(b, 1);
	buf_le16(b, 2);
	buf_le64(b, ~UINT64_C(0));
	block_end(b, at);
}

static inline void add_machine(struct buf *b, const char *host)
{
	const size_t at = block_begin(b, MI);
	char name[128] = { 0 };

	snprintf(name, sizeof(name), "%s", host);
	buf_le32(b, 4);
	buf_le64(b, 1 << 30);
	buf_le64(b, 32768);
	buf_put(b, name, sizeof(name));
	buf_le64(b, 77);
	for (unsigned i = 0; i < 3; i++)
		buf_le64(b, 0);
	block_end(b, at);
}

static inline void add_str16(struct buf *b, const char *s)
{
	buf_le16(b, (uint16_t)strlen(s));
	buf_str(b, s);
}

/* Parameters of an event under construction. */
struct params {
	struct buf bytes;
	uint32_t len[64];
	unsigned n;
};

static inline void add_bytes(struct params *p, const void *bytes, size_t len)
{
	buf_put(&p->bytes, bytes, len);
	p->len[p->n++] = (uint32_t)len;
}

static inline void add_num(struct params *p, uint64_t v, size_t len)
{
	uint8_t t[8];

	for (unsigned i = 0; i < 8; i++)
		t[i] = (uint8_t)(v >> 8 * i);
	add_bytes(p, t, len);
}

static inline void add_text(struct params *p, const char *s)
{
	add_bytes(p, s, strlen(s) + 1);
}

static inline void add_event(struct buf *b, uint32_t block, unsigned code, uint64_t ts,
			     uint64_t tid, struct params *p)
{
	const bool v2 = block != EV_V1, wide = block == EV_LARGE;
	const size_t at = block_begin(b, block), header = v2 ? 26 : 22;

	buf_le16(b, 3);
	if (block == EVF_V2)
		buf_le32(b, 1);
	buf_le64(b, ts);
	buf_le64(b, tid);
	buf_le32(b, (uint32_t)(header + p->n * (wide ? 4 : 2) + p->bytes.len));
	buf_le16(b, (uint16_t)code);
	if (v2)
		buf_le32(b, p->n);
	for (unsigned i = 0; i < p->n; i++) {
		if (wide)
			buf_le32(b, p->len[i]);
		else
			buf_le16(b, (uint16_t)p->len[i]);
	}
	buf_put(b, p->bytes.p, p->bytes.len);
	block_end(b, at);
	buf_release(&p->bytes);
	*p = (struct params){0};
}

/* The capture as a source; NULL if it cannot be opened. */
static inline struct source *open_bytes(const void *bytes, size_t len)
{
	const int fd = memfd_create("capture", 0);
	struct source *s = NULL;
	struct input in;
	char path[64];

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), (ssize_t)len);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (input_open(&in, path) == 0)
		s = scap_open_input(&in, "test.scap");
	close(fd);
	return s;
}

/* The next event of type; fails at the end of the source. */
static inline void next_of(struct source *s, struct event *ev, unsigned type)
{
	do
		assert_int_equal(s->ops->next(s, ev), 0);
	while (ev->type != type);
}

/* The next event that is not a pseudo event; 1 at the end. */
static inline int next_real(struct source *s, struct event *ev)
{
	int r;

	do
		r = s->ops->next(s, ev);
	while (r == 0 && event_is_pseudo(ev));
	return r;
}

static inline void assert_text(const struct value *v, const char *text)
{
	assert_int_equal(v->state, VALUE_SET);
	assert_int_equal(v->len, strlen(text));
	assert_memory_equal(v->p, text, v->len);
}

static inline void assert_number(const struct value *v, uint64_t n)
{
	assert_int_equal(v->state, VALUE_SET);
	assert_int_equal(v->u, n);
}

static inline void assert_absent(const struct value *v)
{
	assert_int_equal(v->state, VALUE_ABSENT);
}

#endif
