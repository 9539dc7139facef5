/* SPDX-License-Identifier: Apache-2.0 */
/* A descriptor is followed from its opening, which is found by going back from key frame to key
 * frame until one does not have it. */
#include "analyze/browse/model/stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/browse/model/followed.h"
#include "analyze/browse/model/kept.h"
#include "capture/base/err.h"

enum { LOOK_EVERY = 1 << 15, CHUNKS_MAX = 1 << 18 };

struct stream {
	struct job job;
	struct browse *b;
	enum stream_kind kind;
	uint64_t num;
	/* of the seeker alone */
	bool begun;
	uint64_t last;		/* number of the event that was read last */
	/* under the lock; what is followed is written once */
	struct followed what;
	struct stream_chunk *v;
	size_t n, cap;
	struct stream_size *sizes;
	size_t n_sizes, sizes_cap;
	uint64_t in, out, cut, kept;
	unsigned permille;
	bool complete, closed;
	bool settled;		/* chunks stay and may be seen */
	uint64_t size;		/* of the recording when it was read to its end */
	char failed[128];
	struct arena arena;
};

static void release(struct job *j)
{
	struct stream *const s = (struct stream *)j;

	arena_release(&s->arena);
	free(s->v);
	free(s->sizes);
	free(s);
}

/* ---- chunks ---- */

static const struct value *payload_of(const struct event *ev)
{
	for (unsigned i = 0; i < ev->n_params; i++)
		if (ev->desc->params[i].type == PT_BYTEBUF
		    && strcmp(ev->desc->params[i].name, "data") == 0)
			return &ev->v[i];
	return NULL;
}

/* Of the n bytes of a chunk what there is room for; with the lock. */
static void keep_chunk(struct stream *s, struct stream_chunk *c, const void *p, uint64_t n)
{
	const uint64_t room = STREAM_BYTES_MAX - s->kept;

	c->len = (uint32_t)(n < room ? n : room);
	if (c->len)
		c->p = (const uint8_t *)arena_strn(&s->arena, p, c->len);
	s->kept += c->len;
	s->v = mem_grow(s->v, &s->cap, s->n + 1, sizeof(*s->v));
	s->v[s->n++] = *c;
}

static void add_chunk(struct stream *s, const struct event *ev, uint64_t size)
{
	const struct value *v = payload_of(ev);
	const uint64_t len = v && v->state == VALUE_SET ? v->len : 0;
	struct stream_chunk c = { .num = ev->num, .ts = ev->ts, .pid = ev->pid, .size = size,
				  .out = ev->desc->flags & EF_WRITES_TO_FD };

	browse_lock(s->b);
	if (s->n < CHUNKS_MAX)
		keep_chunk(s, &c, len ? v->p : NULL, len < size ? len : size);
	s->cut += size - c.len;
	*(c.out ? &s->out : &s->in) += size;
	browse_unlock(s->b);
}

static void add_size(struct stream *s, const struct event *ev)
{
	const struct stream_size size = {
		.at = s->n, .rows = (uint16_t)value_u64(EV(ev, IOCTL, rows), 0),
		.columns = (uint16_t)value_u64(EV(ev, IOCTL, columns), 0),
	};
	const struct stream_size *const last = s->n_sizes ? &s->sizes[s->n_sizes - 1] : NULL;

	if (!size.rows || !size.columns || s->n_sizes == CHUNKS_MAX
	    || (last && last->rows == size.rows && last->columns == size.columns))
		return;
	browse_lock(s->b);
	s->sizes = mem_grow(s->sizes, &s->sizes_cap, s->n_sizes + 1, sizeof(*s->sizes));
	s->sizes[s->n_sizes++] = size;
	browse_unlock(s->b);
}

/* What was before belongs to an earlier descriptor with the same number.  Nobody has seen it. */
static void forget(struct stream *s)
{
	browse_lock(s->b);
	s->n = s->n_sizes = 0;
	s->in = s->out = s->cut = s->kept = 0;
	arena_reset(&s->arena);
	browse_unlock(s->b);
}

/* From now on nothing is forgotten. */
static void settle(struct stream *s)
{
	browse_lock(s->b);
	s->settled = true;
	browse_unlock(s->b);
}

/* True if the descriptor is closed for good. */
static bool look(struct stream *s, const struct seeker *k)
{
	const struct event *ev = &k->ev;
	const bool moves = ev->desc->flags & (EF_READS_FROM_FD | EF_WRITES_TO_FD);
	int64_t res;

	if (ev->num == 0 || !followed_is(&s->what, k))
		return false;
	if (ev->type == EV_CLOSE && s->kind == STREAM_FD && followed_by_owner(&s->what, k)) {
		if (ev->num >= s->num)
			return true;
		if (!s->settled)
			forget(s);
		return false;
	}
	if (ev->type == EV_IOCTL && s->kind == STREAM_TTY)
		add_size(s, ev);
	res = ev->n_params ? value_i64(&ev->v[0], -1) : -1;
	if (moves && res > 0)
		add_chunk(s, ev, (uint64_t)res);
	return false;
}

/* ---- reading ---- */

static void wanted(struct event_set *out)
{
	*out = (struct event_set){0};
	for (unsigned t = 0; t < EV__N; t++)
		if (catalog[t].flags & (EF_READS_FROM_FD | EF_WRITES_TO_FD))
			event_set_add(out, t);
	event_set_add(out, EV_CLOSE);
	event_set_add(out, EV_IOCTL);
}

