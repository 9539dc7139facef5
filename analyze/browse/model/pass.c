/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/browse/model/pass.h"

#include <stdlib.h>
#include <string.h>

#include "capture/base/err.h"

enum { LOOK_EVERY = 2048 };

static void widen(struct pass *p, uint64_t ts)
{
	while (ts > p->hi && histogram_widen(p->lo, &p->hi)) {
		histogram_halve(&p->parcel->events);
		histogram_halve(&p->parcel->alerts);
		histogram_halve(&p->parcel->lost);
	}
}

static unsigned bucket_of(struct pass *p, uint64_t ts)
{
	if (ts <= p->lo)
		return 0;
	if (ts > p->hi && p->scan->widens)
		widen(p, ts);
	if (ts >= p->hi)
		return HISTOGRAM - 1;
	return (unsigned)((unsigned __int128)(ts - p->lo) * HISTOGRAM / (p->hi - p->lo + 1));
}

static struct mark *add_mark(struct parcel *p, enum mark_kind kind, uint64_t num, uint64_t ts)
{
	struct mark *m;

	p->marks = mem_grow(p->marks, &p->marks_cap, p->n_marks + 1, sizeof(*p->marks));
	m = &p->marks[p->n_marks++];
	*m = (struct mark){ .num = num, .ts = ts, .kind = (uint8_t)kind };
	return m;
}

/* An alert, with the event at hand. */
static int on_alert(void *arg, const struct rule *r, uint64_t ts, uint64_t num, const char *line,
		    size_t len)
{
	struct pass *p = arg;
	const struct thread *t = p->detect.ctx.cur->thread;
	const struct gather_event e = { &p->detect.ctx, r, line, len };
	const uint32_t head[2] = { t ? t->proc->pid : 0, (uint32_t)len };
	struct mark *m;

	const unsigned bucket = bucket_of(p, ts);

	p->parcel->n_alerts[r->priority % PRIORITY__N]++;
	p->parcel->alerts.n[bucket]++;
	for (unsigned i = 0; i < p->plan->n_views; i++)
		if (p->plan->views[i].view->kind == VIEW_ALERTS)
			gather_add(&p->gathers[i], &e);
	if (!p->plan->marks)
		return 0;
	m = add_mark(p->parcel, MARK_ALERT, num, ts);
	m->priority = (uint8_t)r->priority;
	m->rule = r->id;
	m->process = t ? gather_process_id(t) : 0;
	buf_put(&p->parcel->lines, head, sizeof(head));
	buf_put(&p->parcel->lines, line, len);
	return 0;
}

static void note_loss(struct pass *p, const struct event *ev)
{
	const uint64_t n = value_u64(EV(ev, LOSS, count), 0);
	uint32_t *bucket = &p->parcel->lost.n[bucket_of(p, ev->ts)];

	if (ev->ts < p->plan->from || ev->ts > p->plan->to)
		return;
	p->parcel->n_lost += n;
	p->parcel->n_losses++;
	*bucket += n < UINT32_MAX - *bucket ? (uint32_t)n : UINT32_MAX - *bucket;
	if (p->plan->marks)
		add_mark(p->parcel, MARK_LOSS, p->num, ev->ts)->count = n;
}

/* The first run of a program file in this parcel; the clerk knows those before. */
static void note_program(struct pass *p, const struct event *ev)
{
	const struct thread *t = p->ctx.cur->thread;
	struct parcel *const out = p->parcel;
	struct mark *m;
	uint64_t hash;
	bool fresh;

	if (!t || !t->proc->exepath.len || value_i64(EV(ev, EXECVE, res), -1) != 0)
		return;
	hash = table_hash(t->proc->exepath.p, t->proc->exepath.len);
	table_get(&out->programs, hash, "", 0, &fresh);
	if (!fresh)
		return;
	m = add_mark(out, MARK_PROGRAM, ev->num, ev->ts);
	m->process = hash;
}

/* ---- parcels ---- */

static struct parcel *parcel_new(struct pass *p)
{
	struct parcel *out = xcalloc(1, sizeof(*out));

