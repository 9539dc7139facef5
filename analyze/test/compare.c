/* SPDX-License-Identifier: Apache-2.0 */
/* Work is a list of items: recordings, the large ones in parts between key frames.  Threads
 * take them in order, and what they find is folded into the result in order as well: the
 * first examples are the same whoever found them. */
#include "analyze/test/compare.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/alert/parts.h"
#include "analyze/test/compare_event.h"
#include "capture/base/err.h"

enum { PARTS_PER_THREAD = 4, FILES_FOR_PARTS = 64 };

const char *const compare_kind_name[COMPARE_KINDS] = {
	[COMPARE_GAINED] = "gained", [COMPARE_LOST] = "lost", [COMPARE_CHANGED] = "changed",
	[COMPARE_MOVED] = "moved",
};

const char *const compare_what_name[COMPARE_WHATS] = {
	"name", "condition", "priority", "output", "tags", "enabled",
};

struct input {
	struct parts parts;
	unsigned n_items, n_done;
	char error[256];
};

struct item {
	uint32_t file;
	unsigned part, n_parts, n_keys;
	bool done;
	uint64_t n_events, n_lost;
	struct compare_diff *diffs;
	size_t n_diffs;
	struct arena kept;
	char error[256];
};

struct compare {
	struct compare_options o;
	struct alert_printer *old_printer, *now_printer;
	struct detect_plan old, now;
	struct compare_pairs pairs;
	struct compare_file *files;
	struct input *inputs;
	size_t n_files, files_cap, inputs_cap;
	struct item *items;
	size_t n_items, items_cap, next, folded;
	uint32_t *seen;
	struct compare_diff *diffs;
	size_t n_diffs, diffs_cap;
	struct arena arena;
	pthread_mutex_t lock;
};

struct worker {
	struct compare *c;
	unsigned index;
	struct compare_lane lane;
	pthread_t thread;
};

static struct detect_plan plan_of(const struct compare_options *o, const struct ruleset *rules,
				  const struct alert_printer *printer)
{
	return (struct detect_plan){
		.rules = (struct ruleset *)rules, .printer = printer,
		.all_rules = o->all_rules, .to = UINT64_MAX,
		.env = { .hostname = "localhost", .source = "syscall" },
	};
}

struct compare *compare_new(const struct compare_options *o)
{
	struct compare *c = xcalloc(1, sizeof(*c));
	struct alert_style style = alert_style_default;

	style.hostname = "localhost";
	c->o = *o;
	pthread_mutex_init(&c->lock, NULL);
	c->old_printer = alert_printer_new(&style, o->old);
	c->now_printer = c->old_printer ? alert_printer_new(&style, o->now) : NULL;
	if (!c->now_printer) {
		compare_free(c);
		return NULL;
	}
	c->old = plan_of(o, o->old, c->old_printer);
	c->now = plan_of(o, o->now, c->now_printer);
	compare_pair_rules(&c->pairs, o->old, o->now);
	c->seen = xcalloc((c->pairs.n + 1) * COMPARE_KINDS, sizeof(*c->seen));
	return c;
}

void compare_free(struct compare *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n_files; i++)
		parts_close(&c->inputs[i].parts);
	compare_pairs_release(&c->pairs);
	alert_printer_free(c->old_printer);
	alert_printer_free(c->now_printer);
	arena_release(&c->arena);
	pthread_mutex_destroy(&c->lock);
	free(c->files);
	free(c->inputs);
	free(c->items);
	free(c->seen);
	free(c->diffs);
	free(c);
}

static bool correlates(const struct compare *c)
{
	for (size_t i = 0; i < c->pairs.n; i++)
		if (c->pairs.v[i].late)
			return true;
	return false;
}

static struct parts *add_file(struct compare *c, const char *path)
{
	const size_t i = c->n_files;

	c->files = mem_grow(c->files, &c->files_cap, i + 1, sizeof(*c->files));
	c->inputs = mem_grow(c->inputs, &c->inputs_cap, i + 1, sizeof(*c->inputs));
	c->files[i] = (struct compare_file){ .path = arena_str(&c->arena, path) };
	c->inputs[i] = (struct input){ .parts.path = c->files[i].path };
	return &c->inputs[i].parts;
}

int compare_add(struct compare *c, const char *path)
{
	/* What correlations remember goes from one part of a recording to the next. */
	const unsigned n = c->n_files < FILES_FOR_PARTS && !correlates(c) ? c->o.jobs : 1;
	struct parts *p = add_file(c, path);

	if (parts_open(p, p->path, n) < 0)
		return -ERR_SYSTEM;
	c->n_files++;
	return 0;
}

