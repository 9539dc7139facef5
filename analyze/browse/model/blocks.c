/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/browse/model/blocks.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "analyze/browse/model/scan.h"
#include "capture/base/err.h"
#include "capture/trace/skr.h"

/* ---- what headers tell ---- */

static void add_block(struct blocks *x, const struct index_entry *e,
		      const struct event_set *types, const struct part *parts, unsigned n_parts)
{
	struct block_facts *b = &x->v[x->n];
	unsigned part = x->n ? b[-1].part : 0;

	while (part + 1 < n_parts && parts[part + 1].first_num <= e->first_num)
		part++;
	*b = (struct block_facts){ .first_num = e->first_num, .part = part, .types = *types,
		.end = e->first_num + e->n_events, .first_ts = e->first_ts, .last_ts = e->last_ts };
	x->n++;
}

void blocks_init(struct blocks *x, struct source *s, const struct part *parts, unsigned n_parts)
{
	const struct index *index = skr_index(s);
	struct event_set *types, alone = {0};

	*x = (struct blocks){0};
	if (!index || !index->n)
		return;
	types = xcalloc(index->n, sizeof(*types));
	if (skr_types(s, types)) {
		x->v = xcalloc(index->n, sizeof(*x->v));
		x->read = xcalloc(n_parts, sizeof(*x->read));
		for (size_t i = 0; i < index->n; i++) {
			x->has_losses |= index->entry[i].kind == BLOCK_LOSS;
			if (index->entry[i].kind != BLOCK_EVENTS)
				continue;
			event_set_union(&x->types, &types[i]);
			event_set_union(&types[i], &alone);
			alone = (struct event_set){0};
			if (index->entry[i].n_events)
				add_block(x, &index->entry[i], &types[i], parts, n_parts);
			else	/* samples only: they go with the block behind */
				alone = types[i];
		}
	}
	if (x->n)
		event_set_union(&x->v[x->n - 1].types, &alone);
	free(types);
}

static void free_watch(struct cond *watch, struct cond *const test[GATES])
{
	for (unsigned g = 0; g < GATES; g++)
		cond_free(test[g]);
	cond_free(watch);
}

void blocks_release(struct blocks *x)
{
	for (unsigned i = 0; i < x->n_watches; i++)
		free_watch(x->watch[i], x->test[i]);
	free(x->v);
	free(x->read);
	*x = (struct blocks){0};
}

