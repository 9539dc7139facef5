/* SPDX-License-Identifier: Apache-2.0 */
/* What frames of views have in common, whatever they show rows as: what is said while there are no
 * rows, and which columns there are. */
#include <string.h>

#include "analyze/browse/front/ui.h"

const char *frame_untimed(const struct ui *u, const struct frame *f)
{
	if (browse_is_timed(u->b) || !view_needs_latencies(f->view))
		return NULL;
	return "not told how long calls took: record with --latency";
}

static const char *nothing(const struct ui *u, const struct frame *f, const struct query_status *s)
{
	if (s->failed)
		return s->failed;
	if (!s->complete && !s->live)
		return "reading ...";
	if (frame_untimed(u, f))
		return frame_untimed(u, f);
	if (f->search && *f->search)
		return "no row has this text";
	if (f->crumbs.n || crumbs_range(&f->crumbs))
		return "nothing in this focus; d removes the last filter";
	return "nothing of this kind happened";
}

void frame_draw_nothing(const struct ui *u, const struct frame *f, const struct query_status *s,
			int row)
{
	term_put(row, 2, -1, s->failed ? ROLE_ERROR : ROLE_DIM, nothing(u, f, s));
}

bool frame_busy(struct ui *u, struct frame *f)
{
	struct query_status s;

	query_status(f->q, &s);
	return !s.complete && !s.failed;
}

/* ---- columns -------------------------------------------------------------------- */

/* Where nothing tells how long calls took, or what was used, such columns would be empty. */
uint32_t frame_hidden(const struct ui *u, const struct frame *f)
{
	const struct view *v = f->view;
	uint32_t hidden = f->hidden;

	if (!browse_is_timed(u->b) && !view_needs_latencies(v))
		hidden |= view_latencies(v);
	for (unsigned i = 0; i < v->n_columns; i++)
		if (!browse_tells(u->b, v, i))
			hidden |= 1u << i;
	return hidden;
}

void frame_take_columns(const struct ui *u, struct frame *f)
{
	const struct view *v = f->view;

	for (size_t i = 0; i < u->notes.n_columns; i++) {
		const struct notes_column *c = &u->notes.columns[i];
		unsigned k = 0;

		while (k < v->n_columns && strcmp(v->columns[k].name, c->column) != 0)
			k++;
		if (k == v->n_columns || strcmp(c->view, v->id) != 0)
			continue;
		if (c->choice == COLUMN_SHOWN)
			f->hidden &= ~(1u << k);
		else if (c->choice == COLUMN_HIDDEN)
			f->hidden |= 1u << k;
		else
			f->sort = k, f->ascending = c->choice == COLUMN_SORTS, f->own_sort = true;
	}
	if (f->hidden == (1u << v->n_columns) - 1)	/* another version's columns */
		f->hidden = 0;
}

void frame_keep_columns(struct ui *u, const struct frame *f)
{
	const struct view *v = f->view;

	notes_columns_clear(&u->notes, v->id);
	for (unsigned k = 0; k < v->n_columns; k++)
		if ((f->hidden >> k & 1) != v->columns[k].hidden)
			notes_column_add(&u->notes, v->id, f->hidden >> k & 1 ? COLUMN_HIDDEN :
					 COLUMN_SHOWN, v->columns[k].name);
	if (f->sort != browse_sort(u->b, v) || f->ascending != v->ascending)
		notes_column_add(&u->notes, v->id, f->ascending ? COLUMN_SORTS :
				 COLUMN_SORTS_DOWN, v->columns[f->sort].name);
}
