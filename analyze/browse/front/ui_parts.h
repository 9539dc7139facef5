/* SPDX-License-Identifier: Apache-2.0 */
/* What the loop (ui.c), its keys (ui_keys.c), its beginning and end (ui_place.c) share. */
#ifndef SAKER_BROWSE_UI_PARTS_H
#define SAKER_BROWSE_UI_PARTS_H

#include "analyze/browse/front/ui.h"

/* Acts on a key, or keeps it until there is what it acts on. */
void ui_key(struct ui *u, int key);
/* Acts on one that waited; false: none does, or it has to go on. */
bool ui_take_ahead(struct ui *u);
/* Keys need not wait. */
bool ui_ready(const struct ui *u);

void place_begin(struct ui *u);		/* opens the first frames */
void place_save(struct ui *u);		/* in the notes */

#endif
