/* SPDX-License-Identifier: Apache-2.0 */
/* Size and speed of the recording format, over the events of any recording:
 *
 *   rows size FILE...         bytes per event as .skr, against the same events as rows
 *                             (laid out as in .scap) through gzip -6
 *   rows latency FILE         bytes per event, and ns to read one, with latencies and without
 *   rows decode FILE [PASS]   events per second: all parameters, none, types only
 *   rows repeat OUT N FILE... the events of FILE N times over, later and later: a long
 *                             recording from short ones
 *
 * LEVEL (compression) and BLOCK (bytes of a block) in the environment are for trials. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "capture/base/buf.h"
#include "capture/base/err.h"
#include "capture/trace/source.h"
#include "capture/trace/writer.h"

static int fail(void)
{
	err_print();
	return EXIT_FAILED;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* One event as a .scap block: block header, event header, lengths, values, trailer. */
static void put_row(struct buf *out, const struct event *ev)
{
	const size_t start = out->len;

	buf_le32(out, 0x216);
	buf_le32(out, 0);
	buf_le16(out, ev->cpu);
	buf_le32(out, 0);
	buf_le64(out, ev->ts);
	buf_le64(out, ev->tid);
	buf_le32(out, 0);
	buf_le16(out, ev->type);
	buf_le32(out, ev->n_params);
	for (unsigned i = 0; i < ev->n_params; i++) {
		const struct param_desc *p = &ev->desc->params[i];
		const unsigned width = type_is_number(p->type) ? type_width(p->type) : ev->v[i].len;

		buf_le16(out, ev->v[i].state == VALUE_SET ? (uint16_t)width : 0);
	}
	for (unsigned i = 0; i < ev->n_params; i++) {
		const enum param_type t = ev->desc->params[i].type;
		const struct value *v = &ev->v[i];

		if (v->state == VALUE_SET && type_is_number(t))
			buf_put(out, &v->u, type_width(t));
		else if (v->state == VALUE_SET)
			buf_put(out, v->p, v->len);
	}
	buf_le32(out, (uint32_t)(out->len - start + 4));
}

struct gzip {
	z_stream z;
	uint64_t in, out;
};

static void gzip_add(struct gzip *g, struct buf *rows, int flush)
{
	uint8_t sink[65536];

	g->in += rows->len;
	g->z.next_in = rows->p;
	g->z.avail_in = (uInt)rows->len;
	do {
		g->z.next_out = sink;
		g->z.avail_out = sizeof(sink);
		deflate(&g->z, flush);
		g->out += sizeof(sink) - g->z.avail_out;
	} while (!g->z.avail_out);
	buf_reset(rows);
}

