/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a rule file and as a condition, up to the code of all rules. */
#include <stdint.h>

#include "rules/lang/cond.h"
#include "rules/set/ruleset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void load(const char *text, size_t len)
{
	const struct ruleset_options o = { .least = PRIORITY_DEBUG };
	struct ruleset *rs = ruleset_new(&o);
	struct buf out = {0};

	if (ruleset_load_text(rs, "rules.yaml", text, len) == 0) {
		ruleset_select(rs, true, SELECT_NAME, "*");
		ruleset_finish(rs);
		for (size_t i = 0; i < ruleset_count(rs); i++)
			ruleset_print_condition(rs, ruleset_rule(rs, i), &out);
	}
	messages_json(&out, ruleset_messages(rs), "rules.yaml");
	buf_release(&out);
	ruleset_free(rs);
}

static void compile(const char *text, size_t len)
{
	struct cond *c = cond_compile(text, len, "filter");
	struct buf out = {0};

	for (int stage = DUMP_TOKENS; c && stage <= DUMP_CODE; stage++)
		cond_dump(c, (enum dump_stage)stage, &out);
	buf_release(&out);
	cond_free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len > 0 && data[0] == '!')
		compile((const char *)data + 1, len - 1);
	else
		load((const char *)data, len);
	return 0;
}
