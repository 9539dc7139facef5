/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of a pass share: pass.c begins and ends it and its parts, pass_events.c reads
 * events, pass_parcel.c hands over what was gathered. */
#ifndef SAKER_BROWSE_PASS_PARTS_H
#define SAKER_BROWSE_PASS_PARTS_H

#include "analyze/browse/model/pass.h"

/* An alert, with the event at hand; p: the pass. */
int pass_alert(void *p, const struct rule *r, uint64_t ts, uint64_t num, const char *line,
	       size_t len);
/* An empty parcel of the part at hand. */
struct parcel *pass_parcel(struct pass *p);
/* Is there so much in the parcel that it ought to be handed over? */
bool pass_is_full(const struct pass *p);
/* last: of its part, then there is no parcel any more; limit as pass_send, 0: more is there. */
void pass_hand_over(struct pass *p, bool last, uint64_t limit);

#endif
