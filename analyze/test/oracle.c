/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/test/oracle.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "capture/base/err.h"

/* Events stand out of order by less than that, mostly. */
enum { WINDOW_SLACK = 10 * 1000 * 1000 };

const struct alert_style oracle_style = {
	.json = true, .iso = true, .with_fields = true, .lasting = true, .hostname = "",
};

/* ---- which alerts are to stay ---- */

static bool rule_is_meant(const struct oracle_keep *k, const struct rule *r)
{
	for (size_t i = 0; i < k->n_rules; i++)
		if (name_matches(k->rules[i], r->name))
			return true;
	return k->n_rules == 0;
}

static bool is_meant(struct oracle *o, const struct rule *r, uint64_t num)
{
	const struct oracle_keep *const k = o->keep;

	if (!rule_is_meant(k, r) || (k->event && num != k->event))
		return false;
	return !k->first || o->first_of[r->id]++ < k->first;
}

/* ---- learning ---- */

static uint64_t key_of(const struct rule *r, uint64_t ts, uint64_t num, const char *line,
		       size_t len)
{
	const uint64_t parts[4] = { XXH3_64bits(line, len), r->id, ts, num };

	return XXH3_64bits(parts, sizeof(parts));
}

static int learn_alert(struct oracle *o, const struct rule *r, uint64_t ts, uint64_t num,
		       uint64_t key)
{
	if (!is_meant(o, r, num)) {
		o->others = mem_grow(o->others, &o->cap_others, o->n_others + 1,
				     sizeof(*o->others));
		o->others[o->n_others++] = key;
		return 0;
	}
	if (o->n_kept == ORACLE_KEPT_MAX)
		return err(ERR_LIMIT, "more than %d alerts are to stay; "
			   "--keep and --first choose among them", ORACLE_KEPT_MAX);
	o->kept = mem_grow(o->kept, &o->cap_kept, o->n_kept + 1, sizeof(*o->kept));
	o->kept[o->n_kept++] = (struct oracle_alert){ .rule = r, .key = key, .num = num,
		.ts = ts, .carrier = o->at };
	return 0;
}

static void on_hits(void *arg, const struct field_ctx *c, const struct correlate_hit *hits,
		    unsigned n)
{
	struct oracle *o = arg;

	for (unsigned i = 0; !o->asking && i < n && o->n_hits < ORACLE_HITS_MAX; i++) {
		struct oracle_hit h = { .num = c->ev->num, .ts = c->ev->ts,
			.correlation = hits[i].correlation,
			.of_rule = hits[i].part == CORRELATE_RULE };

		if (!windows_key(o->detect.windows, &hits[i], c, &h.key))
			continue;
		o->hits = mem_grow(o->hits, &o->cap_hits, o->n_hits + 1, sizeof(*o->hits));
		o->hits[o->n_hits++] = h;
	}
}

