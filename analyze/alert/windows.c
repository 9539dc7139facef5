/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/alert/windows.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { BUCKETS = 1 << 12, NO_TIME = 0 };

/* A value and when it was seen last, or only a time. */
struct seen {
	XXH128_hash_t value;
	uint64_t ts;
};

struct window {
	XXH128_hash_t key;
	struct window *next;			/* in the bucket */
	struct window *older, *newer;		/* by when it was touched */
	uint64_t touched;
	uint64_t start[CORRELATE_STEPS_MAX];	/* of the newest chain that got to the step */
	struct seen *seen;			/* of matches a ring once it is full */
	uint32_t n_seen, cap, oldest_seen;
	/* An alert that something may still prevent. */
	uint64_t deadline;			/* NO_TIME: none */
	struct window *sooner, *later;		/* by deadline */
	struct windows_alert alert;
	struct buf line;
};

struct correlated {
	const struct correlation *c;
	struct window *bucket[BUCKETS];
	struct window *oldest, *newest;
	size_t n;
	struct window *soonest, *latest;	/* that have a deadline */
};

struct windows {
	struct correlated *v;
	size_t n;
	size_t bytes;
	uint64_t evicted;
	struct buf text;			/* of a key */
};

struct windows *windows_new(const struct ruleset *rules)
{
	struct windows *w = xcalloc(1, sizeof(*w));
	const struct correlation *c = ruleset_correlations(rules, &w->n);

	w->v = xcalloc(w->n + 1, sizeof(*w->v));
	for (size_t i = 0; i < w->n; i++)
		w->v[i].c = &c[i];
	return w;
}

/* ---- the table ---- */

static size_t window_bytes(const struct window *x)
{
	return sizeof(*x) + x->cap * sizeof(*x->seen) + x->line.cap;
}

static void unlink_age(struct correlated *k, struct window *x)
{
	*(x->older ? &x->older->newer : &k->oldest) = x->newer;
	*(x->newer ? &x->newer->older : &k->newest) = x->older;
}

static void link_newest(struct correlated *k, struct window *x)
{
	x->older = k->newest;
	x->newer = NULL;
	*(k->newest ? &k->newest->newer : &k->oldest) = x;
	k->newest = x;
}

static struct window **bucket(struct correlated *k, XXH128_hash_t key)
{
	return &k->bucket[key.low64 % BUCKETS];
}

static void unlink_deadline(struct correlated *k, struct window *x)
{
	if (x->deadline == NO_TIME)
		return;
	*(x->sooner ? &x->sooner->later : &k->soonest) = x->later;
	*(x->later ? &x->later->sooner : &k->latest) = x->sooner;
	x->deadline = NO_TIME;
}

/* Events are nearly in order, so the place is at or near the end. */
static void link_deadline(struct correlated *k, struct window *x, uint64_t deadline)
{
	struct window *before = k->latest;

	while (before && before->deadline > deadline)
		before = before->sooner;
	x->deadline = deadline;
	x->sooner = before;
	x->later = before ? before->later : k->soonest;
	*(before ? &before->later : &k->soonest) = x;
	*(x->later ? &x->later->sooner : &k->latest) = x;
}

static void drop(struct windows *w, struct correlated *k, struct window *x)
{
	struct window **p = bucket(k, x->key);

	while (*p != x)
		p = &(*p)->next;
	*p = x->next;
	unlink_age(k, x);
	unlink_deadline(k, x);
	k->n--;
	w->bytes -= window_bytes(x);
	free(x->seen);
	buf_release(&x->line);
	free(x);
}

void windows_reset(struct windows *w)
{
	for (size_t i = 0; i < w->n; i++)
		while (w->v[i].oldest)
			drop(w, &w->v[i], w->v[i].oldest);
}

void windows_free(struct windows *w)
{
	if (!w)
		return;
	windows_reset(w);
	buf_release(&w->text);
	free(w->v);
	free(w);
}

uint64_t windows_evicted(const struct windows *w)
{
	return w->evicted;
}

static struct window *find(struct correlated *k, XXH128_hash_t key)
{
	struct window *x = *bucket(k, key);

	while (x && !XXH128_isEqual(x->key, key))
		x = x->next;
	return x;
}

