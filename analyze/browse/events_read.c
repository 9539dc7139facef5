/* SPDX-License-Identifier: Apache-2.0 */
/* Reading for the list of events.  Events can only be read forward from a key frame.  What stands
 * before a place is found in two passes over the part before it: one that notes the numbers of the
 * last events in focus, one that makes rows of them. */
#include <stdlib.h>
#include <string.h>

#include "analyze/browse/events_parts.h"

bool events_fits(const struct events *e, struct cond *filter, const struct seeker *s)
{
	if (s->ev.num == 0 || !event_set_has(&e->types, s->ev.type)
	    || s->ev.ts < e->focus.from || s->ev.ts > e->focus.to)
		return false;
	return !filter || cond_eval(filter, &s->ctx);
}

/* ---- rows ---- */

static void put_datum(const struct events *e, const struct seeker *s, unsigned i,
		      struct datum *d, struct buf *texts)
{
	const struct view_column *col = &e->view->columns[i];
	const size_t at = texts->len;
	struct fval v;

	*d = (struct datum){0};
	if (e->plan.columns[i].none
	    || field_get_value(&s->ctx, &e->plan.columns[i].ref, &v) != FIELD_FOUND
	    || gather_is_unknown(&v))
		return;
	d->known = true;
	if (col->unit != UNIT_TEXT) {
		d->is_signed = unit_is_id(col->unit);
		d->u = v.type == FIELD_DOUBLE ? (uint64_t)v.d : v.u;
		return;
	}
	fval_text(texts, &v);
	if (texts->len - at > CELL_TEXT_MAX)
		texts->len = at + CELL_TEXT_MAX;
	d->len = (uint32_t)(texts->len - at);
	d->u = at;
}

static bool has_failed(const struct event *ev)
{
	const struct value *v = ev->n_params > 0 ? &ev->v[0] : NULL;
	const struct param_desc *d = v ? &ev->desc->params[0] : NULL;

	return v && v->state == VALUE_SET && v->i < 0
		&& (d->type == PT_ERRNO || d->type == PT_FD || d->type == PT_PID);
}

/* Texts are copied behind the cells: where they will stand counts from the first. */
static size_t put_text(struct buf *texts, struct text t)
{
	const size_t at = texts->len;

	buf_put(texts, t.p, t.len);
	buf_byte(texts, 0);
	return at;
}

static void keep_subject(struct cached *c, const struct subject *s, const char *texts,
			 const size_t at[4])
{
	c->subject = *s;
	c->subject.fd_name.p = texts + at[0];
	c->subject.container.p = texts + at[1];
	c->subject.program.p = texts + at[2];
	c->subject.peer.p = texts + at[3];
}

struct cached *events_row(const struct events *e, const struct seeker *s)
{
	const unsigned n = e->view->n_columns;
	const struct thread *t = s->ctx.cur->thread;
	struct datum cells[VIEW_COLUMNS_MAX];
	const struct subject about = subject_of(&s->ctx);
	struct buf texts = {0};
	struct cached *c;
	size_t at[4];
	char *text;

	for (unsigned i = 0; i < n; i++)
		put_datum(e, s, i, &cells[i], &texts);
	at[0] = put_text(&texts, about.fd_name);
	at[1] = put_text(&texts, about.container);
	at[2] = put_text(&texts, about.program);
	at[3] = put_text(&texts, about.peer);
	c = xmalloc(sizeof(*c) + n * sizeof(*cells) + texts.len);
	c->row = (struct event_row){ .num = s->ev.num, .ts = s->ev.ts, .tid = s->ev.tid,
		.pid = t ? t->proc->pid : s->ev.pid, .type = s->ev.type,
		.failed = has_failed(&s->ev), .worst = PRIORITY__N };
	memcpy(c->cells, cells, n * sizeof(*cells));
	text = (char *)&c->cells[n];
	memcpy(text, texts.p, texts.len);
	keep_subject(c, &about, text, at);
	for (unsigned i = 0; i < n; i++)
		if (c->cells[i].known && e->view->columns[i].unit == UNIT_TEXT) {
			c->cells[i].text = text + c->cells[i].u;
			c->cells[i].u = 0;
		}
	buf_release(&texts);
	return c;
}

/* ---- the run of known rows ---- */

