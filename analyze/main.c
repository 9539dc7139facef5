/* SPDX-License-Identifier: Apache-2.0 */
/* saker-analyze: the verbs that run rules. */
#include <stdio.h>
#include <string.h>

#include "analyze/verbs.h"
#include "capture/base/err.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} verbs[] = {
	{ "analyze", verb_analyze },
#ifndef SAKER_NO_BPF
	{ "live", verb_live },
#endif
};

int main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";

	err_program("saker");
	for (unsigned i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(word, verbs[i].name) == 0)
			return verbs[i].run(argc - 1, argv + 1);
	if (strcmp(word, "live") == 0) {
		warn("this build cannot see the running kernel (NO_BPF=1)");
		return EXIT_FAILED;
	}
	return verb_analyze(argc, argv);
}
