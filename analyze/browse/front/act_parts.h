/* SPDX-License-Identifier: Apache-2.0 */
/* What keys everywhere (act.c) and what is typed (act_prompt.c) do with notes (act_notes.c). */
#ifndef SAKER_BROWSE_ACT_PARTS_H
#define SAKER_BROWSE_ACT_PARTS_H

#include "analyze/browse/front/ui.h"

void act_bookmark(struct ui *u);		/* sets one here, or takes it away */
void act_ask_note(struct ui *u);
void act_set_note(struct ui *u, const char *text);	/* NULL: there is none */
void act_bookmarks(struct ui *u);		/* the list of all */
void act_go_bookmark(struct ui *u, size_t i);

#endif
