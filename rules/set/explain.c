/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/lang/explain.h"

#include "rules/lang/events.h"
#include "rules/set/items.h"

/* A condition with exceptions was put together as "(condition) and not (first) and not
 * (second)": the kids of the root behind the first are the exceptions. */
static void name_exceptions(struct explain *x, const struct rule_def *d)
{
	uint32_t n = 0, kids = 0, k;

	for (size_t i = 0; i < d->n_exceptions; i++)
		n += d->exceptions[i].n_rows > 0;
	for (k = 1; k < x->n; k = x->v[k].end)
		kids++;
	if (n == 0 || x->v[0].kind != EXPLAIN_AND || kids != n + 1)
		return;
	k = x->v[1].end;
	for (size_t i = 0; i < d->n_exceptions; i++) {
		if (d->exceptions[i].n_rows == 0)
			continue;
		x->v[k].name = d->exceptions[i].name;
		k = x->v[k].end;
	}
}

bool ruleset_explain(const struct ruleset *rs, const struct rule *r, struct explain *out)
{
	const struct rule_def *d = rs->rules[r->id];

	if (!d->ast || d->dropped)
		return false;
	explain_init(out, &rs->engine, d->ast);
	name_exceptions(out, d);
	return true;
}

bool ruleset_explain_step(const struct ruleset *rs, const struct rule *r, uint32_t i,
			  struct explain *out, const char **name, struct event_set *events)
{
	const struct rule_def *d = rs->rules[r->id];
	const struct correlate_def *c = d->correlate;
	const struct correlate_step *s;

	if (!c || d->dropped || i >= c->n_steps + c->has_absence)
		return false;
	s = i < c->n_steps ? &c->steps[i] : &c->absence;
	if (!s->ast)
		return false;
	*name = i < c->n_steps ? s->name : "absence";
	explain_init(out, &rs->engine, s->ast);
	events_of(s->ast, events);
	return true;
}

void ruleset_item_at(const struct lang_text *t, size_t off, struct ruleset_item *out)
{
	struct list_mark from;

	*out = (struct ruleset_item){0};
	if (!list_item_at(t, off, &from)) {
		lang_locate(t, off, &out->place);
		return;
	}
	out->list = from.list->name;
	place_locate(&from.list->items_at[from.index], &out->place);
}