void events_clear(struct events *e)
{
	for (size_t i = 0; i < e->n; i++)
		free(e->v[i]);
	e->n = 0;
	e->lo = e->hi = 0;
	e->begin = e->end = false;
}

static void append(struct events *e, struct cached *c)
{
	browse_lock(e->b);
	e->v = mem_grow(e->v, &e->cap, e->n + 1, sizeof(*e->v));
	e->v[e->n++] = c;
	e->hi = c->row.num;
	browse_unlock(e->b);
}

static void prepend(struct events *e, struct cached **v, size_t n, uint64_t lo)
{
	browse_lock(e->b);
	e->v = mem_grow(e->v, &e->cap, e->n + n, sizeof(*e->v));
	if (e->n)
		memmove(e->v + n, e->v, e->n * sizeof(*e->v));
	if (n)
		memcpy(e->v, v, n * sizeof(*v));
	e->n += n;
	e->lo = lo;
	e->begin |= lo <= 1;
	browse_unlock(e->b);
}

/* end: there was no more, for this seeker. */
static void told(struct events *e, const struct seeker *s, uint64_t hi, bool end)
{
	browse_lock(e->b);
	if (hi > e->hi)
		e->hi = hi;
	e->end |= end;
	if (end) {
		e->size = s->source->info.size;
		e->last = hi > s->most ? hi : s->most;
	}
	browse_unlock(e->b);
}

static bool past_focus(const struct events *e, const struct seeker *s)
{
	const uint64_t slack = 1000000000;

	return e->focus.to != UINT64_MAX && s->ev.num && s->ev.ts > e->focus.to
		&& s->ev.ts - e->focus.to > slack;
}

/* ---- forward ---- */

static uint64_t loss_of(const struct seeker *s)
{
	return s->ev.num == 0 && s->ev.type == EV_LOSS ? value_u64(EV(&s->ev, LOSS, count), 0) : 0;
}

/* Of the recording, at whose end the seeker is: the last events may have been passed over. */
static uint64_t last_num(const struct events *e, const struct seeker *s)
{
	const struct blocks *x = &e->b->blocks;

	return x->n && x->v[x->n - 1].end > s->num ? x->v[x->n - 1].end - 1 : s->num;
}

/* need more rows behind hi, from wherever the seeker stands, and some in advance unless they are
 * far apart. */
static void read_on(struct events *e, struct seeker *s, unsigned need)
{
	uint64_t looked = 0;
	unsigned n = 0;
	bool over = false;
	int rc = 0;

	while ((n < need || (n < need + ROWS_AHEAD && looked < AHEAD_EVENTS))
	       && !job_over(&e->job)) {
		rc = seek_next(s, e->hi + 1);
		over = rc != 0 || past_focus(e, s);
		if (over)
			break;
		e->lost += loss_of(s);
		if (events_fits(e, e->filter, s)) {
			struct cached *c = events_row(e, s);

			c->row.lost_before = e->lost;
			e->lost = 0;
			append(e, c);
			n++;
		}
		if (++looked % LOOK_EVERY == 0)
			told(e, s, s->num, false);
	}
	if (s->sieve.ended) {		/* there may be more behind the part */
		told(e, s, s->sieve.ended - 1, false);
		s->owner = 0;
		return;
	}
	told(e, s, rc == 1 ? last_num(e, s) : s->num, over);
}

/* Can the seeker read on from where it stands? */
static bool is_near(const struct events *e, const struct seeker *s)
{
	return s->owner == e->job.id && s->num <= e->hi
		&& browse_part(e->b, s->num + 1, 0) == browse_part(e->b, e->hi + 1, 0);
}

static bool needs_bulk(const struct events *e)
{
	return e->plan.bulk || (e->filter && cond_needs_bulk(e->filter));
}

/* To the event behind hi, of blocks before it only for the state. */
static int go_forward(struct events *e, struct seeker *s)
{
	const unsigned part = browse_part(e->b, e->hi + 1, 0);
	struct sieve v = e->sieve;

	e->lost = 0;
	if (!sieve_works(&v))
		return seek_part(s, part, e->job.id, &e->types,
				 needs_bulk(e) ? e->hi + 1 : UINT64_MAX);
	v.from_num = e->hi + 1;
	return seek_sifted(s, part, e->job.id, &e->types, needs_bulk(e), &v);
}

