/* SPDX-License-Identifier: Apache-2.0 */
/* Inflating costs more than half of what reading the events does, so a second processor
 * does it: a thread fills buffers and hands them over, at most AHEAD of them.
 *
 * Buffers are not copied.  Each has room in front: what the reader still wants of the last
 * one, mostly a part of a block, is copied there, and the reader goes on in the new
 * buffer and gives the old one back.  Only what is longer than that room is joined the slow
 * way.
 *
 * A thread that waits for a pipe is woken by an eventfd when the reader has enough: it cannot
 * be cancelled, for that loads a library, which the sandbox forbids. */
#include "capture/trace/inflate.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "capture/base/err.h"
#include "capture/base/mem.h"
#include "capture/trace/input.h"

enum {
	FRONT = 64 * 1024,		/* room in front of what is inflated */
	BACK = INPUT_CHUNK,
	SPACE = FRONT + BACK,
	AHEAD = 6,
	SPARE = AHEAD + 1,
};

/* What was inflated in one go. */
struct piece {
	uint8_t *p;
	size_t n;		/* bytes at p + FRONT */
	uint64_t raw_off;
	int code;		/* 0: more follows; 1: the end; negative: error */
	char *message;		/* of an error; heap */
};

struct inflate {
	z_stream z;
	int fd, wake_fd;	/* wake_fd: -1 where reading never blocks */
	char *path;
	bool ended, failed;	/* the member is; its data is damaged */
	uint64_t raw_off;

	bool threaded, stop;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct piece queue[AHEAD];
	unsigned head, n_queue;
	uint8_t *spare[SPARE];
	unsigned n_spare;

	int last;		/* the code of the last piece; then nothing comes any more */
	uint8_t raw[INPUT_CHUNK];
};

/* ---- inflating ---- */

/* Does reading block, or is it to end?  Waits, unless there is something to hand over. */
static bool readable(struct inflate *g, bool wait)
{
	struct pollfd p[2] = { { .fd = g->fd, .events = POLLIN },
			       { .fd = g->wake_fd, .events = POLLIN } };

	if (g->wake_fd < 0)
		return true;
	while (poll(p, 2, wait ? -1 : 0) < 0 && errno == EINTR)
		;
	return p[0].revents && !p[1].revents;
}

static ssize_t read_raw(struct inflate *g)
{
	ssize_t got;

	do
		got = read(g->fd, g->raw, sizeof(g->raw));
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return err_sys("cannot read %s", g->path);
	g->raw_off += (uint64_t)got;
	g->z.next_in = g->raw;
	g->z.avail_in = (uInt)got;
	return got;
}

/* One step into z.next_out. */
static void step(struct inflate *g)
{
	int r;

	if (g->ended) {
		inflateReset(&g->z);
		g->ended = false;
	}
	r = inflate(&g->z, Z_NO_FLUSH);
	if (r == Z_STREAM_END)
		g->ended = true;
	else if (r != Z_OK && r != Z_BUF_ERROR)
		g->failed = true;
}

/* Fills up to n bytes at p: as many as there are without waiting, at least one unless
 * the input ends. */
static ssize_t fill(struct inflate *g, uint8_t *p, size_t n)
{
	g->z.next_out = p;
	g->z.avail_out = (uInt)n;
	while (g->z.avail_out && !g->failed) {
		if (!g->z.avail_in) {
			const bool some = g->z.avail_out < n;
			ssize_t got;

			if (!readable(g, !some))
				break;
			got = read_raw(g);
			if (got < 0 && !some)
				return got;
			if (got <= 0)
				break;
		}
		step(g);
	}
	if (g->z.avail_out == n && g->failed)
		return err(ERR_FORMAT, "%s: gzip data is damaged at byte %llu", g->path,
			   (unsigned long long)(g->raw_off - g->z.avail_in));
	return (ssize_t)(n - g->z.avail_out);
}

static void fill_piece(struct inflate *g, struct piece *p)
{
	const ssize_t got = fill(g, p->p + FRONT, BACK);

	p->n = got > 0 ? (size_t)got : 0;
	p->raw_off = g->raw_off;
	p->code = got > 0 ? 0 : got < 0 ? (int)got : 1;
	p->message = got < 0 ? xstrdup(err_text()) : NULL;
}

/* ---- the thread ---- */

static uint8_t *take_spare(struct inflate *g)
{
	return g->n_spare ? g->spare[--g->n_spare] : xmalloc(SPACE);
}

static void give_spare(struct inflate *g, uint8_t *p)
{
	if (g->n_spare < SPARE)
		g->spare[g->n_spare++] = p;
	else
		free(p);
}

