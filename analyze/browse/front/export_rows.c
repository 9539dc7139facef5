/* SPDX-License-Identifier: Apache-2.0 */
/* Rows as CSV, JSON or text.  In CSV and text, bytes that a terminal or a spreadsheet would take
 * for more than text are quoted; JSON has them as JSON can. */
#include <inttypes.h>
#include <string.h>

#include "analyze/browse/front/cell.h"
#include "analyze/browse/front/export_parts.h"
#include "analyze/browse/front/table_cells.h"
#include "capture/base/quote.h"
#include "capture/base/timearg.h"

enum { PART_ROWS = 50 };

enum form export_form(const char *name)
{
	const char *dot = strrchr(name, '.');

	return !dot ? FORM_NONE : strcmp(dot, ".csv") == 0 ? FORM_CSV :
		strcmp(dot, ".json") == 0 ? FORM_JSON : strcmp(dot, ".txt") == 0 ? FORM_TEXT :
		FORM_NONE;
}

/* ---- cells ---------------------------------------------------------------------- */

/* A spreadsheet takes =, +, - and @ in front of a text for a formula. */
static void put_csv(struct buf *out, const struct buf *text, bool is_text)
{
	const char first = text->len ? (char)text->p[0] : 0;
	struct buf q = {0};

	quote_terminal_buf(&q, text->p, text->len);
	buf_byte(out, '"');
	if (is_text && first && strchr("=+-@", first))
		buf_byte(out, '\'');
	for (size_t i = 0; i < q.len; i++) {
		if (q.p[i] == '"')
			buf_byte(out, '"');
		buf_byte(out, q.p[i]);
	}
	buf_byte(out, '"');
	buf_release(&q);
}

static void put_json_text(struct buf *out, const char *p, size_t len)
{
	buf_byte(out, '"');
	quote_json(out, p, len);
	buf_byte(out, '"');
}

static void put_json(struct buf *out, const struct datum *d, const struct buf *text,
		     enum unit unit)
{
	const bool number = unit == UNIT_NUMBER || unit_is_id(unit) || unit == UNIT_BYTES ||
		unit == UNIT_SPAN || unit == UNIT_DECADE || unit == UNIT_BAR;

	if (!d->known)
		buf_str(out, "null");
	else if (!number || d->text)
		put_json_text(out, (const char *)text->p, text->len);
	else if (d->is_signed)
		buf_i64_dec(out, (int64_t)d->u);
	else
		buf_u64_dec(out, d->u);
}

/* Padded by columns of the screen, not by bytes; the last one is not. */
static void put_text(struct buf *out, const void *p, size_t len, size_t width, bool last)
{
	const size_t before = out->len;
	size_t used;

	quote_terminal_buf(out, p, len);
	used = cell_width(out->p + before, out->len - before, width, true);
	for (; !last && used < width; used++)
		buf_byte(out, ' ');
}

static bool is_last(const struct export *x, unsigned i)
{
	while (++i < x->view->n_columns)
		if (!(x->hidden >> i & 1))
			return false;
	return true;
}

static void put_cell(const struct ui *u, struct export *x, unsigned i, const struct datum *d,
		     bool first)
{
	const struct view_column *c = &x->view->columns[i];
	struct buf text = {0};

	ui_datum(u, &text, d, c->unit, true);
	switch (x->form) {
	case FORM_CSV:
		buf_str(&x->out, first ? "" : ",");
		put_csv(&x->out, &text, c->unit == UNIT_TEXT);
		break;
	case FORM_JSON:
		buf_byte(&x->out, first ? '{' : ',');
		put_json_text(&x->out, c->name, strlen(c->name));
		buf_byte(&x->out, ':');
		put_json(&x->out, d, &text, c->unit);
		break;
	case FORM_TEXT: case FORM_NONE:
		buf_str(&x->out, first ? "" : "  ");
		put_text(&x->out, text.p, text.len, c->width, is_last(x, i));
	}
	buf_release(&text);
}

/* What is padded, and "id " of a program without arguments. */
static void end_line(struct buf *out)
{
	while (out->len && out->p[out->len - 1] == ' ')
		out->len--;
	buf_byte(out, '\n');
}

/* ---- rows ----------------------------------------------------------------------- */

void export_row(const struct ui *u, struct export *x, const struct datum *cells)
{
	bool first = true;

	if (x->part && x->form == FORM_JSON) {
		buf_str(&x->out, "{\"OVERVIEW\":");
		put_json_text(&x->out, x->part, strlen(x->part));
		first = false;
	}
	for (unsigned i = 0; i < x->view->n_columns; i++)
		if (!(x->hidden >> i & 1)) {
			put_cell(u, x, i, &cells[i], first);
			first = false;
		}
	buf_str(&x->out, x->form == FORM_JSON ? "}" : "");
	end_line(&x->out);
	x->n++;
}

void export_head(struct export *x)
{
	bool first = true;

	for (unsigned i = 0; i < x->view->n_columns && x->form != FORM_JSON; i++) {
		const struct view_column *c = &x->view->columns[i];

		if (x->hidden >> i & 1)
			continue;
		if (x->form == FORM_CSV) {
			buf_printf(&x->out, "%s\"%s\"", first ? "" : ",", c->name);
		} else {
			buf_str(&x->out, first ? "" : "  ");
			put_text(&x->out, c->name, strlen(c->name), c->width, is_last(x, i));
		}
		first = false;
	}
	if (x->form != FORM_JSON)
		end_line(&x->out);
}

/* ---- the overview --------------------------------------------------------------- */

static void put_facts(struct ui *u, struct export *x)
{
	struct overview_facts f;

	overview_facts(u, &f);
	if (x->form == FORM_TEXT) {
		buf_printf(&x->out, "%s%s%s\n%s\n", f.events, *f.lost ? "  " : "", f.lost,
			   f.machine);
		if (*f.damage)
			buf_printf(&x->out, "%s\n", f.damage);
		return;
	}
	buf_str(&x->out, "{\"OVERVIEW\":\"Recording\",\"EVENTS\":");
	put_json_text(&x->out, f.events, strlen(f.events));
	buf_str(&x->out, ",\"LOST\":");
	put_json_text(&x->out, f.lost, strlen(f.lost));
	buf_str(&x->out, ",\"MACHINE\":");
	put_json_text(&x->out, f.machine, strlen(f.machine));
	buf_str(&x->out, ",\"DAMAGE\":");
	put_json_text(&x->out, f.damage, strlen(f.damage));
	buf_str(&x->out, "}\n");
}

static void put_part(struct ui *u, struct export *x, struct query *q)
{
	query_rows(q, 0, PART_ROWS, &x->rows);
	if (x->form == FORM_TEXT)
		buf_printf(&x->out, "\n%s  %zu\n", x->part, x->rows.n_all);
	if (x->rows.n)
		export_head(x);
	for (size_t i = 0; i < x->rows.n; i++)
		export_row(u, x, x->rows.v[i].cells);
	if (x->form == FORM_TEXT && x->rows.n_all > x->rows.n)
		buf_printf(&x->out, "and %zu more\n", x->rows.n_all - x->rows.n);
}

void export_overview(struct ui *u, struct export *x)
{
	struct query *q;

	put_facts(u, x);
	for (unsigned i = 0; overview_part(x->f, i, &q, &x->part, &x->hidden); i++) {
		if (!q)
			continue;
		x->view = query_view(q);
		put_part(u, x, q);
	}
}