static void extend_forward(struct events *e, struct seeker *s, unsigned need)
{
	const uint64_t next = sieve_skip(&e->sieve, e->hi + 1);

	if (next == UINT64_MAX) {
		told(e, s, last_num(e, s), true);
		return;
	}
	told(e, s, next - 1, false);
	if (is_near(e, s)) {
		s->sieve.from_num = next;
	} else if (go_forward(e, s) < 0) {
		told(e, s, e->hi, true);
		return;
	}
	read_on(e, s, need);
}

/* ---- backward ---- */

/* Numbers of the last events in focus: the newest replaces the oldest. */
struct ring {
	uint64_t *v;
	unsigned cap;
	uint64_t n;
};

static uint64_t ring_first(const struct ring *r)
{
	return r->n > r->cap ? r->v[r->n % r->cap] : r->v[0];
}

static unsigned ring_n(const struct ring *r)
{
	return r->n < r->cap ? (unsigned)r->n : r->cap;
}

/* The oldest comes first. */
static void ring_order(struct ring *r)
{
	uint64_t *v = xcalloc(r->cap, sizeof(*v));
	const unsigned n = ring_n(r);

	for (unsigned i = 0; i < n; i++)
		v[i] = r->v[(r->n - n + i) % r->cap];
	free(r->v);
	r->v = v;
	r->n = n;
}

/* Notes the events in focus of a part that stand before num. */
static bool note_part(struct events *e, struct seeker *s, unsigned part, uint64_t num,
		      struct ring *r)
{
	const uint64_t first = e->b->parts[part].first_num;
	struct sieve v = e->sieve;

	r->n = 0;
	v.to_num = num;
	v.on = false;
	if (sieve_skip(&v, first) >= num)
		return true;
	if (seek_sifted(s, part, 0, &e->types, e->filter && cond_needs_bulk(e->filter), &v) < 0)
		return false;
	while (!job_over(&e->job) && seek_next(s, 0) == 0 && (!s->ev.num || s->ev.num < num))
		if (events_fits(e, e->filter, s))
			r->v[r->n++ % r->cap] = s->ev.num;
	return !job_over(&e->job);
}

static int go_back(struct events *e, struct seeker *s, uint64_t from, const struct ring *r)
{
	const unsigned part = browse_part(e->b, from, 0);
	struct sieve v = e->sieve;

	/* From the event before it on, or it is not known what was lost between them. */
	if (v.on || !sieve_works(&v))
		return seek_part(s, part, 0, NULL,
				 from > e->b->parts[part].first_num ? from - 1 : from);
	v.from_num = from;
	v.on = true;
	v.nums = r ? r->v : NULL;
	v.n_nums = r ? ring_n(r) : 0;
	return seek_sifted(s, part, 0, &e->types, needs_bulk(e), &v);
}

/* Makes rows of the events in focus from number from on and before num; r: these are all of
 * them, in order; or NULL. */
static bool rows_between(struct events *e, struct seeker *s, uint64_t from, uint64_t num,
			 const struct ring *r)
{
	struct cached **v = NULL;
	size_t n = 0, cap = 0;
	uint64_t lost = 0;
	bool ok;

	if (go_back(e, s, from, r) < 0)
		return false;
	while (!job_over(&e->job) && seek_next(s, from) == 0 && (!s->ev.num || s->ev.num < num)) {
		lost += s->num + 1 >= from ? loss_of(s) : 0;
		if (!events_fits(e, e->filter, s))
			continue;
		v = mem_grow(v, &cap, n + 1, sizeof(*v));
		v[n] = events_row(e, s);
		v[n++]->row.lost_before = lost;
		lost = 0;
	}
	ok = !job_over(&e->job);
	if (ok)
		prepend(e, v, n, from);
	for (size_t i = 0; !ok && i < n; i++)
		free(v[i]);
	free(v);
	return ok;
}

static bool is_plain(const struct events *e)
{
	return !e->filter && e->focus.from == 0;
}

/* Rows of the events that were noted before lo; first: of the part. */
static void back_to(struct events *e, struct seeker *s, struct ring *r, uint64_t first)
{
	const uint64_t from = r->n < r->cap ? first : ring_first(r);

	ring_order(r);
	rows_between(e, s, from, e->lo, r);
}

