/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/trace/block_write.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "capture/base/err.h"
#include "capture/base/output.h"
#include "capture/base/sandbox.h"

enum {
	QUEUE_MAX = 3,		/* blocks that wait to be written */
	POOL_MAX = 8,		/* empty ones that are kept */
	IDS_MAX = 1 << 20,	/* threads that are counted for the index */
};

/* Numbers that were seen, for counting. */
struct id_set {
	uint32_t *slot;		/* 0: free */
	size_t cap, n;
};

struct block_writer {
	int fd;
	char *path;
	bool background, regular;
	/* of the one who writes */
	struct encoder *encoder;
	struct buf header, payload;
	uint64_t off;
	uint32_t seq;
	uint8_t digest[DIGEST_LEN];
	struct index index;
	struct id_set tids, pids;
	uint64_t keep;		/* 0: all */
	size_t kept_from;	/* the first entry of the index behind the hole */
	/* shared */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct rows *queue, *pool;
	unsigned n_queue, n_pool;
	bool busy, stop;
	char *error;
	int code;
	struct writer_stats stats;
};

static void id_set_add(struct id_set *s, uint32_t id)
{
	size_t h;

	if (!id || s->n >= IDS_MAX)
		return;
	if (s->n * 2 >= s->cap) {
		const struct id_set old = *s;

		s->cap = old.cap ? old.cap * 2 : 256;
		s->slot = xcalloc(s->cap, sizeof(*s->slot));
		s->n = 0;
		for (size_t i = 0; i < old.cap; i++)
			id_set_add(s, old.slot[i]);
		free(old.slot);
	}
	h = id * 0x9e3779b1u & (s->cap - 1);
	while (s->slot[h] && s->slot[h] != id)
		h = (h + 1) & (s->cap - 1);
	s->n += !s->slot[h];
	s->slot[h] = id;
}

/* ---- writing ---- */

static int write_all(struct block_writer *bw, struct iovec *v, int n)
{
	while (n) {
		const ssize_t w = writev(bw->fd, v, n);
		size_t left;

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return err_sys("cannot write %s", bw->path);
		for (left = (size_t)w; n && left >= v->iov_len; v++, n--)
			left -= v->iov_len;
		if (n) {
			v->iov_base = (char *)v->iov_base + left;
			v->iov_len -= left;
		}
	}
	return 0;
}

/* Writes header and payload; a block that does not fit on the disk is taken back, so
 * that the file ends with a whole one. */
static int put(struct block_writer *bw, const struct buf *header, const struct buf *payload)
{
	struct iovec v[2] = {
		{ header->p, header->len },
		{ payload ? payload->p : NULL, payload ? payload->len : 0 },
	};
	const int r = write_all(bw, v, v[1].iov_len ? 2 : 1);

	if (r == 0)
		bw->off += header->len + v[1].iov_len;
	else if (bw->regular && ftruncate(bw->fd, (off_t)bw->off) < 0)
		return r;
	return r;
}

static void count(struct block_writer *bw, const struct rows *r, const struct block *b)
{
	const uint64_t *tid, *pid;
	const uint32_t n = r->n ? encoder_threads(bw->encoder, &tid, &pid) : 0;

	index_add(&bw->index, b, bw->off);
	for (unsigned i = 0; i < r->n_types && r->kind != BLOCK_STATE; i++)
		bw->index.count[r->types[i]->id] += r->types[i]->n;
	for (uint32_t i = 0; i < n && r->kind == BLOCK_EVENTS; i++) {
		id_set_add(&bw->tids, (uint32_t)tid[i]);
		id_set_add(&bw->pids, (uint32_t)pid[i]);
	}
}

static int write_rows(struct block_writer *bw, const struct rows *r)
{
	struct block b = {
		.kind = r->kind, .seq = bw->seq,
		.flags = r->flags | (r->n_timed ? BLOCK_TIMED : 0),
		.n_rows = r->n, .n_events = r->n_events, .first_num = r->first_num,
		.first_ts = r->first_ts, .last_ts = r->last_ts,
	};

	buf_reset(&bw->header);
	buf_reset(&bw->payload);
	if (encode_rows(bw->encoder, r, &bw->payload, &b.raw) < 0)
		return -ERR_LIMIT;
	b.stored = (uint32_t)bw->payload.len;
	b.payload_sum = block_sum(bw->payload.p, bw->payload.len);
	memcpy(b.prev, bw->digest, DIGEST_LEN);
	memcpy(b.set, r->set, sizeof(b.set));
	block_put(&bw->header, &b);
	if (r->kind != BLOCK_INDEX)
		count(bw, r, &b);
	if (put(bw, &bw->header, &bw->payload) < 0)
		return -ERR_SYSTEM;
	bw->seq++;
	block_digest(bw->digest, bw->header.p, bw->header.len, bw->payload.p, bw->payload.len);
	return 0;
}

