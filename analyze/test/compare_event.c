/* SPDX-License-Identifier: Apache-2.0 */
/* Alerts of the same event are paired at once.  A rule that correlates may tell of an event
 * later in one version than in the other (its window is longer), so its alerts are kept until
 * the recording ends and paired by the event that they name. */
#include "analyze/test/compare_event.h"

#include <stdlib.h>
#include <string.h>

enum { LATE_MAX = 1 << 18, LATE_BYTES = 64 << 20 };	/* then what is there is compared */

static void pair_late(struct compare_lane *l);

static struct compare_rec *list_add(struct compare_list *list)
{
	list->v = mem_grow(list->v, &list->cap, list->n + 1, sizeof(*list->v));
	return &list->v[list->n++];
}

static int on_alert(void *arg, const struct rule *r, uint64_t ts, uint64_t num,
		    const char *line, size_t len)
{
	struct compare_side *s = arg;
	struct compare_lane *l = s->lane;
	const uint32_t rule = s->of[r->id];
	const bool late = l->pairs->v[rule].late;
	struct arena *a = late ? &l->late_lines : &l->lines;

	if (late && (s->late.n >= LATE_MAX || a->used >= LATE_BYTES))
		pair_late(l);
	*list_add(late ? &s->late : &s->at) = (struct compare_rec){
		.rule = rule, .r = r, .num = num, .ts = ts, .line = arena_strn(a, line, len) };
	if (s->is_old)
		l->sums[rule].before++;
	else
		l->sums[rule].after++;
	return 0;
}

/* The message in "TIME: Priority message". */
static const char *message_of(const struct compare_rec *a)
{
	const char *p = strstr(a->line, ": ");
	const size_t len = strlen(priority_name[a->r->priority]);

	return p && strncmp(p + 2, priority_name[a->r->priority], len) == 0 ? p + 2 + len :
	       a->line;
}

static unsigned what_differs(const struct compare_lane *l, const struct compare_rec *a,
			     const struct compare_rec *b)
{
	unsigned what = l->pairs->v[a->rule].what & COMPARE_TAGS;

	if (a->r->priority != b->r->priority)
		what |= COMPARE_PRIORITY;
	if (strcmp(message_of(a), message_of(b)) != 0)
		what |= COMPARE_OUTPUT;
	return what;
}

static const char *keep(struct compare_lane *l, const struct compare_rec *a)
{
	return a ? arena_str(&l->kept, a->line) : NULL;
}

/* a: the alert of the old rules, b: that of the new ones; one may be NULL. */
static void differ(struct compare_lane *l, enum compare_kind kind, unsigned what,
		   const struct compare_rec *a, const struct compare_rec *b)
{
	const struct compare_rec *any = a ? a : b;
	uint32_t *seen = &l->seen[any->rule * COMPARE_KINDS + kind];

	l->sums[any->rule].n[kind]++;
	if (kind == COMPARE_MOVED)
		l->sums[b->rule].here++;
	if (*seen >= l->examples)
		return;
	++*seen;
	l->diffs = mem_grow(l->diffs, &l->diffs_cap, l->n_diffs + 1, sizeof(*l->diffs));
	l->diffs[l->n_diffs++] = (struct compare_diff){
		.kind = kind, .what = what, .rule = any->rule, .file = l->file,
		.other = kind == COMPARE_MOVED ? b->rule : COMPARE_NONE,
		.num = any->num, .ts = any->ts, .old = keep(l, a), .now = keep(l, b) };
}

static void meet(struct compare_lane *l, struct compare_rec *a, struct compare_rec *b)
{
	const unsigned what = what_differs(l, a, b);

	a->met = b->met = true;
	if (what)
		differ(l, COMPARE_CHANGED, what, a, b);
}

static struct compare_rec *next_alone(struct compare_list *list, size_t *at)
{
	while (*at < list->n && list->v[*at].met)
		++*at;
	return *at < list->n ? &list->v[(*at)++] : NULL;
}

/* The alerts of one event: few. */
static void pair_event(struct compare_lane *l)
{
	struct compare_list *old = &l->old.at, *now = &l->now.at;
	struct compare_rec *a, *b;
	size_t i = 0, j = 0;

	for (size_t x = 0; x < old->n; x++)
		for (size_t y = 0; y < now->n && !old->v[x].met; y++)
			if (!now->v[y].met && old->v[x].rule == now->v[y].rule)
				meet(l, &old->v[x], &now->v[y]);
	while ((a = next_alone(old, &i)) != NULL) {
		b = next_alone(now, &j);
		differ(l, b ? COMPARE_MOVED : COMPARE_LOST, 0, a, b);
	}
	while ((b = next_alone(now, &j)) != NULL)
		differ(l, COMPARE_GAINED, 0, NULL, b);
	old->n = now->n = 0;
	arena_reset(&l->lines);
}

