/* SPDX-License-Identifier: Apache-2.0 */
/* odd FILE: a recording whose texts want to do something to the terminal that shows them:
 * escape sequences, control characters, invalid UTF-8, names of 4 KB, text that runs from
 * right to left, characters that hide, join or are wide. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/base/err.h"
#include "capture/trace/writer.h"

static char long_name[4096], long_wide[4096];

static const char *const texts[] = {
	"\033[2J\033[H\033[31mred", "\033]0;title\007", "\033]52;c;cm0gLXJmIC8=\007", "\033c",
	"\033[?1049l", "\033[?1000h\033[?25l", "\033P$q q\033\\", "\033[6n\033[c", "\x9b" "31m",
	"\xc2\x9b" "5m", "\xc2\x9d" "0;c1\x9c", "\016\017", "back\b\b\bspace\rreturn\nline\ttab",
	"\xff\xfe\xc0\xaf\xed\xa0\x80\xf5\x80\x80\x80", "half \xe2\x82", "\xe2\x80\xaeright",
	"\xe2\x81\xa6iso\xe2\x81\xa9", "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d.txt",
	"\xd9\x85\xd8\xb1\xd8\xad\xd8\xa8\xd8\xa7", "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e",
	"e\xcc\x81\xcc\x82\xcc\x83\xcc\x84", "\xe2\x80\x8bzero\xe2\x80\x8bwidth",
	"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x94\xac", "\xf3\xa0\x80\x81tag", "%s%n$(id)`id`",
	"'\"\\", "\xef\xbb\xbf" "bom", long_name, long_wide,
};

enum { N_TEXTS = sizeof(texts) / sizeof(texts[0]), PID = 1000 };

static struct writer *w;
static uint64_t now = UINT64_C(1767225600000000000);

static void add(struct event *ev)
{
	ev->ts = now += 1000000;
	if (writer_add(w, ev) < 0) {
		err_print();
		exit(EXIT_FAILED);
	}
}

static void text(struct value *v, const char *s)
{
	value_bytes(v, s, strlen(s));
}

static void begin(struct event *ev, enum event_id type, unsigned i)
{
	event_init(ev, type);
	ev->tid = ev->pid = PID + i;
}

static void put_thread(unsigned i)
{
	struct event ev;

	event_init(&ev, EV_SNAP_THREAD);
	value_number(&ev.v[P(SNAP_THREAD, tid)], PID + i);
	value_number(&ev.v[P(SNAP_THREAD, pid)], PID + i);
	value_number(&ev.v[P(SNAP_THREAD, ptid)], i ? PID + i - 1 : 1);
	text(&ev.v[P(SNAP_THREAD, comm)], texts[i]);
	text(&ev.v[P(SNAP_THREAD, exepath)], texts[i]);
	text(&ev.v[P(SNAP_THREAD, exe)], texts[i]);
	text(&ev.v[P(SNAP_THREAD, cwd)], texts[(i + 1) % N_TEXTS]);
	value_bytes(&ev.v[P(SNAP_THREAD, args)], texts[i], strlen(texts[i]) + 1);
	add(&ev);
}

static void put_user(unsigned i)
{
	struct event ev;

	event_init(&ev, EV_SNAP_USER);
	value_number(&ev.v[P(SNAP_USER, uid)], i);
	text(&ev.v[P(SNAP_USER, name)], texts[i]);
	text(&ev.v[P(SNAP_USER, shell)], texts[i]);
	add(&ev);
}

static void put_snapshot(void)
{
	struct event ev;

	writer_key_begin(w);
	event_init(&ev, EV_SNAP_MACHINE);
	text(&ev.v[P(SNAP_MACHINE, hostname)], texts[0]);
	text(&ev.v[P(SNAP_MACHINE, kernel)], texts[1]);
	add(&ev);
	for (unsigned i = 0; i < N_TEXTS; i++) {
		put_thread(i);
		put_user(i);
	}
	event_init(&ev, EV_SNAP_END);
	value_number(&ev.v[P(SNAP_END, n)], 2 * N_TEXTS + 1);
	add(&ev);
	writer_key_end(w);
}

static void put_open(unsigned i)
{
	struct event ev;

	begin(&ev, EV_OPENAT, i);
	value_number(&ev.v[P(OPENAT, fd)], 3);
	value_number(&ev.v[P(OPENAT, dirfd)], (uint64_t)-100);
	text(&ev.v[P(OPENAT, name)], texts[i]);
	value_number(&ev.v[P(OPENAT, flags)], 1);
	add(&ev);
}

static void put_write(unsigned i)
{
	struct event ev;

	begin(&ev, EV_WRITE, i);
	value_number(&ev.v[P(WRITE, res)], strlen(texts[i]));
	value_number(&ev.v[P(WRITE, fd)], 3);
	text(&ev.v[P(WRITE, data)], texts[i]);
	add(&ev);
}

static void put_unlink(unsigned i)
{
	struct event ev;

	begin(&ev, EV_UNLINK, i);
	value_number(&ev.v[P(UNLINK, res)], 0);
	text(&ev.v[P(UNLINK, path)], texts[i]);
	add(&ev);
}

int main(int argc, char **argv)
{
	const struct source_info info = {
		.hostname = texts[0], .kernel = texts[1], .arch_name = "x86_64", .n_cpus = 1,
	};
	const struct writer_options opt = {0};

	for (size_t i = 0; i + 1 < sizeof(long_name); i++)
		long_name[i] = i % 50 == 49 ? '/' : i % 7 ? 'n' : '\033';
	for (size_t i = 0; i + 3 < sizeof(long_wide); i += 3)
		memcpy(long_wide + i, "\xe6\x97\xa5", 3);
	w = writer_open(argc > 1 ? argv[1] : "-", true, &info, &opt);
	if (!w) {
		err_print();
		return EXIT_FAILED;
	}
	put_snapshot();
	for (unsigned i = 0; i < N_TEXTS; i++) {
		put_open(i);
		put_write(i);
		put_unlink(i);
	}
	if (writer_close(w) < 0) {
		err_print();
		return EXIT_FAILED;
	}
	return EXIT_DONE;
}
