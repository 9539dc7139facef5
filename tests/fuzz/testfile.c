/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a test file: what can be read of it is run over the events that it has. */
#include <stdint.h>

#include "analyze/test/revision.h"
#include "analyze/test/run.h"
#include "capture/trace/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const char rules[] =
	"- rule: Opened\n  desc: d\n  condition: evt.type in (open, openat) and fd.name != x\n"
	"  output: \"%fd.name %proc.name %proc.aname[2]\"\n  priority: INFO\n"
	"- rule: Connected\n  desc: d\n  condition: fd.sip exists and proc.pname exists\n"
	"  output: \"%fd.name %proc.cmdline\"\n  priority: INFO\n"
	"- rule: Run\n  desc: d\n  condition: evt.type = execve and not container.id = host\n"
	"  output: \"%proc.cmdline %container.name %user.name %proc.env\"\n  priority: INFO\n";

static struct test_set *set(void)
{
	static const struct revision_file text = { .name = "rules.yaml", .text = rules,
		.len = sizeof(rules) - 1 };
	static const struct test_rules from = { .texts = &text, .n_texts = 1,
		.priority = PRIORITY_DEBUG, .all = true };
	static struct test_set *s;

	if (!s)
		s = test_set_new(&from);
	return s;
}

/* Recordings that a file names are not opened. */
static void run(const struct test_file *f)
{
	struct test_runner *r = test_runner_new();

	test_runner_reasons(r, true);
	for (size_t i = 0; i < f->n && i < 16; i++) {
		struct test_result result;

		if (!f->cases[i].events || f->cases[i].recording)
			continue;
		test_run(r, &f->cases[i], set(), NULL, &result);
		test_result_release(&result);
	}
	test_runner_free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct test_file *f = test_file_text("fuzz.test.yaml", (const char *)data, len);

	if (f->n_errors == 0)
		run(f);
	test_file_free(f);
	return 0;
}
