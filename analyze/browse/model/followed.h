/* SPDX-License-Identifier: Apache-2.0 */
/* What a stream follows: a descriptor or a terminal.  A connection is told by its name, so that a
 * child that serves it is followed too; any other descriptor by its process and number. */
#ifndef SAKER_BROWSE_FOLLOWED_H
#define SAKER_BROWSE_FOLLOWED_H

#include "analyze/browse/model/seek.h"
#include "analyze/browse/model/stream.h"

enum { FOLLOWED_NAME_MAX = 4200 };

struct followed {
	enum stream_kind kind;
	uint32_t pid, tty;
	uint64_t start_ts;	/* of the process */
	int64_t fd;
	uint8_t fd_kind, role;
	char name[FOLLOWED_NAME_MAX];
	size_t len;		/* of name; 0: nothing is followed yet */
};

/* What the event at hand has.  False: nothing whose name is known. */
bool followed_init(struct followed *f, enum stream_kind kind, const struct seeker *k);
/* Is the event at hand one of it? */
bool followed_is(const struct followed *f, const struct seeker *k);
/* Has the descriptor's own process it at hand? */
bool followed_by_owner(const struct followed *f, const struct seeker *k);
bool followed_is_net(const struct followed *f);
/* Of a descriptor: is it open when the part begins? */
bool followed_before(const struct followed *f, struct seeker *k, unsigned part);

#endif