static void *work(void *arg)
{
	struct inflate *g = arg;
	struct piece p = {0};

	pthread_mutex_lock(&g->lock);
	while (!g->stop && !p.code) {
		if (g->n_queue == AHEAD) {
			pthread_cond_wait(&g->changed, &g->lock);
			continue;
		}
		p.p = take_spare(g);
		pthread_mutex_unlock(&g->lock);
		fill_piece(g, &p);
		pthread_mutex_lock(&g->lock);
		g->queue[(g->head + g->n_queue++) % AHEAD] = p;
		pthread_cond_signal(&g->changed);
	}
	pthread_mutex_unlock(&g->lock);
	return NULL;
}

static struct piece take_piece(struct inflate *g)
{
	struct piece p = {0};

	if (!g->threaded) {
		p.p = take_spare(g);
		fill_piece(g, &p);
		return p;
	}
	pthread_mutex_lock(&g->lock);
	while (!g->n_queue)
		pthread_cond_wait(&g->changed, &g->lock);
	p = g->queue[g->head];
	g->head = (g->head + 1) % AHEAD;
	if (g->n_queue-- == AHEAD)
		pthread_cond_signal(&g->changed);
	pthread_mutex_unlock(&g->lock);
	return p;
}

static void give_back(struct inflate *g, uint8_t *p, size_t cap)
{
	if (cap != SPACE) {
		free(p);
		return;
	}
	pthread_mutex_lock(&g->lock);
	give_spare(g, p);
	pthread_mutex_unlock(&g->lock);
}

static void stop_thread(struct inflate *g)
{
	const uint64_t one = 1;

	pthread_mutex_lock(&g->lock);
	g->stop = true;
	pthread_cond_broadcast(&g->changed);
	pthread_mutex_unlock(&g->lock);
	if (g->wake_fd >= 0 && write(g->wake_fd, &one, sizeof(one)) < 0)
		return;
	pthread_join(g->thread, NULL);
}

/* ---- interface ---- */

struct inflate *inflate_new(int fd, const char *path, const void *p, size_t n, int wake_fd)
{
	struct inflate *g = xcalloc(1, sizeof(*g));

	g->fd = fd;
	g->wake_fd = wake_fd;
	g->path = xstrdup(path);
	pthread_mutex_init(&g->lock, NULL);
	pthread_cond_init(&g->changed, NULL);
	if (n > sizeof(g->raw) || inflateInit2(&g->z, 16 + MAX_WBITS) != Z_OK) {
		err(ERR_SYSTEM, "cannot start to inflate %s", path);
		free(g->path);
		free(g);
		return NULL;
	}
	if (n)
		memcpy(g->raw, p, n);
	g->z.next_in = g->raw;
	g->z.avail_in = (uInt)n;
	g->raw_off = n;
	return g;
}

void inflate_free(struct inflate *g)
{
	if (!g)
		return;
	if (g->threaded)
		stop_thread(g);
	for (; g->n_queue; g->n_queue--, g->head = (g->head + 1) % AHEAD) {
		free(g->queue[g->head].p);
		free(g->queue[g->head].message);
	}
	while (g->n_spare)
		free(g->spare[--g->n_spare]);
	inflateEnd(&g->z);
	pthread_mutex_destroy(&g->lock);
	pthread_cond_destroy(&g->changed);
	free(g->path);
	free(g);
}

void inflate_ahead(struct inflate *g)
{
	if (!g->threaded && !g->last)
		g->threaded = pthread_create(&g->thread, NULL, work, g) == 0;
}

/* The piece behind what is wanted. */
static void join(struct inflate *g, struct inflate_window *w, const struct piece *p)
{
	const size_t left = w->len - w->pos;

	if (left <= FRONT) {
		if (left)
			memcpy(p->p + FRONT - left, w->p + w->pos, left);
		give_back(g, w->p, w->cap);
		*w = (struct inflate_window){ p->p, FRONT - left, FRONT + p->n, SPACE };
		return;
	}
	if (w->pos)
		memmove(w->p, w->p + w->pos, left);
	w->p = mem_grow(w->p, &w->cap, left + p->n, 1);
	memcpy(w->p + left, p->p + FRONT, p->n);
	w->pos = 0;
	w->len = left + p->n;
	give_back(g, p->p, SPACE);
}

ssize_t inflate_next(struct inflate *g, struct inflate_window *w, uint64_t *raw_off)
{
	struct piece p;

	if (g->last)
		return 0;
	p = take_piece(g);
	*raw_off = p.raw_off;
	if (p.n) {
		join(g, w, &p);
		return (ssize_t)p.n;
	}
	give_back(g, p.p, SPACE);
	g->last = p.code;
	if (p.message)
		err(-p.code, "%s", p.message);
	free(p.message);
	return p.code < 0 ? p.code : 0;
}

bool inflate_cut(const struct inflate *g)
{
	return !g->ended;
}
