/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as events of the catalogue, written as a good recording with key frames and losses,
 * in the browser's model.  What an event is: see take.h.  The last bytes say which views, and
 * how (browse.h). */
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capture/trace/writer.h"
#include "tests/fuzz/browse.h"
#include "tests/fuzz/take.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { KEY_EVERY = 40, BLOCK_BYTES = 1 << 12 };

static int add(const struct event *ev, void *w)
{
	return writer_add(w, ev);
}

static void put_key(struct writer *w, const struct state *st, uint64_t ts)
{
	writer_key_begin(w);
	state_dump(st, ts, NULL, add, w);
	writer_key_end(w);
}

/* Mostly forward in time, sometimes far, sometimes back. */
static uint64_t later(uint64_t ts, uint8_t by)
{
	if (by < 0xf0)
		return ts + by * 1000u;
	return by < 0xf8 ? ts + ((uint64_t)1 << (by - 0xf0) * 8) : ts - (by - 0xf7u) * 500000000u;
}

static void write_events(struct writer *w, struct cursor *c)
{
	struct state *st = state_new(NULL);
	static struct event ev;
	uint64_t ts = UINT64_C(1700000000000000000);

	put_key(w, st, 1);
	for (uint64_t n = 1; take_event(c, &ev); n++) {
		ts = later(ts, cursor_u8(c));
		ev.ts = ts;
		ev.num = n;
		ev.cpu = n % 2;
		ev.latency = ev.desc->flags & EF_MODIFIES_STATE ? 0 : n % 7 * 1000;
		state_update(st, &ev);
		writer_add(w, &ev);
		if (n % KEY_EVERY == 0)
			put_key(w, st, ts);
	}
	state_free(st);
}

static int write_recording(struct cursor *c)
{
	const struct source_info info = { .hostname = "h", .kernel = "k", .arch_name = "x86_64",
		.writer = "fuzz", .n_cpus = 2 };
	const struct writer_options options = { .level = WRITER_PLAIN, .lean = true,
		.block_size = BLOCK_BYTES };
	const int fd = memfd_create("events", MFD_CLOEXEC);
	struct writer *w = writer_open_fd(dup(fd), "events", &info, &options);

	if (!w) {
		err_print();
		abort();
	}
	write_events(w, c);
	writer_close(w);
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct cursor c;
	struct control how;
	char path[64];
	int fd;

	if (len < CONTROL)
		return 0;
	c = cursor_of(data, len - CONTROL);
	how = control_of(data + len - CONTROL);
	fd = write_recording(&c);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	browse_fuzz(path, &how);
	close(fd);
	return 0;
}