/* Windows in which nothing can count any more, and more than there may be. */
static void make_room(struct windows *w, struct correlated *k, uint64_t ts)
{
	struct window *x;

	while ((x = k->oldest)) {
		const bool old = x->deadline == NO_TIME && x->touched + k->c->within < ts;

		if (!old && k->n < WINDOWS_MAX && w->bytes < WINDOWS_BYTES)
			return;
		w->evicted += !old;
		drop(w, k, x);
	}
}

static struct window *touch(struct windows *w, struct correlated *k, XXH128_hash_t key,
			    uint64_t ts)
{
	struct window *x = find(k, key), **b;

	if (x) {
		unlink_age(k, x);
	} else {
		make_room(w, k, ts);
		x = xcalloc(1, sizeof(*x));
		x->key = key;
		b = bucket(k, key);
		x->next = *b;
		*b = x;
		k->n++;
		w->bytes += sizeof(*x);
	}
	x->touched = ts;
	link_newest(k, x);
	return x;
}

/* ---- keys and values ---- */

static bool put_value(struct buf *out, const struct field_ctx *ctx, const struct field_ref *ref)
{
	const size_t at = out->len;
	struct fval v;

	if (field_get_value(ctx, ref, &v) != FIELD_FOUND)
		return false;
	fval_text(out, &v);
	buf_le32(out, (uint32_t)(out->len - at));	/* "a","bc" is not "ab","c" */
	return true;
}

/* False: the event lacks a field of the key, so it belongs to no window. */
static bool key_of(struct windows *w, const struct correlation *c, uint32_t part,
		   const struct field_ctx *ctx, XXH128_hash_t *key)
{
	buf_reset(&w->text);
	for (uint32_t i = 0; i < c->n_by; i++)
		if (!put_value(&w->text, ctx, &c->by[part][i]))
			return false;
	*key = XXH3_128bits(w->text.p, w->text.len);
	return true;
}

/* ---- counting ---- */

static bool in_window(const struct correlation *c, uint64_t then, uint64_t now)
{
	return then != NO_TIME && then + c->within >= now;
}

static void forget_old(const struct correlation *c, struct window *x, uint64_t now)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < x->n_seen; i++)
		if (in_window(c, x->seen[i].ts, now))
			x->seen[n++] = x->seen[i];
	x->n_seen = n;
}

static void add_seen(struct windows *w, struct window *x, XXH128_hash_t value, uint64_t ts)
{
	if (x->n_seen == x->cap) {
		const uint32_t cap = x->cap ? x->cap * 2 : 4;

		x->seen = xrealloc(x->seen, cap * sizeof(*x->seen));
		w->bytes += (cap - x->cap) * sizeof(*x->seen);
		x->cap = cap;
	}
	x->seen[x->n_seen++] = (struct seen){ value, ts };
}

static bool know_value(struct window *x, XXH128_hash_t value, uint64_t ts)
{
	for (uint32_t i = 0; i < x->n_seen; i++)
		if (XXH128_isEqual(x->seen[i].value, value)) {
			x->seen[i].ts = ts;
			return true;
		}
	return false;
}

static bool counts_value(struct windows *w, const struct correlation *c, struct window *x,
			 const struct field_ctx *ctx)
{
	XXH128_hash_t value;

	buf_reset(&w->text);
	if (!put_value(&w->text, ctx, &c->distinct))
		return false;
	value = XXH3_128bits(w->text.p, w->text.len);
	if (know_value(x, value, ctx->ev->ts))
		return false;
	/* Time only matters when there may be enough of them. */
	if (x->n_seen + 1 >= c->count)
		forget_old(c, x, ctx->ev->ts);
	add_seen(w, x, value, ctx->ev->ts);
	return x->n_seen >= c->count;
}

/* Only the newest matches matter, as many as it takes. */
static bool counts_match(struct windows *w, const struct correlation *c, struct window *x,
			 uint64_t now)
{
	const XXH128_hash_t none = {0};

	if (x->n_seen < c->count) {
		add_seen(w, x, none, now);
	} else {
		x->seen[x->oldest_seen].ts = now;
		x->oldest_seen = (x->oldest_seen + 1) % c->count;
	}
	return x->n_seen == c->count && in_window(c, x->seen[x->oldest_seen].ts, now);
}

/* True if the event is the one that makes the number full. */
static bool counts(struct windows *w, const struct correlation *c, struct window *x,
		   const struct field_ctx *ctx)
{
	return c->has_distinct ? counts_value(w, c, x, ctx) :
				 counts_match(w, c, x, ctx->ev->ts);
}

