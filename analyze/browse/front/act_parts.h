/* SPDX-License-Identifier: Apache-2.0 */
/* What keys everywhere (act.c), lists (act_menus.c) and what is typed (act_prompt.c) do, also with
 * notes (act_notes.c). */
#ifndef SAKER_BROWSE_ACT_PARTS_H
#define SAKER_BROWSE_ACT_PARTS_H

#include "analyze/browse/front/ui.h"

/* ---- act.c ---- */

/* What leads on from the chosen row; how many. */
unsigned act_links(struct ui *u, struct link out[LINKS_MAX]);
/* Another view in the same focus. */
bool act_replace_view(struct ui *u, const char *id);
void act_unfilter(struct ui *u, unsigned i);

/* ---- act_menus.c ---- */

void act_links_menu(struct ui *u);
void act_views_menu(struct ui *u);
void act_crumbs_menu(struct ui *u);
void act_columns_menu(struct ui *u);

/* ---- act_notes.c ---- */

void act_bookmark(struct ui *u);		/* sets one here, or takes it away */
void act_ask_note(struct ui *u);
void act_set_note(struct ui *u, const char *text);	/* NULL: there is none */
void act_bookmarks(struct ui *u);		/* the list of all */
void act_go_bookmark(struct ui *u, size_t i);

#endif
