/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/browse/model/model.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "analyze/browse/model/detail_parts.h"
#include "analyze/browse/model/inside.h"
#include "analyze/browse/model/seek.h"
#include "capture/base/err.h"
#include "capture/base/progress.h"
#include "capture/trace/skr.h"

enum { ARRANGE_NS = 120000000 };

void browse_tell(struct browse *b)
{
	const uint64_t one = 1;

	__atomic_add_fetch(&b->n_changes, 1, __ATOMIC_RELAXED);
	/* Full only after 2^64 of them. */
	if (write(b->event_fd, &one, sizeof(one)) < 0)
		return;
}

void browse_pause(struct browse *b)
{
	if (__atomic_load_n(&b->n_waiting, __ATOMIC_RELAXED) == 0)
		return;
	browse_unlock(b);
	while (__atomic_load_n(&b->n_waiting, __ATOMIC_RELAXED) > 0)
		sched_yield();
	browse_lock(b);
}

/* ---- the clerk ---- */

/* A scan whose parcel can be joined. */
static struct scan *find_parcel(struct browse *b, struct parcel **p)
{
	for (struct scan *s = b->scans; s; s = s->next) {
		*p = scan_take(s);
		if (*p)
			return s;
	}
	return NULL;
}

static bool is_done_with(const struct scan *s)
{
	return s->n_refs == 0 && s->n_working == 0 && !s->base && (s->cancelled || s->failed[0]);
}

/* Frees what nobody wants, and of the complete ones those used longest ago. */
static void reap(struct browse *b)
{
	struct scan **at = &b->scans, *oldest = NULL;
	unsigned kept = 0;

	while (*at) {
		struct scan *const s = *at;

		if (is_done_with(s)) {
			*at = s->next;
			if (s->parent)
				s->parent->n_refs--;
			scan_free(s);
			continue;
		}
		if (s->n_refs == 0 && !s->base) {
			kept++;
			if (!oldest || s->last_used < oldest->last_used)
				oldest = s;
		}
		at = &s->next;
	}
	if (kept > KEPT_SCANS)
		oldest->cancelled = true;
}

static void *clerk_run(void *arg)
{
	struct browse *const b = arg;
	uint64_t arranged = 0;

	browse_lock(b);
	while (!b->stop) {
		struct parcel *p;
		struct scan *const s = find_parcel(b, &p);
		bool complete = false;

		if (s) {
			browse_unlock(b);
			scan_join(s, p);
			browse_lock(b);
			complete = scan_complete(s);
			pthread_cond_broadcast(&b->work);
		} else {
			reap(b);
		}
		if (!s || complete || monotonic_ns() - arranged > ARRANGE_NS) {
			const bool any = b->arrange;

			b->arrange = false;
			browse_unlock(b);
			if (queries_arrange(b) || s)
				browse_tell(b);
			arranged = monotonic_ns();
			browse_lock(b);
			if (!s && !any && !b->arrange && !b->stop && !b->parcel_came)
				pthread_cond_wait(&b->parcels, &b->lock);
			b->parcel_came = false;
		}
	}
	browse_unlock(b);
	return NULL;
}

/* ---- scans ---- */

void browse_begin(struct browse *b, struct scan *s)
{
	browse_lock(b);
	s->next = b->scans;
	b->scans = s;
	pthread_cond_broadcast(&b->work);
	browse_unlock(b);
}

static int begin_base(struct browse *b)
{
	struct scan_plan plan = { .to = UINT64_MAX, .rules = b->rules, .marks = true,
				  .plain = true };

	for (size_t i = 0; i < b->views->n && plan.n_views < SCAN_VIEWS_MAX; i++) {
		const struct view *v = b->views->v[i];

		if (!v->base || v->kind == VIEW_TREE || (v->kind == VIEW_ALERTS && !b->rules))
			continue;
		if (gather_plan_init(&plan.views[plan.n_views++], v) < 0) {
			while (plan.n_views > 0)
				gather_plan_release(&plan.views[--plan.n_views]);
			return -ERR_RULE;
		}
	}
	blocks_watch(&b->blocks, b->views);
	b->base = scan_new(b, &plan);
	b->base->base = true;
	browse_begin(b, b->base);
	return 0;
}

/* ---- a recording that grows ---- */

int limit_take(const struct limit *l, struct source *s)
{
	const int rc = !l->size ? 0 : l->over ? source_grow_last(s) : source_grow(s, l->size);

	return rc < 0 ? rc : 0;
}