void compare_add_source(struct compare *c, const char *name, struct source *s)
{
	struct parts *p = add_file(c, name);

	p->sources[0] = s;
	p->n = 1;
	c->n_files++;
}

/* ---- one item ---- */

static int read_events(struct worker *w, struct source *s, struct item *it)
{
	struct event ev;
	int rc;

	while ((rc = source_next(s, &ev)) == 0) {
		it->n_events += ev.num != 0;
		if (compare_lane_event(&w->lane, &ev) < 0)
			return err(ERR_SYSTEM, "alerts could not be handed on");
	}
	return rc < 0 ? rc : 0;
}

static int read_item(struct worker *w, struct source *s, struct item *it)
{
	const unsigned from = (unsigned)((uint64_t)it->n_keys * it->part / it->n_parts);
	const unsigned to = (unsigned)((uint64_t)it->n_keys * (it->part + 1) / it->n_parts);
	int rc = 0;

	s->stop_key = to < it->n_keys ? to : 0;
	compare_lane_want(&w->lane, s);
	if (it->n_parts > 1)
		rc = source_seek_key(s, from);
	if (rc >= 0)
		rc = read_events(w, s, it);
	if (rc >= 0)
		rc = compare_lane_end(&w->lane, s->info.last_ts);
	return rc;
}

static void run_item(struct worker *w, struct item *it)
{
	const struct parts *p = &w->c->inputs[it->file].parts;
	struct source *s = p->sources[it->n_parts > 1 ? w->index : 0];
	struct compare_lane *l = &w->lane;
	const uint64_t skipped = s->n_skipped, lost = l->old.detect.stats.n_lost;

	compare_lane_begin(l, it->file);
	if (read_item(w, s, it) < 0)
		snprintf(it->error, sizeof(it->error), "%s", err_text());
	it->n_events += s->n_skipped - skipped;
	it->n_lost = l->old.detect.stats.n_lost - lost;
	it->diffs = l->diffs;
	it->n_diffs = l->n_diffs;
	it->kept = l->kept;
	l->diffs = NULL;
	l->kept = (struct arena){0};
}

/* ---- the result ---- */

static void fold_diffs(struct compare *c, struct item *it)
{
	for (size_t i = 0; i < it->n_diffs; i++) {
		const struct compare_diff *d = &it->diffs[i];
		uint32_t *seen = &c->seen[d->rule * COMPARE_KINDS + d->kind];
		struct compare_diff *to;

		if (*seen >= c->o.examples)
			continue;
		++*seen;
		c->diffs = mem_grow(c->diffs, &c->diffs_cap, c->n_diffs + 1, sizeof(*c->diffs));
		to = &c->diffs[c->n_diffs++];
		*to = *d;
		to->old = d->old ? arena_str(&c->arena, d->old) : NULL;
		to->now = d->now ? arena_str(&c->arena, d->now) : NULL;
	}
	free(it->diffs);
	arena_release(&it->kept);
}

static void add_damage(struct source_damage *all, const struct source_damage *one)
{
	if (!all->first[0])
		memcpy(all->first, one->first, sizeof(all->first));
	all->n_places += one->n_places;
	all->cut |= one->cut;
}

static void end_file(struct compare *c, uint32_t file)
{
	struct parts *p = &c->inputs[file].parts;

	for (unsigned i = 0; i < p->n; i++)
		add_damage(&c->files[file].damage, &p->sources[i]->damage);
	parts_close(p);
}

/* Files are closed when their last part is folded, which is in their order. */
static void fold(struct compare *c)
{
	while (c->folded < c->n_items && c->items[c->folded].done) {
		struct item *it = &c->items[c->folded++];
		struct input *in = &c->inputs[it->file];

		c->files[it->file].n_events += it->n_events;
		c->files[it->file].n_lost += it->n_lost;
		if (it->error[0] && !in->error[0])
			memcpy(in->error, it->error, sizeof(in->error));
		fold_diffs(c, it);
		if (++in->n_done == in->n_items)
			end_file(c, it->file);
	}
}

static struct item *take(struct compare *c)
{
	struct item *it;

	pthread_mutex_lock(&c->lock);
	it = c->next < c->n_items ? &c->items[c->next++] : NULL;
	pthread_mutex_unlock(&c->lock);
	return it;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct compare *c = w->c;
	struct item *it;

	while ((it = take(c)) != NULL) {
		run_item(w, it);
		pthread_mutex_lock(&c->lock);
		it->done = true;
		fold(c);
		pthread_mutex_unlock(&c->lock);
	}
	return NULL;
}