static int compare_u64(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static int compare_kept(const void *a, const void *b)
{
	const struct oracle_alert *x = a, *y = b;

	if (x->num != y->num)
		return x->num < y->num ? -1 : 1;
	return x->key < y->key ? -1 : x->key > y->key;
}

int oracle_learn(struct oracle *o, struct source *in)
{
	struct event ev;
	int r;

	while ((r = source_next(in, &ev)) == 0) {
		if (ev.num)
			o->at = o->last_num = ev.num;
		r = detect_event(&o->detect, &ev);
		if (r < 0)
			break;
	}
	if (r >= 0)
		r = detect_end(&o->detect, in->info.last_ts);
	if (o->n_kept)
		qsort(o->kept, o->n_kept, sizeof(*o->kept), compare_kept);
	if (o->n_others)
		qsort(o->others, o->n_others, sizeof(*o->others), compare_u64);
	o->asking = true;
	return r < 0 ? r : 0;
}

/* ---- asking ---- */

static struct oracle_alert *find_kept(struct oracle *o, uint64_t num, uint64_t key)
{
	const struct oracle_alert wanted = { .num = num, .key = key };

	return o->n_kept ? bsearch(&wanted, o->kept, o->n_kept, sizeof(wanted), compare_kept)
		: NULL;
}

static int check_alert(struct oracle *o, uint64_t num, uint64_t key)
{
	struct oracle_alert *a = find_kept(o, num, key);

	if (a) {
		o->n_seen += a->seen != o->question;
		a->seen = o->question;
		return 0;
	}
	o->failed |= !o->n_others ||
		!bsearch(&key, o->others, o->n_others, sizeof(key), compare_u64);
	return 0;
}

static int on_alert(void *arg, const struct rule *r, uint64_t ts, uint64_t num,
		    const char *line, size_t len)
{
	struct oracle *o = arg;
	const uint64_t key = key_of(r, ts, num, line, len);

	return o->asking ? check_alert(o, num, key) : learn_alert(o, r, ts, num, key);
}

static void begin_question(struct oracle *o)
{
	detect_reset(&o->detect);
	o->question++;
	o->n_seen = o->due = 0;
	o->failed = false;
}

/* One event; false: the answer is no already, as an alert has not come that can come no more. */
static bool ask_event(struct oracle *o, const struct event *ev)
{
	if (ev->num)
		o->at = ev->num;
	o->work++;
	if (detect_event(&o->detect, ev) < 0)
		return false;
	for (; ev->num && o->due < o->n_kept && o->kept[o->due].num <= ev->num; o->due++) {
		const struct oracle_alert *const a = &o->kept[o->due];

		if (a->carrier == a->num && a->seen != o->question)
			return false;
	}
	return !o->failed;
}

static bool end_question(struct oracle *o, uint64_t last_ts)
{
	return detect_end(&o->detect, last_ts) >= 0 && !o->failed && o->n_seen == o->n_kept;
}

bool oracle_same(struct oracle *o, const struct slice *s)
{
	struct event ev;

	begin_question(o);
	for (size_t i = 0; i < s->n; i++) {
		if (!s->v[i].in)
			continue;
		slice_event(&s->v[i], &ev);
		if (!ask_event(o, &ev))
			return false;
	}
	return end_question(o, 0);
}

bool oracle_same_file(struct oracle *o, const struct slice *s, struct source *in)
{
	struct event ev;
	size_t i = 0;
	int r;

	begin_question(o);
	while ((r = source_next(in, &ev)) == 0) {
		if (ev.num) {	/* the number that it had */
			while (i < s->n && (!s->v[i].in || !s->v[i].num))
				i++;
			if (i == s->n)
				return false;
			ev.num = s->v[i++].num;
		}
		if (!ask_event(o, &ev))
			return false;
	}
	return r >= 0 && end_question(o, in->info.last_ts);
}

/* ---- events ---- */

/* The first kept alert of the event, or of one behind it. */
static size_t first_kept(const struct oracle *o, uint64_t num)
{
	size_t from = 0, to = o->n_kept;

	while (from < to) {
		const size_t mid = from + (to - from) / 2;

		if (o->kept[mid].num < num)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

static int compare_hits(const void *a, const void *b)
{
	const struct oracle_hit *x = a, *y = b;

	if (x->correlation != y->correlation)
		return x->correlation < y->correlation ? -1 : 1;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->num < y->num ? -1 : x->num > y->num;
}

static int compare_nums(const void *a, const void *b)
{
	return compare_u64(&((const struct oracle_hit *)a)->num,
			   &((const struct oracle_hit *)b)->num);
}

/* A plain count is that of the last matches. */
static bool is_plain(const struct correlation *c)
{
	return !c->n_steps && !c->has_distinct && !c->has_absence;
}

static bool same_window(const struct oracle_hit *a, const struct oracle_hit *b)
{
	return a->correlation == b->correlation && a->key == b->key;
}

/* Hits around one that completed an alert; all are in order by key.  Those before one that is
 * marked are marked, as far as they may matter.  from: where hits behind were not looked at;
 * returns the new such place. */
static size_t mark_around(struct oracle *o, const struct correlation *c, size_t at, size_t from,
			  uint64_t carrier)
{
	const struct oracle_hit *const shown = &o->hits[at];
	uint64_t left = c->count;

	for (size_t i = at + 1; i-- > 0; left--) {
		struct oracle_hit *h = &o->hits[i];

		if (!same_window(h, shown) || h->ts + c->within + WINDOW_SLACK < shown->ts ||
		    (i < at && h->needed) || (is_plain(c) && left == 0))
			break;
		h->needed = true;
		h->surely = is_plain(c);
	}
	for (from = from > at ? from : at; from < o->n_hits; from++) {
		struct oracle_hit *h = &o->hits[from];

		if (!same_window(h, shown) || h->num > carrier)
			break;
		h->needed = true;
	}
	return from;
}

/* What the kept alerts of correlations counted or waited for. */
static void mark_parts(struct oracle *o)
{
	size_t from = 0;

	if (o->n_hits == 0)
		return;
	qsort(o->hits, o->n_hits, sizeof(*o->hits), compare_hits);
	for (size_t i = 0; i < o->n_hits; i++) {
		const struct oracle_hit *const h = &o->hits[i];
		const struct correlation *const c = &o->correlations[h->correlation];
		size_t k = h->of_rule ? first_kept(o, h->num) : o->n_kept;

		for (; k < o->n_kept && o->kept[k].num == h->num; k++)
			if (o->kept[k].rule == c->rule)
				from = mark_around(o, c, i, from, o->kept[k].carrier);
	}
	qsort(o->hits, o->n_hits, sizeof(*o->hits), compare_nums);
}

static void earlier(uint64_t *first_ts, uint64_t ts)
{
	*first_ts = ts < *first_ts ? ts : *first_ts;
}

uint64_t *oracle_events(struct oracle *o, bool every_hit, size_t *n, uint64_t *first_ts)
{
	uint64_t *v = xcalloc(2 * o->n_kept + o->n_hits + 1, sizeof(*v));
	size_t m = 0;

	mark_parts(o);
	*first_ts = UINT64_MAX;
	for (size_t i = 0; i < o->n_kept; i++) {
		v[m++] = o->kept[i].num;
		v[m++] = o->kept[i].carrier;
		earlier(first_ts, o->kept[i].ts);
	}
	for (size_t i = 0; i < o->n_hits; i++)
		if (every_hit || o->hits[i].needed) {
			v[m++] = o->hits[i].num;
			earlier(first_ts, o->hits[i].ts);
		}
	qsort(v, m, sizeof(*v), compare_u64);
	*n = 0;
	for (size_t i = 0; i < m; i++)
		if (i == 0 || v[i] != v[i - 1])
			v[(*n)++] = v[i];
	return v;
}

bool oracle_needs(const struct oracle *o, uint64_t num)
{
	const struct oracle_hit wanted = { .num = num }, *h;
	const size_t at = first_kept(o, num);

	if (at < o->n_kept && o->kept[at].num == num && o->kept[at].carrier == num)
		return true;
	h = o->n_hits ? bsearch(&wanted, o->hits, o->n_hits, sizeof(wanted), compare_nums) : NULL;
	return h && h->surely;
}

void oracle_init(struct oracle *o, const struct detect_plan *plan, const struct oracle_keep *keep)
{
	uint32_t ids = 0;

	*o = (struct oracle){ .keep = keep };
	o->correlations = ruleset_correlations(plan->rules, &o->n_correlations);
	for (size_t i = 0; i < ruleset_count(plan->rules); i++)
		if (ruleset_rule(plan->rules, i)->id >= ids)
			ids = ruleset_rule(plan->rules, i)->id + 1;
	o->first_of = xcalloc(ids + 1U, sizeof(*o->first_of));
	detect_init(&o->detect, plan, on_alert, o);
	o->detect.hits = on_hits;
}

void oracle_release(struct oracle *o)
{
	detect_release(&o->detect);
	free(o->kept);
	free(o->others);
	free(o->hits);
	free(o->first_of);
}
