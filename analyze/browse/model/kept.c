/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/browse/model/kept.h"

#include <fcntl.h>

#include "capture/base/err.h"

static int lock(const struct browse *b, short type, uint64_t from, uint64_t len)
{
	struct flock l = { .l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)from,
			   .l_len = (off_t)len };

	return fcntl(b->original.fd, F_OFD_SETLK, &l);
}

int kept_begin(struct browse *b)
{
	if (!b->kept.bytes)
		return 0;
	return lock(b, F_RDLCK, 0, 0) < 0 ? err_sys("cannot lock %s", b->info.path) : 0;
}

/* Before this byte nothing is to be read for a scan any more. */
static uint64_t done_of(const struct scan *s)
{
	if (s->complete || s->cancelled || s->failed[0])
		return UINT64_MAX;
	return s->caught_up ? s->joined
		: s->b->parts[s->joining < s->n_parts ? s->joining : s->n_parts - 1].off;
}

static uint64_t done_of_all(const struct browse *b)
{
	uint64_t done = UINT64_MAX;

	for (const struct scan *s = b->scans; s; s = s->next)
		if (done_of(s) < done)
			done = done_of(s);
	return done;
}

/* What was given up the last time nobody reads any more: lists of events and the like, which
 * nothing is waited for, are through with it. */
void kept_move_on(struct browse *b)
{
	const uint64_t done = b->kept.bytes ? done_of_all(b) : 0;
	const unsigned was = b->kept.part;
	unsigned part = was;

	while (done > 0 && part + 1 < b->n_parts && b->parts[part + 1].off <= done
	       && b->info.size - b->parts[part + 1].off >= b->kept.bytes)
		part++;
	if (part == was)
		return;
	__atomic_store_n(&b->kept.part, part, __ATOMIC_RELEASE);
	if (b->parts[was].off > 0)
		lock(b, F_UNLCK, 0, b->parts[was].off);
}

uint64_t kept_num(const struct browse *b)
{
	const unsigned part = kept_part(b);

	return part > 0 ? b->parts[part].first_num : 1;
}

struct place browse_kept(const struct browse *b)
{
	const unsigned part = kept_part(b);

	return part > 0 ? (struct place){ b->parts[part].first_num, b->parts[part].first_ts }
		: (struct place){ 1, b->info.first_ts };
}