static void list_items(struct compare *c)
{
	for (uint32_t f = 0; f < c->n_files; f++) {
		struct input *in = &c->inputs[f];
		const unsigned n_keys = source_n_keys(in->parts.sources[0]);
		unsigned n = in->parts.n > 1 && in->parts.n == c->o.jobs ?
			     c->o.jobs * PARTS_PER_THREAD : 1;

		n = n < n_keys ? n : n_keys > 0 ? n_keys : 1;
		in->n_items = n;
		c->items = mem_grow(c->items, &c->items_cap, c->n_items + n, sizeof(*c->items));
		for (unsigned i = 0; i < n; i++)
			c->items[c->n_items++] = (struct item){ .file = f, .part = i,
				.n_parts = n, .n_keys = n_keys };
	}
}

static void add_sums(struct compare *c, const struct compare_lane *l)
{
	for (size_t i = 0; i < c->pairs.n; i++) {
		struct compare_rule *to = &c->pairs.v[i];
		const struct compare_rule *one = &l->sums[i];

		to->before += one->before;
		to->after += one->after;
		to->here += one->here;
		for (unsigned k = 0; k < COMPARE_KINDS; k++)
			to->n[k] += one->n[k];
	}
}

/* By rule and kind; they come by recording and event already. */
static void sort_diffs(struct compare *c)
{
	const size_t n_groups = c->pairs.n * COMPARE_KINDS;
	struct compare_diff *sorted = xcalloc(c->n_diffs + 1, sizeof(*sorted));
	size_t *at = xcalloc(n_groups + 1, sizeof(*at));

	for (size_t g = 0; g < n_groups; g++)
		at[g + 1] = at[g] + c->seen[g];
	for (size_t i = 0; i < c->n_diffs; i++)
		sorted[at[c->diffs[i].rule * COMPARE_KINDS + c->diffs[i].kind]++] = c->diffs[i];
	free(at);
	free(c->diffs);
	c->diffs = sorted;
	c->diffs_cap = c->n_diffs + 1;
}

static int first_error(const struct compare *c)
{
	for (size_t i = 0; i < c->n_files; i++)
		if (c->inputs[i].error[0])
			return err(ERR_FORMAT, "%s: %s", c->files[i].path, c->inputs[i].error);
	return 0;
}

int compare_run(struct compare *c)
{
	const unsigned n = c->o.jobs > 0 ? c->o.jobs : 1;
	struct worker *workers = xcalloc(n, sizeof(*workers));
	unsigned started = 1;

	list_items(c);
	for (unsigned i = 0; i < n; i++) {
		workers[i].c = c;
		workers[i].index = i;
		compare_lane_init(&workers[i].lane, &c->pairs, c->o.examples, &c->old, &c->now);
	}
	for (; started < n; started++)
		if (pthread_create(&workers[started].thread, NULL, work, &workers[started]) != 0)
			break;
	work(&workers[0]);
	for (unsigned i = 1; i < started; i++)
		pthread_join(workers[i].thread, NULL);
	for (unsigned i = 0; i < n; i++) {
		add_sums(c, &workers[i].lane);
		compare_lane_release(&workers[i].lane);
	}
	free(workers);
	sort_diffs(c);
	return first_error(c);
}

/* ---- questions ---- */

const struct compare_options *compare_options(const struct compare *c)
{
	return &c->o;
}

const struct compare_rule *compare_rules(const struct compare *c, size_t *n)
{
	*n = c->pairs.n;
	return c->pairs.v;
}

const struct compare_file *compare_files(const struct compare *c, size_t *n)
{
	*n = c->n_files;
	return c->files;
}

const struct compare_diff *compare_diffs(const struct compare *c, size_t *n)
{
	*n = c->n_diffs;
	return c->diffs;
}

struct compare_sum compare_sum(const struct compare *c)
{
	struct compare_sum s = {0};

	for (size_t i = 0; i < c->n_files; i++) {
		s.n_events += c->files[i].n_events;
		s.n_lost += c->files[i].n_lost;
	}
	for (size_t i = 0; i < c->pairs.n; i++) {
		const struct compare_rule *r = &c->pairs.v[i];

		s.before += r->before;
		s.after += r->after;
		for (unsigned k = 0; k < COMPARE_KINDS; k++)
			s.n[k] += r->n[k];
		s.added += !r->old;
		s.removed += !r->now;
		s.renamed += compare_renamed(r);
		s.edited += (r->what & ~(unsigned)COMPARE_NAME) != 0;
	}
	return s;
}

bool compare_differs(const struct compare *c)
{
	const struct compare_sum s = compare_sum(c);

	return s.n[COMPARE_GAINED] || s.n[COMPARE_LOST] || s.n[COMPARE_CHANGED] ||
	       s.n[COMPARE_MOVED] || s.added || s.removed || s.renamed;
}
