/* SPDX-License-Identifier: Apache-2.0 */
/* Where the browser begins, and the place that notes keep of where the user left. */
#include <string.h>

#include "analyze/browse/front/ui_parts.h"

/* Into the focus of the place; its view.  NULL: there is none. */
static const char *take_place(struct ui *u, struct crumbs *c)
{
	const struct notes_place *p = &u->notes.place;

	u->cursor = p->cursor;
	u->cursor_num = p->num;
	c->from = p->from;
	c->to = p->to;
	for (size_t i = 0; i < p->n_filters; i++)
		if (focus_check(u->b, p->filters[i]) == 0)
			crumbs_add(c, p->filters[i]);
	return p->view;
}

static void at_row(struct ui *u, uint64_t id)
{
	if (id && ui_top(u)->q) {
		ui_top(u)->id = id;
		ui_top(u)->chosen = true;
	}
}

static bool is_overview(const char *view)
{
	return !view || strcmp(view, "overview") == 0;
}

void place_begin(struct ui *u)
{
	const struct notes_place *p = &u->notes.place;
	const struct ui_options *o = u->options;
	const bool known = p->known && !o->view && !o->filter;
	struct crumbs c = { .to = UINT64_MAX };
	const char *view = known ? take_place(u, &c) : o->view;
	const bool resumed = known && view &&
		(!is_overview(view) || c.n > 0 || u->cursor != u->first);

	if (o->filter)
		crumbs_add(&c, o->filter);
	if (is_overview(view) && c.n > 0 && o->filter)
		view = "events";
	ui_show(u, "overview", NULL);
	if (!is_overview(view) || c.n > 0 || crumbs_range(&c))
		ui_show(u, is_overview(view) ? "overview" : view, &c);
	if (resumed)
		at_row(u, p->row);
	if (resumed && !u->message_is_error)
		ui_say(u, "where you left; Backspace goes to the overview");
	crumbs_release(&c);
}

void place_save(struct ui *u)
{
	struct notes_place *p = &u->notes.place;
	unsigned at = u->n_frames - 1;
	const struct frame *f;

	while (u->frames[at]->body == &body_detail || u->frames[at]->body == &body_stream)
		at--;
	f = u->frames[at];
	notes_place_clear(p);
	p->known = true;
	p->view = xstrdup(f->view ? f->view->id : "overview");
	p->cursor = u->cursor;
	p->num = u->cursor_num;
	p->row = f->q && f->chosen ? f->id : 0;
	p->from = f->crumbs.from;
	p->to = f->crumbs.to;
	for (unsigned i = 0; i < f->crumbs.n; i++)
		notes_place_filter(p, f->crumbs.v[i]);
	u->notes.changed = true;
}
