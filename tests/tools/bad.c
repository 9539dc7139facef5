/* SPDX-License-Identifier: Apache-2.0 */
/* Small recordings, good and bad:
 *
 *   bad seeds DIR    a few good ones, compressed and plain, for the fuzzer to start from
 *   bad parts DIR    the insides of blocks, for the same
 *   bad plain IN OUT a recording without compression, whose bytes can be changed
 *   bad events IN OUT   its first events, as tests/fuzz/take.h reads them
 *   bad make DIR     good.skr, and beside it one file for each way to be bad; a list of them
 *                    with what a reader must say goes to stdout: NAME <tab> MESSAGE */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/base/err.h"
#include "capture/base/mem.h"
#include "capture/trace/source.h"
#include "capture/trace/writer.h"
#include "tests/unit/reseal.h"

static char path[4096];

static const char *in_dir(const char *dir, const char *name)
{
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

/* ---- good ones ---- */

static void add(struct writer *w, struct event *ev)
{
	if (writer_add(w, ev) < 0) {
		err_print();
		exit(EXIT_FAILED);
	}
}

static void head(struct event *ev, enum event_id type, unsigned i)
{
	event_init(ev, type);
	ev->ts = UINT64_C(1700000000000000000) + i * 1000 + i % 7 * 31;
	ev->tid = 1000 + i % 3;
	ev->pid = 1000;
	ev->cpu = (uint16_t)(i % 2);
}

static void text(struct value *v, const char *s)
{
	value_bytes(v, s, strlen(s));
}

static void put_key(struct writer *w, unsigned i)
{
	struct event ev;

	writer_key_begin(w);
	head(&ev, EV_SNAP_MACHINE, i);
	text(&ev.v[P(SNAP_MACHINE, hostname)], "good");
	add(w, &ev);
	for (unsigned t = 1000; t < 1003; t++) {
		head(&ev, EV_SNAP_THREAD, i);
		value_number(&ev.v[P(SNAP_THREAD, tid)], t);
		value_number(&ev.v[P(SNAP_THREAD, pid)], 1000);
		text(&ev.v[P(SNAP_THREAD, comm)], "cat");
		text(&ev.v[P(SNAP_THREAD, exepath)], "/usr/bin/cat");
		add(w, &ev);
	}
	head(&ev, EV_SNAP_END, i);
	value_number(&ev.v[P(SNAP_END, n)], 4);
	add(w, &ev);
	writer_key_end(w);
}

static void put_open(struct writer *w, unsigned i)
{
	static const char *const names[] = { "/etc/passwd", "notes.txt", "/tmp/x" };
	struct event ev;

	head(&ev, EV_OPENAT, i);
	value_number(&ev.v[P(OPENAT, fd)], 3 + i % 5);
	value_number(&ev.v[P(OPENAT, dirfd)], (uint64_t)-100);
	text(&ev.v[P(OPENAT, name)], names[i % 3]);
	value_number(&ev.v[P(OPENAT, flags)], i % 4 ? 0 : 0x80000);
	if (i % 2)
		value_number(&ev.v[P(OPENAT, ino)], 4000000 + i * 77);
	add(w, &ev);
}

static void put_read(struct writer *w, unsigned i)
{
	struct event ev;
	uint8_t data[40];

	for (unsigned j = 0; j < sizeof(data); j++)
		data[j] = (uint8_t)(i * 31 + j * j);
	head(&ev, EV_READ, i);
	value_number(&ev.v[P(READ, res)], i % 40);
	value_number(&ev.v[P(READ, fd)], 3 + i % 5);
	value_bytes(&ev.v[P(READ, data)], data, i % 40);
	add(w, &ev);
}

static void put_close(struct writer *w, unsigned i)
{
	struct event ev;

	head(&ev, EV_CLOSE, i);
	value_number(&ev.v[P(CLOSE, res)], i % 9 ? 0 : (uint64_t)-9);
	value_number(&ev.v[P(CLOSE, fd)], 3 + i % 5);
	add(w, &ev);
}

static void put_loss(struct writer *w, unsigned i)
{
	struct event ev;

	head(&ev, EV_LOSS, i);
	value_number(&ev.v[P(LOSS, class)], i % 4);
	value_number(&ev.v[P(LOSS, count)], 10 + i);
	add(w, &ev);
}

static void make(const char *to, int level, unsigned n, unsigned key_every)
{
	const struct source_info info = {
		.hostname = "good", .kernel = "6.1", .arch_name = "x86_64", .writer = "bad",
		.n_cpus = 2,
	};
	const struct writer_options opt = { .level = level };
	struct writer *w = writer_open(to, true, &info, &opt);

	if (!w) {
		err_print();
		exit(EXIT_FAILED);
	}
	for (unsigned i = 0; i < n; i++) {
		if (i % key_every == 0)
			put_key(w, i);
		put_open(w, i);
		put_read(w, i);
		if (i % 10 == 5)
			put_loss(w, i);
		put_close(w, i);
	}
	if (writer_close(w) < 0) {
		err_print();
		exit(EXIT_FAILED);
	}
}

/* ---- bad ones ---- */

struct file {
	uint8_t *p;
	size_t len;
	size_t block[64];	/* where blocks stand */
	unsigned n;
};

static struct file load(const char *from)
{
	FILE *in = fopen(from, "rb");
	struct file f = { .p = xmalloc(1 << 20) };
	struct block b;

	if (!in) {
		perror(from);
		exit(EXIT_FAILED);
	}
	f.len = fread(f.p, 1, 1 << 20, in);
	fclose(in);
	for (size_t off = FILE_HEADER_LEN; f.n < 64 && block_get(&b, f.p + off, f.len - off);
	     off += BLOCK_HEADER_LEN + b.stored)
		f.block[f.n++] = off;
	return f;
}

static void save(const char *to, const void *p, size_t n)
{
	FILE *out = fopen(to, "wb");

	if (!out || fwrite(p, 1, n, out) != n || fclose(out) == EOF) {
		perror(to);
		exit(EXIT_FAILED);
	}
}

/* The first EVENTS block; its payload begins with the table of frames. */
static uint8_t *events_block(const struct file *f)
{
	for (unsigned i = 0; i < f->n; i++)
		if (f->p[f->block[i] + 8] == BLOCK_EVENTS)
			return f->p + f->block[i];
	abort();
}

static uint8_t *payload(const struct file *f)
{
	return events_block(f) + BLOCK_HEADER_LEN;
}

/* The bytes of frame i of a plain payload. */
static uint8_t *frame(uint8_t *p, unsigned i)
{
	uint16_t n;
	uint32_t len;
	uint8_t *at;

	memcpy(&n, p, 2);
	at = p + 2 + 8 * (size_t)n;
	for (unsigned j = 0; j < i; j++, at += len)
		memcpy(&len, p + 2 + 8 * (size_t)j, 4);
	return at;
}

#define CHANGE(name) static void name(struct file *f)

CHANGE(no_magic) { f->p[0] = 'X'; }
CHANGE(newer_version) { f->p[10] = 9; reseal_sum(f->p, FILE_HEADER_LEN); }
CHANGE(unknown_feature) { f->p[11] = 1; reseal_sum(f->p, FILE_HEADER_LEN); }
CHANGE(header_sum) { f->p[30] ^= 1; }
CHANGE(empty_file) { f->len = 0; }
CHANGE(cut_in_file_header) { f->len = 40; }
CHANGE(cut_in_block) { f->len = f->block[f->n / 2] + 100; }
CHANGE(cut_between_blocks) { f->len = f->block[f->n / 2]; }
CHANGE(no_footer) { f->len -= FOOTER_LEN; }
CHANGE(block_magic) { events_block(f)[0] = 0; }
CHANGE(block_header) { events_block(f)[41] ^= 1; }
CHANGE(block_contents) { payload(f)[50] ^= 1; }
CHANGE(no_frames) { payload(f)[0] = payload(f)[1] = 0; reseal(f->p, f->len); }
CHANGE(long_frame) { payload(f)[4] = 0xff; reseal(f->p, f->len); }
CHANGE(short_table) { payload(f)[1] = 2; reseal(f->p, f->len); }
CHANGE(raw_length) { events_block(f)[20] ^= 1; reseal(f->p, f->len); }
CHANGE(row_count) { events_block(f)[24]++; reseal(f->p, f->len); }
CHANGE(head_length) { frame(payload(f), 0)[0] ^= 0x3f; reseal(f->p, f->len); }
CHANGE(thread_table) { frame(payload(f), 1)[0] = 9; reseal(f->p, f->len); }
CHANGE(first_dictionary) { f->p[f->block[0] + BLOCK_HEADER_LEN + 40] ^= 1; }

CHANGE(huge_block)
{
	memset(events_block(f) + 20, 0x7f, 4);
	reseal_sum(events_block(f), BLOCK_HEADER_LEN);
}

CHANGE(trailing_bytes)
{
	memset(f->p + f->len, 'x', 100);
	f->len += 100;
}

CHANGE(missing_block)
{
	uint8_t *b = events_block(f);
	const size_t len = reseal_block(b, f->len), rest = f->len - (size_t)(b - f->p) - len;

	memmove(b, b + len, rest);
	f->len -= len;
}

/* Its frames say they are compressed, but hold something else. */
CHANGE(no_zstd)
{
	uint8_t *p = payload(f);

	p[6]++;		/* raw length of frame 0 */
	events_block(f)[20]++;
	reseal(f->p, f->len);
}

CHANGE(broken_link)
{
	events_block(f)[60] ^= 1;
	reseal_sum(events_block(f), BLOCK_HEADER_LEN);
}

static const struct {
	const char *name, *message;
	void (*change)(struct file *f);
} cases[] = {
	{ "no-magic", "not a .skr recording", no_magic },
	{ "newer-version", "format version 9 is newer", newer_version },
	{ "unknown-feature", "feature (bits 0x01)", unknown_feature },
	{ "header-sum", "the file header is damaged", header_sum },
	{ "empty", "is empty", empty_file },
	{ "cut-in-file-header", "cut in its file header", cut_in_file_header },
	{ "cut-in-block", "in the middle of a block", cut_in_block },
	{ "cut-between-blocks", "ends without its index", cut_between_blocks },
	{ "no-footer", "ends without its index", no_footer },
	{ "block-magic", "no block where one must begin", block_magic },
	{ "block-header", "no block where one must begin", block_header },
	{ "block-contents", "the checksum of its contents does not hold", block_contents },
	{ "huge-block", "no block where one must begin", huge_block },
	{ "no-frames", "the table of frames is cut", no_frames },
	{ "long-frame", "a frame is longer than the block", long_frame },
	{ "short-table", "the table of frames is cut", short_table },
	{ "raw-length", "the frames are not as long as declared", raw_length },
	{ "row-count", "block:", row_count },
	{ "head-length", "block:", head_length },
	{ "thread-table", "unknown encoding of numbers", thread_table },
	{ "first-dictionary", "the checksum of its contents does not hold", first_dictionary },
	{ "trailing-bytes", "bytes follow behind the end", trailing_bytes },
	{ "missing-block", "is missing before byte", missing_block },
	{ "no-zstd", "frame 0:", no_zstd },
	{ "broken-link", "the digest of the block before it does not hold", broken_link },
};

static void make_bad(const char *dir)
{
	make(in_dir(dir, "good.skr"), WRITER_PLAIN, 60, 20);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct file f = load(in_dir(dir, "good.skr"));
		char name[64];

		cases[i].change(&f);
		snprintf(name, sizeof(name), "%s.skr", cases[i].name);
		save(in_dir(dir, name), f.p, f.len);
		printf("%s\t%s\n", cases[i].name, cases[i].message);
		free(f.p);
	}
}