static uint64_t earliest(const struct window *x)
{
	uint64_t ts = x->seen[0].ts;

	for (uint32_t i = 1; i < x->n_seen; i++)
		ts = x->seen[i].ts < ts ? x->seen[i].ts : ts;
	return ts;
}

static bool sequence_done(const struct correlation *c, const struct window *x, uint64_t now)
{
	return c->n_steps == 0 || in_window(c, x->start[c->n_steps - 1], now);
}

static void step(const struct correlation *c, struct window *x, uint32_t i, uint64_t now)
{
	if (i == 0)
		x->start[0] = now;
	else if (in_window(c, x->start[i - 1], now))
		x->start[i] = x->start[i - 1];
}

/* The window begins anew after an alert. */
static void clear(struct window *x)
{
	memset(x->start, 0, sizeof(x->start));
	x->n_seen = x->oldest_seen = 0;
}

/* ---- what does not happen ---- */

static int wait_for_absence(struct windows *w, struct correlated *k, struct window *x,
			    const struct windows_alert *a, windows_fire *fire, void *arg)
{
	const size_t before = x->line.cap;
	int rc;

	if (x->deadline != NO_TIME)
		return 0;
	buf_reset(&x->line);
	rc = fire(arg, a, &x->line);
	w->bytes += x->line.cap - before;
	x->alert = *a;
	link_deadline(k, x, a->last_ts + k->c->within);
	return rc;
}

static int pass(struct correlated *k, uint64_t ts, windows_fire *fire, void *arg)
{
	struct window *x;
	int rc = 0;

	while (rc >= 0 && (x = k->soonest) && x->deadline < ts) {
		unlink_deadline(k, x);
		x->alert.line = (const char *)x->line.p;
		x->alert.len = x->line.len;
		rc = fire(arg, &x->alert, NULL);
	}
	return rc;
}

int windows_pass(struct windows *w, uint64_t ts, windows_fire *fire, void *arg)
{
	int rc = 0;

	for (size_t i = 0; rc >= 0 && i < w->n; i++)
		rc = pass(&w->v[i], ts, fire, arg);
	return rc;
}

/* ---- events ---- */

static int rule_hit(struct windows *w, struct correlated *k, struct window *x,
		    const struct field_ctx *ctx, windows_fire *fire, void *arg)
{
	const struct correlation *c = k->c;
	const uint64_t now = ctx->ev->ts;
	struct windows_alert a = { .c = c, .last_ts = now, .num = ctx->ev->num };
	int rc;

	if (!sequence_done(c, x, now) || !counts(w, c, x, ctx))
		return 0;
	a.count = x->n_seen;
	a.first_ts = c->n_steps && x->start[c->n_steps - 1] < earliest(x) ?
		     x->start[c->n_steps - 1] : earliest(x);
	rc = c->has_absence ? wait_for_absence(w, k, x, &a, fire, arg) : fire(arg, &a, NULL);
	clear(x);
	return rc;
}

int windows_hit(struct windows *w, const struct correlate_hit *hit, const struct field_ctx *ctx,
		windows_fire *fire, void *arg)
{
	struct correlated *k = &w->v[hit->correlation];
	XXH128_hash_t key;
	struct window *x;

	if (!key_of(w, k->c, hit->part, ctx, &key))
		return 0;
	if (hit->part == CORRELATE_RULE)
		return rule_hit(w, k, touch(w, k, key, ctx->ev->ts), ctx, fire, arg);
	if (hit->part == CORRELATE_ABSENCE) {
		x = find(k, key);
		if (x)
			unlink_deadline(k, x);
		return 0;
	}
	/* A step that follows none of its kind begins nothing. */
	x = hit->part == 0 ? touch(w, k, key, ctx->ev->ts) : find(k, key);
	if (x)
		step(k->c, x, hit->part, ctx->ev->ts);
	return 0;
}

bool windows_key(struct windows *w, const struct correlate_hit *hit, const struct field_ctx *ctx,
		 uint64_t *key)
{
	XXH128_hash_t whole;

	if (!key_of(w, w->v[hit->correlation].c, hit->part, ctx, &whole))
		return false;
	*key = whole.low64;
	return true;
}
