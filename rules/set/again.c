/* SPDX-License-Identifier: Apache-2.0 */
/* Compiling once more what was loaded, after its trees were changed. */
#include "rules/lang/events.h"
#include "rules/set/items.h"

static bool compile_again(struct ruleset *rs, struct rule_def *d, struct arena *a)
{
	struct lang l;

	lang_init(&l, a);
	l.strict = rs->options.strict;
	l.regexes = &rs->engine.regexes;
	d->root = engine_check(&rs->engine, &l, d->ast);
	if (d->root == INTERN_NONE)
		return false;
	events_of(d->ast, &d->rule.events);
	d->engine_id = engine_add(&rs->engine, d->root, &d->rule.events);
	return true;
}

bool ruleset_compile_again(struct ruleset *rs)
{
	bool ok = true;

	engine_release(&rs->engine);
	arena_release(&rs->again_arena);
	engine_init(&rs->engine, &rs->again_arena, rs->options.strict);
	for (size_t i = 0; i < rs->n_macros; i++)
		rs->macros[i]->macro.engine = NULL;
	for (size_t i = 0; i < rs->n_rules; i++) {
		struct rule_def *d = rs->rules[i];

		d->engine_id = UINT32_MAX;
		if (d->ast && !d->dropped && ruleset_is_on(rs, &d->rule))
			ok &= compile_again(rs, d, &rs->again_arena);
	}
	return ruleset_finish(rs) == 0 && ok;
}