/* ---- the oldest is given up ---- */

/* Tried before it is needed, hours later perhaps. */
static bool can_give_up(struct block_writer *bw)
{
	if (!bw->keep || output_has_holes(bw->fd))
		return true;
	err_sys("cannot keep the newest alone, as files can have no holes there");
	return false;
}

/* Up to where all may go: nobody reads it, and enough stands behind it. */
static uint64_t may_go(const struct block_writer *bw, uint64_t from)
{
	uint64_t to = bw->off > bw->keep ? bw->off - bw->keep : 0;
	struct flock l = { .l_type = F_UNLCK };

	while (to > from) {
		l = (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET,
				    .l_start = (off_t)from, .l_len = (off_t)(to - from) };
		if (fcntl(bw->fd, F_OFD_GETLK, &l) < 0 || l.l_type == F_UNLCK)
			break;
		to = (uint64_t)l.l_start;
	}
	return to;
}

/* The first dictionary stays: whoever opens the file begins with it. */
static int give_up(struct block_writer *bw)
{
	const struct index_entry *const e = bw->index.entry;
	const size_t first = bw->kept_from ? bw->kept_from : 1;
	const uint64_t to = bw->index.n > first ? may_go(bw, e[first].off) : 0;
	size_t found = first;

	for (size_t i = first + 1; i < bw->index.n && e[i].off <= to; i++)
		if (e[i].kind == BLOCK_STATE && e[i].flags & BLOCK_FIRST)
			found = e[i - 1].kind == BLOCK_DICT ? i - 1 : i;
	if (found == first)
		return 0;
	if (fallocate(bw->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)e[first].off,
		      (off_t)(e[found].off - e[first].off)) < 0)
		return err_sys("cannot give up the oldest of %s", bw->path);
	bw->kept_from = found;
	return 0;
}

static uint64_t given_up(const struct block_writer *bw)
{
	const struct index_entry *const e = bw->index.entry;

	return bw->kept_from ? e[bw->kept_from].off - e[1].off : 0;
}

/* Writes one of the queue; called and returns with the lock held. */
static void write_one(struct block_writer *bw)
{
	struct rows *r = bw->queue;
	const int code = bw->code;
	int e = 0;

	bw->queue = r->next;
	bw->busy = true;
	pthread_mutex_unlock(&bw->lock);
	if (!code)
		e = write_rows(bw, r);
	if (!code && !e && bw->keep)
		e = give_up(bw);
	pthread_mutex_lock(&bw->lock);
	if (e < 0) {
		bw->code = e;
		bw->error = xstrdup(err_text());
	} else if (!code) {
		bw->stats.n_blocks++;
		bw->stats.raw_bytes += bw->index.entry[bw->index.n - 1].raw;
		bw->stats.stored_bytes = bw->off;
		bw->stats.given_up = given_up(bw);
	}
	rows_reset(r);
	if (bw->n_pool < POOL_MAX) {
		r->next = bw->pool;
		bw->pool = r;
		bw->n_pool++;
	} else {
		rows_release(r);
		free(r);
	}
	bw->n_queue--;
	bw->busy = false;
	pthread_cond_broadcast(&bw->changed);
}

static void *writing_thread(void *arg)
{
	struct block_writer *bw = arg;

	sandbox_drop_privileges();
	pthread_mutex_lock(&bw->lock);
	while (!bw->stop || bw->queue) {
		if (bw->queue)
			write_one(bw);
		else
			pthread_cond_wait(&bw->changed, &bw->lock);
	}
	pthread_mutex_unlock(&bw->lock);
	return NULL;
}

/* ---- interface ---- */