/* The insides of a plain recording's blocks, each with a byte before it that says what
 * they are (tests/fuzz/trace_parts.c). */
static void make_insides(const char *dir)
{
	struct file f;

	make(in_dir(dir, "plain"), WRITER_PLAIN, 20, 10);
	f = load(path);
	remove(path);
	for (unsigned i = 0; i < f.n; i++) {
		const uint8_t *b = f.p + f.block[i];
		const size_t n = reseal_block(f.p + f.block[i], f.len) - BLOCK_HEADER_LEN;
		const bool rows = b[8] != BLOCK_DICT && b[8] != BLOCK_INDEX;
		uint8_t *out = xmalloc(n + 3);
		char name[32];

		out[0] = rows ? 0 : b[8] == BLOCK_DICT ? 1 : 2;
		if (rows) {
			memcpy(out + 1, b + 24, 2);
			memcpy(out + 3, b + BLOCK_HEADER_LEN, n);
		} else {
			memcpy(out + 1, b + BLOCK_HEADER_LEN + 10, n - 10);
		}
		snprintf(name, sizeof(name), "inside-%u", i);
		save(in_dir(dir, name), out, rows ? n + 3 : n - 9);
		free(out);
	}
	free(f.p);
}

static bool is_snapshot(const struct event *ev)
{
	return strncmp(ev->desc->name, "snap_", 5) == 0;
}

