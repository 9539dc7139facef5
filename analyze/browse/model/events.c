/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/browse/model/events.h"

#include <stdlib.h>
#include <string.h>

#include "analyze/browse/model/events_parts.h"
#include "capture/base/err.h"

/* ---- opening ---- */

static void release(struct job *j)
{
	struct events *const e = (struct events *)j;

	if (--e->n_refs > 0)
		return;
	events_clear(e);
	free(e->v);
	gather_plan_release(&e->plan);
	cond_free(e->filter);
	arena_release(&e->arena);
	free(e);
}

static void copy_focus(struct events *e, const struct focus *f)
{
	e->focus = *f;
	for (unsigned i = 0; i < f->n; i++)
		e->focus.filters[i] = arena_str(&e->arena, f->filters[i]);
}

struct events *events_open(struct browse *b, const struct view *v, const struct focus *f)
{
	struct events *e = xcalloc(1, sizeof(*e));

	e->b = b;
	e->view = v;
	e->n_refs = 1;
	job_init(&e->job, b, SEEK_ROWS, events_run, release);
	copy_focus(e, f);
	if (gather_plan_init(&e->plan, v) < 0 || focus_compile(b, f, v->filter, &e->filter) < 0) {
		release(&e->job);
		return NULL;
	}
	event_set_fill(&e->types);
	if (e->filter)
		e->types = types_of_cond(e->filter);
	sieve_init(&e->sieve, &b->blocks, &e->types, v->filter);
	if (e->filter)
		sieve_cond(&e->sieve, e->filter);
	e->sieve.from = f->from;
	e->sieve.to = f->to;
	e->sieve.on = b->blocks.has_losses;	/* rows tell what was lost before them */
	return e;
}

void events_close(struct events *e)
{
	struct browse *const b = e->b;

	browse_lock(b);
	if (e->search)
		job_close(&e->search->job);
	e->search = NULL;
	job_close(&e->job);
	browse_unlock(b);
}

const struct view *events_view(const struct events *e)
{
	return e->view;
}

/* ---- the window ---- */

static void copy_row(const struct events *e, const struct cached *c, struct event_row *r,
		     struct arena *a)
{
	const unsigned n = e->view->n_columns;

	*r = c->row;
	r->n_alerts = marks_alerts(e->b, r->num, &r->worst);
	r->cells = arena_alloc(a, n * sizeof(*r->cells));
	memcpy(r->cells, c->cells, n * sizeof(*r->cells));
	for (unsigned i = 0; i < n; i++)
		if (r->cells[i].text)
			r->cells[i].text = arena_strn(a, r->cells[i].text, r->cells[i].len);
}

/* Are its last rows those of the list?  They have been, perhaps, before the recording grew. */
static bool at_end(const struct events *e)
{
	return e->end && (!e->b->grows || e->size == e->b->info.size);
}

/* What is known around event num: false, if that is not all that was asked for. */
static bool copy_window(struct events *e, uint64_t num, unsigned before, unsigned after,
			struct event_window *out)
{
	size_t at, from, to;
	bool all;

	if (!e->lo || num < e->lo || (num > e->hi && !e->end))
		return false;
	at = events_at(e, num);
	/* Behind the last event is the last event. */
	if (at == e->n && e->end && at > 0)
		at--;
	from = at > before ? at - before : 0;
	to = at + after + 1 < e->n ? at + after + 1 : e->n;
	all = (at >= before || e->begin) && (at + after < e->n || at_end(e));
	out->n = to - from;
	out->at = at < e->n ? at - from : out->n;
	out->begin = e->begin && from == 0;
	out->end = at_end(e) && to == e->n;
	out->v = arena_alloc(&out->arena, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++)
		copy_row(e, e->v[from + i], &out->v[i], &out->arena);
	return all;
}

uint64_t events_reach(const struct events *e, uint64_t num)
{
	const uint64_t first = kept_num(e->b);

	return num == 0 || num >= first || (e->lo && num >= e->lo) ? num : first;
}

static bool same_wish(const struct wish *a, const struct wish *b)
{
	return a->place.num == b->place.num && a->place.ts == b->place.ts
		&& a->before == b->before && a->after == b->after;
}

void events_window(struct events *e, const struct place *p, unsigned before, unsigned after,
		   struct event_window *out)
{
	const struct wish w = { *p, before, after };
	uint64_t num = p->num;

	arena_reset(&out->arena);
	out->n = out->at = 0;
	out->complete = out->begin = out->end = false;
	browse_lock(e->b);
	if (is_end(e, p))
		num = e->end ? e->hi + 1 : 0;
	else if (!num && e->ts_known && e->ts_asked == p->ts)
		num = e->ts_num;
	num = events_reach(e, num);
	if (num)
		out->complete = copy_window(e, num, before, after, out)
			&& (!is_end(e, p) || at_end(e));
	/* Numbers of a damaged recording need not be in order: one answer has to do. */
	out->complete |= e->answered && same_wish(&w, &e->wish)
		&& e->answered_size == e->b->info.size;
	if (!out->complete && !((e->job.pending || e->job.running) && same_wish(&w, &e->wish))) {
		e->wish = w;
		e->answered = false;
		job_ask(&e->job);
	}
	browse_unlock(e->b);
}

unsigned events_links(struct events *e, uint64_t num, struct link out[LINKS_MAX],
		      struct arena *a)
{
	struct subject s = {0};
	size_t at;

	browse_lock(e->b);
	at = events_at(e, num);
	if (at < e->n && e->v[at]->row.num == num) {
		s = e->v[at]->subject;
		s.fd_name.p = arena_strn(a, s.fd_name.p, s.fd_name.len);
		s.container.p = arena_strn(a, s.container.p, s.container.len);
		s.program.p = arena_strn(a, s.program.p, s.program.len);
		s.peer.p = arena_strn(a, s.peer.p, s.peer.len);
	}
	browse_unlock(e->b);
	return s.num ? links_add(e->b, &s, out, 0, a) : 0;
}

void event_window_release(struct event_window *w)
{
	arena_release(&w->arena);
	*w = (struct event_window){0};
}
