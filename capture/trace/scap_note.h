/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SAKER_TRACE_SCAP_NOTE_H
#define SAKER_TRACE_SCAP_NOTE_H

#include "capture/base/event.h"

enum { SCAP_NOTE_SPACE = 192, SCAP_NOTE_MAX = 1 << 16, SCAP_NOTIFICATION = 280 };

/* The id of the notification that says what ev, a loss, note or alert, says; text may be
 * in space.  NULL: it is none of these. */
const char *scap_note_text(const struct event *ev, char space[SCAP_NOTE_SPACE],
			   struct value *text);

/* A notification that is one of ours becomes what it was.  False: it is not. */
bool scap_note_read(struct event *ev);

#endif