int browse_grow(struct browse *b, bool over)
{
	int rc;

	if (!b->grows || b->over)
		return 0;
	browse_lock(b);
	rc = over ? source_grow_last(b->first) : source_grow(b->first, 0);
	if (rc > 0 || over) {
		b->info.last_ts = b->first->info.last_ts;
		b->info.n_events = b->first->info.n_events;
		b->info.size = b->first->info.size;
		parts_grow(b);
		b->over = over;
		pthread_cond_broadcast(&b->work);
	}
	browse_unlock(b);
	if (rc > 0 || over)
		browse_tell(b);
	return rc < 0 ? rc : rc > 0 || over;
}

/* ---- opening ---- */

static unsigned n_readers(const struct browse_options *o)
{
	const long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	const long n = o->threads ? (long)o->threads : cpus;

	return n < 1 ? 1 : n > READERS_MAX ? READERS_MAX : (unsigned)n;
}

static struct source *open_another(const struct browse *b)
{
	return b->grows ? source_again(b->first)
		: source_open_begin(b->info.path, b->info.size);
}

static int open_first(struct browse *b, const struct browse_options *o)
{
	const struct index *x;

	b->grows = o->grows;
	b->first = o->grows ? source_open_growing(o->path) : source_open_begin(o->path, 0);
	if (!b->first || source_find_end(b->first) < 0)
		return -ERR_SYSTEM;
	b->info = b->first->info;
	b->n_parts = parts_of(b->first, b->parts);
	if (!b->grows)
		blocks_init(&b->blocks, b->first, b->parts, b->n_parts);
	b->sampled[0] = event_set_has(&b->blocks.types, EV_PROCINFO);
	b->sampled[1] = event_set_has(&b->blocks.types, EV_CPUINFO);
	b->n_keys = source_n_keys(b->first) - 1;
	x = skr_index(b->first);
	b->n_indexed = x ? x->n : 0;
	return 0;
}

static int open_sources(struct browse *b, const struct browse_options *o)
{
	const unsigned wanted = n_readers(o);

	if (original_open(&b->original, o->path) < 0 || open_first(b, o) < 0)
		return -ERR_SYSTEM;
	for (; b->n_readers < wanted; b->n_readers++) {
		struct reader *const r = &b->readers[b->n_readers];
		struct reader *const aside = &b->asides[b->n_readers];

		r->source = b->n_readers || b->grows ? open_another(b) : b->first;
		if (!r->source)
			return -ERR_SYSTEM;
		if (b->grows)
			continue;
		*aside = (struct reader){ .b = b, .source = open_another(b) };
		r->aside = aside;
		if (!aside->source)
			return -ERR_SYSTEM;
	}
	for (unsigned i = 0; i < SEEKERS; i++) {
		struct source *s = open_another(b);

		if (!s)
			return -ERR_SYSTEM;
		b->seekers[i] = seeker_new(b, s);
	}
	b->details = details_new(b);
	return original_check(&b->original, o->path);
}

static int make_detect(struct browse *b)
{
	struct alert_style style = alert_style_default;

	if (!b->rules)
		return 0;
	style.hostname = b->env.hostname;
	b->printer = alert_printer_new(&style, b->rules);
	b->detect = (struct detect_plan){ .rules = b->rules, .printer = b->printer,
					  .to = UINT64_MAX, .env = b->env };
	return b->printer ? 0 : -ERR_RULE;
}

static int start(struct browse *b)
{
	for (unsigned i = 0; i < b->n_readers; i++) {
		b->readers[i].b = b;
		if (pthread_create(&b->readers[i].thread, NULL, reader_run, &b->readers[i]) != 0)
			return err_sys("a thread for reading");
		b->readers[i].runs = true;
	}
	if (pthread_create(&b->clerk, NULL, clerk_run, b) != 0)
		return err_sys("a thread for joining");
	b->clerk_runs = true;
	for (unsigned i = 0; i < SEEKERS; i++)
		if (seeker_start(b->seekers[i]) < 0)
			return -ERR_SYSTEM;
	return 0;
}

struct browse *browse_open(const struct browse_options *o)
{
	struct browse *b = xcalloc(1, sizeof(*b));

	b->rules = o->rules;
	b->views = o->views;
	b->env = *o->env;
	b->original.fd = -1;
	b->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->work, NULL);
	pthread_cond_init(&b->parcels, NULL);
	table_init(&b->programs, NULL, false);
	if (b->event_fd < 0)
		err_sys("eventfd");
	else if (open_sources(b, o) >= 0 && (!o->opened || o->opened(o->arg) >= 0)
		 && make_detect(b) >= 0 && begin_base(b) >= 0 && start(b) >= 0)
		return b;
	browse_close(b);
	return NULL;
}