static int make_plain(const char *from, const char *to)
{
	const struct writer_options opt = { .level = WRITER_PLAIN, .lean = true,
		.block_size = 1 << 13 };
	struct source *s = source_open(from);
	struct writer *w = s ? writer_open(to, true, &s->info, &opt) : NULL;
	bool in_key = false;
	static struct event ev;
	int rc = 0;

	while (w && rc == 0 && source_next(s, &ev) == 0) {
		if (ev.type == EV_SNAP_MACHINE && !in_key) {
			rc = writer_key_begin(w);
			in_key = true;
		}
		/* What the recorder learns between key frames belongs to none. */
		if (rc == 0 && (in_key || !is_snapshot(&ev)))
			rc = writer_add(w, &ev);
		if (ev.type == EV_SNAP_END && in_key && rc == 0) {
			rc = writer_key_end(w);
			in_key = false;
		}
	}
	source_close(s);
	if (!w || rc < 0 || writer_close(w) < 0) {
		err_print();
		return EXIT_FAILED;
	}
	return EXIT_DONE;
}

static void put_value(struct buf *out, const struct value *v, bool is_number)
{
	if (v->state != VALUE_SET || (!is_number && v->len > 0xfe)) {
		buf_byte(out, 0);
	} else if (!is_number) {
		buf_byte(out, (uint8_t)(v->len + 1));
		buf_put(out, v->p, v->len);
	} else if (v->u < 0xee) {
		buf_byte(out, (uint8_t)(v->u + 1));
	} else {
		buf_byte(out, 0xf0);
		buf_le64(out, v->u);
	}
}

