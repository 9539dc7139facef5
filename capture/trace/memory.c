/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "capture/base/err.h"
#include "capture/base/mem.h"
#include "capture/trace/format.h"

struct memory {
	struct source s;
	const struct event *events;
	size_t n, at;
	uint64_t num;
};

static int memory_next(struct source *s, struct event *ev)
{
	struct memory *m = (struct memory *)s;

	while (m->at < m->n) {
		const struct event *e = &m->events[m->at++];
		const bool pseudo = event_is_pseudo(e);

		m->num += !pseudo;
		if (!pseudo && !event_set_has(&s->want, e->type)) {
			s->n_skipped++;
			continue;
		}
		*ev = *e;
		ev->num = pseudo ? 0 : m->num;
		return 0;
	}
	return 1;
}

static int memory_seek_ts(struct source *s, uint64_t ts)
{
	struct memory *m = (struct memory *)s;

	m->at = 0;
	m->num = 0;
	return 0;
}

static void memory_close(struct source *s)
{
	free(s);
}

static const struct source_ops ops = {
	.next = memory_next, .seek_ts = memory_seek_ts, .close = memory_close,
};

struct source *memory_open(const struct event *events, size_t n)
{
	struct memory *m = xcalloc(1, sizeof(*m));

	m->s.ops = &ops;
	m->s.info.path = m->s.info.format = "memory";
	m->s.info.hostname = m->s.info.kernel = m->s.info.arch_name = m->s.info.writer = "";
	m->events = events;
	m->n = n;
	event_set_fill(&m->s.want);
	m->s.want_bulk = true;
	return &m->s;
}
