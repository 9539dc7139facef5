/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/set/ruleset.h"

#include <stdlib.h>
#include <string.h>

#include "capture/base/err.h"
#include "rules/lang/events.h"
#include "rules/lang/format.h"
#include "rules/set/items.h"

struct ruleset *ruleset_new(const struct ruleset_options *o)
{
	struct ruleset *rs = xcalloc(1, sizeof(*rs));

	lang_formats(o->strict);
	rs->options = *o;
	intern_init(&rs->list_names, &rs->arena);
	intern_init(&rs->macro_names, &rs->arena);
	intern_init(&rs->rule_names, &rs->arena);
	intern_init(&rs->failed_rules, &rs->arena);
	return rs;
}

static void release_rule(struct rule_def *d)
{
	joined_release(&d->cond);
	joined_release(&d->desc);
	joined_release(&d->output);
	joined_release(&d->whole);
	free(d->exceptions);
	correlate_release(d->correlate);
	free(d->tags);
}

static void release_items(struct ruleset *rs)
{
	for (size_t i = 0; i < rs->n_lists; i++) {
		free(rs->lists[i]->items);
		free(rs->lists[i]->items_at);
	}
	for (size_t i = 0; i < rs->n_macros; i++)
		joined_release(&rs->macros[i]->cond);
	for (size_t i = 0; i < rs->n_rules; i++)
		release_rule(rs->rules[i]);
	for (size_t i = 0; i < rs->n_refused; i++)
		release_rule(rs->refused[i]);
}

void ruleset_free(struct ruleset *rs)
{
	if (!rs)
		return;
	release_items(rs);
	watch_release(&rs->watches);
	if (rs->has_engine)
		engine_release(&rs->engine);
	intern_release(&rs->list_names);
	intern_release(&rs->macro_names);
	intern_release(&rs->rule_names);
	intern_release(&rs->failed_rules);
	free(rs->lists);
	free(rs->macros);
	free(rs->rules);
	free(rs->refused);
	free(rs->by_engine);
	free(rs->messages.v);
	free(rs->files);
	free(rs->yamls);
	arena_release(&rs->code_arena);
	arena_release(&rs->again_arena);
	arena_release(&rs->arena);
	free(rs);
}

/* ---- selection ---- */

