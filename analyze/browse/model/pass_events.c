/* SPDX-License-Identifier: Apache-2.0 */
/* The events of a pass: what each adds to the parcel at hand. */
#include "analyze/browse/model/pass_parts.h"

enum { LOOK_EVERY = 2048 };

/* ---- time ---- */

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

/* ---- marks ---- */

static struct mark *add_mark(struct parcel *p, enum mark_kind kind, uint64_t num, uint64_t ts)
{
	struct mark *m;

	p->marks = mem_grow(p->marks, &p->marks_cap, p->n_marks + 1, sizeof(*p->marks));
	m = &p->marks[p->n_marks++];
	*m = (struct mark){ .num = num, .ts = ts, .kind = (uint8_t)kind };
	return m;
}

int pass_alert(void *arg, const struct rule *r, uint64_t ts, uint64_t num, const char *line,
	       size_t len)
{
	struct pass *p = arg;
	const struct thread *t = p->detect.ctx.cur->thread;
	const struct gather_event e = { &p->detect.ctx, r, line, len };
	const uint32_t head[2] = { t ? t->proc->pid : 0, (uint32_t)len };
	const unsigned bucket = bucket_of(p, ts);
	struct mark *m;

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
	if (ev->type != EV_SNAP_END || !p->plan->plain || p->part != p->scan->first_part
	    || p->num != 0)
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
	return !scan_is_cancelled(p->scan);
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
		if (++p->n_seen % LOOK_EVERY == 0) {
			if (pass_is_full(p))
				pass_hand_over(p, false, 0);
			if (!is_wanted(p))
				return 0;
		}
		if (range_is_over(p->plan->to, &ev))
			break;
	}
	return rc;
}