	out->part = p->part;
	table_init(&out->programs, NULL, false);
	for (unsigned i = 0; i < p->plan->n_views; i++)
		gather_reset(&p->gathers[i]);
	return out;
}

void parcel_free(struct parcel *p)
{
	for (unsigned i = 0; i < SCAN_VIEWS_MAX; i++)
		table_release(&p->tables[i]);
	table_release(&p->programs);
	buf_release(&p->lines);
	free(p->marks);
	free(p);
}

static void told_damage(struct pass *p)
{
	struct source_damage *const all = &p->r->b->damage;
	const struct source_damage *one = &p->r->source->damage;

	if (one->n_places == p->r->damage_told)
		return;
	if (!all->first[0])
		memcpy(all->first, one->first, sizeof(all->first));
	all->n_places += one->n_places - p->r->damage_told;
	all->cut |= one->cut;
	p->r->damage_told = one->n_places;
	__atomic_store_n(&p->r->b->blocks.damaged, true, __ATOMIC_RELAXED);
}

static size_t bytes_of(const struct pass *p)
{
	size_t bytes = p->parcel->lines.len + p->parcel->n_marks * sizeof(struct mark);

	for (unsigned i = 0; i < p->plan->n_views; i++)
		bytes += table_bytes(&p->gathers[i].table);
	return bytes;
}

static bool is_full(const struct pass *p)
{
	return p->n_seen % LOOK_EVERY == 0
		&& (p->n_seen >= p->enough || bytes_of(p) > PARCEL_BYTES);
}

/* limit 0: more is there. */
static void send(struct pass *p, bool last, uint64_t limit)
{
	struct browse *const b = p->r->b;
	struct parcel *const out = p->parcel, **at = &p->scan->waiting;

	out->last = last;
	out->limit = limit;
	out->hi = p->hi;
	out->bytes = bytes_of(p);
	for (unsigned i = 0; i < p->plan->n_views; i++) {
		out->tables[i] = p->gathers[i].table;
		table_init(&p->gathers[i].table, out->tables[i].view, out->tables[i].processes);
	}
	browse_lock(b);
	told_damage(p);
	out->bytes_done = p->r->source->bytes_done;
	out->last_num = p->num;
	b->parcel_came = true;
	while (*at)
		at = &(*at)->next;
	*at = out;
	p->scan->waiting_bytes += out->bytes;
	pthread_cond_signal(&b->parcels);
	browse_unlock(b);
	p->n_seen = 0;
	p->enough = PARCEL_EVENTS;
	p->parcel = last ? NULL : parcel_new(p);
}

void pass_send(struct pass *p, uint64_t limit)
{
	send(p, false, limit);
}

/* ---- events ---- */

static bool is_exec(const struct event *ev)
{
	return ev->type == EV_EXECVE || ev->type == EV_EXECVEAT;
}

/* Columns that nothing else fills are shown from now on. */
static void note_account(const struct pass *p, const struct event *ev)
{
	bool *const sampled = &p->r->b->sampled[ev->type == EV_CPUINFO];

	if (ev->type != EV_CPUINFO && !p->ctx.cur->cpu.known)
		return;
	if (!__atomic_load_n(sampled, __ATOMIC_RELAXED))
		__atomic_store_n(sampled, true, __ATOMIC_RELAXED);
}

static int note_container(const struct thread *t, void *arg)
{
	const struct pass *p = arg;
	bool *const contains = &p->r->b->contains;

	if (t->proc->container && !__atomic_load_n(contains, __ATOMIC_RELAXED))
		__atomic_store_n(contains, true, __ATOMIC_RELAXED);
	return 0;
}

static void on_sample(struct pass *p, const struct event *ev)
{
	const struct gather_event e = { .c = &p->ctx };

	note_account(p, ev);
	if (ev->ts < p->plan->from || ev->ts > p->plan->to)
		return;
	arena_reset(&p->scratch);
	if (p->filter && !cond_eval(p->filter, &p->ctx))
		return;
	for (unsigned i = 0; i < p->plan->n_views; i++)
		if (gather_samples(&p->plan->views[i]))
			gather_sample(&p->gathers[i], &e);
}