static void stop_threads(struct browse *b)
{
	browse_lock(b);
	__atomic_store_n(&b->stop, true, __ATOMIC_RELAXED);
	for (struct scan *s = b->scans; s; s = s->next)
		__atomic_store_n(&s->cancelled, true, __ATOMIC_RELAXED);
	pthread_cond_broadcast(&b->work);
	pthread_cond_broadcast(&b->parcels);
	browse_unlock(b);
	for (unsigned i = 0; i < b->n_readers; i++)
		if (b->readers[i].runs)
			pthread_join(b->readers[i].thread, NULL);
	if (b->clerk_runs)
		pthread_join(b->clerk, NULL);
	for (unsigned i = 0; i < SEEKERS; i++)
		seeker_free(b->seekers[i]);
}

/* Those that borrow a condition before those that lend it. */
static void free_scans(struct browse *b, bool borrowers)
{
	struct scan **at = &b->scans;

	while (*at) {
		struct scan *const s = *at;

		if (borrowers && !s->parent) {
			at = &s->next;
			continue;
		}
		*at = s->next;
		scan_free(s);
	}
}

void browse_close(struct browse *b)
{
	if (!b)
		return;
	stop_threads(b);
	queries_free(b);
	details_free(b->details);
	free_scans(b, true);
	free_scans(b, false);
	for (unsigned i = 0; i < b->n_readers; i++) {
		if (b->readers[i].source != b->first)
			source_close(b->readers[i].source);
		source_close(b->asides[i].source);
	}
	source_close(b->first);
	for (unsigned i = 0; i < MARK__N; i++)
		free(b->marks[i].v);
	for (size_t i = 0; i < b->n_lines; i++)
		free(b->lines[i].line);
	free(b->lines);
	table_release(&b->programs);
	blocks_release(&b->blocks);
	alert_printer_free(b->printer);
	original_close(&b->original);
	if (b->event_fd >= 0)
		close(b->event_fd);
	pthread_mutex_destroy(&b->lock);
	pthread_cond_destroy(&b->work);
	pthread_cond_destroy(&b->parcels);
	free(b);
}

/* ---- what is known ---- */

int browse_fd(const struct browse *b)
{
	return b->event_fd;
}

uint64_t browse_changed(struct browse *b)
{
	uint64_t n;

	if (read(b->event_fd, &n, sizeof(n)) < 0)
		n = 0;	/* nothing since the last time */
	return __atomic_load_n(&b->n_changes, __ATOMIC_RELAXED);
}

bool browse_is_timed(const struct browse *b)
{
	return __atomic_load_n(&b->timed, __ATOMIC_RELAXED);
}

const struct source_info *browse_info(const struct browse *b)
{
	return &b->info;
}

struct ruleset *browse_rules(const struct browse *b)
{
	return b->rules;
}

const struct views *browse_views(const struct browse *b)
{
	return b->views;
}

bool browse_tells(const struct browse *b, const struct view *v, unsigned column)
{
	switch ((enum sampled)v->columns[column].sampled) {
	case SAMPLED_NOT:
		break;
	case SAMPLED_THREADS:
		return __atomic_load_n(&b->sampled[0], __ATOMIC_RELAXED);
	case SAMPLED_PROCESSORS:
		return __atomic_load_n(&b->sampled[1], __ATOMIC_RELAXED);
	case SAMPLED_CONTAINERS:
		return __atomic_load_n(&b->contains, __ATOMIC_RELAXED);
	}
	return true;
}

unsigned browse_sort(const struct browse *b, const struct view *v)
{
	return browse_tells(b, v, v->sort) ? v->sort : v->sort_else;
}

const char *browse_file_change(struct browse *b)
{
	return original_change(&b->original, b->info.size);
}

void browse_progress(struct browse *b, struct browse_progress *out)
{
	const struct scan *s = b->base;

	browse_lock(b);
	*out = (struct browse_progress){ .permille = scan_permille(s),
		.complete = scan_complete(s), .live = s->caught_up,
		.done_ts = s->done_ts, .n_events = s->n_events, .n_lost = s->n_lost,
		.n_losses = s->n_losses, .n_new_programs = b->marks[MARK_PROGRAM].n,
		.damage = b->damage };
	memcpy(out->n_alerts, s->n_alerts, sizeof(out->n_alerts));
	browse_unlock(b);
}

unsigned browse_part(struct browse *b, uint64_t num, uint64_t ts)
{
	unsigned i;

	browse_lock(b);
	i = b->n_parts - 1;
	while (i > 0 && (num ? b->parts[i].first_num > num : b->parts[i].first_ts >= ts))
		i--;
	browse_unlock(b);
	return i;
}
