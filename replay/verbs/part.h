/* SPDX-License-Identifier: Apache-2.0 */
/* A recording made from others: events go in with all that came before them, those that
 * are kept come out, with the state they need as key frames. */
#ifndef SAKER_VERBS_PART_H
#define SAKER_VERBS_PART_H

#include "capture/base/event.h"
#include "capture/trace/writer.h"
#include "replay/state/state.h"

struct part;

/* Which threads are kept; NULL: all. */
typedef bool part_keep(const struct state *st, const struct thread *t, void *arg);

/* Writes to w, which it does not close. */
struct part *part_new(struct writer *w, part_keep *keep, void *arg, bool anonymous);
void part_free(struct part *p);
const struct state *part_state(const struct part *p);

/* Takes the next event of the input, in order.  wanted: it is to be written if its thread is
 * kept; before the first such event only the state changes.  Pseudo events find their own
 * way. */
int part_add(struct part *p, const struct event *ev, bool wanted);

/* Writes text as a note. */
int part_note(struct part *p, const char *text);

/* Ends: a part without events still has the state at its end. */
int part_end(struct part *p);

/* Numbers of the first and the last event written, as they were; how many. */
struct part_range {
	uint64_t first, last, n;
};
struct part_range part_range(const struct part *p);

#endif
