/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a process tree: the lines of their ancestors in front, how their lives went behind. */
#include "analyze/browse/front/tree_rows.h"

#include <stdio.h>

#include "analyze/browse/front/cell.h"

static unsigned tree_levels(int width)
{
	return width > 8 ? (unsigned)width / 4 : 2;
}

void tree_shift(struct frame *f, int width)
{
	const unsigned levels = tree_levels(width);
	unsigned least = UINT16_MAX, most = 0;

	for (size_t i = 0; i < f->rows.n; i++) {
		const unsigned depth = f->rows.v[i].depth;

		least = depth < least ? depth : least;
		most = depth > most ? depth : most;
	}
	f->skip = most > levels ? most - levels : 0;
	if (f->skip > least)
		f->skip = least;
}

/* What is deeper than levels is shown below the nearest of its ancestors only. */
static void tree_lead(const struct query_row *r, unsigned skip, unsigned levels, struct buf *out)
{
	const bool utf8 = term_utf8();
	const unsigned own = r->depth > skip ? r->depth - skip : 0;
	const unsigned depth = own < levels ? own : levels;

	for (unsigned i = depth; i-- > 1;)
		if (i == depth - 1 && depth < own)
			buf_str(out, utf8 ? "… " : "~ ");
		else
			buf_str(out, !(i <= 32 && r->lines >> (i - 1) & 1) ? "  " : utf8 ? "│ "
				: "| ");
	if (own > 0)
		buf_str(out, r->last_child ? (utf8 ? "└" : "`") : utf8 ? "├" : "|");
	buf_str(out, r->has_children ? (r->folded ? "+ " : utf8 ? "▿ " : "- ") :
		own > 0 ? (utf8 ? "─ " : "- ") : "  ");
}

/* How its life went: when it ended and how, where that was seen. */
static void tree_tail(const struct ui *u, const struct query_row *r, bool time, struct buf *out)
{
	char text[20] = "";

	buf_reset(out);
	if (!r->end_ts)
		return;
	if (time)
		ui_time_text(u, text, sizeof(text), r->end_ts);
	buf_printf(out, "%s%s%s", time ? "  " : " ", term_utf8() ? "†" : "+", time ? " " : "");
	buf_str(out, text);
	if (r->exit_status > 0 && (r->exit_status & 0x7f))
		buf_printf(out, " signal %d", r->exit_status & 0x7f);
	else if (r->exit_status > 0)
		buf_printf(out, " exit %d", r->exit_status >> 8 & 0xff);
}

/* A process in the tree.  How its life went stays in sight where its command is too long, but not
 * the time of its end. */
void tree_text(const struct ui *u, const struct frame *f, const struct query_row *r,
		      const struct column_place *p, struct buf *out)
{
	const size_t width = (size_t)p->width;
	const bool utf8 = term_utf8();
	struct buf name = {0}, tail = {0};
	size_t lead, end;

	tree_lead(r, f->skip, tree_levels(p->width), out);
	ui_datum(u, &name, &r->cells[p->column], f->view->columns[p->column].unit, false);
	while (name.len && name.p[name.len - 1] == ' ')	/* no arguments */
		name.len--;
	lead = cell_width(out->p, out->len, width, utf8);
	tree_tail(u, r, true, &tail);
	end = cell_width(tail.p, tail.len, width, utf8);
	if (lead + cell_width(name.p, name.len, width, utf8) + end > width) {
		tree_tail(u, r, false, &tail);
		end = cell_width(tail.p, tail.len, width, utf8);
	}
	cell_text(out, name.p, name.len, lead + end < width ? width - lead - end : 1, utf8);
	buf_put(out, tail.p, tail.len);
	buf_release(&name);
	buf_release(&tail);
}
