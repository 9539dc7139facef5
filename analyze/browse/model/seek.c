/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/browse/model/seek.h"

#include <stdlib.h>

#include "capture/base/err.h"
#include "capture/trace/format.h"
#include "capture/trace/skr.h"

struct seeker *seeker_new(struct browse *b, struct source *source)
{
	struct seeker *s = xcalloc(1, sizeof(*s));

	s->b = b;
	s->source = source;
	s->env = b->env;
	s->st = state_new(NULL);
	s->ctx = (struct field_ctx){ .ev = &s->ev, .st = s->st, .cur = state_current(s->st),
				     .scratch = &s->scratch, .env = &s->env };
	pthread_cond_init(&s->wake, NULL);
	return s;
}

/* ---- jobs ---- */

static void *seeker_run(void *arg)
{
	struct seeker *const s = arg;
	struct browse *const b = s->b;
	struct limit limit;

	browse_lock(b);
	while (!b->stop) {
		struct job *const j = s->jobs;

		if (!j) {
			pthread_cond_wait(&s->wake, &b->lock);
			continue;
		}
		s->jobs = j->next;
		j->pending = false;
		j->running = true;
		b->rows_wanted |= s == b->seekers[SEEK_ROWS];
		__atomic_store_n(&j->again, false, __ATOMIC_RELAXED);
		limit = limit_of(b);
		browse_unlock(b);
		limit_take(b, &limit, s->source);
		j->run(j, s);
		browse_tell(b);
		browse_lock(b);
		j->running = false;
		if (s == b->seekers[SEEK_ROWS] && !s->jobs) {
			b->rows_wanted = false;
			pthread_cond_broadcast(&b->work);
		}
		if (j->closed)
			j->release(j);
	}
	browse_unlock(b);
	return NULL;
}

int seeker_start(struct seeker *s)
{
	if (pthread_create(&s->thread, NULL, seeker_run, s) != 0)
		return err_sys("a thread for seeking");
	s->runs = true;
	return 0;
}

void seeker_free(struct seeker *s)
{
	if (!s)
		return;
	if (s->runs) {
		browse_lock(s->b);
		pthread_cond_signal(&s->wake);
		browse_unlock(s->b);
		pthread_join(s->thread, NULL);
	}
	state_free(s->st);
	source_close(s->source);
	arena_release(&s->scratch);
	pthread_cond_destroy(&s->wake);
	free(s);
}

void job_init(struct job *j, struct browse *b, enum seeker_kind kind,
	      void (*run)(struct job *, struct seeker *), void (*release)(struct job *))
{
	*j = (struct job){ .b = b, .seeker = b->seekers[kind], .run = run, .release = release };
	j->id = __atomic_add_fetch(&b->n_jobs, 1, __ATOMIC_RELAXED);
}

void job_ask(struct job *j)
{
	struct job **at = &j->seeker->jobs;

	__atomic_store_n(&j->again, true, __ATOMIC_RELAXED);
	if (j->pending)
		return;
	while (*at)
		at = &(*at)->next;
	*at = j;
	j->next = NULL;
	j->pending = true;
	pthread_cond_signal(&j->seeker->wake);
}

void job_close(struct job *j)
{
	struct job **at = &j->seeker->jobs;

	__atomic_store_n(&j->again, true, __ATOMIC_RELAXED);
	while (*at && *at != j)
		at = &(*at)->next;
	if (*at)
		*at = j->next;
	if (j->running) {
		j->closed = true;
		return;
	}
	j->release(j);
}

/* ---- reading ---- */

/* The first event of the block that has num: payloads can only be had by blocks. */
static uint64_t block_of(const struct seeker *s, uint64_t num)
{
	const struct index *x = skr_index(s->source);
	uint64_t first = 0;

	for (size_t i = 0; x && i < x->n && x->entry[i].first_num <= num; i++)
		if (x->entry[i].kind == BLOCK_EVENTS)
			first = x->entry[i].first_num;
	return first;
}

uint64_t seek_last(const struct seeker *s)
{
	const struct index *x = skr_index(s->source);

	for (size_t i = x ? x->n : 0; i-- > 0;)
		if (x->entry[i].kind == BLOCK_EVENTS && x->entry[i].n_events)
			return x->entry[i].first_num + x->entry[i].n_events - 1;
	return 0;
}

