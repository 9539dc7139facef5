/* SPDX-License-Identifier: Apache-2.0 */
/* The events of a case as a source. */
#include <stdlib.h>
#include <string.h>

#include "analyze/test/synth.h"
#include "capture/trace/source.h"

struct synth_source {
	struct source s;
	const struct test_events *events;
	size_t at;
	uint64_t num;
};

static int next(struct source *s, struct event *ev)
{
	struct synth_source *m = (struct synth_source *)s;

	while (m->at < m->events->n) {
		const struct event *e = m->events->v[m->at++];
		const bool pseudo = event_is_pseudo(e);

		m->num += !pseudo;
		if (!pseudo && !event_set_has(&s->want, e->type)) {
			s->n_skipped++;
			continue;
		}
		memcpy(ev, e, synth_event_size(e->desc));
		ev->num = pseudo ? 0 : m->num;
		return 0;
	}
	return 1;
}

static void finish(struct source *s)
{
	free(s);
}

struct source *test_case_open(const struct test_case *c)
{
	static const struct source_ops ops = { .next = next, .close = finish };
	struct synth_source *m;

	if (c->recording)
		return source_open(c->recording);
	m = xcalloc(1, sizeof(*m));
	m->s.ops = &ops;
	m->s.info.path = m->s.info.format = "memory";
	m->s.info.hostname = m->s.info.kernel = m->s.info.arch_name = m->s.info.writer = "";
	m->s.info.first_ts = c->events->v[0]->ts;
	m->s.info.last_ts = c->events->v[c->events->n - 1]->ts;
	m->events = c->events;
	event_set_fill(&m->s.want);
	m->s.want_bulk = true;
	return &m->s;
}

void test_events_free(struct test_events *t)
{
	if (t)
		free(t->v);
}
