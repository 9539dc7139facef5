/* SPDX-License-Identifier: Apache-2.0 */
/* Rules for a tool that looks at the browser's model. */
#ifndef SAKER_TEST_LOAD_RULES_H
#define SAKER_TEST_LOAD_RULES_H

#include <stdlib.h>

#include "capture/base/err.h"
#include "rules/set/ruleset.h"

/* Of a file or folder; ends the program where they are wrong. */
static inline struct ruleset *load_rules(const char *path)
{
	const struct ruleset_options options = { .least = PRIORITY_DEBUG };
	struct ruleset *rs = ruleset_new(&options);

	if (ruleset_load_path(rs, path) < 0 || ruleset_finish(rs) < 0) {
		err_print();
		exit(EXIT_FAILED);
	}
	return rs;
}

#endif
