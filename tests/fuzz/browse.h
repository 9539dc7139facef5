/* SPDX-License-Identifier: Apache-2.0 */
/* What the targets of the browser share: a recording's path, and all of its model. */
#ifndef SAKER_FUZZ_BROWSE_H
#define SAKER_FUZZ_BROWSE_H

#include <xxhash.h>

#include "rules/set/ruleset.h"
#include "tests/unit/browse_all.h"

enum { CONTROL = 5 };	/* bytes at the end of an input */

struct control {
	uint32_t which;		/* of the views, as bits */
	bool twice, correlate, sums;	/* with one reader as well; rules over several events;
					 * checksums hold */
};

static inline struct control control_of(const uint8_t *p)
{
	struct control c = { .twice = p[4] & 1, .correlate = p[4] & 2, .sums = p[4] & 4 };

	memcpy(&c.which, p, 4);
	return c;
}

static const char browse_rules_simple[] =
	"- rule: opened\n  desc: x\n"
	"  condition: evt.type in (open, openat) and fd.name contains a\n"
	"  output: '%evt.num %fd.name %proc.name'\n  priority: NOTICE\n"
	"- rule: ran\n  desc: x\n  condition: evt.type in (execve, execveat, procexit)\n"
	"  output: '%evt.num %proc.name %proc.cmdline %proc.aname[2]'\n  priority: CRITICAL\n";

static const char browse_rules_several[] =
	"- rule: tried\n  desc: x\n  condition: evt.type = close\n  correlate:\n"
	"    within: 10s\n    by: proc.pid\n    sequence:\n      - name: opened\n"
	"        condition: evt.type in (open, openat)\n"
	"  output: '%proc.name'\n  priority: WARNING\n";

static inline struct ruleset *browse_fuzz_rules(bool correlate)
{
	const struct ruleset_options o = { .least = PRIORITY_DEBUG, .no_suggested_output = true };
	const char *text = correlate ? browse_rules_several : browse_rules_simple;
	struct ruleset *rs = ruleset_new(&o);

	if (ruleset_load_text(rs, "rules", text, strlen(text)) < 0 || ruleset_finish(rs) < 0) {
		err_print();
		abort();
	}
	return rs;
}

static inline uint64_t browse_fuzz_once(const char *path, const struct control *c,
					unsigned threads)
{
	static const struct field_env env = { .hostname = "h", .source = "syscall" };
	static struct ruleset *rules[2];
	static struct views views;
	struct browse_options o = { .path = path, .env = &env, .threads = threads };
	struct all all = { .views = &views, .which = c->which };
	uint64_t sum;

	if (!views.n) {
		views_init(&views);
		rules[0] = browse_fuzz_rules(false);
		rules[1] = browse_fuzz_rules(true);
	}
	o.rules = rules[c->correlate];
	o.views = &views;
	all.b = browse_open(&o);
	if (all.b)
		all_look(&all);
	sum = XXH3_64bits(all.text.p, all.text.len);
	browse_close(all.b);
	all_release(&all);
	return sum;
}

static inline void browse_fuzz(const char *path, const struct control *c)
{
	const uint64_t sum = browse_fuzz_once(path, c, 2);

	if (c->twice && browse_fuzz_once(path, c, 1) != sum) {
		fputs("browse: what is shown depends on the number of readers\n", stderr);
		abort();
	}
}

#endif
