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

/* ---- processes ---- */

static unsigned hash_of(const void *p, size_t n)
{
	return (unsigned)XXH3_64bits(p, n) % WHO_BITS;
}

unsigned who_pid(uint64_t pid)
{
	return hash_of(&pid, sizeof(pid));
}

unsigned who_name(const char *name, size_t len)
{
	return hash_of(name, len);
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

uint64_t blocks_watch_of(const struct blocks *x, const char *filter)
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
	x->watch[i].cond = c;
	for (unsigned g = 0; g < GATES; g++)
		x->watch[i].test[g] = cond_required(c, gates[g]);
	x->filter[i] = filter;
	x->n_watches++;
}

void blocks_watch(struct blocks *x, const struct views *vs)
{
	for (size_t i = 0; x->n && i < vs->n && x->n_watches < WATCHES_MAX; i++) {
		const struct view *v = vs->v[i];

		if (!v->base && *v->filter && !blocks_watch_of(x, v->filter))
			add_watch(x, v->filter);
	}
}

void block_watch_release(struct block_watch *w)
{
	for (unsigned g = 0; g < GATES; g++)
		cond_free(w->test[g]);
	cond_free(w->cond);
}

void blocks_release(struct blocks *x)
{
	for (unsigned i = 0; i < x->n_watches; i++)
		block_watch_release(&x->watch[i]);
	free(x->v);
	free(x->read);
	*x = (struct blocks){0};
}
