/* SPDX-License-Identifier: Apache-2.0 */
/* What keys and looks of a list of events (body_events.c) call of its place (events_place.c). */
#ifndef SAKER_BROWSE_EVENTS_PARTS_H
#define SAKER_BROWSE_EVENTS_PARTS_H

#include "analyze/browse/front/ui.h"

/* The index in the window of the chosen row; SIZE_MAX: it is not there yet. */
size_t list_chosen(const struct frame *f);
/* Moves as far as it can be done, and takes the window to show on so many rows. */
void list_look(struct ui *u, struct frame *f, int height);
/* To an event, or without number a time, wherever that is. */
void list_go(struct frame *f, uint64_t num, uint64_t ts);

#endif
