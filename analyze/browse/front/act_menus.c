/* SPDX-License-Identifier: Apache-2.0 */
/* Lists to choose from: where to go, another view, which filter goes, which columns are shown; and
 * what is done with the choice. */
#include "analyze/browse/front/act_parts.h"

/* ---- what there is -------------------------------------------------------------- */

void act_links_menu(struct ui *u)
{
	struct link v[LINKS_MAX];
	const unsigned n = act_links(u, v);

	if (n == 0) {
		ui_say(u, "nothing leads on from here");
		return;
	}
	menu_begin(&u->menu, MENU_LINKS, "From here");
	for (unsigned i = 0; i < n; i++)
		menu_add(&u->menu, v[i].title, v[i].filter, (long)i);
	u->mode = MODE_MENU;
}

void act_views_menu(struct ui *u)
{
	const struct views *vs = browse_views(u->b);

	menu_begin(&u->menu, MENU_VIEWS, "Views");
	u->menu.keys = "type to find, Enter opens";
	menu_add(&u->menu, "Overview", "the recording at a glance", -1);
	for (size_t i = 0; i < vs->n; i++) {
		menu_add(&u->menu, vs->v[i]->title, vs->v[i]->help, (long)i);
		if (vs->v[i] == ui_top(u)->view)
			menu_select(&u->menu, (long)i);
	}
	u->mode = MODE_MENU;
}

void act_crumbs_menu(struct ui *u)
{
	const struct crumbs *c = &ui_top(u)->crumbs;

	if (c->n == 0) {
		ui_say(u, "no filter is stacked; f stacks one");
		return;
	}
	menu_begin(&u->menu, MENU_CRUMBS, "Remove which filter?");
	for (unsigned i = 0; i < c->n; i++)
		menu_add(&u->menu, c->v[i], NULL, (long)i);
	u->mode = MODE_MENU;
}

/* ---- columns -------------------------------------------------------------------- */

void act_columns_menu(struct ui *u)
{
	const struct frame *f = ui_top(u);
	const uint32_t hidden = frame_hidden(u, f);

	menu_begin(&u->menu, MENU_COLUMNS, "Columns");
	u->menu.keys = f->q ? "Space shows or hides, Enter sorts" : "Space shows or hides";
	for (unsigned i = 0; i < f->view->n_columns; i++) {
		menu_add(&u->menu, f->view->columns[i].name, f->view->columns[i].help, (long)i);
		menu_check(&u->menu, (long)i, !(hidden >> i & 1));
	}
	u->mode = MODE_MENU;
}

static void column_chosen(struct ui *u, long chosen)
{
	struct frame *f = ui_top(u);

	if (u->mode == MODE_MENU) {	/* the menu stays: a column was toggled */
		const uint32_t hidden = f->hidden ^ 1u << chosen;

		if (hidden != (1u << f->view->n_columns) - 1)
			f->hidden = hidden;
		frame_keep_columns(u, f);
		menu_check(&u->menu, chosen, !(frame_hidden(u, f) >> chosen & 1));
	} else if (f->q) {
		f->hidden &= ~(1u << chosen);
		table_sort(f, (unsigned)chosen);
		frame_keep_columns(u, f);
	}
}

/* ---- the choice ----------------------------------------------------------------- */

void ui_menu_done(struct ui *u, long chosen)
{
	struct link v[LINKS_MAX];

	if (chosen < 0 && u->menu.kind != MENU_VIEWS)
		return;
	switch (u->menu.kind) {
	case MENU_VIEWS:
		act_replace_view(u, chosen < 0 ? "overview" : browse_views(u->b)->v[chosen]->id);
		break;
	case MENU_CRUMBS:
		act_unfilter(u, (unsigned)chosen);
		break;
	case MENU_COLUMNS:
		column_chosen(u, chosen);
		break;
	case MENU_BOOKMARKS:
		act_go_bookmark(u, (size_t)chosen);
		break;
	case MENU_LINKS:
		if ((unsigned)chosen < act_links(u, v))
			ui_follow_link(u, &v[chosen]);
		break;
	case MENU_WRITE: case MENU_RULES:
		write_chosen(u, chosen);
		break;
	case MENU_NONE:
		break;
	}
}
