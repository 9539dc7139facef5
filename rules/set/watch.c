/* SPDX-License-Identifier: Apache-2.0 */
/* Correlations compiled.  Their conditions have an engine of their own: which rule alerts first
 * on an event does not decide what a correlation sees. */
#include <stdlib.h>
#include <string.h>

#include "rules/lang/events.h"
#include "rules/set/items.h"

enum { TEXT_MAX = LANG_TEXT_MAX };

void watch_release(struct watches *w)
{
	if (w->has_engine)
		engine_release(&w->engine);
	arena_release(&w->arena);
	free(w->v);
	free(w->hits);
	*w = (struct watches){0};
}

/* The expanded condition, which was checked when it was loaded, once more for this engine. */
static bool add_condition(struct watches *w, const struct ast *a, uint32_t part)
{
	struct lang_text *t = arena_zalloc(&w->arena, sizeof(*t));
	struct event_set events;
	struct buf text = {0};
	struct ast *again;
	struct lang l;
	uint32_t root = INTERN_NONE;

	ast_print(&text, a, TEXT_MAX);
	lang_text_init(t, "correlate", arena_strn(&w->arena, text.p, text.len), text.len);
	buf_release(&text);
	lang_init(&l, &w->arena);
	l.strict = w->engine.strict;
	l.regexes = &w->engine.regexes;
	again = ast_parse(&l, t);
	if (again)
		root = engine_check(&w->engine, &l, again);
	if (root == INTERN_NONE)
		return false;
	events_of(again, &events);
	w->hits = mem_grow(w->hits, &w->hits_cap, w->n_hits + 1, sizeof(*w->hits));
	w->hits[w->n_hits++] = (struct correlate_hit){ (uint32_t)w->n, part };
	engine_add(&w->engine, root, &events);
	return true;
}

static const struct field_ref *copy_by(struct watches *w, const struct correlate_by *by)
{
	struct field_ref *refs = arena_alloc(&w->arena, (by->n + 1) * sizeof(*refs));

	for (uint32_t i = 0; i < by->n; i++)
		w->bulk |= field_needs_bulk(&by->refs[i]);
	if (by->n)
		memcpy(refs, by->refs, by->n * sizeof(*refs));
	return refs;
}

static bool add_correlation(struct watches *w, const struct rule_def *d)
{
	const struct correlate_def *def = d->correlate;
	struct correlation c = { .rule = &d->rule, .within = def->within, .count = def->count,
		.n_by = def->by.n, .n_steps = def->n_steps, .has_distinct = def->has_distinct,
		.distinct = def->distinct, .has_absence = def->has_absence };

	if (def->has_absence) {
		c.by[CORRELATE_ABSENCE] = copy_by(w, &def->absence.by);
		if (!add_condition(w, def->absence.ast, CORRELATE_ABSENCE))
			return false;
	}
	c.by[CORRELATE_RULE] = copy_by(w, &def->by);
	if (!add_condition(w, d->ast, CORRELATE_RULE))
		return false;
	for (uint32_t i = def->n_steps; i-- > 0;) {
		c.by[i] = copy_by(w, &def->steps[i].by);
		c.step_names[i] = def->steps[i].name;
		if (!add_condition(w, def->steps[i].ast, i))
			return false;
	}
	if (def->has_distinct)
		w->bulk |= field_needs_bulk(&def->distinct);
	w->v = mem_grow(w->v, &w->cap, w->n + 1, sizeof(*w->v));
	w->v[w->n++] = c;
	return true;
}

/* False: conditions that are larger than a condition may be, or too many. */
bool watch_compile(struct ruleset *rs, bool (*is_on)(const struct ruleset *,
						     const struct rule_def *))
{
	struct watches *w = &rs->watches;

	watch_release(w);
	for (size_t i = 0; i < rs->n_rules; i++) {
		const struct rule_def *d = rs->rules[i];

		if (!d->correlate || d->dropped || !d->ast || !is_on(rs, d))
			continue;
		if (!w->has_engine)
			engine_init(&w->engine, &w->arena, rs->options.strict);
		w->has_engine = true;
		if (!add_correlation(w, d) || w->n_hits > CORRELATE_HITS_MAX)
			return false;
	}
	if (!w->has_engine)
		return true;
	engine_finish(&w->engine, NULL);
	engine_types(&w->engine, &w->events);
	w->bulk |= engine_needs_bulk(&w->engine);
	return true;
}

const struct correlation *ruleset_correlations(const struct ruleset *rs, size_t *n)
{
	*n = rs->watches.n;
	return rs->watches.v;
}

unsigned watch_match(const struct watches *w, struct matcher *m, const struct field_ctx *ctx,
		     struct correlate_hit out[CORRELATE_HITS_MAX])
{
	const unsigned type = ctx->ev->type < EV__N ? ctx->ev->type : EV_UNKNOWN;
	uint32_t ids[CORRELATE_HITS_MAX];
	unsigned n;

	if (!event_set_has(&w->events, type))
		return 0;
	matcher_begin(m, ctx);
	n = matcher_match(m, type, ids, (unsigned)w->n_hits);
	for (unsigned i = 0; i < n; i++)
		out[i] = w->hits[ids[i]];
	return n;
}