static void stamp(struct file_header *h, const struct writer_stamp *given)
{
	struct timespec now;

	if (given) {
		h->created = given->created;
		memcpy(h->id, given->id, sizeof(h->id));
		return;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	h->created = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	randombytes_buf(h->id, sizeof(h->id));
}

struct block_writer *block_writer_open(int fd, const char *path,
				       const struct writer_options *opt)
{
	struct block_writer *bw = xcalloc(1, sizeof(*bw));
	struct file_header h = { .version = SKR_VERSION };
	struct stat st;

	bw->fd = fd;
	bw->path = xstrdup(path);
	bw->regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	bw->keep = opt->keep;
	bw->encoder = encoder_new(opt->level);
	pthread_mutex_init(&bw->lock, NULL);
	pthread_cond_init(&bw->changed, NULL);
	stamp(&h, opt->stamp);
	file_header_put(&bw->header, &h);
	block_digest(bw->digest, bw->header.p, bw->header.len, "", 0);
	if (!bw->encoder || !can_give_up(bw) || put(bw, &bw->header, NULL) < 0) {
		bw->code = -ERR_SYSTEM;
		bw->error = xstrdup(err_text());
	}
	if (opt->background && pthread_create(&bw->thread, NULL, writing_thread, bw) == 0)
		bw->background = true;
	return bw;
}

struct rows *block_writer_take(struct block_writer *bw)
{
	struct rows *r;

	pthread_mutex_lock(&bw->lock);
	r = bw->pool;
	if (r) {
		bw->pool = r->next;
		bw->n_pool--;
	}
	pthread_mutex_unlock(&bw->lock);
	if (!r)
		r = xcalloc(1, sizeof(*r));
	r->next = NULL;
	return r;
}

/* The error of whoever wrote, as the caller's own. */
static int status(struct block_writer *bw)
{
	if (bw->code)
		err(bw->code == -ERR_LIMIT ? ERR_LIMIT : ERR_SYSTEM, "%s", bw->error);
	return bw->code;
}

int block_writer_push(struct block_writer *bw, struct rows *r)
{
	struct rows **end;
	int e;

	pthread_mutex_lock(&bw->lock);
	while (bw->background && bw->n_queue >= QUEUE_MAX)
		pthread_cond_wait(&bw->changed, &bw->lock);
	for (end = &bw->queue; *end; end = &(*end)->next)
		;
	*end = r;
	bw->n_queue++;
	if (bw->background)
		pthread_cond_broadcast(&bw->changed);
	else
		write_one(bw);
	e = status(bw);
	pthread_mutex_unlock(&bw->lock);
	return e;
}

int block_writer_drain(struct block_writer *bw)
{
	int e;

	pthread_mutex_lock(&bw->lock);
	while (bw->n_queue || bw->busy)
		pthread_cond_wait(&bw->changed, &bw->lock);
	e = status(bw);
	pthread_mutex_unlock(&bw->lock);
	return e;
}

void block_writer_stats(struct block_writer *bw, struct writer_stats *st)
{
	pthread_mutex_lock(&bw->lock);
	st->n_blocks = bw->stats.n_blocks;
	st->raw_bytes = bw->stats.raw_bytes;
	st->stored_bytes = bw->stats.stored_bytes;
	st->given_up = bw->stats.given_up;
	pthread_mutex_unlock(&bw->lock);
}

static int put_end(struct block_writer *bw, const uint64_t lost[LOSS_CLASSES], uint64_t next_num)
{
	struct rows *r = block_writer_take(bw);
	const uint64_t at = bw->off;
	int e = 0;

	r->kind = BLOCK_INDEX;
	r->flags = 0;
	r->first_num = next_num;
	memcpy(bw->index.lost, lost, sizeof(bw->index.lost));
	bw->index.n_threads = bw->tids.n;
	bw->index.n_processes = bw->pids.n;
	/* An index of blocks that are not there would be one more thing that is wrong. */
	if (!bw->kept_from && index_encode(&bw->index, &r->contents)) {
		e = write_rows(bw, r);
		if (!e) {
			buf_reset(&bw->header);
			footer_put(&bw->header, at, bw->off + FOOTER_LEN);
			e = put(bw, &bw->header, NULL);
		}
	} else {
		buf_reset(&bw->header);
		footer_put(&bw->header, 0, bw->off + FOOTER_LEN);
		e = put(bw, &bw->header, NULL);
	}
	rows_release(r);
	free(r);
	return e;
}

static void release(struct block_writer *bw)
{
	struct rows *r;

	while ((r = bw->pool)) {
		bw->pool = r->next;
		rows_release(r);
		free(r);
	}
	encoder_free(bw->encoder);
	buf_release(&bw->header);
	buf_release(&bw->payload);
	index_release(&bw->index);
	free(bw->tids.slot);
	free(bw->pids.slot);
	free(bw->error);
	free(bw->path);
	pthread_mutex_destroy(&bw->lock);
	pthread_cond_destroy(&bw->changed);
	free(bw);
}

int block_writer_close(struct block_writer *bw, const uint64_t lost[LOSS_CLASSES],
		       uint64_t next_num)
{
	int e;

	if (bw->background) {
		pthread_mutex_lock(&bw->lock);
		bw->stop = true;
		pthread_cond_broadcast(&bw->changed);
		pthread_mutex_unlock(&bw->lock);
		pthread_join(bw->thread, NULL);
	}
	e = status(bw);
	if (!e)
		e = put_end(bw, lost, next_num);
	if (bw->regular && fsync(bw->fd) < 0 && !e)
		e = err_sys("cannot write %s", bw->path);
	if (close(bw->fd) < 0 && !e)
		e = err_sys("cannot write %s", bw->path);
	release(bw);
	return e;
}
