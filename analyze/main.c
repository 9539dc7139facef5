/* SPDX-License-Identifier: Apache-2.0 */
/* saker-analyze: the verbs that run rules. */
#include <stdio.h>
#include <string.h>

#ifdef SAKER_NO_BPF
#include "analyze/live_spec.h"
#endif
#include "analyze/verbs.h"
#include "capture/base/err.h"

#ifdef SAKER_NO_BPF
/* Its help is there, for the manual. */
int verb_live(int argc, char **argv)
{
	struct opt_parse p;
	int key;

	opt_begin(&p, &live_spec, argc, argv);
	while ((key = opt_next(&p)) >= 0)
		;
	if (key != OPT_END)
		return opt_status(key);
	warn("this build cannot see the running kernel (NO_BPF=1)");
	return EXIT_FAILED;
}
#endif

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} verbs[] = {
	{ "analyze", verb_analyze },
	{ "live", verb_live },
	{ "browse", verb_browse },
	{ "lint", verb_lint },
	{ "test", verb_test },
	{ "why", verb_why },
	{ "fmt", verb_fmt },
	{ "shrink", verb_shrink },
	{ "convert-rules", verb_convert_rules },
};

int main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";

	err_program("saker");
	for (unsigned i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(word, verbs[i].name) == 0)
			return verbs[i].run(argc - 1, argv + 1);
	return verb_analyze(argc, argv);
}
