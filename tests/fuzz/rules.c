/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a rule file; what loads is matched with an event. */
#include <stdint.h>

#include "rules/lang/explain.h"
#include "rules/set/correlate.h"
#include "rules/set/ruleset.h"
#include "tests/unit/lang_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct world *world(void)
{
	static struct world w;

	if (!w.st) {
		world_init(&w);
		world_connect(&w);
		world_open(&w, "/etc/../etc/passwd");
	}
	arena_reset(&w.scratch);
	return &w;
}

static void explain(const struct ruleset *rs, const struct rule *r, struct ruleset_matcher *m)
{
	struct explain x;

	if (!ruleset_explain(rs, r, &x))
		return;
	explain_event(&x, ruleset_matcher_begin(m, &world()->ctx));
	explain_blame(&x);
	explain_release(&x);
}

static void match(const struct ruleset *rs)
{
	struct ruleset_matcher *m = ruleset_matcher_new(rs);
	struct correlate_hit hits[CORRELATE_HITS_MAX];
	const struct rule *out[8];
	struct buf text = {0};
	unsigned n = ruleset_match(m, &world()->ctx, out, 8);

	while (n-- > 0)
		format_text(out[n]->format, &world()->ctx, &text);
	ruleset_match_parts(m, &world()->ctx, hits);
	for (size_t i = 0; i < ruleset_count(rs) && i < 4; i++)
		explain(rs, ruleset_rule(rs, i), m);
	buf_release(&text);
	ruleset_matcher_free(m);
}

static void load(const char *text, size_t len)
{
	const struct ruleset_options o = { .least = PRIORITY_DEBUG };
	struct ruleset *rs = ruleset_new(&o);
	struct buf out = {0};

	if (ruleset_load_text(rs, "rules.yaml", text, len) == 0) {
		ruleset_select(rs, true, SELECT_NAME, "*");
		ruleset_finish(rs);
		match(rs);
		for (size_t i = 0; i < ruleset_count(rs); i++)
			ruleset_print_condition(rs, ruleset_rule(rs, i), &out);
	}
	messages_json(&out, ruleset_messages(rs), "rules.yaml");
	buf_release(&out);
	ruleset_free(rs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	load((const char *)data, len);
	return 0;
}