enum { TAKEN_MAX = 150 };

static int make_events(const char *from, const char *to)
{
	struct source *s = source_open(from);
	struct buf out = {0};
	static struct event ev;

	for (unsigned n = 0; s && n < TAKEN_MAX && source_next(s, &ev) == 0;) {
		if (!ev.num || ev.type > UINT8_MAX)
			continue;
		buf_byte(&out, (uint8_t)ev.type);
		buf_byte(&out, (uint8_t)ev.tid);
		for (unsigned i = 0; i < ev.n_params; i++)
			put_value(&out, &ev.v[i], type_is_number(ev.desc->params[i].type));
		buf_byte(&out, 1);	/* the time until the next one */
		n++;
	}
	source_close(s);
	if (!s) {
		err_print();
		return EXIT_FAILED;
	}
	save(to, out.p, out.len);
	buf_release(&out);
	return EXIT_DONE;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "seeds") == 0) {
		make(in_dir(argv[2], "plain"), WRITER_PLAIN, 20, 10);
		make(in_dir(argv[2], "plain-tiny"), WRITER_PLAIN, 1, 10);
		make(in_dir(argv[2], "zstd"), 3, 200, 70);
		return EXIT_DONE;
	}
	if (argc == 3 && strcmp(argv[1], "parts") == 0) {
		make_insides(argv[2]);
		return EXIT_DONE;
	}
	if (argc == 3 && strcmp(argv[1], "make") == 0) {
		make_bad(argv[2]);
		return EXIT_DONE;
	}
	if (argc == 4 && strcmp(argv[1], "plain") == 0)
		return make_plain(argv[2], argv[3]);
	if (argc == 4 && strcmp(argv[1], "events") == 0)
		return make_events(argv[2], argv[3]);
	fputs("usage: bad seeds|parts|make DIR, bad plain|events IN OUT\n", stderr);
	return EXIT_FAILED;
}
