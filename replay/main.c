/* SPDX-License-Identifier: Apache-2.0 */
/* saker-replay VERB ...: what reads recordings and needs no rules. */
#include <stdio.h>
#include <string.h>

#include "capture/base/err.h"
#include "replay/verbs/verbs.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} verbs[] = {
	{ "replay", verb_replay },
	{ "info", verb_info },
	{ "verify", verb_verify },
	{ "cut", verb_cut },
	{ "merge", verb_merge },
	{ "convert", verb_convert },
};

int main(int argc, char **argv)
{
	err_program(argv[0]);
	for (size_t i = 0; argc > 1 && i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(argv[1], verbs[i].name) == 0)
			return verbs[i].run(argc - 1, argv + 1);
	fputs("Usage: saker-replay replay|info|verify|cut|merge|convert ...;"
	      " see saker --help\n", stderr);
	return EXIT_FAILED;
}