static void want(struct seeker *s, const struct event_set *types, bool bulk)
{
	struct event_set all = *state_events();

	if (types)
		event_set_union(&all, types);
	else
		event_set_fill(&all);
	source_want(s->source, &all, bulk);
	s->bulk = bulk;
}

static void sift(struct seeker *s, const struct sieve *v, const struct event_set *lean)
{
	s->sieve = *v;
	s->source->pick = (struct source_pick){ sieve_ask, &s->sieve, *lean };
}

static int begin_part(struct seeker *s, const struct part *p, uint64_t owner)
{
	s->owner = owner;
	s->num = p->first_num ? p->first_num - 1 : 0;
	s->most = s->num;
	s->sieve.ended = 0;
	s->source->stop_key = 0;
	state_clear(s->st);
	s->ctx.cur = state_current(s->st);
	state_begin(s->st, s->b->info.first_ts);
	return source_seek_key(s->source, p->from_key);
}

int seek_sifted(struct seeker *s, unsigned part, uint64_t owner, const struct event_set *types,
		bool bulk, const struct sieve *v)
{
	s->bulk_from = bulk ? 0 : UINT64_MAX;
	want(s, types, bulk);
	sift(s, v, state_events());
	return begin_part(s, &s->b->parts[part], owner);
}

/* All from an event on; those before it are for the state alone. */
static struct sieve sieve_from(const struct browse *b, uint64_t num)
{
	struct event_set all;
	struct sieve v;

	event_set_fill(&all);
	sieve_init(&v, &b->blocks, &all, "");
	v.from_num = num;
	v.on = true;
	return v;
}

int seek_part(struct seeker *s, unsigned part, uint64_t owner, const struct event_set *types,
	      uint64_t bulk_from)
{
	const struct part *p = &s->b->parts[part];
	const struct sieve v = sieve_from(s->b, bulk_from);

	if (!types && bulk_from && bulk_from != UINT64_MAX && sieve_works(&v))
		return seek_sifted(s, part, owner, NULL, true, &v);
	s->source->pick = (struct source_pick){0};
	s->num = p->first_num ? p->first_num - 1 : 0;
	s->bulk_from = bulk_from == UINT64_MAX ? UINT64_MAX : block_of(s, bulk_from);
	/* Only where each event is read can payloads be asked for in time. */
	want(s, s->bulk_from == UINT64_MAX || s->bulk_from <= s->num + 1 ? types : NULL,
	     s->bulk_from <= s->num + 1);
	return begin_part(s, p, owner);
}

int seek_next(struct seeker *s, uint64_t skip_to)
{
	int rc;

	while ((rc = source_next(s->source, &s->ev)) == 0) {
		const bool skip = s->ev.num && s->ev.num < skip_to;

		if (s->ev.num)
			s->num = s->ev.num;
		if (s->num > s->most)
			s->most = s->num;
		if (!s->bulk && s->num + 1 >= s->bulk_from)
			want(s, NULL, true);
		if (!skip || event_set_has(state_events(), s->ev.type))
			state_update(s->st, &s->ev);
		if (!skip)
			break;
	}
	arena_reset(&s->scratch);
	return rc;
}

uint64_t seek_time(struct seeker *s, unsigned part, uint64_t ts, const struct job *stop)
{
	static const struct event_set none;
	const struct part *p = &s->b->parts[part];
	uint64_t num = p->first_num ? p->first_num - 1 : 0;
	struct sieve v = sieve_from(s->b, 0);

	s->owner = 0;
	want(s, NULL, false);
	v.from = ts;
	sift(s, &v, &none);
	s->source->stop_key = 0;
	if (source_seek_key(s->source, p->from_key) < 0)
		return num + 1;
	while (!job_over(stop) && source_next(s->source, &s->ev) == 0) {
		if (!s->ev.num)
			continue;
		num = s->ev.num;
		if (s->ev.ts >= ts)
			return num;
	}
	return sieve_works(&v) ? s->b->blocks.v[s->b->blocks.n - 1].end : num + 1;
}
