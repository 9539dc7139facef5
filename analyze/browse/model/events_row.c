/* SPDX-License-Identifier: Apache-2.0 */
/* From an event to a row of the list. */
#include <string.h>

#include "analyze/browse/model/events_parts.h"

bool events_fits(const struct events *e, struct cond *filter, const struct seeker *s)
{
	if (s->ev.num == 0 || !event_set_has(&e->types, s->ev.type)
	    || s->ev.ts < e->focus.from || s->ev.ts > e->focus.to)
		return false;
	return !filter || cond_eval(filter, &s->ctx);
}

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