static int size_of(const char *path)
{
	const char *tmp = getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp";
	const struct writer_options opt = { .level = getenv("LEVEL") ? atoi(getenv("LEVEL")) : 0 };
	struct source *s = source_open(path);
	struct gzip g = {0};
	struct buf rows = {0};
	static struct event ev;
	uint64_t n = 0;
	char out[256];
	struct writer *w;
	struct stat st;
	int r;

	if (!s)
		return fail();
	snprintf(out, sizeof(out), "%s/saker-rows-%ld.skr", tmp, (long)getpid());
	w = writer_open(out, true, &s->info, &opt);
	if (!w)
		return fail();
	deflateInit2(&g.z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
	while ((r = source_next(s, &ev)) == 0) {
		if (writer_add(w, &ev) < 0)
			return fail();
		if (event_is_pseudo(&ev))
			continue;
		put_row(&rows, &ev);
		n++;
		if (rows.len > 1 << 16)
			gzip_add(&g, &rows, Z_NO_FLUSH);
	}
	if (r < 0 || writer_close(w) < 0 || stat(out, &st) < 0)
		return fail();
	gzip_add(&g, &rows, Z_FINISH);
	deflateEnd(&g.z);
	unlink(out);
	n = n ? n : 1;
	printf("%-40s %9" PRIu64 " events, rows %6.1f, gzip'd %6.2f, skr %6.2f bytes each, "
	       "ratio %.2f\n", path, n, (double)g.in / (double)n, (double)g.out / (double)n,
	       (double)st.st_size / (double)n, (double)st.st_size / (double)(g.out ? g.out : 1));
	source_close(s);
	buf_release(&rows);
	return 0;
}

/* Writes the events of a recording again, with or without latencies; its size, or -1. */
static long long rewrite(const char *path, const char *out, bool timed, uint64_t *n)
{
	struct source *s = source_open(path);
	struct writer *w = s ? writer_open(out, true, &s->info, &(struct writer_options){0}) : NULL;
	static struct event ev;
	struct stat st;
	int r;

	*n = 0;
	if (!w)
		return -1;
	while ((r = source_next(s, &ev)) == 0) {
		ev.latency = timed ? ev.latency : 0;
		*n += !event_is_pseudo(&ev);
		if (writer_add(w, &ev) < 0)
			return -1;
	}
	source_close(s);
	return r < 0 || writer_close(w) < 0 || stat(out, &st) < 0 ? -1 : (long long)st.st_size;
}

/* Sums something of every value so that nothing can be left out. */
static uint64_t touch(const struct event *ev)
{
	uint64_t sum = ev->ts + ev->tid;

	for (unsigned i = 0; i < ev->n_params; i++)
		sum += ev->v[i].u + ev->v[i].len;
	return sum;
}

static int decode_pass(const char *path, const char *name, const struct event_set *want, bool bulk)
{
	struct source *s = source_open(path);
	static struct event ev;
	uint64_t n = 0, sum = 0;
	double t;
	int r;

	if (!s)
		return fail();
	source_want(s, want, bulk);
	t = now();
	while ((r = source_next(s, &ev)) == 0) {
		sum += touch(&ev);
		n++;
	}
	t = now() - t;
	n += s->n_skipped;
	printf("%-28s %10" PRIu64 " events, %7.2f M/s, %6.1f ns each (%" PRIx64 ")\n", name, n,
	       (double)n / t / 1e6, t * 1e9 / (double)(n ? n : 1), sum & 0xfff);
	source_close(s);
	return r < 0 ? fail() : 0;
}

static int decode(const char *path)
{
	struct event_set all, some = {0}, none = {0};
	int r;

	event_set_fill(&all);
	event_set_add(&some, EV_EXECVE);
	event_set_add(&some, EV_CLONE);
	event_set_add(&some, EV_OPENAT);
	event_set_add(&some, EV_CONNECT);
	event_set_add(&some, EV_CLOSE);
	r = decode_pass(path, "all, payloads too", &all, true);
	if (!r)
		r = decode_pass(path, "all but payloads", &all, false);
	if (!r)
		r = decode_pass(path, "five types", &some, false);
	return r ? r : decode_pass(path, "none", &none, false);
}

static int latency(const char *path)
{
	const char *tmp = getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp";
	struct event_set all;
	char out[256];
	uint64_t n;

	event_set_fill(&all);
	snprintf(out, sizeof(out), "%s/saker-rows-%ld.skr", tmp, (long)getpid());
	for (int timed = 0; timed < 2; timed++) {
		const long long size = rewrite(path, out, timed, &n);

		if (size < 0)
			return fail();
		printf("%-28s %10" PRIu64 " events, %.2f bytes each\n",
		       timed ? "with latencies" : "without", n, (double)size / (double)(n ? n : 1));
		if (decode_pass(out, "", &all, true))
			return EXIT_FAILED;
	}
	unlink(out);
	return 0;
}

static int copy_shifted(struct writer *w, const char *path, uint64_t *base, bool first)
{
	struct source *s = source_open(path);
	static struct event ev;
	uint64_t start = 0, last = *base;

	if (!s)
		return fail();
	while (source_next(s, &ev) == 0) {
		if (event_is_pseudo(&ev) && !first)
			continue;
		if (!event_is_pseudo(&ev)) {
			start = start ? start : ev.ts - 1;
			ev.ts = *base + (ev.ts > start ? ev.ts - start : 0);
			last = ev.ts > last ? ev.ts : last;
		}
		if (writer_add(w, &ev) < 0)
			return fail();
	}
	*base = last;
	source_close(s);
	return 0;
}

static int repeat(const char *out, int n, char **files, int n_files)
{
	const struct source_info info = { .hostname = "bench", .arch_name = "x86_64", .n_cpus = 8 };
	const char *block = getenv("BLOCK"), *level = getenv("LEVEL");
	const struct writer_options opt = { .background = true, .level = level ? atoi(level) : 0,
					    .block_size = block ? (uint32_t)atoi(block) : 0 };
	struct writer *w = writer_open(out, true, &info, &opt);
	uint64_t base = UINT64_C(1700000000000000000);

	if (!w)
		return fail();
	for (int i = 0; i < n; i++)
		for (int f = 0; f < n_files; f++)
			if (copy_shifted(w, files[f], &base, i == 0 && f == 0))
				return EXIT_FAILED;
	return writer_close(w) < 0 ? fail() : 0;
}

int main(int argc, char **argv)
{
	int r = EXIT_FAILED;

	if (argc > 2 && !strcmp(argv[1], "size")) {
		for (int i = 2; i < argc; i++)
			r = size_of(argv[i]);
		return r;
	}
	if (argc == 3 && !strcmp(argv[1], "latency"))
		return latency(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "decode"))
		return decode(argv[2]);
	if (argc > 4 && !strcmp(argv[1], "repeat"))
		return repeat(argv[2], atoi(argv[3]), argv + 4, argc - 4);
	fputs("usage: rows size FILE... | latency FILE | decode FILE | repeat OUT N FILE...\n",
	      stderr);
	return r;
}
