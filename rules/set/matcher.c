/* SPDX-License-Identifier: Apache-2.0 */
/* A set asked about events: what one thread needs for it. */
#include <stdlib.h>

#include "rules/set/items.h"

struct ruleset_matcher {
	const struct ruleset *rs;
	struct matcher m, parts;	/* of rules; of parts of correlations */
	uint32_t *ids;			/* room for all rules */
};

struct ruleset_matcher *ruleset_matcher_new(const struct ruleset *rs)
{
	struct ruleset_matcher *m = xcalloc(1, sizeof(*m));

	m->rs = rs;
	m->ids = xcalloc(rs->engine.n_roots + 1, sizeof(*m->ids));
	matcher_init(&m->m, &rs->engine);
	if (rs->watches.has_engine)
		matcher_init(&m->parts, &rs->watches.engine);
	return m;
}

void ruleset_matcher_free(struct ruleset_matcher *m)
{
	if (!m)
		return;
	matcher_release(&m->m);
	matcher_release(&m->parts);
	free(m->ids);
	free(m);
}

unsigned ruleset_match(struct ruleset_matcher *m, const struct field_ctx *ctx,
		       const struct rule **out, unsigned max)
{
	const struct engine *e = &m->rs->engine;
	const unsigned type = ctx->ev->type < EV__N ? ctx->ev->type : EV_UNKNOWN;
	uint32_t one, *ids = max == 1 ? &one : m->ids;
	unsigned n;

	if (e->first[type] == e->first[type + 1])
		return 0;
	matcher_begin(&m->m, ctx);
	/* all, not max: copies of a rule are found together, and out of order */
	n = matcher_match(&m->m, type, ids, max == 1 ? 1 : (unsigned)e->n_roots);
	if (n > max)
		n = max;
	for (unsigned i = 0; i < n; i++)
		out[i] = &m->rs->by_engine[ids[i]]->rule;
	return n;
}

unsigned ruleset_match_parts(struct ruleset_matcher *m, const struct field_ctx *ctx,
			     struct correlate_hit out[CORRELATE_HITS_MAX])
{
	return m->rs->watches.n ? watch_match(&m->rs->watches, &m->parts, ctx, out) : 0;
}

unsigned ruleset_match_profiled(struct ruleset_matcher *m, struct ruleset_profile *p,
				const struct field_ctx *ctx, const struct rule **out, unsigned max)
{
	const struct engine *e = &m->rs->engine;
	const unsigned type = ctx->ev->type < EV__N ? ctx->ev->type : EV_UNKNOWN;
	unsigned n;

	if (e->first[type] == e->first[type + 1])
		return 0;
	matcher_begin(&m->m, ctx);
	n = profile_match(&p->p, &m->m, type, m->ids,
			  max < e->n_roots ? max : (unsigned)e->n_roots);
	for (unsigned i = 0; i < n; i++)
		out[i] = &m->rs->by_engine[m->ids[i]]->rule;
	return n;
}

struct matcher *ruleset_matcher_begin(struct ruleset_matcher *m, const struct field_ctx *ctx)
{
	matcher_begin(&m->m, ctx);
	return &m->m;
}

struct ruleset_work ruleset_matcher_work(const struct ruleset_matcher *m)
{
	return (struct ruleset_work){
		.events = m->m.n_events, .preds = m->m.n_preds, .slots = m->m.n_slots,
	};
}