/* The last n before lo of those in focus, wherever they are in the part. */
static void extend_noted(struct events *e, struct seeker *s, unsigned n)
{
	const unsigned part = browse_part(e->b, e->lo - 1, 0);
	const uint64_t first = part ? e->b->parts[part].first_num : 1;
	struct ring r = { .cap = n, .v = xcalloc(n, sizeof(*r.v)) };

	if (note_part(e, s, part, e->lo, &r)) {
		if (r.n == 0)
			prepend(e, NULL, 0, first);
		else
			back_to(e, s, &r, first);
	}
	free(r.v);
}

/* About n more rows before lo. */
static void extend_backward(struct events *e, struct seeker *s, unsigned n)
{
	const size_t known = e->n;

	/* Where numbers are missing they may be more than one could count down. */
	if (!is_plain(e) || (rows_between(e, s, e->lo > n ? e->lo - n : 1, e->lo, NULL)
			     && e->n == known && !e->begin))
		extend_noted(e, s, n);
}

/* ---- a place ---- */

/* Known rows begin anew so far before num that those wanted before it are among them, if they are
 * in the same part. */
static void begin_at(struct events *e, struct seeker *s, uint64_t num, unsigned before)
{
	const unsigned part = browse_part(e->b, num, 0);
	struct ring r = { .cap = before + ROWS_AHEAD };

	if (is_plain(e)) {
		num = num > r.cap ? num - r.cap : 1;
	} else {
		r.v = xcalloc(r.cap, sizeof(*r.v));
		if (note_part(e, s, part, num, &r) && r.n > 0)
			num = ring_first(&r);
		free(r.v);
	}
	browse_lock(e->b);
	events_clear(e);
	e->lo = num;
	e->hi = num - 1;
	e->begin = num <= 1;
	browse_unlock(e->b);
}

/* How many rows are known before and behind num. */
static void count_around(const struct events *e, uint64_t num, size_t *before, size_t *behind)
{
	size_t lo = 0, hi = e->n;

	while (lo < hi) {
		const size_t mid = lo + (hi - lo) / 2;

		if (e->v[mid]->row.num < num)
			lo = mid + 1;
		else
			hi = mid;
	}
	*before = lo;
	*behind = e->n - lo;
}

static void trim(struct events *e, uint64_t num)
{
	size_t before, behind, drop;

	browse_lock(e->b);
	count_around(e, num, &before, &behind);
	drop = before > ROWS_KEPT ? before - ROWS_KEPT / 2 : 0;
	for (size_t i = 0; i < drop; i++)
		free(e->v[i]);
	if (drop) {
		e->n -= drop;
		memmove(e->v, e->v + drop, e->n * sizeof(*e->v));
		e->lo = e->v[0]->row.num;
		e->begin = false;
	}
	drop = behind > ROWS_KEPT ? behind - ROWS_KEPT / 2 : 0;
	for (size_t i = 0; i < drop; i++)
		free(e->v[--e->n]);
	if (drop) {
		e->hi = e->v[e->n - 1]->row.num;
		e->end = false;
	}
	browse_unlock(e->b);
}

/* Has this seeker nothing behind the rows that are known? */
static bool has_ended(const struct events *e, const struct seeker *s)
{
	return e->end && (!e->b->grows || e->size == s->source->info.size);
}

/* ---- the end of a recording that grows ---- */

struct tail {
	struct cached **v;
	size_t n, cap;
	uint64_t from;		/* rows before it are not wanted */
};

/* Of what came at once only the last rows can be seen. */
static void tail_add(struct tail *t, struct cached *c)
{
	t->v = mem_grow(t->v, &t->cap, t->n + 1, sizeof(*t->v));
	t->v[t->n++] = c;
	if (t->n < ROWS_KEPT)
		return;
	t->from = t->v[t->n / 2]->row.num;
	for (size_t i = 0; i < t->n / 2; i++)
		free(t->v[i]);
	memmove(t->v, t->v + t->n / 2, (t->n - t->n / 2) * sizeof(*t->v));
	t->n -= t->n / 2;
}

/* Where not all from hi on was kept, what was known goes. */
static void tail_join(struct events *e, const struct seeker *s, struct tail *t, bool over)
{
	browse_lock(e->b);
	if (t->from > e->hi + 1) {
		events_clear(e);
		e->lo = t->from;
		e->begin = t->from <= 1;
	}
	e->v = mem_grow(e->v, &e->cap, e->n + t->n, sizeof(*e->v));
	if (t->n)
		memcpy(e->v + e->n, t->v, t->n * sizeof(*t->v));
	e->n += t->n;
	e->hi = s->num;
	e->end = over;
	e->size = s->source->info.size;
	browse_unlock(e->b);
	t->n = 0;
}