static int by_event(const void *x, const void *y)
{
	const struct compare_rec *a = x, *b = y;

	if (a->num != b->num)
		return a->num < b->num ? -1 : 1;
	if (a->rule != b->rule)
		return a->rule < b->rule ? -1 : 1;
	if (a->ts != b->ts)
		return a->ts < b->ts ? -1 : 1;
	return strcmp(a->line, b->line);
}

static void sort(struct compare_list *list)
{
	if (list->n > 1)
		qsort(list->v, list->n, sizeof(*list->v), by_event);
}

static int order(const struct compare_rec *a, const struct compare_rec *b)
{
	if (a->num != b->num)
		return a->num < b->num ? -1 : 1;
	return a->rule < b->rule ? -1 : a->rule > b->rule;
}

static void pair_late(struct compare_lane *l)
{
	struct compare_list *old = &l->old.late, *now = &l->now.late;
	size_t i = 0, j = 0;

	sort(old);
	sort(now);
	while (i < old->n || j < now->n) {
		const int c = i == old->n ? 1 : j == now->n ? -1 :
			      order(&old->v[i], &now->v[j]);

		if (c < 0)
			differ(l, COMPARE_LOST, 0, &old->v[i++], NULL);
		else if (c > 0)
			differ(l, COMPARE_GAINED, 0, NULL, &now->v[j++]);
		else
			meet(l, &old->v[i++], &now->v[j++]);
	}
	old->n = now->n = 0;
	arena_reset(&l->late_lines);
}

static void side_init(struct compare_side *s, struct compare_lane *l, bool is_old)
{
	s->lane = l;
	s->is_old = is_old;
	s->of = is_old ? l->pairs->of_old : l->pairs->of_now;
}

void compare_lane_init(struct compare_lane *l, const struct compare_pairs *pairs,
		       size_t examples, const struct detect_plan *old,
		       const struct detect_plan *now)
{
	*l = (struct compare_lane){ .pairs = pairs, .examples = examples };
	l->sums = xcalloc(pairs->n + 1, sizeof(*l->sums));
	l->seen = xcalloc((pairs->n + 1) * COMPARE_KINDS, sizeof(*l->seen));
	side_init(&l->old, l, true);
	side_init(&l->now, l, false);
	detect_init(&l->old.detect, old, on_alert, &l->old);
	detect_init_beside(&l->now.detect, &l->old.detect, now, on_alert, &l->now);
}

static void side_release(struct compare_side *s)
{
	detect_release(&s->detect);
	free(s->at.v);
	free(s->late.v);
}

void compare_lane_release(struct compare_lane *l)
{
	side_release(&l->now);
	side_release(&l->old);
	free(l->sums);
	free(l->seen);
	free(l->diffs);
	arena_release(&l->lines);
	arena_release(&l->late_lines);
	arena_release(&l->kept);
}

void compare_lane_begin(struct compare_lane *l, uint32_t file)
{
	l->file = file;
	l->diffs = NULL;
	l->n_diffs = l->diffs_cap = 0;
	l->kept = (struct arena){0};
	memset(l->seen, 0, (l->pairs->n + 1) * COMPARE_KINDS * sizeof(*l->seen));
	detect_reset(&l->old.detect);
	detect_reset(&l->now.detect);
}

static void add_wants(const struct detect *d, struct source *s)
{
	struct event_set want = s->want;
	const bool bulk = s->want_bulk;

	detect_want(d, s);
	event_set_union(&want, &s->want);
	source_want(s, &want, bulk || s->want_bulk);
}

void compare_lane_want(const struct compare_lane *l, struct source *s)
{
	detect_want(&l->old.detect, s);
	add_wants(&l->now.detect, s);
}

int compare_lane_event(struct compare_lane *l, const struct event *ev)
{
	if (detect_event(&l->old.detect, ev) < 0 || detect_look(&l->now.detect, ev) < 0)
		return -1;
	if (__builtin_expect(l->old.at.n + l->now.at.n > 0, 0))
		pair_event(l);
	return 0;
}

int compare_lane_end(struct compare_lane *l, uint64_t ts)
{
	if (detect_end(&l->old.detect, ts) < 0 || detect_end(&l->now.detect, ts) < 0)
		return -1;
	pair_event(l);
	pair_late(l);
	return 0;
}
