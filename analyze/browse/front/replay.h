/* SPDX-License-Identifier: Apache-2.0 */
/* Of frames of a terminal: it plays f->stream again. */
#ifndef SAKER_BROWSE_REPLAY_H
#define SAKER_BROWSE_REPLAY_H

#include "analyze/browse/front/ui.h"

struct replay *replay_new(void);		/* the caller frees it */
void replay_draw(struct frame *f, int row, int height);
void replay_status(const struct ui *u, const struct frame *f, struct buf *out);
bool replay_act(struct frame *f, enum action a);

#endif
