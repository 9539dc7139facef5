/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/browse/model/query.h"

#include <stdlib.h>
#include <string.h>

#include "analyze/browse/model/query_parts.h"
#include "capture/base/err.h"

/* ---- the scan that answers it ---- */

static void put_name(struct buf *out, const struct view *v, const struct focus *f)
{
	buf_printf(out, "%p %p %s", (const void *)v->columns, (const void *)v->keys[0], v->filter);
	for (unsigned i = 0; i < f->n; i++) {
		buf_byte(out, '\n');
		buf_str(out, f->filters[i]);
	}
	buf_printf(out, "\n%llu %llu %d", (unsigned long long)f->from, (unsigned long long)f->to,
		   v->kind == VIEW_ALERTS);
}

static bool is_all(const struct browse *b, const struct focus *f)
{
	return f->n == 0 && f->from <= b->info.first_ts
		&& f->to >= (b->grows ? UINT64_MAX : b->info.last_ts);
}

/* With the lock. */
static struct scan *find_scan(struct browse *b, const struct view *v, const char *name)
{
	unsigned at;

	for (struct scan *s = b->scans; s; s = s->next)
		if (!s->base && !s->cancelled && s->name && strcmp(s->name, name) == 0
		    && scan_has(s, v, &at))
			return s;
	return NULL;
}

static struct scan *make_scan(struct browse *b, const struct view *v, const struct focus *f,
			      const char *name)
{
	struct scan_plan plan = { .n_views = 1, .from = f->from, .to = f->to,
		.rules = v->kind == VIEW_ALERTS, .plain = is_all(b, f) };
	struct scan *s;

	if (focus_compile(b, f, NULL, &plan.filter) < 0)
		return NULL;
	if (gather_plan_init(&plan.views[0], v) < 0) {
		gather_plan_release(&plan.views[0]);
		cond_free(plan.filter);
		return NULL;
	}
	s = scan_new(b, &plan);
	s->name = xstrdup(name);
	s->n_refs = 1;
	browse_begin(b, s);
	return s;
}

/* With a reference to it. */
static struct scan *scan_for(struct browse *b, const struct view *v, const struct focus *f)
{
	struct buf name = {0};
	struct scan *s;
	unsigned at;

	put_name(&name, v, f);
	browse_lock(b);
	s = is_all(b, f) && scan_has(b->base, v, &at) ? b->base
		: find_scan(b, v, buf_text(&name));
	if (s)
		s->n_refs++;
	browse_unlock(b);
	if (!s)
		s = make_scan(b, v, f, buf_text(&name));
	buf_release(&name);
	return s;
}

/* ---- opening ---- */

/* The clerk has work; with the lock. */
static void wake_clerk(struct browse *b)
{
	b->arrange = true;
	pthread_cond_signal(&b->parcels);
}

struct query *query_open(struct browse *b, const struct view *v, const struct focus *f)
{
	struct scan *s;
	struct query *q;
	unsigned at;

	if (v->kind == VIEW_EVENTS || (v->kind == VIEW_ALERTS && !b->rules)) {
		err(ERR_RULE, v->kind == VIEW_EVENTS ? "%s is a list of events" :
		    "%s needs rules", v->id);
		return NULL;
	}
	s = scan_for(b, v, f);
	if (!s || !scan_has(s, v, &at))
		return NULL;
	q = xcalloc(1, sizeof(*q));
	q->b = b;
	q->scan = s;
	q->view = v;
	q->table = &s->tables[at];
	q->column = browse_sort(b, v);
	q->ascending = v->ascending;
	q->search = xstrdup("");
	q->dirty = true;
	browse_lock(b);
	q->next = b->queries;
	b->queries = q;
	wake_clerk(b);
	browse_unlock(b);
	query_front(q);
	return q;
}

void query_close(struct query *q)
{
	struct browse *const b = q->b;

	browse_lock(b);
	q->closed = true;
	if (--q->scan->n_refs == 0 && !q->scan->base && !q->scan->complete)
		scan_cancel(q->scan);
	wake_clerk(b);
	browse_unlock(b);
}

void query_front(struct query *q)
{
	struct browse *const b = q->b;

	browse_lock(b);
	for (struct scan **at = &b->scans; *at; at = &(*at)->next)
		if (*at == q->scan) {
			*at = q->scan->next;
			q->scan->next = b->scans;
			b->scans = q->scan;
			break;
		}
	q->scan->last_used = ++b->clock;
	browse_unlock(b);
}

const struct view *query_view(const struct query *q)
{
	return q->view;
}

struct scan *query_scan(struct query *q)
{
	return q->scan;
}

/* ---- what is asked for ---- */

/* With the lock, which it gives back. */
static void ask(struct query *q)
{
	q->dirty = true;
	wake_clerk(q->b);
	browse_unlock(q->b);
}

void query_sort(struct query *q, unsigned column, bool ascending)
{
	browse_lock(q->b);
	if (column < q->view->n_columns) {
		q->column = column;
		q->ascending = ascending;
	}
	ask(q);
}

void query_search(struct query *q, const char *text)
{
	browse_lock(q->b);
	free(q->search);
	q->search = xstrdup(text ? text : "");
	ask(q);
}

void query_at(struct query *q, uint64_t ts)
{
	browse_lock(q->b);
	q->at_ts = ts;
	ask(q);
}

void query_fold(struct query *q, uint64_t row, bool folded)
{
	size_t at = 0;
	bool is;

	browse_lock(q->b);
	while (at < q->n_folded && q->folded[at] < row)
		at++;
	is = at < q->n_folded && q->folded[at] == row;
	if (is && !folded) {
		memmove(q->folded + at, q->folded + at + 1,
			(--q->n_folded - at) * sizeof(*q->folded));
	} else if (!is && folded) {
		q->folded = mem_grow(q->folded, &q->folded_cap, q->n_folded + 1,
				     sizeof(*q->folded));
		memmove(q->folded + at + 1, q->folded + at,
			(q->n_folded++ - at) * sizeof(*q->folded));
		q->folded[at] = row;
	}
	ask(q);
}