static void on_pseudo(struct pass *p, const struct event *ev)
{
	p->ctx.ev = ev;
	if (ev->type == EV_PROCINFO || ev->type == EV_CPUINFO)
		on_sample(p, ev);
	if (ev->type == EV_LOSS)
		note_loss(p, ev);
	if (ev->type != EV_SNAP_END || !p->plan->plain || p->part != 0 || p->num != 0)
		return;
	state_each_thread(p->st, note_container, p);
	for (unsigned i = 0; i < p->plan->n_views; i++)
		gather_snapshot(&p->gathers[i], &p->ctx);
}

static void on_event(struct pass *p, const struct event *ev)
{
	const struct gather_event e = { .c = &p->ctx };

	p->parcel->n_events++;
	p->num = ev->num;
	p->parcel->done_ts = ev->ts;
	if (ev->ts < p->plan->from || ev->ts > p->plan->to)
		return;
	p->ctx.ev = ev;
	arena_reset(&p->scratch);
	if (p->ctx.cur->thread)
		note_container(p->ctx.cur->thread, p);
	if (p->filter && !cond_eval(p->filter, &p->ctx))
		return;
	if (p->scan->base)
		watcher_add(&p->watcher, &p->ctx);
	p->parcel->n_counted++;
	if (ev->type == EV_PROCINFO)
		note_account(p, ev);
	p->parcel->events.n[bucket_of(p, ev->ts)]++;
	for (unsigned i = 0; i < p->plan->n_views; i++)
		if (p->plan->views[i].view->kind != VIEW_ALERTS)
			gather_add(&p->gathers[i], &e);
	if (p->plan->marks && is_exec(ev))
		note_program(p, ev);
}

static bool is_wanted(const struct pass *p)
{
	if (p->scan->base)
		reader_give_way(p->r);
	return !__atomic_load_n(&p->scan->cancelled, __ATOMIC_RELAXED);
}

int pass_read_on(struct pass *p)
{
	struct source *const s = p->r->source;
	struct event ev;
	int rc;

	while ((rc = source_next(s, &ev)) == 0) {
		if (ev.latency && !browse_is_timed(p->r->b))
			__atomic_store_n(&p->r->b->timed, true, __ATOMIC_RELAXED);
		if (p->plan->rules)
			detect_event(&p->detect, &ev);
		else
			state_update(p->own, &ev);
		if (ev.num == 0)
			on_pseudo(p, &ev);
		else
			on_event(p, &ev);
		p->n_seen++;
		if (is_full(p))
			send(p, false, 0);
		if (p->n_seen % LOOK_EVERY == 0 && !is_wanted(p))
			return 0;
		if (p->plan->to != UINT64_MAX && ev.num && ev.ts > p->plan->to
		    && ev.ts - p->plan->to > DISORDER_NS)
			break;
	}
	return rc;
}

static void want(const struct pass *p)
{
	struct event_set all = *state_events(), views = {0};
	bool bulk = p->filter && cond_needs_bulk(p->filter);

	for (unsigned i = 0; i < p->plan->n_views; i++) {
		event_set_union(&views, &p->plan->views[i].types);
		bulk |= p->plan->views[i].bulk;
	}
	if (p->plan->n_views == 0 || p->plan->marks)
		event_set_fill(&views);
	if (p->filter)
		event_set_meet(&views, cond_events(p->filter));
	event_set_union(&all, &views);
	if (p->plan->rules) {
		event_set_union(&all, &p->detect.wanted);
		bulk |= ruleset_needs_bulk(p->detect.plan->rules)
			|| alert_printer_needs_bulk(p->detect.plan->printer);
	}
	source_want(p->r->source, &all, bulk);
}

