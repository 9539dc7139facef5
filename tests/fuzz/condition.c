/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a condition: as -f takes it, with every stage dumped and one event; and as an
 * output, whose transformers have the same parser. */
#include <stdint.h>

#include "rules/lang/cond.h"
#include "rules/lang/format.h"
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

static void compile_condition(const char *text, size_t len)
{
	struct cond *c = cond_compile(text, len, "filter");
	struct buf out = {0};

	for (int stage = DUMP_TOKENS; c && stage <= DUMP_CODE; stage++)
		cond_dump(c, (enum dump_stage)stage, &out);
	if (c)
		cond_eval(c, &world()->ctx);
	buf_release(&out);
	cond_free(c);
}

static void compile_output(const char *text, size_t len)
{
	struct arena a = {0};
	struct buf out = {0};
	const struct format *f;

	lang_formats(false);
	f = format_compile(text, len, &a);
	if (f) {
		format_text(f, &world()->ctx, &out);
		format_json_fields(f, &world()->ctx, &out);
	}
	buf_release(&out);
	arena_release(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len > 0 && data[0] == '%')
		compile_output((const char *)data, len);
	else
		compile_condition((const char *)data, len);
	return 0;
}