static void read_tail(struct events *e, struct seeker *s, unsigned before)
{
	const uint64_t last = seek_last(s), keep = before + ROWS_AHEAD;
	struct tail t = { .from = e->hi + 1 };
	uint64_t lost = 0;
	int rc = 0;

	if (is_plain(e) && last > keep && last - keep > e->hi)
		t.from = last - keep + 1;
	if ((s->owner != e->job.id || s->num != e->hi)
	    && seek_part(s, browse_part(e->b, e->hi + 1, 0), e->job.id, NULL, e->hi + 1) < 0)
		return;
	while (!job_over(&e->job) && (rc = seek_next(s, t.from)) == 0) {
		lost += s->num + 1 >= t.from ? loss_of(s) : 0;
		if (!events_fits(e, e->filter, s))
			continue;
		tail_add(&t, events_row(e, s));
		t.v[t.n - 1]->row.lost_before = lost;
		lost = 0;
	}
	if (s->num + 1 >= t.from)
		tail_join(e, s, &t, rc != 0);
	else
		s->owner = 0;
	for (size_t i = 0; i < t.n; i++)
		free(t.v[i]);
	free(t.v);
}

static uint64_t number_of_end(struct events *e, struct seeker *s, unsigned before)
{
	if (e->end && !has_ended(e, s))
		read_tail(e, s, before);
	return e->end ? e->hi + 1 : seek_last(s) + 1;
}

static uint64_t number_of_place(struct events *e, struct seeker *s, const struct place *p)
{
	uint64_t num;

	if (p->num)
		return p->num;
	if (e->ts_known && e->ts_asked == p->ts && (!e->b->grows || e->ts_num <= e->hi))
		return e->ts_num;
	num = seek_time(s, browse_part(e->b, 0, p->ts), p->ts, &e->job);
	if (job_over(&e->job))
		return 0;
	browse_lock(e->b);
	e->ts_known = true;
	e->ts_asked = p->ts;
	e->ts_num = num;
	browse_unlock(e->b);
	return num;
}

/* Rows from num on, told as soon as they are there. */
static void read_behind(struct events *e, struct seeker *s, uint64_t num, const struct wish *w)
{
	size_t before, behind;

	for (;;) {
		count_around(e, num, &before, &behind);
		if (job_over(&e->job) || behind > w->after || has_ended(e, s))
			break;
		extend_forward(e, s, w->after + 1 - (unsigned)behind);
		browse_tell(e->b);
	}
}

/* Is the end known, and far before all that is? */
static bool is_beyond(const struct events *e, const struct seeker *s)
{
	return has_ended(e, s) && e->n == 0 && e->last < e->lo - 1;
}

void events_run(struct job *j, struct seeker *s)
{
	struct events *const e = (struct events *)j;
	size_t before, behind;
	struct wish w;
	uint64_t num, lo;

	browse_lock(e->b);
	w = e->wish;
	e->answered = false;
	browse_unlock(e->b);
	num = is_end(e, &w.place) ? number_of_end(e, s, w.before)
		: number_of_place(e, s, &w.place);
	if (!num)
		return;
	if (!e->lo || num < e->lo || (num > e->hi + 1 && !has_ended(e, s)))
		begin_at(e, s, num, w.before);
	/* First what is at the place and behind it. */
	read_behind(e, s, num, &w);
	if (is_beyond(e, s) && !job_over(j)) {
		begin_at(e, s, e->last + 1, w.before);
		read_behind(e, s, e->last + 1, &w);
	}
	for (;;) {
		count_around(e, num, &before, &behind);
		/* The last event stands for what is behind it. */
		before -= behind == 0 && before > 0;
		if (job_over(j) || before >= w.before || e->begin)
			break;
		lo = e->lo;
		extend_backward(e, s, w.before - (unsigned)before + ROWS_AHEAD);
		if (e->lo == lo && !job_over(j))
			prepend(e, NULL, 0, 0);		/* it cannot be read */
		browse_tell(e->b);
	}
	trim(e, num);
	browse_lock(e->b);
	e->answered = !job_over(j);
	e->answered_size = s->source->info.size;
	browse_unlock(e->b);
}