size_t blocks_at(const struct blocks *x, uint64_t num)
{
	size_t lo = 0, hi = x->n;

	while (lo < hi) {
		const size_t mid = lo + (hi - lo) / 2;

		if (x->v[mid].end <= num)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* ---- watches ---- */

static bool is_one_of(const char *const *names, const char *field, size_t len)
{
	for (; *names; names++)
		if (strlen(*names) == len && memcmp(*names, field, len) == 0)
			return true;
	return false;
}

static bool of_type(const char *field, size_t len)
{
	static const char *const names[] = {
		"evt.is_io", "evt.is_io_read", "evt.is_io_write", NULL,
	};

	return is_one_of(names, field, len);
}

static bool of_fd(const char *field, size_t len)
{
	static const char *const names[] = { "fd.type", NULL };

	return is_one_of(names, field, len);
}

static bool of_host(const char *field, size_t len)
{
	static const char *const names[] = {
		"container.id", "container.name", "container.type", "container.image",
		"k8s.pod.id", "k8s.pod.uid", "k8s.pod.name", "k8s.ns.name", NULL,
	};

	return is_one_of(names, field, len);
}

static bool of_latency(const char *field, size_t len)
{
	static const char *const names[] = { "evt.latency", NULL };

	return is_one_of(names, field, len);
}

static bool (*const gates[GATES])(const char *, size_t) = {
	[GATE_TYPE] = of_type, [GATE_FD] = of_fd, [GATE_HOST] = of_host,
	[GATE_UNTIMED] = of_latency,
};

struct event_set types_of_cond(const struct cond *c)
{
	struct cond *test = cond_required(c, of_type);
	const struct state_current cur = { .fd_num = INT64_MIN };
	struct event_set types = *cond_events(c);
	struct arena scratch = {0};
	struct event ev;
	struct field_env env = {0};
	const struct field_ctx ctx = { .ev = &ev, .cur = &cur, .scratch = &scratch, .env = &env };

	for (unsigned t = 0; test && t < EV__N; t++) {
		if (t == EV_UNKNOWN || t == EV_GENERIC || !event_set_has(&types, t))
			continue;
		event_init(&ev, (enum event_id)t);
		if (!cond_eval(test, &ctx))
			types.bits[t / 64] &= ~(UINT64_C(1) << t % 64);
	}
	arena_release(&scratch);
	cond_free(test);
	return types;
}

static uint64_t watch_of(const struct blocks *x, const char *filter)
{
	for (unsigned i = 0; i < x->n_watches; i++)
		if (strcmp(x->filter[i], filter) == 0)
			return UINT64_C(1) << i;
	return 0;
}

static void add_watch(struct blocks *x, const char *filter)
{
	struct cond *c = cond_compile(filter, strlen(filter), "view");
	const unsigned i = x->n_watches;

	if (!c || cond_needs_bulk(c)) {
		cond_free(c);
		return;
	}
	x->watch[i] = c;
	x->filter[i] = filter;
	for (unsigned g = 0; g < GATES; g++)
		x->test[i][g] = cond_required(c, gates[g]);
	x->n_watches++;
}

void blocks_watch(struct blocks *x, const struct views *vs)
{
	for (size_t i = 0; x->n && i < vs->n && x->n_watches < WATCHES_MAX; i++) {
		const struct view *v = vs->v[i];

		if (!v->base && *v->filter && !watch_of(x, v->filter))
			add_watch(x, v->filter);
	}
}

void watcher_init(struct watcher *w, struct blocks *x)
{
	w->x = x;
	memset(w->of_fd, 0xff, sizeof(w->of_fd));
	w->on_host = w->untimed = UINT64_MAX;
	for (unsigned i = 0; i < x->n_watches; i++) {
		w->watch[i] = cond_clone(x->watch[i]);
		for (unsigned g = 0; g < GATES; g++)
			w->test[i][g] = x->test[i][g] ? cond_clone(x->test[i][g]) : NULL;
		for (unsigned t = 0; t < EV__N; t++)
			if (event_set_has(cond_events(x->watch[i]), t))
				w->of_type[t] |= UINT64_C(1) << i;
	}
	watcher_begin(w);
}

void watcher_release(struct watcher *w)
{
	for (unsigned i = 0; w->x && i < w->x->n_watches; i++)
		free_watch(w->watch[i], w->test[i]);
}

static void put_seen(struct watcher *w)
{
	if (!w->end || w->at >= w->x->n)
		return;
	w->x->v[w->at].seen = w->seen;
	w->x->v[w->at].who = w->who;
}

void watcher_begin(struct watcher *w)
{
	w->at = 0;
	w->end = w->seen = 0;
	w->thread = NULL;
}

void watcher_end(struct watcher *w, unsigned part, unsigned to_part)
{
	put_seen(w);
	for (; w->x->n && part < to_part; part++)
		__atomic_store_n(&w->x->read[part], true, __ATOMIC_RELEASE);
}

void watcher_next(struct watcher *w, uint64_t num)
{
	put_seen(w);
	w->at = blocks_at(w->x, num);
	w->end = w->at < w->x->n ? w->x->v[w->at].end : UINT64_MAX;
	w->seen = w->at < w->x->n ? 0 : UINT64_MAX;
	w->who = (struct who){0};
	w->thread = NULL;
}

static unsigned hash_of(const void *p, size_t n)
{
	return (unsigned)XXH3_64bits(p, n) % WHO_BITS;
}

static unsigned pid_hash(uint64_t pid)
{
	return hash_of(&pid, sizeof(pid));
}

void watcher_who(struct watcher *w, const struct thread *t)
{
	const unsigned pid = pid_hash(t->proc->pid), name = hash_of(t->comm.p, t->comm.len);

	w->who.pids[pid / 64] |= UINT64_C(1) << pid % 64;
	w->who.names[name / 64] |= UINT64_C(1) << name % 64;
	w->thread = t;
}

/* A watch did not hold: nor will it where a test of it fails always. */
static void learn(struct watcher *w, unsigned i, const struct field_ctx *c)
{
	struct cond *const *test = w->test[i];
	const uint64_t bit = UINT64_C(1) << i;

	if (test[GATE_TYPE] && !cond_eval(test[GATE_TYPE], c))
		w->of_type[c->ev->type] &= ~bit;
	else if (test[GATE_FD] && watcher_fd(c) != WATCH_LOST && !cond_eval(test[GATE_FD], c))
		w->of_fd[watcher_fd(c)] &= ~bit;
	else if (test[GATE_HOST] && watcher_on_host(c) && !cond_eval(test[GATE_HOST], c))
		w->on_host &= ~bit;
	else if (test[GATE_UNTIMED] && !c->ev->latency && !cond_eval(test[GATE_UNTIMED], c))
		w->untimed &= ~bit;
}

void watcher_look(struct watcher *w, uint64_t due, const struct field_ctx *c)
{
	for (; due; due &= due - 1) {
		const unsigned i = (unsigned)__builtin_ctzll(due);

		if (cond_eval(w->watch[i], c))
			w->seen |= UINT64_C(1) << i;
		else
			learn(w, i, c);
	}
}

/* ---- leaving out ---- */

void sieve_init(struct sieve *v, const struct blocks *x, const struct event_set *types,
		const char *filter)
{
	*v = (struct sieve){ .x = x, .types = *types, .watches = watch_of(x, filter),
			     .to = UINT64_MAX, .to_num = UINT64_MAX };
}

void sieve_cond(struct sieve *v, const struct cond *c)
{
	const char *text;
	size_t len;

	v->of_name = cond_equals(c, "proc.name", &text, &len);
	if (v->of_name)
		v->name = hash_of(text, len);
	v->of_pid = cond_equals(c, "proc.pid", &text, &len) && len < 10
		&& strspn(text, "0123456789") >= len;
	if (v->of_pid)
		v->pid = pid_hash(strtoull(text, NULL, 10));
}

static bool is_among(const struct sieve *v, const struct who *w)
{
	return (!v->of_pid || w->pids[v->pid / 64] >> v->pid % 64 & 1)
		&& (!v->of_name || w->names[v->name / 64] >> v->name % 64 & 1);
}

static bool have_common(const struct event_set *a, const struct event_set *b)
{
	for (unsigned i = 0; i < sizeof(a->bits) / sizeof(a->bits[0]); i++)
		if (a->bits[i] & b->bits[i])
			return true;
	return false;
}

static bool has_num(const struct sieve *v, const struct block_facts *b)
{
	size_t lo = 0, hi = v->n_nums;

	while (lo < hi) {
		const size_t mid = lo + (hi - lo) / 2;

		if (v->nums[mid] < b->first_num)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < v->n_nums && v->nums[lo] < b->end;
}

/* Can it have what is looked for? */
static bool passes(const struct sieve *v, const struct block_facts *b)
{
	if (b->last_ts < v->from || b->first_ts > v->to || b->end <= v->from_num
	    || b->first_num >= v->to_num || !have_common(&b->types, &v->types))
		return false;
	if (v->nums && !has_num(v, b))
		return false;
	return have_common(&b->types, &v->always)
		|| !__atomic_load_n(&v->x->read[b->part], __ATOMIC_ACQUIRE)
		|| ((b->seen & v->watches) == v->watches && is_among(v, &b->who));
}

bool sieve_works(const struct sieve *v)
{
	return v->x->n && !__atomic_load_n(&v->x->damaged, __ATOMIC_RELAXED);
}

size_t sieve_next(const struct sieve *v, size_t i)
{
	while (i < v->x->n && !passes(v, &v->x->v[i]))
		i++;
	return i;
}

bool sieve_part(const struct sieve *v, unsigned part)
{
	const struct blocks *x = v->x;
	size_t i = 0;

	if (!sieve_works(v))
		return true;
	while (i < x->n && x->v[i].part < part)
		i++;
	i = sieve_next(v, i);
	return i < x->n && x->v[i].part == part;
}

uint64_t sieve_skip(const struct sieve *v, uint64_t num)
{
	size_t i;

	if (!sieve_works(v) || v->on)
		return num;
	i = sieve_next(v, blocks_at(v->x, num));
	if (i == v->x->n)
		return UINT64_MAX;
	return v->x->v[i].first_num > num ? v->x->v[i].first_num : num;
}

enum pick sieve_ask(void *sieve, uint64_t first_num)
{
	struct sieve *v = sieve;
	const size_t i = blocks_at(v->x, first_num);
	size_t next;

	if (!sieve_works(v) || i == v->x->n || v->x->v[i].first_num != first_num)
		return PICK_ALL;
	next = sieve_next(v, i);
	if (next == i)
		return PICK_ALL;
	if (v->on || (next < v->x->n && v->x->v[next].part == v->x->v[i].part))
		return PICK_LEAN;
	v->ended = first_num;
	return PICK_END;
}
