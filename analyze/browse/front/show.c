/* SPDX-License-Identifier: Apache-2.0 */
/* Going somewhere: a frame for it on top of the stack. */
#include <string.h>

#include "analyze/browse/front/ui.h"

/* Of a list of events, above the cursor's. */
enum { LINES_BEFORE = 5 };

static const struct body *body_of(const struct view *v)
{
	return v->kind == VIEW_EVENTS ? &body_events : v->kind == VIEW_TREE ? &body_tree
		: v->kind == VIEW_SPECTRUM ? &body_spectrum : &body_table;
}

bool ui_show(struct ui *u, const char *view_id, const struct crumbs *c)
{
	const struct view *v;
	struct frame *f;

	if (strcmp(view_id, "overview") == 0) {
		f = frame_new(&body_overview, NULL, c);
	} else {
		v = views_find(browse_views(u->b), view_id);
		if (!v) {
			ui_error(u, "there is no view '%s'", view_id);
			return false;
		}
		f = frame_new(body_of(v), v, c);
		frame_take_columns(u, f);
		f->place = (struct place){ u->cursor_num, u->cursor };
		f->line = u->cursor > u->first ? LINES_BEFORE : 0;
	}
	return ui_push(u, f);
}

bool ui_show_event(struct ui *u, uint64_t num)
{
	struct frame *f = frame_new(&body_detail, NULL, &ui_top(u)->crumbs);

	f->num = num;
	return ui_push(u, f);
}

bool ui_show_stream(struct ui *u, enum stream_kind kind, uint64_t num)
{
	struct frame *f = frame_new(&body_stream, NULL, &ui_top(u)->crumbs);

	f->num = num;
	f->stream_kind = kind;
	return ui_push(u, f);
}

/* What one had chosen to see of a view stays as it was. */
static struct frame *same_view(const struct frame *f, const struct crumbs *c)
{
	struct frame *other = frame_new(f->body, f->view, c);

	other->sort = f->sort;
	other->ascending = f->ascending;
	other->hidden = f->hidden;
	other->own_sort = f->own_sort;
	other->at_cursor = f->at_cursor;
	other->place = f->place;
	other->line = f->line;
	other->num = f->num;
	other->bin = f->bin;
	other->chosen = f->chosen && f->body == &body_spectrum;
	return other;
}

bool ui_refocus(struct ui *u, const struct crumbs *c)
{
	const struct frame *f = ui_top(u);

	if (f->body == &body_detail || f->body == &body_stream)
		return ui_show(u, "events", c);
	return ui_push(u, same_view(f, c));
}

bool ui_stack_filter(struct ui *u, struct crumbs *c, const char *filter)
{
	const bool ok = crumbs_add(c, filter);

	if (!ok)
		ui_error(u, "%d filters are stacked: remove one first (D)", FOCUS_MAX);
	return ok;
}

bool ui_follow_link(struct ui *u, const struct link *l)
{
	struct crumbs c = { .from = ui_top(u)->crumbs.from, .to = ui_top(u)->crumbs.to };
	bool ok;

	if (!l->alone)
		crumbs_copy(&c, &ui_top(u)->crumbs);
	ok = ui_stack_filter(u, &c, l->filter) && ui_show(u, l->view, &c);
	crumbs_release(&c);
	return ok;
}