static void fail(struct stream *s, const char *why)
{
	browse_lock(s->b);
	snprintf(s->failed, sizeof(s->failed), "%s", why);
	s->complete = true;
	browse_unlock(s->b);
}

static void tell(struct stream *s, const struct seeker *k)
{
	const struct source_info *i = &s->b->info;
	const uint64_t at = k->ev.ts > i->first_ts ? k->ev.ts - i->first_ts : 0;
	uint64_t span;

	browse_lock(s->b);
	span = i->last_ts - i->first_ts;
	s->permille = span && at < span ? (unsigned)((unsigned __int128)at * 1000 / span) : 0;
	browse_unlock(s->b);
	browse_tell(s->b);
}

static void tell_end(struct stream *s, const struct seeker *k, bool closed)
{
	browse_lock(s->b);
	s->complete = s->settled = true;
	s->closed = closed;
	s->size = k->source->info.size;
	browse_unlock(s->b);
	browse_tell(s->b);
}

static bool find_event(struct stream *s, struct seeker *k)
{
	int rc = seek_part(k, browse_part(s->b, s->num, 0), 0, NULL, UINT64_MAX);

	while (rc == 0 && !job_over(&s->job) && (rc = seek_next(k, s->num)) == 0)
		if (k->ev.num >= s->num)
			return k->ev.num == s->num;
	return false;
}

/* The event says what is followed. */
static bool identify(struct stream *s, const struct seeker *k)
{
	struct followed what;

	if (!followed_init(&what, s->kind, k))
		return false;
	browse_lock(s->b);
	s->what = what;
	s->settled = s->kind == STREAM_TTY || followed_is_net(&what);
	browse_unlock(s->b);
	return true;
}

static unsigned first_part(struct stream *s, struct seeker *k)
{
	unsigned part = browse_part(s->b, s->num, 0);

	if (s->kind == STREAM_TTY)
		return kept_part(s->b);
	while (!job_over(&s->job) && followed_before(&s->what, k, part))
		part--;
	return part;
}

/* Why nothing is followed. */
static const char *nothing(const struct stream *s)
{
	if (s->num < kept_num(s->b))
		return "its event was given up: only the newest are kept";
	return s->kind == STREAM_TTY ? "its process has no terminal"
		: "it has no descriptor whose name is known";
}

/* To where the descriptor was opened. */
static bool begin(struct stream *s, struct seeker *k, const struct event_set *types)
{
	if (!find_event(s, k) || !identify(s, k)) {
		fail(s, nothing(s));
		return false;
	}
	s->begun = true;
	return seek_part(k, first_part(s, k), s->job.id, types, 0) >= 0;
}

/* To where it was left, if another job had the seeker since. */
static bool go_on(struct stream *s, struct seeker *k, const struct event_set *types)
{
	return k->owner == s->job.id
		|| seek_part(k, browse_part(s->b, s->last + 1, 0), s->job.id, types, 0) >= 0;
}

static void run(struct job *j, struct seeker *k)
{
	struct stream *const s = (struct stream *)j;
	const uint64_t last = s->last;
	struct event_set types;
	uint64_t looked = 0;
	bool closed = false;

	wanted(&types);
	if (!(s->begun ? go_on(s, k, &types) : begin(s, k, &types))) {
		if (!s->complete)
			fail(s, err_text());
		return;
	}
	while (!closed && !job_over(j) && seek_next(k, 0) == 0) {
		if (!s->settled && k->ev.num >= s->num)
			settle(s);
		if (k->ev.num > last)
			closed = look(s, k);
		if (++looked % LOOK_EVERY == 0)
			tell(s, k);
	}
	s->last = k->num > last ? k->num : last;
	tell_end(s, k, closed);
}

/* ---- asking ---- */

struct stream *stream_open(struct browse *b, enum stream_kind kind, uint64_t num)
{
	struct stream *s = xcalloc(1, sizeof(*s));

	job_init(&s->job, b, SEEK_LONG, run, release);
	s->b = b;
	s->kind = kind;
	s->num = num;
	browse_lock(b);
	job_ask(&s->job);
	browse_unlock(b);
	return s;
}

void stream_close(struct stream *s)
{
	struct browse *const b = s->b;

	browse_lock(b);
	job_close(&s->job);
	browse_unlock(b);
}

void stream_status(struct stream *s, struct stream_status *out)
{
	struct browse *const b = s->b;

	browse_lock(b);
	if (s->complete && !s->closed && !s->failed[0] && b->grows && s->size != b->info.size
	    && !s->job.pending && !s->job.running)
		job_ask(&s->job);
	*out = (struct stream_status){ .complete = s->complete, .permille = s->permille,
		.live = b->grows && !b->over && !s->closed,
		.name = { s->what.name, s->what.len },
		.failed = s->failed[0] ? s->failed : NULL };
	if (s->settled) {
		out->n_chunks = s->n;
		out->in = s->in;
		out->out = s->out;
		out->cut = s->cut;
	}
	browse_unlock(b);
}

size_t stream_chunks(struct stream *s, size_t first, struct stream_chunk *out, size_t n)
{
	size_t got = 0;

	browse_lock(s->b);
	for (; s->settled && got < n && first + got < s->n; got++)
		out[got] = s->v[first + got];
	browse_unlock(s->b);
	return got;
}

size_t stream_sizes(struct stream *s, size_t first, struct stream_size *out, size_t n)
{
	size_t got = 0;

	browse_lock(s->b);
	for (; s->settled && got < n && first + got < s->n_sizes; got++)
		out[got] = s->sizes[first + got];
	browse_unlock(s->b);
	return got;
}
