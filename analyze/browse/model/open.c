/* SPDX-License-Identifier: Apache-2.0 */
/* A browser's begin and end: its files and threads, and the first pass. */
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "analyze/browse/model/detail_parts.h"
#include "analyze/browse/model/inside.h"
#include "analyze/browse/model/kept.h"
#include "analyze/browse/model/seek.h"
#include "capture/base/err.h"
#include "capture/trace/skr.h"

/* ---- files ---- */

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

/* What is open of it is the browser's, whatever fails then. */
static int open_reader(struct browse *b)
{
	const unsigned i = b->n_readers++;
	struct reader *const r = &b->readers[i], *const aside = &b->asides[i];

	r->b = b;
	r->source = i || b->grows ? open_another(b) : b->first;
	if (!r->source)
		return -ERR_SYSTEM;
	if (b->grows)
		return 0;
	*aside = (struct reader){ .b = b, .source = open_another(b) };
	r->aside = aside;
	return aside->source ? 0 : -ERR_SYSTEM;
}

static int open_sources(struct browse *b, const struct browse_options *o)
{
	const unsigned wanted = n_readers(o);

	if (original_open(&b->original, o->path) < 0 || open_first(b, o) < 0)
		return -ERR_SYSTEM;
	while (b->n_readers < wanted)
		if (open_reader(b) < 0)
			return -ERR_SYSTEM;
	for (unsigned i = 0; i < SEEKERS; i++) {
		struct source *s = open_another(b);

		if (!s)
			return -ERR_SYSTEM;
		b->seekers[i] = seeker_new(b, s);
	}
	b->details = details_new(b);
	return original_check(&b->original, o->path);
}

/* ---- the first pass ---- */

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

/* ---- begin ---- */

static int start(struct browse *b)
{
	for (unsigned i = 0; i < b->n_readers; i++) {
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
	b->kept.bytes = o->grows ? o->keep : 0;
	b->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->work, NULL);
	pthread_cond_init(&b->parcels, NULL);
	table_init(&b->programs, NULL, false);
	if (b->event_fd < 0)
		err_sys("eventfd");
	else if (open_sources(b, o) >= 0 && kept_begin(b) >= 0
		 && (!o->opened || o->opened(o->arg) >= 0)
		 && make_detect(b) >= 0 && begin_base(b) >= 0 && start(b) >= 0)
		return b;
	browse_close(b);
	return NULL;
}

/* ---- end ---- */

static void stop_threads(struct browse *b)
{
	browse_lock(b);
	__atomic_store_n(&b->stop, true, __ATOMIC_RELAXED);
	for (struct scan *s = b->scans; s; s = s->next)
		scan_cancel(s);
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
