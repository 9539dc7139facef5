/* SPDX-License-Identifier: Apache-2.0 */
/* Where rows of tables and cells of spectra lead. */
#include <inttypes.h>
#include <string.h>

#include "analyze/browse/model/arrange.h"
#include "analyze/browse/model/links_parts.h"

/* ---- rows ---- */

static void put_key(struct buf *out, const struct gather_key *k)
{
	const uint8_t type = k->field->ref.desc->type;
	const struct fval v = { .p = k->text.p, .len = k->text.len, .type = type };
	const struct fval number = { .u = k->u, .type = type };

	if (k->bytes && type != FIELD_IP) {
		link_equals(out, k->field->ref.text, k->text);
		return;
	}
	buf_printf(out, "%s = ", k->field->ref.text);
	fval_text(out, k->bytes ? &v : &number);
}

static void note_key(struct subject *s, const struct gather_key *k)
{
	const char *field = k->field->rule ? "" : k->field->ref.text;

	if (strcmp(field, "fd.name") == 0 || strcmp(field, "evt.path") == 0)
		s->fd_name = k->text;
	else if (strcmp(field, "container.id") == 0)
		s->container = k->text;
	else if (strcmp(field, "proc.exepath") == 0)
		s->program = k->text;
	else if (strcmp(field, "evt.num") == 0)
		s->num = k->u;
}

/* The condition that the keys have the row's values; of alerts that it is the rule's event. */
static const char *keys_condition(struct browse *b, const struct gather_plan *p,
				  const struct row *r, struct subject *s, struct arena *a)
{
	struct gather_key k[VIEW_KEYS_MAX];
	const unsigned n = gather_keys(p, r, k);
	struct buf out = {0};
	const char *text;

	for (unsigned i = 0; i < n; i++) {
		if (k[i].field->rule == RULE_NAME && !s->num) {
			buf_reset(&out);
			buf_printf(&out, "rule:%.*s", (int)k[i].text.len, k[i].text.p);
			break;
		}
		if (!k[i].known || k[i].field->rule)
			continue;
		note_key(s, &k[i]);
		if (out.len)
			buf_str(&out, " and ");
		if (i == 0 && p->by_process) {
			s->pid = (int64_t)k[i].u;
			link_process(b, &out, s);
			continue;
		}
		put_key(&out, &k[i]);
	}
	text = link_take(&out, a);
	buf_release(&out);
	return text;
}

/* What columns say of it, where no key does. */
static void note_columns(const struct gather_plan *p, const struct row *r, struct subject *s,
			 struct arena *a)
{
	for (unsigned i = 0; i < p->view->n_columns; i++) {
		const struct cell *c = &r->cells[i];
		const char *f = p->view->columns[i].field;

		if (!f || !c->has || p->view->columns[i].gather > GATHER_LAST
		    || p->view->columns[i].gather < GATHER_FIRST)
			continue;
		if (strcmp(f, "proc.pid") == 0 && !s->pid && p->view->kind == VIEW_ALERTS)
			s->pid = (int64_t)c->u;
		else if (strcmp(f, "fd.rip") == 0)
			s->peer = (struct text){ arena_strn(a, c->text, c->len), c->len };
		else if (strcmp(f, "container.id") == 0 && !s->container.len)
			s->container = (struct text){ arena_strn(a, c->text, c->len), c->len };
		else if (strcmp(f, "evt.num") == 0 && p->view->kind == VIEW_ALERTS)
			s->num = c->u;
		else if (strcmp(f, "fd.l4proto") == 0)
			s->fd_kind = FD_IPV4;
	}
}

unsigned links_of_row(struct browse *b, const struct gather_plan *p, const struct row *r,
		      struct link *out, struct arena *a)
{
	struct subject s = { .fd_name.p = "", .container.p = "", .peer.p = "", .program.p = "" };
	const struct view *v = p->view, *next = views_find(b->views, v->next);
	const char *keys, *events, *id = next ? next->id : "events";
	unsigned n;

	if (r->process) {
		s.start_ts = r->process->start_ts;
		s.end_ts = r->process->end_ts;
	}
	keys = keys_condition(b, p, r, &s, a);
	note_columns(p, r, &s, a);
	/* They are those that the view counts; what comes next looks at more of them: a program
	 * that was run is more than its exec. */
	events = link_and(keys, v->filter, a);
	n = link_put(out, 0, next ? next->title : "events", id, next ? keys : events, false);
	out[0].num = s.num;
	if (next)
		n = link_put(out, n, "events of it", "events", events, false);
	return links_add(b, &s, out, n, a);
}

/* ---- cells ---- */

/* The filter of a spectrum, but that there is a value, which a condition on it says as well. */
static const char *filter_besides(const struct view *v)
{
	const size_t key = strlen(v->keys[0]);
	const char *rest = v->filter;

	if (strncmp(rest, v->keys[0], key) != 0 || strncmp(rest + key, " exists", 7) != 0)
		return v->filter;
	rest += key + 7;
	if (!*rest)
		return rest;
	return strncmp(rest, " and ", 5) != 0 || strstr(rest, " or ") ? v->filter : rest + 5;
}

const char *spectrum_condition(const struct view *v, unsigned first, unsigned end, struct arena *a)
{
	struct buf b = {0};
	const char *text;

	if (first > 0)
		buf_printf(&b, "%s >= %" PRIu64, v->keys[0], bin_edge(first));
	if (first > 0 && end < BINS)
		buf_str(&b, " and ");
	if (end < BINS)
		buf_printf(&b, "%s < %" PRIu64, v->keys[0], bin_edge(end));
	if (!b.len)
		buf_printf(&b, "%s exists", v->keys[0]);
	text = link_and(link_take(&b, a), filter_besides(v), a);
	buf_release(&b);
	return text;
}

unsigned links_of_cell(const struct view *v, const struct spectrum_key *k, const struct slices *s,
		       struct link *out, struct arena *a)
{
	const char *values = spectrum_condition(v, (unsigned)k->bin, (unsigned)k->bin + 1, a);
	const bool is_last = k->slice >= (s->grow ? UINT64_MAX : s->hi) / s->width;
	struct buf b = {0};
	const char *text;

	buf_str(&b, values);
	if (k->slice > s->lo / s->width)
		buf_printf(&b, " and evt.rawtime >= %" PRIu64, k->slice * s->width);
	if (!is_last)
		buf_printf(&b, " and evt.rawtime < %" PRIu64, (k->slice + 1) * s->width);
	text = link_take(&b, a);
	buf_release(&b);
	return link_put(out, 0, "events", "events", text, false);
}