bool name_matches(const char *pattern, const char *name)
{
	const char *star = NULL, *from = NULL;

	while (*name) {
		if (*pattern == '*') {
			star = ++pattern;
			from = name;
		} else if (*pattern == *name) {
			pattern++;
			name++;
		} else if (star) {
			pattern = star;
			name = ++from;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

static bool selected(const struct rule_def *d, enum select_by by, const char *what)
{
	if (by == SELECT_NAME)
		return name_matches(what, d->rule.name);
	for (size_t i = 0; i < d->n_tags; i++)
		if (strcmp(d->tags[i], what) == 0)
			return true;
	return false;
}

size_t ruleset_select(struct ruleset *rs, bool enable, enum select_by by, const char *what)
{
	size_t n = 0;

	for (size_t i = 0; i < rs->n_rules; i++)
		if (selected(rs->rules[i], by, what)) {
			rs->rules[i]->rule.enabled = enable;
			n++;
		}
	rs->finished = false;
	return n;
}

/* ---- compiling ---- */

static bool is_on(const struct ruleset *rs, const struct rule_def *d)
{
	return d->rule.enabled && d->rule.priority <= rs->options.least;
}

int ruleset_finish(struct ruleset *rs)
{
	const size_t n = rs->engine.n_roots;
	bool *enabled = xcalloc(n + 1, sizeof(*enabled));

	if (!rs->has_engine) {
		engine_init(&rs->engine, &rs->code_arena, rs->options.strict);
		rs->has_engine = true;
	}
	free(rs->by_engine);
	rs->by_engine = xcalloc(n + 1, sizeof(struct rule_def *));
	for (size_t i = 0; i < rs->n_rules; i++) {
		struct rule_def *d = rs->rules[i];

		d->rule.desc = d->desc.p;
		d->rule.tags = d->tags;
		d->rule.n_tags = (uint32_t)d->n_tags;
		if (d->engine_id == UINT32_MAX || d->dropped || d->engine_id >= n)
			continue;
		rs->by_engine[d->engine_id] = d;
		enabled[d->engine_id] = is_on(rs, d) && !d->correlate;
	}
	engine_finish(&rs->engine, enabled);
	free(enabled);
	if (!watch_compile(rs, is_on))
		return err(ERR_LIMIT,
			   "the conditions of correlate blocks are too many or too large");
	engine_types(&rs->engine, &rs->events);
	event_set_union(&rs->events, &rs->watches.events);
	/* Old captures number what they say of containers; rules never see it.  They see what
	 * those say of threads, but not the recorder's samples. */
	for (unsigned i = 0; i < EV__N; i++)
		if (catalog[i].flags & EF_PSEUDO && i != EV_PROCINFO)
			rs->events.bits[i / 64] &= ~(UINT64_C(1) << i % 64);
	rs->finished = true;
	return 0;
}

/* ---- questions ---- */

bool ruleset_is_on(const struct ruleset *rs, const struct rule *r)
{
	return is_on(rs, rs->rules[r->id]);
}

const struct engine *ruleset_engine(const struct ruleset *rs)
{
	return &rs->engine;
}

const char *const *ruleset_files(const struct ruleset *rs, size_t *n)
{
	*n = rs->n_files;
	return rs->files;
}

const struct messages *ruleset_messages(const struct ruleset *rs)
{
	return &rs->messages;
}

size_t ruleset_count(const struct ruleset *rs)
{
	return rs->n_rules;
}

const struct rule *ruleset_rule(const struct ruleset *rs, size_t i)
{
	return &rs->rules[i]->rule;
}

const struct rule *ruleset_find(const struct ruleset *rs, const char *name)
{
	const uint32_t i = intern_find(&rs->rule_names, name, strlen(name));

	return i == INTERN_NONE ? NULL : &rs->rules[i]->rule;
}

void ruleset_print_condition(const struct ruleset *rs, const struct rule *r, struct buf *out)
{
	const struct rule_def *d = rs->rules[r->id];

	if (d->ast && !d->dropped)
		ast_print(out, d->ast, 1 << 20);
}

void ruleset_dump(const struct ruleset *rs, const struct rule *r, enum dump_stage stage,
		  struct buf *out)
{
	const struct rule_def *d = rs->rules[r->id];

	if (!d->ast || d->dropped)
		return;
	switch (stage) {
	case DUMP_TOKENS:
		ast_dump_tokens(out, &d->text.text);
		break;
	case DUMP_AST:
		ast_dump(out, d->ast);
		break;
	case DUMP_EXPANDED:
		ast_print(out, d->ast, 1 << 20);
		buf_byte(out, '\n');
		break;
	case DUMP_FOLDED:
		engine_dump_node(&rs->engine, d->root, out);
		break;
	case DUMP_EVENTS:
		events_dump(out, &d->rule.events);
		break;
	case DUMP_CODE:
		break;
	}
}

void ruleset_dump_code(const struct ruleset *rs, struct buf *out)
{
	for (size_t i = 0; i < rs->engine.n_roots; i++)
		if (rs->by_engine[i])
			buf_printf(out, "r%zu %s\n", i, rs->by_engine[i]->rule.name);
	engine_dump_preds(&rs->engine, out);
	engine_dump_code(&rs->engine, out);
}

const struct event_set *ruleset_events(const struct ruleset *rs)
{
	return &rs->events;
}

bool ruleset_needs_bulk(const struct ruleset *rs)
{
	return engine_needs_bulk(&rs->engine) || rs->watches.bulk;
}
