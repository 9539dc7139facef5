/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/browse/model/gather_parts.h"

#include <string.h>
#include <xxhash.h>

/* ---- what a process is ---- */

static void note_process(struct row *r, const struct field_ctx *c)
{
	const struct thread *t = c->cur->thread;
	const struct thread *up = thread_parent(c->st, t);

	r->process->pid = t->proc->pid;
	r->process->start_ts = t->proc->start_ts;
	if (up && up->proc != t->proc)
		r->process->parent = gather_process_id(up);
}

static void note_exit(struct row *r, const struct field_ctx *c)
{
	const struct thread *t = c->cur->thread;

	if (t->proc->n_threads > 1 && t->tid != t->proc->pid)
		return;
	r->process->end_ts = c->ev->ts;
	r->process->exit_status = (int32_t)value_i64(EV(c->ev, PROCEXIT, status), -1);
}

/* ---- columns ---- */

static uint64_t number_of(const struct fval *v)
{
	if (v->type == FIELD_DOUBLE)
		return v->d > 0 ? (uint64_t)(v->d + 0.5) : 0;
	return v->u;
}

static uint64_t value_hash(const struct fval *v)
{
	const uint64_t h = gather_has_bytes(v) ? XXH3_64bits(v->p, v->len) :
			   XXH3_64bits(&v->u, sizeof(v->u));

	return h ? h : 1;
}

bool gather_is_unknown(const struct fval *v)
{
	return v->type == FIELD_STRING && v->len == 4 && memcmp(v->p, "<NA>", 4) == 0;
}

static void set_value(struct gather *g, const struct view_column *col, struct cell *c,
		      const struct fval *v)
{
	if (col->unit != UNIT_TEXT) {
		c->u = gather_has_bytes(v) ? 0 : number_of(v);
		c->has = !gather_has_bytes(v);
		return;
	}
	if (v->type == FIELD_STRING) {
		if (!gather_is_unknown(v))
			cell_set_text(&g->table, c, v->p, v->len);
		return;
	}
	buf_reset(&g->text);
	fval_text(&g->text, v);
	cell_set_text(&g->table, c, (const char *)g->text.p, g->text.len);
}

static void add_value(struct gather *g, const struct view_column *col, struct cell *c,
		      const struct fval *v)
{
	const uint64_t u = gather_has_bytes(v) ? 0 : number_of(v);

	switch ((enum gather_kind)col->gather) {
	case GATHER_COUNT:
		c->u += v->type == FIELD_BOOL ? v->u != 0 : 1;
		break;
	case GATHER_SUM:
	case GATHER_RATE:
		c->u += u;
		break;
	case GATHER_MEAN:
		c->u += u;
		c->n++;
		break;
	case GATHER_MIN:
		c->u = c->has && c->u < u ? c->u : u;
		break;
	case GATHER_MAX:
		c->u = c->has && c->u > u ? c->u : u;
		break;
	case GATHER_FIRST:
	case GATHER_LAST:
		set_value(g, col, c, v);
		return;
	case GATHER_DISTINCT:
		cell_add_value(&g->table, c, value_hash(v));
		return;
	case GATHER_ALERTS:
	case GATHER__N:
		return;
	}
	c->has = 1;
}

static bool is_due(const struct gather *g, const struct gather_field *f,
		   const struct view_column *col, const struct cell *c, const struct event *ev)
{
	if (!c->has || (col->gather != GATHER_FIRST && col->gather != GATHER_LAST))
		return true;
	return col->gather == GATHER_LAST
		&& (!f->settled || g->selects || ev->desc->flags & EF_MODIFIES_STATE);
}

/* Only what a process is: it did nothing here. */
static bool is_fact(const struct gather_field *f, const struct view_column *col)
{
	return !f->none && (col->gather == GATHER_FIRST || col->gather == GATHER_LAST
			    || col->gather == GATHER_MAX || col->gather == GATHER_MIN)
		&& strcmp(f->ref.desc->class, "evt") != 0 && strcmp(f->ref.desc->class, "fd") != 0;
}