void pass_init(struct pass *p, struct reader *r, struct scan *s)
{
	struct browse *const b = r->b;

	*p = (struct pass){ .r = r, .scan = s, .plan = &s->plan, .lo = s->lo, .self = p->self,
			    .env = b->env };
	browse_lock(b);
	p->hi = s->hi;
	browse_unlock(b);
	if (p->plan->filter)
		p->filter = cond_clone(p->plan->filter);
	if (p->plan->rules) {
		p->plan_detect = b->detect;
		p->plan_detect.filter = p->plan->filter;
		p->plan_detect.from = p->plan->from;
		p->plan_detect.to = p->plan->to;
		detect_init(&p->detect, &p->plan_detect, on_alert, p);
		p->st = p->detect.state;
	} else {
		p->st = p->own = state_new(NULL);
	}
	p->ctx = (struct field_ctx){ .st = p->st, .cur = state_current(p->st),
				     .scratch = &p->scratch, .env = &p->env };
	for (unsigned i = 0; i < p->plan->n_views; i++) {
		gather_init(&p->gathers[i], &p->plan->views[i]);
		p->gathers[i].selects |= p->filter != NULL;
		p->gathers[i].slices = scan_slices(s);
	}
	if (s->base)
		watcher_init(&p->watcher, &b->blocks);
	want(p);
}

void pass_release(struct pass *p)
{
	for (unsigned i = 0; i < p->plan->n_views; i++)
		gather_release(&p->gathers[i]);
	if (p->plan->rules)
		detect_release(&p->detect);
	if (p->own)
		state_free(p->own);
	if (p->scan->base)
		watcher_release(&p->watcher);
	cond_free(p->filter);
	arena_release(&p->scratch);
}

static int go_to_part(struct pass *p)
{
	const struct part *at = &p->r->b->parts[p->part];
	struct source *const s = p->r->source;
	unsigned to_key;

	browse_lock(p->r->b);
	to_key = at->to_key;
	browse_unlock(p->r->b);
	p->num = 0;
	if (p->plan->rules)
		detect_reset(&p->detect);
	else
		state_clear(p->own);
	p->ctx.cur = state_current(p->st);
	state_begin(p->st, p->r->b->info.first_ts);
	/* Behind the part that was the last when the scan began there may be more by now. */
	s->stop_key = p->scan->alone || (p->scan->follows && p->part + 1 == p->scan->n_parts) ? 0 :
		to_key;
	s->pick = (struct source_pick){0};
	p->sieve = p->scan->sieve;
	if (p->scan->sieved)
		s->pick = (struct source_pick){ sieve_ask, &p->sieve, *state_events() };
	return source_seek_key(s, at->from_key);
}

/* ---- a part ---- */

static void fail(struct pass *p)
{
	browse_lock(p->r->b);
	if (!p->scan->failed[0])
		snprintf(p->scan->failed, sizeof(p->scan->failed), "%s", err_text());
	browse_unlock(p->r->b);
}

/* Processes that the snapshot of the first part tells of are rows whatever happens then. */
static bool has_rows(const struct pass *p)
{
	return !p->scan->sieved || (p->part == 0 && p->plan->plain && p->plan->views[0].processes)
		|| sieve_part(&p->scan->sieve, p->part);
}

/* What the first pass has seen of blocks is all there is in them. */
static void end_watch(struct pass *p)
{
	if (p->scan->base && !__atomic_load_n(&p->scan->cancelled, __ATOMIC_RELAXED))
		watcher_end(&p->watcher, p->part,
			    p->scan->alone ? browse_n_parts(p->r->b) : p->part + 1);
}

void pass_begin(struct pass *p, unsigned part)
{
	p->part = part;
	p->parcel = parcel_new(p);
	p->n_seen = 0;
	p->enough = part == p->scan->first_part ? FIRST_EVENTS : PARCEL_EVENTS;
	if (p->scan->base)
		watcher_begin(&p->watcher);
}

void pass_end(struct pass *p, int rc)
{
	struct browse *const b = p->r->b;
	uint64_t last;

	if (rc < 0)
		fail(p);
	else
		end_watch(p);
	browse_lock(b);
	last = b->info.last_ts;
	browse_unlock(b);
	if (p->plan->rules)
		detect_end(&p->detect, last);
	send(p, true, 0);
}

int pass_read(struct pass *p)
{
	int rc;

	if (!has_rows(p))
		return 1;
	rc = go_to_part(p);
	return rc < 0 ? rc : pass_read_on(p);
}