static void add_columns(struct gather *g, struct row *r, const struct gather_event *e, uint32_t due,
			bool all)
{
	const struct view *v = g->plan->view;

	for (; due; due &= due - 1) {
		const unsigned i = (unsigned)__builtin_ctz(due);
		const struct view_column *col = &v->columns[i];
		const struct gather_field *f = &g->plan->columns[i];
		struct cell *c = &r->cells[i];
		struct fval val = {0};

		if (!all && !is_fact(f, col))
			continue;
		if (f->none) {
			c->u += col->gather == GATHER_COUNT;
			c->has = 1;
		} else if (is_due(g, f, col, c, e->c->ev)
			   && gather_get(e, f, &val) == FIELD_FOUND) {
			add_value(g, col, c, &val);
		}
	}
}

/* ---- events ---- */

static struct row *find_row(struct gather *g, const struct gather_event *e)
{
	bool fresh;

	if (!gather_make_key(g, e))
		return NULL;
	if (g->last && g->key.len == g->last_key.len
	    && memcmp(g->key.p, g->last_key.p, g->key.len) == 0)
		return g->last;
	g->last = table_get(&g->table, table_hash(g->key.p, g->key.len), g->key.p, g->key.len,
			    &fresh);
	buf_reset(&g->last_key);
	buf_put(&g->last_key, g->key.p, g->key.len);
	if (g->plan->processes && (fresh || !g->last->process->parent))
		note_process(g->last, e->c);
	return g->last;
}

void gather_add(struct gather *g, const struct gather_event *e)
{
	struct row *r;

	if (!event_set_has(&g->plan->types, e->c->ev->type)
	    || (g->filter && !cond_eval(g->filter, e->c)))
		return;
	r = find_row(g, e);
	if (!r)
		return;
	r->n_events++;
	g->table.n_events++;
	add_columns(g, r, e, g->plan->due[e->c->ev->type], true);
	if (g->plan->processes && e->c->ev->type == EV_PROCEXIT)
		note_exit(r, e->c);
}

void gather_sample(struct gather *g, const struct gather_event *e)
{
	const uint32_t due = g->plan->sampled[e->c->ev->type == EV_CPUINFO];
	struct row *r;

	if (!due || (g->filter && !cond_eval(g->filter, e->c)))
		return;
	r = find_row(g, e);
	if (r)
		add_columns(g, r, e, due, true);
}

struct snapshot {
	struct gather *g;
	const struct field_ctx *c;
};

static int snapshot_thread(const struct thread *t, void *arg)
{
	const struct snapshot *s = arg;
	struct state_current cur = *s->c->cur;
	struct field_ctx c = *s->c;
	const struct gather_event e = { .c = &c };
	struct row *r;

	if (t->tid != t->proc->pid)
		return 0;
	cur.thread = state_thread(c.st, t->tid);
	cur.fd = NULL;
	cur.fd_num = INT64_MIN;
	c.cur = &cur;
	/* A view of what processes do has none who did nothing. */
	if (s->g->filter && !cond_eval(s->g->filter, &c))
		return 0;
	r = find_row(s->g, &e);
	if (r)
		add_columns(s->g, r, &e, s->g->plan->due[e.c->ev->type], false);
	return 0;
}

void gather_snapshot(struct gather *g, const struct field_ctx *c)
{
	struct snapshot s = { g, c };

	if (g->plan->processes)
		state_each_thread(c->st, snapshot_thread, &s);
}

void gather_init(struct gather *g, const struct gather_plan *p)
{
	*g = (struct gather){ .plan = p, .filter = p->filter ? cond_clone(p->filter) : NULL,
			      .selects = p->filter != NULL };
	table_init(&g->table, p->view, p->processes);
}

void gather_release(struct gather *g)
{
	cond_free(g->filter);
	table_release(&g->table);
	buf_release(&g->key);
	buf_release(&g->last_key);
	buf_release(&g->text);
}

void gather_reset(struct gather *g)
{
	table_reset(&g->table);
	g->table.width = g->slices.width;
	g->last = NULL;
}
